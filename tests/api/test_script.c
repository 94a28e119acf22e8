/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts in snapshots: compiled once, run in every copy, with their imports done.
 */
#include "tests/api/python.h"

#include <string.h>

/* A sandbox from a snapshot with this script, in the place of p->sandbox. */
static bool
open_script(python *p, const char *script, const char *const *modules, size_t count)
{
    const krait_snapshot_options options = {.size = sizeof(options),
                                            .script = script,
                                            .script_size = strlen(script),
                                            .script_name = "/app/script.py",
                                            .script_modules = modules,
                                            .script_module_count = count};
    krait_snapshot *snapshot = NULL;

    if (!python_open(p))
        return false;
    if (krait_snapshot_make(p->module, p->config, &options, &snapshot, &p->err) != KRAIT_OK ||
        krait_sandbox_new_from(snapshot, p->config, &p->sandbox, &p->err) != KRAIT_OK) {
        CHECK_STR(p->err.text, "");
        return false;
    }
    krait_snapshot_free(snapshot);
    return true;
}

static krait_result_kind
run(python *p)
{
    if (krait_sandbox_run_script(p->sandbox, &p->result, &p->err) != KRAIT_OK)
        CHECK_STR(p->err.text, "");
    return p->result.kind;
}

static void
keeps_names(void)
{
    python p;

    REQUIRE(open_script(&p,
                        "import sys\n"
                        "try:\n    count += 1\nexcept NameError:\n    count = 1\n"
                        "print(count, __name__, __file__, sys.path[0], open('/data.bin').read())\n",
                        NULL, 0));
    for (int round = 0; round < 2; round++) {
        char wanted[64];

        for (int i = 1; i <= 3; i++) {
            REQUIRE(krait_sandbox_put_file(p.sandbox, "/data.bin", &"abc"[i - 1], 1, &p.err) ==
                    KRAIT_OK);
            CHECK_INT(run(&p), KRAIT_RESULT_RETURNED);
            (void)snprintf(wanted, sizeof(wanted), "%d __main__ /app/script.py /app %c\n", i,
                           "abc"[i - 1]);
            CHECK_STR(p.result.stdout_bytes, wanted);
        }
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    }
    python_close(&p);
}

/* Imports of the script are done, also those in functions; others are not, nor what prints. */
static void
imports(void)
{
    static const char script[] =
        "import sys\nbefore = set(sys.modules)\n"
        "def f():\n    from email import message\n    import this\n    import no_such_module\n"
        "class C:\n    def g(self):\n        from xml.dom import minidom\n"
        "import random, json.decoder as d\n"
        "names = ['json.decoder', 'random', 'email.message', 'xml.dom.minidom', 'heapq',\n"
        "         'this', 'wave', 'decimal']\n"
        "print([n for n in names if n in before], d.__name__, before == set(sys.modules))\n"
        "print(random.random())\n";
    static const char *const more[] = {"heapq", "no_such_module_either"};
    char first[256];
    python p;

    REQUIRE(open_script(&p, script, more, 2));
    CHECK_INT(run(&p), KRAIT_RESULT_RETURNED);
    CHECK_INT(strncmp(p.result.stdout_bytes,
                      "['json.decoder', 'random', 'email.message', 'xml.dom.minidom', 'heapq'] "
                      "json.decoder True\n",
                      82),
              0);
    (void)snprintf(first, sizeof(first), "%s", p.result.stdout_bytes);
    REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    CHECK_INT(run(&p), KRAIT_RESULT_RETURNED);
    /* Random numbers are others each time. */
    CHECK(strcmp(first, p.result.stdout_bytes) != 0);
    /* A module that prints when it is imported does so here. */
    CHECK_INT(python_exec(&p, "f()"), KRAIT_RESULT_RAISED);
    CHECK(strstr(p.result.stdout_bytes, "Zen of Python") != NULL);
    CHECK_STR(p.result.message, "ModuleNotFoundError: No module named 'no_such_module'");
    python_close(&p);
}

static void
ends(void)
{
    static const char script[] = "import json\n"
                                 "mode = open('/data.bin').read()\n"
                                 "def fail():\n"
                                 "    raise ValueError('bad document')\n"
                                 "if mode == 'raise': fail()\n"
                                 "if mode == 'exit': raise SystemExit(3)\n"
                                 "if mode == 'trap': import os; os.abort()\n"
                                 "if mode == 'loop':\n"
                                 "    while True: pass\n";
    python p;

    NEEDS_SIGNALS();
    REQUIRE(open_script(&p, script, NULL, 0));
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/data.bin", "raise", 5, &p.err) == KRAIT_OK);
    CHECK_INT(run(&p), KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "ValueError: bad document");
    CHECK_STR(p.result.backtrace, "Traceback (most recent call last):\n"
                                  "  File \"/app/script.py\", line 5, in <module>\n"
                                  "    if mode == 'raise': fail()\n"
                                  "                        ~~~~^^\n"
                                  "  File \"/app/script.py\", line 4, in fail\n"
                                  "    raise ValueError('bad document')\n"
                                  "ValueError: bad document\n");
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/data.bin", "exit", 4, &p.err) == KRAIT_OK);
    CHECK_INT(run(&p), KRAIT_RESULT_EXITED);
    CHECK_UINT(p.result.exit_code, 3);
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/data.bin", "trap", 4, &p.err) == KRAIT_OK);
    CHECK_INT(run(&p), KRAIT_RESULT_TRAPPED);
    CHECK_INT(krait_sandbox_run_script(p.sandbox, &p.result, &p.err), KRAIT_ESTATE);
    REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/data.bin", "", 0, &p.err) == KRAIT_OK);
    CHECK_INT(run(&p), KRAIT_RESULT_RETURNED);
    python_close(&p);
}

/* A session without a script, and scripts that cannot be. */
static void
refusals(void)
{
    krait_snapshot_options options = {.size = sizeof(options), .script = "x =", .script_size = 3};
    krait_snapshot *snapshot = NULL;
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(run(&p), KRAIT_RESULT_RAISED);
    CHECK_STR(p.result.message, "RuntimeError: the snapshot has no script");
    CHECK_INT(krait_sandbox_run_script(NULL, &p.result, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EINVAL);
    CHECK_STR(p.err.text, "the script has no name");
    options.script_name = "/app/script.py";
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EIO);
    CHECK_STR(p.err.text, "Python did not start: SyntaxError: invalid syntax (script.py, line 1)");
    options.script = "a\0b";
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EIO);
    options.kind = KRAIT_SNAPSHOT_PROGRAM;
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EINVAL);
    CHECK_STR(p.err.text, "a snapshot for programs has no script");
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(keeps_names), CHECK_CASE(imports), CHECK_CASE(ends), CHECK_CASE(refusals))
