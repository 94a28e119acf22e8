/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: bytes to krait_wasm_module (WebAssembly 2.0 section 5.5).
 *
 * It refuses what is malformed outside of function bodies, and proposals that
 * are not supported; what is only invalid is left to the validator.  Function
 * bodies are decoded there, so a malformed body is refused there, too.
 */
#ifndef KRAIT_AOT_READER_H
#define KRAIT_AOT_READER_H

#include "aot/bytes.h"

/* `bytes` must outlive the module, which the caller releases. */
krait_status krait__wasm_read(const uint8_t *bytes, size_t size, krait_wasm_module *ret_module,
                              krait_error *err);

/* ---- between the files of the reader --------------------------------------------------- */

/* A zeroed array of `count`; sets the error when memory ran out. */
void *krait__reader_array(krait_cursor *cursor, uint32_t count, size_t size);

/* One constant expression, up to and with its end. */
void krait__reader_const(krait_cursor *cursor, krait_wasm_const *ret);

void krait__reader_types(krait_cursor *cursor, krait_wasm_module *module);
void krait__reader_elements(krait_cursor *cursor, krait_wasm_module *module);
void krait__reader_datas(krait_cursor *cursor, krait_wasm_module *module);

/* The contents of the custom section "name".  Mistakes in it are ignored. */
void krait__reader_names(const krait_cursor *cursor, krait_wasm_module *module);

#endif /* KRAIT_AOT_READER_H */
