/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for a worker: roots, which come from the inputs in their order, and sub-content that a
 * worker has given to the others.
 *
 * Roots are taken many at a time; their number, and the bytes of those that are in memory, have a
 * limit, at which whoever puts them in waits.
 */
#ifndef KRAIT_PROCESS_QUEUE_H
#define KRAIT_PROCESS_QUEUE_H

#include "document.h"

typedef struct proc_queue proc_queue;

/* NULL: there is no memory. */
proc_queue *proc_queue_new(unsigned workers);
void proc_queue_free(proc_queue *queue);

/* Takes the items, a list.  False: everything was stopped, and they are released. */
bool proc_queue_put_roots(proc_queue *queue, proc_item *items);
/* No root comes any more. */
void proc_queue_close(proc_queue *queue);
/* Nobody gets anything any more. */
void proc_queue_stop(proc_queue *queue);
bool proc_queue_is_stopped(proc_queue *queue);

/* Does somebody wait in vain?  A look without a lock: it may be late. */
bool proc_queue_is_hungry(proc_queue *queue);
/* Takes sub-content, a list, for the others. */
void proc_queue_share(proc_queue *queue, proc_item *items);

/* A list of items, first sub-content.  NULL: there is nothing now, or with `waits`, never again. */
proc_item *proc_queue_take(proc_queue *queue, bool waits);

#endif /* KRAIT_PROCESS_QUEUE_H */
