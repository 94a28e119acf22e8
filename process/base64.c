/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 in JSON (RFC 4648 section 4): with padding, without anything between the digits.
 */
#include "rows.h"

static unsigned
digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four digits to three bytes; false: one of them is none. */
static bool
decode(const uint8_t *from, uint8_t *to, unsigned count)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        const unsigned value = i <= count ? digit(from[i]) : 0;

        if (value == 64)
            return false;
        bits = bits << 6 | value;
    }
    for (unsigned i = 0; i < count; i++)
        to[i] = (uint8_t)(bits >> (16 - 8 * i));
    /* What is not used is zero. */
    return count == 3 || (bits & (count == 2 ? 0xffu : 0xffffu)) == 0;
}

static bool
decode_all(const uint8_t *from, size_t size, proc_buffer *to)
{
    size_t padding = size == 0 ? 0 : from[size - 1] != '=' ? 0 : from[size - 2] != '=' ? 1 : 2;
    uint8_t *bytes = proc_buffer_add(to, size / 4 * 3 - padding);

    if (bytes == NULL)
        return false;
    for (; size > 4; size -= 4, from += 4, bytes += 3) {
        if (!decode(from, bytes, 3))
            return false;
    }
    return size == 0 || decode(from, bytes, (unsigned)(3 - padding));
}

bool
proc_base64_read(proc_json *json, proc_buffer *to)
{
    const uint8_t *end;
    size_t size;

    if (!proc_json_take(json, '"'))
        return false;
    size = (size_t)(json->end - json->at);
    end = size != 0 ? memchr(json->at, '"', size) : NULL;
    if (end == NULL)
        return false;
    size = (size_t)(end - json->at);
    /* A backslash may stand before a slash; nobody writes it, and it is no digit here. */
    if (size % 4 != 0 || !decode_all(json->at, size, to))
        return false;
    json->at = end + 1;
    return true;
}
