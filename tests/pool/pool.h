/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of pools share: a pool of Python with the isolation that KRAIT_TEST_ISOLATION names
 * ("thread" or "process"), answers that are collected, a gate that jobs wait at, and what a process
 * has of descriptors, threads and children.
 */
#ifndef KRAIT_TESTS_POOL_POOL_H
#define KRAIT_TESTS_POOL_POOL_H

#include "tests/api/python.h"

#include <krait/pool.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

typedef struct pool_test {
    python p;
    krait_pool_options options; /* change it before pool_start */
    krait_pool *pool;
    char worker[4096];
    krait_error err;

    /* the gate: krait_host.call("gate") waits here until it is open */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    unsigned waiting;

    /* answers, in the order in which they came; tests release them with pool_close */
    krait_job_result *answers[20000];
    unsigned count;
} pool_test;

static inline void
pause_ms(unsigned ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static inline bool
is_thread_test(void)
{
    const char *isolation = getenv("KRAIT_TEST_ISOLATION");

    return isolation != NULL && strcmp(isolation, "thread") == 0;
}

static inline int
pool_gate(void *data, krait_call *call)
{
    pool_test *t = data;

    (void)call;
    pthread_mutex_lock(&t->lock);
    t->waiting++;
    pthread_cond_broadcast(&t->changed);
    while (!t->is_open)
        pthread_cond_wait(&t->changed, &t->lock);
    t->waiting--;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return 0;
}

/* Engine, module, configuration; one worker with one instance, unless that is changed. */
static inline bool
pool_open(pool_test *t)
{
    const krait_pool_options options = KRAIT_POOL_OPTIONS_INIT;

    memset(t, 0, sizeof(*t));
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    t->options = options;
    t->options.isolation = is_thread_test() ? KRAIT_ISOLATION_THREAD : KRAIT_ISOLATION_PROCESS;
    t->options.workers = 1;
    t->options.ready = 1;
    if (!CHECK(getenv("KRAIT_BINARY_DIR") != NULL))
        return false;
    snprintf(t->worker, sizeof(t->worker), "%s/libexec/krait/krait-worker",
             getenv("KRAIT_BINARY_DIR"));
    t->options.worker = t->worker;
    if (!python_open(&t->p))
        return false;
    check_reason = t->err.text;
    return CHECK(krait_config_add_function(t->p.config, "gate", pool_gate, t, &t->err) == KRAIT_OK);
}

/* With a worker that has been taken over and does `what` (fake_worker.c). */
static inline bool
pool_open_fake(pool_test *t, const char *what)
{
    if (!pool_open(t))
        return false;
    t->options.worker = getenv("KRAIT_FAKE_WORKER");
    return CHECK(t->options.worker != NULL) &&
           CHECK(krait_config_add_env(t->p.config, "FAKE", what, &t->err) == KRAIT_OK);
}

static inline bool
pool_make(pool_test *t)
{
    if (krait_pool_new(t->p.module, t->p.config, &t->options, &t->pool, &t->err) == KRAIT_OK)
        return true;
    CHECK_STR(t->err.text, "");
    return false;
}

static inline bool
pool_start(pool_test *t)
{
    return pool_open(t) && pool_make(t);
}

static inline void
pool_open_gate(pool_test *t)
{
    pthread_mutex_lock(&t->lock);
    t->is_open = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* For the next jobs, when those that waited have passed. */
static inline void
pool_shut_gate(pool_test *t)
{
    pthread_mutex_lock(&t->lock);
    while (t->waiting > 0)
        pthread_cond_wait(&t->changed, &t->lock);
    t->is_open = false;
    pthread_mutex_unlock(&t->lock);
}

static inline void
pool_close(pool_test *t)
{
    pool_open_gate(t);
    krait_pool_free(t->pool);
    t->pool = NULL;
    python_close(&t->p);
    for (unsigned i = 0; i < t->count; i++)
        krait_job_result_free(t->answers[i]);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
}

/* A host function that answers with what it is given. */
static inline int
pool_echo(void *data, krait_call *call)
{
    size_t size = 0;
    const void *bytes = krait_call_input(call, &size);

    (void)data;
    (void)krait_call_return(call, bytes, size);
    return 0;
}

/* A krait_job_done. */
static inline void
pool_collect(void *data, krait_job_result *result)
{
    pool_test *t = data;

    pthread_mutex_lock(&t->lock);
    t->answers[t->count++] = result;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* A minute, for machines that have much else to do. */
static inline struct timespec
pool_patience(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    return until;
}

/* Until so many answers are there; false after a failed check. */
static inline bool
pool_wait(pool_test *t, unsigned count)
{
    const struct timespec until = pool_patience();
    unsigned there;
    int error = 0;

    pthread_mutex_lock(&t->lock);
    while (t->count < count && error == 0)
        error = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    there = t->count;
    pthread_mutex_unlock(&t->lock);
    return CHECK_INT(error, 0) && CHECK(there >= count);
}

/* Until so many jobs wait at the gate. */
static inline bool
pool_wait_gate(pool_test *t, unsigned count)
{
    const struct timespec until = pool_patience();
    int error = 0;

    pthread_mutex_lock(&t->lock);
    while (t->waiting < count && error == 0)
        error = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    pthread_mutex_unlock(&t->lock);
    return CHECK_INT(error, 0);
}

static inline krait_job_spec
pool_spec(const char *code)
{
    krait_job_spec spec = KRAIT_JOB_SPEC_INIT;

    spec.code = code;
    spec.code_size = strlen(code);
    return spec;
}

/* A job of a tenant, whose answer is collected; its number, 0 after a failed check. */
static inline krait_job
pool_submit(pool_test *t, uint64_t tenant, const char *code)
{
    krait_job_spec spec = pool_spec(code);
    krait_job job = 0;

    spec.tenant = tenant;
    if (krait_pool_submit(t->pool, &spec, pool_collect, t, &job, &t->err) == KRAIT_OK)
        return job;
    CHECK_STR(t->err.text, "");
    return 0;
}

/* Runs a job; what it wrote in `out`, or what went wrong instead.  The kind of its result, -1. */
static inline int
pool_run(pool_test *t, const krait_job_spec *spec, char *out, size_t size)
{
    krait_job_result *result = NULL;
    int kind = -1;

    out[0] = '\0';
    if (krait_pool_run(t->pool, spec, &result, &t->err) != KRAIT_OK) {
        CHECK_STR(t->err.text, "");
        return -1;
    }
    if (result->status != KRAIT_OK) {
        snprintf(out, size, "error: %s", result->error.text);
    } else {
        kind = (int)result->result.kind;
        snprintf(out, size, "%s%s%s", result->result.stdout_bytes, result->result.message,
                 result->result.backtrace);
    }
    krait_job_result_free(result);
    return kind;
}

static inline void
pool_prints(pool_test *t, const char *code, const char *wanted)
{
    const krait_job_spec spec = pool_spec(code);
    char out[6000];

    CHECK_INT(pool_run(t, &spec, out, sizeof(out)), KRAIT_RESULT_RETURNED);
    CHECK_STR(out, wanted);
}

/* ---- what this process has ------------------------------------------------------------------ */

static inline unsigned
count_entries(const char *path)
{
    unsigned count = 0;
    DIR *folder = opendir(path);

    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* ThreadSanitizer has a thread of its own, which may begin after a fork. */
#ifdef __SANITIZE_THREAD__
#define OTHER_THREADS 1u
#else
#define OTHER_THREADS 0u
#endif

/* Threads that were joined may be seen for a moment longer. */
static inline void
check_threads(unsigned wanted)
{
    unsigned there = count_entries("/proc/self/task");

    for (int i = 0; i < 6000 && there != wanted && there != wanted + OTHER_THREADS; i++) {
        pause_ms(10);
        there = count_entries("/proc/self/task");
    }
    if (there != wanted + OTHER_THREADS)
        CHECK_UINT(there, wanted);
}

/* No child, not even a dead one. */
static inline void
check_no_children(void)
{
    siginfo_t info;

    CHECK_INT(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
    CHECK_INT(errno, ECHILD);
}

#endif /* KRAIT_TESTS_POOL_POOL_H */
