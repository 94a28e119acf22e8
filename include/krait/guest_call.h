/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and calls of host functions: what a guest that krait_sandbox_exec() and
 * krait_sandbox_call() are to work with exports, and what it imports for that from the module
 * "krait_host".  Both sides include this header: guest/session and host/api.
 *
 * Exports.  Each is one call: the guest fetches its input, and tells what came of it, by imports
 * before it returns.  So no frame of the guest is live between two calls, and no pointer of the host's
 * is.
 *
 *   krait_init(flags) -> i32    once, before the others; 0, or it could not start
 *   krait_exec() -> i32         runs the text that is input 0; the result is a KRAIT_GUEST_*
 *   krait_call(format) -> i32   calls the Python function that input 0 names with input 1, in this
 *                               format; the result is a KRAIT_GUEST_*
 *   krait_signal(number)        a signal, at any time
 *
 * The conventions of imports are those of <krait/guest.h>.
 */
#ifndef KRAIT_GUEST_CALL_H
#define KRAIT_GUEST_CALL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** flags of krait_init: text streams are flushed after each line. */
#define KRAIT_INIT_LINE_BUFFERED 1u

/** Results of krait_exec and krait_call: it went well; an exception was not caught; SystemExit. */
#define KRAIT_GUEST_RETURNED 0
#define KRAIT_GUEST_RAISED   1
#define KRAIT_GUEST_EXITED   2

/** What outcome_put tells: the value of a function; one line about an exception; its traceback; the
 *  exit code (4 bytes, little-endian). */
#define KRAIT_OUTCOME_VALUE     1u
#define KRAIT_OUTCOME_MESSAGE   2u
#define KRAIT_OUTCOME_TRACEBACK 3u
#define KRAIT_OUTCOME_EXIT_CODE 4u

/** Formats of values, as krait_format of function.h. */
#define KRAIT_GUEST_JSON  0u
#define KRAIT_GUEST_BYTES 1u

/** state of krait_guest_call. */
#define KRAIT_CALL_RUNS     0u
#define KRAIT_CALL_RETURNED 1u
#define KRAIT_CALL_FAILED   2u

/** What became of a call: call_poll. */
typedef struct krait_guest_call {
    uint32_t state;     /* KRAIT_CALL_RUNS, ... */
    uint32_t size;      /* bytes of what call_take gives */
    uint32_t type_size; /* FAILED: so many of them are the exception's type, the others its text */
    uint32_t reserved;  /* 0 */
} krait_guest_call;

#ifdef __wasm__

/** Marks an import of this module. */
#define KRAIT_CALL_IMPORT(name)                                                                    \
    __attribute__((import_module("krait_host"), import_name(#name))) uint32_t

/** Bytes of an input of the call that runs.  The first thing that the guest does in a call is to ask
 *  for input 0: until then it can be ended without harm.  EINVAL: there is no such input. */
KRAIT_CALL_IMPORT(input_size)
krait_host_input_size(uint32_t input, uint32_t *ret_size);

/** Copies an input.  EINVAL: not its size. */
KRAIT_CALL_IMPORT(input_get)
krait_host_input_get(uint32_t input, void *buffer, size_t size);

/** Tells the host about the outcome of the krait_exec or krait_call that runs; what is told last
 *  counts.  E2BIG: more than KRAIT_LIMIT_VALUE (values; other texts are cut). */
KRAIT_CALL_IMPORT(outcome_put)
krait_host_outcome_put(uint32_t what, const void *bytes, size_t size);

/** Starts a call of a host function.  ENOENT: there is none of this name; E2BIG; EAGAIN: too many
 *  are in flight; EDQUOT: KRAIT_LIMIT_HOST_CALLS; ENOMEM. */
KRAIT_CALL_IMPORT(call_start)
krait_host_call_start(const char *name, size_t name_size, uint32_t format, const void *input,
                      size_t input_size, uint32_t *ret_call);

/** Looks at a call.  EBADF: there is no such call. */
KRAIT_CALL_IMPORT(call_poll)
krait_host_call_poll(uint32_t call, krait_guest_call *ret_state);

/** Copies what a call that is done gave, and forgets it.  EBUSY: it still runs; EINVAL: not its
 *  size. */
KRAIT_CALL_IMPORT(call_take)
krait_host_call_take(uint32_t call, void *buffer, size_t size);

/** Waits until at least one of these calls is done.  EINTR: a signal came; ETIMEDOUT: `timeout`
 *  nanoseconds passed (UINT64_MAX: none); EINVAL: no calls, or more than 65536. */
KRAIT_CALL_IMPORT(call_wait)
krait_host_call_wait(const uint32_t *calls, uint32_t count, uint64_t timeout);

/** Forgets a call, done or not; the host function is told that nobody waits for it any more. */
KRAIT_CALL_IMPORT(call_cancel)
krait_host_call_cancel(uint32_t call);

#undef KRAIT_CALL_IMPORT

#endif /* __wasm__ */

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_GUEST_CALL_H */
