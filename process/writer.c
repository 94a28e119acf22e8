/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's thread and its queue.
 *
 * A transaction takes what comes within a second, or 20,000 documents, or 32 MiB; it ends earlier when
 * nothing comes.  One that removes rows of documents that have changed lasts longer: that looks at whole tables,
 * once for all documents in it.  Batches go round: an applied one is empty again and waits to be taken.
 */
#include "writer.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* A transaction that removes rows takes all that come in this many times of what that took the last time. */
#define DROP_TIMES 4

#define SECOND_NS INT64_C(1000000000)

/* What waits may take this much; beyond it workers wait. */
#define QUEUE_BYTES (UINT64_C(64) << 20)

/* What a batch that waits to be taken may keep. */
#define KEEP_BYTES (UINT64_C(4) << 20)
#define KEEP_COUNT 16u

struct proc_writer {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    pthread_t thread;
    proc_batch *first; /* that wait to be written */
    proc_batch **last;
    uint64_t queued_bytes;
    proc_batch *spare;
    unsigned spare_count;
    uint64_t number;
    bool is_ending;
    bool has_failed;
    proc_counts counts;
    void (*failed)(void *data);
    void *failed_data;

    /* Of the thread alone. */
    proc_pace pace;
    proc_applier applier;
    bool is_open; /* a transaction */
    uint64_t open_documents;
    uint64_t open_bytes;
    int64_t opened_ns;
    int64_t drops_ns;    /* how long one that removes rows takes what comes */
    uint64_t drop_bytes; /* and how much of it */
    krait_error error;
};

static int64_t
now_ns(void)
{
    return (int64_t)krait__clock_ns(CLOCK_MONOTONIC);
}

static void
free_batches(proc_batch *batch)
{
    while (batch != NULL) {
        proc_batch *next = batch->next;

        proc_buffer_release(&batch->bytes);
        free(batch);
        batch = next;
    }
}

/* When an open transaction is committed if nothing comes.  The next scan of the tables would cost more than to
 * wait for what belongs to this one. */
static struct timespec
commit_time(const proc_writer *writer)
{
    const int64_t at = writer->applier.has_dropped ? writer->opened_ns + writer->drops_ns
                                                   : now_ns() + writer->pace.idle_ns;

    return (struct timespec){.tv_sec = (time_t)(at / SECOND_NS), .tv_nsec = (long)(at % SECOND_NS)};
}

/* Everything that is there; NULL: nothing came for a while.  *ret_ends: nothing comes any more. */
static proc_batch *
wait_for_batches(proc_writer *writer, bool *ret_ends)
{
    proc_batch *batches;

    (void)pthread_mutex_lock(&writer->lock);
    while (writer->first == NULL && !writer->is_ending) {
        struct timespec until;

        if (!writer->is_open) {
            (void)pthread_cond_wait(&writer->filled, &writer->lock);
            continue;
        }
        until = commit_time(writer);
        if (pthread_cond_timedwait(&writer->filled, &writer->lock, &until) == ETIMEDOUT)
            break;
    }
    batches = writer->first;
    writer->first = NULL;
    writer->last = &writer->first;
    *ret_ends = writer->is_ending;
    (void)pthread_mutex_unlock(&writer->lock);
    return batches;
}

static krait_status
commit(proc_writer *writer)
{
    krait_status status = KRAIT_OK;

    if (writer->is_open && writer->applier.has_dropped) {
        const int64_t start_ns = now_ns();
        int64_t took_ns;

        status = proc_apply_drops(&writer->applier, &writer->error);
        took_ns = (now_ns() - start_ns) * DROP_TIMES;
        writer->drops_ns = took_ns > writer->pace.lasts_ns ? took_ns : writer->pace.lasts_ns;
    }
    if (writer->is_open && status == KRAIT_OK)
        status = proc_apply_step(&writer->applier, writer->applier.commit, &writer->error);
    if (status == KRAIT_OK)
        writer->is_open = false;
    return status;
}

static krait_status
begin(proc_writer *writer)
{
    krait_status status = proc_apply_step(&writer->applier, writer->applier.begin, &writer->error);
    struct stat file;

    if (status != KRAIT_OK)
        return status;
    writer->is_open = true;
    writer->open_documents = 0;
    writer->open_bytes = 0;
    writer->opened_ns = now_ns();
    writer->drop_bytes = writer->pace.bytes;
    if (fstat(writer->applier.database->lock, &file) == 0 &&
        (uint64_t)file.st_size > writer->drop_bytes)
        writer->drop_bytes = (uint64_t)file.st_size;
    return KRAIT_OK;
}

/* One that removes rows may take as much as the file has: then no more is looked at than is written, and the log,
 * which gets every page that a row is removed from as well, stays of the size of the file.  Neither is in memory;
 * what is there is the list of what goes, about 50 bytes for each document. */
static bool
is_full(const proc_writer *writer)
{
    const int64_t age_ns = now_ns() - writer->opened_ns;

    if (writer->applier.has_dropped)
        return age_ns >= writer->drops_ns || writer->open_bytes >= writer->drop_bytes;
    return age_ns >= writer->pace.lasts_ns || writer->open_bytes >= writer->pace.bytes ||
           writer->open_documents >= writer->pace.documents;
}

static krait_status
write_batch(proc_writer *writer, const proc_batch *batch)
{
    krait_status status = writer->is_open ? KRAIT_OK : begin(writer);

    if (status == KRAIT_OK)
        status = proc_apply(&writer->applier, batch, &writer->error);
    if (status != KRAIT_OK)
        return status;
    writer->open_documents += batch->counts.documents;
    writer->open_bytes += batch->bytes.size;
    return is_full(writer) ? commit(writer) : KRAIT_OK;
}

/* Back to those that wait to be taken. */
static void
recycle(proc_writer *writer, proc_batch *batch)
{
    const uint64_t bytes = batch->bytes.size;
    const proc_counts counts = batch->counts;

    proc_buffer_clear(&batch->bytes, KEEP_BYTES);
    batch->counts = (proc_counts){0};
    (void)pthread_mutex_lock(&writer->lock);
    writer->queued_bytes -= bytes;
    writer->counts.roots += counts.roots;
    writer->counts.documents += counts.documents;
    writer->counts.failed += counts.failed;
    writer->counts.rows += counts.rows;
    writer->counts.bytes += counts.bytes;
    writer->counts.changed += counts.changed;
    if (writer->spare_count < KEEP_COUNT) {
        batch->next = writer->spare;
        writer->spare = batch;
        writer->spare_count++;
        batch = NULL;
    }
    (void)pthread_cond_broadcast(&writer->emptied);
    (void)pthread_mutex_unlock(&writer->lock);
    if (batch != NULL) {
        batch->next = NULL;
        free_batches(batch);
    }
}

static void
fail(proc_writer *writer)
{
    (void)sqlite3_exec(writer->applier.database->connection, "ROLLBACK", NULL, NULL, NULL);
    writer->is_open = false;
    (void)pthread_mutex_lock(&writer->lock);
    writer->has_failed = true;
    (void)pthread_cond_broadcast(&writer->emptied);
    (void)pthread_mutex_unlock(&writer->lock);
    writer->failed(writer->failed_data);
}

static void *
run(void *data)
{
    proc_writer *writer = data;
    krait_status status = KRAIT_OK;
    bool ends = false;

    while (!ends) {
        proc_batch *batches = wait_for_batches(writer, &ends);

        if (batches == NULL && status == KRAIT_OK) {
            status = commit(writer);
            if (status != KRAIT_OK)
                fail(writer);
        }
        while (batches != NULL) {
            proc_batch *batch = batches;

            batches = batch->next;
            if (status == KRAIT_OK) {
                status = write_batch(writer, batch);
                if (status != KRAIT_OK)
                    fail(writer);
            }
            if (status != KRAIT_OK)
                batch->counts = (proc_counts){0};
            recycle(writer, batch);
        }
        /* What came together with the end. */
        if (ends && status == KRAIT_OK) {
            status = commit(writer);
            if (status != KRAIT_OK)
                fail(writer);
        }
    }
    return NULL;
}

static int
init_locks(proc_writer *writer)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);

    if (failed != 0)
        return failed;
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failed == 0)
        failed = pthread_mutex_init(&writer->lock, NULL);
    if (failed == 0)
        failed = pthread_cond_init(&writer->filled, &attributes);
    if (failed == 0)
        failed = pthread_cond_init(&writer->emptied, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return failed;
}

krait_status
proc_writer_start(proc_database *database, const proc_pace *pace, void (*failed)(void *data),
                  void *data, proc_writer **ret, krait_error *err)
{
    proc_writer *writer = calloc(1, sizeof(*writer));
    krait_status status = KRAIT_OK;
    int number;

    if (writer == NULL)
        return krait__error_nomem(err);
    writer->last = &writer->first;
    writer->pace = *pace;
    writer->drops_ns = pace->lasts_ns;
    writer->failed = failed;
    writer->failed_data = data;
    number = init_locks(writer);
    if (number != 0)
        status = krait__error_set(err, KRAIT_EIO, number, "cannot start the writer");
    if (status == KRAIT_OK)
        status = proc_applier_init(&writer->applier, database, err);
    if (status == KRAIT_OK) {
        number = pthread_create(&writer->thread, NULL, run, writer);
        if (number != 0)
            status = krait__error_set(err, KRAIT_EIO, number, "cannot start the writer");
    }
    if (status != KRAIT_OK) {
        proc_applier_release(&writer->applier);
        free(writer);
        return status;
    }
    *ret = writer;
    return KRAIT_OK;
}

proc_batch *
proc_writer_take(proc_writer *writer)
{
    proc_batch *batch;

    (void)pthread_mutex_lock(&writer->lock);
    batch = writer->spare;
    if (batch != NULL) {
        writer->spare = batch->next;
        writer->spare_count--;
    } else {
        batch = calloc(1, sizeof(*batch));
    }
    if (batch != NULL) {
        batch->next = NULL;
        batch->number = ++writer->number;
    }
    (void)pthread_mutex_unlock(&writer->lock);
    return batch;
}

bool
proc_writer_put(proc_writer *writer, proc_batch *batch)
{
    bool has_failed;

    (void)pthread_mutex_lock(&writer->lock);
    while (!writer->has_failed && writer->queued_bytes != 0 &&
           writer->queued_bytes + batch->bytes.size > QUEUE_BYTES)
        (void)pthread_cond_wait(&writer->emptied, &writer->lock);
    has_failed = writer->has_failed;
    writer->queued_bytes += batch->bytes.size;
    batch->next = NULL;
    *writer->last = batch;
    writer->last = &batch->next;
    (void)pthread_cond_signal(&writer->filled);
    (void)pthread_mutex_unlock(&writer->lock);
    return !has_failed;
}

void
proc_writer_counts(proc_writer *writer, proc_counts *ret)
{
    (void)pthread_mutex_lock(&writer->lock);
    *ret = writer->counts;
    (void)pthread_mutex_unlock(&writer->lock);
}

krait_status
proc_writer_finish(proc_writer *writer, proc_counts *ret_counts, krait_error *err)
{
    krait_status status;

    (void)pthread_mutex_lock(&writer->lock);
    writer->is_ending = true;
    (void)pthread_cond_signal(&writer->filled);
    (void)pthread_mutex_unlock(&writer->lock);
    (void)pthread_join(writer->thread, NULL);
    status = writer->has_failed ? writer->error.code : KRAIT_OK;
    if (status != KRAIT_OK && err != NULL)
        *err = writer->error;
    if (ret_counts != NULL)
        *ret_counts = writer->counts;
    proc_applier_release(&writer->applier);
    free_batches(writer->first);
    free_batches(writer->spare);
    (void)pthread_cond_destroy(&writer->emptied);
    (void)pthread_cond_destroy(&writer->filled);
    (void)pthread_mutex_destroy(&writer->lock);
    free(writer);
    return status;
}
