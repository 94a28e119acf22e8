/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceilings of the translator: what one module may make it allocate or write.
 *
 * The format allows 2^32 of everything.  These numbers are those that browsers
 * agreed on (WebAssembly JavaScript interface, "Limits") where they have one.
 * Everything else is bounded by the size of the module, since each item takes
 * at least one byte of it.
 */
#ifndef KRAIT_AOT_LIMITS_H
#define KRAIT_AOT_LIMITS_H

#include <krait/abi.h>

#define KRAIT_WASM_MAX_MODULE_BYTES   (1u << 28)
#define KRAIT_WASM_MAX_TYPES          1000000u
#define KRAIT_WASM_MAX_FUNCTIONS      1000000u
#define KRAIT_WASM_MAX_IMPORTS        1000000u
#define KRAIT_WASM_MAX_EXPORTS        1000000u
#define KRAIT_WASM_MAX_GLOBALS        1000000u
#define KRAIT_WASM_MAX_SEGMENTS       100000u
#define KRAIT_WASM_MAX_TABLES         100000u
#define KRAIT_WASM_MAX_MEMORIES       100u
#define KRAIT_WASM_MAX_TABLE_ELEMENTS 10000000u
#define KRAIT_WASM_MAX_PARAMS         1000u
#define KRAIT_WASM_MAX_RESULTS        1000u
#define KRAIT_WASM_MAX_LOCALS         50000u
#define KRAIT_WASM_MAX_BODY_BYTES     7654321u

/* Operands on the stack of one function; blocks with many results multiply. */
#define KRAIT_WASM_MAX_OPERANDS 1000000u

_Static_assert(KRAIT_WASM_MAX_PARAMS <= KRAIT_CALL_CELLS &&
                   KRAIT_WASM_MAX_RESULTS <= KRAIT_CALL_CELLS,
               "a tail call has room");

/* Operands of one constant expression at a time; krait/abi.h relies on it. */
#define KRAIT_WASM_MAX_CONST_DEPTH KRAIT_CONST_DEPTH

/* Pages of a 32-bit memory. */
#define KRAIT_WASM_MAX_PAGES 65536u

/* C text of all parts together, and of one, which is held in memory. */
#define KRAIT_EMIT_MAX_BYTES      (UINT64_C(1) << 30)
#define KRAIT_EMIT_MAX_TEXT_BYTES (UINT64_C(1) << 27)

/* Entries of all static tables together; with more, tables are made at run time. */
#define KRAIT_EMIT_MAX_STATIC_ENTRIES (1u << 24)

/* Instructions of one function: with more it is compiled without optimisation, with
 * still more the module is refused.  Options can change both. */
#define KRAIT_EMIT_PLAIN_FUNCTION 100000u
#define KRAIT_EMIT_MAX_FUNCTION   1000000u

/* Files that the functions are spread over. */
#define KRAIT_EMIT_MAX_PARTS 999u

/* Of the file of krait_aot_options.first. */
#define KRAIT_FIRST_MAX_BYTES (1u << 24)

#endif /* KRAIT_AOT_LIMITS_H */
