/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program for the sandbox that calls every function of <krait/guest.h>, without a libc: what
 * the header declares is what the host has, and signals reach the guest from its timers.
 *
 * Exits 0, or with the number of the line that failed.
 */
#include <krait/guest.h>

#define WASI(name)                                                                                 \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t

WASI(fd_read) fd_read(uint32_t fd, const void *iovs, size_t count, size_t *ret_size);
WASI(fd_write) fd_write(uint32_t fd, const void *iovs, size_t count, size_t *ret_size);
WASI(poll_oneoff) poll_oneoff(const void *subs, void *events, size_t count, size_t *ret_count);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn)) void
proc_exit(uint32_t status);

void _start(void);
void krait_signal(uint32_t number);

/* WASI's numbers. */
enum {
    OK = 0,
    EACCES = 2,
    EBADF = 8,
    EDEADLK = 16,
    EINTR = 27,
    EINVAL = 28,
    ENOTTY = 59,
    EPERM = 63
};
enum { ETIMEDOUT = 73, FD_READ = 2, FD_WRITE = 64, O_CREAT = 1, ROOT = 3 };

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            proc_exit(__LINE__);                                                                   \
    } while (0)

static volatile uint32_t signals;
static volatile uint32_t last_signal;

__attribute__((export_name("krait_signal"))) void
krait_signal(uint32_t number)
{
    last_signal = number;
    signals++;
}

static struct {
    char *bytes;
    size_t size;
} buffer;
static char bytes[16];

static uint32_t
read_byte(uint32_t fd)
{
    size_t done;

    buffer.bytes = bytes;
    buffer.size = 1;
    return fd_read(fd, &buffer, 1, &done);
}

static uint32_t
write_byte(uint32_t fd)
{
    size_t done;

    buffer.bytes = bytes;
    buffer.size = 1;
    return fd_write(fd, &buffer, 1, &done);
}

#define PATH(text) text, sizeof(text) - 1

static void
files(void)
{
    krait_host_statvfs space;
    krait_host_stat status;
    uint32_t fd;

    CHECK(krait_host_path_mkdir_mode(ROOT, PATH("m/d"), 0711) == OK);
    CHECK(krait_host_path_open_mode(ROOT, 0, PATH("m/d/f"), O_CREAT, FD_WRITE, 0,
                                    KRAIT_HOST_CLOEXEC, 0640, &fd) == OK);
    CHECK(krait_host_path_stat(ROOT, KRAIT_HOST_FOLLOW, PATH("m/d/f"), &status) == OK);
    CHECK(status.mode == (KRAIT_HOST_S_IFREG | 0640u) && status.uid == 1000 && status.size == 0);
    CHECK(krait_host_fd_chmod(fd, 0600) == OK && krait_host_fd_stat(fd, &status) == OK);
    CHECK(status.mode == (KRAIT_HOST_S_IFREG | 0600u) && status.nlink == 1);
    CHECK(krait_host_path_chmod(ROOT, 0, PATH("m/d/f"), 0200) == OK);
    CHECK(krait_host_path_access(ROOT, 0, PATH("m/d/f"), KRAIT_HOST_W_OK) == OK);
    CHECK(krait_host_path_access(ROOT, 0, PATH("m/d/f"), KRAIT_HOST_R_OK) == EACCES);
    CHECK(krait_host_path_open_mode(ROOT, 0, PATH("m/d/f"), 0, FD_READ, 0, 0, 0, &fd) == EACCES);
    CHECK(krait_host_path_chown(ROOT, 0, PATH("m/d/f"), 1000, 1000) == OK);
    CHECK(krait_host_fd_chown(fd, 0, UINT32_MAX) == EPERM);
    CHECK(krait_host_path_mknod(ROOT, PATH("tmp/fifo"), KRAIT_HOST_S_IFIFO | 0600) == OK);
    CHECK(krait_host_path_statvfs(ROOT, 0, PATH("m"), &space) == OK && space.namemax == 255);
    CHECK(krait_host_fd_statvfs(ROOT, &space) == OK && space.frsize == 4096);
}

static void
descriptors(void)
{
    krait_host_winsize size;
    krait_host_itimer timer;
    krait_host_termios termios;
    uint32_t pipe[2];
    uint32_t fd;
    uint32_t flags;

    CHECK(krait_host_fd_pipe(KRAIT_HOST_CLOEXEC, pipe) == OK);
    CHECK(krait_host_fd_getfd(pipe[0], &flags) == OK && flags == 1);
    CHECK(krait_host_fd_setfd(pipe[0], 0) == OK);
    CHECK(krait_host_fd_dup(pipe[1], 20, 0, &fd) == OK && fd == 20);
    CHECK(krait_host_fd_dup2(fd, 30, 0) == OK);
    CHECK(write_byte(30) == OK && read_byte(pipe[0]) == OK);
    CHECK(read_byte(pipe[0]) == EDEADLK);
    CHECK(krait_host_fd_winsize(pipe[0], &size) == ENOTTY);
    CHECK(krait_host_fd_socketpair(0, pipe) == OK);
    CHECK(write_byte(pipe[0]) == OK && read_byte(pipe[1]) == OK);
    CHECK(krait_host_fd_pty(0, pipe) == OK && krait_host_fd_winsize(pipe[0], &size) == OK);
    CHECK(krait_host_fd_winsize_set(pipe[0], &size) == OK);
    CHECK(krait_host_fd_tcgetattr(pipe[1], &termios) == OK && termios.cc[4] == 4);
    CHECK(krait_host_fd_tcsetattr(pipe[1], 0, &termios) == OK);
    CHECK(krait_host_fd_tcflush(pipe[1], 2) == OK);
    CHECK(krait_host_fd_eventfd(1, KRAIT_HOST_NONBLOCK, &fd) == OK);
    CHECK(krait_host_fd_memfd(0, &fd) == OK && write_byte(fd) == OK);
    CHECK(krait_host_fd_timerfd(1, 0, &fd) == OK);
    CHECK(krait_host_timerfd_set(fd, 0, 1000000, 0, &timer) == OK && timer.value == 0);
    CHECK(read_byte(fd) == EINVAL);
    CHECK(krait_host_timerfd_get(fd, &timer) == OK && timer.interval == 0);
}

/* Signals while the guest loops, waits for a pipe, and waits for nothing but them. */
static void
timers(void)
{
    const uint64_t ms = 1000000;
    krait_host_itimer timer;
    uint32_t pipe[2];
    uint32_t before;

    CHECK(krait_host_itimer_set(KRAIT_HOST_ITIMER_REAL, 20 * ms, 0, NULL) == OK);
    while (signals == 0)
        ;
    CHECK(signals == 1 && last_signal == KRAIT_HOST_SIGALRM);
    CHECK(krait_host_itimer_get(KRAIT_HOST_ITIMER_REAL, &timer) == OK && timer.value == 0);
    CHECK(krait_host_fd_pipe(0, pipe) == OK);
    CHECK(krait_host_itimer_set(KRAIT_HOST_ITIMER_REAL, 20 * ms, 10 * ms, NULL) == OK);
    CHECK(read_byte(pipe[0]) == EINTR && signals >= 2);
    before = signals;
    CHECK(krait_host_signal_wait(&signals, before, UINT64_MAX) <= EINTR && signals > before);
    CHECK(krait_host_signal_wait(&signals, before, UINT64_MAX) == OK);
    CHECK(krait_host_itimer_set(KRAIT_HOST_ITIMER_REAL, 0, 0, &timer) == OK);
    CHECK(timer.interval == 10 * ms && read_byte(pipe[0]) == EDEADLK);
    CHECK(krait_host_signal_wait(&signals, signals, 1000) == ETIMEDOUT);
    before = signals;
    CHECK(krait_host_itimer_set(KRAIT_HOST_ITIMER_VIRTUAL, ms, 0, NULL) == OK);
    while (signals == before)
        ;
    CHECK(last_signal == KRAIT_HOST_SIGVTALRM);
    CHECK(krait_host_itimer_set(KRAIT_HOST_ITIMER_PROF, ms, ms, NULL) == OK);
    while (last_signal != KRAIT_HOST_SIGPROF)
        ;
    /* it runs on: nothing of it may be left when the guest has ended */
}

void
_start(void)
{
    krait_host_identity who;

    CHECK(krait_host_identity_get(&who) == OK && who.uid == 1000 && who.pid == 42);
    files();
    descriptors();
    timers();
    proc_exit(0);
}
