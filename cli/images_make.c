/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the user's images, and removing them.
 *
 * An image appears whole, by a rename.  Who makes one holds a lock, so what lies beside the images
 * under another name was left behind by somebody who was killed.
 */
#include "images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUEST_PYTHON "/usr/local/bin/python3.13"

/* While a user waits for a program of theirs. */
#define MOST_TIME UINT64_C(10000000000)

/* ---- removing ----------------------------------------------------------------------------- */

static bool
has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool
is_left_behind(const char *name)
{
    return has_prefix(name, ".program-") || has_prefix(name, ".wishes.");
}

static bool
is_known(const char *name)
{
    return is_left_behind(name) || has_prefix(name, "program-") || strcmp(name, "lock") == 0 ||
           strcmp(name, "runtime") == 0 || strcmp(name, "wishes") == 0;
}

/* Removes files by their names; bytes that they took.  Takes the descriptor of the folder. */
static uint64_t
remove_files(int fd, bool (*is_wanted)(const char *name), unsigned *count)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (folder == NULL) {
        close(fd);
        return 0;
    }
    while ((entry = readdir(folder)) != NULL) {
        struct stat status;

        if (!is_wanted(entry->d_name) ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            unlinkat(dirfd(folder), entry->d_name, 0) != 0)
            continue;
        bytes += (uint64_t)status.st_blocks * 512;
        *count += has_prefix(entry->d_name, "program-") ? 1 : 0;
    }
    closedir(folder);
    return bytes;
}

static int
open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static uint64_t
drop_folder(int root, const char *name, unsigned *count)
{
    int fd = open_folder(root, name);
    struct stat status;
    uint64_t bytes = 0;

    if (fd < 0)
        return 0;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid())
        bytes = remove_files(fd, is_known, count);
    else
        close(fd);
    (void)unlinkat(root, name, AT_REMOVEDIR);
    return bytes;
}

/* True when the folder is one of a Python that is not installed any more. */
static bool
is_of_nothing(int root, const char *name)
{
    char path[4096];
    int fd = open_folder(root, name);
    int file = fd >= 0 ? openat(fd, "runtime", O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    ssize_t size = file >= 0 ? read(file, path, sizeof(path) - 1) : -1;

    if (file >= 0)
        close(file);
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return false;
    path[size] = '\0';
    return access(path, F_OK) != 0 && errno == ENOENT;
}

static bool
is_key(const char *name)
{
    return strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16;
}

/* `all`: also those of Pythons that are there. */
static uint64_t
drop_folders(const char *root, bool all, unsigned *count)
{
    DIR *folder = opendir(root);
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL) {
        if (is_key(entry->d_name) && (all || is_of_nothing(dirfd(folder), entry->d_name)))
            bytes += drop_folder(dirfd(folder), entry->d_name, count);
    }
    closedir(folder);
    return bytes;
}

uint64_t
cli_images_drop(const char *root, unsigned *ret_count)
{
    *ret_count = 0;
    return drop_folders(root, true, ret_count);
}

/* ---- the lock ----------------------------------------------------------------------------- */

/* Says whose images these are; the first time, images of others that are gone are removed. */
static void
note_runtime(const cli_images *images, int folder)
{
    int file = openat(folder, "runtime", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                      0600);
    unsigned count = 0;
    char *root;

    if (file < 0)
        return;
    (void)!write(file, images->runtime, strlen(images->runtime));
    close(file);
    root = cli_images_root();
    (void)drop_folders(root, false, &count);
    free(root);
}

/* Its time is that of the last attempt to make an image: a new one says that there was none. */
static int
open_lock(int folder)
{
    static const struct timespec never[2] = {{0, 0}, {0, 0}};
    int lock = openat(folder, "lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (lock >= 0)
        (void)futimens(lock, never);
    else
        lock = openat(folder, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    return lock;
}

int
cli_images_lock(const cli_images *images, bool waits)
{
    int folder = open_folder(AT_FDCWD, images->folder);
    int lock = folder >= 0 ? open_lock(folder) : -1;
    unsigned count = 0;

    if (lock >= 0 && flock(lock, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        lock = -1;
    }
    if (lock >= 0) {
        note_runtime(images, folder);
        (void)remove_files(folder, is_left_behind, &count);
    } else if (folder >= 0) {
        close(folder);
    }
    return lock;
}

void
cli_images_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ---- making ------------------------------------------------------------------------------- */

static int
ignore_output(void *data, int stream, const void *bytes, size_t size)
{
    (void)data;
    (void)stream;
    (void)bytes;
    (void)size;
    return 0;
}

static krait_status
configure(krait_config *config, const cli_wishes *wishes, krait_output_fn output, krait_error *err)
{
    static const krait_limit open[] = {KRAIT_LIMIT_CPU, KRAIT_LIMIT_MEMORY, KRAIT_LIMIT_OUTPUT,
                                       KRAIT_LIMIT_HOST_CALLS};
    krait_status status = krait_config_add_arg(config, GUEST_PYTHON, err);
    size_t i;

    for (i = 0; i < sizeof(open) / sizeof(open[0]) && status == KRAIT_OK; i++)
        status = krait_config_set_limit(config, open[i], KRAIT_UNLIMITED, err);
    if (status == KRAIT_OK)
        status = krait_config_set_limit(config, KRAIT_LIMIT_WALL,
                                        output == NULL ? MOST_TIME : KRAIT_UNLIMITED, err);
    for (i = 0; i < wishes->grants.count && status == KRAIT_OK; i++)
        status = krait_config_add_dir(config, wishes->grants.items[i].host_real,
                                      wishes->grants.items[i].guest, KRAIT_GRANT_READ_ONLY, err);
    if (status == KRAIT_OK)
        status = krait_config_set_stdin_bytes(config, "", 0, err);
    krait_config_set_output(config, output != NULL ? output : ignore_output, NULL);
    return status;
}

/* The default modules and those that can be found without a grant; not owned. */
static const char **
list_modules(const cli_wishes *wishes, size_t *ret_count)
{
    const size_t wanted = wishes->grants.count == 0 ? wishes->import_count : 0;
    size_t count = 0;
    const char **names;

    while (krait_snapshot_modules(count) != NULL)
        count++;
    names = cli_need(calloc(count + wanted + 1, sizeof(*names)));
    for (size_t i = 0; i < count; i++)
        names[i] = krait_snapshot_modules(i);
    for (size_t i = 0; i < wanted; i++)
        names[count++] = wishes->imports[i];
    *ret_count = count;
    return names;
}

static krait_status
make(krait_module *module, const cli_wishes *wishes, krait_output_fn output,
     krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_snapshot_options options = {.size = sizeof(options), .kind = KRAIT_SNAPSHOT_PROGRAM};
    krait_config *config = NULL;
    const char **modules = NULL;
    char *code = NULL;
    krait_status status = KRAIT_EIO;

    err->code = status;
    err->sys_errno = 0;
    if (!cli_wishes_code(wishes, &code, &options.code_size, err->text, sizeof(err->text)))
        return status;
    options.code = code;
    options.modules = modules = list_modules(wishes, &options.module_count);
    status = krait_config_new(&config, err);
    if (status == KRAIT_OK)
        status = configure(config, wishes, output, err);
    if (status == KRAIT_OK)
        status = krait_snapshot_make(module, config, &options, ret_snapshot, err);
    krait_config_free(config);
    free(modules);
    free(code);
    return status;
}

/* Nothing half-made stays behind when the user has enough of it. */
static krait_status
save(const krait_snapshot *snapshot, const char *path, krait_error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    krait_status status;
    sigset_t held;
    sigset_t old;

    sigemptyset(&held);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&held, numbers[i]);
    (void)sigprocmask(SIG_BLOCK, &held, &old);
    status = krait_snapshot_save(snapshot, path, err);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    return status;
}

krait_status
cli_images_make(const cli_images *images, unsigned slot, krait_module *module,
                const cli_wishes *wishes, krait_output_fn output, krait_snapshot **ret_snapshot,
                krait_error *err)
{
    krait_error unused;
    char *path;
    krait_status status;

    err = err != NULL ? err : &unused;
    status = make(module, wishes, output, ret_snapshot, err);
    if (status != KRAIT_OK)
        return status;
    path = cli_images_path(images, slot);
    status = save(*ret_snapshot, path, err);
    free(path);
    return status;
}
