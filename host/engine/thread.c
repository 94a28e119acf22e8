/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest threads: the one that each instance has, and more of them in one instance.
 *
 * A thread has a stack and, for each instance that its code comes to, a context:
 * its own values of the globals that threads have for themselves, and everything
 * else of the instance.  Threads of instances (is_own) use the contexts that are
 * in the instances, so that code which calls between instances without threads
 * sees one value of each global, as WebAssembly has it.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/internal.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

krait_status
krait__thread_open(krait_guest_thread *thread, krait_instance *instance, size_t stack_size,
                   krait_error *err)
{
    thread->instance = instance;
    thread->stack_size = stack_size;
    /* Many of these wait for a call, and few run. */
    thread->borrows_stack = instance->image != NULL;
    return thread->borrows_stack ? KRAIT_OK : krait__stack_open(&thread->stack, stack_size, err);
}

krait_status
krait__thread_begin(krait_guest_thread *thread, krait_error *err)
{
    krait_status status = KRAIT_OK;

    thread->runner = gettid();
    if (thread->borrows_stack)
        status = krait__stack_take(&thread->instance->module->stacks, thread->stack_size,
                                   thread->runner, &thread->stack, err);
    if (status == KRAIT_OK)
        thread->thread.stack_limit = (uintptr_t)thread->stack.usable + KRAIT_HOST_HEADROOM;
    return status;
}

void
krait__thread_end(krait_guest_thread *thread, bool has_grown)
{
    if (thread->borrows_stack)
        krait__stack_give(&thread->instance->module->stacks, &thread->stack, has_grown);
}

void
krait__thread_close(krait_guest_thread *thread)
{
    krait__stack_close(&thread->stack);
}

/* ---- contexts --------------------------------------------------------------------------- */

static void
init_globals(const krait_instance *instance, krait_ctx *ctx)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->global_count; i++) {
        if (desc->globals[i].is_thread)
            ctx->thread_globals[desc->globals[i].slot] = krait__const_value(instance,
                                                                            &desc->globals[i].init);
    }
}

/* Imported globals are those of the same thread where threads have them for themselves. */
static bool
link_globals(krait_guest_thread *thread, krait_instance *instance, krait_thread_context *context)
{
    uint32_t i;

    for (i = 0; i < instance->global_import_total; i++) {
        krait_instance *owner = instance->global_owners[i];
        krait_cell *cell = instance->global_imports[i];

        if (owner != NULL) {
            krait_ctx *other = krait__thread_enter(thread, owner);

            if (other == NULL)
                return false;
            cell = &other->thread_globals[cell - owner->ctx.thread_globals];
        }
        context->global_imports[i] = cell;
    }
    context->ctx.global_imports = context->global_imports;
    return true;
}

static krait_ctx *
new_context(krait_guest_thread *thread, krait_instance *instance)
{
    krait_thread_context *context = krait__calloc(
        1, sizeof(*context) + instance->global_import_total * sizeof(krait_cell *));

    if (context == NULL)
        return NULL;
    krait__context_init(instance, &context->ctx);
    context->ctx.thread = &thread->thread;
    context->ctx.fuel = instance->fuel_given;
    init_globals(instance, &context->ctx);
    if (!link_globals(thread, instance, context)) {
        krait__free(context);
        return NULL;
    }
    context->next = thread->contexts;
    thread->contexts = context;
    return &context->ctx;
}

krait_ctx *
krait__thread_enter(krait_guest_thread *thread, krait_instance *instance)
{
    krait_thread_context *context;

    if (thread->is_own) {
        /* The thread state is that of whoever runs the native stack. */
        instance->ctx.thread = &thread->thread;
        return &instance->ctx;
    }
    for (context = thread->contexts; context != NULL; context = context->next) {
        if (context->ctx.instance == instance)
            return &context->ctx;
    }
    return new_context(thread, instance);
}

/* ---- more threads ----------------------------------------------------------------------- */

krait_status
krait__thread_new(krait_instance *instance, size_t stack_size_bytes,
                  krait_guest_thread **ret_thread, krait_error *err)
{
    krait_guest_thread *thread;
    krait_status status;

    if ((instance->module->desc->flags & KRAIT_MODULE_THREADS) == 0)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "the module cannot have more threads: it has a memory that is not "
                                "shared");
    thread = krait__calloc(1, sizeof(*thread));
    if (thread == NULL)
        return krait__error_nomem(err);
    status = krait__thread_open(thread, instance, stack_size_bytes, err);
    if (status == KRAIT_OK) {
        thread->ctx = krait__thread_enter(thread, instance);
        if (thread->ctx == NULL)
            status = krait__error_nomem(err);
    }
    if (status != KRAIT_OK) {
        krait__thread_free(thread);
        return status;
    }
    *ret_thread = thread;
    return KRAIT_OK;
}

void
krait__thread_free(krait_guest_thread *thread)
{
    krait_thread_context *context;

    if (thread == NULL)
        return;
    while ((context = thread->contexts) != NULL) {
        thread->contexts = context->next;
        krait__free(context);
    }
    krait__stack_close(&thread->stack);
    krait__free(thread);
}

void
krait__thread_unpark(krait_guest_thread *thread)
{
    atomic_fetch_add(&thread->parker, 1);
    (void)syscall(SYS_futex, &thread->parker, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
