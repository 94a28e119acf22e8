/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcmp(), eight bytes at a time.
 *
 * wasi-libc compares byte by byte, and Python compares strings and bytes with it: equal
 * bytes of 10 KB took 6.7 times as long, sorting strings 1.5 times, dict look-ups 1.1 times.
 * Linked before libc, this one is taken.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A word anywhere in memory. */
typedef uint64_t word __attribute__((may_alias, aligned(1)));

int
memcmp(const void *left, const void *right, size_t n)
{
    const unsigned char *l = left;
    const unsigned char *r = right;

    for (; n >= sizeof(word); n -= sizeof(word), l += sizeof(word), r += sizeof(word)) {
        uint64_t a = *(const word *)(const void *)l;
        uint64_t b = *(const word *)(const void *)r;

        if (a != b) {
            /* WebAssembly is little-endian: the first byte that differs has to weigh most. */
            return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
        }
    }
    for (; n > 0; n--, l++, r++) {
        if (*l != *r) {
            return *l < *r ? -1 : 1;
        }
    }
    return 0;
}
