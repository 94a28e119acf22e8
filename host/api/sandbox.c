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
mount_grant(krait_vfs *vfs, const krait_grant *grant, krait_error *err)
{
    uint32_t flags = 0;

    if ((grant->flags & KRAIT_GRANT_READ_ONLY) != 0)
        flags |= KRAIT_MOUNT_READ_ONLY;
    if ((grant->flags & KRAIT_GRANT_RECORD_MISSES) != 0)
        flags |= KRAIT_MOUNT_RECORD_MISSES;
    if ((grant->flags & KRAIT_GRANT_STABLE) != 0)
        flags |= KRAIT_MOUNT_STABLE;
    return grant->is_file ? krait__vfs_mount_file(vfs, grant->guest, grant->host, flags, err)
                          : krait__vfs_mount_dir(vfs, grant->guest, grant->host, flags, err);
}

/* One after another also where `same` has them: the guest sees in which order their folders are made. */
static krait_status
mount_grants(krait_vfs *vfs, const krait_vfs *same, const krait_config *config, krait_error *err)
{
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < config->grant_count && status == KRAIT_OK; i++) {
        const krait_grant *grant = &config->grants[i];

        status = same != NULL ? krait__vfs_mount_same(vfs, same, grant->guest, err)
                              : mount_grant(vfs, grant, err);
    }
    return status;
}

/* A guest made for this host sees Linux: it is held to modes, also when the host's user is
 * root, and links with an absolute target lead to the root from everywhere. */
bool
krait__module_is_native(const krait_module *module)
{
    const krait_module_desc *desc = krait__module_desc(module);

    for (uint32_t i = 0; i < desc->import_count; i++) {
        if (strcmp(desc->imports[i].module, KRAIT_HOST_MODULE) == 0)
            return true;
    }
    return false;
}

/* Python finds its library where it was built for, and itself for sys.executable. */
krait_status
krait__python_mount(krait_vfs *vfs, const krait_module_notes *notes, krait_error *err)
{
    krait_status status = krait__vfs_mount_dir(vfs, KRAIT_GUEST_LIBRARY, notes->library,
                                               KRAIT_MOUNT_READ_ONLY | KRAIT_MOUNT_STABLE, err);

    if (status == KRAIT_OK)
        status = krait__vfs_mount_file(vfs, KRAIT_GUEST_PYTHON, notes->program, 0, err);
    return status;
}

krait_status
krait__python_mount_same(krait_vfs *vfs, const krait_vfs *from, krait_error *err)
{
    krait_status status = krait__vfs_mount_same(vfs, from, KRAIT_GUEST_LIBRARY, err);

    if (status == KRAIT_OK)
        status = krait__vfs_mount_same(vfs, from, KRAIT_GUEST_PYTHON, err);
    return status;
}

/* What was opened for a snapshot serves all sandboxes that are made from it. */
static krait_status
mount_library(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status;

    if (sandbox->notes->library == NULL)
        return KRAIT_OK;
    if (sandbox->origin != NULL)
        return krait__python_mount_same(sandbox->vfs, sandbox->origin->mounts, err);
    status = krait__python_mount(sandbox->vfs, sandbox->notes, err);
    /* Before a grant takes its place. */
    sandbox->library = krait__vfs_mounted(sandbox->vfs, KRAIT_GUEST_LIBRARY);
    return status;
}

/* `same` (may be NULL) has the grants of this configuration already. */
static krait_status
open_vfs(krait_sandbox *sandbox, const krait_vfs *same, krait_error *err)
{
    const krait_config *config = sandbox->config;
    const bool native = krait__module_is_native(sandbox->module);
    krait_vfs_options files = {.check_modes = native, .absolute_links = native};
    krait_status status;

    krait__limits_of_files(config->limits, &files);
    files.is_virtual = config->is_deterministic;
    files.virtual = config->virtual;
    status = krait__vfs_new(&files, &sandbox->vfs, err);
    /* A folder that is a program's root is all that it sees, as other hosts have it. */
    if (status == KRAIT_OK && (native || !krait__preopens_cover_root(config)))
        status = krait__vfs_mount_devices(sandbox->vfs, err);
    if (status == KRAIT_OK)
        status = mount_library(sandbox, err);
    if (status == KRAIT_OK)
        status = mount_grants(sandbox->vfs, same, config, err);
    return status;
}

static krait_status
open_wasi(krait_sandbox *sandbox, krait_error *err)
{
    static const char *const python[] = {KRAIT_GUEST_PYTHON};
    const krait_config *config = sandbox->config;
    const krait_wasi_limits limits = krait__limits_of_wasi(config->limits);
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    krait_wasi_preopen *preopens = NULL;
    krait_status status = krait__stdio_open(sandbox, &options, err);

    if (status == KRAIT_OK && !krait__module_is_native(sandbox->module))
        status = krait__preopens_list(config, &preopens, &options.preopen_count, err);
    options.preopens = preopens;
    options.argc = config->args.count;
    options.argv = (const char *const *)config->args.items;
    if (options.argc == 0 && sandbox->notes->library != NULL) {
        options.argc = 1;
        options.argv = python;
    }
    options.envc = config->environ.count;
    options.environ = (const char *const *)config->environ.items;
    options.vfs = sandbox->vfs;
    options.max_open_files = krait__limits_of_descriptors(config->limits);
    if (status == KRAIT_OK)
        status = krait__wasi_new(&options, &sandbox->wasi, err);
    krait__free(preopens);
    for (size_t i = 0; i < 3; i++)
        krait__file_unref(options.stdio_files[i]);
    if (status == KRAIT_OK)
        krait__wasi_set_limits(sandbox->wasi, &limits);
    return status;
}

static krait_status
open_instance(krait_sandbox *sandbox, krait_error *err)
{
    const krait_config *config = sandbox->config;
    const krait_call_limits limits = krait__limits_of_calls(config->limits);
    krait_instance_options options = {.imports = sandbox->imports,
                                      .import_count = sandbox->import_count,
                                      .env = sandbox->wasi,
                                      .limits = &limits};

    options.stack_size_bytes = krait__limits_of_stack(config->limits);
    options.memory_limit_bytes = krait__limits_of_memory(config->limits);
    options.fuel = config->counts_fuel ? config->limits[KRAIT_LIMIT_FUEL] : 0;
    options.keep_bytes = config->keep_bytes;
    options.image = sandbox->origin != NULL ? sandbox->origin->image : NULL;
    return krait__instance_new(sandbox->module, &options, &sandbox->instance, err);
}

static krait_status
open_calls(krait_sandbox *sandbox, krait_error *err)
{
    const uint64_t *limits = sandbox->config->limits;

    return krait__calls_new(limits[KRAIT_LIMIT_VALUE], limits[KRAIT_LIMIT_MEMORY], &sandbox->calls,
                            err);
}

/* After a snapshot's files are there, which may have them. */
static krait_status
watch(krait_sandbox *sandbox, krait_error *err)
{
    const krait_config *config = sandbox->config;

    return krait__vfs_watch(sandbox->vfs, config->watches, config->watch_count,
                            config->limits[KRAIT_LIMIT_VALUE], err);
}

/* Everything that a reset makes anew. */
static krait_status
open_guest(krait_sandbox *sandbox, const krait_vfs *same, krait_error *err)
{
    krait_status status = open_calls(sandbox, err);

    if (status == KRAIT_OK)
        status = open_vfs(sandbox, same, err);
    if (status == KRAIT_OK)
        status = open_wasi(sandbox, err);
    if (status == KRAIT_OK && sandbox->origin != NULL)
        status = krait__snapshot_thaw(sandbox->origin, sandbox->vfs, sandbox->wasi, err);
    if (status == KRAIT_OK)
        status = watch(sandbox, err);
    if (status == KRAIT_OK)
        status = krait__imports_make(sandbox, err);
    if (status == KRAIT_OK)
        status = open_instance(sandbox, err);
    if (status != KRAIT_OK)
        return status;
    /* Timers of its start function. */
    krait__wasi_stop(sandbox->wasi);
    sandbox->state = sandbox->origin != NULL ? KRAIT_SESSION_COPY : KRAIT_SESSION_NEW;
    krait__sandbox_set_reachable(sandbox, sandbox->instance);
    return KRAIT_OK;
}

/* Those that are in flight belong to nobody from now on. */
static krait_status
reopen_calls(krait_sandbox *sandbox, krait_error *err)
{
    if (krait__calls_are_unused(sandbox->calls))
        return KRAIT_OK;
    krait__calls_close(sandbox->calls);
    sandbox->calls = NULL;
    return open_calls(sandbox, err);
}

/* The instance goes back to its image, with new files and descriptors. */
static krait_status
reopen_guest(krait_sandbox *sandbox, krait_error *err)
{
    krait_wasi *old_wasi = sandbox->wasi;
    krait_vfs *old_vfs = sandbox->vfs;
    krait_status status;

    krait__sandbox_set_reachable(sandbox, NULL);
    krait__vfs_unwatch(old_vfs);
    sandbox->wasi = NULL;
    sandbox->vfs = NULL;
    status = open_vfs(sandbox, old_vfs, err);
    if (status == KRAIT_OK)
        status = open_wasi(sandbox, err);
    if (status == KRAIT_OK)
        status = krait__snapshot_thaw(sandbox->origin, sandbox->vfs, sandbox->wasi, err);
    if (status == KRAIT_OK)
        status = watch(sandbox, err);
    if (status == KRAIT_OK)
        status = krait__instance_restore(sandbox->instance, err);
    if (status == KRAIT_OK)
        status = reopen_calls(sandbox, err);
    krait__wasi_free(old_wasi);
    krait__vfs_free(old_vfs);
    if (status != KRAIT_OK)
        return status;
    krait__instance_rebind(sandbox->instance, old_wasi, sandbox->wasi);
    sandbox->state = KRAIT_SESSION_COPY;
    sandbox->has_own_files = false;
    krait__sandbox_set_reachable(sandbox, sandbox->instance);
    return KRAIT_OK;
}

/* Nothing but memory, files and descriptors has to be made anew: nobody stands between the guest and
 * the host's functions. */
static bool
can_reopen(const krait_sandbox *sandbox)
{
    return sandbox->origin != NULL && sandbox->state != KRAIT_SESSION_BROKEN &&
           sandbox->tracers == NULL;
}

static void
close_guest(krait_sandbox *sandbox)
{
    krait__sandbox_set_reachable(sandbox, NULL);
    krait__vfs_unwatch(sandbox->vfs);
    krait__calls_close(sandbox->calls);
    krait__instance_free(sandbox->instance);
    krait__wasi_free(sandbox->wasi);
    krait__vfs_free(sandbox->vfs);
    krait__free(sandbox->imports);
    krait__free(sandbox->tracers);
    krait__free(sandbox->guest_imports);
    sandbox->calls = NULL;
    sandbox->instance = NULL;
    sandbox->wasi = NULL;
    sandbox->vfs = NULL;
    sandbox->imports = NULL;
    sandbox->tracers = NULL;
    sandbox->guest_imports = NULL;
    sandbox->state = KRAIT_SESSION_BROKEN;
}

krait_status
krait__sandbox_make(krait_module *module, krait_snapshot *origin, const krait_vfs *same,
                    const krait_config *config, krait_sandbox **ret_sandbox, krait_error *err)
{
    krait_sandbox *sandbox;
    krait_status status;

    if (origin != NULL && origin->view.header->grants != krait__snapshot_grants(module, config))
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                krait__module_is_native(module)
                                    ? "grants around /usr/local are not those of the snapshot, "
                                      "whose Python would not look at them"
                                    : "directories that are open when the guest begins are not "
                                      "those of the snapshot");
    sandbox = krait__calloc(1, sizeof(*sandbox));
    if (sandbox == NULL)
        return krait__error_nomem(err);
    sandbox->module = module;
    sandbox->notes = krait__module_attached(module);
    sandbox->origin = origin != NULL ? krait__snapshot_hold(origin) : NULL;
    status = krait__config_copy(config, &sandbox->config, err);
    if (status == KRAIT_OK)
        status = open_guest(sandbox, same, err);
    if (status != KRAIT_OK) {
        krait_sandbox_free(sandbox);
        return status;
    }
    krait__log(sandbox->notes->engine, KRAIT_LOG_INFO, "a sandbox is made");
    *ret_sandbox = sandbox;
    return KRAIT_OK;
}

krait_status
krait_sandbox_new(krait_module *module, const krait_config *config, krait_sandbox **ret_sandbox,
                  krait_error *err)
{
    if (module == NULL || config == NULL || ret_sandbox == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return krait__sandbox_make(module, NULL, NULL, config, ret_sandbox, err);
}

krait_status
krait_sandbox_new_from(krait_snapshot *snapshot, const krait_config *config,
                       krait_sandbox **ret_sandbox, krait_error *err)
{
    if (snapshot == NULL || config == NULL || ret_sandbox == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return krait__sandbox_make(snapshot->module, snapshot, NULL, config, ret_sandbox, err);
}

static krait_status
check_idle(const krait_sandbox *sandbox, krait_error *err)
{
    return sandbox->is_running ? krait__error_set(err, KRAIT_EBUSY, 0, "the sandbox runs")
                               : KRAIT_OK;
}

/* What the last call gave out is not valid any more. */
static void
take_back(krait_sandbox *sandbox)
{
    krait__files_take_back(sandbox);
    krait_snapshot_free(sandbox->frozen);
    sandbox->frozen = NULL;
    krait__buffer_release(&sandbox->output[0]);
    krait__buffer_release(&sandbox->output[1]);
    krait__buffer_release(&sandbox->value);
    sandbox->truncated = 0;
    sandbox->host_calls = 0;
}

krait_status
krait__sandbox_check(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status = check_idle(sandbox, err);

    if (status != KRAIT_OK)
        return status;
    if (sandbox->state == KRAIT_SESSION_BROKEN)
        return krait__error_set(err, KRAIT_ESTATE, 0, "the sandbox could not be reset");
    take_back(sandbox);
    krait__wasi_begin(sandbox->wasi);
    return KRAIT_OK;
}

krait_status
krait_sandbox_reset(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = check_idle(sandbox, err);
    if (status != KRAIT_OK)
        return status;
    take_back(sandbox);
    if (can_reopen(sandbox)) {
        status = reopen_guest(sandbox, err);
        if (status != KRAIT_OK)
            close_guest(sandbox);
        krait__log(sandbox->notes->engine, KRAIT_LOG_INFO, "a sandbox is reset");
        return status;
    }
    close_guest(sandbox);
    /* The start function is guest code too, and may call functions of the host. */
    sandbox->is_running = true;
    status = open_guest(sandbox, NULL, err);
    sandbox->is_running = false;
    if (status != KRAIT_OK)
        close_guest(sandbox);
    krait__log(sandbox->notes->engine, KRAIT_LOG_INFO, "a sandbox is reset");
    return status;
}

void
krait__sandbox_finish(krait_sandbox *sandbox, krait_result *result)
{
    static const char *const kinds[] = {"exited",      "trapped",       "raised",
                                        "hit a limit", "was cancelled", "returned"};

    if (sandbox->config->output_kind == KRAIT_STDIO_MEMORY) {
        result->stdout_bytes = krait__buffer_text(&sandbox->output[0]);
        result->stdout_size = sandbox->output[0].size;
        result->stderr_bytes = krait__buffer_text(&sandbox->output[1]);
        result->stderr_size = sandbox->output[1].size;
    } else {
        result->stdout_bytes = result->stderr_bytes = "";
    }
    if (result->limit == KRAIT_LIMIT_OUTPUT)
        sandbox->truncated |= sandbox->last_stream == 2 ? KRAIT_TRUNCATED_STDERR
                                                        : KRAIT_TRUNCATED_STDOUT;
    result->truncated = sandbox->truncated;
    krait__log(sandbox->notes->engine, KRAIT_LOG_DEBUG, "a guest %s after %llu us: %s",
               kinds[result->kind], (unsigned long long)(result->wall_ns / 1000), result->message);
}

static krait_status
check_program(const krait_sandbox *sandbox, krait_error *err)
{
    if (sandbox->state != KRAIT_SESSION_NEW && sandbox->state != KRAIT_SESSION_COPY)
        return krait__error_set(err, KRAIT_ESTATE, 0, "the sandbox ran before");
    if (sandbox->origin != NULL &&
        sandbox->origin->view.header->kind != (uint32_t)KRAIT_SNAPSHOT_PROGRAM)
        return krait__error_set(err, KRAIT_ESTATE, 0, "the snapshot is not one for programs");
    return KRAIT_OK;
}

krait_status
krait_sandbox_run(krait_sandbox *sandbox, krait_result *ret_result, krait_error *err)
{
    krait_result result = {.kind = KRAIT_RESULT_EXITED};
    krait_status status;
    uint32_t start = 0;

    if (sandbox == NULL || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__sandbox_check(sandbox, err);
    if (status == KRAIT_OK)
        status = check_program(sandbox, err);
    if (status == KRAIT_OK && sandbox->origin == NULL)
        status = krait__instance_find(sandbox->instance, "_start", &start, err);
    if (status != KRAIT_OK)
        return status;
    if (sandbox->origin != NULL) {
        status = krait__session_main(sandbox, &result, err);
    } else {
        sandbox->state = KRAIT_SESSION_RAN;
        status = krait__sandbox_enter(sandbox, start, NULL, &result, err);
        krait__wasi_stop(sandbox->wasi);
    }
    if (status != KRAIT_OK)
        return status;
    krait__sandbox_finish(sandbox, &result);
    *ret_result = result;
    return KRAIT_OK;
}

const char *
krait_sandbox_missed(const krait_sandbox *sandbox, size_t index)
{
    return sandbox->vfs != NULL ? krait__vfs_missed(sandbox->vfs, index) : NULL;
}

void
krait_sandbox_free(krait_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    take_back(sandbox);
    close_guest(sandbox);
    krait_snapshot_free(sandbox->origin);
    krait__buffer_release(&sandbox->message);
    krait__buffer_release(&sandbox->backtrace);
    krait__free(sandbox->entries);
    krait_config_free(sandbox->config);
    krait__free(sandbox);
}
