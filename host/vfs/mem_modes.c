/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes of files in memory, and who may do what with them.
 *
 * There is one user, the guest (KRAIT_GUEST_UID), who is not root: what it takes from
 * itself it does not have.  Root owns what the host made for mounts.  There is no other group.
 */
#include "vfs/mem.h"

#include <errno.h>

int
krait__mem_may(const krait_mem_node *node, uint32_t want)
{
    uint32_t allowed = node->is_root ? node->mode : (uint32_t)node->mode >> 6;

    return (allowed & want) == want ? 0 : EACCES;
}

int
krait__mem_may_open(const krait_mem_node *node, uint32_t how)
{
    uint32_t want = 0;

    if (how & KRAIT_OPEN_READ)
        want |= KRAIT_HOST_R_OK;
    if (how & (KRAIT_OPEN_WRITE | KRAIT_OPEN_TRUNCATE))
        want |= KRAIT_HOST_W_OK;
    return krait__mem_may(node, want);
}

int
krait__mem_node_chmod(krait_mem_node *node, uint32_t mode)
{
    if (node->is_root)
        return EPERM;
    node->mode = (uint16_t)(mode & 07777u);
    node->ctime_ns = krait__mem_now(node->fs);
    return 0;
}

void
krait__mem_statvfs(const krait_mem_fs *fs, krait_host_statvfs *ret_statvfs)
{
    uint64_t left = fs->limit_bytes - fs->used_bytes;

    *ret_statvfs = (krait_host_statvfs){
        .blocks = fs->limit_bytes / KRAIT_MEM_BLOCK,
        .bfree = left / KRAIT_MEM_BLOCK,
        .bavail = left / KRAIT_MEM_BLOCK,
        .files = fs->limit_inodes,
        .ffree = fs->limit_inodes - fs->used_inodes,
        .favail = fs->limit_inodes - fs->used_inodes,
        .fsid = fs->dev,
        .bsize = KRAIT_MEM_BLOCK,
        .frsize = KRAIT_MEM_BLOCK,
        .flag = KRAIT_HOST_ST_NOSUID,
        .namemax = KRAIT_NAME_MAX,
    };
}
