/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending the threads of a run: one that scans, the workers, and the writer.
 */
#include "run.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct run_thread {
    proc_run *run;
    proc_worker worker;
    pthread_t id;
} run_thread;

struct proc_run {
    proc_shop shop;
    proc_inputs inputs;
    void (*note)(void *data, const char *text);
    void *note_data;
    unsigned threads; /* that were started */
    bool has_scanner;
    pthread_t scanner;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned working; /* workers that have not ended */
    bool is_scanning;
    run_thread workers[];
};

/* Of the scan and of all workers. */
static void
note(void *data, const char *text)
{
    proc_run *run = data;

    (void)pthread_mutex_lock(&run->lock);
    if (run->note != NULL)
        run->note(run->note_data, text);
    (void)pthread_mutex_unlock(&run->lock);
}

static void *
scan(void *data)
{
    proc_run *run = data;

    proc_inputs_scan(&run->inputs);
    (void)pthread_mutex_lock(&run->lock);
    run->is_scanning = false;
    (void)pthread_cond_signal(&run->ended);
    (void)pthread_mutex_unlock(&run->lock);
    return NULL;
}

static void *
work(void *data)
{
    run_thread *thread = data;
    proc_run *run = thread->run;

    proc_worker_run(&thread->worker);
    (void)pthread_mutex_lock(&run->lock);
    run->working--;
    (void)pthread_cond_signal(&run->ended);
    (void)pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* The writer has failed: its thread calls. */
static void
stop_all(void *data)
{
    proc_queue_stop(data);
}

static krait_status
start_threads(proc_run *run, unsigned threads, krait_error *err)
{
    krait_status status = KRAIT_OK;
    int number = 0;

    for (unsigned i = 0; i < threads && status == KRAIT_OK; i++) {
        run->workers[i].run = run;
        status = proc_worker_open(&run->workers[i].worker, &run->shop, err);
        run->workers[i].worker.is_open = status == KRAIT_OK;
    }
    for (unsigned i = 0; i < threads && status == KRAIT_OK && number == 0; i++) {
        number = pthread_create(&run->workers[i].id, NULL, work, &run->workers[i]);
        if (number == 0) {
            run->threads++;
            run->working++;
        }
    }
    if (status == KRAIT_OK && number == 0) {
        /* Before: it may be over by the time that this thread goes on. */
        run->is_scanning = true;
        number = pthread_create(&run->scanner, NULL, scan, run);
        run->has_scanner = number == 0;
    }
    if (number != 0)
        status = krait__error_set(err, KRAIT_EIO, number, "cannot start a thread");
    return status;
}

static void
release(proc_run *run, unsigned threads)
{
    for (unsigned i = 0; i < threads; i++) {
        if (run->workers[i].worker.is_open)
            proc_worker_close(&run->workers[i].worker);
    }
    proc_queue_free(run->shop.queue);
    (void)pthread_cond_destroy(&run->ended);
    (void)pthread_mutex_destroy(&run->lock);
    free(run);
}

static krait_status
make(const proc_run_options *options, proc_run **ret, krait_error *err)
{
    proc_run *run = calloc(1, sizeof(*run) + options->threads * sizeof(run->workers[0]));
    pthread_condattr_t attributes;

    if (run == NULL)
        return krait__error_nomem(err);
    run->shop = (proc_shop){.modules = options->modules,
                            .tables = options->tables,
                            .queue = proc_queue_new(options->threads),
                            .inputs = &run->inputs,
                            .is_fresh = options->is_fresh};
    run->inputs = options->inputs;
    run->note = options->inputs.note;
    run->note_data = options->inputs.note_data;
    run->inputs.note = note;
    run->inputs.note_data = run;
    run->inputs.queue = run->shop.queue;
    (void)pthread_mutex_init(&run->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&run->ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (run->shop.queue == NULL) {
        release(run, 0);
        return krait__error_nomem(err);
    }
    *ret = run;
    return KRAIT_OK;
}

static void
join(proc_run *run)
{
    for (unsigned i = 0; i < run->threads; i++)
        (void)pthread_join(run->workers[i].id, NULL);
    if (run->has_scanner)
        (void)pthread_join(run->scanner, NULL);
}

krait_status
proc_run_start(const proc_run_options *options, proc_run **ret, krait_error *err)
{
    static const proc_pace pace = PROC_PACE_INIT;
    proc_run *run = NULL;
    krait_status status = make(options, &run, err);

    if (status != KRAIT_OK)
        return status;
    status = proc_writer_start(options->database, &pace, stop_all, run->shop.queue,
                               &run->shop.writer, err);
    if (status == KRAIT_OK) {
        status = start_threads(run, options->threads, err);
        if (status != KRAIT_OK) {
            proc_queue_stop(run->shop.queue);
            join(run);
            (void)!proc_writer_finish(run->shop.writer, NULL, NULL);
        }
    }
    if (status != KRAIT_OK) {
        release(run, options->threads);
        return status;
    }
    *ret = run;
    return KRAIT_OK;
}

/* A moment from now. */
static struct timespec
soon(unsigned timeout_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return until;
}

/* After the queue was stopped; false: it waits for somebody who writes its list. */
static bool
scan_ends(proc_run *run)
{
    const struct timespec until = soon(500);
    bool has_ended;

    (void)pthread_mutex_lock(&run->lock);
    while (run->is_scanning && pthread_cond_timedwait(&run->ended, &run->lock, &until) != ETIMEDOUT)
        continue;
    has_ended = !run->is_scanning;
    (void)pthread_mutex_unlock(&run->lock);
    return has_ended;
}

bool
proc_run_wait(proc_run *run, unsigned timeout_ms)
{
    const struct timespec until = soon(timeout_ms);
    bool is_over;

    (void)pthread_mutex_lock(&run->lock);
    while (run->working != 0 &&
           pthread_cond_timedwait(&run->ended, &run->lock, &until) != ETIMEDOUT)
        continue;
    is_over = run->working == 0;
    (void)pthread_mutex_unlock(&run->lock);
    return is_over;
}

void
proc_run_stop(proc_run *run)
{
    proc_queue_stop(run->shop.queue);
}

void
proc_run_look(proc_run *run, proc_progress *ret)
{
    proc_writer_counts(run->shop.writer, &ret->counts);
    ret->found = atomic_load(&run->inputs.found);
    ret->resumed = atomic_load(&run->inputs.resumed);
    ret->left_out = atomic_load(&run->inputs.left_out);
    (void)pthread_mutex_lock(&run->lock);
    ret->is_scanning = run->is_scanning;
    (void)pthread_mutex_unlock(&run->lock);
}

krait_status
proc_run_finish(proc_run *run, proc_progress *ret, krait_error *err)
{
    const unsigned threads = run->threads;
    bool has_failed = false;
    krait_status status;

    /* A scan that waits for stdin is left alone: the program ends, and it with it. */
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(run->workers[i].id, NULL);
        has_failed = has_failed || run->workers[i].worker.has_failed;
    }
    proc_queue_stop(run->shop.queue);
    status = proc_writer_finish(run->shop.writer, &ret->counts, err);
    ret->found = atomic_load(&run->inputs.found);
    ret->resumed = atomic_load(&run->inputs.resumed);
    ret->left_out = atomic_load(&run->inputs.left_out);
    ret->is_scanning = !scan_ends(run);
    for (unsigned i = 0; i < threads; i++)
        proc_worker_close(&run->workers[i].worker);
    if (ret->is_scanning)
        return status;
    (void)pthread_join(run->scanner, NULL);
    has_failed = has_failed || run->inputs.has_failed;
    release(run, 0);
    if (status == KRAIT_OK && has_failed)
        status = krait__error_nomem(err);
    return status;
}
