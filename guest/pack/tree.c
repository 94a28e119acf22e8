/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of packed files, as it is read. Changing it: memory.c, change.c. */
#include "tree.h"

#include "errors.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* Cookies: 0 to count - 1 are entries of the image, then come the changes. */

void
krait_pack_tree_init(krait_pack_tree *tree, const void *bytes, uint32_t size, int64_t (*now)(void))
{
    memset(tree, 0, sizeof(*tree));
    tree->now = now;
    tree->damage = krait_pack_image_open(&tree->image, bytes, size);
    krait_pack_contents_init(&tree->contents, &tree->image);
    if (tree->damage == NULL && tree->image.header.memory_limit != 0) {
        tree->memory = krait_pack_memory_new(&tree->image);
    }
}

void
krait_pack_tree_release(krait_pack_tree *tree)
{
    krait_pack_contents_release(&tree->contents);
    krait_pack_memory_free(tree->memory);
    free(tree->held);
    memset(tree, 0, sizeof(*tree));
}

uint32_t
krait_pack_tree_type(const krait_pack_tree *tree, uint32_t node)
{
    const krait_pack_node *changed = krait_pack_memory_node(tree, node);
    const krait_pack_inode *inode = krait_pack_image_inode(&tree->image, node);

    if (changed != NULL) {
        return changed->mode & KRAIT_PACK_S_IFMT;
    }
    return inode == NULL ? 0 : inode->mode & KRAIT_PACK_S_IFMT;
}

int
krait_pack_tree_stat(const krait_pack_tree *tree, uint32_t node, krait_pack_stat *ret_stat)
{
    const krait_pack_node *changed = krait_pack_memory_node(tree, node);
    const krait_pack_inode *inode = krait_pack_image_inode(&tree->image, node);

    if (changed != NULL) {
        *ret_stat = (krait_pack_stat){(uint64_t)node + 1, changed->nlink, changed->size,
                                      changed->atim,      changed->mtim,  changed->ctim,
                                      changed->mode};
        return PACK_OK;
    }
    if (inode == NULL) {
        return PACK_ENOENT;
    }
    *ret_stat = (krait_pack_stat){(uint64_t)node + 1, inode->nlink,    inode->size, inode->mtime_ns,
                                  inode->mtime_ns,    inode->mtime_ns, inode->mode};
    return PACK_OK;
}

int
krait_pack_tree_lookup(const krait_pack_tree *tree, uint32_t directory, const char *name,
                       size_t len, uint32_t *ret_node)
{
    const krait_pack_change *change;

    *ret_node = KRAIT_PACK_NONE;
    if (tree->damage != NULL) {
        return PACK_EIO;
    }
    if (len > KRAIT_PACK_NAME_MAX) {
        return PACK_ENAMETOOLONG;
    }
    change = krait_pack_memory_find(tree, directory, name, len);
    *ret_node = change != NULL ? change->node
                               : krait_pack_image_lookup(&tree->image, directory, name, len);
    return *ret_node == KRAIT_PACK_NONE ? PACK_ENOENT : PACK_OK;
}

uint32_t
krait_pack_tree_parent(const krait_pack_tree *tree, uint32_t directory)
{
    const krait_pack_node *changed = krait_pack_memory_node(tree, directory);
    const krait_pack_inode *inode = krait_pack_image_inode(&tree->image, directory);
    uint32_t parent = changed != NULL && changed->inode == KRAIT_PACK_NONE ? changed->parent
                      : inode != NULL                                      ? inode->parent
                                                                           : 0;

    return krait_pack_tree_type(tree, parent) == KRAIT_PACK_S_IFDIR ? parent : 0;
}

int
krait_pack_tree_target(const krait_pack_tree *tree, uint32_t node, const char **ret_text,
                       uint32_t *ret_len)
{
    const krait_pack_node *changed = krait_pack_memory_node(tree, node);

    if (krait_pack_tree_type(tree, node) != KRAIT_PACK_S_IFLNK) {
        return PACK_EINVAL;
    }
    if (changed != NULL) {
        *ret_text = (const char *)changed->data;
        *ret_len = (uint32_t)changed->size;
        return PACK_OK;
    }
    *ret_text = krait_pack_image_target(&tree->image, node, ret_len);
    return *ret_text == NULL ? PACK_EIO : PACK_OK;
}

/* The first name made in memory at or behind number `i`. */
static void
list_changes(const krait_pack_tree *tree, uint32_t directory, uint64_t count, uint64_t i,
             krait_pack_listed *ret)
{
    const krait_pack_memory *memory = tree->memory;

    for (; memory != NULL && i < memory->change_count; i++) {
        const krait_pack_change *change = &memory->changes[i];

        if (change->text != NULL && change->directory == directory &&
            change->node != KRAIT_PACK_NONE) {
            *ret = (krait_pack_listed){change->text, change->len, change->node, count + i + 1};
            return;
        }
    }
}

int
krait_pack_tree_list(const krait_pack_tree *tree, uint32_t directory, uint64_t cookie,
                     krait_pack_listed *ret)
{
    const krait_pack_inode *inode = krait_pack_image_inode(&tree->image, directory);
    uint64_t count = inode == NULL ? 0 : inode->count;

    memset(ret, 0, sizeof(*ret));
    if (tree->damage != NULL) {
        return PACK_EIO;
    }
    if (krait_pack_tree_type(tree, directory) != KRAIT_PACK_S_IFDIR) {
        return PACK_ENOTDIR;
    }
    for (; cookie < count; cookie++) {
        krait_pack_name name;

        if (!krait_pack_image_entry(&tree->image, directory, (uint32_t)cookie, &name)) {
            return PACK_EIO;
        }
        if (krait_pack_memory_find(tree, directory, name.text, name.len) == NULL) {
            *ret = (krait_pack_listed){name.text, name.len, name.inode, cookie + 1};
            return PACK_OK;
        }
    }
    list_changes(tree, directory, count, cookie - count, ret);
    return PACK_OK;
}

int
krait_pack_tree_read(krait_pack_tree *tree, uint32_t node, uint64_t offset, void *buffer,
                     size_t size, size_t *ret_done)
{
    const krait_pack_node *changed = krait_pack_memory_node(tree, node);

    *ret_done = 0;
    if (krait_pack_tree_type(tree, node) != KRAIT_PACK_S_IFREG) {
        return PACK_EISDIR;
    }
    if (changed == NULL) {
        return krait_pack_contents_read(&tree->contents, node, offset, buffer, size, ret_done);
    }
    if (offset < changed->size) {
        *ret_done = changed->size - offset < size ? (size_t)(changed->size - offset) : size;
        memcpy(buffer, changed->data + offset, *ret_done);
    }
    return PACK_OK;
}

static krait_pack_held *
find_held(const krait_pack_tree *tree, uint32_t node)
{
    for (uint32_t i = 0; i < tree->held_count; i++) {
        if (tree->held[i].node == node) {
            return &tree->held[i];
        }
    }
    return NULL;
}

bool
krait_pack_tree_is_held(const krait_pack_tree *tree, uint32_t node)
{
    return find_held(tree, node) != NULL;
}

int
krait_pack_tree_hold(krait_pack_tree *tree, uint32_t node)
{
    krait_pack_held *held = find_held(tree, node);

    if (held != NULL) {
        held->count++;
        return PACK_OK;
    }
    if (tree->held_count == tree->held_room) {
        uint32_t room = tree->held_room == 0 ? 16 : tree->held_room * 2;
        krait_pack_held *larger = realloc(tree->held, room * sizeof(*larger));

        if (larger == NULL) {
            return PACK_ENOMEM;
        }
        tree->held = larger;
        tree->held_room = room;
    }
    tree->held[tree->held_count++] = (krait_pack_held){node, 1};
    return PACK_OK;
}

void
krait_pack_tree_drop(krait_pack_tree *tree, uint32_t node)
{
    krait_pack_held *held = find_held(tree, node);

    if (held == NULL || --held->count != 0) {
        return;
    }
    *held = tree->held[--tree->held_count];
    krait_pack_contents_forget(&tree->contents, node);
    krait_pack_memory_collect(tree, node);
}
