/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes: a program with its memory and files.
 */
#ifndef KRAIT_SANDBOX_H
#define KRAIT_SANDBOX_H

#include <krait/config.h>
#include <krait/engine.h>
#include <krait/error.h>
#include <krait/function.h>
#include <krait/import.h>
#include <krait/result.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_sandbox krait_sandbox;

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
 * Name an import of a module that neither this library nor the configuration provides; as
 * krait_module_missing() otherwise.
 *
 * @param module  the module
 * @param config  the configuration
 * @param from    number of the import to begin with: 0, then what this function returned
 * @param text    receives "MODULE.NAME: TYPE", cut when it does not fit
 * @param size    size of text, at least 1
 * @return a number to go on with, or 0 when there is none from there on
 *
 * Units:   size in bytes
 * Owner:   text is the caller's storage
 * Errors:  none
 * Threads: one at a time on the configuration
 * Source:  host/api/engine.c, host/engine/link.c
 * Since:   0.1
 */
KRAIT_API size_t krait_module_missing_with(const krait_module *module, const krait_config *config,
                                           size_t from, char *text, size_t size);

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
 * Errors:  KRAIT_EINVAL; KRAIT_ENOTFOUND the module has no _start; KRAIT_ESTATE it ran before; KRAIT_EBUSY
 *          it runs; KRAIT_EIO; KRAIT_EFORMAT the snapshot is damaged: the program has not begun
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_run(krait_sandbox *sandbox,
                                                        krait_result *ret_result, krait_error *err);

/**
 * Call a function that the module exports, any number of times.  Before the first one its
 * `_initialize` function is called, when it has one.  After a trap, a hard stop or an exit the
 * guest is over until krait_sandbox_reset(), for it may have been in the middle of anything; but a
 * function `_start` may end in any way but by a limit, as in other hosts that call functions of
 * programs.  Limits, files, streams and snapshots are as for every other call.
 *
 * @param sandbox     a sandbox of a module that has nothing else called: no session, no program
 * @param name        of the export
 * @param values      the arguments, in order; receives the results when the kind is
 *                    KRAIT_RESULT_RETURNED, and is untouched otherwise; may be NULL when count is 0
 * @param count       how many values there is room for: at least as many as the function has
 *                    parameters, and as it has results
 * @param ret_result  receives how it ended; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK also when the guest trapped; or a code under Errors
 *
 * Units:   at most 64 parameters and results
 * Owner:   values and ret_result are the caller's storage, what the result points to is the sandbox's
 * Errors:  KRAIT_EINVAL, also no room for its parameters or results; KRAIT_ENOTFOUND no such function;
 *          KRAIT_EUNSUPPORTED one with parameters or results that are no krait_value;
 *          KRAIT_ESTATE the guest is over, or was used in another way; KRAIT_EBUSY it runs; KRAIT_EIO;
 *          KRAIT_ENOMEM
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/invoke.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_invoke(krait_sandbox *sandbox, const char *name,
                                                           krait_value *values, size_t count,
                                                           krait_result *ret_result,
                                                           krait_error *err);

/**
 * Give the guest of a metered module all of its KRAIT_LIMIT_FUEL again, so that the limit is one of
 * the calls from here on and not of the guest's whole life.  krait_result.fuel_spent goes on counting.
 * A guest that has run out of fuel is over all the same: krait_sandbox_reset().
 *
 * @param sandbox  the sandbox; of a module that is not metered nothing changes
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   results and files that the sandbox gave out are not valid any more
 * Errors:  KRAIT_EINVAL; KRAIT_EBUSY it runs; KRAIT_ESTATE a reset failed
 * Threads: one at a time
 * Source:  host/api/limits.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_refuel(krait_sandbox *sandbox,
                                                           krait_error *err);

/* ---- sessions --------------------------------------------------------------------------- */

/**
 * Run Python code in the module __main__, whose names stay from one call to the next.  The first
 * call of a session starts Python.  SystemExit is KRAIT_RESULT_EXITED and ends the call only; after
 * a trap, a hard stop or os._exit() the session is over until krait_sandbox_reset().
 *
 * @param sandbox     a sandbox of a module that krait_python_open() opened
 * @param code        the text of a program, UTF-8
 * @param size        how many bytes
 * @param ret_result  receives how it ended; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK also when the guest raised an exception or trapped; or a code under Errors
 *
 * Units:   bytes
 * Owner:   ret_result is the caller's storage, what it points to is the sandbox's
 * Errors:  KRAIT_EINVAL; KRAIT_EUNSUPPORTED the module has no sessions; KRAIT_ESTATE the session is
 *          over, or krait_sandbox_run() was called; KRAIT_EBUSY it runs; KRAIT_ELIMIT the code is
 *          larger than KRAIT_LIMIT_VALUE or than the guest's memory; KRAIT_EIO; KRAIT_ENOMEM
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/session.c, guest/session/session.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_exec(krait_sandbox *sandbox, const char *code,
                                                         size_t size, krait_result *ret_result,
                                                         krait_error *err);

/**
 * Call a Python function.  Its value is in the result, in the same format.  As
 * krait_sandbox_exec() otherwise; a function that is not there is a Python exception.
 *
 * @param sandbox     a sandbox of a module that krait_python_open() opened
 * @param function    "NAME" in __main__, or "MODULE:NAME", which imports the module; dots in NAME
 *                    lead to attributes
 * @param format      KRAIT_JSON or KRAIT_BYTES
 * @param args        JSON: an array of positional or an object of keyword arguments; bytes: the one
 *                    argument
 * @param size        how many bytes; JSON: 0 is no arguments
 * @param ret_result  receives how it ended; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK also when the guest raised an exception or trapped; or a code under Errors
 *
 * Units:   bytes
 * Owner:   ret_result is the caller's storage, what it points to is the sandbox's
 * Errors:  KRAIT_EINVAL, also an unknown format; KRAIT_EUNSUPPORTED the module has no sessions;
 *          KRAIT_ESTATE the session is over, or krait_sandbox_run() was called; KRAIT_EBUSY it
 *          runs; KRAIT_ELIMIT larger than KRAIT_LIMIT_VALUE or than the guest's memory; KRAIT_EIO;
 *          KRAIT_ENOMEM
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/session.c, guest/session/session.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_call(krait_sandbox *sandbox,
                                                         const char *function, krait_format format,
                                                         const void *args, size_t size,
                                                         krait_result *ret_result,
                                                         krait_error *err);

/**
 * Run the script of the snapshot that the sandbox was made from (krait_snapshot_options.script), in
 * the module __main__, any number of times; its names stay from one run to the next.  As
 * krait_sandbox_exec() otherwise.
 *
 * @param sandbox     a sandbox from such a snapshot
 * @param ret_result  receives how it ended; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK also when the guest raised an exception or trapped (RuntimeError: there is no
 *         script); or a code under Errors
 *
 * Units:   none
 * Owner:   ret_result is the caller's storage, what it points to is the sandbox's
 * Errors:  KRAIT_EINVAL; KRAIT_EUNSUPPORTED the module has no sessions; KRAIT_ESTATE the session is
 *          over, or krait_sandbox_run() was called; KRAIT_EBUSY it runs; KRAIT_EIO; KRAIT_ENOMEM
 * Threads: one at a time; it blocks, and uses the calling thread
 * Source:  host/api/session.c, guest/session/script.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_run_script(krait_sandbox *sandbox,
                                                               krait_result *ret_result,
                                                               krait_error *err);

/**
 * Make a sandbox as it was when it was new: memory, files in memory, descriptors, everything that
 * the guest did is gone, and grants are opened again.  One that was made from a snapshot, or is a
 * clone, becomes as it was then, in microseconds; its grants stay open.
 *
 * @param sandbox  the sandbox
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors; after a failure it can be tried again
 *
 * Units:   none
 * Owner:   results and files that the sandbox gave out are not valid any more
 * Errors:  those of krait_sandbox_new(); KRAIT_EBUSY it runs
 * Threads: one at a time
 * Source:  host/api/sandbox.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_reset(krait_sandbox *sandbox, krait_error *err);

/**
 * End the call that runs.  It is asked to with a signal 2 (KeyboardInterrupt) and stopped when it
 * goes on for longer than KRAIT_LIMIT_GRACE; the result is KRAIT_RESULT_CANCELLED.  When none runs,
 * the next one ends before it begins, so that no cancellation is lost; krait_sandbox_reset() forgets
 * it.
 *
 * @param sandbox  the sandbox
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: any thread, as long as the sandbox is not released meanwhile; async-signal-safe
 * Source:  host/api/cancel.c
 * Since:   0.1
 */
KRAIT_API void krait_sandbox_cancel(krait_sandbox *sandbox);

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

/* ---- files in memory -------------------------------------------------------------------- */

/**
 * Put a file into the guest's memory, or replace it.  Directories on the way are made.
 *
 * @param sandbox  the sandbox
 * @param path     absolute path as the guest sees it, not below a granted directory
 * @param bytes    the contents
 * @param size     how many bytes
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   bytes are copied; the file is the guest's
 * Errors:  KRAIT_EINVAL the path is not absolute, not in memory, or a directory; KRAIT_ELIMIT
 *          KRAIT_LIMIT_FS_BYTES or KRAIT_LIMIT_FS_INODES; KRAIT_EBUSY it runs; KRAIT_ESTATE a reset
 *          failed; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  host/api/files.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_put_file(krait_sandbox *sandbox,
                                                             const char *path, const void *bytes,
                                                             size_t size, krait_error *err);

/** Flags of krait_sandbox_put_file_with(). */
enum {
    KRAIT_PUT_READ_ONLY = 1u << 0 /* the guest can neither write to the file nor change its mode; it
                                     can remove it where it can change the directory, which in "/"
                                     it cannot */
};

/**
 * Put a file into the guest's memory with flags; as krait_sandbox_put_file() otherwise.
 *
 * @param sandbox  the sandbox
 * @param path     absolute path as the guest sees it, not below a granted directory
 * @param bytes    the contents
 * @param size     how many bytes
 * @param flags    KRAIT_PUT_*
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   bytes are copied; the file is the guest's
 * Errors:  those of krait_sandbox_put_file(): KRAIT_EINVAL (also an unknown flag), KRAIT_ELIMIT,
 *          KRAIT_EBUSY, KRAIT_ESTATE, KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  host/api/files.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_put_file_with(krait_sandbox *sandbox,
                                                                  const char *path,
                                                                  const void *bytes, size_t size,
                                                                  uint32_t flags, krait_error *err);

/**
 * Get the contents of a file in the guest's memory.  Links are not followed.
 *
 * @param sandbox    the sandbox
 * @param path       absolute path as the guest sees it
 * @param ret_bytes  receives the contents, with a NUL behind them; untouched on failure
 * @param ret_size   receives how many bytes; untouched on failure
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   the sandbox owns the bytes, until the next call on it
 * Errors:  KRAIT_ENOTFOUND; KRAIT_EINVAL the path is not absolute, not in memory, or no regular file;
 *          KRAIT_ELIMIT larger than KRAIT_LIMIT_VALUE; KRAIT_EBUSY it runs; KRAIT_ESTATE a reset
 *          failed; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  host/api/files.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_get_file(krait_sandbox *sandbox,
                                                             const char *path,
                                                             const void **ret_bytes,
                                                             size_t *ret_size, krait_error *err);

/** What an entry of a directory is. */
typedef enum krait_entry_type {
    KRAIT_ENTRY_FILE = 0,
    KRAIT_ENTRY_DIRECTORY = 1,
    KRAIT_ENTRY_LINK = 2,
    KRAIT_ENTRY_OTHER = 3 /* a device or a FIFO */
} krait_entry_type;

/** One name in a directory. */
typedef struct krait_entry {
    const char *name; /* any bytes but "/" and NUL, as the guest chose them */
    krait_entry_type type;
    uint64_t size; /* of a file */
} krait_entry;

/**
 * List a directory in the guest's memory, in the order in which the names were made.  What was
 * granted is not listed.
 *
 * @param sandbox      the sandbox
 * @param path         absolute path as the guest sees it
 * @param ret_entries  receives an array; untouched on failure
 * @param ret_count    receives how many there are; untouched on failure
 * @param err          receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   the sandbox owns the array and its names, until the next call on it
 * Errors:  KRAIT_ENOTFOUND, also when it is no directory; KRAIT_EINVAL the path is not absolute or
 *          not in memory; KRAIT_EBUSY it runs; KRAIT_ESTATE a reset failed; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  host/api/files.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_list_dir(krait_sandbox *sandbox,
                                                             const char *path,
                                                             const krait_entry **ret_entries,
                                                             size_t *ret_count, krait_error *err);

/**
 * Remove a file, a link or the like from the guest's memory.
 *
 * @param sandbox  the sandbox
 * @param path     absolute path as the guest sees it
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_ENOTFOUND; KRAIT_EINVAL the path is not absolute, not in memory, or a directory;
 *          KRAIT_EBUSY it runs; KRAIT_ESTATE a reset failed
 * Threads: one at a time
 * Source:  host/api/files.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_sandbox_remove_file(krait_sandbox *sandbox,
                                                                const char *path, krait_error *err);

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

#endif /* KRAIT_SANDBOX_H */
