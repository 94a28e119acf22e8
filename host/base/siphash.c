/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See siphash.h: one round for each eight bytes, three at the end.
 */
#include "base/siphash.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

static uint64_t
rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

void
krait__siphash_key(uint64_t ret_key[2])
{
    if (getrandom(ret_key, 2 * sizeof(*ret_key), GRND_NONBLOCK) == (ssize_t)(2 * sizeof(*ret_key)))
        return;
    ret_key[0] = (uintptr_t)ret_key; /* the kernel chose where it is */
    ret_key[1] = 0;
}

uint64_t
krait__siphash(const uint64_t key[2], const void *bytes, size_t size)
{
    const uint8_t *data = bytes;
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t word = 0;

    for (size_t left = size;; left -= 8, data += 8) {
        const bool is_last = left < 8;

        if (is_last)
            word = (uint64_t)size << 56;
        else
            memcpy(&word, data, sizeof(word));
        for (size_t i = 0; is_last && i < left; i++)
            word |= (uint64_t)data[i] << (8 * i);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        if (is_last)
            break;
    }
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
