/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow, and bytes that are read with bounds checks: what files are made of.
 *
 * Both remember the first failure, so that a sequence of calls needs one check at its end.
 */
#ifndef KRAIT_PACK_BUFFER_H
#define KRAIT_PACK_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is an empty one. */
typedef struct krait_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool has_failed; /* memory ran out: what was added since is not there */
} krait_bytes;

void krait__pack_bytes_release(krait_bytes *buffer);
void krait__pack_bytes_add(krait_bytes *buffer, const void *data, size_t size);
/* Room for `size` more bytes, whose contents are undefined; NULL when memory ran out. */
uint8_t *krait__pack_bytes_extend(krait_bytes *buffer, size_t size);
void krait__pack_bytes_text(krait_bytes *buffer, const char *text);
void krait__pack_bytes_byte(krait_bytes *buffer, uint8_t value);
/* Little-endian. */
void krait__pack_bytes_u32(krait_bytes *buffer, uint32_t value);
void krait__pack_bytes_u64(krait_bytes *buffer, uint64_t value);
/* LEB128 as WebAssembly has it; the signed one is for i32.const. */
void krait__pack_bytes_leb(krait_bytes *buffer, uint64_t value);
void krait__pack_bytes_leb_signed(krait_bytes *buffer, int64_t value);
/* Always 5 bytes, whatever the value. */
void krait__pack_bytes_leb_padded(krait_bytes *buffer, uint32_t value);
/* Zeros up to the next multiple of `to`, a power of two. */
void krait__pack_bytes_align(krait_bytes *buffer, size_t to);

/* A part of bytes that somebody else owns. */
typedef struct krait_view {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool has_failed; /* something reached beyond the end, or was no LEB128 */
} krait_view;

krait_view krait__pack_view(const uint8_t *data, size_t size);
/* NULL, and failed, when there are fewer; otherwise the bytes. */
const uint8_t *krait__pack_view_take(krait_view *view, size_t size);
uint8_t krait__pack_view_byte(krait_view *view);
/* At most 32 bits; 0 after a failure. */
uint32_t krait__pack_view_leb(krait_view *view);
/* At most 64 bits; 0 after a failure. */
int64_t krait__pack_view_leb_signed(krait_view *view);
/* At most `bits`; 0 after a failure. */
uint64_t krait__pack_view_leb64(krait_view *view, unsigned bits);

/* Little-endian, from where so many bytes are known to be. */
uint16_t krait__pack_le_u16(const uint8_t *from);
uint32_t krait__pack_le_u32(const uint8_t *from);
uint64_t krait__pack_le_u64(const uint8_t *from);

#endif /* KRAIT_PACK_BUFFER_H */
