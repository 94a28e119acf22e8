/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables, rows and sub-content of one call, as JSON in the form that modules use.
 */
#include "program.h"

#include "process/rows.h"

#include <math.h>
#include <string.h>

/* Of sub-content so many bytes are shown. */
#define SHOWN_BYTES 4096u

static void
print_real(double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    if (isinf(real))
        printf("\"%sinf\"", real < 0 ? "-" : "");
    else if (!isnan(real))
        printf("%.17g", real);
    else if (bits == UINT64_C(0x7ff8000000000000))
        fputs("\"nan\"", stdout);
    else
        printf("\"nan:0x%016llx\"", (unsigned long long)bits);
}

static void
print_value(const proc_value *value, proc_type type)
{
    const char *text = (const char *)value->as.text.bytes;

    if (value->tag == PROC_TAG_NULL) {
        fputs("{\"Null\":null}", stdout);
        return;
    }
    printf("{\"%s\":", proc_type_name(type));
    switch (value->tag) {
    case PROC_TAG_INTEGER:
        if (type == PROC_BOOLEAN)
            fputs(value->as.integer != 0 ? "true" : "false", stdout);
        else
            printf("%lld", (long long)value->as.integer);
        break;
    case PROC_TAG_REAL:
        print_real(value->as.real);
        break;
    case PROC_TAG_TEXT:
        cli_json_bytes(stdout, text, value->as.text.size);
        break;
    case PROC_TAG_BYTES:
        cli_json_base64(stdout, text, value->as.text.size);
        break;
    case PROC_TAG_NULL:
        break;
    }
    putchar('}');
}

static void
print_table(const proc_table *table)
{
    fputs("{\"name\":", stdout);
    cli_json_bytes(stdout, table->names, table->name_size);
    fputs(",\"columns\":[", stdout);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const proc_column *column = &table->columns[i];

        fputs(i != 0 ? ",{\"name\":" : "{\"name\":", stdout);
        cli_json_bytes(stdout, table->names + column->name, column->name_size);
        printf(",\"data_type\":\"%s\"}", proc_type_name(column->type));
    }
    fputs("]}", stdout);
}

static const proc_table *
table_at(const uint8_t *tables, uint32_t number)
{
    const proc_table *table;

    memcpy(&table, tables + number * sizeof(table), sizeof(table));
    return table;
}

static const uint8_t *
print_row(const uint8_t *at, const uint8_t *tables)
{
    const proc_table *table;
    uint32_t number;

    at = proc_row_number(at, &number);
    table = table_at(tables, number);
    fputs("{\"table_name\":", stdout);
    cli_json_bytes(stdout, table->names, table->name_size);
    fputs(",\"values\":[", stdout);
    for (uint32_t i = 0; i < table->column_count; i++) {
        proc_value value = {.as = {.text = {NULL, 0}}};

        at = proc_row_value(at, &value);
        if (i != 0)
            putchar(',');
        print_value(&value, table->columns[i].type);
    }
    fputs("]}", stdout);
    return at;
}

void
program_print_rows(const proc_batch *batch, bool is_good)
{
    proc_rows_record record = {.table_count = 0};
    const uint8_t *at = batch->bytes.bytes;
    const uint8_t *tables;

    if (is_good && batch->bytes.size >= sizeof(record)) {
        memcpy(&record, at, sizeof(record));
        at += sizeof(record);
    }
    tables = record.table_count != 0 ? at + record.bytes : at;
    fputs("{\"tables\":[", stdout);
    for (uint32_t i = 0; i < record.table_count; i++) {
        if (i != 0)
            putchar(',');
        print_table(table_at(tables, i));
    }
    fputs("],\"rows\":[", stdout);
    for (uint64_t i = 0; i < record.row_count; i++) {
        if (i != 0)
            putchar(',');
        at = print_row(at, tables);
    }
    fputs("]}", stdout);
}

void
program_print_children(const proc_item *children)
{
    size_t index = 0;

    putchar('[');
    for (; children != NULL; children = children->next) {
        const size_t shown = children->size < SHOWN_BYTES ? children->size : SHOWN_BYTES;

        printf("%s{\"index\":%zu,\"filename\":", index != 0 ? "," : "", index);
        cli_json_text(stdout, children->filename);
        fputs(",\"data_hex\":\"", stdout);
        for (size_t i = 0; i < shown; i++)
            printf("%02x", children->bytes[i]);
        printf("\",\"size\":%zu,\"truncated\":%s,\"metadata\":{\"filename\":", children->size,
               shown < children->size ? "true" : "false");
        cli_json_text(stdout, children->filename);
        fputs("}}", stdout);
        index++;
    }
    putchar(']');
}
