/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a driver: a job when there is one, else a step towards being ready, else it waits.
 *
 * Drivers wait on a descriptor of their own, so that those with a process can wait for both.  Idle ones
 * that can run a job are in a list, last come first served, for its caches are warm.  A wake-up takes
 * one of them out of it: that one looks for a job, or, when it can run none any more, wakes another.
 */
#include "pool/internal.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Pauses after a failure, doubled with each. */
#define PAUSE_FIRST_NS UINT64_C(10000000)
#define PAUSE_MOST_NS  UINT64_C(5000000000)

/* After so many failures in a row, and when no other driver has a worker, jobs are told. */
#define FAILURES_TOLD 3u

/* Workers that die under a job before it began. */
#define ATTEMPTS_MAX 3u

void
krait__driver_wake(const krait_driver *driver)
{
    const uint64_t one = 1;

    /* Full is awake. */
    while (write(driver->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

void
krait__driver_unwake(const krait_driver *driver)
{
    uint64_t count;

    while (read(driver->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
}

/* ---- idle drivers ------------------------------------------------------------------------- */

static void
leave_idle(krait_driver *driver)
{
    krait_driver **link = &driver->pool->idle;

    if (!driver->is_idle)
        return;
    while (*link != driver)
        link = &(*link)->next_idle;
    *link = driver->next_idle;
    driver->is_idle = false;
}

static void
enter_idle(krait_driver *driver)
{
    if (driver->is_idle || !driver->can_run)
        return;
    driver->next_idle = driver->pool->idle;
    driver->pool->idle = driver;
    driver->is_idle = true;
}

void
krait__driver_wake_idle(krait_pool *pool)
{
    krait_driver *driver = pool->idle;

    if (driver == NULL)
        return;
    leave_idle(driver);
    krait__driver_wake(driver);
}

void
krait__driver_cannot_run(krait_driver *driver)
{
    krait_pool *pool = driver->pool;

    driver->can_run = false;
    leave_idle(driver);
    /* It may have been woken for one of these. */
    if (pool->queue.count > 0)
        krait__driver_wake_idle(pool);
}

/* ---- failures ----------------------------------------------------------------------------- */

static bool
any_can_run(const krait_pool *pool)
{
    for (uint32_t i = 0; i < pool->options.workers; i++) {
        if (pool->drivers[i].can_run)
            return true;
    }
    return false;
}

/* Nobody will run what waits. */
static void
tell_waiting(krait_pool *pool, const krait_error *error)
{
    krait_queued_job *job;

    while ((job = krait__queue_take(&pool->queue)) != NULL) {
        krait__job_fail(job, error);
        krait__pool_answer_later(pool, job);
    }
}

void
krait__driver_pause(krait_driver *driver)
{
    const uint32_t shift = driver->failures < 16 ? driver->failures : 16;
    uint64_t pause = PAUSE_FIRST_NS << shift;

    if (pause > PAUSE_MOST_NS)
        pause = PAUSE_MOST_NS;
    driver->pause_until_ns = krait__clock_ns(CLOCK_MONOTONIC) + pause;
    driver->failures++;
}

/* A step failed. */
static void
fail_step(krait_driver *driver, const krait_error *error)
{
    krait_pool *pool = driver->pool;

    krait__driver_pause(driver);
    (void)pthread_mutex_lock(&pool->lock);
    pool->start_error = *error;
    if (driver->failures >= FAILURES_TOLD && !any_can_run(pool))
        tell_waiting(pool, error);
    (void)pthread_mutex_unlock(&pool->lock);
}

/* ---- the loop ----------------------------------------------------------------------------- */

/* A step; false: there is nothing to do, or it is to pause. */
static bool
tend(krait_driver *driver)
{
    krait_pool *pool = driver->pool;
    krait_error error;
    bool did = false;

    if (driver->pause_until_ns != 0) {
        if (krait__clock_ns(CLOCK_MONOTONIC) < driver->pause_until_ns)
            return false;
        driver->pause_until_ns = 0;
    }
    if (driver->ops->tend(driver, &did, &error) != KRAIT_OK) {
        fail_step(driver, &error);
        did = false;
    }
    (void)pthread_mutex_lock(&pool->lock);
    if (!driver->has_tried) {
        driver->has_tried = true;
        (void)pthread_cond_broadcast(&pool->changed);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return did;
}

/* The next job, when it can run one; with the lock. */
static krait_queued_job *
take_job(krait_driver *driver)
{
    krait_pool *pool = driver->pool;
    krait_queued_job *job = driver->can_run ? krait__queue_take(&pool->queue) : NULL;

    if (job == NULL)
        return NULL;
    job->state = KRAIT_JOB_RUNS;
    job->driver = driver;
    driver->job = job;
    pool->running++;
    return job;
}

/* It did not begin: back to where it was, at the head of its tenant's jobs; false: it is to be
 * answered.  With the lock. */
static bool
put_back(krait_pool *pool, krait_queued_job *job)
{
    krait_error error;

    if (job->is_cancelled) {
        krait__job_cancelled(job, "cancelled, and its worker was ended");
        return false;
    }
    return ++job->attempts < ATTEMPTS_MAX &&
           krait__queue_add(&pool->queue, job, true, &error) == KRAIT_OK;
}

static void
run_job(krait_driver *driver, krait_queued_job *job)
{
    krait_pool *pool = driver->pool;
    const bool is_answer = driver->ops->run(driver, job);
    bool is_back;

    /* Until it is one or the other it can be cancelled. */
    (void)pthread_mutex_lock(&pool->lock);
    is_back = !is_answer && put_back(pool, job);
    driver->job = NULL;
    job->driver = NULL;
    pool->running--;
    if (is_back)
        krait__driver_wake_idle(pool);
    else
        job->state = KRAIT_JOB_ANSWERED;
    (void)pthread_mutex_unlock(&pool->lock);
    if (!is_back)
        krait__pool_answer(pool, job);
}

/* Until it may have something to do. */
static void
wait_idle(krait_driver *driver)
{
    krait_pool *pool = driver->pool;
    bool must_wait;

    (void)pthread_mutex_lock(&pool->lock);
    must_wait = pool->state != KRAIT_POOL_STOPS && (pool->queue.count == 0 || !driver->can_run);
    if (must_wait)
        enter_idle(driver);
    (void)pthread_mutex_unlock(&pool->lock);
    if (!must_wait)
        return;
    driver->ops->wait(driver, driver->pause_until_ns);
    (void)pthread_mutex_lock(&pool->lock);
    leave_idle(driver);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void
drive(krait_driver *driver)
{
    krait_pool *pool = driver->pool;

    for (;;) {
        krait_queued_job *job;
        bool stops;

        (void)pthread_mutex_lock(&pool->lock);
        stops = pool->state == KRAIT_POOL_STOPS;
        job = stops ? NULL : take_job(driver);
        (void)pthread_mutex_unlock(&pool->lock);
        if (stops)
            break;
        if (job != NULL)
            run_job(driver, job);
        else if (!tend(driver))
            wait_idle(driver);
    }
    driver->ops->close(driver);
    (void)pthread_mutex_lock(&pool->lock);
    driver->can_run = false;
    driver->ready.ready = 0;
    driver->ready.bytes = 0;
    (void)pthread_mutex_unlock(&pool->lock);
}

/* ---- threads ------------------------------------------------------------------------------ */

/* Whose thread this is. */
static _Thread_local const krait_pool *own_pool;

bool
krait__pool_is_own_thread(const krait_pool *pool)
{
    return own_pool == pool;
}

static void *
start_driver(void *data)
{
    krait_driver *driver = data;

    own_pool = driver->pool;
    drive(driver);
    return NULL;
}

/* Gives the answers of jobs that never ran, until the pool stops. */
static void *
start_keeper(void *data)
{
    krait_pool *pool = data;

    own_pool = pool;
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->answers != NULL || pool->state != KRAIT_POOL_STOPS) {
        krait_queued_job *job = pool->answers;

        if (job == NULL) {
            (void)pthread_cond_wait(&pool->keeper_wake, &pool->lock);
            continue;
        }
        pool->answers = job->next;
        (void)pthread_mutex_unlock(&pool->lock);
        krait__pool_answer(pool, job);
        (void)pthread_mutex_lock(&pool->lock);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static krait_status
start_thread(pthread_t *thread, void *(*run)(void *data), void *data, krait_error *err)
{
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t blocked;
    sigset_t before;
    int error;

    (void)sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        (void)sigdelset(&blocked, kept[i]);
    /* What interrupts guests: krait_engine_new(). */
    (void)sigdelset(&blocked, SIGRTMAX - 5);
    error = pthread_sigmask(SIG_SETMASK, &blocked, &before);
    if (error == 0) {
        error = pthread_create(thread, NULL, run, data);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (error == 0)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_EIO, error, "cannot start a thread");
}

krait_status
krait__keeper_start(krait_pool *pool, krait_error *err)
{
    krait_status status = start_thread(&pool->keeper, start_keeper, pool, err);

    pool->has_keeper = status == KRAIT_OK;
    return status;
}

krait_status
krait__driver_start(krait_driver *driver, krait_error *err)
{
    krait_status status;

    driver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (driver->wake_fd < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot make an event descriptor");
    status = start_thread(&driver->thread, start_driver, driver, err);
    driver->has_thread = status == KRAIT_OK;
    return status;
}
