/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module is told of its document: a small JSON object, made for each one.
 */
#include "document.h"
#include "json.h"

#include <stdio.h>

/* What of the rest is plain: no quote, no control character. */
static size_t
plain(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
            break;
    }
    return i;
}

static bool
put_escaped(proc_buffer *to, unsigned char c)
{
    char text[8];

    if (c == '"' || c == '\\')
        return proc_buffer_put_byte(to, '\\') && proc_buffer_put_byte(to, c);
    snprintf(text, sizeof(text), "\\u%04x", c);
    return proc_buffer_put(to, text, 6);
}

/* Characters one by one, for what is not UTF-8. */
static bool
put_mended(proc_buffer *to, const char *text, size_t size)
{
    while (size > 0) {
        size_t step = 1;

        while (step <= 4 && step <= size && !proc_is_utf8(text, step))
            step++;
        if (step > 4 || step > size) {
            step = 1;
            if (!proc_buffer_put(to, "\xef\xbf\xbd", 3))
                return false;
        } else if (step == 1 && plain(text, 1) == 0) {
            if (!put_escaped(to, (unsigned char)*text))
                return false;
        } else if (!proc_buffer_put(to, text, step)) {
            return false;
        }
        text += step;
        size -= step;
    }
    return true;
}

bool
proc_put_json_text(proc_buffer *to, const char *text, size_t size)
{
    bool is_good = proc_buffer_put_byte(to, '"');

    if (!proc_is_utf8(text, size)) {
        is_good = is_good && put_mended(to, text, size);
        size = 0;
    }
    while (is_good && size > 0) {
        size_t step = plain(text, size);

        is_good = proc_buffer_put(to, text, step);
        text += step;
        size -= step;
        if (is_good && size > 0) {
            is_good = put_escaped(to, (unsigned char)*text);
            text++;
            size--;
        }
    }
    return is_good && proc_buffer_put_byte(to, '"');
}

static bool
put(proc_buffer *to, const char *text)
{
    return proc_buffer_put(to, text, strlen(text));
}

bool
proc_describe(const proc_document *document, proc_buffer *to)
{
    const proc_item *item = document->item;
    char numbers[64];

    to->size = 0;
    if (!put(to, "{\"filename\":") ||
        !proc_put_json_text(to, item->filename, strlen(item->filename)) || !put(to, ",\"path\":") ||
        !proc_put_json_text(to, item->path, strlen(item->path)))
        return false;
    snprintf(numbers, sizeof(numbers), ",\"size\":%zu,\"sha256\":\"", document->size);
    if (!put(to, numbers) || !put(to, document->sha256) || !put(to, "\",\"type\":\"") ||
        !put(to, document->type))
        return false;
    snprintf(numbers, sizeof(numbers), "\",\"depth\":%u,\"parent\":", item->depth);
    if (!put(to, numbers) ||
        !(item->parent[0] == '\0' ? put(to, "null")
                                  : put(to, "\"") && put(to, item->parent) && put(to, "\"")))
        return false;
    if (!put(to, ",\"uuid\":\"") || !put(to, document->uuid) || !put(to, "\"}"))
        return false;
    if (!proc_buffer_put_byte(to, 0))
        return false;
    to->size--;
    return true;
}
