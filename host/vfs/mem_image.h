/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a file system in memory as bytes: docs/snapshot-format.md, "Files in memory".
 *
 * Numbers are little-endian, as on every machine that this library is for.  The parts follow
 * each other in the order of the structures below; then come the names of all entries, one
 * after another, the texts of all links, zeros up to a multiple of a block, and the blocks.
 *
 * Nodes are in the order in which they are first named, level by level, from the root, which is
 * node 0, and entries in the order of their directories.  So a directory never has the number
 * of one below it: there are no loops to look for.
 */
#ifndef KRAIT_VFS_MEM_IMAGE_H
#define KRAIT_VFS_MEM_IMAGE_H

#include "vfs/mem.h"

#define KRAIT_MEM_IMAGE_MAGIC   "kraitvfs"
#define KRAIT_MEM_IMAGE_VERSION 1u

/* Beyond these nothing counts on any more. */
#define KRAIT_MEM_IMAGE_COOKIE_MAX (UINT64_C(1) << 31)
#define KRAIT_MEM_IMAGE_INO_MAX    (UINT64_C(1) << 62)

typedef struct krait_mem_image_header {
    char magic[8];
    uint32_t version;
    uint32_t node_count;
    uint32_t entry_count;
    uint32_t run_count;
    uint64_t text_size; /* names and links */
    uint64_t next_ino;
    uint64_t data_offset; /* of the blocks, from the header on */
    uint64_t size;        /* of everything */
    uint64_t reserved;    /* 0 */
} krait_mem_image_header;

enum {
    KRAIT_MEM_IMAGE_ROOT = 1u << 0,  /* is_root */
    KRAIT_MEM_IMAGE_LOCKED = 1u << 1 /* is_locked; directories only */
};

typedef struct krait_mem_image_node {
    uint8_t type;   /* KRAIT_TYPE_DIRECTORY, _REGULAR, _LINK, _CHARACTER_DEVICE, _UNKNOWN: a FIFO */
    uint8_t flags;  /* KRAIT_MEM_IMAGE_* */
    uint8_t device; /* enum krait_device; 0 when it is none */
    uint8_t reserved;
    uint16_t mode;
    uint16_t reserved2;
    uint64_t ino;
    uint64_t atime_ns;
    uint64_t mtime_ns;
    uint64_t ctime_ns;
    uint64_t size;  /* regular: of the file; directory: its next cookie; link: of the text */
    uint32_t count; /* directory: its entries; regular: its runs */
    uint32_t reserved3;
} krait_mem_image_node;

typedef struct krait_mem_image_entry {
    uint64_t cookie;
    uint32_t node;
    uint16_t name_size;
    uint16_t reserved;
} krait_mem_image_entry;

/* Blocks of a file that follow each other; between runs are holes. */
typedef struct krait_mem_image_run {
    uint64_t first;
    uint64_t count;
} krait_mem_image_run;

_Static_assert(sizeof(krait_mem_image_header) == 64, "no padding");
_Static_assert(sizeof(krait_mem_image_node) == 56, "no padding");
_Static_assert(sizeof(krait_mem_image_entry) == 16, "no padding");
_Static_assert(sizeof(krait_mem_image_run) == 16, "no padding");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "images of files in memory are read and written as they are in memory"
#endif

/* An image that was checked.  All but `data` is a copy of our own. */
typedef struct krait_mem_image {
    krait_mem_image_header header;
    void *copy; /* what the next ones point into; freed by krait__mem_image_release */
    const krait_mem_image_node *nodes;
    const krait_mem_image_entry *entries;
    const krait_mem_image_run *runs;
    const char *text;
    const uint8_t *data;
    size_t links_at; /* where in the text the links begin */
} krait_mem_image;

/* mem_image_check.c: KRAIT_EFORMAT says where and what; KRAIT_ELIMIT: more than `fs` may ever hold;
 * KRAIT_ENOMEM.  Names that occur twice in a directory are not found here. */
krait_status krait__mem_image_check(const void *bytes, size_t size, const krait_mem_fs *fs,
                                    krait_mem_image *ret_image, krait_error *err);
/* KRAIT_ELIMIT with its text. */
krait_status krait__mem_image_too_much(krait_error *err);
void krait__mem_image_release(krait_mem_image *image);
krait_status krait__mem_image_bad(krait_error *err, uint64_t offset, const char *what);
/* Offset of this entry in the bytes. */
uint64_t krait__mem_image_entry_at(const krait_mem_image *image, size_t index);

#endif /* KRAIT_VFS_MEM_IMAGE_H */
