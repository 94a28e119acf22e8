/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes files: open, mkdir, mkfifo, mknod, with a mode and the process's umask.  Opening
 * without a mode (fopen, opendir, truncate) ends in __wasilibc_nocwd_openat_nomode().
 */
#include "native.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <wasi/api.h>

#define PASSED_BY_ACCESS                                                                           \
    (__WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE |                  \
     __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_READDIR | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)

int __wasilibc_nocwd_openat_nomode(int fd, const char *path, int flags);

/* The rights that an access mode stands for; as wasi-libc asks for them. */
static uint64_t
rights_of(int flags)
{
    uint64_t rights = ~(uint64_t)PASSED_BY_ACCESS;

    if (flags & O_RDONLY)
        rights |= __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR;
    if (flags & O_WRONLY)
        rights |= __WASI_RIGHTS_FD_DATASYNC | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE |
                  __WASI_RIGHTS_FD_FILESTAT_SET_SIZE;
    return rights;
}

int
native_open(const native_path *path, int flags, mode_t mode)
{
    uint32_t lookup = flags & O_NOFOLLOW ? 0 : KRAIT_HOST_FOLLOW;
    int access = flags & O_ACCMODE;
    __wasi_fdstat_t dir;
    uint32_t fd;

    if (access != O_RDONLY && access != O_WRONLY && access != O_RDWR && access != O_EXEC &&
        access != O_SEARCH)
        return native_fail(EINVAL);
    if (native_result(__wasi_fd_fdstat_get((__wasi_fd_t)path->fd, &dir)) != 0 ||
        native_result(krait_host_path_open_mode(
            path->fd, lookup, path->text, path->length, ((uint32_t)flags >> 12) & 0xfff,
            rights_of(flags) & dir.fs_rights_inheriting, dir.fs_rights_inheriting,
            (uint32_t)flags & 0xfff, native_new_mode(mode), &fd)) != 0)
        return -1;
    return (int)fd;
}

int
__wasilibc_nocwd_openat_nomode(int fd, const char *path, int flags)
{
    const native_path at = {(uint32_t)fd, path, strlen(path)};

    return native_open(&at, flags, 0666);
}

int
openat(int dirfd, const char *path, int flags, ...)
{
    native_path at;
    mode_t mode = 0;
    va_list args;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return native_path_at(dirfd, path, &at) != 0 ? -1 : native_open(&at, flags, mode);
}

int
open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

int
mkdirat(int dirfd, const char *path, mode_t mode)
{
    native_path at;

    if (native_path_at(dirfd, path, &at) != 0)
        return -1;
    return native_result(
        krait_host_path_mkdir_mode(at.fd, at.text, at.length, native_new_mode(mode)));
}

int
mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int
mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    native_path at;

    (void)device;
    if (native_path_at(dirfd, path, &at) != 0)
        return -1;
    return native_result(
        krait_host_path_mknod(at.fd, at.text, at.length, (mode & S_IFMT) | native_new_mode(mode)));
}

int
mknod(const char *path, mode_t mode, dev_t device)
{
    return mknodat(AT_FDCWD, path, mode, device);
}

int
mkfifoat(int dirfd, const char *path, mode_t mode)
{
    return mknodat(dirfd, path, S_IFIFO | (mode & 07777), 0);
}

int
mkfifo(const char *path, mode_t mode)
{
    return mkfifoat(AT_FDCWD, path, mode);
}
