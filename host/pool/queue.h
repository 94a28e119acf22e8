/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that wait: in order for each tenant, and tenants take turns.  No locks: the pool has one.
 */
#ifndef KRAIT_POOL_QUEUE_H
#define KRAIT_POOL_QUEUE_H

#include "pool/wire.h"

/* ---- numbers.c: things by number ------------------------------------------------------------ */

typedef struct krait_node {
    uint64_t key;
    struct krait_node *next;
} krait_node;

typedef struct krait_numbers {
    krait_node **buckets;
    size_t mask;
} krait_numbers;

/* For about so many. */
krait_status krait__numbers_new(size_t count, krait_numbers *table, krait_error *err);
void krait__numbers_release(krait_numbers *table);
void krait__numbers_add(krait_numbers *table, krait_node *node);
krait_node *krait__numbers_find(const krait_numbers *table, uint64_t key); /* NULL: none */
void krait__numbers_remove(krait_numbers *table, const krait_node *node);

/* ---- job.c -------------------------------------------------------------------------------- */

typedef enum krait_job_state {
    KRAIT_JOB_QUEUED,
    KRAIT_JOB_RUNS,     /* `driver` has it */
    KRAIT_JOB_ANSWERED, /* its answer is on the way */
} krait_job_state;

/* What krait_job_result_free() releases. */
typedef struct krait_answer {
    krait_job_result result; /* first: its address is the answer's */
    krait_frame job;         /* holds the paths */
    krait_buffer done;       /* holds everything else */
    krait_job_file *files;
} krait_answer;

typedef struct krait_queued_job {
    krait_node node; /* first; by the job's number */
    krait_answer *answer;
    krait_job_done done;
    void *data;
    krait_job_state state;
    bool is_cancelled;
    bool has_begun;    /* its code may have run */
    uint32_t attempts; /* workers that died before it began */
    uint64_t submitted_ns;
    uint64_t wall_ns; /* that code and function may take together; KRAIT_UNLIMITED */
    struct krait_driver *driver;
    struct krait_tenant *tenant; /* while it waits */
    struct krait_queued_job *next;
    struct krait_queued_job *previous;
} krait_queued_job;

/* A job with room for its answer; the spec is checked and copied. */
krait_status krait__job_new(uint64_t number, const krait_job_spec *spec, const krait_config *config,
                            krait_queued_job **ret_job, krait_error *err);
/* Without an answer; takes NULL. */
void krait__job_free(krait_queued_job *job);
/* Bytes that it takes while it is not answered. */
uint64_t krait__job_bytes(const krait_queued_job *job);
/* The number and the spec's lists as the job's frame has them. */
krait_status krait__job_view(const krait_queued_job *job, krait_job_view *ret_view,
                             krait_error *err);
/* Makes the answer of a DONE, whose payload begins at `at` of the buffer, which it takes over; false:
 * it is malformed, and the buffer is still the caller's. */
bool krait__job_answer(krait_queued_job *job, krait_buffer *done, size_t at);
/* The answer is an error. */
void krait__job_fail(krait_queued_job *job, const krait_error *error);
/* The answer is KRAIT_RESULT_CANCELLED; `why` is its message. */
void krait__job_cancelled(krait_queued_job *job, const char *why);

/* ---- queue.c ------------------------------------------------------------------------------ */

typedef struct krait_tenant {
    krait_node node; /* first; by the tenant's number */
    krait_queued_job *first;
    krait_queued_job *last;
    uint64_t count;            /* jobs that wait, and ... */
    uint64_t bytes;            /* what they take */
    struct krait_tenant *next; /* whose turn is after this one's */
    struct krait_tenant *previous;
} krait_tenant;

typedef struct krait_queue {
    krait_numbers tenants;
    krait_tenant *first;
    krait_tenant *last;
    uint64_t count;
} krait_queue;

krait_status krait__queue_new(size_t count, krait_queue *queue, krait_error *err);
void krait__queue_release(krait_queue *queue); /* it is empty */
/* Behind the other jobs of its tenant, or before them. */
krait_status krait__queue_add(krait_queue *queue, krait_queued_job *job, bool is_first,
                              krait_error *err);
/* NULL: no job of this tenant waits. */
const krait_tenant *krait__queue_tenant(const krait_queue *queue, uint64_t number);
/* The next one; NULL: none. */
krait_queued_job *krait__queue_take(krait_queue *queue);
void krait__queue_remove(krait_queue *queue, krait_queued_job *job);

#endif /* KRAIT_POOL_QUEUE_H */
