/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LEB128, UTF-8 and where in the file a mistake is.  The texts of the reasons
 * are those of the specification's reference interpreter where it has one.
 */
#include "aot/bytes.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "function 7 'name'" without bytes that a terminal would act on. */
static void
describe_function(const krait_cursor *cursor, char *text, size_t size)
{
    const krait_wasm_module *module = cursor->module;
    char name[64];
    uint32_t i = 0;

    text[0] = '\0';
    if (cursor->func == UINT32_MAX)
        return;
    if (module != NULL && module->funcs != NULL && cursor->func < module->func_count) {
        krait_wasm_name found = module->funcs[cursor->func].name;

        for (; i < found.size && i + 1 < sizeof(name); i++)
            name[i] = found.text[i] > 0x20 && found.text[i] < 0x7f ? found.text[i] : '?';
    }
    name[i] = '\0';
    if (i != 0)
        snprintf(text, size, ", function %u '%s'", cursor->func, name);
    else
        snprintf(text, size, ", function %u", cursor->func);
}

bool
krait__cursor_fail_at(krait_cursor *cursor, size_t offset, krait_status code, const char *fmt, ...)
{
    char reason[256];
    char function[128];
    va_list args;

    if (cursor->failed)
        return false;
    cursor->failed = true;
    cursor->status = code;
    va_start(args, fmt);
    vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    describe_function(cursor, function, sizeof(function));
    krait__error_set(cursor->err, code, 0, "offset 0x%zx%s%s%s: %s", offset,
                     cursor->section != NULL ? ", " : "",
                     cursor->section != NULL ? cursor->section : "", function, reason);
    return false;
}

uint8_t
krait__cursor_u8(krait_cursor *cursor)
{
    if (cursor->failed)
        return 0;
    if (cursor->at >= cursor->end) {
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_EFORMAT, "unexpected end");
        return 0;
    }
    return cursor->data[cursor->at++];
}

/* WebAssembly 2.0 section 5.2.2: at most ceil(bits / 7) bytes, and the unused
 * bits of the last one repeat the sign (or are 0). */
static uint64_t
read_leb(krait_cursor *cursor, unsigned bits, bool is_signed)
{
    size_t start = cursor->at;
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        if (shift >= bits) {
            krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "integer representation too long");
            return 0;
        }
        byte = krait__cursor_u8(cursor);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (bits - shift < 7) {
            unsigned used = bits - shift;
            uint8_t unused = (uint8_t)((byte & 0x7f) >> (is_signed ? used - 1 : used));
            uint8_t ones = (uint8_t)(0x7f >> (is_signed ? used - 1 : used));

            if (!cursor->failed && (byte & 0x80) == 0 && unused != 0 &&
                !(is_signed && unused == ones)) {
                krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "integer too large");
                return 0;
            }
        }
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (is_signed && shift < 64 && (byte & 0x40) != 0)
        value |= UINT64_MAX << shift;
    return cursor->failed ? 0 : value;
}

uint32_t
krait__cursor_u32(krait_cursor *cursor)
{
    /* Nearly all are one byte. */
    if (!cursor->failed && cursor->at < cursor->end && cursor->data[cursor->at] < 0x80)
        return cursor->data[cursor->at++];
    return (uint32_t)read_leb(cursor, 32, false);
}

int32_t
krait__cursor_s32(krait_cursor *cursor)
{
    return (int32_t)(uint32_t)read_leb(cursor, 32, true);
}

int64_t
krait__cursor_s33(krait_cursor *cursor)
{
    return (int64_t)read_leb(cursor, 33, true);
}

int64_t
krait__cursor_s64(krait_cursor *cursor)
{
    return (int64_t)read_leb(cursor, 64, true);
}

uint64_t
krait__cursor_fixed(krait_cursor *cursor, unsigned bytes)
{
    const uint8_t *from = krait__cursor_bytes(cursor, bytes);
    uint64_t value = 0;
    unsigned i;

    for (i = 0; from != NULL && i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

const uint8_t *
krait__cursor_bytes(krait_cursor *cursor, size_t size)
{
    const uint8_t *from = cursor->data + cursor->at;

    if (cursor->failed)
        return NULL;
    if (size > cursor->end - cursor->at) {
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_EFORMAT, "unexpected end");
        return NULL;
    }
    cursor->at += size;
    return from;
}

krait_wasm_name
krait__cursor_name(krait_cursor *cursor)
{
    size_t start = cursor->at;
    krait_wasm_name name = {NULL, 0};
    uint32_t size = krait__cursor_u32(cursor);
    const uint8_t *text = krait__cursor_bytes(cursor, size);

    if (text == NULL)
        return name;
    if (!krait__utf8_valid(text, size)) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed UTF-8 encoding");
        return name;
    }
    name.text = (const char *)text;
    name.size = size;
    return name;
}

uint32_t
krait__cursor_count(krait_cursor *cursor, uint32_t limit, size_t least, const char *what)
{
    size_t start = cursor->at;
    uint32_t count = krait__cursor_u32(cursor);

    if (cursor->failed)
        return 0;
    if (count > (cursor->end - cursor->at) / least) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "unexpected end: %u %s do not fit",
                              count, what);
        return 0;
    }
    if (count > limit) {
        krait__cursor_fail_at(cursor, start, KRAIT_ELIMIT, "%u %s; at most %u are supported", count,
                              what, limit);
        return 0;
    }
    return count;
}

/* Bytes that follow `lead`, and the smallest number that needs so many; 4: not a lead. */
static unsigned
utf8_followers(uint8_t lead, uint32_t *ret_bits, uint32_t *ret_least)
{
    if (lead < 0x80) {
        *ret_bits = lead;
        *ret_least = 0;
        return 0;
    }
    if ((lead & 0xe0) == 0xc0) {
        *ret_bits = lead & 0x1f;
        *ret_least = 0x80;
        return 1;
    }
    if ((lead & 0xf0) == 0xe0) {
        *ret_bits = lead & 0x0f;
        *ret_least = 0x800;
        return 2;
    }
    if ((lead & 0xf8) == 0xf0) {
        *ret_bits = lead & 0x07;
        *ret_least = 0x10000;
        return 3;
    }
    return 4;
}

bool
krait__utf8_valid(const uint8_t *text, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint32_t code;
        uint32_t least;
        unsigned followers = utf8_followers(text[at++], &code, &least);

        if (followers == 4 || followers > size - at)
            return false;
        for (; followers != 0; followers--) {
            if ((text[at] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (text[at++] & 0x3f);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}
