/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host functions: what the embedder lets Python call by name, through the module krait_host.
 *
 * A function gets a krait_call, with the arguments in it.  It answers with krait_call_return() or
 * krait_call_fail() and returns 0; or it returns KRAIT_CALL_PENDING and somebody answers later,
 * once, from any thread.
 */
#ifndef KRAIT_FUNCTION_H
#define KRAIT_FUNCTION_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One call of a host function. */
typedef struct krait_call krait_call;

/** How values pass between guest and host. */
typedef enum krait_format {
    KRAIT_JSON = 0, /* text in UTF-8; arguments are an array, or an object of keyword arguments */
    KRAIT_BYTES = 1 /* as they are; one argument */
} krait_format;

/** A host function returns this when its call is answered later. */
#define KRAIT_CALL_PENDING 1

/**
 * A host function.  It runs on the thread that runs the guest, which waits for it, and may not use
 * the sandbox.  It may take its time: the guest's limits of time hold from when it returns.  0: the
 * call is answered, or the answer is nothing (None, or no bytes); KRAIT_CALL_PENDING;
 * everything else: it failed, which Python sees as RuntimeError.
 */
typedef int (*krait_function)(void *data, krait_call *call);

/**
 * The arguments of a call.
 *
 * @param call      the call
 * @param ret_size  receives how many bytes they have; may be NULL
 * @return the bytes, and a NUL that is not counted behind them
 *
 * Units:   bytes
 * Owner:   the call, until it is answered
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/calls.c
 * Since:   0.1
 */
KRAIT_API const void *krait_call_input(const krait_call *call, size_t *ret_size);

/**
 * How the arguments of a call are written, and how its answer is to be.
 *
 * @param call  the call
 * @return the format
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/calls.c
 * Since:   0.1
 */
KRAIT_API krait_format krait_call_format(const krait_call *call);

/**
 * Answer a call with a value.  After KRAIT_CALL_PENDING this is the end of the call: its pointer is
 * not to be used again.  A sandbox that is gone, reset, or does not wait any more is no error.
 *
 * @param call   the call
 * @param bytes  JSON text or bytes, as krait_call_format() says
 * @param size   how many; 0: None, or no bytes
 * @return KRAIT_OK, or a code under Errors, which Python sees as an exception: it can be ignored
 *
 * Units:   bytes
 * Owner:   bytes are copied; takes the call when it was pending
 * Errors:  KRAIT_ESTATE answered before; KRAIT_EINVAL no bytes; KRAIT_ELIMIT larger than
 *          KRAIT_LIMIT_VALUE, or with the answers that the guest has not fetched more than
 *          KRAIT_LIMIT_MEMORY; KRAIT_ENOMEM
 * Threads: any thread
 * Source:  host/api/calls.c
 * Since:   0.1
 */
KRAIT_API krait_status krait_call_return(krait_call *call, const void *bytes, size_t size);

/**
 * Answer a call with an exception.  As krait_call_return() otherwise.
 *
 * @param call     the call
 * @param type     name of a built-in exception, such as "ValueError"; RuntimeError takes the place
 *                 of a name that is none, and of NULL
 * @param message  its text, UTF-8; may be NULL
 * @return KRAIT_OK, or a code under Errors; it can be ignored
 *
 * Units:   both texts together at most 64 KiB; more is cut
 * Owner:   the texts are copied; takes the call when it was pending
 * Errors:  KRAIT_ESTATE answered before; KRAIT_ENOMEM
 * Threads: any thread
 * Source:  host/api/calls.c
 * Since:   0.1
 */
KRAIT_API krait_status krait_call_fail(krait_call *call, const char *type, const char *message);

/**
 * Does nobody wait for the answer any more?  So it is when Python cancelled the call or lost it,
 * when the guest has ended, and when the sandbox was reset or released.  The call is still to be
 * answered.
 *
 * @param call  a call that is not answered
 * @return 1 or 0
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/calls.c
 * Since:   0.1
 */
KRAIT_API int krait_call_is_cancelled(const krait_call *call);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_FUNCTION_H */
