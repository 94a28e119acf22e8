/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits by the C API, each from both sides: what is just allowed passes, what is more is an
 * exception that fits, or ends the call with a result that names the limit.
 */
#include "api/internal.h"
#include "tests/api/python.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

/* A sandbox with one limit set, and time to end by itself also where the machine is busy.  A machine may
 * stand still while an innocent guest runs, so that such guests get no short limits of time. */
static bool
start_with(python *p, krait_limit limit, uint64_t value)
{
    return python_open(p) && python_has_time(p) &&
           CHECK(krait_config_set_limit(p->config, limit, value, &p->err) == KRAIT_OK) &&
           python_sandbox(p);
}

/* Ends by the limit, which the message names. */
static void
check_limit(python *p, const char *code, krait_limit limit)
{
    CHECK_INT(python_exec(p, code), KRAIT_RESULT_LIMIT);
    CHECK_INT(p->result.limit, limit);
    if (!CHECK(strstr(p->result.message, krait_limit_name(limit)) != NULL))
        printf("    %s\n", p->result.message);
}

/* Raises an exception with this text in it. */
static void
check_raises(python *p, const char *code, const char *text)
{
    CHECK_INT(python_exec(p, code), KRAIT_RESULT_RAISED);
    CHECK_INT(p->result.limit, KRAIT_LIMIT_NONE);
    if (!CHECK(strstr(p->result.message, text) != NULL))
        printf("    %s\n", p->result.message);
}

/* A call that stops of itself when its time is over, so the session goes on.  Once more when the time was
 * over before the guest was there. */
static void
check_cleans_up(python *p, const char *loop)
{
    bool is_early = true;
    char code[200];

    snprintf(code, sizeof(code), "try:\n  begun = True\n  %s\nfinally: ended = True", loop);
    for (int tries = 0; tries < 20 && is_early; tries++) {
        python_run(p, "begun = ended = False");
        krait__sandbox_set_limit(p->sandbox, KRAIT_LIMIT_WALL, 1000 * MS);
        check_limit(p, code, KRAIT_LIMIT_WALL);
        CHECK(p->result.wall_ns >= 1000 * MS);
        CHECK_INT(p->result.trap, 0);
        krait__sandbox_set_limit(p->sandbox, KRAIT_LIMIT_WALL, KRAIT_UNLIMITED);
        python_run(p, "print(begun or ended, ended)");
        is_early = strcmp(p->result.stdout_bytes, "False False\n") == 0;
    }
    CHECK_STR(p->result.stdout_bytes, "True True\n");
}

static void
wall(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_WALL, 3600000 * MS));
    python_run(&p, "import time");
    /* Each call has the time anew. */
    check_cleans_up(&p, "time.sleep(1000)");
    check_cleans_up(&p, "while True: pass");
    python_close(&p);
    /* It does not stop. */
    REQUIRE(python_open(&p));
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_GRACE, 10 * MS, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import signal; signal.signal(2, signal.SIG_IGN)");
    krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_WALL, 500 * MS);
    check_limit(&p, "while True: pass", KRAIT_LIMIT_WALL);
    CHECK(p.result.trap != 0);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "x", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_WALL, KRAIT_UNLIMITED);
    python_run(&p, "x = 1");
    python_close(&p);
}

/* No time at all: Python does not even start. */
static void
no_time(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_WALL, 0));
    check_limit(&p, "x = 1", KRAIT_LIMIT_WALL);
    python_close(&p);
    REQUIRE(start_with(&p, KRAIT_LIMIT_CPU, 0));
    check_limit(&p, "x = 1", KRAIT_LIMIT_CPU);
    python_close(&p);
}

static void
processor_time(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_WALL, KRAIT_UNLIMITED));
    python_run(&p, "import time");
    krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_CPU, 1500 * MS);
    python_run(&p, "time.sleep(2)");
    CHECK(p.result.cpu_ns < 1500 * MS);
    check_limit(&p, "while True: pass", KRAIT_LIMIT_CPU);
    CHECK(p.result.cpu_ns >= 1400 * MS);
    python_close(&p);
}

static void
memory(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_MEMORY, 128 << 20));
    python_run(&p, "x = bytes(90 << 20); del x");
    CHECK(p.result.peak_memory_bytes > 90 << 20 && p.result.peak_memory_bytes <= 128 << 20);
    check_raises(&p, "bytes(128 << 20)", "MemoryError");
    python_run(&p, "x = bytes(64 << 20)");
    python_close(&p);
}

static void
output(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_OUTPUT, 10));
    python_run(&p, "print('123456789')");
    CHECK_UINT(p.result.stdout_size, 10);
    CHECK_INT(p.result.truncated, 0);
    /* Each call has it anew; both streams count together. */
    python_run(&p, "import sys; sys.stdout.write('12345'); sys.stderr.write('12345')");
    check_limit(&p, "print('1234567890')", KRAIT_LIMIT_OUTPUT);
    CHECK_UINT(p.result.stdout_size, 10);
    CHECK_STR(p.result.stdout_bytes, "1234567890");
    CHECK_INT(p.result.truncated, KRAIT_TRUNCATED_STDOUT);
    check_limit(&p, "import os\nwhile True:\n  try: os.write(2, b'x')\n  except OSError: pass",
                KRAIT_LIMIT_OUTPUT);
    CHECK_INT(p.result.truncated, KRAIT_TRUNCATED_STDERR);
    python_close(&p);
    REQUIRE(start_with(&p, KRAIT_LIMIT_OUTPUT, 0));
    python_run(&p, "x = 1");
    check_limit(&p, "print()", KRAIT_LIMIT_OUTPUT);
    python_close(&p);
}

static void
files(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_FILES, 16));
    python_run(&p, "import os\nx = [os.open('/dev/null', os.O_RDONLY) for i in range(12)]");
    check_raises(&p, "os.open('/dev/null', os.O_RDONLY)", "No file descriptors available");
    check_raises(&p, "os.dup(0)", "No file descriptors available");
    check_raises(&p, "os.pipe()", "No file descriptors available");
    python_run(&p, "os.close(x.pop()); x.append(os.dup(0))");
    python_close(&p);
}

static void
file_systems(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_FS_BYTES, 1 << 20));
    python_run(&p, "open('/tmp/x', 'wb').write(bytes(900 << 10))");
    check_raises(&p, "open('/tmp/y', 'wb').write(bytes(200 << 10))", "No space left on device");
    python_run(&p, "import os; os.remove('/tmp/x')\n"
                   "try: os.remove('/tmp/y')\nexcept OSError: pass\n"
                   "open('/tmp/z', 'wb').write(bytes(900 << 10))");
    python_close(&p);
    REQUIRE(start_with(&p, KRAIT_LIMIT_FS_INODES, 40));
    check_raises(&p, "i = 0\nwhile True: open(f'/tmp/{i}', 'w').close(); i += 1",
                 "No space left on device");
    python_run(&p, "assert 10 < i < 40, i");
    check_raises(&p, "import os; os.mkdir('/tmp/d')", "No space left on device");
    check_raises(&p, "os.symlink('a', '/tmp/l')", "No space left on device");
    python_run(&p, "os.remove('/tmp/0'); os.mkdir('/tmp/d')");
    python_close(&p);
}

/* Too little for what a sandbox begins with is said when it is made. */
static void
too_little(void)
{
    static const struct {
        krait_limit limit;
        uint64_t value;
    } cases[] = {{KRAIT_LIMIT_MEMORY, 0},
                 {KRAIT_LIMIT_MEMORY, 65536},
                 {KRAIT_LIMIT_FS_INODES, 1},
                 {KRAIT_LIMIT_FS_BYTES, 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        krait_sandbox *sandbox = NULL;
        python p;

        REQUIRE(python_open(&p));
        CHECK_INT(krait_config_set_limit(p.config, cases[i].limit, cases[i].value, &p.err),
                  KRAIT_OK);
        CHECK(krait_sandbox_new(p.module, p.config, &sandbox, &p.err) != KRAIT_OK);
        CHECK(sandbox == NULL && p.err.text[0] != '\0');
        python_close(&p);
    }
}

static int
nothing(void *data, krait_call *call)
{
    (void)data;
    return (int)krait_call_return(call, "1", 1);
}

static void
host_calls(void)
{
    python p;

    REQUIRE(python_open(&p));
    CHECK_INT(krait_config_add_function(p.config, "nothing", nothing, NULL, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_HOST_CALLS, 100, &p.err), KRAIT_OK);
    REQUIRE(python_has_time(&p) && python_sandbox(&p));
    for (int i = 0; i < 2; i++)
        python_run(&p, "import krait_host\nfor i in range(100): krait_host.call('nothing')");
    check_limit(&p, "done = 0\nwhile True: krait_host.call('nothing'); done += 1",
                KRAIT_LIMIT_HOST_CALLS);
    python_run(&p, "assert done == 100, done");
    python_close(&p);
}

static void
stack(void)
{
    static const char deep[] = "import sys; sys.setrecursionlimit(10**6)\n"
                               "class A:\n"
                               "    def __init__(self, n): self.n = n\n"
                               "    def __repr__(self):\n"
                               "        return repr([A(self.n - 1)]) if self.n else 'x'\n";
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_STACK, 600 << 10));
    python_run(&p, deep);
    python_run(&p, "repr(A(10))");
    CHECK_INT(python_exec(&p, "repr(A(100000))"), KRAIT_RESULT_TRAPPED);
    CHECK_STR(p.result.message, "call stack exhausted");
    python_close(&p);
    /* With more of it Python's own limit comes first. */
    REQUIRE(start_with(&p, KRAIT_LIMIT_STACK, KRAIT_UNLIMITED));
    python_run(&p, deep);
    check_raises(&p, "repr(A(100000))", "RecursionError");
    python_run(&p, "repr(A(200))");
    python_close(&p);
}

static void
paths(void)
{
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_PATH, 100));
    python_run(&p, "open('/tmp/' + 'x' * 90, 'w').close()");
    check_raises(&p, "open('/tmp/' + 'x' * 120, 'w')", "Filename too long");
    check_raises(&p, "import os; os.mkdir('/tmp/' + 'x' * 120)", "Filename too long");
    check_raises(&p, "os.stat('/tmp/' + 'x' * 120)", "Filename too long");
    python_close(&p);
    REQUIRE(start_with(&p, KRAIT_LIMIT_PATH, KRAIT_UNLIMITED));
    check_raises(&p, "open('/tmp/' + '/' * 5000, 'w')", "Filename too long");
    python_close(&p);
}

static void
polls(void)
{
    static const char wait[] =
        "import select\n"
        "def wait(n):\n"
        "    p = select.poll()\n"
        "    for i in range(n): p.register(os.open('/dev/null', os.O_RDONLY), 1)\n"
        "    return len(p.poll(0))\n";
    python p;

    REQUIRE(start_with(&p, KRAIT_LIMIT_POLL, 10));
    python_run(&p, "import os");
    python_run(&p, wait);
    python_run(&p, "assert wait(9) == 9");
    check_raises(&p, "wait(20)", "Invalid argument");
    python_close(&p);
}

static void
listings(void)
{
    static const char make[] =
        "import os\nfor i in range(300): open(f'/tmp/{i:0100}', 'w').close()";
    python p;

    /* libc asks for as much as its buffer has. */
    REQUIRE(start_with(&p, KRAIT_LIMIT_READDIR, 64 << 10));
    python_run(&p, make);
    python_run(&p, "assert len(os.listdir('/tmp')) == 300");
    python_close(&p);
    /* Then not even Python finds its library. */
    REQUIRE(start_with(&p, KRAIT_LIMIT_READDIR, 16));
    CHECK_INT(krait_sandbox_exec(p.sandbox, "x", 1, &p.result, &p.err), KRAIT_EIO);
    CHECK(strstr(p.err.text, "Python did not start") != NULL);
    python_close(&p);
}

/* ---- several sandboxes in several threads ----------------------------------------------------- */

typedef struct worker {
    python *shared;
    krait_sandbox *sandbox;
    unsigned wrong;
} worker;

static void *
work(void *argument)
{
    static const char code[] = "while True: pass";
    worker *w = argument;
    krait_result result;
    krait_error err;

    for (int i = 0; i < 5; i++) {
        if (krait_sandbox_exec(w->sandbox, code, sizeof(code) - 1, &result, &err) != KRAIT_OK ||
            result.kind != KRAIT_RESULT_LIMIT || result.limit != KRAIT_LIMIT_WALL)
            w->wrong++;
    }
    return NULL;
}

/* Everyone's limit is theirs. */
static void
threads(void)
{
    enum { COUNT = 4 };
    worker workers[COUNT];
    pthread_t ids[COUNT];
    python p;

    REQUIRE(python_open(&p));
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_WALL, 800 * MS, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_GRACE, 5000 * MS, &p.err), KRAIT_OK);
    for (size_t i = 0; i < COUNT; i++) {
        workers[i] = (worker){.shared = &p};
        REQUIRE(krait_sandbox_new(p.module, p.config, &workers[i].sandbox, &p.err) == KRAIT_OK);
        REQUIRE(pthread_create(&ids[i], NULL, work, &workers[i]) == 0);
    }
    for (size_t i = 0; i < COUNT; i++) {
        REQUIRE(pthread_join(ids[i], NULL) == 0);
        CHECK_UINT(workers[i].wrong, 0);
        krait_sandbox_free(workers[i].sandbox);
    }
    python_close(&p);
}

/* The start of Python counts, too: when the machine stood still in it, the program has not begun, and is
 * tried once more. */
static void
run_programs(void)
{
    bool is_early = true;
    python p;

    REQUIRE(python_open(&p));
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_WALL, 3000 * MS, &p.err), KRAIT_OK);
    REQUIRE(python_has_time(&p));
    CHECK_INT(krait_config_add_arg(p.config, "python", &p.err), KRAIT_OK);
    CHECK_INT(krait_config_add_arg(p.config, "-c", &p.err), KRAIT_OK);
    CHECK_INT(krait_config_add_arg(
                  p.config, "try:\n  while True: pass\nfinally: print('cleaned up')", &p.err),
              KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    for (int tries = 0; tries < 10 && is_early; tries++) {
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        REQUIRE(krait_sandbox_run(p.sandbox, &p.result, &p.err) == KRAIT_OK);
        CHECK_INT(p.result.kind, KRAIT_RESULT_LIMIT);
        CHECK_INT(p.result.limit, KRAIT_LIMIT_WALL);
        CHECK_STR(p.result.message, "wall time limit of 3 s");
        is_early = p.result.stdout_bytes[0] == '\0';
    }
    CHECK_STR(p.result.stdout_bytes, "cleaned up\n");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(wall), CHECK_CASE(no_time), CHECK_CASE(processor_time), CHECK_CASE(memory),
           CHECK_CASE(output), CHECK_CASE(files), CHECK_CASE(file_systems), CHECK_CASE(too_little),
           CHECK_CASE(host_calls), CHECK_CASE(stack), CHECK_CASE(paths), CHECK_CASE(polls),
           CHECK_CASE(listings), CHECK_CASE(threads), CHECK_CASE(run_programs))
