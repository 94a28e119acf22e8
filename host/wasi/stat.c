/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about a descriptor, and what can be changed about it: flags, rights, size,
 * times, and the calls that hand a file to the disk.
 */
#include "wasi/state.h"

#include <fcntl.h>

#define ALL_FLAGS                                                                                  \
    (KRAIT_FILE_APPEND | KRAIT_FILE_DSYNC | KRAIT_FILE_NONBLOCK | KRAIT_FILE_RSYNC |               \
     KRAIT_FILE_SYNC)

KRAIT_WASI_CALL(fd_fdstat_get)
{
    wasi_fdstat stat = {0};
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error != 0)
        return error;
    stat.fs_filetype = krait__file_type(fd->file);
    stat.fs_flags = krait__file_flags(fd->file);
    stat.fs_rights_base = fd->base;
    stat.fs_rights_inheriting = fd->inheriting;
    return krait__guest_write(ctx, args[1].i32, &stat, sizeof(stat)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_fdstat_set_flags)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FDSTAT_SET_FLAGS, &fd);

    (void)ctx;
    if (error == 0 && (args[1].i32 & ~(uint32_t)ALL_FLAGS))
        error = EINVAL;
    return error != 0 ? error : krait__file_set_flags(fd->file, (uint16_t)args[1].i32);
}

/* Rights can be given up, never gained. */
KRAIT_WASI_CALL(fd_fdstat_set_rights)
{
    uint64_t base = args[1].i64;
    uint64_t inheriting = args[2].i64;
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    (void)ctx;
    if (error != 0)
        return error;
    if ((base & ~fd->base) || (inheriting & ~fd->inheriting))
        return KRAIT_ENOTCAPABLE;
    fd->dropped |= fd->base & ~base;
    fd->dropped_inheriting |= fd->inheriting & ~inheriting;
    fd->base = base;
    fd->inheriting = inheriting;
    return 0;
}

int
krait__wasi_write_stat(krait_ctx *ctx, uint32_t address, const krait_stat *stat)
{
    wasi_filestat out = {0};

    out.dev = stat->dev;
    out.ino = stat->ino;
    out.filetype = stat->type;
    out.nlink = stat->nlink;
    out.size = stat->size;
    out.atim = stat->atime_ns;
    out.mtim = stat->mtime_ns;
    out.ctim = stat->ctime_ns;
    return krait__guest_write(ctx, address, &out, sizeof(out)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_filestat_get)
{
    krait_stat stat;
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_GET, &fd);

    if (error == 0)
        error = krait__file_stat(fd->file, &stat);
    return error != 0 ? error : krait__wasi_write_stat(ctx, args[1].i32, &stat);
}

KRAIT_WASI_CALL(fd_filestat_set_size)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_SET_SIZE, &fd);

    (void)ctx;
    return error != 0 ? error : krait__file_set_size(fd->file, args[1].i64);
}

int
krait__wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, krait_times *ret_times)
{
    const uint32_t atime = WASI_FST_ATIM | WASI_FST_ATIM_NOW;
    const uint32_t mtime = WASI_FST_MTIM | WASI_FST_MTIM_NOW;

    if ((flags & ~(atime | mtime)) || (flags & atime) == atime || (flags & mtime) == mtime)
        return EINVAL;
    ret_times->atime_ns = atim;
    ret_times->mtime_ns = mtim;
    ret_times->atime = flags & WASI_FST_ATIM       ? KRAIT_TIME_SET
                       : flags & WASI_FST_ATIM_NOW ? KRAIT_TIME_NOW
                                                   : KRAIT_TIME_KEEP;
    ret_times->mtime = flags & WASI_FST_MTIM       ? KRAIT_TIME_SET
                       : flags & WASI_FST_MTIM_NOW ? KRAIT_TIME_NOW
                                                   : KRAIT_TIME_KEEP;
    return 0;
}

KRAIT_WASI_CALL(fd_filestat_set_times)
{
    krait_times times;
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_SET_TIMES, &fd);

    (void)ctx;
    if (error == 0)
        error = krait__wasi_times(args[1].i64, args[2].i64, args[3].i32, &times);
    return error != 0 ? error : krait__file_set_times(fd->file, &times);
}

KRAIT_WASI_CALL(fd_advise)
{
    static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_ADVISE, &fd);

    (void)ctx;
    if (error == 0 && args[3].i32 > 5)
        error = EINVAL;
    return error != 0
               ? error
               : krait__file_advise(fd->file, args[1].i64, args[2].i64, advices[args[3].i32]);
}

/* Bytes that one system call gives to a file of the host. */
#define ALLOCATE_STEP (UINT64_C(64) << 20)

/* Where the host's files are in memory, gigabytes take it seconds, in which no signal comes through. */
static int
allocate(krait_ctx *ctx, krait_file *file, uint64_t offset, uint64_t size)
{
    krait_stat stat = {.is_host = false};
    int error = krait__file_stat(file, &stat);

    if (error != 0 || !stat.is_host || size > INT64_MAX || offset > INT64_MAX - size)
        return error != 0 ? error : krait__file_allocate(file, offset, size);
    for (uint64_t step = ALLOCATE_STEP; error == 0 && step < size; offset += step, size -= step) {
        error = krait__file_allocate(file, offset, step);
        if (error == 0 && krait__wasi_interrupted(ctx))
            error = EINTR;
    }
    return error != 0 ? error : krait__file_allocate(file, offset, size);
}

KRAIT_WASI_CALL(fd_allocate)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_ALLOCATE, &fd);

    /* It would fill a disk behind the limit's back. */
    if (error == 0 && krait__wasi_is_output(wasi, fd->file))
        error = ENOTSUP;
    return error != 0 ? error : allocate(ctx, fd->file, args[1].i64, args[2].i64);
}

KRAIT_WASI_CALL(fd_sync)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_SYNC, &fd);

    (void)ctx;
    return error != 0 ? error : krait__file_sync(fd->file, false);
}

KRAIT_WASI_CALL(fd_datasync)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_DATASYNC, &fd);

    (void)ctx;
    return error != 0 ? error : krait__file_sync(fd->file, true);
}
