/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a sandbox between two calls to a snapshot, and from there to copies of it.
 *
 * Nothing of the guest's is on a stack then.  What it has in the host - open files, calls of host
 * functions - would have to be copied with it: files in memory are, the rest is refused.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t
hash_strings(uint64_t hash, const krait_string_list *list)
{
    hash = krait__hash(hash, &list->count, sizeof(list->count));
    for (size_t i = 0; i < list->count; i++)
        hash = krait__hash(hash, list->items[i], strlen(list->items[i]));
    return hash;
}

uint64_t
krait__snapshot_inputs(const krait_config *config)
{
    return hash_strings(hash_strings(3, &config->args), &config->environ);
}

/* Is one of the two paths at or above the other? */
static bool
overlap(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (*a == '\0' && (*b == '\0' || *b == '/')) || (*b == '\0' && *a == '/');
}

/* Where a grant is mounted, however it was spelled.  What has no normal form is refused there. */
static const char *
place_of(const krait_grant *grant, char normal[KRAIT_PATH_MAX + 1])
{
    return krait__guest_path_normal(grant->guest, normal) == 0 ? normal : grant->guest;
}

/* A C library has their numbers and names in memory. */
static uint64_t
hash_preopens(const krait_config *config)
{
    krait_wasi_preopen *list = NULL;
    size_t count = 0;
    uint64_t hash = 5;

    /* Without memory the hash is that of none, and the snapshot is refused or the sandbox fails. */
    (void)krait__preopens_list(config, &list, &count, NULL);
    for (size_t i = 0; i < count; i++) {
        hash = krait__hash(hash, list[i].name, strlen(list[i].name) + 1);
        hash = krait__hash(hash, list[i].guest, strlen(list[i].guest) + 1);
    }
    krait__free(list);
    return hash;
}

uint64_t
krait__snapshot_grants(const krait_module *module, const krait_config *config)
{
    char normal[KRAIT_PATH_MAX + 1];
    uint64_t hash = 4;

    if (!krait__module_is_native(module))
        return hash_preopens(config);
    for (size_t i = 0; i < config->grant_count; i++) {
        const krait_grant *grant = &config->grants[i];
        const char *guest = place_of(grant, normal);

        if (strcmp(guest, "/") != 0 && !overlap(guest, "/usr/local"))
            continue;
        hash = krait__hash(hash, guest, strlen(guest));
        hash = krait__hash(hash, grant->host, strlen(grant->host));
        hash = krait__hash(hash, &grant->flags, sizeof(grant->flags));
    }
    return hash;
}

bool
krait__snapshot_zone_differs(const krait_config *config)
{
    char normal[KRAIT_PATH_MAX + 1];

    for (size_t i = 0; i < config->environ.count; i++) {
        if (strncmp(config->environ.items[i], "TZ=", 3) == 0)
            return true;
    }
    for (size_t i = 0; i < config->grant_count; i++) {
        const char *guest = place_of(&config->grants[i], normal);

        if (strcmp(guest, "/") == 0 || overlap(guest, "/etc") ||
            overlap(guest, "/usr/share/zoneinfo"))
            return true;
    }
    return false;
}

uint32_t
krait__snapshot_streams(const krait_config *config)
{
    const bool in_memory = config->stdin_kind == KRAIT_STDIO_MEMORY &&
                           config->output_kind != KRAIT_STDIO_FD;

    return in_memory ? (uint32_t)config->output_kind + 1 : 0;
}

static krait_status
add_bytes(void *data, const void *bytes, size_t size, krait_error *err)
{
    return krait__buffer_add(data, bytes, size) ? KRAIT_OK : krait__error_nomem(err);
}

/* Module and library are known by what their files were when they were opened: the memory comes from
 * them, whatever has that name now. */
static void
identify(const krait_sandbox *sandbox, krait_snapshot_header *header)
{
    memcpy(header->build_id, krait__module_build_id(sandbox->module), sizeof(header->build_id));
    header->module = *krait__module_identity(sandbox->module);
    header->library = sandbox->origin != NULL ? sandbox->origin->view.header->library
                                              : sandbox->library;
}

static krait_status
write_snapshot(krait_sandbox *sandbox, krait_snapshot_parts *parts, krait_snapshot **ret_snapshot,
               krait_error *err)
{
    krait_snapshot_header *header = &parts->header;
    krait_status status;
    int fd = -1;

    header->created_ns = (int64_t)krait__clock_ns(CLOCK_REALTIME);
    header->grants = krait__snapshot_grants(sandbox->module, sandbox->config);
    if (sandbox->state == KRAIT_SESSION_COPY) {
        /* Its memory has not seen this configuration yet. */
        header->kind = sandbox->origin->view.header->kind;
        header->inputs = sandbox->origin->view.header->inputs;
        header->streams = sandbox->origin->view.header->streams;
    } else {
        header->inputs = krait__snapshot_inputs(sandbox->config);
        header->streams = krait__snapshot_streams(sandbox->config);
    }
    identify(sandbox, header);
    parts->memory = krait__instance_memory(sandbox->instance, &parts->memory_bytes);
    status = krait__snapshot_make(parts, &fd, err);
    if (status != KRAIT_OK)
        return status;
    status = krait__snapshot_adopt(sandbox->module, fd, "in memory", sandbox, ret_snapshot, err);
    if (status != KRAIT_OK)
        close(fd);
    return status;
}

static void
set_section(krait_snapshot_parts *parts, krait_snapshot_section section, const void *bytes,
            size_t size)
{
    parts->sections[section].bytes = bytes;
    parts->sections[section].size = size;
}

krait_status
krait__snapshot_freeze(krait_sandbox *sandbox, krait_snapshot_kind kind, krait_snapshot_bytes text,
                       krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_snapshot_parts parts = {.header = {.kind = (uint32_t)kind}};
    krait_buffer files = {NULL, 0, 0};
    krait_wasi_streams streams;
    void *state = NULL;
    size_t state_size = 0;
    krait_status status = KRAIT_OK;

    if (!krait__calls_are_idle(sandbox->calls))
        status = krait__error_set(err, KRAIT_ESTATE, 0, "a call of a host function is in flight");
    if (status == KRAIT_OK)
        status = krait__wasi_streams_save(sandbox->wasi, &streams, err);
    if (status == KRAIT_OK)
        status = krait__vfs_save(sandbox->vfs, add_bytes, &files, err);
    if (status == KRAIT_OK)
        status = krait__instance_save(sandbox->instance, &state, &state_size, err);
    if (status == KRAIT_OK) {
        parts.sections[KRAIT_SECTION_TEXT] = text;
        set_section(&parts, KRAIT_SECTION_STATE, state, state_size);
        set_section(&parts, KRAIT_SECTION_FILES, files.bytes, files.size);
        set_section(&parts, KRAIT_SECTION_STREAMS, &streams, sizeof(streams));
        status = write_snapshot(sandbox, &parts, ret_snapshot, err);
    }
    krait__free(state);
    krait__buffer_release(&files);
    return status;
}

krait_status
krait__snapshot_thaw(const krait_snapshot *snapshot, krait_vfs *vfs, krait_wasi *wasi,
                     krait_error *err)
{
    const krait_snapshot_bytes *files = &snapshot->view.sections[KRAIT_SECTION_FILES];
    const krait_snapshot_bytes *bytes = &snapshot->view.sections[KRAIT_SECTION_STREAMS];
    krait_wasi_streams streams;
    krait_status status = krait__vfs_load(vfs, files->bytes, files->size, err);

    if (status != KRAIT_OK)
        return status;
    if (bytes->size != sizeof(streams))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "a snapshot says nothing of its streams");
    memcpy(&streams, bytes->bytes, sizeof(streams));
    return krait__wasi_streams_load(wasi, &streams, err);
}

/* ---- for the embedder --------------------------------------------------------------------- */

/* A reactor that can be copied: it is initialized. */
static krait_status
start_reactor(krait_sandbox *sandbox, krait_error *err)
{
    krait_result result = {.kind = KRAIT_RESULT_EXITED};
    bool is_back = false;
    krait_status status = krait__sandbox_check(sandbox, err);

    if (status != KRAIT_OK)
        return status;
    status = krait__reactor_begin(sandbox, &result, &is_back, err);
    if (status == KRAIT_OK && (!is_back || result.kind != KRAIT_RESULT_EXITED))
        status = krait__error_set(err, result.kind == KRAIT_RESULT_LIMIT ? KRAIT_ELIMIT : KRAIT_EIO,
                                  0, "the module's _initialize did not end well: %s",
                                  result.message);
    return status;
}

/* A guest that can be copied: it has been started. */
static krait_status
check_session(krait_sandbox *sandbox, krait_error *err)
{
    const krait_snapshot_options options = {.size = sizeof(options)};
    krait_result result;
    krait_status status;
    uint32_t func;

    if (sandbox->is_running)
        return krait__error_set(err, KRAIT_EBUSY, 0, "the sandbox runs");
    if (sandbox->state == KRAIT_SESSION_NEW)
        return krait__instance_find(sandbox->instance, "krait_init", &func, NULL) == KRAIT_OK
                   ? krait__session_start(sandbox, &options, &result, err)
                   : start_reactor(sandbox, err);
    if (sandbox->state == KRAIT_SESSION_COPY)
        return KRAIT_OK;
    status = sandbox->state == KRAIT_SESSION_READY || sandbox->state == KRAIT_SESSION_REACTOR
                 ? KRAIT_OK
                 : krait__error_set(err, KRAIT_ESTATE, 0, "there is no session to copy");
    return status;
}

/* What a copy says of itself is what its origin said: which modules wait. */
static krait_snapshot_bytes
text_of(const krait_sandbox *sandbox)
{
    return sandbox->origin != NULL ? sandbox->origin->view.sections[KRAIT_SECTION_TEXT]
                                   : (krait_snapshot_bytes){NULL, 0};
}

/* Shares what was frozen before, when nothing has run since. */
static krait_status
freeze(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status = check_session(sandbox, err);

    if (status != KRAIT_OK || sandbox->frozen != NULL)
        return status;
    if (sandbox->state == KRAIT_SESSION_COPY && !sandbox->has_own_files) {
        sandbox->frozen = krait__snapshot_hold(sandbox->origin);
        return KRAIT_OK;
    }
    return krait__snapshot_freeze(sandbox,
                                  sandbox->state == KRAIT_SESSION_REACTOR ? KRAIT_SNAPSHOT_REACTOR
                                                                          : KRAIT_SNAPSHOT_SESSION,
                                  text_of(sandbox), &sandbox->frozen, err);
}

krait_status
krait_snapshot_take(krait_sandbox *sandbox, krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL || ret_snapshot == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = freeze(sandbox, err);
    if (status == KRAIT_OK)
        *ret_snapshot = krait__snapshot_hold(sandbox->frozen);
    return status;
}

krait_status
krait_sandbox_clone(krait_sandbox *sandbox, krait_sandbox **ret_clone, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL || ret_clone == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = freeze(sandbox, err);
    if (status != KRAIT_OK)
        return status;
    return krait__sandbox_make(sandbox->module, sandbox->frozen, sandbox->vfs, sandbox->config,
                               ret_clone, err);
}
