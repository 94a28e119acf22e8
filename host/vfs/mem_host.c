/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory, for the host: looked at and removed while the guest does not run.
 *
 * A path goes through directories in memory only: what the guest planted there as a link is not
 * followed, and nothing of a host mount is reached.  The guest's modes do not hold the host.
 * (Making files is krait__vfs_put_file.)
 */
#include "vfs/mem.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

/* The directory that holds the last name of a normal path, and that name; the root has none. */
static int
find_parent(const krait_vfs *vfs, const char *path, krait_mem_node **ret_dir, const char **ret_name)
{
    const krait_ns *ns = &vfs->root;
    krait_mem_node *dir = vfs->root.mount->root.node;

    for (;;) {
        size_t size;
        krait_mem_entry *entry;

        path += strspn(path, "/");
        size = strcspn(path, "/");
        ns = size > 0 ? krait__ns_child(ns, path, size) : NULL;
        if (size == 0 || path[size] == '\0')
            break;
        if (ns != NULL && ns->mount != NULL) {
            dir = ns->mount->root.node;
        } else if (dir != NULL) {
            entry = krait__mem_dir_find(dir, path, size);
            if (entry == NULL)
                return ENOENT;
            if (entry->node->type != KRAIT_TYPE_DIRECTORY)
                return ENOTDIR;
            dir = entry->node;
        }
        path += size;
    }
    if (dir == NULL || (ns != NULL && ns->mount != NULL && ns->mount->root.node == NULL))
        return EXDEV;
    *ret_dir = dir;
    *ret_name = path;
    return 0;
}

static int
find_node(const krait_vfs *vfs, const char *path, krait_mem_node **ret_node)
{
    char normal[KRAIT_PATH_MAX + 1];
    krait_mem_node *dir = NULL;
    const char *name = NULL;
    krait_mem_entry *entry;
    int error = krait__guest_path_normal(path, normal);

    if (error == 0)
        error = find_parent(vfs, normal, &dir, &name);
    if (error != 0)
        return error;
    if (*name == '\0') {
        *ret_node = dir;
        return 0;
    }
    entry = krait__mem_dir_find(dir, name, strlen(name));
    if (entry == NULL)
        return ENOENT;
    *ret_node = entry->node;
    return 0;
}

krait_mem_node *
krait__mem_find(const krait_vfs *vfs, const char *path)
{
    krait_mem_node *node = NULL;

    return find_node(vfs, path, &node) == 0 ? node : NULL;
}

static krait_status
host_error(krait_error *err, int error, const char *path)
{
    switch (error) {
    case ENOMEM:
        return krait__error_nomem(err);
    case ENOENT:
    case ENOTDIR:
        return krait__error_set(err, KRAIT_ENOTFOUND, error, "'%s' is not there", path);
    case EXDEV:
        return krait__error_set(err, KRAIT_EINVAL, error, "'%s' is not in memory", path);
    case EISDIR:
        return krait__error_set(err, KRAIT_EINVAL, error, "'%s' is not a regular file", path);
    case EFBIG:
        return krait__error_set(err, KRAIT_ELIMIT, error, "'%s' is too large", path);
    default:
        return krait__error_set(err, KRAIT_EINVAL, error, "cannot use '%s'", path);
    }
}

krait_status
krait__vfs_get_file(krait_vfs *vfs, const char *path, uint64_t most, void **ret_bytes,
                    size_t *ret_size, krait_error *err)
{
    krait_mem_node *node = NULL;
    uint64_t size;
    char *bytes;
    int error = find_node(vfs, path, &node);

    if (error == 0 && node->type != KRAIT_TYPE_REGULAR)
        error = EISDIR;
    if (error == 0 && (node->as.data.size > most || node->as.data.size > SIZE_MAX / 2))
        error = EFBIG;
    if (error != 0)
        return host_error(err, error, path);
    size = node->as.data.size;
    bytes = krait__alloc((size_t)size + 1);
    if (bytes == NULL)
        return krait__error_nomem(err);
    (void)krait__mem_data_read(node, 0, bytes, (size_t)size);
    bytes[size] = '\0';
    *ret_bytes = bytes;
    *ret_size = (size_t)size;
    return KRAIT_OK;
}

krait_status
krait__vfs_list_dir(krait_vfs *vfs, const char *path, krait_vfs_entry_fn each, void *data,
                    krait_error *err)
{
    krait_mem_node *node = NULL;
    const krait_mem_entry *entry;
    uint64_t cookie = 0;
    int error = find_node(vfs, path, &node);

    if (error == 0 && node->type != KRAIT_TYPE_DIRECTORY)
        error = ENOTDIR;
    while (error == 0 && (entry = krait__mem_dir_at(node, cookie)) != NULL) {
        const krait_mem_node *found = entry->node;

        error = each(data, entry->name, entry->name_len, found->type,
                     found->type == KRAIT_TYPE_REGULAR ? found->as.data.size : 0);
        cookie = entry->cookie + 1;
    }
    return error == 0 ? KRAIT_OK : host_error(err, error, path);
}

krait_status
krait__vfs_remove_file(krait_vfs *vfs, const char *path, krait_error *err)
{
    char normal[KRAIT_PATH_MAX + 1];
    krait_mem_node *dir = NULL;
    const char *name = NULL;
    krait_mem_entry *entry = NULL;
    int error = krait__guest_path_normal(path, normal);

    if (error == 0)
        error = find_parent(vfs, normal, &dir, &name);
    if (error == 0 && *name == '\0')
        error = EBUSY;
    if (error == 0) {
        entry = krait__mem_dir_find(dir, name, strlen(name));
        error = entry == NULL ? ENOENT : 0;
    }
    if (error == 0 && entry->node->type == KRAIT_TYPE_DIRECTORY)
        error = EISDIR;
    if (error != 0)
        return host_error(err, error, path);
    krait__mem_dir_remove(dir, entry);
    return KRAIT_OK;
}
