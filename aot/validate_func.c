/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Function bodies: the operand and control stacks of the specification's
 * appendix, local declarations, and the instructions whose type is fixed.
 * Operand type 0 is "unknown", what unreachable code pops from nowhere.
 */
#include "aot/limits.h"
#include "aot/validate.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
krait__validate_fail(krait_validator *v, const char *fmt, ...)
{
    char text[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return krait__cursor_fail_at(&v->cursor, v->insn->offset, KRAIT_EFORMAT, "%s: %s",
                                 v->insn->info->name, text);
}

bool
krait__validate_push(krait_validator *v, krait_wasm_valtype type)
{
    if (krait__grow(&v->operands, v->operand_count, &v->operand_capacity, sizeof(*v->operands),
                    KRAIT_WASM_MAX_OPERANDS) != 0)
        return krait__cursor_fail_at(&v->cursor, v->insn->offset, KRAIT_ELIMIT,
                                     "more than %u operands on the stack are not supported",
                                     KRAIT_WASM_MAX_OPERANDS);
    v->operands[v->operand_count++] = type;
    return true;
}

bool
krait__validate_push_all(krait_validator *v, krait_types types)
{
    uint32_t i;

    for (i = 0; i < types.count; i++) {
        if (!krait__validate_push(v, types.types[i]))
            return false;
    }
    return true;
}

bool
krait__validate_pop(krait_validator *v, krait_wasm_valtype expected, krait_wasm_valtype *ret_found)
{
    const krait_frame *frame = &v->frames[v->frame_count - 1];
    krait_wasm_valtype found = 0;

    assert(v->operand_count >= frame->height);
    if (v->operand_count == frame->height) {
        if (!frame->is_unreachable)
            return krait__validate_fail(v, "type mismatch: expected %s, found nothing",
                                        expected != 0 ? krait__wasm_type_name(expected)
                                                      : "a value");
    } else {
        found = v->operands[--v->operand_count];
    }
    if (found != expected && found != 0 && expected != 0)
        return krait__validate_fail(v, "type mismatch: expected %s, found %s",
                                    krait__wasm_type_name(expected), krait__wasm_type_name(found));
    if (ret_found != NULL)
        *ret_found = found;
    return true;
}

bool
krait__validate_pop_all(krait_validator *v, krait_types types)
{
    uint32_t i;

    for (i = types.count; i > 0; i--) {
        if (!krait__validate_pop(v, types.types[i - 1], NULL))
            return false;
    }
    return true;
}

bool
krait__validate_enter(krait_validator *v, uint16_t op, krait_types start, krait_types end)
{
    krait_frame *frame;

    if (krait__grow(&v->frames, v->frame_count, &v->frame_capacity, sizeof(*v->frames),
                    KRAIT_WASM_MAX_BODY_BYTES) != 0)
        return krait__cursor_fail_at(&v->cursor, v->insn->offset, KRAIT_ENOMEM, "out of memory");
    frame = &v->frames[v->frame_count++];
    frame->start = start;
    frame->end = end;
    frame->height = v->operand_count;
    frame->op = op;
    frame->is_unreachable = false;
    return krait__validate_push_all(v, start);
}

bool
krait__validate_leave(krait_validator *v, krait_frame *ret_frame)
{
    krait_frame *frame = &v->frames[v->frame_count - 1];

    if (!krait__validate_pop_all(v, frame->end))
        return false;
    if (v->operand_count != frame->height)
        return krait__validate_fail(v, "type mismatch: %u values are left on the stack",
                                    v->operand_count - frame->height);
    *ret_frame = *frame;
    v->frame_count--;
    return true;
}

void
krait__validate_unreachable(krait_validator *v)
{
    krait_frame *frame = &v->frames[v->frame_count - 1];

    v->operand_count = frame->height;
    frame->is_unreachable = true;
}

bool
krait__validate_needs_memory(krait_validator *v, uint32_t memory)
{
    if (memory >= v->module->memory_count)
        return krait__validate_fail(v, "unknown memory %u", memory);
    return true;
}

/* ---- instructions of fixed type --------------------------------------------------------- */

static bool
check_memarg(krait_validator *v)
{
    if (!krait__validate_needs_memory(v, v->insn->index2))
        return false;
    if (v->insn->index > v->insn->info->align)
        return krait__validate_fail(v, "alignment must not be larger than natural");
    if (krait__op_is_atomic(v->insn->op) && v->insn->index != v->insn->info->align)
        return krait__validate_fail(v, "atomic alignment must be natural");
    return true;
}

static bool
check_immediates(krait_validator *v)
{
    switch (v->insn->info->imm) {
    case KRAIT_IMM_MEMARG:
        return check_memarg(v);
    case KRAIT_IMM_MEMARG_LANE:
        return check_memarg(v) && krait__validate_lanes(v);
    case KRAIT_IMM_LANE:
    case KRAIT_IMM_SHUFFLE:
        return krait__validate_lanes(v);
    case KRAIT_IMM_MEMORY:
        return krait__validate_needs_memory(v, v->insn->index);
    case KRAIT_IMM_MEMORY2:
        return krait__validate_needs_memory(v, v->insn->index) &&
               krait__validate_needs_memory(v, v->insn->index2);
    case KRAIT_IMM_DATA_MEMORY:
        return krait__validate_needs_memory(v, v->insn->index2);
    default:
        return true;
    }
}

/* Pops and pushes what the signature "ii>i" says. */
static bool
apply_signature(krait_validator *v)
{
    const char *signature = v->insn->info->signature;
    const char *arrow = strchr(signature, '>');
    const char *at;

    assert(arrow != NULL);
    for (at = arrow; at > signature; at--) {
        if (!krait__validate_pop(v, krait__valtype_of_letter(at[-1]), NULL))
            return false;
    }
    for (at = arrow + 1; *at != '\0'; at++) {
        if (!krait__validate_push(v, krait__valtype_of_letter(*at)))
            return false;
    }
    return true;
}

static bool
check_instruction(krait_validator *v)
{
    if (!check_immediates(v))
        return false;
    if (v->insn->info->kind == KRAIT_OP_SPECIAL && !krait__validate_special(v))
        return false;
    return v->insn->info->signature == NULL || apply_signature(v);
}

/* ---- bodies ----------------------------------------------------------------------------- */

static bool
add_locals(krait_validator *v, size_t offset, uint64_t count, krait_wasm_valtype type)
{
    if (count > KRAIT_WASM_MAX_LOCALS - v->local_count)
        return krait__cursor_fail_at(
            &v->cursor, offset, v->local_count + count > UINT32_MAX ? KRAIT_EFORMAT : KRAIT_ELIMIT,
            "too many locals: more than %u are not supported", KRAIT_WASM_MAX_LOCALS);
    for (; count != 0; count--) {
        if (krait__grow(&v->locals, v->local_count, &v->local_capacity, sizeof(*v->locals),
                        KRAIT_WASM_MAX_LOCALS) != 0)
            return krait__cursor_fail_at(&v->cursor, offset, KRAIT_ENOMEM, "out of memory");
        v->locals[v->local_count++] = type;
    }
    return true;
}

static bool
read_locals(krait_validator *v, const krait_wasm_type *type)
{
    krait_cursor *cursor = &v->cursor;
    uint32_t groups;
    uint32_t i;

    v->local_count = 0;
    for (i = 0; i < type->param_count; i++) {
        if (!add_locals(v, cursor->at, 1, type->params[i]))
            return false;
    }
    groups = krait__cursor_count(cursor, UINT32_MAX, 2, "groups of locals");
    for (i = 0; i < groups && !cursor->failed; i++) {
        size_t offset = cursor->at;
        uint32_t count = krait__cursor_u32(cursor);
        krait_wasm_valtype local = krait__valtype_read(cursor, "value type");

        if (!cursor->failed)
            (void)add_locals(v, offset, count, local);
    }
    return !cursor->failed;
}

bool
krait__validate_function(krait_validator *v, uint32_t func)
{
    const krait_wasm_func *body = &v->module->funcs[func];
    const krait_wasm_type *type = krait__wasm_func_type(v->module, func);
    krait_insn insn;
    bool ok;

    memset(&insn, 0, sizeof(insn));
    v->cursor.func = func;
    v->cursor.at = body->offset;
    v->cursor.end = body->offset + body->size;
    v->insn = &insn;
    v->operand_count = 0;
    v->frame_count = 0;
    ok = read_locals(v, type) &&
         krait__validate_enter(v, KRAIT_OP_BLOCK, (krait_types){NULL, 0},
                               (krait_types){type->results, type->result_count});
    while (ok && v->frame_count != 0)
        ok = krait__insn_read(&v->cursor, &insn) && check_instruction(v);
    if (ok && v->cursor.at != v->cursor.end)
        ok = krait__cursor_fail_at(&v->cursor, v->cursor.at, KRAIT_EFORMAT,
                                   "the body goes on after its end");
    v->cursor.func = UINT32_MAX;
    v->insn = NULL;
    return ok;
}
