/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of constant expressions: WebAssembly 3.0 section 4.6.6.  The translator
 * has checked their types and depth.
 */
#include "engine/internal.h"

#include <string.h>

static krait_cell
simple_value(const krait_instance *instance, const krait_const_desc *constant)
{
    krait_cell value;

    if (constant->kind == KRAIT_CONST_GLOBAL)
        /* A context is only written through pointers that callers own. */
        return *krait__global_cell((krait_instance *)(uintptr_t)instance, constant->value.i32);
    if (constant->kind != KRAIT_CONST_FUNC)
        return constant->value;
    memset(&value, 0, sizeof(value));
    value.func = &instance->funcs[constant->value.i32];
    return value;
}

/* `a` becomes what the step makes of `a` and `b`; cells hold zeroes above an i32. */
static void
apply(const krait_const_desc *step, krait_cell *a, const krait_cell *b)
{
    switch (step->kind) {
    case KRAIT_CONST_I32_ADD:
        a->i32 += b->i32;
        break;
    case KRAIT_CONST_I32_SUB:
        a->i32 -= b->i32;
        break;
    case KRAIT_CONST_I32_MUL:
        a->i32 *= b->i32;
        break;
    case KRAIT_CONST_I64_ADD:
        a->i64 += b->i64;
        break;
    case KRAIT_CONST_I64_SUB:
        a->i64 -= b->i64;
        break;
    default:
        a->i64 *= b->i64;
        break;
    }
}

krait_cell
krait__const_value(const krait_instance *instance, const krait_const_desc *constant)
{
    const krait_const_desc *step;
    krait_cell stack[KRAIT_CONST_DEPTH];
    uint32_t count = 0;

    if (constant->kind != KRAIT_CONST_STEPS)
        return simple_value(instance, constant);
    for (step = constant->value.ext; step->kind != KRAIT_CONST_END; step++) {
        if (step->kind >= KRAIT_CONST_I32_ADD) {
            count--;
            apply(step, &stack[count - 1], &stack[count]);
        } else {
            stack[count++] = simple_value(instance, step);
        }
    }
    return stack[0];
}
