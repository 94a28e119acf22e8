/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows to the tables of modules.  A table is made when the first document that used it comes.
 *
 * SQLite has no NaN, it makes NULL of it; so a NaN is stored as the text that stands for it in
 * JSON (include/krait/module.h).  Nor does a column of type REAL keep the sign of -0.0: that is
 * documented.
 */
#include "writer.h"

#include "base/error.h"
#include "rows.h"

static krait_status
make_table(proc_applier *applier, const proc_table *table, krait_error *err)
{
    char *sql = proc_sql_create(table);
    krait_status status;

    if (sql == NULL)
        return krait__error_nomem(err);
    status = proc_database_run(applier->database, sql, "make a table in", err);
    sqlite3_free(sql);
    return status;
}

static bool
is_there(const proc_applier *applier, const proc_table *table)
{
    char name[KRAIT_ENV_NAME_MAX + 1];

    memcpy(name, table->names, table->name_size);
    name[table->name_size] = '\0';
    return sqlite3_table_column_metadata(applier->database->connection, "main", name, NULL, NULL,
                                         NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* The statement that inserts into a table, which is made when it is not there. */
static krait_status
statement_for(proc_applier *applier, const proc_table *table, sqlite3_stmt **ret, krait_error *err)
{
    krait_status status = KRAIT_OK;
    char *sql;

    *ret = applier->tables[table->index];
    if (*ret != NULL)
        return KRAIT_OK;
    if (!is_there(applier, table))
        status = make_table(applier, table, err);
    if (status != KRAIT_OK)
        return status;
    sql = proc_sql_insert(table);
    if (sql == NULL)
        return krait__error_nomem(err);
    if (sqlite3_prepare_v3(applier->database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, ret,
                           NULL) != SQLITE_OK)
        status = proc_database_error(applier->database, "write", err);
    sqlite3_free(sql);
    applier->tables[table->index] = *ret;
    return status;
}

static void
bind_real(sqlite3_stmt *statement, int at, double real)
{
    char text[32];
    uint64_t bits;

    if (real == real) {
        (void)sqlite3_bind_double(statement, at, real);
        return;
    }
    memcpy(&bits, &real, sizeof(bits));
    if (bits == UINT64_C(0x7ff8000000000000))
        sqlite3_snprintf(sizeof(text), text, "nan");
    else
        sqlite3_snprintf(sizeof(text), text, "nan:0x%016llx", (unsigned long long)bits);
    (void)sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static void
bind_value(sqlite3_stmt *statement, int at, const proc_value *value)
{
    switch (value->tag) {
    case PROC_TAG_INTEGER:
        (void)sqlite3_bind_int64(statement, at, value->as.integer);
        break;
    case PROC_TAG_REAL:
        bind_real(statement, at, value->as.real);
        break;
    case PROC_TAG_TEXT:
        (void)sqlite3_bind_text64(statement, at, (const char *)value->as.text.bytes,
                                  value->as.text.size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case PROC_TAG_BYTES:
        (void)sqlite3_bind_blob64(statement, at, value->as.text.bytes, value->as.text.size,
                                  SQLITE_STATIC);
        break;
    case PROC_TAG_NULL:
    default:
        (void)sqlite3_bind_null(statement, at);
        break;
    }
}

static const proc_table *
table_at(const uint8_t *tables, uint32_t number)
{
    const proc_table *table;

    memcpy(&table, tables + number * sizeof(table), sizeof(table));
    return table;
}

/* Tables that a document defines are there, even without rows. */
static krait_status
make_tables(proc_applier *applier, const uint8_t *tables, uint32_t count, krait_error *err)
{
    krait_status status = KRAIT_OK;
    sqlite3_stmt *statement;

    for (uint32_t i = 0; i < count && status == KRAIT_OK; i++)
        status = statement_for(applier, table_at(tables, i), &statement, err);
    return status;
}

krait_status
proc_apply_rows(proc_applier *applier, const uint8_t *at, krait_error *err)
{
    proc_rows_record record;
    const uint8_t *tables;
    krait_status status;

    memcpy(&record, at, sizeof(record));
    at += sizeof(record);
    tables = at + record.bytes;
    status = make_tables(applier, tables, record.table_count, err);
    while (at < tables && status == KRAIT_OK) {
        const proc_table *table;
        sqlite3_stmt *statement;
        uint32_t number;

        at = proc_row_number(at, &number);
        table = table_at(tables, number);
        statement = applier->tables[table->index];
        (void)sqlite3_bind_text(statement, 1, record.head.uuid, PROC_UUID_SIZE, SQLITE_STATIC);
        for (uint32_t i = 0; i < table->column_count; i++) {
            proc_value value;

            at = proc_row_value(at, &value);
            bind_value(statement, (int)i + 2, &value);
        }
        status = proc_apply_step(applier, statement, err);
    }
    return status;
}
