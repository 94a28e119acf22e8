/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translation as one step, for krait/aot.h and for the build.
 */
#ifndef KRAIT_AOT_TRANSLATE_H
#define KRAIT_AOT_TRANSLATE_H

#include "aot/emit_module.h"

/* `flags`: KRAIT_MODULE_... of abi.h.  The caller frees ret_parts->parts. */
krait_status krait__translate(const void *wasm, size_t size, int directory, unsigned parts,
                              uint32_t flags, krait_parts *ret_parts, krait_error *err);

/* The same for a directory that is given by its name. */
krait_status krait__translate_into(const void *wasm, size_t size, const char *directory,
                                   unsigned parts, uint32_t flags, krait_error *err);

#endif /* KRAIT_AOT_TRANSLATE_H */
