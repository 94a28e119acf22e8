/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the guest's memory, in and out.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

krait_status
krait_sandbox_put_file(krait_sandbox *sandbox, const char *path, const void *bytes, size_t size,
                       krait_error *err)
{
    return krait_sandbox_put_file_with(sandbox, path, bytes, size, 0, err);
}

krait_status
krait_sandbox_put_file_with(krait_sandbox *sandbox, const char *path, const void *bytes,
                            size_t size, uint32_t flags, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL || path == NULL || (bytes == NULL && size != 0))
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if ((flags & ~(uint32_t)KRAIT_PUT_READ_ONLY) != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "unknown flag in %#x", flags);
    status = krait__sandbox_check(sandbox, err);
    sandbox->has_own_files = true;
    return status == KRAIT_OK ? krait__vfs_put_file_with(sandbox->vfs, path, bytes, size,
                                                         (flags & KRAIT_PUT_READ_ONLY) != 0, err)
                              : status;
}

krait_status
krait_sandbox_get_file(krait_sandbox *sandbox, const char *path, const void **ret_bytes,
                       size_t *ret_size, krait_error *err)
{
    void *bytes = NULL;
    size_t size = 0;
    krait_status status;

    if (sandbox == NULL || path == NULL || ret_bytes == NULL || ret_size == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__sandbox_check(sandbox, err);
    if (status == KRAIT_OK)
        status = krait__vfs_get_file(sandbox->vfs, path, sandbox->config->limits[KRAIT_LIMIT_VALUE],
                                     &bytes, &size, err);
    if (status != KRAIT_OK)
        return status;
    sandbox->file_bytes = bytes;
    *ret_bytes = bytes;
    *ret_size = size;
    return KRAIT_OK;
}

/* ---- lists -------------------------------------------------------------------------------- */

static krait_entry_type
entry_type(uint8_t type)
{
    switch (type) {
    case KRAIT_TYPE_REGULAR:
        return KRAIT_ENTRY_FILE;
    case KRAIT_TYPE_DIRECTORY:
        return KRAIT_ENTRY_DIRECTORY;
    case KRAIT_TYPE_LINK:
        return KRAIT_ENTRY_LINK;
    default:
        return KRAIT_ENTRY_OTHER;
    }
}

static int
add_entry(void *data, const char *name, size_t name_len, uint8_t type, uint64_t size)
{
    krait_sandbox *sandbox = data;
    krait_entry entry = {.type = entry_type(type), .size = size};
    char *copy;

    if (krait__grow(&sandbox->entries, sandbox->entry_count, &sandbox->entry_capacity,
                    sizeof(entry), SIZE_MAX / sizeof(entry)) != 0)
        return ENOMEM;
    copy = krait__alloc(name_len + 1);
    if (copy == NULL)
        return ENOMEM;
    memcpy(copy, name, name_len);
    copy[name_len] = '\0';
    entry.name = copy;
    sandbox->entries[sandbox->entry_count++] = entry;
    return 0;
}

krait_status
krait_sandbox_list_dir(krait_sandbox *sandbox, const char *path, const krait_entry **ret_entries,
                       size_t *ret_count, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL || path == NULL || ret_entries == NULL || ret_count == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__sandbox_check(sandbox, err);
    if (status == KRAIT_OK)
        status = krait__vfs_list_dir(sandbox->vfs, path, add_entry, sandbox, err);
    if (status != KRAIT_OK)
        return status;
    *ret_entries = sandbox->entries;
    *ret_count = sandbox->entry_count;
    return KRAIT_OK;
}

krait_status
krait_sandbox_remove_file(krait_sandbox *sandbox, const char *path, krait_error *err)
{
    krait_status status;

    if (sandbox == NULL || path == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = krait__sandbox_check(sandbox, err);
    sandbox->has_own_files = true;
    return status == KRAIT_OK ? krait__vfs_remove_file(sandbox->vfs, path, err) : status;
}

void
krait__files_take_back(krait_sandbox *sandbox)
{
    krait__free(sandbox->file_bytes);
    sandbox->file_bytes = NULL;
    for (size_t i = 0; i < sandbox->entry_count; i++) {
        char *name;

        memcpy(&name, &sandbox->entries[i].name, sizeof(name));
        krait__free(name);
    }
    sandbox->entry_count = 0;
}
