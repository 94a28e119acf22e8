/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of files in memory: a table of blocks, with holes.
 *
 * Blocks and the table itself are charged to the quota before they are
 * allocated, so that neither a long file nor a byte far out costs the host more than
 * the guest was given.
 *
 * A block may lie in an image (mem_image.h), which is only read: its address in the table is one
 * more than the real one, and so odd, which no other's is.  It is copied when it is first
 * written to, and counts for the quota like any other.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Blocks that the table grows by at least. */
#define TABLE_STEP 16u

static uint64_t
block_index(uint64_t offset)
{
    return offset / KRAIT_MEM_BLOCK;
}

static bool
is_shared(const uint8_t *block)
{
    return ((uintptr_t)block & 1) != 0;
}

static void
free_block(uint8_t *block)
{
    if (!is_shared(block))
        krait__free(block);
}

int
krait__mem_data_make_table(krait_mem_node *node, uint64_t wanted)
{
    krait_mem_data *data = &node->as.data;
    uint8_t **blocks;
    uint64_t more;

    if (wanted <= data->block_count)
        return 0;
    if (wanted > node->fs->limit_bytes / sizeof(*blocks))
        return ENOSPC;
    more = (wanted - data->block_count) * sizeof(*blocks);
    if (!krait__mem_charge(node->fs, more))
        return ENOSPC;
    blocks = krait__realloc_array(data->blocks, (size_t)wanted, sizeof(*blocks));
    if (blocks == NULL) {
        krait__mem_refund(node->fs, more);
        return ENOMEM;
    }
    memset(blocks + data->block_count, 0, (size_t)more);
    data->blocks = blocks;
    data->block_count = (size_t)wanted;
    return 0;
}

/* Makes the table reach to block `index`, and further when the quota allows it. */
static int
grow_table(krait_mem_node *node, uint64_t index)
{
    uint64_t wanted = (uint64_t)node->as.data.block_count * 2;
    int error;

    if (index < node->as.data.block_count)
        return 0;
    if (wanted < index + TABLE_STEP)
        wanted = index + TABLE_STEP;
    error = krait__mem_data_make_table(node, wanted);
    return error == ENOSPC ? krait__mem_data_make_table(node, index + 1) : error;
}

/* A block of an image becomes one of our own. */
static int
unshare(uint8_t **block)
{
    uint8_t *copy = krait__memdup(*block - 1, KRAIT_MEM_BLOCK);

    if (copy == NULL)
        return ENOMEM;
    *block = copy;
    return 0;
}

/* The block at `index`, for writing, made when it is a hole. */
static int
need_block(krait_mem_node *node, uint64_t index, uint8_t **ret_block)
{
    int error = grow_table(node, index);
    uint8_t *block;

    if (error != 0)
        return error;
    block = node->as.data.blocks[index];
    if (block == NULL) {
        if (!krait__mem_charge(node->fs, KRAIT_MEM_BLOCK))
            return ENOSPC;
        block = krait__calloc(1, KRAIT_MEM_BLOCK);
        if (block == NULL) {
            krait__mem_refund(node->fs, KRAIT_MEM_BLOCK);
            return ENOMEM;
        }
        node->as.data.blocks[index] = block;
        node->as.data.block_used++;
    } else if (is_shared(block)) {
        error = unshare(&node->as.data.blocks[index]);
        if (error != 0)
            return error;
    }
    *ret_block = node->as.data.blocks[index];
    return 0;
}

const uint8_t *
krait__mem_data_block(const krait_mem_node *node, size_t index)
{
    const uint8_t *block = index < node->as.data.block_count ? node->as.data.blocks[index] : NULL;

    return is_shared(block) ? block - 1 : block;
}

int
krait__mem_data_share(krait_mem_node *node, size_t first, size_t count, const uint8_t *bytes)
{
    uint8_t **blocks = node->as.data.blocks + first;
    uint8_t *odd = (uint8_t *)(uintptr_t)bytes + 1;

    assert(first <= node->as.data.block_count && count <= node->as.data.block_count - first);
    assert(!is_shared(bytes));
    if (count > UINT64_MAX / KRAIT_MEM_BLOCK ||
        !krait__mem_charge(node->fs, count * (uint64_t)KRAIT_MEM_BLOCK))
        return ENOSPC;
    for (size_t i = 0; i < count; i++) {
        assert(blocks[i] == NULL);
        blocks[i] = odd + i * KRAIT_MEM_BLOCK;
    }
    node->as.data.block_used += count;
    return 0;
}

size_t
krait__mem_data_read(const krait_mem_node *node, uint64_t offset, void *to, size_t size)
{
    const krait_mem_data *data = &node->as.data;
    uint8_t *out = to;
    size_t done = 0;

    if (offset >= data->size)
        return 0;
    if (size > data->size - offset)
        size = (size_t)(data->size - offset);
    while (done < size) {
        const uint8_t *block = krait__mem_data_block(node, (size_t)block_index(offset + done));
        size_t start = (size_t)((offset + done) % KRAIT_MEM_BLOCK);
        size_t count = KRAIT_MEM_BLOCK - start;

        if (count > size - done)
            count = size - done;
        if (block != NULL)
            memcpy(out + done, block + start, count);
        else
            memset(out + done, 0, count);
        done += count;
    }
    return done;
}

int
krait__mem_data_write(krait_mem_node *node, uint64_t offset, const void *from, size_t size,
                      size_t *ret_size)
{
    krait_mem_data *data = &node->as.data;
    const uint8_t *in = from;
    size_t done = 0;
    int error = 0;

    if (offset > INT64_MAX || size > INT64_MAX - offset)
        return EFBIG;
    while (done < size) {
        size_t start = (size_t)((offset + done) % KRAIT_MEM_BLOCK);
        size_t count = KRAIT_MEM_BLOCK - start;
        uint8_t *block;

        error = need_block(node, block_index(offset + done), &block);
        if (error != 0)
            break;
        if (count > size - done)
            count = size - done;
        memcpy(block + start, in + done, count);
        done += count;
    }
    if (done > 0) {
        if (offset + done > data->size)
            data->size = offset + done;
        node->mtime_ns = node->ctime_ns = krait__mem_now(node->fs);
    } else if (error != 0) {
        return error;
    }
    *ret_size = done;
    return 0;
}

int
krait__mem_data_set_size(krait_mem_node *node, uint64_t size)
{
    krait_mem_data *data = &node->as.data;
    uint64_t keep = size / KRAIT_MEM_BLOCK + (size % KRAIT_MEM_BLOCK != 0);
    size_t freed = 0;

    /* A hole costs no blocks, but its table must fit the quota one day. */
    if (size > data->size && block_index(size) >= node->fs->limit_bytes / sizeof(uint8_t *))
        return EFBIG;
    /* What comes back when the file grows again reads as zeros. */
    if (size < data->size && size % KRAIT_MEM_BLOCK != 0 &&
        krait__mem_data_block(node, (size_t)keep - 1) != NULL) {
        uint8_t *block;
        int error = need_block(node, keep - 1, &block);

        if (error != 0)
            return error;
        memset(block + size % KRAIT_MEM_BLOCK, 0, KRAIT_MEM_BLOCK - size % KRAIT_MEM_BLOCK);
    }
    for (uint64_t i = keep; i < data->block_count; i++) {
        if (data->blocks[i] != NULL) {
            free_block(data->blocks[i]);
            data->blocks[i] = NULL;
            freed++;
        }
    }
    data->block_used -= freed;
    krait__mem_refund(node->fs, freed * (uint64_t)KRAIT_MEM_BLOCK);
    if (size == 0) {
        krait__mem_refund(node->fs, (uint64_t)data->block_count * sizeof(uint8_t *));
        krait__free(data->blocks);
        data->blocks = NULL;
        data->block_count = 0;
    }
    data->size = size;
    node->mtime_ns = node->ctime_ns = krait__mem_now(node->fs);
    return 0;
}

/* Bytes that blocks and table of this range still need. */
static uint64_t
missing_bytes(const krait_mem_data *data, uint64_t first, uint64_t last)
{
    uint64_t missing = last - first + 1;
    uint64_t table = last >= data->block_count ? last + 1 - data->block_count : 0;

    for (uint64_t i = first; i <= last && i < data->block_count; i++)
        missing -= data->blocks[i] != NULL;
    return missing * KRAIT_MEM_BLOCK + table * sizeof(uint8_t *);
}

bool
krait__mem_data_fits(const krait_mem_node *node, uint64_t size)
{
    return size == 0 || missing_bytes(&node->as.data, 0, block_index(size - 1)) <=
                            node->fs->limit_bytes - node->fs->used_bytes;
}

int
krait__mem_data_reserve(krait_mem_node *node, uint64_t offset, uint64_t size)
{
    krait_mem_data *data = &node->as.data;
    uint64_t end = offset + size;
    uint64_t first = block_index(offset);
    uint64_t last = block_index(end - 1);
    int error = 0;

    assert(size > 0 && end > offset);
    /* All or nothing: a refused request leaves nothing behind. */
    if (missing_bytes(data, first, last) > node->fs->limit_bytes - node->fs->used_bytes)
        return ENOSPC;
    for (uint64_t i = first; error == 0 && i <= last; i++) {
        uint8_t *block;

        error = need_block(node, i, &block);
    }
    if (error == 0 && end > data->size) {
        data->size = end;
        node->mtime_ns = node->ctime_ns = krait__mem_now(node->fs);
    }
    return error;
}
