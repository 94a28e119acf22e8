/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine over a module written by hand (fixture.c): instantiation, calls,
 * every way to trap, stack exhaustion, host functions, faults of the host.
 */
#include "base/error.h"
#include "engine/engine.h"
#include "engine/guest.h"
#include "support/check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 65536u

/* An address that is nobody's. */
static volatile int *volatile no_memory = (volatile int *)16;

static krait_trap
host_twice(void *env, krait_ctx *ctx, krait_cell *slots)
{
    uint32_t *calls = env;

    (*calls)++;
    if (slots[0].i32 == 1000)
        return krait__ctx_exit(ctx, 42);
    if (slots[0].i32 == 2000)
        return KRAIT_TRAP_HOST;
    if (slots[0].i32 == 3000)
        *no_memory = 0; /* a fault of the host, with guest frames below */
    if (slots[0].i32 == 4000)
        raise(SIGALRM);
    slots[0].i32 *= 2;
    return KRAIT_TRAP_NONE;
}

static krait_instance *volatile signalled;

static void
on_alarm(int number)
{
    krait__instance_signal(signalled, number == SIGALRM ? 14 : 9);
}

static const krait_host_import host_imports[] = {{"host", "twice", "i", "i", host_twice, NULL}};

typedef struct fixture {
    krait_module *module;
    krait_instance *instance;
    uint32_t calls;
} fixture;

static bool
fixture_open(fixture *f, uint64_t memory_limit, krait_error *err)
{
    krait_instance_options options = {.imports = host_imports,
                                      .import_count = 1,
                                      .env = &f->calls,
                                      .memory_limit_bytes = memory_limit,
                                      .stack_size_bytes = 1 << 20};

    f->instance = NULL;
    f->module = NULL;
    f->calls = 0;
    return krait__signals_install(err) == KRAIT_OK &&
           krait__module_open(KRAIT_TEST_MODULE, &f->module, err) == KRAIT_OK &&
           krait__instance_new(f->module, &options, &f->instance, err) == KRAIT_OK;
}

static void
fixture_close(fixture *f)
{
    krait__instance_free(f->instance);
    krait__module_close(f->module);
}

/* Calls an export with up to three i32 arguments. */
static krait_outcome
call(fixture *f, const char *name, uint32_t a, uint32_t b, uint32_t c, uint32_t *ret)
{
    krait_cell cells[3] = {{.i32 = a}, {.i32 = b}, {.i32 = c}};
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

#define OPEN(f)                                                                                    \
    fixture f;                                                                                     \
    krait_error err = {.text = ""};                                                                \
    REQUIRE(fixture_open(&f, 0, &err))

static void
calls(void)
{
    OPEN(f);
    uint32_t result;

    CHECK_INT(call(&f, "add", 40, 2, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 42);
    CHECK_INT(call(&f, "load", 100, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 0x6961726b); /* "krai" from the data segment */
    CHECK_INT(call(&f, "counter", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 7);
    CHECK_INT(call(&f, "counter", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 8);
    fixture_close(&f);
}

static void
memory_traps(void)
{
    OPEN(f);
    krait_outcome outcome;
    uint32_t result;

    CHECK_INT(call(&f, "load", PAGE - 4, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    outcome = call(&f, "load", PAGE - 3, 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_MEMORY);
    CHECK_UINT(outcome.fault_known, 1);
    CHECK_UINT(outcome.fault_address, PAGE);
    CHECK(strstr(outcome.backtrace, "at load") != NULL);
    CHECK_INT(call(&f, "load", UINT32_MAX, 0, 0, NULL).trap, KRAIT_TRAP_MEMORY);
    outcome = call(&f, "load_far", UINT32_MAX, 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_MEMORY);
    CHECK_UINT(outcome.fault_address, 2 * (uint64_t)UINT32_MAX);
    CHECK_INT(call(&f, "store", PAGE, 1, 0, NULL).trap, KRAIT_TRAP_MEMORY);
    /* The instance goes on after a trap. */
    CHECK_INT(call(&f, "add", 1, 2, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 3);
    fixture_close(&f);
}

static void
other_traps(void)
{
    OPEN(f);
    krait_outcome outcome = call(&f, "unreachable", 0, 0, 0, NULL);

    CHECK_INT(outcome.trap, KRAIT_TRAP_UNREACHABLE);
    CHECK_UINT(outcome.fault_known, 0);
    CHECK(strstr(outcome.backtrace, "at unreachable") != NULL);
    outcome = call(&f, "shadow", 0, 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_SHADOW_STACK);
    fixture_close(&f);
}

static void
stack_exhaustion(void)
{
    OPEN(f);
    uint32_t result;
    int round;

    for (round = 0; round < 3; round++) {
        krait_outcome outcome = call(&f, "recurse", 0, 0, 0, NULL);

        CHECK_INT(outcome.trap, KRAIT_TRAP_STACK);
        CHECK(strstr(outcome.backtrace, "at recurse") != NULL);
        CHECK_INT(call(&f, "recurse_wide", 0, 0, 0, NULL).trap, KRAIT_TRAP_STACK);
        f.calls = 0;
        CHECK_INT(call(&f, "recurse_host", 10000, 0, 0, NULL).trap, KRAIT_TRAP_STACK);
        CHECK(f.calls > 100);
        CHECK_INT(call(&f, "add", 1, 2, 0, &result).trap, KRAIT_TRAP_NONE);
    }
    fixture_close(&f);
}

static void
memory_grows(void)
{
    OPEN(f);
    uint32_t result;

    CHECK_INT(call(&f, "grow", 2, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 1);
    CHECK_INT(call(&f, "load", 3 * PAGE - 4, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 0);
    CHECK_INT(call(&f, "load", 3 * PAGE, 0, 0, NULL).trap, KRAIT_TRAP_MEMORY);
    CHECK_INT(call(&f, "grow", 2, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, UINT32_MAX); /* the module declares 4 pages at most */
    CHECK_INT(call(&f, "grow", UINT32_MAX, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, UINT32_MAX);
    CHECK_INT(call(&f, "grow", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 3);
    fixture_close(&f);
}

static void
memory_limit(void)
{
    fixture f;
    krait_error err = {.text = ""};
    uint32_t result;

    REQUIRE(fixture_open(&f, 2 * PAGE, &err));
    CHECK_INT(call(&f, "grow", 1, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 1);
    CHECK_INT(call(&f, "grow", 1, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, UINT32_MAX);
    fixture_close(&f);
    CHECK(!fixture_open(&f, PAGE / 2, &err));
    CHECK_INT(err.code, KRAIT_ELIMIT);
    fixture_close(&f);
}

static void
tables(void)
{
    OPEN(f);
    uint32_t result;

    CHECK_INT(call(&f, "table_call", 1, 20, 3, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 23);
    CHECK_INT(call(&f, "table_call", 0, 1, 1, NULL).trap, KRAIT_TRAP_ELEMENT_NULL);
    CHECK_INT(call(&f, "table_call", 2, 1, 1, NULL).trap, KRAIT_TRAP_SIGNATURE);
    CHECK_INT(call(&f, "table_call", 4, 1, 1, NULL).trap, KRAIT_TRAP_ELEMENT_UNDEFINED);
    CHECK_INT(call(&f, "table_call", UINT32_MAX, 1, 1, NULL).trap, KRAIT_TRAP_ELEMENT_UNDEFINED);
    fixture_close(&f);
}

static void
host_functions(void)
{
    OPEN(f);
    krait_outcome outcome;
    uint32_t result;

    CHECK_INT(call(&f, "call_host", 21, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 43);
    outcome = call(&f, "call_host", 1000, 0, 0, NULL);
    CHECK_INT(outcome.trap, KRAIT_TRAP_EXIT);
    CHECK_UINT(outcome.exit_code, 42);
    CHECK_INT(call(&f, "call_host", 2000, 0, 0, NULL).trap, KRAIT_TRAP_HOST);
    CHECK_UINT(f.calls, 3);
    fixture_close(&f);
}

/* A fault of a host function is not a trap: the process dies of it, or the
 * handler that was there before gets it. */
static void
host_fault(void)
{
    pid_t child = fork();
    int status = 0;

    REQUIRE(child >= 0);
    if (child == 0) {
        fixture f;
        krait_error err;

        if (!fixture_open(&f, 0, &err))
            _exit(50);
        call(&f, "call_host", 3000, 0, 0, NULL);
        _exit(51);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    /* A sanitizer that was there before us reports it in its own way. */
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) ||
          (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) ||
          (WIFEXITED(status) && WEXITSTATUS(status) < 50));
}

static void
embedder_handler(int number)
{
    (void)number;
    _exit(77);
}

static void
handler_before_ours(void)
{
    pid_t child = fork();
    int status = 0;

    REQUIRE(child >= 0);
    if (child == 0) {
        struct sigaction action = {.sa_handler = embedder_handler};
        krait_error err;
        fixture f;

        sigaction(SIGSEGV, &action, NULL);
        if (!fixture_open(&f, 0, &err) ||
            call(&f, "load", PAGE, 0, 0, NULL).trap != KRAIT_TRAP_MEMORY)
            _exit(1);
        *no_memory = 0;
        _exit(2);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 77);
}

static void
two_instances(void)
{
    fixture f;
    fixture g;
    krait_error err = {.text = ""};
    uint32_t result;

    REQUIRE(fixture_open(&f, 0, &err));
    REQUIRE(fixture_open(&g, 0, &err));
    call(&f, "store", 200, 5, 0, NULL);
    call(&f, "counter", 0, 0, 0, NULL);
    CHECK_INT(call(&g, "load", 200, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 0);
    call(&g, "counter", 0, 0, 0, &result);
    CHECK_UINT(result, 7);
    CHECK_INT(call(&g, "load", PAGE, 0, 0, NULL).trap, KRAIT_TRAP_MEMORY);
    CHECK_INT(call(&f, "recurse", 0, 0, 0, NULL).trap, KRAIT_TRAP_STACK);
    fixture_close(&f);
    CHECK_INT(call(&g, "add", 1, 1, 0, &result).trap, KRAIT_TRAP_NONE);
    fixture_close(&g);
}

static void *
trap_often(void *argument)
{
    fixture f;
    krait_error err;
    uintptr_t bad = 0;
    int i;

    (void)argument;
    if (!fixture_open(&f, 0, &err))
        return (void *)(uintptr_t)1000;
    for (i = 0; i < 200; i++) {
        bad += call(&f, "load", PAGE, 0, 0, NULL).trap != KRAIT_TRAP_MEMORY;
        bad += call(&f, "recurse", 0, 0, 0, NULL).trap != KRAIT_TRAP_STACK;
    }
    fixture_close(&f);
    return (void *)bad;
}

static void
traps_in_threads(void)
{
    pthread_t threads[4];
    size_t i;

    for (i = 0; i < 4; i++)
        REQUIRE(pthread_create(&threads[i], NULL, trap_often, NULL) == 0);
    for (i = 0; i < 4; i++) {
        void *bad = NULL;

        REQUIRE(pthread_join(threads[i], &bad) == 0);
        CHECK_UINT((uintptr_t)bad, 0);
    }
}

/* A signal reaches guest code that loops and never calls the host. */
static void
signals_in_loops(void)
{
    OPEN(f);
    struct sigaction action = {.sa_handler = on_alarm};
    sigset_t mask;
    uint32_t result;

    signalled = f.instance;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    ualarm(20000, 0);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 14);
    /* Before a call and during a host function it waits. */
    krait__instance_signal(f.instance, 3);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 17);
    CHECK_INT(call(&f, "call_host", 4000, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 31);
    /* A trap inside the guest's handler leaves ours; the mask is as before. */
    krait__instance_signal(f.instance, 9);
    CHECK_INT(call(&f, "add", 0, 0, 0, NULL).trap, KRAIT_TRAP_UNREACHABLE);
    CHECK_INT(call(&f, "add", 1, 1, 0, &result).trap, KRAIT_TRAP_NONE);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    CHECK_INT(sigismember(&mask, SIGALRM), 0);
    fixture_close(&f);
}

static void
bad_modules(void)
{
    krait_module *module = NULL;
    krait_error err = {.text = ""};

    CHECK_INT(krait__module_open("/nonexistent/x.krt", &module, &err), KRAIT_ENOTFOUND);
    CHECK_STR(err.text, "cannot open '/nonexistent/x.krt': No such file or directory");
    CHECK_INT(err.sys_errno, ENOENT);
    CHECK_INT(krait__module_open(KRAIT_TEST_NO_MODULE, &module, &err), KRAIT_EFORMAT);
    if (!CHECK(strstr(err.text, "is not a translated module") != NULL))
        printf("    %s\n", err.text);
    CHECK_INT(krait__module_open("/dev/null", &module, &err), KRAIT_EFORMAT);
    CHECK_STR(err.text, "'/dev/null' is not a regular file");
    CHECK_INT(krait__module_open("/proc/self/exe", &module, &err), KRAIT_EFORMAT);
    CHECK_STR(err.text, "'/proc/self/exe' is not a translated module, or its end is missing");
    CHECK(module == NULL);
}

static void
missing_imports(void)
{
    krait_instance_options options = {.import_count = 0};
    krait_host_import wrong = {"host", "twice", "ii", "i", host_twice, NULL};
    krait_instance *instance = NULL;
    krait_module *module;
    krait_error err = {.text = ""};

    REQUIRE(krait__module_open(KRAIT_TEST_MODULE, &module, &err) == KRAIT_OK);
    CHECK_INT(krait__instance_new(module, &options, &instance, &err), KRAIT_ENOTFOUND);
    CHECK_STR(err.text, "the module needs 1 missing import: host.twice: func (i32) -> i32");
    options.imports = &wrong;
    options.import_count = 1;
    CHECK_INT(krait__instance_new(module, &options, &instance, &err), KRAIT_ENOTFOUND);
    CHECK_STR(err.text,
              "the module needs 1 missing import: host.twice: func (i32) -> i32 (of another type)");
    CHECK(instance == NULL);
    krait__module_close(module);
}

static void
guest_access(void)
{
    OPEN(f);
    krait_memory memory = {.base = NULL};
    krait_memory *memories[] = {&memory};
    uint8_t bytes[64] = {0};
    krait_ctx ctx = {.memory_base = bytes, .memories = memories};
    uint32_t value = 1;

    memory.base = bytes;
    memory.size = 32;
    CHECK(krait__guest_span(&ctx, 0, 32) == bytes);
    CHECK(krait__guest_span(&ctx, 32, 0) == bytes + 32);
    CHECK(krait__guest_span(&ctx, 33, 0) == NULL);
    CHECK(krait__guest_span(&ctx, 1, 32) == NULL);
    CHECK(krait__guest_span(&ctx, UINT64_MAX, 2) == NULL);
    CHECK(krait__guest_span(&ctx, 2, UINT64_MAX) == NULL);
    CHECK_INT(krait__guest_write_u32(&ctx, 28, 0x01020304), 0);
    CHECK_INT(krait__guest_read(&ctx, &value, 28, 4), 0);
    CHECK_UINT(value, 0x01020304);
    CHECK_INT(krait__guest_write_u64(&ctx, 25, 0), -1);
    fixture_close(&f);
}

static void
start_timer(timer_t timer, long first_ns, long interval_ns)
{
    struct itimerspec wanted = {.it_value = {.tv_nsec = first_ns},
                                .it_interval = {.tv_nsec = interval_ns}};

    CHECK_INT(timer_settime(timer, 0, &wanted, NULL), 0);
}

/* Timers reach guest code that loops, and nobody else. */
static void
timers(void)
{
    OPEN(f);
    fixture g;
    timer_t alarm_timer;
    timer_t cpu_timer;
    uint32_t result = 0;
    uint32_t before = 0;

    REQUIRE(fixture_open(&g, 0, &err));
    CHECK_INT(krait__timer_new(f.instance, KRAIT_TIMER_MONOTONIC, 0, &alarm_timer), EINVAL);
    CHECK_INT(krait__timer_new(f.instance, KRAIT_TIMER_MONOTONIC, 64, &alarm_timer), EINVAL);
    REQUIRE(krait__timer_new(f.instance, KRAIT_TIMER_MONOTONIC, 14, &alarm_timer) == 0);
    REQUIRE(krait__timer_new(g.instance, KRAIT_TIMER_CPU, 26, &cpu_timer) == 0);
    /* Again and again: one that comes before the call is nobody's. */
    start_timer(alarm_timer, 20000000, 20000000);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK(result > 0 && result % 14 == 0);
    start_timer(alarm_timer, 0, 0);
    start_timer(cpu_timer, 20000000, 20000000);
    CHECK_INT(call(&g, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK(result > 0 && result % 26 == 0);
    start_timer(cpu_timer, 0, 0);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &before).trap, KRAIT_TRAP_NONE);
    start_timer(alarm_timer, 1, 0);
    usleep(20000);
    CHECK_INT(call(&f, "wait_signal", 0, 0, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, before);
    CHECK_INT(timer_delete(alarm_timer), 0);
    CHECK_INT(timer_delete(cpu_timer), 0);
    fixture_close(&f);
    fixture_close(&g);
}

/* A signal to a guest that waits with `left` bytes of its stack left. */
static krait_trap
signal_deep(uint32_t left)
{
    fixture f;
    krait_error err = {.text = ""};
    krait_trap trap = KRAIT_TRAP_COUNT;
    timer_t timer;

    if (CHECK(fixture_open(&f, 0, &err)) &&
        CHECK_INT(krait__timer_new(f.instance, KRAIT_TIMER_MONOTONIC, 14, &timer), 0)) {
        /* Again and again: one that comes before the call is nobody's. */
        start_timer(timer, 5000000, 5000000);
        trap = call(&f, "wait_deep", left, 0, 0, NULL).trap;
        CHECK_INT(timer_delete(timer), 0);
    }
    fixture_close(&f);
    return trap;
}

/* A signal that comes when the stack is all but full: its handler has no room there. */
static void
timers_and_full_stacks(void)
{
    OPEN(f);
    timer_t timer;
    uint32_t result = 0;

    REQUIRE(krait__timer_new(f.instance, KRAIT_TIMER_MONOTONIC, 14, &timer) == 0);
    for (uint32_t left = 128; left <= 1024; left *= 2) {
        krait_trap trap = KRAIT_TRAP_NONE;

        /* On a busy machine the signal may come before the guest waits: then once more. */
        for (int tries = 0; tries < 100 && trap == KRAIT_TRAP_NONE; tries++)
            trap = signal_deep(left);
        CHECK_INT(trap, KRAIT_TRAP_STACK);
    }
    start_timer(timer, 100000, 100000);
    for (int i = 0; i < 50; i++)
        CHECK_INT(call(&f, "recurse", 0, 0, 0, NULL).trap, KRAIT_TRAP_STACK);
    CHECK_INT(timer_delete(timer), 0);
    CHECK_INT(call(&f, "add", 1, 2, 0, &result).trap, KRAIT_TRAP_NONE);
    CHECK_UINT(result, 3);
    fixture_close(&f);
}

CHECK_MAIN(CHECK_CASE(calls), CHECK_CASE(memory_traps), CHECK_CASE(other_traps),
           CHECK_CASE(stack_exhaustion), CHECK_CASE(memory_grows), CHECK_CASE(memory_limit),
           CHECK_CASE(tables), CHECK_CASE(host_functions), CHECK_CASE(host_fault),
           CHECK_CASE(handler_before_ours), CHECK_CASE(two_instances), CHECK_CASE(traps_in_threads),
           CHECK_CASE(signals_in_loops), CHECK_CASE(bad_modules), CHECK_CASE(missing_imports),
           CHECK_CASE(guest_access), CHECK_CASE(timers), CHECK_CASE(timers_and_full_stacks))
