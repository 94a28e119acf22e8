/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow, and blobs.
 */
#include "buffer.h"

#include <stdlib.h>

bool
proc_buffer_grow(proc_buffer *buffer, size_t more)
{
    size_t wanted = buffer->size + more;
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    uint8_t *bytes;

    if (wanted < more)
        return false;
    while (capacity < wanted)
        capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
    bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void
proc_buffer_release(proc_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (proc_buffer){.bytes = NULL};
}

void
proc_buffer_clear(proc_buffer *buffer, size_t keep)
{
    if (buffer->capacity > keep)
        proc_buffer_release(buffer);
    buffer->size = 0;
}

proc_blob *
proc_blob_new(size_t capacity)
{
    proc_blob *blob = NULL;

    if (capacity < SIZE_MAX - sizeof(*blob))
        blob = malloc(sizeof(*blob) + capacity);
    if (blob == NULL)
        return NULL;
    atomic_init(&blob->users, 1);
    blob->size = 0;
    blob->capacity = capacity;
    return blob;
}

proc_blob *
proc_blob_resize(proc_blob *blob, size_t capacity)
{
    proc_blob *resized = NULL;

    if (capacity < SIZE_MAX - sizeof(*blob))
        resized = realloc(blob, sizeof(*blob) + capacity);
    if (resized != NULL)
        resized->capacity = capacity;
    return resized;
}

proc_blob *
proc_blob_share(proc_blob *blob)
{
    atomic_fetch_add_explicit(&blob->users, 1, memory_order_relaxed);
    return blob;
}

void
proc_blob_release(proc_blob *blob)
{
    if (blob != NULL && atomic_fetch_sub_explicit(&blob->users, 1, memory_order_acq_rel) == 1)
        free(blob);
}

bool
proc_blob_is_shared(proc_blob *blob)
{
    return atomic_load_explicit(&blob->users, memory_order_acquire) != 1;
}
