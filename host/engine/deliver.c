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

/* The signals of an instance are for its own thread. */
static void
deliver_all(krait_guest_thread *thread)
{
    krait_instance *instance = thread->instance;
    uint64_t pending;

    thread->delivering = true;
    do {
        uint32_t number;

        __atomic_store_n(&thread->thread.interrupted, 0, __ATOMIC_RELEASE);
        pending = atomic_exchange(&instance->signals, 0);
        for (number = 1; number < 64; number++) {
            if ((pending >> number & 1) != 0)
                call_guest(thread->ctx, number);
        }
    } while (pending != 0);
    thread->delivering = false;
}

void
krait__signals_deliver(krait_ctx *ctx)
{
    krait_guest_thread *thread = krait__thread_of(ctx);

    if (krait__is_ended(thread) || (thread->is_own && thread->instance->signal_code == NULL))
        krait__trap_raise(ctx, KRAIT_TRAP_INTERRUPTED);
    if (!thread->is_own)
        __atomic_store_n(&thread->thread.interrupted, 0, __ATOMIC_RELEASE);
    else if (!thread->delivering)
        deliver_all(thread);
}

void
krait__instance_signal(krait_instance *instance, unsigned number)
{
    if (number == 0 || number > 63)
        return;
    atomic_fetch_or(&instance->signals, UINT64_C(1) << number);
    krait__interrupt(&instance->own);
}

void
krait__thread_stop(krait_guest_thread *thread)
{
    atomic_store(&thread->stopped, 1);
    krait__interrupt(thread);
}
