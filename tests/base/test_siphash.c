/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3: values that Rust's DefaultHasher and CPython 3.11 with PYTHONHASHSEED=0 give, whose
 * keys are zeros.
 */
#include "base/siphash.h"
#include "support/check.h"

static void
known_values(void)
{
    static const struct {
        size_t size; /* of the text 00 01 02 ... */
        uint64_t value;
    } known[] = {
        {0, UINT64_C(0xd1fba762150c532c)},  {1, UINT64_C(0x68a914128e01e473)},
        {7, UINT64_C(0x2f098ab0c751325a)},  {8, UINT64_C(0xead411e67ebe2eea)},
        {9, UINT64_C(0x75927f9d95124362)},  {15, UINT64_C(0xf30eb725bb91c9ea)},
        {16, UINT64_C(0x8972188433a5c5b7)}, {63, UINT64_C(0x385d3e39e5f37359)},
    };
    static const uint64_t zeros[2];
    uint8_t text[64];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK_UINT(krait__siphash(zeros, text, known[i].size), known[i].value);
}

static void
keys(void)
{
    uint64_t a[2];
    uint64_t b[2];

    krait__siphash_key(a);
    krait__siphash_key(b);
    CHECK(a[0] != b[0] && a[1] != b[1]);
    CHECK(krait__siphash(a, "text", 4) != krait__siphash(b, "text", 4));
    CHECK_UINT(krait__siphash(a, "text", 4), krait__siphash(a, "text", 4));
}

CHECK_MAIN(CHECK_CASE(known_values), CHECK_CASE(keys))
