/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers that send a guest signals.
 *
 * A timer of the kernel sends this very thread KRAIT_SIGNAL; interrupt.c takes it from there.  The
 * value that comes with the signal names the guest's number and, by an address inside it, the
 * instance.
 */
#include "engine/internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

int
krait__timer_new(krait_instance *instance, krait_timer_clock clock, unsigned number,
                 timer_t *ret_timer)
{
    struct sigevent event;

    if (number == 0 || number >= sizeof(instance->timer_keys))
        return EINVAL;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = KRAIT_SIGNAL;
    event.sigev_value.sival_ptr = (void *)krait__signal_value(&instance->timer_keys[number]);
    event.sigev_notify_thread_id = gettid();
    if (timer_create(clock == KRAIT_TIMER_CPU ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &event,
                     ret_timer) != 0)
        return errno;
    return 0;
}
