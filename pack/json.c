/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See json.h.
 */
#include "pack/json.h"

#include <stdio.h>
#include <string.h>

/* Values inside of each other, at most. */
#define MOST_DEPTH 64

static void
skip_space(krait_json *json)
{
    while (json->at < json->end && strchr(" \t\r\n", *json->at) != NULL && *json->at != '\0')
        json->at++;
}

static bool
take(krait_json *json, char wanted)
{
    skip_space(json);
    if (json->has_failed || json->at >= json->end || *json->at != wanted)
        return false;
    json->at++;
    return true;
}

static bool
fail(krait_json *json)
{
    json->has_failed = true;
    return false;
}

/* Four hexadecimal digits; 0x10000: they are none. */
static uint32_t
take_hex(krait_json *json)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 4; i++) {
        char c = json->at < json->end ? *json->at++ : '\0';
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return 0x10000;
        value = value << 4 | digit;
    }
    return value;
}

static void
put_character(krait_bytes *text, uint32_t c)
{
    if (c < 0x80) {
        krait__pack_bytes_byte(text, (uint8_t)c);
    } else if (c < 0x800) {
        krait__pack_bytes_byte(text, (uint8_t)(0xc0 | c >> 6));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        krait__pack_bytes_byte(text, (uint8_t)(0xe0 | c >> 12));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        krait__pack_bytes_byte(text, (uint8_t)(0xf0 | c >> 18));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        krait__pack_bytes_byte(text, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

/* Behind "\u": also the second half of a pair. */
static bool
take_unicode(krait_json *json, krait_bytes *text)
{
    uint32_t c = take_hex(json);

    if (c >= 0xd800 && c < 0xdc00) {
        uint32_t low;

        if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u')
            return fail(json);
        json->at += 2;
        low = take_hex(json);
        if (low < 0xdc00 || low > 0xdfff)
            return fail(json);
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c > 0xffff || (c >= 0xdc00 && c < 0xe000) || c == 0) {
        return fail(json);
    }
    put_character(text, c);
    return true;
}

static bool
take_escape(krait_json *json, krait_bytes *text)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    char c = json->at < json->end ? *json->at++ : '\0';
    const char *which = c != '\0' ? strchr(names, c) : NULL;

    if (c == 'u')
        return take_unicode(json, text);
    if (which == NULL)
        return fail(json);
    krait__pack_bytes_byte(text, (uint8_t)values[which - names]);
    return true;
}

bool
krait__pack_json_string(krait_json *json, krait_bytes *text)
{
    text->size = 0;
    if (!take(json, '"'))
        return fail(json);
    for (;;) {
        unsigned char c;

        if (json->at >= json->end)
            return fail(json);
        c = (unsigned char)*json->at++;
        if (c == '"')
            break;
        if (c < 0x20)
            return fail(json);
        if (c != '\\')
            krait__pack_bytes_byte(text, c);
        else if (!take_escape(json, text))
            return false;
    }
    krait__pack_bytes_byte(text, 0);
    return text->has_failed ? fail(json) : true;
}

bool
krait__pack_json_enter(krait_json *json, char open)
{
    if (!take(json, open))
        return fail(json);
    skip_space(json);
    if (json->at < json->end && *json->at == (open == '[' ? ']' : '}')) {
        json->at++;
        return false;
    }
    return true;
}

bool
krait__pack_json_more(krait_json *json, char close)
{
    if (take(json, ','))
        return true;
    if (!take(json, close))
        (void)fail(json);
    return false;
}

bool
krait__pack_json_key(krait_json *json, krait_bytes *text)
{
    return krait__pack_json_string(json, text) && (take(json, ':') || fail(json));
}

/* Over a text, without decoding it. */
static void
skip_string(krait_json *json)
{
    json->at++;
    for (; json->at < json->end && *json->at != '"'; json->at++) {
        if (*json->at == '\\' && json->end - json->at > 1)
            json->at++;
    }
    if (json->at >= json->end)
        (void)fail(json);
    else
        json->at++;
}

void
krait__pack_json_skip(krait_json *json)
{
    unsigned depth = 0;

    /* Brackets are counted, and not matched: a manifest of ours is right, of others anything. */
    do {
        skip_space(json);
        if (json->at >= json->end || json->has_failed || depth > MOST_DEPTH) {
            (void)fail(json);
            return;
        }
        if (*json->at == '"') {
            skip_string(json);
        } else if (*json->at == '{' || *json->at == '[') {
            depth++;
            json->at++;
        } else if (*json->at == '}' || *json->at == ']') {
            if (depth == 0) {
                (void)fail(json);
                return;
            }
            depth--;
            json->at++;
        } else if (*json->at == ',' || *json->at == ':') {
            json->at++;
        } else {
            const char *start = json->at;

            while (json->at < json->end && strchr("{}[],:\" \t\r\n", *json->at) == NULL)
                json->at++;
            /* A NUL is found by strchr(), and nothing of JSON. */
            if (json->at == start) {
                (void)fail(json);
                return;
            }
        }
    } while (depth > 0);
}

bool
krait__pack_json_find(krait_json *json, const char *text, size_t size, const char *key)
{
    krait_bytes name = {0};
    bool is_found = false;

    json->at = text;
    json->end = text + size;
    json->has_failed = false;
    if (krait__pack_json_enter(json, '{')) {
        do {
            if (!krait__pack_json_key(json, &name))
                break;
            is_found = strcmp((const char *)name.data, key) == 0;
            if (!is_found)
                krait__pack_json_skip(json);
        } while (!is_found && krait__pack_json_more(json, '}'));
    }
    krait__pack_bytes_release(&name);
    return is_found && !json->has_failed;
}

bool
krait__pack_json_text(const char *json, size_t size, const char *key, char *text, size_t capacity)
{
    krait_bytes value = {0};
    krait_json place;
    bool fits;

    fits = krait__pack_json_find(&place, json, size, key) &&
           krait__pack_json_string(&place, &value) && value.size <= capacity;
    if (fits)
        memcpy(text, value.data, value.size);
    krait__pack_bytes_release(&value);
    return fits;
}

void
krait__pack_json_put(krait_bytes *to, const char *text)
{
    krait__pack_bytes_byte(to, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[8];

        if (c == '"' || c == '\\') {
            krait__pack_bytes_byte(to, '\\');
            krait__pack_bytes_byte(to, c);
        } else if (c < 0x20) {
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            krait__pack_bytes_text(to, escape);
        } else {
            krait__pack_bytes_byte(to, c);
        }
    }
    krait__pack_bytes_byte(to, '"');
}
