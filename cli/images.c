/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the user's images are, who may have written there, and how long they are good.
 */
#include "images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

/* After that another secret is due. */
#define LIFETIME (24 * 3600 * SECOND)

/* The cache itself, and where the images are in it; false: there is none. */
static bool
find_base(char **ret_base, const char **ret_below)
{
    const char *here = getenv("KRAIT_SNAPSHOTS");
    const char *own = getenv("KRAIT_CACHE");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (here != NULL && here[0] != '/')
        return false;
    *ret_below = "krait/snapshots";
    if (here != NULL) {
        *ret_base = cli_need(strdup(here));
        *ret_below = "";
    } else if (own != NULL && own[0] == '/') {
        *ret_base = cli_need(strdup(own));
        *ret_below = "snapshots";
    } else if (xdg != NULL && xdg[0] == '/') {
        *ret_base = cli_need(strdup(xdg));
    } else if (home != NULL && home[0] == '/') {
        *ret_base = cli_need(strdup(home));
        *ret_below = ".cache/krait/snapshots";
    } else {
        return false;
    }
    return true;
}

char *
cli_images_root(void)
{
    const char *below;
    char *base;
    char *root;

    if (!find_base(&base, &below))
        return NULL;
    root = below[0] != '\0' ? cli_path_join(base, below) : cli_need(strdup(base));
    free(base);
    return root;
}

/* FNV-1a; folders of different Pythons only have to be different ones. */
static uint64_t
hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return value;
}

void
cli_images_find(cli_images *images, const char *runtime)
{
    const char *below;
    char key[32];
    char *root;

    memset(images, 0, sizeof(*images));
    images->runtime = runtime[0] == '/' ? strdup(runtime) : realpath(runtime, NULL);
    if (images->runtime == NULL || !find_base(&images->base, &below))
        return;
    snprintf(key, sizeof(key), "%016" PRIx64, hash(images->runtime));
    root = cli_images_root();
    images->folder = cli_path_join(root, key);
    free(root);
}

void
cli_images_release(cli_images *images)
{
    free(images->runtime);
    free(images->base);
    free(images->folder);
    memset(images, 0, sizeof(*images));
}

char *
cli_images_path(const cli_images *images, unsigned slot)
{
    char name[32];

    snprintf(name, sizeof(name), "program-%u.krs", slot);
    return cli_path_join(images->folder, name);
}

/* ---- whose folder it is ------------------------------------------------------------------- */

static void
explain(char *why, size_t size, const char *path, const char *text)
{
    if (why != NULL)
        snprintf(why, size, "'%.300s': %s", path, text);
}

/* A folder of this user's that nobody else can write. */
static bool
is_own(const char *path, mode_t others, char *why, size_t size)
{
    struct stat status;
    const char *text = NULL;

    if (stat(path, &status) != 0)
        text = strerror(errno);
    else if (!S_ISDIR(status.st_mode))
        text = "it is not a folder";
    else if (status.st_uid != geteuid())
        text = "it belongs to another user";
    else if ((status.st_mode & others) != 0)
        text = "others may write to it";
    if (text != NULL)
        explain(why, size, path, text);
    return text == NULL;
}

bool
cli_images_trust(const cli_images *images, char *why, size_t size, bool *ret_missing)
{
    struct stat status;

    *ret_missing = false;
    if (images->folder == NULL) {
        explain(why, size, getenv("KRAIT_SNAPSHOTS") != NULL ? "KRAIT_SNAPSHOTS" : "HOME",
                "it names no folder, so there is no cache");
        return false;
    }
    if (lstat(images->folder, &status) != 0) {
        *ret_missing = errno == ENOENT;
        explain(why, size, images->folder, strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    if (is_own(images->folder, S_IWGRP | S_IWOTH, why, size))
        explain(why, size, images->folder, "it is a symbolic link");
    return false;
}

/* Each folder from the cache down: who owns all of them is the only one who can put something in
 * their place. */
bool
cli_images_make_folder(const cli_images *images, char *why, size_t size)
{
    char *path = cli_need(strdup(images->folder));
    char *end = path + strlen(images->base);
    bool good = true;

    while (good) {
        const char kept = *end;

        *end = '\0';
        (void)mkdir(path, 0700);
        good = is_own(path, 0, why, size);
        *end = kept;
        if (kept == '\0')
            break;
        end += strspn(end, "/");
        end += strcspn(end, "/");
    }
    free(path);
    return good && is_own(images->folder, S_IWGRP | S_IWOTH, why, size);
}

/* ---- how long they are good --------------------------------------------------------------- */

static int64_t
to_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

static char *
site_packages(const cli_images *images)
{
    return cli_path_join(images->runtime, "usr/local/lib/python3.13/site-packages");
}

/* What was written before the machine started may not have reached its disk.  Files that were added
 * to site-packages may take part in the start of Python. */
const char *
cli_images_age(const cli_images *images, const krait_snapshot_info *info)
{
    const int64_t created = info->created_ns;
    struct timespec now;
    struct timespec up;
    struct stat status;
    char *packages;
    bool is_same;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return "there is no clock";
    if (created > to_ns(now))
        return "it is of the future: the clock was set back";
    if (to_ns(now) - created > LIFETIME)
        return "it is older than a day";
    if (created < to_ns(now) - to_ns(up))
        return "it is older than the start of the machine";
    packages = site_packages(images);
    is_same = stat(packages, &status) != 0 || to_ns(status.st_ctim) < created;
    free(packages);
    return is_same ? NULL : "site-packages has changed since";
}

static bool
has_suffix(const char *name, const char *suffix)
{
    const size_t size = strlen(name);

    return size >= strlen(suffix) && strcmp(name + size - strlen(suffix), suffix) == 0;
}

bool
cli_images_is_plain(const cli_images *images)
{
    char *packages = site_packages(images);
    DIR *folder = opendir(packages);
    const struct dirent *entry;
    bool is_plain = folder != NULL || errno == ENOENT;

    free(packages);
    while (is_plain && folder != NULL && (entry = readdir(folder)) != NULL)
        is_plain = !has_suffix(entry->d_name, ".pth") &&
                   strncmp(entry->d_name, "sitecustomize", 13) != 0 &&
                   strncmp(entry->d_name, "usercustomize", 13) != 0;
    if (folder != NULL)
        closedir(folder);
    return is_plain;
}
