/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the C API share: an engine with Python, and sandboxes of it.
 */
#ifndef KRAIT_TESTS_API_PYTHON_H
#define KRAIT_TESTS_API_PYTHON_H

#include "tests/support/check.h"

#include <krait/krait.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Leaves a case that interrupts a guest in a loop: ThreadSanitizer keeps signals until the thread
 * makes a system call. */
#ifdef __SANITIZE_THREAD__
#define NEEDS_SIGNALS() CHECK_SKIP("ThreadSanitizer holds signals back")
#else
#define NEEDS_SIGNALS() (void)0
#endif

typedef struct python {
    krait_engine *engine;
    krait_module *module;
    krait_config *config; /* change it before python_sandbox */
    krait_sandbox *sandbox;
    krait_result result; /* of the last call */
    krait_error err;
} python;

/* False after a failed check. */
static inline bool
python_open(python *p)
{
    memset(p, 0, sizeof(*p));
    check_reason = p->err.text;
    if (!CHECK(getenv("KRAIT_RUNTIME_TREE") != NULL))
        return false;
    if (krait_engine_new(&p->engine, &p->err) != KRAIT_OK ||
        krait_python_open(p->engine, getenv("KRAIT_RUNTIME_TREE"), &p->module, &p->err) !=
            KRAIT_OK ||
        krait_config_new(&p->config, &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return false;
    }
    return true;
}

static inline bool
python_sandbox(python *p)
{
    if (krait_sandbox_new(p->module, p->config, &p->sandbox, &p->err) == KRAIT_OK)
        return true;
    CHECK_STR(p->err.text, "");
    return false;
}

/* Both at once, with the configuration as it is when it is new. */
static inline bool
python_start(python *p)
{
    return python_open(p) && python_sandbox(p);
}

static inline void
python_close(python *p)
{
    check_reason = NULL;
    krait_sandbox_free(p->sandbox);
    krait_config_free(p->config);
    krait_module_close(p->module);
    krait_engine_free(p->engine);
}

/* For guests that clean up and go on: the default of 40 ms is soon over on a busy machine, where they may
 * have to import what prints their traceback.  Before python_sandbox; false after a failed check. */
static inline bool
python_has_time(python *p)
{
    return CHECK(krait_config_set_limit(p->config, KRAIT_LIMIT_GRACE, UINT64_C(20000000000),
                                        &p->err) == KRAIT_OK);
}

/* Runs code; the kind of the result, or -1 after a failed check. */
static inline int
python_exec(python *p, const char *code)
{
    if (krait_sandbox_exec(p->sandbox, code, strlen(code), &p->result, &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return -1;
    }
    return (int)p->result.kind;
}

/* The same for a call with JSON. */
static inline int
python_call(python *p, const char *function, const char *args)
{
    if (krait_sandbox_call(p->sandbox, function, KRAIT_JSON, args, strlen(args), &p->result,
                           &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return -1;
    }
    return (int)p->result.kind;
}

/* Code that has to run to its end; shows what it raised instead. */
static inline void
python_run(python *p, const char *code)
{
    if (python_exec(p, code) != KRAIT_RESULT_RETURNED) {
        CHECK_STR(p->result.message, "nothing raised");
        printf("%s\n%s", p->result.backtrace,
               p->result.stderr_bytes != NULL ? p->result.stderr_bytes : "");
    }
}

/* Another one of the same module, in the place of p->sandbox. */
static inline bool
python_from_snapshot(python *p, krait_snapshot *snapshot)
{
    krait_sandbox_free(p->sandbox);
    p->sandbox = NULL;
    if (krait_sandbox_new_from(snapshot, p->config, &p->sandbox, &p->err) == KRAIT_OK)
        return true;
    CHECK_STR(p->err.text, "");
    return false;
}

static inline krait_snapshot *
python_take(python *p)
{
    krait_snapshot *snapshot = NULL;

    if (krait_snapshot_take(p->sandbox, &snapshot, &p->err) != KRAIT_OK)
        CHECK_STR(p->err.text, "");
    return snapshot;
}

/* A thread that does something to a sandbox a moment after its guest has said that it is where it should be:
 * it calls the function "ready", which is python_is_ready with this as its data. */
typedef struct python_later {
    sem_t is_ready;
    pthread_t thread;
    krait_sandbox *sandbox;
    void (*act)(krait_sandbox *sandbox);
    /* Only when the guest sleeps: a signal that comes on the way to that does not end it. */
    bool when_asleep;
    long guest; /* number of the thread that it runs on, when it is ready */
} python_later;

static inline int
python_is_ready(void *data, krait_call *call)
{
    python_later *later = data;

    (void)call;
    later->guest = syscall(SYS_gettid);
    return sem_post(&later->is_ready);
}

static inline bool
python_is_asleep(long thread)
{
    char path[64];
    char text[300];
    const char *state;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", thread);
    file = fopen(path, "re");
    text[file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0] = '\0';
    if (file != NULL)
        fclose(file);
    state = strrchr(text, ')');
    return state != NULL && state[1] != '\0' && state[2] == 'S';
}

static inline void *
python_later_run(void *data)
{
    const struct timespec a_little = {0, 50000000};
    python_later *later = data;

    while (sem_wait(&later->is_ready) != 0)
        continue;
    do
        nanosleep(&a_little, NULL);
    while (later->when_asleep && later->guest != 0 && !python_is_asleep(later->guest));
    later->act(later->sandbox);
    return NULL;
}

/* Runs code that says when it is ready, and acts then; the kind of the result. */
static inline int
python_run_and_act(python *p, python_later *later, void (*act)(krait_sandbox *), const char *code)
{
    int kind;

    later->sandbox = p->sandbox;
    later->act = act;
    later->guest = 0;
    if (!CHECK(sem_init(&later->is_ready, 0, 0) == 0) ||
        !CHECK(pthread_create(&later->thread, NULL, python_later_run, later) == 0))
        return -1;
    kind = python_exec(p, code);
    /* It may have failed before. */
    sem_post(&later->is_ready);
    pthread_join(later->thread, NULL);
    sem_destroy(&later->is_ready);
    return kind;
}

#endif /* KRAIT_TESTS_API_PYTHON_H */
