/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error values: formatting and context.  Nothing here allocates, so that
 * running out of memory can be reported too.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {
    [KRAIT_OK] = "success",           [KRAIT_EINVAL] = "invalid argument",
    [KRAIT_ENOMEM] = "out of memory", [KRAIT_EIO] = "system error",
    [KRAIT_ELIMIT] = "limit reached", [KRAIT_EFORMAT] = "malformed input",
    [KRAIT_EBUSY] = "in use",         [KRAIT_EUNSUPPORTED] = "not supported",
    [KRAIT_ENOTFOUND] = "not found",  [KRAIT_ESTATE] = "wrong state",
};

const char *
krait_status_name(krait_status status)
{
    size_t index = (size_t)status;

    if (index >= sizeof(status_names) / sizeof(status_names[0]))
        return "unknown status";
    return status_names[index];
}

/* strerror_r has two incompatible forms; these two accept either. */
static inline const char *
pick_message(const char *returned, const char *buffer)
{
    (void)buffer;
    return returned;
}

static inline const char *
pick_message_posix(int returned, const char *buffer)
{
    return returned == 0 ? buffer : "unknown system error";
}

#define ERRNO_TEXT(number, buffer)                                                                 \
    _Generic(strerror_r(0, buffer, 1), int: pick_message_posix, default: pick_message)(            \
        strerror_r(number, buffer, sizeof(buffer)), buffer)

krait_status
krait__error_set(krait_error *err, krait_status code, int sys_errno, const char *fmt, ...)
{
    va_list args;
    int used;

    if (err == NULL)
        return code;
    err->code = code;
    err->sys_errno = sys_errno;
    va_start(args, fmt);
    used = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (used < 0)
        used = snprintf(err->text, sizeof(err->text), "%s", krait_status_name(code));
    if (sys_errno != 0 && (size_t)used < sizeof(err->text)) {
        char buffer[128];
        size_t at = (size_t)used;

        snprintf(err->text + at, sizeof(err->text) - at, ": %s", ERRNO_TEXT(sys_errno, buffer));
    }
    return code;
}

krait_status
krait__error_context(krait_error *err, const char *fmt, ...)
{
    char old[KRAIT_ERROR_TEXT_SIZE];
    va_list args;
    int used;

    if (err == NULL)
        return KRAIT_EINVAL;
    memcpy(old, err->text, sizeof(old));
    old[sizeof(old) - 1] = '\0';
    va_start(args, fmt);
    used = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text)) {
        size_t at = (size_t)used;

        snprintf(err->text + at, sizeof(err->text) - at, ": %s", old);
    }
    return err->code;
}

krait_status
krait__error_nomem(krait_error *err)
{
    return krait__error_set(err, KRAIT_ENOMEM, 0, "out of memory");
}
