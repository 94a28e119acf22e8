/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading bytes that nobody vouches for: integers in LEB128, names in UTF-8
 * (WebAssembly 2.0 sections 5.2.2 and 5.2.4).
 *
 * A cursor remembers the first thing that went wrong: after that every read
 * gives 0 and moves nothing, so callers test `failed` once per construct.
 */
#ifndef KRAIT_AOT_BYTES_H
#define KRAIT_AOT_BYTES_H

#include "aot/module.h"

#include <krait/error.h>

typedef struct krait_cursor {
    const uint8_t *data; /* the whole file, so that offsets are those of the file */
    size_t at;
    size_t end;
    const krait_wasm_module *module; /* for names in messages */
    const char *section;             /* "type section"; NULL outside */
    uint32_t func;                   /* function that is being read, UINT32_MAX: none */
    bool failed;
    bool saw_simd; /* a v128, or an instruction on one */
    krait_error *err;
    krait_status status; /* why it failed */
} krait_cursor;

/* Sets the error "offset 0x.., SECTION, function N 'NAME': text" once; returns false. */
bool krait__cursor_fail_at(krait_cursor *cursor, size_t offset, krait_status code, const char *fmt,
                           ...) __attribute__((format(printf, 4, 5)));

uint8_t krait__cursor_u8(krait_cursor *cursor);
uint32_t krait__cursor_u32(krait_cursor *cursor);
int32_t krait__cursor_s32(krait_cursor *cursor);
int64_t krait__cursor_s33(krait_cursor *cursor);
int64_t krait__cursor_s64(krait_cursor *cursor);
uint64_t krait__cursor_fixed(krait_cursor *cursor, unsigned bytes); /* little endian */

/* `size` bytes of the file, or NULL after "unexpected end". */
const uint8_t *krait__cursor_bytes(krait_cursor *cursor, size_t size);

/* A name; must be UTF-8. */
krait_wasm_name krait__cursor_name(krait_cursor *cursor);

/* The number of items of a vector.  More than `limit` is refused, and so is a
 * number that the rest of the section cannot hold at `least` bytes each. */
uint32_t krait__cursor_count(krait_cursor *cursor, uint32_t limit, size_t least, const char *what);

bool krait__utf8_valid(const uint8_t *text, size_t size);

#endif /* KRAIT_AOT_BYTES_H */
