/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a new image: everything before the contents (docs/pack-format.md).
 *
 * Its size is known before any block is compressed, so the contents can be written first.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/siphash.h"
#include "pack/pack.h"

#include <string.h>

typedef struct names {
    krait_bytes bytes;
    uint64_t key[2]; /* so that nobody can choose names that share a place */
    uint32_t *slots; /* offset + 1 of a name of `sizes` bytes */
    uint32_t *sizes;
    size_t count;
} names;

typedef struct indexing {
    const krait_plan *plan;
    names names;
    krait_bytes inodes;
    krait_bytes entries;
    uint32_t *buckets;
    uint32_t bucket_count;
    uint32_t entry_count;
    uint32_t probes;
    bool is_crowded; /* a search would take too long: readers refuse that */
} indexing;

/* ---- names -------------------------------------------------------------------------------- */

/* Each name once; the table never fills. */
static uint32_t
add_name(names *n, const void *name, size_t size)
{
    size_t at = (size_t)krait__siphash(n->key, name, size) & (n->count - 1);
    uint32_t place;

    for (; n->slots[at] != 0; at = (at + 1) & (n->count - 1)) {
        if (n->sizes[at] == size && memcmp(n->bytes.data + n->slots[at] - 1, name, size) == 0)
            return n->slots[at] - 1;
    }
    place = (uint32_t)n->bytes.size;
    krait__pack_bytes_add(&n->bytes, name, size);
    if (n->bytes.has_failed)
        return 0;
    n->slots[at] = place + 1;
    n->sizes[at] = (uint32_t)size;
    return place;
}

static uint32_t
add_strings(names *n, const krait_strings *strings)
{
    uint32_t place = (uint32_t)n->bytes.size;

    for (size_t i = 0; i < strings->count; i++)
        krait__pack_bytes_add(&n->bytes, strings->items[i], strlen(strings->items[i]) + 1);
    return strings->count > 0 ? place : 0;
}

/* ---- inodes and entries ------------------------------------------------------------------- */

static void
put_inode(indexing *x, const krait_node *node, uint32_t first, uint32_t count, uint32_t nlink)
{
    uint32_t mode = node->kind == KRAIT_PACK_DIRECTORY ? KRAIT_PACK_S_IFDIR | 0755u
                    : node->kind == KRAIT_PACK_LINK    ? KRAIT_PACK_S_IFLNK | 0777u
                    : node->is_executable              ? KRAIT_PACK_S_IFREG | 0755u
                                                       : KRAIT_PACK_S_IFREG | 0644u;
    bool is_folder = node->kind == KRAIT_PACK_DIRECTORY;

    krait__pack_bytes_u64(&x->inodes, is_folder ? 0 : node->size);
    krait__pack_bytes_u64(&x->inodes, (uint64_t)node->mtime_ns);
    krait__pack_bytes_u32(&x->inodes, mode);
    krait__pack_bytes_u32(&x->inodes, nlink);
    krait__pack_bytes_u32(&x->inodes, first);
    krait__pack_bytes_u32(&x->inodes, count);
    krait__pack_bytes_u32(&x->inodes, is_folder && node->parent != NULL ? node->parent->number : 0);
    krait__pack_bytes_u32(&x->inodes, node->kind == KRAIT_PACK_FILE ? node->offset : 0);
}

static void
put_bucket(indexing *x, uint32_t directory, const char *name, size_t size)
{
    uint32_t at = krait_pack_hash(directory, name, size) & (x->bucket_count - 1);

    for (uint32_t i = 0; x->buckets[at] != 0; i++) {
        x->is_crowded = x->is_crowded || i == KRAIT_PACK_MOST_PROBES;
        if (x->is_crowded)
            return;
        at = (at + 1) & (x->bucket_count - 1);
    }
    x->buckets[at] = x->entry_count + 1;
}

static void
put_folder(indexing *x, const krait_node *node)
{
    uint32_t first = x->entry_count;
    uint32_t folders = 0;

    for (const krait_node *child = node->first; child != NULL; child = child->next) {
        size_t size = strlen(child->name);

        put_bucket(x, node->number, child->name, size);
        krait__pack_bytes_u32(&x->entries, add_name(&x->names, child->name, size));
        krait__pack_bytes_u32(&x->entries, (uint32_t)size);
        krait__pack_bytes_u32(&x->entries, child->number);
        x->entry_count++;
        folders += child->kind == KRAIT_PACK_DIRECTORY;
    }
    put_inode(x, node, first, x->entry_count - first, 2 + folders);
}

static void
put_node(indexing *x, const krait_node *node)
{
    if (node->kind == KRAIT_PACK_DIRECTORY)
        put_folder(x, node);
    else if (node->kind == KRAIT_PACK_LINK)
        put_inode(x, node, add_name(&x->names, node->bytes, (size_t)node->size), 0, 1);
    else
        put_inode(x, node, node->block_count > 0 ? node->block : 0, node->block_count, 1);
}

/* How many buckets the longest search looks at: the longest run of used ones, and an empty one. */
static void
count_probes(indexing *x)
{
    uint32_t run = 1;

    x->probes = 1;
    for (uint64_t i = 0; i < 2 * (uint64_t)x->bucket_count; i++) {
        run = x->buckets[i & (x->bucket_count - 1)] != 0 ? run + 1 : 1;
        if (run > x->probes)
            x->probes = run;
    }
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool
allocate(indexing *x)
{
    size_t count = x->plan->node_count;

    for (x->bucket_count = 2; x->bucket_count < 2 * count + 1;)
        x->bucket_count *= 2;
    x->names.count = x->bucket_count * 2u;
    krait__siphash_key(x->names.key);
    x->buckets = krait__calloc(x->bucket_count, sizeof(*x->buckets));
    x->names.slots = krait__calloc(x->names.count, sizeof(*x->names.slots));
    x->names.sizes = krait__calloc(x->names.count, sizeof(*x->names.sizes));
    return x->buckets != NULL && x->names.slots != NULL && x->names.sizes != NULL;
}

static void
put_header(const indexing *x, const krait_pack *pack, uint32_t argv, uint32_t env,
           krait_bytes *index)
{
    size_t at = sizeof(krait_pack_header);
    size_t sizes[4] = {x->inodes.size, x->entries.size, (size_t)x->bucket_count * 4,
                       x->plan->block_count * sizeof(krait_pack_block)};
    size_t counts[4] = {x->plan->node_count, x->entry_count, x->bucket_count, x->plan->block_count};

    krait__pack_bytes_text(index, KRAIT_PACK_MAGIC);
    krait__pack_bytes_u32(index, KRAIT_PACK_VERSION);
    krait__pack_bytes_u32(index, 0);
    krait__pack_bytes_u32(index, 0);
    krait__pack_bytes_u32(index, 0);
    krait__pack_bytes_u32(index, x->plan->block_log2);
    krait__pack_bytes_u32(index, pack->memory_limit);
    for (unsigned i = 0; i < 4; i++) {
        krait__pack_bytes_u32(index, (uint32_t)at);
        krait__pack_bytes_u32(index, (uint32_t)counts[i]);
        if (i == 2)
            krait__pack_bytes_u32(index, x->probes);
        at += (sizes[i] + 7) & ~(size_t)7;
    }
    krait__pack_bytes_u32(index, (uint32_t)at);
    krait__pack_bytes_u32(index, (uint32_t)x->names.bytes.size);
    krait__pack_bytes_u32(index, argv);
    krait__pack_bytes_u32(index, (uint32_t)pack->argv.count);
    krait__pack_bytes_u32(index, env);
    krait__pack_bytes_u32(index, (uint32_t)pack->env.count);
    krait__pack_bytes_u32(index, 0);
}

static krait_status
assemble(indexing *x, const krait_pack *pack, krait_bytes *index, krait_error *err)
{
    uint32_t argv = add_strings(&x->names, &pack->argv);
    uint32_t env = add_strings(&x->names, &pack->env);
    size_t blocks = x->plan->block_count * sizeof(krait_pack_block);
    uint8_t *rows;

    count_probes(x);
    if (x->is_crowded || x->probes > KRAIT_PACK_MOST_PROBES)
        return krait__error_set(
            err, KRAIT_ELIMIT, 0,
            "more than %u names of files share one place in the table of names: "
            "somebody has chosen them so",
            KRAIT_PACK_MOST_PROBES);
    put_header(x, pack, argv, env, index);
    krait__pack_bytes_add(index, x->inodes.data, x->inodes.size);
    krait__pack_bytes_align(index, 8);
    krait__pack_bytes_add(index, x->entries.data, x->entries.size);
    krait__pack_bytes_align(index, 8);
    for (uint32_t i = 0; i < x->bucket_count; i++)
        krait__pack_bytes_u32(index, x->buckets[i]);
    krait__pack_bytes_align(index, 8);
    rows = krait__pack_bytes_extend(index, blocks);
    if (rows != NULL)
        memset(rows, 0, blocks);
    krait__pack_bytes_align(index, 8);
    krait__pack_bytes_add(index, x->names.bytes.data, x->names.bytes.size);
    krait__pack_bytes_align(index, 8);
    if (index->has_failed || x->inodes.has_failed || x->entries.has_failed ||
        x->names.bytes.has_failed)
        return krait__error_nomem(err);
    return KRAIT_OK;
}

krait_status
krait__pack_index_make(const krait_plan *plan, const krait_pack *pack, krait_bytes *ret_index,
                       krait_error *err)
{
    indexing x = {.plan = plan};
    krait_status status = KRAIT_OK;

    if (!allocate(&x))
        status = krait__error_nomem(err);
    for (size_t i = 0; i < plan->node_count && status == KRAIT_OK; i++)
        put_node(&x, plan->nodes[i]);
    if (status == KRAIT_OK)
        status = assemble(&x, pack, ret_index, err);
    krait__free(x.buckets);
    krait__free(x.names.slots);
    krait__free(x.names.sizes);
    krait__pack_bytes_release(&x.names.bytes);
    krait__pack_bytes_release(&x.inodes);
    krait__pack_bytes_release(&x.entries);
    return status;
}

static void
set_u32(krait_bytes *index, size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        index->data[at + i] = (uint8_t)(value >> (8 * i));
}

void
krait__pack_index_set_block(krait_bytes *index, uint32_t number, const krait_pack_block *block)
{
    size_t at = krait__pack_le_u32(index->data + offsetof(krait_pack_header, blocks_at)) +
                (size_t)number * sizeof(krait_pack_block);

    set_u32(index, at, block->at);
    set_u32(index, at + 4, block->size);
    set_u32(index, at + 8, block->crc);
    set_u32(index, at + 12, block->length);
    set_u32(index, at + 16, block->codec);
}

void
krait__pack_index_seal(krait_bytes *index, uint32_t image_size)
{
    set_u32(index, offsetof(krait_pack_header, index_size), (uint32_t)index->size);
    set_u32(index, offsetof(krait_pack_header, image_size), image_size);
    set_u32(index, offsetof(krait_pack_header, index_crc),
            krait__pack_crc32(index->data + 16, index->size - 16));
}
