/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 as in FIPS 180-4 sections 4.1.2, 5.1.1, 5.3.3 and 6.2, for whole
 * bytes.  In plain C, 130 MB/s; sha256_x86.c has the blocks for processors that
 * have instructions for it.
 */
#include "base/sha256.h"

#include <string.h>

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t
rotate(uint32_t value, unsigned bits)
{
    return (value >> bits) | (value << (32 - bits));
}

static uint32_t
load_big_endian(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void
expand(uint32_t schedule[64], const uint8_t block[64])
{
    unsigned i;

    for (i = 0; i < 16; i++)
        schedule[i] = load_big_endian(block + i * 4);
    for (i = 16; i < 64; i++) {
        uint32_t a = schedule[i - 15];
        uint32_t b = schedule[i - 2];
        uint32_t s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3);
        uint32_t s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10);

        schedule[i] = schedule[i - 16] + s0 + schedule[i - 7] + s1;
    }
}

static void
take_block(uint32_t state[8], const uint8_t block[64])
{
    uint32_t schedule[64];
    uint32_t v[8];
    unsigned i;

    expand(schedule, block);
    memcpy(v, state, sizeof(v));
    for (i = 0; i < 64; i++) {
        uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + round_constants[i] + schedule[i];
        uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (i = 0; i < 8; i++)
        state[i] += v[i];
}

static void
take_blocks(krait_sha256 *hash, const uint8_t *data, size_t blocks)
{
    if (hash->uses_x86 != 0) {
        krait__sha256_blocks_x86(hash->state, data, blocks, round_constants);
        return;
    }
    for (; blocks != 0; blocks--, data += 64)
        take_block(hash->state, data);
}

void
krait__sha256_init(krait_sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(hash->state, start, sizeof(start));
    hash->total = 0;
    hash->uses_x86 = krait__sha256_has_x86();
}

void
krait__sha256_add(krait_sha256 *hash, const void *data, size_t size)
{
    const uint8_t *from = data;
    size_t held = (size_t)(hash->total % 64);

    hash->total += size;
    while (size != 0) {
        size_t take = 64 - held;

        if (held == 0 && size >= 64) {
            take = size - size % 64;
            take_blocks(hash, from, take / 64);
        } else {
            if (take > size)
                take = size;
            memcpy(hash->block + held, from, take);
            held += take;
            if (held == 64) {
                take_blocks(hash, hash->block, 1);
                held = 0;
            }
        }
        from += take;
        size -= take;
    }
}

void
krait__sha256_finish(krait_sha256 *hash, uint8_t ret_digest[KRAIT_SHA256_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = hash->total * 8;
    size_t held = (size_t)(hash->total % 64);
    uint8_t length[8];
    unsigned i;

    for (i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    krait__sha256_add(hash, padding, held < 56 ? 56 - held : 120 - held);
    krait__sha256_add(hash, length, sizeof(length));
    for (i = 0; i < KRAIT_SHA256_SIZE; i++)
        ret_digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void
krait__sha256(const void *data, size_t size, uint8_t ret_digest[KRAIT_SHA256_SIZE])
{
    krait_sha256 hash;

    krait__sha256_init(&hash);
    krait__sha256_add(&hash, data, size);
    krait__sha256_finish(&hash, ret_digest);
}
