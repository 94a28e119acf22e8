/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sandboxes in several threads, one sandbox in several threads one after another, answers from
 * a pool of threads while sandboxes come and go, and cancellation from outside.  Also run under
 * ThreadSanitizer.
 */
#include "tests/api/python.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 6, ROUNDS = 5, POOL = 3 };

/* Checks count in a variable that is no thread's own. */
static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;

#define LOCKED_CHECK(cond)                                                                         \
    do {                                                                                           \
        const bool held = (cond);                                                                  \
        pthread_mutex_lock(&check_lock);                                                           \
        check_report(held, __FILE__, __LINE__, #cond);                                             \
        pthread_mutex_unlock(&check_lock);                                                         \
    } while (0)

/* One call of the API and what has to come of it. */
static bool
returns(krait_sandbox *sandbox, const char *code, const char *out)
{
    krait_result result;
    krait_error err;

    return krait_sandbox_exec(sandbox, code, strlen(code), &result, &err) == KRAIT_OK &&
           result.kind == KRAIT_RESULT_RETURNED &&
           (out == NULL || strcmp(result.stdout_bytes, out) == 0);
}

/* ---- a pool that answers ------------------------------------------------------------------ */

typedef struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    krait_call *calls[4096];
    size_t count;
    bool is_closing;
    pthread_t threads[POOL];
} pool;

static void *
answer(void *data)
{
    pool *p = data;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        krait_call *call;
        const void *input;
        size_t size = 0;

        while (p->count == 0 && !p->is_closing)
            pthread_cond_wait(&p->changed, &p->lock);
        if (p->count == 0)
            break;
        call = p->calls[--p->count];
        pthread_mutex_unlock(&p->lock);
        input = krait_call_input(call, &size);
        if (krait_call_is_cancelled(call))
            (void)krait_call_fail(call, "OSError", "cancelled");
        else
            (void)krait_call_return(call, input, size);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static bool
pool_open(pool *p)
{
    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    for (int i = 0; i < POOL; i++) {
        if (pthread_create(&p->threads[i], NULL, answer, p) != 0)
            return false;
    }
    return true;
}

static void
pool_close(pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_closing = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < POOL; i++)
        pthread_join(p->threads[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
}

static int
queue(void *data, krait_call *call)
{
    pool *p = data;

    pthread_mutex_lock(&p->lock);
    p->calls[p->count++] = call;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return KRAIT_CALL_PENDING;
}

/* ---- tests -------------------------------------------------------------------------------- */

typedef struct job {
    python *p;
    int number;
    pthread_t thread;
} job;

/* Runs `work` in THREADS threads. */
static void
in_threads(python *p, void *(*work)(void *))
{
    job jobs[THREADS];

    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){.p = p, .number = i};
        LOCKED_CHECK(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(jobs[i].thread, NULL);
}

static int
add_one(void *data, krait_call *call)
{
    char text[32];

    snprintf(text, sizeof(text), "%d", atoi((const char *)krait_call_input(call, NULL) + 1) + 1);
    (void)krait_call_return(call, text, strlen(text));
    atomic_fetch_add((atomic_uint *)data, 1);
    return 0;
}

static void *
one_of_many(void *data)
{
    const job *j = data;
    krait_sandbox *sandbox = NULL;
    krait_error err;
    char code[300];
    char out[64];

    LOCKED_CHECK(krait_sandbox_new(j->p->module, j->p->config, &sandbox, &err) == KRAIT_OK);
    snprintf(code, sizeof(code),
             "import krait_host\nn = %d\n"
             "for i in range(20): n = krait_host.call('add_one', n)\n"
             "open('/tmp/n', 'w').write(str(n))\nprint(n)\n",
             j->number * 1000);
    snprintf(out, sizeof(out), "%d\n", j->number * 1000 + 20);
    for (int i = 0; i < ROUNDS; i++) {
        LOCKED_CHECK(returns(sandbox, code, out));
        LOCKED_CHECK(returns(sandbox, "print(open('/tmp/n').read())", out));
        if (i % 2 == 1)
            LOCKED_CHECK(krait_sandbox_reset(sandbox, &err) == KRAIT_OK);
    }
    krait_sandbox_free(sandbox);
    return NULL;
}

static void
many_sandboxes(void)
{
    atomic_uint count = 0;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "add_one", add_one, &count, &p.err) == KRAIT_OK);
    in_threads(&p, one_of_many);
    CHECK_UINT(atomic_load(&count), THREADS * ROUNDS * 20);
    python_close(&p);
}

static void *
next_owner(void *data)
{
    const job *j = data;

    LOCKED_CHECK(returns(j->p->sandbox, "n += 1\nprint(n)", NULL));
    return NULL;
}

/* Not always the same thread, but one at a time. */
static void
moves_between_threads(void)
{
    python p;

    REQUIRE(python_start(&p));
    python_run(&p, "n = 0");
    for (int i = 0; i < THREADS; i++) {
        job j = {.p = &p, .number = i};

        LOCKED_CHECK(pthread_create(&j.thread, NULL, next_owner, &j) == 0);
        pthread_join(j.thread, NULL);
    }
    python_run(&p, "print(n)");
    CHECK_STR(p.result.stdout_bytes, "6\n");
    python_close(&p);
}

/* Leaves calls behind that nobody waits for, by a reset and by its end. */
static void *
asks_and_leaves(void *data)
{
    static const char code[] = "import krait_host\n"
                               "calls = [krait_host.submit('queue', i) for i in range(30)]\n"
                               "for i in range(0, 30, 3): calls[i].cancel()\n"
                               "done = [c.result() for i, c in enumerate(calls) if i % 3]\n"
                               "print(done == [[i] for i in range(30) if i % 3])\n"
                               "left = [krait_host.submit('queue', i) for i in range(30)]\n";
    const job *j = data;

    for (int i = 0; i < ROUNDS; i++) {
        krait_sandbox *sandbox = NULL;
        krait_error err;

        LOCKED_CHECK(krait_sandbox_new(j->p->module, j->p->config, &sandbox, &err) == KRAIT_OK);
        LOCKED_CHECK(returns(sandbox, code, "True\n"));
        LOCKED_CHECK(krait_sandbox_reset(sandbox, &err) == KRAIT_OK);
        LOCKED_CHECK(returns(sandbox, code, "True\n"));
        krait_sandbox_free(sandbox);
    }
    return NULL;
}

static void
answers_from_a_pool(void)
{
    pool answers;
    python p;

    REQUIRE(pool_open(&answers));
    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "queue", queue, &answers, &p.err) == KRAIT_OK);
    in_threads(&p, asks_and_leaves);
    pool_close(&answers);
    python_close(&p);
}

typedef struct canceller {
    krait_sandbox *sandbox;
    atomic_bool is_done;
} canceller;

static void *
cancel_often(void *data)
{
    const struct timespec a_moment = {0, 3000000};
    canceller *c = data;

    while (!atomic_load(&c->is_done)) {
        krait_sandbox_cancel(c->sandbox);
        nanosleep(&a_moment, NULL);
    }
    return NULL;
}

static int
never(void *data, krait_call *call)
{
    krait_call **calls = data;

    if (*calls != NULL)
        (void)krait_call_return(*calls, NULL, 0);
    *calls = call;
    return KRAIT_CALL_PENDING;
}

/* Whatever it hits, also between calls and during a reset. */
static void
cancelled_at_any_time(void)
{
    krait_call *last = NULL;
    unsigned cancelled = 0;
    pthread_t thread;
    canceller c;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "never", never, &last, &p.err) == KRAIT_OK);
    REQUIRE(python_has_time(&p) && python_sandbox(&p));
    c.sandbox = p.sandbox;
    atomic_init(&c.is_done, false);
    REQUIRE(pthread_create(&thread, NULL, cancel_often, &c) == 0);
    for (int i = 0; i < 20; i++) {
        static const char code[] = "import krait_host\nkrait_host.call('never')\n";
        krait_status status = krait_sandbox_exec(p.sandbox, code, sizeof(code) - 1, &p.result,
                                                 &p.err);

        if (status == KRAIT_OK) {
            CHECK_INT(p.result.kind, KRAIT_RESULT_CANCELLED);
            cancelled++;
        } else {
            CHECK_INT(status, KRAIT_ESTATE);
            CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
        }
    }
    CHECK(cancelled > 0);
    atomic_store(&c.is_done, true);
    pthread_join(thread, NULL);
    if (last != NULL)
        (void)krait_call_return(last, NULL, 0);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    python_run(&p, "print('still here')");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(many_sandboxes), CHECK_CASE(moves_between_threads),
           CHECK_CASE(answers_from_a_pool), CHECK_CASE(cancelled_at_any_time))
