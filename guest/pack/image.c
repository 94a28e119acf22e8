/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of packed files: docs/pack-format.md. What is not looked at here: whether names are
 * UTF-8 and sorted, whether every file has a name; that is for `krait pack --verify`.
 */
#include "image.h"

#include <string.h>
#include <zlib.h>

/* Bytes before index_crc ends: what the checksum leaves out. */
#define UNCHECKED offsetof(krait_pack_header, index_size)

static bool
table_fits(const krait_pack_header *h, uint32_t at, uint32_t count, size_t each, uint32_t align)
{
    return at % align == 0 && at >= sizeof(*h) && at <= h->index_size &&
           (uint64_t)count * each <= h->index_size - at;
}

static const char *
check_header(const krait_pack_header *h, uint32_t size)
{
    if (h->version != KRAIT_PACK_VERSION) {
        return "another version than this program reads";
    }
    if (h->image_size > size || h->index_size > h->image_size || h->index_size < sizeof(*h)) {
        return "truncated";
    }
    if (h->block_log2 < KRAIT_PACK_BLOCK_LOG2_MIN || h->block_log2 > KRAIT_PACK_BLOCK_LOG2_MAX ||
        !table_fits(h, h->inodes_at, h->inode_count, sizeof(krait_pack_inode), 8) ||
        !table_fits(h, h->entries_at, h->entry_count, sizeof(krait_pack_entry), 4) ||
        !table_fits(h, h->buckets_at, h->bucket_count, sizeof(uint32_t), 4) ||
        !table_fits(h, h->blocks_at, h->block_count, sizeof(krait_pack_block), 4) ||
        !table_fits(h, h->names_at, h->names_size, 1, 1) || h->inode_count == 0 ||
        h->inode_count >= KRAIT_PACK_NONE / 2 || h->bucket_count == 0 ||
        (h->bucket_count & (h->bucket_count - 1)) != 0) {
        return "its header makes no sense";
    }
    return NULL;
}

const char *
krait_pack_image_open(krait_pack_image *image, const void *bytes, uint32_t size)
{
    const uint8_t *p = bytes;
    krait_pack_header h;
    const char *problem;

    krait_pack_image_none(image);
    if (size < sizeof(h) || (uintptr_t)bytes % 8 != 0) {
        return "truncated";
    }
    memcpy(&h, p, sizeof(h));
    if (memcmp(h.magic, KRAIT_PACK_MAGIC, sizeof(h.magic)) != 0) {
        return "not an image";
    }
    problem = check_header(&h, size);
    if (problem != NULL) {
        return problem;
    }
    if (crc32(0, p + UNCHECKED, (uInt)(h.index_size - UNCHECKED)) != h.index_crc) {
        return "the index has another checksum than it had when it was packed";
    }
    image->bytes = p;
    image->size = h.image_size;
    image->header = h;
    /* Aligned: the image is, and the offsets were checked. */
    image->inodes = (const void *)(p + h.inodes_at);
    image->entries = (const void *)(p + h.entries_at);
    image->buckets = (const void *)(p + h.buckets_at);
    image->blocks = (const void *)(p + h.blocks_at);
    image->names = (const void *)(p + h.names_at);
    if (!krait_pack_image_is_directory(image, 0)) {
        krait_pack_image_none(image);
        return "its root is not a directory";
    }
    return NULL;
}

void
krait_pack_image_none(krait_pack_image *image)
{
    static const krait_pack_inode root = {.mode = KRAIT_PACK_S_IFDIR | 0555, .nlink = 2};

    memset(image, 0, sizeof(*image));
    image->header.block_log2 = KRAIT_PACK_BLOCK_LOG2_DEFAULT;
    image->header.inode_count = 1;
    image->inodes = &root;
}

const krait_pack_inode *
krait_pack_image_inode(const krait_pack_image *image, uint32_t inode)
{
    return inode < image->header.inode_count ? &image->inodes[inode] : NULL;
}

bool
krait_pack_image_is_directory(const krait_pack_image *image, uint32_t inode)
{
    const krait_pack_inode *node = krait_pack_image_inode(image, inode);

    return node != NULL && (node->mode & KRAIT_PACK_S_IFMT) == KRAIT_PACK_S_IFDIR;
}

static bool
entry_name(const krait_pack_image *image, uint32_t number, krait_pack_name *ret_name)
{
    const krait_pack_entry *entry;

    if (number >= image->header.entry_count) {
        return false;
    }
    entry = &image->entries[number];
    if (entry->name_len == 0 || entry->name_len > KRAIT_PACK_NAME_MAX ||
        entry->name > image->header.names_size ||
        entry->name_len > image->header.names_size - entry->name ||
        entry->inode >= image->header.inode_count) {
        return false;
    }
    ret_name->text = image->names + entry->name;
    ret_name->len = entry->name_len;
    ret_name->inode = entry->inode;
    return true;
}

bool
krait_pack_image_entry(const krait_pack_image *image, uint32_t directory, uint32_t i,
                       krait_pack_name *ret_name)
{
    const krait_pack_inode *node = krait_pack_image_inode(image, directory);

    return node != NULL && krait_pack_image_is_directory(image, directory) && i < node->count &&
           node->first <= UINT32_MAX - i && entry_name(image, node->first + i, ret_name);
}

uint32_t
krait_pack_image_lookup(const krait_pack_image *image, uint32_t directory, const char *name,
                        size_t len)
{
    const krait_pack_inode *node = krait_pack_image_inode(image, directory);
    uint32_t mask = image->header.bucket_count - 1;
    uint32_t at;

    if (image->buckets == NULL || !krait_pack_image_is_directory(image, directory)) {
        return KRAIT_PACK_NONE;
    }
    at = krait_pack_hash(directory, name, len) & mask;
    for (uint32_t i = 0; i < image->header.probes && i <= mask; i++) {
        uint32_t number = image->buckets[at];
        krait_pack_name found;

        if (number == 0) {
            break;
        }
        number--;
        if (number >= node->first && number - node->first < node->count &&
            entry_name(image, number, &found) && found.len == len &&
            memcmp(found.text, name, len) == 0) {
            return found.inode;
        }
        at = (at + 1) & mask;
    }
    return KRAIT_PACK_NONE;
}

const char *
krait_pack_image_target(const krait_pack_image *image, uint32_t inode, uint32_t *ret_len)
{
    const krait_pack_inode *node = krait_pack_image_inode(image, inode);

    if (node == NULL || (node->mode & KRAIT_PACK_S_IFMT) != KRAIT_PACK_S_IFLNK || node->size == 0 ||
        node->size > KRAIT_PACK_TARGET_MAX || node->first > image->header.names_size ||
        node->size > image->header.names_size - node->first) {
        return NULL;
    }
    *ret_len = (uint32_t)node->size;
    return image->names + node->first;
}

const char *
krait_pack_image_string(const krait_pack_image *image, uint32_t at, uint32_t count, uint32_t i)
{
    for (uint32_t k = 0; k < count && at < image->header.names_size; k++) {
        const char *text = image->names + at;
        const char *end = memchr(text, '\0', image->header.names_size - at);

        if (end == NULL) {
            break;
        }
        if (k == i) {
            return text;
        }
        at += (uint32_t)(end - text) + 1;
    }
    return NULL;
}

/* The directory that has an entry, or KRAIT_PACK_NONE. */
static uint32_t
directory_of(const krait_pack_image *image, uint32_t number)
{
    for (uint32_t i = 0; i < image->header.inode_count; i++) {
        if (krait_pack_image_is_directory(image, i) && number >= image->inodes[i].first &&
            number - image->inodes[i].first < image->inodes[i].count) {
            return i;
        }
    }
    return KRAIT_PACK_NONE;
}

void
krait_pack_image_path(const krait_pack_image *image, uint32_t inode, char *path, size_t size)
{
    size_t at = size - 1; /* built from its end */

    path[at] = '\0';
    for (uint32_t depth = 0; inode != 0 && depth < KRAIT_PACK_DEPTH_MAX; depth++) {
        krait_pack_name name;
        uint32_t i = 0;

        while (i < image->header.entry_count && image->entries[i].inode != inode) {
            i++;
        }
        inode = directory_of(image, i);
        if (inode == KRAIT_PACK_NONE || !entry_name(image, i, &name) || at < name.len + 1) {
            break;
        }
        at -= name.len;
        memcpy(path + at, name.text, name.len);
        path[--at] = '/';
    }
    memmove(path, path + at, size - at);
}
