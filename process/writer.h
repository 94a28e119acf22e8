/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: one thread that puts batches into the database, many to a transaction.
 */
#ifndef KRAIT_PROCESS_WRITER_H
#define KRAIT_PROCESS_WRITER_H

#include "batch.h"
#include "database.h"

typedef struct proc_writer proc_writer;

/* `failed` is called once, on the writer's thread, when it cannot go on. */
krait_status proc_writer_start(proc_database *database, void (*failed)(void *data), void *data,
                               proc_writer **ret, krait_error *err);
/* An empty batch, or NULL: there is no memory. */
proc_batch *proc_writer_take(proc_writer *writer);
/* Takes the batch; waits while others take much memory.  False: the writer has failed. */
bool proc_writer_put(proc_writer *writer, proc_batch *batch);
/* What is in the database, or about to be. */
void proc_writer_counts(proc_writer *writer, proc_counts *ret);
/* Commits everything, ends the thread and releases the writer; why it failed, if it did.  `ret_counts` may be
 * NULL. */
krait_status proc_writer_finish(proc_writer *writer, proc_counts *ret_counts, krait_error *err);

/* ---- apply.c: records to statements ------------------------------------------------------- */

typedef struct proc_applier {
    proc_database *database;
    sqlite3_stmt *document;
    sqlite3_stmt *output;
    sqlite3_stmt *finish;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    sqlite3_stmt *tables[PROC_TABLES_MAX]; /* NULL: not made yet, or not seen in this run */
} proc_applier;

krait_status proc_applier_init(proc_applier *applier, proc_database *database, krait_error *err);
void proc_applier_release(proc_applier *applier);
krait_status proc_apply(proc_applier *applier, const proc_batch *batch, krait_error *err);
krait_status proc_apply_step(proc_applier *applier, sqlite3_stmt *statement, krait_error *err);
/* Rows of one document and module: apply_rows.c. */
krait_status proc_apply_rows(proc_applier *applier, const uint8_t *record, krait_error *err);

#endif /* KRAIT_PROCESS_WRITER_H */
