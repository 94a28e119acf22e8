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
 *   krait_init(flags) -> i32    once, before the others; 0, or it could not start.  Input 0: names of
 *                               modules that are loaded now and wait until something imports them,
 *                               one per line; input 1: a text that is run once, in names that are
 *                               thrown away.  Both may be empty.  Input 2: the name of a script, or
 *                               nothing; input 3: its text, which is compiled now; input 4: names of
 *                               modules, one per line, that are imported for it now, besides those of
 *                               the standard library that it imports itself
 *   krait_resume(flags) -> i32  the first call in a copy of an instance that has been through
 *                               krait_init (and, of a session, any number of calls); 0, or this
 *                               copy cannot do what a new instance would do (the message of the
 *                               outcome says why): nothing was written, and a new one has to be taken
 *   krait_exec() -> i32         runs the text that is input 0; the result is a KRAIT_GUEST_*
 *   krait_call(format) -> i32   calls the Python function that input 0 names with input 1, in this
 *                               format; the result is a KRAIT_GUEST_*
 *   krait_script() -> i32       runs the script in __main__; the result is a KRAIT_GUEST_*
 *   krait_main() -> i32         after krait_init(KRAIT_INIT_PROGRAM): does what python3 does with the
 *                               arguments; the result is the exit code, unless the guest exits by
 *                               proc_exit.  The last call.  Arguments are PROGRAM [-c CODE | -m MODULE
 *                               | FILE | -] ARG..., without options of the interpreter: for those,
 *                               _start of a new instance
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
/** Python starts as `python3` does without options, for krait_main; else for a session. */
#define KRAIT_INIT_PROGRAM 2u
/** Memory is going to be copied after this: nothing is left in it that only costs, or that must not
 *  be equal in two runs. */
#define KRAIT_INIT_IMAGE 4u

/** flags of krait_resume: arguments, environment and folder (KRAIT_CWD) may be others. */
#define KRAIT_RESUME_ENVIRON 1u
/** The standard streams may be others: terminals, files, closed. */
#define KRAIT_RESUME_STREAMS 2u
/** As KRAIT_INIT_LINE_BUFFERED, for the streams that are there afterwards. */
#define KRAIT_RESUME_LINE_BUFFERED 4u
/** With KRAIT_RESUME_ENVIRON: files that describe time zones may be others, too. */
#define KRAIT_RESUME_ZONE 8u

/** A call has so many inputs; those that it does not use are empty. */
#define KRAIT_GUEST_INPUTS 5u

/** Results of krait_exec, krait_call and krait_script: it went well; an exception was not caught; SystemExit. */
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
