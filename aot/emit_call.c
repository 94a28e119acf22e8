/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: direct ones, and call_indirect through static tables or through those
 * that the engine has (WebAssembly 2.0 section 4.4.8).
 */
#include "aot/emit.h"

#include <krait/abi.h>

/* What the results of a call are assigned to. */
typedef struct call_results {
    const krait_wasm_type *type;
    krait_target target; /* one result */
    uint32_t id;         /* several: the variable that holds them */
} call_results;

static call_results
begin_call(krait_emitter *e, const krait_wasm_type *type)
{
    call_results results = {.type = type};

    if (type->result_count == 1) {
        results.target = krait__emit_begin(e, type->results[0]);
    } else if (type->result_count > 1) {
        results.id = e->next_temp++;
        krait__emit_result_type(e->out, type);
        krait__text_str(e->out, " t");
        krait__text_u64(e->out, results.id);
        krait__text_str(e->out, "=");
    }
    return results;
}

static void
finish_call(krait_emitter *e, const call_results *results)
{
    krait_value value = {.kind = KRAIT_VALUE_FIELD, .id = results->id};

    krait__text_str(e->out, ";\n");
    if (results->type->result_count == 1)
        krait__emit_finish(e, &results->target);
    if (results->type->result_count < 2)
        return;
    for (value.sub = 0; value.sub < results->type->result_count; value.sub++) {
        value.type = results->type->results[value.sub];
        krait__emit_push(e, &value);
    }
}

void
krait__emit_callee(krait_emitter *e, uint32_t func, bool is_tail)
{
    if (e->is_called[func] == 0)
        e->called[e->called_count++] = func;
    e->is_called[func] |= is_tail ? KRAIT_CALLED_TAIL : KRAIT_CALLED;
    krait__emit_name(e->out, e->plan, func, is_tail);
}

void
krait__emit_call(krait_emitter *e)
{
    uint32_t func = e->insn.index;
    const krait_wasm_type *type = krait__wasm_func_type(e->module, func);
    call_results results;

    if (!krait__emit_take(e, type->param_count))
        return;
    results = begin_call(e, type);
    krait__emit_callee(e, func, false);
    krait__emit_arguments(e, "(ctx", type->param_count);
    finish_call(e, &results);
}

krait_value
krait__emit_pop_held(krait_emitter *e)
{
    krait_value value = krait__emit_pop(e);

    if (value.kind == KRAIT_VALUE_CONST)
        return value;
    krait__emit_copy(e, &value);
    krait__text_str(e->out, "HOLD(");
    krait__emit_value(e, e->out, &value);
    krait__text_str(e->out, ");\n");
    return value;
}

void
krait__emit_window_index(krait_emitter *e, const krait_value *index, const krait_plan_call *call)
{
    krait__emit_value(e, e->out, index);
    if (call->first != 0) {
        krait__text_str(e->out, "-");
        krait__text_u64(e->out, call->first);
        krait__text_str(e->out, "u");
    }
}

void
krait__emit_window_check(krait_emitter *e, const krait_value *index, const krait_plan_call *call)
{
    if (call->count != 0) {
        krait__text_str(e->out, "if(BAD(");
        krait__emit_window_index(e, index, call);
        krait__text_fmt(e->out, ">=%uu))", call->count);
    }
    krait__text_fmt(e->out, "k_slow%u(ctx,", call->table);
    krait__emit_value(e, e->out, index);
    krait__text_str(e->out, ");\n");
}

/* A private table: the code has one table of offsets for each type, or the one
 * function of that type.  What is outside of the window is no function of the
 * type; k_slow finds out why. */
static void
emit_static_call(krait_emitter *e, const krait_plan_call *call, const krait_wasm_type *type)
{
    krait_value index = krait__emit_pop_held(e);
    call_results results;

    if (!krait__emit_take(e, type->param_count))
        return;
    krait__emit_window_check(e, &index, call);
    if (call->count == 0) {
        uint32_t i;

        /* It never comes back; the values are for the text that follows. */
        for (i = 0; i < type->result_count; i++)
            krait__emit_push_const(e, type->results[i], 0);
        return;
    }
    results = begin_call(e, type);
    if (call->count == 1) {
        krait__emit_callee(e, e->plan->tables[call->table].items[call->first], false);
        krait__emit_arguments(e, "(ctx", type->param_count);
    } else {
        krait__text_fmt(e->out, "((fn%u)((const char*)T%u_%u+T%u_%u[", call->type, call->table,
                        call->type, call->table, call->type);
        krait__emit_window_index(e, &index, call);
        krait__emit_arguments(e, "]))(ctx", type->param_count);
    }
    finish_call(e, &results);
}

static void
emit_dynamic_call(krait_emitter *e, uint32_t table, const krait_wasm_type *type)
{
    krait_value index = krait__emit_pop(e);
    uint32_t entry = e->next_temp++;
    call_results results;

    if (!krait__emit_take(e, type->param_count))
        return;
    krait__text_fmt(e->out, "const krait_func*t%u=table_entry(ctx,%u,%u,", entry, table,
                    type->canonical);
    krait__emit_value(e, e->out, &index);
    krait__text_str(e->out, ");\n");
    results = begin_call(e, type);
    krait__text_fmt(e->out, "((fn%u)t%u->code)", type->canonical, entry);
    krait__text_fmt(e->out, "(krait_ctx_enter(ctx,t%u->instance)", entry);
    krait__emit_arguments(e, "", type->param_count);
    finish_call(e, &results);
}

void
krait__emit_call_indirect(krait_emitter *e)
{
    const krait_wasm_type *type = &e->module->types[e->insn.index];
    uint32_t table = e->insn.index2;

    if (e->plan->tables[table].is_private)
        emit_static_call(e, krait__plan_find_call(e->plan, table, type->canonical), type);
    else
        emit_dynamic_call(e, table, type);
}
