/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracer: stands between a guest and each function that it imports.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

/* An import, and the function behind it. */
typedef struct krait_tracer {
    const krait_sandbox *sandbox;
    krait_host_import import;
} krait_tracer;

static krait_trap
traced(void *env, krait_ctx *ctx, krait_cell *slots)
{
    const krait_tracer *tracer = env;
    const krait_config *config = tracer->sandbox->config;
    const uint64_t start = krait__wasi_monotonic_ns();
    krait_trace_event event = {.module = tracer->import.module, .name = tracer->import.name};
    krait_trap trap = tracer->import.fn(tracer->import.env, ctx, slots);

    event.duration_ns = krait__wasi_monotonic_ns() - start;
    event.trap = trap;
    if (trap == KRAIT_TRAP_NONE && strcmp(tracer->import.results, "i") == 0)
        event.result = slots[0].i32;
    config->trace(config->trace_data, &event);
    return trap;
}

krait_status
krait__trace_imports(krait_sandbox *sandbox, krait_error *err)
{
    sandbox->tracers = krait__calloc(sandbox->import_count, sizeof(*sandbox->tracers));
    if (sandbox->tracers == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < sandbox->import_count; i++) {
        sandbox->tracers[i].sandbox = sandbox;
        sandbox->tracers[i].import = sandbox->imports[i];
        sandbox->imports[i].fn = traced;
        sandbox->imports[i].env = &sandbox->tracers[i];
    }
    return KRAIT_OK;
}

void
krait__trace_call(const krait_sandbox *sandbox, const char *name, uint64_t start_ns,
                  uint32_t result)
{
    krait_trace_event event = {.module = "host", .name = name, .result = result};

    if (sandbox->config->trace == NULL)
        return;
    event.duration_ns = krait__wasi_monotonic_ns() - start_ns;
    sandbox->config->trace(sandbox->config->trace_data, &event);
}
