/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements for tables of modules.  A name is in double quotes with each of its quotes doubled, which
 * SQLite's %w does: so whatever it is, it is a name and nothing else.
 */
#include "database.h"

static const char *const declared[PROC_TYPE_COUNT] = {
    [PROC_INT64] = "INTEGER",   [PROC_FLOAT64] = "REAL", [PROC_STRING] = "TEXT",
    [PROC_BOOLEAN] = "BOOLEAN", [PROC_BYTES] = "BLOB",
};

char *
proc_sql_create(const proc_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendf(sql, "CREATE TABLE \"%.*w\" (" KRAIT_ENV_UUID_COLUMN " TEXT NOT NULL",
                        (int)table->name_size, table->names);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const proc_column *column = &table->columns[i];

        sqlite3_str_appendf(sql, ", \"%.*w\" %s", (int)column->name_size,
                            table->names + column->name, declared[column->type]);
    }
    sqlite3_str_appendall(sql, ", FOREIGN KEY(" KRAIT_ENV_UUID_COLUMN
                               ") REFERENCES __wadup_content(uuid))");
    return sqlite3_str_finish(sql);
}

char *
proc_sql_insert(const proc_table *table)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendf(sql, "INSERT INTO \"%.*w\" VALUES (?", (int)table->name_size, table->names);
    for (uint32_t i = 0; i < table->column_count; i++)
        sqlite3_str_appendall(sql, ",?");
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

proc_type
proc_sql_type(const char *text)
{
    unsigned i = 0;

    while (i < PROC_TYPE_COUNT && (text == NULL || strcmp(text, declared[i]) != 0))
        i++;
    return (proc_type)i;
}
