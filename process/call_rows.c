/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and rows of a call.
 */
#include "call.h"
#include "rows.h"

#include <stdlib.h>

/* SQLite takes rows of up to 1,000,000,000 bytes. */
#define ROW_BYTES_MAX 900000000u

static bool
add_used(proc_call *call, const proc_table *table, bool is_known)
{
    if (call->used_count == call->used_capacity) {
        const uint32_t capacity = call->used_capacity == 0 ? 16 : call->used_capacity * 2;
        proc_used *used = realloc(call->used, capacity * sizeof(*used));

        if (used == NULL)
            return false;
        call->used = used;
        call->used_capacity = capacity;
    }
    call->used[call->used_count] = (proc_used){table, is_known};
    call->last_used = call->used_count++;
    return true;
}

/* Its number; used_count: it is not among those of this call. */
static uint32_t
find_used(const proc_call *call, const char *name, size_t size)
{
    uint32_t at = 0;

    if (call->last_used < call->used_count &&
        proc_table_is_named(call->used[call->last_used].table, name, size))
        return call->last_used;
    while (at < call->used_count && !proc_table_is_named(call->used[at].table, name, size))
        at++;
    return at;
}

static uint32_t
find_own(const proc_call *call, const char *name, size_t size)
{
    uint32_t at = 0;

    while (at < call->own_count && !proc_table_is_named(call->own[at], name, size))
        at++;
    return at;
}

static int
too_many_tables(proc_call *call)
{
    return proc_call_refuse(call, KRAIT_ENV_LIMIT, "exceeded the limit of %u tables",
                            PROC_INSTANCE_TABLES);
}

/* Takes the table. */
static int
define(proc_call *call, proc_table *table)
{
    const proc_table *known = proc_tables_find(call->tables, table->names, table->name_size);
    const uint32_t used = find_used(call, table->names, table->name_size);
    const proc_table *have = used < call->used_count ? call->used[used].table : known;
    uint32_t own;
    char why[sizeof(call->reason)];

    if (have != NULL) {
        const bool is_same = proc_table_is_same(have, table, why, sizeof(why));

        free(table);
        if (!is_same)
            return proc_call_refuse(call, KRAIT_ENV_SCHEMA, "%s", why);
        return used < call->used_count || add_used(call, have, true)
                   ? KRAIT_ENV_OK
                   : proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
    }
    /* A definition of an earlier call, which came to nothing, does not count. */
    own = find_own(call, table->names, table->name_size);
    if (own < call->own_count)
        free(call->own[own]);
    else if (call->own_count == PROC_INSTANCE_TABLES) {
        free(table);
        return too_many_tables(call);
    } else
        call->own_count++;
    call->own[own] = table;
    return add_used(call, table, false) ? KRAIT_ENV_OK
                                        : proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
}

int
proc_call_define(proc_call *call, const char *name, size_t name_size, proc_json *columns)
{
    proc_table *table;
    int status = proc_table_read(name, name_size, columns, &table);

    if (status == KRAIT_ENV_LIMIT)
        return proc_call_refuse(call, status, "exceeded the limit of %u columns",
                                KRAIT_ENV_COLUMNS_MAX);
    if (status != KRAIT_ENV_OK)
        return proc_call_refuse(call, status, "define_table: %s", krait_env_reason(status));
    if (call->used_count >= PROC_INSTANCE_TABLES) {
        free(table);
        return too_many_tables(call);
    }
    return define(call, table);
}

/* The number of the table for a row; a krait_env_status. */
static int
find_for_row(proc_call *call, const char *name, size_t size, uint32_t *ret_number)
{
    const proc_table *table = NULL;
    bool is_known = false;
    uint32_t own;

    *ret_number = find_used(call, name, size);
    if (*ret_number < call->used_count)
        return KRAIT_ENV_OK;
    own = find_own(call, name, size);
    table = proc_tables_find(call->tables, name, size);
    is_known = table != NULL;
    if (table == NULL && own < call->own_count)
        table = call->own[own];
    if (table == NULL)
        return proc_call_refuse(call, KRAIT_ENV_NO_TABLE, "insert_row: there is no table '%.*s'",
                                (int)(size < 100 ? size : 100), name);
    if (call->used_count >= PROC_INSTANCE_TABLES)
        return too_many_tables(call);
    *ret_number = call->used_count;
    return add_used(call, table, is_known)
               ? KRAIT_ENV_OK
               : proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
}

int
proc_call_insert(proc_call *call, const char *name, size_t name_size, proc_json *row)
{
    const uint64_t taken = call->data_bytes;
    const uint64_t limit = call->limits->result > taken ? call->limits->result - taken : 0;
    const size_t start = call->batch->bytes.size;
    uint32_t number;
    int status;

    if (call->limit[0] != '\0')
        return KRAIT_ENV_LIMIT;
    if (call->rows >= call->limits->rows)
        return proc_call_refuse(call, KRAIT_ENV_LIMIT, "exceeded the limit of %llu rows",
                                (unsigned long long)call->limits->rows);
    status = find_for_row(call, name, name_size, &number);
    if (status != KRAIT_ENV_OK)
        return status;
    status = proc_row_read(&call->batch->bytes, number, call->used[number].table, row, call->reason,
                           sizeof(call->reason));
    if (status != KRAIT_ENV_OK)
        return status;
    if (call->batch->bytes.size - call->record > limit ||
        call->batch->bytes.size - start > ROW_BYTES_MAX) {
        const bool is_result = call->batch->bytes.size - call->record > limit;

        call->batch->bytes.size = start;
        return proc_call_refuse(call, KRAIT_ENV_LIMIT, "exceeded the limit of %llu bytes of %s",
                                is_result ? (unsigned long long)call->limits->result
                                          : (unsigned long long)ROW_BYTES_MAX,
                                is_result ? "rows and sub-content" : "one row");
    }
    call->rows++;
    return KRAIT_ENV_OK;
}
