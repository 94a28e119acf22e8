/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers and files in memory as descriptors.
 */
#include "native.h"

#include <sys/mman.h>
#include <sys/timerfd.h>

static struct timespec
time_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

/* 0: no time that a timer can have. */
static int
is_time(struct timespec time)
{
    return time.tv_sec >= 0 && time.tv_sec <= INT64_MAX / 2000000000 && time.tv_nsec >= 0 &&
           time.tv_nsec < 1000000000;
}

static uint64_t
ns_of(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int
timerfd_create(int clock, int flags)
{
    uint32_t which = clock == (int)(intptr_t)CLOCK_REALTIME ? 0 : 1;
    uint32_t how = (flags & TFD_NONBLOCK ? KRAIT_HOST_NONBLOCK : 0) |
                   (flags & TFD_CLOEXEC ? KRAIT_HOST_CLOEXEC : 0);
    uint32_t fd;

    if ((which == 1 && clock != (int)(intptr_t)CLOCK_MONOTONIC) ||
        (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)))
        return native_fail(EINVAL);
    return native_result(krait_host_fd_timerfd(which, how, &fd)) != 0 ? -1 : (int)fd;
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    krait_host_itimer before;

    if ((flags & ~TFD_TIMER_ABSTIME) || !is_time(value->it_value) || !is_time(value->it_interval))
        return native_fail(EINVAL);
    if (native_result(krait_host_timerfd_set(
            (uint32_t)fd, flags & TFD_TIMER_ABSTIME ? KRAIT_HOST_TIMER_ABSTIME : 0,
            ns_of(value->it_value), ns_of(value->it_interval), &before)) != 0)
        return -1;
    if (old != NULL)
        *old = (struct itimerspec){time_of(before.interval), time_of(before.value)};
    return 0;
}

int
timerfd_gettime(int fd, struct itimerspec *value)
{
    krait_host_itimer found;

    if (native_result(krait_host_timerfd_get((uint32_t)fd, &found)) != 0)
        return -1;
    *value = (struct itimerspec){time_of(found.interval), time_of(found.value)};
    return 0;
}

/* The name is for the debugger's eyes; nobody else sees it. */
int
memfd_create(const char *name, unsigned flags)
{
    uint32_t fd;

    (void)name;
    if (flags & ~MFD_CLOEXEC)
        return native_fail(EINVAL);
    return native_result(krait_host_fd_memfd(flags & MFD_CLOEXEC ? KRAIT_HOST_CLOEXEC : 0, &fd)) !=
                   0
               ? -1
               : (int)fd;
}
