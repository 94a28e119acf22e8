/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One definition of a table: read from JSON, checked, compared.
 *
 * include/krait/module.h says what names may be; a name is never put into SQL without quotes, so it may
 * be any text.
 */
#include "tables.h"

#include "base/siphash.h"

#include <stdio.h>
#include <stdlib.h>

/* Bytes of all names of a table: the statement that makes it is not to be longer than SQLite takes,
 * which is a million bytes, when all of them are quotes. */
#define NAMES_MAX 200000u

const char *
proc_type_name(proc_type type)
{
    static const char *const names[] = {
#define PROC_TYPE_NAME_(name, word) word,
        KRAIT_ENV_TYPES(PROC_TYPE_NAME_)
#undef PROC_TYPE_NAME_
    };

    return type < PROC_TYPE_COUNT ? names[type] : "unknown";
}

static uint8_t
lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool
proc_name_is_same(const char *a, size_t a_size, const char *b, size_t b_size)
{
    if (a_size != b_size)
        return false;
    for (size_t i = 0; i < a_size; i++) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool
proc_table_is_named(const proc_table *table, const char *name, size_t size)
{
    return proc_name_is_same(table->names, table->name_size, name, size);
}

bool
proc_name_is_good(const char *name, size_t size, bool is_column)
{
    static const char *const reserved[] = {
#define PROC_RESERVED_(word) word,
        KRAIT_ENV_RESERVED(PROC_RESERVED_)
#undef PROC_RESERVED_
    };
    const size_t uuid_size = sizeof(KRAIT_ENV_UUID_COLUMN) - 1;

    if (size == 0 || size > KRAIT_ENV_NAME_MAX || memchr(name, 0, size) != NULL)
        return false;
    if (is_column)
        return !proc_name_is_same(name, size, KRAIT_ENV_UUID_COLUMN, uuid_size);
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        const size_t word = strlen(reserved[i]);

        if (size >= word && proc_name_is_same(name, word, reserved[i], word))
            return false;
    }
    return true;
}

/* What is read of a table: columns in one buffer, names in another. */
typedef struct table_draft {
    proc_buffer columns;
    proc_buffer names;
} table_draft;

static bool
read_type(proc_json *json, proc_type *ret_type)
{
    char word[16];

    if (!proc_json_key(json, word, sizeof(word)))
        return false;
    for (unsigned i = 0; i < PROC_TYPE_COUNT; i++) {
        if (strcmp(word, proc_type_name((proc_type)i)) == 0) {
            *ret_type = (proc_type)i;
            return true;
        }
    }
    return false;
}

/* {"name":..., "data_type":...} in any order. */
static bool
read_column(proc_json *json, table_draft *draft)
{
    proc_column column = {0, 0, PROC_TYPE_COUNT};
    bool is_named = false;

    if (!proc_json_take(json, '{'))
        return false;
    do {
        char key[16];
        bool is_good;

        if (!proc_json_key(json, key, sizeof(key)) || !proc_json_take(json, ':'))
            return false;
        if (strcmp(key, "name") == 0 && !is_named) {
            column.name = (uint32_t)draft->names.size;
            is_good = proc_json_text(json, &draft->names);
            column.name_size = (uint32_t)draft->names.size - column.name;
            is_named = true;
        } else if (strcmp(key, "data_type") == 0 && column.type == PROC_TYPE_COUNT) {
            is_good = read_type(json, &column.type);
        } else {
            is_good = false;
        }
        if (!is_good)
            return false;
    } while (proc_json_take(json, ','));
    return proc_json_take(json, '}') && is_named && column.type != PROC_TYPE_COUNT &&
           proc_buffer_put(&draft->columns, &column, sizeof(column));
}

static int
read_columns(proc_json *json, table_draft *draft)
{
    if (!proc_json_take(json, '['))
        return KRAIT_ENV_MALFORMED;
    if (proc_json_take(json, ']'))
        return KRAIT_ENV_OK;
    do {
        if (!read_column(json, draft))
            return KRAIT_ENV_MALFORMED;
        if (draft->columns.size > KRAIT_ENV_COLUMNS_MAX * sizeof(proc_column) ||
            draft->names.size > NAMES_MAX)
            return KRAIT_ENV_LIMIT;
    } while (proc_json_take(json, ','));
    return proc_json_take(json, ']') ? KRAIT_ENV_OK : KRAIT_ENV_MALFORMED;
}

uint64_t
proc_name_hash(const uint64_t key[2], const char *name, size_t size)
{
    uint8_t text[KRAIT_ENV_NAME_MAX];

    /* Names that are longer are none. */
    if (size > sizeof(text))
        size = sizeof(text);
    for (size_t i = 0; i < size; i++)
        text[i] = lower(name[i]);
    return krait__siphash(key, text, size);
}

/* Two columns of one name?  With a table of what was seen, for there may be 1999. */
static bool
names_are_good(proc_table *table)
{
    uint32_t hashes[KRAIT_ENV_COLUMNS_MAX];
    uint16_t seen[4096] = {0};
    uint64_t key[2];

    krait__siphash_key(key);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const proc_column *column = &table->columns[i];
        const char *name = table->names + column->name;
        const uint64_t hash = proc_name_hash(key, name, column->name_size);
        uint32_t slot = (uint32_t)(hash % 4096);

        if (!proc_name_is_good(name, column->name_size, true))
            return false;
        hashes[i] = (uint32_t)(hash >> 32);
        for (; seen[slot] != 0; slot = (slot + 1) % 4096) {
            const proc_column *other = &table->columns[seen[slot] - 1];

            if (hashes[seen[slot] - 1] != hashes[i])
                continue;
            table->compared++;
            if (proc_name_is_same(name, column->name_size, table->names + other->name,
                                  other->name_size))
                return false;
        }
        seen[slot] = (uint16_t)(i + 1);
    }
    return true;
}

static proc_table *
assemble(const table_draft *draft, size_t name_size)
{
    proc_table *table = malloc(sizeof(*table) + draft->columns.size + draft->names.size);
    char *names;

    if (table == NULL)
        return NULL;
    table->hash = 0;
    table->index = UINT32_MAX;
    table->names_size = (uint32_t)draft->names.size;
    table->compared = 0;
    table->name_size = (uint32_t)name_size;
    table->column_count = (uint32_t)(draft->columns.size / sizeof(proc_column));
    if (draft->columns.size != 0)
        memcpy(table->columns, draft->columns.bytes, draft->columns.size);
    names = (char *)(table->columns + table->column_count);
    memcpy(names, draft->names.bytes, draft->names.size);
    table->names = names;
    return table;
}

int
proc_table_read(const char *name, size_t name_size, proc_json *json, proc_table **ret_table)
{
    table_draft draft = {{NULL, 0, 0}, {NULL, 0, 0}};
    proc_table *table = NULL;
    int status = KRAIT_ENV_OK;

    if (!proc_name_is_good(name, name_size, false))
        return KRAIT_ENV_NAME;
    if (!proc_is_utf8(name, name_size))
        return KRAIT_ENV_MALFORMED;
    if (!proc_buffer_put(&draft.names, name, name_size))
        return KRAIT_ENV_FAILED;
    status = read_columns(json, &draft);
    if (status == KRAIT_ENV_OK) {
        table = assemble(&draft, name_size);
        if (table == NULL)
            status = KRAIT_ENV_FAILED;
        else if (!names_are_good(table))
            status = KRAIT_ENV_NAME;
    }
    proc_buffer_release(&draft.names);
    proc_buffer_release(&draft.columns);
    if (status == KRAIT_ENV_OK)
        *ret_table = table;
    else
        free(table);
    return status;
}

int
proc_table_parse(const char *name, size_t name_size, const void *columns, size_t columns_size,
                 proc_table **ret_table)
{
    proc_json json = {columns, (const uint8_t *)columns + columns_size};
    proc_table *table;
    int status = proc_table_read(name, name_size, &json, &table);

    if (status != KRAIT_ENV_OK)
        return status;
    if (!proc_json_is_done(&json)) {
        free(table);
        return KRAIT_ENV_MALFORMED;
    }
    *ret_table = table;
    return KRAIT_ENV_OK;
}

proc_table *
proc_table_copy(const proc_table *table)
{
    const size_t columns = table->column_count * sizeof(table->columns[0]);
    proc_table *copy = malloc(sizeof(*table) + columns + table->names_size);

    if (copy == NULL)
        return NULL;
    memcpy(copy, table, sizeof(*table) + columns);
    memcpy(copy->columns + copy->column_count, table->names, table->names_size);
    copy->names = (const char *)(copy->columns + copy->column_count);
    return copy;
}

bool
proc_table_is_same(const proc_table *have, const proc_table *given, char *why, size_t size)
{
    const int name_size = (int)have->name_size;

    if (have->column_count != given->column_count) {
        snprintf(why, size, "Schema mismatch for table '%.*s': different column count (%u vs %u)",
                 name_size, have->names, have->column_count, given->column_count);
        return false;
    }
    for (uint32_t i = 0; i < have->column_count; i++) {
        const proc_column *a = &have->columns[i];
        const proc_column *b = &given->columns[i];
        const char *a_name = have->names + a->name;
        const char *b_name = given->names + b->name;

        if (!proc_name_is_same(a_name, a->name_size, b_name, b->name_size)) {
            snprintf(why, size, "Schema mismatch for table '%.*s': column name '%.*s' vs '%.*s'",
                     name_size, have->names, (int)a->name_size, a_name, (int)b->name_size, b_name);
            return false;
        }
        if (a->type != b->type) {
            snprintf(why, size,
                     "Schema mismatch for table '%.*s': column '%.*s' type mismatch (%s vs %s)",
                     name_size, have->names, (int)a->name_size, a_name, proc_type_name(a->type),
                     proc_type_name(b->type));
            return false;
        }
    }
    return true;
}
