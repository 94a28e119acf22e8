/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard descriptors on pipes, terminals, files, devices and on nothing.
 */
#include "wasi/guest.h"

#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static krait_wasi_options options;

/* A guest with these host descriptors; -1 is none. */
static void
begin(int in, int out, int err)
{
    krait_wasi_options fresh = KRAIT_WASI_OPTIONS_INIT;

    options = fresh;
    options.stdio_fds[0] = in;
    options.stdio_fds[1] = out;
    options.stdio_fds[2] = err;
    guest_begin(&options);
}

static unsigned
type_of(uint32_t fd)
{
    return call("fd_fdstat_get", fd, U(STAT)) == 0 ? g.memory.base[STAT] : 99u;
}

static void
pipes(void)
{
    int in[2];
    int out[2];
    char buffer[32] = "";

    CHECK(pipe(in) == 0 && pipe(out) == 0);
    begin(in[0], out[1], -1);
    CHECK_UINT(type_of(0), 0);
    CHECK_UINT(rights_of(0) & (WASI_FD_READ | WASI_FD_WRITE), WASI_FD_READ);
    CHECK_UINT(rights_of(1) & (WASI_FD_READ | WASI_FD_WRITE), WASI_FD_WRITE);
    CHECK_INT(write_fd(1, "hello"), 0);
    CHECK_INT(read(out[0], buffer, sizeof(buffer)), 5);
    CHECK_STR(buffer, "hello");
    CHECK_INT(write(in[1], "input", 5), 5);
    CHECK_STR(read_fd(0), "input");
    CHECK_INT(write_fd(0, "x"), WASI_EBADF);
    CHECK_STR(read_fd(1), "errno 8");
    CHECK_INT(call("fd_seek", U(0), L(0), U(1), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("fd_pread", U(0), U(IOVS), U(1), L(0), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("fd_filestat_get", U(0), U(STAT)), 0);
    CHECK_INT(call("fd_filestat_set_size", U(1), L(0)), WASI_EINVAL);
    CHECK_INT(call("fd_sync", U(1)), WASI_EINVAL);
    /* closing is the guest's business only */
    CHECK_INT(call("fd_close", U(1)), 0);
    CHECK_INT(write_fd(1, "x"), WASI_EBADF);
    CHECK(fcntl(out[1], F_GETFD) >= 0);
    close(in[1]);
    CHECK_STR(read_fd(0), ""); /* the end */
    guest_end();
    CHECK(fcntl(in[0], F_GETFD) >= 0);
    close(in[0]);
    close(out[0]);
    close(out[1]);
}

/* Where another process has taken what poll promised, a call does not block: the signal at a limit of
 * time would start it again. */
static void
others_were_faster(void)
{
    static char text[4096];
    struct iovec part = {.iov_base = text, .iov_len = sizeof(text)};
    krait_file *file = NULL;
    size_t done = 0;
    ssize_t count;
    int error;
    int ends[2];

    /* Else a kernel like that of Debian 12 leaves no way. */
    CHECK(access("/proc/self/fd", X_OK) == 0);
    CHECK(pipe(ends) == 0);
    CHECK_INT(krait__file_from_fd(ends[0], &file), 0);
    CHECK_INT(krait__file_read(file, &part, 1, KRAIT_AT_POSITION, &done), EAGAIN);
    CHECK_INT(write(ends[1], "text", 4), 4);
    CHECK_INT(krait__file_read(file, &part, 1, KRAIT_AT_POSITION, &done), 0);
    CHECK_UINT(done, 4);
    krait__file_unref(file);
    CHECK_INT(krait__file_from_fd(ends[1], &file), 0);
    do
        error = krait__file_write(file, &part, 1, KRAIT_AT_POSITION, &done);
    while (error == 0);
    CHECK_INT(error, EAGAIN);
    CHECK_INT(read(ends[0], text, sizeof(text)), (int)sizeof(text));
    CHECK_INT(krait__file_write(file, &part, 1, KRAIT_AT_POSITION, &done), 0);
    CHECK_UINT(done, sizeof(text));
    /* whoever has the other end sees its end, and ours */
    CHECK(fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK) == 0);
    CHECK_INT(write(ends[1], text, 1), -1);
    krait__file_unref(file);
    CHECK(fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK) == 0);
    close(ends[1]);
    while ((count = read(ends[0], text, sizeof(text))) > 0)
        continue;
    CHECK_INT(count, 0);
    close(ends[0]);
}

static void
non_blocking(void)
{
    int in[2];
    int out[2];
    unsigned written = 0;
    int error;

    CHECK(pipe(in) == 0 && pipe(out) == 0);
    begin(in[0], out[1], -1);
    CHECK_INT(call("fd_fdstat_set_flags", U(0), U(4)), 0);
    CHECK_INT(call("fd_fdstat_set_flags", U(1), U(4)), 0);
    CHECK_STR(read_fd(0), "errno 6"); /* EAGAIN */
    CHECK_INT(write(in[1], "x", 1), 1);
    CHECK_STR(read_fd(0), "x");
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 50000);
    while ((error = call("fd_write", U(1), U(IOVS), U(1), U(OUT))) == 0 && written < 1000000)
        written += load32(OUT);
    CHECK_INT(error, WASI_EAGAIN);
    CHECK(written >= 4096 && written < 1000000);
    /* the host's own flags stay as they were */
    CHECK_INT(fcntl(in[0], F_GETFL) & O_NONBLOCK, 0);
    CHECK_INT(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0);
    guest_end();
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
}

/* A host descriptor that is non-blocking does not make a blocking guest fail. */
static void *
feed_slowly(void *arg)
{
    const struct timespec pause = {0, 20000000};

    nanosleep(&pause, NULL);
    return write(*(int *)arg, "late", 4) == 4 ? arg : NULL;
}

static void
blocking_on_a_non_blocking_host(void)
{
    int in[2];
    pthread_t thread;

    CHECK_INT(pipe2(in, O_NONBLOCK), 0);
    begin(in[0], -1, -1);
    CHECK_INT(pthread_create(&thread, NULL, feed_slowly, &in[1]), 0);
    CHECK_STR(read_fd(0), "late");
    pthread_join(thread, NULL);
    guest_end();
    close(in[0]);
    close(in[1]);
}

static void *
drain(void *arg)
{
    char buffer[1000];
    size_t total = 0;
    ssize_t done;

    while ((done = read(*(int *)arg, buffer, sizeof(buffer))) > 0)
        total += (size_t)done;
    return (void *)total;
}

/* A write to a full pipe goes on until all is out. */
static void
long_writes(void)
{
    int out[2];
    pthread_t thread;
    void *total = NULL;

    CHECK_INT(pipe(out), 0);
    begin(-1, out[1], -1);
    CHECK_INT(pthread_create(&thread, NULL, drain, &out[0]), 0);
    for (uint32_t i = 0; i < 3; i++) {
        store32(IOVS + 8 * i, BUFFER);
        store32(IOVS + 8 * i + 4, 60000);
    }
    CHECK_INT(call("fd_write", U(1), U(IOVS), U(3), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 3 * 60000);
    guest_end();
    close(out[1]);
    pthread_join(thread, &total);
    CHECK_UINT((size_t)total, 3 * 60000);
    close(out[0]);
}

/* With SIGPIPE's default action this process would die. */
static void
no_sigpipe(void)
{
    struct sigaction deadly = {.sa_handler = SIG_DFL};
    struct sigaction old;
    sigset_t pending;
    sigset_t mask;
    int out[2];
    int pair[2];

    CHECK_INT(sigaction(SIGPIPE, &deadly, &old), 0);
    CHECK_INT(pipe(out), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(out[0]);
    close(pair[0]);
    begin(-1, out[1], pair[1]);
    CHECK_INT(write_fd(1, "x"), WASI_EPIPE);
    CHECK_INT(write_fd(2, "x"), WASI_EPIPE);
    CHECK_INT(write_fd(1, "x"), WASI_EPIPE);
    CHECK_INT(sigpending(&pending), 0);
    CHECK_INT(sigismember(&pending, SIGPIPE), 0);
    CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    CHECK_INT(sigismember(&mask, SIGPIPE), 0);
    guest_end();
    close(out[1]);
    close(pair[1]);
    sigaction(SIGPIPE, &old, NULL);
}

static void
closed(void)
{
    begin(-1, 5001, 5000);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_INT(call("fd_fdstat_get", i, U(STAT)), WASI_EBADF);
        CHECK_INT(write_fd(i, "x"), WASI_EBADF);
        CHECK_INT(call("fd_close", i), WASI_EBADF);
    }
    CHECK_INT(call("fd_prestat_get", U(3), U(OUT)), 0);
    guest_end();
}

/* In a child without 0 to 2: files of the guest never get these numbers. */
static int
child_without_stdio(void)
{
    uint32_t fd = UINT32_MAX;
    int bad = 0;

    close(0);
    close(1);
    close(2);
    guest_begin(NULL);
    for (uint32_t i = 0; i < 3; i++)
        bad |= call("fd_fdstat_get", i, U(STAT)) != WASI_EBADF;
    bad |= path_open(3, 0, "m/f", WASI_O_CREAT, ALL, 0, 0, &fd) != 0 || fd != 0;
    bad |= path_open(3, 0, "m", WASI_O_DIRECTORY, WASI_FD_READDIR, 0, 0, &fd) != 0 || fd != 1;
    for (int i = 0; i < 3; i++)
        bad |= fcntl(i, F_GETFD) >= 0;
    guest_end();
    return bad;
}

static void
no_stdio_at_all(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(child_without_stdio());
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

static void
terminal(void)
{
    int master;
    int slave;
    char buffer[32] = "";

    if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
        CHECK_SKIP("no pseudo terminals here");
    begin(slave, slave, slave);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_UINT(type_of(i), 2);
        CHECK_UINT(rights_of(i) & (WASI_FD_SEEK | WASI_FD_TELL), 0);
    }
    CHECK_INT(call("fd_seek", U(0), L(0), U(1), U(OUT)), WASI_ESPIPE);
    CHECK_INT(write(master, "line\n", 5), 5);
    CHECK_STR(read_fd(0), "line\n");
    CHECK_INT(write_fd(1, "out"), 0);
    CHECK(read(master, buffer, sizeof(buffer) - 1) > 0);
    guest_end();
    close(master);
    close(slave);
}

static void
regular_files(void)
{
    char path[128];
    char buffer[64] = "";
    struct stat stat;
    int log;
    int script;

    begin(-1, -1, -1);
    snprintf(path, sizeof(path), "%s/log", g.host);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    CHECK_INT(write(log, "old ", 4), 4);
    script = open(path, O_RDONLY | O_CLOEXEC);
    krait__wasi_free(g.wasi);
    options.vfs = g.vfs;
    options.stdio_fds[0] = script;
    options.stdio_fds[1] = log;
    CHECK_INT(krait__wasi_new(&options, &g.wasi, NULL), KRAIT_OK);
    CHECK_UINT(type_of(0), 4);
    CHECK_UINT(type_of(1), 4);
    CHECK_UINT(g.memory.base[STAT + 2], 1); /* append, as the shell opened it */
    CHECK_INT(write_fd(1, "new"), 0);
    CHECK_STR(read_fd(0), "old new");
    CHECK_INT(call("fd_seek", U(0), L(0), U(0), U(OUT)), 0);
    CHECK_STR(read_fd(0), "old new");
    CHECK_INT(call("fd_filestat_get", U(0), U(STAT)), 0);
    CHECK_INT(fstat(log, &stat), 0);
    CHECK_UINT(load64(STAT + 8), stat.st_ino);
    CHECK_UINT(load64(STAT + 32), 7);
    CHECK_INT(call("fd_fdstat_set_flags", U(1), U(0)), WASI_ENOTSUP); /* it is shared */
    CHECK_INT(fcntl(log, F_GETFL) & O_APPEND, O_APPEND);
    guest_end();
    CHECK_INT(pread(script, buffer, sizeof(buffer), 0), 7);
    close(log);
    close(script);
}

static void
devices_and_directories(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint32_t fd = UINT32_MAX;

    begin(dir, null, -1);
    CHECK_UINT(type_of(1), 2);
    CHECK(rights_of(1) & WASI_FD_SEEK); /* so it is no terminal */
    CHECK_INT(write_fd(1, "gone"), 0);
    CHECK_STR(read_fd(1), "");
    /* a directory there grants nothing */
    CHECK_UINT(type_of(0), 0);
    CHECK_STR(read_fd(0), "errno 31");
    CHECK_INT(path_open(0, 0, ".", WASI_O_DIRECTORY, 0, 0, 0, &fd), WASI_ENOTDIR);
    CHECK_INT(call("fd_readdir", U(0), U(BUFFER), U(100), L(0), U(OUT)), WASI_ENOTDIR);
    guest_end();
    close(null);
    close(dir);
}

static void
stderr_tail(void)
{
    int out[2];
    char buffer[4096];
    char line[64];

    CHECK_INT(pipe(out), 0);
    begin(-1, out[1], out[1]);
    CHECK_UINT(krait__wasi_stderr_tail(g.wasi, buffer, sizeof(buffer)), 0);
    CHECK_INT(write_fd(1, "not this"), 0);
    CHECK_INT(write_fd(2, "first "), 0);
    CHECK_INT(write_fd(2, "last"), 0);
    CHECK_UINT(krait__wasi_stderr_tail(g.wasi, buffer, sizeof(buffer)), 10);
    CHECK_MEM(buffer, "first last", 10);
    CHECK_UINT(krait__wasi_stderr_tail(g.wasi, buffer, 4), 4);
    CHECK_MEM(buffer, "last", 4);
    for (int i = 0; i < 500; i++) {
        snprintf(line, sizeof(line), "line %d\n", i);
        CHECK_INT(write_fd(2, line), 0);
    }
    CHECK_UINT(krait__wasi_stderr_tail(g.wasi, buffer, sizeof(buffer)), 2048);
    CHECK_MEM(buffer + 2048 - 18, "line 498\nline 499\n", 18);
    guest_end();
    close(out[0]);
    close(out[1]);
}

/* ---- waits that end early ---------------------------------------------------------------- */

static void *
cancel_later(void *arg)
{
    const struct timespec pause = {0, 20000000};

    nanosleep(&pause, NULL);
    return write(*(int *)arg, "!", 1) == 1 ? arg : NULL;
}

static void
cancelled(void)
{
    int in[2];
    int cancel[2];
    krait_wasi_options fresh = KRAIT_WASI_OPTIONS_INIT;
    pthread_t thread;

    CHECK(pipe(in) == 0 && pipe(cancel) == 0);
    fresh.stdio_fds[0] = in[0];
    fresh.cancel_fd = cancel[0];
    guest_begin(&fresh);
    CHECK_INT(pthread_create(&thread, NULL, cancel_later, &cancel[1]), 0);
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 10);
    CHECK_INT(call("fd_read", U(0), U(IOVS), U(1), U(OUT)), -1);
    CHECK_INT(g.trap, KRAIT_TRAP_INTERRUPTED);
    pthread_join(thread, NULL);
    /* it stays so: nothing waits any more */
    memset(g.memory.base + SUBS, 0, 48);
    store32(SUBS + 24, UINT32_MAX);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), -1);
    CHECK_INT(g.trap, KRAIT_TRAP_INTERRUPTED);
    guest_end();
    close(in[0]);
    close(in[1]);
    close(cancel[0]);
    close(cancel[1]);
}

static void
on_alarm(int number)
{
    (void)number;
    g.thread.interrupted = 1;
}

/* A signal for the guest ends its waits with EINTR. */
static void
signalled(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct sigaction old;
    struct itimerspec when = {.it_value = {0, 20000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    int in[2];

    CHECK_INT(pipe(in), 0);
    CHECK_INT(sigaction(SIGUSR1, &action, &old), 0);
    CHECK_INT(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    begin(in[0], -1, -1);
    CHECK_INT(timer_settime(timer, 0, &when, NULL), 0);
    CHECK_STR(read_fd(0), "errno 27");
    CHECK_UINT(g.thread.interrupted, 1);
    CHECK_STR(read_fd(0), "errno 27"); /* until the engine has seen to it */
    g.thread.interrupted = 0;
    CHECK_INT(timer_settime(timer, 0, &when, NULL), 0);
    memset(g.memory.base + SUBS, 0, 48);
    store32(SUBS + 28, 1000); /* far away */
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), WASI_EINTR);
    g.thread.interrupted = 0;
    guest_end();
    timer_delete(timer);
    sigaction(SIGUSR1, &old, NULL);
    close(in[0]);
    close(in[1]);
}

/* /dev/stdin and its like are what the guest has there, now. */
static void
by_name(void)
{
    krait_error err;
    char buffer[32] = "";
    int in[2];
    int out[2];
    uint32_t fd;

    CHECK(pipe(in) == 0 && pipe(out) == 0);
    begin(in[0], out[1], -1);
    CHECK_INT(krait__vfs_mount_devices(g.vfs, &err), KRAIT_OK);
    CHECK_INT(write(in[1], "input", 5), 5);
    fd = open_fd("dev/stdin", 0, WASI_FD_READ);
    CHECK_STR(read_fd(fd), "input");
    CHECK_INT(write_fd(fd, "x"), WASI_EBADF);
    CHECK_INT(write_fd(open_fd("dev/stdout", WASI_O_TRUNC, WASI_FD_WRITE), "hello"), 0);
    CHECK_INT(read(out[0], buffer, sizeof(buffer)), 5);
    CHECK_STR(buffer, "hello");
    CHECK_INT(open_error("dev/stdin", 0, WASI_FD_READ | WASI_FD_WRITE), WASI_EACCES);
    CHECK_INT(open_error("dev/stdout", 0, WASI_FD_READ), WASI_EACCES);
    CHECK_UINT(fd, 2); /* the lowest that was free */
    CHECK_INT(call("fd_close", fd), 0);
    CHECK_INT(open_error("dev/stderr", 0, WASI_FD_WRITE), WASI_ENXIO);
    CHECK_INT(open_error("dev/stdin", WASI_O_DIRECTORY, WASI_FD_READ), WASI_ENOTDIR);
    /* what was given up is not to be had by the name */
    CHECK_INT(call("fd_fdstat_set_rights", U(1), L(0), L(0)), 0);
    fd = open_fd("dev/stdout", 0, WASI_FD_WRITE);
    CHECK_INT(write_fd(fd, "x"), WASI_ENOTCAPABLE);
    CHECK_UINT(rights_of(fd), 0);
    /* a directory as stdin is none */
    CHECK_INT(call("fd_renumber", open_fd("m", WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE), U(0)), 0);
    CHECK_INT(open_error("dev/stdin", 0, WASI_FD_READ), WASI_EACCES);
    guest_end();
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
}

CHECK_MAIN(CHECK_CASE(by_name), CHECK_CASE(pipes), CHECK_CASE(others_were_faster),
           CHECK_CASE(non_blocking), CHECK_CASE(blocking_on_a_non_blocking_host),
           CHECK_CASE(long_writes), CHECK_CASE(no_sigpipe), CHECK_CASE(closed),
           CHECK_CASE(no_stdio_at_all), CHECK_CASE(terminal), CHECK_CASE(regular_files),
           CHECK_CASE(devices_and_directories), CHECK_CASE(stderr_tail), CHECK_CASE(cancelled),
           CHECK_CASE(signalled))
