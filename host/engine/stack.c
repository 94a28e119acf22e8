/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native stacks for guest code, and those that wait to be used again.
 *
 * One mapping holds, from low to high addresses: a guard, two signal stacks, cells for tail
 * calls, another guard, the reserve and the usable stack.  Translated code probes every page of a large
 * frame (-fstack-clash-protection), so it meets the guard or the reserve and
 * cannot jump over them.  The reserve is opened for the short time in which a
 * trap is handled on an exhausted stack.
 */
#include "base/error.h"
#include "engine/internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SIGNAL_STACK_SIZE = 64 * 1024,
    CELLS_SIZE = 64 * 1024,
    GUARD_SIZE = 64 * 1024,
    RESERVE_SIZE = 256 * 1024,
    DEFAULT_STACK_SIZE = 64 * 1024 * 1024,
    MIN_STACK_SIZE = 2 * KRAIT_HOST_HEADROOM
};

_Static_assert(KRAIT_TAIL_SETS * 2 * KRAIT_CALL_CELLS * sizeof(krait_cell) <= CELLS_SIZE,
               "cells for tail calls fit");

static size_t
round_to_page(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

static size_t
usable_size(size_t size)
{
    size_t usable = round_to_page(size != 0 ? size : DEFAULT_STACK_SIZE);

    return usable < MIN_STACK_SIZE ? MIN_STACK_SIZE : usable;
}

krait_status
krait__stack_open(krait_stack *stack, size_t size, krait_error *err)
{
    size_t usable = usable_size(size);
    size_t total;
    uint8_t *map;

    total = (size_t)2 * SIGNAL_STACK_SIZE + CELLS_SIZE + 2 * GUARD_SIZE + RESERVE_SIZE + usable;
    if (total < usable)
        return krait__error_set(err, KRAIT_EINVAL, 0, "stack size %zu is too large", size);
    map = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return krait__error_set(err, KRAIT_ENOMEM, errno, "cannot reserve a stack of %zu bytes",
                                usable);
    memset(stack, 0, sizeof(*stack));
    stack->map = map;
    stack->map_size = total;
    stack->second_signal_stack = map + GUARD_SIZE;
    stack->signal_stack = stack->second_signal_stack + SIGNAL_STACK_SIZE;
    stack->signal_stack_size = SIGNAL_STACK_SIZE;
    stack->cells = (krait_cell *)(void *)(stack->signal_stack + SIGNAL_STACK_SIZE);
    stack->guard = stack->signal_stack + SIGNAL_STACK_SIZE + CELLS_SIZE;
    stack->reserve = stack->guard + GUARD_SIZE;
    stack->usable = stack->reserve + RESERVE_SIZE;
    stack->top = map + total;
    if (mprotect(stack->second_signal_stack, 2 * SIGNAL_STACK_SIZE + CELLS_SIZE,
                 PROT_READ | PROT_WRITE) != 0 ||
        mprotect(stack->usable, usable, PROT_READ | PROT_WRITE) != 0) {
        krait__error_set(err, KRAIT_ENOMEM, errno, "cannot make a stack of %zu bytes", usable);
        munmap(map, total);
        stack->map = NULL;
        return KRAIT_ENOMEM;
    }
    return KRAIT_OK;
}

void
krait__stack_close(krait_stack *stack)
{
    if (stack->map == NULL)
        return;
    krait__timers_drop(&stack->timers);
    munmap(stack->map, stack->map_size);
    stack->map = NULL;
}

/* ---- stacks that wait --------------------------------------------------------------------- */

/* What a waiting stack may keep in memory. */
#define KEPT_TOP ((size_t)256 * 1024)

/* The best of those that wait: of this size, and with timers for this thread.  pool->count: none. */
static unsigned
choose(const krait_stack_pool *pool, size_t usable, int native)
{
    unsigned best = pool->count;

    for (unsigned i = pool->count; i-- > 0;) {
        if ((size_t)(pool->stacks[i].top - pool->stacks[i].usable) != usable)
            continue;
        if (pool->stacks[i].timers.native == native)
            return i;
        if (best == pool->count)
            best = i;
    }
    return best;
}

krait_status
krait__stack_take(krait_stack_pool *pool, size_t size, int native, krait_stack *ret_stack,
                  krait_error *err)
{
    const size_t usable = usable_size(size);
    unsigned chosen;
    bool found;

    pthread_mutex_lock(&pool->lock);
    chosen = choose(pool, usable, native);
    found = chosen < pool->count;
    if (found) {
        *ret_stack = pool->stacks[chosen];
        pool->stacks[chosen] = pool->stacks[--pool->count];
    }
    pthread_mutex_unlock(&pool->lock);
    return found ? KRAIT_OK : krait__stack_open(ret_stack, size, err);
}

/* A stack grows down page by page: where it has been deep, the page below what is kept is there. */
static void
trim(const krait_stack *stack)
{
    const size_t size = (size_t)(stack->top - stack->usable);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char is_there = 0;

    if (size > KEPT_TOP + page &&
        (mincore(stack->top - KEPT_TOP - page, page, &is_there) != 0 || (is_there & 1) != 0))
        (void)madvise(stack->usable, size - KEPT_TOP, MADV_DONTNEED);
}

void
krait__stack_give(krait_stack_pool *pool, krait_stack *stack, bool has_grown)
{
    bool is_kept;

    if (has_grown)
        trim(stack);
    pthread_mutex_lock(&pool->lock);
    is_kept = pool->count < sizeof(pool->stacks) / sizeof(pool->stacks[0]);
    if (is_kept)
        pool->stacks[pool->count++] = *stack;
    pthread_mutex_unlock(&pool->lock);
    if (!is_kept)
        krait__stack_close(stack);
    memset(stack, 0, sizeof(*stack));
}

void
krait__stack_pool_close(krait_stack_pool *pool)
{
    while (pool->count > 0)
        krait__stack_close(&pool->stacks[--pool->count]);
    pthread_mutex_destroy(&pool->lock);
}

krait_tail
krait__stack_tail(const krait_stack *stack, unsigned set)
{
    krait_tail tail;

    memset(&tail, 0, sizeof(tail));
    tail.args = stack->cells + (size_t)set * 2 * KRAIT_CALL_CELLS;
    tail.results = tail.args + KRAIT_CALL_CELLS;
    return tail;
}

void
krait__stack_reserve_open(krait_stack *stack)
{
    if (!stack->reserve_open)
        stack->reserve_open = mprotect(stack->reserve, RESERVE_SIZE, PROT_READ | PROT_WRITE) == 0;
}

void
krait__stack_reserve_close(krait_stack *stack)
{
    if (stack->reserve_open)
        (void)mprotect(stack->reserve, RESERVE_SIZE, PROT_NONE);
    stack->reserve_open = false;
}
