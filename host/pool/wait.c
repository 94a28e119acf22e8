/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits: for one answer, or for the end of a pool.
 */
#include "pool/internal.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>

/* ---- one answer --------------------------------------------------------------------------- */

typedef struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t told;
    krait_job_result *result;
} waiter;

static void
tell(void *data, krait_job_result *result)
{
    waiter *w = data;

    (void)pthread_mutex_lock(&w->lock);
    w->result = result;
    (void)pthread_cond_signal(&w->told);
    (void)pthread_mutex_unlock(&w->lock);
}

static krait_status
check_thread(const krait_pool *pool, krait_error *err)
{
    if (!krait__pool_is_own_thread(pool))
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_EBUSY, 0, "a thread of the pool cannot wait for the pool");
}

krait_status
krait_pool_run(krait_pool *pool, const krait_job_spec *spec, krait_job_result **ret_result,
               krait_error *err)
{
    waiter w = {.result = NULL};
    krait_status status;

    if (pool == NULL || spec == NULL || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = check_thread(pool, err);
    if (status != KRAIT_OK)
        return status;
    if (pthread_mutex_init(&w.lock, NULL) != 0 || pthread_cond_init(&w.told, NULL) != 0)
        return krait__error_nomem(err);
    status = krait_pool_submit(pool, spec, tell, &w, NULL, err);
    if (status == KRAIT_OK) {
        (void)pthread_mutex_lock(&w.lock);
        while (w.result == NULL)
            (void)pthread_cond_wait(&w.told, &w.lock);
        (void)pthread_mutex_unlock(&w.lock);
        *ret_result = w.result;
    }
    (void)pthread_cond_destroy(&w.told);
    (void)pthread_mutex_destroy(&w.lock);
    return status;
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Waits until every job is answered; false: time was up before.  With the lock. */
static bool
wait_for_jobs(krait_pool *pool, uint64_t timeout_ns)
{
    const uint64_t now = krait__clock_ns(CLOCK_MONOTONIC);
    const bool has_end = timeout_ns < (uint64_t)INT64_MAX - now;
    const uint64_t end = has_end ? now + timeout_ns : 0;
    const struct timespec until = {.tv_sec = (time_t)(end / 1000000000),
                                   .tv_nsec = (long)(end % 1000000000)};
    int error = 0;

    while (pool->outstanding > 0 && error != ETIMEDOUT) {
        if (has_end)
            error = pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
        else
            error = pthread_cond_wait(&pool->changed, &pool->lock);
    }
    return pool->outstanding == 0;
}

/* No job is left: its threads end.  With the end's lock alone. */
static void
stop(krait_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->state = KRAIT_POOL_STOPS;
    (void)pthread_cond_signal(&pool->keeper_wake);
    for (uint32_t i = 0; pool->drivers != NULL && i < pool->options.workers; i++) {
        if (pool->drivers[i].has_thread)
            krait__driver_wake(&pool->drivers[i]);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; pool->drivers != NULL && i < pool->options.workers; i++) {
        if (pool->drivers[i].has_thread)
            (void)pthread_join(pool->drivers[i].thread, NULL);
        pool->drivers[i].has_thread = false;
    }
    if (pool->has_keeper)
        (void)pthread_join(pool->keeper, NULL);
    pool->has_keeper = false;
}

krait_status
krait_pool_drain(krait_pool *pool, uint64_t timeout_ns, krait_error *err)
{
    krait_status status;
    uint64_t count;

    if (pool == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = check_thread(pool, err);
    if (status != KRAIT_OK)
        return status;
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->state == KRAIT_POOL_RUNS)
        pool->state = KRAIT_POOL_DRAINS;
    if (!wait_for_jobs(pool, timeout_ns)) {
        count = krait__pool_cancel_all(pool);
        /* No job comes any more: those of a later time are among those of the first. */
        if (pool->cut_off == 0)
            pool->cut_off = count;
        (void)wait_for_jobs(pool, KRAIT_UNLIMITED);
    }
    count = pool->cut_off;
    (void)pthread_mutex_unlock(&pool->lock);
    (void)pthread_mutex_lock(&pool->end_lock);
    stop(pool);
    (void)pthread_mutex_unlock(&pool->end_lock);
    if (count == 0)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_ELIMIT, 0, "%llu jobs had not ended in time",
                            (unsigned long long)count);
}
