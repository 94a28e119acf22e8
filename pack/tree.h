/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a module is to have, before they are an image.
 *
 * A tree of nodes; contents stay where they are (on the host, in the image that was there before, in
 * memory) until the image is written.
 */
#ifndef KRAIT_PACK_TREE_H
#define KRAIT_PACK_TREE_H

#include "base/identity.h"
#include "pack/buffer.h"

#include <krait/error.h>
#include <krait/pack.h>

/* A time that nobody has set. */
#define KRAIT_TIME_UNKNOWN INT64_MIN

typedef enum krait_source {
    KRAIT_SOURCE_NONE,  /* no contents */
    KRAIT_SOURCE_BYTES, /* in `bytes`; of a link the target */
    KRAIT_SOURCE_HOST,  /* in the file `host` */
    KRAIT_SOURCE_OLD    /* in the image that was there before */
} krait_source;

typedef struct krait_node krait_node;
struct krait_node {
    krait_node *parent; /* NULL: the root */
    krait_node *first;  /* of a directory, in no order until krait__pack_tree_sort() */
    krait_node *next;   /* in the same directory */
    krait_node *previous;
    krait_node *chain; /* in the same bucket */
    char *name;
    krait_pack_kind kind;
    krait_source source;
    bool is_executable;
    bool is_first; /* near the beginning of the contents, because it is needed soon */
    int64_t mtime_ns;
    uint64_t size;
    uint8_t *bytes;
    char *host;
    krait_file_identity identity; /* of `host` when it was found */
    uint32_t old;                 /* inode of the image that was there before */
    uint32_t archive;             /* that it came from last; 0: none */
    /* While the image is written. */
    uint32_t number;
    uint32_t block;
    uint32_t block_count;
    uint32_t offset;
};

typedef struct krait_tree {
    krait_node *root;
    krait_node **buckets;
    size_t bucket_count;
    size_t count; /* of nodes, the root included */
} krait_tree;

krait_status krait__pack_tree_init(krait_tree *tree, krait_error *err);
void krait__pack_tree_release(krait_tree *tree);

/* NULL when there is none; `path` is absolute. */
krait_node *krait__pack_tree_find(const krait_tree *tree, const char *path);
krait_node *krait__pack_tree_child(const krait_tree *tree, const krait_node *directory,
                                   const char *name, size_t name_size);
/* Makes it, and directories on the way, or empties the file or link that is there.  `what` says in
 * messages where it comes from. */
krait_status krait__pack_tree_put(krait_tree *tree, const char *path, krait_pack_kind kind,
                                  const char *what, krait_node **ret_node, krait_error *err);
krait_status krait__pack_tree_put_in(krait_tree *tree, krait_node *directory, const char *name,
                                     size_t name_size, krait_pack_kind kind, const char *what,
                                     krait_node **ret_node, krait_error *err);
/* With all that is below it; not the root. */
void krait__pack_tree_remove(krait_tree *tree, krait_node *node);
/* Directories in the order of the bytes of their names. */
void krait__pack_tree_sort(krait_tree *tree);
/* The node that follows in a walk through all of them; NULL at the end. */
krait_node *krait__pack_tree_next(const krait_node *node);
/* Absolute; false when it does not fit. */
bool krait__pack_tree_path(const krait_node *node, char *path, size_t size);

/* Contents in memory, or the target of a link; `bytes` is copied. */
krait_status krait__pack_node_set_bytes(krait_node *node, const void *bytes, size_t size,
                                        krait_error *err);

/* NULL, or what is wrong with it as the name of one file. */
const char *krait__pack_tree_bad_name(const char *name, size_t size);

#endif /* KRAIT_PACK_TREE_H */
