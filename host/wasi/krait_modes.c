/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: status, modes, owners and space of files.
 *
 * The guest is KRAIT_GUEST_UID; the host's numbers never reach it.  path_open_mode is in open.c.
 */
#include "wasi/state.h"

static int
write_stat(krait_ctx *ctx, uint32_t address, const krait_stat *stat)
{
    krait_host_stat out = {
        .dev = stat->dev,
        .ino = stat->ino,
        .nlink = stat->nlink,
        .size = stat->size,
        .rdev = stat->rdev,
        .blocks = stat->blocks,
        .atim = stat->atime_ns > INT64_MAX ? INT64_MAX : (int64_t)stat->atime_ns,
        .mtim = stat->mtime_ns > INT64_MAX ? INT64_MAX : (int64_t)stat->mtime_ns,
        .ctim = stat->ctime_ns > INT64_MAX ? INT64_MAX : (int64_t)stat->ctime_ns,
        .mode = stat->mode,
        .blksize = stat->blksize,
    };

    krait__stat_owner(stat, &out.uid, &out.gid);
    return krait__guest_write(ctx, address, &out, sizeof(out)) == 0 ? 0 : EFAULT;
}

/* Copies the path at args[2], args[3] below the descriptor args[0]; lookup flags are args[1]. */
static int
take_path(krait_wasi *wasi, krait_ctx *ctx, const krait_cell *args, uint64_t rights,
          krait_guest_path *ret_path)
{
    if (args[1].i32 & ~KRAIT_HOST_FOLLOW)
        return EINVAL;
    return krait__wasi_path(wasi, ctx, args[0].i32, rights, args[2].i32, args[3].i32, ret_path);
}

KRAIT_WASI_CALL(path_stat)
{
    krait_guest_path path;
    krait_stat stat;
    int error = take_path(wasi, ctx, args, WASI_PATH_FILESTAT_GET, &path);

    if (error == 0)
        error = krait__path_stat(&path.at, args[1].i32 & KRAIT_HOST_FOLLOW, &stat);
    return error != 0 ? error : write_stat(ctx, args[4].i32, &stat);
}

KRAIT_WASI_CALL(fd_stat)
{
    krait_stat stat;
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_GET, &fd);

    if (error == 0)
        error = krait__file_stat(fd->file, &stat);
    return error != 0 ? error : write_stat(ctx, args[1].i32, &stat);
}

KRAIT_WASI_CALL(path_chmod)
{
    krait_guest_path path;
    int error = take_path(wasi, ctx, args, WASI_PATH_FILESTAT_SET_TIMES, &path);

    if (error == 0)
        error = krait__path_chmod(&path.at, args[1].i32 & KRAIT_HOST_FOLLOW, args[4].i32);
    return error;
}

KRAIT_WASI_CALL(fd_chmod)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_SET_TIMES, &fd);

    (void)ctx;
    return error != 0 ? error : krait__file_chmod(fd->file, args[1].i32);
}

/* The guest may give its files to itself. */
static int
check_chown(const krait_stat *stat, uint32_t uid, uint32_t gid)
{
    uint32_t owner;
    uint32_t group;

    krait__stat_owner(stat, &owner, &group);
    if (owner != KRAIT_GUEST_UID && (uid != UINT32_MAX || gid != UINT32_MAX))
        return EPERM;
    return (uid == UINT32_MAX || uid == owner) && (gid == UINT32_MAX || gid == group) ? 0 : EPERM;
}

KRAIT_WASI_CALL(path_chown)
{
    krait_guest_path path;
    krait_stat stat;
    int error = take_path(wasi, ctx, args, WASI_PATH_FILESTAT_SET_TIMES, &path);

    if (error == 0)
        error = krait__path_stat(&path.at, args[1].i32 & KRAIT_HOST_FOLLOW, &stat);
    return error != 0 ? error : check_chown(&stat, args[4].i32, args[5].i32);
}

KRAIT_WASI_CALL(fd_chown)
{
    krait_stat stat;
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_SET_TIMES, &fd);

    (void)ctx;
    if (error == 0)
        error = krait__file_stat(fd->file, &stat);
    return error != 0 ? error : check_chown(&stat, args[1].i32, args[2].i32);
}

KRAIT_WASI_CALL(path_access)
{
    const uint32_t known = KRAIT_HOST_R_OK | KRAIT_HOST_W_OK | KRAIT_HOST_X_OK;
    krait_guest_path path;
    int error = take_path(wasi, ctx, args, WASI_PATH_FILESTAT_GET, &path);

    if (error == 0 && (args[4].i32 & ~known))
        error = EINVAL;
    if (error == 0)
        error = krait__path_access(&path.at, args[1].i32 & KRAIT_HOST_FOLLOW, args[4].i32);
    return error;
}

KRAIT_WASI_CALL(path_mkdir_mode)
{
    krait_guest_path path;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_CREATE_DIRECTORY, args[1].i32,
                                 args[2].i32, &path);

    return error != 0 ? error : krait__path_mkdir(&path.at, args[3].i32 & 07777u);
}

KRAIT_WASI_CALL(path_mknod)
{
    krait_guest_path path;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_CREATE_FILE, args[1].i32,
                                 args[2].i32, &path);

    return error != 0 ? error : krait__path_mknod(&path.at, args[3].i32);
}

KRAIT_WASI_CALL(path_statvfs)
{
    krait_guest_path path;
    krait_host_statvfs out = {0};
    int error = take_path(wasi, ctx, args, WASI_PATH_FILESTAT_GET, &path);

    if (error == 0)
        error = krait__path_statvfs(&path.at, args[1].i32 & KRAIT_HOST_FOLLOW, &out);
    if (error != 0)
        return error;
    return krait__guest_write(ctx, args[4].i32, &out, sizeof(out)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_statvfs)
{
    krait_host_statvfs out = {0};
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_FILESTAT_GET, &fd);

    if (error == 0)
        error = krait__file_statvfs(fd->file, &out);
    if (error != 0)
        return error;
    return krait__guest_write(ctx, args[1].i32, &out, sizeof(out)) == 0 ? 0 : EFAULT;
}
