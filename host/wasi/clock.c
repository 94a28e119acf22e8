/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks.  The two CPU clocks are the host's own, of its process and of the thread that
 * runs the guest.  A deterministic guest has one clock, which all four show, and its timers
 * fire when it looks.
 */
#include "wasi/state.h"

#include <time.h>

static int
host_clock(uint32_t id, clockid_t *ret_clock)
{
    switch (id) {
    case WASI_CLOCK_REALTIME:
        *ret_clock = CLOCK_REALTIME;
        return 0;
    case WASI_CLOCK_MONOTONIC:
        *ret_clock = CLOCK_MONOTONIC;
        return 0;
    case WASI_CLOCK_PROCESS:
        *ret_clock = CLOCK_PROCESS_CPUTIME_ID;
        return 0;
    case WASI_CLOCK_THREAD:
        *ret_clock = CLOCK_THREAD_CPUTIME_ID;
        return 0;
    default:
        return EINVAL;
    }
}

static int
write_time(krait_ctx *ctx, uint32_t address, const struct timespec *time)
{
    uint64_t ns = time->tv_sec < 0 ? 0
                                   : (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;

    return krait__guest_write_u64(ctx, address, ns) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(clock_res_get)
{
    struct timespec time;
    clockid_t clock;
    int error = host_clock(args[0].i32, &clock);

    if (error == 0 && krait__vfs_virtual(wasi->vfs) != NULL)
        return krait__guest_write_u64(ctx, args[1].i32, KRAIT_VIRTUAL_STEP_NS) == 0 ? 0 : EFAULT;
    if (error == 0 && clock_getres(clock, &time) != 0)
        error = errno;
    return error != 0 ? error : write_time(ctx, args[1].i32, &time);
}

static int
read_virtual(krait_wasi *wasi, krait_ctx *ctx, clockid_t clock, uint32_t address)
{
    krait_virtual *virtual = krait__vfs_virtual(wasi->vfs);
    const uint64_t start = clock == CLOCK_REALTIME ? virtual->start_ns : 0;
    int error = krait__guest_write_u64(ctx, address, start + krait__virtual_read(virtual));

    krait__wasi_timers_fire(wasi, ctx);
    return error == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(clock_time_get)
{
    struct timespec time;
    clockid_t clock;
    int error = host_clock(args[0].i32, &clock);

    if (error == 0 && krait__vfs_virtual(wasi->vfs) != NULL)
        return read_virtual(wasi, ctx, clock, args[2].i32);
    if (error == 0 && clock_gettime(clock, &time) != 0)
        error = errno;
    return error != 0 ? error : write_time(ctx, args[2].i32, &time);
}
