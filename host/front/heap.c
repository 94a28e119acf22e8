/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and its kin, in place of those of a small C library, which map a page or two for every
 * size: two dozen mappings and as many page faults in a start that takes a millisecond.  Small
 * pieces come from one region, by size classes with a list of free ones each; large ones are
 * mappings of their own.  A secret in front of each piece says that it is one, and whether it is in
 * use: what was overwritten, freed twice or never was a piece ends the program.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define REGION   ((size_t)1 << 20)
#define LARGE    ((size_t)1 << 16) /* from here on a mapping of its own */
#define UNIT     16u
#define CLASSES  48u /* four for each power of two */
#define IN_USE   UINT64_C(0x5a3c96e1d2b40f78)
#define IS_FREE  UINT64_C(0xc6a17b3d08e95f24)
#define NO_CLASS UINT32_MAX

/* In front of what the caller gets, whose address is a multiple of 16. */
typedef struct piece {
    uint64_t mark; /* of its address and state */
    uint32_t kind; /* class; NO_CLASS: a mapping */
    uint32_t skip; /* from the beginning of the mapping */
    uint64_t size; /* that the caller may use */
    struct piece *next;
} piece;

_Static_assert(sizeof(piece) % UNIT == 0, "pieces are aligned");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static piece *free_lists[CLASSES];
static uint8_t *region;
static uint8_t *region_end;
static uint64_t secret;

static uint64_t
mark_of(const piece *p, uint64_t state)
{
    return ((uint64_t)(uintptr_t)p * UINT64_C(0x9e3779b97f4a7c15)) ^ secret ^ state;
}

static uint32_t
class_of(size_t size)
{
    uint32_t power;
    size_t units = (size + UNIT - 1) / UNIT;

    if (units <= 4)
        return units == 0 ? 0 : (uint32_t)units - 1;
    units--;
    power = 63u - (uint32_t)__builtin_clzll(units);
    return 4 * (power - 1) + (uint32_t)(units >> (power - 2)) % 4;
}

static size_t
size_of(uint32_t kind)
{
    uint32_t power = kind / 4 + 1;

    if (kind < 4)
        return (size_t)(kind + 1) * UNIT;
    return (((size_t)(kind % 4 + 5)) << (power - 2)) * UNIT;
}

static void *
map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* With the lock. */
static void
start(void)
{
    const void *random = (const void *)getauxval(AT_RANDOM);

    if (random != NULL)
        memcpy(&secret, (const uint8_t *)random + 8, sizeof(secret));
    secret |= 1;
}

static void *
large(size_t size, size_t align)
{
    size_t room = sizeof(piece) + (align > UNIT ? align : 0);
    size_t whole;
    uint8_t *memory;
    uintptr_t begin;
    piece *p;

    if (size > PTRDIFF_MAX - room - 4096)
        return NULL;
    pthread_mutex_lock(&lock);
    if (secret == 0)
        start();
    pthread_mutex_unlock(&lock);
    whole = (size + room + 4095) & ~(size_t)4095;
    memory = map(whole);
    if (memory == NULL)
        return NULL;
    begin = ((uintptr_t)memory + sizeof(piece) + align - 1) & ~(uintptr_t)(align - 1);
    p = (piece *)(begin - sizeof(piece));
    p->kind = NO_CLASS;
    p->skip = (uint32_t)((uint8_t *)p - memory);
    p->size = whole - p->skip - sizeof(piece);
    p->next = (piece *)(void *)memory;
    p->mark = mark_of(p, IN_USE);
    return (void *)begin;
}

/* A new piece of the region.  With the lock. */
static piece *
carve(uint32_t kind)
{
    size_t whole = sizeof(piece) + size_of(kind);
    piece *p;

    if ((size_t)(region_end - region) < whole) {
        uint8_t *more = map(REGION);

        if (more == NULL)
            return NULL;
        region = more;
        region_end = more + REGION;
    }
    p = (piece *)(void *)region;
    region += whole;
    p->kind = kind;
    p->size = size_of(kind);
    return p;
}

/* `ret_used`: how much of it may not be zero. */
static void *
small(size_t size, uint64_t *ret_used)
{
    uint32_t kind = class_of(size);
    piece *p;

    pthread_mutex_lock(&lock);
    if (secret == 0)
        start();
    p = free_lists[kind];
    if (p != NULL) {
        if (p->mark != mark_of(p, IS_FREE))
            abort();
        free_lists[kind] = p->next;
        *ret_used = p->size;
    } else {
        p = carve(kind);
        *ret_used = 0;
    }
    if (p != NULL)
        p->mark = mark_of(p, IN_USE);
    pthread_mutex_unlock(&lock);
    return p == NULL ? NULL : p + 1;
}

/* The piece of what a caller has. */
static piece *
piece_of(void *pointer)
{
    piece *p = (piece *)pointer - 1;

    if (p->mark != mark_of(p, IN_USE))
        abort();
    return p;
}

static void *
take(size_t size, uint64_t *ret_used)
{
    void *pointer;

    *ret_used = 0;
    pointer = size >= LARGE ? large(size, UNIT) : small(size, ret_used);
    if (pointer == NULL)
        errno = ENOMEM;
    return pointer;
}

void *
malloc(size_t size)
{
    uint64_t used;

    return take(size, &used);
}

void
free(void *pointer)
{
    piece *p;

    if (pointer == NULL)
        return;
    p = piece_of(pointer);
    if (p->kind == NO_CLASS) {
        int number = errno;

        (void)munmap(p->next, p->skip + sizeof(piece) + p->size);
        errno = number;
        return;
    }
    pthread_mutex_lock(&lock);
    p->mark = mark_of(p, IS_FREE);
    p->next = free_lists[p->kind];
    free_lists[p->kind] = p;
    pthread_mutex_unlock(&lock);
}

void *
calloc(size_t count, size_t size)
{
    uint64_t used;
    size_t whole;
    void *pointer;

    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    pointer = take(whole, &used);
    if (pointer != NULL && used != 0)
        memset(pointer, 0, whole);
    return pointer;
}

void *
realloc(void *pointer, size_t size)
{
    const piece *p;
    void *grown;

    if (pointer == NULL)
        return malloc(size);
    p = piece_of(pointer);
    /* What has become much smaller moves, so that nothing large is kept for it. */
    if (size <= p->size && (size >= p->size / 4 || p->size <= 1024))
        return pointer;
    grown = malloc(size);
    if (grown == NULL)
        return NULL;
    memcpy(grown, pointer, size < p->size ? size : p->size);
    free(pointer);
    return grown;
}

void *
aligned_alloc(size_t align, size_t size)
{
    void *pointer;

    if (align == 0 || (align & (align - 1)) != 0 || align > LARGE) {
        errno = EINVAL;
        return NULL;
    }
    if (align <= UNIT)
        return malloc(size);
    pointer = large(size, align);
    if (pointer == NULL)
        errno = ENOMEM;
    return pointer;
}
