/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: interval timers.
 *
 * Three timers of the kernel, made when they are first set, on the guest's own thread, and gone
 * when the guest has ended.  A short interval is made longer, so that a guest cannot keep its
 * thread busy with nothing but signals.  Those of a deterministic guest are numbers, which are
 * looked at when the guest looks at a clock or waits: its signals come there and nowhere else.
 */
#include "wasi/state.h"

#include "base/alloc.h"

#include <time.h>

#define TIMERS      3u
#define LONGEST     (UINT64_C(1) << 62)
#define INTERVAL_NS 100000u /* shortest */

struct krait_timers {
    timer_t ids[TIMERS];
    bool made[TIMERS];
    uint64_t due_ns[TIMERS]; /* deterministic guests; 0: off */
    uint64_t interval_ns[TIMERS];
};

static const struct {
    krait_timer_clock clock;
    unsigned signal;
} kinds[TIMERS] = {
    [KRAIT_HOST_ITIMER_REAL] = {KRAIT_TIMER_MONOTONIC, KRAIT_HOST_SIGALRM},
    [KRAIT_HOST_ITIMER_VIRTUAL] = {KRAIT_TIMER_CPU, KRAIT_HOST_SIGVTALRM},
    [KRAIT_HOST_ITIMER_PROF] = {KRAIT_TIMER_CPU, KRAIT_HOST_SIGPROF},
};

static uint64_t
nanoseconds(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

static struct timespec
timespec_of(uint64_t ns)
{
    if (ns > LONGEST)
        ns = LONGEST;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

static krait_host_itimer
timer_state(const krait_wasi *wasi, uint32_t which)
{
    krait_host_itimer state = {0, 0};
    struct itimerspec now;

    if (wasi->timers != NULL && wasi->timers->due_ns[which] != 0) {
        const uint64_t left = wasi->timers->due_ns[which] - krait__wasi_now(wasi);

        state.value = left <= LONGEST && left > 0 ? left : 1; /* due, but not looked at yet */
        state.interval = wasi->timers->interval_ns[which];
    }
    if (wasi->timers != NULL && wasi->timers->made[which] &&
        timer_gettime(wasi->timers->ids[which], &now) == 0) {
        state.value = nanoseconds(&now.it_value);
        state.interval = nanoseconds(&now.it_interval);
    }
    return state;
}

bool
krait__wasi_timer_runs(const krait_wasi *wasi)
{
    for (uint32_t i = 0; i < TIMERS; i++) {
        if (timer_state(wasi, i).value != 0)
            return true;
    }
    return false;
}

static int
need_timer(krait_wasi *wasi, krait_ctx *ctx, uint32_t which)
{
    int error;

    if (wasi->timers == NULL)
        wasi->timers = krait__calloc(1, sizeof(*wasi->timers));
    if (wasi->timers == NULL)
        return ENOMEM;
    if (wasi->timers->made[which])
        return 0;
    error = krait__timer_new(ctx->instance, kinds[which].clock, kinds[which].signal,
                             &wasi->timers->ids[which]);
    wasi->timers->made[which] = error == 0;
    return error;
}

void
krait__wasi_stop(krait_wasi *wasi)
{
    for (uint32_t i = 0; wasi->timers != NULL && i < TIMERS; i++) {
        if (wasi->timers->made[i])
            (void)timer_delete(wasi->timers->ids[i]);
        wasi->timers->made[i] = false;
    }
    krait__free(wasi->timers);
    wasi->timers = NULL;
}

uint64_t
krait__wasi_timers_next(const krait_wasi *wasi)
{
    uint64_t next = UINT64_MAX;

    for (uint32_t i = 0; wasi->timers != NULL && i < TIMERS; i++) {
        if (wasi->timers->due_ns[i] != 0 && wasi->timers->due_ns[i] < next)
            next = wasi->timers->due_ns[i];
    }
    return next;
}

void
krait__wasi_timers_fire(krait_wasi *wasi, krait_ctx *ctx)
{
    const uint64_t now = krait__wasi_now(wasi);
    const uint64_t end = krait__virtual_end(krait__vfs_virtual(wasi->vfs));

    for (uint32_t i = 0; wasi->timers != NULL && i < TIMERS; i++) {
        uint64_t *due = &wasi->timers->due_ns[i];
        const uint64_t interval = wasi->timers->interval_ns[i];

        if (*due == 0 || *due > now)
            continue;
        *due = interval != 0 ? *due + ((now - *due) / interval + 1) * interval : 0;
        if (*due > end)
            *due = 0;
        krait__instance_signal(ctx->instance, kinds[i].signal);
    }
}

static int
set_virtual(krait_wasi *wasi, uint32_t which, uint64_t value, uint64_t interval)
{
    const uint64_t left = krait__virtual_end(krait__vfs_virtual(wasi->vfs)) - krait__wasi_now(wasi);

    if (wasi->timers == NULL)
        wasi->timers = krait__calloc(1, sizeof(*wasi->timers));
    if (wasi->timers == NULL)
        return ENOMEM;
    if (value > left)
        value = left;
    wasi->timers->due_ns[which] = value != 0 ? krait__wasi_now(wasi) + value : 0;
    wasi->timers->interval_ns[which] = interval < LONGEST ? interval : LONGEST;
    return 0;
}

/* What is written to the guest is written first: afterwards nothing may fail. */
KRAIT_WASI_CALL(itimer_set)
{
    const uint32_t which = args[0].i32;
    uint64_t interval = args[2].i64;
    krait_host_itimer old;
    struct itimerspec wanted;
    int error;

    if (which >= TIMERS)
        return EINVAL;
    old = timer_state(wasi, which);
    if (args[3].i32 != 0 && krait__guest_write(ctx, args[3].i32, &old, sizeof(old)) != 0)
        return EFAULT;
    if (interval != 0 && interval < INTERVAL_NS)
        interval = INTERVAL_NS;
    if (krait__vfs_virtual(wasi->vfs) != NULL)
        return set_virtual(wasi, which, args[1].i64, interval);
    if (args[1].i64 == 0 && (wasi->timers == NULL || !wasi->timers->made[which]))
        return 0;
    error = need_timer(wasi, ctx, which);
    if (error != 0)
        return error;
    wanted.it_value = timespec_of(args[1].i64);
    wanted.it_interval = timespec_of(interval);
    return timer_settime(wasi->timers->ids[which], 0, &wanted, NULL) == 0 ? 0 : errno;
}

KRAIT_WASI_CALL(itimer_get)
{
    krait_host_itimer state;

    if (args[0].i32 >= TIMERS)
        return EINVAL;
    state = timer_state(wasi, args[0].i32);
    return krait__guest_write(ctx, args[1].i32, &state, sizeof(state)) == 0 ? 0 : EFAULT;
}
