/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: pipes, counters, duplicates of descriptors, timers, and who the guest is.
 */
#include "wasi/guest.h"

#include <krait/guest.h>

static uint32_t reader;
static uint32_t writer;

static int
make_pipe(uint32_t flags)
{
    int error = call("fd_pipe", flags, U(OUT));

    if (error == 0) {
        reader = load32(OUT);
        writer = load32(OUT + 4);
    }
    return error;
}

/* Moves `size` bytes from or to BUFFER; the count, or minus the error. */
static int
move(const char *name, uint32_t fd, uint32_t size)
{
    int error;

    store32(IOVS, BUFFER);
    store32(IOVS + 4, size);
    error = call(name, fd, U(IOVS), U(1), U(OUT));
    return error != 0 ? -error : (int)load32(OUT);
}

static int
flags_of(uint32_t fd)
{
    return call("fd_fdstat_get", fd, U(STAT)) == 0 ? (int)(load32(STAT) >> 16) : -1;
}

static void
pipes(void)
{
    krait_host_stat status;

    guest_begin(NULL);
    CHECK_INT(make_pipe(0), 0);
    CHECK_UINT(reader, 4);
    CHECK_UINT(writer, 5);
    CHECK_INT(write_fd(writer, "one "), 0);
    CHECK_INT(write_fd(writer, "two"), 0);
    CHECK_STR(read_fd(reader), "one two");
    /* nobody else could write: it would wait for ever */
    CHECK_INT(move("fd_read", reader, 10), -WASI_EDEADLK);
    CHECK_INT(move("fd_read", reader, 0), 0);
    CHECK_INT(move("fd_read", writer, 10), -WASI_EBADF);
    CHECK_INT(move("fd_write", reader, 10), -WASI_EBADF);
    CHECK_INT(call("fd_seek", reader, L(0), U(1), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("fd_pread", reader, U(IOVS), U(1), L(0), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("fd_pwrite", writer, U(IOVS), U(1), L(0), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("fd_stat", writer, U(STAT)), 0);
    memcpy(&status, g.memory.base + STAT, sizeof(status));
    CHECK_UINT(status.mode, KRAIT_HOST_S_IFIFO | 0600);
    CHECK_UINT(status.uid, 1000);
    CHECK_INT(call("fd_chmod", writer, U(0)), WASI_EINVAL);
    CHECK_INT(call("fd_filestat_set_size", writer, L(0)), WASI_EINVAL);
    /* what is in it can be read after the last writer has gone; then comes the end */
    CHECK_INT(write_fd(writer, "rest"), 0);
    CHECK_INT(call("fd_close", writer), 0);
    CHECK_STR(read_fd(reader), "rest");
    CHECK_STR(read_fd(reader), "");
    CHECK_INT(call("fd_close", reader), 0);
    CHECK_INT(make_pipe(KRAIT_HOST_NONBLOCK), 0);
    CHECK_INT(flags_of(reader), KRAIT_HOST_NONBLOCK);
    CHECK_INT(flags_of(writer), KRAIT_HOST_NONBLOCK);
    CHECK_INT(move("fd_read", reader, 10), -WASI_EAGAIN);
    CHECK_INT(call("fd_fdstat_set_flags", reader, U(0)), 0);
    CHECK_INT(move("fd_read", reader, 10), -WASI_EDEADLK);
    CHECK_INT(call("fd_close", reader), 0);
    CHECK_INT(write_fd(writer, "x"), WASI_EPIPE);
    CHECK_INT(make_pipe(1), WASI_EINVAL);
    CHECK_INT(call("fd_pipe", U(0), U(MEMORY_SIZE - 7)), WASI_EFAULT);
    guest_end();
}

static void
full_pipes(void)
{
    guest_begin(NULL);
    CHECK_INT(make_pipe(KRAIT_HOST_NONBLOCK), 0);
    for (uint32_t i = 0; i < BUFFER_SIZE; i++)
        g.memory.base[BUFFER + i] = (uint8_t)(i * 7 + i / 256);
    CHECK_INT(move("fd_write", writer, 60000), 60000);
    CHECK_INT(move("fd_read", reader, 50000), 50000);
    /* around the end of the ring */
    for (uint32_t i = 0; i < BUFFER_SIZE; i++)
        g.memory.base[BUFFER + i] = (uint8_t)(i * 7 + i / 256);
    CHECK_INT(move("fd_write", writer, BUFFER_SIZE), 65536 - 10000);
    CHECK_INT(move("fd_write", writer, 1), -WASI_EAGAIN);
    CHECK_INT(move("fd_read", reader, 10000), 10000);
    memset(g.memory.base + BUFFER, 0, BUFFER_SIZE);
    CHECK_INT(move("fd_read", reader, BUFFER_SIZE), 55536);
    for (uint32_t i = 0; i < 55536; i++) {
        if (g.memory.base[BUFFER + i] != (uint8_t)(i * 7 + i / 256)) {
            CHECK_UINT(i, 55536);
            break;
        }
    }
    /* up to PIPE_BUF all or nothing, above it what fits */
    CHECK_INT(move("fd_write", writer, 65536 - 100), 65536 - 100);
    CHECK_INT(move("fd_write", writer, 4096), -WASI_EAGAIN);
    CHECK_INT(move("fd_write", writer, 101), -WASI_EAGAIN);
    CHECK_INT(move("fd_write", writer, 100), 100);
    CHECK_INT(move("fd_read", reader, 100), 100);
    CHECK_INT(move("fd_write", writer, 4097), 100);
    /* without NONBLOCK what was written counts, and then there is no way on */
    CHECK_INT(call("fd_fdstat_set_flags", writer, U(0)), 0);
    CHECK_INT(move("fd_write", writer, 10), -WASI_EDEADLK);
    CHECK_INT(move("fd_read", reader, 1), 1);
    CHECK_INT(move("fd_write", writer, 5000), 1);
    guest_end();
}

static void
sockets(void)
{
    uint64_t used;
    uint32_t a;
    uint32_t b;

    guest_begin(NULL);
    used = krait__vfs_memory_used(g.vfs);
    CHECK_INT(call("fd_socketpair", KRAIT_HOST_NONBLOCK, U(OUT)), 0);
    a = load32(OUT);
    b = load32(OUT + 4);
    CHECK_INT(call("fd_fdstat_get", a, U(STAT)), 0);
    CHECK_UINT(g.memory.base[STAT], 6);
    CHECK_INT(write_fd(a, "to b"), 0);
    CHECK_INT(write_fd(b, "to a"), 0);
    CHECK_STR(read_fd(a), "to a");
    CHECK_INT(move("fd_read", a, 1), -WASI_EAGAIN);
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 100);
    CHECK_INT(call("sock_recv", b, U(IOVS), U(1), U(0), U(OUT), U(OUT + 4)), 0);
    CHECK_UINT(load32(OUT), 4);
    CHECK_MEM(g.memory.base + BUFFER, "to b", 4);
    CHECK_INT(call("sock_recv", b, U(IOVS), U(1), U(1), U(OUT), U(OUT + 4)), WASI_ENOTSUP);
    CHECK_INT(call("sock_recv", b, U(IOVS), U(1), U(0), U(OUT), U(MEMORY_SIZE - 1)), WASI_EFAULT);
    CHECK_INT(call("sock_send", b, U(IOVS), U(1), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 100);
    CHECK_INT(move("fd_read", a, 200), 100);
    CHECK_INT(call("sock_accept", a, U(0), U(OUT)), WASI_EINVAL);
    /* one way, and the other */
    CHECK_INT(call("sock_shutdown", a, U(0)), WASI_EINVAL);
    CHECK_INT(call("sock_shutdown", a, U(2)), 0);
    CHECK_INT(write_fd(a, "x"), WASI_EPIPE);
    CHECK_STR(read_fd(b), "");
    CHECK_INT(write_fd(b, "still"), 0);
    CHECK_STR(read_fd(a), "still");
    CHECK_INT(call("sock_shutdown", a, U(3)), 0);
    CHECK_INT(write_fd(b, "x"), WASI_EPIPE);
    CHECK_STR(read_fd(a), "");
    CHECK_INT(call("fd_close", a), 0);
    CHECK_INT(call("fd_close", b), 0);
    CHECK_UINT(krait__vfs_memory_used(g.vfs), used);
    CHECK_INT(call("fd_socketpair", U(1), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_socketpair", U(0), U(MEMORY_SIZE - 7)), WASI_EFAULT);
    guest_end();
}

/* The two ends of pipes that nobody closed, pipes to themselves, and many. */
static void
pipes_and_limits(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    uint64_t used;
    int made = 0;

    options.max_open_files = 21;
    guest_begin(&options);
    used = krait__vfs_memory_used(g.vfs);
    while (make_pipe(0) == 0)
        made++;
    CHECK_INT(made, 8); /* 4 to 19; one that is left over stays free */
    CHECK_INT(make_pipe(0), WASI_EMFILE);
    CHECK_INT(call("fd_dup", U(4), U(0), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 20);
    CHECK_INT(call("fd_dup", U(4), U(0), U(0), U(OUT)), WASI_EMFILE);
    CHECK_INT(call("fd_eventfd", U(0), U(0), U(OUT)), WASI_EMFILE);
    CHECK(krait__vfs_memory_used(g.vfs) - used > 8 * 65536);
    for (uint32_t fd = 4; fd < 21; fd++)
        CHECK_INT(call("fd_close", fd), 0);
    CHECK_UINT(krait__vfs_memory_used(g.vfs), used);
    /* its own reader and writer */
    CHECK_INT(make_pipe(0), 0);
    CHECK_INT(call("fd_dup2", writer, reader, U(0)), 0);
    CHECK_INT(write_fd(writer, "x"), WASI_EPIPE);
    CHECK_STR(read_fd(reader), "errno 8"); /* EBADF */
    guest_end();
}

static void
pipes_and_quota(void)
{
    static const krait_vfs_options files = {.memory_limit_bytes = 150000};

    guest_begin_files(NULL, &files);
    CHECK_INT(make_pipe(0), 0);
    CHECK_INT(make_pipe(0), 0);
    CHECK_INT(make_pipe(0), WASI_ENFILE);
    CHECK_INT(call("fd_close", reader), 0);
    CHECK_INT(call("fd_close", writer), 0);
    CHECK_INT(make_pipe(0), 0);
    guest_end();
}

static void
duplicates(void)
{
    uint32_t fd;
    uint32_t copy;

    guest_begin(NULL);
    fd = open_fd("m/f", WASI_O_CREAT, ALL);
    CHECK_INT(write_fd(fd, "0123456789"), 0);
    CHECK_INT(call("fd_dup", fd, U(0), U(0), U(OUT)), 0);
    copy = load32(OUT);
    CHECK_UINT(copy, fd + 1);
    /* one position, one set of flags */
    CHECK_INT(call("fd_seek", copy, L(4), U(0), U(OUT)), 0);
    CHECK_STR(read_fd(fd), "456789");
    CHECK_INT(call("fd_fdstat_set_flags", copy, U(1)), 0);
    CHECK_INT(flags_of(fd), 1);
    CHECK_UINT(rights_of(copy), rights_of(fd));
    CHECK_INT(call("fd_close", fd), 0);
    CHECK_INT(call("fd_tell", copy, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 10);
    CHECK_INT(call("fd_dup", copy, U(100), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 100);
    CHECK_INT(call("fd_dup", copy, U(100), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 101);
    CHECK_INT(call("fd_dup", copy, U(1024), U(0), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_dup", copy, UINT32_MAX, U(0), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_dup", U(99), U(0), U(0), U(OUT)), WASI_EBADF);
    CHECK_INT(call("fd_dup", copy, U(0), U(1), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_dup", copy, U(0), U(0), U(MEMORY_SIZE - 3)), WASI_EFAULT);
    /* to a number of choice, closed or open */
    CHECK_INT(call("fd_dup2", copy, U(50), U(0)), 0);
    CHECK_INT(call("fd_tell", U(50), U(OUT)), 0);
    CHECK_INT(call("fd_dup2", copy, U(100), U(0)), 0);
    CHECK_INT(call("fd_dup2", copy, copy, U(0)), 0);
    CHECK_INT(call("fd_dup2", copy, U(1024), U(0)), WASI_EBADF);
    CHECK_INT(call("fd_dup2", copy, UINT32_MAX, U(0)), WASI_EBADF);
    CHECK_INT(call("fd_dup2", U(99), U(50), U(0)), WASI_EBADF);
    /* a copy of the root is a directory like any other, and no preopen */
    CHECK_INT(call("fd_dup", U(3), U(0), U(0), U(OUT)), 0);
    fd = load32(OUT);
    CHECK_INT(call("fd_prestat_get", fd, U(STAT)), WASI_EBADF);
    CHECK_INT(path_open(fd, 0, "m/f", 0, WASI_FD_READ, 0, 0, &copy), 0);
    guest_end();
}

/* What the guest gave up it does not get back by a copy. */
static void
duplicates_and_rights(void)
{
    uint32_t fd;

    guest_begin(NULL);
    fd = open_fd("m/f", WASI_O_CREAT, ALL);
    CHECK_INT(call("fd_fdstat_set_rights", fd, L(WASI_FD_READ), L(0)), 0);
    CHECK_INT(call("fd_dup", fd, U(0), U(0), U(OUT)), 0);
    CHECK_INT(write_fd(load32(OUT), "x"), WASI_ENOTCAPABLE);
    guest_end();
}

static void
close_on_exec(void)
{
    uint32_t fd;
    uint32_t size;

    guest_begin(NULL);
    fd = open_fd("m/f", WASI_O_CREAT, ALL);
    CHECK_INT(call("fd_getfd", fd, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
    CHECK_INT(call("fd_setfd", fd, U(1)), 0);
    CHECK_INT(call("fd_getfd", fd, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_INT(call("fd_setfd", fd, U(2)), WASI_EINVAL);
    CHECK_INT(call("fd_dup", fd, U(0), U(0), U(OUT)), 0);
    CHECK_INT(call("fd_getfd", load32(OUT), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
    CHECK_INT(call("fd_dup", fd, U(0), KRAIT_HOST_CLOEXEC, U(OUT)), 0);
    CHECK_INT(call("fd_getfd", load32(OUT), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_INT(make_pipe(KRAIT_HOST_CLOEXEC), 0);
    CHECK_INT(call("fd_getfd", writer, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    size = text_at(NAME, "m/f");
    CHECK_INT(call("path_open_mode", U(3), U(0), U(NAME), size, U(0), L(WASI_FD_READ), L(0),
                   KRAIT_HOST_CLOEXEC, U(0), U(OUT)),
              0);
    CHECK_INT(call("fd_getfd", load32(OUT), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_INT(call("path_open", U(3), U(0), U(NAME), size, U(0), L(WASI_FD_READ), L(0),
                   KRAIT_HOST_CLOEXEC, U(OUT)),
              WASI_EINVAL);
    guest_end();
}

static void
counters(void)
{
    uint32_t fd;

    guest_begin(NULL);
    CHECK_INT(call("fd_eventfd", U(3), KRAIT_HOST_NONBLOCK, U(OUT)), 0);
    fd = load32(OUT);
    memset(g.memory.base + BUFFER, 0, 16);
    CHECK_INT(move("fd_read", fd, 7), -WASI_EINVAL);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_UINT(load64(BUFFER), 3);
    CHECK_INT(move("fd_read", fd, 8), -WASI_EAGAIN);
    CHECK_INT(move("fd_write", fd, 8), 8);
    CHECK_INT(move("fd_write", fd, 8), 8);
    CHECK_INT(move("fd_write", fd, 4), -WASI_EINVAL);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_UINT(load64(BUFFER), 6);
    memset(g.memory.base + BUFFER, 0xff, 8);
    CHECK_INT(move("fd_write", fd, 8), -WASI_EINVAL);
    g.memory.base[BUFFER] = 0xfe;
    CHECK_INT(move("fd_write", fd, 8), 8);
    store32(BUFFER, 1);
    store32(BUFFER + 4, 0);
    CHECK_INT(move("fd_write", fd, 8), -WASI_EAGAIN);
    CHECK_INT(call("fd_eventfd", U(2), KRAIT_HOST_EVENTFD_SEMAPHORE, U(OUT)), 0);
    fd = load32(OUT);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_UINT(load64(BUFFER), 1);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_INT(move("fd_read", fd, 8), -WASI_EDEADLK);
    CHECK_INT(call("fd_eventfd", U(2), U(1), U(OUT)), WASI_EINVAL);
    guest_end();
}

/* Puts a subscription; `tag` 0 is a relative monotonic clock. */
static void
subscribe(uint32_t index, uint8_t tag, uint32_t fd, uint64_t timeout)
{
    wasi_subscription what = {.userdata = index + 100, .tag = tag};

    if (tag == WASI_EVENT_CLOCK) {
        what.u.clock.id = WASI_CLOCK_MONOTONIC;
        what.u.clock.timeout = timeout;
    } else {
        what.u.fd = fd;
    }
    memcpy(g.memory.base + SUBS + index * sizeof(what), &what, sizeof(what));
}

static wasi_event
event_at(uint32_t index)
{
    wasi_event event;

    memcpy(&event, g.memory.base + EVENTS + index * sizeof(event), sizeof(event));
    return event;
}

static void
readiness(void)
{
    guest_begin(NULL);
    CHECK_INT(make_pipe(0), 0);
    subscribe(0, WASI_EVENT_READ, reader, 0);
    subscribe(1, WASI_EVENT_WRITE, writer, 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(2), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(event_at(0).userdata, 101);
    CHECK_UINT(event_at(0).nbytes, 65536);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), WASI_EDEADLK);
    subscribe(1, WASI_EVENT_CLOCK, 0, 1000);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(2), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(event_at(0).userdata, 101);
    CHECK_INT(write_fd(writer, "abc"), 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), 0);
    CHECK_UINT(event_at(0).nbytes, 3);
    CHECK_UINT(event_at(0).flags, 0);
    CHECK_STR(read_fd(reader), "abc");
    CHECK_INT(call("fd_close", writer), 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), 0);
    CHECK_UINT(event_at(0).flags, WASI_EVENT_HANGUP);
    /* what it was not opened for */
    CHECK_INT(make_pipe(0), 0);
    subscribe(0, WASI_EVENT_READ, writer, 0);
    subscribe(1, WASI_EVENT_WRITE, reader, 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(2), U(OUT)), WASI_EDEADLK);
    guest_end();
}

/* A wait that only a signal can end goes on while a timer runs. */
static void
waiting_for_signals(void)
{
    krait_host_itimer state;

    guest_begin(NULL);
    CHECK_INT(make_pipe(0), 0);
    store32(BUFFER, 7);
    CHECK_INT(call("signal_wait", U(BUFFER), U(8), UINT64_MAX), 0);
    CHECK_INT(call("signal_wait", U(BUFFER), U(7), UINT64_MAX), WASI_EDEADLK);
    CHECK_INT(call("signal_wait", U(BUFFER), U(7), L(1000)), WASI_ETIMEDOUT);
    CHECK_INT(call("signal_wait", U(MEMORY_SIZE - 3), U(7), L(0)), WASI_EFAULT);
    /* far away; this guest has no engine that would deliver anything */
    CHECK_INT(call("itimer_set", U(0), L(3600000000000), L(5000000000), U(STAT)), 0);
    memcpy(&state, g.memory.base + STAT, sizeof(state));
    CHECK_UINT(state.value, 0);
    CHECK_INT(call("itimer_get", U(0), U(STAT)), 0);
    memcpy(&state, g.memory.base + STAT, sizeof(state));
    CHECK(state.value > UINT64_C(3590000000000) && state.value <= UINT64_C(3600000000000));
    CHECK_UINT(state.interval, 5000000000);
    g.thread.interrupted = 1;
    CHECK_INT(move("fd_read", reader, 10), -WASI_EINTR);
    CHECK_INT(call("signal_wait", U(BUFFER), U(load32(BUFFER)), UINT64_MAX), WASI_EINTR);
    subscribe(0, WASI_EVENT_READ, reader, 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), WASI_EINTR);
    g.thread.interrupted = 0;
    CHECK_INT(call("itimer_set", U(0), L(0), L(0), U(STAT)), 0);
    memcpy(&state, g.memory.base + STAT, sizeof(state));
    CHECK_UINT(state.interval, 5000000000);
    CHECK_INT(move("fd_read", reader, 10), -WASI_EDEADLK);
    /* no storm: an interval of a nanosecond is made longer */
    CHECK_INT(call("itimer_set", U(2), L(1000000000000), L(1), U(0)), 0);
    CHECK_INT(call("itimer_get", U(2), U(STAT)), 0);
    memcpy(&state, g.memory.base + STAT, sizeof(state));
    CHECK_UINT(state.interval, 100000);
    CHECK_INT(call("itimer_set", U(3), L(0), L(0), U(0)), WASI_EINVAL);
    CHECK_INT(call("itimer_get", U(3), U(STAT)), WASI_EINVAL);
    CHECK_INT(call("itimer_set", U(1), UINT64_MAX, UINT64_MAX, U(0)), 0);
    CHECK_INT(call("itimer_set", U(1), L(0), L(0), U(MEMORY_SIZE - 15)), WASI_EFAULT);
    guest_end();
}

static void
timer_descriptors(void)
{
    krait_host_itimer state;
    uint32_t fd;

    guest_begin(NULL);
    CHECK_INT(call("fd_timerfd", U(1), KRAIT_HOST_NONBLOCK, U(OUT)), 0);
    fd = load32(OUT);
    CHECK_INT(move("fd_read", fd, 8), -WASI_EAGAIN);
    CHECK_INT(move("fd_write", fd, 8), -WASI_EBADF);
    CHECK_INT(call("timerfd_set", fd, U(0), L(3600000000000), L(1000), U(0)), 0);
    CHECK_INT(call("timerfd_set", fd, U(0), L(1), L(0), U(STAT)), 0);
    memcpy(&state, g.memory.base + STAT, sizeof(state));
    CHECK(state.value > UINT64_C(3590000000000));
    CHECK_UINT(state.interval, 1000);
    /* ready in a moment, which a poll and a read wait for */
    subscribe(0, WASI_EVENT_READ, fd, 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)), 0);
    CHECK_UINT(event_at(0).error, 0);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_UINT(load64(BUFFER), 1);
    CHECK_INT(call("timerfd_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT), 0);
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(0)), 0);
    CHECK_INT(call("timerfd_set", fd, U(1), L(1), L(0), U(0)), 0);
    CHECK_INT(move("fd_read", fd, 4), -WASI_EINVAL);
    CHECK_INT(move("fd_read", fd, 8), 8);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), WASI_ESPIPE);
    CHECK_INT(call("timerfd_set", fd, U(2), L(1), L(0), U(0)), WASI_EINVAL);
    CHECK_INT(call("timerfd_set", fd, U(0), UINT64_MAX, UINT64_MAX, U(0)), 0);
    CHECK_INT(call("timerfd_get", fd, U(MEMORY_SIZE - 15)), WASI_EFAULT);
    CHECK_INT(call("timerfd_get", U(3), U(STAT)), WASI_EINVAL);
    CHECK_INT(call("fd_timerfd", U(2), U(0), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_timerfd", U(0), U(1), U(OUT)), WASI_EINVAL);
    guest_end();
}

static void
files_without_names(void)
{
    uint64_t used;
    uint32_t fd;

    guest_begin(NULL);
    used = krait__vfs_memory_used(g.vfs);
    CHECK_INT(call("fd_memfd", KRAIT_HOST_CLOEXEC, U(OUT)), 0);
    fd = load32(OUT);
    CHECK_INT(call("fd_getfd", fd, U(OUT)), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_INT(write_fd(fd, "something"), 0);
    CHECK_INT(call("fd_seek", fd, L(4), U(0), U(OUT)), 0);
    CHECK_STR(read_fd(fd), "thing");
    CHECK_INT(call("fd_filestat_set_size", fd, L(3)), 0);
    CHECK(krait__vfs_memory_used(g.vfs) > used);
    CHECK_INT(call("fd_close", fd), 0);
    CHECK_UINT(krait__vfs_memory_used(g.vfs), used);
    CHECK_INT(call("fd_memfd", U(4), U(OUT)), WASI_EINVAL);
    guest_end();
}

static void
identity(void)
{
    krait_host_identity who;
    mode_t mask = umask(027);

    guest_begin(NULL);
    CHECK_INT(call("identity_get", U(STAT)), 0);
    memcpy(&who, g.memory.base + STAT, sizeof(who));
    CHECK_UINT(who.uid, 1000);
    CHECK_UINT(who.gid, 1000);
    CHECK_UINT(who.umask, 027);
    CHECK(who.pid != (uint32_t)getpid());
    CHECK_INT(call("identity_get", U(MEMORY_SIZE - 31)), WASI_EFAULT);
    CHECK_INT(call("fd_winsize", U(3), U(STAT)), WASI_ENOTTY);
    CHECK_INT(call("fd_winsize", U(99), U(STAT)), WASI_EBADF);
    guest_end();
    umask(mask);
}

CHECK_MAIN(CHECK_CASE(sockets), CHECK_CASE(pipes), CHECK_CASE(full_pipes),
           CHECK_CASE(pipes_and_limits), CHECK_CASE(pipes_and_quota), CHECK_CASE(duplicates),
           CHECK_CASE(duplicates_and_rights), CHECK_CASE(close_on_exec), CHECK_CASE(counters),
           CHECK_CASE(readiness), CHECK_CASE(waiting_for_signals), CHECK_CASE(timer_descriptors),
           CHECK_CASE(files_without_names), CHECK_CASE(identity))
