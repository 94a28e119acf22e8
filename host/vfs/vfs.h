/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's file system: a table of mounts over one virtual root.
 *
 * The root is a file system in memory, so that it has a quota and mount points
 * cost nothing on the host.  Host directories, single host files and devices
 * are mounted into it; the longest matching path wins, a mount point shows in
 * the listing of its parent and hides what lies below it.  What is not mounted
 * does not exist for the guest.
 *
 * This header is for whoever sets a sandbox up.  What a running guest does with
 * files (open, read, rename, ...) is in file.h and path.h.
 *
 * A krait_vfs belongs to one sandbox: it has no locks and is used by one thread
 * at a time.  Any number of them may be used in any number of threads at once.
 * Nothing here changes state of the process: no chdir, no umask, no signals.
 */
#ifndef KRAIT_VFS_VFS_H
#define KRAIT_VFS_VFS_H

#include "base/identity.h"
#include "base/virtual.h"

#include <krait/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct krait_vfs krait_vfs;

/* Zero means default. */
typedef struct krait_vfs_options {
    uint64_t memory_limit_bytes; /* of all files in memory together; default 256 MiB */
    uint32_t inode_limit;        /* files, directories and links in memory; default 65536 */
    uint32_t resolve_by_walking; /* 1: never use openat2, as on kernels without it (tests) */
    uint32_t check_modes;        /* 1: where this process is root, and its kernel so lets it do
                                    what a file's mode does not, look at the modes of its files
                                    in writable mounts as if it were a user */
    uint32_t absolute_links;     /* 1: below any directory a link with an absolute target leads
                                    to the root; else only where the path starts there */
    uint32_t is_virtual;         /* 1: times of files in memory and bytes of /dev/random come from
                                    `virtual`, see krait__vfs_virtual */
    krait_virtual virtual;
} krait_vfs_options;

/* Flags of a mount. */
enum {
    KRAIT_MOUNT_READ_ONLY = 1u << 0,    /* nothing below can be changed: EROFS */
    KRAIT_MOUNT_STABLE = 1u << 2,       /* mount_dir: the host does not rename, remove or replace
                                        directories below while it is mounted, so that looking
                                        for a file costs one system call; for our own files */
    KRAIT_MOUNT_RECORD_MISSES = 1u << 1 /* mount_file: remember names that were looked up in the
                                           file's folder and are not there: krait__vfs_missed */
};

/* Most names that krait__vfs_missed remembers; longer names than this are left out. */
#define KRAIT_MISSED_NAMES    16
#define KRAIT_MISSED_NAME_MAX 255

/* A root directory with an empty writable /tmp in it.  `options` may be NULL. */
krait_status krait__vfs_new(const krait_vfs_options *options, krait_vfs **ret_vfs,
                            krait_error *err);

/* Takes NULL.  After the krait_wasi that uses it. */
void krait__vfs_free(krait_vfs *vfs);

/* Time and chance of this guest, which its krait_wasi uses, too; NULL: the system's. */
krait_virtual *krait__vfs_virtual(const krait_vfs *vfs);

/*
 * A guest path is absolute and is made normal: "//", "." and ".." are resolved
 * as text and a trailing "/" is dropped.  KRAIT_EINVAL otherwise.  Directories on
 * the way to a mount point are made in memory where they are missing, never on the
 * host: inside a mounted host directory they are visible to the guest only.
 *
 * Mount in any order before the guest runs; a second mount at the same path
 * takes the place of the first.  "/" itself may be a mounted host directory.
 */

/* Mounts a host directory.  It is opened here and now (later renames on the host
 * do not matter); errors name the host path: KRAIT_ENOTFOUND missing, KRAIT_EINVAL not
 * a directory, KRAIT_EIO not readable.  flags: KRAIT_MOUNT_READ_ONLY, KRAIT_MOUNT_STABLE (has
 * effect on read-only mounts). */
krait_status krait__vfs_mount_dir(krait_vfs *vfs, const char *guest_path, const char *host_path,
                                  uint32_t flags, krait_error *err);

/* The same for a directory that is already open; it is duplicated, the caller
 * keeps its own. */
krait_status krait__vfs_mount_dir_fd(krait_vfs *vfs, const char *guest_path, int host_fd,
                                     uint32_t flags, krait_error *err);

/* Mounts one host file, always read-only.  When no mount but the root covers its
 * folder, the folder becomes a read-only directory in memory with only what is mounted in it.
 * Errors as above; a directory is KRAIT_EINVAL, so are FIFOs, sockets and devices.
 * flags: KRAIT_MOUNT_RECORD_MISSES. */
krait_status krait__vfs_mount_file(krait_vfs *vfs, const char *guest_path, const char *host_path,
                                   uint32_t flags, krait_error *err);
krait_status krait__vfs_mount_file_fd(krait_vfs *vfs, const char *guest_path, int host_fd,
                                      uint32_t flags, krait_error *err);

/* Mounts the host directory or file that `from` has mounted at this very path, with the same flags.
 * It is not opened again: both have the same descriptor, and what a stable mount has found out is
 * found out for both.  `from` may meanwhile serve a guest in another thread, and may be freed
 * afterwards, before or after `vfs`; it must not get other mounts meanwhile.  KRAIT_ENOTFOUND there is
 * none (memory and devices are not mounted by this); KRAIT_ENOMEM; KRAIT_EINVAL as for mkdir;
 * KRAIT_ELIMIT. */
krait_status krait__vfs_mount_same(krait_vfs *vfs, const krait_vfs *from, const char *guest_path,
                                   krait_error *err);

/* Of the host directory that is mounted at this very path, as it was when it was mounted, wherever
 * its name leads now; all zeros: there is none. */
krait_file_identity krait__vfs_mounted(const krait_vfs *vfs, const char *guest_path);

/* An empty file system in memory of its own at `guest_path`, with a quota of its
 * own (options as for krait__vfs_new).  flags: KRAIT_MOUNT_READ_ONLY has effect for the guest. */
krait_status krait__vfs_mount_memory(krait_vfs *vfs, const char *guest_path,
                                     const krait_vfs_options *options, uint32_t flags,
                                     krait_error *err);

/* /dev with null, zero, full, random, urandom, stdin, stdout and stderr. */
krait_status krait__vfs_mount_devices(krait_vfs *vfs, krait_error *err);

/* Makes a directory in memory, and those above it; one that exists is no error.
 * KRAIT_EINVAL when a host mount covers the path or something else is there. */
krait_status krait__vfs_mkdir(krait_vfs *vfs, const char *guest_path, krait_error *err);

/* Makes or replaces a file in memory, and the directories above it; the bytes are
 * copied.  One that nobody has open, and that has one name, keeps its inode and the blocks it has.  KRAIT_ELIMIT over quota, KRAIT_EINVAL as for mkdir, and for what is mounted. */
krait_status krait__vfs_put_file(krait_vfs *vfs, const char *guest_path, const void *bytes,
                                 size_t size, krait_error *err);
/* The same; is_root: the file is not the guest's, who can only read it. */
krait_status krait__vfs_put_file_with(krait_vfs *vfs, const char *guest_path, const void *bytes,
                                      size_t size, bool is_root, krait_error *err);

/* The bytes of a file in memory, allocated, with a NUL behind them.  KRAIT_ENOTFOUND: nothing of
 * this name; KRAIT_EINVAL: no regular file, or not in memory; KRAIT_ELIMIT: more than
 * `most` bytes; KRAIT_ENOMEM. */
krait_status krait__vfs_get_file(krait_vfs *vfs, const char *guest_path, uint64_t most,
                                 void **ret_bytes, size_t *ret_size, krait_error *err);

/* One entry of a directory; `type` is a KRAIT_TYPE_* of file.h.  0, or an errno that ends it. */
typedef int (*krait_vfs_entry_fn)(void *data, const char *name, size_t name_len, uint8_t type,
                                  uint64_t size);

/* Names in a directory in memory, in the order in which they were made, without mount points.
 * Errors as for get_file. */
krait_status krait__vfs_list_dir(krait_vfs *vfs, const char *guest_path, krait_vfs_entry_fn each,
                                 void *data, krait_error *err);

/* Removes a file in memory that is no directory; errors as for get_file. */
krait_status krait__vfs_remove_file(krait_vfs *vfs, const char *guest_path, krait_error *err);

/* A directory in memory whose files the host gets. */
typedef struct krait_vfs_watch {
    char *path; /* of the guest, absolute */
    /* Gets a file; bytes NULL: it is too large.  Not 0: what the guest did ends with EIO. */
    int (*take)(void *data, const char *name, const void *bytes, uint64_t size);
    void *data;
} krait_vfs_watch;

/* From now on what is written into these directories, which are made when they are missing, goes to
 * the host: watch.c says when.  Files of more than `most` bytes come without them.  The array is
 * borrowed until the vfs is freed or krait__vfs_unwatch.  Errors as for mkdir. */
krait_status krait__vfs_watch(krait_vfs *vfs, const krait_vfs_watch *watches, size_t count,
                              uint64_t most, krait_error *err);
/* No more; before the descriptors of a guest that has ended are closed for it.  Takes NULL. */
void krait__vfs_unwatch(krait_vfs *vfs);
/* What became of the files that were handed over since this was asked last: 0 or EIO. */
int krait__vfs_watch_error(krait_vfs *vfs);

/* The index-th distinct name, in order of first look-up, that the guest wanted in
 * a folder marked with KRAIT_MOUNT_RECORD_MISSES and that was not there; NULL beyond
 * the last.  Owned by the vfs, valid until the guest runs again. */
const char *krait__vfs_missed(const krait_vfs *vfs, size_t index);

/* ---- the file system in memory as bytes: docs/snapshot-format.md, "Files in memory" ------------ */

/* Takes the next bytes; what it fails with ends the call that it serves. */
typedef krait_status (*krait_vfs_write_fn)(void *data, const void *bytes, size_t size,
                                           krait_error *err);

/* Writes everything that has a name in the root file system in memory: the names in their order,
 * types, modes, owners, times, inode numbers, hard links, contents with their holes.  The same
 * tree gives the same bytes, a multiple of 4096 in all, and the bytes hold no host pointer.
 * Files that are only open, and nowhere in the tree any more, are left out, and so is everything
 * that mounts of the host show.  KRAIT_EUNSUPPORTED: there are more file systems in memory;
 * KRAIT_EBUSY: a FIFO is open; KRAIT_ENOMEM; what `write` says. */
krait_status krait__vfs_save(krait_vfs *vfs, krait_vfs_write_fn write, void *data,
                             krait_error *err);

/*
 * Puts what was saved into a vfs that is new: its mounts are made, which may be others than those
 * of the vfs that was saved, and the guest has not run.  Directories and devices that are there
 * for the mounts stay, and get what the bytes say of those with the same path; such ones that
 * only the saved vfs had are not made.  Nothing is believed without a look: the bytes may come
 * from anybody.
 *
 * `bytes` (at an address that is a multiple of 16) stay as they are until the vfs is freed:
 * contents of files are used where they are, read-only, and copied block by block when the guest
 * writes to them.  For the quota they count as if they were copied at once.  Any number of
 * file systems may be made from the same bytes, in any number of threads.
 *
 * KRAIT_EFORMAT: damaged, the text says where and how; KRAIT_ELIMIT: over the quota of this vfs;
 * KRAIT_EINVAL: something else than a directory has the name of one that a mount needs;
 * KRAIT_ENOMEM.  After a failure the vfs is good for krait__vfs_free only.
 */
krait_status krait__vfs_load(krait_vfs *vfs, const void *bytes, size_t size, krait_error *err);

/* Bytes and inodes that the root file system in memory holds now. */
uint64_t krait__vfs_memory_used(const krait_vfs *vfs);
uint32_t krait__vfs_inodes_used(const krait_vfs *vfs);

#endif /* KRAIT_VFS_VFS_H */
