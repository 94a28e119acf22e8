/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes: how one is started and ended.
 *
 * It gets /dev/null for its standard streams, one end of a socket as KRAIT_WORKER_FD, no environment,
 * no signal blocked or ignored, and a process group of its own, so that a terminal's signals go to
 * the embedder alone.  It closes everything else itself, and asks to die with the thread that
 * started it (host/worker).  A descriptor of the process (pidfd) keeps its number from being somebody
 * else's, also when the embedder waits for all of its children or ignores SIGCHLD.
 */
#include "pool/child.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process that was killed has to end. */
#define END_MS 10000

#define PROGRAM "libexec/krait/krait-worker"

krait_status
krait__child_program(char **ret_path, krait_error *err)
{
    static const char *const ways[] = {"../" PROGRAM, "../../" PROGRAM};
    char base[PATH_MAX];
    char path[PATH_MAX + sizeof("/../../" PROGRAM)];

    if (!krait__own_folder(base))
        return krait__error_set(err, KRAIT_ENOTFOUND, errno,
                                "cannot find the file that this library is in");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", base, ways[i]);
        if (access(path, X_OK) == 0) {
            *ret_path = krait__strdup(path);
            return *ret_path != NULL ? KRAIT_OK : krait__error_nomem(err);
        }
    }
    return krait__error_set(err, KRAIT_ENOTFOUND, 0,
                            "no krait-worker is installed with this library: there is no '%s/%s'",
                            base, ways[0]);
}

/* ---- starting ----------------------------------------------------------------------------- */

/* The socket first: it may have one of the numbers that are opened then. */
static int
set_files(posix_spawn_file_actions_t *actions, int fd)
{
    int error = posix_spawn_file_actions_adddup2(actions, fd, KRAIT_WORKER_FD);

    for (int stream = 0; stream < 3 && error == 0; stream++) {
#ifdef KRAIT_SANITIZED
        if (stream == 2)
            break;
#endif
        error = posix_spawn_file_actions_addopen(actions, stream, "/dev/null", O_RDWR, 0);
    }
    return error;
}

static int
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t set;
    int error;

    (void)sigemptyset(&set);
    error = posix_spawnattr_setsigmask(attributes, &set);
    (void)sigfillset(&set);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &set);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

static int
spawn(const char *program, int fd, pid_t *ret_pid)
{
    char name[] = "krait-worker";
    char *arguments[] = {name, NULL};
    char *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_files(&actions, fd);
        if (error == 0)
            error = set_attributes(&attributes);
        if (error == 0)
            error = posix_spawn(ret_pid, program, &actions, &attributes, arguments, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Kernels before 5.3 do not have the call, and filters that do not know it say EPERM: it never does
 * itself. */
static bool
open_pid(krait_child *child)
{
    child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    return child->pid_fd >= 0 || errno == ENOSYS || errno == EPERM;
}

/* It has just been started and has had no byte of the pool's: its number is still its own. */
static void
end_without_pid(krait_child *child, int error)
{
    char how[64];

    if (error != ESRCH) {
        krait__child_end(child, how, sizeof(how));
        return;
    }
    /* It is gone already, and whoever embeds the pool has waited for it. */
    (void)close(child->fd);
    child->pid = 0;
}

krait_status
krait__child_start(const char *program, krait_child *child, krait_error *err)
{
    char how[64];
    int fds[2];
    int error;

    memset(child, 0, sizeof(*child));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot make a socket for a worker");
    error = spawn(program, fds[1], &child->pid);
    (void)close(fds[1]);
    if (error != 0) {
        (void)close(fds[0]);
        child->pid = 0;
        return krait__error_set(err, error == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, error,
                                "cannot start '%s'", program);
    }
    child->fd = fds[0];
    if (!open_pid(child)) {
        error = errno;
        end_without_pid(child, error);
        return krait__error_set(err, KRAIT_EIO, error, "cannot get a descriptor of a worker");
    }
    /* The worker's end stays as it is: they are two open files. */
    if (fcntl(child->fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
        return KRAIT_OK;
    error = errno;
    krait__child_end(child, how, sizeof(how));
    return krait__error_set(err, KRAIT_EIO, error, "cannot use the socket of a worker");
}

/* ---- ending ------------------------------------------------------------------------------- */

/* It leads a group: what a guest that has taken it over may have started goes with it.  As long as the
 * worker can be signalled by its own descriptor, the number of its group is nobody else's. */
static void
kill_child(const krait_child *child)
{
    if (child->pid_fd < 0)
        (void)kill(child->pid, SIGKILL);
    else if (syscall(SYS_pidfd_send_signal, child->pid_fd, SIGKILL, NULL, 0) != 0)
        return;
    (void)kill(-child->pid, SIGKILL);
}

static void
describe(const siginfo_t *info, char *how, size_t size)
{
    if (info->si_code == CLD_EXITED)
        (void)snprintf(how, size, "ended with status %d", info->si_status);
    else
        (void)snprintf(how, size, "ended by signal %d", info->si_status);
}

/* Until it has ended; false: nobody can say how.  One that is killed and has not ended after so long is
 * held by another process that traces it, or in the kernel. */
static bool
wait_for_end(const krait_child *child, siginfo_t *info)
{
    struct pollfd end = {.fd = child->pid_fd, .events = POLLIN};
    const bool has_descriptor = child->pid_fd >= 0;
    int result;

    while (has_descriptor && poll(&end, 1, END_MS) < 0 && errno == EINTR)
        ;
    /* Even a dead one is hidden from its parent while another process traces it: no waiting here. */
    do {
        memset(info, 0, sizeof(*info));
        result = has_descriptor ? waitid(P_PIDFD, (id_t)child->pid_fd, info, WEXITED | WNOHANG)
                                : waitid(P_PID, (id_t)child->pid, info, WEXITED);
    } while (result != 0 && errno == EINTR);
    /* Else the embedder waited for it, or ignores SIGCHLD: it is gone as well. */
    return result == 0 && info->si_pid != 0;
}

void
krait__child_end(krait_child *child, char *how, size_t size)
{
    siginfo_t info;

    (void)snprintf(how, size, "ended");
    if (child->pid == 0)
        return;
    (void)close(child->fd);
    kill_child(child);
    if (wait_for_end(child, &info))
        describe(&info, how, size);
    if (child->pid_fd >= 0)
        (void)close(child->pid_fd);
    child->pid = 0;
}
