/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which C compiler, and how it is called.
 */
#ifndef KRAIT_AOT_COMPILER_H
#define KRAIT_AOT_COMPILER_H

#include <krait/error.h>

typedef struct krait_compiler {
    char *path;
    char *version; /* first line of --version; NULL until it is known */
} krait_compiler;

/* `wanted` is a path, a name on PATH, or NULL for the default; `fallback` is
 * what the environment says ($KRAIT_CC) or NULL. */
krait_status krait__compiler_find(const char *wanted, const char *fallback,
                                  krait_compiler *ret_compiler, krait_error *err);
void krait__compiler_release(krait_compiler *compiler);

/* Flags that belong to the meaning of translated code; NULL-terminated. */
extern const char *const krait__compiler_flags[];
extern const char *const krait__compiler_link_flags[];

#endif /* KRAIT_AOT_COMPILER_H */
