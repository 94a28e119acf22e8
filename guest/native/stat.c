/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status of files with modes and owners; file systems.  stat(), lstat() and fstatat() of
 * wasi-libc end in __wasilibc_nocwd_fstatat().
 */
#include "native.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

int __wasilibc_nocwd_fstatat(int fd, const char *restrict path, struct stat *restrict ret_stat,
                             int flags);

static struct timespec
time_of(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = (long)(ns % 1000000000)};

    if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += 1000000000;
    }
    return time;
}

static void
stat_from(const krait_host_stat *from, struct stat *ret_stat)
{
    *ret_stat = (struct stat){
        .st_dev = from->dev,
        .st_ino = from->ino,
        .st_nlink = from->nlink,
        .st_mode = from->mode,
        .st_uid = from->uid,
        .st_gid = from->gid,
        .st_rdev = from->rdev,
        .st_size = (off_t)from->size,
        .st_blksize = (blksize_t)from->blksize,
        .st_blocks = (blkcnt_t)from->blocks,
        .st_atim = time_of(from->atim),
        .st_mtim = time_of(from->mtim),
        .st_ctim = time_of(from->ctim),
    };
}

int
__wasilibc_nocwd_fstatat(int fd, const char *restrict path, struct stat *restrict ret_stat,
                         int flags)
{
    krait_host_stat found;
    uint32_t lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : KRAIT_HOST_FOLLOW;

    if (native_result(krait_host_path_stat((uint32_t)fd, lookup, path, strlen(path), &found)) != 0)
        return -1;
    stat_from(&found, ret_stat);
    return 0;
}

int
fstat(int fd, struct stat *ret_stat)
{
    krait_host_stat found;

    if (native_result(krait_host_fd_stat((uint32_t)fd, &found)) != 0)
        return -1;
    stat_from(&found, ret_stat);
    return 0;
}

static void
statvfs_from(const krait_host_statvfs *from, struct statvfs *ret_statvfs)
{
    *ret_statvfs = (struct statvfs){
        .f_bsize = from->bsize,
        .f_frsize = from->frsize,
        .f_blocks = from->blocks,
        .f_bfree = from->bfree,
        .f_bavail = from->bavail,
        .f_files = from->files,
        .f_ffree = from->ffree,
        .f_favail = from->favail,
        .f_fsid = (unsigned long)from->fsid,
        .f_flag = from->flag,
        .f_namemax = from->namemax,
    };
}

int
statvfs(const char *restrict path, struct statvfs *restrict ret_statvfs)
{
    krait_host_statvfs found;
    native_path at;

    if (native_path_at(AT_FDCWD, path, &at) != 0 ||
        native_result(
            krait_host_path_statvfs(at.fd, KRAIT_HOST_FOLLOW, at.text, at.length, &found)) != 0)
        return -1;
    statvfs_from(&found, ret_statvfs);
    return 0;
}

int
fstatvfs(int fd, struct statvfs *ret_statvfs)
{
    krait_host_statvfs found;

    if (native_result(krait_host_fd_statvfs((uint32_t)fd, &found)) != 0)
        return -1;
    statvfs_from(&found, ret_statvfs);
    return 0;
}
