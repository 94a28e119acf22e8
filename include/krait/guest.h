/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The import module "krait_host": what WASI preview 1 lacks and a program with one thread
 * can have.  Both sides include this header: the guest's libc, which calls the functions, and
 * host/wasi, which has them.
 *
 * Only modules that are never run by another engine may import from it.  A module that imports
 * none of it gets none of it.  Conventions, where a function does not say otherwise:
 *
 * - parameters are i32, except those declared with 64 bits; pointers are addresses in memory 0
 * - the result is 0 or an errno value of WASI preview 1 (the `errno.h` of wasi-libc); results
 *   behind pointers are written only when it is 0
 * - structures are little-endian, of the layouts declared here; padding is written as 0
 * - a path is `path_len` bytes without NUL, relative to the open directory `fd`; it obeys what
 *   docs/wasi.md says about paths.  `lookup` is KRAIT_HOST_FOLLOW or 0
 * - times are nanoseconds, sizes are bytes
 * - EFAULT: an address; EBADF: a descriptor; EINVAL: a flag that is not listed
 *
 * All of it since 0.1.  docs/wasi.md, section "krait_host", says what is behind each call.
 */
#ifndef KRAIT_GUEST_H
#define KRAIT_GUEST_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Name of the import module. */
#define KRAIT_HOST_MODULE "krait_host"

/** lookup: a symbolic link at the end of the path is followed (WASI's lookupflags bit 0). */
#define KRAIT_HOST_FOLLOW 1u

/** Types of files in a mode, as in <sys/stat.h> of Linux and wasi-libc. */
#define KRAIT_HOST_S_IFMT   0170000u
#define KRAIT_HOST_S_IFIFO  0010000u
#define KRAIT_HOST_S_IFCHR  0020000u
#define KRAIT_HOST_S_IFDIR  0040000u
#define KRAIT_HOST_S_IFBLK  0060000u
#define KRAIT_HOST_S_IFREG  0100000u
#define KRAIT_HOST_S_IFLNK  0120000u
#define KRAIT_HOST_S_IFSOCK 0140000u

/** Status of a file: path_stat, fd_stat. */
typedef struct krait_host_stat {
    uint64_t dev;     /* dev and ino together name a file, for as long as it exists */
    uint64_t ino;     /* */
    uint64_t nlink;   /* names */
    uint64_t size;    /* bytes */
    uint64_t rdev;    /* of devices; major number << 8 | minor number */
    uint64_t blocks;  /* units of 512 bytes that are really in use */
    int64_t atim;     /* since 1970, may be negative */
    int64_t mtim;     /* */
    int64_t ctim;     /* */
    uint32_t mode;    /* type and permission bits */
    uint32_t uid;     /* as the guest sees users: docs/wasi.md */
    uint32_t gid;     /* */
    uint32_t blksize; /* a good size for transfers */
} krait_host_stat;

/** A file system: path_statvfs, fd_statvfs. */
typedef struct krait_host_statvfs {
    uint64_t blocks;  /* units of frsize */
    uint64_t bfree;   /* */
    uint64_t bavail;  /* free for the guest */
    uint64_t files;   /* inodes */
    uint64_t ffree;   /* */
    uint64_t favail;  /* */
    uint64_t fsid;    /* */
    uint32_t bsize;   /* bytes */
    uint32_t frsize;  /* bytes */
    uint32_t flag;    /* KRAIT_HOST_ST_* */
    uint32_t namemax; /* bytes of a name */
} krait_host_statvfs;

/** flag of krait_host_statvfs; the numbers of Linux and musl. */
#define KRAIT_HOST_ST_RDONLY 1u
#define KRAIT_HOST_ST_NOSUID 2u

/** Who the guest is: identity_get. */
typedef struct krait_host_identity {
    uint32_t uid;   /* real, effective and saved alike; never the host's */
    uint32_t gid;   /* */
    uint32_t pid;   /* */
    uint32_t ppid;  /* */
    uint32_t umask; /* what a new program starts with; the guest's libc keeps it from then on */
    uint32_t reserved[3];
} krait_host_identity;

/** A timer's state: itimer_set, itimer_get. */
typedef struct krait_host_itimer {
    uint64_t value;    /* until it expires; 0: it does not run */
    uint64_t interval; /* from then on; 0: once */
} krait_host_itimer;

/** The numbers of wasi-libc, which are Linux's. */
#define KRAIT_HOST_SIGALRM   14u
#define KRAIT_HOST_SIGVTALRM 26u
#define KRAIT_HOST_SIGPROF   27u

/** Clocks of timers, and the signals that they send; all of <sys/time.h>. */
#define KRAIT_HOST_ITIMER_REAL    0u /* SIGALRM (14): time that passes */
#define KRAIT_HOST_ITIMER_VIRTUAL 1u /* SIGVTALRM (26): processor time of the guest */
#define KRAIT_HOST_ITIMER_PROF    2u /* SIGPROF (27): the same */

/** Size of a terminal: fd_winsize. */
typedef struct krait_host_winsize {
    uint16_t rows;
    uint16_t columns;
    uint16_t x_pixels;
    uint16_t y_pixels;
} krait_host_winsize;

/** A terminal's settings: struct termios of musl, with the numbers of Linux. */
typedef struct krait_host_termios {
    uint32_t iflag;
    uint32_t oflag;
    uint32_t cflag;
    uint32_t lflag;
    uint8_t line;
    uint8_t cc[32];
    uint8_t reserved[3];
    uint32_t ispeed;
    uint32_t ospeed;
} krait_host_termios;

/** flags of path_access; bits of R_OK, W_OK and X_OK of Linux and musl; 0 is F_OK. */
#define KRAIT_HOST_X_OK 1u
#define KRAIT_HOST_W_OK 2u
#define KRAIT_HOST_R_OK 4u

/** Status flag of a descriptor, as in WASI's fdflags: fd_pipe, fd_eventfd. */
#define KRAIT_HOST_NONBLOCK 4u
/** Besides fdflags: the new descriptor starts with FD_CLOEXEC.  path_open_mode, fd_pipe, fd_dup,
 *  fd_eventfd. */
#define KRAIT_HOST_CLOEXEC 0x100u
/** timerfd_set: the value is a time of the timer's clock. */
#define KRAIT_HOST_TIMER_ABSTIME 1u
/** fd_eventfd: a read takes 1 and leaves the rest. */
#define KRAIT_HOST_EVENTFD_SEMAPHORE 0x200u

/** Bytes that a pipe holds, and bytes that a write to it moves whole or not at all. */
#define KRAIT_HOST_PIPE_SIZE 65536u
#define KRAIT_HOST_PIPE_BUF  4096u

static_assert(sizeof(krait_host_stat) == 88 && offsetof(krait_host_stat, mode) == 72, "stat");
static_assert(sizeof(krait_host_statvfs) == 72 && offsetof(krait_host_statvfs, bsize) == 56,
              "statvfs");
static_assert(sizeof(krait_host_identity) == 32, "identity");
static_assert(sizeof(krait_host_itimer) == 16, "itimer");
static_assert(sizeof(krait_host_winsize) == 8, "winsize");
static_assert(sizeof(krait_host_termios) == 60 && offsetof(krait_host_termios, ispeed) == 52,
              "termios");

#ifdef __wasm__

/** Marks an import of this module. */
#define KRAIT_HOST_IMPORT(name)                                                                    \
    __attribute__((import_module(KRAIT_HOST_MODULE), import_name(#name))) uint32_t

/* ---- status and permissions of files ------------------------------------------------------- */

/** stat, lstat, fstatat.  A symbolic link itself has the mode 0120777. */
KRAIT_HOST_IMPORT(path_stat)
krait_host_path_stat(uint32_t fd, uint32_t lookup, const char *path, size_t path_len,
                     krait_host_stat *ret_stat);

/** fstat.  Pipes are S_IFIFO, terminals S_IFCHR. */
KRAIT_HOST_IMPORT(fd_stat)
krait_host_fd_stat(uint32_t fd, krait_host_stat *ret_stat);

/** chmod, fchmodat.  `mode`: 07777; on the host's files the bits 07000 are left out.
 *  EPERM: not the guest's file; EROFS; ENOTSUP: a symbolic link without KRAIT_HOST_FOLLOW. */
KRAIT_HOST_IMPORT(path_chmod)
krait_host_path_chmod(uint32_t fd, uint32_t lookup, const char *path, size_t path_len,
                      uint32_t mode);

/** fchmod; as path_chmod.  EINVAL: pipes and standard streams that are no files. */
KRAIT_HOST_IMPORT(fd_chmod)
krait_host_fd_chmod(uint32_t fd, uint32_t mode);

/** chown, lchown, fchownat.  UINT32_MAX leaves one as it is.  The guest is nobody special: what
 *  changes nothing succeeds on its own files, everything else is EPERM. */
KRAIT_HOST_IMPORT(path_chown)
krait_host_path_chown(uint32_t fd, uint32_t lookup, const char *path, size_t path_len, uint32_t uid,
                      uint32_t gid);

/** fchown; as path_chown. */
KRAIT_HOST_IMPORT(fd_chown)
krait_host_fd_chown(uint32_t fd, uint32_t uid, uint32_t gid);

/** access, faccessat.  `amode`: KRAIT_HOST_R_OK, W_OK, X_OK or 0.  EACCES: not allowed;
 *  EROFS: W_OK on what lies in a read-only mount. */
KRAIT_HOST_IMPORT(path_access)
krait_host_path_access(uint32_t fd, uint32_t lookup, const char *path, size_t path_len,
                       uint32_t amode);

/** path_open of preview 1, with the mode of a file that it makes (07777, umask applied by the
 *  caller) and KRAIT_HOST_CLOEXEC in fdflags.  The result is the lowest free descriptor. */
KRAIT_HOST_IMPORT(path_open_mode)
krait_host_path_open_mode(uint32_t fd, uint32_t lookup, const char *path, size_t path_len,
                          uint32_t oflags, uint64_t rights, uint64_t inheriting, uint32_t fdflags,
                          uint32_t mode, uint32_t *ret_fd);

/** mkdir with a mode; umask is the caller's. */
KRAIT_HOST_IMPORT(path_mkdir_mode)
krait_host_path_mkdir_mode(uint32_t fd, const char *path, size_t path_len, uint32_t mode);

/** mkfifo, mknod.  `mode` with S_IFIFO makes a FIFO (in memory only; EPERM on the host), with
 *  S_IFREG or without a type an empty file; everything else is EPERM.  Waiting to open a FIFO is
 *  as waiting for a pipe. */
KRAIT_HOST_IMPORT(path_mknod)
krait_host_path_mknod(uint32_t fd, const char *path, size_t path_len, uint32_t mode);

/** statvfs. */
KRAIT_HOST_IMPORT(path_statvfs)
krait_host_path_statvfs(uint32_t fd, uint32_t lookup, const char *path, size_t path_len,
                        krait_host_statvfs *ret_statvfs);

/** fstatvfs. */
KRAIT_HOST_IMPORT(fd_statvfs)
krait_host_fd_statvfs(uint32_t fd, krait_host_statvfs *ret_statvfs);

/* ---- descriptors ----------------------------------------------------------------------------- */

/** pipe, pipe2.  ret_fds[0] reads, ret_fds[1] writes.  flags: KRAIT_HOST_NONBLOCK and
 *  KRAIT_HOST_CLOEXEC.  Reads and writes are fd_read and fd_write, readiness is poll_oneoff's.
 *  What would wait for ever, because nobody else holds the other end and no timer runs, is EDEADLK;
 *  EPIPE: nobody can read any more (the caller raises SIGPIPE if it wants to).  EMFILE. */
KRAIT_HOST_IMPORT(fd_pipe)
krait_host_fd_pipe(uint32_t flags, uint32_t ret_fds[2]);

/** socketpair: two stream sockets in memory, connected to each other.  flags as for fd_pipe; waits
 *  as for fd_pipe.  They are read and written with fd_read and fd_write or sock_recv and sock_send
 *  (without flags), and closed one way with sock_shutdown. */
KRAIT_HOST_IMPORT(fd_socketpair)
krait_host_fd_socketpair(uint32_t flags, uint32_t ret_fds[2]);

/** eventfd: a counter that starts with `value`; reads and writes of 8 bytes.  flags:
 *  KRAIT_HOST_NONBLOCK, KRAIT_HOST_CLOEXEC, KRAIT_HOST_EVENTFD_SEMAPHORE. */
KRAIT_HOST_IMPORT(fd_eventfd)
krait_host_fd_eventfd(uint32_t value, uint32_t flags, uint32_t *ret_fd);

/** memfd_create: a regular file in memory without a name.  flags: 0 or KRAIT_HOST_CLOEXEC. */
KRAIT_HOST_IMPORT(fd_memfd)
krait_host_fd_memfd(uint32_t flags, uint32_t *ret_fd);

/** timerfd_create: a timer that is read as 8 bytes, how often it expired.  `clock`: 0 the time of
 *  day, 1 monotonic.  flags: KRAIT_HOST_NONBLOCK, KRAIT_HOST_CLOEXEC. */
KRAIT_HOST_IMPORT(fd_timerfd)
krait_host_fd_timerfd(uint32_t clock, uint32_t flags, uint32_t *ret_fd);

/** timerfd_settime.  flags: 0 or KRAIT_HOST_TIMER_ABSTIME.  `ret_old` may be NULL. */
KRAIT_HOST_IMPORT(timerfd_set)
krait_host_timerfd_set(uint32_t fd, uint32_t flags, uint64_t value, uint64_t interval,
                       krait_host_itimer *ret_old);

/** timerfd_gettime.  EINVAL: another kind of file. */
KRAIT_HOST_IMPORT(timerfd_get)
krait_host_timerfd_get(uint32_t fd, krait_host_itimer *ret_timer);

/** dup, F_DUPFD, F_DUPFD_CLOEXEC: the lowest free descriptor that is not below `min`.  Both share
 *  position and status flags.  flags: 0 or KRAIT_HOST_CLOEXEC.  EMFILE; EINVAL: `min` is not below
 *  the number of descriptors that the guest may have. */
KRAIT_HOST_IMPORT(fd_dup)
krait_host_fd_dup(uint32_t fd, uint32_t min, uint32_t flags, uint32_t *ret_fd);

/** dup2, dup3: `to` becomes another descriptor of the same open file; what it was is closed.
 *  flags as for fd_dup.  fd == to: nothing happens.  EBADF: `to` cannot be a descriptor. */
KRAIT_HOST_IMPORT(fd_dup2)
krait_host_fd_dup2(uint32_t fd, uint32_t to, uint32_t flags);

/** F_GETFD: 1 when the descriptor has FD_CLOEXEC.  The host only remembers it. */
KRAIT_HOST_IMPORT(fd_getfd)
krait_host_fd_getfd(uint32_t fd, uint32_t *ret_flags);

/** F_SETFD: 0 or 1. */
KRAIT_HOST_IMPORT(fd_setfd)
krait_host_fd_setfd(uint32_t fd, uint32_t flags);

/** TIOCGWINSZ; ENOTTY: no terminal. */
KRAIT_HOST_IMPORT(fd_winsize)
krait_host_fd_winsize(uint32_t fd, krait_host_winsize *ret_size);

/** TIOCSWINSZ.  EPERM: a terminal of the host's. */
KRAIT_HOST_IMPORT(fd_winsize_set)
krait_host_fd_winsize_set(uint32_t fd, const krait_host_winsize *size);

/** tcgetattr; ENOTTY. */
KRAIT_HOST_IMPORT(fd_tcgetattr)
krait_host_fd_tcgetattr(uint32_t fd, krait_host_termios *ret_termios);

/** tcsetattr; `action`: 0 now, 1 drain, 2 flush.  Of a terminal of the host's only what the
 *  guest needs to read a password or single keys is changed: ECHO, ECHOE, ECHOK, ECHONL and ICANON of
 *  lflag, ICRNL of iflag, and the characters VMIN and VTIME; it is as before when the guest ends. */
KRAIT_HOST_IMPORT(fd_tcsetattr)
krait_host_fd_tcsetattr(uint32_t fd, uint32_t action, const krait_host_termios *termios);

/** tcflush; `queue`: 0 input, 1 output, 2 both. */
KRAIT_HOST_IMPORT(fd_tcflush)
krait_host_fd_tcflush(uint32_t fd, uint32_t queue);

/** openpty: a terminal in memory.  ret_fds[0] is the master.  flags: 0 or KRAIT_HOST_CLOEXEC. */
KRAIT_HOST_IMPORT(fd_pty)
krait_host_fd_pty(uint32_t flags, uint32_t ret_fds[2]);

/* ---- the process ----------------------------------------------------------------------------- */

/** getuid, getgid, getpid and their like. */
KRAIT_HOST_IMPORT(identity_get)
krait_host_identity_get(krait_host_identity *ret_identity);

/** setitimer, alarm.  A timer that expires calls the export `krait_signal` with the number of its
 *  signal, between two instructions or when the host function that runs has returned (those
 *  that wait return EINTR).  value 0 stops it.  `old` may be NULL.  Times are rounded to what
 *  the kernel's timers can do and are at most 2^62. */
KRAIT_HOST_IMPORT(itimer_set)
krait_host_itimer_set(uint32_t which, uint64_t value, uint64_t interval,
                      krait_host_itimer *ret_old);

/** getitimer. */
KRAIT_HOST_IMPORT(itimer_get)
krait_host_itimer_get(uint32_t which, krait_host_itimer *ret_timer);

/** pause, sigsuspend, sigtimedwait: waits until a signal has been delivered.  `count` is a number
 *  that `krait_signal` changes with every signal; when it is not `expected` any more, the call
 *  returns 0 at once, so that no signal is slept over.  EINTR: a signal came; ETIMEDOUT: `timeout`
 *  passed (UINT64_MAX: none); EDEADLK: without timeout and timer nothing would end the wait. */
KRAIT_HOST_IMPORT(signal_wait)
krait_host_signal_wait(const volatile uint32_t *count, uint32_t expected, uint64_t timeout);

#undef KRAIT_HOST_IMPORT

#endif /* __wasm__ */

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_GUEST_H */
