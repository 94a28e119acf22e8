/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/libc/memcmp.c, compiled for this machine under another name, against its libc.
 */
#include <string.h>

#include "support/check.h"

#define memcmp guest_memcmp
int guest_memcmp(const void *left, const void *right, size_t n);
#include "guest/libc/memcmp.c"
#undef memcmp

static int
sign(int n)
{
    return (n > 0) - (n < 0);
}

/* Every length, alignment and place of the first difference around two words. */
static void
every_place(void)
{
    unsigned char a[40];
    unsigned char b[40];

    for (size_t at = 0; at < 8; at++) {
        for (size_t n = 0; n <= 24; n++) {
            for (size_t i = 0; i < sizeof(a); i++) {
                a[i] = b[i] = (unsigned char)(i * 37);
            }
            CHECK(guest_memcmp(a + at, b + at, n) == 0);
            for (size_t bad = 0; bad < n; bad++) {
                b[at + bad] ^= 0x80;
                /* What follows must not matter. */
                b[at + n] ^= 0xff;
                b[at + bad + 1] ^= 0x55;
                CHECK(sign(guest_memcmp(a + at, b + at, n)) == sign(memcmp(a + at, b + at, n)));
                CHECK(sign(guest_memcmp(b + at, a + at, n)) == sign(memcmp(b + at, a + at, n)));
                b[at + bad + 1] ^= 0x55;
                b[at + n] ^= 0xff;
                b[at + bad] ^= 0x80;
            }
        }
    }
}

CHECK_MAIN(CHECK_CASE(every_place))
