/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259): a pull reader for results of other runs, bounded in depth, strict
 * but for duplicate keys; and the writer's strings. \u escapes of surrogates become
 * '?': names of tests have none.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

void
suite_json_init(suite_json *json, char *text)
{
    memset(json, 0, sizeof(*json));
    json->at = text;
}

static void
skip_space(suite_json *json)
{
    json->at += strspn(json->at, " \n\t\r");
}

/* The four digits at `from`; -1: there are none. */
static long
hex4(const char *from)
{
    char digits[5] = "";

    if (strspn(from, "0123456789abcdefABCDEF") < 4)
        return -1;
    memcpy(digits, from, 4);
    return strtol(digits, NULL, 16);
}

static bool
put_escape(char **from, char **to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *found = **from != '\0' ? strchr(names, **from) : NULL;
    long code;

    if (found != NULL) {
        *(*to)++ = values[found - names];
        (*from)++;
        return true;
    }
    if (**from != 'u' || (code = hex4(*from + 1)) < 0)
        return false;
    *from += 5;
    if (code >= 0xD800 && code <= 0xDFFF)
        code = '?';
    if (code < 0x80) {
        *(*to)++ = (char)code;
    } else if (code < 0x800) {
        *(*to)++ = (char)(0xC0 | (code >> 6));
        *(*to)++ = (char)(0x80 | (code & 0x3F));
    } else {
        *(*to)++ = (char)(0xE0 | (code >> 12));
        *(*to)++ = (char)(0x80 | ((code >> 6) & 0x3F));
        *(*to)++ = (char)(0x80 | (code & 0x3F));
    }
    return true;
}

/* In place: escapes are longer than what they stand for. */
static bool
read_string(suite_json *json)
{
    char *from = json->at + 1;
    char *to = from;

    json->text = from;
    while (*from != '"') {
        if ((unsigned char)*from < 0x20)
            return false;
        if (*from == '\\') {
            from++;
            if (!put_escape(&from, &to))
                return false;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    json->at = from + 1;
    return true;
}

static suite_json_kind
open_value(suite_json *json)
{
    if (json->depth == SUITE_JSON_DEPTH)
        return SUITE_JSON_BAD;
    json->open[json->depth++] = *json->at;
    json->after_value = false;
    json->after_key = false;
    return *json->at++ == '{' ? SUITE_JSON_OBJECT : SUITE_JSON_ARRAY;
}

static suite_json_kind
read_value(suite_json *json)
{
    static const char *const words[] = {"true", "false", "null"};
    char *end;
    size_t i;

    if (*json->at == '{' || *json->at == '[')
        return open_value(json);
    json->after_value = true;
    json->after_key = false;
    if (*json->at == '"')
        return read_string(json) ? SUITE_JSON_STRING : SUITE_JSON_BAD;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = strlen(words[i]);

        if (strncmp(json->at, words[i], size) == 0) {
            json->at += size;
            return SUITE_JSON_WORD;
        }
    }
    /* strtod() also takes hexadecimal, infinities and the like. */
    if (strspn(json->at, "-0123456789") == 0 || strspn(json->at, "-0123456789.eE+") == 0)
        return SUITE_JSON_BAD;
    json->number = strtod(json->at, &end);
    if (end == json->at || end != json->at + strspn(json->at, "-0123456789.eE+"))
        return SUITE_JSON_BAD;
    json->at = end;
    return SUITE_JSON_NUMBER;
}

static suite_json_kind
close_value(suite_json *json)
{
    json->at++;
    json->depth--;
    json->after_value = true;
    return SUITE_JSON_CLOSE;
}

static suite_json_kind
read_key(suite_json *json)
{
    if (*json->at != '"' || !read_string(json))
        return SUITE_JSON_BAD;
    skip_space(json);
    if (*json->at != ':')
        return SUITE_JSON_BAD;
    json->at++;
    json->after_key = true;
    return SUITE_JSON_KEY;
}

suite_json_kind
suite_json_next(suite_json *json)
{
    bool first = !json->after_value;
    char inside = json->depth != 0 ? json->open[json->depth - 1] : '\0';

    skip_space(json);
    if (inside == '\0' && !first)
        return *json->at == '\0' ? SUITE_JSON_DONE : SUITE_JSON_BAD;
    if (json->after_key || inside == '\0')
        return read_value(json);
    if (*json->at == (inside == '{' ? '}' : ']'))
        return close_value(json);
    if (!first) {
        if (*json->at != ',')
            return SUITE_JSON_BAD;
        json->at++;
        skip_space(json);
    }
    return inside == '{' ? read_key(json) : read_value(json);
}

bool
suite_json_skip(suite_json *json, suite_json_kind kind)
{
    unsigned depth;

    if (kind == SUITE_JSON_BAD || kind == SUITE_JSON_DONE || kind == SUITE_JSON_CLOSE)
        return false;
    if (kind != SUITE_JSON_OBJECT && kind != SUITE_JSON_ARRAY)
        return true;
    depth = json->depth;
    while (json->depth >= depth) {
        kind = suite_json_next(json);
        if (kind == SUITE_JSON_BAD || kind == SUITE_JSON_DONE)
            return false;
    }
    return true;
}

void
suite_json_print_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(to, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            fputc(*text, to);
    }
    fputc('"', to);
}
