/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_snapshot of snapshot.h: making, saving, opening and sharing them.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 65536u

/* ---- holding ------------------------------------------------------------------------------ */

krait_snapshot *
krait__snapshot_hold(krait_snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->references, 1);
    return snapshot;
}

void
krait_snapshot_free(krait_snapshot *snapshot)
{
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) != 1)
        return;
    krait__image_close(snapshot->image);
    krait__vfs_free(snapshot->mounts);
    krait__snapshot_unread(&snapshot->view);
    if (snapshot->fd >= 0)
        close(snapshot->fd);
    krait__free(snapshot);
}

static krait_status
check_origin(krait_module *module, const krait_snapshot_header *header, const char *name,
             krait_error *err)
{
    if (header->kind > (uint32_t)KRAIT_SNAPSHOT_REACTOR)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "snapshot '%s' is of unknown kind %u", name,
                                header->kind);
    if (memcmp(header->build_id, krait__module_build_id(module), sizeof(header->build_id)) != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "snapshot '%s' is of another module; make it again", name);
    return KRAIT_OK;
}

static krait_status
open_image(krait_snapshot *snapshot, krait_error *err)
{
    const krait_snapshot_header *header = snapshot->view.header;
    const krait_snapshot_bytes *state = &snapshot->view.sections[KRAIT_SECTION_STATE];
    const krait_image_parts parts = {.fd = snapshot->fd,
                                     .offset = header->memory_offset,
                                     .memory_bytes = header->memory_bytes,
                                     .state = state->bytes,
                                     .state_size = state->size};

    return krait__image_open(snapshot->module, &parts, &snapshot->image, err);
}

/* Opened once for all; `name` and `of` as for krait__snapshot_adopt. */
static krait_status
open_mounts(krait_snapshot *snapshot, const char *name, const krait_sandbox *of, krait_error *err)
{
    const krait_module_notes *notes = krait__module_attached(snapshot->module);
    krait_file_identity library;
    krait_status status;

    if (notes->library == NULL)
        return KRAIT_OK;
    status = krait__vfs_new(NULL, &snapshot->mounts, err);
    if (status != KRAIT_OK)
        return status;
    if (of != NULL)
        return krait__python_mount_same(snapshot->mounts, of->vfs, err);
    status = krait__python_mount(snapshot->mounts, notes, err);
    if (status != KRAIT_OK)
        return status;
    library = krait__vfs_mounted(snapshot->mounts, KRAIT_GUEST_LIBRARY);
    if (!krait__file_identity_equal(&snapshot->view.header->library, &library))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "snapshot '%s' was taken with another standard library; make it "
                                "again",
                                name);
    return KRAIT_OK;
}

/* Takes over the view, also when it fails, and the descriptor when it does not. */
static krait_status
adopt(krait_module *module, int fd, krait_snapshot_view *view, const char *name,
      const krait_sandbox *of, krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_snapshot *snapshot = krait__calloc(1, sizeof(*snapshot));
    krait_status status;

    if (snapshot == NULL) {
        krait__snapshot_unread(view);
        return krait__error_nomem(err);
    }
    atomic_init(&snapshot->references, 1);
    snapshot->module = module;
    snapshot->view = *view;
    snapshot->fd = fd;
    status = check_origin(module, snapshot->view.header, name, err);
    if (status == KRAIT_OK)
        status = open_mounts(snapshot, name, of, err);
    if (status == KRAIT_OK)
        status = open_image(snapshot, err);
    if (status != KRAIT_OK) {
        snapshot->fd = -1;
        krait_snapshot_free(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return KRAIT_OK;
}

krait_status
krait__snapshot_adopt(krait_module *module, int fd, const char *name, const krait_sandbox *of,
                      krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_snapshot_view view;
    krait_status status = krait__snapshot_read(fd, name, &view, err);

    return status == KRAIT_OK ? adopt(module, fd, &view, name, of, ret_snapshot, err) : status;
}

/* ---- making ------------------------------------------------------------------------------- */

/* "modules: a b c". */
static void
describe(const krait_snapshot_options *options, char *text, size_t room)
{
    size_t used = (size_t)snprintf(text, room, "version: %s\nmodules:", krait_version());
    const char *name = NULL;

    for (size_t i = 0; used < room; i++) {
        if (options->modules == NULL)
            name = krait_snapshot_modules(i);
        else
            name = i < options->module_count ? options->modules[i] : NULL;
        if (name == NULL)
            break;
        used += (size_t)snprintf(text + used, room - used, " %s", name);
    }
    if (used + 1 < room)
        (void)snprintf(text + used, room - used, "\n");
}

static krait_status
make(krait_sandbox *sandbox, const krait_snapshot_options *options, krait_snapshot **ret_snapshot,
     krait_error *err)
{
    krait_result result;
    krait_status status;
    char *text;

    if (options->kind == KRAIT_SNAPSHOT_REACTOR)
        return krait_snapshot_take(sandbox, ret_snapshot, err);
    status = krait__session_start(sandbox, options, &result, err);
    if (status != KRAIT_OK)
        return status;
    text = krait__alloc(TEXT_MAX);
    if (text == NULL)
        return krait__error_nomem(err);
    describe(options, text, TEXT_MAX);
    status = krait__snapshot_freeze(sandbox, options->kind,
                                    (krait_snapshot_bytes){text, strlen(text)}, ret_snapshot, err);
    krait__free(text);
    return status;
}

krait_status
krait_snapshot_make(krait_module *module, const krait_config *config,
                    const krait_snapshot_options *options, krait_snapshot **ret_snapshot,
                    krait_error *err)
{
    const krait_snapshot_options defaults = {.size = sizeof(defaults)};
    krait_sandbox *sandbox = NULL;
    krait_status status;

    if (module == NULL || config == NULL || ret_snapshot == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof(*options))
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the options of the snapshot have %zu bytes, not %zu",
                                options->size, sizeof(*options));
    if (options->kind != KRAIT_SNAPSHOT_SESSION && options->kind != KRAIT_SNAPSHOT_PROGRAM &&
        options->kind != KRAIT_SNAPSHOT_REACTOR)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there is no kind %d of snapshots",
                                (int)options->kind);
    if (options->script != NULL &&
        (options->script_name == NULL || options->script_name[0] == '\0' ||
         options->kind != KRAIT_SNAPSHOT_SESSION))
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                options->kind != KRAIT_SNAPSHOT_SESSION
                                    ? "a snapshot for programs has no script"
                                    : "the script has no name");
    status = krait_sandbox_new(module, config, &sandbox, err);
    if (status == KRAIT_OK)
        status = make(sandbox, options, ret_snapshot, err);
    krait_sandbox_free(sandbox);
    return status;
}

/* ---- files -------------------------------------------------------------------------------- */

krait_status
krait_snapshot_save(const krait_snapshot *snapshot, const char *path, krait_error *err)
{
    if (snapshot == NULL || path == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return krait__snapshot_store(snapshot->fd, path, err);
}

krait_status
krait_snapshot_open(krait_module *module, const char *path, krait_snapshot **ret_snapshot,
                    krait_error *err)
{
    krait_status status;
    int fd = -1;

    if (module == NULL || path == NULL || ret_snapshot == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__snapshot_open_file(path, &fd, err);
    if (status != KRAIT_OK)
        return status;
    status = krait__snapshot_adopt(module, fd, path, NULL, ret_snapshot, err);
    if (status != KRAIT_OK)
        close(fd);
    return status;
}

krait_status
krait_python_open_snapshot(krait_engine *engine, const char *folder, const char *krt,
                           const char *path, krait_module **ret_module,
                           krait_snapshot **ret_snapshot, krait_error *err)
{
    krait_snapshot_view view;
    krait_module *module = NULL;
    krait_status status;
    int fd = -1;

    if (engine == NULL || path == NULL || ret_module == NULL || ret_snapshot == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__snapshot_open_file(path, &fd, err);
    if (status != KRAIT_OK)
        return status;
    status = krait__snapshot_read(fd, path, &view, err);
    if (status == KRAIT_OK) {
        status = krait__python_open(engine, folder, krt, &view.header->module, &module, err);
        if (status == KRAIT_OK)
            status = adopt(module, fd, &view, path, NULL, ret_snapshot, err);
        else
            krait__snapshot_unread(&view);
    }
    if (status != KRAIT_OK) {
        close(fd);
        krait_module_close(module);
        return status;
    }
    *ret_module = module;
    return KRAIT_OK;
}

/* The value of a line "key: value" of the description. */
static void
copy_value(const krait_snapshot_bytes *text, const char *key, char *to, size_t room)
{
    const char *at = text->bytes;
    const char *end = at + text->size;
    const size_t size = strlen(key);

    to[0] = '\0';
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((line != NULL ? line : end) - at);

        if (length > size + 2 && memcmp(at, key, size) == 0 && at[size] == ':') {
            (void)snprintf(to, room, "%.*s", (int)(length - size - 2), at + size + 2);
            return;
        }
        at += length + 1;
    }
}

static void
fill_info(int fd, const krait_snapshot_view *view, krait_snapshot_info *info)
{
    struct stat file;

    memset(info, 0, sizeof(*info));
    info->kind = (krait_snapshot_kind)view->header->kind;
    info->created_ns = view->header->created_ns;
    info->memory_bytes = view->header->memory_bytes;
    info->stored_bytes = fstat(fd, &file) == 0 ? (uint64_t)file.st_blocks * 512 : 0;
    copy_value(&view->sections[KRAIT_SECTION_TEXT], "modules", info->modules,
               sizeof(info->modules));
}

void
krait_snapshot_describe(const krait_snapshot *snapshot, krait_snapshot_info *ret_info)
{
    fill_info(snapshot->fd, &snapshot->view, ret_info);
}

krait_status
krait_snapshot_inspect(const char *path, int verify, krait_snapshot_info *ret_info,
                       krait_error *err)
{
    krait_snapshot_view view;
    krait_status status;
    int fd = -1;

    if (path == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__snapshot_open_file(path, &fd, err);
    if (status != KRAIT_OK)
        return status;
    if (verify != 0)
        status = krait__snapshot_verify(fd, path, err);
    if (status == KRAIT_OK)
        status = krait__snapshot_read(fd, path, &view, err);
    if (status == KRAIT_OK) {
        if (ret_info != NULL)
            fill_info(fd, &view, ret_info);
        krait__snapshot_unread(&view);
    }
    close(fd);
    return status;
}
