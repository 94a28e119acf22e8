/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values.
 *
 * Every function that can fail returns a krait_status and takes a krait_error
 * as its last argument.  On failure the error is filled and outputs are left
 * untouched; on success the error is left untouched.  A guest that exits or
 * traps is not an error: it is a krait_result (see krait.h).
 */
#ifndef KRAIT_ERROR_H
#define KRAIT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what libkrait.so exports. */
#define KRAIT_API __attribute__((visibility("default")))

/** The result of a call marked with this must be looked at. */
#define KRAIT_MUST_USE __attribute__((warn_unused_result))

/** Codes are stable from version 1.0 on; new ones are added at the end. */
typedef enum krait_status {
    KRAIT_OK = 0,           /* success */
    KRAIT_EINVAL = 1,       /* an argument is wrong */
    KRAIT_ENOMEM = 2,       /* memory or address space ran out */
    KRAIT_EIO = 3,          /* the operating system refused; see sys_errno */
    KRAIT_ELIMIT = 4,       /* a limit was reached */
    KRAIT_EFORMAT = 5,      /* input is malformed or invalid */
    KRAIT_EBUSY = 6,        /* the object is in use */
    KRAIT_EUNSUPPORTED = 7, /* valid, but not supported by this build */
    KRAIT_ENOTFOUND = 8,    /* a named thing does not exist */
    KRAIT_ESTATE = 9,       /* the object cannot do that in the state it is in */
} krait_status;

/** Size of krait_error.text in bytes, including the final NUL. */
#define KRAIT_ERROR_TEXT_SIZE 512

/** Plain data: copy it, keep it on the stack; it owns nothing. */
typedef struct krait_error {
    krait_status code;                /* why the call failed */
    int sys_errno;                    /* errno of the failing system call, 0 if none */
    char text[KRAIT_ERROR_TEXT_SIZE]; /* "load module: cannot open 'x.wasm': ..."; never empty */
} krait_error;

/**
 * Name a status code in one or two English words.
 *
 * @param status  any value
 * @return a static string, "unknown status" for values that are not codes
 *
 * Units:   none
 * Owner:   the library; never free it
 * Errors:  none
 * Threads: any thread
 * Source:  host/base/error.c
 * Since:   0.1
 */
KRAIT_API const char *krait_status_name(krait_status status);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_ERROR_H */
