/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that depend on the module: variables, references, tables, bulk
 * memory.  Calls are in emit_call.c.
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

/* Other threads may write to it. */
static bool
is_shared(const krait_emitter *e, uint32_t global)
{
    return e->plan->is_threaded && e->module->globals[global].is_mutable &&
           e->plan->globals[global].place != KRAIT_PLACE_THREAD;
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
    if (is_shared(e, e->insn.index))
        krait__emit_keep(e, &target);
    else
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

/* ---- memory ----------------------------------------------------------------------------- */

static void
emit_memory_size(krait_emitter *e)
{
    krait_target target = krait__emit_begin(e, KRAIT_I32);

    krait__text_fmt(e->out, "(u32)(ctx->memories[%u]->size/KRAIT_PAGE_SIZE);\n", e->insn.index);
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
    krait__text_fmt(e->out, "ctx->runtime->memory_grow(ctx,%u,", e->insn.index);
    write_value(e, &pages);
    write_str(e, ");\n");
    krait__emit_finish(e, &target);
}

/* Statements that take the top values and make none. */
static void
emit_statement(krait_emitter *e, const char *call, uint32_t count)
{
    if (!krait__emit_take(e, count))
        return;
    krait__emit_arguments(e, call, count);
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
        snprintf(call, sizeof(call), "memory_copy(ctx,%u,%u", e->insn.index, e->insn.index2);
        emit_statement(e, call, 3);
        break;
    case KRAIT_OP_MEMORY_FILL:
        snprintf(call, sizeof(call), "memory_fill(ctx,%u", e->insn.index);
        emit_statement(e, call, 3);
        break;
    case KRAIT_OP_MEMORY_INIT:
        snprintf(call, sizeof(call), "ctx->runtime->memory_init(ctx,%u,%u", e->insn.index2,
                 e->insn.index);
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
    if (!krait__emit_take(e, 2))
        return;
    target = krait__emit_begin(e, KRAIT_I32);
    krait__text_fmt(e->out, "ctx->runtime->table_grow(ctx,%u", e->insn.index);
    krait__emit_arguments(e, "", 2);
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
    {KRAIT_OP_CALL, krait__emit_call},
    {KRAIT_OP_CALL_INDIRECT, krait__emit_call_indirect},
    {KRAIT_OP_RETURN_CALL, krait__emit_return_call},
    {KRAIT_OP_RETURN_CALL_INDIRECT, krait__emit_return_call_indirect},
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
