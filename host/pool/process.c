/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KRAIT_ISOLATION_PROCESS: a driver whose jobs run in a process of its own, over the frames of wire.h.
 *
 * The worker is believed nothing.  What it may send at a time is checked before it is read, and when
 * it says something wrong, nothing in time, or no more, it is killed and another one takes its place.
 * The job that it had is answered with an error, unless its code had not begun: then it is put back.
 */
#include "pool/child.h"
#include "pool/internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* What a worker has to open everything, or to begin a job. */
#define START_NS UINT64_C(60000000000)

/* What it has beyond a job's own time, and to end one that was cancelled. */
#define MARGIN_NS UINT64_C(10000000000)

/* Small parts of a frame that has bytes of any number in it, for each file and as a whole. */
#define SMALL 16384u

typedef struct process {
    krait_child child;
    bool has_started; /* one, before */
    krait_channel channel;
    krait_proxy proxy;
    krait_error error; /* why it is to be ended */
    uint32_t jobs;     /* that this one ended */
    uint32_t told;     /* READY since the last job */
    bool is_open;      /* it has said READY */
    bool has_failed;   /* it has said FAILED: `error` is its own */

    /* Of the job that it runs: */
    krait_queued_job *job; /* NULL: none */
    krait_job_view view;
    bool has_begun;
    bool is_cancel_sent;
    bool is_done;
    uint64_t deadline_ns; /* 0: none */
} process;

static uint64_t
later(uint64_t ns)
{
    const uint64_t now = krait__clock_ns(CLOCK_MONOTONIC);

    return ns < UINT64_MAX - now ? now + ns : 0;
}

/* ---- what it may send --------------------------------------------------------------------- */

static uint64_t
add(uint64_t a, uint64_t b)
{
    return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

static uint64_t
times(uint64_t a, uint64_t b)
{
    return a == 0 || b <= UINT64_MAX / a ? a * b : UINT64_MAX;
}

/* What the parts of the job may write together. */
static uint64_t
most_of_output(const krait_config *config, const krait_job_spec *spec)
{
    const uint64_t each = spec->output_bytes != 0 ? spec->output_bytes
                                                  : config->limits[KRAIT_LIMIT_OUTPUT];

    return times(spec->code != NULL && spec->function != NULL ? 2 : 1, each);
}

/* The largest DONE that the job's limits allow. */
static uint64_t
most_of_done(const krait_config *config, const krait_job_spec *spec)
{
    const uint64_t *limits = config->limits;
    const uint64_t file = limits[KRAIT_LIMIT_VALUE] < limits[KRAIT_LIMIT_FS_BYTES]
                              ? limits[KRAIT_LIMIT_VALUE]
                              : limits[KRAIT_LIMIT_FS_BYTES];

    return add(add(SMALL, add(most_of_output(config, spec), limits[KRAIT_LIMIT_VALUE])),
               times(spec->wanted_count, add(SMALL, file)));
}

/* A krait_most_fn. */
static bool
most_of(void *data, uint32_t kind, uint64_t *ret_most)
{
    const krait_driver *driver = data;
    const process *p = driver->own;
    const krait_config *config = driver->pool->config;

    switch (kind) {
    case KRAIT_WIRE_READY:
        *ret_most = SMALL;
        return p->told <= driver->pool->options.ready + 2;
    case KRAIT_WIRE_FAILED:
        *ret_most = SMALL;
        return !p->is_open;
    case KRAIT_WIRE_BEGUN:
        *ret_most = SMALL;
        return p->job != NULL && !p->has_begun;
    case KRAIT_WIRE_CALL:
        *ret_most = add(SMALL, config->limits[KRAIT_LIMIT_VALUE]);
        return p->job != NULL && p->has_begun;
    case KRAIT_WIRE_DONE:
        *ret_most = p->job != NULL ? most_of_done(config, &p->view.spec) : 0;
        return p->job != NULL && p->has_begun;
    default:
        return false;
    }
}

/* ---- what it sends ------------------------------------------------------------------------ */

static bool
wrong(process *p)
{
    (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it sent what no worker sends (frame %u)",
                           p->channel.kind);
    return false;
}

static bool
take_ready(krait_driver *driver)
{
    process *p = driver->own;
    krait_supply supply;

    if (!krait__ready_decode(p->channel.payload.bytes, p->channel.payload.size, &supply) ||
        supply.ready > driver->pool->options.ready)
        return wrong(p);
    p->is_open = true;
    p->told++;
    (void)pthread_mutex_lock(&driver->pool->lock);
    supply.discarded += driver->discarded_before;
    driver->ready = supply;
    (void)pthread_mutex_unlock(&driver->pool->lock);
    return true;
}

static bool
take_failed(process *p)
{
    if (!krait__failed_decode(p->channel.payload.bytes, p->channel.payload.size, &p->error))
        return wrong(p);
    p->has_failed = true;
    return false;
}

static bool
take_begun(process *p)
{
    krait_queued_job *job = p->job;
    uint64_t number = 0;

    if (!krait__number_decode(p->channel.payload.bytes, p->channel.payload.size, &number) ||
        number != job->node.key)
        return wrong(p);
    p->has_begun = true;
    job->answer->result.waited_ns = krait__clock_ns(CLOCK_MONOTONIC) - job->submitted_ns;
    if (!p->is_cancel_sent)
        p->deadline_ns = later(add(job->wall_ns, MARGIN_NS));
    return true;
}

static bool
take_call(process *p)
{
    krait_call_message call;

    if (!krait__call_decode(p->channel.payload.bytes, p->channel.payload.size, &call) ||
        !krait__proxy_call(&p->proxy, &call))
        return wrong(p);
    return true;
}

static bool
take_done(const krait_config *config, process *p)
{
    const krait_result *result = &p->job->answer->result.result;
    krait_buffer *payload = &p->channel.payload;

    if (krait__done_number(payload->bytes, payload->size) != p->job->node.key ||
        !krait__job_answer(p->job, payload, 0) ||
        add(result->stdout_size, result->stderr_size) > most_of_output(config, &p->view.spec) ||
        result->value_size > config->limits[KRAIT_LIMIT_VALUE])
        return wrong(p);
    p->is_done = true;
    return true;
}

static bool
take_frame(krait_driver *driver)
{
    process *p = driver->own;

    switch (p->channel.kind) {
    case KRAIT_WIRE_READY:
        return take_ready(driver);
    case KRAIT_WIRE_FAILED:
        return take_failed(p);
    case KRAIT_WIRE_BEGUN:
        return take_begun(p);
    case KRAIT_WIRE_CALL:
        return take_call(p);
    case KRAIT_WIRE_DONE:
        return take_done(driver->pool->config, p);
    default:
        return wrong(p);
    }
}

/* Everything that is there, up to a DONE; false: it is to be ended, `error` says why. */
static bool
take_frames(krait_driver *driver)
{
    process *p = driver->own;

    while (!p->is_done) {
        switch (krait__channel_read(&p->channel, most_of, driver)) {
        case KRAIT_GOT_NOTHING:
            return true;
        case KRAIT_GOT_FRAME:
            if (!take_frame(driver))
                return false;
            break;
        case KRAIT_GOT_END:
            (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it is gone");
            return false;
        case KRAIT_GOT_WRONG:
            return wrong(p);
        }
        if (p->deadline_ns != 0 && krait__clock_ns(CLOCK_MONOTONIC) > p->deadline_ns)
            return true;
    }
    return true;
}

/* ---- waiting ------------------------------------------------------------------------------ */

static int
timeout_of(uint64_t until_ns)
{
    const uint64_t now = krait__clock_ns(CLOCK_MONOTONIC);

    if (until_ns == 0)
        return -1;
    if (until_ns <= now)
        return 0;
    return until_ns - now < UINT64_C(3600000000000) ? (int)((until_ns - now) / 1000000) + 1
                                                    : 3600000;
}

/* For a wake-up, the worker, an answer of a host function (`calls_fd`), or until then. */
static void
wait_for(krait_driver *driver, int calls_fd, uint64_t until_ns)
{
    const process *p = driver->own;
    struct pollfd fds[3] = {{.fd = driver->wake_fd, .events = POLLIN},
                            {.fd = p->child.pid != 0 ? p->child.fd : -1, .events = POLLIN},
                            {.fd = calls_fd, .events = POLLIN}};

    (void)poll(fds, 3, timeout_of(until_ns));
    if (fds[0].revents != 0)
        krait__driver_unwake(driver);
}

/* ---- its life ----------------------------------------------------------------------------- */

/* Ends the worker, and adds to the error what became of it. */
static void
end_worker(krait_driver *driver)
{
    krait_pool *pool = driver->pool;
    process *p = driver->own;
    char how[64];

    if (p->child.pid == 0)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    krait__driver_cannot_run(driver);
    driver->discarded_before = driver->ready.discarded;
    driver->ready.ready = 0;
    driver->ready.bytes = 0;
    (void)pthread_mutex_unlock(&pool->lock);
    krait__child_end(&p->child, how, sizeof(how));
    krait__channel_release(&p->channel);
    if (p->error.code != KRAIT_OK && !p->has_failed) {
        krait_error reason = p->error;

        (void)krait__error_set(&p->error, KRAIT_EIO, 0, "the worker died: %.200s, %s", reason.text,
                               how);
    }
}

/* Until it says that it is open; false: `error` says why not. */
static bool
wait_until_open(krait_driver *driver)
{
    krait_pool *pool = driver->pool;
    process *p = driver->own;
    bool stops = false;

    p->deadline_ns = later(START_NS);
    while (!p->is_open && !stops) {
        wait_for(driver, -1, p->deadline_ns);
        if (!take_frames(driver))
            return false;
        if (krait__clock_ns(CLOCK_MONOTONIC) > p->deadline_ns) {
            (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it did not open in time");
            return false;
        }
        (void)pthread_mutex_lock(&pool->lock);
        stops = pool->state == KRAIT_POOL_STOPS;
        (void)pthread_mutex_unlock(&pool->lock);
    }
    p->deadline_ns = 0;
    if (stops && !p->is_open)
        (void)krait__error_set(&p->error, KRAIT_EIO, 0, "the pool stops");
    return p->is_open;
}

static krait_status
start_worker(krait_driver *driver, krait_error *err)
{
    krait_pool *pool = driver->pool;
    process *p = driver->own;
    krait_status status = krait__child_start(pool->worker, &p->child, err);

    if (status != KRAIT_OK)
        return status;
    krait__channel_begin(&p->channel, p->child.fd);
    memset(&p->error, 0, sizeof(p->error));
    p->jobs = p->told = 0;
    p->is_open = p->has_failed = p->is_done = false;
    if (!krait__channel_send(&p->channel, &pool->open))
        (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it takes nothing");
    if (p->error.code != KRAIT_OK || !wait_until_open(driver)) {
        end_worker(driver);
        if (err != NULL)
            *err = p->error;
        return p->error.code;
    }
    (void)pthread_mutex_lock(&pool->lock);
    driver->can_run = true;
    driver->replaced += p->has_started;
    (void)pthread_mutex_unlock(&pool->lock);
    p->has_started = true;
    return KRAIT_OK;
}

/* ---- krait_driver_ops --------------------------------------------------------------------- */

static krait_status
tend(krait_driver *driver, bool *ret_did, krait_error *err)
{
    const uint32_t most = driver->pool->options.jobs_per_worker;
    process *p = driver->own;

    *ret_did = false;
    if (p->child.pid != 0 && most != 0 && p->jobs >= most) {
        memset(&p->error, 0, sizeof(p->error));
        end_worker(driver);
    }
    if (p->child.pid != 0)
        return KRAIT_OK;
    *ret_did = true;
    return start_worker(driver, err);
}

static void
wait_idle(krait_driver *driver, uint64_t until_ns)
{
    process *p = driver->own;

    wait_for(driver, -1, until_ns);
    if (p->child.pid == 0 || take_frames(driver))
        return;
    end_worker(driver);
    krait__driver_pause(driver);
}

static void
cancel(krait_driver *driver, uint64_t job)
{
    (void)job;
    krait__driver_wake(driver);
}

/* Tells the worker when the job was cancelled meanwhile. */
static bool
send_cancel(krait_driver *driver)
{
    process *p = driver->own;
    krait_frame frame = {.failed = false};
    bool is_cancelled;
    bool is_sent;

    (void)pthread_mutex_lock(&driver->pool->lock);
    is_cancelled = p->job->is_cancelled;
    (void)pthread_mutex_unlock(&driver->pool->lock);
    if (!is_cancelled || p->is_cancel_sent)
        return true;
    p->is_cancel_sent = true;
    p->deadline_ns = later(
        add(times(10, driver->pool->config->limits[KRAIT_LIMIT_GRACE]), MARGIN_NS));
    is_sent = krait__number_encode(KRAIT_WIRE_CANCEL, p->job->node.key, &frame, &p->error) ==
                  KRAIT_OK &&
              krait__channel_send(&p->channel, &frame);
    krait__frame_release(&frame);
    return is_sent;
}

/* From sending the job to its answer; false: the worker is to be ended. */
static bool
converse(krait_driver *driver)
{
    process *p = driver->own;

    if (!krait__channel_send(&p->channel, &p->job->answer->job)) {
        (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it takes nothing");
        return false;
    }
    p->deadline_ns = later(START_NS);
    for (;;) {
        const int calls_fd = krait__proxy_fd(&p->proxy);

        if (!send_cancel(driver) || !krait__proxy_send(&p->proxy, &p->channel)) {
            (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it takes nothing");
            return false;
        }
        wait_for(driver, calls_fd, p->deadline_ns);
        if (!take_frames(driver))
            return false;
        if (p->is_done)
            return true;
        if (p->deadline_ns != 0 && krait__clock_ns(CLOCK_MONOTONIC) > p->deadline_ns) {
            (void)krait__error_set(&p->error, KRAIT_EIO, 0, "it did not answer in time");
            return false;
        }
    }
}

/* A job has ended well.  When it was the worker's last one, the next step replaces it. */
static void
count_job(krait_driver *driver)
{
    const uint32_t most = driver->pool->options.jobs_per_worker;
    process *p = driver->own;

    driver->failures = 0;
    p->jobs++;
    if (most == 0 || p->jobs < most)
        return;
    (void)pthread_mutex_lock(&driver->pool->lock);
    driver->can_run = false;
    (void)pthread_mutex_unlock(&driver->pool->lock);
}

/* The worker is gone; true: so that is the job's answer. */
static bool
answer_for(krait_driver *driver, krait_queued_job *job)
{
    const process *p = driver->own;
    bool is_cancelled;

    (void)pthread_mutex_lock(&driver->pool->lock);
    is_cancelled = job->is_cancelled;
    (void)pthread_mutex_unlock(&driver->pool->lock);
    if (is_cancelled)
        krait__job_cancelled(job, "cancelled, and its worker was ended");
    else
        krait__job_fail(job, &p->error);
    return p->has_begun || is_cancelled;
}

static bool
run(krait_driver *driver, krait_queued_job *job)
{
    process *p = driver->own;
    const krait_config *config = driver->pool->config;
    krait_error error;
    bool is_answer = true;

    memset(&p->error, 0, sizeof(p->error));
    if (krait__job_view(job, &p->view, &error) != KRAIT_OK) {
        krait__job_fail(job, &error);
        krait__job_view_release(&p->view);
        return true;
    }
    p->job = job;
    p->has_begun = p->is_cancel_sent = p->is_done = false;
    p->told = 0;
    krait__proxy_begin(&p->proxy, config, job->node.key,
                       times(2, p->view.spec.host_calls != 0
                                    ? p->view.spec.host_calls
                                    : config->limits[KRAIT_LIMIT_HOST_CALLS]));
    if (converse(driver)) {
        count_job(driver);
    } else {
        end_worker(driver);
        is_answer = answer_for(driver, job);
    }
    krait__proxy_end(&p->proxy);
    krait__job_view_release(&p->view);
    p->job = NULL;
    p->is_done = false;
    p->told = 0;
    p->deadline_ns = 0;
    return is_answer;
}

static void
close_process(krait_driver *driver)
{
    process *p = driver->own;

    end_worker(driver);
    krait__channel_release(&p->channel);
    krait__proxy_release(&p->proxy);
    krait__free(p);
    driver->own = NULL;
}

krait_status
krait__process_driver(krait_driver *driver, krait_error *err)
{
    static const krait_driver_ops ops = {
        .tend = tend, .wait = wait_idle, .run = run, .cancel = cancel, .close = close_process};

    driver->ops = &ops;
    driver->own = krait__calloc(1, sizeof(process));
    return driver->own != NULL ? KRAIT_OK : krait__error_nomem(err);
}

krait_status
krait__process_prepare(krait_pool *pool, krait_error *err)
{
    const krait_module_notes *notes = krait__module_attached(pool->module);
    const krait_open open = {.library = krait_version(),
                             .folder = notes->folder,
                             .krt = notes->krt,
                             .ready = pool->options.ready,
                             .idle_bytes = pool->options.idle_bytes / pool->options.workers,
                             .config = pool->config};
    krait_status status = krait__open_encode(&open, &pool->open, err);

    if (status != KRAIT_OK)
        return status;
    if (pool->options.worker == NULL)
        return krait__child_program(&pool->worker, err);
    pool->worker = krait__strdup(pool->options.worker);
    return pool->worker != NULL ? KRAIT_OK : krait__error_nomem(err);
}
