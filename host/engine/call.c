/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls from the host into the guest.
 *
 * The guest runs on its thread's stack with a signal stack of its own; what ends
 * it (return, trap, exit) is told in the outcome.  One call at a time per guest
 * thread: calling it again from a host function is refused with KRAIT_EBUSY.
 */
#include "base/error.h"
#include "engine/fiber.h"
#include "engine/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct call_frame {
    krait_activation activation;
    const krait_func_desc *func;
    krait_cell *cells;
    krait_fiber fiber;
} call_frame;

static void
call_on_guest_stack(void *argument)
{
    call_frame *frame = argument;
    krait_ctx *ctx = frame->activation.ctx;
    const krait_type_desc *type = &ctx->instance->module->desc->types[frame->func->type];

    krait__fiber_entered(&frame->fiber);
    ctx->thread->in_host = 0;
    if (krait__is_interrupted(ctx->thread))
        krait__signals_deliver(ctx);
    type->invoke(ctx, frame->func->code, frame->cells, frame->cells);
    ctx->thread->in_host = 1;
}

/* One line per frame that belongs to the module, innermost first. */
static void
write_backtrace(const krait_activation *activation, krait_outcome *outcome)
{
    size_t used = 0;
    uint32_t i;

    for (i = 0; i < activation->pc_count; i++) {
        size_t room = sizeof(outcome->backtrace) - used;
        char name[256];
        int added;

        if (!krait__module_symbol(activation->instance->module, activation->pcs[i], name,
                                  sizeof(name)))
            continue;
        added = snprintf(outcome->backtrace + used, room, "  at %s\n", name);
        if (added < 0 || (size_t)added >= room) {
            outcome->backtrace[used] = '\0';
            return;
        }
        used += (size_t)added;
    }
}

static void
fill_outcome(const krait_activation *activation, krait_outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    outcome->trap = activation->trap;
    outcome->cause = (krait_cause)atomic_load(&activation->thread->cause);
    if (activation->trap == KRAIT_TRAP_EXIT) {
        outcome->exit_code = activation->instance->exit_code;
        return;
    }
    outcome->fault_known = activation->fault_known;
    outcome->fault_address = activation->fault_address;
    write_backtrace(activation, outcome);
}

/* The context of an instance's own thread: a call from another instance may have left
 * it with that one's thread. */
static void
take_context(const krait_activation *activation)
{
    if (activation != NULL && activation->thread->is_own)
        activation->ctx->thread = &activation->thread->thread;
}

static krait_status
run_frame(call_frame *frame, krait_error *err)
{
    krait_guest_thread *thread = frame->activation.thread;
    krait_stack *stack = &thread->stack;
    stack_t signal_stack;
    stack_t previous;
    krait_status status;
    sigset_t mask;
    int has_trapped;

    memset(&signal_stack, 0, sizeof(signal_stack));
    signal_stack.ss_sp = stack->signal_stack;
    signal_stack.ss_size = stack->signal_stack_size;
    if (sigaltstack(&signal_stack, &previous) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot set the signal stack");
    frame->activation.previous = krait__activation();
    krait__activation_set(&frame->activation);
    take_context(&frame->activation);
    thread->running = true;
    status = krait__interrupt_begin(thread, &mask, err);
    if (status == KRAIT_OK) {
        krait__fiber_enter(&frame->fiber, stack);
        has_trapped = krait__stack_enter(&frame->activation.save, stack->top, call_on_guest_stack,
                                         frame);
        krait__fiber_left(&frame->fiber);
        krait__interrupt_end(thread, &mask, has_trapped != 0);
        krait__wait_abandon(thread);
    }
    thread->running = false;
    krait__activation_set(frame->activation.previous);
    take_context(frame->activation.previous);
    krait__stack_reserve_close(stack);
    (void)sigaltstack(&previous, NULL);
    return status;
}

krait_status
krait__thread_call(krait_guest_thread *thread, uint32_t func, krait_cell *cells,
                   krait_outcome *ret_outcome, krait_error *err)
{
    const krait_module_desc *desc = thread->instance->module->desc;
    call_frame frame;
    uint64_t faults;
    krait_status status;

    if (func >= desc->func_count)
        return krait__error_set(err, KRAIT_EINVAL, 0, "no such function");
    if (thread->running)
        return krait__error_set(err, KRAIT_EBUSY, 0, "the instance is running");
    status = krait__thread_begin(thread, err);
    if (status != KRAIT_OK)
        return status;
    memset(&frame, 0, sizeof(frame));
    frame.activation.instance = thread->instance;
    frame.activation.thread = thread;
    frame.activation.ctx = thread->ctx;
    frame.activation.stack = &thread->stack;
    frame.func = &desc->funcs[func];
    frame.cells = cells;
    thread->thread.in_host = 1;
    /* A trap may have left one pending. */
    thread->thread.tail = krait__stack_tail(&thread->stack, 0);
    thread->delivering = false;
    /* A page that is new, of memory or stack, is a fault. */
    faults = krait__written_begin(thread->instance);
    status = run_frame(&frame, err);
    krait__thread_end(thread, krait__written_end(thread->instance, faults));
    if (status == KRAIT_OK)
        fill_outcome(&frame.activation, ret_outcome);
    return status;
}

krait_status
krait__instance_call(krait_instance *instance, uint32_t func, krait_cell *cells,
                     krait_outcome *ret_outcome, krait_error *err)
{
    return krait__thread_call(&instance->own, func, cells, ret_outcome, err);
}

krait_status
krait__instance_find(krait_instance *instance, const char *name, uint32_t *ret_func,
                     krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    size_t size = strlen(name);
    uint32_t i;

    for (i = 0; i < desc->export_count; i++) {
        if (desc->exports[i].name_size != size || memcmp(desc->exports[i].name, name, size) != 0)
            continue;
        if (desc->exports[i].kind != KRAIT_KIND_FUNC)
            return krait__error_set(err, KRAIT_EINVAL, 0, "export '%s' is not a function", name);
        *ret_func = desc->exports[i].index;
        return KRAIT_OK;
    }
    return krait__error_set(err, KRAIT_ENOTFOUND, 0, "the module exports no function '%s'", name);
}

const krait_type_desc *
krait__instance_func_type(const krait_instance *instance, uint32_t func)
{
    const krait_module_desc *desc = instance->module->desc;

    return &desc->types[desc->funcs[func].type];
}

uint64_t
krait__instance_fuel_spent(const krait_instance *instance)
{
    return instance->fuel_spent + (uint64_t)(instance->fuel_given - instance->ctx.fuel);
}

void
krait__instance_refuel(krait_instance *instance)
{
    instance->fuel_spent = krait__instance_fuel_spent(instance);
    instance->ctx.fuel = instance->fuel_given;
}

uint64_t
krait__instance_memory_bytes(const krait_instance *instance)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < instance->memory_total; i++)
        bytes += krait__memory_size(instance->memories[i]);
    return bytes;
}

krait_trap
krait__ctx_exit(krait_ctx *ctx, uint32_t exit_code)
{
    ctx->instance->exit_code = exit_code;
    return KRAIT_TRAP_EXIT;
}
