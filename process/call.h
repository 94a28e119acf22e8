/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of process(): what the module gives for one document, through the four functions or
 * through files.
 *
 * Nothing of it counts before the call has ended well.  Rows go straight into the worker's batch, whose end
 * is moved back when they are not wanted; sub-content is a list of items.  The state is an instance's and
 * serves all its calls: buffers keep their size, and definitions of tables are remembered, because a
 * module that lives on may define its tables once.
 */
#ifndef KRAIT_PROCESS_CALL_H
#define KRAIT_PROCESS_CALL_H

#include "batch.h"
#include "document.h"
#include "limits.h"
#include "tables.h"

/* A table that this call has defined, or given rows; rows name it by its place. */
typedef struct proc_used {
    const proc_table *table;
    bool is_known; /* by the database */
} proc_used;

/* Places for the tables of a call: more than twice as many as there may be; a power of 2. */
#define PROC_USED_SLOTS 2048u

/* What was written to /subcontent/data_N.bin and waits for its metadata. */
typedef struct proc_data_file {
    struct proc_data_file *next;
    proc_blob *blob;
    uint64_t number;
} proc_data_file;

typedef struct proc_call {
    const proc_limits *limits;
    proc_tables *tables; /* of the database */

    proc_table *own[PROC_INSTANCE_TABLES]; /* definitions that the database does not have */
    uint32_t own_count;

    proc_document *document; /* NULL: process() does not run */
    proc_batch *batch;
    size_t start;  /* of this call's records */
    size_t record; /* of its rows */
    uint64_t rows;
    uint64_t data_bytes; /* of sub-content and new tables; those of rows are in the batch */
    proc_used *used;
    uint32_t used_count;
    uint32_t used_capacity;
    uint32_t last_used;
    uint16_t slots[PROC_USED_SLOTS]; /* by hash: places in `used` counted from 1; 0: free */
    uint64_t compared;               /* names, to find a table: for tests */
    uint64_t started_ns;

    proc_item *children; /* the first one first */
    proc_item **last_child;
    uint64_t child_count;
    uint64_t child_bytes; /* that count for the tree */
    proc_data_file *files;

    proc_buffer output[2]; /* stdout, stderr */
    bool truncated[2];

    proc_buffer text;  /* what the guest passed, copied */
    proc_buffer name;  /* the same */
    char reason[256];  /* why a function refused something, last; or empty */
    char limit[160];   /* the limit that was reached; or empty */
    unsigned insisted; /* calls after that */
} proc_call;

void proc_call_init(proc_call *call, const proc_limits *limits, proc_tables *tables);
void proc_call_release(proc_call *call);
/* The instance is a new one: it has defined nothing. */
void proc_call_forget(proc_call *call);

/* Nothing of the last call is left: no output, no row, no sub-content. */
void proc_call_clear(proc_call *call);
/* After that.  False: there is no memory. */
bool proc_call_begin(proc_call *call, proc_document *document, proc_batch *batch);
/* `is_good`: what was given counts, unless a limit was reached or a table is another one in the database:
 * then the result is false, and `reason` or `limit` says why.  The children are at call->children;
 * the caller takes them. */
bool proc_call_end(proc_call *call, bool is_good);
void proc_call_drop_children(proc_call *call);

/* What the guest passed, already copied; all return a krait_env_status. */
int proc_call_define(proc_call *call, const char *name, size_t name_size, proc_json *columns);
int proc_call_insert(proc_call *call, const char *name, size_t name_size, proc_json *row);
/* Takes its own share of the blob. */
int proc_call_emit(proc_call *call, const char *filename, size_t name_size, proc_blob *blob,
                   const uint8_t *bytes, size_t size);
int proc_call_emit_slice(proc_call *call, const char *filename, size_t name_size, uint64_t offset,
                         uint64_t size);
/* A blob for so many bytes of sub-content, when that is within the limits; else NULL and a status. */
proc_blob *proc_call_blob(proc_call *call, uint64_t size, int *ret_status);
/* What is written to stdout and stderr: a krait_output_fn. */
int proc_call_output(void *call, int stream, const void *bytes, size_t size);
/* A file of /metadata or /subcontent was closed. */
void proc_call_metadata(proc_call *call, const char *name, const void *bytes, size_t size);
void proc_call_subcontent(proc_call *call, const char *name, const void *bytes, size_t size);
void proc_call_drop_files(proc_call *call);

/* The error of the time limit when it has passed; what a guest cannot be interrupted in looks for it itself. */
int proc_call_check_time(proc_call *call);
void proc_call_say_time(uint64_t ns, char *text, size_t size);

/* For so many more bytes of what the call gives; and the error when there is none. */
bool proc_call_has_room(const proc_call *call, uint64_t size);
int proc_call_too_much(proc_call *call);

/* Keeps why something was refused; returns the status. */
int proc_call_refuse(proc_call *call, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* KRAIT_PROCESS_CALL_H */
