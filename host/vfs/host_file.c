/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open host files: regular files with their own descriptor.
 *
 * The host's kernel keeps the position and the append flag, so that they hold for
 * everyone who shares the open file.  SYNC and DSYNC are done by a sync after each write
 * (file.c): Linux cannot change them on an open file.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

typedef struct krait_host_file {
    krait_file file;
    int fd;
    bool is_borrowed;
} krait_host_file;

static int
fd_of(const krait_file *file)
{
    return ((const krait_host_file *)file)->fd;
}

int
krait__host_keep_fd(int fd)
{
    int moved;
    int error;

    if (fd < 0 || fd > 2)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    error = errno;
    close(fd);
    errno = error;
    return moved;
}

uint8_t
krait__host_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return KRAIT_TYPE_REGULAR;
    case S_IFDIR:
        return KRAIT_TYPE_DIRECTORY;
    case S_IFLNK:
        return KRAIT_TYPE_LINK;
    case S_IFCHR:
        return KRAIT_TYPE_CHARACTER_DEVICE;
    case S_IFBLK:
        return KRAIT_TYPE_BLOCK_DEVICE;
    case S_IFSOCK:
        return KRAIT_TYPE_SOCKET_STREAM;
    default:
        return KRAIT_TYPE_UNKNOWN;
    }
}

static uint64_t
nanoseconds(const struct timespec *time)
{
    if (time->tv_sec < 0)
        return 0;
    if ((uint64_t)time->tv_sec > UINT64_MAX / 1000000000u - 1)
        return UINT64_MAX;
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

void
krait__host_stat(const struct stat *from, krait_stat *ret_stat)
{
    ret_stat->dev = from->st_dev;
    ret_stat->ino = from->st_ino;
    ret_stat->type = krait__host_type(from->st_mode);
    ret_stat->nlink = from->st_nlink;
    ret_stat->size = from->st_size < 0 ? 0 : (uint64_t)from->st_size;
    ret_stat->atime_ns = nanoseconds(&from->st_atim);
    ret_stat->mtime_ns = nanoseconds(&from->st_mtim);
    ret_stat->ctime_ns = nanoseconds(&from->st_ctim);
    ret_stat->rdev = (uint64_t)major(from->st_rdev) << 8 | minor(from->st_rdev);
    ret_stat->blocks = from->st_blocks < 0 ? 0 : (uint64_t)from->st_blocks;
    ret_stat->mode = from->st_mode;
    ret_stat->uid = from->st_uid;
    ret_stat->gid = from->st_gid;
    ret_stat->blksize = (uint32_t)from->st_blksize;
    ret_stat->is_host = true;
}

static struct timespec
timespec_of(krait_time_how how, uint64_t time_ns)
{
    struct timespec time;

    time.tv_sec = (time_t)(time_ns / 1000000000u);
    time.tv_nsec = (long)(time_ns % 1000000000u);
    if (how == KRAIT_TIME_KEEP)
        time.tv_nsec = UTIME_OMIT;
    else if (how == KRAIT_TIME_NOW)
        time.tv_nsec = UTIME_NOW;
    return time;
}

void
krait__host_timespecs(const krait_times *times, struct timespec ret_pair[2])
{
    ret_pair[0] = timespec_of(times->atime, times->atime_ns);
    ret_pair[1] = timespec_of(times->mtime, times->mtime_ns);
}

static void
host_close(krait_file *file)
{
    if (!((krait_host_file *)file)->is_borrowed)
        close(fd_of(file));
    krait__free(file);
}

static int
host_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    ssize_t done;

    do {
        done = offset == KRAIT_AT_POSITION ? readv(fd_of(file), iov, count)
                                           : preadv(fd_of(file), iov, count, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

static int
host_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    ssize_t done;

    do {
        done = offset == KRAIT_AT_POSITION ? writev(fd_of(file), iov, count)
                                           : pwritev(fd_of(file), iov, count, (off_t)offset);
    } while (done < 0 && errno == EINTR);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

static int
host_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    off_t position = lseek(fd_of(file), delta, whence);

    if (position < 0)
        return errno;
    *ret_position = (uint64_t)position;
    return 0;
}

static int
host_stat(krait_file *file, krait_stat *ret_stat)
{
    struct stat stat;

    if (fstat(fd_of(file), &stat) != 0)
        return errno;
    krait__host_stat(&stat, ret_stat);
    return 0;
}

static int
host_set_size(krait_file *file, uint64_t size)
{
    int rc;

    do {
        rc = ftruncate(fd_of(file), (off_t)size);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

static int
host_allocate(krait_file *file, uint64_t offset, uint64_t size)
{
    int rc;

    do {
        rc = fallocate(fd_of(file), 0, (off_t)offset, (off_t)size);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

static int
host_advise(krait_file *file, uint64_t offset, uint64_t size, int advice)
{
    return posix_fadvise(fd_of(file), (off_t)offset, (off_t)size, advice);
}

static int
host_sync(krait_file *file, bool data_only)
{
    int rc;

    do {
        rc = data_only ? fdatasync(fd_of(file)) : fsync(fd_of(file));
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

static int
host_set_times(krait_file *file, const krait_times *times)
{
    struct timespec pair[2];

    krait__host_timespecs(times, pair);
    return futimens(fd_of(file), pair) == 0 ? 0 : errno;
}

static int
host_set_flags(krait_file *file, uint16_t flags)
{
    int now;

    if (!((flags ^ file->flags) & KRAIT_FILE_APPEND))
        return 0;
    /* Not ours to change: others share a borrowed descriptor's open file. */
    if (((krait_host_file *)file)->is_borrowed)
        return ENOTSUP;
    now = fcntl(fd_of(file), F_GETFL);
    if (now < 0)
        return errno;
    now = flags & KRAIT_FILE_APPEND ? now | O_APPEND : now & ~O_APPEND;
    return fcntl(fd_of(file), F_SETFL, now) == 0 ? 0 : errno;
}

static int
host_chmod(krait_file *file, uint32_t mode)
{
    return ((krait_host_file *)file)->is_borrowed ? EPERM
                                                  : krait__host_chmod(NULL, fd_of(file), mode);
}

static int
host_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(fd_of(file), ret_statvfs);
}

static const krait_file_ops host_file_ops = {
    .close = host_close,
    .read = host_read,
    .write = host_write,
    .seek = host_seek,
    .stat = host_stat,
    .set_size = host_set_size,
    .allocate = host_allocate,
    .advise = host_advise,
    .sync = host_sync,
    .set_times = host_set_times,
    .set_flags = host_set_flags,
    .chmod = host_chmod,
    .statvfs = host_statvfs,
};

int
krait__host_file_new(int fd, uint32_t how, uint16_t flags, bool is_borrowed, krait_file **ret_file)
{
    krait_host_file *file = krait__alloc(sizeof(*file));

    if (file == NULL)
        return ENOMEM;
    krait__file_init(&file->file, &host_file_ops, KRAIT_TYPE_REGULAR, how, flags);
    file->fd = fd;
    file->is_borrowed = is_borrowed;
    *ret_file = &file->file;
    return 0;
}
