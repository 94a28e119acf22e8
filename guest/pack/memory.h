/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program changed, for an image with a memory_limit: names that were made or hidden, and
 * nodes of its own. A file of the image that is changed keeps its number and gets a node that
 * takes its place (`over`).
 *
 * Everything counts against the limit: contents, and a flat price for each node and name.
 */
#ifndef KRAIT_GUEST_PACK_MEMORY_H
#define KRAIT_GUEST_PACK_MEMORY_H

#include "tree.h"

#define KRAIT_PACK_NODE_PRICE 128u
#define KRAIT_PACK_NAME_PRICE 64u

typedef struct krait_pack_node {
    uint8_t *data; /* contents, or a link's target */
    uint64_t size;
    size_t room;
    int64_t atim;
    int64_t mtim;
    int64_t ctim;
    uint32_t mode; /* 0: free */
    uint32_t nlink;
    uint32_t parent; /* of directories */
    uint32_t inode;  /* the inode of the image that it replaces, or KRAIT_PACK_NONE */
} krait_pack_node;

/* A name that was made, or one of the image that is hidden. */
typedef struct krait_pack_change {
    char *text; /* NULL: free */
    uint32_t len;
    uint32_t directory;
    uint32_t node; /* KRAIT_PACK_NONE: hidden */
    uint32_t next; /* in the bucket, number + 1 */
} krait_pack_change;

struct krait_pack_memory {
    uint64_t limit;
    uint64_t used;
    krait_pack_node *nodes; /* node number minus the image's inode_count */
    uint32_t node_count;
    uint32_t node_room;
    uint32_t node_from; /* all before it are in use */
    krait_pack_change *changes;
    uint32_t change_count;
    uint32_t change_room;
    uint32_t change_from;
    uint32_t *buckets; /* number of a change + 1 */
    uint32_t bucket_count;
    uint32_t *over; /* per inode of the image: number of its node in `nodes` + 1, or 0 */
};

krait_pack_memory *krait_pack_memory_new(const krait_pack_image *image);
void krait_pack_memory_free(krait_pack_memory *memory);

/* The node behind a number, or NULL when it is (still) the image's. */
krait_pack_node *krait_pack_memory_node(const krait_pack_tree *tree, uint32_t node);

/* What is known here of a name; NULL: nothing. */
krait_pack_change *krait_pack_memory_find(const krait_pack_tree *tree, uint32_t directory,
                                          const char *name, size_t len);

/* Counts bytes against the limit: PACK_ENOSPC. */
int krait_pack_memory_pay(krait_pack_memory *memory, uint64_t bytes);

int krait_pack_memory_add_node(krait_pack_tree *tree, uint32_t mode, uint32_t *ret_node);
void krait_pack_memory_free_node(krait_pack_tree *tree, krait_pack_node *node);

/* Makes or replaces what is known of a name. */
int krait_pack_memory_add_change(krait_pack_tree *tree, uint32_t directory, const char *name,
                                 size_t len, uint32_t node);
void krait_pack_memory_remove_change(krait_pack_tree *tree, krait_pack_change *change);

/* Nobody holds the node any more. */
void krait_pack_memory_collect(krait_pack_tree *tree, uint32_t node);

#endif
