/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See text.h.
 */
#include "aot/text.h"
#include "aot/limits.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
krait__text_release(krait_text *text)
{
    krait__free(text->data);
    memset(text, 0, sizeof(*text));
}

/* Room for `size` more bytes, or NULL; NULL also when nothing is to be written, for before
 * anything was there is no address to add 0 to. */
static char *
reserve(krait_text *text, size_t size)
{
    size_t wanted = text->capacity != 0 ? text->capacity : 256;
    char *bigger;

    if (text->is_full || text->no_memory || size == 0)
        return NULL;
    if (size <= text->capacity - text->size)
        return text->data + text->size;
    if (size > KRAIT_EMIT_MAX_TEXT_BYTES - text->size) {
        text->is_full = true;
        return NULL;
    }
    while (wanted < text->size + size)
        wanted *= 2;
    bigger = krait__realloc_array(text->data, wanted, 1);
    if (bigger == NULL) {
        text->no_memory = true;
        return NULL;
    }
    text->data = bigger;
    text->capacity = wanted;
    return text->data + text->size;
}

void
krait__text_add(krait_text *text, const char *bytes, size_t size)
{
    char *to = reserve(text, size);

    if (to == NULL)
        return;
    memcpy(to, bytes, size);
    text->size += size;
}

void
krait__text_str(krait_text *text, const char *string)
{
    krait__text_add(text, string, strlen(string));
}

void
krait__text_u64(krait_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    krait__text_add(text, digits + at, sizeof(digits) - at);
}

void
krait__text_fmt(krait_text *text, const char *fmt, ...)
{
    char buffer[512];
    va_list args;
    int size;

    va_start(args, fmt);
    size = vsnprintf(buffer, sizeof(buffer), fmt, args);
    va_end(args);
    /* Callers keep what they format below the buffer's size. */
    if (size < 0 || (size_t)size >= sizeof(buffer))
        text->is_full = true;
    else
        krait__text_add(text, buffer, (size_t)size);
}

void
krait__text_repeat(krait_text *text, size_t at, size_t size)
{
    char *to = reserve(text, size);

    if (to == NULL)
        return;
    memcpy(to, text->data + at, size);
    text->size += size;
}

void
krait__text_move(krait_text *text, size_t from, size_t to)
{
    size_t size = from < text->size ? text->size - from : 0;
    char *spare = reserve(text, size);

    if (spare == NULL)
        return;
    memcpy(spare, text->data + from, size);
    memmove(text->data + to + size, text->data + to, from - to);
    memcpy(text->data + to, spare, size);
}
