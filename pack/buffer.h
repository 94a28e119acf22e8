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
typedef struct krait_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool has_failed; /* memory ran out: what was added since is not there */
} krait_buffer;

void krait__buffer_release(krait_buffer *buffer);
void krait__buffer_add(krait_buffer *buffer, const void *data, size_t size);
/* Room for `size` more bytes, whose contents are undefined; NULL when memory ran out. */
uint8_t *krait__buffer_extend(krait_buffer *buffer, size_t size);
void krait__buffer_text(krait_buffer *buffer, const char *text);
void krait__buffer_byte(krait_buffer *buffer, uint8_t value);
/* Little-endian. */
void krait__buffer_u32(krait_buffer *buffer, uint32_t value);
void krait__buffer_u64(krait_buffer *buffer, uint64_t value);
/* LEB128 as WebAssembly has it; the signed one is for i32.const. */
void krait__buffer_leb(krait_buffer *buffer, uint64_t value);
void krait__buffer_leb_signed(krait_buffer *buffer, int64_t value);
/* Zeros up to the next multiple of `to`, a power of two. */
void krait__buffer_align(krait_buffer *buffer, size_t to);

/* A part of bytes that somebody else owns. */
typedef struct krait_view {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool has_failed; /* something reached beyond the end, or was no LEB128 */
} krait_view;

krait_view krait__view(const uint8_t *data, size_t size);
/* NULL, and failed, when there are fewer; otherwise the bytes. */
const uint8_t *krait__view_take(krait_view *view, size_t size);
uint8_t krait__view_byte(krait_view *view);
/* At most 32 bits; 0 after a failure. */
uint32_t krait__view_leb(krait_view *view);
/* At most 64 bits; 0 after a failure. */
int64_t krait__view_leb_signed(krait_view *view);
/* At most `bits`; 0 after a failure. */
uint64_t krait__view_leb64(krait_view *view, unsigned bits);

/* Little-endian, from where so many bytes are known to be. */
uint16_t krait__get_u16(const uint8_t *from);
uint32_t krait__get_u32(const uint8_t *from);
uint64_t krait__get_u64(const uint8_t *from);

#endif /* KRAIT_PACK_BUFFER_H */
