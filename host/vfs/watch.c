/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories in memory whose files go to the host when they are written.
 *
 * A file is whole when nothing can write to it any more: when the last descriptor for writing is
 * closed, or when it gets a name in the directory while there is none.  The directory is looked up by
 * its path each time, without following links, so that a guest that makes it anew has it still; what
 * has moved away meanwhile is the guest's own.
 */
#include "vfs/mem.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

krait_status
krait__vfs_watch(krait_vfs *vfs, const krait_vfs_watch *watches, size_t count, uint64_t most,
                 krait_error *err)
{
    for (size_t i = 0; i < count; i++) {
        krait_status status = krait__vfs_mkdir(vfs, watches[i].path, err);

        if (status != KRAIT_OK)
            return status;
    }
    vfs->watches = watches;
    vfs->watch_count = count;
    vfs->watch_most = most;
    return KRAIT_OK;
}

void
krait__vfs_unwatch(krait_vfs *vfs)
{
    if (vfs != NULL)
        vfs->watch_count = 0;
}

int
krait__vfs_watch_error(krait_vfs *vfs)
{
    int error = vfs->watch_error;

    vfs->watch_error = 0;
    return error;
}

/* The contents in one piece: of one block where they are, of more in a copy, which is *ret_copy.
 * NULL: too large, or out of memory. */
static const void *
gather(const krait_mem_node *node, uint64_t most, void **ret_copy)
{
    const uint64_t size = node->as.data.size;

    if (size == 0)
        return "";
    if (size > most || size > SIZE_MAX / 2)
        return NULL;
    if (size <= KRAIT_MEM_BLOCK && krait__mem_data_block(node, 0) != NULL)
        return krait__mem_data_block(node, 0);
    *ret_copy = krait__alloc((size_t)size);
    if (*ret_copy != NULL)
        (void)krait__mem_data_read(node, 0, *ret_copy, (size_t)size);
    return *ret_copy;
}

/* Takes away all names that the file has here; *ret_name is the first of them.  False: none. */
static bool
take_names(krait_mem_node *dir, const krait_mem_node *node, char name[KRAIT_NAME_MAX + 1])
{
    const krait_mem_entry *next;
    uint64_t cookie = 0;
    bool is_here = false;

    while ((next = krait__mem_dir_at(dir, cookie)) != NULL) {
        krait_mem_entry *entry;

        cookie = next->cookie + 1;
        if (next->node != node)
            continue;
        entry = krait__mem_dir_find(dir, next->name, next->name_len);
        if (!is_here) {
            memcpy(name, entry->name, entry->name_len);
            name[entry->name_len] = '\0';
        }
        is_here = true;
        krait__mem_dir_remove(dir, entry);
    }
    return is_here;
}

/* Hands the file over when it has a name here.  Once, however many it has: links cost a guest next to
 * nothing, and the host all of the file.  The caller keeps the node alive. */
static void
take(krait_vfs *vfs, const krait_vfs_watch *watch, krait_mem_node *dir, const krait_mem_node *node)
{
    char name[KRAIT_NAME_MAX + 1];
    void *copy = NULL;

    if (!take_names(dir, node, name))
        return;
    if (watch->take(watch->data, name, gather(node, vfs->watch_most, &copy), node->as.data.size) !=
        0)
        vfs->watch_error = EIO;
    krait__free(copy);
}

void
krait__mem_written(krait_mem_node *node)
{
    krait_vfs *vfs = node->fs->mount.vfs;

    if (node->type != KRAIT_TYPE_REGULAR || node->writers != 0)
        return;
    krait__mem_node_ref(node);
    for (size_t i = 0; i < vfs->watch_count && node->nlink > 0; i++) {
        krait_mem_node *dir = krait__mem_find(vfs, vfs->watches[i].path);

        if (dir != NULL && dir->type == KRAIT_TYPE_DIRECTORY && dir->fs == node->fs)
            take(vfs, &vfs->watches[i], dir, node);
    }
    krait__mem_node_unref(node);
}
