/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's frame: globals, segments, and which functions are reached from
 * outside.  Looking through the code is in plan_scan.c, names in plan_names.c.
 */
#include "aot/plan.h"
#include "aot/insn.h"
#include "base/alloc.h"
#include "base/error.h"

#include <krait/abi.h>

#include <string.h>

static bool
name_is(krait_wasm_name name, const char *text)
{
    return name.size == strlen(text) && memcmp(name.text, text, name.size) == 0;
}

/* Globals that every guest thread has for itself, by the names that LLVM gives them. */
static bool
is_thread_global(const krait_wasm_global *global)
{
    return global->type == KRAIT_I32 && global->is_mutable && !global->is_imported &&
           (name_is(global->name, "__stack_pointer") || name_is(global->name, "__tls_base"));
}

static void
place_globals(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t threads = 0;
    uint32_t i;

    for (i = 0; i < module->global_count; i++) {
        const krait_wasm_global *global = &module->globals[i];
        krait_plan_global *to = &plan->globals[i];

        if (global->is_imported) {
            to->place = KRAIT_PLACE_IMPORT;
            to->slot = i;
        } else if (!global->is_mutable && global->init.op >= KRAIT_OP_I32_CONST &&
                   global->init.op <= KRAIT_OP_F64_CONST) {
            to->place = KRAIT_PLACE_LITERAL;
            to->slot = plan->global_slots++;
        } else if (is_thread_global(global) && threads < KRAIT_THREAD_GLOBALS) {
            to->place = KRAIT_PLACE_THREAD;
            to->slot = threads++;
        } else {
            to->place = KRAIT_PLACE_SLOT;
            to->slot = plan->global_slots++;
        }
    }
}

static void
reach_const(krait_plan *plan, const krait_wasm_const *init)
{
    if (init->op == KRAIT_OP_REF_FUNC)
        plan->func_slot[init->value] = 0;
}

/* Marks what exports, the start function, globals and segments can reach;
 * krait__plan_scan has marked what ref.func in code names. */
static void
reach_from_sections(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == KRAIT_KIND_FUNC)
            plan->func_slot[module->exports[i].index] = 0;
    }
    if (module->has_start)
        plan->func_slot[module->start] = 0;
    for (i = module->imported_globals; i < module->global_count; i++)
        reach_const(plan, &module->globals[i].init);
    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];

        if (elem->mode == KRAIT_WASM_ACTIVE && plan->tables[elem->table].is_private)
            continue;
        for (j = 0; j < elem->count; j++)
            reach_const(plan, &module->items[elem->first + j]);
    }
}

static void
number_slots(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = 0; i < module->func_count; i++) {
        if (plan->func_slot[i] == KRAIT_PLAN_NONE)
            continue;
        plan->func_slot[i] = plan->slot_count;
        plan->slots[plan->slot_count++] = i;
        plan->type_needs[module->types[module->funcs[i].type].canonical] |= KRAIT_NEED_INVOKE |
                                                                            KRAIT_NEED_POINTER;
    }
}

/* Segments of private tables are in the static tables; the description has a
 * place for them only when the code names them. */
static void
number_segments(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];
        bool is_static = elem->mode == KRAIT_WASM_ACTIVE && plan->tables[elem->table].is_private;

        plan->elem_slot[i] = KRAIT_PLAN_NONE;
        if (!is_static || plan->elem_used[i])
            plan->elem_slot[i] = plan->elem_count++;
    }
    for (i = 0; i < module->data_count; i++) {
        plan->data_at[i] = plan->data_size;
        plan->data_size += module->datas[i].size;
    }
}

static void
need_results(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = 0; i < module->func_count; i++) {
        const krait_wasm_type *type = krait__wasm_func_type(module, i);

        if (type->result_count > 1)
            plan->type_needs[type->canonical] |= KRAIT_NEED_RESULT;
        if (i < module->imported_funcs)
            plan->type_needs[type->canonical] |= KRAIT_NEED_POINTER;
    }
    for (i = 0; i < module->type_count; i++) {
        if ((plan->type_needs[i] & KRAIT_NEED_POINTER) != 0 && module->types[i].result_count > 1)
            plan->type_needs[i] |= KRAIT_NEED_RESULT;
    }
}

static bool
allocate(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    plan->name_at = krait__calloc(module->func_count, sizeof(*plan->name_at));
    plan->func_slot = krait__calloc(module->func_count, sizeof(*plan->func_slot));
    plan->slots = krait__calloc(module->func_count, sizeof(*plan->slots));
    plan->type_needs = krait__calloc(module->type_count, 1);
    plan->tails = krait__calloc(module->func_count, 1);
    plan->weights = krait__calloc(module->func_count, sizeof(*plan->weights));
    plan->tables = krait__calloc(module->table_count, sizeof(*plan->tables));
    plan->globals = krait__calloc(module->global_count, sizeof(*plan->globals));
    plan->elem_slot = krait__calloc(module->elem_count, sizeof(*plan->elem_slot));
    plan->elem_used = krait__calloc(module->elem_count, 1);
    plan->data_at = krait__calloc(module->data_count, sizeof(*plan->data_at));
    if (plan->name_at == NULL || plan->func_slot == NULL || plan->slots == NULL ||
        plan->type_needs == NULL || plan->tails == NULL || plan->weights == NULL ||
        plan->tables == NULL || plan->globals == NULL || plan->elem_slot == NULL ||
        plan->elem_used == NULL || plan->data_at == NULL)
        return false;
    for (i = 0; i < module->func_count; i++)
        plan->func_slot[i] = KRAIT_PLAN_NONE;
    return true;
}

static bool
all_shared(const krait_wasm_module *module)
{
    uint32_t i;

    for (i = 0; i < module->memory_count; i++) {
        if (!module->memories[i].limits.is_shared)
            return false;
    }
    return true;
}

krait_status
krait__plan_make(const krait_wasm_module *module, krait_plan *ret_plan, krait_error *err)
{
    krait_plan plan;

    memset(&plan, 0, sizeof(plan));
    plan.module = module;
    plan.is_threaded = all_shared(module);
    if (!allocate(&plan) || !krait__plan_names(&plan) || !krait__plan_scan(&plan) ||
        !krait__plan_tables(&plan)) {
        krait__plan_release(&plan);
        return krait__error_nomem(err);
    }
    place_globals(&plan);
    reach_from_sections(&plan);
    number_slots(&plan);
    number_segments(&plan);
    krait__plan_tails(&plan);
    need_results(&plan);
    *ret_plan = plan;
    return KRAIT_OK;
}

void
krait__plan_release(krait_plan *plan)
{
    uint32_t i;

    for (i = 0; plan->tables != NULL && i < plan->module->table_count; i++)
        krait__free(plan->tables[i].items);
    krait__free(plan->names);
    krait__free(plan->name_at);
    krait__free(plan->func_slot);
    krait__free(plan->slots);
    krait__free(plan->type_needs);
    krait__free(plan->tails);
    krait__free(plan->weights);
    krait__free(plan->first);
    krait__free(plan->tables);
    krait__free(plan->calls);
    krait__free(plan->globals);
    krait__free(plan->elem_slot);
    krait__free(plan->elem_used);
    krait__free(plan->data_at);
    memset(plan, 0, sizeof(*plan));
}
