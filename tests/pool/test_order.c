/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is, cancellation, full queues, the end of pools, and that each job is answered once.
 * Once with threads and once with processes.
 */
#include "tests/pool/pool.h"

static pool_test t;

static const char wait_at_gate[] = "import krait_host\nkrait_host.call('gate')";

/* The tenants of the answers from this one on, in order. */
static void
check_tenants(unsigned from, const char *wanted)
{
    char found[200] = "";
    size_t size = 0;

    for (unsigned i = from; i < t.count && size + 2 < sizeof(found); i++) {
        found[size++] = (char)('A' + t.answers[i]->tenant);
        found[size] = '\0';
    }
    CHECK_STR(found, wanted);
}

/* Tenants take turns, and each has its jobs in order. */
static void
fair(void)
{
    static const char *const order[] = {"AAAAAAAAAA", "BBB", "C", NULL};
    krait_job last[3] = {0, 0, 0};

    REQUIRE(pool_start(&t));
    REQUIRE(pool_submit(&t, 25, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    for (uint64_t tenant = 0; order[tenant] != NULL; tenant++) {
        for (const char *job = order[tenant]; *job != '\0'; job++)
            REQUIRE(pool_submit(&t, tenant, "pass") != 0);
    }
    pool_open_gate(&t);
    REQUIRE(pool_wait(&t, 15));
    check_tenants(0, "ZABCABABAAAAAAA");
    for (unsigned i = 1; i < t.count; i++) {
        CHECK(t.answers[i]->job > last[t.answers[i]->tenant]);
        last[t.answers[i]->tenant] = t.answers[i]->job;
        CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_RETURNED);
    }
    pool_close(&t);
}

/* A tenant that comes while another one has a long queue waits for one of its jobs, not for all. */
static void
late_tenant(void)
{
    REQUIRE(pool_start(&t));
    REQUIRE(pool_submit(&t, 0, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    for (int i = 0; i < 20; i++)
        REQUIRE(pool_submit(&t, 1, "pass") != 0);
    REQUIRE(pool_submit(&t, 2, "pass") != 0);
    pool_open_gate(&t);
    REQUIRE(pool_wait(&t, 22));
    CHECK_UINT(t.answers[2]->tenant, 2);
    pool_close(&t);
}

static void
many_tenants(void)
{
    REQUIRE(pool_open(&t));
    t.options.workers = 2;
    t.options.ready = 2;
    REQUIRE(pool_make(&t));
    for (uint64_t i = 0; i < 60; i++)
        REQUIRE(pool_submit(&t, i * UINT64_C(0x100000001), "pass") != 0);
    REQUIRE(pool_wait(&t, 60));
    for (unsigned i = 0; i < 60; i++)
        CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_RETURNED);
    pool_close(&t);
}

static void
cancel_queued(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;
    krait_job jobs[5];

    REQUIRE(pool_start(&t));
    REQUIRE(pool_submit(&t, 0, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    for (int i = 0; i < 5; i++) {
        jobs[i] = pool_submit(&t, 1, "print('ran')");
        REQUIRE(jobs[i] != 0);
    }
    CHECK_INT(krait_pool_cancel(t.pool, jobs[4], &t.err), KRAIT_OK);
    CHECK_INT(krait_pool_cancel(t.pool, jobs[0], &t.err), KRAIT_OK);
    CHECK_INT(krait_pool_cancel(t.pool, jobs[2], &t.err), KRAIT_OK);
    CHECK_INT(krait_pool_cancel(t.pool, jobs[2], &t.err), KRAIT_ENOTFOUND);
    /* They are answered while the others wait. */
    REQUIRE(pool_wait(&t, 3));
    REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    CHECK_UINT(counts.queued, 2);
    CHECK_UINT(counts.running, 1);
    pool_open_gate(&t);
    REQUIRE(pool_wait(&t, 6));
    for (unsigned i = 0; i < 3; i++) {
        CHECK_INT(t.answers[i]->status, KRAIT_OK);
        CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_CANCELLED);
        CHECK_STR(t.answers[i]->result.message, "cancelled before it began");
        CHECK_STR(t.answers[i]->result.stdout_bytes, "");
    }
    CHECK_UINT(t.answers[0]->job, jobs[4]);
    CHECK_UINT(t.answers[4]->job, jobs[1]);
    CHECK_STR(t.answers[4]->result.stdout_bytes, "ran\n");
    CHECK_UINT(t.answers[5]->job, jobs[3]);
    pool_close(&t);
}

static void
cancel_running(void)
{
    static const char *const codes[] = {
        "import krait_host\nkrait_host.call('gate')\nwhile True: pass",
        "import krait_host\nkrait_host.call('gate')\nimport time\ntime.sleep(1000)",
        ("import krait_host\nkrait_host.call('gate')\nwhile True:\n"
         "  try:\n    while True: pass\n  except BaseException: pass")};

    NEEDS_SIGNALS();
    REQUIRE(pool_start(&t));
    pool_open_gate(&t);
    for (unsigned i = 0; i < 3; i++) {
        krait_job job = pool_submit(&t, 0, codes[i]);

        REQUIRE(job != 0);
        pause_ms(20 + 60 * i);
        CHECK_INT(krait_pool_cancel(t.pool, job, &t.err), KRAIT_OK);
        REQUIRE(pool_wait(&t, i + 1));
        CHECK_STR(t.answers[i]->error.text, "");
        CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_CANCELLED);
        CHECK_INT(krait_pool_cancel(t.pool, job, &t.err), KRAIT_ENOTFOUND);
    }
    pool_prints(&t, "print('next')", "next\n");
    pool_close(&t);
}

/* Whenever it comes, the answer comes once, and no other job is hit. */
static void
cancel_at_any_time(void)
{
    unsigned cancelled = 0;

    NEEDS_SIGNALS();
    REQUIRE(pool_start(&t));
    for (unsigned i = 0; i < 40; i++) {
        krait_job job = pool_submit(&t, 0, "x = sum(range(200000))");
        const krait_job_result *whole;
        const krait_job_result *hit;
        krait_job other;

        REQUIRE(job != 0);
        for (unsigned spin = 0; spin < i * 40000; spin++)
            atomic_signal_fence(memory_order_seq_cst);
        (void)krait_pool_cancel(t.pool, job, NULL);
        other = pool_submit(&t, 0, "print('whole')");
        REQUIRE(other != 0);
        REQUIRE(pool_wait(&t, 2 * i + 2));
        /* One that was cancelled in the queue is answered by another thread: in any order. */
        whole = t.answers[2 * i]->job == other ? t.answers[2 * i] : t.answers[2 * i + 1];
        hit = t.answers[2 * i]->job == job ? t.answers[2 * i] : t.answers[2 * i + 1];
        CHECK_UINT(hit->job, job);
        cancelled += hit->result.kind == KRAIT_RESULT_CANCELLED;
        CHECK_UINT(whole->job, other);
        CHECK_INT(whole->result.kind, KRAIT_RESULT_RETURNED);
        CHECK_STR(whole->result.stdout_bytes, "whole\n");
    }
    CHECK(cancelled > 0);
    pool_close(&t);
}

static void
queue_full(void)
{
    static char big[1 << 20];
    krait_job_spec spec = pool_spec("pass");
    const krait_job_file file = {.path = "/in/big", .bytes = big, .size = sizeof(big)};

    REQUIRE(pool_open(&t));
    t.options.queue_jobs = 3;
    t.options.tenant_jobs = 3;
    t.options.queue_bytes = 4 << 20;
    REQUIRE(pool_make(&t));
    REQUIRE(pool_submit(&t, 0, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    for (int i = 0; i < 3; i++)
        REQUIRE(pool_submit(&t, 0, "pass") != 0);
    CHECK_INT(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "the queue is full: 3 jobs wait");
    pool_open_gate(&t);
    REQUIRE(pool_wait(&t, 4));
    spec.files = &file;
    spec.file_count = 1;
    REQUIRE(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err) == KRAIT_OK);
    REQUIRE(pool_wait(&t, 5));
    pool_shut_gate(&t);
    REQUIRE(pool_submit(&t, 0, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    REQUIRE(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err) == KRAIT_OK);
    CHECK_INT(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "the queue is full: its jobs have");
    pool_close(&t);
    CHECK_UINT(t.count, 7);
}

/* A tenant that fills its part of the queue keeps nobody else out. */
static void
queue_shares(void)
{
    krait_job_spec spec = pool_spec("pass");

    REQUIRE(pool_open(&t));
    t.options.queue_jobs = 8;
    REQUIRE(pool_make(&t));
    REQUIRE(pool_submit(&t, 0, wait_at_gate) != 0);
    REQUIRE(pool_wait_gate(&t, 1));
    for (int i = 0; i < 4; i++)
        REQUIRE(pool_submit(&t, 7, "pass") != 0);
    spec.tenant = 7;
    CHECK_INT(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "the queue is full for tenant 7: 4 of its jobs wait");
    for (int i = 0; i < 4; i++)
        REQUIRE(pool_submit(&t, (uint64_t)(8 + i), "pass") != 0);
    spec.tenant = 12;
    CHECK_INT(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "the queue is full: 8 jobs wait");
    pool_open_gate(&t);
    REQUIRE(pool_wait(&t, 9));
    pool_close(&t);
}

static void
drain(void)
{
    krait_job_spec spec = pool_spec("pass");

    REQUIRE(pool_start(&t));
    for (int i = 0; i < 6; i++)
        REQUIRE(pool_submit(&t, 0, "print('done')") != 0);
    CHECK_INT(krait_pool_drain(t.pool, KRAIT_UNLIMITED, &t.err), KRAIT_OK);
    CHECK_UINT(t.count, 6);
    for (unsigned i = 0; i < t.count; i++)
        CHECK_STR(t.answers[i]->result.stdout_bytes, "done\n");
    CHECK_INT(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err), KRAIT_ESTATE);
    CHECK_INT(krait_pool_drain(t.pool, 0, &t.err), KRAIT_OK);
    pool_close(&t);
}

static void
drain_deadline(void)
{
    NEEDS_SIGNALS();
    REQUIRE(pool_start(&t));
    REQUIRE(pool_submit(&t, 0, "print('first')") != 0);
    REQUIRE(pool_wait(&t, 1));
    REQUIRE(pool_submit(&t, 0, "while True: pass") != 0);
    for (int i = 0; i < 4; i++)
        REQUIRE(pool_submit(&t, 1, "pass") != 0);
    CHECK_INT(krait_pool_drain(t.pool, 100 * MS, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "5 jobs had not ended in time");
    REQUIRE(CHECK_UINT(t.count, 6));
    for (unsigned i = 1; i < t.count; i++)
        CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_CANCELLED);
    pool_close(&t);
}

static void *
drain_unlimited(void *data)
{
    krait_error *error = data;

    (void)krait_pool_drain(t.pool, KRAIT_UNLIMITED, error);
    return NULL;
}

/* One waits for as long as the jobs take; another one ends that. */
static void
drain_beside_drain(void)
{
    krait_job_spec spec = pool_spec("import krait_host\nkrait_host.call('gate')\nwhile 1: pass");
    krait_error error = {.code = KRAIT_OK};
    krait_error refused = {.code = KRAIT_OK};
    pthread_t thread;

    NEEDS_SIGNALS();
    REQUIRE(pool_start(&t));
    spec.wall_ns = 20000 * MS;
    REQUIRE(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err) == KRAIT_OK);
    REQUIRE(pool_wait_gate(&t, 1));
    REQUIRE(pthread_create(&thread, NULL, drain_unlimited, &error) == 0);
    /* The other one has begun when the pool takes no more jobs. */
    spec = pool_spec("pass");
    for (int i = 0; i < 6000 && refused.code == KRAIT_OK; i++) {
        pause_ms(10);
        (void)!krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &refused);
    }
    CHECK_INT(refused.code, KRAIT_ESTATE);
    pool_open_gate(&t);
    CHECK_INT(krait_pool_drain(t.pool, 0, &t.err), KRAIT_ELIMIT);
    CHECK_HAS(t.err.text, "jobs had not ended in time");
    REQUIRE(pthread_join(thread, NULL) == 0);
    CHECK_INT(error.code, KRAIT_ELIMIT);
    CHECK_STR(error.text, t.err.text);
    CHECK_INT(t.answers[0]->result.kind, KRAIT_RESULT_CANCELLED);
    CHECK_INT(krait_pool_drain(t.pool, 0, &t.err), KRAIT_ELIMIT);
    pool_close(&t);
}

/* The end of a pool that nobody drained. */
static void
freed_with_jobs(void)
{
    NEEDS_SIGNALS();
    REQUIRE(pool_open(&t));
    t.options.workers = 2;
    REQUIRE(pool_make(&t));
    for (uint64_t i = 0; i < 50; i++)
        REQUIRE(pool_submit(&t, i % 3, i % 5 == 0 ? "while True: pass" : "pass") != 0);
    krait_pool_free(t.pool);
    t.pool = NULL;
    CHECK_UINT(t.count, 50);
    pool_close(&t);
}

static unsigned more;         /* jobs that the callback has to submit; on one thread */
static atomic_uint surprises; /* that it met */

static void
submit_more(void *data, krait_job_result *result)
{
    const krait_job_spec spec = pool_spec("pass");
    krait_job_result *none = NULL;
    pool_test *test = data;

    surprises += krait_pool_run(test->pool, &spec, &none, NULL) != KRAIT_EBUSY;
    surprises += krait_pool_drain(test->pool, 0, NULL) != KRAIT_EBUSY;
    if (more > 0) {
        more--;
        surprises += krait_pool_submit(test->pool, &spec, submit_more, test, NULL, NULL) !=
                     KRAIT_OK;
    }
    pool_collect(test, result);
}

static void
callbacks_submit(void)
{
    const krait_job_spec spec = pool_spec("pass");

    REQUIRE(pool_start(&t));
    more = 5;
    REQUIRE(krait_pool_submit(t.pool, &spec, submit_more, &t, NULL, &t.err) == KRAIT_OK);
    REQUIRE(pool_wait(&t, 6));
    /* Nobody wants this one's answer. */
    REQUIRE(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err) == KRAIT_OK);
    CHECK_INT(krait_pool_drain(t.pool, KRAIT_UNLIMITED, &t.err), KRAIT_OK);
    CHECK_UINT(t.count, 6);
    CHECK_UINT(atomic_load(&surprises), 0);
    pool_close(&t);
}

typedef struct client {
    pthread_t thread;
    unsigned number;
    unsigned right;
} client;

static void *
run_jobs(void *data)
{
    client *c = data;

    for (unsigned i = 0; i < 10; i++) {
        char code[100];
        char wanted[20];
        krait_job_spec spec;
        krait_job_result *result = NULL;

        snprintf(code, sizeof(code), "print(%u * 1000 + %u)", c->number, i);
        snprintf(wanted, sizeof(wanted), "%u\n", c->number * 1000 + i);
        spec = pool_spec(code);
        spec.tenant = c->number;
        if (krait_pool_run(t.pool, &spec, &result, NULL) == KRAIT_OK) {
            c->right += result->status == KRAIT_OK &&
                        strcmp(result->result.stdout_bytes, wanted) == 0;
            krait_job_result_free(result);
        }
    }
    return NULL;
}

static void
many_clients(void)
{
    client clients[6];

    REQUIRE(pool_open(&t));
    t.options.workers = 2;
    t.options.ready = 2;
    REQUIRE(pool_make(&t));
    for (unsigned i = 0; i < 6; i++) {
        clients[i] = (client){.number = i};
        REQUIRE(pthread_create(&clients[i].thread, NULL, run_jobs, &clients[i]) == 0);
    }
    for (unsigned i = 0; i < 6; i++) {
        pthread_join(clients[i].thread, NULL);
        CHECK_UINT(clients[i].right, 10);
    }
    pool_close(&t);
}

/* A job may come at any moment of a worker's: none is overlooked, which would cost its worker. */
static void
quick_jobs(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    REQUIRE(pool_open(&t));
    t.options.workers = 1;
    t.options.ready = 2;
    REQUIRE(pool_make(&t));
    for (unsigned i = 0; i < 6000; i++) {
        REQUIRE(pool_submit(&t, i % 7, "pass") != 0);
        REQUIRE(pool_wait(&t, i % 16 == 15 || i > 3000 ? i + 1 : 0));
        /* Until the worker has made an instance again, or a little more or less. */
        for (unsigned spin = 0; spin < i % 500 * 200; spin++)
            atomic_signal_fence(memory_order_seq_cst);
    }
    REQUIRE(pool_wait(&t, 6000));
    for (unsigned i = 0; i < 6000; i++)
        REQUIRE(CHECK_INT(t.answers[i]->result.kind, KRAIT_RESULT_RETURNED));
    REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    CHECK_UINT(counts.done, 6000);
    CHECK_UINT(counts.replaced, 0);
    pool_close(&t);
}

/* No descriptor, thread or child is left, after ends of every kind. */
static void
nothing_left(void)
{
    const unsigned threads = count_entries("/proc/self/task");
    unsigned files = 0;

    NEEDS_SIGNALS();
    for (int round = 0; round < 4; round++) {
        REQUIRE(pool_open(&t));
        t.options.workers = 3;
        t.options.ready = 2;
        REQUIRE(pool_make(&t));
        for (uint64_t i = 0; i < 12; i++)
            REQUIRE(pool_submit(&t, i, i % 4 == 3 ? "import os\nos.abort()" : "pass") != 0);
        if (round % 2 == 0)
            REQUIRE(pool_wait(&t, 12));
        pool_close(&t);
        CHECK_UINT(t.count, 12);
        check_no_children();
        /* The first round has made what stays for the process. */
        if (round == 0)
            files = count_entries("/proc/self/fd");
        CHECK_UINT(count_entries("/proc/self/fd"), files);
        check_threads(threads);
    }
}

CHECK_MAIN(CHECK_CASE(fair), CHECK_CASE(late_tenant), CHECK_CASE(many_tenants),
           CHECK_CASE(cancel_queued), CHECK_CASE(cancel_running), CHECK_CASE(cancel_at_any_time),
           CHECK_CASE(queue_full), CHECK_CASE(queue_shares), CHECK_CASE(drain),
           CHECK_CASE(drain_deadline), CHECK_CASE(drain_beside_drain), CHECK_CASE(freed_with_jobs),
           CHECK_CASE(callbacks_submit), CHECK_CASE(many_clients), CHECK_CASE(quick_jobs),
           CHECK_CASE(nothing_left))
