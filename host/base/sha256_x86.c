/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 with the instructions that x86-64 processors have for it (Intel SDM volume 2,
 * SHA256RNDS2, SHA256MSG1, SHA256MSG2): about ten times as fast as plain C.
 */
#include "base/sha256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static int
ask(void)
{
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;

    /* SSE4.1 first. */
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 19 & 1u) == 0 ||
        __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0)
        return 0;
    return (int)(b >> 29 & 1u);
}

/* Asked once by each thread: in a virtual machine the answer takes 10 us and more. */
int
krait__sha256_has_x86(void)
{
    static _Thread_local int known; /* 0: not yet; 1: no; 2: yes */

    if (known == 0)
        known = 1 + ask();
    return known - 1;
}

/* The state as the instructions want it: A B E F and C D G H, high words first. */
__attribute__((target("sha,sse4.1"))) void
krait__sha256_blocks_x86(uint32_t state[8], const uint8_t *data, size_t blocks,
                         const uint32_t constants[64])
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)),
                                     0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; blocks != 0; blocks--, data += 64) {
        __m128i before_abef = abef;
        __m128i before_cdgh = cdgh;
        __m128i w[4];
        unsigned i;

        for (i = 0; i < 16; i++) {
            __m128i *now = &w[i % 4];
            __m128i sum;

            if (i < 4) {
                *now = _mm_shuffle_epi8(
                    _mm_loadu_si128((const __m128i *)(const void *)(data + (size_t)16 * i)), swap);
            } else {
                __m128i last = w[(i + 3) % 4];

                *now = _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) % 4]),
                                     _mm_alignr_epi8(last, w[(i + 2) % 4], 4));
                *now = _mm_sha256msg2_epu32(*now, last);
            }
            sum = _mm_add_epi32(
                *now, _mm_loadu_si128((const __m128i *)(const void *)(constants + (size_t)4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, before_abef);
        cdgh = _mm_add_epi32(cdgh, before_cdgh);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

#else

int
krait__sha256_has_x86(void)
{
    return 0;
}

void
krait__sha256_blocks_x86(uint32_t state[8], const uint8_t *data, size_t blocks,
                         const uint32_t constants[64])
{
    (void)state;
    (void)data;
    (void)blocks;
    (void)constants;
}

#endif
