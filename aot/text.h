/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing text.  Failing to grow is remembered, so that a writer tests once
 * at the end; the size is bounded by KRAIT_EMIT_MAX_TEXT_BYTES.
 */
#ifndef KRAIT_AOT_TEXT_H
#define KRAIT_AOT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct krait_text {
    char *data; /* not terminated; NULL while empty */
    size_t size;
    size_t capacity;
    bool is_full;   /* the ceiling was reached */
    bool no_memory; /* memory ran out */
} krait_text;

void krait__text_release(krait_text *text);
void krait__text_add(krait_text *text, const char *bytes, size_t size);
void krait__text_str(krait_text *text, const char *string);
void krait__text_u64(krait_text *text, uint64_t number);
void krait__text_fmt(krait_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends a part of the text itself. */
void krait__text_repeat(krait_text *text, size_t at, size_t size);

/* Puts everything from `from` on before what begins at `to`, below it. */
void krait__text_move(krait_text *text, size_t from, size_t to);

#endif /* KRAIT_AOT_TEXT_H */
