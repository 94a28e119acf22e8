/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error values: text, errno, context, truncation, names.
 */
#include "base/error.h"
#include "support/check.h"

#include <errno.h>

static void
text_and_errno(void)
{
    krait_error err = {.text = ""};

    CHECK_INT(krait__error_set(&err, KRAIT_EIO, ENOENT, "cannot open '%s'", "x.wasm"), KRAIT_EIO);
    CHECK_STR(err.text, "cannot open 'x.wasm': No such file or directory");
    CHECK_INT(err.code, KRAIT_EIO);
    CHECK_INT(err.sys_errno, ENOENT);
    CHECK_INT(krait__error_set(&err, KRAIT_EINVAL, 0, "plain"), KRAIT_EINVAL);
    CHECK_STR(err.text, "plain");
    CHECK_INT(err.sys_errno, 0);
}

static void
context(void)
{
    krait_error err = {.text = ""};

    krait__error_set(&err, KRAIT_EFORMAT, 0, "bad magic");
    CHECK_INT(krait__error_context(&err, "load '%s'", "a.krt"), KRAIT_EFORMAT);
    CHECK_STR(err.text, "load 'a.krt': bad magic");
}

static void
no_error_wanted(void)
{
    CHECK_INT(krait__error_set(NULL, KRAIT_ENOMEM, 0, "x"), KRAIT_ENOMEM);
    CHECK_INT(krait__error_context(NULL, "x"), KRAIT_EINVAL);
    CHECK_INT(krait__error_nomem(NULL), KRAIT_ENOMEM);
}

static void
long_text_is_cut(void)
{
    krait_error err = {.text = ""};
    char name[2 * KRAIT_ERROR_TEXT_SIZE];

    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    krait__error_set(&err, KRAIT_EIO, ENOENT, "cannot open '%s'", name);
    CHECK_UINT(strlen(err.text), KRAIT_ERROR_TEXT_SIZE - 1);
    krait__error_context(&err, "%s", name);
    CHECK_UINT(strlen(err.text), KRAIT_ERROR_TEXT_SIZE - 1);
    CHECK_INT(err.code, KRAIT_EIO);
}

static void
names(void)
{
    CHECK_STR(krait_status_name(KRAIT_OK), "success");
    CHECK_STR(krait_status_name(KRAIT_ENOTFOUND), "not found");
    CHECK_STR(krait_status_name(KRAIT_ESTATE), "wrong state");
    CHECK_STR(krait_status_name((krait_status)99), "unknown status");
    CHECK_STR(krait_status_name((krait_status)-1), "unknown status");
}

CHECK_MAIN(CHECK_CASE(text_and_errno), CHECK_CASE(context), CHECK_CASE(no_error_wanted),
           CHECK_CASE(long_text_is_cut), CHECK_CASE(names))
