/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A single host file as a back end: the root of the mount is the file.
 *
 * Always read-only.  All opens share one host descriptor and read at positions of
 * their own; the host's path is not looked at again.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mounts of several vfs may have the same one. */
typedef struct krait_one_root {
    atomic_uint refs;
    int fd;
} krait_one_root;

typedef struct krait_one_fs {
    krait_one_root *root;
    krait_mount mount;
} krait_one_fs;

typedef struct krait_one_file {
    krait_file file;
    int fd;
} krait_one_file;

static int
fd_of(const krait_file *file)
{
    return ((const krait_one_file *)file)->fd;
}

static int
stat_fd(int fd, krait_stat *ret_stat)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return errno;
    krait__host_stat(&stat, ret_stat);
    return 0;
}

static void
file_close(krait_file *file)
{
    krait__free(file);
}

static int
file_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    bool moves = offset == KRAIT_AT_POSITION;
    ssize_t done;

    if (moves)
        offset = file->position;
    do {
        done = preadv(fd_of(file), iov, count, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    if (done < 0)
        return errno;
    if (moves)
        file->position += (uint64_t)done;
    *ret_bytes = (size_t)done;
    return 0;
}

static int
file_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    krait_stat stat = {0};
    int64_t position;
    int error = whence == SEEK_END ? stat_fd(fd_of(file), &stat) : 0;

    if (error != 0)
        return error;
    if (whence == SEEK_CUR)
        stat.size = file->position;
    if (__builtin_add_overflow((int64_t)stat.size, delta, &position))
        return EOVERFLOW;
    if (position < 0)
        return EINVAL;
    *ret_position = file->position = (uint64_t)position;
    return 0;
}

static int
file_stat(krait_file *file, krait_stat *ret_stat)
{
    return stat_fd(fd_of(file), ret_stat);
}

static int
file_advise(krait_file *file, uint64_t offset, uint64_t size, int advice)
{
    return posix_fadvise(fd_of(file), (off_t)offset, (off_t)size, advice);
}

static int
file_sync(krait_file *file, bool data_only)
{
    (void)file;
    (void)data_only;
    return 0;
}

static int
file_set_times(krait_file *file, const krait_times *times)
{
    (void)file;
    (void)times;
    return EROFS;
}

static int
file_chmod(krait_file *file, uint32_t mode)
{
    (void)file;
    (void)mode;
    return EROFS;
}

static int
file_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(fd_of(file), ret_statvfs);
}

static const krait_file_ops one_file_ops = {
    .close = file_close,
    .read = file_read,
    .seek = file_seek,
    .stat = file_stat,
    .advise = file_advise,
    .sync = file_sync,
    .set_times = file_set_times,
    .chmod = file_chmod,
    .statvfs = file_statvfs,
};

static void
one_free(krait_mount *mount)
{
    krait_one_fs *fs = mount->fs;
    krait_one_root *root = fs->root;

    krait__free(fs);
    if (atomic_fetch_sub(&root->refs, 1) > 1)
        return;
    close(root->fd);
    krait__free(root);
}

static int
one_hold(const krait_place *place, krait_place *ret_place)
{
    *ret_place = *place;
    return 0;
}

static void
one_release(krait_place *place)
{
    (void)place;
}

static int
one_step(const krait_place *dir, const char *name, krait_step *ret_step)
{
    (void)dir;
    (void)name;
    (void)ret_step;
    return ENOTDIR;
}

static int
one_readlink(const krait_place *dir, const char *name, char *buffer, size_t size, size_t *ret_size)
{
    (void)dir;
    (void)name;
    (void)buffer;
    (void)size;
    (void)ret_size;
    return EINVAL;
}

static int
one_stat(const krait_place *dir, const char *name, krait_stat *ret_stat)
{
    const krait_one_fs *fs = dir->mount->fs;

    return name[0] != '\0' ? ENOTDIR : stat_fd(fs->root->fd, ret_stat);
}

static int
one_open(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
         krait_file **ret_file)
{
    const krait_one_fs *fs = dir->mount->fs;
    krait_one_file *file;
    int error = name[0] != '\0' ? ENOTDIR : krait__may_open(KRAIT_TYPE_REGULAR, how, true);

    if (error != 0)
        return error;
    file = krait__alloc(sizeof(*file));
    if (file == NULL)
        return ENOMEM;
    krait__file_init(&file->file, &one_file_ops, KRAIT_TYPE_REGULAR, how, flags);
    file->fd = fs->root->fd;
    *ret_file = &file->file;
    return 0;
}

/* All that would change something; the root of a mount is refused before (path.c). */
static int
one_set_times(const krait_place *dir, const char *name, const krait_times *times)
{
    (void)dir;
    (void)name;
    (void)times;
    return EROFS;
}

static int
one_chmod(const krait_place *dir, const char *name, uint32_t mode)
{
    (void)dir;
    (void)name;
    (void)mode;
    return EROFS;
}

/* It is open, so it can be read; path.c has refused writing. */
static int
one_access(const krait_place *dir, const char *name, uint32_t want)
{
    krait_stat stat;
    int error = one_stat(dir, name, &stat);

    if (error == 0 && (want & KRAIT_HOST_X_OK) && !(stat.mode & 0111u))
        error = EACCES;
    return error;
}

static int
one_statvfs(const krait_place *dir, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(((const krait_one_fs *)dir->mount->fs)->root->fd, ret_statvfs);
}

static krait_mount *one_share(const krait_mount *mount, krait_vfs *vfs);

static const krait_fs_ops one_ops = {
    .free = one_free,
    .share = one_share,
    .hold = one_hold,
    .release = one_release,
    .step = one_step,
    .readlink = one_readlink,
    .stat = one_stat,
    .open = one_open,
    .set_times = one_set_times,
    .chmod = one_chmod,
    .access = one_access,
    .statvfs = one_statvfs,
};

/* A mount of a file that is counted for it; NULL: out of memory. */
static krait_mount *
mount_root(krait_vfs *vfs, krait_one_root *root)
{
    krait_one_fs *fs = krait__calloc(1, sizeof(*fs));

    if (fs == NULL)
        return NULL;
    fs->root = root;
    fs->mount.ops = &one_ops;
    fs->mount.fs = fs;
    fs->mount.vfs = vfs;
    fs->mount.is_host = true;
    fs->mount.is_file = true;
    fs->mount.root = (krait_place){.mount = &fs->mount, .fd = -1, .borrowed = true};
    return &fs->mount;
}

static krait_mount *
one_share(const krait_mount *mount, krait_vfs *vfs)
{
    krait_one_root *root = ((const krait_one_fs *)mount->fs)->root;
    krait_mount *again = mount_root(vfs, root);

    if (again != NULL)
        atomic_fetch_add(&root->refs, 1);
    return again;
}

int
krait__host_file_mount_new(krait_vfs *vfs, int fd, krait_mount **ret_mount)
{
    krait_one_root *root;
    krait_mount *mount;
    krait_stat stat;
    int error = stat_fd(fd, &stat);

    if (error != 0)
        return error;
    if (stat.type == KRAIT_TYPE_DIRECTORY)
        return EISDIR;
    if (stat.type != KRAIT_TYPE_REGULAR)
        return ENXIO;
    root = krait__calloc(1, sizeof(*root));
    mount = root != NULL ? mount_root(vfs, root) : NULL;
    if (mount == NULL) {
        krait__free(root);
        return ENOMEM;
    }
    atomic_init(&root->refs, 1);
    root->fd = fd;
    *ret_mount = mount;
    return 0;
}
