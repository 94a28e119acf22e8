/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue: a list of tenants that have jobs, each with a list of them.  Whose turn it was goes to
 * the end, so a tenant with a thousand jobs delays another one's by one job for each worker.
 */
#include "pool/queue.h"

#include "base/alloc.h"
#include "base/error.h"

krait_status
krait__queue_new(size_t count, krait_queue *queue, krait_error *err)
{
    return krait__numbers_new(count, &queue->tenants, err);
}

void
krait__queue_release(krait_queue *queue)
{
    krait__numbers_release(&queue->tenants);
}

/* ---- the ring of tenants ------------------------------------------------------------------ */

static void
append_tenant(krait_queue *queue, krait_tenant *tenant)
{
    tenant->next = NULL;
    tenant->previous = queue->last;
    if (queue->last != NULL)
        queue->last->next = tenant;
    else
        queue->first = tenant;
    queue->last = tenant;
}

static void
unlink_tenant(krait_queue *queue, krait_tenant *tenant)
{
    if (tenant->previous != NULL)
        tenant->previous->next = tenant->next;
    else
        queue->first = tenant->next;
    if (tenant->next != NULL)
        tenant->next->previous = tenant->previous;
    else
        queue->last = tenant->previous;
}

/* ---- jobs --------------------------------------------------------------------------------- */

krait_status
krait__queue_add(krait_queue *queue, krait_queued_job *job, bool is_first, krait_error *err)
{
    const uint64_t number = job->answer->result.tenant;
    krait_tenant *tenant = (krait_tenant *)krait__numbers_find(&queue->tenants, number);

    if (tenant == NULL) {
        tenant = krait__calloc(1, sizeof(*tenant));
        if (tenant == NULL)
            return krait__error_nomem(err);
        tenant->node.key = number;
        krait__numbers_add(&queue->tenants, &tenant->node);
        append_tenant(queue, tenant);
    }
    job->next = is_first ? tenant->first : NULL;
    job->previous = is_first ? NULL : tenant->last;
    *(job->previous != NULL ? &job->previous->next : &tenant->first) = job;
    *(job->next != NULL ? &job->next->previous : &tenant->last) = job;
    job->tenant = tenant;
    job->state = KRAIT_JOB_QUEUED;
    tenant->count++;
    tenant->bytes += krait__job_bytes(job);
    queue->count++;
    return KRAIT_OK;
}

void
krait__queue_remove(krait_queue *queue, krait_queued_job *job)
{
    krait_tenant *tenant = job->tenant;

    *(job->previous != NULL ? &job->previous->next : &tenant->first) = job->next;
    *(job->next != NULL ? &job->next->previous : &tenant->last) = job->previous;
    tenant->count--;
    tenant->bytes -= krait__job_bytes(job);
    job->tenant = NULL;
    job->next = job->previous = NULL;
    queue->count--;
    if (tenant->first != NULL)
        return;
    unlink_tenant(queue, tenant);
    krait__numbers_remove(&queue->tenants, &tenant->node);
    krait__free(tenant);
}

const krait_tenant *
krait__queue_tenant(const krait_queue *queue, uint64_t number)
{
    return (const krait_tenant *)krait__numbers_find(&queue->tenants, number);
}

krait_queued_job *
krait__queue_take(krait_queue *queue)
{
    krait_tenant *tenant = queue->first;
    krait_queued_job *job;

    if (tenant == NULL)
        return NULL;
    job = tenant->first;
    if (tenant->first != tenant->last) {
        unlink_tenant(queue, tenant);
        append_tenant(queue, tenant);
    }
    krait__queue_remove(queue, job);
    return job;
}
