/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: one thread that puts batches into the database, many to a transaction.
 */
#ifndef KRAIT_PROCESS_WRITER_H
#define KRAIT_PROCESS_WRITER_H

#include "batch.h"
#include "database.h"

typedef struct proc_writer proc_writer;

/* What ends a transaction.  Of one that removes rows of documents that have changed only the time does, which may
 * become longer then, and as many bytes as the file has, if that is more. */
typedef struct proc_pace {
    int64_t lasts_ns; /* since it began */
    int64_t idle_ns;  /* nothing came for so long */
    uint64_t documents;
    uint64_t bytes; /* of batches */
} proc_pace;

#define PROC_PACE_INIT {INT64_C(1000000000), INT64_C(200000000), 20000, UINT64_C(32) << 20}

/* `failed` is called once, on the writer's thread, when it cannot go on. */
krait_status proc_writer_start(proc_database *database, const proc_pace *pace,
                               void (*failed)(void *data), void *data, proc_writer **ret,
                               krait_error *err);
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
    sqlite3_stmt *drop;                    /* NULL: not used yet */
    bool has_dropped;                      /* in this transaction, and their rows are still there */
    sqlite3_stmt *tables[PROC_TABLES_MAX]; /* NULL: not made yet, or not seen in this run */
} proc_applier;

krait_status proc_applier_init(proc_applier *applier, proc_database *database, krait_error *err);
void proc_applier_release(proc_applier *applier);
krait_status proc_apply(proc_applier *applier, const proc_batch *batch, krait_error *err);
krait_status proc_apply_step(proc_applier *applier, sqlite3_stmt *statement, krait_error *err);
/* Before a commit: removes the rows of what was dropped. */
krait_status proc_apply_drops(proc_applier *applier, krait_error *err);
/* Rows of one document and module: apply_rows.c. */
krait_status proc_apply_rows(proc_applier *applier, const uint8_t *record, krait_error *err);

#endif /* KRAIT_PROCESS_WRITER_H */
