/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tree.h.  Nodes are found by a hash table over (directory, name), so that directories may be
 * large.
 */
#include "pack/tree.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#include <krait/pack_format.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t
bucket_of(const krait_tree *tree, const krait_node *directory, const char *name, size_t name_size)
{
    return (size_t)krait__hash((uint64_t)(uintptr_t)directory, name, name_size) &
           (tree->bucket_count - 1);
}

static void
free_node(krait_node *node)
{
    krait__free(node->name);
    krait__free(node->bytes);
    krait__free(node->host);
    krait__free(node);
}

krait_status
krait__pack_tree_init(krait_tree *tree, krait_error *err)
{
    memset(tree, 0, sizeof(*tree));
    tree->bucket_count = 1024;
    tree->buckets = krait__calloc(tree->bucket_count, sizeof(*tree->buckets));
    tree->root = krait__calloc(1, sizeof(*tree->root));
    if (tree->buckets == NULL || tree->root == NULL) {
        krait__pack_tree_release(tree);
        return krait__error_nomem(err);
    }
    tree->root->kind = KRAIT_PACK_DIRECTORY;
    tree->root->mtime_ns = KRAIT_TIME_UNKNOWN;
    tree->count = 1;
    return KRAIT_OK;
}

void
krait__pack_tree_release(krait_tree *tree)
{
    for (size_t i = 0; i < tree->bucket_count && tree->buckets != NULL; i++) {
        while (tree->buckets[i] != NULL) {
            krait_node *node = tree->buckets[i];

            tree->buckets[i] = node->chain;
            free_node(node);
        }
    }
    if (tree->root != NULL)
        free_node(tree->root);
    krait__free(tree->buckets);
    memset(tree, 0, sizeof(*tree));
}

krait_node *
krait__pack_tree_child(const krait_tree *tree, const krait_node *directory, const char *name,
                       size_t name_size)
{
    krait_node *node = tree->buckets[bucket_of(tree, directory, name, name_size)];

    while (node != NULL && (node->parent != directory || strlen(node->name) != name_size ||
                            memcmp(node->name, name, name_size) != 0))
        node = node->chain;
    return node;
}

krait_node *
krait__pack_tree_find(const krait_tree *tree, const char *path)
{
    krait_node *node = tree->root;

    while (node != NULL && *path != '\0') {
        size_t size = strcspn(path, "/");

        if (size > 0)
            node = krait__pack_tree_child(tree, node, path, size);
        path += size + (path[size] == '/');
    }
    return node;
}

/* Twice as many buckets; without memory for them it only gets slower. */
static void
grow_buckets(krait_tree *tree)
{
    krait_node **old = tree->buckets;
    size_t old_count = tree->bucket_count;
    krait_node **buckets = krait__calloc(2 * old_count, sizeof(*buckets));

    if (buckets == NULL)
        return;
    tree->buckets = buckets;
    tree->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            krait_node *node = old[i];
            size_t at = bucket_of(tree, node->parent, node->name, strlen(node->name));

            old[i] = node->chain;
            node->chain = buckets[at];
            buckets[at] = node;
        }
    }
    krait__free(old);
}

/* The number of bytes of the UTF-8 character at `p`, 0: it is none. */
static size_t
character(const unsigned char *p, size_t size)
{
    static const unsigned char least[5] = {0, 0, 0x80, 0xe0, 0xf0};
    size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (length == 0 || length > size || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Too long a form, a surrogate, beyond U+10FFFF. */
    if ((p[0] == least[3] && length == 3 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == least[4] && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

const char *
krait__pack_tree_bad_name(const char *name, size_t size)
{
    size_t at = 0;

    if (size == 0)
        return "is empty";
    if ((size == 1 && name[0] == '.') || (size == 2 && memcmp(name, "..", 2) == 0))
        return "is '.' or '..'";
    if (size > KRAIT_PACK_NAME_MAX)
        return "has more than 255 bytes";
    if (memchr(name, '\0', size) != NULL || memchr(name, '/', size) != NULL)
        return "has a byte that no file name has";
    while (at < size) {
        size_t length = character((const unsigned char *)name + at, size - at);

        if (length == 0)
            return "is not UTF-8";
        at += length;
    }
    return NULL;
}

static unsigned
depth_of(const krait_node *node)
{
    unsigned depth = 0;

    for (; node->parent != NULL; node = node->parent)
        depth++;
    return depth;
}

static krait_status
add_node(krait_tree *tree, krait_node *directory, const char *name, size_t name_size,
         const char *what, krait_node **ret_node, krait_error *err)
{
    krait_node *node;
    size_t bucket;

    if (tree->count >= KRAIT_PACK_MOST_FILES)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "'%s': a pack has at most %u files and folders", what,
                                KRAIT_PACK_MOST_FILES);
    if (depth_of(directory) + 1 >= KRAIT_PACK_DEPTH_MAX)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "'%s': more than %u folders inside of each other", what,
                                KRAIT_PACK_DEPTH_MAX);
    node = krait__calloc(1, sizeof(*node));
    if (node != NULL)
        node->name = krait__alloc(name_size + 1);
    if (node == NULL || node->name == NULL) {
        krait__free(node);
        return krait__error_nomem(err);
    }
    memcpy(node->name, name, name_size);
    node->name[name_size] = '\0';
    node->mtime_ns = KRAIT_TIME_UNKNOWN;
    node->parent = directory;
    node->next = directory->first;
    if (node->next != NULL)
        node->next->previous = node;
    directory->first = node;
    if (tree->count >= tree->bucket_count)
        grow_buckets(tree);
    bucket = bucket_of(tree, directory, name, name_size);
    node->chain = tree->buckets[bucket];
    tree->buckets[bucket] = node;
    tree->count++;
    *ret_node = node;
    return KRAIT_OK;
}

krait_status
krait__pack_tree_put_in(krait_tree *tree, krait_node *directory, const char *name, size_t name_size,
                        krait_pack_kind kind, const char *what, krait_node **ret_node,
                        krait_error *err)
{
    const char *wrong = krait__pack_tree_bad_name(name, name_size);
    krait_node *node;
    krait_status status;

    if (wrong != NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s': the name '%.*s' %s", what,
                                (int)(name_size < 300 ? name_size : 300), name, wrong);
    node = krait__pack_tree_child(tree, directory, name, name_size);
    if (node == NULL) {
        status = add_node(tree, directory, name, name_size, what, &node, err);
        if (status != KRAIT_OK)
            return status;
    } else if ((node->kind == KRAIT_PACK_DIRECTORY) != (kind == KRAIT_PACK_DIRECTORY)) {
        return krait__error_set(
            err, KRAIT_EINVAL, 0,
            "'%s' is %s folder, and in the pack there is already %s of its name", what,
            kind == KRAIT_PACK_DIRECTORY ? "a" : "no",
            kind == KRAIT_PACK_DIRECTORY ? "a file" : "a folder");
    } else if (kind != KRAIT_PACK_DIRECTORY) {
        krait__free(node->bytes);
        krait__free(node->host);
        node->bytes = NULL;
        node->host = NULL;
        node->source = KRAIT_SOURCE_NONE;
        node->size = 0;
        node->mtime_ns = KRAIT_TIME_UNKNOWN;
    }
    node->kind = kind;
    *ret_node = node;
    return KRAIT_OK;
}

krait_status
krait__pack_tree_put(krait_tree *tree, const char *path, krait_pack_kind kind, const char *what,
                     krait_node **ret_node, krait_error *err)
{
    krait_node *node = tree->root;
    krait_status status = KRAIT_OK;

    if (path[0] != '/')
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s': '%s' does not begin with '/'", what,
                                path);
    while (*path == '/')
        path++;
    if (*path == '\0' && kind != KRAIT_PACK_DIRECTORY)
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s': '/' is a folder", what);
    while (*path != '\0' && status == KRAIT_OK) {
        size_t size = strcspn(path, "/");
        const char *rest = path + size + strspn(path + size, "/");
        bool is_last = *rest == '\0';

        status = krait__pack_tree_put_in(tree, node, path, size,
                                         is_last ? kind : KRAIT_PACK_DIRECTORY, what, &node, err);
        path = rest;
    }
    if (status == KRAIT_OK)
        *ret_node = node;
    return status;
}

krait_status
krait__pack_node_set_bytes(krait_node *node, const void *bytes, size_t size, krait_error *err)
{
    uint8_t *copy = krait__alloc(size + 1);

    if (copy == NULL)
        return krait__error_nomem(err);
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    krait__free(node->bytes);
    krait__free(node->host);
    node->host = NULL;
    node->bytes = copy;
    node->size = size;
    node->source = KRAIT_SOURCE_BYTES;
    return KRAIT_OK;
}

/* Takes it out of its bucket; its directory forgets it otherwise. */
static void
forget(krait_tree *tree, krait_node *node)
{
    size_t bucket = bucket_of(tree, node->parent, node->name, strlen(node->name));
    krait_node **place = &tree->buckets[bucket];

    while (*place != node)
        place = &(*place)->chain;
    *place = node->chain;
    tree->count--;
    free_node(node);
}

void
krait__pack_tree_remove(krait_tree *tree, krait_node *node)
{
    krait_node **place = node->previous != NULL ? &node->previous->next : &node->parent->first;
    krait_node *at = node;

    *place = node->next;
    if (node->next != NULL)
        node->next->previous = node->previous;
    /* The deepest first. */
    for (;;) {
        krait_node *parent = at->parent;

        if (at->first != NULL) {
            at = at->first;
            continue;
        }
        if (at == node)
            break;
        parent->first = at->next;
        forget(tree, at);
        at = parent;
    }
    forget(tree, node);
}

static int
compare_names(const void *a, const void *b)
{
    const krait_node *const *left = a;
    const krait_node *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static krait_node *
merge(krait_node *a, krait_node *b)
{
    krait_node *first = NULL;
    krait_node **end = &first;

    while (a != NULL && b != NULL) {
        krait_node **from = compare_names(&a, &b) <= 0 ? &a : &b;

        *end = *from;
        end = &(*from)->next;
        *from = (*from)->next;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* Merge sort: it needs no memory, so it cannot fail. */
static krait_node *
sort_list(krait_node *list)
{
    krait_node *runs[64] = {NULL};
    krait_node *all = NULL;

    while (list != NULL) {
        krait_node *run = list;
        size_t i;

        list = list->next;
        run->next = NULL;
        for (i = 0; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (size_t i = 0; i < 64; i++)
        all = merge(runs[i], all);
    for (krait_node *node = all, *previous = NULL; node != NULL; node = node->next) {
        node->previous = previous;
        previous = node;
    }
    return all;
}

void
krait__pack_tree_sort(krait_tree *tree)
{
    tree->root->first = sort_list(tree->root->first);
    for (krait_node *node = krait__pack_tree_next(tree->root); node != NULL;
         node = krait__pack_tree_next(node)) {
        if (node->first != NULL)
            node->first = sort_list(node->first);
    }
}

krait_node *
krait__pack_tree_next(const krait_node *node)
{
    if (node->first != NULL)
        return node->first;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node != NULL ? node->next : NULL;
}

bool
krait__pack_tree_path(const krait_node *node, char *path, size_t size)
{
    size_t needed = 1;
    size_t at;

    for (const krait_node *n = node; n->parent != NULL; n = n->parent)
        needed += strlen(n->name) + 1;
    if (node->parent == NULL)
        needed = 2;
    if (needed > size)
        return false;
    at = needed - 1;
    path[at] = '\0';
    path[0] = '/';
    for (const krait_node *n = node; n->parent != NULL; n = n->parent) {
        size_t length = strlen(n->name);

        at -= length;
        memcpy(path + at, n->name, length);
        path[--at] = '/';
    }
    return true;
}
