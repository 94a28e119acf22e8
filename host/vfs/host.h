/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the host directory back end share.
 */
#ifndef KRAIT_VFS_HOST_H
#define KRAIT_VFS_HOST_H

#include "vfs/fs.h"

#include <sys/types.h>

/* Directories of a stable mount that stay open. */
#define KRAIT_HOST_KEPT 64

typedef struct krait_host_kept {
    char *path; /* from the mount's root, as it was asked for; NULL: free */
    int fd;
} krait_host_kept;

typedef struct krait_host_fs {
    dev_t root_dev;
    ino_t root_ino;
    bool root_is_proc;
    bool can_jump; /* the kernel has openat2 */
    krait_host_kept kept[KRAIT_HOST_KEPT];
    krait_mount mount;
} krait_host_fs;

/* host_resolve.c; see krait_fs_ops. */
int krait__host_step(const krait_place *dir, const char *name, krait_step *ret_step);
int krait__host_jump(const krait_place *dir, const char *path, krait_place *ret_place);
bool krait__host_can_jump(int dir_fd);
void krait__host_kept_close(krait_host_fs *fs);

#endif /* KRAIT_VFS_HOST_H */
