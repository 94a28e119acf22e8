/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on with the database of an earlier run: what is done, and what is to be done again.
 *
 * A root whose tree was not done has the status "processing"; it, what was found below it, and all
 * their rows are removed.  So are those of roots whose contents have changed, but by the writer, in the
 * transaction that has what comes of them now.  Everything else stays.
 */
#include "database.h"

#include "document.h"

#include "base/error.h"

#include <stdlib.h>

typedef krait_status (*resume_row_fn)(proc_database *database, sqlite3_stmt *row, void *data,
                                      krait_error *err);

/* Each row of a statement. */
static krait_status
each(proc_database *database, const char *sql, resume_row_fn row, void *data, krait_error *err)
{
    sqlite3_stmt *statement = NULL;
    krait_status status = KRAIT_OK;
    int step = SQLITE_ROW;

    if (sqlite3_prepare_v2(database->connection, sql, -1, &statement, NULL) != SQLITE_OK)
        return proc_database_error(database, "read", err);
    while (status == KRAIT_OK && (step = sqlite3_step(statement)) == SQLITE_ROW)
        status = row(database, statement, data, err);
    if (status == KRAIT_OK && step != SQLITE_DONE)
        status = proc_database_error(database, "read", err);
    (void)sqlite3_finalize(statement);
    return status;
}

static krait_status
changed(const proc_database *database, const char *table, krait_error *err)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s': the table '%s' is not as this program has made it",
                            database->path, table);
}

/* The columns of a table, as JSON, so that there is one reader of definitions. */
static krait_status
read_columns(proc_database *database, const char *name, proc_buffer *json, krait_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool is_good = proc_buffer_put_byte(json, '[');
    bool is_ours = true;
    unsigned count = 0;

    if (sqlite3_prepare_v2(database->connection, "SELECT name, type FROM pragma_table_info(?1)", -1,
                           &statement, NULL) != SQLITE_OK)
        return proc_database_error(database, "read", err);
    (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    while (is_good && is_ours && sqlite3_step(statement) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(statement, 0);
        const int size = sqlite3_column_bytes(statement, 0);
        const proc_type type = proc_sql_type((const char *)sqlite3_column_text(statement, 1));

        if (count++ == 0) {
            is_ours = column != NULL && strcmp(column, KRAIT_ENV_UUID_COLUMN) == 0;
            continue;
        }
        is_ours = column != NULL && type != PROC_TYPE_COUNT;
        is_good = is_ours && (count == 2 || proc_buffer_put_byte(json, ',')) &&
                  proc_buffer_put(json, "{\"name\":", 8) &&
                  proc_put_json_text(json, column, (size_t)size) &&
                  proc_buffer_put(json, ",\"data_type\":\"", 14) &&
                  proc_buffer_put(json, proc_type_name(type), strlen(proc_type_name(type))) &&
                  proc_buffer_put(json, "\"}", 2);
    }
    (void)sqlite3_finalize(statement);
    if (!is_ours || count == 0)
        return changed(database, name, err);
    if (!is_good || !proc_buffer_put_byte(json, ']'))
        return krait__error_nomem(err);
    return KRAIT_OK;
}

static krait_status
load_table(proc_database *database, sqlite3_stmt *row, void *data, krait_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    const size_t name_size = (size_t)sqlite3_column_bytes(row, 0);
    proc_buffer json = {.bytes = NULL};
    const proc_table *registered;
    proc_table *table = NULL;
    krait_status status;
    char why[256];

    if (name == NULL)
        return krait__error_nomem(err);
    status = read_columns(database, name, &json, err);
    if (status == KRAIT_OK) {
        if (proc_table_parse(name, name_size, json.bytes, json.size, &table) != KRAIT_ENV_OK)
            status = changed(database, name, err);
        else if (proc_tables_register(data, table, &registered, why, sizeof(why)) != KRAIT_ENV_OK)
            status = krait__error_set(err, KRAIT_EFORMAT, 0, "'%s': the table '%s': %s",
                                      database->path, name, why);
    }
    free(table);
    proc_buffer_release(&json);
    return status;
}

static krait_status
drop_rows(proc_database *database, sqlite3_stmt *row, void *data, krait_error *err)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    krait_status status;
    char *sql;

    (void)data;
    sql = sqlite3_mprintf(
        "DELETE FROM \"%w\" WHERE content_uuid IN (SELECT uuid FROM temp.dropped)", name);
    if (sql == NULL)
        return krait__error_nomem(err);
    status = proc_database_run(database, sql, "write", err);
    sqlite3_free(sql);
    return status;
}

static krait_status
count_dropped(proc_database *database, sqlite3_stmt *row, void *data, krait_error *err)
{
    (void)data;
    (void)err;
    database->dropped = (uint64_t)sqlite3_column_int64(row, 0);
    return KRAIT_OK;
}

static krait_status
add_done(proc_database *database, sqlite3_stmt *row, void *data, krait_error *err)
{
    const void *path = sqlite3_column_blob(row, 0);
    const int size = sqlite3_column_bytes(row, 0);
    const int added = proc_done_add(data, path != NULL ? path : "", (size_t)size,
                                    (const char *)sqlite3_column_text(row, 1),
                                    (const char *)sqlite3_column_text(row, 2));

    database->resumed++;
    if (added < 0)
        return krait__error_nomem(err);
    return added > 0 ? KRAIT_OK : changed(database, "__wadup_content", err);
}

krait_status
proc_database_drop(proc_database *database, krait_error *err)
{
    krait_status status = each(database,
                               "SELECT name FROM sqlite_master WHERE type = 'table' "
                               "AND substr(name, 1, 7) <> 'sqlite_' AND name <> '__wadup_content'",
                               drop_rows, NULL, err);

    if (status == KRAIT_OK)
        status = proc_database_run(database,
                                   "DELETE FROM __wadup_content WHERE uuid IN "
                                   "(SELECT uuid FROM temp.dropped); DELETE FROM temp.dropped",
                                   "write", err);
    return status;
}

static krait_status
drop_unfinished(proc_database *database, krait_error *err)
{
    static const char find[] =
        "INSERT INTO temp.dropped WITH RECURSIVE tree(uuid) AS ("
        "SELECT uuid FROM main.__wadup_content WHERE parent_uuid IS NULL AND status = 'processing' "
        "UNION SELECT c.uuid FROM main.__wadup_content c JOIN tree t ON c.parent_uuid = t.uuid) "
        "SELECT uuid FROM tree";
    krait_status status = each(database,
                               "SELECT count(*) FROM __wadup_content WHERE parent_uuid IS NULL "
                               "AND status = 'processing'",
                               count_dropped, NULL, err);

    if (status != KRAIT_OK || database->dropped == 0)
        return status;
    status = proc_database_run(database, find, "write", err);
    return status == KRAIT_OK ? proc_database_drop(database, err) : status;
}

krait_status
proc_database_resume(proc_database *database, proc_tables *tables, proc_done *done,
                     krait_error *err)
{
    krait_status status = proc_database_run(database, "BEGIN IMMEDIATE", "use", err);

    if (status == KRAIT_OK)
        status = each(database,
                      "SELECT name FROM sqlite_master WHERE type = 'table' AND "
                      "substr(name, 1, 7) <> 'sqlite_' AND substr(name, 1, 8) <> '__wadup_' "
                      "AND substr(name, 1, 8) <> '__krait_'",
                      load_table, tables, err);
    if (status == KRAIT_OK)
        status = proc_database_run(
            database, "CREATE TEMP TABLE dropped(uuid TEXT PRIMARY KEY) WITHOUT ROWID", "use", err);
    if (status == KRAIT_OK)
        status = drop_unfinished(database, err);
    if (status == KRAIT_OK)
        status = each(database,
                      "SELECT path, uuid, sha256 FROM __wadup_content WHERE parent_uuid IS NULL",
                      add_done, done, err);
    if (status == KRAIT_OK)
        status = proc_database_run(database, "COMMIT", "write", err);
    else
        (void)sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
