/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libkrait: run translated WebAssembly programs, CPython first of all, in a
 * sandbox that sees only what it was granted.
 *
 *     krait_engine *engine;  krait_module *module;
 *     krait_config *config;  krait_sandbox *sandbox;
 *     krait_result result;   krait_error error;
 *
 *     if (krait_engine_new(&engine, &error) != KRAIT_OK ||
 *         krait_module_open(engine, "python.krt", &module, &error) != KRAIT_OK ||
 *         krait_config_new(&config, &error) != KRAIT_OK ||
 *         krait_config_add_arg(config, "python", &error) != KRAIT_OK ||
 *         krait_config_add_dir(config, "/srv/data", "/data", KRAIT_GRANT_READ_ONLY, &error) != KRAIT_OK ||
 *         krait_sandbox_new(module, config, &sandbox, &error) != KRAIT_OK ||
 *         krait_sandbox_run(sandbox, &result, &error) != KRAIT_OK)
 *         fprintf(stderr, "%s\n", error.text);
 *
 * A guest that exits or traps is a krait_result, not an error.  Nothing is
 * inherited: no argument, no environment variable, no file.  Only stdio is the
 * process's own.  The interface is young: before version 1.0 it may change.
 */
#ifndef KRAIT_KRAIT_H
#define KRAIT_KRAIT_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library these headers belong to. */
#define KRAIT_VERSION "0.1.0"

typedef struct krait_engine krait_engine;
typedef struct krait_module krait_module;
typedef struct krait_config krait_config;
typedef struct krait_sandbox krait_sandbox;

/* ---- engine and module ------------------------------------------------------------------ */

/**
 * The version of the library that runs, which may be newer than KRAIT_VERSION.
 *
 * @return "MAJOR.MINOR.PATCH"
 *
 * Units:   none
 * Owner:   the library; never free it
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API const char *krait_version(void);

/**
 * Make an engine.  The first one of a process installs handlers for SIGSEGV and
 * SIGBUS; faults that are not the guest's go to the handlers that were there.
 * The first guest that sets a timer does the same for the real-time signal
 * SIGRTMAX - 5, which is then not blocked in the thread that runs it.
 *
 * @param ret_engine  receives the engine; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_engine, releases it with krait_engine_free()
 * Errors:  KRAIT_ENOMEM; KRAIT_EIO no handler can be installed
 * Threads: any thread; an engine may be used by several at once
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_engine_new(krait_engine **ret_engine, krait_error *err);

/**
 * Release an engine.
 *
 * @param engine  the engine, or NULL; its modules must be closed before
 *
 * Units:   none
 * Owner:   takes the engine
 * Errors:  none
 * Threads: the last user
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API void krait_engine_free(krait_engine *engine);

/**
 * Open a translated module (.krt, made by `krait compile`).  It is native code:
 * open only files that nobody but you can write.
 *
 * @param engine      the engine
 * @param path        file, NUL-terminated
 * @param ret_module  receives the module; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_module, closes it with krait_module_close()
 * Errors:  KRAIT_ENOTFOUND no such file; KRAIT_EIO cannot be read; KRAIT_EFORMAT not a
 *          .krt, or one of another version; KRAIT_ENOMEM
 * Threads: any thread; a module may be shared by several
 * Source:  host/api/engine.c, host/engine/module.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_module_open(krait_engine *engine, const char *path,
                                                        krait_module **ret_module,
                                                        krait_error *err);

/**
 * Name an import of a module that no sandbox provides.
 *
 * @param module  the module
 * @param from    number of the import to begin with: 0, then what this function returned
 * @param text    receives "MODULE.NAME: TYPE", cut when it does not fit
 * @param size    size of text, at least 1
 * @return a number to go on with, or 0 when there is none from there on
 *
 * Units:   size in bytes
 * Owner:   text is the caller's storage
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/engine.c, host/engine/link.c
 * Since:   0.1
 */
KRAIT_API size_t krait_module_missing(const krait_module *module, size_t from, char *text,
                                      size_t size);

/**
 * Close a module.
 *
 * @param module  the module, or NULL; its sandboxes must be released before
 *
 * Units:   none
 * Owner:   takes the module
 * Errors:  none
 * Threads: the last user
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API void krait_module_close(krait_module *module);

/* ---- what a sandbox is granted ---------------------------------------------------------- */

/** Flags of krait_config_add_dir() and krait_config_add_file(). */
enum {
    KRAIT_GRANT_READ_ONLY = 1u << 0,     /* the guest can change nothing below */
    KRAIT_GRANT_RECORD_MISSES = 1u << 1, /* files: remember names that the guest looked for beside
                                           it in vain, for krait_sandbox_missed() */
    KRAIT_GRANT_STABLE = 1u << 2         /* read-only directories: nobody changes them while the
                                           sandbox lives, so what was seen may be kept */
};

/**
 * Make an empty configuration: no arguments, no environment, no grants, stdio of
 * the process, working directory "/", a writable /tmp in memory.
 *
 * @param ret_config  receives the configuration; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK or KRAIT_ENOMEM
 *
 * Units:   none
 * Owner:   caller owns *ret_config, releases it with krait_config_free()
 * Errors:  KRAIT_ENOMEM
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
 * Set how much linear memory the guest may use.  Going over it makes memory.grow fail,
 * which Python turns into MemoryError.
 *
 * @param config  the configuration
 * @param bytes   the limit; 0: what the module declares, at most 4 GiB
 *
 * Units:   bytes, rounded down to 65536
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/config.c
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
 * Source:  host/api/config.c, aot/emit_meter.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_fuel(krait_config *config, uint64_t fuel);

/**
 * Set which descriptors of this process are the guest's stdin, stdout and stderr.
 * They are used as long as the sandbox lives, never closed or changed.
 *
 * @param config  the configuration
 * @param in      descriptor for reading, default 0; -1: the guest's stdin is closed
 * @param out     descriptor for writing, default 1; -1: closed
 * @param error   descriptor for writing, default 2; -1: closed
 *
 * Units:   none
 * Owner:   the caller keeps the descriptors and closes them after the sandbox
 * Errors:  none; the guest gets EBADF for a descriptor that is not open
 * Threads: one at a time
 * Source:  host/api/config.c
 * Since:   0.1
 */
KRAIT_API void krait_config_set_stdio(krait_config *config, int in, int out, int error);

/* ---- sandboxes -------------------------------------------------------------------------- */

/** How a run ended. */
typedef enum krait_result_kind {
    KRAIT_RESULT_EXITED = 0, /* returned from its main function or called exit */
    KRAIT_RESULT_TRAPPED = 1 /* stopped by a fault of its own; see trap and backtrace */
} krait_result_kind;

/** Plain data, nothing to release. */
typedef struct krait_result {
    krait_result_kind kind;
    uint32_t exit_code;   /* as the guest gave it: not cut to 8 bits */
    uint32_t trap;        /* a krait_trap of abi.h; 0 unless trapped */
    char message[256];    /* what happened, one line without a newline; empty after an exit */
    uint64_t fuel_spent;  /* by a metered module since its sandbox was made; 0 for others */
    char backtrace[2048]; /* "  at NAME\n" for each guest frame, innermost first; may be empty */
} krait_result;

/**
 * Make a sandbox: open the grants, reserve memory and load the module's data.
 *
 * @param module       the program
 * @param config       what it is granted
 * @param ret_sandbox  receives the sandbox; untouched on failure
 * @param err          receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_sandbox, releases it with krait_sandbox_free(); config may be
 *          changed, used again or released afterwards
 * Errors:  KRAIT_ENOTFOUND a granted path or an import is missing; KRAIT_EINVAL a grant is
 *          of the wrong kind; KRAIT_EIO; KRAIT_ENOMEM; KRAIT_ELIMIT memory limit too small,
 *          or no fuel left for the module's start function
 * Threads: any thread; the sandbox is then used by one at a time
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_new(krait_module *module,
                                                        const krait_config *config,
                                                        krait_sandbox **ret_sandbox,
                                                        krait_error *err);

/**
 * Run the program's `_start` function to its end; once per sandbox.
 *
 * @param sandbox     the sandbox
 * @param ret_result  receives how it ended; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK also when the guest trapped; or a code under Errors
 *
 * Units:   none
 * Owner:   ret_result is the caller's storage
 * Errors:  KRAIT_ENOTFOUND the module has no _start; KRAIT_EBUSY it ran before; KRAIT_EIO
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_run(krait_sandbox *sandbox,
                                                        krait_result *ret_result, krait_error *err);

/**
 * Send the guest a signal, as an operating system would.  Python takes number 2
 * (SIGINT) as KeyboardInterrupt.  A guest that cannot take signals (no export
 * `krait_signal`) is stopped instead.
 *
 * @param sandbox  a sandbox that runs, or will
 * @param number   1 to 63, numbers of Linux; others are ignored
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: async-signal-safe; from any thread, but guest code that never calls the host is
 *          only reached from a signal handler on the thread that runs it
 * Source:  host/api/sandbox.c, host/engine/deliver.c
 * Since:   0.1
 */
KRAIT_API void krait_sandbox_signal(krait_sandbox *sandbox, unsigned number);

/**
 * Names that the guest looked for beside a file granted with
 * KRAIT_GRANT_RECORD_MISSES and did not find, in order, each once, at most 16.
 *
 * @param sandbox  the sandbox
 * @param index    0 for the first
 * @return a file name without folder, or NULL beyond the last
 *
 * Units:   none
 * Owner:   the sandbox, until it is released
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API const char *krait_sandbox_missed(const krait_sandbox *sandbox, size_t index);

/**
 * Release a sandbox with its memory, files and descriptors.
 *
 * @param sandbox  the sandbox, or NULL; it must not be running
 *
 * Units:   none
 * Owner:   takes the sandbox
 * Errors:  none
 * Threads: one at a time
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API void krait_sandbox_free(krait_sandbox *sandbox);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_KRAIT_H */
