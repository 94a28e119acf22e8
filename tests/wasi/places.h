/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases over files that run twice: in memory ("tmp") and on the host ("m").
 */
#ifndef KRAIT_TESTS_WASI_PLACES_H
#define KRAIT_TESTS_WASI_PLACES_H

#include "wasi/guest.h"

static const char *where; /* "tmp" or "m" */

static const char *
in(const char *name)
{
    static char buffers[4][128];
    static unsigned next;
    char *buffer = buffers[next++ % 4];

    snprintf(buffer, sizeof(buffers[0]), "%s/%s", where, name);
    return buffer;
}

static void
both(void (*body)(void))
{
    static const char *const places[] = {"tmp", "m"};

    for (int i = 0; i < 2; i++) {
        where = places[i];
        guest_begin(NULL);
        body();
        guest_end();
    }
}

#endif /* KRAIT_TESTS_WASI_PLACES_H */
