/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that docs/pack-format.md demands of an index.
 *
 * A checksum says that nobody damaged the image; it does not say who made it.  What is not refused here
 * can be read without further checks: every number is within its table, directories are a tree.
 */
#include "base/alloc.h"
#include "pack/image.h"

#include <string.h>

/* Kinds of an inode's first mention. */
enum { UNSEEN = 0, SEEN = 1 };

/* Real images stay far below this; beyond it a check would take too long. */
#define MOST_SHARED 4194304u

static bool
fits(const krait_packed *image, uint32_t at, uint32_t count, size_t size)
{
    return at % 4 == 0 && at >= sizeof(krait_pack_header) && at <= image->header.index_size &&
           (uint64_t)count * size <= image->header.index_size - at;
}

static const char *
wrong_tables(const krait_packed *image)
{
    const krait_pack_header *h = &image->header;

    if (h->block_log2 < KRAIT_PACK_BLOCK_LOG2_MIN || h->block_log2 > KRAIT_PACK_BLOCK_LOG2_MAX)
        return "its blocks have an impossible size";
    if (h->inode_count == 0 || h->inodes_at % 8 != 0 ||
        !fits(image, h->inodes_at, h->inode_count, sizeof(krait_pack_inode)) ||
        !fits(image, h->entries_at, h->entry_count, sizeof(krait_pack_entry)) ||
        !fits(image, h->buckets_at, h->bucket_count, 4) ||
        !fits(image, h->blocks_at, h->block_count, sizeof(krait_pack_block)) ||
        !fits(image, h->names_at, h->names_size, 1))
        return "a table of the index is not inside of it";
    if (h->bucket_count <= h->entry_count || (h->bucket_count & (h->bucket_count - 1)) != 0)
        return "its hash table has an impossible size";
    return h->probes <= KRAIT_PACK_MOST_PROBES ? NULL : "its hash table is too full";
}

static bool
fits_names(const krait_packed *image, uint32_t at, uint64_t size)
{
    return at <= image->header.names_size && size <= image->header.names_size - at;
}

static const char *
wrong_blocks(const krait_packed *image)
{
    const krait_pack_header *h = &image->header;
    uint64_t left = image->size - h->index_size;

    for (uint32_t i = 0; i < h->block_count; i++) {
        krait_pack_block b = krait__pack_packed_block(image, i);

        if (b.at < h->index_size || b.at > image->size || b.size > image->size - b.at ||
            b.size == 0)
            return "a block is not inside of the image";
        if (b.length == 0 || b.length > 1u << h->block_log2 || b.size > b.length ||
            b.codec > KRAIT_PACK_LZMA || (b.codec == KRAIT_PACK_STORED && b.size != b.length))
            return "a block has an impossible size";
        /* Otherwise a small image would take hours to decode. */
        if (b.size > left)
            return "its blocks share bytes";
        left -= b.size;
    }
    return NULL;
}

static const char *
wrong_file(const krait_packed *image, const krait_pack_inode *inode)
{
    const krait_pack_header *h = &image->header;
    uint64_t most = UINT64_C(1) << h->block_log2;
    uint64_t count = (inode->size >> h->block_log2) + ((inode->size & (most - 1)) != 0 ? 1 : 0);
    uint64_t left = inode->size;

    if (inode->size == 0)
        return inode->count == 0 ? NULL : "an empty file has blocks";
    if (inode->count != count || inode->first > h->block_count ||
        count > h->block_count - inode->first)
        return "a file has more or fewer blocks than its size needs";
    if (count > 1 && inode->offset != 0)
        return "a large file does not begin with its block";
    for (uint32_t i = 0; i < inode->count; i++) {
        uint64_t length = krait__pack_packed_block(image, inode->first + i).length;
        uint64_t wanted = left < most ? left : most;

        if (inode->offset > length || wanted > length - inode->offset ||
            (i + 1 < inode->count && length != most))
            return "a file does not fit its blocks";
        left -= wanted;
    }
    return NULL;
}

static const char *
wrong_inode(const krait_packed *image, uint32_t number, uint64_t *blocks)
{
    krait_pack_inode inode = krait__pack_packed_inode(image, number);

    switch (inode.mode & KRAIT_PACK_S_IFMT) {
    case KRAIT_PACK_S_IFREG:
        *blocks += inode.count;
        if (*blocks > (uint64_t)image->header.block_count + MOST_SHARED)
            return "its files share too many blocks";
        return wrong_file(image, &inode);
    case KRAIT_PACK_S_IFLNK:
        if (inode.size == 0 || inode.size > KRAIT_PACK_TARGET_MAX ||
            !fits_names(image, inode.first, inode.size) ||
            memchr(krait__pack_packed_name(image, inode.first), '\0', (size_t)inode.size) != NULL)
            return "a symbolic link has an impossible target";
        return NULL;
    case KRAIT_PACK_S_IFDIR:
        if (inode.first > image->header.entry_count ||
            inode.count > image->header.entry_count - inode.first ||
            inode.parent >= image->header.inode_count)
            return "a folder's entries are not in the table";
        return NULL;
    default:
        return "an inode is neither file nor folder nor link";
    }
}

/* Where a search for the entry ends; true when it is found there in time. */
static bool
is_found(const krait_packed *image, uint32_t directory, uint32_t number)
{
    const krait_pack_header *h = &image->header;
    krait_pack_entry entry = krait__pack_packed_entry(image, number);
    uint32_t at = krait_pack_hash(directory, krait__pack_packed_name(image, entry.name),
                                  entry.name_len);

    for (uint32_t i = 0; i < h->probes && i < h->bucket_count; i++) {
        uint32_t bucket = (at + i) & (h->bucket_count - 1);
        uint32_t value = krait__pack_le_u32(image->bytes + h->buckets_at + (size_t)bucket * 4);

        if (value == number + 1)
            return true;
        if (value == 0)
            return false;
    }
    return false;
}

static int
compare(const krait_packed *image, const krait_pack_entry *a, const krait_pack_entry *b)
{
    uint32_t least = a->name_len < b->name_len ? a->name_len : b->name_len;
    int order = memcmp(krait__pack_packed_name(image, a->name),
                       krait__pack_packed_name(image, b->name), least);

    return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static const char *
wrong_entry(const krait_packed *image, uint32_t directory, uint32_t number, uint8_t *seen)
{
    krait_pack_entry entry = krait__pack_packed_entry(image, number);
    krait_pack_inode inode;

    if (!fits_names(image, entry.name, entry.name_len) ||
        krait__pack_tree_bad_name(krait__pack_packed_name(image, entry.name), entry.name_len) !=
            NULL)
        return "a name is impossible";
    if (entry.inode == 0 || entry.inode >= image->header.inode_count)
        return "a name leads to no inode";
    inode = krait__pack_packed_inode(image, entry.inode);
    if ((inode.mode & KRAIT_PACK_S_IFMT) == KRAIT_PACK_S_IFDIR &&
        (seen[entry.inode] != UNSEEN || inode.parent != directory))
        return "a folder is in two places";
    seen[entry.inode] = SEEN;
    return is_found(image, directory, number) ? NULL : "a name is not in the hash table";
}

/* Folders from the root on: each is met once, so their parents cannot lead in a circle. */
static const char *
wrong_folders(const krait_packed *image, uint8_t *seen, uint32_t *queue)
{
    uint32_t count = 0;
    uint32_t next = 0;
    uint64_t entries = 0;

    seen[0] = SEEN;
    queue[count++] = 0;
    while (next < count) {
        uint32_t directory = queue[next++];
        krait_pack_inode inode = krait__pack_packed_inode(image, directory);

        entries += inode.count;
        for (uint32_t i = 0; i < inode.count; i++) {
            uint32_t number = inode.first + i;
            const char *wrong = wrong_entry(image, directory, number, seen);
            krait_pack_entry entry = krait__pack_packed_entry(image, number);

            if (wrong != NULL)
                return wrong;
            if (i > 0) {
                krait_pack_entry before = krait__pack_packed_entry(image, number - 1);

                if (compare(image, &before, &entry) >= 0)
                    return "names of a folder are not in order";
            }
            if ((krait__pack_packed_inode(image, entry.inode).mode & KRAIT_PACK_S_IFMT) ==
                KRAIT_PACK_S_IFDIR)
                queue[count++] = entry.inode;
        }
    }
    if (entries != image->header.entry_count)
        return "a name is in no folder, or in two";
    return memchr(seen, UNSEEN, image->header.inode_count) != NULL ? "a file has no name" : NULL;
}

/* `count` strings, each ended by a NUL. */
static bool
has_strings(const krait_packed *image, uint32_t at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *text = krait__pack_packed_name(image, at);
        const char *end;

        if (at >= image->header.names_size)
            return false;
        end = memchr(text, '\0', image->header.names_size - at);
        if (end == NULL)
            return false;
        at += (uint32_t)(end - text) + 1;
    }
    return true;
}

const char *
krait__pack_packed_wrong(const krait_packed *image)
{
    const krait_pack_header *h = &image->header;
    const char *wrong = wrong_tables(image);
    uint64_t blocks = 0;
    uint32_t *queue;
    uint8_t *seen;

    if (wrong == NULL)
        wrong = wrong_blocks(image);
    for (uint32_t i = 0; wrong == NULL && i < h->inode_count; i++)
        wrong = wrong_inode(image, i, &blocks);
    if (wrong != NULL)
        return wrong;
    if ((krait__pack_packed_inode(image, 0).mode & KRAIT_PACK_S_IFMT) != KRAIT_PACK_S_IFDIR ||
        krait__pack_packed_inode(image, 0).parent != 0)
        return "its root is no folder";
    if (!has_strings(image, h->argv, h->argv_count) || !has_strings(image, h->env, h->env_count))
        return "its arguments or variables are not inside of it";
    seen = krait__calloc(h->inode_count, 1);
    queue = krait__calloc(h->inode_count, sizeof(*queue));
    wrong = seen == NULL || queue == NULL ? "there is not enough memory to check them"
                                          : wrong_folders(image, seen, queue);
    krait__free(seen);
    krait__free(queue);
    return wrong;
}
