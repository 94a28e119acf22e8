/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs share that look at packed files from inside of a guest. */
#ifndef KRAIT_TESTS_PACK_GUEST_SUPPORT_H
#define KRAIT_TESTS_PACK_GUEST_SUPPORT_H

#include "support/check.h"

#include <errno.h>
#include <stdio.h>

#define FAILS(call, number)                                                                        \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), -1);                                                                     \
        CHECK_INT(errno, number);                                                                  \
    } while (0)

/* All of a file, ended by NUL, until the next call; "?" when it cannot be read. */
static inline const char *
contents(const char *path)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    if (f == NULL) {
        return "?";
    }
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

#endif /* KRAIT_TESTS_PACK_GUEST_SUPPORT_H */
