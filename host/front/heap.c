/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and its kin, in place of those of a small C library, which map a page or two for every
 * size: two dozen mappings and as many page faults in a start that takes a millisecond.
 *
 * Small pieces lie side by side in regions.  A free one joins its free neighbours, and is found by its
 * size in lists that a bitmap tells apart (the two levels of Masmano and others' TLSF), so that what was
 * one size serves any other: a guest that makes the host allocate and free makes it hold little more than
 * it ever had at once.  Large pieces are mappings of their own.  A secret in front of each piece says
 * that it is one, and whether it is in use: what was overwritten, freed twice or never was a piece ends
 * the program.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define REGION  ((size_t)1 << 20)
#define LARGE   ((size_t)1 << 16) /* from here on a mapping of its own */
#define UNIT    16u
#define LISTS   64u /* four for each power of two; the last of a region's size is 60 */
#define IN_USE  UINT64_C(0x5a3c96e1d2b40f78)
#define IS_FREE UINT64_C(0xc6a17b3d08e95f24)
#define IS_OWN  UINT64_C(0x3b9d40f7a2c81e65) /* a mapping of its own */

/* In front of what the caller gets, whose address is a multiple of 16. */
typedef struct piece {
    uint64_t mark; /* of its address and state */
    struct piece
        *before;        /* its neighbour in the region, or NULL; IS_OWN: where the mapping begins */
    struct piece *next; /* IS_FREE: in its list */
    size_t size;        /* that the caller may use; 0: the end of a region */
} piece;

/* In a free piece, where the caller's bytes were. */
typedef struct links {
    piece *previous; /* in its list */
} links;

_Static_assert(sizeof(piece) % UNIT == 0, "pieces are aligned");
_Static_assert(sizeof(links) <= UNIT, "the smallest piece has room");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static piece *lists[LISTS];
static uint64_t filled;    /* a bit for each list */
static piece *last;        /* before `untouched`, or NULL */
static uint8_t *untouched; /* of the newest region, up to where its end has room; all zero */
static uint8_t *untouched_end;
static uint64_t secret;

static uint64_t
mark_of(const piece *p, uint64_t state)
{
    return ((uint64_t)(uintptr_t)p * UINT64_C(0x9e3779b97f4a7c15)) ^ secret ^ state;
}

static bool
is_in(const piece *p, uint64_t state)
{
    return p->mark == mark_of(p, state);
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
map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* ---- free pieces: with the lock ----------------------------------------------------------- */

/* The list that a free piece belongs to: of the largest size that it can serve. */
static uint32_t
list_of(size_t size)
{
    size_t units = size / UNIT;
    uint32_t power;

    if (units < 4)
        return (uint32_t)units;
    power = 63u - (uint32_t)__builtin_clzll(units);
    return 4 * (power - 1) + (uint32_t)(units >> (power - 2)) % 4;
}

/* The least size of a list. */
static size_t
size_of(uint32_t list)
{
    return list < 4 ? (size_t)list * UNIT : ((size_t)(list % 4 + 4) << (list / 4 - 1)) * UNIT;
}

static links *
links_of(piece *p)
{
    return (links *)(p + 1);
}

/* NULL: there is none but what nobody has had yet. */
static piece *
after(piece *p)
{
    uint8_t *end = (uint8_t *)(p + 1) + p->size;

    return end == untouched ? NULL : (piece *)(void *)end;
}

static void
insert(piece *p)
{
    uint32_t list = list_of(p->size);

    p->mark = mark_of(p, IS_FREE);
    p->next = lists[list];
    links_of(p)->previous = NULL;
    if (p->next != NULL)
        links_of(p->next)->previous = p;
    lists[list] = p;
    filled |= UINT64_C(1) << list;
}

static void
take_out(piece *p)
{
    piece *previous;
    uint32_t list;

    if (!is_in(p, IS_FREE))
        abort();
    list = list_of(p->size);
    previous = links_of(p)->previous;
    if ((previous == NULL ? lists[list] : previous->next) != p ||
        (p->next != NULL && links_of(p->next)->previous != p))
        abort();
    if (p->next != NULL)
        links_of(p->next)->previous = previous;
    if (previous != NULL)
        previous->next = p->next;
    else
        lists[list] = p->next;
    if (lists[list] == NULL)
        filled &= ~(UINT64_C(1) << list);
    p->mark = 0;
}

/* ---- regions: with the lock --------------------------------------------------------------- */

/* Joins a piece that nobody has any more with its neighbours.  A region of which nothing is in use goes. */
static void
release(piece *p)
{
    piece *follower = after(p);
    piece *before = p->before;

    p->mark = 0;
    if (follower != NULL && is_in(follower, IS_FREE)) {
        take_out(follower);
        p->size += sizeof(piece) + follower->size;
        follower = after(p);
    }
    if (before != NULL && is_in(before, IS_FREE)) {
        take_out(before);
        before->size += sizeof(piece) + p->size;
        p = before;
    }
    if (follower == NULL)
        last = p;
    else if (!is_in(follower, IN_USE))
        abort();
    else if (follower->size == 0 && p->before == NULL) {
        (void)munmap(p, REGION);
        return;
    } else
        follower->before = p;
    insert(p);
}

/* The region that is used up gets an end: what is left of it is free. */
static void
close_region(void)
{
    size_t left = (size_t)(untouched_end - untouched);
    piece *end;

    if (left >= sizeof(piece) + UNIT) {
        piece *rest = (piece *)(void *)untouched;

        rest->before = last;
        rest->size = left - sizeof(piece);
        untouched = untouched_end;
        release(rest);
    }
    end = (piece *)(void *)untouched;
    end->before = last;
    end->size = 0;
    end->mark = mark_of(end, IN_USE);
}

/* A new piece. */
static piece *
carve(size_t size)
{
    piece *p;

    if ((size_t)(untouched_end - untouched) < sizeof(piece) + size) {
        uint8_t *more = map(REGION);

        if (more == NULL)
            return NULL;
        if (untouched != NULL)
            close_region();
        last = NULL;
        untouched = more;
        untouched_end = more + REGION - sizeof(piece);
    }
    p = (piece *)(void *)untouched;
    p->before = last;
    p->size = size;
    last = p;
    untouched += sizeof(piece) + size;
    return p;
}

/* A free piece of at least `size` bytes, of which what is not needed stays free; or NULL. */
static piece *
find(size_t size)
{
    uint64_t enough = filled >> list_of(size) << list_of(size);
    piece *p;
    piece *rest;
    piece *follower;

    if (enough == 0)
        return NULL;
    p = lists[__builtin_ctzll(enough)];
    take_out(p);
    if (p->size - size < sizeof(piece) + UNIT)
        return p;
    follower = after(p);
    rest = (piece *)(void *)((uint8_t *)(p + 1) + size);
    rest->before = p;
    rest->size = p->size - size - sizeof(piece);
    p->size = size;
    if (follower != NULL)
        follower->before = rest;
    else
        last = rest;
    insert(rest);
    return p;
}

/* ---- pieces ------------------------------------------------------------------------------- */

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
    p->before = (piece *)(void *)memory;
    p->size = whole - (begin - (uintptr_t)memory);
    p->mark = mark_of(p, IS_OWN);
    return (void *)begin;
}

/* `ret_used`: how much of it may not be zero. */
static void *
small(size_t size, uint64_t *ret_used)
{
    size_t whole = size == 0 ? UNIT : (size + UNIT - 1) & ~(size_t)(UNIT - 1);
    piece *p;

    /* The least size of a list: so every piece in it and in those above is large enough. */
    if (size_of(list_of(whole)) != whole)
        whole = size_of(list_of(whole) + 1);
    pthread_mutex_lock(&lock);
    if (secret == 0)
        start();
    p = find(whole);
    if (p != NULL) {
        *ret_used = p->size;
    } else {
        p = carve(whole);
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

    if (!is_in(p, IN_USE) && !is_in(p, IS_OWN))
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
    if (is_in(p, IS_OWN)) {
        int number = errno;

        (void)munmap(p->before, (size_t)((uint8_t *)pointer - (uint8_t *)p->before) + p->size);
        errno = number;
        return;
    }
    pthread_mutex_lock(&lock);
    release(p);
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
