/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests with a virtual clock and random bytes from a seed.
 */
#include "wasi/guest.h"

#include <time.h>

#define SECOND UINT64_C(1000000000)
#define START  (946684800 * SECOND)
#define YEAR   (365 * 86400 * SECOND)

enum { REALTIME = 0, MONOTONIC = 1, CLOCKS = 4 };

static void
begin(uint64_t seed, krait_wasi_options *options)
{
    const krait_vfs_options files = {.is_virtual = 1, .virtual = {.seed = seed, .start_ns = START}};

    guest_begin_files(options, &files);
}

static uint64_t
read_clock(uint32_t id)
{
    CHECK_INT(call("clock_time_get", id, L(0), U(OUT)), 0);
    return load64(OUT);
}

static void
subscribe(uint32_t index, uint32_t id, uint64_t timeout, bool is_absolute)
{
    wasi_subscription what = {.userdata = index};

    what.u.clock.id = id;
    what.u.clock.timeout = timeout;
    what.u.clock.flags = is_absolute ? WASI_CLOCK_ABSTIME : 0;
    memcpy(g.memory.base + SUBS + index * sizeof(what), &what, sizeof(what));
}

static int
poll_these(uint32_t count)
{
    return call("poll_oneoff", U(SUBS), U(EVENTS), count, U(OUT));
}

static void
clocks(void)
{
    uint64_t last = 0;

    begin(1, NULL);
    for (uint32_t id = 0; id < CLOCKS; id++) {
        uint64_t now;

        CHECK_INT(call("clock_res_get", id, U(OUT)), 0);
        CHECK_UINT(load64(OUT), 1000);
        now = read_clock(id) - (id == REALTIME ? START : 0);
        CHECK(last == 0 || now == last + 1000);
        last = now;
    }
    CHECK(last < SECOND);
    CHECK_INT(call("clock_time_get", 4u, L(0), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("clock_time_get", 0u, L(0), MEMORY_SIZE - 7), WASI_EFAULT);
    guest_end();
}

static void
sleeps(void)
{
    uint64_t before;

    begin(1, NULL);
    before = read_clock(MONOTONIC);
    subscribe(0, MONOTONIC, YEAR, false);
    CHECK_INT(poll_these(1), 0);
    CHECK_UINT(read_clock(MONOTONIC), before + YEAR + 1000);
    before = read_clock(REALTIME);
    subscribe(0, REALTIME, before + YEAR, true);
    subscribe(1, REALTIME, 2 * YEAR, false);
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(read_clock(REALTIME), before + YEAR + 1000);
    /* what has passed is over at once */
    before = read_clock(MONOTONIC);
    subscribe(0, MONOTONIC, 5, true);
    CHECK_INT(poll_these(1), 0);
    CHECK_UINT(read_clock(MONOTONIC), before + 1000);
    /* the end of time */
    for (int i = 0; i < 3; i++) {
        subscribe(0, i % 2 == 0 ? MONOTONIC : REALTIME, i < 2 ? UINT64_MAX : UINT64_MAX / 2, i > 0);
        CHECK_INT(poll_these(1), 0);
        CHECK_UINT(load32(OUT), 1);
        CHECK_UINT(read_clock(REALTIME), INT64_MAX);
        CHECK_UINT(read_clock(MONOTONIC), (uint64_t)INT64_MAX - START);
    }
    guest_end();
}

/* What is ready is ready; a pipe that nobody fills takes no time. */
static void
sleeps_with_files(void)
{
    wasi_subscription what = {.userdata = 7, .tag = 1};
    uint64_t before;
    int ends[2];
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;

    CHECK_INT(pipe(ends), 0);
    options.stdio_fds[0] = ends[0];
    begin(1, &options);
    CHECK_INT(write(ends[1], "x", 1), 1);
    before = read_clock(MONOTONIC);
    subscribe(0, MONOTONIC, YEAR, false);
    what.u.fd = 0;
    memcpy(g.memory.base + SUBS + sizeof(what), &what, sizeof(what));
    CHECK_INT(poll_these(2), 0);
    CHECK_UINT(load32(OUT), 1);
    CHECK_UINT(load64(EVENTS), 7);
    CHECK_UINT(read_clock(MONOTONIC), before + 1000);
    guest_end();
    close(ends[0]);
    close(ends[1]);
}

static void
random_bytes(void)
{
    uint8_t bytes[3][100];

    for (uint64_t i = 0; i < 3; i++) {
        begin(i / 2, NULL);
        CHECK_INT(call("random_get", U(BUFFER), 37u), 0);
        CHECK_INT(call("random_get", U(BUFFER + 37), 63u), 0);
        memcpy(bytes[i], g.memory.base + BUFFER, sizeof(bytes[i]));
        CHECK_INT(call("random_get", U(BUFFER), BUFFER_SIZE + 1u), WASI_EFAULT);
        guest_end();
    }
    CHECK_MEM(bytes[1], bytes[0], sizeof(bytes[0]));
    CHECK(memcmp(bytes[2], bytes[0], sizeof(bytes[0])) != 0);
    /* ChaCha20 under a key of zeros */
    CHECK_MEM(bytes[0], "\x76\xb8\xe0\xad\xa0\xf1\x3d\x90", 8);
}

/* Times of files in memory are those of the clock, those of the host's files are not. */
static void
files(void)
{
    uint64_t before;
    uint64_t made;
    uint32_t fd = UINT32_MAX;
    wasi_filestat stat;

    begin(1, NULL);
    before = read_clock(REALTIME);
    CHECK_INT(path_open(3, 0, "tmp/f", WASI_O_CREAT, ALL, ALL, 0, &fd), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    memcpy(&stat, g.memory.base + STAT, sizeof(stat));
    made = stat.mtim;
    CHECK(made > before && made < before + SECOND);
    CHECK_INT(call("fd_filestat_set_times", fd, L(0), L(0), 8u), 0); /* now */
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    memcpy(&stat, g.memory.base + STAT, sizeof(stat));
    CHECK(stat.mtim > made && stat.mtim < before + SECOND);
    CHECK_INT(call("fd_close", fd), 0);
    CHECK_INT(path_open(3, 0, "m/f", WASI_O_CREAT, ALL, ALL, 0, &fd), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    memcpy(&stat, g.memory.base + STAT, sizeof(stat));
    CHECK(stat.mtim > START + 20 * YEAR);
    CHECK_INT(call("fd_close", fd), 0);
    guest_end();
}

/* A timer fires when its guest looks at a clock or waits, and not before. */
static void
timers(void)
{
    uint64_t now;

    begin(1, NULL);
    now = read_clock(MONOTONIC);
    CHECK_INT(call("itimer_set", 0u, L(10 * SECOND), L(3 * SECOND), 0u), 0);
    CHECK_INT(call("itimer_get", 0u, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 10 * SECOND);
    CHECK_UINT(load64(OUT + 8), 3 * SECOND);
    subscribe(0, MONOTONIC, 5 * SECOND, false);
    CHECK_INT(poll_these(1), 0);
    CHECK_UINT(atomic_load(&g.instance.signals), 0);
    CHECK_INT(call("itimer_get", 0u, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 5 * SECOND);
    /* the wait ends with the timer */
    subscribe(0, MONOTONIC, YEAR, false);
    g.ctx.thread = &g.instance.own.thread; /* which signals are for */
    CHECK_INT(poll_these(1), WASI_EINTR);
    CHECK_UINT(atomic_load(&g.instance.signals), 1u << KRAIT_HOST_SIGALRM);
    CHECK_INT(call("itimer_get", 0u, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 3 * SECOND);
    CHECK_INT(call("itimer_set", 0u, L(0), L(0), 0u), 0);
    CHECK_INT(call("itimer_get", 0u, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 0);
    CHECK(read_clock(MONOTONIC) >= now + 10 * SECOND);
    /* one that would run on the host's clock */
    CHECK_INT(call("fd_timerfd", 1u, 0u, U(OUT)), WASI_ENOTSUP);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(clocks), CHECK_CASE(sleeps), CHECK_CASE(sleeps_with_files),
           CHECK_CASE(random_bytes), CHECK_CASE(files), CHECK_CASE(timers))
