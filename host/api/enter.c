/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls into the guest, and what is to be said of how they ended.
 */
#include "api/internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void
fill_trap(const krait_outcome *outcome, const krait_named_import *stopped_by, krait_result *result)
{
    result->kind = KRAIT_RESULT_TRAPPED;
    result->trap = outcome->trap;
    if (outcome->trap == KRAIT_TRAP_FUEL) {
        result->kind = KRAIT_RESULT_LIMIT;
        result->limit = KRAIT_LIMIT_FUEL;
    }
    if (outcome->fault_known)
        snprintf(result->message, sizeof(result->message), "%s at address 0x%llx",
                 krait__trap_text(outcome->trap), (unsigned long long)outcome->fault_address);
    else if (outcome->trap == KRAIT_TRAP_HOST && stopped_by != NULL)
        snprintf(result->message, sizeof(result->message), "the host's function %s.%s stopped it",
                 stopped_by->module, stopped_by->name);
    else
        snprintf(result->message, sizeof(result->message), "%s", krait__trap_text(outcome->trap));
    snprintf(result->backtrace, sizeof(result->backtrace), "%s", outcome->backtrace);
}

krait_status
krait__sandbox_enter(krait_sandbox *sandbox, uint32_t func, krait_cell *cells,
                     krait_result *ret_result, krait_error *err)
{
    const uint64_t wall = krait__clock_ns(CLOCK_MONOTONIC);
    const uint64_t cpu = krait__clock_ns(CLOCK_THREAD_CPUTIME_ID);
    krait_outcome outcome;
    krait_status status;

    sandbox->stopped_by = NULL;
    sandbox->is_running = true;
    status = krait__instance_call(sandbox->instance, func, cells, &outcome, err);
    sandbox->is_running = false;
    if (status != KRAIT_OK)
        return status;
    memset(ret_result, 0, sizeof(*ret_result));
    sandbox->ended_by = outcome.trap;
    ret_result->wall_ns = krait__clock_ns(CLOCK_MONOTONIC) - wall;
    ret_result->cpu_ns = krait__clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    ret_result->fuel_spent = krait__instance_fuel_spent(sandbox->instance);
    ret_result->peak_memory_bytes = krait__instance_memory_bytes(sandbox->instance);
    if (outcome.trap == KRAIT_TRAP_EXIT)
        ret_result->exit_code = outcome.exit_code;
    else if (outcome.trap != KRAIT_TRAP_NONE)
        fill_trap(&outcome, sandbox->stopped_by, ret_result);
    krait__limits_result(sandbox->config->limits, outcome.cause, ret_result);
    return KRAIT_OK;
}
