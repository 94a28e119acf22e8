/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in JSON (RFC 8259).  What is not UTF-8 becomes U+FFFD, one for each byte that has no
 * place in a character.
 */
#include "cli.h"

#include <string.h>

/* How many of these bytes are one character; 0: none. */
static size_t
character(const unsigned char *at, size_t left)
{
    const unsigned first = at[0];
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    size_t i;

    if (size == 0 || first > 0xf4 || size > left)
        return 0;
    for (i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
        (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

bool
cli_is_utf8(const char *bytes, size_t size)
{
    while (size > 0) {
        size_t step = character((const unsigned char *)bytes, size);

        if (step == 0)
            return false;
        bytes += step;
        size -= step;
    }
    return true;
}

void
cli_json_bytes(FILE *to, const char *bytes, size_t size)
{
    fputc('"', to);
    while (size > 0) {
        size_t step = character((const unsigned char *)bytes, size);

        if (step == 0)
            fputs("\\ufffd", to);
        else if (*bytes == '"' || *bytes == '\\')
            fprintf(to, "\\%c", *bytes);
        else if (*bytes == '\n')
            fputs("\\n", to);
        else if ((unsigned char)*bytes < 0x20 || *bytes == 0x7f)
            fprintf(to, "\\u%04x", (unsigned)(unsigned char)*bytes);
        else if (step == 2 && cli_is_obeyed(bytes))
            fprintf(to, "\\u%04x", (unsigned)(unsigned char)bytes[1]);
        else
            (void)fwrite(bytes, 1, step, to);
        step = step != 0 ? step : 1;
        bytes += step;
        size -= step;
    }
    fputc('"', to);
}

void
cli_json_text(FILE *to, const char *text)
{
    cli_json_bytes(to, text, strlen(text));
}

void
cli_json_base64(FILE *to, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    fputc('"', to);
    for (i = 0; i < size; i += 3) {
        const unsigned char *at = (const unsigned char *)bytes + i;
        const size_t left = size - i;
        const uint32_t bits = (uint32_t)at[0] << 16 | (left > 1 ? (uint32_t)at[1] << 8 : 0) |
                              (left > 2 ? at[2] : 0);

        fputc(digits[bits >> 18], to);
        fputc(digits[bits >> 12 & 63], to);
        fputc(left > 1 ? digits[bits >> 6 & 63] : '=', to);
        fputc(left > 2 ? digits[bits & 63] : '=', to);
    }
    fputc('"', to);
}
