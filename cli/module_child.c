/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of this machine that works for `krait module`.
 */
#include "module.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of what it says, at most. */
#define MOST_OUTPUT (1 << 20)

extern char **environ;

static bool
start(char **argv, int output, pid_t *ret_child)
{
    posix_spawn_file_actions_t actions;
    bool is_started;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    is_started = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
                 posix_spawn_file_actions_adddup2(&actions, output, 1) == 0 &&
                 posix_spawn_file_actions_adddup2(&actions, output, 2) == 0 &&
                 posix_spawnp(ret_child, argv[0], &actions, NULL, argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return is_started;
}

/* A signal that comes just before the sleep does not end it: a look ten times a second finds it. */
static int
wait_for(pid_t child, const volatile sig_atomic_t *cancel)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    sigset_t ended;
    sigset_t before;
    int status = 0;
    bool is_told = false;
    pid_t found;

    (void)sigemptyset(&ended);
    (void)sigaddset(&ended, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &ended, &before);
    while ((found = waitpid(child, &status, WNOHANG)) == 0) {
        /* A terminal has told it already, others have not. */
        if (*cancel != 0 && !is_told)
            is_told = kill(child, SIGTERM) == 0;
        (void)sigtimedwait(&ended, NULL, &a_while);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return found == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *
read_output(int fd)
{
    struct stat status;
    size_t size = 0;
    char *text;
    ssize_t done;

    if (fstat(fd, &status) == 0 && status.st_size > 0)
        size = status.st_size < MOST_OUTPUT ? (size_t)status.st_size : MOST_OUTPUT;
    text = cli_need(malloc(size + 1));
    done = pread(fd, text, size, 0);
    text[done > 0 ? done : 0] = '\0';
    return text;
}

bool
module_run(const pack_list *words, int *ret_status, char **ret_output,
           const volatile sig_atomic_t *cancel)
{
    int output = memfd_create("krait-module", MFD_CLOEXEC);
    char **argv = cli_need(calloc(words->count + 1, sizeof(*argv)));
    pid_t child = -1;
    bool is_started;

    memcpy(argv, words->items, words->count * sizeof(*argv));
    is_started = output >= 0 && start(argv, output, &child);
    free(argv);
    if (is_started) {
        *ret_status = wait_for(child, cancel);
        *ret_output = read_output(output);
    }
    if (output >= 0)
        close(output);
    return is_started;
}
