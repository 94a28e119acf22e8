/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of roots and shared sub-content: lists under one lock, which is taken once for many
 * documents.
 *
 * It is over when no root comes any more, nothing is left, and all workers wait: for who does not wait
 * may still share.
 */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

#define ROOTS_MAX 4096u
#define BYTES_MAX (UINT64_C(256) << 20)
/* That one worker takes at a time. */
#define TAKE_MAX 64u

struct proc_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    proc_item *roots;
    proc_item **last_root;
    size_t root_count;
    uint64_t root_bytes;
    proc_item *shared;
    unsigned workers;
    unsigned waiting;
    atomic_uint hungry; /* the same as `waiting`, for a look */
    atomic_bool is_stopped;
    bool is_closed;
};

proc_queue *
proc_queue_new(unsigned workers)
{
    proc_queue *queue = calloc(1, sizeof(*queue));

    if (queue == NULL)
        return NULL;
    queue->workers = workers;
    queue->last_root = &queue->roots;
    if (pthread_mutex_init(&queue->lock, NULL) != 0 ||
        pthread_cond_init(&queue->filled, NULL) != 0 ||
        pthread_cond_init(&queue->emptied, NULL) != 0) {
        free(queue);
        return NULL;
    }
    return queue;
}

void
proc_queue_free(proc_queue *queue)
{
    if (queue == NULL)
        return;
    proc_items_abandon(queue->roots);
    proc_items_abandon(queue->shared);
    (void)pthread_cond_destroy(&queue->emptied);
    (void)pthread_cond_destroy(&queue->filled);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

bool
proc_queue_put_roots(proc_queue *queue, proc_item *items)
{
    bool is_stopped;

    (void)pthread_mutex_lock(&queue->lock);
    while (!queue->is_stopped && (queue->root_count >= ROOTS_MAX || queue->root_bytes >= BYTES_MAX))
        (void)pthread_cond_wait(&queue->emptied, &queue->lock);
    is_stopped = queue->is_stopped;
    while (!is_stopped && items != NULL) {
        *queue->last_root = items;
        queue->last_root = &items->next;
        queue->root_count++;
        queue->root_bytes += items->size;
        items = items->next;
    }
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
    if (is_stopped)
        proc_items_abandon(items);
    return !is_stopped;
}

void
proc_queue_close(proc_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

void
proc_queue_stop(proc_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    atomic_store(&queue->is_stopped, true);
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_cond_broadcast(&queue->emptied);
    (void)pthread_mutex_unlock(&queue->lock);
}

bool
proc_queue_is_stopped(proc_queue *queue)
{
    return atomic_load_explicit(&queue->is_stopped, memory_order_relaxed);
}

bool
proc_queue_is_hungry(proc_queue *queue)
{
    return atomic_load_explicit(&queue->hungry, memory_order_relaxed) != 0;
}

void
proc_queue_share(proc_queue *queue, proc_item *items)
{
    proc_item *last = items;

    while (last->next != NULL)
        last = last->next;
    (void)pthread_mutex_lock(&queue->lock);
    last->next = queue->shared;
    queue->shared = items;
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

/* A fair part of the roots, so that nobody sits on many while others wait. */
static proc_item *
take_roots(proc_queue *queue)
{
    size_t count = queue->root_count / (2 * (size_t)queue->workers) + 1;
    proc_item *first = queue->roots;
    proc_item **end = &queue->roots;

    if (count > TAKE_MAX)
        count = TAKE_MAX;
    for (; count > 0 && *end != NULL; count--) {
        queue->root_count--;
        queue->root_bytes -= (*end)->size;
        end = &(*end)->next;
    }
    queue->roots = *end;
    if (queue->roots == NULL)
        queue->last_root = &queue->roots;
    *end = NULL;
    (void)pthread_cond_signal(&queue->emptied);
    return first;
}

static proc_item *
take_any(proc_queue *queue)
{
    proc_item *item = queue->shared;

    if (queue->is_stopped)
        return NULL;
    if (item != NULL) {
        queue->shared = item->next;
        item->next = NULL;
        return item;
    }
    return queue->roots != NULL ? take_roots(queue) : NULL;
}

proc_item *
proc_queue_take(proc_queue *queue, bool waits)
{
    proc_item *items;

    (void)pthread_mutex_lock(&queue->lock);
    items = take_any(queue);
    if (items == NULL && waits && !queue->is_stopped) {
        queue->waiting++;
        for (;;) {
            atomic_store(&queue->hungry, queue->waiting);
            /* The last one who begins to wait tells the others that it is over. */
            if (queue->is_closed && queue->waiting == queue->workers)
                (void)pthread_cond_broadcast(&queue->filled);
            if (queue->is_stopped || (queue->is_closed && queue->waiting == queue->workers))
                break;
            (void)pthread_cond_wait(&queue->filled, &queue->lock);
            items = take_any(queue);
            if (items != NULL)
                break;
        }
        /* At the end it goes on waiting, so that everybody else sees the end, too. */
        if (items != NULL)
            queue->waiting--;
        atomic_store(&queue->hungry, queue->waiting);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return items;
}
