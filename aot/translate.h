/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translation as one step, for krait/aot.h and for the build.
 */
#ifndef KRAIT_AOT_TRANSLATE_H
#define KRAIT_AOT_TRANSLATE_H

#include "aot/emit_module.h"

typedef struct krait_translation {
    unsigned parts;          /* 0: by size */
    uint32_t flags;          /* KRAIT_MODULE_... of abi.h */
    uint32_t plain_function; /* functions of more instructions get parts of their own */
    uint32_t max_function;   /* functions of more instructions are refused */
    const char *first;       /* names of functions, a line each, or NULL */
    uint32_t first_unknown;  /* receives how many of them no function has */
} krait_translation;

/* The caller frees ret_parts->parts. */
krait_status krait__translate(const void *wasm, size_t size, int directory, krait_translation *how,
                              krait_parts *ret_parts, krait_error *err);

/* The same for a directory that is given by its name. */
krait_status krait__translate_into(const void *wasm, size_t size, const char *directory,
                                   krait_translation *how, krait_error *err);

#endif /* KRAIT_AOT_TRANSLATE_H */
