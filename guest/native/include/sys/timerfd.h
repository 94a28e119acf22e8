/* SPDX-License-Identifier: Apache-2.0 */
/* Timers as descriptors. */
#ifndef KRAIT_NATIVE_SYS_TIMERFD_H
#define KRAIT_NATIVE_SYS_TIMERFD_H

#include <fcntl.h>
#include <time.h>

#define TFD_NONBLOCK      O_NONBLOCK
#define TFD_CLOEXEC       O_CLOEXEC
#define TFD_TIMER_ABSTIME 1

/* The clock is a clockid_t as a number: CPython keeps clocks so. */
int timerfd_create(int clock, int flags);
int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
int timerfd_gettime(int fd, struct itimerspec *value);

#endif
