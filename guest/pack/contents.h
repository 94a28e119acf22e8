/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of packed files. A block is checked when it is first read. A compressed one is decoded
 * into the reader's memory when all of it is wanted, else into a cache of at most
 * KRAIT_PACK_CACHE_BYTES (one block at least) that all readers share. What a file has alone leaves the cache
 * when nobody has it open any more; a block of several files stays until others need the room, for
 * a program that reads one of them mostly reads the next one.
 */
#ifndef KRAIT_GUEST_PACK_CONTENTS_H
#define KRAIT_GUEST_PACK_CONTENTS_H

#include "image.h"

#define KRAIT_PACK_CACHE_BYTES (4u << 20)
#define KRAIT_PACK_CACHE_SLOTS 32

typedef struct krait_pack_cached {
    uint8_t *bytes; /* NULL: the slot is free */
    uint32_t block;
    uint32_t inode; /* whose reader wanted it */
    uint32_t size;
    uint32_t used; /* the clock's time of the last use */
    bool is_shared;
} krait_pack_cached;

typedef struct krait_pack_contents {
    const krait_pack_image *image;
    uint8_t *checked;            /* a bit per block: its checksum was right */
    struct z_stream_s *inflater; /* NULL until it is needed, as the next */
    uint16_t *lzma;
    krait_pack_cached cache[KRAIT_PACK_CACHE_SLOTS];
    uint32_t cached_bytes;
    uint32_t clock;
    uint32_t decoded;    /* how often a block was decoded; for tests */
    const char *problem; /* why the last read was PACK_EIO */
} krait_pack_contents;

void krait_pack_contents_init(krait_pack_contents *contents, const krait_pack_image *image);
void krait_pack_contents_release(krait_pack_contents *contents);

/* Reads up to `size` bytes at `offset` of a file, fewer only at its end. */
int krait_pack_contents_read(krait_pack_contents *contents, uint32_t inode, uint64_t offset,
                             void *buffer, size_t size, size_t *ret_done);

/* Nobody has the file open any more. */
void krait_pack_contents_forget(krait_pack_contents *contents, uint32_t inode);

#endif
