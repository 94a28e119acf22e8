/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See virtual.h.
 */
#include "base/virtual.h"

#include <string.h>

#define BLOCK 64u

uint64_t
krait__virtual_end(const krait_virtual *virtual)
{
    return (uint64_t)INT64_MAX - virtual->start_ns;
}

void
krait__virtual_sleep(krait_virtual *virtual, uint64_t until_ns)
{
    const uint64_t end = krait__virtual_end(virtual);

    if (until_ns > end)
        until_ns = end;
    if (until_ns > virtual->now_ns)
        virtual->now_ns = until_ns;
}

uint64_t
krait__virtual_read(krait_virtual *virtual)
{
    krait__virtual_sleep(virtual, virtual->now_ns + KRAIT_VIRTUAL_STEP_NS);
    return virtual->now_ns;
}

static uint32_t
rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void
quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = rotate(*d ^ *a, 16);
    *c += *d;
    *b = rotate(*b ^ *c, 12);
    *a += *b;
    *d = rotate(*d ^ *a, 8);
    *c += *d;
    *b = rotate(*b ^ *c, 7);
}

/* Block `number` of the stream of this seed: the key is the seed and zeros. */
static void
make_block(uint64_t seed, uint64_t number, uint8_t out[BLOCK])
{
    const uint32_t in[16] = {0x61707865,
                             0x3320646e,
                             0x79622d32,
                             0x6b206574,
                             (uint32_t)seed,
                             (uint32_t)(seed >> 32),
                             0,
                             0,
                             0,
                             0,
                             0,
                             0,
                             (uint32_t)number,
                             (uint32_t)(number >> 32)};
    uint32_t x[16];

    memcpy(x, in, sizeof(x));
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 4; i++)
            quarter(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
        for (unsigned i = 0; i < 4; i++)
            quarter(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4], &x[12 + (i + 3) % 4]);
    }
    for (unsigned i = 0; i < 16; i++) {
        const uint32_t word = x[i] + in[i];

        for (unsigned j = 0; j < 4; j++)
            out[4 * i + j] = (uint8_t)(word >> (8 * j));
    }
}

void
krait__virtual_draw(krait_virtual *virtual, void *to, size_t size)
{
    uint8_t *out = to;

    while (size > 0) {
        const size_t start = (size_t)(virtual->drawn % BLOCK);
        const size_t count = size < BLOCK - start ? size : BLOCK - start;
        uint8_t block[BLOCK];

        make_block(virtual->seed, virtual->drawn / BLOCK, block);
        memcpy(out, block + start, count);
        virtual->drawn += count;
        out += count;
        size -= count;
    }
}
