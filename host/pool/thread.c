/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KRAIT_ISOLATION_THREAD: jobs run on the driver's own thread.
 */
#include "pool/internal.h"

#include "base/clock.h"
#include "base/error.h"

#include <poll.h>

static krait_status
tend(krait_driver *driver, bool *ret_did, krait_error *err)
{
    krait_instances *instances = driver->own;
    krait_status status = krait__instances_tend(instances, ret_did, err);

    (void)pthread_mutex_lock(&driver->pool->lock);
    driver->ready = krait__instances_ready(instances);
    /* A job gets an instance that is made for it, or is told why there is none. */
    driver->can_run = driver->can_run || status == KRAIT_OK;
    (void)pthread_mutex_unlock(&driver->pool->lock);
    return status;
}

static void
wait_for_wake(krait_driver *driver, uint64_t until_ns)
{
    struct pollfd wake = {.fd = driver->wake_fd, .events = POLLIN};
    int timeout = -1;

    if (until_ns != 0) {
        const uint64_t now = krait__clock_ns(CLOCK_MONOTONIC);

        timeout = until_ns > now ? (int)((until_ns - now) / 1000000) + 1 : 0;
    }
    (void)poll(&wake, 1, timeout);
    krait__driver_unwake(driver);
}

/* When the job's code begins; its answer says how long that took. */
static void
begins(void *data, uint64_t number)
{
    krait_queued_job *job = data;

    (void)number;
    job->answer->result.waited_ns = krait__clock_ns(CLOCK_MONOTONIC) - job->submitted_ns;
}

static krait_status
run_view(krait_instances *instances, krait_queued_job *job, krait_frame *frame, krait_error *err)
{
    krait_job_view view;
    krait_status status = krait__job_view(job, &view, err);

    if (status == KRAIT_OK)
        status = krait__instances_run(instances, &view, begins, job, frame, err);
    krait__job_view_release(&view);
    return status;
}

/* A cancellation came before this, or it comes now. */
static void
arm(krait_driver *driver, const krait_queued_job *job)
{
    bool is_cancelled;

    krait__instances_arm(driver->own, job->node.key);
    (void)pthread_mutex_lock(&driver->pool->lock);
    is_cancelled = job->is_cancelled;
    (void)pthread_mutex_unlock(&driver->pool->lock);
    if (is_cancelled)
        krait__instances_cancel(driver->own, job->node.key);
}

static bool
run(krait_driver *driver, krait_queued_job *job)
{
    krait_instances *instances = driver->own;
    krait_frame frame = {.failed = false};
    krait_error error;
    krait_status status;

    arm(driver, job);
    status = run_view(instances, job, &frame, &error);

    if (status == KRAIT_OK && !krait__job_answer(job, &frame.buffer, KRAIT_WIRE_HEAD))
        status = krait__error_set(&error, KRAIT_EFORMAT, 0, "an answer is malformed");
    if (status != KRAIT_OK)
        krait__job_fail(job, &error);
    krait__frame_release(&frame);
    (void)pthread_mutex_lock(&driver->pool->lock);
    driver->ready = krait__instances_ready(instances);
    (void)pthread_mutex_unlock(&driver->pool->lock);
    return true;
}

static void
cancel(krait_driver *driver, uint64_t job)
{
    krait__instances_cancel(driver->own, job);
}

static void
close_instances(krait_driver *driver)
{
    krait__instances_free(driver->own);
    driver->own = NULL;
}

krait_status
krait__thread_driver(krait_driver *driver, krait_error *err)
{
    static const krait_driver_ops ops = {.tend = tend,
                                         .wait = wait_for_wake,
                                         .run = run,
                                         .cancel = cancel,
                                         .close = close_instances};
    const krait_pool *pool = driver->pool;
    krait_instances *instances = NULL;
    krait_status status = krait__instances_new(pool->module, pool->config, pool->options.ready,
                                               pool->options.idle_bytes / pool->options.workers,
                                               &instances, err);

    driver->ops = &ops;
    driver->own = instances;
    return status;
}
