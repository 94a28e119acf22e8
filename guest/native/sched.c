/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling of the only thread: the normal policy on processor 0, and nothing can change it.
 */
#include <sched.h>

#include "native.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* The parent is there, but no business of ours. */
static int
is_own(pid_t process, int negative)
{
    if (process == 0 || process == getpid())
        return 1;
    errno = process < 0 ? negative : process == getppid() ? EPERM : ESRCH;
    return 0;
}

static int
priority_limit(int policy, int of_real_time)
{
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR:
        return of_real_time;
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return 0;
    default:
        return native_fail(EINVAL);
    }
}

int
sched_get_priority_max(int policy)
{
    return priority_limit(policy, 99);
}

int
sched_get_priority_min(int policy)
{
    return priority_limit(policy, 1);
}

int
sched_getscheduler(pid_t process)
{
    return is_own(process, EINVAL) ? SCHED_OTHER : -1;
}

int
sched_getparam(pid_t process, struct sched_param *param)
{
    if (!is_own(process, EINVAL))
        return -1;
    param->sched_priority = 0;
    return 0;
}

int
sched_setscheduler(pid_t process, int policy, const struct sched_param *param)
{
    if (!is_own(process, EINVAL))
        return -1;
    if (param->sched_priority < sched_get_priority_min(policy) ||
        param->sched_priority > sched_get_priority_max(policy))
        return native_fail(EINVAL);
    return policy == SCHED_OTHER ? 0 : native_fail(EPERM);
}

int
sched_setparam(pid_t process, const struct sched_param *param)
{
    return sched_setscheduler(process, SCHED_OTHER, param);
}

int
sched_rr_get_interval(pid_t process, struct timespec *interval)
{
    if (!is_own(process, EINVAL))
        return -1;
    *interval = (struct timespec){0};
    return 0;
}

int
sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    if (!is_own(process, ESRCH))
        return -1;
    if (size < sizeof(set->bits[0]))
        return native_fail(EINVAL);
    memset(set, 0, size);
    set->bits[0] = 1;
    return 0;
}

int
sched_setaffinity(pid_t process, size_t size, const cpu_set_t *set)
{
    if (!is_own(process, ESRCH))
        return -1;
    return size >= sizeof(set->bits[0]) && (set->bits[0] & 1) ? 0 : native_fail(EINVAL);
}

int
krait_cpu_count(size_t size, const cpu_set_t *set)
{
    int count = 0;

    for (size_t i = 0; i < size / sizeof(set->bits[0]); i++)
        count += __builtin_popcountl(set->bits[i]);
    return count;
}
