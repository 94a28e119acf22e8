/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the command line: one line on stderr each, so that the guest's
 * own output on stdout stays clean.
 */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char last_message[4608];

const char *
cli_last_message(void)
{
    return last_message;
}

bool
cli_is_obeyed(const char *at)
{
    unsigned char first = (unsigned char)at[0];

    /* C1: U+0080 to U+009F. */
    return first < 0x20 || first == 0x7f ||
           (first == 0xc2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0);
}

void
cli_put_plain(FILE *to, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char at[2] = {text[i], i + 1 < size ? text[i + 1] : '\x80'};
        bool is_plain = *at == '\n' || *at == '\t' || !cli_is_obeyed(at);

        (void)fputc(is_plain ? *at : '?', to);
        i += !is_plain && *at == '\xc2';
    }
}

/* Names of files, of modules and of what is in archives come from anybody: they are shown, not obeyed. */
void
cli_message(const char *fmt, ...)
{
    char *longer = NULL;
    va_list args;
    int size;

    flockfile(stderr);
    va_start(args, fmt);
    size = vsnprintf(last_message, sizeof(last_message), fmt, args);
    va_end(args);
    if (size >= (int)sizeof(last_message))
        longer = malloc((size_t)size + 1);
    if (longer != NULL) {
        va_start(args, fmt);
        (void)vsnprintf(longer, (size_t)size + 1, fmt, args);
        va_end(args);
    }
    fputs("krait: ", stderr);
    if (longer != NULL)
        cli_put_plain(stderr, longer, (size_t)size);
    else
        cli_put_plain(stderr, last_message, strlen(last_message));
    fputc('\n', stderr);
    funlockfile(stderr);
    free(longer);
}

void
cli_error(const krait_error *err)
{
    cli_message("%s", err->text);
}

int
cli_status_of(const krait_error *err)
{
    switch (err->code) {
    case KRAIT_ENOTFOUND:
        return KRAIT_EXIT_MISSING;
    case KRAIT_EINVAL:
        /* The module cannot be read, or an option is wrong. */
        return err->sys_errno != 0 ? KRAIT_EXIT_REFUSED : KRAIT_EXIT_FAILED;
    case KRAIT_EFORMAT:
    case KRAIT_EUNSUPPORTED:
    case KRAIT_ELIMIT:
        return KRAIT_EXIT_REFUSED;
    default:
        return KRAIT_EXIT_FAILED;
    }
}

void *
cli_need(void *pointer)
{
    if (pointer == NULL) {
        cli_message("out of memory");
        exit(KRAIT_EXIT_FAILED);
    }
    return pointer;
}

int
cli_finish_stdout(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        cli_message("cannot write to stdout: %s", strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    return status;
}
