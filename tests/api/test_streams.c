/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdin, stdout and stderr, what watches a guest (trace, log), and cancellation.
 */
#include "tests/api/python.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* ---- standard streams --------------------------------------------------------------------- */

/* Chunks that a guest wrote: "1:TEXT|2:TEXT|". */
typedef struct chunks {
    char text[2000];
    size_t used;
    int refuse_after; /* so many are taken; -1: all */
} chunks;

static int
take_chunk(void *data, int stream, const void *bytes, size_t size)
{
    chunks *c = data;

    if (c->refuse_after == 0)
        return -1;
    if (c->refuse_after > 0)
        c->refuse_after--;
    c->used += (size_t)snprintf(c->text + c->used, sizeof(c->text) - c->used, "%d:%.*s|", stream,
                                (int)size, (const char *)bytes);
    return 0;
}

static void
streams_output(void)
{
    chunks c = {.refuse_after = -1};
    python p;

    REQUIRE(python_open(&p));
    krait_config_set_output(p.config, take_chunk, &c);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import sys\n"
                   "print('one'); sys.stderr.write('two\\n'); print('three', end='')\n");
    CHECK_STR(c.text, "1:one\n|2:two\n|1:three|");
    CHECK_STR(p.result.stdout_bytes, "");
    CHECK_UINT(p.result.stdout_size + p.result.stderr_size, 0);
    /* Who takes nothing any more breaks the pipe. */
    c = (chunks){.refuse_after = 1};
    CHECK_INT(python_exec(&p, "for i in range(5): print(i)"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "BrokenPipeError");
    CHECK_STR(c.text, "1:0\n|");
    krait_sandbox_free(p.sandbox);
    krait_config_set_output(p.config, NULL, NULL);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "print('captured')");
    CHECK_STR(p.result.stdout_bytes, "captured\n");
    python_close(&p);
}

static void
output_limit(void)
{
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_OUTPUT, 100000, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(python_exec(&p, "while True: print('x' * 99)"), KRAIT_RESULT_LIMIT);
    CHECK_INT(p.result.limit, KRAIT_LIMIT_OUTPUT);
    CHECK_UINT(p.result.stdout_size, 100000);
    CHECK_UINT(p.result.truncated & 3u, KRAIT_TRUNCATED_STDOUT);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    CHECK_INT(python_exec(&p, "import sys\nwhile True: sys.stderr.write('x' * 100)"),
              KRAIT_RESULT_LIMIT);
    CHECK_UINT(p.result.truncated & 3u, KRAIT_TRUNCATED_STDERR);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    python_run(&p, "print('x' * 99999)");
    CHECK_UINT(p.result.stdout_size, 100000);
    CHECK_INT(p.result.truncated, 0);
    python_run(&p, "print('anew')");
    CHECK_STR(p.result.stdout_bytes, "anew\n");
    python_close(&p);
}

static void
reads_stdin(void)
{
    python p;

    REQUIRE(python_start(&p));
    python_run(&p, "import sys; assert sys.stdin.read() == ''");
    krait_sandbox_free(p.sandbox);
    CHECK_INT(krait_config_set_stdin_bytes(p.config, NULL, 1, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_set_stdin_bytes(NULL, "", 0, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_set_stdin_bytes(p.config, "first", 5, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_stdin_bytes(p.config, "a\nb\0c", 5, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import sys, os\nassert not sys.stdin.isatty()\n"
                   "assert input() == 'a' and sys.stdin.read() == 'b\\0c'\n"
                   "try: os.lseek(0, 0, 0); assert 0\n"
                   "except OSError: pass\n"
                   "import stat; assert stat.S_ISFIFO(os.fstat(0).st_mode)\n");
    krait_sandbox_free(p.sandbox);
    CHECK_INT(krait_config_set_stdin_bytes(p.config, NULL, 0, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import sys; assert sys.stdin.read() == ''");
    python_close(&p);
}

static void
uses_descriptors(void)
{
    char text[32] = "";
    int in[2];
    int out[2];
    python p;

    REQUIRE(pipe(in) == 0 && pipe(out) == 0);
    REQUIRE(python_open(&p));
    krait_config_set_stdio(p.config, in[0], out[1], -1);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(write(in[1], "ping\n", 5), 5);
    python_run(&p, "import sys; assert sys.stderr is None\n"
                   "print(sys.stdin.readline().strip())");
    CHECK_INT(read(out[0], text, sizeof(text)), 5);
    CHECK_STR(text, "ping\n");
    CHECK_STR(p.result.stdout_bytes, "");
    python_close(&p);
    CHECK_INT(fcntl(out[1], F_GETFD), 0);
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
}

/* ---- trace and log ------------------------------------------------------------------------ */

typedef struct seen {
    unsigned opens;
    unsigned missing; /* that said ENOENT, 44 in WASI */
    unsigned calls;
    unsigned exits;
    unsigned logs[4];
    char last[512];
} seen;

static void
on_event(void *data, const krait_trace_event *event)
{
    seen *s = data;

    if (strcmp(event->name, "path_open_mode") == 0) {
        s->opens++;
        s->missing += event->result == 44;
    }
    if (strcmp(event->module, "host") == 0) {
        CHECK_STR(event->name, "nothing");
        CHECK_UINT(event->result, 0);
        s->calls++;
    }
    if (strcmp(event->name, "proc_exit") == 0)
        s->exits += event->trap != 0;
}

static int
nothing(void *data, krait_call *call)
{
    (void)data;
    return krait_call_format(call) == KRAIT_JSON ? 0 : -1;
}

static void
traces(void)
{
    seen s = {0};
    python p;

    REQUIRE(python_open(&p));
    krait_config_set_trace(p.config, on_event, &s);
    REQUIRE(krait_config_add_function(p.config, "nothing", nothing, NULL, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import krait_host");
    s = (seen){0};
    python_run(&p, "krait_host.call('nothing')\n"
                   "try: open('/nowhere')\n"
                   "except OSError: pass\n");
    CHECK_UINT(s.calls, 1);
    CHECK_UINT(s.missing, 1);
    CHECK_INT(python_exec(&p, "import os; os._exit(0)"), KRAIT_RESULT_EXITED);
    CHECK_UINT(s.exits, 1);
    krait_sandbox_free(p.sandbox);
    krait_config_set_trace(p.config, NULL, NULL);
    s = (seen){0};
    REQUIRE(python_sandbox(&p));
    python_run(&p, "open('/dev/null')");
    CHECK_UINT(s.opens, 0);
    python_close(&p);
}

static void
on_log(void *data, krait_log_level level, const char *text)
{
    seen *s = data;

    CHECK(text[0] != '\0' && strchr(text, '\n') == NULL);
    s->logs[level]++;
    snprintf(s->last, sizeof(s->last), "%s", text);
}

static void
logs(void)
{
    seen s = {0};
    krait_engine_options options = KRAIT_ENGINE_OPTIONS_INIT;
    python p;

    REQUIRE(python_open(&p));
    krait_module_close(p.module);
    krait_engine_free(p.engine);
    options.log = on_log;
    options.log_data = &s;
    options.log_level = KRAIT_LOG_DEBUG;
    REQUIRE(krait_engine_new_with(&options, &p.engine, &p.err) == KRAIT_OK);
    REQUIRE(krait_python_open(p.engine, getenv("KRAIT_RUNTIME_TREE"), &p.module, &p.err) ==
            KRAIT_OK);
    CHECK_HAS(s.last, "python.krt' is open");
    REQUIRE(python_sandbox(&p));
    CHECK_INT(python_exec(&p, "1/0"), KRAIT_RESULT_RAISED);
    CHECK_HAS(s.last, "ZeroDivisionError");
    CHECK_UINT(s.logs[KRAIT_LOG_DEBUG], 1);
    CHECK(s.logs[KRAIT_LOG_INFO] >= 2);
    krait_sandbox_free(p.sandbox);
    krait_module_close(p.module);
    krait_engine_free(p.engine);
    p.engine = NULL;
    p.module = NULL;
    p.sandbox = NULL;
    options.log_level = KRAIT_LOG_NONE;
    s = (seen){0};
    REQUIRE(krait_engine_new_with(&options, &p.engine, &p.err) == KRAIT_OK);
    REQUIRE(krait_python_open(p.engine, getenv("KRAIT_RUNTIME_TREE"), &p.module, &p.err) ==
            KRAIT_OK);
    CHECK_UINT(s.logs[0] + s.logs[1] + s.logs[2] + s.logs[3], 0);
    python_close(&p);
}

/* ---- cancellation and signals ------------------------------------------------------------- */

/* With the function "ready"; before python_sandbox. */
static bool
add_ready(python *p, python_later *later)
{
    return CHECK(krait_config_add_function(p->config, "ready", python_is_ready, later, &p->err) ==
                 KRAIT_OK);
}

static void
run_and_cancel(python *p, python_later *later, const char *code)
{
    CHECK_INT(python_run_and_act(p, later, krait_sandbox_cancel, code), KRAIT_RESULT_CANCELLED);
    CHECK_HAS(p->result.message, "cancelled");
}

static void
cancels(void)
{
    python_later later = {.when_asleep = false};
    python p;

    NEEDS_SIGNALS();
    REQUIRE(python_open(&p) && python_has_time(&p) && add_ready(&p, &later) && python_sandbox(&p));
    python_run(&p, "import krait_host, time\nlog = []");
    run_and_cancel(&p, &later,
                   "try:\n    krait_host.call('ready')\n    while True: pass\n"
                   "finally: log.append(0)\n");
    python_run(&p, "assert log == [0]");
    later.when_asleep = true;
    run_and_cancel(&p, &later,
                   "try: krait_host.call('ready'); time.sleep(100)\n"
                   "finally: log.append(1)\n");
    python_run(&p, "assert log == [0, 1]");
    python_close(&p);
    /* One long operation does not look for signals: it is stopped hard, also when it comes after the
     * signal. */
    later.when_asleep = false;
    REQUIRE(python_open(&p) && add_ready(&p, &later) && python_sandbox(&p));
    run_and_cancel(&p, &later,
                   "import krait_host\ntry: krait_host.call('ready')\n"
                   "finally: sum(range(10 ** 13))\n");
    CHECK(p.result.trap != 0);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    /* What comes between two calls ends the next one, before it begins. */
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    krait_sandbox_cancel(p.sandbox);
    CHECK_INT(python_exec(&p, "x = 1"), KRAIT_RESULT_CANCELLED);
    python_run(&p, "assert 'x' not in globals()");
    krait_sandbox_cancel(p.sandbox);
    CHECK_INT(python_exec(&p, "x = 1"), KRAIT_RESULT_CANCELLED);
    python_run(&p, "assert 'x' not in globals()");
    krait_sandbox_cancel(p.sandbox);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    python_run(&p, "x = 1");
    python_close(&p);
}

static void
cancel_at_once(void *data, const krait_trace_event *event)
{
    python *p = data;

    (void)event;
    if (p->sandbox != NULL && p->result.wall_ns++ == 50)
        krait_sandbox_cancel(p->sandbox);
}

/* Python's start does not take the cancellation for its own. */
static void
cancels_the_start(void)
{
    python p;

    NEEDS_SIGNALS();
    REQUIRE(python_open(&p));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_GRACE, KRAIT_UNLIMITED, &p.err) ==
            KRAIT_OK);
    krait_config_set_trace(p.config, cancel_at_once, &p);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(python_exec(&p, "print('not me')"), KRAIT_RESULT_CANCELLED);
    CHECK_HAS(p.result.message, "cancelled");
    CHECK_UINT(p.result.stdout_size, 0);
    CHECK(p.result.wall_ns > 0);
    python_close(&p);
}

/* What Python wrote at its start counts for the call that started it. */
static void
limits_the_start(void)
{
    size_t most = 0;

    for (int i = 0; i < 2; i++) {
        python p;

        REQUIRE(python_open(&p));
        REQUIRE(krait_config_add_env(p.config, "PYTHONVERBOSE", "1", &p.err) == KRAIT_OK);
        if (i > 0)
            REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_OUTPUT, most, &p.err) == KRAIT_OK);
        REQUIRE(python_sandbox(&p));
        CHECK_INT(python_exec(&p, i == 0 ? "1" : "print('x' * 2000)"),
                  i == 0 ? KRAIT_RESULT_RETURNED : KRAIT_RESULT_LIMIT);
        if (i > 0)
            CHECK_UINT(p.result.stdout_size + p.result.stderr_size, most);
        CHECK(p.result.stderr_size > 1000);
        most = p.result.stderr_size + 1000;
        python_close(&p);
    }
}

static void
interrupt(krait_sandbox *sandbox)
{
    krait_sandbox_signal(sandbox, SIGINT);
}

static void
signals(void)
{
    python_later later = {.when_asleep = false};
    python p;

    NEEDS_SIGNALS();
    REQUIRE(python_open(&p) && add_ready(&p, &later) && python_sandbox(&p));
    CHECK_INT(python_run_and_act(&p, &later, interrupt,
                                 "import krait_host\n"
                                 "krait_host.call('ready')\n"
                                 "while True: pass"),
              KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "KeyboardInterrupt");
    /* Between two calls nobody is there to take it. */
    krait_sandbox_signal(p.sandbox, SIGINT);
    python_run(&p, "print('not interrupted')");
    krait_sandbox_signal(p.sandbox, 0);
    krait_sandbox_signal(p.sandbox, 64);
    python_run(&p, "print('not interrupted')");
    python_close(&p);
}

/* A guest's timer interrupts its own call and nothing of the embedder's. */
static void
timers_end_with_the_call(void)
{
    struct timespec left = {0, 200000000};
    python p;

    NEEDS_SIGNALS();
    REQUIRE(python_start(&p));
    python_run(&p, "import signal, time\n"
                   "n = 0\n"
                   "def tick(*args):\n"
                   "    global n\n"
                   "    n += 1\n"
                   "signal.signal(signal.SIGALRM, tick)\n"
                   "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
                   "while n < 5: pass\n");
    CHECK_INT(nanosleep(&left, NULL), 0);
    python_run(&p, "m = n; time.sleep(0.05); assert n == m\n"
                   "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
                   "while n < m + 5: pass\n");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(streams_output), CHECK_CASE(output_limit), CHECK_CASE(reads_stdin),
           CHECK_CASE(uses_descriptors), CHECK_CASE(traces), CHECK_CASE(logs), CHECK_CASE(cancels),
           CHECK_CASE(cancels_the_start), CHECK_CASE(limits_the_start), CHECK_CASE(signals),
           CHECK_CASE(timers_end_with_the_call))
