/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of JSON (RFC 8259) for texts that guests wrote.
 *
 * It reads what it is asked for from a text in memory, without a tree and without recursion: how
 * deep a text nests costs nothing.  Texts have to be UTF-8; a surrogate alone is malformed.
 */
#ifndef KRAIT_PROCESS_JSON_H
#define KRAIT_PROCESS_JSON_H

#include "buffer.h"

typedef struct proc_json {
    const uint8_t *at;
    const uint8_t *end;
} proc_json;

/* What a number is. */
typedef enum proc_number {
    PROC_NUMBER_NONE,    /* no number */
    PROC_NUMBER_INTEGER, /* all digits, and fits into 64 bits */
    PROC_NUMBER_WIDE,    /* all digits, and does not */
    PROC_NUMBER_REAL
} proc_number;

/* Takes white space and then this character, when it is there. */
bool proc_json_take(proc_json *json, char wanted);
/* True when nothing but white space is left. */
bool proc_json_is_done(proc_json *json);
/* A word such as "null". */
bool proc_json_take_word(proc_json *json, const char *word);
/* A text, decoded to the end of `to`; false: there is none, or it is malformed, or there is no memory.
 * Of `to` then only the size is as it was. */
bool proc_json_text(proc_json *json, proc_buffer *to);
/* A text for comparison: at most size - 1 bytes, with a NUL behind; a longer one, or one with a NUL, is
 * "".  False as above. */
bool proc_json_key(proc_json *json, char *to, size_t size);
/* Both are filled for integers; for a wide one only the real. */
proc_number proc_json_number(proc_json *json, int64_t *ret_integer, double *ret_real);
/* Any value, which is looked at no further than to find its end. */
bool proc_json_skip(proc_json *json);

/* True when all of it is UTF-8 (RFC 3629). */
bool proc_is_utf8(const void *bytes, size_t size);

#endif /* KRAIT_PROCESS_JSON_H */
