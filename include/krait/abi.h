/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine ABI: what translated code (.krt files) and the engine agree on.
 *
 * A .krt is an ELF shared object made by `krait compile` from one WebAssembly
 * module.  It exports one symbol, `krait_module` (struct krait_module_desc),
 * is bound eagerly, and imports only leaf functions of libc and libm.  It holds
 * no writable data and no host pointer: all state of an instance is reached
 * from the context.  docs/aot.md explains the design and why no module can
 * leave its memory, its table or its types.
 *
 * The context.  The first argument of every translated function is a
 * krait_ctx: the view that ONE guest thread has of ONE instance.  A call that
 * stays in the instance passes the context on; a call into another instance
 * passes that instance's context of the same thread (krait_ctx_enter).  So a
 * pre-emptive guest thread, a second instance and a side module that shares
 * memory and table are all the same thing here: one more context.
 *
 * This header is compiled as C11 by gcc and clang on the machine where a .krt
 * is made.  Everything in it is part of the ABI; any change to layout or
 * meaning raises KRAIT_ABI_VERSION.
 */
#ifndef KRAIT_ABI_H
#define KRAIT_ABI_H

#include <stddef.h>
#include <stdint.h>

#define KRAIT_ABI_VERSION 3u

/** Bytes of a WebAssembly page. */
#define KRAIT_PAGE_SIZE 65536u

/** Address space that every linear memory reserves: 4 GiB of index plus 4 GiB
 *  of static offset, plus one guard page group for the widest access. */
#define KRAIT_MEMORY_RESERVATION (UINT64_C(0x200000000) + KRAIT_PAGE_SIZE)

/** Most entries that a table can have. */
#define KRAIT_TABLE_MAX 10000000u

/** Native stack, in bytes, that a host call may rely on. */
#define KRAIT_HOST_HEADROOM (256u * 1024u)

/** Thread-local globals (stack pointer, TLS base, ...) a module can have. */
#define KRAIT_THREAD_GLOBALS 4

/** Why guest code stopped.  Numbers are stable. */
typedef enum krait_trap {
    KRAIT_TRAP_NONE = 0,
    KRAIT_TRAP_UNREACHABLE = 1,       /* unreachable */
    KRAIT_TRAP_MEMORY = 2,            /* out of bounds memory access */
    KRAIT_TRAP_DIVIDE = 3,            /* integer divide by zero */
    KRAIT_TRAP_OVERFLOW = 4,          /* integer overflow */
    KRAIT_TRAP_CONVERSION = 5,        /* invalid conversion to integer */
    KRAIT_TRAP_TABLE = 6,             /* out of bounds table access */
    KRAIT_TRAP_ELEMENT_UNDEFINED = 7, /* undefined element (call_indirect beyond the table) */
    KRAIT_TRAP_ELEMENT_NULL = 8,      /* uninitialized element */
    KRAIT_TRAP_SIGNATURE = 9,         /* indirect call type mismatch */
    KRAIT_TRAP_STACK = 10,            /* call stack exhausted (native stack) */
    KRAIT_TRAP_SHADOW_STACK = 11,     /* the guest's own stack in linear memory is exhausted */
    KRAIT_TRAP_ALIGNMENT = 12,        /* unaligned atomic */
    KRAIT_TRAP_INTERRUPTED = 13,      /* stopped from outside (limit, cancel) */
    KRAIT_TRAP_EXIT = 14,             /* not an error: the guest called proc_exit */
    KRAIT_TRAP_HOST = 15,             /* a host function failed; the instance holds the reason */
    KRAIT_TRAP_FUEL = 16,             /* a metered module has used up its fuel */
    KRAIT_TRAP_SHARED = 17,           /* wait on a memory that is not shared */
    KRAIT_TRAP_COUNT = 18
} krait_trap;

typedef struct krait_ctx krait_ctx;
typedef struct krait_instance krait_instance; /* opaque to translated code */
typedef struct krait_func krait_func;

/** A v128 as translated code passes it: in one register. */
typedef uint64_t krait_v128 __attribute__((vector_size(16)));

/** One wasm value in memory: arguments, results, globals.  16 bytes. */
typedef union krait_cell {
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
    const krait_func *func;        /* funcref, NULL is ref.null */
    void *ext;                     /* externref, NULL is ref.null */
    _Alignas(16) uint8_t v128[16]; /* lane 0 first */
    krait_v128 vec;                /* the same bytes */
} krait_cell;

/** Any translated function; cast to the C type that its wasm type maps to. */
typedef void (*krait_code)(void);

/**
 * A host function.  `slots` holds the arguments and receives the results, one
 * cell each; returns KRAIT_TRAP_NONE, or the trap that the caller must raise.
 * It never unwinds (no longjmp) and may use KRAIT_HOST_HEADROOM of stack.
 */
typedef krait_trap (*krait_host_fn)(void *env, krait_ctx *ctx, krait_cell *slots);

/** What a funcref points at; immutable, lives as long as its instance. */
struct krait_func {
    krait_code code;          /* translated code of the type `type` */
    krait_instance *instance; /* callee's instance */
    uint32_t type;            /* canonical type number, equal for equal types in one engine */
};

/** A table; `entries` is reserved in place and never moves. */
typedef struct krait_table {
    const void **entries;   /* const krait_func *, or values of externref; NULL is null.  Read and
                             written as a whole, by whatever thread */
    volatile uint32_t size; /* entries in use */
    uint32_t max;           /* entries reserved */
    uint32_t type;          /* KRAIT_FUNCREF or KRAIT_EXTERNREF */
    uint64_t declared_max;  /* entries; UINT64_MAX: none declared */
} krait_table;

/** A linear memory; `base` never moves. */
typedef struct krait_memory {
    uint8_t *base;
    volatile uint64_t size; /* bytes in use, a multiple of KRAIT_PAGE_SIZE */
    uint64_t max;           /* bytes that it may grow to */
    uint64_t declared_max;  /* pages; UINT64_MAX: none declared */
    uint64_t reserved;      /* bytes of address space; code without bounds checks needs
                               KRAIT_MEMORY_RESERVATION */
    uint32_t is_shared;     /* several threads may use it at once */
} krait_memory;

/** A resolved function import: a host function, or another instance's code. */
typedef struct krait_import {
    krait_host_fn host; /* NULL: call `code` with the context of `instance` */
    void *env;
    krait_code code;
    krait_instance *instance;
} krait_import;

/** What the engine does for translated code.  One constant table per engine
 *  build; none of these returns on a trap. */
typedef struct krait_runtime {
    void (*trap)(krait_ctx *ctx, krait_trap reason) __attribute__((noreturn));
    /* The trap of an access that a bounds check refused; code without checks faults. */
    void (*out_of_bounds)(krait_ctx *ctx, uint32_t memory, uint64_t address)
        __attribute__((noreturn));
    krait_ctx *(*enter)(krait_ctx *ctx, krait_instance *callee);
    /* Delivers what is pending for the guest; returns, or raises a trap. */
    void (*interrupted)(krait_ctx *ctx);
    /* UINT32_MAX: refused */
    uint32_t (*memory_grow)(krait_ctx *ctx, uint32_t memory, uint32_t pages);
    void (*memory_init)(krait_ctx *ctx, uint32_t memory, uint32_t segment, uint32_t to,
                        uint32_t from, uint32_t count);
    void (*data_drop)(krait_ctx *ctx, uint32_t segment);
    uint32_t (*table_grow)(krait_ctx *ctx, uint32_t table, const void *ref, uint32_t count);
    void (*table_set)(krait_ctx *ctx, uint32_t table, uint32_t index, const void *ref);
    const void *(*table_get)(krait_ctx *ctx, uint32_t table, uint32_t index);
    void (*table_fill)(krait_ctx *ctx, uint32_t table, uint32_t to, const void *ref,
                       uint32_t count);
    void (*table_copy)(krait_ctx *ctx, uint32_t to_table, uint32_t from_table, uint32_t to,
                       uint32_t from, uint32_t count);
    void (*table_init)(krait_ctx *ctx, uint32_t table, uint32_t segment, uint32_t to, uint32_t from,
                       uint32_t count);
    void (*elem_drop)(krait_ctx *ctx, uint32_t segment);
    /* 0 woken, 1 another value was there, 2 the time was over; nanoseconds, < 0: for ever */
    uint32_t (*memory_wait32)(krait_ctx *ctx, uint32_t memory, uint64_t address, uint32_t expected,
                              int64_t timeout);
    uint32_t (*memory_wait64)(krait_ctx *ctx, uint32_t memory, uint64_t address, uint64_t expected,
                              int64_t timeout);
    /* How many were woken. */
    uint32_t (*memory_notify)(krait_ctx *ctx, uint32_t memory, uint64_t address, uint32_t count);
} krait_runtime;

/** Calls `code` (of this type) with arguments from `args`, results to `results`
 *  (they may be the same array). */
typedef void (*krait_invoke)(krait_ctx *ctx, krait_code code, const krait_cell *args,
                             krait_cell *results);

/** Arguments or results of a call at most. */
#define KRAIT_CALL_CELLS 1000u

/**
 * A tail call that is carried out by a loop instead of a jump.  The caller puts
 * everything here and returns; its results mean nothing while `code` is not NULL.
 * Whoever called it other than by a loop carries it out; docs/aot.md explains it.
 */
typedef struct krait_tail {
    krait_code code;     /* function to call; NULL: nothing is pending */
    krait_code called;   /* function that a loop calls just now */
    krait_invoke invoke; /* of the type of `code` */
    krait_ctx *ctx;      /* for `code` */
    krait_cell *args;    /* KRAIT_CALL_CELLS */
    krait_cell *results; /* the same */
} krait_tail;

/** What all contexts of one guest thread share. */
typedef struct krait_thread {
    uintptr_t stack_limit;         /* lowest native address at which a host call may begin */
    volatile uint32_t in_host;     /* not 0 while this thread is not in guest code */
    volatile uint32_t interrupted; /* not 0: call runtime->interrupted when a host call ends */
    krait_tail tail;
} krait_thread;

/**
 * The context: one per guest thread and instance.  Hot members come first.
 * Translated code reads all of it and writes only `thread_globals`, `fuel`,
 * `thread->in_host` and `thread->tail`.
 */
struct krait_ctx {
    uint8_t *memory_base; /* memories[0]->base, or NULL */
    krait_thread *thread;
    krait_cell
        thread_globals[KRAIT_THREAD_GLOBALS]; /* i32 globals that each thread has for itself */
    int64_t fuel;          /* what a metered module may still spend; others do not touch it */
    krait_cell *globals;   /* the instance's own mutable globals that are not thread-local */
    const uint32_t *types; /* canonical type number of each of the module's types */
    krait_cell *const *global_imports; /* imported globals, mutable or not, in import order */
    const krait_import *imports;       /* imported functions, in index order */
    krait_memory *const *memories;     /* imported ones first, then own */
    krait_table *const *tables; /* imported ones first, then own (entry NULL: private table) */
    const krait_func *funcs;    /* one for each module_desc.funcs entry */
    const krait_runtime *runtime;
    krait_instance *instance;
};

/* ---- What a .krt exports: the description of its module -------------------------------- */

/** Value types with the numbers of the binary format. */
enum {
    KRAIT_I32 = 0x7f,
    KRAIT_I64 = 0x7e,
    KRAIT_F32 = 0x7d,
    KRAIT_F64 = 0x7c,
    KRAIT_V128 = 0x7b,
    KRAIT_FUNCREF = 0x70,
    KRAIT_EXTERNREF = 0x6f
};

/** Kinds of imports and exports with the numbers of the binary format. */
enum { KRAIT_KIND_FUNC = 0, KRAIT_KIND_TABLE = 1, KRAIT_KIND_MEMORY = 2, KRAIT_KIND_GLOBAL = 3 };

/** Most operands that the steps of a constant expression have on their stack. */
#define KRAIT_CONST_DEPTH 256u

/** A function type. */
typedef struct krait_type_desc {
    const uint8_t *params;
    const uint8_t *results;
    uint32_t param_count;
    uint32_t result_count;
    krait_invoke invoke; /* NULL when no export, import, element or ref.func has this type */
} krait_type_desc;

/** A constant expression, or one step of it. */
typedef struct krait_const_desc {
    enum {
        KRAIT_CONST_VALUE = 0,  /* `value` */
        KRAIT_CONST_GLOBAL = 1, /* value of the global with the index value.i32 */
        KRAIT_CONST_FUNC = 2,   /* reference to the function with the index value.i32 in funcs[] */
        KRAIT_CONST_STEPS = 3,  /* what the steps at value.ext leave on their stack: an array of
                                   this struct that KRAIT_CONST_END ends */
        KRAIT_CONST_END = 4,
        KRAIT_CONST_I32_ADD = 5, /* only steps from here on: they take two operands */
        KRAIT_CONST_I32_SUB = 6,
        KRAIT_CONST_I32_MUL = 7,
        KRAIT_CONST_I64_ADD = 8,
        KRAIT_CONST_I64_SUB = 9,
        KRAIT_CONST_I64_MUL = 10
    } kind;
    krait_cell value;
} krait_const_desc;

/** Limits of a memory (pages) or table (entries). */
typedef struct krait_limits_desc {
    uint64_t min;
    uint64_t max; /* UINT64_MAX: none given */
    uint8_t type; /* element type of a table; 0 for a memory */
    uint8_t shared;
    uint8_t is_private; /* a table served by static tables in the code; no krait_table is made */
} krait_limits_desc;

typedef struct krait_global_desc {
    uint8_t type;
    uint8_t is_mutable;
    uint8_t is_thread; /* lives in ctx->thread_globals[slot] */
    uint32_t slot;     /* index in ctx->globals otherwise; immutable ones have a slot too */
    krait_const_desc init;
} krait_global_desc;

typedef struct krait_import_desc {
    const char *module; /* UTF-8, with a NUL after the last byte */
    const char *name;
    uint32_t module_size; /* in bytes: a name may hold a NUL, so sizes count too */
    uint32_t name_size;
    uint8_t kind;
    uint32_t type;            /* functions: index in types */
    krait_limits_desc limits; /* tables and memories */
    uint8_t value_type;       /* globals */
    uint8_t is_mutable;
} krait_import_desc;

typedef struct krait_export_desc {
    const char *name; /* as in krait_import_desc */
    uint32_t name_size;
    uint8_t kind;
    uint32_t index; /* functions: in funcs[]; others: in the index space of the kind */
} krait_export_desc;

/** A function that can be reached from outside: exports, elements, ref.func, start. */
typedef struct krait_func_desc {
    krait_code code;
    uint32_t type;  /* index in types */
    uint32_t index; /* wasm function index */
} krait_func_desc;

typedef struct krait_data_desc {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t memory;
    uint8_t is_active;
    krait_const_desc offset;
} krait_data_desc;

typedef struct krait_elem_desc {
    const krait_const_desc *items;
    uint32_t count;
    uint32_t table;
    uint8_t type;
    uint8_t mode; /* 0 active, 1 passive, 2 declarative */
    krait_const_desc offset;
} krait_elem_desc;

/** How a module was translated: krait_module_desc.flags. */
enum {
    KRAIT_MODULE_METERED = 1u << 0, /* counts what it executes in krait_ctx.fuel */
    KRAIT_MODULE_CHECKED = 1u << 1, /* checks bounds itself, so its memories may be reserved
                                       to their maximum only */
    KRAIT_MODULE_THREADS = 1u << 2  /* several threads may run it: all its memories are shared */
};

typedef struct krait_module_desc {
    uint32_t abi_version; /* KRAIT_ABI_VERSION */
    uint32_t desc_size;   /* sizeof(krait_module_desc) */
    uint8_t wasm_sha256[32];
    const char *compiler; /* translator version, C compiler and its flags, one line */
    const krait_type_desc *types;
    const krait_import_desc *imports;
    const krait_func_desc *funcs;
    const krait_limits_desc *tables; /* own ones; imported ones are in imports */
    const krait_limits_desc *memories;
    const krait_global_desc *globals;
    const krait_export_desc *exports;
    const krait_data_desc *datas;
    const krait_elem_desc *elems; /* without those of private tables */
    uint32_t type_count;
    uint32_t import_count;
    uint32_t func_count;
    uint32_t table_count;
    uint32_t memory_count;
    uint32_t global_count;
    uint32_t export_count;
    uint32_t data_count;
    uint32_t elem_count;
    uint32_t start; /* index in funcs[], UINT32_MAX: none */
    uint32_t flags; /* KRAIT_MODULE_... */
} krait_module_desc;

/** Name of the one exported symbol of a .krt. */
#define KRAIT_MODULE_SYMBOL "krait_module"

/** The context for a call into `callee`. */
static inline krait_ctx *
krait_ctx_enter(krait_ctx *ctx, krait_instance *callee)
{
    return callee == ctx->instance ? ctx : ctx->runtime->enter(ctx, callee);
}

#endif /* KRAIT_ABI_H */
