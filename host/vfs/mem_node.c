/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory: nodes, their life and the quota of their file system.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

bool
krait__mem_charge(krait_mem_fs *fs, uint64_t bytes)
{
    if (bytes > fs->limit_bytes || fs->used_bytes > fs->limit_bytes - bytes)
        return false;
    fs->used_bytes += bytes;
    return true;
}

void
krait__mem_refund(krait_mem_fs *fs, uint64_t bytes)
{
    assert(fs->used_bytes >= bytes);
    fs->used_bytes -= bytes;
}

uint64_t
krait__mem_now(const krait_mem_fs *fs)
{
    krait_virtual *virtual = fs->mount.vfs->virtual;
    struct timespec now;

    if (fs->is_timeless)
        return 0;
    if (virtual != NULL)
        return virtual->start_ns + krait__virtual_read(virtual);
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int
krait__mem_node_new(krait_mem_fs *fs, uint8_t type, krait_mem_node **ret_node)
{
    krait_mem_node *node;

    if (fs->used_inodes >= fs->limit_inodes)
        return ENOSPC;
    node = krait__calloc(1, sizeof(*node));
    if (node == NULL)
        return ENOMEM;
    fs->used_inodes++;
    node->fs = fs;
    node->refs = 1;
    node->type = type;
    node->mode = type == KRAIT_TYPE_DIRECTORY ? 0755 : type == KRAIT_TYPE_LINK ? 0777 : 0644;
    node->ino = fs->next_ino++;
    node->atime_ns = node->mtime_ns = node->ctime_ns = krait__mem_now(fs);
    if (type == KRAIT_TYPE_DIRECTORY)
        node->as.dir.next_cookie = 2;
    *ret_node = node;
    return 0;
}

krait_mem_node *
krait__mem_node_ref(krait_mem_node *node)
{
    node->refs++;
    return node;
}

static void
node_free(krait_mem_node *node)
{
    krait_mem_fs *fs = node->fs;

    switch (node->type) {
    case KRAIT_TYPE_DIRECTORY:
        krait__mem_dir_clear(node);
        break;
    case KRAIT_TYPE_REGULAR:
        (void)krait__mem_data_set_size(node, 0);
        krait__free(node->as.data.blocks);
        break;
    case KRAIT_TYPE_LINK:
        krait__mem_refund(fs, node->as.link.size);
        krait__free(node->as.link.text);
        break;
    default:
        break;
    }
    fs->used_inodes--;
    krait__free(node);
}

/* A node goes when it has neither a name nor a holder. */
void
krait__mem_node_unref(krait_mem_node *node)
{
    if (node == NULL)
        return;
    assert(node->refs > 0);
    if (--node->refs == 0 && node->nlink == 0)
        node_free(node);
}

static uint64_t
node_size(const krait_mem_node *node)
{
    switch (node->type) {
    case KRAIT_TYPE_REGULAR:
        return node->as.data.size;
    case KRAIT_TYPE_LINK:
        return node->as.link.size;
    case KRAIT_TYPE_DIRECTORY:
        return KRAIT_MEM_BLOCK;
    default:
        return 0;
    }
}

/* Bytes that are really in use. */
static uint64_t
node_bytes(const krait_mem_node *node)
{
    return node->type == KRAIT_TYPE_REGULAR ? node->as.data.block_used * (uint64_t)KRAIT_MEM_BLOCK
                                            : node_size(node);
}

static uint32_t
mode_type(uint8_t type)
{
    switch (type) {
    case KRAIT_TYPE_REGULAR:
        return KRAIT_HOST_S_IFREG;
    case KRAIT_TYPE_DIRECTORY:
        return KRAIT_HOST_S_IFDIR;
    case KRAIT_TYPE_LINK:
        return KRAIT_HOST_S_IFLNK;
    case KRAIT_TYPE_CHARACTER_DEVICE:
        return KRAIT_HOST_S_IFCHR;
    default:
        return KRAIT_HOST_S_IFIFO; /* what preview 1 has no type for */
    }
}

void
krait__mem_node_stat(const krait_mem_node *node, krait_stat *ret_stat)
{
    ret_stat->dev = node->fs->dev;
    ret_stat->ino = node->ino;
    ret_stat->type = node->type;
    ret_stat->nlink = node->nlink;
    ret_stat->size = node_size(node);
    ret_stat->atime_ns = node->atime_ns;
    ret_stat->mtime_ns = node->mtime_ns;
    ret_stat->ctime_ns = node->ctime_ns;
    ret_stat->mode = mode_type(node->type) | node->mode;
    ret_stat->uid = node->is_root ? 0 : KRAIT_GUEST_UID;
    ret_stat->gid = node->is_root ? 0 : KRAIT_GUEST_GID;
    ret_stat->rdev = node->type == KRAIT_TYPE_CHARACTER_DEVICE ? krait__device_number(node) : 0;
    ret_stat->blocks = (node_bytes(node) + 511) / 512;
    ret_stat->blksize = KRAIT_MEM_BLOCK;
    ret_stat->is_host = false;
}

int
krait__mem_node_set_times(krait_mem_node *node, const krait_times *times)
{
    uint64_t now = krait__mem_now(node->fs);

    if (node->is_root) {
        if (times->atime == KRAIT_TIME_SET || times->mtime == KRAIT_TIME_SET ||
            times->atime != times->mtime)
            return EPERM;
        if (krait__mem_may(node, KRAIT_HOST_W_OK) != 0)
            return EACCES;
    }
    if (times->atime != KRAIT_TIME_KEEP)
        node->atime_ns = times->atime == KRAIT_TIME_NOW ? now : times->atime_ns;
    if (times->mtime != KRAIT_TIME_KEEP)
        node->mtime_ns = times->mtime == KRAIT_TIME_NOW ? now : times->mtime_ns;
    node->ctime_ns = now;
    return 0;
}
