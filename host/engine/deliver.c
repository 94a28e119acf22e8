/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals for the guest.
 *
 * A signal is noted from anywhere and delivered on the guest's own thread, by a
 * call of its export `krait_signal`: nested in whatever it was doing, like a
 * handler of an operating system.  What the guest may run there is what an
 * async-signal-safe handler may.
 */
#include "engine/internal.h"

#include <errno.h>
#include <stdatomic.h>

/* clang lets leaf functions use this much below the stack pointer unannounced
 * (128 bytes); the rest keeps the stack aligned. */
#define GUEST_RED_ZONE 256u

static void
call_guest(krait_ctx *ctx, uint32_t number)
{
    void (*code)(krait_ctx *,
                 uint32_t) = (void (*)(krait_ctx *, uint32_t))ctx->instance->signal_code;
    uint32_t sp = ctx->thread_globals[0].i32;
    krait_tail tail = ctx->thread->tail;

    /* The guest may have been on the way to a tail call. */
    ctx->thread->tail = krait__stack_tail(krait__activation()->stack, 1);
    ctx->thread_globals[0].i32 = (sp - GUEST_RED_ZONE) & ~15u;
    code(ctx, number);
    ctx->thread_globals[0].i32 = sp;
    ctx->thread->tail = tail;
}

void
krait__signals_deliver(krait_ctx *ctx)
{
    krait_instance *instance = ctx->instance;
    uint64_t pending;

    if (instance->signal_code == NULL)
        krait__trap_raise(ctx, KRAIT_TRAP_INTERRUPTED);
    if (instance->delivering)
        return;
    instance->delivering = true;
    do {
        uint32_t number;

        ctx->thread->interrupted = 0;
        pending = atomic_exchange(&instance->signals, 0);
        for (number = 1; number < 64; number++) {
            if ((pending >> number & 1) != 0)
                call_guest(ctx, number);
        }
    } while (pending != 0);
    instance->delivering = false;
}

void
krait__instance_signal(krait_instance *instance, unsigned number)
{
    krait_activation *activation = krait__activation();
    int saved = errno;

    if (number == 0 || number > 63)
        return;
    atomic_fetch_or(&instance->signals, UINT64_C(1) << number);
    instance->thread.interrupted = 1;
    if (activation != NULL && activation->instance == instance && instance->thread.in_host == 0 &&
        !activation->trapping)
        krait__signals_deliver(&instance->ctx);
    errno = saved;
}
