/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks of the system as one number.
 */
#ifndef KRAIT_BASE_CLOCK_H
#define KRAIT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds; 0 for a clock that there is not.  Async-signal-safe. */
static inline uint64_t
krait__clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif /* KRAIT_BASE_CLOCK_H */
