/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WebAssembly module as the reader leaves it: sections decoded, function
 * bodies still bytes.  Everything that is text or bytes in the module points
 * into the caller's copy of the file, which must outlive this.
 *
 * Index spaces are joined: imported functions, tables, memories and globals
 * come first in their arrays, as in WebAssembly 2.0 section 2.5.1.
 */
#ifndef KRAIT_AOT_MODULE_H
#define KRAIT_AOT_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Value types by their number in the binary format (krait/abi.h has them as
 * KRAIT_I32 and so on); 0 is the unknown type of unreachable code. */
typedef uint8_t krait_wasm_valtype;

typedef struct krait_wasm_name {
    const char *text; /* not terminated; valid UTF-8, except in the name section */
    uint32_t size;
} krait_wasm_name;

typedef struct krait_wasm_type {
    const krait_wasm_valtype *params;
    const krait_wasm_valtype *results;
    uint32_t param_count;
    uint32_t result_count;
    uint32_t canonical; /* smallest index of an equal type */
} krait_wasm_type;

/* A list of types: parameters or results. */
typedef struct krait_types {
    const krait_wasm_valtype *types;
    uint32_t count;
} krait_types;

typedef struct krait_wasm_limits {
    uint64_t min;
    uint64_t max; /* UINT64_MAX: none */
    bool is_shared;
} krait_wasm_limits;

/* A constant expression: what the reader saw of it.  One of several instructions
 * is read again from its place in the file when it is needed. */
typedef struct krait_wasm_const {
    size_t offset;  /* of its first byte in the file */
    uint64_t value; /* bits of a t.const, index of global.get or ref.func, type of ref.null */
    uint64_t high;  /* upper half of a v128.const */
    uint32_t count; /* instructions before the end */
    uint16_t op;    /* the only one of them, KRAIT_OP_EXTENDED, or KRAIT_OP_END for none */
} krait_wasm_const;

typedef struct krait_wasm_import {
    krait_wasm_name module;
    krait_wasm_name name;
    size_t offset;
    uint8_t kind;
    uint32_t index; /* in the index space of its kind */
} krait_wasm_import;

typedef struct krait_wasm_func {
    uint32_t type;
    uint32_t size;        /* bytes of the body: local declarations and code */
    const uint8_t *body;  /* NULL: imported */
    size_t offset;        /* of the body in the file */
    krait_wasm_name name; /* from the name section; may be empty */
} krait_wasm_func;

typedef struct krait_wasm_table {
    krait_wasm_valtype type;
    krait_wasm_limits limits;
    size_t offset;
} krait_wasm_table;

typedef struct krait_wasm_memory {
    krait_wasm_limits limits;
    size_t offset;
} krait_wasm_memory;

typedef struct krait_wasm_global {
    krait_wasm_valtype type;
    bool is_mutable;
    bool is_imported;
    krait_wasm_const init;
    krait_wasm_name name; /* from the name section; may be empty */
} krait_wasm_global;

typedef struct krait_wasm_export {
    krait_wasm_name name;
    size_t offset;
    uint8_t kind;
    uint32_t index;
} krait_wasm_export;

typedef enum krait_wasm_mode {
    KRAIT_WASM_ACTIVE = 0,
    KRAIT_WASM_PASSIVE = 1,
    KRAIT_WASM_DECLARED = 2
} krait_wasm_mode;

typedef struct krait_wasm_elem {
    krait_wasm_mode mode;
    krait_wasm_valtype type;
    uint32_t table;
    uint32_t first; /* in krait_wasm_module.items */
    uint32_t count;
    krait_wasm_const at;
    size_t offset;
} krait_wasm_elem;

typedef struct krait_wasm_data {
    krait_wasm_mode mode;
    uint32_t memory;
    const uint8_t *bytes;
    uint32_t size;
    krait_wasm_const at;
    size_t offset;
} krait_wasm_data;

typedef struct krait_wasm_module {
    const uint8_t *bytes;
    size_t size;

    krait_wasm_type *types;
    krait_wasm_import *imports;
    krait_wasm_func *funcs;
    krait_wasm_table *tables;
    krait_wasm_memory *memories;
    krait_wasm_global *globals;
    krait_wasm_export *exports;
    krait_wasm_elem *elems;
    krait_wasm_const *items; /* elements of all segments */
    krait_wasm_data *datas;

    uint32_t type_count;
    uint32_t import_count;
    uint32_t func_count;
    uint32_t table_count;
    uint32_t memory_count;
    uint32_t global_count;
    uint32_t export_count;
    uint32_t elem_count;
    uint32_t item_count;
    uint32_t data_count;

    uint32_t imported_funcs;
    uint32_t imported_tables;
    uint32_t imported_memories;
    uint32_t imported_globals;

    uint32_t declared_data_count; /* of the data count section */
    bool has_data_count;
    bool has_simd; /* a v128 somewhere outside of function bodies */
    bool has_start;
    uint32_t start;
    size_t start_offset;
} krait_wasm_module;

/* Frees what the reader allocated; the struct itself belongs to the caller. */
void krait__wasm_module_release(krait_wasm_module *module);

static inline const krait_wasm_type *
krait__wasm_func_type(const krait_wasm_module *module, uint32_t func)
{
    return &module->types[module->funcs[func].type];
}

static inline bool
krait__wasm_is_reference(krait_wasm_valtype type)
{
    return type == 0x70 || type == 0x6f;
}

/* "i32", "funcref"; "unknown" for the type of unreachable code. */
const char *krait__wasm_type_name(krait_wasm_valtype type);

/* True when both have the same parameters and results. */
bool krait__wasm_types_equal(const krait_wasm_type *a, const krait_wasm_type *b);

#endif /* KRAIT_AOT_MODULE_H */
