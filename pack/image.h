/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image that a module has: checked once when it is opened, so that everything after that
 * can trust the index.  <krait/pack_format.h> and docs/pack-format.md say what it consists of.
 */
#ifndef KRAIT_PACK_IMAGE_H
#define KRAIT_PACK_IMAGE_H

#include "pack/buffer.h"
#include "pack/tree.h"

#include <krait/pack_format.h>

typedef struct krait_packed {
    const uint8_t *bytes; /* borrowed */
    uint32_t size;
    krait_pack_header header;
} krait_packed;

/* `bytes` outlives the image; `path` is for messages, `at` the place of the image in
 * that file. */
krait_status krait__pack_packed_open(krait_packed *image, const char *path, const uint8_t *bytes,
                                     size_t size, size_t at, krait_error *err);
krait_pack_inode krait__pack_packed_inode(const krait_packed *image, uint32_t number);
krait_pack_entry krait__pack_packed_entry(const krait_packed *image, uint32_t number);
krait_pack_block krait__pack_packed_block(const krait_packed *image, uint32_t number);
const char *krait__pack_packed_name(const krait_packed *image, uint32_t at);

/* Puts everything into an empty tree. */
krait_status krait__pack_packed_list(const krait_packed *image, krait_tree *tree, krait_error *err);

/* ---- image_check.c ------------------------------------------------------------------------ */

/* Buckets that a search may have to look at: real images stay far below. */
#define KRAIT_PACK_MOST_PROBES 4096u

/* NULL, or what is wrong with the index; the header was checked. */
const char *krait__pack_packed_wrong(const krait_packed *image);

/* ---- codec.c ------------------------------------------------------------------------------ */

#define KRAIT_CODEC_MOST (1u << 24) /* bytes of one block */

/* Decodes to exactly `length` bytes: NULL, or what is wrong. */
const char *krait__pack_decode(uint32_t codec, const uint8_t *data, size_t size, uint8_t *out,
                               size_t length);
/* The best of what `codec` can do, which is less than `size`, else 0: store it as it is.  UINT32_MAX: no
 * memory.  `out` has room for `size` bytes. */
uint32_t krait__pack_encode(uint32_t codec, const uint8_t *data, size_t size, uint8_t *out);
/* zlib's. */
uint32_t krait__pack_crc32(const void *data, size_t size);
/* One block, decoded: NULL, or what is wrong. `out` has room for its length. */
const char *krait__pack_packed_decode(const krait_packed *image, uint32_t block, uint8_t *out);

#endif /* KRAIT_PACK_IMAGE_H */
