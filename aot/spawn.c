/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See spawn.h.  After a fork only functions that POSIX calls async-signal-safe are
 * used: the caller may have threads.
 */
#include "aot/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tells the keeper to make an end; the kernel sends it when the keeper's parent dies. */
#define STOP SIGUSR1

/* Flag of close_range(2), since Linux 5.11. */
#define CLOEXEC_RANGE 4u

/* How long the keeper waits for processes that have left the group. */
#define LINGER_SECONDS 5

static void
set_default(int number)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_DFL;
    (void)sigaction(number, &action, NULL);
}

/* ---- the program ------------------------------------------------------------------------ */

/* SIGXFSZ too: krait ignores it for its own files, and here it tells which limit was reached. */
static void
reset_signals(void)
{
    static const int numbers[] = {SIGPIPE, SIGINT,  SIGTERM, SIGHUP,
                                  SIGQUIT, SIGCHLD, SIGXCPU, SIGXFSZ};
    sigset_t none;
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        set_default(numbers[i]);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the caller's is open in the program. */
static void
close_on_exec(void)
{
    int fd;

    if (syscall(SYS_close_range, 3u, ~0u, CLOEXEC_RANGE) == 0)
        return;
    for (fd = 3; fd < 1024; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int
set_files(const krait_spawn *spawn)
{
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (input < 0 || dup2(input, 0) < 0 || dup2(spawn->output, 1) < 0 ||
        dup2(spawn->output, 2) < 0 || chdir(spawn->directory) != 0)
        return errno;
    close_on_exec();
    return 0;
}

/* Becomes the program, or writes errno to `report`. */
static void
run_program(const krait_spawn *spawn, pid_t keeper, int report)
{
    int number = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ? errno : 0;

    if (number == 0 && getppid() != keeper)
        _exit(127);
    (void)setpgid(0, 0);
    if (number == 0)
        number = set_files(spawn);
    reset_signals();
    if (number == 0)
        number = krait__confine_apply(spawn->confine);
    if (number == 0) {
        execve(spawn->argv[0], spawn->argv, spawn->confine->environ);
        number = errno;
    }
    (void)!write(report, &number, sizeof(number));
    _exit(127);
}

/* ---- the keeper ------------------------------------------------------------------------- */

/* Ends as the program did. */
static void
end_as(int status)
{
    struct rlimit none = {0, 0};
    sigset_t all;
    int number;

    if (!WIFSIGNALED(status))
        _exit(WEXITSTATUS(status));
    number = WTERMSIG(status);
    (void)setrlimit(RLIMIT_CORE, &none);
    set_default(number);
    sigfillset(&all);
    (void)sigprocmask(SIG_UNBLOCK, &all, NULL);
    (void)raise(number);
    _exit(128 + number);
}

/* Kills the group and reaps everybody: orphans become the keeper's children. */
static void
sweep(pid_t program, const sigset_t *awaited, int *status)
{
    struct timespec most = {LINGER_SECONDS, 0};
    int found = 0;
    pid_t pid;

    (void)kill(-program, SIGKILL);
    for (;;) {
        pid = waitpid(-1, &found, WNOHANG);
        if (pid == program)
            *status = found;
        if (pid < 0 || (pid == 0 && sigtimedwait(awaited, NULL, &most) < 0 && errno == EAGAIN))
            return;
    }
}

/* Waits for the program's end or for the order to make one. */
static void
watch(pid_t program)
{
    sigset_t awaited;
    siginfo_t info = {.si_pid = 0};
    int status = SIGKILL;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, STOP);
    while (info.si_pid != program) {
        if (sigwaitinfo(&awaited, NULL) == STOP)
            break;
        info.si_pid = 0;
        /* Not reaped yet: the number of the group stays its own. */
        (void)waitid(P_PID, (id_t)program, &info, WEXITED | WNOWAIT | WNOHANG);
    }
    sweep(program, &awaited, &status);
    end_as(status);
}

static void
keep(const krait_spawn *spawn, pid_t parent, int report)
{
    pid_t keeper = getpid();
    pid_t program;

    /* Away from the terminal's signals. */
    (void)setpgid(0, 0);
    set_default(SIGCHLD);
    set_default(STOP);
    /* Every kernel that runs this takes orphans in; qemu-user does not know how to ask. */
    if ((prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 && errno != EINVAL) ||
        prctl(PR_SET_PDEATHSIG, STOP, 0, 0, 0) != 0 || getppid() != parent)
        _exit(127);
    program = fork();
    if (program == 0)
        run_program(spawn, keeper, report);
    if (program < 0) {
        int number = errno;

        (void)!write(report, &number, sizeof(number));
        _exit(127);
    }
    (void)setpgid(program, program);
    /* The ends of pipes that others wait for. */
    if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0) {
        close(report);
        close(spawn->output);
    }
    watch(program);
}

/* ---- this process ----------------------------------------------------------------------- */

/* What the child had to say before the program ran: errno, or nothing. */
static int
read_report(int fd)
{
    int number = 0;
    ssize_t size;

    do {
        size = read(fd, &number, sizeof(number));
    } while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof(number) ? number : 0;
}

int
krait__spawn(const krait_spawn *spawn, pid_t *ret_keeper)
{
    pid_t parent = getpid();
    sigset_t all;
    sigset_t before;
    pid_t keeper;
    int ends[2];
    int number;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    /* Handlers of the caller's must not run in the keeper. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    keeper = fork();
    if (keeper == 0)
        keep(spawn, parent, ends[1]);
    number = keeper < 0 ? errno : 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (number == 0) {
        number = read_report(ends[0]);
        if (number != 0)
            krait__spawn_kill(keeper);
    }
    close(ends[0]);
    if (number == 0)
        *ret_keeper = keeper;
    return number;
}

int
krait__spawn_wait(pid_t keeper)
{
    int status = 0;
    pid_t pid;

    do {
        pid = waitpid(keeper, &status, 0);
    } while (pid < 0 && errno == EINTR);
    /* A caller that ignores SIGCHLD never learns how children end. */
    return pid == keeper ? status : 127 << 8;
}

void
krait__spawn_kill(pid_t keeper)
{
    (void)kill(keeper, STOP);
    (void)krait__spawn_wait(keeper);
}
