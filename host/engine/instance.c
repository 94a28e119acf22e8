/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances: WebAssembly 2.0 section 4.5.4, instantiation.
 *
 * Order: imports are resolved (link.c), then globals, memories and tables are
 * made, element and data segments are applied in order, and the start function
 * runs.  A segment that does not fit, or a start function that traps, fails the
 * instantiation.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/image_internal.h"
#include "engine/internal.h"
#include "engine/link.h"

#include <string.h>

krait_cell *
krait__global_cell(krait_instance *instance, uint32_t index)
{
    const krait_global_desc *global;

    if (index < instance->global_import_total)
        return instance->global_imports[index];
    global = &instance->module->desc->globals[index - instance->global_import_total];
    return global->is_thread ? &instance->ctx.thread_globals[global->slot]
                             : &instance->globals[global->slot];
}

static krait_status
intern_types(krait_instance *instance, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    krait_status status = krait__store_intern(instance->store, desc->types, desc->type_count,
                                              instance->types, err);
    uint32_t i;

    if (status != KRAIT_OK)
        return status;
    for (i = 0; i < desc->func_count; i++) {
        instance->funcs[i].code = desc->funcs[i].code;
        instance->funcs[i].instance = instance;
        instance->funcs[i].type = instance->types[desc->funcs[i].type];
    }
    return KRAIT_OK;
}

/* A function that is only passed on is reached without a stop here, so that a
 * tail call into another instance does not leave a frame of this one behind. */
static void
resolve_funcs(krait_instance *instance)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->func_count; i++) {
        uint32_t index = desc->funcs[i].index;

        if (index < instance->func_import_total && instance->imports[index].host == NULL) {
            instance->funcs[i].code = instance->imports[index].code;
            instance->funcs[i].instance = instance->imports[index].instance;
        }
    }
}

static void
count_imports(krait_instance *instance)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->import_count; i++) {
        switch (desc->imports[i].kind) {
        case KRAIT_KIND_FUNC:
            instance->func_import_total++;
            break;
        case KRAIT_KIND_TABLE:
            instance->table_import_total++;
            break;
        case KRAIT_KIND_MEMORY:
            instance->memory_import_total++;
            break;
        default:
            instance->global_import_total++;
            break;
        }
    }
    instance->memory_total = instance->memory_import_total + desc->memory_count;
    instance->table_total = instance->table_import_total + desc->table_count;
    instance->global_total = instance->global_import_total + desc->global_count;
}

static krait_status
allocate(krait_instance *instance, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;

    count_imports(instance);
    instance->data_dropped = krait__calloc(desc->data_count, sizeof(atomic_bool));
    instance->elem_dropped = krait__calloc(desc->elem_count, sizeof(atomic_bool));
    instance->memories = krait__calloc(instance->memory_total, sizeof(krait_memory *));
    instance->tables = krait__calloc(instance->table_total, sizeof(krait_table *));
    instance->globals = krait__calloc(desc->global_count, sizeof(krait_cell));
    instance->global_imports = krait__calloc(instance->global_import_total, sizeof(krait_cell *));
    instance->global_owners = krait__calloc(instance->global_import_total,
                                            sizeof(krait_instance *));
    instance->imports = krait__calloc(instance->func_import_total, sizeof(krait_import));
    instance->funcs = krait__calloc(desc->func_count, sizeof(krait_func));
    instance->types = krait__calloc(desc->type_count, sizeof(uint32_t));
    if (instance->data_dropped == NULL || instance->elem_dropped == NULL ||
        instance->memories == NULL || instance->tables == NULL || instance->globals == NULL ||
        instance->global_imports == NULL || instance->global_owners == NULL ||
        instance->imports == NULL || instance->funcs == NULL || instance->types == NULL)
        return krait__error_nomem(err);
    return KRAIT_OK;
}

static krait_status
make_memories(krait_instance *instance, uint64_t limit_bytes, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->memory_count; i++) {
        const krait_memory_plan plan = {.limits = &desc->memories[i],
                                        .limit_bytes = limit_bytes,
                                        .is_checked = (desc->flags & KRAIT_MODULE_CHECKED) != 0,
                                        .image = instance->image};
        krait_status status = krait__memory_open(
            instance->store, &plan, &instance->memories[instance->memory_import_total + i], err);

        if (status != KRAIT_OK)
            return status;
    }
    for (i = 0; i < desc->table_count; i++) {
        krait_status status = KRAIT_OK;

        if (!desc->tables[i].is_private)
            status = krait__table_open(instance->store, &desc->tables[i],
                                       &instance->tables[instance->table_import_total + i], err);
        if (status != KRAIT_OK)
            return status;
    }
    return KRAIT_OK;
}

static void
make_globals(krait_instance *instance)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->global_count; i++)
        *krait__global_cell(instance, instance->global_import_total +
                                          i) = krait__const_value(instance, &desc->globals[i].init);
}

void
krait__context_init(krait_instance *instance, krait_ctx *ctx)
{
    ctx->memory_base = instance->memory_total != 0 ? instance->memories[0]->base : NULL;
    ctx->globals = instance->globals;
    ctx->types = instance->types;
    ctx->global_imports = instance->global_imports;
    ctx->imports = instance->imports;
    ctx->memories = instance->memories;
    ctx->tables = instance->tables;
    ctx->funcs = instance->funcs;
    ctx->runtime = &krait__runtime;
    ctx->instance = instance;
}

static void
make_context(krait_instance *instance, uint64_t fuel)
{
    krait_ctx *ctx = &instance->ctx;

    krait__context_init(instance, ctx);
    ctx->thread = &instance->own.thread;
    ctx->fuel = fuel != 0 && fuel < INT64_MAX ? (int64_t)fuel : INT64_MAX;
    instance->fuel_given = ctx->fuel;
    instance->own.is_own = true;
    instance->own.ctx = ctx;
}

static krait_status
apply_elements(krait_instance *instance, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->elem_count; i++) {
        const krait_elem_desc *elem = &desc->elems[i];

        if (elem->mode == 0) {
            uint32_t to = krait__const_value(instance, &elem->offset).i32;

            if (krait__table_init(instance, elem->table, i, to, 0, elem->count) != 0)
                return krait__error_set(err, KRAIT_EINVAL, 0, "element segment %u does not fit: %s",
                                        i, krait__trap_text(KRAIT_TRAP_TABLE));
        }
        instance->elem_dropped[i] = elem->mode != 1;
    }
    return KRAIT_OK;
}

static krait_status
apply_data(krait_instance *instance, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    for (i = 0; i < desc->data_count; i++) {
        const krait_data_desc *data = &desc->datas[i];

        if (data->is_active) {
            uint32_t to = krait__const_value(instance, &data->offset).i32;

            if (krait__memory_init(instance, data->memory, i, to, 0, data->size) != 0)
                return krait__error_set(err, KRAIT_EINVAL, 0, "data segment %u does not fit: %s", i,
                                        krait__trap_text(KRAIT_TRAP_MEMORY));
            instance->data_dropped[i] = true;
        }
    }
    return KRAIT_OK;
}

/* The export that takes signals, when it is there with the right type. */
static void
find_signal_code(krait_instance *instance)
{
    const krait_module_desc *desc = instance->module->desc;
    const krait_type_desc *type;
    uint32_t func;

    if (krait__instance_find(instance, "krait_signal", &func, NULL) != KRAIT_OK)
        return;
    type = &desc->types[desc->funcs[func].type];
    if (type->param_count == 1 && type->params[0] == KRAIT_I32 && type->result_count == 0)
        instance->signal_code = desc->funcs[func].code;
}

static krait_status
run_start(krait_instance *instance, krait_error *err)
{
    uint32_t start = instance->module->desc->start;
    krait_outcome outcome;
    krait_status status;

    if (start == UINT32_MAX)
        return KRAIT_OK;
    status = krait__instance_call(instance, start, NULL, &outcome, err);
    if (status == KRAIT_OK && outcome.cause != KRAIT_CAUSE_NONE)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "the start function went over a limit of %s",
                                outcome.cause == KRAIT_CAUSE_OUTPUT       ? "output"
                                : outcome.cause == KRAIT_CAUSE_HOST_CALLS ? "host calls"
                                                                          : "time");
    if (status == KRAIT_OK && outcome.trap != KRAIT_TRAP_NONE)
        return krait__error_set(err, outcome.trap == KRAIT_TRAP_FUEL ? KRAIT_ELIMIT : KRAIT_EINVAL,
                                0, "the start function failed: %s", krait__trap_text(outcome.trap));
    return status;
}

static krait_status
build(krait_instance *instance, const krait_instance_options *options, krait_error *err)
{
    krait_status status;

    if (options->fuel != 0 && (instance->module->desc->flags & KRAIT_MODULE_METERED) == 0)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "the module cannot be given fuel: it was not translated with "
                                "--meter");
    status = allocate(instance, err);
    if (status == KRAIT_OK)
        status = intern_types(instance, err);
    if (status == KRAIT_OK)
        status = krait__link(instance, options, err);
    if (status == KRAIT_OK)
        resolve_funcs(instance);
    if (status == KRAIT_OK)
        status = make_memories(instance, options->memory_limit_bytes, err);
    if (status == KRAIT_OK)
        status = krait__thread_open(&instance->own, instance, options->stack_size_bytes, err);
    if (status != KRAIT_OK)
        return status;
    make_context(instance, options->fuel);
    find_signal_code(instance);
    if (instance->image != NULL)
        return krait__image_state_apply(instance, err);
    make_globals(instance);
    status = apply_elements(instance, err);
    if (status == KRAIT_OK)
        status = apply_data(instance, err);
    if (status == KRAIT_OK)
        status = run_start(instance, err);
    return status;
}

krait_status
krait__instance_new(krait_module *module, const krait_instance_options *options,
                    krait_instance **ret_instance, krait_error *err)
{
    krait_instance *instance = krait__calloc(1, sizeof(*instance));
    krait_status status;

    if (instance == NULL)
        return krait__error_nomem(err);
    instance->module = module;
    instance->image = options->image;
    instance->keep_bytes = options->keep_bytes;
    instance->limits = options->limits != NULL ? *options->limits : KRAIT_CALL_LIMITS_NONE;
    if (options->link_count != 0) {
        instance->store = options->links[0].instance->store;
        krait__store_retain(instance->store);
        status = KRAIT_OK;
    } else {
        status = krait__store_new(&instance->store, err);
        if (status == KRAIT_OK)
            instance->store->limit_bytes = options->memory_limit_bytes;
    }
    if (status == KRAIT_OK)
        status = build(instance, options, err);
    if (status != KRAIT_OK) {
        krait__instance_free(instance);
        return status;
    }
    *ret_instance = instance;
    return KRAIT_OK;
}

void
krait__instance_rebind(krait_instance *instance, const void *from, void *to)
{
    for (uint32_t i = 0; i < instance->func_import_total; i++) {
        if (instance->imports[i].host != NULL && instance->imports[i].env == from)
            instance->imports[i].env = to;
    }
}

void
krait__instance_destroy(krait_instance *instance)
{
    krait__free(instance->data_dropped);
    krait__free(instance->elem_dropped);
    krait__free(instance->memories);
    krait__free(instance->tables);
    krait__free(instance->globals);
    krait__free(instance->global_imports);
    krait__free(instance->global_owners);
    krait__free(instance->imports);
    krait__free(instance->funcs);
    krait__free(instance->types);
    krait__written_free(instance->written);
    krait__free(instance);
}

void
krait__instance_free(krait_instance *instance)
{
    krait_store *store;

    if (instance == NULL)
        return;
    store = instance->store;
    krait__thread_close(&instance->own);
    if (store == NULL) {
        krait__instance_destroy(instance);
        return;
    }
    /* Others of the store may reach its functions through a table or a global,
     * even when it failed to instantiate: it goes with the store. */
    krait__store_retire(store, instance);
    krait__store_release(store);
}
