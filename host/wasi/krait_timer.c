/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: interval timers.
 *
 * Three timers of the kernel, made when they are first set, on the guest's own thread, and gone
 * when the guest has ended.  A short interval is made longer, so that a guest cannot keep its
 * thread busy with nothing but signals.
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
    static const struct {
        krait_timer_clock clock;
        unsigned signal;
    } kinds[TIMERS] = {
        [KRAIT_HOST_ITIMER_REAL] = {KRAIT_TIMER_MONOTONIC, KRAIT_HOST_SIGALRM},
        [KRAIT_HOST_ITIMER_VIRTUAL] = {KRAIT_TIMER_CPU, KRAIT_HOST_SIGVTALRM},
        [KRAIT_HOST_ITIMER_PROF] = {KRAIT_TIMER_CPU, KRAIT_HOST_SIGPROF},
    };
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
    if (args[1].i64 == 0 && (wasi->timers == NULL || !wasi->timers->made[which]))
        return 0;
    error = need_timer(wasi, ctx, which);
    if (error != 0)
        return error;
    if (interval != 0 && interval < INTERVAL_NS)
        interval = INTERVAL_NS;
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
