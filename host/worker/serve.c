/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two threads of a worker: jobs, and what is heard meanwhile.
 */
#include "worker/worker.h"

#include "base/alloc.h"
#include "base/error.h"

#include <signal.h>
#include <string.h>

/* Buffers above this are not kept. */
#define KEPT_MAX (UINT64_C(1) << 20)

/* ---- opening ------------------------------------------------------------------------------ */

/* The functions know who they are. */
static krait_status
name_functions(krait_worker *worker, krait_error *err)
{
    krait_config *config = worker->config;

    worker->functions = krait__calloc(config->function_count + 1, sizeof(*worker->functions));
    if (worker->functions == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < config->function_count; i++) {
        worker->functions[i] = (krait_asked){.worker = worker, .index = (uint32_t)i};
        config->functions[i].data = &worker->functions[i];
    }
    return KRAIT_OK;
}

krait_status
krait__worker_open(krait_worker *worker, const krait_buffer *payload, krait_error *err)
{
    krait_open open;
    krait_status status = krait__open_decode(payload->bytes, payload->size, krait__worker_ask,
                                             &open, err);
    bool did = false;

    if (status != KRAIT_OK)
        return status;
    worker->config = open.config;
    status = name_functions(worker, err);
    if (status == KRAIT_OK)
        status = krait__numbers_new(256, &worker->calls, err);
    if (status == KRAIT_OK)
        status = krait_engine_new(&worker->engine, err);
    if (status == KRAIT_OK && open.folder[0] != '\0')
        status = krait_python_open_with(worker->engine, open.folder, open.krt, &worker->module,
                                        err);
    else if (status == KRAIT_OK)
        status = krait_module_open(worker->engine, open.krt, &worker->module, err);
    if (status == KRAIT_OK)
        status = krait__instances_new(worker->module, worker->config, open.ready, open.idle_bytes,
                                      &worker->instances, err);
    if (status == KRAIT_OK)
        status = krait__instances_tend(worker->instances, &did, err);
    return status;
}

/* ---- the thread that reads ---------------------------------------------------------------- */

/* Takes over the payload. */
static void
take_job(krait_worker *worker, krait_buffer *payload)
{
    krait_reader reader = krait__reader(payload->bytes, payload->size);
    const uint64_t number = krait__take_u64(&reader);

    (void)pthread_mutex_lock(&worker->lock);
    if (number == 0 || worker->number != 0)
        krait__worker_end(1);
    worker->number = number;
    worker->job = *payload;
    worker->has_job = true;
    memset(payload, 0, sizeof(*payload));
    /* Before a cancellation of it can be read. */
    krait__instances_arm(worker->instances, number);
    (void)pthread_cond_signal(&worker->changed);
    (void)pthread_mutex_unlock(&worker->lock);
}

static void *
hear(void *data)
{
    krait_worker *worker = data;
    krait_buffer payload = {NULL, 0, 0};

    for (;;) {
        krait_answer_message answer;
        uint64_t number = 0;
        uint32_t kind = 0;

        krait__worker_read(&kind, &payload);
        if (kind == KRAIT_WIRE_JOB)
            take_job(worker, &payload);
        else if (kind == KRAIT_WIRE_CANCEL &&
                 krait__number_decode(payload.bytes, payload.size, &number))
            krait__instances_cancel(worker->instances, number);
        else if (kind == KRAIT_WIRE_ANSWER &&
                 krait__answer_decode(payload.bytes, payload.size, &answer))
            krait__worker_answer(worker, &answer);
        else
            krait__worker_end(1);
        if (payload.capacity > KEPT_MAX)
            krait__buffer_release(&payload);
    }
    return NULL;
}

/* The signals that interrupt guests are for the main thread. */
static void
start_hearing(krait_worker *worker)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0 ||
        pthread_create(&thread, NULL, hear, worker) != 0 ||
        pthread_sigmask(SIG_SETMASK, &before, NULL) != 0)
        krait__worker_end(1);
}

/* ---- the main thread ---------------------------------------------------------------------- */

static void
tell_ready(krait_worker *worker)
{
    const krait_supply supply = krait__instances_ready(worker->instances);
    krait_frame frame = {.failed = false};

    worker->told = supply.ready;

    krait__worker_write(&frame, krait__ready_encode(&supply, &frame, NULL));
    krait__frame_release(&frame);
}

/* A krait_begun_fn. */
static void
tell_begun(void *data, uint64_t number)
{
    krait_frame frame = {.failed = false};

    (void)data;
    krait__worker_write(&frame, krait__number_encode(KRAIT_WIRE_BEGUN, number, &frame, NULL));
    krait__frame_release(&frame);
}

static void
run_job(krait_worker *worker, const krait_buffer *payload)
{
    krait_frame frame = {.failed = false};
    krait_job_view view;
    krait_status status = krait__job_decode(payload->bytes, payload->size, &view, NULL);

    if (status == KRAIT_OK)
        status = krait__instances_run(worker->instances, &view, tell_begun, NULL, &frame, NULL);
    krait__worker_forget(worker);
    (void)pthread_mutex_lock(&worker->lock);
    worker->number = 0;
    (void)pthread_mutex_unlock(&worker->lock);
    krait__worker_write(&frame, status);
    krait__job_view_release(&view);
    krait__frame_release(&frame);
}

/* A job, when there is one; with the lock, which is left meanwhile. */
static bool
do_job(krait_worker *worker)
{
    krait_buffer payload = worker->job;

    if (!worker->has_job)
        return false;
    worker->has_job = false;
    memset(&worker->job, 0, sizeof(worker->job));
    (void)pthread_mutex_unlock(&worker->lock);
    run_job(worker, &payload);
    krait__buffer_release(&payload);
    (void)pthread_mutex_lock(&worker->lock);
    return true;
}

/* A step towards being ready; as do_job. */
static bool
do_step(krait_worker *worker, bool *has_failed)
{
    bool did = false;

    if (*has_failed)
        return false;
    (void)pthread_mutex_unlock(&worker->lock);
    *has_failed = krait__instances_tend(worker->instances, &did, NULL) != KRAIT_OK;
    if (krait__instances_ready(worker->instances).ready != worker->told)
        tell_ready(worker);
    (void)pthread_mutex_lock(&worker->lock);
    return did && !*has_failed;
}

_Noreturn void
krait__worker_serve(krait_worker *worker)
{
    bool has_failed = false;

    tell_ready(worker);
    start_hearing(worker);
    (void)pthread_mutex_lock(&worker->lock);
    for (;;) {
        if (do_job(worker))
            has_failed = false; /* the next job asks again */
        else if (!do_step(worker, &has_failed) && !worker->has_job)
            (void)pthread_cond_wait(&worker->changed, &worker->lock);
    }
}
