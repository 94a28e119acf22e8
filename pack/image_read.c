/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the image of a module: see image.h.
 */
#include "base/error.h"
#include "pack/image.h"

#include <string.h>

static krait_status
damaged(krait_error *err, const char *path, size_t at, const char *what)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s': the packed files at offset %zu are damaged: %s", path, at, what);
}

static uint32_t
field(const krait_packed *image, size_t at)
{
    return krait__pack_le_u32(image->bytes + at);
}

/* The header as a struct; all fields behind the magic are 32 bits wide and follow each other. */
static void
read_header(krait_packed *image)
{
    uint32_t fields[(sizeof(krait_pack_header) - 8) / 4];

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        fields[i] = field(image, 8 + 4 * i);
    memcpy(image->header.magic, image->bytes, 8);
    memcpy((uint8_t *)&image->header + 8, fields, sizeof(fields));
}

krait_status
krait__pack_packed_open(krait_packed *image, const char *path, const uint8_t *bytes, size_t size,
                        size_t at, krait_error *err)
{
    const krait_pack_header *header = &image->header;
    const char *wrong;

    memset(image, 0, sizeof(*image));
    if (size < sizeof(krait_pack_header) || size > UINT32_MAX)
        return damaged(err, path, at, "there are too few bytes");
    image->bytes = bytes;
    image->size = (uint32_t)size;
    read_header(image);
    if (memcmp(header->magic, KRAIT_PACK_MAGIC, 8) != 0)
        return damaged(err, path, at, "they do not begin as an image does");
    if (header->version != KRAIT_PACK_VERSION)
        return krait__error_set(
            err, KRAIT_EUNSUPPORTED, 0,
            "'%s' was packed by a newer version of krait: its files have format "
            "%u, this version knows %u",
            path, header->version, KRAIT_PACK_VERSION);
    if (header->image_size != size)
        return damaged(err, path, at, "they are not as long as they say");
    if (header->index_size < sizeof(krait_pack_header) || header->index_size > size)
        return damaged(err, path, at, "their index is not as long as it says");
    if (krait__pack_crc32(bytes + 16, header->index_size - 16) != header->index_crc)
        return damaged(err, path, at, "the checksum of their index is another one");
    wrong = krait__pack_packed_wrong(image);
    return wrong == NULL ? KRAIT_OK : damaged(err, path, at, wrong);
}

krait_pack_inode
krait__pack_packed_inode(const krait_packed *image, uint32_t number)
{
    const uint8_t *from = image->bytes + image->header.inodes_at +
                          (size_t)number * sizeof(krait_pack_inode);
    krait_pack_inode inode = {krait__pack_le_u64(from),      (int64_t)krait__pack_le_u64(from + 8),
                              krait__pack_le_u32(from + 16), krait__pack_le_u32(from + 20),
                              krait__pack_le_u32(from + 24), krait__pack_le_u32(from + 28),
                              krait__pack_le_u32(from + 32), krait__pack_le_u32(from + 36)};

    return inode;
}

krait_pack_entry
krait__pack_packed_entry(const krait_packed *image, uint32_t number)
{
    const uint8_t *from = image->bytes + image->header.entries_at +
                          (size_t)number * sizeof(krait_pack_entry);
    krait_pack_entry entry = {krait__pack_le_u32(from), krait__pack_le_u32(from + 4),
                              krait__pack_le_u32(from + 8)};

    return entry;
}

krait_pack_block
krait__pack_packed_block(const krait_packed *image, uint32_t number)
{
    const uint8_t *from = image->bytes + image->header.blocks_at +
                          (size_t)number * sizeof(krait_pack_block);
    krait_pack_block block = {krait__pack_le_u32(from), krait__pack_le_u32(from + 4),
                              krait__pack_le_u32(from + 8), krait__pack_le_u32(from + 12),
                              krait__pack_le_u32(from + 16)};

    return block;
}

const char *
krait__pack_packed_name(const krait_packed *image, uint32_t at)
{
    return (const char *)image->bytes + image->header.names_at + at;
}

static krait_status
fill_node(const krait_packed *image, uint32_t number, krait_node *node, krait_error *err)
{
    krait_pack_inode inode = krait__pack_packed_inode(image, number);

    node->mtime_ns = inode.mtime_ns;
    node->size = inode.size;
    node->old = number;
    if (node->kind == KRAIT_PACK_FILE) {
        node->source = KRAIT_SOURCE_OLD;
        node->is_executable = (inode.mode & 0100) != 0;
        return KRAIT_OK;
    }
    if (node->kind == KRAIT_PACK_LINK)
        return krait__pack_node_set_bytes(node, krait__pack_packed_name(image, inode.first),
                                          (size_t)inode.size, err);
    node->size = 0;
    return KRAIT_OK;
}

static krait_status
list_directory(const krait_packed *image, krait_tree *tree, krait_node *directory, krait_error *err)
{
    krait_pack_inode inode = krait__pack_packed_inode(image, directory->old);
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < inode.count && status == KRAIT_OK; i++) {
        krait_pack_entry entry = krait__pack_packed_entry(image, inode.first + i);
        uint32_t type = krait__pack_packed_inode(image, entry.inode).mode & KRAIT_PACK_S_IFMT;
        krait_node *node = NULL;

        status = krait__pack_tree_put_in(tree, directory,
                                         krait__pack_packed_name(image, entry.name), entry.name_len,
                                         type == KRAIT_PACK_S_IFDIR   ? KRAIT_PACK_DIRECTORY
                                         : type == KRAIT_PACK_S_IFLNK ? KRAIT_PACK_LINK
                                                                      : KRAIT_PACK_FILE,
                                         "image", &node, err);
        if (status == KRAIT_OK)
            status = fill_node(image, entry.inode, node, err);
    }
    return status;
}

krait_status
krait__pack_packed_list(const krait_packed *image, krait_tree *tree, krait_error *err)
{
    krait_node *node = tree->root;
    krait_status status;

    tree->root->old = 0;
    tree->root->mtime_ns = krait__pack_packed_inode(image, 0).mtime_ns;
    status = list_directory(image, tree, node, err);
    /* What is put into a directory comes behind it in the walk. */
    while (status == KRAIT_OK && (node = krait__pack_tree_next(node)) != NULL) {
        if (node->kind == KRAIT_PACK_DIRECTORY)
            status = list_directory(image, tree, node, err);
    }
    return status;
}
