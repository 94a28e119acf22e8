/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_pool of pool.h: making it, jobs in and answers out, and its end.
 */
#include "pool/internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MAX = 1024, QUEUE_MAX = 1048576 };

/* ---- options ------------------------------------------------------------------------------ */

static uint32_t
processors(void)
{
    cpu_set_t set;
    int count = 1;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        count = CPU_COUNT(&set);
    return count > 0 && count <= WORKERS_MAX ? (uint32_t)count : 1;
}

static krait_status
check_options(const krait_pool_options *options, krait_error *err)
{
    if (options->size != sizeof(*options))
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the options of the pool have %zu bytes, not %zu", options->size,
                                sizeof(*options));
    if (options->isolation != KRAIT_ISOLATION_PROCESS &&
        options->isolation != KRAIT_ISOLATION_THREAD)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there is no isolation %d",
                                (int)options->isolation);
    if (options->workers > WORKERS_MAX || options->ready > KRAIT_WIRE_READY_MAX ||
        options->queue_jobs > QUEUE_MAX)
        return krait__error_set(
            err, KRAIT_EINVAL, 0,
            "a pool has at most %d workers, %u ready instances each, and %d jobs "
            "that wait",
            WORKERS_MAX, KRAIT_WIRE_READY_MAX, QUEUE_MAX);
    return KRAIT_OK;
}

static void
fill_options(krait_pool_options *options)
{
    if (options->workers == 0)
        options->workers = processors();
    if (options->ready == 0)
        options->ready = 2;
    if (options->queue_jobs == 0)
        options->queue_jobs = 4096;
    if (options->tenant_jobs == 0)
        options->tenant_jobs = options->queue_jobs / 2 + options->queue_jobs % 2;
    if (options->queue_bytes == 0)
        options->queue_bytes = UINT64_C(256) << 20;
    if (options->idle_bytes == 0)
        options->idle_bytes = UINT64_C(1) << 30;
}

/* ---- making it ---------------------------------------------------------------------------- */

static krait_status
make_locks(krait_pool *pool, krait_error *err)
{
    pthread_condattr_t monotonic;
    bool is_made = pthread_mutex_init(&pool->lock, NULL) == 0 &&
                   pthread_mutex_init(&pool->end_lock, NULL) == 0 &&
                   pthread_condattr_init(&monotonic) == 0;

    if (is_made) {
        is_made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                  pthread_cond_init(&pool->changed, &monotonic) == 0 &&
                  pthread_cond_init(&pool->keeper_wake, NULL) == 0;
        (void)pthread_condattr_destroy(&monotonic);
    }
    return is_made ? KRAIT_OK : krait__error_nomem(err);
}

/* Everything but threads. */
static krait_status
fill_pool(krait_pool *pool, const krait_config *config, krait_error *err)
{
    const krait_pool_options *options = &pool->options;
    krait_status status = make_locks(pool, err);

    if (status == KRAIT_OK)
        status = krait__config_copy(config, &pool->config, err);
    if (status == KRAIT_OK)
        status = krait__queue_new(options->queue_jobs, &pool->queue, err);
    if (status == KRAIT_OK)
        status = krait__numbers_new(options->queue_jobs, &pool->jobs, err);
    if (status != KRAIT_OK)
        return status;
    pool->drivers = krait__calloc(options->workers, sizeof(*pool->drivers));
    if (pool->drivers == NULL)
        return krait__error_nomem(err);
    for (uint32_t i = 0; i < options->workers; i++) {
        pool->drivers[i].pool = pool;
        pool->drivers[i].wake_fd = -1;
    }
    return KRAIT_OK;
}

static krait_status
start_threads(krait_pool *pool, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (pool->options.isolation == KRAIT_ISOLATION_PROCESS)
        status = krait__process_prepare(pool, err);
    if (status == KRAIT_OK)
        status = krait__keeper_start(pool, err);
    for (uint32_t i = 0; i < pool->options.workers && status == KRAIT_OK; i++) {
        krait_driver *driver = &pool->drivers[i];

        status = pool->options.isolation == KRAIT_ISOLATION_THREAD
                     ? krait__thread_driver(driver, err)
                     : krait__process_driver(driver, err);
        if (status == KRAIT_OK)
            status = krait__driver_start(driver, err);
        if (status != KRAIT_OK && driver->own != NULL && !driver->has_thread)
            driver->ops->close(driver);
    }
    return status;
}

/* Until one driver can run jobs, or none could. */
static krait_status
wait_for_first(krait_pool *pool, krait_error *err)
{
    krait_status status = KRAIT_OK;
    uint32_t tried = 0;
    bool can_run = false;

    (void)pthread_mutex_lock(&pool->lock);
    while (!can_run && tried < pool->options.workers) {
        tried = 0;
        for (uint32_t i = 0; i < pool->options.workers; i++) {
            can_run = can_run || pool->drivers[i].can_run;
            tried += pool->drivers[i].has_tried;
        }
        if (!can_run && tried < pool->options.workers)
            (void)pthread_cond_wait(&pool->changed, &pool->lock);
    }
    if (!can_run) {
        status = pool->start_error.code;
        if (err != NULL)
            *err = pool->start_error;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return status;
}

krait_status
krait_pool_new(krait_module *module, const krait_config *config, const krait_pool_options *options,
               krait_pool **ret_pool, krait_error *err)
{
    const krait_pool_options defaults = KRAIT_POOL_OPTIONS_INIT;
    krait_pool *pool;
    krait_status status;

    if (module == NULL || config == NULL || ret_pool == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (options == NULL)
        options = &defaults;
    status = check_options(options, err);
    if (status != KRAIT_OK)
        return status;
    pool = krait__calloc(1, sizeof(*pool));
    if (pool == NULL)
        return krait__error_nomem(err);
    pool->module = module;
    pool->options = *options;
    fill_options(&pool->options);
    status = fill_pool(pool, config, err);
    if (status == KRAIT_OK)
        status = start_threads(pool, err);
    if (status == KRAIT_OK)
        status = wait_for_first(pool, err);
    if (status != KRAIT_OK) {
        krait_pool_free(pool);
        return status;
    }
    *ret_pool = pool;
    return KRAIT_OK;
}

/* ---- jobs --------------------------------------------------------------------------------- */

/* Nobody's jobs keep all others out; with the lock. */
static krait_status
check_share(const krait_pool *pool, uint64_t number, uint64_t bytes, krait_error *err)
{
    const krait_pool_options *options = &pool->options;
    const krait_tenant *tenant = krait__queue_tenant(&pool->queue, number);
    uint64_t most;

    if (tenant == NULL)
        return KRAIT_OK;
    if (tenant->count >= options->tenant_jobs)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the queue is full for tenant %llu: %llu of its jobs wait",
                                (unsigned long long)number, (unsigned long long)tenant->count);
    most = options->tenant_jobs < options->queue_jobs
               ? options->queue_bytes / options->queue_jobs * options->tenant_jobs
               : options->queue_bytes;
    if (bytes > most || tenant->bytes > most - bytes)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the queue is full for tenant %llu: its jobs have %llu bytes, this "
                                "one %llu",
                                (unsigned long long)number, (unsigned long long)tenant->bytes,
                                (unsigned long long)bytes);
    return KRAIT_OK;
}

/* Room in the queue; with the lock. */
static krait_status
check_room(const krait_pool *pool, uint64_t number, uint64_t bytes, krait_error *err)
{
    if (pool->state != KRAIT_POOL_RUNS)
        return krait__error_set(err, KRAIT_ESTATE, 0, "the pool takes no more jobs");
    if (pool->queue.count >= pool->options.queue_jobs)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "the queue is full: %llu jobs wait",
                                (unsigned long long)pool->queue.count);
    if (bytes > pool->options.queue_bytes || pool->bytes > pool->options.queue_bytes - bytes)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the queue is full: its jobs have %llu bytes, this one %llu",
                                (unsigned long long)pool->bytes, (unsigned long long)bytes);
    return check_share(pool, number, bytes, err);
}

/* With the lock. */
static krait_status
add_job(krait_pool *pool, krait_queued_job *job, krait_error *err)
{
    const uint64_t bytes = krait__job_bytes(job);
    krait_status status = check_room(pool, job->answer->result.tenant, bytes, err);

    if (status == KRAIT_OK)
        status = krait__queue_add(&pool->queue, job, false, err);
    if (status != KRAIT_OK)
        return status;
    krait__numbers_add(&pool->jobs, &job->node);
    pool->bytes += bytes;
    pool->outstanding++;
    krait__driver_wake_idle(pool);
    return KRAIT_OK;
}

krait_status
krait_pool_submit(krait_pool *pool, const krait_job_spec *spec, krait_job_done done, void *data,
                  krait_job *ret_job, krait_error *err)
{
    krait_queued_job *job = NULL;
    krait_status status;
    uint64_t number;

    if (pool == NULL || spec == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    (void)pthread_mutex_lock(&pool->lock);
    status = check_room(pool, spec->tenant, 0, err);
    number = ++pool->last_job;
    (void)pthread_mutex_unlock(&pool->lock);
    if (status == KRAIT_OK)
        status = krait__job_new(number, spec, pool->config, &job, err);
    if (status != KRAIT_OK)
        return status;
    job->done = done;
    job->data = data;
    (void)pthread_mutex_lock(&pool->lock);
    status = add_job(pool, job, err);
    if (status == KRAIT_OK && ret_job != NULL)
        *ret_job = number;
    (void)pthread_mutex_unlock(&pool->lock);
    if (status != KRAIT_OK)
        krait__job_free(job);
    return status;
}

void
krait__pool_answer(krait_pool *pool, krait_queued_job *job)
{
    krait_job_result *result = &job->answer->result;
    const krait_job_done done = job->done;
    void *data = job->data;

    (void)pthread_mutex_lock(&pool->lock);
    krait__numbers_remove(&pool->jobs, &job->node);
    pool->bytes -= krait__job_bytes(job);
    if (result->status == KRAIT_OK)
        pool->done++;
    else
        pool->failed++;
    (void)pthread_mutex_unlock(&pool->lock);
    job->answer = NULL;
    krait__job_free(job);
    if (done != NULL)
        done(data, result);
    else
        krait_job_result_free(result);
    (void)pthread_mutex_lock(&pool->lock);
    pool->outstanding--;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->lock);
}

void
krait__pool_answer_later(krait_pool *pool, krait_queued_job *job)
{
    job->state = KRAIT_JOB_ANSWERED;
    job->next = NULL;
    if (pool->answers != NULL)
        pool->last_answer->next = job;
    else
        pool->answers = job;
    pool->last_answer = job;
    (void)pthread_cond_signal(&pool->keeper_wake);
}

/* ---- cancellation ------------------------------------------------------------------------- */

/* With the lock. */
static void
cancel(krait_pool *pool, krait_queued_job *job, const char *why)
{
    if (job->state == KRAIT_JOB_QUEUED) {
        krait__queue_remove(&pool->queue, job);
        krait__job_cancelled(job, why);
        job->answer->result.waited_ns = krait__clock_ns(CLOCK_MONOTONIC) - job->submitted_ns;
        krait__pool_answer_later(pool, job);
    } else if (job->state == KRAIT_JOB_RUNS && !job->is_cancelled) {
        job->is_cancelled = true;
        job->driver->ops->cancel(job->driver, job->node.key);
    }
}

krait_status
krait_pool_cancel(krait_pool *pool, krait_job job, krait_error *err)
{
    krait_queued_job *found;
    bool is_found;

    if (pool == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    (void)pthread_mutex_lock(&pool->lock);
    found = (krait_queued_job *)krait__numbers_find(&pool->jobs, job);
    is_found = found != NULL && found->state != KRAIT_JOB_ANSWERED;
    if (is_found)
        cancel(pool, found, "cancelled before it began");
    (void)pthread_mutex_unlock(&pool->lock);
    if (!is_found)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0, "there is no job %llu",
                                (unsigned long long)job);
    return KRAIT_OK;
}

uint64_t
krait__pool_cancel_all(krait_pool *pool)
{
    uint64_t count = pool->queue.count;

    while (pool->queue.first != NULL)
        cancel(pool, pool->queue.first->first, "cancelled: the pool ended before it began");
    for (uint32_t i = 0; i < pool->options.workers; i++) {
        if (pool->drivers[i].job != NULL) {
            cancel(pool, pool->drivers[i].job, NULL);
            count++;
        }
    }
    return count;
}

/* ---- looking ------------------------------------------------------------------------------ */

krait_status
krait_pool_stats(krait_pool *pool, krait_pool_counts *ret_counts, krait_error *err)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    if (pool == NULL || ret_counts == NULL || ret_counts->size != sizeof(*ret_counts))
        return krait__error_set(err, KRAIT_EINVAL, 0, "the counts have another size, or are NULL");
    (void)pthread_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->options.workers; i++) {
        const krait_driver *driver = &pool->drivers[i];

        counts.workers += driver->can_run;
        counts.ready += driver->ready.ready;
        counts.ready_bytes += driver->ready.bytes;
        counts.discarded += driver->ready.discarded;
        counts.replaced += driver->replaced;
    }
    counts.running = pool->running;
    counts.queued = pool->queue.count;
    counts.queue_bytes = pool->bytes;
    counts.done = pool->done;
    counts.failed = pool->failed;
    (void)pthread_mutex_unlock(&pool->lock);
    *ret_counts = counts;
    return KRAIT_OK;
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Its threads have ended. */
static void
release(krait_pool *pool)
{
    for (uint32_t i = 0; pool->drivers != NULL && i < pool->options.workers; i++) {
        if (pool->drivers[i].wake_fd >= 0)
            (void)close(pool->drivers[i].wake_fd);
    }
    krait__free(pool->drivers);
    krait__queue_release(&pool->queue);
    krait__numbers_release(&pool->jobs);
    krait__frame_release(&pool->open);
    krait__free(pool->worker);
    krait_config_free(pool->config);
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_cond_destroy(&pool->keeper_wake);
    (void)pthread_mutex_destroy(&pool->lock);
    (void)pthread_mutex_destroy(&pool->end_lock);
    krait__free(pool);
}

void
krait_pool_free(krait_pool *pool)
{
    if (pool == NULL)
        return;
    (void)krait_pool_drain(pool, 0, NULL);
    release(pool);
}
