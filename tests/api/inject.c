/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See inject.h.  Left out: what cannot fail for reasons of the machine (close, munmap, free,
 * clock_gettime), and what only libc calls inside of itself.
 */
#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static volatile bool is_on;
static volatile unsigned long counted;
static volatile unsigned long failing;
static const char *volatile failed;
static inject_held held;

void
inject_start(unsigned long at)
{
    counted = 0;
    failing = at;
    failed = NULL;
    is_on = true;
}

unsigned long
inject_stop(void)
{
    is_on = false;
    return counted;
}

const char *
inject_failed(void)
{
    return failed;
}

inject_held
inject_now(void)
{
    return held;
}

/* Calls come from signal handlers, too; a number that is taken twice does no harm. */
static bool
is_hit(const char *name, int error)
{
    if (!is_on || ++counted != failing)
        return false;
    failed = name;
    errno = error;
    return true;
}

#define PROTO(type, name, params)                                                                  \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params

/* A call that answers `bad` with this error. */
#define WRAP(type, name, params, args, bad, error)                                                 \
    PROTO(type, name, params)                                                                      \
    {                                                                                              \
        return is_hit(#name, error) ? (bad) : __real_##name args;                                  \
    }

/* ---- memory ----------------------------------------------------------------------------- */

PROTO(void *, malloc, (size_t size))
{
    void *block = is_hit("malloc", ENOMEM) ? NULL : __real_malloc(size);

    held.blocks += block != NULL;
    return block;
}

PROTO(void *, calloc, (size_t count, size_t size))
{
    void *block = is_hit("calloc", ENOMEM) ? NULL : __real_calloc(count, size);

    held.blocks += block != NULL;
    return block;
}

PROTO(void *, realloc, (void *old, size_t size))
{
    void *block = is_hit("realloc", ENOMEM) ? NULL : __real_realloc(old, size);

    held.blocks += block != NULL && old == NULL;
    return block;
}

PROTO(void, free, (void *block))
{
    held.blocks -= block != NULL;
    __real_free(block);
}

PROTO(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset))
{
    void *map = is_hit("mmap", ENOMEM) ? MAP_FAILED
                                       : __real_mmap(at, size, protection, flags, fd, offset);

    /* What is mapped over a mapping was counted with it. */
    if (map != MAP_FAILED && (flags & MAP_FIXED) == 0)
        held.mapped += (long)size;
    return map;
}

PROTO(int, munmap, (void *at, size_t size))
{
    held.mapped -= (long)size;
    return __real_munmap(at, size);
}

WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1, EINVAL)
WRAP(int, mprotect, (void *at, size_t size, int protection), (at, size, protection), -1, ENOMEM)

/* ---- files ------------------------------------------------------------------------------ */

/* The mode is there when the flags say so. */
static mode_t
mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(args, int) : 0;
}

PROTO(int, open, (const char *path, int flags, ...))
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return is_hit("open", ENFILE) ? -1 : __real_open(path, flags, mode);
}

PROTO(int, openat, (int dir, const char *path, int flags, ...))
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return is_hit("openat", ENFILE) ? -1 : __real_openat(dir, path, flags, mode);
}

PROTO(int, fcntl, (int fd, int command, ...))
{
    va_list args;
    long value;

    va_start(args, command);
    value = va_arg(args, long);
    va_end(args);
    return is_hit("fcntl", EINVAL) ? -1 : __real_fcntl(fd, command, value);
}

PROTO(int, ioctl, (int fd, unsigned long command, ...))
{
    va_list args;
    long value;

    va_start(args, command);
    value = va_arg(args, long);
    va_end(args);
    return is_hit("ioctl", EIO) ? -1 : __real_ioctl(fd, command, value);
}

/* openat2, getdents64 and what else has no function of its own. */
PROTO(long, syscall, (long number, ...))
{
    va_list args;
    long a[6];

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    /* The signal that wakes a thread has no way to fail but that the thread is gone. */
    if (number != SYS_tgkill && is_hit("syscall", EIO))
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

WRAP(int, fstat, (int fd, struct stat *s), (fd, s), -1, EIO)
WRAP(int, fstatat, (int dir, const char *path, struct stat *s, int flags), (dir, path, s, flags),
     -1, EIO)
WRAP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1, EIO)
WRAP(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at), -1, EIO)
WRAP(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n), -1, EIO)
WRAP(ssize_t, preadv, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), -1, EIO)
WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), -1, ENOSPC)
WRAP(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), -1, ENOSPC)
WRAP(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence), -1, EIO)
WRAP(ssize_t, readlinkat, (int dir, const char *path, char *text, size_t size),
     (dir, path, text, size), -1, EIO)
WRAP(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1, ENOSPC)
WRAP(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1, EIO)
WRAP(int, renameat, (int from, const char *path, int to, const char *name), (from, path, to, name),
     -1, EIO)
WRAP(int, linkat, (int from, const char *path, int to, const char *name, int flags),
     (from, path, to, name, flags), -1, EMLINK)
WRAP(int, symlinkat, (const char *target, int dir, const char *path), (target, dir, path), -1,
     ENOSPC)
WRAP(int, utimensat, (int dir, const char *path, const struct timespec times[2], int flags),
     (dir, path, times, flags), -1, EIO)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1, EIO)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), -1, EFBIG)
WRAP(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), -1, ENOSPC)
WRAP(int, fsync, (int fd), (fd), -1, EIO)
WRAP(int, fdatasync, (int fd), (fd), -1, EIO)
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), -1,
     ENOSPC)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1, EMFILE)
WRAP(int, mkostemp, (char *path, int flags), (path, flags), -1, EACCES)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1, EIO)
WRAP(int, stat, (const char *path, struct stat *s), (path, s), -1, EIO)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode), -1, EPERM)
WRAP(int, faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags), -1,
     EIO)
WRAP(int, fstatvfs, (int fd, struct statvfs *s), (fd, s), -1, EIO)
WRAP(int, fstatfs, (int fd, struct statfs *s), (fd, s), -1, EIO)

/* ---- the rest --------------------------------------------------------------------------- */

WRAP(ssize_t, getrandom, (void *data, size_t size, unsigned flags), (data, size, flags), -1, EIO)
WRAP(int, sigaction, (int number, const struct sigaction *to, struct sigaction *was),
     (number, to, was), -1, EINVAL)
WRAP(int, sigaltstack, (const stack_t *to, stack_t *was), (to, was), -1, ENOMEM)
WRAP(int, ppoll, (struct pollfd * fds, nfds_t n, const struct timespec *time, const sigset_t *mask),
     (fds, n, time, mask), -1, ENOMEM)
WRAP(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer),
     (clock, event, timer), -1, EAGAIN)
WRAP(int, timer_settime,
     (timer_t timer, int flags, const struct itimerspec *to, struct itimerspec *was),
     (timer, flags, to, was), -1, EINVAL)
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags), -1, EMFILE)
WRAP(int, timerfd_settime, (int fd, int flags, const struct itimerspec *to, struct itimerspec *was),
     (fd, flags, to, was), -1, EINVAL)
WRAP(void *, dlopen, (const char *path, int flags), (path, flags), NULL, ENOMEM)
