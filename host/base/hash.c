/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hash.h: 64-bit words are multiplied into 128 bits and folded.
 */
#include "base/hash.h"

#include <string.h>

#define HASH_LANES 4

__extension__ typedef unsigned __int128 wide;

static const uint64_t lane_keys[HASH_LANES] = {
    UINT64_C(0x9d39247e33776d41), UINT64_C(0x2af7398005aaa5c7), UINT64_C(0x44db015024623547),
    UINT64_C(0x9c15f73e62a76ae3)};

static uint64_t
word_at(const uint8_t *data)
{
    uint64_t word;

    memcpy(&word, data, sizeof(word));
    return word;
}

/* The two halves of the product, folded. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
krait__hash(uint64_t seed, const void *bytes, size_t size)
{
    const uint8_t *data = bytes;
    uint64_t lanes[HASH_LANES];
    uint64_t sum = seed ^ size;
    uint8_t rest[16 * HASH_LANES] = {0};
    unsigned i;

    for (i = 0; i < HASH_LANES; i++)
        lanes[i] = seed + lane_keys[i];
    for (; size >= sizeof(rest); data += sizeof(rest), size -= sizeof(rest)) {
        for (i = 0; i < HASH_LANES; i++)
            lanes[i] = fold(word_at(data + 16 * i) ^ lane_keys[i],
                            word_at(data + 16 * i + 8) ^ lanes[i]);
    }
    if (size != 0)
        memcpy(rest, data, size);
    for (i = 0; i < HASH_LANES; i++) {
        lanes[i] = fold(word_at(rest + 16 * i) ^ lane_keys[i],
                        word_at(rest + 16 * i + 8) ^ lanes[i]);
        sum = fold(sum ^ lane_keys[i], lanes[i] + i);
    }
    return sum;
}
