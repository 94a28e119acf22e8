/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: what the emitter must know of the whole module before it writes
 * the first function.  Names in C, which functions can be reached from
 * outside, which tables are private and what is in them, where globals live.
 */
#ifndef KRAIT_AOT_PLAN_H
#define KRAIT_AOT_PLAN_H

#include "aot/bytes.h"
#include "aot/text.h"

#define KRAIT_PLAN_NONE UINT32_MAX

/* Where a global lives. */
typedef enum krait_place {
    KRAIT_PLACE_LITERAL, /* immutable with a number: written into the code */
    KRAIT_PLACE_THREAD,  /* ctx->thread_globals[slot] */
    KRAIT_PLACE_SLOT,    /* ctx->globals[slot] */
    KRAIT_PLACE_IMPORT   /* ctx->global_imports[slot] */
} krait_place;

typedef struct krait_plan_global {
    krait_place place;
    uint32_t slot;
} krait_plan_global;

/* Uses of a table by call_indirect with one type, and, when the table is
 * private, the window of it outside of which no function of that type is. */
typedef struct krait_plan_call {
    uint32_t table;
    uint32_t type; /* canonical */
    uint32_t first;
    uint32_t count;
    bool has_jumps; /* a return_call_indirect from a function of the same type */
} krait_plan_call;

typedef struct krait_plan_table {
    bool is_private;
    bool has_calls;
    uint32_t size;
    uint32_t *items; /* private tables: function index, or KRAIT_PLAN_NONE for null */
} krait_plan_table;

/* What a C declaration is needed for. */
enum {
    KRAIT_NEED_RESULT = 1,  /* struct of several results */
    KRAIT_NEED_POINTER = 2, /* function pointer type */
    KRAIT_NEED_INVOKE = 4,  /* trampoline for calls from outside */
    KRAIT_NEED_STUBS = 8,   /* ends of calls through static tables that miss */
    KRAIT_NEED_BOUNCE = 16, /* that trampoline in all files, for tail calls by a loop */
    KRAIT_NEED_TAIL = 32    /* function pointer type and ends for tail calls by a jump */
};

/* What a function is to tail calls. */
enum {
    KRAIT_TAIL_BODY = 1, /* makes some: its code is t_NAME, and w_NAME carries them out */
    KRAIT_TAIL_THUNK = 2 /* makes none, but is in a table that tail calls jump through */
};

typedef struct krait_plan {
    const krait_wasm_module *module;
    uint32_t flags; /* KRAIT_MODULE_... of abi.h */

    char *names;         /* all C names, each terminated */
    size_t *name_at;     /* of each function, in names */
    uint32_t *func_slot; /* index in the description's funcs[], or KRAIT_PLAN_NONE */
    uint32_t *slots;     /* the reverse */
    uint32_t slot_count;
    uint8_t *type_needs; /* of each canonical type */
    uint8_t *tails;      /* of each function: KRAIT_TAIL_... */
    bool has_tails;
    uint32_t *weights; /* of each function: instructions, targets of br_table counted too */
    uint32_t *first;   /* of each function: its place in krait_aot_options.first, from 1 on, or 0;
                          NULL: there is none */

    krait_plan_table *tables;
    krait_plan_call *calls; /* sorted by table and type */
    uint32_t call_count;

    krait_plan_global *globals;
    uint32_t global_slots; /* cells in ctx->globals */

    uint32_t *elem_slot; /* index in the description's elems[], or KRAIT_PLAN_NONE */
    uint8_t *elem_used;  /* table.init or elem.drop names it */
    uint32_t elem_count; /* in the description */
    uint64_t *data_at;   /* offset of each segment in the file of all data */
    uint64_t data_size;
    bool uses_simd; /* a v128 may be in the C */
    bool uses_atomics;
    bool is_threaded; /* several threads may run it: no memory is one thread's alone */
} krait_plan;

krait_status krait__plan_make(const krait_wasm_module *module, krait_plan *ret_plan,
                              krait_error *err);
void krait__plan_release(krait_plan *plan);

/* Marks the functions that a text names, see krait_aot_options.first.  ret_unknown receives
 * how many of its names no function has. */
krait_status krait__plan_first(krait_plan *plan, const char *text, uint32_t *ret_unknown,
                               krait_error *err);

static inline const char *
krait__plan_name(const krait_plan *plan, uint32_t func)
{
    return plan->names + plan->name_at[func];
}

/* The call_indirect uses of (table, canonical type); NULL when there are none. */
const krait_plan_call *krait__plan_find_call(const krait_plan *plan, uint32_t table, uint32_t type);

/* True when a tail call of this canonical type can be a jump from a function of
 * type `from`: both are the same in C and give their result in a register. */
static inline bool
krait__plan_can_jump(const krait_plan *plan, const krait_wasm_type *from, uint32_t to)
{
    return from->canonical == to && plan->module->types[to].result_count <= 1;
}

/* ---- between the files of the plan ------------------------------------------------------ */

/* False when memory ran out. */
bool krait__plan_names(krait_plan *plan);
bool krait__plan_scan(krait_plan *plan);
bool krait__plan_tables(krait_plan *plan);
void krait__plan_tails(krait_plan *plan);

#endif /* KRAIT_AOT_PLAN_H */
