/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that modules define, and those that the database has.
 *
 * A definition is first the module's own.  It becomes one of the database when a document for which it
 * was used has succeeded; from then on a table of that name has these columns, for all modules.  So
 * a document that fails leaves no table behind.  Names are compared as SQLite does: without the case of
 * ASCII letters.
 */
#ifndef KRAIT_PROCESS_TABLES_H
#define KRAIT_PROCESS_TABLES_H

#include "buffer.h"
#include "json.h"

#include <krait/module.h>

/* Of one database.  SQLite and its statements hold some 300 bytes for each column. */
#define PROC_TABLES_MAX  10000u
#define PROC_COLUMNS_MAX 200000u

typedef enum proc_type {
#define PROC_TYPE_(name, word) PROC_##name,
    KRAIT_ENV_TYPES(PROC_TYPE_)
#undef PROC_TYPE_
        PROC_TYPE_COUNT
} proc_type;

typedef struct proc_column {
    uint32_t name; /* where it is in the table's names */
    uint32_t name_size;
    proc_type type;
} proc_column;

/* One piece of memory. */
typedef struct proc_table {
    uint64_t hash;  /* of the name: proc_tables_hash(), set by who looks it up */
    uint32_t index; /* of tables of the database: counted from 0 */
    uint32_t name_size;
    uint32_t column_count;
    uint32_t names_size; /* of all names */
    uint32_t compared;   /* pairs of columns: for tests */
    const char *names;   /* the table's, then the columns', without NUL; all UTF-8 */
    proc_column columns[];
} proc_table;

typedef struct proc_tables proc_tables;

/* NULL: there is no memory. */
proc_tables *proc_tables_new(void);
void proc_tables_free(proc_tables *tables);
/* The table of the database with this name, of which `hash` is proc_tables_hash(); or NULL. */
const proc_table *proc_tables_find(proc_tables *tables, const char *name, size_t size,
                                   uint64_t hash);
/* Makes the database have such a table: *ret_table is the one that it has.  A krait_env_status; with
 * KRAIT_ENV_SCHEMA and KRAIT_ENV_LIMIT `why` says what is wrong. */
int proc_tables_register(proc_tables *tables, const proc_table *table, const proc_table **ret_table,
                         char *why, size_t size);
unsigned proc_tables_count(proc_tables *tables);
/* Of a name, without its case; with a key, for modules choose names. */
uint64_t proc_tables_hash(const proc_tables *tables, const char *name, size_t size);

/* ---- table.c: one definition -------------------------------------------------------------- */

/* From a name and JSON of columns.  A krait_env_status; *ret_table is to be released with free(). */
int proc_table_parse(const char *name, size_t name_size, const void *columns, size_t columns_size,
                     proc_table **ret_table);
/* The same for columns that are read from a longer text, which may go on. */
int proc_table_read(const char *name, size_t name_size, proc_json *json, proc_table **ret_table);
proc_table *proc_table_copy(const proc_table *table);
/* True when they are equal, else false with the reason in `why`. */
bool proc_table_is_same(const proc_table *have, const proc_table *given, char *why, size_t size);
/* Bytes of its definition. */
static inline uint64_t
proc_table_size(const proc_table *table)
{
    return (uint64_t)table->column_count * sizeof(table->columns[0]) + table->names_size;
}
bool proc_table_is_named(const proc_table *table, const char *name, size_t size);
const char *proc_type_name(proc_type type);
/* False when a table may not have that name, or a column. */
bool proc_name_is_good(const char *name, size_t size, bool is_column);
uint64_t proc_name_hash(const uint64_t key[2], const char *name, size_t size);
bool proc_name_is_same(const char *a, size_t a_size, const char *b, size_t b_size);

#endif /* KRAIT_PROCESS_TABLES_H */
