/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that means harm: arguments at every edge of memory, counts without end,
 * descriptors renumbered and closed at random, a second thread that changes memory.
 *
 * The test is that nothing happens: no crash, no hang, nothing outside guest memory
 * touched (AddressSanitizer builds see that), no descriptor of the host lost.
 */
#include "wasi/guest.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

static uint64_t state;

/* xorshift64*: the same sequence on every machine. */
static uint64_t
random64(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

/* A number that is likely to hurt. */
static uint64_t
hostile_number(void)
{
    static const uint64_t edges[] = {
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        15,
        16,
        24,
        47,
        48,
        63,
        64,
        255,
        256,
        1023,
        1024,
        1025,
        4095,
        4096,
        4097,
        OUT,
        NAME,
        IOVS,
        BUFFER,
        65535,
        65536,
        MEMORY_SIZE - 1,
        MEMORY_SIZE - 4,
        MEMORY_SIZE - 8,
        MEMORY_SIZE,
        MEMORY_SIZE + 1,
        INT32_MAX,
        UINT64_C(0x80000000),
        UINT32_MAX - 1,
        UINT32_MAX,
        UINT64_C(1) << 32,
        INT64_MAX,
        UINT64_C(1) << 63,
        UINT64_MAX - 1,
        UINT64_MAX,
    };
    uint64_t pick = random64();

    if (pick % 8 == 0)
        return random64();
    if (pick % 8 == 1)
        return random64() % 12; /* a descriptor, a flag */
    if (pick % 8 == 2)
        return random64() % MEMORY_SIZE;
    return edges[(pick >> 8) % (sizeof(edges) / sizeof(edges[0]))];
}

static unsigned
count_host_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Calls that only harm the caller's patience are left out: waiting is what they are for. */
static bool
may_wait(const krait_host_import *import)
{
    static const char *const names[] = {"poll_oneoff", "proc_exit", "signal_wait", "itimer_set",
                                        "fd_timerfd"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(import->name, names[i]) == 0)
            return true;
    }
    return false;
}

static void
call_with(const krait_host_import *import, const uint64_t *numbers)
{
    krait_cell slots[16];

    memset(slots, 0, sizeof(slots));
    for (size_t i = 0; import->params[i] != '\0'; i++) {
        if (import->params[i] == 'I')
            slots[i].i64 = numbers[i];
        else
            slots[i].i32 = (uint32_t)numbers[i];
    }
    (void)import->fn(g.wasi, &g.ctx, slots);
}

static void
begin(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    static int null = -1;

    if (null < 0)
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
    options.stdio_fds[0] = options.stdio_fds[1] = options.stdio_fds[2] = null;
    options.max_open_files = 32;
    guest_begin(&options);
}

/* What a guest may have put where names and buffers are read. */
static void
fill_memory(void)
{
    static const char *const names[] = {"m/a",  "m/b",    "tmp/x", "tmp/x/y", "m",    "tmp", "..",
                                        "m/..", "/etc",   "m/a/",  "tmp/l",   "m/l",  ".",   "tmp/",
                                        "m/d",  "tmp/d/", "m/d/e", "\xff",    "m/./a"};
    const char *name = names[random64() % (sizeof(names) / sizeof(names[0]))];

    text_at(NAME, name);
    text_at(NAME2, names[random64() % (sizeof(names) / sizeof(names[0]))]);
    for (uint32_t i = 0; i < 16; i++) {
        store32(IOVS + 8 * i, (uint32_t)(random64() % 4 ? BUFFER + i * 16 : hostile_number()));
        store32(IOVS + 8 * i + 4, (uint32_t)(random64() % 4 ? random64() % 200 : hostile_number()));
    }
}

static void
likely_for_krait(const krait_host_import *import, uint64_t numbers[16])
{
    const uint64_t name = random64() % 2 ? NAME : NAME2;

    if (strcmp(import->name, "path_mkdir_mode") == 0 || strcmp(import->name, "path_mknod") == 0) {
        numbers[1] = name;
        numbers[2] = 3 + random64() % 3;
        numbers[3] = random64() % 4 ? random64() % 01000 : 010600;
    } else if (strncmp(import->name, "path_", 5) == 0) {
        numbers[1] = random64() % 2;
        numbers[2] = name;
        numbers[3] = 3 + random64() % 3;
        numbers[4] = random64() % 3 ? random64() % 01000 : STAT;
        numbers[5] = random64() & WASI_RIGHTS_ALL;
        numbers[7] = 0;
        numbers[8] = random64() % 01000;
        numbers[9] = OUT;
    } else {
        numbers[1] = random64() % 3 ? random64() % 12 : STAT;
        numbers[2] = random64() % 3 ? 0 : STAT;
        numbers[3] = OUT;
    }
    if (strcmp(import->name, "fd_pipe") == 0)
        numbers[0] = random64() % 2 ? 0 : 4;
}

/* Sensible arguments for a call, so that sequences get somewhere; one in three is spoilt. */
static void
likely_numbers(const krait_host_import *import, uint64_t numbers[16])
{
    size_t count = strlen(import->params);

    for (size_t i = 0; i < count; i++)
        numbers[i] = hostile_number();
    if (strncmp(import->name, "fd_", 3) == 0 || strncmp(import->name, "path_", 5) == 0)
        numbers[0] = random64() % 8 ? random64() % 10 : hostile_number();
    if (strcmp(import->name, "path_open") == 0) {
        numbers[0] = random64() % 4 ? 3 : random64() % 10;
        numbers[1] = random64() % 2;
        numbers[2] = NAME;
        numbers[3] = 3 + random64() % 3;
        numbers[4] = random64() % 16;
        numbers[5] = random64() & WASI_RIGHTS_ALL;
        numbers[6] = random64() & WASI_RIGHTS_ALL;
        numbers[7] = random64() % 32;
        numbers[8] = OUT;
    } else if (strcmp(import->module, "krait_host") == 0) {
        likely_for_krait(import, numbers);
    } else if (strncmp(import->name, "path_", 5) == 0) {
        for (size_t i = 1; i < count; i++)
            numbers[i] = i % 2 ? (random64() % 2 ? NAME : NAME2) : 3 + random64() % 3;
        if (random64() % 2)
            numbers[2] = NAME, numbers[3] = 3;
    } else if (strstr(import->name, "read") != NULL || strstr(import->name, "write") != NULL) {
        numbers[1] = random64() % 2 ? IOVS : BUFFER;
        numbers[2] = random64() % 17;
        numbers[3] = count == 4 ? OUT : random64() % 100000;
        numbers[4] = OUT;
    }
    if (random64() % 3 == 0 && count > 0)
        numbers[random64() % count] = hostile_number();
}

/* 1,000 sequences of 200 calls. */
static void
random_sequences(void)
{
    size_t count = 0;
    const krait_host_import *imports = krait__wasi_imports(&count);
    unsigned before = 0;

    for (unsigned sequence = 0; sequence < 1000; sequence++) {
        state = UINT64_C(0x9e3779b97f4a7c15) * (sequence + 1);
        begin();
        if (sequence == 1)
            before = count_host_fds();
        for (unsigned i = 0; i < 200; i++) {
            const krait_host_import *import = &imports[random64() % count];
            uint64_t numbers[16];

            if (may_wait(import))
                continue;
            fill_memory();
            likely_numbers(import, numbers);
            call_with(import, numbers);
        }
        if (sequence == 1)
            CHECK(count_host_fds() >= before);
        guest_end();
    }
    begin();
    CHECK_UINT(count_host_fds(), before);
    guest_end();
}

/* Every call with every argument at every edge, one at a time. */
static void
edges(void)
{
    size_t count = 0;
    const krait_host_import *imports = krait__wasi_imports(&count);

    state = 42;
    for (size_t i = 0; i < count; i++) {
        begin();
        for (unsigned round = 0; round < 2000 && !may_wait(&imports[i]); round++) {
            uint64_t numbers[16];

            for (size_t k = 0; k < 16; k++)
                numbers[k] = hostile_number();
            call_with(&imports[i], numbers);
        }
        CHECK(g.memory.base != NULL);
        guest_end();
    }
}

/* poll_oneoff does not wait for what is ready, whatever else is asked. */
static void
polls(void)
{
    state = 7;
    begin();
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t many = (uint32_t)(random64() % 20);

        for (uint32_t i = 0; i < 20 * 48; i++)
            g.memory.base[SUBS + i] = (uint8_t)random64();
        for (uint32_t i = 0; i < many; i++)
            g.memory.base[SUBS + 48 * i + 8] = (uint8_t)(random64() % 4);
        /* the first is a clock that has passed */
        memset(g.memory.base + SUBS, 0, 48);
        (void)call("poll_oneoff", U(SUBS), U(round % 3 ? EVENTS : SUBS + 13),
                   round % 7 ? many : U(hostile_number()), U(OUT + round % 5));
    }
    CHECK(g.trap == KRAIT_TRAP_NONE);
    guest_end();
}

static void
every_descriptor_closed_and_renumbered(void)
{
    begin();
    for (uint32_t i = 0; i < 8; i++)
        (void)open_fd("m/f", WASI_O_CREAT, ALL);
    for (uint32_t from = 0; from < 14; from++) {
        for (uint32_t to = 0; to < 14; to++) {
            (void)call("fd_renumber", from, to);
            (void)call("fd_renumber", from, to);
            (void)call("fd_renumber", to, from);
        }
    }
    for (uint32_t i = 0; i < 40; i++) {
        (void)call("fd_close", i);
        CHECK_INT(call("fd_close", i), WASI_EBADF);
    }
    CHECK_INT(open_error("m/f", 0, 0), WASI_EBADF);
    CHECK_INT(call("clock_time_get", U(0), L(0), U(OUT)), 0);
    guest_end();
}

/* Buffers and results over one another and over their own list. */
static void
overlaps(void)
{
    uint32_t fd = UINT32_MAX;

    begin();
    fd = open_fd("tmp/f", WASI_O_CREAT, ALL);
    store32(IOVS, IOVS);
    store32(IOVS + 4, 64);
    store32(IOVS + 8, IOVS);
    store32(IOVS + 12, 64);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(2), U(IOVS + 2)), 0);
    store32(IOVS, IOVS);
    store32(IOVS + 4, 64);
    store32(IOVS + 8, IOVS + 1);
    store32(IOVS + 12, 64);
    CHECK_INT(call("fd_pread", fd, U(IOVS), U(2), L(0), U(IOVS + 3)), 0);
    /* nothing to write at an end that does not exist */
    store32(IOVS, UINT32_MAX);
    store32(IOVS + 4, 0);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(1), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("fd_filestat_get", fd, U(1)), 0); /* misaligned is fine */
    CHECK_UINT(load64(1 + 32), 128);
    guest_end();
}

/* ---- memory that changes under a call ------------------------------------------------------- */

#ifndef UNDER_TSAN
static atomic_bool stop;

/* Another thread of the guest: flips the length of a buffer between fine and huge. */
static void *
flip(void *arg)
{
    volatile uint32_t *length = arg;

    while (!atomic_load(&stop)) {
        *length = 16;
        *length = UINT32_MAX;
        *length = 70000;
    }
    return NULL;
}

#endif

static void
double_fetch(void)
{
#ifdef UNDER_TSAN
    CHECK_SKIP("the race is the point, ThreadSanitizer would report it");
#else
    pthread_t thread;
    uint32_t fd = UINT32_MAX;
    unsigned fine = 0;

    begin();
    fd = open_fd("tmp/f", WASI_O_CREAT, ALL);
    store32(IOVS, MEMORY_SIZE - 16);
    atomic_store(&stop, false);
    CHECK_INT(pthread_create(&thread, NULL, flip, g.memory.base + IOVS + 4), 0);
    /* Until both were seen often enough, however threads are scheduled. */
    for (int i = 0; i < 1000000 && (i < 20000 || fine < 100); i++) {
        int error = call("fd_pwrite", fd, U(IOVS), U(1), L(0), U(OUT));

        CHECK(error == 0 || error == WASI_EFAULT);
        if (error == 0 && CHECK_UINT(load32(OUT), 16))
            fine++;
        if (i % 256 == 0)
            sched_yield();
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    guest_end();
#endif
}

/* Timers of any length; none goes off in whoever runs next. */
static void
timers(void)
{
    state = 11;
    begin();
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t numbers[16];

        for (size_t k = 0; k < 16; k++)
            numbers[k] = hostile_number();
        numbers[0] = random64() % 4;
        call_with(find_import(round % 3 ? "itimer_set" : "itimer_get"), numbers);
    }
    CHECK(g.trap == KRAIT_TRAP_NONE);
    guest_end();
}

/* A guest that copies descriptors until there is room for no more, and again. */
static void
storm_of_duplicates(void)
{
    unsigned made = 0;

    begin();
    (void)open_fd("m/f", WASI_O_CREAT, ALL);
    for (unsigned round = 0; round < 20; round++) {
        for (uint32_t i = 0; i < 40; i++)
            made += call("fd_dup", U(4), i, U(0), U(OUT)) == 0;
        for (uint32_t i = 0; i < 40; i++)
            (void)call("fd_dup2", U(4), i == 4 ? U(5) : i, U(0));
        for (uint32_t i = 5; i < 40; i++)
            (void)call("fd_close", i);
    }
    CHECK_UINT(made, 27 + 19 * 27);
    CHECK_INT(call("fd_tell", U(4), U(OUT)), 0);
    guest_end();
}

/* Without memory no address is good. */
static void
no_memory(void)
{
    size_t count = 0;
    const krait_host_import *imports = krait__wasi_imports(&count);
    uint64_t numbers[16] = {0};

    begin();
    g.ctx.memory_base = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!may_wait(&imports[i]))
            call_with(&imports[i], numbers);
    }
    CHECK_INT(call("random_get", U(0), U(0)), WASI_EFAULT);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(random_sequences), CHECK_CASE(edges), CHECK_CASE(polls),
           CHECK_CASE(every_descriptor_closed_and_renumbered), CHECK_CASE(overlaps),
           CHECK_CASE(double_fetch), CHECK_CASE(no_memory), CHECK_CASE(timers),
           CHECK_CASE(storm_of_duplicates))
