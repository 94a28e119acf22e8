/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders of the host: krait_pack_add().
 *
 * Nothing is followed and nothing skipped silently: what cannot be packed is an error that names it.
 * A symbolic link stays one; it has to lead to something in the same folder.  Each name is looked up in the
 * folder that is open: a link that takes the place of a folder meanwhile leads nowhere else.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <krait/pack_format.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct walk {
    krait_tree *tree;
    const char *root; /* as given */
    uint32_t flags;
    krait_error *err;
    char path[PATH_MAX]; /* of the file at hand */
    char real[PATH_MAX]; /* of the root, resolved, for links */
} walk;

static krait_status add_folder(walk *w, krait_node *node, int fd, unsigned depth);

static krait_status
cannot(const walk *w, const char *what)
{
    return krait__error_set(w->err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EINVAL, errno,
                            "cannot %s '%s'", what, w->path);
}

static krait_status
refuse(const walk *w, const char *why)
{
    return krait__error_set(w->err, KRAIT_EINVAL, 0, "'%s' %s", w->path, why);
}

static krait_status
set_file(walk *w, krait_node *node, int folder, const char *name, const struct stat *status)
{
    char *host = krait__strdup(w->path);

    if (host == NULL)
        return krait__error_nomem(w->err);
    if (faccessat(folder, name, R_OK, AT_EACCESS) != 0) {
        krait__free(host);
        return cannot(w, "read");
    }
    node->host = host;
    node->source = KRAIT_SOURCE_HOST;
    node->size = (uint64_t)status->st_size;
    node->is_executable = (status->st_mode & S_IXUSR) != 0;
    return KRAIT_OK;
}

/* ---- links -------------------------------------------------------------------------------- */

/* True for `path` below `folder`, or the same; both resolved. */
static bool
is_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);

    return strncmp(path, folder, size) == 0 &&
           (path[size] == '/' || path[size] == '\0' || size == 1);
}

/* True for a folder that the link itself is in. */
static bool
is_above(const walk *w, const char *real)
{
    char folder[PATH_MAX];
    char own[PATH_MAX];
    size_t size = (size_t)(strrchr(w->path, '/') - w->path);

    memcpy(folder, w->path, size);
    folder[size] = '\0';
    return realpath(folder, own) != NULL && is_below(own, real);
}

static krait_status
check_link(walk *w, const char *target)
{
    char real[PATH_MAX];
    struct stat status;

    if (realpath(w->path, real) == NULL)
        return krait__error_set(w->err, KRAIT_EINVAL, 0,
                                "'%s' is a symbolic link to '%s', which %s", w->path, target,
                                errno == ELOOP ? "leads in a circle" : "leads nowhere");
    if (target[0] == '/' || !is_below(real, w->real))
        return krait__error_set(
            w->err, KRAIT_EINVAL, 0, "'%s' is a symbolic link to '%s', which is %s", w->path,
            target, target[0] == '/' ? "an absolute path" : "outside of the folder that is packed");
    if (stat(real, &status) == 0 && S_ISDIR(status.st_mode) && is_above(w, real))
        return krait__error_set(w->err, KRAIT_EINVAL, 0,
                                "'%s' is a symbolic link to '%s', a folder that it is in itself: "
                                "programs that follow links would not come to an end",
                                w->path, target);
    return KRAIT_OK;
}

static krait_status
set_link(walk *w, krait_node *node, int folder, const char *name)
{
    char target[KRAIT_PACK_TARGET_MAX + 2];
    ssize_t size = readlinkat(folder, name, target, sizeof(target) - 1);
    krait_status status;

    if (size <= 0)
        return cannot(w, "read the symbolic link");
    if (size > (ssize_t)KRAIT_PACK_TARGET_MAX)
        return refuse(w, "is a symbolic link with too long a target");
    target[size] = '\0';
    status = check_link(w, target);
    return status == KRAIT_OK ? krait__pack_node_set_bytes(node, target, (size_t)size, w->err)
                              : status;
}

/* ---- files and folders -------------------------------------------------------------------- */

static const char *
kind_text(mode_t mode)
{
    if (S_ISSOCK(mode))
        return "is a socket: only files, folders and symbolic links can be packed";
    if (S_ISFIFO(mode))
        return "is a pipe: only files, folders and symbolic links can be packed";
    return "is a device: only files, folders and symbolic links can be packed";
}

static bool
is_left_out(const walk *w, const char *name, mode_t mode)
{
    return (w->flags & KRAIT_PACK_WITHOUT_CACHES) != 0 && S_ISDIR(mode) &&
           strcmp(name, "__pycache__") == 0;
}

/* The file `name` at w->path, which is in `folder`. */
static krait_status
add_one(walk *w, krait_node *directory, int folder, const char *name, unsigned depth)
{
    krait_pack_kind kind;
    krait_node *node = NULL;
    struct stat status;
    krait_status result;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return cannot(w, "read");
    if (is_left_out(w, name, status.st_mode))
        return KRAIT_OK;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
        return refuse(w, kind_text(status.st_mode));
    kind = S_ISREG(status.st_mode)   ? KRAIT_PACK_FILE
           : S_ISDIR(status.st_mode) ? KRAIT_PACK_DIRECTORY
                                     : KRAIT_PACK_LINK;
    result = krait__pack_tree_put_in(w->tree, directory, name, strlen(name), kind, w->path, &node,
                                     w->err);
    if (result != KRAIT_OK)
        return result;
    node->mtime_ns = krait__pack_time_of(&status);
    node->identity = krait__file_identity_from(&status);
    if (kind == KRAIT_PACK_FILE)
        return set_file(w, node, folder, name, &status);
    if (kind == KRAIT_PACK_LINK)
        return set_link(w, node, folder, name);
    return add_folder(
        w, node, openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), depth + 1);
}

static bool
is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The folder at w->path, which is as it was when this returns KRAIT_OK.  Takes `fd`, which may be -1 with errno. */
static krait_status
add_folder(walk *w, krait_node *node, int fd, unsigned depth)
{
    size_t size = strlen(w->path);
    krait_status status = KRAIT_OK;
    struct dirent *entry;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

    if (folder == NULL) {
        status = cannot(w, "open the folder");
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (depth >= KRAIT_PACK_DEPTH_MAX) {
        closedir(folder);
        return refuse(w, "is too deep");
    }
    errno = 0;
    while (status == KRAIT_OK && (entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (is_dot(entry->d_name))
            continue;
        if (size + length + 2 > sizeof(w->path)) {
            status = refuse(w, "has too long a path");
            break;
        }
        w->path[size] = '/';
        memcpy(w->path + size + 1, entry->d_name, length + 1);
        status = add_one(w, node, fd, entry->d_name, depth);
        if (status == KRAIT_OK)
            w->path[size] = '\0';
        errno = 0;
    }
    if (status == KRAIT_OK && errno != 0)
        status = cannot(w, "read the folder");
    closedir(folder);
    return status;
}

static krait_status
add_root(walk *w, const char *guest)
{
    struct stat status;
    krait_node *node = NULL;
    krait_status result;

    if (stat(w->path, &status) != 0)
        return cannot(w, "open");
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return refuse(w, kind_text(status.st_mode));
    result = krait__pack_tree_put(w->tree, guest,
                                  S_ISDIR(status.st_mode) ? KRAIT_PACK_DIRECTORY : KRAIT_PACK_FILE,
                                  w->root, &node, w->err);
    if (result != KRAIT_OK)
        return result;
    node->mtime_ns = krait__pack_time_of(&status);
    node->identity = krait__file_identity_from(&status);
    if (S_ISREG(status.st_mode))
        return set_file(w, node, AT_FDCWD, w->path, &status);
    if (realpath(w->path, w->real) == NULL)
        return cannot(w, "open the folder");
    return add_folder(w, node, open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);
}

krait_status
krait_pack_add(krait_pack *pack, const char *host, const char *guest, uint32_t flags,
               krait_error *err)
{
    walk w = {.tree = &pack->tree, .root = host, .flags = flags, .err = err};
    size_t size = strlen(host);

    /* One slash at the end says no more than none. */
    while (size > 1 && host[size - 1] == '/')
        size--;
    if (size == 0 || size >= sizeof(w.path))
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is no path of a file", host);
    memcpy(w.path, host, size);
    w.path[size] = '\0';
    return add_root(&w, guest);
}
