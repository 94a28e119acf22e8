/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's timers of a call into a guest (interrupt.c): made when they are first needed, and kept
 * with the stack for the next call on it by the same native thread, for making and deleting one takes
 * longer than many a call.
 *
 * A timer sends its signal to the thread that made it, which is known by its number and by when it was
 * first seen here: numbers are given out again.  A child after a fork has no timers of its parent's,
 * and may have others of the same ids.
 */
#include "base/clock.h"
#include "engine/internal.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* When this thread was first seen. */
static _Thread_local uint64_t first_seen_ns;

void
krait__timers_drop(krait_kept_timers *timers)
{
    const bool are_ours = (timers->made[0] || timers->made[1]) && timers->process == getpid();

    for (unsigned i = 0; i < 2; i++) {
        if (timers->made[i] && are_ours)
            (void)syscall(SYS_timer_delete, timers->ids[i]);
        timers->made[i] = timers->armed[i] = false;
    }
}

void
krait__timers_claim(krait_kept_timers *timers, int native)
{
    if (first_seen_ns == 0)
        first_seen_ns = krait__clock_ns(CLOCK_MONOTONIC);
    if (timers->native != native || timers->since_ns != first_seen_ns)
        krait__timers_drop(timers);
    timers->native = native;
    timers->since_ns = first_seen_ns;
}

/* System calls of our own: those of libc need not be safe in a signal handler. */
static bool
need(krait_kept_timers *timers, krait_timer_clock clock, uintptr_t value)
{
    struct sigevent event;

    if (timers->made[clock])
        return true;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = KRAIT_SIGNAL;
    event.sigev_value.sival_ptr = (void *)value;
    event.sigev_notify_thread_id = timers->native;
    timers->process = getpid();
    timers->made[clock] = syscall(SYS_timer_create,
                                  clock == KRAIT_TIMER_CPU ? CLOCK_THREAD_CPUTIME_ID
                                                           : CLOCK_MONOTONIC,
                                  &event, &timers->ids[clock]) == 0;
    return timers->made[clock];
}

bool
krait__timers_set(krait_kept_timers *timers, krait_timer_clock clock, uintptr_t value, int flags,
                  uint64_t ns)
{
    struct itimerspec wanted;

    if (!need(timers, clock, value))
        return false;
    if (ns == 0)
        ns = 1;
    memset(&wanted, 0, sizeof(wanted));
    wanted.it_value.tv_sec = (time_t)(ns / 1000000000u);
    wanted.it_value.tv_nsec = (long)(ns % 1000000000u);
    timers->armed[clock] = true;
    return syscall(SYS_timer_settime, timers->ids[clock], flags, &wanted, NULL) == 0;
}

void
krait__timers_rest(krait_kept_timers *timers)
{
    struct itimerspec never;

    memset(&never, 0, sizeof(never));
    for (unsigned i = 0; i < 2; i++) {
        if (timers->armed[i] && syscall(SYS_timer_settime, timers->ids[i], 0, &never, NULL) != 0) {
            krait__timers_drop(timers);
            return;
        }
        timers->armed[i] = false;
    }
}
