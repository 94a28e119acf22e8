/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes: a program with its memory and files.
 */
#ifndef KRAIT_SANDBOX_H
#define KRAIT_SANDBOX_H

#include <krait/config.h>
#include <krait/engine.h>
#include <krait/error.h>
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

#endif /* KRAIT_SANDBOX_H */
