/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of the instructions whose type depends on the module or on the
 * operands: control, variables, references, tables, segments (WebAssembly 2.0
 * sections 3.3.2, 3.3.4 to 3.3.8).  Signatures that are fixed are applied by
 * the caller afterwards.
 */
#include "aot/validate.h"

#include <krait/abi.h>

#include <string.h>

static const krait_wasm_valtype no_types[1] = {0};

static krait_types
label_types(const krait_frame *frame)
{
    return frame->op == KRAIT_OP_LOOP ? frame->start : frame->end;
}

static const krait_frame *
find_label(krait_validator *v, uint32_t depth)
{
    if (depth >= v->frame_count) {
        (void)krait__validate_fail(v, "unknown label %u", depth);
        return NULL;
    }
    return &v->frames[v->frame_count - 1 - depth];
}

/* ---- control ---------------------------------------------------------------------------- */

/* Single value types need an array that lives on: one for each. */
static krait_types
single_type(krait_wasm_valtype type)
{
    static const krait_wasm_valtype singles[] = {
        KRAIT_I32, KRAIT_I64, KRAIT_F32, KRAIT_F64, KRAIT_FUNCREF, KRAIT_EXTERNREF, KRAIT_V128};
    uint32_t i = 0;

    while (singles[i] != type)
        i++;
    return (krait_types){&singles[i], 1};
}

static bool
block_types(krait_validator *v, krait_types *ret_start, krait_types *ret_end)
{
    const krait_wasm_type *type;

    *ret_start = *ret_end = (krait_types){no_types, 0};
    if (v->insn->block_kind == KRAIT_BLOCK_VALUE)
        *ret_end = single_type(v->insn->block_value);
    if (v->insn->block_kind != KRAIT_BLOCK_TYPE)
        return true;
    if (v->insn->index >= v->module->type_count)
        return krait__validate_fail(v, "unknown type %u", v->insn->index);
    type = &v->module->types[v->insn->index];
    *ret_start = (krait_types){type->params, type->param_count};
    *ret_end = (krait_types){type->results, type->result_count};
    return true;
}

static bool
check_block(krait_validator *v)
{
    krait_types start;
    krait_types end;

    if (!block_types(v, &start, &end))
        return false;
    if (v->insn->op == KRAIT_OP_IF && !krait__validate_pop(v, KRAIT_I32, NULL))
        return false;
    return krait__validate_pop_all(v, start) && krait__validate_enter(v, v->insn->op, start, end);
}

static bool
check_else(krait_validator *v)
{
    krait_frame frame;

    if (v->frames[v->frame_count - 1].op != KRAIT_OP_IF)
        return krait__validate_fail(v, "there is no if that it belongs to");
    return krait__validate_leave(v, &frame) &&
           krait__validate_enter(v, KRAIT_OP_ELSE, frame.start, frame.end);
}

static bool
check_end(krait_validator *v)
{
    krait_frame frame;

    if (!krait__validate_leave(v, &frame))
        return false;
    /* An if without else passes its parameters on. */
    if (frame.op == KRAIT_OP_IF) {
        bool same = frame.start.count == frame.end.count;
        uint32_t i;

        for (i = 0; same && i < frame.start.count; i++)
            same = frame.start.types[i] == frame.end.types[i];
        if (!same)
            return krait__validate_fail(v, "type mismatch: an if without else must give back "
                                           "what it takes");
    }
    return v->frame_count == 0 || krait__validate_push_all(v, frame.end);
}

static bool
check_br(krait_validator *v)
{
    const krait_frame *frame = find_label(v, v->insn->index);

    if (frame == NULL || !krait__validate_pop_all(v, label_types(frame)))
        return false;
    krait__validate_unreachable(v);
    return true;
}

static bool
check_br_if(krait_validator *v)
{
    const krait_frame *frame = find_label(v, v->insn->index);

    return frame != NULL && krait__validate_pop(v, KRAIT_I32, NULL) &&
           krait__validate_pop_all(v, label_types(frame)) &&
           krait__validate_push_all(v, label_types(frame));
}

/* The operands must fit the label; they stay as they are (unknown ones too). */
static bool
check_target(krait_validator *v, uint32_t depth, uint32_t arity)
{
    const krait_frame *frame = find_label(v, depth);
    const krait_frame *current = &v->frames[v->frame_count - 1];
    krait_types types;
    uint32_t i;

    if (frame == NULL)
        return false;
    types = label_types(frame);
    if (types.count != arity)
        return krait__validate_fail(v, "type mismatch: label %u takes %u values, not %u", depth,
                                    types.count, arity);
    for (i = 0; i < arity; i++) {
        uint32_t available = v->operand_count - current->height;
        krait_wasm_valtype expected = types.types[arity - 1 - i];
        krait_wasm_valtype found = 0;

        if (i < available)
            found = v->operands[v->operand_count - 1 - i];
        else if (current->is_unreachable)
            break;
        else
            return krait__validate_fail(v, "type mismatch: expected %s, found nothing",
                                        krait__wasm_type_name(expected));
        if (found != 0 && found != expected)
            return krait__validate_fail(v, "type mismatch: expected %s, found %s",
                                        krait__wasm_type_name(expected),
                                        krait__wasm_type_name(found));
    }
    return true;
}

/* Labels that take the same as the default, which is checked already. */
static bool
is_same_target(krait_validator *v, uint32_t depth, krait_types wanted)
{
    krait_types types;

    if (depth >= v->frame_count)
        return false;
    types = label_types(&v->frames[v->frame_count - 1 - depth]);
    return types.count == wanted.count &&
           (types.types == wanted.types || memcmp(types.types, wanted.types, types.count) == 0);
}

static bool
check_br_table(krait_validator *v)
{
    krait_cursor list = v->cursor;
    const krait_frame *frame;
    krait_types wanted;
    uint32_t i;

    frame = find_label(v, v->insn->index);
    if (frame == NULL || !krait__validate_pop(v, KRAIT_I32, NULL))
        return false;
    wanted = label_types(frame);
    if (!check_target(v, v->insn->index, wanted.count))
        return false;
    list.at = v->insn->list_at;
    for (i = 0; i < v->insn->count; i++) {
        uint32_t depth = krait__cursor_u32(&list);

        if (!is_same_target(v, depth, wanted) && !check_target(v, depth, wanted.count))
            return false;
    }
    if (!krait__validate_pop_all(v, wanted))
        return false;
    krait__validate_unreachable(v);
    return true;
}

static bool
check_unreachable(krait_validator *v)
{
    krait__validate_unreachable(v);
    return true;
}

static bool
check_return(krait_validator *v)
{
    if (!krait__validate_pop_all(v, v->frames[0].end))
        return false;
    krait__validate_unreachable(v);
    return true;
}

static bool
check_call_type(krait_validator *v, const krait_wasm_type *type)
{
    return krait__validate_pop_all(v, (krait_types){type->params, type->param_count}) &&
           krait__validate_push_all(v, (krait_types){type->results, type->result_count});
}

/* A tail call gives what the function gives. */
static bool
check_tail_type(krait_validator *v, const krait_wasm_type *type)
{
    krait_types results = v->frames[0].end;

    if (type->result_count != results.count ||
        memcmp(type->results, results.types, results.count) != 0)
        return krait__validate_fail(v, "type mismatch: the results are not those of the function");
    if (!krait__validate_pop_all(v, (krait_types){type->params, type->param_count}))
        return false;
    krait__validate_unreachable(v);
    return true;
}

static bool
check_call(krait_validator *v)
{
    const krait_wasm_type *type;

    if (v->insn->index >= v->module->func_count)
        return krait__validate_fail(v, "unknown function %u", v->insn->index);
    type = krait__wasm_func_type(v->module, v->insn->index);
    return v->insn->op == KRAIT_OP_CALL ? check_call_type(v, type) : check_tail_type(v, type);
}

static bool
check_call_indirect(krait_validator *v)
{
    const krait_wasm_type *type;

    if (v->insn->index2 >= v->module->table_count)
        return krait__validate_fail(v, "unknown table %u", v->insn->index2);
    if (v->module->tables[v->insn->index2].type != KRAIT_FUNCREF)
        return krait__validate_fail(v, "type mismatch: table %u holds no functions",
                                    v->insn->index2);
    if (v->insn->index >= v->module->type_count)
        return krait__validate_fail(v, "unknown type %u", v->insn->index);
    type = &v->module->types[v->insn->index];
    return krait__validate_pop(v, KRAIT_I32, NULL) &&
           (v->insn->op == KRAIT_OP_CALL_INDIRECT ? check_call_type(v, type)
                                                  : check_tail_type(v, type));
}

/* ---- parametric and variables ----------------------------------------------------------- */

static bool
check_drop(krait_validator *v)
{
    return krait__validate_pop(v, 0, NULL);
}

static bool
check_select(krait_validator *v)
{
    krait_wasm_valtype first = 0;
    krait_wasm_valtype second = 0;

    if (!krait__validate_pop(v, KRAIT_I32, NULL) || !krait__validate_pop(v, 0, &first) ||
        !krait__validate_pop(v, 0, &second))
        return false;
    if (krait__wasm_is_reference(first) || krait__wasm_is_reference(second))
        return krait__validate_fail(v, "type mismatch: references need a select with type");
    if (first != second && first != 0 && second != 0)
        return krait__validate_fail(v, "type mismatch: the operands are %s and %s",
                                    krait__wasm_type_name(second), krait__wasm_type_name(first));
    return krait__validate_push(v, first != 0 ? first : second);
}

static bool
check_select_t(krait_validator *v)
{
    krait_wasm_valtype type;

    if (v->insn->count != 1)
        return krait__validate_fail(v, "invalid result arity");
    type = v->cursor.data[v->insn->list_at];
    return krait__validate_pop(v, KRAIT_I32, NULL) && krait__validate_pop(v, type, NULL) &&
           krait__validate_pop(v, type, NULL) && krait__validate_push(v, type);
}

static bool
check_local(krait_validator *v)
{
    krait_wasm_valtype type;

    if (v->insn->index >= v->local_count)
        return krait__validate_fail(v, "unknown local %u", v->insn->index);
    type = v->locals[v->insn->index];
    if (v->insn->op != KRAIT_OP_LOCAL_GET && !krait__validate_pop(v, type, NULL))
        return false;
    return v->insn->op == KRAIT_OP_LOCAL_SET || krait__validate_push(v, type);
}

static bool
check_global(krait_validator *v)
{
    const krait_wasm_global *global;

    if (v->insn->index >= v->module->global_count)
        return krait__validate_fail(v, "unknown global %u", v->insn->index);
    global = &v->module->globals[v->insn->index];
    if (v->insn->op == KRAIT_OP_GLOBAL_GET)
        return krait__validate_push(v, global->type);
    if (!global->is_mutable)
        return krait__validate_fail(v, "global %u is immutable", v->insn->index);
    return krait__validate_pop(v, global->type, NULL);
}

/* ---- references, tables, segments ------------------------------------------------------- */

static bool
check_ref_null(krait_validator *v)
{
    return krait__validate_push(v, (krait_wasm_valtype)v->insn->value);
}

static bool
check_ref_is_null(krait_validator *v)
{
    krait_wasm_valtype type = 0;

    if (!krait__validate_pop(v, 0, &type))
        return false;
    if (type != 0 && !krait__wasm_is_reference(type))
        return krait__validate_fail(v, "type mismatch: expected a reference, found %s",
                                    krait__wasm_type_name(type));
    return krait__validate_push(v, KRAIT_I32);
}

static bool
check_ref_func(krait_validator *v)
{
    if (v->insn->index >= v->module->func_count)
        return krait__validate_fail(v, "unknown function %u", v->insn->index);
    if (!v->declared[v->insn->index])
        return krait__validate_fail(v, "undeclared function reference %u", v->insn->index);
    return krait__validate_push(v, KRAIT_FUNCREF);
}

static bool
needs_table(krait_validator *v, uint32_t table)
{
    if (table >= v->module->table_count)
        return krait__validate_fail(v, "unknown table %u", table);
    return true;
}

static bool
needs_elem(krait_validator *v, uint32_t elem)
{
    if (elem >= v->module->elem_count)
        return krait__validate_fail(v, "unknown elem segment %u", elem);
    return true;
}

static bool
check_table_access(krait_validator *v)
{
    krait_wasm_valtype type;
    uint32_t table = v->insn->index;

    if (!needs_table(v, table))
        return false;
    type = v->module->tables[table].type;
    switch (v->insn->op) {
    case KRAIT_OP_TABLE_GET:
        return krait__validate_pop(v, KRAIT_I32, NULL) && krait__validate_push(v, type);
    case KRAIT_OP_TABLE_SET:
        return krait__validate_pop(v, type, NULL) && krait__validate_pop(v, KRAIT_I32, NULL);
    case KRAIT_OP_TABLE_GROW:
        return krait__validate_pop(v, KRAIT_I32, NULL) && krait__validate_pop(v, type, NULL) &&
               krait__validate_push(v, KRAIT_I32);
    case KRAIT_OP_TABLE_FILL:
        return krait__validate_pop(v, KRAIT_I32, NULL) && krait__validate_pop(v, type, NULL) &&
               krait__validate_pop(v, KRAIT_I32, NULL);
    default: /* table.size */
        return true;
    }
}

static bool
check_table_copy(krait_validator *v)
{
    if (!needs_table(v, v->insn->index) || !needs_table(v, v->insn->index2))
        return false;
    if (v->module->tables[v->insn->index].type != v->module->tables[v->insn->index2].type)
        return krait__validate_fail(v, "type mismatch: tables %u and %u differ", v->insn->index,
                                    v->insn->index2);
    return true;
}

static bool
check_table_init(krait_validator *v)
{
    if (!needs_elem(v, v->insn->index) || !needs_table(v, v->insn->index2))
        return false;
    if (v->module->elems[v->insn->index].type != v->module->tables[v->insn->index2].type)
        return krait__validate_fail(v, "type mismatch: segment %u does not fit table %u",
                                    v->insn->index, v->insn->index2);
    return true;
}

static bool
check_elem_drop(krait_validator *v)
{
    return needs_elem(v, v->insn->index);
}

static bool
check_data_segment(krait_validator *v)
{
    if (!v->module->has_data_count)
        return krait__validate_fail(v, "data count section required");
    if (v->insn->index >= v->module->declared_data_count)
        return krait__validate_fail(v, "unknown data segment %u", v->insn->index);
    return true;
}

static const struct {
    uint16_t op;
    bool (*check)(krait_validator *v);
} checks[] = {
    {KRAIT_OP_LOCAL_GET, check_local},
    {KRAIT_OP_LOCAL_SET, check_local},
    {KRAIT_OP_LOCAL_TEE, check_local},
    {KRAIT_OP_CALL, check_call},
    {KRAIT_OP_END, check_end},
    {KRAIT_OP_BLOCK, check_block},
    {KRAIT_OP_LOOP, check_block},
    {KRAIT_OP_IF, check_block},
    {KRAIT_OP_ELSE, check_else},
    {KRAIT_OP_BR, check_br},
    {KRAIT_OP_BR_IF, check_br_if},
    {KRAIT_OP_BR_TABLE, check_br_table},
    {KRAIT_OP_RETURN, check_return},
    {KRAIT_OP_UNREACHABLE, check_unreachable},
    {KRAIT_OP_CALL_INDIRECT, check_call_indirect},
    {KRAIT_OP_RETURN_CALL, check_call},
    {KRAIT_OP_RETURN_CALL_INDIRECT, check_call_indirect},
    {KRAIT_OP_DROP, check_drop},
    {KRAIT_OP_SELECT, check_select},
    {KRAIT_OP_SELECT_T, check_select_t},
    {KRAIT_OP_GLOBAL_GET, check_global},
    {KRAIT_OP_GLOBAL_SET, check_global},
    {KRAIT_OP_TABLE_GET, check_table_access},
    {KRAIT_OP_TABLE_SET, check_table_access},
    {KRAIT_OP_TABLE_GROW, check_table_access},
    {KRAIT_OP_TABLE_FILL, check_table_access},
    {KRAIT_OP_TABLE_SIZE, check_table_access},
    {KRAIT_OP_TABLE_COPY, check_table_copy},
    {KRAIT_OP_TABLE_INIT, check_table_init},
    {KRAIT_OP_ELEM_DROP, check_elem_drop},
    {KRAIT_OP_MEMORY_INIT, check_data_segment},
    {KRAIT_OP_DATA_DROP, check_data_segment},
    {KRAIT_OP_REF_NULL, check_ref_null},
    {KRAIT_OP_REF_IS_NULL, check_ref_is_null},
    {KRAIT_OP_REF_FUNC, check_ref_func},
};

bool
krait__validate_special(krait_validator *v)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (checks[i].op == v->insn->op)
            return checks[i].check(v);
    }
    /* The rest has a fixed signature: nop, constants, memory.size and so on. */
    return true;
}
