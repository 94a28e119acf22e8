/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: null, zero, full and random, made here and not the host's.
 *
 * They can be sought like Linux's, which is what tells them from terminals.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

typedef struct krait_device_file {
    krait_file file;
    krait_mem_node *node;
} krait_device_file;

static krait_mem_node *
node_of(const krait_file *file)
{
    return ((const krait_device_file *)file)->node;
}

static void
device_close(krait_file *file)
{
    krait__mem_node_unref(node_of(file));
    krait__free(file);
}

static int
fill_random(krait_virtual *virtual, void *to, size_t size)
{
    uint8_t *out = to;

    if (virtual != NULL) {
        krait__virtual_draw(virtual, to, size);
        return 0;
    }
    while (size > 0) {
        ssize_t done = getrandom(out, size, 0);

        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            out += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

static int
device_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    uint8_t device = node_of(file)->device;
    size_t total = 0;
    int error = 0;

    (void)offset;
    for (int i = 0; error == 0 && device != KRAIT_DEVICE_NULL && i < count; i++) {
        if (device == KRAIT_DEVICE_RANDOM)
            error = fill_random(node_of(file)->fs->mount.vfs->virtual, iov[i].iov_base,
                                iov[i].iov_len);
        else
            memset(iov[i].iov_base, 0, iov[i].iov_len);
        total += iov[i].iov_len;
    }
    if (error == 0)
        *ret_bytes = total;
    return error;
}

static int
device_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
             size_t *ret_bytes)
{
    size_t total = 0;

    (void)offset;
    for (int i = 0; i < count; i++)
        total += iov[i].iov_len;
    if (node_of(file)->device == KRAIT_DEVICE_FULL && total > 0)
        return ENOSPC;
    *ret_bytes = total;
    return 0;
}

static int
device_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    (void)file;
    (void)delta;
    (void)whence;
    *ret_position = 0;
    return 0;
}

static int
device_stat(krait_file *file, krait_stat *ret_stat)
{
    krait__mem_node_stat(node_of(file), ret_stat);
    return 0;
}

static int
device_chmod(krait_file *file, uint32_t mode)
{
    return krait__mem_node_chmod(node_of(file), mode);
}

static int
device_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    krait__mem_statvfs(node_of(file)->fs, ret_statvfs);
    return 0;
}

uint64_t
krait__device_number(const krait_mem_node *node)
{
    static const uint8_t minors[] = {
        [KRAIT_DEVICE_NULL] = 3,   [KRAIT_DEVICE_ZERO] = 5,   [KRAIT_DEVICE_FULL] = 7,
        [KRAIT_DEVICE_RANDOM] = 8, [KRAIT_DEVICE_STDIN] = 0, /* what they stand for has the number that counts */
        [KRAIT_DEVICE_STDOUT] = 0, [KRAIT_DEVICE_STDERR] = 0,
    };

    return UINT64_C(1) << 8 | minors[node->device];
}

static const krait_file_ops device_ops = {
    .close = device_close,
    .read = device_read,
    .write = device_write,
    .seek = device_seek,
    .stat = device_stat,
    .chmod = device_chmod,
    .statvfs = device_statvfs,
};

int
krait__file_stands_for(const krait_file *file)
{
    if (file->ops != &device_ops || node_of(file)->device < KRAIT_DEVICE_STDIN)
        return -1;
    return node_of(file)->device - KRAIT_DEVICE_STDIN;
}

int
krait__device_file_new(krait_mem_node *node, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    krait_device_file *file = krait__alloc(sizeof(*file));

    if (file == NULL)
        return ENOMEM;
    krait__file_init(&file->file, &device_ops, KRAIT_TYPE_CHARACTER_DEVICE, how, flags);
    file->node = krait__mem_node_ref(node);
    *ret_file = &file->file;
    return 0;
}
