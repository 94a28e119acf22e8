/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.atomic.wait and notify (threads proposal, section 4.4.7): who waits for
 * which address of a shared memory.
 *
 * Each shared memory has queues, by address, in the order of arrival.  A waiter
 * stays in its queue until it is notified or leaves it, also while its thread
 * runs the guest's signal function, so no notification is lost.  A thread sleeps
 * on a futex of its own (parker): it is woken by notify and by whatever
 * interrupts the guest, and looks at the reason itself.  A waiter belongs to
 * its thread, not to the stack that waits: a trap may leave that behind, and
 * krait__wait_abandon then takes the waiter out.
 */
#include "base/alloc.h"
#include "engine/internal.h"

#include <assert.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define QUEUES 64u
#define SECOND INT64_C(1000000000)

enum { WOKEN = 0, NOT_EQUAL = 1, TIMED_OUT = 2 };

typedef struct krait_queue {
    pthread_mutex_t lock;
    krait_waiter *first;
    krait_waiter *last;
} krait_queue;

typedef struct krait_parking {
    krait_queue queues[QUEUES];
} krait_parking;

krait_parking *
krait__parking_new(void)
{
    krait_parking *parking = krait__calloc(1, sizeof(*parking));
    uint32_t i;

    for (i = 0; parking != NULL && i < QUEUES; i++)
        pthread_mutex_init(&parking->queues[i].lock, NULL);
    return parking;
}

void
krait__parking_free(krait_parking *parking)
{
    uint32_t i;

    for (i = 0; parking != NULL && i < QUEUES; i++)
        pthread_mutex_destroy(&parking->queues[i].lock);
    krait__free(parking);
}

static krait_queue *
queue_of(const krait_memory *memory, uint64_t address)
{
    krait_memory_object *object = (krait_memory_object *)(uintptr_t)memory;

    return &object->parking->queues[(address >> 2) % QUEUES];
}

/* ---- queues, under their lock ----------------------------------------------------------- */

static void
append(krait_queue *queue, krait_waiter *waiter)
{
    waiter->previous = queue->last;
    if (queue->last != NULL)
        queue->last->next = waiter;
    else
        queue->first = waiter;
    queue->last = waiter;
}

static void
take_out(krait_queue *queue, krait_waiter *waiter)
{
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        queue->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
    else
        queue->last = waiter->previous;
}

/* True when it was woken after all. */
static bool
leave(krait_waiter *waiter)
{
    bool is_woken;

    pthread_mutex_lock(&waiter->queue->lock);
    is_woken = atomic_load(&waiter->is_woken);
    if (!is_woken)
        take_out(waiter->queue, waiter);
    pthread_mutex_unlock(&waiter->queue->lock);
    return is_woken;
}

void
krait__wait_abandon(krait_guest_thread *thread)
{
    while (thread->waiter_count > 0)
        (void)leave(&thread->waiters[--thread->waiter_count]);
}

/* ---- sleeping --------------------------------------------------------------------------- */

static int64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

/* Until the parker has another value, a signal, or the deadline (< 0: none). */
static void
sleep_on(krait_guest_thread *thread, uint32_t seen, int64_t deadline)
{
    struct timespec time = {.tv_sec = (time_t)(deadline / SECOND), .tv_nsec = deadline % SECOND};

    (void)syscall(SYS_futex, &thread->parker, FUTEX_WAIT_BITSET_PRIVATE, seen,
                  deadline >= 0 ? &time : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
}

static int64_t
deadline_of(int64_t timeout)
{
    int64_t start = now();

    return timeout < 0 || timeout > INT64_MAX - start ? -1 : start + timeout;
}

/* Something is to be done besides waiting.  A signal that comes while the signal
 * function itself waits is for later. */
static bool
is_interrupted(const krait_guest_thread *thread)
{
    return krait__is_interrupted(&thread->thread) &&
           (!thread->delivering || krait__is_ended(thread));
}

static uint32_t
wait_for(krait_ctx *ctx, krait_waiter *waiter, int64_t timeout)
{
    krait_guest_thread *thread = waiter->thread;
    int64_t deadline = deadline_of(timeout);

    for (;;) {
        uint32_t seen = atomic_load(&thread->parker);

        if (atomic_load(&waiter->is_woken))
            break;
        if (is_interrupted(thread)) {
            ctx->thread->in_host = 0;
            krait__signals_deliver(ctx);
            ctx->thread->in_host = 1;
        } else if (deadline >= 0 && now() >= deadline) {
            break;
        } else {
            sleep_on(thread, seen, deadline);
        }
    }
    return leave(waiter) ? WOKEN : TIMED_OUT;
}

/* ---- the instructions ------------------------------------------------------------------- */

static bool
is_equal(const krait_memory *memory, uint64_t address, uint64_t expected, unsigned width)
{
    const void *at = memory->base + address;

    if (width == 4)
        return __atomic_load_n((const uint32_t *)at, __ATOMIC_SEQ_CST) == (uint32_t)expected;
    return __atomic_load_n((const uint64_t *)at, __ATOMIC_SEQ_CST) == expected;
}

static void
check_access(krait_ctx *ctx, uint32_t memory, uint64_t address, unsigned width)
{
    if (address % width != 0)
        krait__trap_raise(ctx, KRAIT_TRAP_ALIGNMENT);
    if (address + width > krait__memory_size(ctx->memories[memory]))
        ctx->runtime->out_of_bounds(ctx, memory, address);
}

uint32_t
krait__wait(krait_ctx *ctx, uint32_t memory, uint64_t address, uint64_t expected, unsigned width,
            int64_t timeout)
{
    const krait_memory *target = ctx->memories[memory];
    krait_guest_thread *thread = krait__thread_of(ctx);
    krait_waiter *waiter = &thread->waiters[thread->waiter_count];
    uint32_t result = NOT_EQUAL;
    bool is_waiting;

    check_access(ctx, memory, address, width);
    if (target->is_shared == 0)
        krait__trap_raise(ctx, KRAIT_TRAP_SHARED);
    ctx->thread->in_host = 1;
    /* While the signal function runs, no other is called: a third wait there cannot be. */
    assert(thread->waiter_count < 2);
    memset(waiter, 0, sizeof(*waiter));
    waiter->address = address;
    waiter->thread = thread;
    waiter->queue = queue_of(target, address);
    pthread_mutex_lock(&waiter->queue->lock);
    is_waiting = is_equal(target, address, expected, width);
    if (is_waiting)
        append(waiter->queue, waiter);
    pthread_mutex_unlock(&waiter->queue->lock);
    if (is_waiting) {
        thread->waiter_count++;
        result = wait_for(ctx, waiter, timeout);
        thread->waiter_count--;
    }
    ctx->thread->in_host = 0;
    if (krait__is_interrupted(ctx->thread))
        krait__signals_deliver(ctx);
    return result;
}

/* Under the lock: the waiter cannot go before it is woken. */
static void
wake(krait_waiter *waiter)
{
    take_out(waiter->queue, waiter);
    atomic_store(&waiter->is_woken, true);
    krait__thread_unpark(waiter->thread);
}

uint32_t
krait__notify(krait_ctx *ctx, uint32_t memory, uint64_t address, uint32_t count)
{
    const krait_memory *target = ctx->memories[memory];
    krait_queue *queue;
    krait_waiter *waiter;
    krait_waiter *next;
    uint32_t woken = 0;

    check_access(ctx, memory, address, 4);
    if (target->is_shared == 0)
        return 0;
    ctx->thread->in_host = 1;
    queue = queue_of(target, address);
    pthread_mutex_lock(&queue->lock);
    for (waiter = queue->first; waiter != NULL && woken < count; waiter = next) {
        next = waiter->next;
        if (waiter->address == address) {
            wake(waiter);
            woken++;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    ctx->thread->in_host = 0;
    if (krait__is_interrupted(ctx->thread))
        krait__signals_deliver(ctx);
    return woken;
}
