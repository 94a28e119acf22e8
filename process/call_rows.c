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
is_named(proc_call *call, const proc_table *table, const char *name, size_t size, uint64_t hash)
{
    if (table->hash != hash)
        return false;
    call->compared++;
    return proc_table_is_named(table, name, size);
}

/* Where the table's number is, or would be. */
static uint16_t *
slot_of(proc_call *call, const char *name, size_t size, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash % PROC_USED_SLOTS);

    while (call->slots[at] != 0 &&
           !is_named(call, call->used[call->slots[at] - 1].table, name, size, hash))
        at = (at + 1) % PROC_USED_SLOTS;
    return &call->slots[at];
}

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
    *slot_of(call, table->names, table->name_size, table->hash) = (uint16_t)call->used_count;
    return true;
}

/* Its number; used_count: it is not among those of this call. */
static uint32_t
find_used(proc_call *call, const char *name, size_t size, uint64_t hash)
{
    const uint16_t number = *slot_of(call, name, size, hash);

    return number != 0 ? number - 1u : call->used_count;
}

static uint32_t
find_own(proc_call *call, const char *name, size_t size, uint64_t hash)
{
    uint32_t at = 0;

    while (at < call->own_count && !is_named(call, call->own[at], name, size, hash))
        at++;
    return at;
}

static int
too_many_tables(proc_call *call)
{
    return proc_call_refuse(call, KRAIT_ENV_LIMIT, "exceeded the limit of %u tables",
                            PROC_INSTANCE_TABLES);
}

/* Takes a table that nobody has.  All that the instance has defined and the database does not have is within
 * the limit of one result. */
static int
keep(proc_call *call, proc_table *table)
{
    const uint32_t own = find_own(call, table->names, table->name_size, table->hash);
    const uint64_t size = proc_table_size(table);
    uint64_t kept = size;

    for (uint32_t i = 0; i < call->own_count; i++)
        kept += i != own ? proc_table_size(call->own[i]) : 0;
    if (own == PROC_INSTANCE_TABLES || kept > call->limits->result ||
        !proc_call_has_room(call, size)) {
        free(table);
        return own == PROC_INSTANCE_TABLES ? too_many_tables(call) : proc_call_too_much(call);
    }
    call->data_bytes += size;
    /* A definition of an earlier call, which came to nothing, does not count. */
    if (own < call->own_count)
        free(call->own[own]);
    else
        call->own_count++;
    call->own[own] = table;
    return add_used(call, table, false) ? KRAIT_ENV_OK
                                        : proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
}

/* Takes the table. */
static int
define(proc_call *call, proc_table *table)
{
    const proc_table *have;
    uint32_t used;
    char why[sizeof(call->reason)];

    table->hash = proc_tables_hash(call->tables, table->names, table->name_size);
    used = find_used(call, table->names, table->name_size, table->hash);
    have = used < call->used_count
               ? call->used[used].table
               : proc_tables_find(call->tables, table->names, table->name_size, table->hash);
    if (have != NULL) {
        const bool is_same = proc_table_is_same(have, table, why, sizeof(why));

        free(table);
        if (!is_same)
            return proc_call_refuse(call, KRAIT_ENV_SCHEMA, "%s", why);
        return used < call->used_count || add_used(call, have, true)
                   ? KRAIT_ENV_OK
                   : proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
    }
    return keep(call, table);
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
    uint64_t hash;
    uint32_t own;

    *ret_number = call->last_used;
    if (call->last_used < call->used_count) {
        call->compared++;
        if (proc_table_is_named(call->used[call->last_used].table, name, size))
            return KRAIT_ENV_OK;
    }
    hash = proc_tables_hash(call->tables, name, size);
    *ret_number = find_used(call, name, size, hash);
    if (*ret_number < call->used_count) {
        call->last_used = *ret_number;
        return KRAIT_ENV_OK;
    }
    own = find_own(call, name, size, hash);
    table = proc_tables_find(call->tables, name, size, hash);
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
