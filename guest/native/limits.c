/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits and use.  RLIMIT_FSIZE holds for write() and pwrite(); the others are only
 * remembered, the host has limits of its own (docs/engine.md).
 */
#include "native.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define UNLIMITED {RLIM_INFINITY, RLIM_INFINITY}

static struct rlimit limits[RLIM_NLIMITS] = {
    [RLIMIT_CPU] = UNLIMITED,
    [RLIMIT_FSIZE] = UNLIMITED,
    [RLIMIT_DATA] = UNLIMITED,
    [RLIMIT_STACK] = {8u << 20, 8u << 20},
    [RLIMIT_CORE] = {0, RLIM_INFINITY},
    [RLIMIT_RSS] = UNLIMITED,
    [RLIMIT_NPROC] = {1, 1},
    [RLIMIT_NOFILE] = {1024, 1024},
    [RLIMIT_MEMLOCK] = {0, 0},
    [RLIMIT_AS] = {1ull << 32, 1ull << 32},
};

int
getrlimit(int resource, struct rlimit *limit)
{
    if (resource < 0 || resource >= RLIM_NLIMITS)
        return native_fail(EINVAL);
    *limit = limits[resource];
    return 0;
}

int
setrlimit(int resource, const struct rlimit *limit)
{
    if (resource < 0 || resource >= RLIM_NLIMITS || limit->rlim_cur > limit->rlim_max)
        return native_fail(EINVAL);
    if (limit->rlim_max > limits[resource].rlim_max)
        return native_fail(EPERM);
    limits[resource] = *limit;
    return 0;
}

int
native_may_write(int fd, off_t offset, size_t *size)
{
    const rlim_t most = limits[RLIMIT_FSIZE].rlim_cur;
    struct stat status;
    uint64_t at;

    if (most == RLIM_INFINITY || *size == 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    if (offset >= 0)
        at = (uint64_t)offset;
    else if (fcntl(fd, F_GETFL) & O_APPEND)
        at = (uint64_t)status.st_size;
    else
        at = (uint64_t)(lseek)(fd, 0, SEEK_CUR);
    if (at >= most) {
        (void)raise(SIGXFSZ);
        return native_fail(EFBIG);
    }
    if (*size > most - at)
        *size = (size_t)(most - at);
    return 0;
}

static uint64_t
cpu_time(void)
{
    __wasi_timestamp_t ns = 0;

    (void)__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 0, &ns);
    return ns;
}

int
getrusage(int who, struct rusage *usage)
{
    const uint64_t us = cpu_time() / 1000;

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return native_fail(EINVAL);
    memset(usage, 0, sizeof(*usage));
    if (who != RUSAGE_CHILDREN) {
        usage->ru_utime.tv_sec = (time_t)(us / 1000000);
        usage->ru_utime.tv_usec = (suseconds_t)(us % 1000000);
        usage->ru_maxrss = (long)(__builtin_wasm_memory_size(0) * 64);
    }
    return 0;
}

clock_t
clock(void)
{
    return (clock_t)cpu_time();
}

/* In ticks, of which sysconf(_SC_CLK_TCK) has 100 in a second. */
clock_t
times(struct tms *buffer)
{
    const uint64_t tick_ns = 10000000;
    __wasi_timestamp_t now = 0;

    *buffer = (struct tms){.tms_utime = (clock_t)(cpu_time() / tick_ns)};
    (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &now);
    return (clock_t)(now / tick_ns);
}
