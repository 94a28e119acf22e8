/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process and its scheduler.
 *
 * proc_exit takes all 32 bits; what a shell makes of them is the caller's business.
 * proc_raise has no meaning without signals that a guest could send itself: ENOSYS.
 */
#include "wasi/state.h"

#include <sched.h>

krait_trap
krait__wasi_proc_exit(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    return krait__ctx_exit(ctx, slots[0].i32);
}

KRAIT_WASI_CALL(proc_raise)
{
    (void)wasi;
    (void)ctx;
    (void)args;
    return ENOSYS;
}

KRAIT_WASI_CALL(sched_yield)
{
    (void)wasi;
    (void)ctx;
    (void)args;
    (void)sched_yield();
    return 0;
}
