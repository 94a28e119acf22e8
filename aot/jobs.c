/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See jobs.h.
 */
#include "aot/jobs.h"
#include "aot/spawn.h"
#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often a cancelled run is noticed when nothing else happens. */
#define POLL_MS 200

typedef struct child {
    krait_job *job; /* NULL: free */
    bool is_second;
    pid_t pid;
    int pipe;
    size_t size;
    char output[KRAIT_JOB_OUTPUT + 1]; /* the end of what it said */
} child;

typedef struct runner {
    krait_job *jobs;
    unsigned count;
    unsigned next;
    unsigned running;
    unsigned slots;
    unsigned done;
    const krait_jobs_setting *setting;
    const krait_aot_options *options;
    child *children;
    struct pollfd *polled;
    char *last_output;
    krait_error *err;
} runner;

/* ---- starting --------------------------------------------------------------------------- */

static void
log_command(const runner *r, char *const *argv)
{
    char line[2048];
    size_t used = 0;
    unsigned i;

    if (r->options->log == NULL)
        return;
    for (i = 0; argv[i] != NULL && used < sizeof(line); i++) {
        int added = snprintf(line + used, sizeof(line) - used, "%s%s", i != 0 ? " " : "", argv[i]);

        used += added > 0 ? (size_t)added : 0;
    }
    r->options->log(r->options->user, line);
}

static krait_status
start(runner *r, child *slot, krait_job *job, bool is_second)
{
    krait_spawn spawn = {.argv = is_second ? job->second_argv : job->argv,
                         .directory = r->setting->directory,
                         .confine = r->setting->confine};
    int ends[2];
    int number;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return krait__error_set(r->err, KRAIT_EIO, errno, "cannot make a pipe");
    log_command(r, spawn.argv);
    spawn.output = ends[1];
    number = krait__spawn(&spawn, &slot->pid);
    close(ends[1]);
    if (number != 0) {
        close(ends[0]);
        return krait__error_set(r->err, KRAIT_EIO, number, "cannot start '%s'", job->argv[0]);
    }
    slot->job = job;
    slot->is_second = is_second;
    slot->pipe = ends[0];
    slot->size = 0;
    r->running++;
    return KRAIT_OK;
}

static krait_status
start_more(runner *r)
{
    unsigned i;

    for (i = 0; i < r->slots && r->next < r->count; i++) {
        if (r->children[i].job == NULL) {
            krait_status status = start(r, &r->children[i], &r->jobs[r->next], false);

            if (status != KRAIT_OK)
                return status;
            r->next++;
        }
    }
    return KRAIT_OK;
}

/* ---- listening -------------------------------------------------------------------------- */

/* Keeps the end of what the child says. */
static void
keep_output(child *c, const char *data, size_t size)
{
    if (size > KRAIT_JOB_OUTPUT) {
        data += size - KRAIT_JOB_OUTPUT;
        size = KRAIT_JOB_OUTPUT;
    }
    if (c->size + size > KRAIT_JOB_OUTPUT) {
        size_t lost = c->size + size - KRAIT_JOB_OUTPUT;

        memmove(c->output, c->output + lost, c->size - lost);
        c->size -= lost;
    }
    memcpy(c->output + c->size, data, size);
    c->size += size;
}

/* False at the end of its output. */
static bool
listen_to(child *c)
{
    char buffer[4096];
    ssize_t size = read(c->pipe, buffer, sizeof(buffer));

    if (size < 0)
        return errno == EINTR || errno == EAGAIN;
    keep_output(c, buffer, (size_t)size);
    return size != 0;
}

static void
log_output(const runner *r, child *c)
{
    char *line = c->output;

    c->output[c->size] = '\0';
    while (r->options->log != NULL && *line != '\0') {
        char *end = strchr(line, '\n');

        if (end == NULL) {
            r->options->log(r->options->user, line);
            return;
        }
        *end = '\0';
        r->options->log(r->options->user, line);
        *end = '\n';
        line = end + 1;
    }
}

/* The last lines that fit, without the newline at the end. */
static const char *
last_lines(child *c)
{
    const size_t most = 300;
    char *text = c->output;

    while (c->size > 0 && c->output[c->size - 1] == '\n')
        c->size--;
    c->output[c->size] = '\0';
    if (c->size > most) {
        char *line = strchr(c->output + c->size - most, '\n');

        text = line != NULL ? line + 1 : c->output + c->size - most;
    }
    return text;
}

/* Compilers say it in many ways; LLVM's crash handler says nothing of use. */
static bool
ran_out(const child *c, int wait_status)
{
    static const char *const texts[] = {"out of memory",          "memory exhausted",
                                        "Cannot allocate memory", "bad_alloc",
                                        "CPU time limit",         "File size limit"};
    int number = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    size_t i;

    /* A shell or a driver turns the signal into a status. */
    if (number == 0 && WEXITSTATUS(wait_status) > 128)
        number = WEXITSTATUS(wait_status) - 128;
    if (number == SIGXCPU || number == SIGKILL || number == SIGXFSZ)
        return true;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strstr(c->output, texts[i]) != NULL)
            return true;
    }
    return false;
}

static const char *
signal_reason(int number)
{
    switch (number) {
    case SIGXCPU:
        return ", its limit of processor time,";
    case SIGXFSZ:
        return ", its limit of file size,";
    default:
        return "";
    }
}

static krait_status
report_failure(runner *r, child *c, int wait_status)
{
    const char *program = strrchr(c->job->argv[0], '/');
    const char *said = last_lines(c);
    krait_status status = ran_out(c, wait_status) ? KRAIT_ELIMIT : KRAIT_EIO;

    program = program != NULL ? program + 1 : c->job->argv[0];
    if (WIFSIGNALED(wait_status))
        return krait__error_set(r->err, status, 0, "%s was killed by signal %d%s on %s%s%s",
                                program, WTERMSIG(wait_status),
                                signal_reason(WTERMSIG(wait_status)), c->job->what,
                                said[0] != '\0' ? ": " : "", said);
    return krait__error_set(r->err, status, 0, "%s failed on %s with status %d%s%s", program,
                            c->job->what, WEXITSTATUS(wait_status), said[0] != '\0' ? ": " : "",
                            said);
}

static void
report_success(runner *r, child *c)
{
    c->job->was_second = c->is_second;
    if (r->last_output != NULL)
        memcpy(r->last_output, c->output, c->size + 1);
    r->done++;
    if (r->options->progress != NULL)
        r->options->progress(r->options->user, r->done, r->setting->total);
}

static krait_status
finish(runner *r, child *c)
{
    krait_status status = KRAIT_OK;
    krait_job *job = c->job;
    bool again = false;
    int wait_status;

    close(c->pipe);
    wait_status = krait__spawn_wait(c->pid);
    r->running--;
    log_output(r, c);
    c->output[c->size] = '\0';
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
        report_success(r, c);
    else if (job->second_argv == NULL || c->is_second)
        status = report_failure(r, c, wait_status);
    else
        again = true;
    c->job = NULL;
    return again ? start(r, c, job, true) : status;
}

static krait_status
listen_once(runner *r)
{
    unsigned i;

    for (i = 0; i < r->slots; i++) {
        r->polled[i].fd = r->children[i].job != NULL ? r->children[i].pipe : -1;
        r->polled[i].events = POLLIN;
        r->polled[i].revents = 0;
    }
    if (poll(r->polled, r->slots, POLL_MS) < 0 && errno != EINTR)
        return krait__error_set(r->err, KRAIT_EIO, errno, "cannot wait for a compiler");
    if (r->options->cancel != NULL && *r->options->cancel != 0)
        return krait__error_set(r->err, KRAIT_EBUSY, 0, "cancelled");
    if (krait__jobs_clock_ms() >= r->setting->deadline_ms)
        return krait__error_set(r->err, KRAIT_ELIMIT, 0, "the compilers were not ready after %u s",
                                r->options->timeout_s);
    for (i = 0; i < r->slots; i++) {
        if (r->polled[i].revents != 0 && !listen_to(&r->children[i])) {
            krait_status status = finish(r, &r->children[i]);

            if (status != KRAIT_OK)
                return status;
        }
    }
    return KRAIT_OK;
}

static void
kill_all(runner *r)
{
    unsigned i;

    for (i = 0; i < r->slots; i++) {
        child *c = &r->children[i];

        if (c->job == NULL)
            continue;
        close(c->pipe);
        krait__spawn_kill(c->pid);
        c->job = NULL;
    }
}

uint64_t
krait__jobs_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

krait_status
krait__jobs_run(krait_job *jobs, unsigned count, const krait_jobs_setting *setting, unsigned done,
                char ret_output[KRAIT_JOB_OUTPUT + 1], krait_error *err)
{
    runner r = {.jobs = jobs, .count = count, .done = done, .setting = setting};
    krait_status status = KRAIT_OK;

    r.options = setting->options;
    r.slots = r.options->jobs;
    r.last_output = ret_output;
    r.err = err;
    r.children = krait__calloc(r.slots, sizeof(*r.children));
    r.polled = krait__calloc(r.slots, sizeof(*r.polled));
    if (r.children == NULL || r.polled == NULL)
        status = krait__error_nomem(err);
    while (status == KRAIT_OK && (r.next < count || r.running != 0)) {
        status = start_more(&r);
        if (status == KRAIT_OK)
            status = listen_once(&r);
    }
    if (r.children != NULL && r.polled != NULL)
        kill_all(&r);
    krait__free(r.children);
    krait__free(r.polled);
    return status;
}
