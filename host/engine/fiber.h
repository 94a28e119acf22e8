/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells AddressSanitizer and ThreadSanitizer that the stack changes; nothing in other
 * builds.
 *
 * The guest leaves its stack in two ways: it returns, or a trap abandons it.
 * Only the first one can announce the switch from the guest's side.
 */
#ifndef KRAIT_ENGINE_FIBER_H
#define KRAIT_ENGINE_FIBER_H

#include "engine/internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define KRAIT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KRAIT_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define KRAIT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KRAIT_TSAN 1
#endif
#endif

typedef struct krait_fiber {
    void *fake_stack;
    void *host; /* ThreadSanitizer's two */
    void *guest;
    const void *host_bottom;
    size_t host_size;
} krait_fiber;

#ifdef KRAIT_ASAN
#include <sanitizer/common_interface_defs.h>

static inline void
krait__fiber_enter(krait_fiber *fiber, const krait_stack *stack)
{
    __sanitizer_start_switch_fiber(&fiber->fake_stack, stack->usable,
                                   (size_t)(stack->top - stack->usable));
}

/* First thing on the guest's stack. */
static inline void
krait__fiber_entered(krait_fiber *fiber)
{
    __sanitizer_finish_switch_fiber(NULL, &fiber->host_bottom, &fiber->host_size);
}

/* Back on the host's stack, whichever way. */
static inline void
krait__fiber_left(krait_fiber *fiber)
{
    __sanitizer_start_switch_fiber(NULL, fiber->host_bottom, fiber->host_size);
    __sanitizer_finish_switch_fiber(fiber->fake_stack, NULL, NULL);
}
#elif defined(KRAIT_TSAN)
#include <sanitizer/tsan_interface.h>

/* It keeps the calls of each stack, and those that a trap abandons are never left. */
static inline void
krait__fiber_enter(krait_fiber *fiber, const krait_stack *stack)
{
    (void)stack;
    fiber->host = __tsan_get_current_fiber();
    fiber->guest = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(fiber->guest, 0);
}

static inline void
krait__fiber_entered(krait_fiber *fiber)
{
    (void)fiber;
}

static inline void
krait__fiber_left(krait_fiber *fiber)
{
    __tsan_switch_to_fiber(fiber->host, 0);
    __tsan_destroy_fiber(fiber->guest);
}
#else
static inline void
krait__fiber_enter(krait_fiber *fiber, const krait_stack *stack)
{
    (void)fiber;
    (void)stack;
}

static inline void
krait__fiber_entered(krait_fiber *fiber)
{
    (void)fiber;
}

static inline void
krait__fiber_left(krait_fiber *fiber)
{
    (void)fiber;
}
#endif

#endif /* KRAIT_ENGINE_FIBER_H */
