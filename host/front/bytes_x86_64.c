/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy, memmove and memset for x86-64, in place of those of a small C library: translated code
 * calls them for everything that it copies.  Short pieces are moved by two loads that may overlap,
 * long ones by 64 bytes at a time, very long ones by the processor's own instruction.
 */
/* Headers that define checked forms of these functions as inline would have them twice. */
#undef _FORTIFY_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef long long piece __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t word8 __attribute__((aligned(1), may_alias));
typedef uint32_t word4 __attribute__((aligned(1), may_alias));
typedef uint16_t word2 __attribute__((aligned(1), may_alias));

/* From here on `rep movsb` is as fast as loads and stores, or faster. */
#define LONG_COPY 4096
#define LONG_FILL 2048

static inline void
copy_16(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 8) {
        uint64_t a = *(const word8 *)from;
        uint64_t b = *(const word8 *)(from + size - 8);

        *(word8 *)to = a;
        *(word8 *)(to + size - 8) = b;
    } else if (size >= 4) {
        uint32_t a = *(const word4 *)from;
        uint32_t b = *(const word4 *)(from + size - 4);

        *(word4 *)to = a;
        *(word4 *)(to + size - 4) = b;
    } else if (size >= 2) {
        uint16_t a = *(const word2 *)from;
        uint16_t b = *(const word2 *)(from + size - 2);

        *(word2 *)to = a;
        *(word2 *)(to + size - 2) = b;
    } else if (size != 0) {
        *to = *from;
    }
}

/* 17 to 128 bytes: all loads come before the first store. */
static inline void
copy_128(uint8_t *to, const uint8_t *from, size_t size)
{
    piece a = *(const piece *)from;
    piece z = *(const piece *)(from + size - 16);

    if (size > 32) {
        piece b = *(const piece *)(from + 16);
        piece y = *(const piece *)(from + size - 32);

        if (size > 64) {
            piece c = *(const piece *)(from + 32);
            piece d = *(const piece *)(from + 48);
            piece w = *(const piece *)(from + size - 64);
            piece x = *(const piece *)(from + size - 48);

            *(piece *)(to + 32) = c;
            *(piece *)(to + 48) = d;
            *(piece *)(to + size - 64) = w;
            *(piece *)(to + size - 48) = x;
        }
        *(piece *)(to + 16) = b;
        *(piece *)(to + size - 32) = y;
    }
    *(piece *)to = a;
    *(piece *)(to + size - 16) = z;
}

static inline void
copy_64(uint8_t *to, const uint8_t *from)
{
    piece a = *(const piece *)from;
    piece b = *(const piece *)(from + 16);
    piece c = *(const piece *)(from + 32);
    piece d = *(const piece *)(from + 48);

    *(piece *)to = a;
    *(piece *)(to + 16) = b;
    *(piece *)(to + 32) = c;
    *(piece *)(to + 48) = d;
}

/* What is copied last is loaded first: the copies before it may overwrite where it came from. */
static void
copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
    piece tail[4];

    copy_64((uint8_t *)tail, from + size - 64);
    for (size_t at = 0; at < size - 64; at += 64)
        copy_64(to + at, from + at);
    copy_64(to + size - 64, (const uint8_t *)tail);
}

static void
copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
    piece head[4];

    copy_64((uint8_t *)head, from);
    for (size_t at = size; at > 64; at -= 64)
        copy_64(to + at - 64, from + at - 64);
    copy_64(to, (const uint8_t *)head);
}

void *
memmove(void *to, const void *from, size_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if (size <= 16) {
        copy_16(out, in, size);
    } else if (size <= 128) {
        copy_128(out, in, size);
    } else if ((uintptr_t)out - (uintptr_t)in < size) {
        copy_down(out, in, size);
    } else if (size >= LONG_COPY && (uintptr_t)in - (uintptr_t)out >= size) {
        __asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(size) : : "memory");
    } else {
        copy_up(out, in, size);
    }
    return to;
}

void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return memmove(to, from, size);
}

static inline void
fill_16(uint8_t *to, uint64_t value, size_t size)
{
    if (size >= 8) {
        *(word8 *)to = value;
        *(word8 *)(to + size - 8) = value;
    } else if (size >= 4) {
        *(word4 *)to = (uint32_t)value;
        *(word4 *)(to + size - 4) = (uint32_t)value;
    } else if (size >= 2) {
        *(word2 *)to = (uint16_t)value;
        *(word2 *)(to + size - 2) = (uint16_t)value;
    } else if (size != 0) {
        *to = (uint8_t)value;
    }
}

static void
fill_long(uint8_t *to, uint64_t value, size_t size)
{
    piece all = {(long long)value, (long long)value};

    for (size_t at = 0; at < size - 32; at += 32) {
        *(piece *)(to + at) = all;
        *(piece *)(to + at + 16) = all;
    }
    *(piece *)(to + size - 32) = all;
    *(piece *)(to + size - 16) = all;
}

void *
memset(void *to, int byte, size_t size)
{
    uint8_t *out = to;
    uint64_t value = UINT64_C(0x0101010101010101) * (uint8_t)byte;

    if (size <= 16) {
        fill_16(out, value, size);
    } else if (size < 32) {
        piece all = {(long long)value, (long long)value};

        *(piece *)out = all;
        *(piece *)(out + size - 16) = all;
    } else if (size >= LONG_FILL) {
        __asm__ volatile("rep stosb" : "+D"(out), "+c"(size) : "a"(byte) : "memory");
    } else {
        fill_long(out, value, size);
    }
    return to;
}
