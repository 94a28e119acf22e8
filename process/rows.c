/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of JSON, read into memory and checked against their table.  The guest has checked them, too:
 * that does not count.
 */
#include "rows.h"

#include <stdio.h>

typedef struct row_context {
    proc_buffer *to;
    const proc_table *table;
    uint32_t column;
    char *why;
    size_t why_size;
} row_context;

/* What a value of a kind may be in a column of a type. */
static bool
fits(int kind, proc_type type)
{
    return kind == (int)type || (kind == PROC_INT64 && type == PROC_FLOAT64);
}

static int
wrong_type(const row_context *row, const char *kind)
{
    const proc_column *column = &row->table->columns[row->column];

    snprintf(row->why, row->why_size, "column '%.*s' of table '%.*s' is %s, not %s",
             (int)column->name_size, row->table->names + column->name, (int)row->table->name_size,
             row->table->names, proc_type_name(column->type), kind);
    return KRAIT_ENV_TYPE;
}

static int
wrong_count(const row_context *row, uint32_t given)
{
    snprintf(row->why, row->why_size, "table '%.*s' has %u columns, %u values given",
             (int)row->table->name_size, row->table->names, row->table->column_count, given);
    return KRAIT_ENV_COUNT;
}

static bool
put(proc_buffer *to, proc_tag tag, const void *bytes)
{
    uint8_t *at = proc_buffer_add(to, 9);

    if (at == NULL)
        return false;
    *at = (uint8_t)tag;
    memcpy(at + 1, bytes, 8);
    return true;
}

/* Sixteen hexadecimal digits, which are the bits of a NaN. */
static bool
read_nan(const char *digits, uint64_t *ret_bits)
{
    uint64_t bits = 0;

    if (strlen(digits) != 16)
        return false;
    for (; *digits != '\0'; digits++) {
        const unsigned c = (unsigned char)*digits;

        if (c >= '0' && c <= '9')
            bits = bits << 4 | (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            bits = bits << 4 | ((c | 32) - 'a' + 10);
        else
            return false;
    }
    *ret_bits = bits;
    return (bits & UINT64_C(0x7ff0000000000000)) == UINT64_C(0x7ff0000000000000) &&
           (bits & UINT64_C(0x000fffffffffffff)) != 0;
}

/* "inf", "-inf", "nan", "nan:0x7ff8000000000001". */
static bool
read_special(proc_json *json, double *ret)
{
    char word[32];
    uint64_t bits;

    if (!proc_json_key(json, word, sizeof(word)))
        return false;
    if (strcmp(word, "inf") == 0)
        bits = UINT64_C(0x7ff0000000000000);
    else if (strcmp(word, "-inf") == 0)
        bits = UINT64_C(0xfff0000000000000);
    else if (strcmp(word, "nan") == 0)
        bits = UINT64_C(0x7ff8000000000000);
    else if (strncmp(word, "nan:0x", 6) != 0 || !read_nan(word + 6, &bits))
        return false;
    memcpy(ret, &bits, sizeof(bits));
    return true;
}

static bool
read_real(proc_json *json, proc_buffer *to)
{
    int64_t integer;
    double real;

    if (proc_json_take(json, '"')) {
        json->at--;
        return read_special(json, &real) && put(to, PROC_TAG_REAL, &real);
    }
    return proc_json_number(json, &integer, &real) != PROC_NUMBER_NONE &&
           put(to, PROC_TAG_REAL, &real);
}

static bool
read_integer(proc_json *json, proc_type type, proc_buffer *to)
{
    int64_t integer;
    double real;

    if (proc_json_number(json, &integer, &real) != PROC_NUMBER_INTEGER)
        return false;
    return type == PROC_FLOAT64 ? put(to, PROC_TAG_REAL, &real)
                                : put(to, PROC_TAG_INTEGER, &integer);
}

static bool
read_boolean(proc_json *json, proc_buffer *to)
{
    int64_t value = proc_json_take_word(json, "true");

    return (value != 0 || proc_json_take_word(json, "false")) && put(to, PROC_TAG_INTEGER, &value);
}

/* A text or bytes, with the size before it. */
static bool
read_text(proc_json *json, proc_tag tag, proc_buffer *to)
{
    const size_t start = to->size;
    const uint8_t head[5] = {(uint8_t)tag, 0, 0, 0, 0};
    uint32_t size;

    if (!proc_buffer_put(to, head, sizeof(head)) ||
        !(tag == PROC_TAG_TEXT ? proc_json_text(json, to) : proc_base64_read(json, to)) ||
        to->size - start - sizeof(head) > UINT32_MAX)
        return false;
    size = (uint32_t)(to->size - start - sizeof(head));
    memcpy(to->bytes + start + 1, &size, 4);
    return true;
}

static bool
read_of_kind(row_context *row, proc_json *json, int kind)
{
    switch (kind) {
    case PROC_INT64:
        return read_integer(json, row->table->columns[row->column].type, row->to);
    case PROC_FLOAT64:
        return read_real(json, row->to);
    case PROC_STRING:
        return read_text(json, PROC_TAG_TEXT, row->to);
    case PROC_BOOLEAN:
        return read_boolean(json, row->to);
    case PROC_BYTES:
        return read_text(json, PROC_TAG_BYTES, row->to);
    default:
        return proc_json_take_word(json, "null") && proc_buffer_put_byte(row->to, PROC_TAG_NULL);
    }
}

/* -1: null; PROC_TYPE_COUNT: unknown. */
static int
kind_of(const char *word)
{
    if (strcmp(word, KRAIT_ENV_NULL) == 0)
        return -1;
    for (int i = 0; i < PROC_TYPE_COUNT; i++) {
        if (strcmp(word, proc_type_name((proc_type)i)) == 0)
            return i;
    }
    return PROC_TYPE_COUNT;
}

/* {"Int64":42} */
static int
read_value(row_context *row, proc_json *json)
{
    char word[16];
    int kind;

    if (!proc_json_take(json, '{') || !proc_json_key(json, word, sizeof(word)) ||
        !proc_json_take(json, ':'))
        return KRAIT_ENV_MALFORMED;
    kind = kind_of(word);
    if (kind == PROC_TYPE_COUNT)
        return KRAIT_ENV_MALFORMED;
    /* One too many: it is counted, and nothing else. */
    if (row->column >= row->table->column_count)
        return proc_json_skip(json) && proc_json_take(json, '}') ? KRAIT_ENV_OK
                                                                 : KRAIT_ENV_MALFORMED;
    if (kind >= 0 && !fits(kind, row->table->columns[row->column].type))
        return wrong_type(row, word);
    return read_of_kind(row, json, kind) && proc_json_take(json, '}') ? KRAIT_ENV_OK
                                                                      : KRAIT_ENV_MALFORMED;
}

static int
read_values(row_context *row, proc_json *json)
{
    if (!proc_json_take(json, '['))
        return KRAIT_ENV_MALFORMED;
    if (!proc_json_take(json, ']')) {
        do {
            int status = read_value(row, json);

            if (status != KRAIT_ENV_OK)
                return status;
            row->column++;
        } while (proc_json_take(json, ','));
        if (!proc_json_take(json, ']'))
            return KRAIT_ENV_MALFORMED;
    }
    return row->column == row->table->column_count ? KRAIT_ENV_OK : wrong_count(row, row->column);
}

int
proc_row_read(proc_buffer *to, uint32_t number, const proc_table *table, proc_json *json, char *why,
              size_t why_size)
{
    row_context row = {to, table, 0, why, why_size};
    const size_t start = to->size;
    int status = KRAIT_ENV_FAILED;

    if (proc_buffer_put(to, &number, sizeof(number)))
        status = read_values(&row, json);
    if (status == KRAIT_ENV_MALFORMED)
        snprintf(why, why_size, "malformed text in a row for table '%.*s', value %u",
                 (int)table->name_size, table->names, row.column + 1);
    else if (status == KRAIT_ENV_FAILED)
        snprintf(why, why_size, "out of memory");
    if (status != KRAIT_ENV_OK)
        to->size = start;
    return status;
}

int
proc_row_parse(proc_buffer *to, uint32_t number, const proc_table *table, const void *text,
               size_t size, char *why, size_t why_size)
{
    proc_json json = {text, (const uint8_t *)text + size};
    const size_t start = to->size;
    int status = proc_row_read(to, number, table, &json, why, why_size);

    if (status != KRAIT_ENV_OK || proc_json_is_done(&json))
        return status;
    to->size = start;
    snprintf(why, why_size, "text goes on after a row for table '%.*s'", (int)table->name_size,
             table->names);
    return KRAIT_ENV_MALFORMED;
}
