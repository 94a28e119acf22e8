/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest/native has and CPython does not call, or not without threads; a WASI program.
 * native_c.sh builds and runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno);                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static int seen[8];
static int count;

static void
note(int number)
{
    seen[count++ % 8] = number;
}

static void
note_info(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_signo == number && info->si_pid == getpid() && info->si_uid == getuid());
    CHECK(context == NULL);
    note(number);
}

/* Blocked while its handler runs, unless SA_NODEFER says else. */
static void
again(int number)
{
    note(number);
    if (count < 3)
        CHECK(raise(number) == 0);
    note(0);
}

static void
actions(void)
{
    struct sigaction action = {.sa_handler = again};
    struct sigaction old;

    CHECK(sigaction(SIGUSR1, &action, &old) == 0 && old.sa_handler == SIG_DFL);
    CHECK(raise(SIGUSR1) == 0);
    CHECK(count == 4 && seen[0] == SIGUSR1 && seen[1] == 0 && seen[2] == SIGUSR1);
    count = 0;
    action.sa_flags = SA_NODEFER;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    CHECK(count == 6 && seen[0] == SIGUSR1 && seen[1] == SIGUSR1 && seen[2] == SIGUSR1);
    count = 0;
    action = (struct sigaction){.sa_sigaction = note_info, .sa_flags = SA_SIGINFO | SA_RESETHAND};
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0 && kill(getpid(), SIGUSR2) == 0 && count == 1);
    CHECK(sigaction(SIGUSR2, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
    CHECK(sigaction(SIGKILL, NULL, &old) == 0);
    CHECK(signal(SIGUSR1, note) != SIG_ERR && signal(99, note) == SIG_ERR);
    CHECK(siginterrupt(SIGUSR1, 1) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
    CHECK(!(old.sa_flags & SA_RESTART) && siginterrupt(0, 1) == -1);
}

static void
masks(void)
{
    sigset_t set;
    sigset_t old;

    count = 0;
    CHECK(sigfillset(&set) == 0 && sigismember(&set, SIGUSR1) == 1 && sigdelset(&set, 99) == -1);
    CHECK(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0 && sigaddset(&set, SIGKILL) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && old == 0);
    CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && count == 0);
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 1 &&
          sigdelset(&set, SIGUSR1) == 0);
    CHECK(set == 0);
    CHECK(sigprocmask(9, &set, NULL) == -1 && pthread_sigmask(9, &set, NULL) == EINVAL);
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &old) == 0 && sigismember(&old, SIGUSR1) == 1);
    CHECK(sigismember(&old, SIGKILL) == 0);
    CHECK(sigprocmask(SIG_UNBLOCK, &old, NULL) == 0 && count == 1 && seen[0] == SIGUSR1);
    CHECK(sigpending(&set) == 0 && set == 0);
    CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0 && count == 2);
    CHECK(pthread_kill(pthread_self(), 99) == EINVAL);
}

static void
descriptors(void)
{
    struct flock lock = {.l_type = F_WRLCK};
    int fds[2];
    int fd = open("/tmp/file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    eventfd_t value;
    FILE *file;

    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_SETFD, 0) == 0);
    CHECK(fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_SETLKW, &lock) == 0);
    CHECK(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
    lock.l_type = 9;
    CHECK(fcntl(fd, F_SETLK, &lock) == -1 && errno == EINVAL);
    CHECK(fcntl(fd, 99) == -1 && errno == EINVAL);
    CHECK(dup3(fd, fd, 0) == -1 && errno == EINVAL && dup3(fd, 20, O_CLOEXEC) == 20);
    CHECK(fcntl(20, F_GETFD) == FD_CLOEXEC && dup2(fd, 20) == 20 && fcntl(20, F_GETFD) == 0);
    CHECK(fcntl(20, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & O_APPEND));
    CHECK(close(fd) == 0 && close(20) == 0);
    fd = eventfd(0, 0);
    CHECK(fd >= 0 && eventfd_write(fd, 7) == 0 && eventfd_read(fd, &value) == 0 && value == 7);
    CHECK(close(fd) == 0 && eventfd_read(fd, &value) == -1 && errno == EBADF);
    CHECK(pipe(fds) == 0 && close(fds[0]) == 0);
    CHECK(signal(SIGPIPE, note) != SIG_ERR);
    count = 0;
    CHECK(write(fds[1], "x", 1) == -1 && errno == EPIPE && count == 1 && seen[0] == SIGPIPE);
    CHECK(close(fds[1]) == 0);
    /* what opens without a mode takes the usual one */
    (void)umask(077);
    file = fopen("/tmp/other", "w");
    CHECK(file != NULL && fclose(file) == 0);
}

static void
others(void)
{
    struct winsize size = {.ws_row = 5, .ws_col = 6};
    struct termios settings;
    struct rusage usage;
    struct stat status;
    struct tms times_now;
    int master;
    int slave;
    char *memory;

    CHECK(stat("/tmp/other", &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(openpty(&master, &slave, NULL, NULL, &size) == 0 && tcgetattr(slave, &settings) == 0);
    CHECK(cfsetospeed(&settings, B9600) == 0 && cfsetispeed(&settings, 0) == 0);
    CHECK(cfgetospeed(&settings) == B9600 && cfgetispeed(&settings) == B9600);
    CHECK(cfsetospeed(&settings, 12345) == -1 && errno == EINVAL);
    CHECK(tcflow(slave, TCOOFF) == -1 && errno == ENOTSUP && tcflow(slave, 9) == -1);
    CHECK(getrusage(99, &usage) == -1 && errno == EINVAL);
    CHECK(times(&times_now) > 0 && times_now.tms_cutime == 0 && clock() >= 0);
    memory = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    CHECK(memory != MAP_FAILED && (uintptr_t)memory % 65536 == 0 && memory[4] == 0);
    CHECK(msync(memory, 5, MS_SYNC) == 0 && msync(memory + 1, 5, MS_SYNC) == -1);
    CHECK(munmap(memory + 65536, 5) == -1 && munmap(memory, 5) == 0 && munmap(memory, 5) == -1);
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0) == MAP_FAILED);
    CHECK(syscall(1) == -1 && errno == ENOSYS);
}

int
main(void)
{
    actions();
    masks();
    descriptors();
    others();
    printf("whole\n");
    return 0;
}
