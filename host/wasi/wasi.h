/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WASI preview 1 for one guest: arguments, environment, descriptors.
 *
 * All 45 functions of wasi_snapshot_preview1 are there, and those of <krait/guest.h>.  The guest starts with
 * descriptors 0 to 2 (stdio) and 3, the directory "/" of its krait_vfs, as its only
 * preopen.  docs/wasi.md says what each call does where the specification leaves
 * room.  Several krait_wasi may be used in several threads at once; one of them by
 * one thread at a time.
 */
#ifndef KRAIT_WASI_WASI_H
#define KRAIT_WASI_WASI_H

#include "engine/engine.h"
#include "vfs/file.h"

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

typedef struct krait_wasi krait_wasi;

/* A directory that the guest finds open when it starts. */
typedef struct krait_wasi_preopen {
    const char *name;  /* what fd_prestat_dir_name says, copied; need not be a path of the guest */
    const char *guest; /* the directory: an absolute path of the guest */
} krait_wasi_preopen;

/* Fill with KRAIT_WASI_OPTIONS_INIT first: all defaults. */
typedef struct krait_wasi_options {
    size_t argc;
    const char *const *argv; /* argc strings, copied; argv[0] is the program's name */
    size_t envc;
    const char *const *environ; /* envc strings "NAME=value", copied; nothing is inherited */
    krait_vfs *vfs;             /* required; borrowed, outlives the krait_wasi */
    const krait_wasi_preopen *preopens; /* descriptors from 3 on; none: one, "/" */
    size_t preopen_count;
    int stdio_fds[3]; /* host descriptors of stdin, stdout, stderr, borrowed: never closed;
                                   what krait_host changes about a terminal is put back; -1, or not open: the guest gets EBADF */
    krait_file *stdio_files[3]; /* files that take the place of host descriptors, which are not
                                   looked at then; NULL: none; the krait_wasi gets owners of
                                   its own */
    uint32_t max_open_files;    /* descriptors at once; default 1024, at most 65536 */
    int cancel_fd;              /* borrowed; when it becomes readable, calls that wait (poll_oneoff,
                                   reads of stdin) end with KRAIT_TRAP_INTERRUPTED; -1: none */
} krait_wasi_options;

#define KRAIT_WASI_OPTIONS_INIT {.stdio_fds = {0, 1, 2}, .cancel_fd = -1}

/* KRAIT_EINVAL: no vfs, an argument is NULL, arguments and environment together
 * exceed 16 MiB, or a preopen is no directory. */
krait_status krait__wasi_new(const krait_wasi_options *options, krait_wasi **ret_wasi,
                             krait_error *err);

/* Most that single calls of the guest may ask for. */
typedef struct krait_wasi_limits {
    uint64_t output_bytes;  /* written to what it started with as 0, 1 and 2, since
                               krait__wasi_begin; UINT64_MAX: no limit */
    uint32_t path_bytes;    /* of one path: ENAMETOOLONG; at most 4095 */
    uint32_t readdir_bytes; /* of the buffer of one fd_readdir: EINVAL */
    uint32_t subscriptions; /* of one poll_oneoff: EINVAL */
} krait_wasi_limits;

/* What there is no way around. */
#define KRAIT_WASI_LIMITS_MOST                                                                     \
    ((krait_wasi_limits){.output_bytes = UINT64_MAX,                                               \
                         .path_bytes = 4095,                                                       \
                         .readdir_bytes = UINT32_MAX,                                              \
                         .subscriptions = 4096})

/* Before the guest runs.  A krait_wasi that is new has KRAIT_WASI_LIMITS_MOST. */
void krait__wasi_set_limits(krait_wasi *wasi, const krait_wasi_limits *limits);
/* Begins to count output anew. */
void krait__wasi_begin(krait_wasi *wasi);

/* What a snapshot has of the standard streams, clocks and chance; the numbers are little-endian in a file. */
typedef struct krait_wasi_streams {
    uint32_t is_closed[3]; /* 1: the guest had it and has closed it */
    uint32_t changed[3];   /* those of WASI's fdflags that the guest has changed */
    uint32_t is_virtual;   /* 1: the guest is deterministic */
    uint32_t reserved;     /* 0 */
    krait_virtual virtual; /* where its clock and its random bytes are */
} krait_wasi_streams;

/* KRAIT_ESTATE, which names the descriptor: the guest has more or less open than at its start (a
 * stream may be closed), or a timer runs. */
krait_status krait__wasi_streams_save(const krait_wasi *wasi, krait_wasi_streams *ret_streams,
                                      krait_error *err);
/* Into one that is new; with other streams than those of then only what can be is restored.
 * KRAIT_EINVAL: one is deterministic and the other is not, or not with the same seed and start. */
krait_status krait__wasi_streams_load(krait_wasi *wasi, const krait_wasi_streams *streams,
                                      krait_error *err);

/* Takes NULL.  Closes all descriptors of the guest, not those of stdio_fds.  After the
 * instance has stopped for good. */
void krait__wasi_free(krait_wasi *wasi);

/* Stops the guest's timers.  On the thread that it ran on, when it has ended. */
void krait__wasi_stop(krait_wasi *wasi);

/* Copies the last bytes, at most `size` and at most 2 KiB, that the guest wrote to the stderr
 * it started with; returns how many.  For hints after a failure: what CPython does not
 * find on import it never asks the file system for by name, but its last words say it. */
size_t krait__wasi_stderr_tail(const krait_wasi *wasi, char *buffer, size_t size);

/* What krait_instance_options.imports takes; `env` of the instance is the krait_wasi.
 * Static; ret_count may not be NULL. */
const krait_host_import *krait__wasi_imports(size_t *ret_count);

/* ---- for more functions of the module krait_host, in the layer above ------------------------- */

/* Ends such a function: writes its result, the number that WASI has for an errno of the host. */
krait_trap krait__wasi_return(krait_cell *slots, int error);
/* What ends a guest that is to stop. */
#define KRAIT_ECANCEL 9002
/* Sleeps until `host_fd` can be read or the deadline (by krait__wasi_now; UINT64_MAX: none) has
 * passed: 0, ETIMEDOUT, EINTR for a signal of the guest, KRAIT_ECANCEL. */
int krait__wasi_wait_fd(krait_wasi *wasi, krait_ctx *ctx, int host_fd, uint64_t deadline_ns);
/* The guest's monotonic clock, in nanoseconds: the host's, unless the guest is deterministic. */
uint64_t krait__wasi_now(const krait_wasi *wasi);
/* The host's. */
uint64_t krait__wasi_monotonic_ns(void);

#endif /* KRAIT_WASI_WASI_H */
