/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupting a guest: by limits of time, from other threads, from handlers, and that nothing
 * is left of it when the call has ended.
 */
#include "base/error.h"
#include "engine/engine.h"
#include "support/check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ThreadSanitizer keeps signals back until the thread calls something, and these guests never do. */
#if defined(__SANITIZE_THREAD__)
#define NEEDS_SIGNALS CHECK_SKIP("ThreadSanitizer keeps signals back")
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NEEDS_SIGNALS CHECK_SKIP("ThreadSanitizer keeps signals back")
#endif
#endif
#ifndef NEEDS_SIGNALS
#define NEEDS_SIGNALS (void)0
#endif

#define MS         UINT64_C(1000000)
#define OUR_SIGNAL (SIGRTMAX - 5)

/* What krait_signal of the fixture does. */
enum { COUNTS = 0, SPINS = 1, FAULTS = 2, RECURSES = 3 };

typedef struct fixture {
    krait_module *module;
    krait_instance *instance;
} fixture;

static krait_trap
host_twice(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    if (slots[0].i32 == 7)
        krait__ctx_limit(ctx, KRAIT_CAUSE_OUTPUT);
    return KRAIT_TRAP_NONE;
}

static bool
fixture_open(fixture *f)
{
    static const krait_host_import imports[] = {{"host", "twice", "i", "i", host_twice, NULL}};
    krait_instance_options options = {
        .imports = imports, .import_count = 1, .stack_size_bytes = 1 << 20};
    krait_error err = {.text = ""};

    memset(f, 0, sizeof(*f));
    return CHECK(krait__signals_install(&err) == KRAIT_OK) &&
           CHECK(krait__module_open(KRAIT_TEST_MODULE, &f->module, &err) == KRAIT_OK) &&
           CHECK(krait__instance_new(f->module, &options, &f->instance, &err) == KRAIT_OK);
}

static void
fixture_close(fixture *f)
{
    krait__instance_free(f->instance);
    krait__module_close(f->module);
}

static krait_outcome
call(fixture *f, const char *name, uint32_t a, uint32_t b, uint32_t *ret)
{
    krait_cell cells[2] = {{.i32 = a}, {.i32 = b}};
    krait_outcome outcome = {.trap = KRAIT_TRAP_COUNT};
    krait_error err = {.text = ""};
    uint32_t func;

    if (krait__instance_find(f->instance, name, &func, &err) != KRAIT_OK ||
        krait__instance_call(f->instance, func, cells, &outcome, &err) != KRAIT_OK)
        printf("call %s: %s\n", name, err.text);
    if (ret != NULL)
        *ret = cells[0].i32;
    return outcome;
}

static void
set_limits(fixture *f, uint64_t wall_ns, uint64_t cpu_ns, uint64_t grace_ns)
{
    krait_call_limits limits = {.wall_ns = wall_ns, .cpu_ns = cpu_ns, .grace_ns = grace_ns};

    krait__instance_set_limits(f->instance, &limits);
}

static void
check_works(fixture *f)
{
    krait_outcome outcome;
    uint32_t result = 0;

    set_limits(f, UINT64_MAX, UINT64_MAX, MS);
    call(f, "store", 0, COUNTS, NULL);
    outcome = call(f, "add", 40, 2, &result);
    CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_NONE);
    CHECK_UINT(result, 42);
}

/* ---- from another thread -------------------------------------------------------------------- */

static void *
cancel_later(void *argument)
{
    usleep(20000);
    krait__instance_cancel(argument);
    return NULL;
}

static krait_outcome
call_and_cancel(fixture *f, const char *name, uint32_t *ret)
{
    krait_outcome outcome;
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, cancel_later, f->instance) == 0);
    outcome = call(f, name, 0, 0, ret);
    CHECK(pthread_join(thread, NULL) == 0);
    return outcome;
}

static void
cancel(void)
{
    static const char *const loops[] = {"spin", "fill"};
    fixture f;
    krait_outcome outcome;
    uint32_t result = 0;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    for (size_t i = 0; i < 20; i++) {
        outcome = call_and_cancel(&f, loops[i % 2], NULL);
        CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
        CHECK_INT(outcome.cause, KRAIT_CAUSE_CANCEL);
        check_works(&f);
    }
    /* It is told first; what it then does of itself is in the outcome. */
    fixture_close(&f);
    REQUIRE(fixture_open(&f));
    set_limits(&f, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    /* What comes before the call ends it, see below: then once more. */
    outcome.trap = KRAIT_TRAP_INTERRUPTED;
    for (int tries = 0; tries < 100 && outcome.trap == KRAIT_TRAP_INTERRUPTED; tries++)
        outcome = call_and_cancel(&f, "wait_signal", &result);
    CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_CANCEL);
    CHECK_UINT(result, SIGINT);
    fixture_close(&f);
}

static void
cancel_before(void)
{
    fixture f;
    krait_outcome outcome;

    REQUIRE(fixture_open(&f));
    krait__instance_cancel(f.instance);
    krait__instance_cancel(f.instance);
    outcome = call(&f, "spin", 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_CANCEL);
    check_works(&f);
    krait__instance_cancel(f.instance);
    krait__instance_uncancel(f.instance);
    check_works(&f);
    fixture_close(&f);
}

/* ---- from a handler on the thread itself ---------------------------------------------------- */

static krait_instance *volatile handled;
static volatile sig_atomic_t handlers_begun;
static volatile sig_atomic_t handlers_ended;

static void
on_alarm(int number)
{
    struct timespec time = {0, 3000000};

    (void)number;
    handlers_begun++;
    krait__instance_cancel(handled);
    /* Long enough for the signal to come, and to be looked at again. */
    (void)nanosleep(&time, NULL);
    handlers_ended++;
}

static void
cancel_in_a_handler(void)
{
    fixture f;
    struct sigaction action = {.sa_handler = on_alarm};

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    handled = f.instance;
    for (int i = 0; i < 10; i++) {
        krait_outcome outcome;

        action.sa_flags = i % 2 == 0 ? 0 : SA_ONSTACK;
        CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
        ualarm(10000, 0);
        outcome = call(&f, i % 4 < 2 ? "spin" : "fill", 0, 0, NULL);
        CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
        CHECK_INT(outcome.cause, KRAIT_CAUSE_CANCEL);
        /* Nobody jumps over the embedder's frames. */
        CHECK_INT(handlers_begun, i + 1);
        CHECK_INT(handlers_ended, i + 1);
    }
    check_works(&f);
    fixture_close(&f);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void
wall(void)
{
    fixture f;
    krait_outcome outcome;
    uint32_t result = 0;
    unsigned told = 0;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    for (int i = 0; i < 10; i++) {
        set_limits(&f, 10 * MS, UINT64_MAX, 5 * MS);
        outcome = call(&f, i % 2 == 0 ? "spin" : "fill", 0, 0, NULL);
        CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
        CHECK_INT(outcome.cause, KRAIT_CAUSE_WALL);
        told += outcome.backtrace[0] != '\0';
        check_works(&f);
    }
    /* On a busy machine the time may be over before the guest has begun: there is no frame then. */
    CHECK(told > 0);
    /* No time at all is little, but not none. */
    set_limits(&f, 0, UINT64_MAX, 0);
    CHECK_INT(call(&f, "spin", 0, 0, NULL).cause, KRAIT_CAUSE_WALL);
    fixture_close(&f);
    REQUIRE(fixture_open(&f));
    set_limits(&f, 10 * MS, UINT64_MAX, UINT64_MAX);
    outcome = call(&f, "wait_signal", 0, 0, &result);
    CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_WALL);
    CHECK_UINT(result, SIGINT);
    fixture_close(&f);
}

static void
processor_time(void)
{
    fixture f;
    krait_outcome outcome;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    set_limits(&f, UINT64_MAX, 20 * MS, 10 * MS);
    outcome = call(&f, "spin", 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_CPU);
    /* The first one is named. */
    set_limits(&f, 3600000 * MS, 20 * MS, 10 * MS);
    CHECK_INT(call(&f, "spin", 0, 0, NULL).cause, KRAIT_CAUSE_CPU);
    set_limits(&f, 20 * MS, 3600000 * MS, 10 * MS);
    CHECK_INT(call(&f, "spin", 0, 0, NULL).cause, KRAIT_CAUSE_WALL);
    check_works(&f);
    fixture_close(&f);
}

static void
no_limit_below(void)
{
    fixture f;
    krait_outcome outcome;

    REQUIRE(fixture_open(&f));
    set_limits(&f, 3600000 * MS, 3600000 * MS, MS);
    for (int i = 0; i < 1000; i++) {
        outcome = call(&f, "sum", 1000, 0, NULL);
        CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
        CHECK_INT(outcome.cause, KRAIT_CAUSE_NONE);
    }
    set_limits(&f, UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1);
    check_works(&f);
    fixture_close(&f);
}

/* Told by a host function, the guest has the grace and no more. */
static void
grace(void)
{
    fixture f;
    krait_outcome outcome;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    set_limits(&f, UINT64_MAX, UINT64_MAX, 3600000 * MS);
    outcome = call(&f, "call_host", 7, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_NONE);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_OUTPUT);
    set_limits(&f, UINT64_MAX, UINT64_MAX, 1000 * MS);
    outcome = call(&f, "recurse_host", 7, 0, NULL);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_OUTPUT);
    /* Without a grace it ends when the host function has returned. */
    set_limits(&f, UINT64_MAX, UINT64_MAX, 0);
    outcome = call(&f, "call_host", 7, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_INTERRUPTED);
    CHECK_INT(outcome.cause, KRAIT_CAUSE_OUTPUT);
    check_works(&f);
    fixture_close(&f);
}

/* ---- guests that do not like it -------------------------------------------------------------- */

static void
hostile_handlers(void)
{
    static const struct {
        uint32_t what;
        krait_trap trap;
    } cases[] = {
        {SPINS, KRAIT_TRAP_INTERRUPTED}, {FAULTS, KRAIT_TRAP_MEMORY}, {RECURSES, KRAIT_TRAP_STACK}};
    stack_t before;
    stack_t after;
    sigset_t mask;
    fixture f;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    CHECK_INT(sigaltstack(NULL, &before), 0);
    for (size_t i = 0; i < 30; i++) {
        krait_outcome outcome;

        call(&f, "store", 0, cases[i % 3].what, NULL);
        /* On a busy machine a fault may take its time. */
        set_limits(&f, 5 * MS, UINT64_MAX, cases[i % 3].what == SPINS ? 5 * MS : 3600000 * MS);
        outcome = call(&f, i % 2 == 0 ? "spin" : "fill", 0, 0, NULL);
        CHECK_INT(outcome.trap, cases[i % 3].trap);
        CHECK_INT(outcome.cause, KRAIT_CAUSE_WALL);
        check_works(&f);
    }
    CHECK_INT(sigaltstack(NULL, &after), 0);
    CHECK(after.ss_sp == before.ss_sp && after.ss_flags == before.ss_flags);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < 64; number++)
        CHECK_INT(sigismember(&mask, number) == 1, 0);
    fixture_close(&f);
}

/* ---- what must not change -------------------------------------------------------------------- */

static atomic_bool stop_sending;

static void *
send_often(void *argument)
{
    while (!atomic_load(&stop_sending)) {
        krait__instance_signal(argument, 1);
        usleep(50);
    }
    return NULL;
}

/* Whatever the guest computes comes out the same when it is interrupted all the time. */
static void
registers(void)
{
    fixture f;
    uint32_t quiet = 0;
    pthread_t thread;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    call(&f, "sum", 3000000, 0, &quiet);
    atomic_store(&stop_sending, false);
    REQUIRE(pthread_create(&thread, NULL, send_often, f.instance) == 0);
    for (int i = 0; i < 10; i++) {
        uint32_t result = 0;

        CHECK_INT(call(&f, "sum", 3000000, 0, &result).trap, KRAIT_TRAP_NONE);
        CHECK_UINT(result, quiet);
    }
    atomic_store(&stop_sending, true);
    REQUIRE(pthread_join(thread, NULL) == 0);
    fixture_close(&f);
}

/* A thread that takes no signals runs guests like any other, and takes none afterwards. */
static void *
run_blocked(void *argument)
{
    fixture *f = argument;
    sigset_t all;
    sigset_t mask;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    set_limits(f, 5 * MS, UINT64_MAX, 5 * MS);
    CHECK_INT(call(f, "spin", 0, 0, NULL).cause, KRAIT_CAUSE_WALL);
    CHECK_INT(call(f, "load_far", 0, 0, NULL).trap, KRAIT_TRAP_MEMORY);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK_INT(sigismember(&mask, SIGSEGV), 1);
    CHECK_INT(sigismember(&mask, OUR_SIGNAL), 1);
    return NULL;
}

static void
blocked_signals(void)
{
    fixture f;
    pthread_t thread;

    NEEDS_SIGNALS;
    REQUIRE(fixture_open(&f));
    REQUIRE(pthread_create(&thread, NULL, run_blocked, &f) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    fixture_close(&f);
}

static void *
hammer_one(void *argument)
{
    unsigned i = 0;

    while (!atomic_load(&stop_sending)) {
        if (i++ % 8 == 0)
            krait__instance_cancel(argument);
        else
            krait__instance_signal(argument, 1 + i % 4);
        if (i % 64 == 0)
            usleep(1);
    }
    return NULL;
}

/* Timers of this process; -1: the kernel does not tell. */
static int
count_timers(void)
{
    FILE *file = fopen("/proc/self/timers", "re");
    char line[128];
    int count = 0;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL)
        count += strncmp(line, "ID:", 3) == 0;
    fclose(file);
    return count;
}

/* Threads that cancel and signal without end, and a thread that makes short calls: none of them
 * is anything but returned or interrupted, no timer is left, and no signal comes after the call has
 * ended, where it would cut a sleep short. */
static void
hammer(void)
{
    pthread_t threads[3];
    unsigned late = 0;
    unsigned wrong = 0;
    unsigned cancelled = 0;
    const int timers = count_timers();
    fixture f;

    REQUIRE(fixture_open(&f));
    set_limits(&f, 3600000 * MS, 3600000 * MS, 100 * MS);
    atomic_store(&stop_sending, false);
    for (size_t i = 0; i < 3; i++)
        REQUIRE(pthread_create(&threads[i], NULL, hammer_one, f.instance) == 0);
    for (int i = 0; i < 4000; i++) {
        struct timespec time = {0, 20000};
        krait_outcome outcome = call(&f, i % 16 == 0 ? "load_far" : "sum", 50, 0, NULL);

        cancelled += outcome.cause == KRAIT_CAUSE_CANCEL;
        wrong += outcome.trap != KRAIT_TRAP_NONE && outcome.trap != KRAIT_TRAP_INTERRUPTED &&
                 outcome.trap != KRAIT_TRAP_MEMORY;
        late += i % 4 == 0 && nanosleep(&time, NULL) != 0;
    }
    atomic_store(&stop_sending, true);
    for (size_t i = 0; i < 3; i++)
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    CHECK_UINT(wrong, 0);
    CHECK_UINT(late, 0);
    CHECK(cancelled > 0);
    CHECK_INT(count_timers(), timers);
    krait__instance_uncancel(f.instance);
    check_works(&f);
    fixture_close(&f);
}

/* ---- signals that are not ours --------------------------------------------------------------- */

static volatile sig_atomic_t theirs;
static volatile sig_atomic_t their_value;

static void
on_theirs(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    theirs++;
    their_value = info->si_value.sival_int;
}

/* In a process of its own, before this one has handlers: they are installed once. */
static int
child(void)
{
    struct sigaction action = {.sa_sigaction = on_theirs, .sa_flags = SA_SIGINFO};
    fixture f;

    sigaction(OUR_SIGNAL, &action, NULL);
    if (!fixture_open(&f))
        return 1;
    sigqueue(getpid(), OUR_SIGNAL, (union sigval){.sival_int = 1234});
    if (theirs != 1 || their_value != 1234)
        return 2;
    kill(getpid(), OUR_SIGNAL);
    if (theirs != 2)
        return 3;
    /* Ours do not get there, theirs does while a guest runs. */
    set_limits(&f, 5 * MS, UINT64_MAX, 5 * MS);
    if (call(&f, "spin", 0, 0, NULL).cause != KRAIT_CAUSE_WALL || theirs != 2)
        return 4;
    fixture_close(&f);
    return 0;
}

static void
others_signals(void)
{
    int status = -1;
    pid_t pid;

    NEEDS_SIGNALS;
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(child());
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* others_signals comes first: its child installs the handlers. */
CHECK_MAIN(CHECK_CASE(others_signals), CHECK_CASE(cancel), CHECK_CASE(cancel_before),
           CHECK_CASE(cancel_in_a_handler), CHECK_CASE(wall), CHECK_CASE(processor_time),
           CHECK_CASE(no_limit_below), CHECK_CASE(hostile_handlers), CHECK_CASE(registers),
           CHECK_CASE(blocked_signals), CHECK_CASE(hammer), CHECK_CASE(grace))
