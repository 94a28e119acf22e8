/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant expressions (WebAssembly 3.0 section 3.4.10): constants, references,
 * immutable globals that come before, and i32 and i64 add, sub and mul.
 */
#include "aot/limits.h"
#include "aot/validate.h"

#include <krait/abi.h>

#include <string.h>

typedef struct const_stack {
    krait_wasm_valtype types[KRAIT_WASM_MAX_CONST_DEPTH];
    uint32_t count;
    uint32_t globals; /* that are in scope */
} const_stack;

static bool
fail_at(krait_validator *v, size_t offset, const char *text)
{
    return krait__cursor_fail_at(&v->cursor, offset, KRAIT_EFORMAT, "%s", text);
}

static bool
global_type(krait_validator *v, const const_stack *stack, uint64_t index, size_t offset,
            krait_wasm_valtype *ret)
{
    if (index >= stack->globals)
        return krait__cursor_fail_at(&v->cursor, offset, KRAIT_EFORMAT, "unknown global %llu",
                                     (unsigned long long)index);
    if (v->module->globals[index].is_mutable)
        return fail_at(v, offset, "constant expression required, found a mutable global");
    *ret = v->module->globals[index].type;
    return true;
}

static bool
func_type(krait_validator *v, uint64_t index, size_t offset, krait_wasm_valtype *ret)
{
    if (index >= v->module->func_count)
        return krait__cursor_fail_at(&v->cursor, offset, KRAIT_EFORMAT, "unknown function %llu",
                                     (unsigned long long)index);
    v->declared[index] = 1;
    *ret = KRAIT_FUNCREF;
    return true;
}

/* Takes two operands of the type that the instruction gives. */
static bool
take_operands(krait_validator *v, const_stack *stack, size_t offset, krait_wasm_valtype type)
{
    if (stack->count < 2)
        return fail_at(v, offset,
                       "type mismatch: an operand of the constant expression is missing");
    if (stack->types[stack->count - 1] != type || stack->types[stack->count - 2] != type)
        return krait__cursor_fail_at(&v->cursor, offset, KRAIT_EFORMAT,
                                     "type mismatch: expected %s operands",
                                     krait__wasm_type_name(type));
    stack->count -= 2;
    return true;
}

/* One instruction; `value` is its constant or index. */
static bool
apply(krait_validator *v, const_stack *stack, uint16_t op, uint64_t value, size_t offset)
{
    krait_wasm_valtype type = 0;
    bool ok = true;

    switch (op) {
    case KRAIT_OP_I32_CONST:
    case KRAIT_OP_I64_CONST:
    case KRAIT_OP_F32_CONST:
    case KRAIT_OP_F64_CONST:
        type = (krait_wasm_valtype)(KRAIT_I32 - (op - KRAIT_OP_I32_CONST));
        break;
    case KRAIT_OP_V128_CONST:
        type = KRAIT_V128;
        break;
    case KRAIT_OP_REF_NULL:
        type = (krait_wasm_valtype)value;
        break;
    case KRAIT_OP_REF_FUNC:
        ok = func_type(v, value, offset, &type);
        break;
    case KRAIT_OP_GLOBAL_GET:
        ok = global_type(v, stack, value, offset, &type);
        break;
    default:
        type = op < KRAIT_OP_I64_ADD ? KRAIT_I32 : KRAIT_I64;
        ok = take_operands(v, stack, offset, type);
        break;
    }
    if (!ok)
        return false;
    if (stack->count == KRAIT_WASM_MAX_CONST_DEPTH)
        return krait__cursor_fail_at(&v->cursor, offset, KRAIT_ELIMIT,
                                     "more than %u operands in a constant expression are not "
                                     "supported",
                                     (unsigned)KRAIT_WASM_MAX_CONST_DEPTH);
    stack->types[stack->count++] = type;
    return true;
}

static bool
apply_all(krait_validator *v, const_stack *stack, const krait_wasm_const *init)
{
    krait_cursor cursor = v->cursor;
    krait_insn insn;

    if (init->op == KRAIT_OP_END)
        return true;
    if (init->op != KRAIT_OP_EXTENDED)
        return apply(v, stack, init->op, init->value, init->offset);
    memset(&insn, 0, sizeof(insn));
    cursor.at = init->offset;
    while (krait__insn_read(&cursor, &insn) && insn.op != KRAIT_OP_END) {
        uint64_t value = insn.info->imm == KRAIT_IMM_INDEX ? insn.index : insn.value;

        if (!apply(v, stack, insn.op, value, insn.offset))
            return false;
    }
    return true;
}

bool
krait__validate_const(krait_validator *v, const krait_wasm_const *init, krait_wasm_valtype expected,
                      uint32_t globals)
{
    const_stack stack;

    stack.count = 0;
    stack.globals = globals;
    if (!apply_all(v, &stack, init))
        return false;
    if (stack.count == 0)
        return fail_at(v, init->offset, "type mismatch: the constant expression is empty");
    if (stack.count != 1)
        return krait__cursor_fail_at(&v->cursor, init->offset, KRAIT_EFORMAT,
                                     "type mismatch: the constant expression gives %u values",
                                     stack.count);
    if (stack.types[0] != expected)
        return krait__cursor_fail_at(
            &v->cursor, init->offset, KRAIT_EFORMAT, "type mismatch: expected %s, found %s",
            krait__wasm_type_name(expected), krait__wasm_type_name(stack.types[0]));
    return true;
}
