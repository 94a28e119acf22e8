/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling krait_error values: see include/krait/error.h for what they mean.
 * Text has the form "cannot open 'x.wasm': No such file or directory": no
 * capital, no full stop, names in single quotes, the system's reason last.
 */
#ifndef KRAIT_BASE_ERROR_H
#define KRAIT_BASE_ERROR_H

#include <krait/error.h>

/* Fills `err` (may be NULL) and returns `code`.  When sys_errno is not 0 its
 * text is appended after ": ". */
krait_status krait__error_set(krait_error *err, krait_status code, int sys_errno, const char *fmt,
                              ...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " in front of the text of an error that is already set;
 * returns its code (KRAIT_EINVAL when err is NULL). */
krait_status krait__error_context(krait_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "out of memory" with KRAIT_ENOMEM. */
krait_status krait__error_nomem(krait_error *err);

#endif /* KRAIT_BASE_ERROR_H */
