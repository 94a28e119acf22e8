/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the vfs tests share: a host directory of their own under /tmp, a vfs, and short
 * forms of the calls.  Cases over host directories run twice, with openat2 and by walking.
 */
#ifndef KRAIT_TESTS_VFS_TREE_H
#define KRAIT_TESTS_VFS_TREE_H

#include "support/check.h"
#include "vfs/file.h"
#include "vfs/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define R  KRAIT_OPEN_READ
#define W  KRAIT_OPEN_WRITE
#define C  KRAIT_OPEN_CREATE
#define X  KRAIT_OPEN_EXCLUSIVE
#define T  KRAIT_OPEN_TRUNCATE
#define D  KRAIT_OPEN_DIRECTORY
#define FO KRAIT_OPEN_FOLLOW

struct tree {
    char host[64]; /* the host directory */
    krait_vfs *vfs;
    krait_file *root;
};

static struct tree tree;

__extension__ static inline int
tree_remove_one(const char *path, const struct stat *stat, int what, struct FTW *where)
{
    (void)stat;
    (void)what;
    (void)where;
    return remove(path);
}

/* A path below the host directory; one of four buffers in turn. */
static inline const char *
host(const char *name)
{
    static char buffers[4][512];
    static unsigned next;
    char *buffer = buffers[next++ % 4];

    snprintf(buffer, sizeof(buffers[0]), "%s/%s", tree.host, name);
    return buffer;
}

static inline void
tree_begin(const krait_vfs_options *options)
{
    krait_error err;

    memset(&tree, 0, sizeof(tree));
    snprintf(tree.host, sizeof(tree.host), "/tmp/krait-vfs.XXXXXX");
    CHECK(mkdtemp(tree.host) != NULL);
    CHECK_INT(krait__vfs_new(options, &tree.vfs, &err), KRAIT_OK);
}

/* Call after the mounts. */
static inline void
tree_start(void)
{
    CHECK_INT(krait__path_open_root(tree.vfs, &tree.root), 0);
}

static inline void
tree_end(void)
{
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    CHECK_INT(nftw(tree.host, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void
host_file(const char *name, const char *text)
{
    int fd = open(host(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static inline void
host_dir(const char *name)
{
    CHECK_INT(mkdir(host(name), 0755), 0);
}

static inline void
host_link(const char *target, const char *name)
{
    CHECK_INT(symlink(target, host(name)), 0);
}

static inline void
mount_at(const char *guest, const char *name, uint32_t flags)
{
    krait_error err;

    CHECK_INT(krait__vfs_mount_dir(tree.vfs, guest, host(name), flags, &err), KRAIT_OK);
}

/* ---- calls from the guest's root ----------------------------------------------------------- */

static inline krait_at
at(const char *path)
{
    return (krait_at){tree.root, path};
}

static inline krait_file *
open_file(const char *path, uint32_t how, int wanted)
{
    krait_file *file = NULL;
    krait_at where = at(path);

    if (!CHECK_INT(krait__path_open(&where, how, 0, &file), wanted))
        printf("    opening '%s'\n", path);
    return file;
}

/* Only the error counts. */
static inline int
open_error(const char *path, uint32_t how)
{
    krait_file *file = NULL;
    krait_at where = at(path);
    int error = krait__path_open(&where, how, 0, &file);

    krait__file_unref(file);
    return error;
}

static inline int
write_file(krait_file *file, uint64_t offset, const char *text)
{
    struct iovec iov = {.iov_base = strdup(text), .iov_len = strlen(text)};
    size_t done = 0;
    int error = krait__file_write(file, &iov, 1, offset, &done);

    free(iov.iov_base);
    if (error == 0)
        CHECK_UINT(done, iov.iov_len);
    return error;
}

static inline const char *
read_file(krait_file *file, uint64_t offset)
{
    static char buffer[256];
    struct iovec iov = {.iov_base = buffer, .iov_len = sizeof(buffer) - 1};
    size_t done = 0;
    int error = krait__file_read(file, &iov, 1, offset, &done);

    snprintf(buffer + done, sizeof(buffer) - done, "%s", error != 0 ? strerror(error) : "");
    return buffer;
}

/* Contents of a guest file, or the text of the error. */
static inline const char *
contents(const char *path)
{
    static char buffer[256];
    krait_file *file = NULL;
    krait_at where = at(path);
    int error = krait__path_open(&where, R | FO, 0, &file);

    if (error != 0) {
        snprintf(buffer, sizeof(buffer), "%s", strerror(error));
        return buffer;
    }
    snprintf(buffer, sizeof(buffer), "%s", read_file(file, KRAIT_AT_POSITION));
    krait__file_unref(file);
    return buffer;
}

static inline int
make_file(const char *path, const char *text)
{
    krait_file *file = NULL;
    krait_at where = at(path);
    int error = krait__path_open(&where, W | C | T | FO, 0, &file);

    if (error == 0)
        error = write_file(file, KRAIT_AT_POSITION, text);
    krait__file_unref(file);
    return error;
}

static inline int
do_mkdir(const char *path)
{
    krait_at where = at(path);

    return krait__path_mkdir(&where, KRAIT_MODE_DEFAULT);
}

static inline int
do_rmdir(const char *path)
{
    krait_at where = at(path);

    return krait__path_rmdir(&where);
}

static inline int
do_unlink(const char *path)
{
    krait_at where = at(path);

    return krait__path_unlink(&where);
}

static inline int
do_symlink(const char *target, const char *path)
{
    krait_at where = at(path);

    return krait__path_symlink(target, &where);
}

static inline int
do_rename(const char *from, const char *to)
{
    krait_at a = at(from);
    krait_at b = at(to);

    return krait__path_rename(&a, &b);
}

static inline int
do_link(const char *from, const char *to)
{
    krait_at a = at(from);
    krait_at b = at(to);

    return krait__path_link(&a, false, &b);
}

static inline int
do_stat(const char *path, krait_stat *ret_stat)
{
    krait_at where = at(path);

    return krait__path_stat(&where, true, ret_stat);
}

static inline int
do_lstat(const char *path, krait_stat *ret_stat)
{
    krait_at where = at(path);

    return krait__path_stat(&where, false, ret_stat);
}

static inline int
type_at(const char *path)
{
    krait_stat stat;

    return do_lstat(path, &stat) == 0 ? stat.type : -1;
}

static inline int
do_utimes(const char *path, uint64_t mtime_ns)
{
    krait_at where = at(path);
    krait_times times = {.mtime = KRAIT_TIME_SET, .mtime_ns = mtime_ns};

    return krait__path_set_times(&where, false, &times);
}

/* The names of a directory without "." and "..", in order, each with a space after it. */
static inline const char *
listing(const char *path)
{
    static char buffer[512];
    krait_file *dir = open_file(path, R | D | FO, 0);
    uint64_t cookie = 0;
    size_t used = 0;

    buffer[0] = '\0';
    while (dir != NULL) {
        krait_dirent entry;

        if (krait__file_readdir(dir, cookie, &entry) != 0 || entry.name_len == 0)
            break;
        cookie = entry.next;
        if (entry.name[0] == '.' && entry.name_len <= 2)
            continue;
        used += (size_t)snprintf(buffer + used, sizeof(buffer) - used, "%.*s ", (int)entry.name_len,
                                 entry.name);
    }
    krait__file_unref(dir);
    return buffer;
}

#endif
