/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: one process, one processor, one policy. */
#ifndef KRAIT_NATIVE_SCHED_H
#define KRAIT_NATIVE_SCHED_H

#include_next <sched.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SCHED_OTHER 0
#define SCHED_FIFO  1
#define SCHED_RR    2
#define SCHED_BATCH 3
#define SCHED_IDLE  5

typedef struct cpu_set_t {
    unsigned long bits[32];
} cpu_set_t;

#define CPU_SETSIZE        1024
#define CPU_ALLOC_SIZE(n)  ((((size_t)(n) + 31) / 32) * 4)
#define CPU_ALLOC(n)       ((cpu_set_t *)calloc(1, CPU_ALLOC_SIZE(n)))
#define CPU_FREE(set)      free(set)
#define CPU_ZERO_S(n, set) memset(set, 0, n)
#define CPU_SET_S(i, n, set)                                                                       \
    ((size_t)(i) / 8 >= (n) ? 0ul : ((set)->bits[(i) / 32] |= 1ul << ((unsigned)(i) % 32)))
#define CPU_ISSET_S(i, n, set)                                                                     \
    ((size_t)(i) / 8 >= (n) ? 0ul : (set)->bits[(i) / 32] >> ((unsigned)(i) % 32) & 1ul)
#define CPU_COUNT_S(n, set) krait_cpu_count(n, set)

int krait_cpu_count(size_t size, const cpu_set_t *set);
int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *set);
int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_getparam(pid_t process, struct sched_param *param);
int sched_getscheduler(pid_t process);
int sched_rr_get_interval(pid_t process, struct timespec *interval);
int sched_setparam(pid_t process, const struct sched_param *param);
int sched_setscheduler(pid_t process, int policy, const struct sched_param *param);

#endif
