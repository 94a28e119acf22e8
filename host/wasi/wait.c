/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting: the one place where a call of the guest sleeps.
 *
 * A wait ends early for two reasons: the embedder's cancel descriptor becomes readable,
 * or a signal for the guest has come (ctx->thread->interrupted).  Signals are blocked between
 * the look at that flag and the sleep, and let through by ppoll itself, so that none is
 * slept over.
 *
 * A deterministic guest does not sleep: its clock is set to when the wait would end.  It waits only
 * for the host: for input, and for answers of functions.
 */
#include "wasi/state.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

uint64_t
krait__wasi_monotonic_ns(void)
{
    return krait__clock_ns(CLOCK_MONOTONIC);
}

/* Sleeps once.  -1: not at all, the guest is interrupted. */
static int
sleep_once(krait_ctx *ctx, struct pollfd *fds, nfds_t count, uint64_t deadline_ns)
{
    struct timespec left = {0, 0};
    sigset_t all;
    sigset_t old;
    int ready = -1;
    int error;

    if (deadline_ns != UINT64_MAX) {
        uint64_t now = krait__wasi_monotonic_ns();
        uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;

        left.tv_sec = (time_t)(ns / 1000000000u);
        left.tv_nsec = (long)(ns % 1000000000u);
    }
    sigfillset(&all);
    if (pthread_sigmask(SIG_BLOCK, &all, &old) != 0)
        return -1;
    errno = EINTR;
    if (!krait__wasi_interrupted(ctx))
        ready = ppoll(fds, count, deadline_ns != UINT64_MAX ? &left : NULL, &old);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return ready;
}

/* Waits as long as the host's clock says. */
static int
wait_real(krait_wasi *wasi, krait_ctx *ctx, struct pollfd *fds, unsigned count,
          uint64_t deadline_ns, unsigned *ret_ready)
{
    fds[count] = (struct pollfd){.fd = wasi->cancel_fd, .events = POLLIN};
    for (;;) {
        int ready = sleep_once(ctx, fds, count + 1, deadline_ns);

        if (ready < 0 && errno != EINTR)
            return errno;
        if (krait__wasi_interrupted(ctx))
            return EINTR;
        if (ready < 0)
            continue; /* a signal that is not the guest's */
        if (fds[count].revents != 0)
            return KRAIT_ECANCEL;
        *ret_ready = (unsigned)ready;
        return 0;
    }
}

uint64_t
krait__wasi_now(const krait_wasi *wasi)
{
    const krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);

    return virtual != NULL ? virtual->now_ns : krait__wasi_monotonic_ns();
}

/* Until the deadline or the guest's next timer. */
static int
wait_virtual(krait_wasi *wasi, krait_ctx *ctx, krait_virtual *virtual, struct pollfd *fds,
             unsigned count, uint64_t deadline_ns, unsigned *ret_ready)
{
    const uint64_t timer = krait__wasi_timers_next(wasi);
    const uint64_t until = timer < deadline_ns ? timer : deadline_ns;
    uint64_t real = until;
    int error;

    if (until != UINT64_MAX) {
        real = count == 0 || until <= virtual->now_ns ? 0 : until - virtual->now_ns;
        if (real != 0)
            real = real < INT64_MAX ? krait__wasi_monotonic_ns() + real : UINT64_MAX;
    }
    error = wait_real(wasi, ctx, fds, count, real, ret_ready);
    if (error != 0 || *ret_ready > 0 || until == UINT64_MAX)
        return error;
    krait__virtual_sleep(virtual, until);
    krait__wasi_timers_fire(wasi, ctx);
    return krait__wasi_interrupted(ctx) ? EINTR : 0;
}

int
krait__wasi_wait(krait_wasi *wasi, krait_ctx *ctx, struct pollfd *fds, unsigned count,
                 uint64_t deadline_ns, unsigned *ret_ready)
{
    krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);

    return virtual != NULL ? wait_virtual(wasi, ctx, virtual, fds, count, deadline_ns, ret_ready)
                           : wait_real(wasi, ctx, fds, count, deadline_ns, ret_ready);
}

int
krait__wasi_wait_fd(krait_wasi *wasi, krait_ctx *ctx, int host_fd, uint64_t deadline_ns)
{
    struct pollfd fds[2] = {{.fd = host_fd, .events = POLLIN}};
    unsigned ready = 0;
    int error = krait__wasi_wait(wasi, ctx, fds, 1, deadline_ns, &ready);

    return error == 0 && ready == 0 ? ETIMEDOUT : error;
}
