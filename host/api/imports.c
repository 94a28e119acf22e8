/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module may import: what the WASI layer has, the functions of guest_call.h, and those of
 * module.h, which answer that no document is processed.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <krait/guest.h>
#include <krait/module.h>

#include <string.h>

/* What the functions of modules that process documents answer when the embedder has none. */
static krait_trap
not_processing(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    (void)ctx;
    slots[0].i32 = (uint32_t)KRAIT_ENV_STATE;
    return KRAIT_TRAP_NONE;
}

static const krait_host_import own[] = {
    {KRAIT_HOST_MODULE, "input_size", "ii", "i", krait__session_input_size, NULL},
    {KRAIT_HOST_MODULE, "input_get", "iii", "i", krait__session_input_get, NULL},
    {KRAIT_HOST_MODULE, "outcome_put", "iii", "i", krait__session_outcome_put, NULL},
    {KRAIT_HOST_MODULE, "call_start", "iiiiii", "i", krait__call_start, NULL},
    {KRAIT_HOST_MODULE, "call_poll", "ii", "i", krait__call_poll, NULL},
    {KRAIT_HOST_MODULE, "call_take", "iii", "i", krait__call_take, NULL},
    {KRAIT_HOST_MODULE, "call_wait", "iiI", "i", krait__call_wait, NULL},
    {KRAIT_HOST_MODULE, "call_cancel", "i", "i", krait__call_cancel, NULL},
    {KRAIT_ENV_MODULE, KRAIT_ENV_DEFINE_TABLE, "iiii", "i", not_processing, NULL},
    {KRAIT_ENV_MODULE, KRAIT_ENV_INSERT_ROW, "iiii", "i", not_processing, NULL},
    {KRAIT_ENV_MODULE, KRAIT_ENV_EMIT_BYTES, "iiii", "i", not_processing, NULL},
    {KRAIT_ENV_MODULE, KRAIT_ENV_EMIT_SLICE, "iiii", "i", not_processing, NULL},
};

enum { OWN_COUNT = sizeof(own) / sizeof(own[0]) };

krait_status
krait__imports_all(const krait_config *config, krait_host_import **ret_imports, size_t *ret_count,
                   krait_error *err)
{
    const size_t given = config != NULL ? config->import_count : 0;
    size_t count = 0;
    const krait_host_import *wasi = krait__wasi_imports(&count);
    krait_host_import *imports = krait__calloc(given + count + OWN_COUNT, sizeof(*imports));

    if (imports == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < given; i++)
        imports[i] = (krait_host_import){.module = config->imports[i].module,
                                         .name = config->imports[i].name,
                                         .params = config->imports[i].params,
                                         .results = config->imports[i].results,
                                         .fn = krait__guest_import_call};
    memcpy(imports + given, wasi, count * sizeof(*imports));
    memcpy(imports + given + count, own, sizeof(own));
    *ret_imports = imports;
    *ret_count = given + count + OWN_COUNT;
    return KRAIT_OK;
}

/* What the embedder's functions get. */
static krait_status
make_guest_imports(krait_sandbox *sandbox, krait_error *err)
{
    const krait_config *config = sandbox->config;

    if (config->import_count == 0)
        return KRAIT_OK;
    sandbox->guest_imports = krait__calloc(config->import_count, sizeof(*sandbox->guest_imports));
    if (sandbox->guest_imports == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i < config->import_count; i++) {
        sandbox->guest_imports[i].sandbox = sandbox;
        sandbox->guest_imports[i].named = &config->imports[i];
        sandbox->imports[i].env = &sandbox->guest_imports[i];
    }
    return KRAIT_OK;
}

krait_status
krait__imports_make(krait_sandbox *sandbox, krait_error *err)
{
    const size_t given = sandbox->config->import_count;
    krait_status status = krait__imports_all(sandbox->config, &sandbox->imports,
                                             &sandbox->import_count, err);

    if (status == KRAIT_OK)
        status = make_guest_imports(sandbox, err);
    if (status != KRAIT_OK)
        return status;
    for (size_t i = given; i < sandbox->import_count; i++)
        sandbox->imports[i].env = i < sandbox->import_count - OWN_COUNT ? (void *)sandbox->wasi
                                                                        : (void *)sandbox;
    return sandbox->config->trace != NULL ? krait__trace_imports(sandbox, err) : KRAIT_OK;
}
