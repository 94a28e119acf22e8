/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See jobs.h.
 */
#include "aot/jobs.h"
#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often a cancelled run is noticed when nothing else happens. */
#define POLL_MS 200

typedef struct child {
    const krait_job *job; /* NULL: free */
    pid_t pid;
    int pipe;
    size_t size;
    char output[KRAIT_JOB_OUTPUT + 1]; /* the end of what it said */
} child;

typedef struct runner {
    const krait_job *jobs;
    unsigned count;
    unsigned next;
    unsigned running;
    unsigned slots;
    unsigned done;
    unsigned total;
    const char *directory;
    const krait_aot_options *options;
    child *children;
    struct pollfd *polled;
    char *last_output;
    krait_error *err;
} runner;

/* ---- starting --------------------------------------------------------------------------- */

/* What is done in the child before the program runs. */
static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const char *directory,
        int output)
{
    sigset_t none;
    sigset_t defaults;
    int number;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    number = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
    if (number == 0)
        number = posix_spawnattr_setpgroup(attributes, 0);
    if (number == 0)
        number = posix_spawnattr_setsigmask(attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (number == 0)
        number = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(actions, output, 1);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(actions, output, 2);
    if (number == 0)
        number = posix_spawn_file_actions_addchdir_np(actions, directory);
    return number;
}

static int
spawn(const runner *r, const krait_job *job, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int number = posix_spawn_file_actions_init(&actions);

    if (number != 0)
        return number;
    number = posix_spawnattr_init(&attributes);
    if (number == 0) {
        number = prepare(&actions, &attributes, r->directory, output);
        if (number == 0)
            number = posix_spawn(ret_pid, job->argv[0], &actions, &attributes, job->argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

static void
log_command(const runner *r, const krait_job *job)
{
    char line[2048];
    size_t used = 0;
    unsigned i;

    if (r->options->log == NULL)
        return;
    for (i = 0; job->argv[i] != NULL && used < sizeof(line); i++) {
        int added = snprintf(line + used, sizeof(line) - used, "%s%s", i != 0 ? " " : "",
                             job->argv[i]);

        used += added > 0 ? (size_t)added : 0;
    }
    r->options->log(r->options->user, line);
}

static krait_status
start(runner *r, child *slot, const krait_job *job)
{
    int ends[2];
    int number;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return krait__error_set(r->err, KRAIT_EIO, errno, "cannot make a pipe");
    log_command(r, job);
    number = spawn(r, job, ends[1], &slot->pid);
    close(ends[1]);
    if (number != 0) {
        close(ends[0]);
        return krait__error_set(r->err, KRAIT_EIO, number, "cannot start '%s'", job->argv[0]);
    }
    slot->job = job;
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
            krait_status status = start(r, &r->children[i], &r->jobs[r->next]);

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

static krait_status
report(runner *r, child *c, int wait_status)
{
    const char *program = strrchr(c->job->argv[0], '/');

    program = program != NULL ? program + 1 : c->job->argv[0];
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
        if (r->last_output != NULL)
            memcpy(r->last_output, c->output, c->size + 1);
        r->done++;
        if (r->options->progress != NULL)
            r->options->progress(r->options->user, r->done, r->total);
        return KRAIT_OK;
    }
    if (WIFSIGNALED(wait_status))
        return krait__error_set(r->err, KRAIT_EIO, 0, "%s was killed by signal %d on %s%s%s",
                                program, WTERMSIG(wait_status), c->job->what,
                                c->size != 0 ? ": " : "", last_lines(c));
    return krait__error_set(r->err, KRAIT_EIO, 0, "%s failed on %s with status %d%s%s", program,
                            c->job->what, WEXITSTATUS(wait_status), c->size != 0 ? ": " : "",
                            last_lines(c));
}

static krait_status
finish(runner *r, child *c)
{
    krait_status status;
    int wait_status = 0;

    close(c->pipe);
    while (waitpid(c->pid, &wait_status, 0) < 0 && errno == EINTR)
        continue;
    r->running--;
    log_output(r, c);
    status = report(r, c, wait_status);
    c->job = NULL;
    return status;
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
        kill(-c->pid, SIGKILL);
        close(c->pipe);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        c->job = NULL;
    }
}

krait_status
krait__jobs_run(const krait_job *jobs, unsigned count, const char *directory,
                const krait_aot_options *options, unsigned done, unsigned total,
                char ret_output[KRAIT_JOB_OUTPUT + 1], krait_error *err)
{
    runner r = {.jobs = jobs, .count = count, .done = done, .total = total};
    krait_status status = KRAIT_OK;

    r.slots = options->jobs;
    r.directory = directory;
    r.options = options;
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
