/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow, and blobs: bytes that several documents share.
 *
 * A buffer keeps its memory when it is emptied: what happens for each document allocates nothing
 * once the buffers have found their size.
 */
#ifndef KRAIT_PROCESS_BUFFER_H
#define KRAIT_PROCESS_BUFFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct proc_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
} proc_buffer;

/* Makes room for so many bytes behind those that are there; false: there is no memory. */
bool proc_buffer_grow(proc_buffer *buffer, size_t more);
void proc_buffer_release(proc_buffer *buffer);
/* Empty again; memory beyond `keep` bytes is given back. */
void proc_buffer_clear(proc_buffer *buffer, size_t keep);

/* Room for so many bytes, which are counted; NULL: there is no memory. */
static inline uint8_t *
proc_buffer_add(proc_buffer *buffer, size_t size)
{
    uint8_t *at;

    if (buffer->capacity - buffer->size < size && !proc_buffer_grow(buffer, size))
        return NULL;
    at = buffer->bytes + buffer->size;
    buffer->size += size;
    return at;
}

static inline bool
proc_buffer_put(proc_buffer *buffer, const void *bytes, size_t size)
{
    uint8_t *at;

    if (size == 0) /* also where there is no buffer yet */
        return true;
    at = proc_buffer_add(buffer, size);
    if (at != NULL)
        memcpy(at, bytes, size);
    return at != NULL || size == 0;
}

static inline bool
proc_buffer_put_byte(proc_buffer *buffer, uint8_t byte)
{
    return proc_buffer_put(buffer, &byte, 1);
}

typedef struct proc_blob {
    atomic_uint users;
    size_t size;
    size_t capacity;
    uint8_t bytes[];
} proc_blob;

/* With one user; NULL: there is no memory. */
proc_blob *proc_blob_new(size_t capacity);
/* The same blob with more room, when nobody else uses it; NULL: there is no memory, the old one stays. */
proc_blob *proc_blob_resize(proc_blob *blob, size_t capacity);
proc_blob *proc_blob_share(proc_blob *blob);
/* NULL is none. */
void proc_blob_release(proc_blob *blob);
bool proc_blob_is_shared(proc_blob *blob);

#endif /* KRAIT_PROCESS_BUFFER_H */
