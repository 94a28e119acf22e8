/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations: what a sandbox is granted.
 */
#ifndef KRAIT_CONFIG_H
#define KRAIT_CONFIG_H

#include <krait/error.h>
#include <krait/function.h>
#include <krait/import.h>
#include <krait/result.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_config krait_config;

/** Flags of krait_config_add_dir() and krait_config_add_file(). */
enum {
    KRAIT_GRANT_READ_ONLY = 1u << 0,     /* the guest can change nothing below */
    KRAIT_GRANT_RECORD_MISSES = 1u << 1, /* files: remember names that the guest looked for beside
                                           it in vain, for krait_sandbox_missed() */
    KRAIT_GRANT_STABLE = 1u << 2         /* read-only directories: nobody changes them while the
                                           sandbox lives, so what was seen may be kept */
};

/**
 * Make an empty configuration: no arguments, no environment, no grants, no functions; stdin is
 * empty, stdout and stderr go into the result; working directory "/", a writable /tmp in memory;
 * limits as in result.h.
 *
 * @param ret_config  receives the configuration; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_config, releases it with krait_config_free()
 * Errors:  KRAIT_EINVAL; KRAIT_ENOMEM
 * Threads: any thread; a configuration is used by one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_new(krait_config **ret_config, krait_error *err);

/**
 * Release a configuration; sandboxes made from it keep what they need.
 *
 * @param config  the configuration, or NULL
 *
 * Units:   none
 * Owner:   takes the configuration
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API void krait_config_free(krait_config *config);

/**
 * Append one argument; the first is the program's name.
 *
 * @param config  the configuration
 * @param arg     any bytes, NUL-terminated
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 65536 arguments
 * Owner:   arg is copied
 * Errors:  KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_arg(krait_config *config, const char *arg,
                                                           krait_error *err);

/**
 * Set an environment variable of the guest, or replace it.
 *
 * @param config  the configuration
 * @param name    not empty, without '='
 * @param value   any bytes, NUL-terminated
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 65536 variables
 * Owner:   name and value are copied
 * Errors:  KRAIT_EINVAL bad name; KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_env(krait_config *config, const char *name,
                                                           const char *value, krait_error *err);

/**
 * Grant a host directory.  It is opened by krait_sandbox_new(), which names it when
 * it cannot be.
 *
 * @param config  the configuration
 * @param host    path of the directory on the host
 * @param guest   absolute path at which the guest sees it
 * @param flags   0, KRAIT_GRANT_READ_ONLY, or that with KRAIT_GRANT_STABLE
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 grants
 * Owner:   the paths are copied
 * Errors:  KRAIT_EINVAL guest path not absolute, unknown flag; KRAIT_ENOMEM; KRAIT_ELIMIT
 * Threads: one at a time
 * Source:  host/api/config.c, host/vfs/vfs.h
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_dir(krait_config *config, const char *host,
                                                           const char *guest, uint32_t flags,
                                                           krait_error *err);

/**
 * Grant one regular host file, always read-only; its neighbours stay invisible.
 *
 * @param config  the configuration
 * @param host    path of the file on the host
 * @param guest   absolute path at which the guest sees it
 * @param flags   0 or KRAIT_GRANT_RECORD_MISSES
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 grants
 * Owner:   the paths are copied
 * Errors:  KRAIT_EINVAL guest path not absolute, unknown flag; KRAIT_ENOMEM; KRAIT_ELIMIT
 * Threads: one at a time
 * Source:  host/api/config.c, host/vfs/vfs.h
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_file(krait_config *config, const char *host,
                                                            const char *guest, uint32_t flags,
                                                            krait_error *err);

/**
 * Name a directory that the guest finds open when it starts ("preopen").  Programs for WASI
 * look for what they were granted by number (the first is descriptor 3) or by name.  Without
 * this call each granted directory has its guest path as its name, in the order of the grants; the
 * names given here come first.  The last is "/", unless another name stands for everything.  Python,
 * and every other module that imports krait_host, has "/" alone.
 *
 * @param config  the configuration
 * @param name    the name, as the program knows it: "data", ".", "/"
 * @param guest   absolute path of a directory of the guest
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 1024 names
 * Owner:   name and path are copied
 * Errors:  KRAIT_EINVAL empty name, guest path not absolute; KRAIT_ENOMEM; KRAIT_ELIMIT;
 *          krait_sandbox_new() answers KRAIT_EINVAL when it is no directory
 * Threads: one at a time
 * Source:  host/api/preopens.c; WASI preview 1 fd_prestat_get
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_preopen(krait_config *config,
                                                               const char *name, const char *guest,
                                                               krait_error *err);

/**
 * Set a limit.  What each one limits, its unit and its default are beside its name in result.h.
 *
 * @param config  the configuration
 * @param limit   which one
 * @param value   the most that is allowed; KRAIT_UNLIMITED: no limit
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   those of the limit
 * Owner:   none
 * Errors:  KRAIT_EINVAL no such limit, or 0 units of fuel
 * Threads: one at a time
 * Source:  host/api/limit_table.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_set_limit(krait_config *config,
                                                             krait_limit limit, uint64_t value,
                                                             krait_error *err);

/**
 * Set KRAIT_LIMIT_MEMORY: how much linear memory the guest may use.  Going over it makes
 * memory.grow fail, which Python turns into MemoryError.
 *
 * @param config  the configuration
 * @param bytes   the limit; 0: what the module declares, at most 4 GiB
 *
 * Units:   bytes, rounded down to 65536
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/limit_table.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_memory_limit(krait_config *config, uint64_t bytes);

/**
 * Set how much a metered module may execute (`krait compile --meter`): one unit for
 * each instruction, more for bulk operations, as docs/aot.md lists them.  When it is
 * used up, the guest is stopped with KRAIT_TRAP_FUEL, at the same place on every run
 * and machine.  What host functions do is not counted.
 *
 * @param config  the configuration
 * @param fuel    the limit; 0: none
 *
 * Units:   units of fuel; above INT64_MAX it counts as no limit
 * Owner:   none
 * Errors:  none here; krait_sandbox_new() fails with KRAIT_EUNSUPPORTED when the module
 *          is not metered
 * Threads: one at a time
 * Source:  host/api/limit_table.c, aot/emit_meter.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_fuel(krait_config *config, uint64_t fuel);

/**
 * Set how much of what a guest has written stays in memory of its own when its sandbox goes back to a
 * snapshot (krait_sandbox_reset()).  Up to there what was written is copied back, and costs little the
 * next time; what is more is given back to the system, and each page costs a fault again.
 *
 * @param config  the configuration
 * @param bytes   the most; 0: the default, 1 MiB
 *
 * Units:   bytes
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  host/engine/image.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_keep(krait_config *config, uint64_t bytes);

/* ---- standard streams ------------------------------------------------------------------- */

/**
 * Let the guest use descriptors of this process as stdin, stdout and stderr.  They are used as
 * long as the sandbox lives, never closed or changed.
 *
 * @param config  the configuration
 * @param in      descriptor for reading; -1: the guest's stdin is closed
 * @param out     descriptor for writing; -1: closed
 * @param error   descriptor for writing; -1: closed
 *
 * Units:   none
 * Owner:   the caller keeps the descriptors and closes them after the sandbox
 * Errors:  none; the guest gets EBADF for a descriptor that is not open
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_stdio(krait_config *config, int in, int out, int error);

/**
 * Set what the guest reads from stdin: these bytes, then the end.
 *
 * @param config  the configuration
 * @param bytes   the bytes; may be NULL when there are none
 * @param size    how many
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   bytes are copied
 * Errors:  KRAIT_EINVAL; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_set_stdin_bytes(krait_config *config,
                                                                   const void *bytes, size_t size,
                                                                   krait_error *err);

/**
 * Takes what a guest writes, while it writes it.  `stream` is 1 for stdout and 2 for stderr.  It runs
 * on the thread that runs the guest and may not use the sandbox.  0, or the guest gets EPIPE.
 */
typedef int (*krait_output_fn)(void *data, int stream, const void *bytes, size_t size);

/**
 * Let stdout and stderr go to a function instead of the result.  In sessions Python then passes on
 * each line when it is complete; programs may hold back more.
 *
 * @param config  the configuration
 * @param output  the function; NULL: into the result again
 * @param data    its first argument
 *
 * Units:   none
 * Owner:   data is the caller's and outlives the sandboxes
 * Errors:  none
 * Threads: one at a time; the function is called by the threads that run the sandboxes
 * Source:  host/api/config.c, host/api/stdio.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_output(krait_config *config, krait_output_fn output, void *data);

/* ---- host functions --------------------------------------------------------------------- */

/**
 * Let Python call a function of the host: krait_host.call("NAME", ...).  A name that is there
 * already gets the new function.
 *
 * @param config    the configuration
 * @param name      not empty, UTF-8, NUL-terminated
 * @param function  the function
 * @param data      its first argument
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 4096 functions
 * Owner:   name is copied; data is the caller's and outlives the sandboxes
 * Errors:  KRAIT_EINVAL; KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time; the function is called by the threads that run the sandboxes
 * Source:  host/api/config.c, host/api/calls.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_function(krait_config *config,
                                                                const char *name,
                                                                krait_function function, void *data,
                                                                krait_error *err);

/**
 * Let modules import a function of the host.  It takes the place of one of this library with the same
 * module and name; one that is there already gets the new function and type.
 *
 * @param config    the configuration
 * @param module    as in the module's import: "env"
 * @param name      the same: "insert_row"
 * @param params    a letter for each parameter: i = i32, I = i64, f = f32, F = f64
 * @param results   the same for results, of which there is one or none
 * @param function  the function
 * @param data      its first argument
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 4096 imports, of at most 32 parameters
 * Owner:   names are copied; data is the caller's and outlives the sandboxes
 * Errors:  KRAIT_EINVAL, also another letter or too many of them; KRAIT_ENOMEM; KRAIT_ELIMIT too many
 * Threads: one at a time; the function is called by the threads that run the sandboxes
 * Source:  host/api/guest_imports.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_add_import(
    krait_config *config, const char *module, const char *name, const char *params,
    const char *results, krait_import_fn function, void *data, krait_error *err);

/* ---- files that the guest hands over ---------------------------------------------------- */

/**
 * Gets a file of the guest's: its name in the directory (any bytes but "/" and NUL, as the guest chose
 * them) and its contents.  `bytes` is NULL when the file is larger than KRAIT_LIMIT_VALUE, or the host
 * has no memory for it; of an empty file it is not.  0: the file was taken; everything else: what the
 * guest did ends with EIO.  As for imports otherwise (import.h).
 */
typedef int (*krait_file_fn)(void *data, const char *name, const void *bytes, uint64_t size);

/**
 * Get the files that the guest writes into a directory in its memory.  The directory is there when
 * the guest begins.  A regular file in it is handed over, and its name removed, when the last
 * descriptor that can write to it is closed, or when it is renamed or linked into the directory while
 * there is none.  A file of several names in the directory is handed over once, under the oldest.
 * Not handed over are files that are somewhere else by then, that are never closed, or that lie below
 * other directories in this one.
 *
 * @param config     the configuration
 * @param directory  absolute path as the guest sees it, not below a granted directory
 * @param function   the function; NULL: nobody, from now on
 * @param data       its first argument
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes; at most 16 directories
 * Owner:   directory is copied; data is the caller's and outlives the sandboxes; name and bytes are
 *          valid during the call
 * Errors:  KRAIT_EINVAL the path is not absolute; KRAIT_ENOMEM; KRAIT_ELIMIT too many;
 *          krait_sandbox_new() answers KRAIT_EINVAL when it is not in memory
 * Threads: one at a time; the function is called by the threads that run the sandboxes
 * Source:  host/api/watch.c, host/vfs/watch.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_watch_files(krait_config *config,
                                                               const char *directory,
                                                               krait_file_fn function, void *data,
                                                               krait_error *err);

/* ---- the same every time ---------------------------------------------------------------- */

/**
 * Let the guest be deterministic: what it gets as random bytes follows from the seed, and its clocks
 * are virtual.  Realtime begins at 2000-01-01T00:00:00Z, all others at 0, each reading moves
 * them all on by a microsecond, and a sleep moves them to its end and takes no time.  Files in
 * memory get their times from there.  So a program gives the same bytes each time, as
 * long as it does not depend on what no seed decides: contents and times of granted files and
 * directories, standard input, host functions, krait_sandbox_signal() and krait_sandbox_cancel(),
 * limits of time.  Timers of the guest (setitimer) fire when it looks at a clock or waits; timerfd
 * is refused.  The random bytes are no secrets: whoever knows the seed knows them.
 *
 * A sandbox from a snapshot must have the seed and start time of the one that the snapshot was taken
 * of, and goes on from there.
 *
 * @param config  the configuration
 * @param seed    any number
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EINVAL
 * Threads: one at a time
 * Source:  host/api/config.c, host/base/virtual.h
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_set_deterministic(krait_config *config,
                                                                     uint64_t seed,
                                                                     krait_error *err);

/**
 * Let the realtime clock of a deterministic guest begin at another time.  After
 * krait_config_set_deterministic().
 *
 * @param config       the configuration
 * @param realtime_ns  nanoseconds since 1970-01-01T00:00:00Z; at most 2^62
 * @param err          receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   nanoseconds
 * Owner:   none
 * Errors:  KRAIT_EINVAL not deterministic, too late
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_config_set_start_time(krait_config *config,
                                                                  uint64_t realtime_ns,
                                                                  krait_error *err);

/** A call from the guest into the host that has ended. */
typedef struct krait_trace_event {
    const char *module;   /* import module of the function; "host" for host functions */
    const char *name;     /* of the function */
    uint64_t duration_ns; /* how long it took */
    uint32_t result;      /* what the guest was told: 0, or a number of WASI's errno */
    uint32_t trap;        /* the krait_trap that it ended the guest with, or 0 */
} krait_trace_event;

/** Gets each of them; on the thread that runs the guest; may not use the sandbox. */
typedef void (*krait_trace_fn)(void *data, const krait_trace_event *event);

/**
 * Watch the calls of a guest into the host: WASI and host functions.
 *
 * @param config  the configuration
 * @param trace   the function that is told; NULL: none
 * @param data    its first argument
 *
 * Units:   none
 * Owner:   data is the caller's and outlives the sandboxes; the event is valid during the call
 * Errors:  none
 * Threads: one at a time; the function is called by the threads that run the sandboxes
 * Source:  host/api/trace.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_trace(krait_config *config, krait_trace_fn trace, void *data);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_CONFIG_H */
