/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the vfs: the mount table, places, and the two tables of functions that a
 * back end fills (krait_fs_ops for names, krait_file_ops for open files).
 *
 * A back end is asked for single names in a directory and never follows a
 * symbolic link: walk.c does all resolution, in the guest's name space.  The one
 * exception is krait_fs_ops.jump, a short cut through directories that must give the same
 * result.
 */
#ifndef KRAIT_VFS_FS_H
#define KRAIT_VFS_FS_H

#include "base/identity.h"
#include "vfs/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct krait_fs_ops krait_fs_ops;
typedef struct krait_file_ops krait_file_ops;
typedef struct krait_mount krait_mount;
typedef struct krait_mem_node krait_mem_node;

/* A directory of the guest's name space at which, or below which, something is mounted. */
typedef struct krait_ns {
    char *name;
    struct krait_ns *parent;
    struct krait_ns *children;
    struct krait_ns *next;
    krait_mount *mount; /* NULL: only on the way to a mount */
} krait_ns;

/* A directory that a walk stands in (or the file of a mounted file). */
typedef struct krait_place {
    krait_mount *mount;
    krait_ns *ns;         /* NULL: nothing is mounted at or below it */
    krait_mem_node *node; /* in memory: counted unless borrowed */
    int fd;               /* on the host: owned unless borrowed; -1 otherwise */
    bool borrowed;        /* release does nothing */
} krait_place;

struct krait_mount {
    const krait_fs_ops *ops;
    void *fs;         /* the back end's */
    krait_place root; /* borrowed */
    uint32_t flags;   /* KRAIT_MOUNT_* */
    bool is_host;     /* its symbolic links may not lead out of it */
    bool is_file;     /* the root is a file, not a directory */
    krait_vfs *vfs;
    krait_file_identity identity; /* of a host directory, when it was mounted; else zeros */
};

/* What one step down found. */
typedef struct krait_step {
    uint8_t type;
    krait_place place;               /* of a directory; the caller releases it */
    char target[KRAIT_PATH_MAX + 1]; /* of a symbolic link */
} krait_step;

/* Errors are errno values.  `name` "" means the directory itself. */
struct krait_fs_ops {
    void (*free)(krait_mount *mount);
    /* The same files for another vfs, without its flags; NULL member: cannot; NULL: out of memory.
     * The mount may be in use in another thread. */
    krait_mount *(*share)(const krait_mount *mount, krait_vfs *vfs);
    int (*hold)(const krait_place *place, krait_place *ret_place); /* one more owner */
    void (*release)(krait_place *place);
    int (*step)(const krait_place *dir, const char *name, krait_step *ret_step);
    /* NULL: none.  Goes through `path` (no "." or ".." at its end) to a directory below `dir`;
     * EXDEV: only single steps can tell. */
    int (*jump)(const krait_place *dir, const char *path, krait_place *ret_place);
    /* EINVAL: not a symbolic link.  *ret_size: bytes copied, at most `size`. */
    int (*readlink)(const krait_place *dir, const char *name, char *buffer, size_t size,
                    size_t *ret_size);
    int (*stat)(const krait_place *dir, const char *name, krait_stat *ret_stat);
    /* krait__may_open is the first thing it asks. */
    int (*open)(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
                krait_file **ret_file);
    int (*set_times)(const krait_place *dir, const char *name, const krait_times *times);
    /* `mode` 07777, or KRAIT_MODE_DEFAULT. */
    int (*mkdir)(const krait_place *dir, const char *name, uint32_t mode);
    int (*rmdir)(const krait_place *dir, const char *name);
    int (*unlink)(const krait_place *dir, const char *name);
    int (*symlink)(const char *target, const krait_place *dir, const char *name);
    int (*link)(const krait_place *dir, const char *name, const krait_place *to_dir,
                const char *to_name);
    int (*rename)(const krait_place *dir, const char *name, const krait_place *to_dir,
                  const char *to_name);
    /* Neither is asked about links. */
    int (*chmod)(const krait_place *dir, const char *name, uint32_t mode);
    int (*access)(const krait_place *dir, const char *name, uint32_t want);
    /* NULL: makes no FIFOs. */
    int (*mkfifo)(const krait_place *dir, const char *name, uint32_t mode);
    int (*statvfs)(const krait_place *dir, krait_host_statvfs *ret_statvfs);
};

/* An open file; back ends put it first in a structure of their own. */
struct krait_file {
    const krait_file_ops *ops;
    uint32_t refs;
    uint8_t type;
    uint8_t access;    /* KRAIT_OPEN_READ | KRAIT_OPEN_WRITE */
    uint16_t flags;    /* KRAIT_FILE_* */
    uint64_t position; /* of back ends that have none of their own */
    krait_place place; /* directories; mount NULL for all others */
    bool read_only;    /* lies in a read-only mount */
};

/* What only terminals have. */
typedef struct krait_terminal_ops {
    int (*termios)(krait_file *file, krait_host_termios *ret_termios);
    int (*set_termios)(krait_file *file, uint32_t action, const krait_host_termios *termios);
    int (*flush)(krait_file *file, uint32_t queue);
    int (*winsize)(krait_file *file, krait_host_winsize *ret_size);
    int (*set_winsize)(krait_file *file, const krait_host_winsize *size);
} krait_terminal_ops;

/* NULL members get the errno that POSIX has for it, see file.c. */
struct krait_file_ops {
    void (*close)(krait_file *file); /* frees it */
    int (*read)(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                size_t *ret_bytes);
    int (*write)(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                 size_t *ret_bytes);
    int (*seek)(krait_file *file, int64_t delta, int whence, uint64_t *ret_position);
    int (*stat)(krait_file *file, krait_stat *ret_stat);
    int (*set_size)(krait_file *file, uint64_t size);
    int (*allocate)(krait_file *file, uint64_t offset, uint64_t size);
    int (*advise)(krait_file *file, uint64_t offset, uint64_t size, int advice);
    int (*sync)(krait_file *file, bool data_only);
    int (*set_times)(krait_file *file, const krait_times *times);
    int (*set_flags)(krait_file *file, uint16_t flags);
    int (*chmod)(krait_file *file, uint32_t mode);
    int (*statvfs)(krait_file *file, krait_host_statvfs *ret_statvfs);
    void (*ready)(const krait_file *file, bool is_write, krait_ready *ret_ready);
    /* Without what is mounted; cookies below 2^31. */
    int (*readdir)(krait_file *file, uint64_t cookie, krait_dirent *ret_entry);
    int (*wait_fd)(const krait_file *file);
    bool (*is_terminal)(const krait_file *file);
    const krait_terminal_ops *terminal; /* of files of which is_terminal may be true */
};

struct krait_vfs {
    krait_ns root;          /* "/" and all mount points below */
    krait_mount *memory;    /* the file system in memory made at the start */
    bool walk_only;         /* never use jump */
    bool check_modes;       /* the host's kernel lets us do what modes do not: look at them here */
    bool absolute_links;    /* krait_vfs_options */
    krait_virtual *virtual; /* what there is instead of time and chance; NULL: the system's */
    krait_virtual virtual_state;
    uint64_t next_dev;              /* device numbers of file systems in memory */
    const krait_vfs_watch *watches; /* watch.c: directories whose files are for the host */
    size_t watch_count;
    uint64_t watch_most; /* bytes of one file */
    int watch_error;     /* what the guest is to be told, not told yet */
    size_t missed_count;
    char *missed[KRAIT_MISSED_NAMES];
};

/* ---- mount.c ------------------------------------------------------------------------------ */

krait_ns *krait__ns_child(const krait_ns *ns, const char *name, size_t name_len);
/* The node of a normal guest path, made where it is missing; NULL: out of memory. */
krait_ns *krait__ns_make(krait_vfs *vfs, const char *normal_path);
/* Puts `mount` at the node and frees what was there. */
void krait__ns_set(krait_ns *ns, krait_mount *mount);
void krait__ns_free_children(krait_ns *ns);
void krait__mount_free(krait_mount *mount);

/* ---- places ------------------------------------------------------------------------------- */

void krait__place_release(krait_place *place);
int krait__place_hold(const krait_place *place, krait_place *ret_place);
static inline bool
krait__place_read_only(const krait_place *place)
{
    return (place->mount->flags & KRAIT_MOUNT_READ_ONLY) != 0;
}

/* May something of this type be opened like that?  0 or the errno. */
int krait__may_open(uint8_t type, uint32_t how, bool read_only);

/* Fills the common members of a new file. */
void krait__file_init(krait_file *file, const krait_file_ops *ops, uint8_t type, uint32_t how,
                      uint16_t flags);

/* Remembers a name that was not there, when `dir` is marked so. */
void krait__vfs_miss(const krait_place *dir, const char *name);

/* ---- the back ends ------------------------------------------------------------------------- */

/* mem_fs.c: an empty file system; NULL: out of memory. */
krait_mount *krait__mem_mount_new(krait_vfs *vfs, uint64_t limit_bytes, uint32_t limit_inodes);
/* A directory of the memory made at the start and those above it.  New ones are for the
 * host to fill: the guest cannot change them. */
krait_status krait__mem_make_folder(krait_vfs *vfs, const char *normal_path, bool record_misses,
                                    krait_error *err);
/* Defaults applied. */
uint64_t krait__vfs_limit_bytes(const krait_vfs_options *options);
uint32_t krait__vfs_limit_inodes(const krait_vfs_options *options);

/* host_dir.c, host_one.c: take over `fd` when they succeed; 0 or an errno. */
int krait__host_mount_new(krait_vfs *vfs, int fd, krait_mount **ret_mount);
int krait__host_file_mount_new(krait_vfs *vfs, int fd, krait_mount **ret_mount);

/* Host calls that several back ends share (host_file.c). */
/* Moves a descriptor that is to stay open above 0 to 2, which belong to the process: where
 * one of them is closed, a file of the guest must not become what others take for stderr.
 * -1 stays -1; -1 with errno when it cannot be moved. */
int krait__host_keep_fd(int fd);
struct stat;
struct timespec;
void krait__host_stat(const struct stat *from, krait_stat *ret_stat);
uint8_t krait__host_type(uint32_t mode);
void krait__host_timespecs(const krait_times *times, struct timespec ret_pair[2]);
/* host_modes.c: of what `fd` is open on, which may be O_PATH.  `place`: in its mount; NULL for
 * regular files. */
int krait__host_chmod(const krait_place *place, int fd, uint32_t mode);
int krait__host_statvfs(int fd, krait_host_statvfs *ret_statvfs);
/* An open file on a regular host file; takes over `fd` when it succeeds. */
int krait__host_file_new(int fd, uint32_t how, uint16_t flags, bool is_borrowed,
                         krait_file **ret_file);
/* A directory; `fd` is in the place, which it takes over when it succeeds. */
int krait__host_dir_file_new(krait_place *place, uint32_t how, uint16_t flags,
                             krait_file **ret_file);

#endif /* KRAIT_VFS_FS_H */
