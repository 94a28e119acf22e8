/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a guest hands over (krait_config_watch_files), and what a guest may do to lose them, to hand
 * them over twice, or to make the host pay for them.
 */
#include "tests/api/python.h"

#include <inttypes.h>

static char taken[2000]; /* "DIRECTORY NAME:SIZE=BYTES;" for each, of long ones the first bytes */
static size_t used;
static int answer;
static const void *last_bytes;
static uint64_t last_size;

static int
on_file(void *data, const char *name, const void *bytes, uint64_t size)
{
    int shown = size < 20 ? (int)size : 20;

    used += (size_t)snprintf(taken + used, sizeof(taken) - used, "%s%s:%" PRIu64 "=%.*s;",
                             (const char *)data, name, size, bytes != NULL ? shown : 0,
                             bytes != NULL ? (const char *)bytes : "");
    if (used >= sizeof(taken))
        used = sizeof(taken) - 1;
    last_bytes = bytes;
    last_size = size;
    return answer;
}

static const char *
since(void)
{
    static char text[sizeof(taken)];

    memcpy(text, taken, sizeof(text));
    used = 0;
    taken[0] = '\0';
    return text;
}

static bool
start(python *p)
{
    static char none[] = "";

    (void)since();
    answer = 0;
    return python_open(p) &&
           CHECK_INT(krait_config_watch_files(p->config, "/out", on_file, none, &p->err),
                     KRAIT_OK) &&
           python_sandbox(p);
}

/* What was taken while this ran. */
static const char *
run(python *p, const char *code)
{
    python_run(p, code);
    return since();
}

static const char *const helpers = "import os\n"
                                   "def put(path, text):\n"
                                   "    with open(path, 'w') as f:\n"
                                   "        f.write(text)\n"
                                   "def empty():\n"
                                   "    return os.listdir('/out') == []\n";

static void
handed_over(void)
{
    python p;

    REQUIRE(start(&p));
    CHECK_STR(run(&p, helpers), "");
    CHECK_STR(run(&p, "put('/out/a.json', '{}'); assert empty()"), "a.json:2={};");
    /* The same name again, nothing in it, and a name that is no text. */
    CHECK_STR(run(&p, "put('/out/a.json', '[]'); put('/out/a.json', '')"),
              "a.json:2=[];a.json:0=;");
    CHECK(last_bytes != NULL);
    CHECK_STR(run(&p, "open(b'/out/\\xff', 'x').close(); assert empty()"), "\xff:0=;");
    /* Several blocks, with a hole. */
    CHECK_STR(run(&p, "with open('/out/b', 'wb') as f:\n"
                      "    f.write(b'begin')\n"
                      "    f.seek(9000)\n"
                      "    f.write(b'end')\n"),
              "b:9003=begin;");
    /* The end of the last descriptor counts: two of them, a duplicate, one that takes its number. */
    CHECK_STR(run(&p, "f = os.open('/out/c', os.O_CREAT | os.O_WRONLY)\n"
                      "g = os.open('/out/c', os.O_RDWR)\n"
                      "os.write(f, b'one'); os.close(f)\n"
                      "assert os.listdir('/out') == ['c']\n"
                      "h = os.dup(g); os.close(g); assert not empty()\n"),
              "");
    CHECK_STR(run(&p, "os.close(h); assert empty()"), "c:3=one;");
    CHECK_STR(run(&p, "f = os.open('/out/d', os.O_CREAT | os.O_WRONLY)\n"
                      "g = os.open('/tmp/other', os.O_CREAT | os.O_WRONLY)\n"
                      "os.dup2(g, f); os.close(g); os.close(f)\n"),
              "d:0=;");
    /* Reading is not writing. */
    CHECK_STR(run(&p, "f = os.open('/out/e', os.O_CREAT | os.O_RDONLY); os.close(f)\n"
                      "assert os.listdir('/out') == ['e']\n"
                      "f = os.open('/out/e', os.O_RDONLY)\n"
                      "g = os.open('/out/e', os.O_WRONLY); os.close(g)\n"
                      "assert empty() and os.read(f, 1) == b''; os.close(f)\n"),
              "e:0=;");
    python_close(&p);
}

static void
names(void)
{
    python p;

    REQUIRE(start(&p));
    (void)run(&p, helpers);
    /* What moves in is whole, unless somebody can write to it still. */
    CHECK_STR(run(&p, "put('/tmp/a', 'A'); os.replace('/tmp/a', '/out/b'); assert empty()"),
              "b:1=A;");
    CHECK_STR(run(&p, "put('/tmp/a', 'A'); os.link('/tmp/a', '/out/c'); assert empty()"), "c:1=A;");
    CHECK_STR(run(&p, "f = open('/tmp/a', 'a'); os.link('/tmp/a', '/out/d')"), "");
    CHECK_STR(run(&p, "f.write('B'); f.close(); assert open('/tmp/a').read() == 'AB'"), "d:2=AB;");
    CHECK_STR(run(&p, "put('/tmp/a', 'again')"), "");
    /* What moves out or goes is not there. */
    CHECK_STR(run(&p, "f = open('/out/e', 'w'); os.rename('/out/e', '/tmp/e'); f.close()"), "");
    CHECK_STR(run(&p, "f = open('/out/e', 'w'); os.unlink('/out/e'); f.write('x'); f.close()"), "");
    CHECK_STR(run(&p, "f = open('/out/e', 'w'); os.rename('/out/e', '/out/f'); f.close()"),
              "f:0=;");
    /* One that takes the place of another, which somebody writes to. */
    CHECK_STR(run(&p, "f = open('/out/g', 'w'); f.write('old'); put('/tmp/g', 'new')\n"
                      "os.replace('/tmp/g', '/out/g'); f.close(); assert empty()\n"),
              "g:3=new;");
    /* Many names: once, and all are gone. */
    CHECK_STR(run(&p, "f = open('/out/1', 'w')\n"
                      "for i in range(2, 1000): os.link('/out/1', f'/out/{i}')\n"
                      "os.link('/out/1', '/tmp/kept')\n"
                      "f.write('many'); f.close()\n"
                      "assert empty() and os.stat('/tmp/kept').st_nlink == 1\n"),
              "1:4=many;");
    /* Links, directories and what is in them, FIFOs. */
    CHECK_STR(
        run(&p,
            "os.symlink('/tmp/kept', '/out/link'); put('/out/link', 'x')\n"
            "os.mkdir('/out/dir'); put('/out/dir/x', 'x')\n"
            "os.mkdir('/tmp/dir'); put('/tmp/dir/y', 'y'); os.rename('/tmp/dir', '/out/moved')\n"
            "os.mkfifo('/out/fifo')\n"
            "f = os.open('/out/fifo', os.O_RDWR); os.close(f)\n"
            "assert sorted(os.listdir('/out')) == ['dir', 'fifo', 'link', 'moved']\n"),
        "");
    CHECK_STR(run(&p, "os.rename('/out/moved/y', '/out/y')"), "y:1=y;");
    python_close(&p);
}

/* The directory itself. */
static void
directories(void)
{
    static char deep[] = "deep/";
    static char top[] = "top/";
    python p;

    REQUIRE(python_open(&p));
    (void)since();
    answer = 0;
    CHECK_INT(krait_config_watch_files(p.config, "/a/b/", on_file, deep, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_watch_files(p.config, "/tmp", on_file, top, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_watch_files(p.config, "/gone", on_file, top, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_watch_files(p.config, "/gone", NULL, NULL, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_watch_files(p.config, "/never", NULL, NULL, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    (void)run(&p, helpers);
    CHECK_STR(run(&p, "put('/a/b/x', '1'); put('/tmp/y', '2'); put('/a/z', '3')\n"
                      "assert not os.path.exists('/gone')\n"),
              "deep/x:1=1;top/y:1=2;");
    /* In two of them at once: each gets it. */
    CHECK_STR(run(&p, "f = open('/a/b/x', 'w'); os.link('/a/b/x', '/tmp/x2'); f.close()"),
              "deep/x:0=;top/x2:0=;");
    /* Made anew, it is watched; somewhere else, or as a link, it is not. */
    CHECK_STR(run(&p, "os.rmdir('/a/b'); os.mkdir('/a/b'); put('/a/b/n', 'new')"), "deep/n:3=new;");
    CHECK_STR(run(&p, "f = open('/a/b/lost', 'w'); os.rename('/a/b', '/a/c'); f.close()"), "");
    CHECK_STR(run(&p, "os.symlink('/a/c', '/a/b'); put('/a/b/x', 'x'); put('/a/c/y', 'y')"), "");
    CHECK_STR(run(&p, "os.unlink('/a/b'); put('/a/b', 'file'); os.unlink('/a/b')"), "");
    CHECK_STR(run(&p, "os.rename('/a/c', '/a/b'); put('/a/b/x', 'back')"), "deep/x:4=back;");
    CHECK_STR(run(&p, "assert sorted(os.listdir('/a/b')) == ['lost', 'y']"), "");
    python_close(&p);
}

static void
large_files(void)
{
    python p;

    REQUIRE(python_open(&p));
    (void)since();
    answer = 0;
    CHECK_INT(krait_config_watch_files(p.config, "/out", on_file, (char[]){""}, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_VALUE, 1 << 20, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_FS_BYTES, 8 << 20, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    (void)run(&p, helpers);
    CHECK_STR(run(&p, "put('/out/a', 'x' * (1 << 20))"), "a:1048576=xxxxxxxxxxxxxxxxxxxx;");
    CHECK_STR(run(&p, "put('/out/a', 'x' * ((1 << 20) + 1))"), "a:1048577=;");
    CHECK(last_bytes == NULL);
    /* Holes cost the guest nothing, and the host neither. */
    (void)run(&p, "f = open('/out/a', 'w'); f.truncate(1 << 31); f.close()");
    CHECK(last_bytes == NULL);
    CHECK_UINT(last_size, UINT64_C(1) << 31);
    /* Over the quota, again and again: what was handed over does not count. */
    (void)run(&p, "for i in range(20): put('/out/f', 'y' * (1 << 19))");
    (void)run(&p, "try: put('/out/f', 'y' * (9 << 20))\n"
                  "except OSError as e: assert e.errno == 51, e\n"
                  "else: assert 0\n"
                  "assert empty()\n");
    CHECK(last_bytes == NULL);
    (void)run(&p, "put('/tmp/f', 'y' * (7 << 20))");
    python_close(&p);
}

/* The embedder says no, and when nobody is told. */
static void
refused(void)
{
    static char mine[] = "";
    krait_sandbox *clone = NULL;
    python p;

    REQUIRE(start(&p));
    (void)run(&p, helpers);
    answer = 1;
    CHECK_STR(run(&p, "f = os.open('/out/a', os.O_CREAT | os.O_WRONLY)\n"
                      "try: os.close(f)\n"
                      "except OSError as e: assert e.errno == 29, e\n"
                      "else: assert 0\n"
                      "put('/tmp/a', '')\n"
                      "try: os.rename('/tmp/a', '/out/b')\n"
                      "except OSError as e: assert e.errno == 29, e\n"
                      "else: assert 0\n"
                      "assert empty()\n"),
              "a:0=;b:0=;");
    answer = 0;
    CHECK_STR(run(&p, "put('/out/c', 'good')"), "c:4=good;");
    /* A guest that ends with files open has not closed them. */
    (void)run(&p, "f = open('/out/open', 'w'); f.write('x'); f.flush()");
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    CHECK_STR(since(), "");
    (void)run(&p, helpers);
    CHECK_STR(run(&p, "put('/out/d', 'after')"), "d:5=after;");
    /* A copy has it as well, and so has one of a snapshot that knew nothing of it. */
    REQUIRE(krait_sandbox_clone(p.sandbox, &clone, &p.err) == KRAIT_OK);
    krait_sandbox_free(p.sandbox);
    p.sandbox = clone;
    for (int i = 0; i < 3; i++) {
        CHECK_STR(run(&p, "put('/out/e', 'copy'); f = open('/out/open', 'w')"), "e:4=copy;");
        CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
    }
    /* What the host puts there is the guest's. */
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/out/host", "1", 1, &p.err), KRAIT_OK);
    CHECK_STR(run(&p, "assert os.listdir('/out') == ['host']"), "");
    CHECK_STR(run(&p, "open('/out/host', 'a').close()"), "host:1=1;");
    python_close(&p);

    REQUIRE(python_open(&p));
    CHECK_INT(krait_config_watch_files(p.config, "out", on_file, mine, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_watch_files(p.config, NULL, on_file, mine, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_watch_files(NULL, "/out", on_file, mine, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_add_dir(p.config, "/usr", "/granted", 0, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_watch_files(p.config, "/granted/x", on_file, mine, &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_new(p.module, p.config, &p.sandbox, &p.err), KRAIT_EINVAL);
    CHECK_HAS(p.err.text, "/granted/x");
    for (int i = 1; i < 16; i++) {
        char path[20];

        snprintf(path, sizeof(path), "/%d", i);
        CHECK_INT(krait_config_watch_files(p.config, path, on_file, mine, &p.err), KRAIT_OK);
    }
    CHECK_INT(krait_config_watch_files(p.config, "/16", on_file, mine, &p.err), KRAIT_ELIMIT);
    CHECK_INT(krait_config_watch_files(p.config, "/15", on_file, mine, &p.err), KRAIT_OK);
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(handed_over), CHECK_CASE(names), CHECK_CASE(directories),
           CHECK_CASE(large_files), CHECK_CASE(refused))
