/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of `krait test`: every module in a process group of its own with a
 * private folder, some at a time, each with a time limit. Signals are blocked and waited
 * for, so nothing happens behind the loop's back. At the end, and when a signal ends
 * the run, the groups are killed and the folders removed.
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct job {
    pid_t pid; /* 0: free */
    suite_module *module;
    char *folder;
    double started;
    bool timed_out;
} job;

typedef struct runner {
    suite_run *run;
    const size_t *order;
    const suite_where *where;
    const suite_options *options;
    job *jobs;
    char *base;
    sigset_t waited;
    sigset_t before;
    size_t next; /* index into order */
    size_t ended;
} runner;

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)where;
    (void)(kind == FTW_DP ? rmdir(path) : unlink(path));
    return 0;
}

/* A test may have taken rights from folders of its own. */
static int
give_rights(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if ((kind == FTW_D || kind == FTW_DNR) && (status->st_mode & 0700) != 0700)
        (void)chmod(path, 0700);
    return 0;
}

static void
remove_tree(const char *path)
{
    (void)nftw(path, give_rights, 16, FTW_PHYS);
    (void)nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

static bool
make_folder(runner *run, job *slot)
{
    static const char *const parts[] = {"results", "root", "tmp"};
    size_t i;

    slot->folder = cli_path_join(run->base, slot->module->name);
    if (mkdir(slot->folder, 0700) != 0)
        return false;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *part = cli_path_join(slot->folder, parts[i]);
        int status = mkdir(part, 0700);

        free(part);
        if (status != 0)
            return false;
    }
    return true;
}

/* In the new process: never returns. */
static void
become(runner *run, const job *slot, char **words, const char *log)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(KRAIT_EXIT_FAILED);
    if (in > 2)
        close(in);
    if (out > 2)
        close(out);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &run->before, NULL);
    suite_where_enter(run->where, slot->folder);
    execvp(words[0], words);
    cli_message("cannot start '%s': %s", words[0], strerror(errno));
    _exit(KRAIT_EXIT_MISSING);
}

static void
release_words(char **words)
{
    size_t i;

    for (i = 0; words[i] != NULL; i++)
        free(words[i]);
    free(words);
}

static bool
start(runner *run, job *slot)
{
    char *log;
    char **words;

    slot->module = &run->run->modules[run->order[run->next]];
    if (!make_folder(run, slot)) {
        cli_message("test: cannot make a folder in '%s': %s", run->base, strerror(errno));
        return false;
    }
    log = cli_path_join(slot->folder, "log");
    words = suite_where_command(run->where, slot->folder, slot->module->name);
    slot->started = now();
    slot->timed_out = false;
    fflush(NULL);
    slot->pid = fork();
    if (slot->pid == 0)
        become(run, slot, words, log);
    release_words(words);
    free(log);
    if (slot->pid < 0) {
        slot->pid = 0;
        cli_message("test: cannot start a process: %s", strerror(errno));
        return false;
    }
    (void)setpgid(slot->pid, slot->pid);
    run->next++;
    return true;
}

static void
keep_log(const runner *run, const job *slot, const char *log)
{
    char *name = NULL;
    char *text;
    size_t size;
    FILE *to;

    if (run->options->keep_logs == NULL)
        return;
    if (asprintf(&name, "%s/%s.log", run->options->keep_logs, slot->module->name) < 0)
        name = NULL;
    cli_need(name);
    text = suite_read_file(log, 256u << 20, &size);
    to = text != NULL ? fopen(name, "we") : NULL;
    if (to == NULL || fwrite(text, 1, size, to) != size)
        cli_message("test: cannot write '%s': %s", name, strerror(errno));
    if (to != NULL)
        fclose(to);
    free(text);
    free(name);
}

static void
show_progress(const runner *run, const char *name)
{
    if (run->options->progress)
        fprintf(stderr, "\r[%zu/%zu] %-40.40s", run->ended, run->run->count, name);
}

static void
finish(runner *run, job *slot, int status)
{
    suite_ending ending = {.status = status,
                           .timeout_seconds = run->options->timeout_seconds,
                           .timed_out = slot->timed_out};
    char *log = cli_path_join(slot->folder, "log");
    char *junit = cli_path_join(slot->folder, "results/junit.xml");

    /* What the module left running. */
    (void)kill(-slot->pid, SIGKILL);
    slot->module->seconds = now() - slot->started;
    suite_read_result(slot->module, junit, log, &ending);
    keep_log(run, slot, log);
    remove_tree(slot->folder);
    free(slot->folder);
    free(log);
    free(junit);
    slot->folder = NULL;
    slot->pid = 0;
    run->ended++;
    show_progress(run, slot->module->name);
}

static void
reap(runner *run)
{
    unsigned i;

    for (i = 0; i < run->options->jobs; i++) {
        int status;

        if (run->jobs[i].pid > 0 && waitpid(run->jobs[i].pid, &status, WNOHANG) > 0)
            finish(run, &run->jobs[i], status);
    }
}

/* Kills what has had its time; the seconds until the next one is due. */
static double
enforce_limits(runner *run)
{
    double time = now();
    double least = 60.0;
    unsigned i;

    for (i = 0; i < run->options->jobs; i++) {
        job *slot = &run->jobs[i];
        double left;

        if (slot->pid <= 0 || slot->timed_out)
            continue;
        left = slot->started + run->options->timeout_seconds - time;
        if (left <= 0.0) {
            slot->timed_out = true;
            (void)kill(-slot->pid, SIGKILL);
        } else if (left < least) {
            least = left;
        }
    }
    return least;
}

static bool
fill(runner *run)
{
    unsigned i;

    for (i = 0; i < run->options->jobs && run->next < run->run->count; i++) {
        if (run->jobs[i].pid == 0 && !start(run, &run->jobs[i]))
            return false;
    }
    return true;
}

/* Ends with 0, a signal, or -1 after a message. */
static int
loop(runner *run)
{
    while (run->ended < run->run->count) {
        struct timespec wait;
        double seconds;
        int number;

        if (!fill(run))
            return -1;
        seconds = enforce_limits(run);
        wait.tv_sec = (time_t)seconds;
        wait.tv_nsec = (long)((seconds - (double)wait.tv_sec) * 1e9);
        number = sigtimedwait(&run->waited, NULL, &wait);
        if (number > 0 && number != SIGCHLD)
            return number;
        reap(run);
    }
    return 0;
}

static void
stop_all(runner *run)
{
    unsigned i;

    for (i = 0; i < run->options->jobs; i++) {
        job *slot = &run->jobs[i];

        if (slot->pid > 0) {
            (void)kill(-slot->pid, SIGKILL);
            (void)kill(slot->pid, SIGKILL);
            while (waitpid(slot->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        }
        free(slot->folder);
    }
}

static char *
make_base(void)
{
    const char *temporary = getenv("TMPDIR");
    char *base = cli_path_join(temporary != NULL && temporary[0] == '/' ? temporary : "/tmp",
                               "krait-suite.XXXXXX");

    if (mkdtemp(base) == NULL) {
        cli_message("test: cannot make the folder '%s': %s", base, strerror(errno));
        free(base);
        return NULL;
    }
    return base;
}

/* SIGINT, if it was not ignored before (a background job), and others that end programs. */
static void
block_signals(runner *run)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    size_t i;

    sigemptyset(&run->waited);
    sigaddset(&run->waited, SIGCHLD);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action;

        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&run->waited, numbers[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &run->waited, &run->before);
}

int
suite_run_all(suite_run *results, const size_t *order, const suite_where *where,
              const suite_options *options)
{
    runner run = {.run = results, .order = order, .where = where, .options = options};
    double started = now();
    int stopped;

    run.base = make_base();
    if (run.base == NULL)
        return -1;
    run.jobs = cli_need(calloc(options->jobs, sizeof(*run.jobs)));
    block_signals(&run);
    stopped = loop(&run);
    stop_all(&run);
    remove_tree(run.base);
    (void)sigprocmask(SIG_SETMASK, &run.before, NULL);
    if (options->progress)
        fprintf(stderr, "\r%-60s\r", "");
    results->seconds = now() - started;
    free(run.jobs);
    free(run.base);
    return stopped;
}
