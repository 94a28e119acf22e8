/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that are processes: what they inherit, that they die with the pool, and what becomes of jobs
 * when they are killed, stopped, or taken over (fake_worker.c).
 */
#include "tests/pool/pool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static pool_test t;

/* ---- children of this process --------------------------------------------------------------- */

/* The parent of a process, or -1. */
static pid_t
parent_of(pid_t pid)
{
    char path[64];
    char text[600];
    const char *after;
    FILE *file;
    size_t size;
    int parent = -1;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    after = strrchr(text, ')');
    /* A dead one is no worker any more. */
    if (after == NULL || after[1] == '\0' || after[2] == 'Z' ||
        sscanf(after + 3, "%d", &parent) != 1)
        return -1;
    return parent;
}

/* Up to `most` of them; how many. */
static unsigned
children_of(pid_t parent, pid_t *children, unsigned most)
{
    const struct dirent *entry;
    unsigned count = 0;
    DIR *folder = opendir("/proc");

    while (folder != NULL && count < most && (entry = readdir(folder)) != NULL) {
        const pid_t pid = (pid_t)atoi(entry->d_name);

        if (pid > 0 && parent_of(pid) == parent)
            children[count++] = pid;
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static pid_t
only_child(void)
{
    pid_t children[2] = {0, 0};

    CHECK_UINT(children_of(getpid(), children, 2), 1);
    return children[0];
}

static void
read_text(pid_t pid, const char *name, char *text, size_t size)
{
    char path[100];
    FILE *file;
    size_t got = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "re");
    if (file != NULL) {
        got = fread(text, 1, size - 1, file);
        fclose(file);
    }
    text[got] = '\0';
}

/* ---- what they are -------------------------------------------------------------------------- */

/* No file of this process, no environment, no signal blocked or ignored. */
static void
inherit_nothing(void)
{
    char name[] = "/tmp/krait-test.XXXXXX";
    char text[8192];
    const struct dirent *entry;
    const char *line;
    sigset_t set;
    DIR *folder;
    pid_t child;
    int fd = mkstemp(name); /* without O_CLOEXEC */

    REQUIRE(fd >= 0);
    REQUIRE(dup2(fd, 100) == 100);
    REQUIRE(setenv("SECRET", "tell nobody", 1) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    REQUIRE(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    REQUIRE(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
    REQUIRE(pool_start(&t));
    child = only_child();
    snprintf(text, sizeof(text), "/proc/%d/fd", (int)child);
    folder = opendir(text);
    REQUIRE(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        char path[400];
        char target[400];
        ssize_t size;

        snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)child, entry->d_name);
        size = readlink(path, target, sizeof(target) - 1);
        target[size > 0 ? size : 0] = '\0';
        CHECK(strstr(target, "krait-test.") == NULL);
        CHECK(strcmp(entry->d_name, "100") != 0);
#ifndef KRAIT_SANITIZED
        if (strcmp(entry->d_name, "0") == 0 || strcmp(entry->d_name, "1") == 0 ||
            strcmp(entry->d_name, "2") == 0)
            CHECK_STR(target, "/dev/null");
#endif
    }
    closedir(folder);
    read_text(child, "environ", text, sizeof(text));
    CHECK_STR(text, "");
    /* While it makes an instance, the engine blocks signals for moments. */
    for (int i = 0; i < 6000; i++) {
        read_text(child, "status", text, sizeof(text));
        if (strstr(text, "SigBlk:\t0000000000000000") != NULL)
            break;
        pause_ms(10);
    }
    CHECK_HAS(text, "NoNewPrivs:\t1");
    CHECK_HAS(text, "SigBlk:\t0000000000000000");
    line = strstr(text, "SigIgn:");
    REQUIRE(line != NULL);
    /* Those that the C library has for itself are above 31. */
    CHECK_UINT(strtoull(line + 7, NULL, 16) & 0x7fffffff, 0);
    read_text(child, "limits", text, sizeof(text));
    line = strstr(text, "Max core file size");
    REQUIRE(line != NULL);
    CHECK_HAS(line, "Max core file size        0                    0");
    CHECK(getpgid(child) == child);
    pool_prints(&t, "import os\nprint(len(os.environ))", "0\n");
    pool_close(&t);
    close(fd);
    close(100);
    unlink(name);
}

/* Whoever embeds the pool may wait for all children, or for none. */
static void
children_are_ignored(void)
{
    REQUIRE(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    REQUIRE(pool_start(&t));
    pool_prints(&t, "print(1)", "1\n");
    CHECK_INT(kill(only_child(), SIGKILL), 0);
    pool_prints(&t, "print(2)", "2\n");
    pool_close(&t);
    REQUIRE(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
    check_no_children();
}

/* The process that has the pool is killed: its workers go with it. */
static void
die_with_the_pool(void)
{
    pid_t workers[3] = {0, 0, 0};
    char ready = 0;
    int pipes[2];
    pid_t child;

    /* Orphans come to this process. */
    REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    REQUIRE(pipe(pipes) == 0);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        krait_job_spec spec = pool_spec("while True: pass");
        bool is_open = pool_open(&t);

        t.options.workers = 2;
        is_open = is_open && pool_make(&t);
        for (int i = 0; i < 2 && is_open; i++)
            is_open = krait_pool_submit(t.pool, &spec, NULL, NULL, NULL, NULL) == KRAIT_OK;
        /* One of them is in a loop, the other one may be starting. */
        for (int i = 0; i < 6000 && children_of(getpid(), workers, 3) < 2; i++)
            pause_ms(10);
        pause_ms(100);
        if (write(pipes[1], is_open ? "y" : "n", 1) == 1) {
            for (;;)
                pause();
        }
        _exit(1);
    }
    CHECK_INT(read(pipes[0], &ready, 1), 1);
    CHECK_INT(ready, 'y');
    CHECK_UINT(children_of(child, workers, 3), 2);
    CHECK_INT(kill(child, SIGKILL), 0);
    /* All three can be waited for: they have ended. */
    for (int i = 0; i < 3; i++)
        CHECK(waitpid(-1, NULL, 0) > 0);
    check_no_children();
    close(pipes[0]);
    close(pipes[1]);
}

static void
replaced_after_jobs(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    REQUIRE(pool_open(&t));
    t.options.jobs_per_worker = 2;
    REQUIRE(pool_make(&t));
    for (int i = 0; i < 7; i++)
        pool_prints(&t, "print(1)", "1\n");
    REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    CHECK(counts.replaced >= 3);
    CHECK_UINT(counts.done, 7);
    CHECK_UINT(counts.failed, 0);
    pool_close(&t);
}

static int
no_output(void *data, int stream, const void *bytes, size_t size)
{
    (void)data, (void)stream, (void)bytes, (void)size;
    return 0;
}

static void
no_trace(void *data, const krait_trace_event *event)
{
    (void)data, (void)event;
}

static int
no_import(void *data, krait_guest *guest, krait_value *values)
{
    (void)data, (void)guest, (void)values;
    return 0;
}

static int
no_file(void *data, const char *name, const void *bytes, uint64_t size)
{
    (void)data, (void)name, (void)bytes, (void)size;
    return 0;
}

static void
refused(void)
{
    REQUIRE(pool_open(&t));
    krait_config_set_output(t.p.config, no_output, NULL);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(t.err.text, "krait_config_set_output");
    krait_config_set_output(t.p.config, NULL, NULL);
    krait_config_set_trace(t.p.config, no_trace, NULL);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(t.err.text, "krait_config_set_trace");
    krait_config_set_trace(t.p.config, NULL, NULL);
    CHECK_INT(krait_config_watch_files(t.p.config, "/out", no_file, NULL, &t.err), KRAIT_OK);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(t.err.text, "krait_config_watch_files");
    CHECK_INT(krait_config_watch_files(t.p.config, "/out", NULL, NULL, &t.err), KRAIT_OK);
    CHECK_INT(krait_config_add_import(t.p.config, "env", "f", "", "", no_import, NULL, &t.err),
              KRAIT_OK);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(t.err.text, "krait_config_add_import");
    krait_config_set_stdio(t.p.config, 0, 1, 2);
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
              KRAIT_EUNSUPPORTED);
    CHECK_HAS(t.err.text, "krait_config_set_stdio");
    pool_close(&t);
    REQUIRE(pool_open(&t));
    t.options.worker = "/nonexistent/krait-worker";
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err), KRAIT_ENOTFOUND);
    CHECK_HAS(t.err.text, "/nonexistent/krait-worker");
    t.options.worker = "/bin/true";
    CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err), KRAIT_EIO);
    CHECK_HAS(t.err.text, "the worker died");
    CHECK(t.pool == NULL);
    /* The one that was built with this program is above its folder. */
    t.options.worker = NULL;
    REQUIRE(pool_make(&t));
    pool_prints(&t, "print('found')", "found\n");
    pool_close(&t);
    check_no_children();
}

/* ---- killed --------------------------------------------------------------------------------- */

static void
killed_idle(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    REQUIRE(pool_start(&t));
    for (int i = 0; i < 5; i++) {
        CHECK_INT(kill(only_child(), SIGKILL), 0);
        pool_prints(&t, "print('here')", "here\n");
    }
    REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    CHECK_UINT(counts.replaced, 5);
    CHECK_UINT(counts.failed, 0);
    pool_close(&t);
}

/* Until so many workers have an instance ready each; false after a failed check. */
static bool
wait_ready(unsigned workers)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    for (int i = 0; i < 6000 && (counts.workers < workers || counts.ready < workers); i++) {
        pause_ms(10);
        if (!CHECK_INT(krait_pool_stats(t.pool, &counts, &t.err), KRAIT_OK))
            return false;
    }
    return CHECK_UINT(counts.workers, workers) && CHECK_UINT(counts.ready, workers);
}

/* Until there is one worker less than two; false after a failed check. */
static bool
wait_gone(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    counts.workers = 2;
    for (int i = 0; i < 6000 && counts.workers > 1; i++) {
        if (!CHECK_INT(krait_pool_stats(t.pool, &counts, &t.err), KRAIT_OK))
            return false;
        pause_ms(1);
    }
    return CHECK_UINT(counts.workers, 1);
}

/* The time of processors that a process has had. */
static uint64_t
time_of(pid_t pid)
{
    struct timespec time = {0, 0};
    clockid_t clock;

    CHECK(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Of two workers, the one that does the next job: it takes the one after that as well. */
static pid_t
worker_of_next_job(void)
{
    pid_t children[3] = {0, 0, 0};
    uint64_t before[2];

    if (!CHECK_UINT(children_of(getpid(), children, 3), 2))
        return -1;
    for (int i = 0; i < 2; i++)
        before[i] = time_of(children[i]);
    pool_prints(&t, "print(sum(range(1000000)))", "499999500000\n");
    return time_of(children[0]) - before[0] > time_of(children[1]) - before[1] ? children[0]
                                                                               : children[1];
}

/* The worker that would get the next job dies, and no other one can be started: a job that comes at
 * any moment of that goes to the one that is left. */
static void
killed_beside_idle(void)
{
    char folder[] = "/tmp/krait-test.XXXXXX";
    char path[64];

    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/krait-worker", folder);
    REQUIRE(pool_open(&t));
    REQUIRE(symlink(t.worker, path) == 0);
    t.options.worker = path;
    t.options.workers = 2;
    REQUIRE(pool_make(&t));
    for (unsigned i = 0; i < 25; i++) {
        const struct timespec moment = {0, (long)i * 400000};
        pid_t worker;

        REQUIRE(wait_ready(2));
        worker = worker_of_next_job();
        REQUIRE(worker > 0);
        REQUIRE(unlink(path) == 0);
        CHECK_INT(kill(worker, SIGKILL), 0);
        nanosleep(&moment, NULL);
        REQUIRE(pool_submit(&t, 0, "pass") != 0);
        REQUIRE(pool_wait(&t, i + 1));
        CHECK_INT(t.answers[i]->status, KRAIT_OK);
        /* Until it is seen that the worker is gone, it counts as one that is ready. */
        REQUIRE(wait_gone());
        REQUIRE(symlink(t.worker, path) == 0);
    }
    pool_close(&t);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(rmdir(folder), 0);
    check_no_children();
}

static void
killed_running(void)
{
    krait_pool_counts counts = KRAIT_POOL_COUNTS_INIT;

    REQUIRE(pool_start(&t));
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE(pool_submit(&t, 0, "import krait_host\nkrait_host.call('gate')\nwhile 1: pass") !=
                0);
        /* It has begun when it is at the gate; else it would be put back. */
        REQUIRE(pool_wait_gate(&t, 1));
        pool_open_gate(&t);
        pool_shut_gate(&t);
        pause_ms(100);
        CHECK_INT(kill(only_child(), SIGKILL), 0);
        REQUIRE(pool_wait(&t, i + 1));
        CHECK_INT(t.answers[i]->status, KRAIT_EIO);
        CHECK_HAS(t.answers[i]->error.text, "the worker died");
        CHECK_HAS(t.answers[i]->error.text, "signal 9");
    }
    pool_prints(&t, "print('here')", "here\n");
    REQUIRE(krait_pool_stats(t.pool, &counts, &t.err) == KRAIT_OK);
    CHECK_UINT(counts.replaced, 3);
    CHECK_UINT(counts.failed, 3);
    pool_close(&t);
    check_no_children();
}

/* One of the workers; for a moment there may be none, or one that is gone before it is hit. */
static void
kill_one(void)
{
    bool is_hit = false;

    pause_ms((unsigned)rand() % 30);
    for (int i = 0; i < 6000 && !is_hit; i++) {
        pid_t children[8];
        const unsigned count = children_of(getpid(), children, 8);

        is_hit = count > 0 && kill(children[(unsigned)rand() % count], SIGKILL) == 0;
        if (!is_hit)
            pause_ms(10);
    }
    CHECK(is_hit);
}

static void
check_killed(unsigned submitted)
{
    static unsigned char answers[20000];
    unsigned right = 0;
    unsigned died = 0;

    memset(answers, 0, sizeof(answers));
    CHECK_UINT(t.count, submitted);
    for (unsigned i = 0; i < t.count; i++) {
        const krait_job_result *answer = t.answers[i];

        REQUIRE(answer->job > 0 && answer->job <= submitted);
        CHECK_UINT(answers[answer->job]++, 0);
        if (answer->status == KRAIT_OK)
            right += strcmp(answer->result.stdout_bytes, "449985000\n") == 0;
        else
            died += answer->status == KRAIT_EIO;
    }
    CHECK_UINT(right + died, submitted);
    CHECK(right > 0);
    printf("%u jobs, %u of them lost their worker\n", submitted, died);
}

/* Fifty kills at any time: every job is answered once, and those that ran are right.  All are answered
 * before the next kill: on a slow machine no worker would live long enough else. */
static void
killed_fifty_times(void)
{
    unsigned submitted = 0;

    srand(7);
    REQUIRE(pool_open(&t));
    t.options.workers = 2;
    t.options.ready = 2;
    REQUIRE(pool_make(&t));
    for (int kills = 0; kills <= 50; kills++) {
        for (uint64_t i = 0; i < 20; i++, submitted++)
            REQUIRE(pool_submit(&t, i % 3, "print(sum(range(30000)))") != 0);
        if (kills < 50)
            kill_one();
        REQUIRE(pool_wait(&t, submitted));
    }
    CHECK_INT(krait_pool_drain(t.pool, KRAIT_UNLIMITED, &t.err), KRAIT_OK);
    check_killed(submitted);
    pool_close(&t);
    check_no_children();
}

/* A worker that does nothing any more is ended when the job's time and a margin are over.  It stops itself
 * when it has begun: a real one that is stopped from here might have ended its job before. */
static void
stopped(void)
{
    krait_job_spec spec = pool_spec("pass");

    REQUIRE(pool_open_fake(&t, "begun-stopped"));
    REQUIRE(pool_make(&t));
    spec.wall_ns = 300 * MS;
    REQUIRE(krait_pool_submit(t.pool, &spec, pool_collect, &t, NULL, &t.err) == KRAIT_OK);
    REQUIRE(pool_wait(&t, 1));
    CHECK_INT(t.answers[0]->status, KRAIT_EIO);
    CHECK_HAS(t.answers[0]->error.text, "it did not answer in time");
    REQUIRE(pool_submit(&t, 0, "pass") != 0);
    REQUIRE(pool_wait(&t, 2));
    CHECK_INT(t.answers[1]->status, KRAIT_OK);
    pool_close(&t);
    check_no_children();
}

/* ---- taken over ----------------------------------------------------------------------------- */

static void
fake_at_first(void)
{
    static const char *const fakes[] = {"first-exit",
                                        "first-abort",
                                        "first-noise",
                                        "first-huge",
                                        "first-large",
                                        "first-cut",
                                        "first-done",
                                        "first-kind",
                                        "first-failed",
                                        "first-failed-nothing",
                                        "first-failed-speechless",
                                        "first-ready-many"};

    for (size_t i = 0; i < sizeof(fakes) / sizeof(fakes[0]); i++) {
        REQUIRE(pool_open_fake(&t, fakes[i]));
        if (strcmp(fakes[i], "first-failed") == 0) {
            CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
                      KRAIT_ENOTFOUND);
            CHECK_STR(t.err.text, "there is no spoon");
        } else {
            if (!CHECK_INT(krait_pool_new(t.p.module, t.p.config, &t.options, &t.pool, &t.err),
                           KRAIT_EIO))
                printf("    %s\n", fakes[i]);
            CHECK_HAS(t.err.text, "the worker died");
        }
        pool_close(&t);
        check_no_children();
    }
}

static int
never(void *data, krait_call *call)
{
    krait_call **kept = data;

    while (*kept != NULL)
        kept++;
    *kept = call;
    return KRAIT_CALL_PENDING;
}

/* Jobs of such workers are answered with an error, once, and the pool comes to its end. */
static void
fake_with_a_job(void)
{
    static const char *const fakes[] = {
        "job-exit",         "job-done-not-begun", "job-begun-another",  "job-call-not-begun",
        "job-failed",       "job-noise",          "begun-call-unknown", "begun-call-another",
        "begun-call-again", "begun-call-flood",   "begun-exit",         "begun-abort",
        "begun-twice",      "begun-done-another", "begun-done-files",   "begun-done-kind",
        "begun-done-limit", "begun-done-large",   "begun-done-empty",   "begun-done-cut",
        "begun-noise",      "begun-ready-flood",  "begun-closed"};

    for (size_t i = 0; i < sizeof(fakes) / sizeof(fakes[0]); i++) {
        static krait_call *kept[4096];
        unsigned failed = 0;

        memset(kept, 0, sizeof(kept));
        REQUIRE(pool_open_fake(&t, fakes[i]));
        REQUIRE(krait_config_add_function(t.p.config, "never", never, kept, &t.err) == KRAIT_OK);
        REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_HOST_CALLS, 1000, &t.err) ==
                KRAIT_OK);
        REQUIRE(krait_config_set_limit(t.p.config, KRAIT_LIMIT_OUTPUT, 1 << 20, &t.err) ==
                KRAIT_OK);
        REQUIRE(pool_make(&t));
        /* A call of the fake's must not wait. */
        pool_open_gate(&t);
        for (uint64_t job = 0; job < 3; job++)
            REQUIRE(pool_submit(&t, job, "pass") != 0);
        REQUIRE(pool_wait(&t, 3));
        for (unsigned job = 0; job < 3; job++)
            failed += t.answers[job]->status == KRAIT_EIO;
        if (!CHECK_UINT(failed, 3))
            printf("    %s\n", fakes[i]);
        CHECK_HAS(t.answers[0]->error.text, "the worker died");
        pool_close(&t);
        for (size_t call = 0; kept[call] != NULL; call++)
            (void)krait_call_return(kept[call], NULL, 0);
        CHECK_UINT(t.count, 3);
        check_no_children();
    }
}

/* It asks, and does not listen. */
static void
fake_deaf(void)
{
    REQUIRE(pool_open_fake(&t, "begun-deaf"));
    REQUIRE(pool_make(&t));
    pool_open_gate(&t);
    REQUIRE(pool_submit(&t, 0, "pass") != 0);
    REQUIRE(pool_wait(&t, 1));
    CHECK_INT(t.answers[0]->status, KRAIT_EIO);
    CHECK_HAS(t.answers[0]->error.text, "it takes nothing");
    pool_close(&t);
    check_no_children();
}

/* What a worker says between jobs counts as well. */
static void
fake_between_jobs(void)
{
    static const char *const fakes[] = {"done-twice", "done-ready-flood", "harmless"};

    for (size_t i = 0; i < sizeof(fakes) / sizeof(fakes[0]); i++) {
        REQUIRE(pool_open_fake(&t, fakes[i]));
        REQUIRE(pool_make(&t));
        for (uint64_t job = 0; job < 5; job++)
            REQUIRE(pool_submit(&t, job, "pass") != 0);
        REQUIRE(pool_wait(&t, 5));
        pool_close(&t);
        CHECK_UINT(t.count, 5);
        check_no_children();
    }
}

/* A dead process that another one traces cannot be waited for until that lets it go: the pool does not. */
static void
fake_traced(void)
{
    char text[8192];
    const char *line;
    pid_t worker;
    pid_t tracer;

    /* The tracer comes to this process, which has to end it. */
    REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    REQUIRE(pool_open_fake(&t, "traced"));
    REQUIRE(pool_make(&t));
    worker = only_child();
    read_text(worker, "status", text, sizeof(text));
    line = strstr(text, "TracerPid:");
    tracer = line != NULL ? (pid_t)atoi(line + strlen("TracerPid:")) : 0;
    pool_close(&t);
    if (tracer == 0) {
        /* It has not traced, and ends here as well. */
        while (children_of(getpid(), &tracer, 1) == 1 && kill(tracer, SIGKILL) == 0)
            CHECK_INT(waitpid(tracer, NULL, 0), tracer);
        CHECK_SKIP("a process may not trace its parent here");
    }
    CHECK_INT(waitpid(tracer, NULL, WNOHANG), 0);
    CHECK_INT(kill(tracer, SIGKILL), 0);
    CHECK_INT(waitpid(tracer, NULL, 0), tracer);
    /* What is left of the worker. */
    CHECK_INT(waitpid(worker, NULL, 0), worker);
    check_no_children();
}

CHECK_MAIN(CHECK_CASE(inherit_nothing), CHECK_CASE(children_are_ignored),
           CHECK_CASE(die_with_the_pool), CHECK_CASE(replaced_after_jobs), CHECK_CASE(refused),
           CHECK_CASE(killed_idle), CHECK_CASE(killed_beside_idle), CHECK_CASE(killed_running),
           CHECK_CASE(killed_fifty_times), CHECK_CASE(stopped), CHECK_CASE(fake_at_first),
           CHECK_CASE(fake_with_a_job), CHECK_CASE(fake_deaf), CHECK_CASE(fake_between_jobs),
           CHECK_CASE(fake_traced))
