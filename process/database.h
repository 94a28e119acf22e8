/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database that results go into: SQLite, by one connection, for one run at a time.
 *
 * docs/processing.md describes its tables.  What is not a database of this format, of this version, or
 * is in use, is not touched.
 */
#ifndef KRAIT_PROCESS_DATABASE_H
#define KRAIT_PROCESS_DATABASE_H

#include "done.h"
#include "tables.h"

#include <krait/error.h>

#include <sqlite3.h>

/* In the header of the file: "KRPR", and the version of the tables. */
#define PROC_APPLICATION_ID  0x4b525052
#define PROC_DATABASE_FORMAT 1

typedef struct proc_database {
    sqlite3 *connection;
    int lock; /* held as long as it is open; a descriptor of the file */
    const char *path;
    uint64_t resumed; /* roots that were done before */
    uint64_t dropped; /* roots that were begun before, and are forgotten */
} proc_database;

/* Makes the database, or opens the one of an earlier run when `resume` is true: then `tables` gets its
 * tables and `done` its roots.  Documents whose tree was not done are removed.  KRAIT_EBUSY
 * in use; KRAIT_ESTATE there is one, and it is not to be resumed; KRAIT_EFORMAT not ours, or of another
 * version; KRAIT_EIO. */
krait_status proc_database_open(const char *path, bool resume, proc_tables *tables, proc_done *done,
                                proc_database *ret, krait_error *err);
/* Leaves one file.  Fails when the last of it could not be written; closed it is all the same. */
krait_status proc_database_close(proc_database *database, krait_error *err);

/* database_resume.c */
krait_status proc_database_resume(proc_database *database, proc_tables *tables, proc_done *done,
                                  krait_error *err);
/* Removes the documents that are in temp.dropped, which proc_database_resume() makes, and all their rows;
 * empties it. */
krait_status proc_database_drop(proc_database *database, krait_error *err);
/* Fills `err` from the connection's last error, "cannot WHAT 'PATH': " before it; returns the code. */
krait_status proc_database_error(const proc_database *database, const char *what, krait_error *err);
krait_status proc_database_run(const proc_database *database, const char *sql, const char *what,
                               krait_error *err);

/* sql.c: statements for tables of modules, with every name in quotes.  Allocated by SQLite, NULL: no
 * memory. */
char *proc_sql_create(const proc_table *table);
char *proc_sql_insert(const proc_table *table);
/* The type of a column by how it is declared; PROC_TYPE_COUNT: none of ours. */
proc_type proc_sql_type(const char *declared);

#endif /* KRAIT_PROCESS_DATABASE_H */
