/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other threads and signal handlers may do to a sandbox.
 *
 * They must not meet an instance that a reset frees, and may not take locks.  So they count
 * themselves while they use it, and the reset takes it out of reach and waits for the count.
 */
#include "api/internal.h"

#include <sched.h>

void
krait__sandbox_set_reachable(krait_sandbox *sandbox, krait_instance *instance)
{
    atomic_store(&sandbox->reachable, instance);
    if (instance != NULL)
        return;
    while (atomic_load(&sandbox->visitors) != 0)
        (void)sched_yield();
}

void
krait_sandbox_cancel(krait_sandbox *sandbox)
{
    krait_instance *instance;

    atomic_fetch_add(&sandbox->visitors, 1);
    instance = atomic_load(&sandbox->reachable);
    if (instance != NULL)
        krait__instance_cancel(instance);
    atomic_fetch_sub(&sandbox->visitors, 1);
}

void
krait_sandbox_signal(krait_sandbox *sandbox, unsigned number)
{
    krait_instance *instance;

    atomic_fetch_add(&sandbox->visitors, 1);
    instance = atomic_load(&sandbox->reachable);
    if (instance != NULL)
        krait__instance_signal(instance, number);
    atomic_fetch_sub(&sandbox->visitors, 1);
}
