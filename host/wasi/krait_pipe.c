/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: pipes, counters, timers and memory as descriptors, and more than one
 * descriptor for one open file.
 *
 * The guest has one thread and holds every end of its pipes.  So nobody fills a pipe that it
 * waits for, except the handler of a signal: such a wait goes on while a timer of the guest
 * runs, and is EDEADLK otherwise.
 */
#include "wasi/state.h"

#include <poll.h>

int
krait__wasi_deadlock(const krait_wasi *wasi)
{
    return krait__wasi_timer_runs(wasi) ? 0 : EDEADLK;
}

int
krait__wasi_pipe_wait(krait_wasi *wasi, krait_ctx *ctx, const krait_file *file)
{
    struct pollfd fds[1];
    unsigned ready;
    int error;

    if (krait__file_flags(file) & KRAIT_FILE_NONBLOCK)
        return EAGAIN;
    error = krait__wasi_deadlock(wasi);
    if (error == 0)
        error = krait__wasi_wait(wasi, ctx, fds, 0, UINT64_MAX, &ready);
    return error != 0 ? error : EAGAIN;
}

/* A pipe's end, or a counter, as a descriptor. */
static krait_fd
pipe_fd(krait_file *file, uint32_t flags)
{
    krait_host_itimer timer;
    krait_fd fd = {.file = file, .base = WASI_RIGHTS_FILE, .cloexec = flags & KRAIT_HOST_CLOEXEC};

    if (krait__file_type(file) != KRAIT_TYPE_REGULAR)
        fd.base &= ~(WASI_FD_SEEK | WASI_FD_TELL);
    /* A timer is open for writing only so that it can be polled for that. */
    if (krait__timerfd_get(file, &timer) == 0)
        fd.base &= ~WASI_FD_WRITE;
    if (!(krait__file_access(file) & KRAIT_OPEN_READ))
        fd.base &= ~WASI_FD_READ;
    if (!(krait__file_access(file) & KRAIT_OPEN_WRITE))
        fd.base &= ~(WASI_FD_WRITE | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_SET_SIZE);
    return fd;
}

int
krait__wasi_add_pair(krait_wasi *wasi, krait_file *const files[2], uint32_t flags,
                     uint32_t numbers[2])
{
    krait_fd fd = pipe_fd(files[0], flags);
    int error = krait__fd_add(wasi, &fd, &numbers[0]);

    if (error != 0) {
        krait__file_unref(files[0]);
        krait__file_unref(files[1]);
        return error;
    }
    fd = pipe_fd(files[1], flags);
    error = krait__fd_add(wasi, &fd, &numbers[1]);
    if (error != 0) {
        (void)krait__fd_close(wasi, numbers[0]);
        krait__file_unref(files[1]);
    }
    return error;
}

KRAIT_WASI_CALL(fd_pipe)
{
    const uint32_t flags = args[0].i32;
    krait_file *files[2];
    uint32_t numbers[2];
    int error = 0;

    if (flags & ~(KRAIT_HOST_NONBLOCK | KRAIT_HOST_CLOEXEC))
        return EINVAL;
    if (krait__guest_span(ctx, args[1].i32, sizeof(numbers)) == NULL)
        return EFAULT;
    error = krait__pipe_new(wasi->vfs, (uint16_t)(flags & KRAIT_HOST_NONBLOCK), &files[0],
                            &files[1]);
    if (error == 0)
        error = krait__wasi_add_pair(wasi, files, flags, numbers);
    if (error != 0)
        return error == ENOSPC ? ENFILE : error;
    return krait__guest_write(ctx, args[1].i32, numbers, sizeof(numbers)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_socketpair)
{
    const uint32_t flags = args[0].i32;
    krait_file *files[2];
    uint32_t numbers[2];
    int error;

    if (flags & ~(KRAIT_HOST_NONBLOCK | KRAIT_HOST_CLOEXEC))
        return EINVAL;
    if (krait__guest_span(ctx, args[1].i32, sizeof(numbers)) == NULL)
        return EFAULT;
    error = krait__socketpair_new(wasi->vfs, (uint16_t)(flags & KRAIT_HOST_NONBLOCK), files);
    if (error == 0)
        error = krait__wasi_add_pair(wasi, files, flags, numbers);
    if (error != 0)
        return error == ENOSPC ? ENFILE : error;
    return krait__guest_write(ctx, args[1].i32, numbers, sizeof(numbers)) == 0 ? 0 : EFAULT;
}

/* A new file as a descriptor, whose number goes to the guest; takes over the file. */
static int
add_one(krait_wasi *wasi, krait_ctx *ctx, krait_file *file, uint32_t flags, uint32_t ret_address)
{
    krait_fd fd = pipe_fd(file, flags);
    uint32_t number;
    int error = krait__fd_add(wasi, &fd, &number);

    if (error != 0) {
        krait__file_unref(file);
        return error;
    }
    return krait__guest_write_u32(ctx, ret_address, number) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_eventfd)
{
    const uint32_t flags = args[1].i32;
    krait_file *file;
    int error;

    if (flags & ~(KRAIT_HOST_NONBLOCK | KRAIT_HOST_CLOEXEC | KRAIT_HOST_EVENTFD_SEMAPHORE))
        return EINVAL;
    if (krait__guest_span(ctx, args[2].i32, 4) == NULL)
        return EFAULT;
    error = krait__eventfd_new(wasi->vfs, args[0].i32, flags & KRAIT_HOST_EVENTFD_SEMAPHORE,
                               (uint16_t)(flags & KRAIT_HOST_NONBLOCK), &file);
    return error != 0 ? error : add_one(wasi, ctx, file, flags, args[2].i32);
}

KRAIT_WASI_CALL(fd_memfd)
{
    krait_file *file;
    int error;

    if (args[0].i32 & ~KRAIT_HOST_CLOEXEC)
        return EINVAL;
    if (krait__guest_span(ctx, args[1].i32, 4) == NULL)
        return EFAULT;
    error = krait__memfd_new(wasi->vfs, &file);
    return error != 0 ? error : add_one(wasi, ctx, file, args[0].i32, args[1].i32);
}

KRAIT_WASI_CALL(fd_timerfd)
{
    const uint32_t flags = args[1].i32;
    krait_file *file;
    int error;

    if ((flags & ~(KRAIT_HOST_NONBLOCK | KRAIT_HOST_CLOEXEC)) || args[0].i32 > WASI_CLOCK_MONOTONIC)
        return EINVAL;
    if (krait__guest_span(ctx, args[2].i32, 4) == NULL)
        return EFAULT;
    if (krait__vfs_virtual(wasi->vfs) != NULL)
        return ENOTSUP; /* it would run on the host's clock */
    error = krait__timerfd_new(args[0].i32 == WASI_CLOCK_REALTIME,
                               (uint16_t)(flags & KRAIT_HOST_NONBLOCK), &file);
    return error != 0 ? error : add_one(wasi, ctx, file, flags, args[2].i32);
}

KRAIT_WASI_CALL(timerfd_set)
{
    const krait_host_itimer timer = {args[2].i64, args[3].i64};
    krait_host_itimer old;
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error == 0 && (args[1].i32 & ~KRAIT_HOST_TIMER_ABSTIME))
        error = EINVAL;
    if (error == 0)
        error = krait__timerfd_get(fd->file, &old);
    if (error != 0)
        return error;
    if (args[4].i32 != 0 && krait__guest_write(ctx, args[4].i32, &old, sizeof(old)) != 0)
        return EFAULT;
    return krait__timerfd_set(fd->file, args[1].i32 & KRAIT_HOST_TIMER_ABSTIME, &timer);
}

KRAIT_WASI_CALL(timerfd_get)
{
    krait_host_itimer timer;
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error == 0)
        error = krait__timerfd_get(fd->file, &timer);
    if (error != 0)
        return error;
    return krait__guest_write(ctx, args[1].i32, &timer, sizeof(timer)) == 0 ? 0 : EFAULT;
}

/* Another owner of the same open file, with the rights of this descriptor. */
static krait_fd
copy_of(const krait_fd *from, uint32_t flags)
{
    krait_fd fd = *from;

    fd.preopen = NULL;
    fd.cloexec = flags & KRAIT_HOST_CLOEXEC;
    krait__file_ref(fd.file);
    return fd;
}

KRAIT_WASI_CALL(fd_dup)
{
    krait_fd *from;
    krait_fd copy;
    uint32_t number;
    int error = krait__fd_get(wasi, args[0].i32, &from);

    if (error == 0 && (args[1].i32 >= wasi->fd_limit || (args[2].i32 & ~KRAIT_HOST_CLOEXEC)))
        error = EINVAL;
    if (error == 0 && krait__guest_span(ctx, args[3].i32, sizeof(number)) == NULL)
        error = EFAULT;
    if (error != 0)
        return error;
    copy = copy_of(from, args[2].i32);
    error = krait__fd_add_from(wasi, args[1].i32, &copy, &number);
    if (error != 0) {
        krait__file_unref(copy.file);
        return error;
    }
    return krait__guest_write_u32(ctx, args[3].i32, number) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_dup2)
{
    krait_fd *from;
    krait_fd copy;
    int error = krait__fd_get(wasi, args[0].i32, &from);

    (void)ctx;
    if (error == 0 && args[1].i32 >= wasi->fd_limit)
        error = EBADF;
    if (error == 0 && (args[2].i32 & ~KRAIT_HOST_CLOEXEC))
        error = EINVAL;
    if (error != 0 || args[0].i32 == args[1].i32)
        return error;
    copy = copy_of(from, args[2].i32);
    error = krait__fd_set(wasi, args[1].i32, &copy);
    if (error != 0)
        krait__file_unref(copy.file);
    return error != 0 ? error : krait__vfs_watch_error(wasi->vfs);
}

KRAIT_WASI_CALL(fd_getfd)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error != 0)
        return error;
    return krait__guest_write_u32(ctx, args[1].i32, fd->cloexec) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_setfd)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    (void)ctx;
    if (error == 0 && args[1].i32 > 1)
        error = EINVAL;
    if (error == 0)
        fd->cloexec = args[1].i32 != 0;
    return error;
}
