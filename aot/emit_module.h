/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole module as files in a directory:
 *
 *   krait_abi.h krait_prelude.h  copies, so that the directory is complete
 *   krait_simd.h krait_simd_float.h  more of them, if the module has v128
 *   krait_module.h               types of functions and names of tables
 *   part_000.c ...               the functions
 *   module.c                     imports, traps, trampolines, the description
 *   tables.S data.bin            static tables and the data segments
 *   jumps.S                      those that tail calls jump through, if any; module.c includes it
 *
 * The bytes of these files depend on the module, the number of parts, and the functions
 * that come first only.
 */
#ifndef KRAIT_AOT_EMIT_MODULE_H
#define KRAIT_AOT_EMIT_MODULE_H

#include "aot/emit.h"

typedef struct krait_part {
    uint32_t first; /* function */
    uint32_t end;
    uint32_t number;  /* in the name of its file, while parts are sorted */
    uint64_t cost;    /* of compiling it, in no unit */
    uint32_t largest; /* function, see krait__parts_describe */
    char name[48];    /* of that function, for messages; may be cut */
    bool is_plain;    /* compiled without optimisation */
} krait_part;

typedef struct krait_parts {
    krait_part *parts;
    uint32_t count;
    uint64_t c_bytes; /* text of all files */
} krait_parts;

/* `count` 0: as many as suit the size.  The caller frees ret_parts->parts. */
krait_status krait__parts_plan(const krait_wasm_module *module, uint32_t count,
                               krait_parts *ret_parts, krait_error *err);

/* ---- parts.c ---------------------------------------------------------------------------- */

/* KRAIT_ELIMIT for the first function of more than `limit` instructions. */
krait_status krait__parts_refuse_large(const krait_plan *plan, uint32_t limit, krait_error *err);

/* Gives functions of more than `limit` instructions plain parts of their own. */
krait_status krait__parts_isolate(const krait_plan *plan, uint32_t limit, krait_parts *parts,
                                  krait_error *err);

/* Fills largest and name. */
void krait__parts_describe(const krait_plan *plan, krait_parts *parts);

/* ---- writing ---------------------------------------------------------------------------- */

/* Writes all files into the directory that `directory` is a descriptor of. */
krait_status krait__emit_module(const krait_plan *plan, krait_parts *parts, int directory,
                                krait_error *err);

/* ---- the single files ------------------------------------------------------------------- */

void krait__emit_header(krait_text *text, const krait_plan *plan);
void krait__emit_description(krait_text *text, const krait_plan *plan, const uint8_t sha256[32]);
void krait__emit_imports(krait_text *text, const krait_plan *plan);
void krait__emit_invokes(krait_text *text, const krait_plan *plan);
void krait__emit_table_ends(krait_text *text, const krait_plan *plan);
void krait__emit_tables(krait_text *text, const krait_plan *plan);
/* A function of this type that only traps: "k_null5", or in the convention of jumps "kt_null5". */
void krait__emit_stub(krait_text *text, const krait_wasm_type *type, const char *name,
                      const char *trap);
void krait__emit_jumps(krait_text *text, const krait_plan *plan);
void krait__emit_tail_types(krait_text *text, const krait_wasm_type *type, uint8_t needs);
void krait__emit_tail_ends(krait_text *text, const krait_plan *plan);
void krait__emit_cpu(krait_text *text);

/* Copies of headers, made by CMake from include/krait/abi.h and prelude*.h. */
extern const unsigned char krait__abi_text[];
extern const size_t krait__abi_text_size;
extern const unsigned char krait__prelude_text[];
extern const size_t krait__prelude_text_size;
extern const unsigned char krait__atomic_text[];
extern const size_t krait__atomic_text_size;
extern const unsigned char krait__simd_text[];
extern const size_t krait__simd_text_size;
extern const unsigned char krait__simd_float_text[];
extern const size_t krait__simd_float_text_size;

#endif /* KRAIT_AOT_EMIT_MODULE_H */
