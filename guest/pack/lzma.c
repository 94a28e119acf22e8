/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See lzma.h.  The format is LZMA1 as Igor Pavlov's specification has it, with lc = 3, lp = 0,
 * pb = 0, without a header.  The length of the output is known, so a mark at the end is neither
 * needed nor looked for, and the output itself is the dictionary.
 */
#include "lzma.h"

#include <stdbool.h>

#define LITERAL_BITS  3
#define STATES        12
#define PROBABILITIES (sizeof(probabilities) / sizeof(uint16_t))

/* Distances from this slot on have bits that are coded without a model. */
#define SLOT_DIRECT 14
#define SLOT_FIRST  4

typedef uint16_t probability; /* of a 0, in 2048 */

typedef struct lengths {
    probability is_long;
    probability is_longer;
    probability low[8];
    probability middle[8];
    probability high[256];
} lengths;

typedef struct probabilities {
    probability is_match[STATES];
    probability is_repeat[STATES];
    probability is_other[STATES];      /* than the last distance */
    probability is_third[STATES];      /* or the second */
    probability is_fourth[STATES];     /* or the third */
    probability is_long_again[STATES]; /* more than one byte at the last distance */
    probability slots[4][64];
    probability special[128];
    probability low[16];
    lengths match;
    lengths repeat;
    probability literals[0x300u << LITERAL_BITS];
} probabilities;

_Static_assert(PROBABILITIES <= KRAIT_PACK_LZMA_STATE, "lzma.h names too little");

typedef struct decoder {
    probabilities *p;
    const uint8_t *in;
    const uint8_t *end;
    uint32_t range;
    uint32_t code;
    bool is_short; /* it reached beyond the end */
    unsigned state;
    uint32_t distances[4]; /* the last ones, less 1 */
    uint8_t *out;
    size_t size;
    size_t at;
} decoder;

static inline void
normalize(decoder *d)
{
    if (d->range >= UINT32_C(1) << 24)
        return;
    if (d->in == d->end)
        d->is_short = true;
    d->range <<= 8;
    d->code = d->code << 8 | (d->in != d->end ? *d->in++ : 0u);
}

static inline unsigned
get_bit(decoder *d, probability *p)
{
    uint32_t bound = (d->range >> 11) * *p;
    unsigned bit;

    if (d->code < bound) {
        d->range = bound;
        *p = (probability)(*p + ((2048u - *p) >> 5));
        bit = 0;
    } else {
        d->range -= bound;
        d->code -= bound;
        *p = (probability)(*p - (*p >> 5));
        bit = 1;
    }
    normalize(d);
    return bit;
}

/* A number of `bits` bits, the highest first; without a model. */
static uint32_t
get_direct(decoder *d, unsigned bits)
{
    uint32_t value = 0;

    for (; bits > 0; bits--) {
        uint32_t bit;

        d->range >>= 1;
        bit = d->code >= d->range ? 1u : 0u;
        if (bit != 0)
            d->code -= d->range;
        normalize(d);
        value = value << 1 | bit;
    }
    return value;
}

static inline unsigned
get_tree(decoder *d, probability *p, unsigned bits)
{
    unsigned value = 1;

    for (unsigned i = 0; i < bits; i++)
        value = value << 1 | get_bit(d, p + value);
    return value - (1u << bits);
}

/* The lowest bit first. */
static unsigned
get_reverse(decoder *d, probability *p, unsigned bits)
{
    unsigned node = 1;
    unsigned value = 0;

    for (unsigned i = 0; i < bits; i++) {
        unsigned bit = get_bit(d, p + node);

        node = node << 1 | bit;
        value |= bit << i;
    }
    return value;
}

static unsigned
get_length(decoder *d, lengths *p)
{
    if (get_bit(d, &p->is_long) == 0)
        return 2 + get_tree(d, p->low, 3);
    if (get_bit(d, &p->is_longer) == 0)
        return 10 + get_tree(d, p->middle, 3);
    return 18 + get_tree(d, p->high, 8);
}

static uint32_t
get_distance(decoder *d, unsigned length)
{
    unsigned slot = get_tree(d, d->p->slots[length < 6 ? length - 2 : 3], 6);
    unsigned bits = (slot >> 1) - 1;
    uint32_t distance;

    if (slot < SLOT_FIRST)
        return slot;
    distance = (2u | (slot & 1u)) << bits;
    if (slot < SLOT_DIRECT)
        return distance + get_reverse(d, d->p->special + distance - slot, bits);
    distance += get_direct(d, bits - 4) << 4;
    return distance + get_reverse(d, d->p->low, 4);
}

static void
put_literal(decoder *d)
{
    unsigned before = d->at > 0 ? d->out[d->at - 1] : 0;
    probability *p = d->p->literals + 0x300u * (before >> (8 - LITERAL_BITS));
    unsigned symbol = 1;

    if (d->state >= 7) {
        unsigned match = d->out[d->at - d->distances[0] - 1];

        do {
            unsigned expected = match >> 7 & 1u;
            unsigned bit = get_bit(d, p + ((1 + expected) << 8) + symbol);

            match <<= 1;
            symbol = symbol << 1 | bit;
            if (bit != expected)
                break;
        } while (symbol < 0x100);
    }
    while (symbol < 0x100)
        symbol = symbol << 1 | get_bit(d, p + symbol);
    d->out[d->at++] = (uint8_t)symbol;
    d->state = d->state < 4 ? 0 : d->state < 10 ? d->state - 3 : d->state - 6;
}

/* False when it reaches before the beginning or beyond the end. */
static bool
put_match(decoder *d, unsigned length)
{
    uint32_t distance = d->distances[0]; /* less 1: the mark of the end is the largest number */
    uint8_t *to = d->out + d->at;

    if (distance >= d->at || length > d->size - d->at)
        return false;
    /* Both may overlap: byte by byte. */
    for (unsigned i = 0; i < length; i++)
        to[i] = (to - distance - 1)[i];
    d->at += length;
    return true;
}

/* Moves the distance that is used again to the front. */
static void
choose_repeat(decoder *d)
{
    unsigned which = 1;
    uint32_t distance;

    if (get_bit(d, &d->p->is_third[d->state]) != 0)
        which = 2 + get_bit(d, &d->p->is_fourth[d->state]);
    distance = d->distances[which];
    for (; which > 0; which--)
        d->distances[which] = d->distances[which - 1];
    d->distances[0] = distance;
}

static bool
put_sequence(decoder *d)
{
    unsigned length;

    if (get_bit(d, &d->p->is_repeat[d->state]) == 0) {
        length = get_length(d, &d->p->match);
        d->distances[3] = d->distances[2];
        d->distances[2] = d->distances[1];
        d->distances[1] = d->distances[0];
        d->distances[0] = get_distance(d, length);
        d->state = d->state < 7 ? 7 : 10;
        return put_match(d, length);
    }
    if (get_bit(d, &d->p->is_other[d->state]) != 0) {
        choose_repeat(d);
    } else if (get_bit(d, &d->p->is_long_again[d->state]) == 0) {
        d->state = d->state < 7 ? 9 : 11;
        return put_match(d, 1);
    }
    length = get_length(d, &d->p->repeat);
    d->state = d->state < 7 ? 8 : 11;
    return put_match(d, length);
}

int
krait_pack_lzma(uint16_t *state, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    decoder d = {.in = in, .end = in + in_size, .range = UINT32_MAX, .out = out, .size = out_size};

    d.p = (probabilities *)(void *)state;
    for (size_t i = 0; i < PROBABILITIES; i++)
        state[i] = 1024;
    if (in_size < 5 || in[0] != 0)
        return -1;
    for (unsigned i = 1; i < 5; i++)
        d.code = d.code << 8 | in[i];
    d.in += 5;
    while (d.at < d.size && !d.is_short) {
        if (get_bit(&d, &d.p->is_match[d.state]) == 0)
            put_literal(&d);
        else if (!put_sequence(&d))
            return -1;
    }
    return d.at == d.size && !d.is_short ? 0 : -1;
}
