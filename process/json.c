/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of JSON: white space, texts, words, and values that nobody asked for.
 * Numbers are in json_number.c.
 */
#include "json.h"

/* Deeper than this nothing is skipped: no text that Krait documents nests at all. */
#define DEPTH_MAX 512

static void
skip_space(proc_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
        json->at++;
}

bool
proc_json_take(proc_json *json, char wanted)
{
    skip_space(json);
    if (json->at == json->end || *json->at != (uint8_t)wanted)
        return false;
    json->at++;
    return true;
}

bool
proc_json_is_done(proc_json *json)
{
    skip_space(json);
    return json->at == json->end;
}

bool
proc_json_take_word(proc_json *json, const char *word)
{
    size_t size = strlen(word);

    skip_space(json);
    if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0)
        return false;
    json->at += size;
    return true;
}

/* Four hexadecimal digits; -1: there are none. */
static int32_t
hexadecimal(proc_json *json)
{
    int32_t value = 0;

    if (json->end - json->at < 4)
        return -1;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t digit = *json->at++;

        if (digit >= '0' && digit <= '9')
            value = value * 16 + (digit - '0');
        else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
            value = value * 16 + ((digit | 32) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static bool
put_character(proc_buffer *to, uint32_t c)
{
    uint8_t bytes[4];
    size_t size;

    if (c < 0x80) {
        return proc_buffer_put_byte(to, (uint8_t)c);
    } else if (c < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | c >> 6);
        size = 2;
    } else if (c < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | c >> 12);
        size = 3;
    } else {
        bytes[0] = (uint8_t)(0xf0 | c >> 18);
        size = 4;
    }
    for (size_t i = 1; i < size; i++)
        bytes[i] = (uint8_t)(0x80 | (c >> (6 * (size - 1 - i)) & 0x3f));
    return proc_buffer_put(to, bytes, size);
}

/* What follows "\u": one number, or two that are a pair of surrogates. */
static bool
take_escaped_character(proc_json *json, proc_buffer *to)
{
    int32_t first = hexadecimal(json);
    int32_t second;

    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
        return false;
    if (first < 0xd800 || first > 0xdbff)
        return put_character(to, (uint32_t)first);
    if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
        return false;
    json->at += 2;
    second = hexadecimal(json);
    return second >= 0xdc00 && second <= 0xdfff &&
           put_character(to, 0x10000u + ((uint32_t)(first - 0xd800) << 10) +
                                 (uint32_t)(second - 0xdc00));
}

static bool
take_escape(proc_json *json, proc_buffer *to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (json->at == json->end)
        return false;
    if (*json->at == 'u') {
        json->at++;
        return take_escaped_character(json, to);
    }
    found = *json->at != '\0' ? strchr(from, *json->at) : NULL;
    json->at++;
    return found != NULL && proc_buffer_put_byte(to, (uint8_t)into[found - from]);
}

/* The bytes up to the next quote or backslash. */
static bool
take_plain(proc_json *json, proc_buffer *to)
{
    const uint8_t *from = json->at;

    while (json->at < json->end && *json->at != '"' && *json->at != '\\') {
        if (*json->at < 0x20)
            return false;
        json->at++;
    }
    return proc_is_utf8(from, (size_t)(json->at - from)) &&
           proc_buffer_put(to, from, (size_t)(json->at - from));
}

bool
proc_json_text(proc_json *json, proc_buffer *to)
{
    const size_t size = to->size;

    if (!proc_json_take(json, '"'))
        return false;
    while (take_plain(json, to)) {
        if (json->at == json->end)
            break;
        if (*json->at++ == '"')
            return true;
        if (!take_escape(json, to))
            break;
    }
    to->size = size;
    return false;
}

bool
proc_json_key(proc_json *json, char *to, size_t size)
{
    proc_buffer buffer = {.bytes = NULL};
    const uint8_t *from;
    bool is_good;

    skip_space(json);
    from = json->at;
    *to = '\0';
    /* Nearly all are short and plain. */
    if (from < json->end && *from == '"') {
        const uint8_t *at = from + 1;
        size_t left = size;

        while (at < json->end && left > 0 && *at >= 0x20 && *at < 0x7f && *at != '"' &&
               *at != '\\') {
            at++;
            left--;
        }
        if (at < json->end && left > 0 && *at == '"') {
            memcpy(to, from + 1, (size_t)(at - from - 1));
            to[at - from - 1] = '\0';
            json->at = at + 1;
            return true;
        }
    }
    is_good = proc_json_text(json, &buffer);
    if (is_good && buffer.size < size &&
        (buffer.size == 0 || memchr(buffer.bytes, 0, buffer.size) == NULL)) {
        if (buffer.size != 0)
            memcpy(to, buffer.bytes, buffer.size);
        to[buffer.size] = '\0';
    }
    proc_buffer_release(&buffer);
    return is_good;
}

/* A value that holds no others. */
static bool
skip_simple(proc_json *json)
{
    proc_buffer ignored = {.bytes = NULL};
    int64_t integer;
    double real;
    bool is_good;

    skip_space(json);
    if (json->at < json->end && *json->at == '"') {
        is_good = proc_json_text(json, &ignored);
        proc_buffer_release(&ignored);
        return is_good;
    }
    return proc_json_take_word(json, "true") || proc_json_take_word(json, "false") ||
           proc_json_take_word(json, "null") ||
           proc_json_number(json, &integer, &real) != PROC_NUMBER_NONE;
}

bool
proc_json_skip(proc_json *json)
{
    char open[DEPTH_MAX]; /* the brackets that close what is open */
    unsigned depth = 0;
    bool is_key;

    do {
        char key[2];

        is_key = depth > 0 && open[depth - 1] == '}';
        if (is_key && (!proc_json_key(json, key, sizeof(key)) || !proc_json_take(json, ':')))
            return false;
        if (depth < DEPTH_MAX && (proc_json_take(json, '[') || proc_json_take(json, '{'))) {
            open[depth++] = json->at[-1] == '[' ? ']' : '}';
            /* An empty one closes at once; anything else has a member. */
            if (!proc_json_take(json, open[depth - 1]))
                continue;
            depth--;
        } else if (!skip_simple(json)) {
            return false;
        }
        while (depth > 0 && !proc_json_take(json, ',')) {
            if (!proc_json_take(json, open[--depth]))
                return false;
        }
    } while (depth > 0);
    return true;
}
