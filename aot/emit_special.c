/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that depend on the module: variables, calls, references,
 * tables, bulk memory.
 */
#include "aot/emit.h"

#include <krait/abi.h>

#include <assert.h>
#include <stdio.h>

static void
write_str(krait_emitter *e, const char *text)
{
    krait__text_str(e->out, text);
}

static void
write_u64(krait_emitter *e, uint64_t number)
{
    krait__text_u64(e->out, number);
}

static void
write_value(krait_emitter *e, const krait_value *value)
{
    krait__emit_value(e, e->out, value);
}

/* "NAME(ctx,PREFIX,a,b,c)" with the top `count` values, which are popped. */
static void
write_call(krait_emitter *e, const char *name, uint32_t count)
{
    uint32_t i;

    write_str(e, name);
    for (i = 0; i < count; i++) {
        write_str(e, ",");
        write_value(e, &e->values[e->value_count + i]);
    }
    write_str(e, ")");
}

/* Takes `count` values off the stack; they stay readable at value_count until
 * the next push. */
static bool
take_values(krait_emitter *e, uint32_t count)
{
    assert(e->value_count >= count || e->no_memory);
    if (e->value_count < count)
        return false;
    e->value_count -= count;
    if (e->settled > e->value_count)
        e->settled = e->value_count;
    return true;
}

/* ---- variables and parametric ----------------------------------------------------------- */

static void
emit_local_set(krait_emitter *e)
{
    krait_value value = krait__emit_pop(e);
    uint32_t local = e->insn.index;

    if (value.kind != KRAIT_VALUE_LOCAL || value.id != local) {
        krait__emit_spill_local(e, local);
        write_str(e, "l");
        write_u64(e, local);
        write_str(e, "=");
        write_value(e, &value);
        write_str(e, ";\n");
    }
    if (e->insn.op == KRAIT_OP_LOCAL_TEE)
        krait__emit_push_local(e, local);
}

static void
write_global(krait_emitter *e, uint32_t index)
{
    const krait_plan_global *global = &e->plan->globals[index];

    switch (global->place) {
    case KRAIT_PLACE_THREAD:
        write_str(e, "ctx->thread_globals[");
        write_u64(e, global->slot);
        write_str(e, "].i32");
        return;
    case KRAIT_PLACE_IMPORT:
        write_str(e, "ctx->global_imports[");
        write_u64(e, global->slot);
        write_str(e, "]->");
        break;
    default:
        write_str(e, "ctx->globals[");
        write_u64(e, global->slot);
        write_str(e, "].");
    }
    write_str(e, krait__emit_cell(e->module->globals[index].type));
}

static void
emit_global_get(krait_emitter *e)
{
    const krait_wasm_global *global = &e->module->globals[e->insn.index];
    krait_target target;

    if (e->plan->globals[e->insn.index].place == KRAIT_PLACE_LITERAL) {
        krait__emit_push_const(e, global->type, global->init.value);
        return;
    }
    target = krait__emit_begin(e, global->type);
    write_global(e, e->insn.index);
    write_str(e, ";\n");
    krait__emit_finish(e, &target);
}

static void
emit_global_set(krait_emitter *e)
{
    krait_value value = krait__emit_pop(e);

    write_global(e, e->insn.index);
    write_str(e, e->module->globals[e->insn.index].type == KRAIT_EXTERNREF ? "=(void*)" : "=");
    write_value(e, &value);
    write_str(e, ";\n");
}

static void
emit_select(krait_emitter *e)
{
    krait_value operands[3];

    operands[2] = krait__emit_pop(e);
    operands[1] = krait__emit_pop(e);
    operands[0] = krait__emit_pop(e);
    krait__emit_push_template(e, "($2?$0:$1)", operands, operands[0].type);
}

/* ---- calls ------------------------------------------------------------------------------ */

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
        write_str(e, " t");
        write_u64(e, results.id);
        write_str(e, "=");
    }
    return results;
}

static void
finish_call(krait_emitter *e, const call_results *results)
{
    krait_value value = {.kind = KRAIT_VALUE_FIELD, .id = results->id};

    write_str(e, ";\n");
    if (results->type->result_count == 1)
        krait__emit_finish(e, &results->target);
    if (results->type->result_count < 2)
        return;
    for (value.sub = 0; value.sub < results->type->result_count; value.sub++) {
        value.type = results->type->results[value.sub];
        krait__emit_push(e, &value);
    }
}

/* The name of a function that this part must declare. */
static void
write_callee(krait_emitter *e, uint32_t func)
{
    if (!e->is_called[func]) {
        e->is_called[func] = 1;
        e->called[e->called_count++] = func;
    }
    write_str(e, krait__plan_name(e->plan, func));
}

static void
emit_call(krait_emitter *e)
{
    uint32_t func = e->insn.index;
    const krait_wasm_type *type = krait__wasm_func_type(e->module, func);
    call_results results;

    if (!take_values(e, type->param_count))
        return;
    results = begin_call(e, type);
    write_callee(e, func);
    write_call(e, "(ctx", type->param_count);
    finish_call(e, &results);
}

/* The index is used more than once. */
static krait_value
pop_index(krait_emitter *e)
{
    krait_value index = krait__emit_pop(e);

    krait__emit_settle(e, &index);
    return index;
}

/* "t5" or "t5-3u": the place of an index in a window. */
static void
write_window_index(krait_emitter *e, const krait_value *index, const krait_plan_call *call)
{
    write_value(e, index);
    if (call->first != 0) {
        write_str(e, "-");
        write_u64(e, call->first);
        write_str(e, "u");
    }
}

/* A private table: the code has one table of offsets for each type, or the one
 * function of that type.  What is outside of the window is no function of the
 * type; k_slow finds out why. */
static void
emit_static_call(krait_emitter *e, const krait_plan_call *call, const krait_wasm_type *type)
{
    krait_value index = pop_index(e);
    call_results results;

    if (!take_values(e, type->param_count))
        return;
    if (call->count != 0) {
        write_str(e, "if(BAD(");
        write_window_index(e, &index, call);
        krait__text_fmt(e->out, ">=%uu))", call->count);
    }
    krait__text_fmt(e->out, "k_slow%u(ctx,", call->table);
    write_value(e, &index);
    write_str(e, ");\n");
    if (call->count == 0) {
        uint32_t i;

        /* It never comes back; the values are for the text that follows. */
        for (i = 0; i < type->result_count; i++)
            krait__emit_push_const(e, type->results[i], 0);
        return;
    }
    results = begin_call(e, type);
    if (call->count == 1) {
        write_callee(e, e->plan->tables[call->table].items[call->first]);
        write_call(e, "(ctx", type->param_count);
    } else {
        krait__text_fmt(e->out, "((fn%u)((const char*)T%u_%u+T%u_%u[", call->type, call->table,
                        call->type, call->table, call->type);
        write_window_index(e, &index, call);
        write_call(e, "]))(ctx", type->param_count);
    }
    finish_call(e, &results);
}

static void
emit_dynamic_call(krait_emitter *e, uint32_t table, const krait_wasm_type *type)
{
    krait_value index = krait__emit_pop(e);
    uint32_t entry = e->next_temp++;
    call_results results;

    if (!take_values(e, type->param_count))
        return;
    krait__text_fmt(e->out, "const krait_table_entry*t%u=table_entry(ctx,%u,%u,", entry, table,
                    type->canonical);
    write_value(e, &index);
    write_str(e, ");\n");
    results = begin_call(e, type);
    krait__text_fmt(e->out, "((fn%u)t%u->code)", type->canonical, entry);
    krait__text_fmt(e->out, "(krait_ctx_enter(ctx,t%u->instance)", entry);
    write_call(e, "", type->param_count);
    finish_call(e, &results);
}

static void
emit_call_indirect(krait_emitter *e)
{
    const krait_wasm_type *type = &e->module->types[e->insn.index];
    uint32_t table = e->insn.index2;

    if (e->plan->tables[table].is_private)
        emit_static_call(e, krait__plan_find_call(e->plan, table, type->canonical), type);
    else
        emit_dynamic_call(e, table, type);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void
emit_memory_size(krait_emitter *e)
{
    krait_target target = krait__emit_begin(e, KRAIT_I32);

    write_str(e, "(u32)(ctx->memories[0]->size/KRAIT_PAGE_SIZE);\n");
    krait__emit_finish(e, &target);
}

static void
emit_memory_grow(krait_emitter *e)
{
    krait_value pages;
    krait_target target;

    krait__meter_bulk(e, "METER_PAGES");
    pages = krait__emit_pop(e);
    target = krait__emit_begin(e, KRAIT_I32);
    write_str(e, "ctx->runtime->memory_grow(ctx,0,");
    write_value(e, &pages);
    write_str(e, ");\n");
    krait__emit_finish(e, &target);
}

/* Statements that take the top values and make none. */
static void
emit_statement(krait_emitter *e, const char *call, uint32_t count)
{
    if (!take_values(e, count))
        return;
    write_call(e, call, count);
    write_str(e, ";\n");
}

static void
emit_memory_bulk(krait_emitter *e)
{
    char call[80];

    if (e->insn.op != KRAIT_OP_DATA_DROP)
        krait__meter_bulk(e, "METER_BYTES");
    switch (e->insn.op) {
    case KRAIT_OP_MEMORY_COPY:
        emit_statement(e, "memory_copy(ctx", 3);
        break;
    case KRAIT_OP_MEMORY_FILL:
        emit_statement(e, "memory_fill(ctx", 3);
        break;
    case KRAIT_OP_MEMORY_INIT:
        snprintf(call, sizeof(call), "ctx->runtime->memory_init(ctx,0,%u", e->insn.index);
        emit_statement(e, call, 3);
        break;
    default:
        snprintf(call, sizeof(call), "ctx->runtime->data_drop(ctx,%u", e->insn.index);
        emit_statement(e, call, 0);
    }
}

/* ---- references and tables -------------------------------------------------------------- */

static void
emit_ref_is_null(krait_emitter *e)
{
    krait_value operand = krait__emit_pop(e);

    krait__emit_push_template(e, "(u32)($0==0)", &operand, KRAIT_I32);
}

static void
emit_ref_func(krait_emitter *e)
{
    char text[64];

    snprintf(text, sizeof(text), "(ref)&ctx->funcs[%u]", e->plan->func_slot[e->insn.index]);
    krait__emit_push_template(e, text, NULL, KRAIT_FUNCREF);
}

static void
emit_table_get(krait_emitter *e)
{
    krait_value index = krait__emit_pop(e);
    krait_target target = krait__emit_begin(e, e->module->tables[e->insn.index].type);

    krait__text_fmt(e->out, "ctx->runtime->table_get(ctx,%u,", e->insn.index);
    write_value(e, &index);
    write_str(e, ");\n");
    krait__emit_finish(e, &target);
}

static void
emit_table_grow(krait_emitter *e)
{
    krait_target target;

    krait__meter_bulk(e, "METER_GROWTH");
    if (!take_values(e, 2))
        return;
    target = krait__emit_begin(e, KRAIT_I32);
    krait__text_fmt(e->out, "ctx->runtime->table_grow(ctx,%u", e->insn.index);
    write_call(e, "", 2);
    write_str(e, ";\n");
    krait__emit_finish(e, &target);
}

static void
emit_table_size(krait_emitter *e)
{
    krait_target target;

    if (e->plan->tables[e->insn.index].is_private) {
        krait__emit_push_const(e, KRAIT_I32, e->plan->tables[e->insn.index].size);
        return;
    }
    target = krait__emit_begin(e, KRAIT_I32);
    krait__text_fmt(e->out, "ctx->tables[%u]->size;\n", e->insn.index);
    krait__emit_finish(e, &target);
}

static void
emit_table_bulk(krait_emitter *e)
{
    uint32_t first = e->insn.index;
    uint32_t second = e->insn.index2;
    char call[96];

    if (e->insn.op != KRAIT_OP_TABLE_SET && e->insn.op != KRAIT_OP_ELEM_DROP)
        krait__meter_bulk(e, "METER_ENTRIES");
    switch (e->insn.op) {
    case KRAIT_OP_TABLE_SET:
        snprintf(call, sizeof(call), "ctx->runtime->table_set(ctx,%u", first);
        emit_statement(e, call, 2);
        break;
    case KRAIT_OP_TABLE_FILL:
        snprintf(call, sizeof(call), "ctx->runtime->table_fill(ctx,%u", first);
        emit_statement(e, call, 3);
        break;
    case KRAIT_OP_TABLE_COPY:
        snprintf(call, sizeof(call), "ctx->runtime->table_copy(ctx,%u,%u", first, second);
        emit_statement(e, call, 3);
        break;
    case KRAIT_OP_TABLE_INIT:
        snprintf(call, sizeof(call), "ctx->runtime->table_init(ctx,%u,%u", second,
                 e->plan->elem_slot[first]);
        emit_statement(e, call, 3);
        break;
    default:
        snprintf(call, sizeof(call), "ctx->runtime->elem_drop(ctx,%u", e->plan->elem_slot[first]);
        emit_statement(e, call, 0);
    }
}

/* ---- dispatch --------------------------------------------------------------------------- */

static void
emit_local_get(krait_emitter *e)
{
    krait__emit_push_local(e, e->insn.index);
}

static void
emit_const(krait_emitter *e)
{
    krait__emit_push_const(e, (krait_wasm_valtype)(KRAIT_I32 - (e->insn.op - KRAIT_OP_I32_CONST)),
                           e->insn.value);
}

static void
emit_ref_null(krait_emitter *e)
{
    krait__emit_push_const(e, (krait_wasm_valtype)e->insn.value, 0);
}

static void
emit_drop(krait_emitter *e)
{
    (void)krait__emit_pop(e);
}

static const struct {
    uint16_t op;
    void (*emit)(krait_emitter *e);
} emitters[] = {
    {KRAIT_OP_LOCAL_GET, emit_local_get},
    {KRAIT_OP_LOCAL_SET, emit_local_set},
    {KRAIT_OP_LOCAL_TEE, emit_local_set},
    {KRAIT_OP_I32_CONST, emit_const},
    {KRAIT_OP_I64_CONST, emit_const},
    {KRAIT_OP_F32_CONST, emit_const},
    {KRAIT_OP_F64_CONST, emit_const},
    {KRAIT_OP_CALL, emit_call},
    {KRAIT_OP_CALL_INDIRECT, emit_call_indirect},
    {KRAIT_OP_GLOBAL_GET, emit_global_get},
    {KRAIT_OP_GLOBAL_SET, emit_global_set},
    {KRAIT_OP_DROP, emit_drop},
    {KRAIT_OP_SELECT, emit_select},
    {KRAIT_OP_SELECT_T, emit_select},
    {KRAIT_OP_MEMORY_SIZE, emit_memory_size},
    {KRAIT_OP_MEMORY_GROW, emit_memory_grow},
    {KRAIT_OP_MEMORY_COPY, emit_memory_bulk},
    {KRAIT_OP_MEMORY_FILL, emit_memory_bulk},
    {KRAIT_OP_MEMORY_INIT, emit_memory_bulk},
    {KRAIT_OP_DATA_DROP, emit_memory_bulk},
    {KRAIT_OP_REF_NULL, emit_ref_null},
    {KRAIT_OP_REF_IS_NULL, emit_ref_is_null},
    {KRAIT_OP_REF_FUNC, emit_ref_func},
    {KRAIT_OP_TABLE_GET, emit_table_get},
    {KRAIT_OP_TABLE_GROW, emit_table_grow},
    {KRAIT_OP_TABLE_SIZE, emit_table_size},
    {KRAIT_OP_TABLE_SET, emit_table_bulk},
    {KRAIT_OP_TABLE_FILL, emit_table_bulk},
    {KRAIT_OP_TABLE_COPY, emit_table_bulk},
    {KRAIT_OP_TABLE_INIT, emit_table_bulk},
    {KRAIT_OP_ELEM_DROP, emit_table_bulk},
};

void
krait__emit_special(krait_emitter *e)
{
    size_t i;

    for (i = 0; i < sizeof(emitters) / sizeof(emitters[0]); i++) {
        if (emitters[i].op == e->insn.op) {
            emitters[i].emit(e);
            return;
        }
    }
    /* Only nop is left. */
    assert(e->insn.op == KRAIT_OP_NOP);
}
