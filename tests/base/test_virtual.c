/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and chance that are the same in every run.
 */
#include "base/virtual.h"
#include "support/check.h"

/* The first two blocks of ChaCha20 under a key of zeros; published test vectors. */
static void
known_bytes(void)
{
    static const uint8_t first[] = {
        0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd,
        0x28, 0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77,
        0x0d, 0xc7, 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8,
        0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69,
        0xb2, 0xee, 0x65, 0x86, 0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a, 0x98, 0xba, 0x97,
        0x7c, 0x73, 0x2d, 0x08, 0x0d, 0xcb, 0x0f, 0x29, 0xa0, 0x48, 0xe3, 0x65, 0x69, 0x12, 0xc6,
        0x53, 0x3e, 0x32, 0xee, 0x7a, 0xed, 0x29, 0xb7, 0x21, 0x76, 0x9c, 0xe6, 0x4e, 0x43, 0xd5,
        0x71, 0x33, 0xb0, 0x74, 0xd8, 0x39, 0xd5, 0x31, 0xed, 0x1f, 0x28, 0x51, 0x0a, 0xfb, 0x45,
        0xac, 0xe1, 0x0a, 0x1f, 0x4b, 0x79, 0x4d, 0x6f};
    krait_virtual virtual = {.seed = 0};
    uint8_t bytes[sizeof(first)];

    krait__virtual_draw(&virtual, bytes, sizeof(bytes));
    CHECK_MEM(bytes, first, sizeof(first));
    /* however they are asked for */
    virtual = (krait_virtual){.seed = 0};
    for (size_t at = 0, size = 0; at < sizeof(bytes); at += size) {
        size = (at % 7) + 1 < sizeof(bytes) - at ? (at % 7) + 1 : sizeof(bytes) - at;
        krait__virtual_draw(&virtual, bytes + at, size);
    }
    CHECK_MEM(bytes, first, sizeof(first));
    CHECK_UINT(virtual.drawn, sizeof(bytes));
}

static void
seeds_differ(void)
{
    uint64_t words[4];

    for (unsigned i = 0; i < 4; i++) {
        krait_virtual virtual = {.seed = i < 2 ? i : UINT64_C(1) << (30 + i)};

        krait__virtual_draw(&virtual, &words[i], sizeof(words[i]));
        for (unsigned j = 0; j < i; j++)
            CHECK(words[i] != words[j]);
    }
}

static void
time_passes(void)
{
    krait_virtual virtual = {.start_ns = 500};

    CHECK_UINT(krait__virtual_read(&virtual), KRAIT_VIRTUAL_STEP_NS);
    CHECK_UINT(krait__virtual_read(&virtual), 2 * KRAIT_VIRTUAL_STEP_NS);
    krait__virtual_sleep(&virtual, 1000000);
    krait__virtual_sleep(&virtual, 10);
    CHECK_UINT(virtual.now_ns, 1000000);
    krait__virtual_sleep(&virtual, UINT64_MAX);
    CHECK_UINT(virtual.now_ns, (uint64_t)INT64_MAX - 500);
    CHECK_UINT(krait__virtual_read(&virtual), (uint64_t)INT64_MAX - 500);
    CHECK_UINT(krait__virtual_end(&virtual), (uint64_t)INT64_MAX - 500);
}

CHECK_MAIN(CHECK_CASE(known_bytes), CHECK_CASE(seeds_differ), CHECK_CASE(time_passes))
