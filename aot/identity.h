/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a .krt says about where it comes from: the text in its seal (base/krt.h),
 * lines of "key: value".  No dates, no paths.
 */
#ifndef KRAIT_AOT_IDENTITY_H
#define KRAIT_AOT_IDENTITY_H

#include "aot/text.h"

#include "base/krt.h"

typedef struct krait_identity {
    const char *compiler; /* first line of its --version */
    const char *opt_flag;
    uint32_t flags;      /* KRAIT_MODULE_... */
    const char *reduced; /* files that were compiled with less optimisation; NULL: none */
    const char *first;   /* names of the functions that lie side by side; NULL: none */
} krait_identity;

/* "3-0123456789abcdef": revision, and a hash of the sources of the translator. */
void krait__identity_translator(krait_text *text);

/* The whole text, with a NUL at the end that is not counted by its readers. */
void krait__identity_write(krait_text *text, const krait_identity *identity);

/* Hexadecimal digits; made by embed.cmake. */
extern const char krait__aot_digest[];

#endif /* KRAIT_AOT_IDENTITY_H */
