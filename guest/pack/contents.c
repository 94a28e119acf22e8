/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of packed files: blocks, checksums, inflating, a small cache. */
#include "contents.h"

#include "errors.h"
#include "lzma.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A part of a file that lies in one block. */
typedef struct piece {
    const krait_pack_block *block;
    uint32_t number; /* of the block */
    uint32_t from;   /* where the part begins in the decoded block */
    uint32_t left;   /* bytes of the file from there on */
    bool is_shared;  /* the block has other files, too */
} piece;

void
krait_pack_contents_init(krait_pack_contents *contents, const krait_pack_image *image)
{
    memset(contents, 0, sizeof(*contents));
    contents->image = image;
    /* Without it everything still works: each block is checked whenever it is read. */
    contents->checked = calloc((size_t)image->header.block_count / 8 + 1, 1);
}

static void
drop(krait_pack_contents *contents, krait_pack_cached *slot)
{
    free(slot->bytes);
    contents->cached_bytes -= slot->size;
    memset(slot, 0, sizeof(*slot));
}

void
krait_pack_contents_release(krait_pack_contents *contents)
{
    for (size_t i = 0; i < KRAIT_PACK_CACHE_SLOTS; i++) {
        if (contents->cache[i].bytes != NULL) {
            drop(contents, &contents->cache[i]);
        }
    }
    if (contents->inflater != NULL) {
        (void)inflateEnd(contents->inflater);
        free(contents->inflater);
    }
    free(contents->lzma);
    free(contents->checked);
    memset(contents, 0, sizeof(*contents));
}

void
krait_pack_contents_forget(krait_pack_contents *contents, uint32_t inode)
{
    for (size_t i = 0; contents->cached_bytes != 0 && i < KRAIT_PACK_CACHE_SLOTS; i++) {
        if (contents->cache[i].bytes != NULL && contents->cache[i].inode == inode &&
            !contents->cache[i].is_shared) {
            drop(contents, &contents->cache[i]);
        }
    }
}

static int
damaged(krait_pack_contents *contents, const char *problem)
{
    contents->problem = problem;
    return PACK_EIO;
}

/* The part of a file that begins at `offset`, which is less than its size. */
static int
find_piece(krait_pack_contents *contents, const krait_pack_inode *node, uint64_t offset, piece *ret)
{
    const krait_pack_header *h = &contents->image->header;
    uint32_t full = 1u << h->block_log2;
    uint64_t i = node->count > 1 ? offset >> h->block_log2 : 0;
    uint64_t from = node->count > 1 ? offset & (full - 1) : node->offset + offset;
    const krait_pack_block *block;

    if (i >= node->count || node->first >= h->block_count || i >= h->block_count - node->first) {
        return damaged(contents, "a block is missing");
    }
    ret->number = node->first + (uint32_t)i;
    ret->block = block = &contents->image->blocks[ret->number];
    if (block->length == 0 || block->length > full || block->size == 0 ||
        block->size > block->length || block->at > contents->image->size ||
        block->size > contents->image->size - block->at ||
        (block->codec == KRAIT_PACK_STORED && block->size != block->length)) {
        return damaged(contents, "a block makes no sense");
    }
    if (from >= block->length) {
        return damaged(contents, "a block is too short");
    }
    ret->from = (uint32_t)from;
    ret->left = block->length - ret->from;
    if (ret->left > node->size - offset) {
        ret->left = (uint32_t)(node->size - offset);
    }
    ret->is_shared = node->size < block->length;
    return PACK_OK;
}

static int
check_piece(krait_pack_contents *contents, const piece *p)
{
    uint8_t bit = (uint8_t)(1u << (p->number % 8));

    if (contents->checked != NULL && (contents->checked[p->number / 8] & bit) != 0) {
        return PACK_OK;
    }
    if (crc32(0, contents->image->bytes + p->block->at, p->block->size) != p->block->crc) {
        return damaged(contents, "its checksum is wrong");
    }
    if (contents->checked != NULL) {
        contents->checked[p->number / 8] |= bit;
    }
    return PACK_OK;
}

static int
decode_deflate(krait_pack_contents *contents, const krait_pack_block *block, uint8_t *to)
{
    z_stream *z = contents->inflater;
    int rc;

    if (z == NULL) {
        z = calloc(1, sizeof(*z));
        if (z == NULL || inflateInit2(z, -MAX_WBITS) != Z_OK) {
            free(z);
            return PACK_ENOMEM;
        }
        contents->inflater = z;
    } else if (inflateReset(z) != Z_OK) {
        return PACK_ENOMEM;
    }
    z->next_in = (z_const Bytef *)(uintptr_t)(contents->image->bytes + block->at);
    z->avail_in = block->size;
    z->next_out = to;
    z->avail_out = block->length;
    rc = inflate(z, Z_FINISH);
    if (rc == Z_MEM_ERROR) {
        return PACK_ENOMEM;
    }
    return rc == Z_STREAM_END && z->avail_out == 0 && z->avail_in == 0
               ? PACK_OK
               : damaged(contents, "it cannot be inflated");
}

static int
decode_lzma(krait_pack_contents *contents, const krait_pack_block *block, uint8_t *to)
{
    if (contents->lzma == NULL) {
        contents->lzma = malloc(KRAIT_PACK_LZMA_STATE * sizeof(*contents->lzma));
    }
    if (contents->lzma == NULL) {
        return PACK_ENOMEM;
    }
    return krait_pack_lzma(contents->lzma, contents->image->bytes + block->at, block->size, to,
                           block->length) == 0
               ? PACK_OK
               : damaged(contents, "it cannot be decoded");
}

static int
decode(krait_pack_contents *contents, const krait_pack_block *block, uint8_t *to)
{
    contents->decoded++;
    switch (block->codec) {
    case KRAIT_PACK_DEFLATE:
        return decode_deflate(contents, block, to);
    case KRAIT_PACK_LZMA:
        return decode_lzma(contents, block, to);
    default:
        return damaged(contents, "it is compressed in an unknown way");
    }
}

/* A free slot with room for `size` bytes; what was used longest ago makes place. */
static krait_pack_cached *
make_room(krait_pack_contents *contents, uint32_t size)
{
    for (;;) {
        krait_pack_cached *unused = NULL;
        krait_pack_cached *oldest = NULL;

        for (size_t i = 0; i < KRAIT_PACK_CACHE_SLOTS; i++) {
            krait_pack_cached *slot = &contents->cache[i];

            if (slot->bytes == NULL) {
                unused = slot;
            } else if (oldest == NULL ||
                       contents->clock - slot->used > contents->clock - oldest->used) {
                oldest = slot;
            }
        }
        if (unused != NULL &&
            (oldest == NULL || (uint64_t)contents->cached_bytes + size <= KRAIT_PACK_CACHE_BYTES)) {
            return unused;
        }
        drop(contents, oldest);
    }
}

static int
cached_piece(krait_pack_contents *contents, uint32_t inode, const piece *p,
             const uint8_t **ret_bytes)
{
    krait_pack_cached *slot;
    uint8_t *bytes;
    int rc;

    contents->clock++;
    for (size_t i = 0; i < KRAIT_PACK_CACHE_SLOTS; i++) {
        slot = &contents->cache[i];
        if (slot->bytes != NULL && slot->block == p->number) {
            slot->used = contents->clock;
            *ret_bytes = slot->bytes;
            return PACK_OK;
        }
    }
    bytes = malloc(p->block->length);
    if (bytes == NULL) {
        return PACK_ENOMEM;
    }
    rc = decode(contents, p->block, bytes);
    if (rc != PACK_OK) {
        free(bytes);
        return rc;
    }
    slot = make_room(contents, p->block->length);
    *slot = (krait_pack_cached){.bytes = bytes,
                                .block = p->number,
                                .inode = inode,
                                .size = p->block->length,
                                .used = contents->clock,
                                .is_shared = p->is_shared};
    contents->cached_bytes += slot->size;
    *ret_bytes = bytes;
    return PACK_OK;
}

/* The first `size` bytes of a part. */
static int
read_piece(krait_pack_contents *contents, uint32_t inode, const piece *p, uint8_t *to, size_t size)
{
    const uint8_t *bytes = contents->image->bytes + p->block->at;
    int rc = check_piece(contents, p);

    if (rc != PACK_OK) {
        return rc;
    }
    if (p->block->codec != KRAIT_PACK_STORED) {
        if (size == p->block->length) {
            return decode(contents, p->block, to);
        }
        rc = cached_piece(contents, inode, p, &bytes);
    }
    if (rc == PACK_OK) {
        memcpy(to, bytes + p->from, size);
    }
    return rc;
}

int
krait_pack_contents_read(krait_pack_contents *contents, uint32_t inode, uint64_t offset,
                         void *buffer, size_t size, size_t *ret_done)
{
    const krait_pack_inode *node = krait_pack_image_inode(contents->image, inode);
    uint8_t *to = buffer;
    size_t done = 0;

    while (node != NULL && done < size && offset < node->size) {
        size_t part = size - done;
        piece p;
        int rc = find_piece(contents, node, offset, &p);

        if (rc == PACK_OK) {
            part = part < p.left ? part : p.left;
            rc = read_piece(contents, inode, &p, to + done, part);
        }
        if (rc != PACK_OK && done == 0) {
            return rc;
        }
        if (rc != PACK_OK) {
            break; /* what was read counts; the next call meets the same */
        }
        done += part;
        offset += part;
    }
    *ret_done = done;
    return PACK_OK;
}
