/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing the tree of packed files, when the image allows it. Like a stack of file systems elsewhere:
 * a name of the image is hidden, a file of the image is copied when it is first written to. As there, a
 * directory of the image cannot be renamed (PACK_EXDEV; `mv` and shutil.move copy it then).
 */
#include "errors.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool
is_directory(const krait_pack_tree *tree, uint32_t node)
{
    return krait_pack_tree_type(tree, node) == KRAIT_PACK_S_IFDIR;
}

/* Room for `size` bytes in a node. */
static int
reserve(krait_pack_memory *memory, krait_pack_node *node, uint64_t size)
{
    uint64_t room = node->room < 64 ? 64 : node->room; /* more than a size_t of 32 bits has */
    uint8_t *larger;
    int rc;

    if (size <= node->room) {
        return PACK_OK;
    }
    if (size > memory->limit) {
        return PACK_ENOSPC;
    }
    while (room < size) {
        room += room / 2;
    }
    /* What growing by steps would waste may be what is missing. */
    rc = krait_pack_memory_pay(memory, room - node->room);
    if (rc != PACK_OK) {
        room = size;
        rc = krait_pack_memory_pay(memory, room - node->room);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    larger = realloc(node->data, (size_t)room);
    if (larger == NULL) {
        memory->used -= room - node->room;
        return PACK_ENOMEM;
    }
    node->data = larger;
    node->room = (size_t)room;
    return PACK_OK;
}

/* What was cut off counts no more. Less than half is kept: the file may grow again. */
static void
give_back(krait_pack_memory *memory, krait_pack_node *node)
{
    size_t room = node->size < 64 ? 64 : (size_t)node->size;
    uint8_t *smaller;

    if (node->room / 2 < room) {
        return;
    }
    smaller = realloc(node->data, room);
    if (smaller != NULL) {
        memory->used -= node->room - room;
        node->data = smaller;
        node->room = room;
    }
}

static bool
is_known_type(uint32_t type)
{
    return type == KRAIT_PACK_S_IFREG || type == KRAIT_PACK_S_IFDIR || type == KRAIT_PACK_S_IFLNK;
}

/* The node behind a number, a copy of the image's inode when there is none yet. */
static int
own(krait_pack_tree *tree, uint32_t number, bool with_contents, krait_pack_node **ret)
{
    const krait_pack_inode *inode = krait_pack_image_inode(&tree->image, number);
    krait_pack_node *node = krait_pack_memory_node(tree, number);
    size_t done = 0;
    uint32_t made;
    int rc;

    if (node != NULL || tree->memory == NULL || inode == NULL) {
        *ret = node;
        return node != NULL ? PACK_OK : tree->memory == NULL ? PACK_EROFS : PACK_ENOENT;
    }
    if (!is_known_type(inode->mode & KRAIT_PACK_S_IFMT)) {
        return PACK_EINVAL;
    }
    rc = krait_pack_memory_add_node(tree, inode->mode, &made);
    if (rc != PACK_OK) {
        return rc;
    }
    node = krait_pack_memory_node(tree, made);
    node->atim = node->mtim = node->ctim = inode->mtime_ns;
    node->nlink = inode->nlink;
    node->inode = number;
    if (with_contents && inode->size > 0) {
        rc = reserve(tree->memory, node, inode->size);
        if (rc == PACK_OK) {
            rc = krait_pack_contents_read(&tree->contents, number, 0, node->data,
                                          (size_t)inode->size, &done);
        }
        if (rc == PACK_OK && done != inode->size) {
            rc = PACK_EIO;
        }
        node->size = done;
    }
    if (rc != PACK_OK) {
        krait_pack_memory_free_node(tree, node);
        return rc;
    }
    tree->memory->over[number] = made - tree->image.header.inode_count + 1;
    *ret = node;
    return PACK_OK;
}

static void
touch(krait_pack_tree *tree, krait_pack_node *node)
{
    node->mtim = node->ctim = tree->now();
}

/* A directory whose list of names changed. */
static void
touch_directory(krait_pack_tree *tree, uint32_t directory)
{
    krait_pack_node *node;

    if (own(tree, directory, false, &node) == PACK_OK) {
        touch(tree, node);
    }
}

int
krait_pack_tree_write(krait_pack_tree *tree, uint32_t number, uint64_t offset, const void *data,
                      size_t size)
{
    krait_pack_node *node;
    int rc = own(tree, number, true, &node);

    if (rc != PACK_OK || size == 0) {
        return rc;
    }
    if (offset > UINT64_MAX - size) {
        return PACK_EFBIG;
    }
    rc = reserve(tree->memory, node, offset + size);
    if (rc != PACK_OK) {
        return rc;
    }
    if (offset > node->size) {
        memset(node->data + node->size, 0, (size_t)(offset - node->size));
    }
    memcpy(node->data + offset, data, size);
    node->size = offset + size > node->size ? offset + size : node->size;
    touch(tree, node);
    return PACK_OK;
}

int
krait_pack_tree_resize(krait_pack_tree *tree, uint32_t number, uint64_t size)
{
    krait_pack_node *node;
    int rc = own(tree, number, size != 0, &node);

    if (rc == PACK_OK) {
        rc = reserve(tree->memory, node, size);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (size > node->size) {
        memset(node->data + node->size, 0, (size_t)(size - node->size));
    }
    node->size = size;
    give_back(tree->memory, node);
    touch(tree, node);
    return PACK_OK;
}

int
krait_pack_tree_set_times(krait_pack_tree *tree, uint32_t number, const int64_t *atim,
                          const int64_t *mtim)
{
    krait_pack_node *node;
    bool with_contents = krait_pack_tree_type(tree, number) == KRAIT_PACK_S_IFREG;
    int rc = krait_pack_tree_type(tree, number) == KRAIT_PACK_S_IFLNK
                 ? (tree->memory == NULL ? PACK_EROFS : PACK_EPERM)
                 : own(tree, number, with_contents, &node);

    if (rc != PACK_OK) {
        return rc;
    }
    node->atim = atim != NULL ? *atim : node->atim;
    node->mtim = mtim != NULL ? *mtim : node->mtim;
    node->ctim = tree->now();
    return PACK_OK;
}

/* A name can be made in a directory that exists and was not removed. */
static int
check_directory(const krait_pack_tree *tree, uint32_t directory, size_t len)
{
    krait_pack_node *node = krait_pack_memory_node(tree, directory);

    if (tree->memory == NULL) {
        return tree->damage != NULL ? PACK_EIO : PACK_EROFS;
    }
    if (len == 0 || len > KRAIT_PACK_NAME_MAX) {
        return len == 0 ? PACK_EINVAL : PACK_ENAMETOOLONG;
    }
    if (!is_directory(tree, directory)) {
        return PACK_ENOTDIR;
    }
    return node != NULL && node->nlink == 0 ? PACK_ENOENT : PACK_OK;
}

int
krait_pack_tree_make(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                     uint32_t type, const char *target, size_t target_len, uint32_t *ret_node)
{
    uint32_t permissions = type == KRAIT_PACK_S_IFLNK   ? 0777
                           : type == KRAIT_PACK_S_IFDIR ? 0755
                                                        : 0644;
    krait_pack_node *node;
    uint32_t made;
    int rc = check_directory(tree, directory, len);

    if (rc == PACK_OK) {
        rc = krait_pack_memory_add_node(tree, type | permissions, &made);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    node = krait_pack_memory_node(tree, made);
    node->parent = directory;
    node->nlink = type == KRAIT_PACK_S_IFDIR ? 2 : 1;
    if (target_len > 0) {
        rc = reserve(tree->memory, node, target_len);
        if (rc == PACK_OK) {
            memcpy(node->data, target, target_len);
            node->size = target_len;
        }
    }
    if (rc == PACK_OK) {
        rc = krait_pack_memory_add_change(tree, directory, name, len, made);
    }
    if (rc != PACK_OK) {
        krait_pack_memory_free_node(tree, krait_pack_memory_node(tree, made));
        return rc;
    }
    touch_directory(tree, directory);
    *ret_node = made;
    return PACK_OK;
}

int
krait_pack_tree_link(krait_pack_tree *tree, uint32_t number, uint32_t directory, const char *name,
                     size_t len)
{
    krait_pack_node *node;
    int rc = check_directory(tree, directory, len);

    if (rc == PACK_OK && krait_pack_tree_type(tree, number) != KRAIT_PACK_S_IFREG) {
        rc = PACK_EPERM;
    }
    if (rc == PACK_OK) {
        rc = own(tree, number, true, &node);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_memory_add_change(tree, directory, name, len, number);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    node->nlink++;
    touch_directory(tree, directory);
    return PACK_OK;
}

/* Takes a name away, whatever it names. */
static int
hide(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len)
{
    krait_pack_change *change = krait_pack_memory_find(tree, directory, name, len);

    if (krait_pack_image_lookup(&tree->image, directory, name, len) != KRAIT_PACK_NONE) {
        return krait_pack_memory_add_change(tree, directory, name, len, KRAIT_PACK_NONE);
    }
    if (change != NULL) {
        krait_pack_memory_remove_change(tree, change);
    }
    return PACK_OK;
}

/* One name less. */
static void
unlink_node(krait_pack_tree *tree, uint32_t number, bool directory)
{
    krait_pack_node *node = krait_pack_memory_node(tree, number);

    if (node == NULL && directory) {
        /* A directory that was removed takes no names any more: that needs a node. */
        (void)own(tree, number, false, &node);
    }
    if (node == NULL) {
        return;
    }
    node->nlink = directory || node->nlink == 0 ? 0 : node->nlink - 1;
    node->ctim = tree->now();
    krait_pack_memory_collect(tree, number);
}

static int
check_empty(const krait_pack_tree *tree, uint32_t directory)
{
    krait_pack_listed first;
    int rc = krait_pack_tree_list(tree, directory, 0, &first);

    return rc == PACK_OK && first.len != 0 ? PACK_ENOTEMPTY : rc;
}

int
krait_pack_tree_remove(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                       bool wants_directory)
{
    uint32_t node;
    int rc = check_directory(tree, directory, len);

    if (rc == PACK_OK) {
        rc = krait_pack_tree_lookup(tree, directory, name, len, &node);
    }
    if (rc == PACK_OK && is_directory(tree, node) != wants_directory) {
        rc = wants_directory ? PACK_ENOTDIR : PACK_EISDIR;
    }
    if (rc == PACK_OK && wants_directory) {
        rc = check_empty(tree, node);
    }
    if (rc == PACK_OK) {
        rc = hide(tree, directory, name, len);
    }
    if (rc == PACK_OK) {
        unlink_node(tree, node, wants_directory);
        touch_directory(tree, directory);
    }
    return rc;
}

/* Whether `node` is `directory` or below it. */
static bool
contains(const krait_pack_tree *tree, uint32_t directory, uint32_t node)
{
    for (uint32_t i = 0; i < 2 * KRAIT_PACK_DEPTH_MAX && node != 0; i++) {
        if (node == directory) {
            return true;
        }
        node = krait_pack_tree_parent(tree, node);
    }
    return node == directory;
}

/* What rename() demands of the two names. */
static int
check_rename(const krait_pack_tree *tree, uint32_t node, uint32_t to_directory, uint32_t target)
{
    bool moved = is_directory(tree, node);

    if (moved && node < tree->image.header.inode_count) {
        return PACK_EXDEV;
    }
    if (moved && contains(tree, node, to_directory)) {
        return PACK_EINVAL;
    }
    if (target == KRAIT_PACK_NONE) {
        return PACK_OK;
    }
    if (moved != is_directory(tree, target)) {
        return moved ? PACK_ENOTDIR : PACK_EISDIR;
    }
    return moved ? check_empty(tree, target) : PACK_OK;
}

int
krait_pack_tree_rename(krait_pack_tree *tree, uint32_t directory, const char *name, size_t len,
                       uint32_t to_directory, const char *to_name, size_t to_len)
{
    uint32_t target = KRAIT_PACK_NONE;
    uint32_t node;
    krait_pack_node *moved;
    uint64_t price;
    int rc = check_directory(tree, directory, len);

    if (rc == PACK_OK) {
        rc = check_directory(tree, to_directory, to_len);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_tree_lookup(tree, directory, name, len, &node);
    }
    if (rc == PACK_OK) {
        (void)krait_pack_tree_lookup(tree, to_directory, to_name, to_len, &target);
        rc = target == node ? PACK_OK : check_rename(tree, node, to_directory, target);
    }
    if (rc != PACK_OK || target == node) {
        return rc;
    }
    /* The new name and the hidden old one may both cost: ask before anything is done. */
    price = 2 * KRAIT_PACK_NAME_PRICE + len + to_len;
    rc = krait_pack_memory_pay(tree->memory, price);
    if (rc != PACK_OK) {
        return rc;
    }
    tree->memory->used -= price;
    rc = krait_pack_memory_add_change(tree, to_directory, to_name, to_len, node);
    if (rc == PACK_OK) {
        rc = hide(tree, directory, name, len);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (target != KRAIT_PACK_NONE) {
        unlink_node(tree, target, is_directory(tree, target));
    }
    moved = krait_pack_memory_node(tree, node);
    if (moved != NULL && moved->inode == KRAIT_PACK_NONE) {
        moved->parent = to_directory;
    }
    touch_directory(tree, directory);
    touch_directory(tree, to_directory);
    return PACK_OK;
}
