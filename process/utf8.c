/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it UTF-8?  (RFC 3629: no surrogates, nothing beyond U+10FFFF, no overlong forms.)
 */
#include "json.h"

/* How many bytes the character takes; 0: it is none. */
static size_t
character(const uint8_t *at, size_t left)
{
    const unsigned first = at[0];
    const size_t size = first < 0xc2   ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;

    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
        (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

bool
proc_is_utf8(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    const uint8_t *end = size != 0 ? at + size : at;

    while (at < end) {
        uint64_t eight;
        size_t step = 1;

        if (end - at >= 8) {
            memcpy(&eight, at, 8);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        if (*at >= 0x80)
            step = character(at, (size_t)(end - at));
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}
