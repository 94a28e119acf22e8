/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator of the program in front, compiled under other names.
 */
#include "support/check.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void *front_malloc(size_t size);
void front_free(void *pointer);
void *front_calloc(size_t count, size_t size);
void *front_realloc(void *pointer, size_t size);
void *front_aligned_alloc(size_t align, size_t size);

typedef struct slot {
    uint8_t *data;
    size_t size;
    uint8_t value;
} slot;

static bool
is_all(const uint8_t *data, size_t size, uint8_t value)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != value)
            return false;
    }
    return true;
}

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

static size_t
random_size(uint32_t *state)
{
    uint32_t kind = next_random(state) % 100;

    if (kind < 80)
        return next_random(state) % 600;
    return next_random(state) % (kind < 99 ? 9000 : 200000);
}

/* Gives the slot new memory, in one of four ways. */
static bool
renew(slot *s, uint32_t *state)
{
    uint32_t way = next_random(state) % 4;
    size_t align = (size_t)1 << (next_random(state) % 13);
    size_t size = random_size(state);
    bool good = s->data == NULL || is_all(s->data, s->size, s->value);

    if (way == 0) {
        size_t kept = size < s->size ? size : s->size;

        s->data = front_realloc(s->data, size);
        good = good && s->data != NULL && is_all(s->data, kept, s->value);
    } else {
        front_free(s->data);
        if (way == 1)
            s->data = front_malloc(size);
        else if (way == 2)
            s->data = front_calloc(size, 1);
        else
            s->data = front_aligned_alloc(align, size);
        good = good && s->data != NULL && (way != 2 || is_all(s->data, size, 0)) &&
               (way != 3 || (uintptr_t)s->data % align == 0);
    }
    s->size = size;
    s->value = (uint8_t)next_random(state);
    if (good && size != 0)
        memset(s->data, s->value, size);
    return good && (uintptr_t)s->data % 16 == 0;
}

static void
keeps_what_is_written(void)
{
    static slot slots[200];
    uint32_t state = 1;

    for (unsigned i = 0; i < 40000; i++) {
        if (!CHECK(renew(&slots[next_random(&state) % 200], &state)))
            return;
    }
    for (size_t i = 0; i < 200; i++)
        front_free(slots[i].data);
}

static void
every_size(void)
{
    for (size_t size = 0; size < 70000; size += size < 3000 ? 1 : 61) {
        uint8_t *a = front_malloc(size);
        uint8_t *b = front_malloc(size);

        REQUIRE(a != NULL && b != NULL && a != b);
        memset(a, 1, size);
        memset(b, 2, size);
        CHECK(is_all(a, size, 1) && is_all(b, size, 2));
        front_free(a);
        front_free(b);
    }
}

static void
refuses(void)
{
    errno = 0;
    CHECK(front_malloc(PTRDIFF_MAX) == NULL && errno == ENOMEM);
    CHECK(front_malloc(SIZE_MAX) == NULL);
    errno = 0;
    CHECK(front_calloc(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(front_aligned_alloc(48, 10) == NULL && errno == EINVAL);
    front_free(NULL);
}

/* ---- what was one size serves any other ------------------------------------------------------ */

enum { QUOTA = 8 << 20, PIECES_MAX = QUOTA / 16 };

static size_t
pages_mapped(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages;
}

/* One size after another fills what a quota leaves, and is freed but for every `kept`th piece: how many times
 * the quota has been mapped in the end. */
static double
hoard(size_t from, size_t to, size_t kept)
{
    uint8_t **pieces = calloc(PIECES_MAX, sizeof(*pieces));
    uint8_t **held = calloc(PIECES_MAX, sizeof(*held));
    const size_t before = pages_mapped();
    size_t held_count = 0;
    size_t used = 0;
    size_t grown = 0;
    double times;

    if (!CHECK(pieces != NULL && held != NULL && before != 0))
        return 1e9;
    for (size_t size = from; size <= to; size += size / 5 + 16) {
        size_t count = 0;
        size_t room = used;

        /* 96: what Krait charges for a thing besides its bytes. */
        for (; room + size + 96 <= QUOTA && count < PIECES_MAX; count++, room += size + 96)
            pieces[count] = front_malloc(size);
        for (size_t i = 0; i < count; i++) {
            if (kept != 0 && i % kept == 0) {
                held[held_count++] = pieces[i];
                used += size + 96;
            } else {
                front_free(pieces[i]);
            }
        }
    }
    grown = (pages_mapped() - before) * 4096;
    for (size_t i = 0; i < held_count; i++)
        front_free(held[i]);
    free(pieces);
    free(held);
    times = (double)grown / (double)QUOTA;
    printf("%zu to %zu, keeping %zu: %.2f times the quota\n", from, to, kept, times);
    return times;
}

static void
holds_no_more_than_it_must(void)
{
    CHECK(hoard(16, 60000, 0) < 0.5);
    CHECK(hoard(16, 60000, 31) < 4);
    CHECK(hoard(16, 60000, 200) < 3);
    CHECK(hoard(1000, 5000, 10) < 2.5);
    /* All that was free has been joined and given back. */
    CHECK(hoard(16, 60000, 0) < 0.5);
}

/* True when a child that does it is aborted. */
static bool
aborts(void (*fn)(uint8_t *), size_t size)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        const struct rlimit none = {0, 0};
        uint8_t *pointer = front_malloc(size);

        (void)setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        if (pointer != NULL)
            fn(pointer);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void
free_twice(uint8_t *pointer)
{
    front_free(pointer);
    front_free(pointer);
}

static void
free_inside(uint8_t *pointer)
{
    memset(pointer, 7, 64);
    front_free(pointer + 32);
}

static void
write_before(uint8_t *pointer)
{
    memset(pointer - 32, 0x41, 16);
    front_free(pointer);
}

static void
write_after_free(uint8_t *pointer)
{
    front_free(pointer);
    memset(pointer - 32, 0x41, 32);
    (void)front_malloc(100);
}

static void
misuse_is_noticed(void)
{
    CHECK(aborts(free_twice, 100));
    CHECK(aborts(free_inside, 100));
    CHECK(aborts(write_before, 100));
    CHECK(aborts(write_before, 100000));
    CHECK(aborts(write_after_free, 100));
}

CHECK_MAIN(CHECK_CASE(keeps_what_is_written), CHECK_CASE(every_size), CHECK_CASE(refuses),
           CHECK_CASE(holds_no_more_than_it_must), CHECK_CASE(misuse_is_noticed))
