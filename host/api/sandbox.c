/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_sandbox of krait.h: one program with its files, descriptors and memory.
 */
#include "api/internal.h"
#include "base/alloc.h"
#include "base/error.h"

#include <krait/guest.h>

#include <string.h>

static krait_status
mount_grants(krait_vfs *vfs, const krait_config *config, krait_error *err)
{
    size_t i;

    for (i = 0; i < config->grant_count; i++) {
        const krait_grant *grant = &config->grants[i];
        uint32_t flags = 0;
        krait_status status;

        if ((grant->flags & KRAIT_GRANT_READ_ONLY) != 0)
            flags |= KRAIT_MOUNT_READ_ONLY;
        if ((grant->flags & KRAIT_GRANT_RECORD_MISSES) != 0)
            flags |= KRAIT_MOUNT_RECORD_MISSES;
        if ((grant->flags & KRAIT_GRANT_STABLE) != 0)
            flags |= KRAIT_MOUNT_STABLE;
        status = grant->is_file ? krait__vfs_mount_file(vfs, grant->guest, grant->host, flags, err)
                                : krait__vfs_mount_dir(vfs, grant->guest, grant->host, flags, err);
        if (status != KRAIT_OK)
            return status;
    }
    return KRAIT_OK;
}

/* A guest made for this host sees Linux: it is held to modes, also when the host's user is
 * root, and links with an absolute target lead to the root from everywhere. */
static bool
is_native(const krait_module *module)
{
    const krait_module_desc *desc = krait__module_desc(module);

    for (uint32_t i = 0; i < desc->import_count; i++) {
        if (strcmp(desc->imports[i].module, KRAIT_HOST_MODULE) == 0)
            return true;
    }
    return false;
}

static krait_status
open_files(krait_sandbox *sandbox, const krait_module *module, const krait_config *config,
           krait_error *err)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    const bool native = is_native(module);
    krait_vfs_options files = {.check_modes = native, .absolute_links = native};
    krait_wasi_preopen *preopens = NULL;
    krait_wasi_limits limits = krait__limits_of_wasi(config->limits);
    krait_status status;

    krait__limits_of_files(config->limits, &files);
    status = krait__vfs_new(&files, &sandbox->vfs, err);
    /* A folder that is a program's root is all that it sees, as other hosts have it. */
    if (status == KRAIT_OK && (native || !krait__preopens_cover_root(config)))
        status = krait__vfs_mount_devices(sandbox->vfs, err);
    if (status == KRAIT_OK)
        status = mount_grants(sandbox->vfs, config, err);
    if (status == KRAIT_OK && !native)
        status = krait__preopens_list(config, &preopens, &options.preopen_count, err);
    if (status != KRAIT_OK)
        return status;
    options.preopens = preopens;
    options.argc = config->args.count;
    options.argv = (const char *const *)config->args.items;
    options.envc = config->environ.count;
    options.environ = (const char *const *)config->environ.items;
    options.vfs = sandbox->vfs;
    memcpy(options.stdio_fds, config->stdio_fds, sizeof(options.stdio_fds));
    options.max_open_files = krait__limits_of_descriptors(config->limits);
    status = krait__wasi_new(&options, &sandbox->wasi, err);
    krait__free(preopens);
    if (status == KRAIT_OK)
        krait__wasi_set_limits(sandbox->wasi, &limits);
    return status;
}

/* The lower layers take 0 for "none". */
static uint64_t
limit_or_zero(const krait_config *config, krait_limit limit)
{
    return config->limits[limit] != KRAIT_UNLIMITED ? config->limits[limit] : 0;
}

krait_status
krait_sandbox_new(krait_module *module, const krait_config *config, krait_sandbox **ret_sandbox,
                  krait_error *err)
{
    krait_instance_options options = {.memory_limit_bytes = 0};
    krait_call_limits calls;
    krait_sandbox *sandbox;
    krait_status status;

    if (module == NULL || config == NULL || ret_sandbox == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    sandbox = krait__calloc(1, sizeof(*sandbox));
    if (sandbox == NULL)
        return krait__error_nomem(err);
    calls = krait__limits_of_calls(config->limits);
    status = open_files(sandbox, module, config, err);
    memcpy(sandbox->limits, config->limits, sizeof(sandbox->limits));
    if (status == KRAIT_OK) {
        options.imports = krait__wasi_imports(&options.import_count);
        options.env = sandbox->wasi;
        options.limits = &calls;
        options.stack_size_bytes = krait__limits_of_stack(config->limits);
        options.memory_limit_bytes = limit_or_zero(config, KRAIT_LIMIT_MEMORY);
        options.fuel = config->counts_fuel ? config->limits[KRAIT_LIMIT_FUEL] : 0;
        status = krait__instance_new(module, &options, &sandbox->instance, err);
    }
    if (status != KRAIT_OK) {
        krait_sandbox_free(sandbox);
        return status;
    }
    *ret_sandbox = sandbox;
    return KRAIT_OK;
}

krait_status
krait_sandbox_run(krait_sandbox *sandbox, krait_result *ret_result, krait_error *err)
{
    krait_status status;
    uint32_t start;

    if (sandbox == NULL || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (sandbox->has_run)
        return krait__error_set(err, KRAIT_EBUSY, 0, "the sandbox ran before");
    status = krait__instance_find(sandbox->instance, "_start", &start, err);
    if (status != KRAIT_OK)
        return status;
    sandbox->has_run = true;
    status = krait__sandbox_enter(sandbox, start, NULL, ret_result, err);
    krait__wasi_stop(sandbox->wasi);
    return status;
}

void
krait_sandbox_signal(krait_sandbox *sandbox, unsigned number)
{
    krait__instance_signal(sandbox->instance, number);
}

const char *
krait_sandbox_missed(const krait_sandbox *sandbox, size_t index)
{
    return krait__vfs_missed(sandbox->vfs, index);
}

void
krait_sandbox_free(krait_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    krait__instance_free(sandbox->instance);
    krait__wasi_free(sandbox->wasi);
    krait__vfs_free(sandbox->vfs);
    krait__free(sandbox);
}
