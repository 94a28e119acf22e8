/* SPDX-License-Identifier: Apache-2.0 */
/* Interval timers. */
#ifndef KRAIT_NATIVE_SYS_TIME_H
#define KRAIT_NATIVE_SYS_TIME_H

#include_next <sys/time.h>

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

struct itimerval {
    struct timeval it_interval;
    struct timeval it_value;
};

int getitimer(int which, struct itimerval *value);
int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old);

#endif
