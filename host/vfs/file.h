/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running guest does with files: open file objects, and paths that are
 * resolved from one of them.
 *
 * A krait_file is an open file description in the sense of POSIX: it has the
 * position and the status flags, is counted, and knows nothing of descriptor
 * numbers, so that several descriptors (later: threads and children) can share
 * one.  Directories are krait_file too; paths are relative to one of them.
 *
 * Every function returns 0 or an errno value of the host; outputs are untouched on
 * failure.  A path never leads above the directory it starts at (EPERM); ".." in
 * the guest's root stays there.  How paths are resolved: docs/wasi.md.
 */
#ifndef KRAIT_VFS_FILE_H
#define KRAIT_VFS_FILE_H

#include "vfs/vfs.h"

#include <krait/guest.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct krait_file krait_file;

/* Longest path and longest name of a guest, in bytes, without the NUL. */
#define KRAIT_PATH_MAX 4095
#define KRAIT_NAME_MAX 255

/* Text of a guest path made normal, at most KRAIT_PATH_MAX: 0, or EINVAL or ENAMETOOLONG (mount.c). */
int krait__guest_path_normal(const char *path, char normal[KRAIT_PATH_MAX + 1]);

/* The numbers are those of WASI's filetype. */
enum krait_file_type {
    KRAIT_TYPE_UNKNOWN = 0,
    KRAIT_TYPE_BLOCK_DEVICE = 1,
    KRAIT_TYPE_CHARACTER_DEVICE = 2,
    KRAIT_TYPE_DIRECTORY = 3,
    KRAIT_TYPE_REGULAR = 4,
    KRAIT_TYPE_SOCKET_DGRAM = 5,
    KRAIT_TYPE_SOCKET_STREAM = 6,
    KRAIT_TYPE_LINK = 7
};

/* How to open. */
enum {
    KRAIT_OPEN_READ = 1u << 0,
    KRAIT_OPEN_WRITE = 1u << 1,
    KRAIT_OPEN_CREATE = 1u << 2,
    KRAIT_OPEN_DIRECTORY = 1u << 3,
    KRAIT_OPEN_EXCLUSIVE = 1u << 4,
    KRAIT_OPEN_TRUNCATE = 1u << 5,
    KRAIT_OPEN_FOLLOW = 1u << 6, /* a symbolic link at the end */
    KRAIT_OPEN_HAS_MODE = 1u << 7
};
/* What is made gets exactly this mode; without it 0666, less what the host's umask takes. */
#define KRAIT_OPEN_MODE(mode)   ((uint32_t)KRAIT_OPEN_HAS_MODE | ((mode) & 07777u) << 16)
#define KRAIT_OPEN_MODE_OF(how) ((how) >> 16 & 07777u)
/* The mode of krait__path_mkdir that is 0777, less what the host's umask takes. */
#define KRAIT_MODE_DEFAULT UINT32_MAX

/* Who the guest is in its own eyes, and who owns files that are neither its nor root's. */
#define KRAIT_GUEST_UID 1000u
#define KRAIT_GUEST_GID 1000u
#define KRAIT_NOBODY    65534u

/* Status flags; the numbers are those of WASI's fdflags. */
enum {
    KRAIT_FILE_APPEND = 1u << 0,
    KRAIT_FILE_DSYNC = 1u << 1,
    KRAIT_FILE_NONBLOCK = 1u << 2,
    KRAIT_FILE_RSYNC = 1u << 3,
    KRAIT_FILE_SYNC = 1u << 4
};

typedef struct krait_stat {
    uint64_t dev; /* dev and ino together name a file, for as long as it exists */
    uint64_t ino;
    uint64_t nlink;
    uint64_t size;
    uint64_t atime_ns; /* since 1970; times before that are 0 */
    uint64_t mtime_ns;
    uint64_t ctime_ns;
    uint64_t rdev;   /* major number << 8 | minor number */
    uint64_t blocks; /* of 512 bytes */
    uint32_t mode;   /* as st_mode of Linux */
    uint32_t uid;    /* the host's for files of the host: krait__stat_owner */
    uint32_t gid;
    uint32_t blksize;
    uint8_t type; /* enum krait_file_type */
    bool is_host; /* a file of the host */
} krait_stat;

typedef enum krait_time_how {
    KRAIT_TIME_KEEP = 0,
    KRAIT_TIME_SET = 1,
    KRAIT_TIME_NOW = 2
} krait_time_how;

typedef struct krait_times {
    uint64_t atime_ns;
    uint64_t mtime_ns;
    krait_time_how atime;
    krait_time_how mtime;
} krait_times;

/* One entry of a directory; `name` has no NUL at its end and is valid until the next call. */
typedef struct krait_dirent {
    uint64_t next; /* cookie of the entry after this one */
    uint64_t ino;  /* never 0 */
    const char *name;
    uint32_t name_len; /* 0: no more entries */
    uint8_t type;
} krait_dirent;

/* ---- open files -------------------------------------------------------------------------- */

/* One more owner. */
krait_file *krait__file_ref(krait_file *file);
/* One owner less; the last one closes.  Takes NULL. */
void krait__file_unref(krait_file *file);

uint8_t krait__file_type(const krait_file *file);
/* KRAIT_OPEN_READ and KRAIT_OPEN_WRITE: what the file was opened for. */
uint32_t krait__file_access(const krait_file *file);
uint16_t krait__file_flags(const krait_file *file);
/* ENOTSUP: a flag that this file cannot change. */
int krait__file_set_flags(krait_file *file, uint16_t flags);

/* /dev/stdin, stdout and stderr stand for whatever the guest has as this descriptor, which the
 * caller is to open instead; -1: the file stands for itself. */
int krait__file_stands_for(const krait_file *file);

/* A host descriptor to wait for before a read or write that would block, or -1: never blocks. */
int krait__file_wait_fd(const krait_file *file);
bool krait__file_is_terminal(const krait_file *file);

/* `offset` KRAIT_AT_POSITION: at the file's position, which moves on.  Counts may be short;
 * a read of 0 bytes is the end.  Streams: blocks in the host unless data is there. */
#define KRAIT_AT_POSITION UINT64_MAX
int krait__file_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                     size_t *ret_bytes);
int krait__file_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                      size_t *ret_bytes);
/* whence: SEEK_SET, SEEK_CUR, SEEK_END. */
int krait__file_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position);
int krait__file_stat(krait_file *file, krait_stat *ret_stat);
int krait__file_set_size(krait_file *file, uint64_t size);
int krait__file_allocate(krait_file *file, uint64_t offset, uint64_t size);
int krait__file_advise(krait_file *file, uint64_t offset, uint64_t size, int advice);
int krait__file_sync(krait_file *file, bool data_only);
int krait__file_set_times(krait_file *file, const krait_times *times);
/* `mode`: 07777; of files of the host only 0777 is set.  EPERM: not the guest's file. */
int krait__file_chmod(krait_file *file, uint32_t mode);
int krait__file_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs);
/* The entry at `cookie`; 0 is the first.  Cookies stay valid while the file is open. */
int krait__file_readdir(krait_file *file, uint64_t cookie, krait_dirent *ret_entry);

/* A stream on a host descriptor, for stdio.  The descriptor is borrowed: never closed, its
 * status flags never changed.  A directory becomes a stream that cannot be read: it
 * never serves as a start for paths.  EBADF: not open. */
int krait__file_from_fd(int host_fd, krait_file **ret_file);

/* Takes bytes that a guest wrote: 0, with how many were taken in *size, or an errno. */
typedef int (*krait_sink_fn)(void *data, const void *bytes, size_t *size);

/* A stream that gives what is written to a function. */
int krait__sink_new(krait_sink_fn write, void *data, krait_file **ret_file);
/* A stream that reads these bytes, which are borrowed. */
int krait__source_new(const void *bytes, size_t size, krait_file **ret_file);

/* A pipe in memory: flags are those of both ends.  ENOSPC: over the vfs's quota. */
int krait__pipe_new(krait_vfs *vfs, uint16_t flags, krait_file **ret_read, krait_file **ret_write);
/* Two sockets in memory, connected to each other. */
int krait__socketpair_new(krait_vfs *vfs, uint16_t flags, krait_file *ret_files[2]);
bool krait__file_is_socket(const krait_file *file);
void krait__socket_shutdown(krait_file *file, bool reading, bool writing);
/* A counter as Linux has it; a semaphore gives 1 with each read. */
int krait__eventfd_new(krait_vfs *vfs, uint64_t value, bool is_semaphore, uint16_t flags,
                       krait_file **ret_file);
/* A regular file in memory without a name. */
int krait__memfd_new(krait_vfs *vfs, krait_file **ret_file);
/* A timer as Linux has it, on a host descriptor of its own; EINVAL: not one of these. */
int krait__timerfd_new(bool is_realtime, uint16_t flags, krait_file **ret_file);
int krait__timerfd_set(krait_file *file, bool is_absolute, const krait_host_itimer *timer);
int krait__timerfd_get(const krait_file *file, krait_host_itimer *ret_timer);
/* Pipes and counters in memory: a read or write that cannot go on is EAGAIN, and only the guest
 * itself can change that. */
bool krait__file_is_pipe(const krait_file *file);

typedef struct krait_ready {
    bool is_ready;
    bool is_hangup; /* the other end is closed */
    uint64_t bytes; /* that can be read, or written, now */
} krait_ready;

/* Of a krait__file_is_pipe. */
void krait__file_ready(const krait_file *file, bool is_write, krait_ready *ret_ready);

/* A terminal in memory. */
int krait__pty_new(krait_vfs *vfs, krait_file **ret_master, krait_file **ret_slave);

/* Of files that are terminals; `action` and `queue` are those of termios(3), as on Linux. */
int krait__terminal_get(krait_file *file, krait_host_termios *ret_termios);
int krait__terminal_set(krait_file *file, uint32_t action, const krait_host_termios *termios);
int krait__terminal_flush(krait_file *file, uint32_t queue);
int krait__terminal_winsize(krait_file *file, krait_host_winsize *ret_size);
/* EPERM: the host's. */
int krait__terminal_set_winsize(krait_file *file, const krait_host_winsize *size);

/* ---- paths ------------------------------------------------------------------------------- */

/* A path and the directory it starts at; `path` is relative. */
typedef struct krait_at {
    krait_file *dir;
    const char *path;
} krait_at;

/* The directory "/"; `vfs` outlives all its files. */
int krait__path_open_root(krait_vfs *vfs, krait_file **ret_file);
/* A directory of the guest, for the host: an absolute path, "." and ".." resolved as text. */
int krait__path_open_guest(krait_vfs *vfs, const char *guest_path, krait_file **ret_file);

int krait__path_open(const krait_at *at, uint32_t how, uint16_t flags, krait_file **ret_file);
int krait__path_stat(const krait_at *at, bool follow, krait_stat *ret_stat);
int krait__path_set_times(const krait_at *at, bool follow, const krait_times *times);
/* `mode` 07777, or KRAIT_MODE_DEFAULT. */
int krait__path_mkdir(const krait_at *at, uint32_t mode);
int krait__path_rmdir(const krait_at *at);
int krait__path_unlink(const krait_at *at);
/* Copies at most `size` bytes of the link's text. */
int krait__path_readlink(const krait_at *at, char *buffer, size_t size, size_t *ret_size);
/* EPERM: an absolute target inside a host directory. */
int krait__path_symlink(const char *target, const krait_at *at);
/* Across mounts: EPERM when the source is read-only, EROFS when the destination is, or EXDEV. */
int krait__path_link(const krait_at *from, bool follow, const krait_at *to);
int krait__path_rename(const krait_at *from, const krait_at *to);
/* As krait__file_chmod; ENOTSUP: a symbolic link. */
int krait__path_chmod(const krait_at *at, bool follow, uint32_t mode);
/* `want`: KRAIT_HOST_R_OK and its like, or 0; EACCES, EROFS. */
int krait__path_access(const krait_at *at, bool follow, uint32_t want);
/* Makes a FIFO or an empty regular file, in memory; EPERM: FIFOs on the host, other types. */
int krait__path_mknod(const krait_at *at, uint32_t mode);
int krait__path_statvfs(const krait_at *at, bool follow, krait_host_statvfs *ret_statvfs);

/* Owner and group as the guest sees them: the host's user is the guest, everybody else
 * is nobody. */
void krait__stat_owner(const krait_stat *stat, uint32_t *ret_uid, uint32_t *ret_gid);

#endif /* KRAIT_VFS_FILE_H */
