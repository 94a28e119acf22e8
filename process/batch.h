/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: what a worker has to say to the writer, about many documents at once.
 *
 * A batch is a chain of records in one buffer.  It always holds whole documents, and the writer never
 * commits in the middle of one: so a document is in the database with all its rows or not at all.
 */
#ifndef KRAIT_PROCESS_BATCH_H
#define KRAIT_PROCESS_BATCH_H

#include "buffer.h"
#include "document.h"
#include "tables.h"

typedef enum proc_record_kind {
    PROC_RECORD_ROWS = 1,     /* of one document and module */
    PROC_RECORD_OUTPUT = 2,   /* its stdout and stderr */
    PROC_RECORD_DOCUMENT = 3, /* a new one */
    PROC_RECORD_FINISH = 4,   /* the tree of a root is done */
    PROC_RECORD_DROP = 5      /* a root of an earlier run is forgotten, with its tree */
} proc_record_kind;

/* What each begins with. */
typedef struct proc_record {
    uint64_t size; /* of the whole record */
    uint32_t kind;
    char uuid[PROC_UUID_SIZE + 1]; /* of the document */
} proc_record;

/* Then `bytes` of rows (rows.h), and pointers to `table_count` tables, which the rows name by number. */
typedef struct proc_rows_record {
    proc_record head;
    uint32_t table_count;
    uint64_t row_count;
    uint64_t bytes;
} proc_rows_record;

/* Then what was written to stdout and to stderr. */
typedef struct proc_output_record {
    proc_record head;
    bool truncated[2];
    const char *module; /* its name, which lives as long as the run */
    uint64_t size[2];
} proc_output_record;

/* Then filename, path, and the error's text. */
typedef struct proc_document_record {
    proc_record head;
    char parent[PROC_UUID_SIZE + 1];
    char sha256[2 * KRAIT_SHA256_SIZE + 1];
    uint32_t status;
    uint32_t depth;
    int64_t started_s;
    uint64_t size;
    const char *type; /* static, or NULL */
    uint32_t filename_size;
    uint32_t path_size;
    uint32_t error_size;
} proc_document_record;

/* Then the error's text. */
typedef struct proc_finish_record {
    proc_record head;
    uint32_t status;
    uint32_t error_size;
} proc_finish_record;

/* What was done. */
typedef struct proc_counts {
    uint64_t roots;     /* whose tree is done */
    uint64_t documents; /* roots and sub-content */
    uint64_t failed;    /* of them */
    uint64_t rows;
    uint64_t bytes;   /* of the documents */
    uint64_t changed; /* roots that an earlier run has done with other contents */
} proc_counts;

typedef struct proc_batch {
    struct proc_batch *next;
    uint64_t number; /* no other one has it */
    proc_buffer bytes;
    proc_counts counts;
} proc_batch;

/* All of these: false, there is no memory, and the batch is as it was. */
bool proc_batch_document(proc_batch *batch, const proc_document *document, proc_status status,
                         const char *error, size_t *ret_record);
bool proc_batch_output(proc_batch *batch, const char *uuid, const char *module,
                       const proc_buffer output[2], const bool truncated[2]);
bool proc_batch_finish(proc_batch *batch, const char *uuid, proc_status status, const char *error);
bool proc_batch_drop(proc_batch *batch, const char *uuid);
/* Gives a document that is in the batch its last status. */
void proc_batch_set_status(proc_batch *batch, size_t record, proc_status status);

/* Rows: open, append to batch->bytes as rows.h says, close. */
bool proc_batch_open_rows(proc_batch *batch, const char *uuid, size_t *ret_record);
bool proc_batch_close_rows(proc_batch *batch, size_t record, uint64_t row_count,
                           const proc_table *const *tables, uint32_t table_count);

#endif /* KRAIT_PROCESS_BATCH_H */
