/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of packed files: a read-only file system inside of a WebAssembly module.  Both sides
 * include this header: guest/pack, which serves the files to the program, and pack/, which
 * makes images.  docs/pack-format.md explains it with a picture.
 *
 * Everything is little-endian.  An offset named ..._at counts from the beginning of the image and is
 * a multiple of 4 (of 8 for the inodes); offsets of names count from the beginning of the names.  Padding and reserved fields
 * are 0.  The beginning of the image is at a multiple of 8 of the module's memory.
 *
 *     header | inodes | entries | buckets | blocks | names | contents
 *     \_______________ index, has one checksum _________/
 */
#ifndef KRAIT_PACK_FORMAT_H
#define KRAIT_PACK_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the image's format, in header and slot. */
#define KRAIT_PACK_VERSION 1u

/** The first 8 bytes of an image. */
#define KRAIT_PACK_MAGIC "KRTPACK\n"

/** The first 8 bytes of the slot. */
#define KRAIT_PACK_SLOT_MAGIC "KRTSLOT\n"

/** Name of the exported global (i32, constant) that has the address of the slot. */
#define KRAIT_PACK_SLOT_EXPORT "krait_pack_slot"

/** Name of the custom section with the manifest (JSON). */
#define KRAIT_PACK_SECTION "krait.pack"
/** Name of the custom section that says what a module of `krait module` is; JSON. */
#define KRAIT_PACK_MODULE_SECTION "krait.module"

/** No inode, no entry. */
#define KRAIT_PACK_NONE 0xFFFFFFFFu

/** Bytes of one name, at most; of the target of a symbolic link. */
#define KRAIT_PACK_NAME_MAX   255u
#define KRAIT_PACK_TARGET_MAX 4095u

/** Directories inside of each other, at most. */
#define KRAIT_PACK_DEPTH_MAX 256u

/** Limits of block_log2: blocks of 4 KiB to 16 MiB.  128 KiB is usual. */
#define KRAIT_PACK_BLOCK_LOG2_MIN     12u
#define KRAIT_PACK_BLOCK_LOG2_MAX     24u
#define KRAIT_PACK_BLOCK_LOG2_DEFAULT 17u

/** Types in a mode; the numbers of Linux and wasi-libc. */
#define KRAIT_PACK_S_IFMT  0170000u
#define KRAIT_PACK_S_IFDIR 0040000u
#define KRAIT_PACK_S_IFREG 0100000u
#define KRAIT_PACK_S_IFLNK 0120000u

/**
 * In the module's data, at the address that the global krait_pack_slot has.  Who packs writes `image` and
 * `size` with a data segment of 8 bytes behind all others; as linked both are 0: nothing is packed.
 */
typedef struct krait_pack_slot {
    uint8_t magic[8]; /* KRAIT_PACK_SLOT_MAGIC */
    uint32_t version; /* the newest version of images that this program reads */
    uint32_t image;   /* address of the image in memory 0, a multiple of 8; 0: none */
    uint32_t size;    /* its bytes */
    uint32_t reserved;
} krait_pack_slot;

/** At the beginning of the image. */
typedef struct krait_pack_header {
    uint8_t magic[8];      /* KRAIT_PACK_MAGIC */
    uint32_t version;      /* KRAIT_PACK_VERSION */
    uint32_t index_crc;    /* CRC-32 (zlib's) of the bytes 16 to index_size */
    uint32_t index_size;   /* bytes of the index, this header included; contents follow */
    uint32_t image_size;   /* bytes of all */
    uint32_t block_log2;   /* contents are in blocks of at most 1 << block_log2 bytes */
    uint32_t memory_limit; /* bytes of the writable layer in memory; 0: files cannot be changed */
    uint32_t inodes_at;    /* krait_pack_inode[inode_count]; inode 0 is the root directory */
    uint32_t inode_count;
    uint32_t entries_at; /* krait_pack_entry[entry_count] */
    uint32_t entry_count;
    uint32_t buckets_at;   /* uint32_t[bucket_count]: number of an entry + 1, or 0 */
    uint32_t bucket_count; /* a power of two, larger than entry_count */
    uint32_t probes;    /* buckets that a search has to look at, at most, an empty one included */
    uint32_t blocks_at; /* krait_pack_block[block_count] */
    uint32_t block_count;
    uint32_t names_at; /* names, targets of links, strings; not aligned inside */
    uint32_t names_size;
    uint32_t argv; /* offset in names: argv_count strings, each ended by NUL: see docs */
    uint32_t argv_count;
    uint32_t env; /* offset in names: environ_count strings NAME=VALUE, the same */
    uint32_t env_count;
    uint32_t reserved;
} krait_pack_header;

/** A file, directory or symbolic link. */
typedef struct krait_pack_inode {
    uint64_t size;    /* bytes of the file, of the target; of a directory 0 */
    int64_t mtime_ns; /* since 1970 */
    uint32_t mode;    /* type and permission bits */
    uint32_t nlink;   /* entries that name it; of a directory 2 + directories in it */
    uint32_t first;  /* file: first block; directory: first entry; link: target's offset in names */
    uint32_t count;  /* file: number of blocks; directory: of entries; link: 0 */
    uint32_t parent; /* directory: the one it is in, of the root 0; else 0 */
    uint32_t offset; /* file: where it begins in its first block when decoded; else 0 */
} krait_pack_inode;

/** A name in a directory.  Those of one directory follow each other, in the order of their bytes. */
typedef struct krait_pack_entry {
    uint32_t name; /* offset in names; no NUL, no '/', not "." or "..", UTF-8 */
    uint32_t name_len;
    uint32_t inode;
} krait_pack_entry;

/** How a block is stored. */
#define KRAIT_PACK_STORED  0u /* as it is: size == length */
#define KRAIT_PACK_DEFLATE 1u /* raw deflate, RFC 1951 */
#define KRAIT_PACK_LZMA    2u /* one LZMA1 stream, lc = 3, lp = 0, pb = 0, without header */

/**
 * A piece of the contents.  A file of more than 1 << block_log2 bytes has blocks of its own, each of so many
 * bytes but the last, and begins at offset 0.  A smaller one lies in one block, which it may
 * share with others: that makes many small files small.  An empty one has no block.
 */
typedef struct krait_pack_block {
    uint32_t at;     /* any alignment */
    uint32_t size;   /* bytes in the image, 1 to length */
    uint32_t crc;    /* CRC-32 of these bytes, as they are in the image */
    uint32_t length; /* bytes when decoded, 1 to 1 << block_log2 */
    uint32_t codec;  /* KRAIT_PACK_STORED and so on */
} krait_pack_block;

/**
 * Where a search for a name in a directory begins: bucket hash & (bucket_count - 1), then the
 * following ones (after the last the first) until an empty one.
 */
static inline uint32_t
krait_pack_hash(uint32_t directory, const void *name, size_t len)
{
    const uint8_t *p = (const uint8_t *)name;
    uint32_t h = 2166136261u ^ (directory * 2654435761u);

    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * 16777619u;
    }
    return h ^ (h >> 15);
}

static_assert(sizeof(krait_pack_slot) == 24, "layout");
static_assert(offsetof(krait_pack_slot, image) == 12, "layout");
static_assert(sizeof(krait_pack_header) == 96, "layout");
static_assert(sizeof(krait_pack_inode) == 40, "layout");
static_assert(sizeof(krait_pack_entry) == 12, "layout");
static_assert(sizeof(krait_pack_block) == 20, "layout");

#ifdef __cplusplus
}
#endif

#endif
