/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files and directories in memory.
 *
 * Writes with the append flag go to the end whatever their offset, as on Linux.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct krait_mem_file {
    krait_file file;
    krait_mem_node *node;
} krait_mem_file;

static krait_mem_node *
node_of(const krait_file *file)
{
    return ((const krait_mem_file *)file)->node;
}

static void
mem_close(krait_file *file)
{
    krait_mem_node *node = node_of(file);

    if ((file->access & KRAIT_OPEN_WRITE) != 0 && --node->writers == 0)
        krait__mem_written(node);
    krait__mem_node_unref(node);
    krait__free(file);
}

static int
mem_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    bool moves = offset == KRAIT_AT_POSITION;
    size_t total = 0;

    if (moves)
        offset = file->position;
    for (int i = 0; i < count; i++) {
        size_t done = krait__mem_data_read(node_of(file), offset + total, iov[i].iov_base,
                                           iov[i].iov_len);

        total += done;
        if (done < iov[i].iov_len)
            break;
    }
    if (moves)
        file->position += total;
    *ret_bytes = total;
    return 0;
}

static int
mem_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    krait_mem_node *node = node_of(file);
    bool moves = offset == KRAIT_AT_POSITION;
    size_t total = 0;

    if (file->flags & KRAIT_FILE_APPEND)
        offset = node->as.data.size;
    else if (moves)
        offset = file->position;
    for (int i = 0; i < count; i++) {
        size_t done = 0;
        int error = krait__mem_data_write(node, offset + total, iov[i].iov_base, iov[i].iov_len,
                                          &done);

        if (error != 0 && total == 0)
            return error;
        total += done;
        if (error != 0 || done < iov[i].iov_len)
            break;
    }
    if (moves)
        file->position = offset + total;
    *ret_bytes = total;
    return 0;
}

/* Where a seek leads to; the sum may not leave 0 to 2^63 - 1. */
static int
mem_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    uint64_t base = 0;
    int64_t position;

    if (whence == SEEK_CUR)
        base = file->position;
    else if (whence == SEEK_END)
        base = file->type == KRAIT_TYPE_REGULAR ? node_of(file)->as.data.size : 0;
    if (__builtin_add_overflow((int64_t)base, delta, &position))
        return EOVERFLOW;
    if (position < 0)
        return EINVAL;
    file->position = (uint64_t)position;
    *ret_position = file->position;
    return 0;
}

static int
mem_stat(krait_file *file, krait_stat *ret_stat)
{
    krait__mem_node_stat(node_of(file), ret_stat);
    return 0;
}

static int
mem_set_size(krait_file *file, uint64_t size)
{
    return krait__mem_data_set_size(node_of(file), size);
}

static int
mem_allocate(krait_file *file, uint64_t offset, uint64_t size)
{
    return krait__mem_data_reserve(node_of(file), offset, size);
}

static int
mem_advise(krait_file *file, uint64_t offset, uint64_t size, int advice)
{
    (void)file;
    (void)offset;
    (void)size;
    (void)advice;
    return 0;
}

static int
mem_sync(krait_file *file, bool data_only)
{
    (void)file;
    (void)data_only;
    return 0;
}

static int
mem_set_times(krait_file *file, const krait_times *times)
{
    return krait__mem_node_set_times(node_of(file), times);
}

static int
mem_chmod(krait_file *file, uint32_t mode)
{
    return krait__mem_node_chmod(node_of(file), mode);
}

static int
mem_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    krait__mem_statvfs(node_of(file)->fs, ret_statvfs);
    return 0;
}

static const krait_file_ops mem_file_ops = {
    .close = mem_close,
    .read = mem_read,
    .write = mem_write,
    .seek = mem_seek,
    .stat = mem_stat,
    .set_size = mem_set_size,
    .allocate = mem_allocate,
    .advise = mem_advise,
    .sync = mem_sync,
    .set_times = mem_set_times,
    .chmod = mem_chmod,
    .statvfs = mem_statvfs,
};

int
krait__mem_file_new(krait_mem_node *node, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    krait_mem_file *file = krait__alloc(sizeof(*file));

    if (file == NULL)
        return ENOMEM;
    krait__file_init(&file->file, &mem_file_ops, KRAIT_TYPE_REGULAR, how, flags);
    file->node = krait__mem_node_ref(node);
    if ((how & KRAIT_OPEN_WRITE) != 0)
        node->writers++;
    *ret_file = &file->file;
    return 0;
}

int
krait__memfd_new(krait_vfs *vfs, krait_file **ret_file)
{
    krait_mem_node *node;
    int error = krait__mem_node_new(vfs->memory->fs, KRAIT_TYPE_REGULAR, &node);

    if (error != 0)
        return error;
    node->mode = 0777;
    error = krait__mem_file_new(node, KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, 0, ret_file);
    krait__mem_node_unref(node);
    return error;
}

/* ---- directories ---------------------------------------------------------------------------- */

static void
mem_dir_close(krait_file *file)
{
    krait__place_release(&file->place);
    krait__free(file);
}

static int
mem_dir_stat(krait_file *file, krait_stat *ret_stat)
{
    krait__mem_node_stat(file->place.node, ret_stat);
    return 0;
}

static int
mem_dir_set_times(krait_file *file, const krait_times *times)
{
    return krait__mem_node_set_times(file->place.node, times);
}

static int
mem_dir_chmod(krait_file *file, uint32_t mode)
{
    return krait__mem_node_chmod(file->place.node, mode);
}

static int
mem_dir_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    krait__mem_statvfs(file->place.node->fs, ret_statvfs);
    return 0;
}

static int
mem_dir_readdir(krait_file *file, uint64_t cookie, krait_dirent *ret_entry)
{
    const krait_mem_node *dir = file->place.node;
    const krait_mem_entry *entry;

    memset(ret_entry, 0, sizeof(*ret_entry));
    if (cookie < 2) {
        const krait_mem_node *parent = dir->as.dir.parent;

        ret_entry->next = cookie + 1;
        ret_entry->name = "..";
        ret_entry->name_len = cookie == 0 ? 1 : 2;
        ret_entry->type = KRAIT_TYPE_DIRECTORY;
        ret_entry->ino = cookie == 1 && parent != NULL ? parent->ino : dir->ino;
        return 0;
    }
    entry = krait__mem_dir_at(dir, cookie);
    if (entry == NULL)
        return 0;
    ret_entry->next = entry->cookie + 1;
    ret_entry->name = entry->name;
    ret_entry->name_len = entry->name_len;
    ret_entry->type = entry->node->type;
    ret_entry->ino = entry->node->ino;
    return 0;
}

static const krait_file_ops mem_dir_ops = {
    .close = mem_dir_close,
    .stat = mem_dir_stat,
    .sync = mem_sync,
    .set_times = mem_dir_set_times,
    .chmod = mem_dir_chmod,
    .statvfs = mem_dir_statvfs,
    .readdir = mem_dir_readdir,
};

int
krait__mem_dir_file_new(const krait_place *place, uint32_t how, uint16_t flags,
                        krait_file **ret_file)
{
    krait_file *file = krait__alloc(sizeof(*file));

    if (file == NULL)
        return ENOMEM;
    krait__file_init(file, &mem_dir_ops, KRAIT_TYPE_DIRECTORY, how, flags);
    (void)krait__place_hold(place, &file->place); /* in memory: cannot fail */
    file->place.ns = NULL;
    *ret_file = file;
    return 0;
}
