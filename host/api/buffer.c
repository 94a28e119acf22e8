/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow: output, values, messages.
 */
#include "api/internal.h"

#include "base/alloc.h"

#include <string.h>

enum { SMALLEST = 256 };

bool
krait__buffer_add(krait_buffer *buffer, const void *bytes, size_t size)
{
    if (size >= SIZE_MAX / 4 - buffer->size)
        return false;
    if (buffer->size + size + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity < SMALLEST ? SMALLEST : buffer->capacity;
        char *grown;

        while (capacity < buffer->size + size + 1)
            capacity *= 2;
        grown = krait__realloc_array(buffer->bytes, capacity, 1);
        if (grown == NULL)
            return false;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    buffer->bytes[buffer->size] = '\0';
    return true;
}

void
krait__buffer_release(krait_buffer *buffer)
{
    krait__free(buffer->bytes);
    memset(buffer, 0, sizeof(*buffer));
}

const char *
krait__buffer_text(const krait_buffer *buffer)
{
    return buffer->bytes != NULL ? buffer->bytes : "";
}
