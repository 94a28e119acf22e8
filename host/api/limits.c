/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a sandbox, as the layers below take them, and what a result says of one that was
 * reached.
 *
 * A limit of 0 is one: the first of whatever it counts is too much.  What the layers below read
 * as "the default" never gets there.
 */
#include "api/internal.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where there has to be an end for the address space's sake. */
#define STACK_MAX (UINT64_C(1) << 30)

/* Descriptors of the guest are numbers below this. */
#define FILES_MAX 65536u

krait_call_limits
krait__limits_of_calls(const uint64_t limits[KRAIT_LIMIT_COUNT])
{
    return (krait_call_limits){.wall_ns = limits[KRAIT_LIMIT_WALL],
                               .cpu_ns = limits[KRAIT_LIMIT_CPU],
                               .grace_ns = limits[KRAIT_LIMIT_GRACE]};
}

static uint64_t
left_of(uint64_t limit, uint64_t spent)
{
    if (limit == KRAIT_UNLIMITED)
        return limit;
    return limit > spent ? limit - spent : 0;
}

void
krait__limits_spend(krait_sandbox *sandbox, uint64_t wall_ns, uint64_t cpu_ns)
{
    krait_call_limits limits = krait__limits_of_calls(sandbox->config->limits);

    limits.wall_ns = left_of(limits.wall_ns, wall_ns);
    limits.cpu_ns = left_of(limits.cpu_ns, cpu_ns);
    krait__instance_set_limits(sandbox->instance, &limits);
}

static uint64_t
at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

static uint64_t
at_least_one(uint64_t value)
{
    return value != 0 ? value : 1;
}

/* The engine takes 0 for "none". */
uint64_t
krait__limits_of_memory(const uint64_t limits[KRAIT_LIMIT_COUNT])
{
    const uint64_t limit = limits[KRAIT_LIMIT_MEMORY];

    return limit != KRAIT_UNLIMITED ? at_least_one(limit) : 0;
}

void
krait__limits_of_files(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_vfs_options *options)
{
    options->memory_limit_bytes = at_least_one(limits[KRAIT_LIMIT_FS_BYTES]);
    options->inode_limit = (uint32_t)at_least_one(
        at_most(limits[KRAIT_LIMIT_FS_INODES], UINT32_MAX));
}

uint32_t
krait__limits_of_descriptors(const uint64_t limits[KRAIT_LIMIT_COUNT])
{
    return (uint32_t)at_least_one(at_most(limits[KRAIT_LIMIT_FILES], FILES_MAX));
}

size_t
krait__limits_of_stack(const uint64_t limits[KRAIT_LIMIT_COUNT])
{
    return (size_t)at_least_one(at_most(limits[KRAIT_LIMIT_STACK], STACK_MAX));
}

krait_wasi_limits
krait__limits_of_wasi(const uint64_t limits[KRAIT_LIMIT_COUNT])
{
    const krait_wasi_limits most = KRAIT_WASI_LIMITS_MOST;

    return (krait_wasi_limits){
        .output_bytes = limits[KRAIT_LIMIT_OUTPUT],
        .path_bytes = (uint32_t)at_most(limits[KRAIT_LIMIT_PATH], most.path_bytes),
        .readdir_bytes = (uint32_t)at_most(limits[KRAIT_LIMIT_READDIR], most.readdir_bytes),
        .subscriptions = (uint32_t)at_most(limits[KRAIT_LIMIT_POLL], most.subscriptions)};
}

void
krait__sandbox_set_limit(krait_sandbox *sandbox, krait_limit limit, uint64_t value)
{
    krait_wasi_limits limits;

    sandbox->config->limits[limit] = value;
    if (limit != KRAIT_LIMIT_OUTPUT || sandbox->wasi == NULL)
        return;
    limits = krait__limits_of_wasi(sandbox->config->limits);
    krait__wasi_set_limits(sandbox->wasi, &limits);
}

krait_status
krait_sandbox_refuel(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__sandbox_check(sandbox, err);
    if (status == KRAIT_OK)
        krait__instance_refuel(sandbox->instance);
    return status;
}

static krait_limit
limit_of(krait_cause cause)
{
    switch (cause) {
    case KRAIT_CAUSE_WALL:
        return KRAIT_LIMIT_WALL;
    case KRAIT_CAUSE_CPU:
        return KRAIT_LIMIT_CPU;
    case KRAIT_CAUSE_OUTPUT:
        return KRAIT_LIMIT_OUTPUT;
    case KRAIT_CAUSE_HOST_CALLS:
        return KRAIT_LIMIT_HOST_CALLS;
    case KRAIT_CAUSE_NONE:
    case KRAIT_CAUSE_CANCEL:
        break;
    }
    return KRAIT_LIMIT_NONE;
}

/* "wall time limit of 1.5 s" */
static void
describe(krait_limit limit, uint64_t value, char *text, size_t size)
{
    const char *name = krait_limit_name(limit);

    if (limit == KRAIT_LIMIT_WALL || limit == KRAIT_LIMIT_CPU)
        snprintf(text, size, "%s limit of %.9g s", name, (double)value / 1e9);
    else if (limit == KRAIT_LIMIT_OUTPUT)
        snprintf(text, size, "%s limit of %" PRIu64 " bytes", name, value);
    else
        snprintf(text, size, "%s limit of %" PRIu64, name, value);
}

void
krait__limits_result(const uint64_t limits[KRAIT_LIMIT_COUNT], krait_cause cause,
                     krait_result *result)
{
    if (cause == KRAIT_CAUSE_NONE)
        return;
    if (cause == KRAIT_CAUSE_CANCEL) {
        result->kind = KRAIT_RESULT_CANCELLED;
        snprintf(result->message, sizeof(result->message), "cancelled");
        return;
    }
    result->kind = KRAIT_RESULT_LIMIT;
    result->limit = limit_of(cause);
    describe(result->limit, limits[result->limit], result->message, sizeof(result->message));
}
