/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What translated code asks of the engine: krait_runtime of abi.h.
 *
 * WebAssembly 2.0 sections 4.4.5 (references), 4.4.6 (tables), 4.4.7 (memory).
 * All bounds are checked before anything changes.
 */
#include "engine/internal.h"

#include <string.h>

/* A signal handler must not run guest code in the middle of these. */
static void
critical_begin(krait_ctx *ctx)
{
    ctx->thread->in_host = 1;
}

static void
critical_end(krait_ctx *ctx)
{
    ctx->thread->in_host = 0;
    if (krait__is_interrupted(ctx->thread))
        krait__signals_deliver(ctx);
}

static krait_ctx *
runtime_enter(krait_ctx *ctx, krait_instance *callee)
{
    krait_guest_thread *thread = krait__thread_of(ctx);
    krait_ctx *entered;

    if (thread->is_own)
        return krait__thread_enter(thread, callee);
    critical_begin(ctx);
    /* Its code believes that its memory changes by what it does itself only. */
    if ((callee->module->desc->flags & KRAIT_MODULE_THREADS) == 0)
        krait__trap_raise(ctx, KRAIT_TRAP_SHARED);
    entered = krait__thread_enter(thread, callee);
    if (entered == NULL)
        krait__trap_raise(ctx, KRAIT_TRAP_HOST);
    critical_end(ctx);
    return entered;
}

static void __attribute__((noreturn))
runtime_out_of_bounds(krait_ctx *ctx, uint32_t memory, uint64_t address)
{
    krait_activation *activation = krait__activation();

    activation->fault_known = true;
    activation->fault_address = address;
    krait__trap_raise(ctx, krait__trap_of_access(ctx, ctx->memories[memory], address));
}

static uint32_t
runtime_memory_grow(krait_ctx *ctx, uint32_t memory, uint32_t pages)
{
    uint32_t old;

    critical_begin(ctx);
    old = krait__memory_grow(ctx->instance->memories[memory], pages);
    critical_end(ctx);
    return old;
}

int
krait__memory_init(krait_instance *instance, uint32_t memory, uint32_t segment, uint32_t to,
                   uint32_t from, uint32_t count)
{
    const krait_data_desc *data = &instance->module->desc->datas[segment];
    krait_memory *target = instance->memories[memory];
    uint32_t size = instance->data_dropped[segment] ? 0 : data->size;

    if ((uint64_t)from + count > size || (uint64_t)to + count > krait__memory_size(target))
        return -1;
    if (count != 0)
        memcpy(target->base + to, data->bytes + from, count);
    return 0;
}

static void
runtime_memory_init(krait_ctx *ctx, uint32_t memory, uint32_t segment, uint32_t to, uint32_t from,
                    uint32_t count)
{
    critical_begin(ctx);
    if (krait__memory_init(ctx->instance, memory, segment, to, from, count) != 0)
        krait__trap_raise(ctx, KRAIT_TRAP_MEMORY);
    critical_end(ctx);
}

static void
runtime_data_drop(krait_ctx *ctx, uint32_t segment)
{
    critical_begin(ctx);
    ctx->instance->data_dropped[segment] = true;
    critical_end(ctx);
}

static uint32_t
runtime_table_grow(krait_ctx *ctx, uint32_t table, const void *ref, uint32_t count)
{
    uint32_t old;

    critical_begin(ctx);
    old = krait__table_grow(ctx->instance->store, ctx->instance->tables[table], ref, count);
    critical_end(ctx);
    return old;
}

static void
runtime_table_set(krait_ctx *ctx, uint32_t table, uint32_t index, const void *ref)
{
    krait_table *target = ctx->instance->tables[table];

    critical_begin(ctx);
    if (index >= krait__table_size(target))
        krait__trap_raise(ctx, KRAIT_TRAP_TABLE);
    krait__table_put(target, index, ref);
    critical_end(ctx);
}

static const void *
runtime_table_get(krait_ctx *ctx, uint32_t table, uint32_t index)
{
    const krait_table *target = ctx->instance->tables[table];

    if (index >= krait__table_size(target))
        krait__trap_raise(ctx, KRAIT_TRAP_TABLE);
    return __atomic_load_n(&target->entries[index], __ATOMIC_ACQUIRE);
}

static void
runtime_table_fill(krait_ctx *ctx, uint32_t table, uint32_t to, const void *ref, uint32_t count)
{
    krait_table *target = ctx->instance->tables[table];
    uint32_t i;

    critical_begin(ctx);
    if ((uint64_t)to + count > krait__table_size(target))
        krait__trap_raise(ctx, KRAIT_TRAP_TABLE);
    for (i = 0; i < count; i++)
        krait__table_put(target, to + i, ref);
    critical_end(ctx);
}

static void
runtime_table_copy(krait_ctx *ctx, uint32_t to_table, uint32_t from_table, uint32_t to,
                   uint32_t from, uint32_t count)
{
    krait_table *target = ctx->instance->tables[to_table];
    const krait_table *source = ctx->instance->tables[from_table];

    critical_begin(ctx);
    if ((uint64_t)to + count > krait__table_size(target) ||
        (uint64_t)from + count > krait__table_size(source))
        krait__trap_raise(ctx, KRAIT_TRAP_TABLE);
    krait__table_move(&target->entries[to], &source->entries[from], count);
    critical_end(ctx);
}

int
krait__table_init(krait_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                  uint32_t from, uint32_t count)
{
    const krait_elem_desc *elem = &instance->module->desc->elems[segment];
    krait_table *target = instance->tables[table];
    uint32_t size = instance->elem_dropped[segment] ? 0 : elem->count;
    uint32_t i;

    if ((uint64_t)from + count > size || (uint64_t)to + count > krait__table_size(target))
        return -1;
    for (i = 0; i < count; i++) {
        krait_cell value = krait__const_value(instance, &elem->items[from + i]);

        krait__table_put(target, to + i,
                         elem->type == KRAIT_FUNCREF ? (const void *)value.func : value.ext);
    }
    return 0;
}

static void
runtime_table_init(krait_ctx *ctx, uint32_t table, uint32_t segment, uint32_t to, uint32_t from,
                   uint32_t count)
{
    critical_begin(ctx);
    if (krait__table_init(ctx->instance, table, segment, to, from, count) != 0)
        krait__trap_raise(ctx, KRAIT_TRAP_TABLE);
    critical_end(ctx);
}

static void
runtime_elem_drop(krait_ctx *ctx, uint32_t segment)
{
    critical_begin(ctx);
    ctx->instance->elem_dropped[segment] = true;
    critical_end(ctx);
}

static uint32_t
runtime_wait32(krait_ctx *ctx, uint32_t memory, uint64_t address, uint32_t expected,
               int64_t timeout)
{
    return krait__wait(ctx, memory, address, expected, 4, timeout);
}

static uint32_t
runtime_wait64(krait_ctx *ctx, uint32_t memory, uint64_t address, uint64_t expected,
               int64_t timeout)
{
    return krait__wait(ctx, memory, address, expected, 8, timeout);
}

const krait_runtime krait__runtime = {
    .trap = krait__trap_raise,
    .out_of_bounds = runtime_out_of_bounds,
    .enter = runtime_enter,
    .interrupted = krait__signals_deliver,
    .memory_grow = runtime_memory_grow,
    .memory_init = runtime_memory_init,
    .data_drop = runtime_data_drop,
    .table_grow = runtime_table_grow,
    .table_set = runtime_table_set,
    .table_get = runtime_table_get,
    .table_fill = runtime_table_fill,
    .table_copy = runtime_table_copy,
    .table_init = runtime_table_init,
    .elem_drop = runtime_elem_drop,
    .memory_wait32 = runtime_wait32,
    .memory_wait64 = runtime_wait64,
    .memory_notify = krait__notify,
};
