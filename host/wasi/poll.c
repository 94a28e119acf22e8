/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_oneoff.
 *
 * All subscriptions are copied once.  Those that are answered at once (regular files,
 * closed descriptors, clocks that have passed) let the rest be looked at without waiting.
 * Relative timeouts count on the monotonic clock, also those of the realtime clock, which
 * is what wasi-libc's sleep uses: setting the host's clock does not make a sleep longer.
 * An absolute time of the realtime clock is looked at again at least every second.
 * In a deterministic guest that clock and the monotonic one are the same, and nobody sets it.
 */
#include "wasi/state.h"

#include "base/alloc.h"

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

/* How long a wait for a realtime clock may be before it is looked at again. */
#define REALTIME_LOOK_NS UINT64_C(1000000000)

/* What became of one subscription. */
typedef struct waiter {
    wasi_subscription what;
    uint64_t due_ns; /* clocks: on the clock named by is_realtime */
    uint32_t slot;   /* descriptors that are waited for: index in fds, else UINT32_MAX */
    uint16_t error;
    bool is_realtime; /* an absolute time of that clock */
    bool is_done;
    uint64_t nbytes;
    uint16_t flags;
} waiter;

typedef struct poll_state {
    krait_wasi *wasi;
    waiter *waiters;
    struct pollfd *fds;
    uint32_t count;
    unsigned fd_count;
    bool is_ready; /* something is done already */
    bool has_pipe; /* in memory, and not ready: only a signal's handler can change that */
} poll_state;

static uint64_t
realtime_ns(const krait_wasi *wasi)
{
    const krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);
    struct timespec now;

    if (virtual != NULL)
        return virtual->start_ns + virtual->now_ns;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
finish(poll_state *state, waiter *w, int error)
{
    w->error = krait__wasi_errno(error);
    w->is_done = true;
    state->is_ready = true;
}

/* The end of a deterministic guest's clock is the end of all waits. */
static uint64_t
reachable(const krait_wasi *wasi, bool is_realtime, uint64_t due)
{
    const krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);
    uint64_t end = UINT64_MAX;

    if (virtual != NULL)
        end = krait__virtual_end(virtual) + (is_realtime ? virtual->start_ns : 0);
    return due < end ? due : end;
}

static void
start_clock(poll_state *state, waiter *w)
{
    bool is_absolute = w->what.u.clock.flags & WASI_CLOCK_ABSTIME;
    uint64_t timeout = w->what.u.clock.timeout;
    uint64_t now;

    if (w->what.u.clock.id != WASI_CLOCK_REALTIME && w->what.u.clock.id != WASI_CLOCK_MONOTONIC) {
        finish(state, w, w->what.u.clock.id <= WASI_CLOCK_THREAD ? ENOTSUP : EINVAL);
        return;
    }
    w->is_realtime = is_absolute && w->what.u.clock.id == WASI_CLOCK_REALTIME;
    if (is_absolute) {
        w->due_ns = reachable(state->wasi, w->is_realtime, timeout);
        return;
    }
    now = krait__wasi_now(state->wasi);
    w->due_ns = timeout > UINT64_MAX - 1 - now ? UINT64_MAX - 1 : now + timeout;
    w->due_ns = reachable(state->wasi, false, w->due_ns);
}

/* Bytes that can be read without waiting, as far as the file tells. */
static uint64_t
bytes_left(krait_file *file)
{
    krait_stat stat;
    uint64_t position;

    if (krait__file_type(file) != KRAIT_TYPE_REGULAR || krait__file_stat(file, &stat) != 0 ||
        krait__file_seek(file, 0, SEEK_CUR, &position) != 0 || position >= stat.size)
        return 1;
    return stat.size - position;
}

/* As on Linux, a pipe's end is never ready for what it was not opened for. */
static void
start_pipe(poll_state *state, waiter *w, const krait_file *file, bool is_write)
{
    const uint32_t needed = is_write ? KRAIT_OPEN_WRITE : KRAIT_OPEN_READ;
    krait_ready ready = {.is_ready = false};

    if (krait__file_access(file) & needed)
        krait__file_ready(file, is_write, &ready);
    if (!ready.is_ready) {
        state->has_pipe = true;
        return;
    }
    w->nbytes = ready.bytes;
    w->flags = ready.is_hangup ? WASI_EVENT_HANGUP : 0;
    finish(state, w, 0);
}

static void
start_fd(krait_wasi *wasi, poll_state *state, waiter *w)
{
    bool is_write = w->what.tag == WASI_EVENT_WRITE;
    krait_fd *fd;
    int error = krait__fd_with(wasi, w->what.u.fd, WASI_POLL_FD_READWRITE, &fd);
    int host_fd;

    if (error == 0 && krait__file_type(fd->file) == KRAIT_TYPE_DIRECTORY)
        error = EBADF;
    if (error == 0 && krait__file_is_pipe(fd->file)) {
        start_pipe(state, w, fd->file, is_write);
        return;
    }
    if (error == 0 &&
        !(krait__file_access(fd->file) & (is_write ? KRAIT_OPEN_WRITE : KRAIT_OPEN_READ)))
        error = EBADF;
    host_fd = error == 0 ? krait__file_wait_fd(fd->file) : -1;
    if (host_fd < 0) {
        if (error == 0)
            w->nbytes = is_write ? 1 : bytes_left(fd->file);
        finish(state, w, error);
        return;
    }
    w->slot = state->fd_count;
    state->fds[state->fd_count++] = (struct pollfd){.fd = host_fd,
                                                    .events = is_write ? POLLOUT : POLLIN};
}

static int
start_all(krait_wasi *wasi, krait_ctx *ctx, poll_state *state, uint32_t address)
{
    for (uint32_t i = 0; i < state->count; i++) {
        waiter *w = &state->waiters[i];

        w->slot = UINT32_MAX;
        if (krait__guest_read(ctx, &w->what, address + i * (uint64_t)sizeof(w->what),
                              sizeof(w->what)) != 0)
            return EFAULT;
        if (w->what.tag == WASI_EVENT_CLOCK)
            start_clock(state, w);
        else if (w->what.tag == WASI_EVENT_READ || w->what.tag == WASI_EVENT_WRITE)
            start_fd(wasi, state, w);
        else
            return EINVAL;
    }
    return 0;
}

/* Marks clocks that have passed; the time to wait for the next one. */
static uint64_t
check_clocks(poll_state *state)
{
    const uint64_t now = krait__wasi_now(state->wasi);
    const uint64_t look = krait__vfs_virtual(state->wasi->vfs) != NULL ? INT64_MAX
                                                                       : REALTIME_LOOK_NS;
    uint64_t next = UINT64_MAX;
    uint64_t real = 0;

    for (uint32_t i = 0; i < state->count; i++) {
        waiter *w = &state->waiters[i];
        uint64_t due = w->due_ns;

        if (w->is_done || w->what.tag != WASI_EVENT_CLOCK)
            continue;
        if (w->is_realtime) {
            uint64_t left;

            if (real == 0)
                real = realtime_ns(state->wasi);
            left = due > real ? due - real : 0;
            due = now + (left < look ? left : look);
            if (left == 0)
                finish(state, w, 0);
        } else if (due <= now) {
            finish(state, w, 0);
        }
        if (!w->is_done && due < next)
            next = due;
    }
    return state->is_ready ? 0 : next;
}

static void
check_fds(poll_state *state)
{
    for (uint32_t i = 0; i < state->count; i++) {
        waiter *w = &state->waiters[i];
        short revents;
        int bytes = 0;

        if (w->slot == UINT32_MAX || state->fds[w->slot].revents == 0)
            continue;
        revents = state->fds[w->slot].revents;
        if (revents & (POLLHUP | POLLERR))
            w->flags |= WASI_EVENT_HANGUP;
        w->nbytes = 1;
        if (w->what.tag == WASI_EVENT_READ &&
            ioctl(state->fds[w->slot].fd, FIONREAD, &bytes) == 0 && bytes >= 0)
            w->nbytes = (uint64_t)bytes;
        finish(state, w, revents & POLLNVAL ? EBADF : 0);
    }
}

/* Waits until something is done. */
static int
wait_for_any(krait_wasi *wasi, krait_ctx *ctx, poll_state *state)
{
    do {
        uint64_t deadline = check_clocks(state);
        unsigned ready = 0;
        int error = 0;

        if (deadline == UINT64_MAX && state->fd_count == 0 && state->has_pipe)
            error = krait__wasi_deadlock(wasi);
        if (error == 0)
            error = krait__wasi_wait(wasi, ctx, state->fds, state->fd_count, deadline, &ready);
        if (error != 0)
            return error;
        if (ready > 0)
            check_fds(state);
        (void)check_clocks(state);
    } while (!state->is_ready);
    return 0;
}

static int
write_events(krait_ctx *ctx, const poll_state *state, uint32_t address, uint32_t ret_address)
{
    uint32_t written = 0;

    for (uint32_t i = 0; i < state->count; i++) {
        const waiter *w = &state->waiters[i];
        wasi_event event = {.userdata = w->what.userdata,
                            .error = w->error,
                            .type = w->what.tag,
                            .nbytes = w->nbytes,
                            .flags = w->flags};

        if (!w->is_done)
            continue;
        if (krait__guest_write(ctx, address + written * (uint64_t)sizeof(event), &event,
                               sizeof(event)) != 0)
            return EFAULT;
        written++;
    }
    return krait__guest_write_u32(ctx, ret_address, written) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(poll_oneoff)
{
    poll_state state = {.wasi = wasi, .count = args[2].i32};
    int error = 0;

    if (state.count == 0 || state.count > KRAIT_WASI_SUBSCRIPTIONS ||
        state.count > wasi->limits.subscriptions)
        return EINVAL;
    if (krait__guest_span(ctx, args[1].i32, state.count * (uint64_t)sizeof(wasi_event)) == NULL ||
        krait__guest_span(ctx, args[3].i32, 4) == NULL)
        return EFAULT;
    state.waiters = krait__calloc(state.count, sizeof(*state.waiters));
    state.fds = krait__calloc((size_t)state.count + 1, sizeof(*state.fds));
    if (state.waiters == NULL || state.fds == NULL)
        error = ENOMEM;
    if (error == 0)
        error = start_all(wasi, ctx, &state, args[0].i32);
    if (error == 0)
        error = wait_for_any(wasi, ctx, &state);
    if (error == 0)
        error = write_events(ctx, &state, args[1].i32, args[3].i32);
    krait__free(state.waiters);
    krait__free(state.fds);
    return error;
}
