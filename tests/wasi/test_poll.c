/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_oneoff: clocks, descriptors, and both.
 */
#include "wasi/guest.h"

#include <time.h>

enum { CLOCK = 0, READ = 1, WRITE = 2 };

/* Fills one subscription. */
static void
subscribe_clock(uint32_t index, uint64_t userdata, uint32_t id, uint64_t timeout, uint16_t flags)
{
    wasi_subscription what;

    memset(&what, 0xff, sizeof(what)); /* padding may hold anything */
    what.userdata = userdata;
    what.tag = CLOCK;
    what.u.clock.id = id;
    what.u.clock.timeout = timeout;
    what.u.clock.precision = 0;
    what.u.clock.flags = flags;
    memcpy(g.memory.base + SUBS + index * sizeof(what), &what, sizeof(what));
}

static void
subscribe_fd(uint32_t index, uint64_t userdata, uint8_t tag, uint32_t fd)
{
    wasi_subscription what;

    memset(&what, 0xff, sizeof(what));
    what.userdata = userdata;
    what.tag = tag;
    what.u.fd = fd;
    memcpy(g.memory.base + SUBS + index * sizeof(what), &what, sizeof(what));
}

static wasi_event
event_at(uint32_t index)
{
    wasi_event event;

    memcpy(&event, g.memory.base + EVENTS + index * sizeof(event), sizeof(event));
    return event;
}

static int
poll_these(uint32_t count)
{
    return call("poll_oneoff", U(SUBS), U(EVENTS), count, U(OUT));
}

static uint64_t
now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
sleeps(void)
{
    static const uint32_t clocks[] = {0, 1};
    const uint64_t pause = 5000000;

    guest_begin(NULL);
    for (int i = 0; i < 2; i++) {
        uint64_t before = now_ns(CLOCK_MONOTONIC);

        subscribe_clock(0, 77, clocks[i], pause, 0);
        CHECK_INT(poll_these(1), 0);
        CHECK(now_ns(CLOCK_MONOTONIC) - before >= pause);
        CHECK_UINT(load32(OUT), 1);
        CHECK_UINT(event_at(0).userdata, 77);
        CHECK_UINT(event_at(0).error, 0);
        CHECK_UINT(event_at(0).type, CLOCK);
        /* at a time */
        before = now_ns(i == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC);
        subscribe_clock(0, 78, clocks[i], before + pause, 1);
        CHECK_INT(poll_these(1), 0);
        CHECK(now_ns(i == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC) >= before + pause);
        CHECK_UINT(event_at(0).userdata, 78);
        /* in the past, and at once */
        subscribe_clock(0, 79, clocks[i], 1, 1);
        CHECK_INT(poll_these(1), 0);
        subscribe_clock(0, 80, clocks[i], 0, 0);
        CHECK_INT(poll_these(1), 0);
        CHECK_UINT(load32(OUT), 1);
    }
    guest_end();
}

static void
earliest_wins(void)
{
    guest_begin(NULL);
    subscribe_clock(0, 1, 1, UINT64_MAX, 0);
    subscribe_clock(1, 2, 1, 1000000, 0);
    subscribe_clock(2, 3, 0, UINT64_MAX, 1);
    subscribe_clock(3, 4, 1, UINT64_C(1) << 62, 0);
    CHECK_INT(poll_these(4), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(event_at(0).userdata, 2);
    /* clocks that nobody can wait for */
    subscribe_clock(0, 1, 2, 5, 0);
    subscribe_clock(1, 2, 9, 5, 0);
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_UINT(event_at(0).error, WASI_ENOTSUP);
    CHECK_UINT(event_at(1).error, WASI_EINVAL);
    guest_end();
}

static void
bad_calls(void)
{
    guest_begin(NULL);
    CHECK_INT(poll_these(0), WASI_EINVAL);
    CHECK_INT(poll_these(4097), WASI_EINVAL);
    CHECK_INT(poll_these(UINT32_MAX), WASI_EINVAL);
    CHECK_INT(poll_these(4096), WASI_EFAULT); /* the list leaves memory */
    subscribe_fd(0, 1, 3, 0);
    CHECK_INT(poll_these(1), WASI_EINVAL);
    subscribe_clock(0, 1, 1, 0, 0);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(MEMORY_SIZE - 31), U(1), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(MEMORY_SIZE)), WASI_EFAULT);
    CHECK_INT(call("poll_oneoff", U(MEMORY_SIZE - 47), U(EVENTS), U(1), U(OUT)), WASI_EFAULT);
    /* results over the subscriptions */
    CHECK_INT(call("poll_oneoff", U(SUBS), U(SUBS), U(1), U(SUBS + 1)), 0);
    guest_end();
}

static void
files(void)
{
    uint32_t readable;
    uint32_t writable;

    guest_begin(NULL);
    CHECK_INT(make_file("m/f", "12345"), 0);
    readable = open_fd("m/f", 0, WASI_FD_READ);
    writable = open_fd("tmp/g", WASI_O_CREAT, WASI_FD_WRITE);
    subscribe_fd(0, 1, READ, readable);
    subscribe_fd(1, 2, WRITE, writable);
    subscribe_clock(2, 3, 1, UINT64_MAX, 0);
    CHECK_INT(poll_these(3), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_UINT(event_at(0).userdata, 1);
    CHECK_UINT(event_at(0).error, 0);
    CHECK_UINT(event_at(0).type, READ);
    CHECK_UINT(event_at(0).nbytes, 5);
    CHECK_UINT(event_at(1).userdata, 2);
    CHECK_UINT(event_at(1).type, WRITE);
    CHECK_UINT(event_at(1).error, 0);
    /* one error for each that cannot be polled */
    subscribe_fd(0, 1, READ, 99);
    subscribe_fd(1, 2, WRITE, 3);
    subscribe_fd(2, 3, WRITE, readable);
    subscribe_fd(3, 4, READ, readable);
    CHECK_INT(poll_these(4), 0);
    CHECK_UINT(load32(OUT), 4);
    CHECK_UINT(event_at(0).error, WASI_EBADF);
    CHECK_UINT(event_at(1).error, WASI_EBADF);
    CHECK_UINT(event_at(2).error, WASI_EBADF);
    CHECK_UINT(event_at(3).error, 0);
    guest_end();
}

static void
pipes(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    int in[2];
    int out[2];

    CHECK(pipe(in) == 0 && pipe(out) == 0);
    options.stdio_fds[0] = in[0];
    options.stdio_fds[1] = out[1];
    guest_begin(&options);
    /* nothing there: the clock */
    subscribe_fd(0, 1, READ, 0);
    subscribe_clock(1, 2, 1, 1000000, 0);
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(event_at(0).userdata, 2);
    CHECK_INT(write(in[1], "abc", 3), 3);
    /* far away: what is due when the call ends is told as well */
    subscribe_clock(1, 2, 1, UINT64_C(3600000000000), 0);
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(event_at(0).userdata, 1);
    CHECK_UINT(event_at(0).nbytes, 3);
    CHECK_UINT(event_at(0).flags, 0);
    subscribe_fd(1, 2, WRITE, 1);
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_UINT(event_at(1).error, 0);
    /* hang-ups */
    close(in[1]);
    close(out[0]);
    CHECK_STR(read_fd(0), "abc");
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_UINT(event_at(0).flags, 1);
    CHECK_UINT(event_at(0).nbytes, 0);
    CHECK_UINT(event_at(1).flags, 1);
    guest_end();
    close(in[0]);
    close(out[1]);
}

static void
many(void)
{
    guest_begin(NULL);
    /* as many as fit in front of the events */
    for (uint32_t i = 0; i < 80; i++)
        subscribe_clock(i, i, 1, 0, 0);
    CHECK_INT(poll_these(80), 0);
    CHECK_UINT(load32(OUT), 80);
    for (uint32_t i = 0; i < 80; i++)
        CHECK_UINT(event_at(i).userdata, i);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(sleeps), CHECK_CASE(earliest_wins), CHECK_CASE(bad_calls), CHECK_CASE(files),
           CHECK_CASE(pipes), CHECK_CASE(many))
