/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host directory as a back end: names.
 *
 * Every call here names one entry of a directory that is already open, with
 * NOFOLLOW: the host's kernel follows no link for us, so that a link that appears
 * between two calls leads to an error and never out of the grant.  host_resolve.c has the
 * two calls that move to another directory.
 *
 * Files are opened in two steps: what is not a regular file or a directory is not
 * opened at all, since opening a FIFO blocks and opening a device may do anything.
 */
#include "vfs/host.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/magic.h */
#define PROC_FILE_SYSTEM 0x9fa0

static void
host_free(krait_mount *mount)
{
    krait_host_fs *fs = mount->fs;
    krait_host_root *root = fs->root;

    krait__free(fs);
    if (atomic_fetch_sub(&root->refs, 1) > 1)
        return;
    krait__host_kept_close(root);
    close(root->fd);
    krait__free(root);
}

static int
host_hold(const krait_place *place, krait_place *ret_place)
{
    int fd = fcntl(place->fd, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return errno;
    *ret_place = *place;
    ret_place->fd = fd;
    ret_place->borrowed = false;
    return 0;
}

static void
host_release(krait_place *place)
{
    close(place->fd);
    place->fd = -1;
}

static int
host_readlink(const krait_place *dir, const char *name, char *buffer, size_t size, size_t *ret_size)
{
    ssize_t done;

    if (size == 0) {
        char byte;

        done = readlinkat(dir->fd, name, &byte, 1);
        done = done > 0 ? 0 : done;
    } else {
        done = readlinkat(dir->fd, name, buffer, size);
    }
    if (done < 0)
        return errno;
    *ret_size = (size_t)done;
    return 0;
}

static int
stat_entry(const krait_place *dir, const char *name, struct stat *ret_stat)
{
    int rc = name[0] == '\0' ? fstat(dir->fd, ret_stat)
                             : fstatat(dir->fd, name, ret_stat, AT_SYMLINK_NOFOLLOW);

    return rc == 0 ? 0 : errno;
}

static int
host_stat(const krait_place *dir, const char *name, krait_stat *ret_stat)
{
    struct stat stat;
    int error = stat_entry(dir, name, &stat);

    if (error == 0)
        krait__host_stat(&stat, ret_stat);
    return error;
}

/* The process file system leads to memory and files of host processes, ourselves
 * among them: its files are not opened, whoever granted a directory above it. */
static int
check_not_proc(const krait_place *dir, int fd, const struct stat *stat)
{
    const krait_host_root *root = ((const krait_host_fs *)dir->mount->fs)->root;
    struct statfs info;

    if (stat->st_dev == root->dev && !root->is_proc)
        return 0;
    if (fstatfs(fd, &info) != 0)
        return errno;
    return info.f_type == PROC_FILE_SYSTEM ? EACCES : 0;
}

static int
open_directory(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
               krait_file **ret_file)
{
    krait_place place = *dir;
    int error;

    place.fd = krait__host_keep_fd(
        openat(dir->fd, name[0] != '\0' ? name : ".",
               (how & KRAIT_OPEN_READ ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (place.fd < 0)
        return errno;
    place.borrowed = false;
    place.ns = NULL;
    error = krait__host_dir_file_new(&place, how, flags, ret_file);
    if (error != 0)
        close(place.fd);
    return error;
}

/* Opens or makes the regular file `name`; what was there a moment ago may be gone. */
static int
open_regular(const krait_place *dir, const char *name, uint32_t how, int host_flags, int *ret_fd)
{
    bool has_mode = how & KRAIT_OPEN_HAS_MODE;
    uint32_t mode = has_mode ? KRAIT_OPEN_MODE_OF(how) & 0777u : 0666;
    struct stat stat;
    int error;
    int fd;

    host_flags |= O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if (how & KRAIT_OPEN_WRITE)
        host_flags |= how & KRAIT_OPEN_READ ? O_RDWR : O_WRONLY;
    if (how & KRAIT_OPEN_TRUNCATE)
        host_flags |= O_TRUNC;
    fd = krait__host_keep_fd(openat(dir->fd, name, host_flags | O_CLOEXEC, mode));
    if (fd < 0)
        return errno == ENXIO ? EACCES : errno;
    if (fstat(fd, &stat) != 0)
        error = errno;
    else if (!S_ISREG(stat.st_mode))
        error = EACCES;
    else
        error = check_not_proc(dir, fd, &stat);
    /* The umask is the host's; a guest that names a mode has used its own. */
    if (error == 0 && has_mode && (host_flags & O_CREAT) && (stat.st_mode & 0777u) != mode &&
        fchmod(fd, mode) != 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

/* Makes a file that is not there; EAGAIN: it is now. */
static int
make_new(const krait_place *dir, const char *name, uint32_t how, int host_flags, int *ret_fd)
{
    int error;

    if (krait__place_read_only(dir))
        return EROFS;
    error = krait__host_may_change(dir);
    if (error == 0)
        error = open_regular(dir, name, how, host_flags | O_CREAT | O_EXCL, ret_fd);
    return error == EEXIST ? EAGAIN : error;
}

/* Opens what is there; EAGAIN: it is gone, and may be made. */
static int
open_existing(const krait_place *dir, const char *name, uint32_t how, int host_flags,
              const struct stat *stat, int *ret_fd)
{
    const bool changes = how & (KRAIT_OPEN_WRITE | KRAIT_OPEN_TRUNCATE);
    int error;

    if ((how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_EXCLUSIVE))
        return EEXIST;
    error = krait__may_open(krait__host_type(stat->st_mode), how, krait__place_read_only(dir));
    if (error == 0)
        error = krait__host_may(dir, stat,
                                (how & KRAIT_OPEN_READ ? KRAIT_HOST_R_OK : 0u) |
                                    (changes ? KRAIT_HOST_W_OK : 0u));
    if (error != 0 || S_ISDIR(stat->st_mode))
        return error;
    error = open_regular(dir, name, how, host_flags, ret_fd);
    return error == ENOENT && (how & KRAIT_OPEN_CREATE) ? EAGAIN : error;
}

/* What is at `name` decides how it is opened; nothing there: it may be made. */
static int
open_once(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
          krait_file **ret_file)
{
    int host_flags = flags & KRAIT_FILE_APPEND ? O_APPEND : 0;
    struct stat stat;
    int fd = -1;
    int error = stat_entry(dir, name, &stat);

    if (error == ENOENT && (how & KRAIT_OPEN_CREATE) && name[0] != '\0') {
        error = make_new(dir, name, how, host_flags, &fd);
    } else if (error == 0) {
        error = open_existing(dir, name, how, host_flags, &stat, &fd);
        if (error == 0 && S_ISDIR(stat.st_mode))
            return open_directory(dir, name, how, flags, ret_file);
    }
    if (error != 0)
        return error;
    error = krait__host_file_new(fd, how, flags, false, ret_file);
    if (error != 0)
        close(fd);
    return error;
}

static int
host_open(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
          krait_file **ret_file)
{
    int error = EAGAIN;

    /* EAGAIN: a name came or went between the two steps. */
    for (int i = 0; i < 8 && error == EAGAIN; i++) {
        error = open_once(dir, name, how, flags, ret_file);
        if (error == EAGAIN && (how & KRAIT_OPEN_EXCLUSIVE))
            return EEXIST;
    }
    return error == EAGAIN ? ENOENT : error;
}

static int
host_set_times(const krait_place *dir, const char *name, const krait_times *times)
{
    struct timespec pair[2];

    krait__host_timespecs(times, pair);
    return utimensat(dir->fd, name[0] != '\0' ? name : ".", pair, AT_SYMLINK_NOFOLLOW) == 0 ? 0
                                                                                            : errno;
}

static int
host_mkdir(const krait_place *dir, const char *name, uint32_t mode)
{
    bool has_mode = mode != KRAIT_MODE_DEFAULT;
    struct stat stat;
    int error = krait__host_may_change(dir);

    if (error != 0)
        return error;
    mode = has_mode ? mode & 0777u : 0777u;
    if (mkdirat(dir->fd, name, mode) != 0)
        return errno;
    /* As for files; whatever has the name by now is in the grant, too. */
    if (has_mode && stat_entry(dir, name, &stat) == 0 && S_ISDIR(stat.st_mode) &&
        (stat.st_mode & 0777u) != mode)
        error = krait__host_chmod_name(dir, name, mode);
    return error;
}

/* What is not there is ENOENT, whatever may be done. */
static int
may_remove(const krait_place *dir, const char *name)
{
    struct stat stat;
    int error = krait__host_may_change(dir);

    if (error != 0 && fstatat(dir->fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return ENOENT;
    return error;
}

static int
host_rmdir(const krait_place *dir, const char *name)
{
    int error = may_remove(dir, name);

    if (error != 0)
        return error;
    if (unlinkat(dir->fd, name, AT_REMOVEDIR) == 0)
        return 0;
    return errno == EEXIST ? ENOTEMPTY : errno;
}

static int
host_unlink(const krait_place *dir, const char *name)
{
    int error = may_remove(dir, name);

    if (error != 0)
        return error;
    return unlinkat(dir->fd, name, 0) == 0 ? 0 : errno;
}

static int
host_symlink(const char *target, const krait_place *dir, const char *name)
{
    int error = krait__host_may_change(dir);

    if (error != 0)
        return error;
    return symlinkat(target, dir->fd, name) == 0 ? 0 : errno;
}

static int
host_link(const krait_place *dir, const char *name, const krait_place *to_dir, const char *to_name)
{
    int error = krait__host_may_change(to_dir);

    if (error != 0)
        return error;
    return linkat(dir->fd, name, to_dir->fd, to_name, 0) == 0 ? 0 : errno;
}

static int
host_rename(const krait_place *dir, const char *name, const krait_place *to_dir,
            const char *to_name)
{
    int error = may_remove(dir, name);

    if (error == 0)
        error = krait__host_may_change(to_dir);
    if (error != 0)
        return error;
    if (renameat(dir->fd, name, to_dir->fd, to_name) == 0)
        return 0;
    return errno == EEXIST ? ENOTEMPTY : errno;
}

static krait_mount *host_share(const krait_mount *mount, krait_vfs *vfs);

static const krait_fs_ops host_ops = {
    .free = host_free,
    .share = host_share,
    .hold = host_hold,
    .release = host_release,
    .step = krait__host_step,
    .jump = krait__host_jump,
    .readlink = host_readlink,
    .stat = host_stat,
    .open = host_open,
    .set_times = host_set_times,
    .mkdir = host_mkdir,
    .rmdir = host_rmdir,
    .unlink = host_unlink,
    .symlink = host_symlink,
    .link = host_link,
    .rename = host_rename,
    .chmod = krait__host_chmod_name,
    .access = krait__host_access,
    .statvfs = krait__host_statvfs_name,
};

/* A mount of a directory that is counted for it; NULL: out of memory. */
static krait_mount *
mount_root(krait_vfs *vfs, krait_host_root *root)
{
    krait_host_fs *fs = krait__calloc(1, sizeof(*fs));

    if (fs == NULL)
        return NULL;
    fs->root = root;
    fs->mount.ops = &host_ops;
    fs->mount.fs = fs;
    fs->mount.vfs = vfs;
    fs->mount.is_host = true;
    fs->mount.identity = root->identity;
    fs->mount.root = (krait_place){.mount = &fs->mount, .fd = root->fd, .borrowed = true};
    return &fs->mount;
}

static krait_mount *
host_share(const krait_mount *mount, krait_vfs *vfs)
{
    krait_host_root *root = ((const krait_host_fs *)mount->fs)->root;
    krait_mount *again = mount_root(vfs, root);

    if (again != NULL)
        atomic_fetch_add(&root->refs, 1);
    return again;
}

int
krait__host_mount_new(krait_vfs *vfs, int fd, krait_mount **ret_mount)
{
    krait_host_root *root;
    krait_mount *mount;
    struct stat stat;
    struct statfs info;

    if (fstat(fd, &stat) != 0 || fstatfs(fd, &info) != 0)
        return errno;
    if (!S_ISDIR(stat.st_mode))
        return ENOTDIR;
    root = krait__calloc(1, sizeof(*root));
    if (root != NULL)
        root->identity = krait__file_identity_from(&stat);
    mount = root != NULL ? mount_root(vfs, root) : NULL;
    if (mount == NULL) {
        krait__free(root);
        return ENOMEM;
    }
    atomic_init(&root->refs, 1);
    root->fd = mount->root.fd = fd;
    root->dev = stat.st_dev;
    root->ino = stat.st_ino;
    root->is_proc = info.f_type == PROC_FILE_SYSTEM;
    root->can_jump = krait__host_can_jump(fd);
    *ret_mount = mount;
    return 0;
}
