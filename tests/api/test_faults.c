/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One allocation or system call of libkrait fails, and then the next one, all through the life
 * of an embedding program: engine, Python, configuration, sandbox, a session that uses files,
 * time, host functions and files in memory, a reset, a program.
 *
 * Each point is tried in a process of its own, so a crash or a hang is that point's. After it,
 * the error has a text, everything is released (no more memory, mappings and descriptors are
 * held than after a life without a fault), and now and then the same process lives the same
 * life again without one.
 */
#include "inject.h"
#include "tests/support/check.h"

#include <krait/krait.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_POINTS = 2000, JOBS = 2, AGAIN_EVERY = 16, PATIENCE_S = 60 };

static const char code[] =
    "import krait_host, os, select, time\n"
    "os.makedirs('/data/d', exist_ok=True)\n"
    "with open('/data/d/f', 'w+') as f:\n"
    "    f.write('text' * 100); f.flush(); os.fsync(f.fileno()); f.seek(0); f.read(); "
    "f.truncate(5)\n"
    "os.utime('/data/d/f', (1, 2)); os.chmod('/data/d/f', 0o600)\n"
    "os.link('/data/d/f', '/data/d/l'); os.symlink('f', '/data/d/s'); os.readlink('/data/d/s')\n"
    "os.rename('/data/d/l', '/data/d/m'); os.listdir('/data/d'); os.stat('/data/d/s'); "
    "os.statvfs('/data')\n"
    "for n in 'fms': os.remove('/data/d/' + n)\n"
    "os.rmdir('/data/d')\n"
    "open('/tmp/x', 'wb').write(bytes(100000)); os.urandom(10)\n"
    "r, w = os.pipe(); os.write(w, b'x'); select.select([r], [], [], 1); os.read(r, 1)\n"
    "time.sleep(0.001)\n"
    "with open('/out/name', 'w') as f: f.write('x' * 5000)\n"
    "assert os.listdir('/out') == []\n"
    "assert krait_host.call('twice', 21) == 42\n"
    "def f(x): return [x, 'done']\n";

/* The first argument, a number, times two. */
static int
twice(void *data, krait_call *call)
{
    size_t size;
    const char *input = krait_call_input(call, &size);
    char text[32];

    (void)data;
    (void)size;
    snprintf(text, sizeof(text), "%d", 2 * atoi(input + 1));
    return krait_call_return(call, text, strlen(text)) == KRAIT_OK ? 0 : -1;
}

/* An import that nobody calls, and a file that the guest hands over: without its bytes when there is
 * no memory for them. */
static int
import(void *data, krait_guest *guest, krait_value *values)
{
    (void)data;
    (void)guest;
    (void)values;
    return 1;
}

static int
take(void *data, const char *name, const void *bytes, uint64_t size)
{
    (void)data;
    CHECK_STR(name, "name");
    return bytes != NULL && size == 5000 ? 0 : -1;
}

typedef struct life {
    const char *folder;
    krait_engine *engine;
    krait_module *module;
    krait_config *config;
    krait_sandbox *sandbox;
    krait_result result;
    krait_error err;
    unsigned refused; /* calls of the library that failed */
    unsigned ended;   /* calls of the guest that did not end as they should */
} life;

/* Of one call of the library: true when it went well. */
static bool
went(life *l, krait_status status)
{
    if (status == KRAIT_OK)
        return true;
    l->refused++;
    CHECK(l->err.text[0] != '\0');
    CHECK_INT(l->err.code, status);
    l->err.text[0] = '\0';
    return false;
}

static void
as_wanted(life *l, krait_status status, krait_result_kind kind)
{
    if (!went(l, status))
        return;
    l->ended += l->result.kind != kind;
    CHECK(l->result.kind != KRAIT_RESULT_LIMIT);
    if (l->result.kind == KRAIT_RESULT_RAISED || l->result.kind == KRAIT_RESULT_TRAPPED)
        CHECK(l->result.message[0] != '\0');
}

static bool
configure(life *l)
{
    krait_config *c = l->config;
    krait_error *err = &l->err;

    return went(l, krait_config_add_arg(c, "prog", err)) &&
           went(l, krait_config_add_env(c, "NAME", "value", err)) &&
           went(l, krait_config_add_dir(c, l->folder, "/data", 0, err)) &&
           went(l, krait_config_add_function(c, "twice", twice, NULL, err)) &&
           went(l,
                krait_config_add_import(c, "env", "insert_row", "iiii", "i", import, NULL, err)) &&
           went(l, krait_config_watch_files(c, "/out", take, NULL, err)) &&
           went(l, krait_config_set_stdin_bytes(c, "line\n", 5, err)) &&
           went(l, krait_config_set_limit(c, KRAIT_LIMIT_WALL, UINT64_C(30000000000), err));
}

static void
use(life *l)
{
    const krait_entry *entries;
    const void *bytes;
    bool is_there;
    size_t size;

    as_wanted(l, krait_sandbox_exec(l->sandbox, code, sizeof(code) - 1, &l->result, &l->err),
              KRAIT_RESULT_RETURNED);
    as_wanted(l, krait_sandbox_call(l->sandbox, "f", KRAIT_JSON, "[1]", 3, &l->result, &l->err),
              KRAIT_RESULT_RETURNED);
    is_there = went(l, krait_sandbox_put_file(l->sandbox, "/in/a/b", "text", 4, &l->err));
    if (went(l, krait_sandbox_get_file(l->sandbox, "/in/a/b", &bytes, &size, &l->err)))
        CHECK(size == 4 && memcmp(bytes, "text", 4) == 0);
    if (went(l, krait_sandbox_list_dir(l->sandbox, "/in/a", &entries, &size, &l->err)))
        CHECK(size == is_there);
    (void)went(l, krait_sandbox_remove_file(l->sandbox, "/in/a/b", &l->err));
    if (went(l, krait_sandbox_reset(l->sandbox, &l->err)))
        as_wanted(l, krait_sandbox_exec(l->sandbox, "print(1)", 8, &l->result, &l->err),
                  KRAIT_RESULT_RETURNED);
}

static void
run(life *l, krait_sandbox *sandbox, const char *text)
{
    as_wanted(l, krait_sandbox_exec(sandbox, text, strlen(text), &l->result, &l->err),
              KRAIT_RESULT_RETURNED);
}

/* A file, and what is opened from it. */
static void
use_file(life *l, const krait_snapshot *snapshot)
{
    krait_snapshot *opened = NULL;
    krait_sandbox *copy = NULL;
    krait_snapshot_info info;
    char path[400];

    snprintf(path, sizeof(path), "%s/snapshot.krs", l->folder);
    if (!went(l, krait_snapshot_save(snapshot, path, &l->err)))
        return;
    (void)went(l, krait_snapshot_inspect(path, 1, &info, &l->err));
    if (went(l, krait_snapshot_open(l->module, path, &opened, &l->err)) &&
        went(l, krait_sandbox_new_from(opened, l->config, &copy, &l->err)))
        run(l, copy, "print(kept)");
    krait_snapshot_free(opened);
    krait_sandbox_free(copy);
    (void)unlink(path);
}

static void
use_snapshots(life *l)
{
    krait_snapshot *snapshot = NULL;
    krait_sandbox *clone = NULL;

    run(l, l->sandbox, "kept = 1; open('/tmp/f', 'w').write('text' * 5000)");
    if (went(l, krait_sandbox_clone(l->sandbox, &clone, &l->err))) {
        run(l, clone, "kept += 1; open('/tmp/f', 'a').write('more'); x = bytearray(30_000_000)");
        if (went(l, krait_sandbox_reset(clone, &l->err)))
            run(l, clone, "assert kept == 1 and len(open('/tmp/f').read()) == 20000");
    }
    if (went(l, krait_snapshot_take(l->sandbox, &snapshot, &l->err)))
        use_file(l, snapshot);
    krait_snapshot_free(snapshot);
    krait_sandbox_free(clone);
}

/* What a life does once it has a sandbox. */
static void (*volatile live_on)(life *l) = use;

/* True when nothing failed. */
static bool
live(const char *folder)
{
    life l = {.folder = folder};

    if (went(&l, krait_engine_new(&l.engine, &l.err)) &&
        went(&l, krait_python_open(l.engine, getenv("KRAIT_RUNTIME_TREE"), &l.module, &l.err)) &&
        went(&l, krait_config_new(&l.config, &l.err)) && configure(&l) &&
        went(&l, krait_sandbox_new(l.module, l.config, &l.sandbox, &l.err)))
        live_on(&l);
    krait_sandbox_free(l.sandbox);
    krait_config_free(l.config);
    krait_module_close(l.module);
    krait_engine_free(l.engine);
    return l.refused == 0 && l.ended == 0;
}

static long
count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    long count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* What a life without a fault has made, and leaves behind. */
typedef struct leaves {
    unsigned long points;
    inject_held held;
    long fds;
    bool is_good;
} leaves;

static leaves
measure(const char *folder, unsigned long at)
{
    leaves after;
    long fds = count_fds();

    inject_start(at);
    after.is_good = live(folder);
    after.points = inject_stop();
    after.held = inject_now();
    after.fds = count_fds() - fds;
    return after;
}

/* In a folder of its own, for the first life may have left files behind. */
static bool
live_again(const char *folder)
{
    char own[340];

    snprintf(own, sizeof(own), "%s/XXXXXX", folder);
    return CHECK(mkdtemp(own) != NULL) && CHECK(live(own));
}

/* In a process of its own, for what it must not inherit. */
static int
try_point(const char *folder, unsigned long at, bool again, const leaves *usual)
{
    leaves after = measure(folder, at);
    bool ok = CHECK(after.held.blocks <= usual->held.blocks) &&
              CHECK(after.held.mapped <= usual->held.mapped) && CHECK(after.fds <= usual->fds);

    if (!ok)
        printf("    blocks %ld (%ld), mapped %ld (%ld), descriptors %ld (%ld)\n", after.held.blocks,
               usual->held.blocks, after.held.mapped, usual->held.mapped, after.fds, usual->fds);
    if (again && !live_again(folder))
        printf("    the life after it\n");
    if (check_now.failures != 0)
        printf("    point %lu: %s\n", at, inject_failed() != NULL ? inject_failed() : "nothing");
    fflush(stdout);
    return check_now.failures != 0;
}

static void
wait_one(unsigned *running)
{
    int status = 0;

    if (wait(&status) > 0)
        (*running)--;
    if (WIFSIGNALED(status))
        printf("    a process ended by signal %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        printf("    a process ended with status %d\n", WEXITSTATUS(status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
start(const char *folder, unsigned long at, bool again, const leaves *usual)
{
    char own[300];
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child != 0) {
        CHECK(child > 0);
        return;
    }
    /* Nobody waits for a hang: SIGALRM ends it. */
    alarm(PATIENCE_S);
    check_now = (struct check_state){0};
    snprintf(own, sizeof(own), "%s/XXXXXX", folder);
    if (mkdtemp(own) == NULL) {
        printf("    point %lu: no folder '%s': %s\n", at, own, strerror(errno));
        fflush(stdout);
        _exit(2);
    }
    _exit(try_point(own, at, again, usual));
}

static leaves
in_child(const char *folder)
{
    leaves usual = {0};
    int ends[2];

    if (pipe(ends) != 0)
        return usual;
    if (fork() == 0) {
        usual = measure(folder, 0);
        _exit(write(ends[1], &usual, sizeof(usual)) == (ssize_t)sizeof(usual) ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &usual, sizeof(usual)) != (ssize_t)sizeof(usual))
        usual.is_good = false;
    close(ends[0]);
    wait(NULL);
    return usual;
}

static void
every_point(void)
{
    char folder[] = "/tmp/krait-test-faults.XXXXXX";
    unsigned running = 0;
    unsigned long points;
    unsigned long at;
    unsigned long i;
    char command[100];
    leaves usual;

    REQUIRE(getenv("KRAIT_RUNTIME_TREE") != NULL && mkdtemp(folder) != NULL);
    usual = in_child(folder);
    REQUIRE(usual.is_good);
    points = usual.points < MAX_POINTS ? usual.points : MAX_POINTS;
    printf("%lu calls can fail; %lu are tried\n", usual.points, points);
    for (i = 0; i < points && check_now.failures < 20; i++) {
        at = 1 + i * usual.points / points;
        if (running == JOBS)
            wait_one(&running);
        start(folder, at, i % AGAIN_EVERY == 0, &usual);
        running++;
    }
    while (running != 0)
        wait_one(&running);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    CHECK_INT(system(command), 0);
}

/* The same for copies of a session, and for snapshots in files. */
static void
snapshots(void)
{
    live_on = use_snapshots;
    every_point();
}

CHECK_MAIN(CHECK_CASE(every_point), CHECK_CASE(snapshots))
