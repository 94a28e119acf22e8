/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's loop: what to do next, when to hand over, what to share.
 */
#include "worker.h"

#include "base/error.h"

#include <stdlib.h>
#include <time.h>

/* A batch is handed over when it has so many documents, or bytes, or is so old. */
#define BATCH_DOCUMENTS 256u
#define BATCH_BYTES     (UINT64_C(1) << 20)
#define BATCH_MS        100

static int64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

krait_status
proc_worker_open(proc_worker *worker, proc_shop *shop, krait_error *err)
{
    const size_t count = shop->modules->count;
    krait_status status = KRAIT_OK;
    size_t i;

    memset(worker, 0, sizeof(*worker));
    worker->shop = shop;
    krait__sha256_init(&worker->empty_hash);
    worker->instances = calloc(count, sizeof(worker->instances[0]));
    worker->batch = proc_writer_take(shop->writer);
    if (worker->instances == NULL || worker->batch == NULL)
        status = krait__error_nomem(err);
    for (i = 0; i < count && status == KRAIT_OK; i++)
        status = proc_instance_open(&worker->instances[i], shop->modules, &shop->modules->items[i],
                                    shop->tables, shop->is_fresh, err);
    if (status != KRAIT_OK)
        proc_worker_close(worker);
    return status;
}

void
proc_worker_flush(proc_worker *worker)
{
    if (worker->batch->bytes.size == 0)
        return;
    if (!proc_writer_put(worker->shop->writer, worker->batch))
        proc_queue_stop(worker->shop->queue);
    worker->batch = proc_writer_take(worker->shop->writer);
    worker->batch_ms = worker->now_ms;
}

static bool
is_due(const proc_worker *worker)
{
    return worker->batch->counts.documents >= BATCH_DOCUMENTS ||
           worker->batch->bytes.size >= BATCH_BYTES ||
           worker->now_ms - worker->batch_ms >= BATCH_MS || worker->now_ms < worker->batch_ms;
}

/* The half that would be done last is for the others. */
static void
share(proc_worker *worker)
{
    proc_item *cut = worker->stack;

    for (size_t i = 1; i < (worker->stack_size + 1) / 2; i++)
        cut = cut->next;
    for (proc_item *item = cut->next; item != NULL; item = item->next) {
        atomic_store(&item->tree->is_shared, true);
        worker->stack_size--;
    }
    proc_worker_flush(worker);
    proc_queue_share(worker->shop->queue, cut->next);
    cut->next = NULL;
}

static proc_item *
pop(proc_worker *worker)
{
    proc_item *item = worker->stack;

    worker->stack = item->next;
    worker->stack_size--;
    item->next = NULL;
    return item;
}

/* A document, and all that was found in it. */
static bool
do_whole(proc_worker *worker, proc_item *item)
{
    bool is_good;

    for (;;) {
        worker->now_ms = now_ms();
        is_good = proc_worker_do(worker, item) && worker->batch != NULL;
        if (!is_good || proc_queue_is_stopped(worker->shop->queue) || worker->stack == NULL)
            break;
        if (worker->stack_size > 1 && proc_queue_is_hungry(worker->shop->queue))
            share(worker);
        if (worker->batch != NULL && is_due(worker))
            proc_worker_flush(worker);
        if (worker->batch == NULL)
            return false;
        item = pop(worker);
    }
    if (is_good && is_due(worker))
        proc_worker_flush(worker);
    return is_good && worker->batch != NULL;
}

void
proc_worker_run(proc_worker *worker)
{
    proc_queue *queue = worker->shop->queue;
    bool is_good = true;

    worker->now_ms = now_ms();
    worker->batch_ms = worker->now_ms;
    while (is_good) {
        proc_item *items = proc_queue_take(queue, false);

        if (items == NULL) {
            /* Somebody may look at the database while there is nothing to do. */
            proc_worker_flush(worker);
            is_good = worker->batch != NULL;
            items = is_good ? proc_queue_take(queue, true) : NULL;
        }
        if (items == NULL)
            break;
        worker->ahead = items;
        while (items != NULL && is_good && !proc_queue_is_stopped(queue)) {
            proc_item *item = items;

            items = item->next;
            item->next = NULL;
            if (worker->ahead != NULL)
                worker->ahead = items;
            is_good = do_whole(worker, item);
        }
        worker->ahead = NULL;
        proc_items_abandon(items);
    }
    if (!is_good) {
        worker->has_failed = true;
        proc_queue_stop(queue);
    }
    if (worker->batch != NULL)
        proc_worker_flush(worker);
}

void
proc_worker_close(proc_worker *worker)
{
    if (worker->instances != NULL) {
        for (size_t i = 0; i < worker->shop->modules->count; i++) {
            if (worker->instances[i].config != NULL)
                proc_instance_close(&worker->instances[i]);
        }
    }
    free(worker->instances);
    proc_items_abandon(worker->stack);
    proc_blob_release(worker->blob);
    proc_buffer_release(&worker->description);
    proc_buffer_release(&worker->errors);
    if (worker->batch != NULL) {
        proc_buffer_release(&worker->batch->bytes);
        free(worker->batch);
    }
    memset(worker, 0, sizeof(*worker));
}
