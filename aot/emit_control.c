/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks and branches as labels and goto.
 *
 * Every label has an id; L<id> is its place (the start of a loop, the end of
 * anything else), E<id> the place of an else, b<id>_<n> the variables that
 * carry values to it.  All variables of a function are in one scope and are
 * declared where they are first needed; C lets goto jump over declarations.
 */
#include "aot/emit.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <assert.h>
#include <string.h>

static krait_types
label_types(const krait_label *label)
{
    return label->op == KRAIT_OP_LOOP ? label->start : label->end;
}

static krait_label *
top_label(krait_emitter *e)
{
    assert(e->label_count != 0);
    return &e->labels[e->label_count - 1];
}

static void
write_place(krait_emitter *e, char letter, uint32_t id, const char *after)
{
    krait__text_add(e->out, &letter, 1);
    krait__text_u64(e->out, id);
    krait__text_str(e->out, after);
}

static void
declare_vars(krait_emitter *e, krait_label *label)
{
    krait_types types = label_types(label);
    uint32_t i;

    if (label->has_vars)
        return;
    label->has_vars = true;
    for (i = 0; i < types.count; i++) {
        krait__text_str(e->out, krait__emit_c_type(types.types[i]));
        krait__text_str(e->out, " ");
        write_place(e, 'b', label->id, "_");
        krait__text_u64(e->out, i);
        krait__text_str(e->out, ";\n");
    }
}

/* ---- branches --------------------------------------------------------------------------- */

/* The top `count` values, which stay on the stack. */
static krait_value *
top_values(krait_emitter *e, uint32_t count)
{
    assert(e->value_count >= count || e->no_memory);
    return e->value_count > count ? e->values + (e->value_count - count) : e->values;
}

/* Makes the values fit to be written more than once, and, when several go to a
 * label's variables, independent of those variables. */
static void
prepare_values(krait_emitter *e, krait_value *values, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (count > 1 && values[i].kind == KRAIT_VALUE_LABEL) {
            krait__emit_copy(e, &values[i]);
        } else {
            krait__emit_settle(e, &values[i]);
        }
    }
}

static void
write_return(krait_emitter *e, const krait_value *values)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, e->func);
    uint32_t i;

    if (type->result_count == 0) {
        krait__text_str(e->out, "return;");
        return;
    }
    krait__text_str(e->out, "return ");
    if (type->result_count > 1)
        krait__text_fmt(e->out, "(r%u){", type->canonical);
    for (i = 0; i < type->result_count; i++) {
        if (i != 0)
            krait__text_str(e->out, ",");
        krait__emit_value(e, e->out, &values[i]);
    }
    krait__text_str(e->out, type->result_count > 1 ? "};" : ";");
}

static void
assign_vars(krait_emitter *e, const krait_label *label, const krait_value *values)
{
    krait_types types = label_types(label);
    uint32_t i;

    for (i = 0; i < types.count; i++) {
        write_place(e, 'b', label->id, "_");
        krait__text_u64(e->out, i);
        krait__text_str(e->out, "=");
        krait__emit_value(e, e->out, &values[i]);
        krait__text_str(e->out, ";");
    }
}

/* The statements of a taken branch; its variables must be declared. */
static void
write_branch(krait_emitter *e, krait_label *label, const krait_value *values)
{
    if (label == e->labels) {
        write_return(e, values);
        return;
    }
    assign_vars(e, label, values);
    krait__text_str(e->out, "goto ");
    write_place(e, 'L', label->id, ";");
    label->is_used = true;
}

void
krait__emit_end_reachable(krait_emitter *e)
{
    e->is_reachable = false;
    e->value_count = top_label(e)->height;
    if (e->settled > e->value_count)
        e->settled = e->value_count;
}

static void
branch(krait_emitter *e, krait_label *label)
{
    uint32_t count = label_types(label).count;
    krait_value *values = top_values(e, count);

    if (count > 1)
        prepare_values(e, values, count);
    if (label != e->labels)
        declare_vars(e, label);
    write_branch(e, label, values);
    krait__text_str(e->out, "\n");
    krait__emit_end_reachable(e);
}

static krait_label *
label_at(krait_emitter *e, uint32_t depth)
{
    assert(depth < e->label_count);
    return &e->labels[e->label_count - 1 - depth];
}

static void
emit_br_if(krait_emitter *e)
{
    krait_value condition = krait__emit_pop(e);
    krait_label *label = label_at(e, e->insn.index);
    uint32_t count = label_types(label).count;
    krait_value *values = top_values(e, count);

    prepare_values(e, values, count);
    if (label != e->labels)
        declare_vars(e, label);
    krait__text_str(e->out, "if(");
    krait__emit_value(e, e->out, &condition);
    krait__text_str(e->out, count != 0 && label != e->labels ? "){" : ")");
    write_branch(e, label, values);
    krait__text_str(e->out, count != 0 && label != e->labels ? "}\n" : "\n");
    krait__meter_begin(e);
}

/* One "case N:" for each entry that does not go where the default goes. */
static void
write_cases(krait_emitter *e, const krait_value *values)
{
    krait_cursor list = e->cursor;
    uint32_t pending = UINT32_MAX; /* depth that the cases before lead to */
    uint32_t i;

    list.at = e->insn.list_at;
    for (i = 0; i < e->insn.count; i++) {
        uint32_t depth = krait__cursor_u32(&list);

        if (depth == e->insn.index)
            continue;
        if (pending != UINT32_MAX && pending != depth) {
            write_branch(e, label_at(e, pending), values);
            krait__text_str(e->out, "\n");
        }
        pending = depth;
        krait__text_str(e->out, "case ");
        krait__text_u64(e->out, i);
        krait__text_str(e->out, ":");
    }
    if (pending != UINT32_MAX) {
        write_branch(e, label_at(e, pending), values);
        krait__text_str(e->out, "\n");
    }
}

static void
emit_br_table(krait_emitter *e)
{
    /* A switch is a check and a jump through a table. */
    krait_value index = krait__emit_pop_held(e);
    krait_label *otherwise = label_at(e, e->insn.index);
    uint32_t count = label_types(otherwise).count;
    krait_value *values = top_values(e, count);
    krait_cursor list = e->cursor;
    uint32_t i;

    prepare_values(e, values, count);
    list.at = e->insn.list_at;
    for (i = 0; i <= e->insn.count; i++) {
        krait_label *label = label_at(e,
                                      i < e->insn.count ? krait__cursor_u32(&list) : e->insn.index);

        if (label != e->labels)
            declare_vars(e, label);
    }
    krait__text_str(e->out, "switch(");
    krait__emit_value(e, e->out, &index);
    krait__text_str(e->out, "){\n");
    write_cases(e, values);
    krait__text_str(e->out, "default:");
    write_branch(e, otherwise, values);
    krait__text_str(e->out, "}\n");
    krait__emit_end_reachable(e);
}

/* ---- blocks ----------------------------------------------------------------------------- */

static void
find_types(const krait_emitter *e, krait_label *label)
{
    static const krait_wasm_valtype types[] = {KRAIT_I32,     KRAIT_I64,       KRAIT_F32, KRAIT_F64,
                                               KRAIT_FUNCREF, KRAIT_EXTERNREF, KRAIT_V128};
    uint32_t i = 0;

    if (e->insn.block_kind == KRAIT_BLOCK_VALUE) {
        while (types[i] != e->insn.block_value)
            i++;
        label->end = (krait_types){&types[i], 1};
    }
    if (e->insn.block_kind == KRAIT_BLOCK_TYPE) {
        const krait_wasm_type *type = &e->module->types[e->insn.index];

        label->start = (krait_types){type->params, type->param_count};
        label->end = (krait_types){type->results, type->result_count};
    }
}

static krait_label *
enter(krait_emitter *e)
{
    krait_label label = {.op = e->insn.op, .id = e->next_label++};

    find_types(e, &label);
    krait__emit_spill_all(e);
    label.height = (uint32_t)(e->value_count - label.start.count);
    if (krait__grow(&e->labels, e->label_count, &e->label_capacity, sizeof(*e->labels), SIZE_MAX) !=
        0) {
        e->no_memory = true;
        return top_label(e);
    }
    e->labels[e->label_count++] = label;
    return top_label(e);
}

static void
emit_loop(krait_emitter *e)
{
    krait_label *label = enter(e);
    krait_value *values = top_values(e, label->start.count);
    uint32_t i;

    declare_vars(e, label);
    assign_vars(e, label, values);
    for (i = 0; i < label->start.count; i++) {
        values[i].kind = KRAIT_VALUE_LABEL;
        values[i].id = label->id;
        values[i].sub = i;
        values[i].local_count = 0;
    }
    label->text_at = e->out->size;
    write_place(e, 'L', label->id, ":;\n");
    krait__meter_begin(e);
}

static void
emit_if(krait_emitter *e)
{
    krait_value condition = krait__emit_pop(e);
    krait_label *label = enter(e);
    krait_value *values = top_values(e, label->start.count);
    uint32_t i;

    prepare_values(e, values, label->start.count);
    label->saved_at = (uint32_t)e->saved_count;
    for (i = 0; i < label->start.count; i++) {
        if (krait__grow(&e->saved, e->saved_count, &e->saved_capacity, sizeof(*e->saved),
                        SIZE_MAX) != 0) {
            e->no_memory = true;
            return;
        }
        e->saved[e->saved_count++] = values[i];
    }
    krait__text_str(e->out, "if(!");
    krait__emit_value(e, e->out, &condition);
    krait__text_str(e->out, ")goto ");
    write_place(e, 'E', label->id, ";\n");
    krait__meter_begin(e);
}

static void
truncate_values(krait_emitter *e, uint32_t height)
{
    e->value_count = height;
    if (e->settled > height)
        e->settled = height;
}

/* Values that fall out of an arm of a block go to its variables. */
static void
carry_results(krait_emitter *e, krait_label *label)
{
    uint32_t count = label->end.count;
    krait_value *values = top_values(e, count);

    if (count > 1)
        prepare_values(e, values, count);
    declare_vars(e, label);
    assign_vars(e, label, values);
    if (count != 0)
        krait__text_str(e->out, "\n");
}

/* Begins the else arm: with the parameters that the if had. */
static void
emit_else(krait_emitter *e)
{
    krait_label *label = top_label(e);
    uint32_t i;

    if (e->is_reachable) {
        carry_results(e, label);
        krait__text_str(e->out, "goto ");
        write_place(e, 'L', label->id, ";\n");
        label->is_used = true;
    }
    write_place(e, 'E', label->id, ":;\n");
    krait__meter_begin(e);
    truncate_values(e, label->height);
    for (i = 0; i < label->start.count; i++)
        krait__emit_push(e, &e->saved[label->saved_at + i]);
    label->op = KRAIT_OP_ELSE;
    e->is_reachable = true;
}

/* A loop's label that nothing jumps to is blanked. */
static void
end_loop(krait_emitter *e, const krait_label *label)
{
    size_t at = label->text_at;

    for (; !label->is_used && at < e->out->size && e->out->data[at] != '\n'; at++)
        e->out->data[at] = ' ';
}

static void
end_block(krait_emitter *e, krait_label *label)
{
    uint32_t i;

    if (!label->is_used)
        return;
    if (e->is_reachable)
        carry_results(e, label);
    write_place(e, 'L', label->id, ":;\n");
    krait__meter_begin(e);
    truncate_values(e, label->height);
    for (i = 0; i < label->end.count; i++)
        krait__emit_push_label(e, label, i, label->end.types[i]);
    e->is_reachable = true;
}

static void
emit_end(krait_emitter *e)
{
    krait_label *label = top_label(e);

    if (label == e->labels) {
        if (e->is_reachable) {
            write_return(e, top_values(e, label->end.count));
            krait__text_str(e->out, "\n");
        }
        e->label_count = 0;
        return;
    }
    /* An if without else that carries nothing: both places are here. */
    if (label->op == KRAIT_OP_IF && label->end.count == 0) {
        write_place(e, 'E', label->id, ":;\n");
        krait__meter_begin(e);
        /* What an arm leaves behind that ends in a jump is gone. */
        truncate_values(e, label->height);
        e->is_reachable = true;
    } else if (label->op == KRAIT_OP_IF) {
        emit_else(e);
    }
    if (label->op == KRAIT_OP_LOOP)
        end_loop(e, label);
    else
        end_block(e, label);
    if (!e->is_reachable)
        truncate_values(e, label->height);
    e->saved_count = label->op == KRAIT_OP_ELSE || label->op == KRAIT_OP_IF ? label->saved_at
                                                                            : e->saved_count;
    e->label_count--;
}

bool
krait__emit_control(krait_emitter *e)
{
    switch (e->insn.op) {
    case KRAIT_OP_BLOCK:
        (void)enter(e);
        return true;
    case KRAIT_OP_LOOP:
        emit_loop(e);
        return true;
    case KRAIT_OP_IF:
        emit_if(e);
        return true;
    case KRAIT_OP_ELSE:
        emit_else(e);
        return true;
    case KRAIT_OP_END:
        emit_end(e);
        return true;
    case KRAIT_OP_BR:
        branch(e, label_at(e, e->insn.index));
        return true;
    case KRAIT_OP_RETURN:
        branch(e, e->labels);
        return true;
    case KRAIT_OP_BR_IF:
        emit_br_if(e);
        return true;
    case KRAIT_OP_BR_TABLE:
        emit_br_table(e);
        return true;
    case KRAIT_OP_UNREACHABLE:
        krait__text_str(e->out, "k_trap(ctx,KRAIT_TRAP_UNREACHABLE);\n");
        krait__emit_end_reachable(e);
        return true;
    default:
        return false;
    }
}
