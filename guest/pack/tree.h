/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that the program sees: the image, and over it what was changed in memory, when the
 * image allows that (memory.c). A node is a number: that of an inode of the image, or a larger one
 * of something that was made in memory.
 *
 * Functions return an error of errors.h. Names are bytes without '/'.
 */
#ifndef KRAIT_GUEST_PACK_TREE_H
#define KRAIT_GUEST_PACK_TREE_H

#include "contents.h"

#define KRAIT_PACK_OPEN_MAX 1024

typedef struct krait_pack_memory krait_pack_memory;

typedef struct krait_pack_held {
    uint32_t node;
    uint32_t count;
} krait_pack_held;

typedef struct krait_pack_tree {
    krait_pack_image image;
    krait_pack_contents contents;
    krait_pack_memory *memory; /* NULL: nothing can be changed */
    const char *damage;        /* the image could not be opened: everything is PACK_EIO */
    krait_pack_held *held;     /* nodes that are open, and how often */
    uint32_t held_count;
    uint32_t held_room;
    int64_t (*now)(void); /* nanoseconds since 1970, for what is made in memory */
} krait_pack_tree;

typedef struct krait_pack_stat {
    uint64_t ino;
    uint64_t nlink;
    uint64_t size;
    int64_t atim;
    int64_t mtim;
    int64_t ctim;
    uint32_t mode;
} krait_pack_stat;

/* A name while a directory is listed. `text` is valid until the tree is changed. */
typedef struct krait_pack_listed {
    const char *text;
    uint32_t len;
    uint32_t node;
    uint64_t next; /* cookie of what follows */
} krait_pack_listed;

/* Never fails: what is wrong with the image is in `damage` afterwards. */
void krait_pack_tree_init(krait_pack_tree *tree, const void *bytes, uint32_t size,
                          int64_t (*now)(void));
void krait_pack_tree_release(krait_pack_tree *tree);

uint32_t krait_pack_tree_type(const krait_pack_tree *tree,
                              uint32_t node); /* S_IF..., 0: no such node */
int krait_pack_tree_stat(const krait_pack_tree *tree, uint32_t node, krait_pack_stat *ret_stat);
int krait_pack_tree_lookup(const krait_pack_tree *tree, uint32_t directory, const char *name,
                           size_t len, uint32_t *ret_node);
uint32_t krait_pack_tree_parent(const krait_pack_tree *tree, uint32_t directory);
int krait_pack_tree_target(const krait_pack_tree *tree, uint32_t node, const char **ret_text,
                           uint32_t *ret_len);

/* What follows `cookie` (0: the beginning) in a directory, without "." and "..". ret->len 0: the end. */
int krait_pack_tree_list(const krait_pack_tree *tree, uint32_t directory, uint64_t cookie,
                         krait_pack_listed *ret);

int krait_pack_tree_read(krait_pack_tree *tree, uint32_t node, uint64_t offset, void *buffer,
                         size_t size, size_t *ret_done);

/* While a node is held it does not vanish, and what was inflated of it is kept. */
int krait_pack_tree_hold(krait_pack_tree *tree, uint32_t node);
void krait_pack_tree_drop(krait_pack_tree *tree, uint32_t node);
bool krait_pack_tree_is_held(const krait_pack_tree *tree, uint32_t node);

/* Changes; PACK_EROFS without memory, PACK_ENOSPC beyond its limit. */
int krait_pack_tree_write(krait_pack_tree *tree, uint32_t node, uint64_t offset, const void *data,
                          size_t size);
int krait_pack_tree_resize(krait_pack_tree *tree, uint32_t node, uint64_t size);
int krait_pack_tree_set_times(krait_pack_tree *tree, uint32_t node, const int64_t *atim,
                              const int64_t *mtim);
/* `type` is one of S_IF...; `target` only for links. The name must not exist. */
int krait_pack_tree_make(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                         uint32_t type, const char *target, size_t target_len, uint32_t *ret_node);
int krait_pack_tree_link(krait_pack_tree *tree, uint32_t node, uint32_t directory, const char *name,
                         size_t len);
/* `is_directory`: rmdir, else unlink. */
int krait_pack_tree_remove(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                           bool is_directory);
int krait_pack_tree_rename(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                           uint32_t to_directory, const char *to_name, size_t to_len);

#endif
