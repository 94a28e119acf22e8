/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots, sandboxes that are made from them, and clones: what they have in common, and what they
 * must not.
 */
#include "api/internal.h"
#include "tests/api/python.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the code prints, allocated. */
static char *
output_of(python *p, const char *code)
{
    CHECK_INT(python_exec(p, code), KRAIT_RESULT_RETURNED);
    CHECK_STR(p->result.message, "");
    return strdup(p->result.stdout_bytes);
}

static void
goes_on(void)
{
    python p;
    krait_snapshot *snapshot;

    REQUIRE(python_start(&p));
    python_run(&p,
               "import json\ndata = {'a': list(range(1000))}\nopen('/tmp/f', 'w').write('text')");
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    python_run(&p, "data['b'] = 1\nopen('/tmp/g', 'w').close()");
    for (int i = 0; i < 3; i++) {
        REQUIRE(python_from_snapshot(&p, snapshot));
        python_run(&p,
                   "import os\nprint(len(data['a']), 'b' in data, open('/tmp/f').read(), "
                   "os.listdir('/tmp'), 'json' in globals())\ndata.clear()\nos.remove('/tmp/f')");
        CHECK_STR(p.result.stdout_bytes, "1000 False text ['f'] True\n");
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        python_run(&p, "print(len(data['a']), open('/tmp/f').read(), 'os' in globals())");
        CHECK_STR(p.result.stdout_bytes, "1000 text False\n");
    }
    krait_snapshot_free(snapshot);
    python_run(&p, "print(len(data))");
    REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    python_run(&p, "print(len(data))");
    CHECK_STR(p.result.stdout_bytes, "1\n");
    python_close(&p);
}

/* What may not be equal in two copies is not. */
static void
is_fresh(void)
{
    static const char *const codes[] = {
        "import random; print(random.random())",
        "import random; print(random.Random().random())",
        "import uuid; print(uuid.uuid4())",
        "import uuid; print(uuid.uuid1())",
        "import secrets; print(secrets.token_hex())",
        "import os; print(os.urandom(8))",
        "import tempfile; print(tempfile.mktemp())",
        "import time; print(time.time_ns())",
    };
    python p;
    krait_snapshot *snapshot;

    REQUIRE(python_start(&p));
    /* Loaded for everybody to see, and used. */
    python_run(&p, "import random, uuid, secrets, tempfile, time\n"
                   "random.random(); uuid.uuid1(); uuid.uuid4(); tempfile.mktemp()");
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char *outputs[3];

        for (size_t k = 0; k < 2; k++) {
            REQUIRE(python_from_snapshot(&p, snapshot));
            outputs[k] = output_of(&p, codes[i]);
        }
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        outputs[2] = output_of(&p, codes[i]);
        CHECK(strcmp(outputs[0], outputs[1]) != 0);
        CHECK(strcmp(outputs[1], outputs[2]) != 0);
        CHECK(strcmp(outputs[0], outputs[2]) != 0);
        for (size_t k = 0; k < 3; k++)
            free(outputs[k]);
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
}

/* Arguments, environment, streams and limits are those of the new configuration. */
static void
other_configurations(void)
{
    python p;
    krait_snapshot *snapshot = NULL;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_env(p.config, "ONE", "1", &p.err) == KRAIT_OK);
    REQUIRE(krait_snapshot_make(p.module, p.config, NULL, &snapshot, &p.err) == KRAIT_OK);
    krait_config_free(p.config);
    REQUIRE(krait_config_new(&p.config, &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "python", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "x y", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_env(p.config, "TWO", "zwei", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_set_stdin_bytes(p.config, "in\n", 3, &p.err) == KRAIT_OK);
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_OUTPUT, 100, &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    python_run(&p, "import os, sys\nprint(sys.argv, dict(os.environ), os.getenv('ONE'), input())");
    CHECK_STR(p.result.stdout_bytes, "['-c', 'x y'] {'TWO': 'zwei'} None in\n");
    CHECK_INT(python_exec(&p, "print('x' * 1000)"), KRAIT_RESULT_LIMIT);
    krait_snapshot_free(snapshot);
    python_close(&p);
}

static void
clones(void)
{
    python p;
    krait_sandbox *clone = NULL;
    krait_sandbox *second = NULL;
    krait_sandbox *original;

    REQUIRE(python_start(&p));
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/tmp/x", "abc", 3, &p.err) == KRAIT_OK);
    python_run(&p, "state = [1]");
    REQUIRE(krait_sandbox_clone(p.sandbox, &clone, &p.err) == KRAIT_OK);
    REQUIRE(krait_sandbox_clone(p.sandbox, &second, &p.err) == KRAIT_OK);
    python_run(&p, "state.append(2)");
    original = p.sandbox;
    p.sandbox = clone;
    python_run(&p, "state.append(3); print(state, open('/tmp/x').read())");
    CHECK_STR(p.result.stdout_bytes, "[1, 3] abc\n");
    /* A copy of a copy, in the middle. */
    REQUIRE(krait_sandbox_clone(clone, &p.sandbox, &p.err) == KRAIT_OK);
    python_run(&p, "state.append(4); print(state)");
    CHECK_STR(p.result.stdout_bytes, "[1, 3, 4]\n");
    REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    python_run(&p, "print(state)");
    CHECK_STR(p.result.stdout_bytes, "[1, 3]\n");
    krait_sandbox_free(p.sandbox);
    p.sandbox = original;
    python_run(&p, "print(state)");
    CHECK_STR(p.result.stdout_bytes, "[1, 2]\n");
    python_close(&p);
    /* The original is gone, and its module open: copies of copies hold what they need. */
    krait_sandbox_free(clone);
    krait_sandbox_free(second);
}

/* Files that were put into a copy are its own, also for copies of it. */
static void
clones_with_files(void)
{
    python p;
    krait_sandbox *first = NULL;
    krait_sandbox *second = NULL;
    const void *bytes = NULL;
    size_t size = 0;

    REQUIRE(python_start(&p));
    REQUIRE(krait_sandbox_clone(p.sandbox, &first, &p.err) == KRAIT_OK);
    REQUIRE(krait_sandbox_put_file(first, "/tmp/own", "1", 1, &p.err) == KRAIT_OK);
    REQUIRE(krait_sandbox_clone(first, &second, &p.err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_get_file(second, "/tmp/own", &bytes, &size, &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_get_file(p.sandbox, "/tmp/own", &bytes, &size, &p.err),
              KRAIT_ENOTFOUND);
    REQUIRE(krait_sandbox_reset(first, &p.err) == KRAIT_OK);
    CHECK_INT(krait_sandbox_get_file(first, "/tmp/own", &bytes, &size, &p.err), KRAIT_ENOTFOUND);
    krait_sandbox_free(first);
    krait_sandbox_free(second);
    python_close(&p);
}

/* The folders of mounts are made in the same order however a sandbox came to be as it is new. */
static void
same_folders(void)
{
    static const char *const guests[] = {"/a/b/x", "/c/y", "/a/d/z", "/usr/share/w"};
    static const char code[] =
        "import os\nfor p in '/', '/a', '/a/b', '/a/d', '/c', '/usr', '/tmp', "
        "'/usr/share':\n    print(p, os.stat(p).st_ino, os.listdir(p))";
    python p;
    krait_snapshot *snapshot = NULL;

    REQUIRE(python_open(&p));
    REQUIRE(krait_snapshot_make(p.module, p.config, NULL, &snapshot, &p.err) == KRAIT_OK);
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
        REQUIRE(krait_config_add_dir(p.config, "/tmp", guests[i], KRAIT_GRANT_READ_ONLY, &p.err) ==
                KRAIT_OK);
    for (int from = 0; from < 2; from++) {
        krait_sandbox *clone = NULL;
        char *wanted;
        char *found;

        if (from == 0)
            REQUIRE(python_sandbox(&p));
        else
            REQUIRE(python_from_snapshot(&p, snapshot));
        REQUIRE(krait_sandbox_clone(p.sandbox, &clone, &p.err) == KRAIT_OK);
        wanted = output_of(&p, code);
        for (int i = 0; i < 2; i++) {
            REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
            found = output_of(&p, code);
            CHECK_STR(found, wanted);
            free(found);
        }
        krait_sandbox_free(p.sandbox);
        p.sandbox = clone;
        for (int i = 0; i < 2; i++) {
            found = output_of(&p, code);
            CHECK_STR(found, wanted);
            free(found);
            REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        }
        krait_sandbox_free(p.sandbox);
        p.sandbox = NULL;
        free(wanted);
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
}

/* A copy that has not run yet has seen nothing of its own configuration, and so has a copy of it. */
static void
copies_of_copies(void)
{
    static const char code[] = "import os, sys\nprint(os.getenv('A'), sys.argv[1:])";
    const krait_snapshot_options options = {.size = sizeof(options),
                                            .kind = KRAIT_SNAPSHOT_PROGRAM};
    python p;
    krait_snapshot *first = NULL;
    krait_snapshot *second;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_env(p.config, "A", "1", &p.err) == KRAIT_OK);
    REQUIRE(krait_snapshot_make(p.module, p.config, NULL, &first, &p.err) == KRAIT_OK);
    krait_config_free(p.config);
    REQUIRE(krait_config_new(&p.config, &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "python", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "x", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_env(p.config, "A", "2", &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, first));
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/tmp/f", "x", 1, &p.err) == KRAIT_OK);
    second = python_take(&p);
    REQUIRE(second != NULL && python_from_snapshot(&p, second));
    CHECK_INT(python_exec(&p, code), KRAIT_RESULT_RETURNED);
    CHECK_STR(p.result.stdout_bytes, "2 ['x']\n");
    krait_snapshot_free(second);
    krait_snapshot_free(first);
    REQUIRE(krait_snapshot_make(p.module, p.config, &options, &first, &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, first));
    REQUIRE(krait_sandbox_put_file(p.sandbox, "/tmp/f", "x", 1, &p.err) == KRAIT_OK);
    second = python_take(&p);
    REQUIRE(second != NULL && python_from_snapshot(&p, second));
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    krait_snapshot_free(second);
    krait_snapshot_free(first);
    python_close(&p);
}

/* Streams that append, and others, in copies of the same snapshot. */
static void
appending_streams(void)
{
    char path[] = "/tmp/krait-append-XXXXXX";
    char text[64] = "";
    python p;
    krait_snapshot *snapshot;
    int fd = mkostemp(path, O_APPEND);
    int plain = open(path, O_RDWR);

    REQUIRE(fd >= 0 && plain >= 0 && python_start(&p));
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    for (int i = 0; i < 2; i++) {
        krait_config_set_stdio(p.config, -1, i == 0 ? fd : plain, -1);
        REQUIRE(python_from_snapshot(&p, snapshot));
        CHECK_INT(python_exec(&p, "print('one', flush=True)"), KRAIT_RESULT_RETURNED);
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        CHECK_INT(python_exec(&p, "print('two')"), KRAIT_RESULT_RETURNED);
        krait_snapshot_free(snapshot);
        snapshot = python_take(&p);
        REQUIRE(snapshot != NULL);
    }
    CHECK(pread(plain, text, sizeof(text) - 1, 0) == 8);
    CHECK_STR(text, "one\ntwo\n");
    krait_snapshot_free(snapshot);
    python_close(&p);
    close(fd);
    close(plain);
    CHECK(unlink(path) == 0);
}

static int
collect(void *data, int stream, const void *bytes, size_t size)
{
    char *text = data;

    (void)stream;
    (void)snprintf(text + strlen(text), 200 - strlen(text), "%.*s", (int)size, (const char *)bytes);
    return 0;
}

/* What a program keeps of its streams, or puts in their places, also works where the output goes elsewhere. */
static void
kept_streams(void)
{
    static const char *const before[] = {
        "import sys\nout, err, buffer = sys.stdout, sys.stderr, sys.stdout.buffer",
        "import io, sys\nsys.stdout, sys.stderr = io.StringIO(), None",
        "import io, sys\nsys.stdout = io.StringIO()\nsys.stdout.close()",
        "import sys\nsys.stdout.close()\ndel sys.stderr",
    };
    static const char *const after[] = {
        "out.write('o'); buffer.write(b'b'); err.write('e'); print(out is sys.stdout, end='')",
        "print('hidden'); sys.__stdout__.write(sys.stdout.getvalue())",
        "sys.__stdout__.write('a\\n'); sys.__stderr__.write('b\\n')",
        "pass",
    };
    static const char *const wanted[] = {"beoTrue", "hidden\n", "a\nb\n", ""};

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        char text[200] = "";
        python p;
        krait_snapshot *snapshot;

        REQUIRE(python_start(&p));
        python_run(&p, before[i]);
        snapshot = python_take(&p);
        REQUIRE(snapshot != NULL);
        krait_config_set_output(p.config, collect, text);
        REQUIRE(python_from_snapshot(&p, snapshot));
        CHECK_INT(python_exec(&p, after[i]), KRAIT_RESULT_RETURNED);
        CHECK_STR(p.result.message, "");
        CHECK(strlen(text) == strlen(wanted[i]));
        for (const char *at = text; *at != '\0'; at++)
            CHECK(strchr(wanted[i], *at) != NULL);
        krait_snapshot_free(snapshot);
        python_close(&p);
    }
}

/* Whatever earlier calls did to Python, a copy goes on or says why it does not. */
static void
broken_sessions(void)
{
    static const char *const before[] = {
        "import builtins; builtins.__dict__.clear()",
        "import sys; sys.modules.clear()",
        "import sys; sys.__dict__.clear()",
        "import sys; sys.modules.update(dict.fromkeys(list(sys.modules)))",
        "import io, posix, time\nfor m in io, posix, time: m.__dict__.clear()",
        "import posix, os; posix.environ = 1; os.environ = None",
        "import time; time.tzset = time.tzname = 5",
        "import sys; sys.stdin = sys.stdout = sys.stderr = sys.__stdout__ = sys.__stdin__ = 5",
        "import sys; sys.stdout.detach(); sys.stderr.buffer.detach()",
        "import sys, random; random._inst = None; sys.modules['random'].__dict__.clear()",
    };

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        char text[200] = "";
        python p;
        krait_snapshot *snapshot;

        REQUIRE(python_start(&p));
        (void)python_exec(&p, before[i]);
        snapshot = python_take(&p);
        REQUIRE(snapshot != NULL);
        krait_config_set_output(p.config, collect, text);
        REQUIRE(krait_config_add_env(p.config, "A", "1", &p.err) == KRAIT_OK);
        REQUIRE(python_from_snapshot(&p, snapshot));
        CHECK(krait_sandbox_exec(p.sandbox, "0", 1, &p.result, &p.err) != KRAIT_OK ||
              p.result.kind == KRAIT_RESULT_RETURNED || p.result.message[0] != '\0');
        krait_snapshot_free(snapshot);
        python_close(&p);
    }
}

/* What code that runs beforehand prints is nobody's output, and what it changes is refused or undone. */
static void
warmed_up(void)
{
    static const char code[] = "import sys, os\nprint('loud')\nsys.stdout.write('no end')\n"
                               "sys.setrecursionlimit(50)\nos.chdir('/tmp')\nos.environ['A'] = '1'";
    static const char patch[] = "import json\njson.JSONDecoder.decode = None";
    krait_snapshot_options options = {
        .size = sizeof(options), .code = code, .code_size = sizeof(code) - 1};
    python p;
    krait_snapshot *snapshot = NULL;

    REQUIRE(python_open(&p));
    REQUIRE(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    python_run(&p, "import sys, os\nprint(sys.getrecursionlimit(), os.getcwd(), os.getenv('A'))");
    CHECK_STR(p.result.stdout_bytes, "1000 / None\n");
    krait_snapshot_free(snapshot);
    options.code = patch;
    options.code_size = sizeof(patch) - 1;
    CHECK(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err) != KRAIT_OK);
    CHECK_HAS(p.err.text, "JSONDecoder");
    python_close(&p);
}

/* The zone is that of the copy, whatever zone the session has last asked libc for. */
static void
time_zones(void)
{
    python p;
    krait_snapshot *snapshot;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_env(p.config, "TZ", "AAA1", &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import os, time\nos.environ['TZ'] = 'BBB2'\ntime.tzset()");
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    REQUIRE(krait_config_add_env(p.config, "OTHER", "1", &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    python_run(&p, "print(time.tzname[0], time.localtime(0).tm_hour, os.environ['TZ'])");
    CHECK_STR(p.result.stdout_bytes, "AAA 23 AAA1\n");
    krait_snapshot_free(snapshot);
    python_close(&p);
}

/* A copy that is granted files of zones finds the zone in them, also when nothing else differs. */
static void
granted_zone(void)
{
    /* RFC 8536, version 2: one type of local time, one hour east, "XYZ"; all of it twice, and a rule. */
    static const unsigned char head[20] = "TZif2";
    static const unsigned char counts[24] = {[19] = 1, [23] = 4};
    static const unsigned char type[10] = {0, 0, 0x0e, 0x10, 0, 0, 'X', 'Y', 'Z', 0};
    static const char rule[] = "\nXYZ-1\n";
    static const char *const guests[] = {"/etc", "//etc", "/etc/.", "/x/../etc/"};
    char folder[] = "/tmp/krait-zone-XXXXXX";
    char path[64];
    python p;
    krait_snapshot *snapshot;
    FILE *file;

    REQUIRE(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/localtime", folder);
    file = fopen(path, "wb");
    REQUIRE(file != NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(fwrite(head, sizeof(head), 1, file) == 1);
        CHECK(fwrite(counts, sizeof(counts), 1, file) == 1);
        CHECK(fwrite(type, sizeof(type), 1, file) == 1);
    }
    CHECK(fputs(rule, file) >= 0);
    CHECK(fclose(file) == 0);
    REQUIRE(python_open(&p));
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import time\ntime.localtime(0)");
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
        krait_config_free(p.config);
        REQUIRE(krait_config_new(&p.config, &p.err) == KRAIT_OK);
        REQUIRE(krait_config_add_dir(p.config, folder, guests[i], KRAIT_GRANT_READ_ONLY, &p.err) ==
                KRAIT_OK);
        REQUIRE(python_from_snapshot(&p, snapshot));
        python_run(&p, "print(time.tzname[0], time.localtime(0).tm_hour)");
        CHECK_STR(p.result.stdout_bytes, "XYZ 1\n");
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
    CHECK(remove(path) == 0 && remove(folder) == 0);
}

/* Each call has the limits that are set when it begins, also when Python starts or goes on in it. */
static void
limits_of_each_call(void)
{
    python p;
    krait_snapshot *snapshot;

    NEEDS_SIGNALS();
    REQUIRE(python_start(&p));
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL && python_from_snapshot(&p, snapshot));
    for (int i = 0; i < 3; i++) {
        krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_WALL, 20000);
        CHECK_INT(python_exec(&p, "while True: pass"), KRAIT_RESULT_LIMIT);
        krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_WALL, UINT64_C(60000000000));
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        CHECK_INT(python_exec(&p, "pass"), KRAIT_RESULT_RETURNED);
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
}

/* What Python looked at when it started cannot be another for a copy. */
static void
grants_around_the_library(void)
{
    /* However they are spelled. */
    static const char *const guests[] = {
        "/",        "/usr",           "/usr/local",       "/usr/local/lib/x",    "//",
        "/usr/",    "/usr/./local",   "//usr/local",      "/x/../usr/local/lib", "/x/..",
        "/usr/lib", "/usr/localized", "/usr/local/../lib"};
    python p;
    krait_snapshot *snapshot;

    REQUIRE(python_start(&p));
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
        krait_sandbox *copy = NULL;

        krait_config_free(p.config);
        REQUIRE(krait_config_new(&p.config, &p.err) == KRAIT_OK);
        REQUIRE(krait_config_add_dir(p.config, "/tmp", guests[i], 0, &p.err) == KRAIT_OK);
        CHECK_INT(krait_sandbox_new_from(snapshot, p.config, &copy, &p.err),
                  i < 10 ? KRAIT_EUNSUPPORTED : KRAIT_OK);
        krait_sandbox_free(copy);
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
}

static void
refusals(void)
{
    python p;
    krait_snapshot *snapshot = NULL;
    krait_snapshot_options options = {.size = sizeof(options), .kind = KRAIT_SNAPSHOT_PROGRAM};

    REQUIRE(python_start(&p));
    python_run(&p, "f = open('/tmp/open', 'w')");
    CHECK_INT(krait_snapshot_take(p.sandbox, &snapshot, &p.err), KRAIT_ESTATE);
    CHECK_HAS(p.err.text, "descriptor 4 is open");
    python_run(&p, "f.close()\nimport os\nos.close(0)");
    CHECK_INT(krait_snapshot_take(p.sandbox, &snapshot, &p.err), KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    CHECK_INT(python_exec(&p, "os.read(0, 1)"), KRAIT_RESULT_RAISED);
    CHECK_HAS(p.result.message, "Bad file descriptor");
    krait_snapshot_free(snapshot);
    CHECK_INT(python_exec(&p, "os._exit(3)"), KRAIT_RESULT_EXITED);
    CHECK_INT(krait_snapshot_take(p.sandbox, &snapshot, &p.err), KRAIT_ESTATE);
    REQUIRE(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_HAS(p.err.text, "not one for sessions");
    krait_snapshot_free(snapshot);
    options.size = 1;
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EINVAL);
    options.size = sizeof(options);
    options.code = "raise ValueError('no')";
    options.code_size = strlen(options.code);
    CHECK_INT(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err), KRAIT_EIO);
    CHECK_HAS(p.err.text, "ValueError: no");
    python_close(&p);
}

static void
programs(void)
{
    python p;
    krait_snapshot *snapshot = NULL;
    const krait_snapshot_options options = {.size = sizeof(options),
                                            .kind = KRAIT_SNAPSHOT_PROGRAM};

    REQUIRE(python_open(&p));
    REQUIRE(krait_snapshot_make(p.module, p.config, &options, &snapshot, &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "/usr/local/bin/python3.13", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "-c", &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "import sys; print(sys.argv); sys.exit(7)", &p.err) ==
            KRAIT_OK);
    REQUIRE(krait_config_add_arg(p.config, "more", &p.err) == KRAIT_OK);
    REQUIRE(python_from_snapshot(&p, snapshot));
    for (int i = 0; i < 3; i++) {
        REQUIRE(krait_sandbox_run(p.sandbox, &p.result, &p.err) == KRAIT_OK);
        CHECK_INT(p.result.kind, KRAIT_RESULT_EXITED);
        CHECK_UINT(p.result.exit_code, 7);
        CHECK_STR(p.result.stdout_bytes, "['-c', 'more']\n");
        CHECK_INT(krait_sandbox_run(p.sandbox, &p.result, &p.err), KRAIT_ESTATE);
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    }
    krait_snapshot_free(snapshot);
    python_close(&p);
}

/* ---- nothing is left ---------------------------------------------------------------------- */

static krait_status
add_bytes(void *data, const void *bytes, size_t size, krait_error *err)
{
    (void)err;
    return krait__buffer_add(data, bytes, size) ? KRAIT_OK : KRAIT_ENOMEM;
}

/* Everything that the next guest could find, compared with the snapshot bit for bit. */
static bool
is_untouched(krait_sandbox *sandbox)
{
    const krait_snapshot *origin = sandbox->origin;
    const krait_snapshot_bytes *sections = origin->view.sections;
    krait_buffer files = {NULL, 0, 0};
    krait_wasi_streams streams;
    uint64_t size = 0;
    const uint8_t *memory = krait__instance_memory(sandbox->instance, &size);
    uint8_t *image = malloc(size);
    void *state = NULL;
    size_t state_size = 0;
    bool equal;

    equal = image != NULL && size == origin->view.header->memory_bytes &&
            pread(origin->fd, image, size, (off_t)origin->view.header->memory_offset) ==
                (ssize_t)size &&
            memcmp(image, memory, size) == 0;
    equal = equal &&
            krait__instance_save(sandbox->instance, &state, &state_size, NULL) == KRAIT_OK &&
            state_size == sections[KRAIT_SECTION_STATE].size &&
            memcmp(state, sections[KRAIT_SECTION_STATE].bytes, state_size) == 0;
    equal = equal && krait__vfs_save(sandbox->vfs, add_bytes, &files, NULL) == KRAIT_OK &&
            files.size == sections[KRAIT_SECTION_FILES].size &&
            memcmp(files.bytes, sections[KRAIT_SECTION_FILES].bytes, files.size) == 0;
    equal = equal && krait__wasi_streams_save(sandbox->wasi, &streams, NULL) == KRAIT_OK &&
            memcmp(&streams, sections[KRAIT_SECTION_STREAMS].bytes, sizeof(streams)) == 0;
    krait__free(state);
    krait__buffer_release(&files);
    free(image);
    return equal && krait__calls_are_unused(sandbox->calls);
}

/* Calls that nobody answers before the test ends. */
typedef struct held_calls {
    krait_call *calls[200];
    size_t count;
} held_calls;

static int
hold(void *data, krait_call *call)
{
    held_calls *held = data;

    if (held->count == sizeof(held->calls) / sizeof(held->calls[0]))
        return 1;
    held->calls[held->count++] = call;
    return KRAIT_CALL_PENDING;
}

static int
echo(void *data, krait_call *call)
{
    size_t size = 0;
    const void *bytes = krait_call_input(call, &size);

    (void)data;
    return krait_call_return(call, bytes, size) == KRAIT_OK ? 0 : 1;
}

static const char *const hostile[] = {
    "pass",
    "import os\nos._exit(1)",
    "x = bytearray(200_000_000)",
    "def f(): f()\nf()",
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "while True: pass",
    "import os\nfor i in range(100): open(f'/tmp/{i}', 'w').write('secret' * 1000)",
    "import os\nfds = [os.open('/tmp', 0) for _ in range(50)]\nos.close(0); os.close(1); "
    "os.close(3)",
    "import os\nos.dup2(os.open('/tmp/log', os.O_CREAT | os.O_RDWR), 1)\nprint('hidden', "
    "flush=True)",
    "import sys, builtins\nfor m in list(sys.modules): del "
    "sys.modules[m]\nbuiltins.__dict__.clear()",
    "import ctypes" /* there is none */,
    "import gc\nfor o in gc.get_objects():\n    try: o.clear()\n    except Exception: pass",
    "import signal\nsignal.setitimer(signal.ITIMER_REAL, 100)\nsignal.signal(2, signal.SIG_IGN)",
    "import os\nos.environ['SECRET'] = '1'\nos.chdir('/tmp')\nos.umask(0o777)",
    "import krait_host\nfor i in range(20): krait_host.call_bytes('echo', b'secret' * 1000)",
    "import krait_host\ncalls = [krait_host.submit('held', i) for i in range(20)]",
    "import atexit, threading, sys\natexit.register(print, 'left')\nsys.settrace(lambda *a: None)",
    "import random\nrandom.seed(1)\nimport "
    "logging\nlogging.basicConfig(level=10)\nlogging.info('x')",
    "s = ['secret' * 1000 for _ in range(20000)]",
    "import sqlite3\nc = sqlite3.connect('/tmp/db')\nc.execute('create table t (x)')\nc.commit()",
};

static void
nothing_is_left(void)
{
    python p;
    krait_snapshot *snapshot;
    held_calls held = {.count = 0};

    NEEDS_SIGNALS();
    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_function(p.config, "echo", echo, NULL, &p.err) == KRAIT_OK);
    REQUIRE(krait_config_add_function(p.config, "held", hold, &held, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "import json");
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    for (int mode = KRAIT_DIRTY_SCAN; mode <= KRAIT_DIRTY_UNKNOWN; mode++) {
        krait__image_set_mode(snapshot->image, (krait_dirty_mode)mode);
        REQUIRE(python_from_snapshot(&p, snapshot));
        krait__sandbox_set_limit(p.sandbox, KRAIT_LIMIT_WALL, 300000000);
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
            (void)python_exec(&p, hostile[i]);
            REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
            if (!CHECK(is_untouched(p.sandbox)))
                printf("after: %s\n", hostile[i]);
        }
    }
    for (size_t i = 0; i < held.count; i++)
        CHECK_INT(krait_call_fail(held.calls[i], NULL, "too late"), KRAIT_OK);
    krait_snapshot_free(snapshot);
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(goes_on), CHECK_CASE(is_fresh), CHECK_CASE(other_configurations),
           CHECK_CASE(clones), CHECK_CASE(clones_with_files), CHECK_CASE(refusals),
           CHECK_CASE(copies_of_copies), CHECK_CASE(appending_streams),
           CHECK_CASE(limits_of_each_call), CHECK_CASE(grants_around_the_library),
           CHECK_CASE(programs), CHECK_CASE(nothing_is_left), CHECK_CASE(kept_streams),
           CHECK_CASE(broken_sessions), CHECK_CASE(warmed_up), CHECK_CASE(time_zones),
           CHECK_CASE(granted_zone), CHECK_CASE(same_folders))
