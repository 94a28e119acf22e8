/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in memory: what insert_row() was given, checked, in a form that is read as fast as it is written.
 *
 * A row is the number of its table (4 bytes) and for each column a tag and, in the machine's order
 * of bytes, an int64_t, a double, or the size of a text or of bytes (4 bytes) and these.
 */
#ifndef KRAIT_PROCESS_ROWS_H
#define KRAIT_PROCESS_ROWS_H

#include "buffer.h"
#include "json.h"
#include "tables.h"

typedef enum proc_tag {
    PROC_TAG_NULL = 0,
    PROC_TAG_INTEGER = 1,
    PROC_TAG_REAL = 2,
    PROC_TAG_TEXT = 3,
    PROC_TAG_BYTES = 4
} proc_tag;

/* Appends a row of JSON.  A krait_env_status; `why` says what is wrong.  `number` goes before the
 * row.  After a failure the buffer is as it was. */
int proc_row_parse(proc_buffer *to, uint32_t number, const proc_table *table, const void *text,
                   size_t size, char *why, size_t why_size);
/* The same for a row in a longer text, which may go on. */
int proc_row_read(proc_buffer *to, uint32_t number, const proc_table *table, proc_json *json,
                  char *why, size_t why_size);

/* base64.c: from JSON text, in quotes, to the end of `to`; false: it is malformed. */
bool proc_base64_read(proc_json *json, proc_buffer *to);

typedef struct proc_value {
    proc_tag tag;
    union {
        int64_t integer;
        double real;
        struct {
            const uint8_t *bytes;
            uint32_t size;
        } text;
    } as;
} proc_value;

/* Reading what was written by the functions above. */
static inline const uint8_t *
proc_row_number(const uint8_t *at, uint32_t *ret_number)
{
    memcpy(ret_number, at, 4);
    return at + 4;
}

static inline const uint8_t *
proc_row_value(const uint8_t *at, proc_value *ret)
{
    *ret = (proc_value){.tag = (proc_tag)*at++};
    switch (ret->tag) {
    case PROC_TAG_INTEGER:
    case PROC_TAG_REAL:
        memcpy(&ret->as, at, 8);
        return at + 8;
    case PROC_TAG_TEXT:
    case PROC_TAG_BYTES:
        memcpy(&ret->as.text.size, at, 4);
        ret->as.text.bytes = at + 4;
        return at + 4 + ret->as.text.size;
    case PROC_TAG_NULL:
    default:
        return at;
    }
}

#endif /* KRAIT_PROCESS_ROWS_H */
