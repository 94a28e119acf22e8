/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator: WebAssembly 2.0 chapter 3 with the algorithm of its appendix
 * "Validation Algorithm".  What it lets through, the emitter relies on.
 */
#ifndef KRAIT_AOT_VALIDATE_H
#define KRAIT_AOT_VALIDATE_H

#include "aot/insn.h"

krait_status krait__wasm_validate(const krait_wasm_module *module, krait_error *err);

/* ---- between the files of the validator ------------------------------------------------ */

typedef struct krait_frame {
    krait_types start;
    krait_types end;
    uint32_t height; /* of the operand stack below the block */
    uint16_t op;
    bool is_unreachable;
} krait_frame;

/* The state for function bodies; its arrays are used again for the next one. */
typedef struct krait_validator {
    const krait_wasm_module *module;
    krait_cursor cursor;
    const krait_insn *insn; /* the one at hand */
    uint8_t *declared;      /* one byte for each function: ref.func may name it */

    krait_wasm_valtype *locals;
    uint32_t local_count;
    size_t local_capacity;
    krait_wasm_valtype *operands;
    uint32_t operand_count;
    size_t operand_capacity;
    krait_frame *frames;
    uint32_t frame_count;
    size_t frame_capacity;
} krait_validator;

/* All of these return false after a failure. */
bool krait__validate_function(krait_validator *v, uint32_t func);
bool krait__validate_special(krait_validator *v);
/* A constant expression of this type, which may name the first `globals` globals. */
bool krait__validate_const(krait_validator *v, const krait_wasm_const *init,
                           krait_wasm_valtype expected, uint32_t globals);
bool krait__validate_fail(krait_validator *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool krait__validate_push(krait_validator *v, krait_wasm_valtype type);
bool krait__validate_push_all(krait_validator *v, krait_types types);
bool krait__validate_pop(krait_validator *v, krait_wasm_valtype expected,
                         krait_wasm_valtype *ret_found);
bool krait__validate_pop_all(krait_validator *v, krait_types types);
bool krait__validate_enter(krait_validator *v, uint16_t op, krait_types start, krait_types end);
bool krait__validate_leave(krait_validator *v, krait_frame *ret_frame);
void krait__validate_unreachable(krait_validator *v);
bool krait__validate_needs_memory(krait_validator *v, uint32_t memory);
bool krait__validate_lanes(krait_validator *v);

#endif /* KRAIT_AOT_VALIDATE_H */
