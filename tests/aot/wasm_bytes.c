/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See wasm_bytes.h.  A test that runs out of memory just ends.
 */
#include "wasm_bytes.h"

#include <stdlib.h>
#include <string.h>

void
bytes_release(wasm_bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof(*bytes));
}

void
bytes_add(wasm_bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = (bytes->size + size) * 2;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (bytes->data == NULL)
            abort();
    }
    if (size != 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void
bytes_u8(wasm_bytes *bytes, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    bytes_add(bytes, &byte, 1);
}

void
bytes_u32(wasm_bytes *bytes, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        bytes_u8(bytes, (value & 0x7f) | 0x80);
    bytes_u8(bytes, value);
}

void
bytes_name(wasm_bytes *bytes, const char *name)
{
    bytes_u32(bytes, (uint32_t)strlen(name));
    bytes_add(bytes, name, strlen(name));
}

void
bytes_header(wasm_bytes *bytes)
{
    BYTES_LITERAL(bytes, "\0asm\1\0\0\0");
}

void
bytes_raw_section(wasm_bytes *bytes, unsigned id, const void *data, size_t size)
{
    bytes_u8(bytes, id);
    bytes_u32(bytes, (uint32_t)size);
    bytes_add(bytes, data, size);
}

void
bytes_section(wasm_bytes *bytes, unsigned id, wasm_bytes *contents)
{
    bytes_raw_section(bytes, id, contents->data, contents->size);
    bytes_release(contents);
}

void
bytes_body(wasm_bytes *code, const void *data, size_t size)
{
    bytes_u32(code, (uint32_t)size);
    bytes_add(code, data, size);
}
