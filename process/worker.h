/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers: threads that take documents through all modules.
 *
 * Sub-content is done depth first by the worker that found it, so that little of it waits at a time.  When
 * others have nothing to do, it shares what it found first.
 *
 * Order of what the database gets.  A root whose tree is not done in the batch that holds the root is
 * written as "processing" and finished by a later record.  For that a tree that is shared keeps two
 * rules: before an item of it is shared, the batch with what was written of the tree so far is handed
 * over; and a worker hands over its batch before it counts an item of such a tree as done.  So who counts
 * the last one knows that everything of the tree is before its own record.
 */
#ifndef KRAIT_PROCESS_WORKER_H
#define KRAIT_PROCESS_WORKER_H

#include "inputs.h"
#include "instance.h"
#include "queue.h"
#include "writer.h"

/* What all workers share. */
typedef struct proc_shop {
    const proc_modules *modules;
    proc_tables *tables;
    proc_queue *queue;
    proc_writer *writer;
    proc_inputs *inputs;
    bool is_fresh;
} proc_shop;

typedef struct proc_worker {
    proc_shop *shop;
    proc_instance *instances; /* one for each module */
    proc_batch *batch;
    const proc_item *ahead; /* the roots after this one, until the kernel was asked for them */
    proc_item *stack;       /* sub-content that waits here, the next one first */
    size_t stack_size;
    proc_blob *blob; /* the last root's, to be used again */
    proc_buffer description;
    proc_buffer errors; /* of the document, joined */
    proc_uuids uuids;
    krait_sha256 empty_hash; /* a hash that has been asked for nothing */
    int64_t now_ms;
    int64_t batch_ms; /* when the batch was begun */
    bool has_failed;  /* out of memory: it cannot go on */
    bool is_open;
} proc_worker;

krait_status proc_worker_open(proc_worker *worker, proc_shop *shop, krait_error *err);
/* Until there is nothing more to do, or everything was stopped. */
void proc_worker_run(proc_worker *worker);
void proc_worker_close(proc_worker *worker);

/* worker_document.c: one item, which is released.  False: out of memory. */
bool proc_worker_do(proc_worker *worker, proc_item *item);
/* Hands the batch over. */
void proc_worker_flush(proc_worker *worker);

#endif /* KRAIT_PROCESS_WORKER_H */
