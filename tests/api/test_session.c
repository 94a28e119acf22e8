/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_sandbox_exec, _call, _run and _reset with Python: results of every kind, and each error.
 */
#include "tests/api/python.h"

static void
keeps_state(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(python_exec(&p, "x = 20\ndef add(y):\n    return x + y\n"), KRAIT_RESULT_RETURNED);
    CHECK(p.result.value == NULL);
    CHECK_INT(python_call(&p, "add", "[22]"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "42");
    CHECK_UINT(p.result.value_size, 2);
    CHECK_STR(p.result.message, "");
    CHECK(p.result.wall_ns > 0 && p.result.peak_memory_bytes > 0);
    CHECK_INT(python_exec(&p, "print(x, __name__)\nimport sys; print(sys.argv, sys.path[0:1])"),
              KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.stdout_bytes, "20 __main__\n['-c'] ['']\n");
    CHECK_STR(p.result.stderr_bytes, "");
    python_close(&p);
}

static void
calls_with_json(void)
{
    python p;

    REQUIRE(python_start(&p));
    python_run(&p, "def f(*args, **kwargs):\n    return [args, kwargs]\n");
    CHECK_INT(python_call(&p, "f", "[1, \"\\u00e9\", null]"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "[[1,\"\\u00e9\",null],{}]");
    CHECK_INT(python_call(&p, "f", "{\"a\": [true, 1.5]}"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "[[],{\"a\":[true,1.5]}]");
    CHECK_INT(python_call(&p, "f", ""), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "[[],{}]");
    CHECK_INT(python_call(&p, "os.path:join", "[\"a\", \"b\"]"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "\"a/b\"");
    CHECK_INT(python_call(&p, "os:path.join", "[\"a\", \"b\"]"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.value, "\"a/b\"");
    CHECK_INT(python_call(&p, "f", "7"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "TypeError: arguments are a JSON array or object");
    CHECK_INT(python_call(&p, "f", "[1,"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "JSONDecodeError");
    CHECK_INT(python_call(&p, "nobody", "[]"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "AttributeError: module '__main__' has no attribute 'nobody'");
    CHECK_INT(python_call(&p, "nowhere:f", "[]"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "ModuleNotFoundError");
    CHECK_INT(python_call(&p, "", "[]"), KRAIT_RESULT_RAISED);
    CHECK_INT(python_call(&p, "math:nan.__float__", "[]"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "ValueError: Out of range float values are not JSON compliant");
    CHECK_INT(python_call(&p, "builtins:object", "[]"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "TypeError");
    CHECK(p.result.value == NULL);
    python_close(&p);
}

static void
calls_with_bytes(void)
{
    static const char input[] = "a\0\377b";
    python p;

    REQUIRE(python_start(&p));
    python_run(&p, "def twice(b):\n    return b + b\ndef nothing(b):\n    pass\n"
                   "def text(b):\n    return 'x'\n");
    REQUIRE(krait_sandbox_call(p.sandbox, "twice", KRAIT_BYTES, input, 4, &p.result, &p.err) ==
            KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_RETURNED);
    REQUIRE(p.result.value_size == 8);
    CHECK_MEM(p.result.value, "a\0\377ba\0\377b", 8);
    REQUIRE(krait_sandbox_call(p.sandbox, "twice", KRAIT_BYTES, NULL, 0, &p.result, &p.err) ==
            KRAIT_OK);
    CHECK_UINT(p.result.value_size, 0);
    CHECK(p.result.value != NULL);
    REQUIRE(krait_sandbox_call(p.sandbox, "nothing", KRAIT_BYTES, input, 4, &p.result, &p.err) ==
            KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_RETURNED);
    CHECK_UINT(p.result.value_size, 0);
    REQUIRE(krait_sandbox_call(p.sandbox, "text", KRAIT_BYTES, input, 4, &p.result, &p.err) ==
            KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "TypeError: bytes are wanted, not str");
    python_close(&p);
}

static void
exceptions(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(python_exec(&p, "def f():\n    raise ValueError('bad\\nworse')\nf()"),
              KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "ValueError: bad");
    CHECK_HAS(p.result.backtrace, "Traceback (most recent call last):\n");
    CHECK_HAS(p.result.backtrace, "File \"<exec 1>\", line 2, in f\n"
                                  "    raise ValueError('bad\\nworse')\n");
    CHECK_HAS(p.result.backtrace, "ValueError: bad\nworse\n");
    CHECK_STR(p.result.stderr_bytes, "");
    CHECK_INT(python_exec(&p, "if"), KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "SyntaxError: invalid syntax (<exec 2>, line 1)");
    CHECK(krait_sandbox_exec(p.sandbox, "a\0b", 3, &p.result, &p.err) == KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_RAISED);
    CHECK(krait_sandbox_exec(p.sandbox, "'\xff'", 3, &p.result, &p.err) == KRAIT_OK);
    CHECK_HAS(p.result.message, "SyntaxError");
    CHECK_INT(python_exec(&p, "class Odd(Exception):\n    def __str__(self):\n        1/0\n"
                              "raise Odd"),
              KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "Odd");
    CHECK_INT(python_exec(&p, "raise KeyboardInterrupt"), KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "KeyboardInterrupt");
    /* A long one keeps its end. */
    CHECK_INT(python_exec(&p, "def g(n):\n    if n: g(n - 1)\n    else: raise OSError('x' * 3000)\n"
                              "def h(n):\n    if n: g(2); h(n - 1)\n"
                              "import sys; sys.tracebacklimit = 1000\n"
                              "exec('\\n'.join(f'def d{i}(): d{i+1}()' for i in range(90)))\n"
                              "d90 = lambda: g(0)\nd0()"),
              KRAIT_RESULT_RAISED);
    CHECK_INT(p.result.truncated, KRAIT_TRUNCATED_BACKTRACE);
    CHECK_UINT(strlen(p.result.message), sizeof(p.result.message) - 1);
    python_run(&p, "still_here = 1");
    /* A function of an earlier text shows that text's lines; long ago they are forgotten. */
    python_run(&p, "def old():\n    return 1 // 0  # old\n");
    for (int i = 0; i < 3; i++)
        python_run(&p, "pass");
    CHECK_INT(python_exec(&p, "old()  # new"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.backtrace, "    return 1 // 0  # old\n");
    CHECK_HAS(p.result.backtrace, "    old()  # new\n");
    for (int i = 0; i < 100; i++)
        python_run(&p, "pass");
    CHECK_INT(python_exec(&p, "import linecache\nold()  # newer"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.backtrace, "in old\nZeroDivisionError");
    CHECK_HAS(p.result.backtrace, "    old()  # newer\n");
    python_run(&p, "assert len([n for n in linecache.cache if n.startswith('<exec')]) == 64");
    CHECK_STR(p.result.backtrace, "");
    CHECK_INT(p.result.truncated, 0);
    python_close(&p);
}

static void
system_exit(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(python_exec(&p, "y = 5\nraise SystemExit(7)"), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 7);
    CHECK_INT(python_exec(&p, "import sys; sys.exit()"), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 0);
    CHECK_INT(python_exec(&p, "sys.exit('why')"), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 1);
    CHECK_STR(p.result.stderr_bytes, "why\n");
    CHECK_INT(python_exec(&p, "sys.exit(-1)"), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, UINT32_MAX);
    CHECK_INT(python_exec(&p, "print(y)"), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.stdout_bytes, "5\n");
    CHECK_INT(python_exec(&p, "import os; os._exit(9)"), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 9);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_call(p.sandbox, "f", KRAIT_JSON, NULL, 0, &p.result, &p.err),
              KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_run(p.sandbox, &p.result, &p.err), KRAIT_ESTATE);
    python_close(&p);
}

static void
traps(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(python_exec(&p, "import os; os.abort()"), KRAIT_RESULT_TRAPPED);
    CHECK(p.result.trap != 0);
    CHECK_STR(p.result.message, "unreachable");
    CHECK_HAS(p.result.backtrace, "  at ");
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    python_run(&p, "print(1)");
    python_close(&p);
}

static void
resets(void)
{
    const void *bytes = NULL;
    size_t size = 0;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_set_stdin_bytes(p.config, "one\ntwo\n", 8, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "x = 1\nprint(input())\nopen('/tmp/f', 'w').write('hi')");
    CHECK_STR(p.result.stdout_bytes, "one\n");
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_get_file(p.sandbox, "/tmp/f", &bytes, &size, &p.err), KRAIT_ENOTFOUND);
    CHECK_INT(python_exec(&p, "x"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "NameError");
    python_run(&p, "print(input(), input())");
    CHECK_STR(p.result.stdout_bytes, "one two\n");
    CHECK_INT(krait_sandbox_reset(NULL, &p.err), KRAIT_EINVAL);
    python_close(&p);
}

static void
runs_programs(void)
{
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_arg(p.config, "python", &p.err) == KRAIT_OK &&
            krait_config_add_arg(p.config, "-c", &p.err) == KRAIT_OK &&
            krait_config_add_arg(p.config,
                                 "import sys; print(sys.argv); sys.stderr.write('e');"
                                 "sys.exit(3)",
                                 &p.err) == KRAIT_OK &&
            krait_config_add_arg(p.config, "arg", &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    REQUIRE(krait_sandbox_run(p.sandbox, &p.result, &p.err) == KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 3);
    CHECK_STR(p.result.stdout_bytes, "['-c', 'arg']\n");
    CHECK_STR(p.result.stderr_bytes, "e");
    CHECK_INT(krait_sandbox_run(p.sandbox, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    /* In a session the arguments are sys.argv. */
    python_run(&p, "import sys; print(sys.argv, sys.executable, sys.flags.no_user_site)");
    CHECK_HAS(p.result.stdout_bytes, "'arg'] /usr/local/bin/python3.13 1\n");
    CHECK_INT(krait_sandbox_run(p.sandbox, &p.result, &p.err), KRAIT_ESTATE);
    python_close(&p);
}

/* A translation that lies elsewhere, and one that is none. */
static void
other_translations(void)
{
    char krt[4096];
    krait_module *module = NULL;
    python p;

    REQUIRE(python_open(&p));
    snprintf(krt, sizeof(krt), "%s/python.krt", getenv("KRAIT_RUNTIME_TREE"));
    krait_module_close(p.module);
    p.module = NULL;
    REQUIRE(krait_python_open_with(p.engine, getenv("KRAIT_RUNTIME_TREE"), krt, &p.module,
                                   &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import json");
    snprintf(krt, sizeof(krt), "%s/bin/python.wasm", getenv("KRAIT_RUNTIME_TREE"));
    CHECK_INT(krait_python_open_with(p.engine, getenv("KRAIT_RUNTIME_TREE"), krt, &module, &p.err),
              KRAIT_EFORMAT);
    CHECK_INT(krait_python_open_with(p.engine, getenv("KRAIT_RUNTIME_TREE"), "/nowhere.krt",
                                     &module, &p.err),
              KRAIT_ENOTFOUND);
    python_close(&p);
}

static void
wrong_arguments(void)
{
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_VALUE, 100, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(krait_sandbox_exec(NULL, "1", 1, &p.result, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_exec(p.sandbox, NULL, 1, &p.result, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, NULL, NULL), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_call(p.sandbox, NULL, KRAIT_JSON, "", 0, &p.result, &p.err),
              KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_call(p.sandbox, "f", (krait_format)2, "", 0, &p.result, &p.err),
              KRAIT_EINVAL);
    CHECK_HAS(p.err.text, "format 2");
    CHECK_INT(krait_sandbox_call(p.sandbox, "f", KRAIT_BYTES, NULL, 3, &p.result, &p.err),
              KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_run(p.sandbox, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "#", 101, &p.result, &p.err), KRAIT_ELIMIT);
    CHECK(krait_sandbox_exec(p.sandbox, "", 0, &p.result, &p.err) == KRAIT_OK);
    CHECK_INT(p.result.kind, KRAIT_RESULT_RETURNED);
    /* A value that is larger than allowed is the guest's problem. */
    python_run(&p, "def f(n):\n    return 'x' * n\n");
    CHECK_INT(python_call(&p, "f", "[98]"), KRAIT_RESULT_RETURNED);
    CHECK_UINT(p.result.value_size, 100);
    CHECK_INT(python_call(&p, "f", "[99]"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "OverflowError");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(keeps_state), CHECK_CASE(calls_with_json), CHECK_CASE(calls_with_bytes),
           CHECK_CASE(exceptions), CHECK_CASE(system_exit), CHECK_CASE(traps), CHECK_CASE(resets),
           CHECK_CASE(runs_programs), CHECK_CASE(wrong_arguments), CHECK_CASE(other_translations))
