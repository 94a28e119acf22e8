/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors: pipes, duplicates, their flags, terminals.  Reading, writing and waiting are
 * wasi-libc's.
 */
#include "native.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wasi/api.h>

int
pipe2(int fds[2], int flags)
{
    uint32_t made[2];
    uint32_t how = (flags & O_NONBLOCK ? KRAIT_HOST_NONBLOCK : 0) |
                   (flags & O_CLOEXEC ? KRAIT_HOST_CLOEXEC : 0);

    if (flags & ~(O_NONBLOCK | O_CLOEXEC))
        return native_fail(EINVAL);
    if (native_result(krait_host_fd_pipe(how, made)) != 0)
        return -1;
    fds[0] = (int)made[0];
    fds[1] = (int)made[1];
    return 0;
}

int
pipe(int fds[2])
{
    return pipe2(fds, 0);
}

int
eventfd(unsigned value, int flags)
{
    uint32_t fd;

    if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
        return native_fail(EINVAL);
    return native_result(krait_host_fd_eventfd(value, (uint32_t)flags, &fd)) != 0 ? -1 : (int)fd;
}

int
eventfd_read(int fd, eventfd_t *value)
{
    return read(fd, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}

int
eventfd_write(int fd, eventfd_t value)
{
    return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}

static int
duplicate(int fd, int least, uint32_t flags)
{
    uint32_t copy;

    if (least < 0)
        return native_fail(EINVAL);
    return native_result(krait_host_fd_dup((uint32_t)fd, (uint32_t)least, flags, &copy)) != 0
               ? -1
               : (int)copy;
}

int
dup(int fd)
{
    return duplicate(fd, 0, 0);
}

static int
duplicate_to(int fd, int to, uint32_t flags)
{
    if (native_result(krait_host_fd_dup2((uint32_t)fd, (uint32_t)to, flags)) != 0)
        return -1;
    if (fd != to)
        native_flock_forget(to);
    return to;
}

int
dup2(int fd, int to)
{
    return duplicate_to(fd, to, 0);
}

int
dup3(int fd, int to, int flags)
{
    if (fd == to || (flags & ~O_CLOEXEC))
        return native_fail(EINVAL);
    return duplicate_to(fd, to, flags & O_CLOEXEC ? KRAIT_HOST_CLOEXEC : 0);
}

/* The access mode as the rights tell it; as wasi-libc has it. */
static int
status_flags(int fd)
{
    __wasi_fdstat_t stat;
    int flags;

    if (native_result(__wasi_fd_fdstat_get(fd, &stat)) != 0)
        return -1;
    flags = stat.fs_flags;
    if (stat.fs_rights_base & (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR))
        flags |= O_RDONLY;
    if (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE)
        flags |= O_WRONLY;
    return flags & O_RDWR ? flags : flags | O_SEARCH;
}

/* Record locks belong to the process, and one process never excludes itself: between the only
   program of a sandbox and nobody each is granted.  Programs outside do not see them. */
static int
record_lock(int fd, int command, struct flock *lock)
{
    int access = status_flags(fd);

    if (access < 0)
        return -1;
    if (lock->l_type != F_RDLCK && lock->l_type != F_WRLCK && lock->l_type != F_UNLCK)
        return native_fail(EINVAL);
    if (command == F_GETLK) {
        lock->l_type = F_UNLCK;
        return 0;
    }
    if ((lock->l_type == F_RDLCK && !(access & O_RDONLY)) ||
        (lock->l_type == F_WRLCK && !(access & O_WRONLY)))
        return native_fail(EBADF);
    return 0;
}

static int
control(int fd, int command, int number)
{
    uint32_t flags;

    switch (command) {
    case F_DUPFD:
        return duplicate(fd, number, 0);
    case F_DUPFD_CLOEXEC:
        return duplicate(fd, number, KRAIT_HOST_CLOEXEC);
    case F_GETFD:
        return native_result(krait_host_fd_getfd((uint32_t)fd, &flags)) != 0 ? -1 : (int)flags;
    case F_SETFD:
        return native_result(krait_host_fd_setfd((uint32_t)fd, (uint32_t)number & FD_CLOEXEC));
    case F_GETFL:
        return status_flags(fd);
    case F_SETFL:
        return native_result(__wasi_fd_fdstat_set_flags(
            fd, (__wasi_fdflags_t)(number & (O_APPEND | O_DSYNC | O_NONBLOCK | O_RSYNC | O_SYNC))));
    default:
        return native_fail(EINVAL);
    }
}

int
fcntl(int fd, int command, ...)
{
    va_list args;
    int result;

    va_start(args, command);
    if (command == F_GETLK || command == F_SETLK || command == F_SETLKW)
        result = record_lock(fd, command, va_arg(args, struct flock *));
    else if (command == F_GETFD || command == F_GETFL)
        result = control(fd, command, 0);
    else
        result = control(fd, command, va_arg(args, int));
    va_end(args);
    return result;
}

int
lockf(int fd, int command, off_t size)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = size};

    switch (command) {
    case F_TEST:
        return record_lock(fd, F_GETLK, &lock);
    case F_ULOCK:
        lock.l_type = F_UNLCK;
        return record_lock(fd, F_SETLK, &lock);
    case F_LOCK:
    case F_TLOCK:
        return record_lock(fd, F_SETLK, &lock);
    default:
        return native_fail(EINVAL);
    }
}

/* Bytes that can be read without waiting. */
static int
readable(int fd, int *ret_size)
{
    __wasi_subscription_t wanted[2] = {
        {.u.tag = __WASI_EVENTTYPE_FD_READ, .u.u.fd_read.file_descriptor = fd},
        {.u.tag = __WASI_EVENTTYPE_CLOCK, .u.u.clock.id = __WASI_CLOCKID_MONOTONIC}};
    __wasi_event_t events[2];
    __wasi_size_t count;

    if (native_result(__wasi_poll_oneoff(wanted, events, 2, &count)) != 0)
        return -1;
    *ret_size = 0;
    for (__wasi_size_t i = 0; i < count; i++) {
        if (events[i].error != 0)
            return native_fail(events[i].error);
        if (events[i].type == __WASI_EVENTTYPE_FD_READ)
            *ret_size = (int)events[i].fd_readwrite.nbytes;
    }
    return 0;
}

static int
window_size(int fd, struct winsize *ret_size)
{
    krait_host_winsize found;

    if (native_result(krait_host_fd_winsize((uint32_t)fd, &found)) != 0)
        return -1;
    *ret_size = (struct winsize){found.rows, found.columns, found.x_pixels, found.y_pixels};
    return 0;
}

static int
set_window_size(int fd, const struct winsize *size)
{
    const krait_host_winsize wanted = {size->ws_row, size->ws_col, size->ws_xpixel,
                                       size->ws_ypixel};

    return native_result(krait_host_fd_winsize_set((uint32_t)fd, &wanted));
}

int
ioctl(int fd, int request, ...)
{
    va_list args;
    int result;
    int flags;

    va_start(args, request);
    switch (request) {
    case TIOCGWINSZ:
        result = window_size(fd, va_arg(args, struct winsize *));
        break;
    case TIOCSWINSZ:
        result = set_window_size(fd, va_arg(args, const struct winsize *));
        break;
    case FIONREAD:
        result = readable(fd, va_arg(args, int *));
        break;
    case FIONBIO:
        flags = status_flags(fd);
        result = flags < 0
                     ? -1
                     : control(fd, F_SETFL,
                               *va_arg(args, int *) ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
        break;
    default:
        result = native_fail(status_flags(fd) < 0 ? EBADF : ENOTTY);
    }
    va_end(args);
    return result;
}
