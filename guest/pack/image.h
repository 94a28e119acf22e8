/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an image of packed files (include/krait/pack_format.h). The image may be anything:
 * each number in it is checked where it is used, so that opening costs nothing but the checksum of the
 * index.
 */
#ifndef KRAIT_GUEST_PACK_IMAGE_H
#define KRAIT_GUEST_PACK_IMAGE_H

#include <krait/pack_format.h>

#include <stdbool.h>

typedef struct krait_pack_image {
    const uint8_t *bytes;
    uint32_t size;
    krait_pack_header header;
    const krait_pack_inode *inodes;
    const krait_pack_entry *entries;
    const uint32_t *buckets;
    const krait_pack_block *blocks;
    const char *names;
} krait_pack_image;

/* One name in a directory. */
typedef struct krait_pack_name {
    const char *text; /* in the image, not ended by NUL */
    uint32_t len;
    uint32_t inode;
} krait_pack_name;

/* NULL, or what is wrong with it. `bytes` stays where it is as long as the image is used. */
const char *krait_pack_image_open(krait_pack_image *image, const void *bytes, uint32_t size);

/* An image of nothing but an empty root: what is left of a damaged one. */
void krait_pack_image_none(krait_pack_image *image);

/* NULL when there is no such inode. */
const krait_pack_inode *krait_pack_image_inode(const krait_pack_image *image, uint32_t inode);

bool krait_pack_image_is_directory(const krait_pack_image *image, uint32_t inode);

/* Entry number `i` of a directory, counted from 0. False: no such entry, or a bad one. */
bool krait_pack_image_entry(const krait_pack_image *image, uint32_t directory, uint32_t i,
                            krait_pack_name *ret_name);

/* The inode that has a name in a directory, or KRAIT_PACK_NONE. */
uint32_t krait_pack_image_lookup(const krait_pack_image *image, uint32_t directory,
                                 const char *name, size_t len);

/* Target of a symbolic link; NULL when it is none, or a bad one. */
const char *krait_pack_image_target(const krait_pack_image *image, uint32_t inode,
                                    uint32_t *ret_len);

/* String `i` of `count`, the first of which is at offset `at` in the names; NULL: not there. */
const char *krait_pack_image_string(const krait_pack_image *image, uint32_t at, uint32_t count,
                                    uint32_t i);

/* A path of the inode, for messages; slow. Always ended by NUL. */
void krait_pack_image_path(const krait_pack_image *image, uint32_t inode, char *path, size_t size);

#endif
