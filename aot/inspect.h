/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `krait inspect` says of a module, between its files.
 */
#ifndef KRAIT_AOT_INSPECT_H
#define KRAIT_AOT_INSPECT_H

#include "aot/module.h"
#include "aot/text.h"

/* Parts of WebAssembly beyond version 1 that a module uses; the order of names. */
typedef enum krait_feature {
    KRAIT_FEATURE_MUTABLE_GLOBALS,
    KRAIT_FEATURE_SIGN_EXTENSION,
    KRAIT_FEATURE_SATURATING,
    KRAIT_FEATURE_BULK_MEMORY,
    KRAIT_FEATURE_REFERENCE_TYPES,
    KRAIT_FEATURE_MULTI_VALUE,
    KRAIT_FEATURE_SIMD,
    KRAIT_FEATURE_TAIL_CALL,
    KRAIT_FEATURE_THREADS,
    KRAIT_FEATURE_MULTI_MEMORY,
    KRAIT_FEATURE_EXTENDED_CONST,
    KRAIT_FEATURE_COUNT
} krait_feature;

extern const char *const krait__feature_names[KRAIT_FEATURE_COUNT];

/* A set of them, bit n for feature n; the module is valid. */
uint32_t krait__inspect_features(const krait_wasm_module *module);

/* ---- inspect_text.c --------------------------------------------------------------------- */

/* Text that comes from the module: as a JSON string with its quotes, or with everything
 * that a terminal might obey as \xx. */
void krait__inspect_string(krait_text *text, bool json, const char *bytes, size_t size);

/* "func (i32) -> i64", "memory 1..4 pages" and so on; `index` in the space of the kind. */
void krait__inspect_type(krait_text *text, const krait_wasm_module *module, uint8_t kind,
                         uint32_t index);

/* "func", "table", "memory", "global". */
const char *krait__inspect_kind(uint8_t kind);

#endif /* KRAIT_AOT_INSPECT_H */
