/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the database, for all workers.  One is never changed or removed, so what was found
 * may be kept.
 */
#include "tables.h"

#include "base/siphash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct proc_tables {
    pthread_rwlock_t lock;
    uint64_t key[2];
    unsigned count;
    uint32_t columns; /* of all */
    proc_table *items[PROC_TABLES_MAX];
};

proc_tables *
proc_tables_new(void)
{
    proc_tables *tables = calloc(1, sizeof(*tables));

    if (tables != NULL && pthread_rwlock_init(&tables->lock, NULL) != 0) {
        free(tables);
        tables = NULL;
    }
    if (tables != NULL)
        krait__siphash_key(tables->key);
    return tables;
}

void
proc_tables_free(proc_tables *tables)
{
    if (tables == NULL)
        return;
    for (unsigned i = 0; i < tables->count; i++)
        free(tables->items[i]);
    (void)pthread_rwlock_destroy(&tables->lock);
    free(tables);
}

uint64_t
proc_tables_hash(const proc_tables *tables, const char *name, size_t size)
{
    return proc_name_hash(tables->key, name, size);
}

/* Workers keep what they found, so it is rare that all are looked through. */
static proc_table *
find(proc_tables *tables, const char *name, size_t size, uint64_t hash)
{
    for (unsigned i = 0; i < tables->count; i++) {
        if (tables->items[i]->hash == hash && proc_table_is_named(tables->items[i], name, size))
            return tables->items[i];
    }
    return NULL;
}

const proc_table *
proc_tables_find(proc_tables *tables, const char *name, size_t size, uint64_t hash)
{
    const proc_table *found;

    (void)pthread_rwlock_rdlock(&tables->lock);
    found = find(tables, name, size, hash);
    (void)pthread_rwlock_unlock(&tables->lock);
    return found;
}

unsigned
proc_tables_count(proc_tables *tables)
{
    unsigned count;

    (void)pthread_rwlock_rdlock(&tables->lock);
    count = tables->count;
    (void)pthread_rwlock_unlock(&tables->lock);
    return count;
}

static int
add(proc_tables *tables, const proc_table *table, const proc_table **ret_table, char *why,
    size_t size)
{
    const uint64_t hash = proc_tables_hash(tables, table->names, table->name_size);
    proc_table *have = find(tables, table->names, table->name_size, hash);

    if (have != NULL) {
        if (!proc_table_is_same(have, table, why, size))
            return KRAIT_ENV_SCHEMA;
        *ret_table = have;
        return KRAIT_ENV_OK;
    }
    if (tables->count == PROC_TABLES_MAX) {
        snprintf(why, size, "the database has %u tables, which is the most", PROC_TABLES_MAX);
        return KRAIT_ENV_LIMIT;
    }
    if (table->column_count > PROC_COLUMNS_MAX - tables->columns) {
        snprintf(why, size, "exceeded the limit of %u columns of all tables", PROC_COLUMNS_MAX);
        return KRAIT_ENV_LIMIT;
    }
    have = proc_table_copy(table);
    if (have == NULL) {
        snprintf(why, size, "out of memory");
        return KRAIT_ENV_FAILED;
    }
    have->hash = hash;
    have->index = tables->count;
    tables->items[tables->count++] = have;
    tables->columns += have->column_count;
    *ret_table = have;
    return KRAIT_ENV_OK;
}

int
proc_tables_register(proc_tables *tables, const proc_table *table, const proc_table **ret_table,
                     char *why, size_t size)
{
    int status;

    (void)pthread_rwlock_wrlock(&tables->lock);
    status = add(tables, table, ret_table, why, size);
    (void)pthread_rwlock_unlock(&tables->lock);
    return status;
}
