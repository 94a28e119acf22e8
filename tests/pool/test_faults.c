/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation, and each thread, descriptor and process that a pool asks for, fails once: what was
 * taken is answered all the same, the pool comes to its end, and nothing is left.  The linker sends the
 * calls here (--wrap).  With processes the workers are fakes that answer at once.
 */
#include "tests/pool/pool.h"

#include <spawn.h>
#include <sys/socket.h>

#define PROTO(type, name, params)                                                                  \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params

static pool_test t;
static atomic_bool is_on;
static atomic_ulong counted;
static atomic_ulong failing; /* number of the call that fails; 0: none */

static bool
is_hit(void)
{
    return atomic_load(&is_on) && atomic_fetch_add(&counted, 1) + 1 == atomic_load(&failing);
}

PROTO(void *, malloc, (size_t size))
{
    return is_hit() ? NULL : __real_malloc(size);
}

PROTO(void *, calloc, (size_t count, size_t size))
{
    return is_hit() ? NULL : __real_calloc(count, size);
}

PROTO(void *, realloc, (void *old, size_t size))
{
    return is_hit() ? NULL : __real_realloc(old, size);
}

PROTO(int, eventfd, (unsigned count, int flags))
{
    if (!is_hit())
        return __real_eventfd(count, flags);
    errno = EMFILE;
    return -1;
}

PROTO(int, socketpair, (int domain, int type, int protocol, int fds[2]))
{
    if (!is_hit())
        return __real_socketpair(domain, type, protocol, fds);
    errno = EMFILE;
    return -1;
}

PROTO(int, pthread_create,
      (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *data), void *data))
{
    return is_hit() ? EAGAIN : __real_pthread_create(thread, attributes, run, data);
}

PROTO(int, posix_spawn,
      (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
       const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]))
{
    return is_hit() ? EAGAIN
                    : __real_posix_spawn(pid, path, actions, attributes, arguments, environment);
}

/* A pool's life; how many calls there were. */
static unsigned long
live(unsigned long at)
{
    krait_job_spec spec = pool_spec("print(1)");
    static const char *const wanted[] = {"/tmp/none"};
    unsigned accepted = 0;
    unsigned long calls;

    t.err.text[0] = '\0';
    atomic_store(&counted, 0);
    atomic_store(&failing, at);
    atomic_store(&is_on, true);
    if (krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err) != KRAIT_OK) {
        CHECK(t.err.text[0] != '\0');
        CHECK(t.pool == NULL);
    } else {
        for (uint64_t i = 0; i < 4; i++) {
            spec.tenant = i % 2;
            spec.wanted = wanted;
            spec.wanted_count = is_thread_test() ? 1 : 0;
            accepted += krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, NULL) == KRAIT_OK;
        }
        CHECK_INT(krait_pool_drain(t.pool, KRAIT_UNLIMITED, &t.err), KRAIT_OK);
        krait_pool_free(t.pool);
        t.pool = NULL;
    }
    atomic_store(&is_on, false);
    calls = atomic_load(&counted);
    CHECK_UINT(t.count, accepted);
    for (unsigned i = 0; i < t.count; i++) {
        if (t.answers[i]->status != KRAIT_OK)
            CHECK(t.answers[i]->error.text[0] != '\0');
        krait_job_result_free(t.answers[i]);
    }
    t.count = 0;
    check_no_children();
    return calls;
}

static void
faults(void)
{
    const unsigned threads = count_entries("/proc/self/task");
    unsigned long calls;
    unsigned long step;
    unsigned files;

    REQUIRE(pool_open(&t));
    if (!is_thread_test())
        t.options.worker = getenv("KRAIT_FAKE_WORKER");
    t.options.workers = 2;
    t.options.queue_jobs = 16;
    calls = live(0);
    files = count_entries("/proc/self/fd");
    printf("%lu calls\n", calls);
    /* Threads start Python in this process, whose calls are those of tests/api: a part of them will
     * do. */
    step = is_thread_test() ? calls / 40 + 1 : 1;
    for (unsigned long at = 1; at <= calls && check_now.failures < 10; at += step) {
        (void)live(at);
        CHECK_UINT(count_entries("/proc/self/fd"), files);
        check_threads(threads);
        if (check_now.failures > 0)
            printf("    call %lu\n", at);
    }
    pool_close(&t);
}

CHECK_MAIN(CHECK_CASE(faults))
