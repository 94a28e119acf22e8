/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of packed blocks (guest/pack/lzma.c), compiled for the host: what liblzma writes it
 * reads, and damaged streams neither crash it nor make it reach beyond its buffers.
 */
#include "guest/pack/lzma.h"
#include "support/check.h"

#include <lzma.h>
#include <stdlib.h>

#define MOST (256u * 1024)

static uint16_t state[KRAIT_PACK_LZMA_STATE];

static size_t
encode(const uint8_t *data, size_t size, uint8_t *out, size_t capacity)
{
    lzma_options_lzma options;
    lzma_filter filters[2] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t used = 0;

    if (lzma_lzma_preset(&options, 9))
        return 0;
    options.lc = 3;
    options.lp = 0;
    options.pb = 0;
    if (lzma_raw_buffer_encode(filters, NULL, data, size, out, &used, capacity) != LZMA_OK)
        return 0;
    return used;
}

/* Numbers that look random and are the same every time. */
static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Like a program: words that come again, runs, and bytes that do not. */
static void
fill(uint8_t *data, size_t size, uint32_t seed)
{
    for (size_t at = 0; at < size;) {
        uint32_t kind = next(&seed) % 4;
        size_t length = 1 + next(&seed) % 300;
        size_t back = at > 0 ? 1 + next(&seed) % (at < 60000 ? at : 60000) : 0;

        for (size_t i = 0; i < length && at < size; i++, at++) {
            if (kind == 0 || at == 0)
                data[at] = (uint8_t)next(&seed);
            else if (kind == 1)
                data[at] = data[at - 1];
            else
                data[at] = back <= at ? data[at - back] : 0;
        }
    }
}

static void
round_trips(void)
{
    static const size_t sizes[] = {1, 2, 3, 17, 255, 4096, 70000, 131072, MOST};
    uint8_t *data = malloc(MOST);
    uint8_t *coded = malloc(2 * MOST);
    uint8_t *decoded = malloc(MOST);

    REQUIRE(data != NULL && coded != NULL && decoded != NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t used;

        fill(data, sizes[i], (uint32_t)i);
        used = encode(data, sizes[i], coded, 2 * MOST);
        REQUIRE(used > 0);
        CHECK_INT(krait_pack_lzma(state, coded, used, decoded, sizes[i]), 0);
        CHECK(memcmp(data, decoded, sizes[i]) == 0);
    }
    free(data);
    free(coded);
    free(decoded);
}

/* Each buffer is of its exact size, so that sanitizers see what goes beyond it. */
static void
survives_damage(void)
{
    size_t size = 3000;
    uint8_t *data = malloc(size);
    uint8_t *coded = malloc(2 * size);
    uint32_t seed = 7;
    unsigned refused = 0;
    size_t used;

    REQUIRE(data != NULL && coded != NULL);
    fill(data, size, 3);
    used = encode(data, size, coded, 2 * size);
    REQUIRE(used > 0);
    for (unsigned i = 0; i < 3000; i++) {
        size_t length = i % 3 == 0 ? next(&seed) % used : used;
        uint8_t *copy = malloc(length + 1);
        uint8_t *out = malloc(size);

        REQUIRE(copy != NULL && out != NULL);
        memcpy(copy, coded, length);
        for (unsigned k = 0; k < 1 + i % 4 && length > 0; k++)
            copy[next(&seed) % length] = (uint8_t)next(&seed);
        copy = realloc(copy, length > 0 ? length : 1);
        REQUIRE(copy != NULL);
        refused += krait_pack_lzma(state, copy, length, out, size) != 0;
        free(copy);
        free(out);
    }
    /* A stream without a sum cannot notice everything, but most of it. */
    CHECK(refused > 1000);
    free(data);
    free(coded);
}

static void
refuses_what_is_short(void)
{
    static const uint8_t bytes[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    uint8_t out[64];

    CHECK_INT(krait_pack_lzma(state, bytes, 0, out, sizeof(out)), -1);
    CHECK_INT(krait_pack_lzma(state, bytes, 4, out, sizeof(out)), -1);
    CHECK_INT(krait_pack_lzma(state, (const uint8_t *)"\1\0\0\0\0\0", 6, out, sizeof(out)), -1);
}

CHECK_MAIN(CHECK_CASE(round_trips), CHECK_CASE(survives_damage), CHECK_CASE(refuses_what_is_short))
