/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the host directory back end share.
 */
#ifndef KRAIT_VFS_HOST_H
#define KRAIT_VFS_HOST_H

#include "vfs/fs.h"

#include <stdatomic.h>
#include <sys/types.h>

/* Directories of a stable mount that stay open. */
#define KRAIT_HOST_KEPT 64

/* Never changed once others can see it. */
typedef struct krait_host_kept {
    int fd;
    char path[]; /* from the mount's root, as it was asked for */
} krait_host_kept;

/* A mounted directory.  Mounts of several vfs, which run in threads of their own, may have the
 * same one: all but the last member stays as it was made. */
typedef struct krait_host_root {
    atomic_uint refs;
    int fd;
    dev_t dev;
    ino_t ino;
    krait_file_identity identity; /* when it was mounted */
    bool is_proc;
    bool can_jump;                                    /* the kernel has openat2 */
    _Atomic(krait_host_kept *) kept[KRAIT_HOST_KEPT]; /* NULL: free; never free again */
} krait_host_root;

typedef struct krait_host_fs {
    krait_host_root *root;
    krait_mount mount;
} krait_host_fs;

/* host_resolve.c; see krait_fs_ops. */
int krait__host_step(const krait_place *dir, const char *name, krait_step *ret_step);
int krait__host_jump(const krait_place *dir, const char *path, krait_place *ret_place);
bool krait__host_can_jump(int dir_fd);
void krait__host_kept_close(krait_host_root *root);

/* host_modes.c: EACCES when krait_vfs_options.check_modes says no. */
struct stat;
int krait__host_may(const krait_place *dir, const struct stat *stat, uint32_t want);
/* The same for adding and removing names. */
int krait__host_may_change(const krait_place *dir);
bool krait__host_checks(const krait_place *dir);
/* Entries of krait_fs_ops. */
int krait__host_chmod_name(const krait_place *dir, const char *name, uint32_t mode);
int krait__host_access(const krait_place *dir, const char *name, uint32_t want);
int krait__host_statvfs_name(const krait_place *dir, krait_host_statvfs *ret_statvfs);

#endif /* KRAIT_VFS_HOST_H */
