/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps: leaving guest code for good.
 *
 * A trap is raised on the guest's stack by translated code or by a runtime
 * function, or on the signal stack by the fault handler (signals.c).  It notes
 * where the guest was and unwinds to the innermost call into it; only guest
 * frames and the engine's own are abandoned, never a host function's.
 */
#include "engine/internal.h"

#include <unwind.h>

/* The one thread-local of the engine: the fault handler has nothing else to
 * find the guest by. */
static _Thread_local krait_activation *current_activation;

static const char *const trap_texts[KRAIT_TRAP_COUNT] = {
    [KRAIT_TRAP_NONE] = "no trap",
    [KRAIT_TRAP_UNREACHABLE] = "unreachable",
    [KRAIT_TRAP_MEMORY] = "out of bounds memory access",
    [KRAIT_TRAP_DIVIDE] = "integer divide by zero",
    [KRAIT_TRAP_OVERFLOW] = "integer overflow",
    [KRAIT_TRAP_CONVERSION] = "invalid conversion to integer",
    [KRAIT_TRAP_TABLE] = "out of bounds table access",
    [KRAIT_TRAP_ELEMENT_UNDEFINED] = "undefined element",
    [KRAIT_TRAP_ELEMENT_NULL] = "uninitialized element",
    [KRAIT_TRAP_SIGNATURE] = "indirect call type mismatch",
    [KRAIT_TRAP_STACK] = "call stack exhausted",
    [KRAIT_TRAP_SHADOW_STACK] = "stack in linear memory exhausted",
    [KRAIT_TRAP_ALIGNMENT] = "unaligned atomic",
    [KRAIT_TRAP_INTERRUPTED] = "interrupted",
    [KRAIT_TRAP_EXIT] = "exit",
    [KRAIT_TRAP_HOST] = "a host function failed",
    [KRAIT_TRAP_SHARED] = "expected shared memory",
    [KRAIT_TRAP_FUEL] = "out of fuel",
};

const char *
krait__trap_text(krait_trap trap)
{
    return (unsigned)trap < KRAIT_TRAP_COUNT ? trap_texts[trap] : "unknown trap";
}

krait_activation *
krait__activation(void)
{
    return current_activation;
}

void
krait__activation_set(krait_activation *activation)
{
    current_activation = activation;
}

static _Unwind_Reason_Code
note_frame(struct _Unwind_Context *context, void *argument)
{
    krait_activation *activation = argument;
    int before = 0;
    uintptr_t pc = (uintptr_t)_Unwind_GetIPInfo(context, &before);

    if (pc == 0 || activation->pc_count == KRAIT_BACKTRACE_MAX)
        return _URC_END_OF_STACK;
    /* A return address may be the first one of the next function. */
    activation->pcs[activation->pc_count++] = before ? pc : pc - 1;
    return _URC_NO_REASON;
}

void
krait__trap_note(krait_activation *activation)
{
    activation->trapping = true;
    activation->pc_count = 0;
    _Unwind_Backtrace(note_frame, activation);
}

/* A guest's own stack grows down to address 0 and wraps: an access just above
 * or below the stack pointer, outside of the memory. */
static bool
is_shadow_overflow(const krait_ctx *ctx, uint64_t offset, uint64_t memory_size)
{
    uint32_t sp = ctx->thread_globals[0].i32;
    uint32_t distance = (uint32_t)offset - sp;

    return offset >= memory_size && sp > memory_size &&
           (distance < 1u << 24 || distance > UINT32_MAX - (1u << 24));
}

krait_trap
krait__trap_of_access(const krait_ctx *ctx, const krait_memory *memory, uint64_t offset)
{
    return is_shadow_overflow(ctx, offset, krait__memory_size(memory)) ? KRAIT_TRAP_SHADOW_STACK
                                                                       : KRAIT_TRAP_MEMORY;
}

void
krait__trap_raise(krait_ctx *ctx, krait_trap reason)
{
    krait_activation *activation = current_activation;

    ctx->thread->in_host = 1;
    activation->trap = reason;
    if (reason != KRAIT_TRAP_EXIT) {
        /* The unwinder needs a few kilobytes that may not be left. */
        krait__stack_reserve_open(activation->stack);
        krait__trap_note(activation);
    }
    krait__stack_unwind(&activation->save, 1);
}
