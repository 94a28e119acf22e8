/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) as <krait/module.h> has it, without an object of Python's in between: a row is written
 * for every line of every document.
 *
 * Control characters and DEL are escaped, other characters are UTF-8.  A float is written so that
 * strtod() gives it back, and what JSON has no number for as a string.
 */
#include "wadup.h"

#include <math.h>
#include <string.h>

#include <krait/module.h>

/* Characters that are escaped together; an escape has at most six bytes. */
#define BLOCK  4096u
#define ESCAPE 6u

/* Up to here an integer is a double, and all its neighbours are. */
#define EXACT 9007199254740992.0

/* ---- the buffer --------------------------------------------------------------------------------- */

void
krait_json_release(krait_json *json)
{
    PyMem_Free(json->bytes);
    *json = (krait_json){NULL, 0, 0};
}

static int
grow(krait_json *json, size_t more)
{
    size_t capacity = json->capacity + json->capacity / 2;
    char *bytes;

    if (more > (size_t)PY_SSIZE_T_MAX - json->size) {
        (void)PyErr_NoMemory();
        return -1;
    }
    if (capacity < json->size + more || capacity > (size_t)PY_SSIZE_T_MAX) {
        capacity = json->size + more;
    }
    if (capacity < 1024) {
        capacity = 1024;
    }
    bytes = PyMem_Realloc(json->bytes, capacity);
    if (bytes == NULL) {
        (void)PyErr_NoMemory();
        return -1;
    }
    json->bytes = bytes;
    json->capacity = capacity;
    return 0;
}

char *
krait_json_reserve(krait_json *json, size_t more)
{
    if (more > json->capacity - json->size && grow(json, more) != 0) {
        return NULL;
    }
    return json->bytes + json->size;
}

int
krait_json_put(krait_json *json, const char *bytes, size_t size)
{
    char *to = krait_json_reserve(json, size);

    if (to == NULL) {
        return -1;
    }
    memcpy(to, bytes, size);
    json->size += size;
    return 0;
}

/* ---- texts -------------------------------------------------------------------------------------- */

static char *
put_escape(char *to, uint32_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[] = "btn\0fr"; /* 8 to 13 */

    *to++ = '\\';
    if (c == '"' || c == '\\') {
        *to++ = (char)c;
    } else if (c >= 8 && c <= 13 && c != 11) {
        *to++ = shorts[c - 8];
    } else {
        memcpy(to, "u00", 3);
        to[3] = digits[c >> 4];
        to[4] = digits[c & 15];
        to += 5;
    }
    return to;
}

static bool
is_escaped(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

static char *
put_character(char *to, uint32_t c)
{
    if (c < 0x80) {
        if (is_escaped(c)) {
            return put_escape(to, c);
        }
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* Whether one of eight ASCII characters has to be escaped: a high bit is set by what is subtracted
 * from a byte that is too small, or added to one that is 0x7F. */
static bool
has_escaped(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t quotes = eight ^ ones * '"';
    uint64_t slashes = eight ^ ones * '\\';

    return (((eight - ones * 0x20) | (quotes - ones) | (slashes - ones) | (eight + ones)) &
            ones * 0x80) != 0;
}

static char *
put_ascii(char *to, const unsigned char *from, size_t size)
{
    const unsigned char *end = from + size;

    while (end - from >= 8) {
        uint64_t eight;

        memcpy(&eight, from, 8);
        if (has_escaped(eight)) {
            for (int i = 0; i < 8; i++) {
                to = put_character(to, from[i]);
            }
        } else {
            memcpy(to, &eight, 8);
            to += 8;
        }
        from += 8;
    }
    while (from < end) {
        to = put_character(to, *from++);
    }
    return to;
}

/* Returns the end, or NULL and where the surrogate is.  A pair of two is none either: Python has one
 * character for it. */
static char *
put_unicode(char *to, PyObject *text, Py_ssize_t from, Py_ssize_t end, Py_ssize_t *ret_surrogate)
{
    int kind = (int)PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);

    for (; from < end; from++) {
        uint32_t c = PyUnicode_READ(kind, data, from);

        if (c - 0xD800 < 0x800) {
            *ret_surrogate = from;
            return NULL;
        }
        to = put_character(to, c);
    }
    return to;
}

int
krait_json_put_text(krait_json *json, PyObject *text, Py_ssize_t *ret_surrogate)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    const unsigned char *ascii = PyUnicode_IS_ASCII(text) ? PyUnicode_1BYTE_DATA(text) : NULL;
    size_t more = length > (Py_ssize_t)BLOCK ? BLOCK * ESCAPE : 0;
    Py_ssize_t block;

    /* Most texts need no escape: a long one is not moved again after this. */
    if ((size_t)length > (size_t)PY_SSIZE_T_MAX - 2 * BLOCK * ESCAPE) {
        (void)PyErr_NoMemory();
        return -1;
    }
    if (krait_json_reserve(json, (size_t)length + more + 2) == NULL ||
        krait_json_put(json, "\"", 1) != 0) {
        return -1;
    }
    for (Py_ssize_t at = 0; at < length; at += block) {
        char *to;

        block = length - at < (Py_ssize_t)BLOCK ? length - at : (Py_ssize_t)BLOCK;
        to = krait_json_reserve(json, (size_t)block * ESCAPE);
        if (to != NULL) {
            to = ascii != NULL ? put_ascii(to, ascii + at, (size_t)block)
                               : put_unicode(to, text, at, at + block, ret_surrogate);
        }
        if (to == NULL) {
            return -1;
        }
        json->size = (size_t)(to - json->bytes);
    }
    return krait_json_put(json, "\"", 1);
}

/* ---- numbers ------------------------------------------------------------------------------------ */

static char *
put_digits(char *to, uint64_t value)
{
    char digits[20];
    char *at = digits + sizeof(digits);
    size_t size;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    size = (size_t)(digits + sizeof(digits) - at);
    memcpy(to, at, size);
    return to + size;
}

char *
krait_json_integer(char *to, int64_t value)
{
    if (value < 0) {
        *to++ = '-';
        return put_digits(to, 0 - (uint64_t)value);
    }
    return put_digits(to, (uint64_t)value);
}

static char *
put_string(char *to, const char *text)
{
    size_t size = strlen(text);

    memcpy(to, text, size);
    return to + size;
}

static char *
put_special(char *to, double value)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t bits;

    if (isinf(value)) {
        return put_string(to, value > 0 ? "\"inf\"" : "\"-inf\"");
    }
    memcpy(&bits, &value, sizeof(bits));
    if (bits == 0x7FF8000000000000u) {
        return put_string(to, "\"nan\"");
    }
    to = put_string(to, "\"nan:0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        *to++ = digits[bits >> shift & 15];
    }
    *to++ = '"';
    return to;
}

/* A number with `places` decimal places, without zeros at the end but one; NULL: there is none that is
 * this one.  Both operands of the division are exact, so its result is what strtod() would make of
 * these digits. */
static char *
put_decimal(char *to, double magnitude, int places, double power)
{
    double scaled = magnitude * power;
    uint64_t digits;

    if (!(scaled < EXACT)) {
        return NULL;
    }
    digits = (uint64_t)(scaled + 0.5);
    if ((double)digits / power != magnitude) {
        return NULL;
    }
    to = put_digits(to, digits / (uint64_t)power);
    *to++ = '.';
    digits %= (uint64_t)power;
    for (int i = places - 1; i >= 0; i--) {
        to[i] = (char)('0' + digits % 10);
        digits /= 10;
    }
    while (places > 1 && to[places - 1] == '0') {
        places--;
    }
    return to + places;
}

/* Most floats have few digits.  The others cost ten times as much. */
char *
krait_json_float(char *to, double value)
{
    double magnitude = fabs(value);
    char *start = to;
    char *end;
    char *text;

    if (!isfinite(value)) {
        return put_special(to, value);
    }
    if (signbit(value)) {
        *to++ = '-';
    }
    end = put_decimal(to, magnitude, 3, 1e3);
    if (end == NULL) {
        end = put_decimal(to, magnitude, 9, 1e9);
    }
    if (end != NULL) {
        return end;
    }
    text = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (text == NULL) {
        return NULL;
    }
    end = put_string(start, text);
    PyMem_Free(text);
    return end;
}

/* ---- bytes -------------------------------------------------------------------------------------- */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *
put_three(char *to, uint32_t three)
{
    to[0] = base64[three >> 18];
    to[1] = base64[three >> 12 & 63];
    to[2] = base64[three >> 6 & 63];
    to[3] = base64[three & 63];
    return to + 4;
}

int
krait_json_put_bytes(krait_json *json, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    char *to;

    if (size / 3 > ((size_t)PY_SSIZE_T_MAX - 8) / 4) {
        (void)PyErr_NoMemory();
        return -1;
    }
    to = krait_json_reserve(json, size / 3 * 4 + 6);
    if (to == NULL) {
        return -1;
    }
    *to++ = '"';
    for (; size >= 3; size -= 3, from += 3) {
        to = put_three(to, (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2]);
    }
    if (size > 0) {
        to = put_three(to, (uint32_t)from[0] << 16 | (size > 1 ? (uint32_t)from[1] << 8 : 0));
        to[-1] = '=';
        if (size == 1) {
            to[-2] = '=';
        }
    }
    *to++ = '"';
    json->size = (size_t)(to - json->bytes);
    return 0;
}
