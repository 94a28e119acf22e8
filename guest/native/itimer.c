/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interval timers; the host keeps them and sends the signals.
 */
#include "native.h"

#include <sys/time.h>
#include <unistd.h>

static uint64_t
ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

/* Rounded up: what runs is never 0. */
static struct timeval
time_of(uint64_t ns)
{
    uint64_t us = (ns + 999) / 1000;

    return (struct timeval){.tv_sec = (time_t)(us / 1000000),
                            .tv_usec = (suseconds_t)(us % 1000000)};
}

static int
is_time(struct timeval time)
{
    return time.tv_sec >= 0 && time.tv_sec <= INT32_MAX && time.tv_usec >= 0 &&
           time.tv_usec < 1000000;
}

int
setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old)
{
    krait_host_itimer before;

    if (!is_time(value->it_value) || !is_time(value->it_interval))
        return native_fail(EINVAL);
    if (native_result(krait_host_itimer_set((uint32_t)which, ns_of(value->it_value),
                                            ns_of(value->it_interval), &before)) != 0)
        return -1;
    if (old != NULL)
        *old = (struct itimerval){time_of(before.interval), time_of(before.value)};
    return 0;
}

int
getitimer(int which, struct itimerval *value)
{
    krait_host_itimer found;

    if (native_result(krait_host_itimer_get((uint32_t)which, &found)) != 0)
        return -1;
    *value = (struct itimerval){time_of(found.interval), time_of(found.value)};
    return 0;
}

unsigned
alarm(unsigned seconds)
{
    krait_host_itimer before = {0};

    (void)krait_host_itimer_set(KRAIT_HOST_ITIMER_REAL, (uint64_t)seconds * 1000000000u, 0,
                                &before);
    return (unsigned)((before.value + 999999999) / 1000000000);
}
