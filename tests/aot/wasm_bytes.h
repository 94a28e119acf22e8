/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts modules together for the unit tests: a growing array of bytes, sections
 * with their size in front, and the numbers of the binary format.
 */
#ifndef KRAIT_TESTS_WASM_BYTES_H
#define KRAIT_TESTS_WASM_BYTES_H

#include <stddef.h>
#include <stdint.h>

typedef struct wasm_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} wasm_bytes;

void bytes_release(wasm_bytes *bytes);
void bytes_add(wasm_bytes *bytes, const void *data, size_t size);
void bytes_u8(wasm_bytes *bytes, unsigned value);
void bytes_u32(wasm_bytes *bytes, uint32_t value); /* LEB128 */
void bytes_name(wasm_bytes *bytes, const char *name);

/* "\0asm" and the version. */
void bytes_header(wasm_bytes *bytes);

/* A section with these contents; `contents` is emptied. */
void bytes_section(wasm_bytes *bytes, unsigned id, wasm_bytes *contents);

/* A string literal with any bytes in it. */
#define BYTES_LITERAL(bytes, literal) bytes_add(bytes, literal, sizeof(literal) - 1)

/* A section from a string literal. */
void bytes_raw_section(wasm_bytes *bytes, unsigned id, const void *data, size_t size);
#define BYTES_SECTION(bytes, id, literal) bytes_raw_section(bytes, id, literal, sizeof(literal) - 1)

/* A function body with its size in front, appended to a code section's contents. */
void bytes_body(wasm_bytes *code, const void *data, size_t size);
#define BYTES_BODY(code, literal) bytes_body(code, literal, sizeof(literal) - 1)

#endif /* KRAIT_TESTS_WASM_BYTES_H */
