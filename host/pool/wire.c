/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, bytes and texts of frames: wire.h.
 */
#include "pool/wire.h"

#include "base/error.h"

#include <string.h>

/* ---- writing ------------------------------------------------------------------------------ */

static void
put(krait_frame *frame, const void *bytes, size_t size)
{
    if (!frame->failed && !krait__buffer_add(&frame->buffer, bytes, size))
        frame->failed = true;
}

static void
store(char *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(unsigned char)(value >> (8 * i));
}

void
krait__put_u32(krait_frame *frame, uint32_t value)
{
    char bytes[4];

    store(bytes, value, sizeof(bytes));
    put(frame, bytes, sizeof(bytes));
}

void
krait__put_u64(krait_frame *frame, uint64_t value)
{
    char bytes[8];

    store(bytes, value, sizeof(bytes));
    put(frame, bytes, sizeof(bytes));
}

void
krait__put_bytes(krait_frame *frame, const void *bytes, size_t size)
{
    krait__put_u64(frame, size);
    put(frame, bytes, size);
    put(frame, "", 1);
}

void
krait__put_text(krait_frame *frame, const char *text)
{
    krait__put_bytes(frame, text, strlen(text));
}

void
krait__frame_begin(krait_frame *frame, krait_wire_kind kind)
{
    frame->buffer.size = 0;
    frame->failed = false;
    krait__put_u32(frame, (uint32_t)kind);
    krait__put_u32(frame, 0);
    krait__put_u64(frame, 0);
}

krait_status
krait__frame_end(krait_frame *frame, krait_error *err)
{
    const size_t size = frame->buffer.size - KRAIT_WIRE_HEAD;

    if (frame->failed)
        return krait__error_nomem(err);
    if (size > KRAIT_WIRE_MAX)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "%zu bytes are more than can go between a pool and its workers",
                                size);
    store(frame->buffer.bytes + 8, size, 8);
    return KRAIT_OK;
}

void
krait__frame_release(krait_frame *frame)
{
    krait__buffer_release(&frame->buffer);
    frame->failed = false;
}

/* ---- reading ------------------------------------------------------------------------------ */

krait_reader
krait__reader(const void *payload, size_t size)
{
    return (krait_reader){.bytes = payload, .size = size};
}

static const char *
take(krait_reader *reader, size_t size)
{
    const char *bytes = reader->bytes;

    if (reader->failed || size > reader->size) {
        reader->failed = true;
        return NULL;
    }
    reader->bytes += size;
    reader->size -= size;
    return bytes;
}

static uint64_t
load(const char *bytes, size_t size)
{
    uint64_t value = 0;

    if (bytes == NULL)
        return 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return value;
}

uint32_t
krait__take_u32(krait_reader *reader)
{
    return (uint32_t)load(take(reader, 4), 4);
}

uint64_t
krait__take_u64(krait_reader *reader)
{
    return load(take(reader, 8), 8);
}

const void *
krait__take_bytes(krait_reader *reader, size_t *ret_size)
{
    const uint64_t size = krait__take_u64(reader);
    const char *bytes;

    *ret_size = 0;
    if (size >= SIZE_MAX) {
        reader->failed = true;
        return "";
    }
    bytes = take(reader, (size_t)size + 1);
    if (bytes == NULL || bytes[size] != '\0') {
        reader->failed = true;
        return "";
    }
    *ret_size = (size_t)size;
    return bytes;
}

const char *
krait__take_text(krait_reader *reader)
{
    size_t size = 0;
    const char *text = krait__take_bytes(reader, &size);

    if (strlen(text) == size)
        return text;
    reader->failed = true;
    return "";
}

uint32_t
krait__take_count(krait_reader *reader, uint32_t most)
{
    const uint32_t count = krait__take_u32(reader);

    if (count <= most)
        return count;
    reader->failed = true;
    return 0;
}

bool
krait__reader_ends(const krait_reader *reader)
{
    return !reader->failed && reader->size == 0;
}

bool
krait__head_read(const char head[KRAIT_WIRE_HEAD], uint32_t *ret_kind, uint64_t *ret_size)
{
    *ret_kind = (uint32_t)load(head, 4);
    *ret_size = load(head + 8, 8);
    return load(head + 4, 4) == 0 && *ret_size <= KRAIT_WIRE_MAX;
}
