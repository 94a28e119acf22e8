/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several threads in one instance: threads.wat and threads_peer.wat, translated,
 * with real threads that contend.  threads.sh makes the modules; KRAIT_TEST_MAIN
 * and KRAIT_TEST_PEER say where they are.
 */
#include "base/error.h"
#include "engine/engine.h"
#include "support/check.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

/* ThreadSanitizer keeps signals back until the thread calls something, and these loops never do. */
#if defined(__SANITIZE_THREAD__)
#define HAS_SIGNALS_ANYWHERE 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_SIGNALS_ANYWHERE 0
#endif
#endif
#ifndef HAS_SIGNALS_ANYWHERE
#define HAS_SIGNALS_ANYWHERE 1
#endif

typedef struct fixture {
    krait_module *main_module;
    krait_module *peer_module;
    krait_instance *main;
    krait_instance *peer;
} fixture;

static bool
fixture_open(fixture *f)
{
    krait_instance_options options = {.stack_size_bytes = 1 << 20};
    krait_link link = {.module = "main"};
    krait_error err = {.text = ""};
    bool ok;

    memset(f, 0, sizeof(*f));
    ok = krait__signals_install(&err) == KRAIT_OK &&
         krait__module_open(getenv("KRAIT_TEST_MAIN"), &f->main_module, &err) == KRAIT_OK &&
         krait__module_open(getenv("KRAIT_TEST_PEER"), &f->peer_module, &err) == KRAIT_OK &&
         krait__instance_new(f->main_module, &options, &f->main, &err) == KRAIT_OK;
    link.instance = f->main;
    options.links = &link;
    options.link_count = 1;
    ok = ok && krait__instance_new(f->peer_module, &options, &f->peer, &err) == KRAIT_OK;
    if (!ok)
        printf("%s\n", err.text);
    return ok;
}

static void
fixture_close(fixture *f)
{
    krait__instance_free(f->peer);
    krait__instance_free(f->main);
    krait__module_close(f->peer_module);
    krait__module_close(f->main_module);
}

#define OPEN(f)                                                                                    \
    fixture f;                                                                                     \
    REQUIRE(fixture_open(&f))

/* One call, on a thread of the guest's and one of ours. */
typedef struct job {
    krait_instance *instance;
    krait_guest_thread *thread; /* NULL: the instance's own */
    const char *name;
    krait_cell cells[4];
    krait_outcome outcome;
    unsigned repeat;  /* calls after the first one, with the same arguments */
    unsigned refused; /* how many of them ended with a trap */
    pthread_t native;
    _Atomic long number; /* of the native thread, once it runs */
} job;

static void
call_once(job *j)
{
    krait_cell cells[4];
    krait_error err = {.text = ""};
    krait_status status;
    uint32_t func = 0;

    memcpy(cells, j->cells, sizeof(cells));
    j->outcome.trap = KRAIT_TRAP_COUNT;
    status = krait__instance_find(j->instance, j->name, &func, &err);
    if (status == KRAIT_OK && j->thread != NULL)
        status = krait__thread_call(j->thread, func, cells, &j->outcome, &err);
    else if (status == KRAIT_OK)
        status = krait__instance_call(j->instance, func, cells, &j->outcome, &err);
    if (status != KRAIT_OK)
        printf("%s: %s\n", j->name, err.text);
    if (j->repeat == 0)
        memcpy(j->cells, cells, sizeof(cells));
}

static void *
run(void *argument)
{
    job *j = argument;

    j->number = syscall(SYS_gettid);
    for (;;) {
        call_once(j);
        if (j->repeat == 0)
            return NULL;
        j->refused += j->outcome.trap != KRAIT_TRAP_NONE;
        j->repeat--;
    }
}

static void
start(job *j, krait_instance *instance, bool has_thread, const char *name)
{
    krait_error err = {.text = ""};

    j->instance = instance;
    j->name = name;
    if (has_thread && j->thread == NULL)
        CHECK_INT(krait__thread_new(instance, 1 << 20, &j->thread, &err), KRAIT_OK);
    CHECK_INT(pthread_create(&j->native, NULL, run, j), 0);
}

static void
finish(job *j)
{
    CHECK_INT(pthread_join(j->native, NULL), 0);
    krait__thread_free(j->thread);
    j->thread = NULL;
}

/* A call on this thread, of the instance's own. */
static krait_outcome
call(krait_instance *instance, const char *name, uint32_t a, uint32_t b, uint32_t *ret)
{
    job j = {.instance = instance, .name = name, .cells = {{.i32 = a}, {.i32 = b}}};

    call_once(&j);
    if (ret != NULL)
        *ret = j.cells[0].i32;
    return j.outcome;
}

static uint32_t
load(fixture *f, uint32_t address)
{
    uint32_t value = 0;

    CHECK_INT(call(f->main, "load", address, 0, &value).trap, KRAIT_TRAP_NONE);
    return value;
}

/* Until the number at an address in the guest is at least this. */
static void
await(fixture *f, uint32_t address, uint32_t wanted)
{
    struct timespec pause = {.tv_nsec = 200000};

    while (load(f, address) < wanted)
        nanosleep(&pause, NULL);
}

/* Until a job's thread sleeps. */
static void
await_sleep(const job *j)
{
    struct timespec pause = {.tv_nsec = 200000};
    char path[64];
    char text[300];
    const char *state = NULL;

    while (state == NULL || state[1] == '\0' || state[2] != 'S') {
        FILE *file;

        nanosleep(&pause, NULL);
        snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", j->number);
        file = fopen(path, "re");
        text[file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0] = '\0';
        if (file != NULL)
            fclose(file);
        state = strrchr(text, ')');
    }
}

/* ---- cases ------------------------------------------------------------------------------ */

static void
adds(void)
{
    job jobs[THREADS] = {{.cells = {{.i32 = 0}}}};
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        jobs[i].cells[0].i32 = 100000;
        start(&jobs[i], i == 1 ? f.peer : f.main, i != 0, "add");
    }
    for (i = 0; i < THREADS; i++) {
        finish(&jobs[i]);
        CHECK_INT(jobs[i].outcome.trap, KRAIT_TRAP_NONE);
    }
    CHECK_UINT(load(&f, 0), 100000 * THREADS);
    CHECK_UINT(load(&f, 8), (100000 * (THREADS - 1) % 256) << 8);
    fixture_close(&f);
}

static void
locks(void)
{
    job jobs[THREADS] = {{.cells = {{.i32 = 0}}}};
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        jobs[i].cells[0].i32 = 20000;
        start(&jobs[i], f.main, i != 0, "add locked");
    }
    for (i = 0; i < THREADS; i++) {
        finish(&jobs[i]);
        CHECK_INT(jobs[i].outcome.trap, KRAIT_TRAP_NONE);
    }
    CHECK_UINT(load(&f, 20), 20000 * THREADS);
    CHECK_UINT(load(&f, 16), 0);
    fixture_close(&f);
}

static void
takes_turns(void)
{
    job jobs[2] = {{.cells = {{.i32 = 0}, {.i32 = 3000}}}, {.cells = {{.i32 = 1}, {.i32 = 3000}}}};
    OPEN(f);

    start(&jobs[0], f.main, false, "turns");
    start(&jobs[1], f.main, true, "turns");
    finish(&jobs[0]);
    finish(&jobs[1]);
    CHECK_UINT(load(&f, 24), 6000);
    fixture_close(&f);
}

/* As many as are asked for, in the order in which they came. */
static void
wakes_some(void)
{
    job jobs[THREADS] = {{.cells = {{.i32 = 64}, {.i32 = 0}, {.i64 = UINT64_MAX}}}};
    krait_guest_thread *waker = NULL;
    krait_error err = {.text = ""};
    uint32_t woken = 0;
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        jobs[i].cells[0].i32 = i == 3 ? 68 : 64;
        jobs[i].cells[2].i64 = UINT64_MAX;
        start(&jobs[i], f.main, true, "wait");
        /* It counts itself before it waits; then it sleeps when it is in the queue. */
        await(&f, 32, i + 1);
        await_sleep(&jobs[i]);
    }
    REQUIRE(krait__thread_new(f.main, 0, &waker, &err) == KRAIT_OK);
    while (woken < 2) {
        uint32_t now = 0;

        CHECK_INT(call(f.main, "notify", 64, 2 - woken, &now).trap, KRAIT_TRAP_NONE);
        woken += now;
    }
    finish(&jobs[0]);
    finish(&jobs[1]);
    CHECK_UINT(jobs[0].cells[0].i32, 0);
    CHECK_UINT(jobs[1].cells[0].i32, 0);
    for (woken = 0; woken == 0;)
        CHECK_INT(call(f.main, "notify", 64, UINT32_MAX, &woken).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(woken, 1);
    finish(&jobs[2]);
    for (woken = 0; woken == 0;)
        CHECK_INT(call(f.main, "notify", 68, 1, &woken).trap, KRAIT_TRAP_NONE);
    finish(&jobs[3]);
    CHECK_INT(call(f.main, "notify", 68, 1, &woken).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(woken, 0);
    krait__thread_free(waker);
    fixture_close(&f);
}

/* A thread that waits for ever, directly or inside another instance, can be stopped. */
static void
stops_waiting(void)
{
    job jobs[2] = {{.cells = {{.i32 = 64}, {.i32 = 0}, {.i64 = UINT64_MAX}}}};
    uint32_t woken = 0;
    OPEN(f);

    start(&jobs[0], f.main, true, "wait");
    start(&jobs[1], f.peer, true, "wait there");
    await(&f, 32, 2);
    krait__thread_stop(jobs[0].thread);
    krait__thread_stop(jobs[1].thread);
    finish(&jobs[0]);
    finish(&jobs[1]);
    CHECK_INT(jobs[0].outcome.trap, KRAIT_TRAP_INTERRUPTED);
    CHECK_INT(jobs[1].outcome.trap, KRAIT_TRAP_INTERRUPTED);
    /* Nobody is left in the queue. */
    CHECK_INT(call(f.main, "notify", 64, 1, &woken).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(woken, 0);
    fixture_close(&f);
}

/* A signal runs its function and the wait goes on; a trap in it ends the wait. */
static void
signals_while_waiting(void)
{
    job j = {.cells = {{.i32 = 64}, {.i32 = 0}, {.i64 = UINT64_MAX}}};
    job other = {.cells = {{.i32 = 40}}};
    uint32_t i;
    OPEN(f);
    krait_guest_thread *watcher = NULL;
    krait_error err = {.text = ""};

    REQUIRE(krait__thread_new(f.main, 0, &watcher, &err) == KRAIT_OK);
    other.instance = f.main;
    other.thread = watcher;
    other.name = "load";
    start(&j, f.main, false, "wait");
    for (i = 1; i <= 20; i++) {
        krait__instance_signal(f.main, 5);
        do {
            other.cells[0].i32 = 40;
            call_once(&other);
        } while (other.cells[0].i32 < i);
    }
    other.name = "notify";
    do {
        other.cells[0].i32 = 64;
        other.cells[1].i32 = 1;
        call_once(&other);
    } while (other.cells[0].i32 == 0);
    finish(&j);
    CHECK_INT(j.outcome.trap, KRAIT_TRAP_NONE);
    CHECK_UINT(j.cells[0].i32, 0);
    j = (job){.cells = {{.i32 = 64}, {.i32 = 0}, {.i64 = UINT64_MAX}}};
    start(&j, f.main, false, "wait");
    krait__instance_signal(f.main, 63);
    finish(&j);
    CHECK_INT(j.outcome.trap, KRAIT_TRAP_UNREACHABLE);
    other.cells[0].i32 = 64;
    other.cells[1].i32 = 1;
    call_once(&other);
    CHECK_UINT(other.cells[0].i32, 0);
    krait__thread_free(watcher);
    fixture_close(&f);
}

static void
times_out(void)
{
    job j = {.cells = {{.i32 = 64}, {.i64 = 0}, {.i64 = 3000000}}};
    struct timespec before;
    struct timespec after;
    OPEN(f);

    clock_gettime(CLOCK_MONOTONIC, &before);
    start(&j, f.main, true, "wait64");
    finish(&j);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK_UINT(j.cells[0].i32, 2);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 3000000);
    fixture_close(&f);
}

/* 200 pages at most, 1 at the start: of all these only 199 can succeed. */
static void
grows(void)
{
    job jobs[THREADS] = {{.cells = {{.i32 = 0}}}};
    uint32_t size = 0;
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        jobs[i].cells[0].i32 = 1;
        jobs[i].repeat = 48 + i;
        start(&jobs[i], f.main, i != 0, "grow");
    }
    for (i = 0; i < THREADS; i++)
        finish(&jobs[i]);
    CHECK_INT(call(f.main, "size", 0, 0, &size).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(size, 200);
    CHECK_INT(call(f.main, "touch", 200 * KRAIT_PAGE_SIZE - 4, 0, &size).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(size, 5);
    CHECK_INT(call(f.main, "touch", 200 * KRAIT_PAGE_SIZE - 3, 0, &size).trap, KRAIT_TRAP_MEMORY);
    fixture_close(&f);
}

/* What is called is what was checked, and tables grow to their maximum and no further. */
static void
shares_tables(void)
{
    job setter = {.cells = {{.i32 = 30000}}};
    job callers[2] = {{.repeat = 20000, .cells = {{.i32 = 5}}}, {.repeat = 20000}};
    job growers[2] = {{.repeat = 500, .cells = {{.i32 = 1}}},
                      {.repeat = 600, .cells = {{.i32 = 1}}}};
    uint32_t value = 0;
    uint32_t i;
    OPEN(f);

    callers[1].cells[0].i32 = 5;
    start(&setter, f.main, true, "set entries");
    for (i = 0; i < 2; i++) {
        start(&callers[i], f.main, true, "call entry");
        start(&growers[i], f.main, true, "grow table");
    }
    for (i = 0; i < 2; i++) {
        finish(&callers[i]);
        finish(&growers[i]);
    }
    finish(&setter);
    CHECK_INT(setter.outcome.trap, KRAIT_TRAP_NONE);
    CHECK_INT(call(f.main, "call entry", 5, 0, &value).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(value, 1005);
    CHECK_INT(call(f.main, "table size", 0, 0, &value).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(value, 1000);
    fixture_close(&f);
}

/* Stack pointer and TLS base are each thread's own, in every instance that it comes to. */
static void
has_own_globals(void)
{
    job jobs[THREADS] = {{.cells = {{.i32 = 0}}}};
    uint32_t own = 0;
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        jobs[i].cells[0].i32 = 100 + i;
        jobs[i].cells[1].i32 = 10 * i;
        start(&jobs[i], f.peer, true, "own");
    }
    for (i = 0; i < THREADS; i++) {
        finish(&jobs[i]);
        CHECK_UINT(jobs[i].cells[0].i32, 1000000 * (6 + 10 * i) + 1000 * (101 + i) + 10 * i);
    }
    CHECK_INT(call(f.main, "get own", 0, 0, &own).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(own, 4096077);
    fixture_close(&f);
}

/* Every thread has guards of its own, and a trap of one is no concern of the others. */
static void
traps_apart(void)
{
    job faults[2] = {{.repeat = 300, .cells = {{.i32 = 0x70000000}}}, {.repeat = 20}};
    job adds_on = {.cells = {{.i32 = 200000}}};
    OPEN(f);

    start(&adds_on, f.main, false, "add");
    start(&faults[0], f.main, true, "touch");
    start(&faults[1], f.main, true, "recurse");
    finish(&faults[0]);
    finish(&faults[1]);
    finish(&adds_on);
    CHECK_INT(faults[0].outcome.trap, KRAIT_TRAP_MEMORY);
    CHECK_UINT(faults[0].refused, 300);
    CHECK_INT(faults[1].outcome.trap, KRAIT_TRAP_STACK);
    CHECK_UINT(faults[1].refused, 20);
    CHECK_INT(adds_on.outcome.trap, KRAIT_TRAP_NONE);
    fixture_close(&f);
}

/* Guest code that never calls anything is stopped from a handler on its thread. */
static krait_guest_thread *volatile to_stop;
static krait_instance *volatile to_signal;

static void
on_signal(int number)
{
    if (number == SIGUSR1)
        krait__thread_stop(to_stop);
    else
        krait__instance_signal(to_signal, 14);
}

static void
stops_loops(void)
{
    job j = {.cells = {{.i32 = 0}}};
    struct timespec pause = {.tv_nsec = 5000000};
    OPEN(f);

    if (!HAS_SIGNALS_ANYWHERE) {
        CHECK(f.main != NULL);
        fixture_close(&f);
        return;
    }
    signal(SIGUSR1, on_signal);
    REQUIRE(krait__thread_new(f.main, 0, &j.thread, &(krait_error){.text = ""}) == KRAIT_OK);
    to_stop = j.thread;
    start(&j, f.main, true, "forever");
    nanosleep(&pause, NULL);
    CHECK_INT(pthread_kill(j.native, SIGUSR1), 0);
    finish(&j);
    CHECK_INT(j.outcome.trap, KRAIT_TRAP_INTERRUPTED);
    fixture_close(&f);
}

/* Signals at any instruction of tail calls that are left to a loop, with functions that do the
 * same. */
static void
signals_in_tail_calls(void)
{
    job j = {.name = "until", .cells = {{.i32 = 300}, {.i64 = 7}}};
    struct itimerval often = {{0, 500}, {0, 500}};
    struct itimerval never = {{0, 0}, {0, 0}};
    OPEN(f);

    if (!HAS_SIGNALS_ANYWHERE)
        j.cells[0].i32 = 0;
    to_signal = f.main;
    j.instance = f.main;
    signal(SIGALRM, on_signal);
    setitimer(ITIMER_REAL, &often, NULL);
    call_once(&j);
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK_INT(j.outcome.trap, KRAIT_TRAP_NONE);
    CHECK_UINT(j.cells[0].i64, 0);
    fixture_close(&f);
}

typedef struct maker {
    fixture *f;
    pthread_t native;
    unsigned made;
} maker;

static void *
make_instances(void *argument)
{
    maker *m = argument;
    krait_link link = {.module = "main", .instance = m->f->main};
    krait_instance_options options = {.links = &link, .link_count = 1};
    unsigned i;

    for (i = 0; i < 50; i++) {
        krait_instance *instance = NULL;
        krait_error err;

        if (krait__instance_new(m->f->peer_module, &options, &instance, &err) == KRAIT_OK)
            m->made++;
        krait__instance_free(instance);
    }
    return NULL;
}

static void
makes_instances_at_once(void)
{
    maker makers[THREADS];
    uint32_t i;
    OPEN(f);

    for (i = 0; i < THREADS; i++) {
        makers[i] = (maker){.f = &f};
        CHECK_INT(pthread_create(&makers[i].native, NULL, make_instances, &makers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK_INT(pthread_join(makers[i].native, NULL), 0);
        CHECK_UINT(makers[i].made, 50);
    }
    fixture_close(&f);
}

static void
needs_shared_memory(void)
{
    krait_instance_options options = {.stack_size_bytes = 1 << 20};
    krait_guest_thread *thread = NULL;
    krait_module *module = NULL;
    krait_instance *instance = NULL;
    krait_error err = {.text = ""};

    REQUIRE(krait__module_open(getenv("KRAIT_TEST_PLAIN"), &module, &err) == KRAIT_OK);
    REQUIRE(krait__instance_new(module, &options, &instance, &err) == KRAIT_OK);
    CHECK_INT(krait__thread_new(instance, 0, &thread, &err), KRAIT_EUNSUPPORTED);
    CHECK_STR(err.text, "the module cannot have more threads: it has a memory that is not shared");
    krait__instance_free(instance);
    krait__module_close(module);
}

/* Nor can a thread come to such a module from another one. */
static void
does_not_enter_others(void)
{
    krait_instance_options options = {.stack_size_bytes = 1 << 20};
    krait_link link = {.module = "plain"};
    krait_module *modules[2] = {NULL, NULL};
    krait_instance *plain = NULL;
    krait_instance *user = NULL;
    krait_error err = {.text = ""};
    uint32_t value = 0;
    job j = {.cells = {{.i32 = 0}}};

    REQUIRE(krait__module_open(getenv("KRAIT_TEST_PLAIN"), &modules[0], &err) == KRAIT_OK);
    REQUIRE(krait__module_open(getenv("KRAIT_TEST_USER"), &modules[1], &err) == KRAIT_OK);
    REQUIRE(krait__instance_new(modules[0], &options, &plain, &err) == KRAIT_OK);
    link.instance = plain;
    options.links = &link;
    options.link_count = 1;
    REQUIRE(krait__instance_new(modules[1], &options, &user, &err) == KRAIT_OK);
    CHECK_INT(call(user, "go", 0, 0, &value).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(value, 8);
    start(&j, user, true, "go");
    finish(&j);
    CHECK_INT(j.outcome.trap, KRAIT_TRAP_SHARED);
    krait__instance_free(user);
    krait__instance_free(plain);
    krait__module_close(modules[1]);
    krait__module_close(modules[0]);
}

CHECK_MAIN(CHECK_CASE(adds), CHECK_CASE(locks), CHECK_CASE(takes_turns), CHECK_CASE(wakes_some),
           CHECK_CASE(stops_waiting), CHECK_CASE(signals_while_waiting), CHECK_CASE(times_out),
           CHECK_CASE(grows), CHECK_CASE(shares_tables), CHECK_CASE(has_own_globals),
           CHECK_CASE(traps_apart), CHECK_CASE(stops_loops), CHECK_CASE(signals_in_tail_calls),
           CHECK_CASE(makes_instances_at_once), CHECK_CASE(needs_shared_memory),
           CHECK_CASE(does_not_enter_others))
