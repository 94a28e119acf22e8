/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs of pools: code, functions, files, limits, host functions, and that each begins afresh.  Once
 * with threads and once with processes.
 */
#include "tests/pool/pool.h"

static pool_test t;

static void
code(void)
{
    krait_job_result *result = NULL;
    krait_job_spec spec = pool_spec("import sys\nprint('out')\nprint('err', file=sys.stderr)");

    REQUIRE(pool_start(&t));
    spec.tenant = 77;
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_INT(result->status, KRAIT_OK);
    CHECK_INT(result->error.code, KRAIT_OK);
    CHECK_UINT(result->job, 1);
    CHECK_UINT(result->tenant, 77);
    CHECK_INT(result->result.kind, KRAIT_RESULT_RETURNED);
    CHECK_STR(result->result.stdout_bytes, "out\n");
    CHECK_UINT(result->result.stdout_size, 4);
    CHECK_STR(result->result.stderr_bytes, "err\n");
    CHECK(result->result.value == NULL);
    CHECK(result->result.wall_ns > 0);
    CHECK(result->result.peak_memory_bytes > 1000000);
    krait_job_result_free(result);
    pool_prints(&t, "print('a\\0b', end='')", "a");
    pool_prints(&t, "", "");
    pool_close(&t);
}

static void
functions(void)
{
    static const char library[] = "print('in the code')\n"
                                  "def add(a, b):\n    print('in the function')\n    return a + b\n"
                                  "def turn(data): return bytes(reversed(data))\n";
    krait_job_result *result = NULL;
    krait_job_spec spec = pool_spec(library);

    REQUIRE(pool_start(&t));
    spec.function = "add";
    spec.args = "[1, 2]";
    spec.args_size = 6;
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_INT(result->result.kind, KRAIT_RESULT_RETURNED);
    CHECK_STR(result->result.value, "3");
    CHECK_STR(result->result.stdout_bytes, "in the code\nin the function\n");
    krait_job_result_free(result);
    spec.function = "turn";
    spec.format = KRAIT_BYTES;
    spec.args = "a\0b";
    spec.args_size = 3;
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_UINT(result->result.value_size, 3);
    CHECK_MEM(result->result.value, "b\0a", 3);
    krait_job_result_free(result);
    spec.code = NULL;
    spec.function = "math:sqrt";
    spec.format = KRAIT_JSON;
    spec.args = "[9]";
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_STR(result->result.value, "3.0");
    krait_job_result_free(result);
    spec.function = "nowhere";
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_INT(result->result.kind, KRAIT_RESULT_RAISED);
    CHECK_HAS(result->result.message, "nowhere");
    krait_job_result_free(result);
    pool_close(&t);
}

/* The function is not called when the code does not come to its end. */
static void
code_that_fails(void)
{
    krait_job_spec spec = pool_spec("raise ValueError('no')\n");
    char out[6000];

    REQUIRE(pool_start(&t));
    spec.function = "print";
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_RAISED);
    CHECK_HAS(out, "ValueError: no");
    CHECK_HAS(out, "line 1");
    spec = pool_spec("raise SystemExit(3)");
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_EXITED);
    pool_prints(&t, "print(1)", "1\n");
    pool_close(&t);
}

static void
files(void)
{
    const krait_job_file in[] = {{.path = "/in/a", .bytes = "one\0two", .size = 7},
                                 {.path = "/in/empty", .bytes = NULL, .size = 0}};
    static const char *const wanted[] = {"/tmp/out", "/tmp/none", "/in/a"};
    krait_job_result *result = NULL;
    krait_job_spec spec = pool_spec(
        "import os\nopen('/tmp/out', 'wb').write(open('/in/a', 'rb').read()[::-1])\n"
        "print(os.path.getsize('/in/empty'))\nos._exit(4)");

    REQUIRE(pool_start(&t));
    spec.files = in;
    spec.file_count = 2;
    spec.wanted = wanted;
    spec.wanted_count = 3;
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_INT(result->result.kind, KRAIT_RESULT_EXITED);
    CHECK_UINT(result->result.exit_code, 4);
    CHECK_UINT(result->file_count, 3);
    CHECK_STR(result->files[0].path, "/tmp/out");
    CHECK_INT(result->files[0].status, KRAIT_OK);
    CHECK_UINT(result->files[0].size, 7);
    CHECK_MEM(result->files[0].bytes, "owt\0eno", 7);
    CHECK_INT(result->files[1].status, KRAIT_ENOTFOUND);
    CHECK(result->files[1].bytes == NULL);
    CHECK_MEM(result->files[2].bytes, "one\0two", 7);
    krait_job_result_free(result);
    pool_prints(&t, "import os\nprint(os.path.exists('/in'), os.listdir('/tmp'))", "False []\n");
    pool_close(&t);
}

/* A file that cannot be put is an error of the job, and of no other. */
static void
files_too_large(void)
{
    static char big[2 << 20];
    const krait_job_file in = {.path = "/in/big", .bytes = big, .size = sizeof(big)};
    krait_job_result *result = NULL;
    krait_job_spec spec = pool_spec("print(1)");

    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_FS_BYTES, 1 << 20, &t.err) == KRAIT_OK);
    REQUIRE(pool_make(&t));
    spec.files = &in;
    spec.file_count = 1;
    REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
    CHECK_INT(result->status, KRAIT_ELIMIT);
    CHECK_INT(result->error.code, KRAIT_ELIMIT);
    CHECK(result->error.text[0] != '\0');
    CHECK_STR(result->result.stdout_bytes, "");
    krait_job_result_free(result);
    pool_prints(&t, "print(1)", "1\n");
    pool_close(&t);
}

/* Whatever a job leaves behind, the next one on the same worker does not see it. */
static void
fresh(void)
{
    static const char leave[] =
        "import builtins, os, sys, json, signal, threading\n"
        "left = 1\nbuiltins.left = 2\nos.environ['LEFT'] = '3'\nos.chdir('/tmp')\n"
        "json.left = 4\nsys.path.insert(0, '/left')\nsys.argv.append('left')\n"
        "open('/tmp/left', 'w').write('5')\nsys.stdout.left = 6\n"
        "import random\nrandom.seed(1)\nsys.setrecursionlimit(5000)\n"
        "os.mkdir('/left') if os.access('/', os.W_OK) else None\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nfd = os.open('/tmp/left', os.O_RDWR)\n";
    static const char look[] =
        "import builtins, os, sys, json, signal\n"
        "print('left' in globals(), hasattr(builtins, 'left'), 'LEFT' in os.environ, os.getcwd(),\n"
        "      hasattr(json, 'left'), '/left' in sys.path, 'left' in sys.argv,\n"
        "      os.listdir('/tmp'), hasattr(sys.stdout, 'left'), sys.getrecursionlimit(),\n"
        "      os.path.exists('/left'), signal.getsignal(signal.SIGINT) is signal.SIG_IGN)\n"
        "try: print(os.fstat(3) is None)\n"
        "except OSError: print('no 3')\n";
    char first[6000];
    char out[6000];
    krait_job_spec spec;

    REQUIRE(pool_start(&t));
    spec = pool_spec(look);
    CHECK_INT(pool_run(&t, &spec, first, sizeof(first)), KRAIT_RESULT_RETURNED);
    CHECK_HAS(first, "False False False / False False False [] False 1000 False False");
    for (int i = 0; i < 5; i++) {
        pool_prints(&t, leave, "");
        CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_RETURNED);
        CHECK_STR(out, first);
    }
    pool_close(&t);
}

typedef struct bad_job {
    const char *code;
    krait_result_kind kind;
    krait_limit limit;
} bad_job;

static const bad_job bad_jobs[] = {
    {"while True: pass", KRAIT_RESULT_LIMIT, KRAIT_LIMIT_WALL},
    {"import time\nwhile True:\n  try: time.sleep(100)\n  except BaseException: pass",
     KRAIT_RESULT_LIMIT, KRAIT_LIMIT_WALL},
    {"import os\nopen('/tmp/left', 'w')\nos._exit(7)", KRAIT_RESULT_EXITED, KRAIT_LIMIT_NONE},
    {"x = bytearray(4 << 30)", KRAIT_RESULT_RAISED, KRAIT_LIMIT_NONE},
    {"x = []\nwhile True: x.append(bytes(10 << 20))", KRAIT_RESULT_RAISED, KRAIT_LIMIT_NONE},
    {"while True: print('x' * 10000)", KRAIT_RESULT_LIMIT, KRAIT_LIMIT_OUTPUT},
    {"import os\nwhile True:\n  try: os.write(2, b'x' * 100000)\n  except BaseException: pass",
     KRAIT_RESULT_LIMIT, KRAIT_LIMIT_OUTPUT},
    {"import os\nos.abort()", KRAIT_RESULT_TRAPPED, KRAIT_LIMIT_NONE},
    {"10 ** 10 ** 9", KRAIT_RESULT_LIMIT, KRAIT_LIMIT_WALL},
    {"n = 0\nwhile True:\n  open(f'/tmp/{n}', 'w').write('x' * 100000); n += 1",
     KRAIT_RESULT_RAISED, KRAIT_LIMIT_NONE},
};

/* What a hostile job does is its own result, and the next one is clean.  Only those that have no end have
 * a limit of time: a machine may stand still while another one works. */
static void
hostile(void)
{
    NEEDS_SIGNALS();
    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_OUTPUT, 1 << 20, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_MEMORY, 128 << 20, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_FS_BYTES, 4 << 20, &t.err) == KRAIT_OK);
    REQUIRE(pool_make(&t));
    for (size_t i = 0; i < sizeof(bad_jobs) / sizeof(bad_jobs[0]); i++) {
        krait_job_spec spec = pool_spec(bad_jobs[i].code);
        krait_job_result *result = NULL;

        spec.wall_ns = bad_jobs[i].limit == KRAIT_LIMIT_WALL ? 1500 * MS : 0;
        REQUIRE(krait_pool_run(t.pool, &spec, &result, &t.err) == KRAIT_OK);
        CHECK_STR(result->error.text, "");
        if (!CHECK_INT(result->result.kind, bad_jobs[i].kind) ||
            !CHECK_INT(result->result.limit, bad_jobs[i].limit))
            printf("    %s\n    %s\n", bad_jobs[i].code, result->result.message);
        krait_job_result_free(result);
        pool_prints(&t, "import os\nprint(os.listdir('/tmp'))", "[]\n");
    }
    pool_close(&t);
}

static void
own_limits(void)
{
    krait_job_spec spec;
    char out[6000];

    NEEDS_SIGNALS();
    REQUIRE(pool_start(&t));
    spec = pool_spec("while True: pass");
    spec.wall_ns = 100 * MS;
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_LIMIT);
    CHECK_HAS(out, "wall time limit of 0.1 s");
    spec.wall_ns = 0;
    spec.cpu_ns = 100 * MS;
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_LIMIT);
    CHECK_HAS(out, "CPU time limit of 0.1 s");
    spec = pool_spec("while True: print(1, flush=True)");
    spec.output_bytes = 100;
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_LIMIT);
    CHECK_HAS(out, "output limit of 100 bytes");
    spec = pool_spec("import krait_host\nwhile True: krait_host.call('nothing')");
    spec.host_calls = 10;
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_RAISED);
    spec = pool_spec("import krait_host\nfor i in range(20): krait_host.call('gate')");
    spec.host_calls = 10;
    pool_open_gate(&t);
    CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_LIMIT);
    CHECK_HAS(out, "host calls limit of 10");
    /* The next ones have those of the configuration. */
    pool_prints(&t,
                "import krait_host\nfor i in range(20): krait_host.call('gate')\n"
                "print('x' * 200)",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    pool_close(&t);
}

static int
twice(void *data, krait_call *call)
{
    char text[32];

    (void)data;
    snprintf(text, sizeof(text), "%d", 2 * atoi((const char *)krait_call_input(call, NULL) + 1));
    (void)krait_call_return(call, text, strlen(text));
    return 0;
}

static int
refuse(void *data, krait_call *call)
{
    (void)data;
    (void)krait_call_fail(call, "LookupError", "refused");
    return 0;
}

typedef struct later {
    pthread_t thread;
    krait_call *call;
    bool has_thread;
} later;

static void *
answer_later(void *data)
{
    later *l = data;

    pause_ms(20);
    (void)krait_call_return(l->call, "\"later\"", 7);
    return NULL;
}

static int
pending(void *data, krait_call *call)
{
    later *l = data;

    l->call = call;
    l->has_thread = pthread_create(&l->thread, NULL, answer_later, l) == 0;
    return KRAIT_CALL_PENDING;
}

static void
host_functions(void)
{
    static const char all[] = "import krait_host\n"
                              "print(krait_host.call('twice', 21))\n"
                              "try: krait_host.call('refuse')\n"
                              "except LookupError as e: print(e)\n"
                              "print(krait_host.call('pending'))\n"
                              "big = bytes(range(256)) * 4096\n"
                              "print(krait_host.call_bytes('echo', big) == big)\n"
                              "calls = [krait_host.submit('twice', i) for i in range(100)]\n"
                              "print(sum(c.result() for c in calls))\n";
    later l = {.has_thread = false};

    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_add_function(t.p.config, "twice", twice, NULL, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_function(t.p.config, "refuse", refuse, NULL, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_function(t.p.config, "pending", pending, &l, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_function(t.p.config, "echo", pool_echo, NULL, &t.err) == KRAIT_OK);
    REQUIRE(pool_make(&t));
    pool_prints(&t, all, "42\nrefused\nlater\nTrue\n9900\n");
    CHECK(l.has_thread);
    pthread_join(l.thread, NULL);
    pool_close(&t);
}

static int
keep_call(void *data, krait_call *call)
{
    krait_call **calls = data;

    while (*calls != NULL)
        calls++;
    *calls = call;
    return KRAIT_CALL_PENDING;
}

/* Calls that outlive their job: nobody waits, and whoever answers is not in anybody's way. */
static void
held_calls(void)
{
    krait_call *calls[20];

    memset(calls, 0, sizeof(calls));
    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_add_function(t.p.config, "keep", keep_call, calls, &t.err) == KRAIT_OK);
    REQUIRE(pool_make(&t));
    for (int i = 0; i < 3; i++)
        pool_prints(&t, "import krait_host\nfor i in range(3): krait_host.submit('keep', i)", "");
    for (int i = 0; i < 5; i++) {
        REQUIRE(calls[i] != NULL);
        CHECK(krait_call_is_cancelled(calls[i]));
        (void)krait_call_return(calls[i], "1", 1);
    }
    pool_prints(&t, "print(1)", "1\n");
    krait_pool_free(t.pool);
    t.pool = NULL;
    for (int i = 5; i < 9; i++) {
        REQUIRE(calls[i] != NULL);
        CHECK(krait_call_is_cancelled(calls[i]));
        (void)krait_call_fail(calls[i], "OSError", "too late");
    }
    pool_close(&t);
}

/* Arguments, environment, stdin, and a folder. */
static void
configuration(void)
{
    char folder[] = "/tmp/krait-test.XXXXXX";
    char path[100];
    FILE *file;

    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/data", folder);
    file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs("granted", file);
    fclose(file);
    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_add_arg(t.p.config, "python", &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(t.p.config, "x y", &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_env(t.p.config, "GREETING", "a=b", &t.err) == KRAIT_OK);
    REQUIRE(krait_config_set_stdin_bytes(t.p.config, "in\n", 3, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_add_dir(t.p.config, folder, "/data", KRAIT_GRANT_READ_ONLY, &t.err) ==
            KRAIT_OK);
    REQUIRE(krait_config_add_file(t.p.config, path, "/one", 0, &t.err) == KRAIT_OK);
    REQUIRE(pool_make(&t));
    for (int i = 0; i < 3; i++)
        pool_prints(&t,
                    "import os, sys\nprint(sys.argv[1:], os.environ['GREETING'], input())\n"
                    "print(open('/data/data').read(), open('/one').read())\n"
                    "try: open('/data/new', 'w')\n"
                    "except OSError as e: print(e.strerror)\n"
                    "print('PATH' in os.environ)",
                    "['x y'] a=b in\ngranted granted\nRead-only file system\nFalse\n");
    pool_close(&t);
    unlink(path);
    rmdir(folder);
}

/* Every job begins with the same random bytes at the same time, in workers of both kinds. */
static void
deterministic(void)
{
    const krait_job_spec spec = pool_spec("import os, random, time\n"
                                          "print(hash('x'), random.random(), os.urandom(4))\n"
                                          "time.sleep(1e8)\n"
                                          "print(time.strftime('%F', time.gmtime()))");
    char first[6000];
    char out[6000];

    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_set_deterministic(t.p.config, 77, &t.err) == KRAIT_OK);
    REQUIRE(krait_config_set_start_time(t.p.config, 86400 * UINT64_C(1000000000), &t.err) ==
            KRAIT_OK);
    REQUIRE(pool_make(&t));
    CHECK_INT(pool_run(&t, &spec, first, sizeof(first)), KRAIT_RESULT_RETURNED);
    CHECK_HAS(first, "\n1973-03-04\n");
    for (int i = 0; i < 3; i++) {
        CHECK_INT(pool_run(&t, &spec, out, sizeof(out)), KRAIT_RESULT_RETURNED);
        CHECK_STR(out, first);
    }
    pool_close(&t);
}

static void
wrong_arguments(void)
{
    krait_job_spec spec = KRAIT_JOB_SPEC_INIT;
    krait_job_file file = {.path = "relative", .bytes = "x", .size = 1};
    const char *wanted = NULL;
    krait_pool *pool = NULL;

    REQUIRE(pool_start(&t));
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    CHECK_HAS(t.err.text, "neither code nor a function");
    spec = pool_spec("pass");
    spec.size--;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    spec = pool_spec("pass");
    spec.format = (krait_format)9;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    spec = pool_spec("pass");
    spec.files = &file;
    spec.file_count = 1;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    spec.file_count = 1025;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    spec = pool_spec("pass");
    spec.wanted = &wanted;
    spec.wanted_count = 1;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    spec = pool_spec("pass");
    spec.args_size = 1;
    CHECK_INT(krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    CHECK_INT(krait_pool_submit(NULL, &spec, NULL, NULL, NULL, &t.err), KRAIT_EINVAL);
    CHECK_INT(krait_pool_cancel(t.pool, 12345, &t.err), KRAIT_ENOTFOUND);
    t.options.size--;
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &pool, &t.err), KRAIT_EINVAL);
    t.options.size++;
    t.options.workers = 1025;
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &pool, &t.err), KRAIT_EINVAL);
    t.options.workers = 1;
    t.options.isolation = (krait_isolation)2;
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &pool, &t.err), KRAIT_EINVAL);
    CHECK(pool == NULL);
    krait_pool_free(NULL);
    krait_job_result_free(NULL);
    pool_close(&t);
}

/* A pool whose jobs cannot be run says so when it is made. */
static void
cannot_start(void)
{
    REQUIRE(pool_open(&t));
    t.options.workers = 3;
    REQUIRE(krait_config_add_dir(t.p.config, "/nonexistent/folder", "/data", 0, &t.err) ==
            KRAIT_OK);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err), KRAIT_ENOTFOUND);
    CHECK_HAS(t.err.text, "/nonexistent/folder");
    CHECK(t.pool == NULL);
    pool_close(&t);
    REQUIRE(pool_open(&t));
    REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_MEMORY, 65536, &t.err) == KRAIT_OK);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err), KRAIT_ELIMIT);
    pool_close(&t);
}

static void
ready_instances(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    REQUIRE(pool_open(&t));
    t.options.ready = 3;
    t.options.workers = 2;
    REQUIRE(pool_make(&t));
    for (int i = 0; i < 6000 && counts.ready < 6; i++) {
        pause_ms(10);
        REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    }
    CHECK_UINT(counts.ready, 6);
    CHECK_UINT(counts.workers, 2);
    CHECK(counts.ready_bytes >= 6 * 4096);
    counts.size--;
    CHECK_INT(krait_pool_stats(t.pool, &counts, &t.err), KRAIT_EINVAL);
    pool_close(&t);

    /* None may be kept: each is made when its job comes. */
    REQUIRE(pool_open(&t));
    t.options.ready = 2;
    t.options.idle_bytes = 1000;
    REQUIRE(pool_make(&t));
    for (int i = 0; i < 3; i++)
        pool_prints(&t, "print('cold')", "cold\n");
    counts.size = sizeof(counts);
    counts.ready = 9;
    for (int i = 0; i < 6000 && counts.ready != 0; i++) {
        pause_ms(10);
        REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    }
    CHECK_UINT(counts.ready, 0);
    CHECK_UINT(counts.ready_bytes, 0);
    CHECK_UINT(counts.done, 3);
    pool_close(&t);
}

CHECK_MAIN(CHECK_CASE(code), CHECK_CASE(functions), CHECK_CASE(code_that_fails), CHECK_CASE(files),
           CHECK_CASE(files_too_large), CHECK_CASE(fresh), CHECK_CASE(hostile),
           CHECK_CASE(own_limits), CHECK_CASE(host_functions), CHECK_CASE(held_calls),
           CHECK_CASE(configuration), CHECK_CASE(deterministic), CHECK_CASE(wrong_arguments),
           CHECK_CASE(cannot_start), CHECK_CASE(ready_instances))
