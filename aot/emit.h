/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emitter: a valid module and its plan to C.
 *
 * WebAssembly's operand stack exists only here.  An entry is a constant, a
 * variable, or the text of a pure expression that has not been written yet;
 * text goes out when its value is needed, at the latest before a local in it
 * changes or a block begins.  What can trap or reads state is written at once
 * into a variable, so effects stay in order.  Control flow is labels and goto:
 * one flat scope, however deep the blocks nest.
 */
#ifndef KRAIT_AOT_EMIT_H
#define KRAIT_AOT_EMIT_H

#include "aot/insn.h"
#include "aot/limits.h"
#include "aot/plan.h"

typedef enum krait_value_kind {
    KRAIT_VALUE_CONST, /* bits */
    KRAIT_VALUE_LOCAL, /* l<id> */
    KRAIT_VALUE_TEMP,  /* t<id> */
    KRAIT_VALUE_FIELD, /* t<id>.a<sub>: one of several results */
    KRAIT_VALUE_LABEL, /* b<id>_<sub>: what a branch brings */
    KRAIT_VALUE_TEXT   /* a pure expression in emitter.exprs */
} krait_value_kind;

/* Locals that a text reads, so many; KRAIT_VALUE_MANY: any. */
#define KRAIT_VALUE_LOCALS 3
#define KRAIT_VALUE_MANY   255

typedef struct krait_value {
    uint64_t bits;
    uint64_t high; /* upper half of a constant v128 */
    size_t text_at;
    uint32_t text_size;
    uint32_t id;
    uint32_t sub;
    uint32_t locals[KRAIT_VALUE_LOCALS];
    uint8_t local_count;
    krait_wasm_valtype type;
    uint8_t kind;
} krait_value;

typedef struct krait_label {
    krait_types start;
    krait_types end;
    uint32_t id;
    uint32_t height;   /* of the operand stack below the block */
    uint32_t saved_at; /* if: first of its parameters in emitter.saved */
    size_t text_at;    /* loop: where its label was written */
    uint16_t op;       /* block, loop, if, or else */
    bool is_used;      /* a goto names it */
    bool has_vars;     /* the variables that carry values to it are declared */
} krait_label;

typedef struct krait_emitter {
    const krait_plan *plan;
    const krait_wasm_module *module;
    krait_text *out;
    krait_text exprs;
    bool no_memory;

    krait_cursor cursor;
    krait_insn insn;
    uint32_t func;
    uint32_t next_temp;
    uint32_t next_label;
    bool is_reachable;
    uint32_t skipped;                          /* blocks entered while unreachable */
    bool uses_memory[KRAIT_WASM_MAX_MEMORIES]; /* the function needs a copy of its base */

    krait_wasm_valtype *locals;
    size_t local_count;
    size_t local_capacity;
    krait_value *values;
    size_t value_count;
    size_t value_capacity;
    size_t settled; /* entries below this read no locals */
    krait_label *labels;
    size_t label_count;
    size_t label_capacity;
    krait_value *saved;
    size_t saved_count;
    size_t saved_capacity;

    size_t meter_at; /* where the statement of the open basic block is in `out` */
    uint64_t meter_cost;
    bool meter_open;

    uint8_t *is_called; /* of each function: KRAIT_CALLED... */
    uint32_t *called;   /* those functions */
    uint32_t called_count;
} krait_emitter;

/* What a statement that makes one value assigns to. */
typedef struct krait_target {
    bool is_local;
    bool is_kept; /* the value goes on the stack, too */
    uint32_t id;
    krait_wasm_valtype type;
} krait_target;

/* ---- a function ------------------------------------------------------------------------- */

/* False when memory ran out; it is released in any case. */
bool krait__emitter_init(krait_emitter *e, const krait_plan *plan);
void krait__emitter_release(krait_emitter *e);

/* Writes one function; what fails is in out, exprs and no_memory. */
void krait__emit_function(krait_emitter *e, uint32_t func);

/* Handlers of the instructions that have no template. */
void krait__emit_special(krait_emitter *e);
void krait__emit_atomic(krait_emitter *e);
void krait__emit_call(krait_emitter *e);
void krait__emit_call_indirect(krait_emitter *e);
bool krait__emit_control(krait_emitter *e); /* false: not a control instruction */
void krait__emit_simd(krait_emitter *e);

/* "L4(MEMORY,BASE,OFFSETu" of the instruction at hand; `access` is a macro of the prelude. */
void krait__emit_address(krait_emitter *e, const char *access, const krait_value *base);

/* "KEEP(x);" for what may change at any time and has been assigned. */
void krait__emit_keep(krait_emitter *e, const krait_target *target);

/* "USE(x);" for what a load has been assigned to, and the end of the line. */
void krait__emit_use(krait_emitter *e, const krait_target *target);

/* "u32", "f64", "ref" */
const char *krait__emit_c_type(krait_wasm_valtype type);

/* Member of krait_cell. */
const char *krait__emit_cell(krait_wasm_valtype type);

/* "void", "u32", "r5" */
void krait__emit_result_type(krait_text *text, const krait_wasm_type *type);

/* "w_name", or "t_name": the code of a function that makes tail calls, or its
 * thunk, in the convention of jumps. */
void krait__emit_name(krait_text *text, const krait_plan *plan, uint32_t func, bool is_tail);

/* An attribute that puts a function of krait_aot_options.first in its place, or nothing. */
void krait__emit_place(krait_text *text, const krait_plan *plan, uint32_t func);

/* "u32 w_name(krait_ctx*ctx,u32 l0)", or "TAILCC u32 t_name(...)". */
void krait__emit_signature(krait_text *text, const krait_plan *plan, uint32_t func, bool is_tail);

/* ---- calls (emit_call.c, emit_tail.c) --------------------------------------------------- */

/* What a part declares of a function. */
enum { KRAIT_CALLED = 1, KRAIT_CALLED_TAIL = 2 };

/* The name of a function that this part must declare. */
void krait__emit_callee(krait_emitter *e, uint32_t func, bool is_tail);

/* The top value in a variable that the compiler cannot load again: what is
 * checked is what is used, whatever another thread or a signal changes. */
krait_value krait__emit_pop_held(krait_emitter *e);

/* Statement that ends a call through a static table that misses its window. */
void krait__emit_window_check(krait_emitter *e, const krait_value *index,
                              const krait_plan_call *call);

/* "t5" or "t5-3u": the place of an index in a window. */
void krait__emit_window_index(krait_emitter *e, const krait_value *index,
                              const krait_plan_call *call);

void krait__emit_return_call(krait_emitter *e);
void krait__emit_return_call_indirect(krait_emitter *e);

/* w_name of a function that makes tail calls: calls t_name and carries them out. */
void krait__emit_tail_wrapper(krait_text *text, const krait_plan *plan, uint32_t func);

/* No code follows that can be reached (emit_control.c). */
void krait__emit_end_reachable(krait_emitter *e);

/* ---- metering (emit_meter.c): nothing of this writes unless the plan asks for it -------- */

/* A basic block begins: the place can be reached in more than one way, or the
 * code before may go on elsewhere. */
void krait__meter_begin(krait_emitter *e);
/* The block executes one more instruction. */
void krait__meter_count(krait_emitter *e, uint16_t op);
/* The block begins the function: its declared locals are made. */
void krait__meter_locals(krait_emitter *e, uint64_t count);
/* The function is complete. */
void krait__meter_end(krait_emitter *e);
/* A bulk operation, whose size is the top value: "METER_BYTES" and so on. */
void krait__meter_bulk(krait_emitter *e, const char *name);

/* ---- values ----------------------------------------------------------------------------- */

void krait__emit_push(krait_emitter *e, const krait_value *value);
void krait__emit_push_const(krait_emitter *e, krait_wasm_valtype type, uint64_t bits);
void krait__emit_push_local(krait_emitter *e, uint32_t local);
void krait__emit_push_label(krait_emitter *e, const krait_label *label, uint32_t sub,
                            krait_wasm_valtype type);
krait_value krait__emit_pop(krait_emitter *e);

/* Takes `count` values off the stack; they stay readable at value_count until
 * the next push.  False when there are none because memory ran out. */
bool krait__emit_take(krait_emitter *e, uint32_t count);

/* "TEXT,a,b,c)" with the values that were taken last. */
void krait__emit_arguments(krait_emitter *e, const char *text, uint32_t count);

/* Appends the value as a C expression. */
void krait__emit_value(krait_emitter *e, krait_text *text, const krait_value *value);

/* Appends the lanes that the instruction at hand names: "3", or "0,1,...,15". */
void krait__emit_lanes(krait_emitter *e, krait_text *text);

/* Pushes a pure expression made from a template, in which $0, $1, ... are the
 * operands and $# are lanes. */
void krait__emit_push_template(krait_emitter *e, const char *c_template,
                               const krait_value *operands, krait_wasm_valtype type);

/* Number of a memory, whose base the function gets a copy of: m0, m1, ... */
void krait__emit_memory(krait_emitter *e, uint32_t memory);

/* Copies any value into a variable of its own. */
void krait__emit_copy(krait_emitter *e, krait_value *value);

/* Writes a text into a variable, so that using it twice costs nothing. */
void krait__emit_settle(krait_emitter *e, krait_value *value);

/* Settles what reads a local that is about to change. */
void krait__emit_spill_local(krait_emitter *e, uint32_t local);

/* Settles everything that reads any local. */
void krait__emit_spill_all(krait_emitter *e);

/* "u32 t5=", or "l3=" when the next instruction sets a local (it is then done). */
krait_target krait__emit_begin(krait_emitter *e, krait_wasm_valtype type);

/* After the statement: the value is on the stack if it has to be. */
void krait__emit_finish(krait_emitter *e, const krait_target *target);

/* The name of what was assigned to. */
void krait__emit_target(krait_emitter *e, const krait_target *target);

#endif /* KRAIT_AOT_EMIT_H */
