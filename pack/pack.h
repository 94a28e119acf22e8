/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack, as the files of this layer see it.
 */
#ifndef KRAIT_PACK_PACK_H
#define KRAIT_PACK_PACK_H

#include "base/sha256.h"
#include "pack/contents.h"
#include "pack/image.h"
#include "pack/tree.h"
#include "pack/wasm.h"

#include <krait/pack.h>

#include <sys/stat.h>

/* What is read as a module, at most: that of an image and of a program. */
#define KRAIT_PACK_MOST_MODULE (UINT64_C(3) << 30)

/* Above so many bytes a file is compressed with deflate: LZMA would take minutes for it. */
#define KRAIT_PACK_LARGE (4u << 20)

typedef struct krait_component {
    char *texts[5]; /* in the order of krait_pack_component; NULL: not said */
} krait_component;

/* Strings of krait_pack_start. */
typedef struct krait_strings {
    char **items;
    size_t count;
} krait_strings;

struct krait_pack {
    char *path;
    uint8_t *bytes; /* the module as it was opened */
    size_t size;
    krait_wasm wasm;
    bool has_image;
    krait_packed image;
    krait_tree tree;
    krait_strings argv;
    krait_strings env;
    uint32_t memory_limit;
    krait_bytes module; /* contents of the section krait.module; empty: none */
    krait_component *components;
    size_t component_count;
    size_t component_capacity;
    uint32_t archives;                    /* that were added */
    char base[2 * KRAIT_SHA256_SIZE + 1]; /* hash of the module without files */
};

/* The SHA-256 of the module without files and without krait.module, as it would be written; as hexadecimal digits. */
krait_status krait__pack_hash(const krait_wasm *wasm, bool strip,
                              char ret_text[2 * KRAIT_SHA256_SIZE + 1], krait_error *err);
/* For reading contents of its nodes; released by the caller. */
krait_contents krait__pack_contents(const krait_pack *pack);

/* ---- file.c: whole files, and output that appears in one step ------------------------------ */

krait_status krait__pack_whole_read(const char *path, uint64_t limit, uint8_t **ret_bytes,
                                    size_t *ret_size, krait_error *err);
int64_t krait__pack_time_of(const struct stat *status);
/* The folder that a file of this name is in. */
krait_file_identity krait__pack_folder_of(const char *path);

typedef struct krait_out {
    const char *path;     /* borrowed */
    int fd;               /* -1: not open */
    bool is_nameless;     /* the file has no name yet */
    char temporary[4096]; /* its name until the end; empty: none */
} krait_out;

krait_status krait__pack_out_open(krait_out *out, const char *path, krait_error *err);
krait_status krait__pack_out_write(krait_out *out, uint64_t at, const void *data, size_t size,
                                   krait_error *err);
krait_status krait__pack_out_commit(krait_out *out, krait_error *err);
/* Removes what was not committed. */
void krait__pack_out_close(krait_out *out);

/* ---- start.c ------------------------------------------------------------------------------ */

krait_status krait__pack_start_load(krait_pack *pack, krait_error *err);
void krait__pack_strings_release(krait_strings *strings);

/* ---- manifest.c --------------------------------------------------------------------------- */

/* Components of the manifest that the module has.  What cannot be understood is ignored. */
krait_status krait__pack_manifest_load(krait_pack *pack, const char *json, size_t size,
                                       krait_error *err);
krait_status krait__pack_manifest_make(const krait_pack *pack, const krait_pack_summary *summary,
                                       const char *image_sha256, const char *program_sha256,
                                       krait_bytes *ret_json, krait_error *err);
/* Whether it is as it was written, by the hash at its end. */
krait_status krait__pack_manifest_verify(const krait_pack *pack, krait_error *err);
void krait__pack_manifest_release(krait_pack *pack);

/* ---- plan.c ------------------------------------------------------------------------------- */

/* A block of the new image. */
typedef struct krait_planned {
    size_t first;    /* of its files in krait_plan.files; of a piece of a large one its file */
    size_t count;    /* how many files it has */
    uint64_t skip;   /* where the piece begins in a large file */
    uint32_t length; /* decoded */
    uint32_t old;    /* block of the old image that is the same, or KRAIT_PACK_NONE */
} krait_planned;

typedef struct krait_plan {
    krait_node **nodes; /* by inode number */
    size_t node_count;
    krait_node **files; /* those with contents of their own, as they are stored */
    size_t file_count;
    krait_planned *blocks;
    size_t block_count;
    size_t block_capacity;
    uint32_t block_log2;
    uint64_t contents; /* bytes of all files */
} krait_plan;

/* Numbers, times and places of all nodes.  `newest_ns`: 0, or the latest time. */
krait_status krait__pack_plan_make(krait_plan *plan, krait_pack *pack, int64_t newest_ns,
                                   krait_error *err);
void krait__pack_plan_release(krait_plan *plan);

/* ---- index.c ------------------------------------------------------------------------------ */

/* The index with room for the blocks, which are not known yet. */
krait_status krait__pack_index_make(const krait_plan *plan, const krait_pack *pack,
                                    krait_bytes *ret_index, krait_error *err);
/* Row `number` of the blocks. */
void krait__pack_index_set_block(krait_bytes *index, uint32_t number,
                                 const krait_pack_block *block);
/* At the end: sizes and checksum. */
void krait__pack_index_seal(krait_bytes *index, uint32_t image_size);

#endif /* KRAIT_PACK_PACK_H */
