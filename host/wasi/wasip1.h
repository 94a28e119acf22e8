/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and layouts of WASI preview 1 (wasi_snapshot_preview1), as its witx
 * definition gives them for 32-bit memories.  Little-endian hosts only: structures go
 * to the guest as they are.
 */
#ifndef KRAIT_WASI_WASIP1_H
#define KRAIT_WASI_WASIP1_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "structures of the guest are copied as they are: little-endian hosts only"
#endif

enum wasi_errno {
    WASI_ESUCCESS = 0,
    WASI_E2BIG = 1,
    WASI_EACCES = 2,
    WASI_EADDRINUSE = 3,
    WASI_EADDRNOTAVAIL = 4,
    WASI_EAFNOSUPPORT = 5,
    WASI_EAGAIN = 6,
    WASI_EALREADY = 7,
    WASI_EBADF = 8,
    WASI_EBADMSG = 9,
    WASI_EBUSY = 10,
    WASI_ECANCELED = 11,
    WASI_ECHILD = 12,
    WASI_ECONNABORTED = 13,
    WASI_ECONNREFUSED = 14,
    WASI_ECONNRESET = 15,
    WASI_EDEADLK = 16,
    WASI_EDESTADDRREQ = 17,
    WASI_EDOM = 18,
    WASI_EDQUOT = 19,
    WASI_EEXIST = 20,
    WASI_EFAULT = 21,
    WASI_EFBIG = 22,
    WASI_EHOSTUNREACH = 23,
    WASI_EIDRM = 24,
    WASI_EILSEQ = 25,
    WASI_EINPROGRESS = 26,
    WASI_EINTR = 27,
    WASI_EINVAL = 28,
    WASI_EIO = 29,
    WASI_EISCONN = 30,
    WASI_EISDIR = 31,
    WASI_ELOOP = 32,
    WASI_EMFILE = 33,
    WASI_EMLINK = 34,
    WASI_EMSGSIZE = 35,
    WASI_EMULTIHOP = 36,
    WASI_ENAMETOOLONG = 37,
    WASI_ENETDOWN = 38,
    WASI_ENETRESET = 39,
    WASI_ENETUNREACH = 40,
    WASI_ENFILE = 41,
    WASI_ENOBUFS = 42,
    WASI_ENODEV = 43,
    WASI_ENOENT = 44,
    WASI_ENOEXEC = 45,
    WASI_ENOLCK = 46,
    WASI_ENOLINK = 47,
    WASI_ENOMEM = 48,
    WASI_ENOMSG = 49,
    WASI_ENOPROTOOPT = 50,
    WASI_ENOSPC = 51,
    WASI_ENOSYS = 52,
    WASI_ENOTCONN = 53,
    WASI_ENOTDIR = 54,
    WASI_ENOTEMPTY = 55,
    WASI_ENOTRECOVERABLE = 56,
    WASI_ENOTSOCK = 57,
    WASI_ENOTSUP = 58,
    WASI_ENOTTY = 59,
    WASI_ENXIO = 60,
    WASI_EOVERFLOW = 61,
    WASI_EOWNERDEAD = 62,
    WASI_EPERM = 63,
    WASI_EPIPE = 64,
    WASI_EPROTO = 65,
    WASI_EPROTONOSUPPORT = 66,
    WASI_EPROTOTYPE = 67,
    WASI_ERANGE = 68,
    WASI_EROFS = 69,
    WASI_ESPIPE = 70,
    WASI_ESRCH = 71,
    WASI_ESTALE = 72,
    WASI_ETIMEDOUT = 73,
    WASI_ETXTBSY = 74,
    WASI_EXDEV = 75,
    WASI_ENOTCAPABLE = 76
};

/* rights */
#define WASI_FD_DATASYNC             (UINT64_C(1) << 0)
#define WASI_FD_READ                 (UINT64_C(1) << 1)
#define WASI_FD_SEEK                 (UINT64_C(1) << 2)
#define WASI_FD_FDSTAT_SET_FLAGS     (UINT64_C(1) << 3)
#define WASI_FD_SYNC                 (UINT64_C(1) << 4)
#define WASI_FD_TELL                 (UINT64_C(1) << 5)
#define WASI_FD_WRITE                (UINT64_C(1) << 6)
#define WASI_FD_ADVISE               (UINT64_C(1) << 7)
#define WASI_FD_ALLOCATE             (UINT64_C(1) << 8)
#define WASI_PATH_CREATE_DIRECTORY   (UINT64_C(1) << 9)
#define WASI_PATH_CREATE_FILE        (UINT64_C(1) << 10)
#define WASI_PATH_LINK_SOURCE        (UINT64_C(1) << 11)
#define WASI_PATH_LINK_TARGET        (UINT64_C(1) << 12)
#define WASI_PATH_OPEN               (UINT64_C(1) << 13)
#define WASI_FD_READDIR              (UINT64_C(1) << 14)
#define WASI_PATH_READLINK           (UINT64_C(1) << 15)
#define WASI_PATH_RENAME_SOURCE      (UINT64_C(1) << 16)
#define WASI_PATH_RENAME_TARGET      (UINT64_C(1) << 17)
#define WASI_PATH_FILESTAT_GET       (UINT64_C(1) << 18)
#define WASI_PATH_FILESTAT_SET_SIZE  (UINT64_C(1) << 19)
#define WASI_PATH_FILESTAT_SET_TIMES (UINT64_C(1) << 20)
#define WASI_FD_FILESTAT_GET         (UINT64_C(1) << 21)
#define WASI_FD_FILESTAT_SET_SIZE    (UINT64_C(1) << 22)
#define WASI_FD_FILESTAT_SET_TIMES   (UINT64_C(1) << 23)
#define WASI_PATH_SYMLINK            (UINT64_C(1) << 24)
#define WASI_PATH_REMOVE_DIRECTORY   (UINT64_C(1) << 25)
#define WASI_PATH_UNLINK_FILE        (UINT64_C(1) << 26)
#define WASI_POLL_FD_READWRITE       (UINT64_C(1) << 27)

/* All of them but those of sockets. */
#define WASI_RIGHTS_ALL ((UINT64_C(1) << 28) - 1)
/* Those that mean something for a directory, and for everything else. */
#define WASI_RIGHTS_DIRECTORY                                                                      \
    (WASI_FD_FDSTAT_SET_FLAGS | WASI_FD_SYNC | WASI_FD_READDIR | WASI_FD_FILESTAT_GET |            \
     WASI_FD_FILESTAT_SET_TIMES | WASI_PATH_CREATE_DIRECTORY | WASI_PATH_CREATE_FILE |             \
     WASI_PATH_LINK_SOURCE | WASI_PATH_LINK_TARGET | WASI_PATH_OPEN | WASI_PATH_READLINK |         \
     WASI_PATH_RENAME_SOURCE | WASI_PATH_RENAME_TARGET | WASI_PATH_FILESTAT_GET |                  \
     WASI_PATH_FILESTAT_SET_SIZE | WASI_PATH_FILESTAT_SET_TIMES | WASI_PATH_SYMLINK |              \
     WASI_PATH_REMOVE_DIRECTORY | WASI_PATH_UNLINK_FILE)
#define WASI_RIGHTS_FILE                                                                           \
    (WASI_FD_DATASYNC | WASI_FD_READ | WASI_FD_SEEK | WASI_FD_FDSTAT_SET_FLAGS | WASI_FD_SYNC |    \
     WASI_FD_TELL | WASI_FD_WRITE | WASI_FD_ADVISE | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_GET |     \
     WASI_FD_FILESTAT_SET_SIZE | WASI_FD_FILESTAT_SET_TIMES | WASI_POLL_FD_READWRITE)

/* lookupflags, oflags, fstflags, subclockflags, eventrwflags */
#define WASI_LOOKUP_SYMLINK_FOLLOW 1u
#define WASI_O_CREAT               1u
#define WASI_O_DIRECTORY           2u
#define WASI_O_EXCL                4u
#define WASI_O_TRUNC               8u
#define WASI_FST_ATIM              1u
#define WASI_FST_ATIM_NOW          2u
#define WASI_FST_MTIM              4u
#define WASI_FST_MTIM_NOW          8u
#define WASI_CLOCK_ABSTIME         1u
#define WASI_EVENT_HANGUP          1u

enum { WASI_CLOCK_REALTIME, WASI_CLOCK_MONOTONIC, WASI_CLOCK_PROCESS, WASI_CLOCK_THREAD };
enum { WASI_EVENT_CLOCK, WASI_EVENT_READ, WASI_EVENT_WRITE };

typedef struct wasi_iovec {
    uint32_t buf;
    uint32_t buf_len;
} wasi_iovec;

typedef struct wasi_dirent {
    uint64_t d_next;
    uint64_t d_ino;
    uint32_t d_namlen;
    uint8_t d_type;
    uint8_t zero[3];
} wasi_dirent;

typedef struct wasi_fdstat {
    uint8_t fs_filetype;
    uint8_t zero1;
    uint16_t fs_flags;
    uint32_t zero2;
    uint64_t fs_rights_base;
    uint64_t fs_rights_inheriting;
} wasi_fdstat;

typedef struct wasi_filestat {
    uint64_t dev;
    uint64_t ino;
    uint8_t filetype;
    uint8_t zero[7];
    uint64_t nlink;
    uint64_t size;
    uint64_t atim;
    uint64_t mtim;
    uint64_t ctim;
} wasi_filestat;

typedef struct wasi_prestat {
    uint8_t tag; /* 0: a directory */
    uint8_t zero[3];
    uint32_t pr_name_len;
} wasi_prestat;

typedef struct wasi_subscription {
    uint64_t userdata;
    uint8_t tag;
    uint8_t zero[7];
    union {
        struct {
            uint32_t id;
            uint32_t zero1;
            uint64_t timeout;
            uint64_t precision;
            uint16_t flags;
            uint16_t zero2[3];
        } clock;
        uint32_t fd;
    } u;
} wasi_subscription;

typedef struct wasi_event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint8_t zero1[5];
    uint64_t nbytes;
    uint16_t flags;
    uint16_t zero2[3];
} wasi_event;

static_assert(sizeof(wasi_iovec) == 8, "iovec");
static_assert(sizeof(wasi_dirent) == 24 && offsetof(wasi_dirent, d_type) == 20, "dirent");
static_assert(sizeof(wasi_fdstat) == 24 && offsetof(wasi_fdstat, fs_flags) == 2, "fdstat");
static_assert(sizeof(wasi_filestat) == 64 && offsetof(wasi_filestat, nlink) == 24, "filestat");
static_assert(sizeof(wasi_prestat) == 8, "prestat");
static_assert(sizeof(wasi_subscription) == 48 && offsetof(wasi_subscription, u) == 16,
              "subscription");
static_assert(sizeof(wasi_event) == 32 && offsetof(wasi_event, nbytes) == 16, "event");

#endif /* KRAIT_WASI_WASIP1_H */
