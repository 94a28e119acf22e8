/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs of version 7.  Random bytes are asked for 4096 at a time: a call of the system for each
 * document would cost more than all the rest of this.
 */
#include "uuid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static int
refill(proc_uuids *uuids)
{
    while (uuids->left < sizeof(uuids->random)) {
        ssize_t got = getrandom(uuids->random + uuids->left, sizeof(uuids->random) - uuids->left,
                                0);

        if (got < 0 && errno != EINTR)
            return -1;
        uuids->left += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

void
proc_hexadecimal(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        *ret_text++ = digits[bytes[i] >> 4];
        *ret_text++ = digits[bytes[i] & 15];
    }
    *ret_text = '\0';
}

int
proc_uuid_make(proc_uuids *uuids, uint64_t now_ms, char ret_text[PROC_UUID_SIZE + 1])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    uint8_t bytes[16];
    const uint8_t *from = bytes;

    if (uuids->left < sizeof(bytes) && refill(uuids) != 0)
        return -1;
    uuids->left -= sizeof(bytes);
    memcpy(bytes, uuids->random + uuids->left, sizeof(bytes));
    for (unsigned i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x70);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (unsigned i = 0; i < sizeof(groups); i++) {
        proc_hexadecimal(from, groups[i], ret_text);
        from += groups[i];
        ret_text += 2u * groups[i];
        *ret_text++ = '-';
    }
    ret_text[-1] = '\0';
    return 0;
}
