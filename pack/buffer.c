/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See buffer.h.  LEB128: WebAssembly core 2.0 section 5.2.2.
 */
#include "pack/buffer.h"
#include "base/alloc.h"

#include <string.h>

void
krait__pack_bytes_release(krait_bytes *buffer)
{
    krait__free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}

uint8_t *
krait__pack_bytes_extend(krait_bytes *buffer, size_t size)
{
    size_t wanted = buffer->size + size;
    uint8_t *place;

    if (buffer->has_failed || wanted < size) {
        buffer->has_failed = true;
        return NULL;
    }
    if (wanted > buffer->capacity) {
        size_t capacity = buffer->capacity < 128 ? 256 : buffer->capacity + buffer->capacity / 2;
        uint8_t *data;

        if (capacity < wanted)
            capacity = wanted;
        data = krait__realloc_array(buffer->data, capacity, 1);
        if (data == NULL) {
            buffer->has_failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    place = buffer->data + buffer->size;
    buffer->size = wanted;
    return place;
}

void
krait__pack_bytes_add(krait_bytes *buffer, const void *data, size_t size)
{
    uint8_t *place;

    if (size == 0)
        return;
    place = krait__pack_bytes_extend(buffer, size);
    if (place != NULL)
        memcpy(place, data, size);
}

void
krait__pack_bytes_text(krait_bytes *buffer, const char *text)
{
    krait__pack_bytes_add(buffer, text, strlen(text));
}

void
krait__pack_bytes_byte(krait_bytes *buffer, uint8_t value)
{
    krait__pack_bytes_add(buffer, &value, 1);
}

void
krait__pack_bytes_u32(krait_bytes *buffer, uint32_t value)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    krait__pack_bytes_add(buffer, bytes, sizeof(bytes));
}

void
krait__pack_bytes_u64(krait_bytes *buffer, uint64_t value)
{
    krait__pack_bytes_u32(buffer, (uint32_t)value);
    krait__pack_bytes_u32(buffer, (uint32_t)(value >> 32));
}

void
krait__pack_bytes_leb(krait_bytes *buffer, uint64_t value)
{
    while (value >= 0x80) {
        krait__pack_bytes_byte(buffer, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    krait__pack_bytes_byte(buffer, (uint8_t)value);
}

void
krait__pack_bytes_leb_padded(krait_bytes *buffer, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        krait__pack_bytes_byte(buffer, (uint8_t)((value & 0x7f) | 0x80));
        value >>= 7;
    }
    krait__pack_bytes_byte(buffer, (uint8_t)value);
}

void
krait__pack_bytes_leb_signed(krait_bytes *buffer, int64_t value)
{
    /* The shift of a negative number is arithmetic in every compiler that builds this. */
    while (value < -64 || value > 63) {
        krait__pack_bytes_byte(buffer, (uint8_t)((uint8_t)(value & 0x7f) | 0x80u));
        value >>= 7;
    }
    krait__pack_bytes_byte(buffer, (uint8_t)(value & 0x7f));
}

void
krait__pack_bytes_align(krait_bytes *buffer, size_t to)
{
    while ((buffer->size & (to - 1)) != 0 && !buffer->has_failed)
        krait__pack_bytes_byte(buffer, 0);
}

krait_view
krait__pack_view(const uint8_t *data, size_t size)
{
    krait_view view = {data, size, 0, false};

    return view;
}

const uint8_t *
krait__pack_view_take(krait_view *view, size_t size)
{
    const uint8_t *place;

    if (view->has_failed || size > view->size - view->at) {
        view->has_failed = true;
        return NULL;
    }
    place = view->data + view->at;
    view->at += size;
    return place;
}

uint8_t
krait__pack_view_byte(krait_view *view)
{
    const uint8_t *byte = krait__pack_view_take(view, 1);

    return byte != NULL ? *byte : 0;
}

uint64_t
krait__pack_view_leb64(krait_view *view, unsigned bits)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = krait__pack_view_byte(view);

        if (view->has_failed)
            return 0;
        /* The last byte has only as many bits as are left. */
        if (bits - shift < 7 && (byte & 0x7f) >> (bits - shift) != 0)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    view->has_failed = true;
    return 0;
}

uint32_t
krait__pack_view_leb(krait_view *view)
{
    return (uint32_t)krait__pack_view_leb64(view, 32);
}

int64_t
krait__pack_view_leb_signed(krait_view *view)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = krait__pack_view_byte(view);

        if (view->has_failed)
            return 0;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0)
            continue;
        if ((byte & 0x40) != 0 && shift + 7 < 64)
            value |= ~UINT64_C(0) << (shift + 7);
        return (int64_t)value;
    }
    view->has_failed = true;
    return 0;
}

uint16_t
krait__pack_le_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}

uint32_t
krait__pack_le_u32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint64_t
krait__pack_le_u64(const uint8_t *from)
{
    return krait__pack_le_u32(from) | (uint64_t)krait__pack_le_u32(from + 4) << 32;
}
