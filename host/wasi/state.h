/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the WASI layer: the state of one guest and what the families of calls share.
 *
 * Calls answer 0 or an errno value of the host, and two values of our own;
 * errno.c turns that into WASI's numbers in one place.
 */
#ifndef KRAIT_WASI_STATE_H
#define KRAIT_WASI_STATE_H

#include "vfs/file.h"
#include "wasi/wasi.h"
#include "wasi/wasip1.h"

#include "engine/engine.h"
#include "engine/guest.h"

#include <errno.h>
#include <stdbool.h>

/* Not errno values of the host: far above them. */
#define KRAIT_ENOTCAPABLE 9001 /* a right was given up */
/* KRAIT_ECANCEL (wasi.h): the guest is to stop, KRAIT_TRAP_INTERRUPTED. */

/* Most buffers of one read or write, as IOV_MAX on Linux. */
#define KRAIT_WASI_IOVECS 1024
/* Most subscriptions of one poll. */
#define KRAIT_WASI_SUBSCRIPTIONS 4096
/* Bytes that one system call moves. */
#define KRAIT_WASI_STEP (1u << 20)
/* Most bytes that one call moves, as on Linux. */
#define KRAIT_WASI_IO_MAX 0x7ffff000u
/* Bytes of stderr's end that are kept. */
#define KRAIT_WASI_TAIL 2048

/* Arguments or environment: strings with their NULs, one after another. */
typedef struct krait_strings {
    char *bytes;
    uint32_t size;
    uint32_t count;
} krait_strings;

/* A descriptor. */
typedef struct krait_fd {
    krait_file *file; /* NULL: free */
    uint64_t base;    /* rights as fd_fdstat_get reports them */
    uint64_t inheriting;
    uint64_t dropped;            /* given up with fd_fdstat_set_rights: enforced */
    uint64_t dropped_inheriting; /* also for everything opened from here */
    const char *preopen;         /* its name, in krait_wasi.preopens; NULL: it is none */
    bool cloexec;                /* only remembered: nothing is executed */
} krait_fd;

typedef struct krait_timers krait_timers;

struct krait_wasi {
    krait_vfs *vfs;
    krait_strings args;
    krait_strings environ;
    krait_strings preopens; /* names */
    krait_fd *fds;
    size_t fd_capacity;
    uint32_t fd_count; /* slots looked at: all above are free */
    uint32_t fd_limit;
    int cancel_fd;
    krait_file *first_files[3]; /* 0 to 2 of the start; held, so that no other file is taken
                                   for one of them */
    uint16_t first_flags[3];    /* WASI's fdflags, then */
    char tail[KRAIT_WASI_TAIL]; /* a ring: the byte at tail_total % size comes next */
    uint64_t tail_total;
    krait_timers *timers; /* NULL: never set one */
    krait_wasi_limits limits;
    krait_file *output_files[3]; /* whose output is limited; held */
    uint64_t output_used;
};

/* ---- errno.c ------------------------------------------------------------------------------ */

uint16_t krait__wasi_errno(int error);

/* Defines the host function krait__wasi_NAME; a body that returns an error value follows. */
#define KRAIT_WASI_CALL(name)                                                                      \
    static int call_##name(krait_wasi *wasi, krait_ctx *ctx, const krait_cell *args);              \
    krait_trap krait__wasi_##name(void *env, krait_ctx *ctx, krait_cell *slots)                    \
    {                                                                                              \
        return krait__wasi_return(slots, call_##name(env, ctx, slots));                            \
    }                                                                                              \
    static int call_##name(krait_wasi *wasi, krait_ctx *ctx, const krait_cell *args)

/* ---- table.c ------------------------------------------------------------------------------ */

/* An open descriptor; EBADF.  The pointer is valid until the next descriptor is added. */
int krait__fd_get(krait_wasi *wasi, uint32_t number, krait_fd **ret_fd);
/* The same, which has these rights: KRAIT_ENOTCAPABLE when one was given up. */
int krait__fd_with(krait_wasi *wasi, uint32_t number, uint64_t rights, krait_fd **ret_fd);
/* Takes over the file when it succeeds; EMFILE, ENOMEM. */
int krait__fd_add(krait_wasi *wasi, const krait_fd *fd, uint32_t *ret_number);
/* The same for the lowest free number from `min` on. */
int krait__fd_add_from(krait_wasi *wasi, uint32_t min, const krait_fd *fd, uint32_t *ret_number);
int krait__fd_set(krait_wasi *wasi, uint32_t number, const krait_fd *fd);
int krait__fd_close(krait_wasi *wasi, uint32_t number);
void krait__fd_close_all(krait_wasi *wasi);

/* ---- wait.c ------------------------------------------------------------------------------- */

struct pollfd;
/* Waits like poll until a descriptor is ready or the deadline (by krait__wasi_now; UINT64_MAX:
 * none) has passed.  EINTR: a signal for the guest;
 * KRAIT_ECANCEL.  `fds` has room for one more than `count`. */
int krait__wasi_wait(krait_wasi *wasi, krait_ctx *ctx, struct pollfd *fds, unsigned count,
                     uint64_t deadline_ns, unsigned *ret_ready);
/* Should a call that is at it for long come to an end? */
static inline bool
krait__wasi_interrupted(const krait_ctx *ctx)
{
    /* Other threads set it. */
    return __atomic_load_n(&ctx->thread->interrupted, __ATOMIC_ACQUIRE) != 0;
}

/* ---- io.c --------------------------------------------------------------------------------- */

/* fd_read or fd_write of these buffers; the count goes to the guest. */
int krait__wasi_transfer(krait_wasi *wasi, krait_ctx *ctx, uint32_t number, bool is_write,
                         uint32_t iovs, uint32_t count, uint32_t ret_address);

/* ---- krait_pipe.c ------------------------------------------------------------------------- */

/* A read or write of a pipe in memory cannot go on: EAGAIN, EDEADLK, or what ended the wait;
 * never 0. */
int krait__wasi_pipe_wait(krait_wasi *wasi, krait_ctx *ctx, const krait_file *file);
/* Both files or none become descriptors; takes them over. */
int krait__wasi_add_pair(krait_wasi *wasi, krait_file *const files[2], uint32_t flags,
                         uint32_t numbers[2]);
/* Nothing but a signal can change what a wait without deadline waits for: 0, or EDEADLK when
 * none will come. */
int krait__wasi_deadlock(const krait_wasi *wasi);

/* ---- krait_timer.c ------------------------------------------------------------------------ */

bool krait__wasi_timer_runs(const krait_wasi *wasi);
/* Of a deterministic guest: when the first timer is due, or UINT64_MAX. */
uint64_t krait__wasi_timers_next(const krait_wasi *wasi);
/* Sends the guest the signals of timers that are due. */
void krait__wasi_timers_fire(krait_wasi *wasi, krait_ctx *ctx);

/* ---- paths.c ------------------------------------------------------------------------------ */

/* A path copied from the guest, with NUL. */
typedef struct krait_guest_path {
    krait_at at;
    char text[KRAIT_PATH_MAX + 1];
} krait_guest_path;

/* Copies a path and finds its directory, which has these rights. */
int krait__wasi_path(krait_wasi *wasi, krait_ctx *ctx, uint32_t dir, uint64_t rights,
                     uint32_t address, uint32_t size, krait_guest_path *ret_path);
/* Copies only the text, of at most `room` - 1 bytes. */
int krait__wasi_text(krait_ctx *ctx, uint32_t address, uint32_t size, char *text, size_t room);

/* ---- stat.c ------------------------------------------------------------------------------- */

int krait__wasi_write_stat(krait_ctx *ctx, uint32_t address, const krait_stat *stat);
int krait__wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, krait_times *ret_times);

/* ---- limits.c ----------------------------------------------------------------------------- */

/* Is this one of the files whose output is limited? */
bool krait__wasi_is_output(const krait_wasi *wasi, const krait_file *file);
/* Before a write of *size bytes, which is cut to what is allowed; EFBIG: nothing is. */
int krait__wasi_output_begin(krait_wasi *wasi, krait_ctx *ctx, const krait_file *file,
                             uint64_t *size);
/* After it. */
void krait__wasi_output_end(krait_wasi *wasi, const krait_file *file, uint64_t size);

/* ---- wasi.c ------------------------------------------------------------------------------- */

/* Remembers what a guest wrote to stderr. */
void krait__wasi_keep_tail(krait_wasi *wasi, krait_ctx *ctx, uint64_t address, size_t size);

/* ---- all 45 functions, and proc_raise of the first snapshots ------------------------------ */

#define KRAIT_WASI_FUNCTIONS(X)                                                                    \
    X(args_get, "ii", "i")                                                                         \
    X(args_sizes_get, "ii", "i")                                                                   \
    X(environ_get, "ii", "i")                                                                      \
    X(environ_sizes_get, "ii", "i")                                                                \
    X(clock_res_get, "ii", "i")                                                                    \
    X(clock_time_get, "iIi", "i")                                                                  \
    X(fd_advise, "iIIi", "i")                                                                      \
    X(fd_allocate, "iII", "i")                                                                     \
    X(fd_close, "i", "i")                                                                          \
    X(fd_datasync, "i", "i")                                                                       \
    X(fd_fdstat_get, "ii", "i")                                                                    \
    X(fd_fdstat_set_flags, "ii", "i")                                                              \
    X(fd_fdstat_set_rights, "iII", "i")                                                            \
    X(fd_filestat_get, "ii", "i")                                                                  \
    X(fd_filestat_set_size, "iI", "i")                                                             \
    X(fd_filestat_set_times, "iIIi", "i")                                                          \
    X(fd_pread, "iiiIi", "i")                                                                      \
    X(fd_prestat_get, "ii", "i")                                                                   \
    X(fd_prestat_dir_name, "iii", "i")                                                             \
    X(fd_pwrite, "iiiIi", "i")                                                                     \
    X(fd_read, "iiii", "i")                                                                        \
    X(fd_readdir, "iiiIi", "i")                                                                    \
    X(fd_renumber, "ii", "i")                                                                      \
    X(fd_seek, "iIii", "i")                                                                        \
    X(fd_sync, "i", "i")                                                                           \
    X(fd_tell, "ii", "i")                                                                          \
    X(fd_write, "iiii", "i")                                                                       \
    X(path_create_directory, "iii", "i")                                                           \
    X(path_filestat_get, "iiiii", "i")                                                             \
    X(path_filestat_set_times, "iiiiIIi", "i")                                                     \
    X(path_link, "iiiiiii", "i")                                                                   \
    X(path_open, "iiiiiIIii", "i")                                                                 \
    X(path_readlink, "iiiiii", "i")                                                                \
    X(path_remove_directory, "iii", "i")                                                           \
    X(path_rename, "iiiiii", "i")                                                                  \
    X(path_symlink, "iiiii", "i")                                                                  \
    X(path_unlink_file, "iii", "i")                                                                \
    X(poll_oneoff, "iiii", "i")                                                                    \
    X(proc_exit, "i", "")                                                                          \
    X(proc_raise, "i", "i")                                                                        \
    X(sched_yield, "", "i")                                                                        \
    X(random_get, "ii", "i")                                                                       \
    X(sock_accept, "iii", "i")                                                                     \
    X(sock_recv, "iiiiii", "i")                                                                    \
    X(sock_send, "iiiii", "i")                                                                     \
    X(sock_shutdown, "ii", "i")

/* ---- <krait/guest.h> ---------------------------------------------------------------------- */

#define KRAIT_HOST_FUNCTIONS(X)                                                                    \
    X(path_stat, "iiiii", "i")                                                                     \
    X(fd_stat, "ii", "i")                                                                          \
    X(path_chmod, "iiiii", "i")                                                                    \
    X(fd_chmod, "ii", "i")                                                                         \
    X(path_chown, "iiiiii", "i")                                                                   \
    X(fd_chown, "iii", "i")                                                                        \
    X(path_access, "iiiii", "i")                                                                   \
    X(path_open_mode, "iiiiiIIiii", "i")                                                           \
    X(path_mkdir_mode, "iiii", "i")                                                                \
    X(path_mknod, "iiii", "i")                                                                     \
    X(path_statvfs, "iiiii", "i")                                                                  \
    X(fd_statvfs, "ii", "i")                                                                       \
    X(fd_pipe, "ii", "i")                                                                          \
    X(fd_socketpair, "ii", "i")                                                                    \
    X(fd_eventfd, "iii", "i")                                                                      \
    X(fd_memfd, "ii", "i")                                                                         \
    X(fd_timerfd, "iii", "i")                                                                      \
    X(timerfd_set, "iiIIi", "i")                                                                   \
    X(timerfd_get, "ii", "i")                                                                      \
    X(fd_dup, "iiii", "i")                                                                         \
    X(fd_dup2, "iii", "i")                                                                         \
    X(fd_getfd, "ii", "i")                                                                         \
    X(fd_setfd, "ii", "i")                                                                         \
    X(fd_winsize, "ii", "i")                                                                       \
    X(fd_winsize_set, "ii", "i")                                                                   \
    X(fd_tcgetattr, "ii", "i")                                                                     \
    X(fd_tcsetattr, "iii", "i")                                                                    \
    X(fd_tcflush, "ii", "i")                                                                       \
    X(fd_pty, "ii", "i")                                                                           \
    X(identity_get, "i", "i")                                                                      \
    X(itimer_set, "iIIi", "i")                                                                     \
    X(itimer_get, "ii", "i")                                                                       \
    X(signal_wait, "iiI", "i")

#define KRAIT_WASI_DECLARE(name, params, results)                                                  \
    krait_trap krait__wasi_##name(void *env, krait_ctx *ctx, krait_cell *slots);
KRAIT_WASI_FUNCTIONS(KRAIT_WASI_DECLARE)
KRAIT_HOST_FUNCTIONS(KRAIT_WASI_DECLARE)
#undef KRAIT_WASI_DECLARE

#endif /* KRAIT_WASI_STATE_H */
