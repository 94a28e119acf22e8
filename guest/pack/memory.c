/* SPDX-License-Identifier: Apache-2.0 */
/* What a program changed in a writable image: nodes, names, and what they cost. */
#include "memory.h"

#include "errors.h"

#include <stdlib.h>
#include <string.h>

krait_pack_memory *
krait_pack_memory_new(const krait_pack_image *image)
{
    krait_pack_memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL) {
        return NULL;
    }
    memory->limit = image->header.memory_limit;
    memory->over = calloc(image->header.inode_count, sizeof(*memory->over));
    if (memory->over == NULL) {
        free(memory);
        return NULL;
    }
    return memory;
}

void
krait_pack_memory_free(krait_pack_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    for (uint32_t i = 0; i < memory->node_count; i++) {
        free(memory->nodes[i].data);
    }
    for (uint32_t i = 0; i < memory->change_count; i++) {
        free(memory->changes[i].text);
    }
    free(memory->nodes);
    free(memory->changes);
    free(memory->buckets);
    free(memory->over);
    free(memory);
}

krait_pack_node *
krait_pack_memory_node(const krait_pack_tree *tree, uint32_t node)
{
    krait_pack_memory *memory = tree->memory;
    uint32_t i;

    if (memory == NULL) {
        return NULL;
    }
    i = node < tree->image.header.inode_count ? memory->over[node] - 1
                                              : node - tree->image.header.inode_count;
    return i < memory->node_count && memory->nodes[i].mode != 0 ? &memory->nodes[i] : NULL;
}

krait_pack_change *
krait_pack_memory_find(const krait_pack_tree *tree, uint32_t directory, const char *name,
                       size_t len)
{
    const krait_pack_memory *memory = tree->memory;
    uint32_t i;

    if (memory == NULL || memory->bucket_count == 0) {
        return NULL;
    }
    i = memory->buckets[krait_pack_hash(directory, name, len) & (memory->bucket_count - 1)];
    while (i != 0) {
        krait_pack_change *change = &memory->changes[i - 1];

        if (change->directory == directory && change->len == len &&
            memcmp(change->text, name, len) == 0) {
            return change;
        }
        i = change->next;
    }
    return NULL;
}

int
krait_pack_memory_pay(krait_pack_memory *memory, uint64_t bytes)
{
    if (bytes > memory->limit - memory->used) {
        return PACK_ENOSPC;
    }
    memory->used += bytes;
    return PACK_OK;
}

/* Room for one more of `each` bytes; the array may move. */
static int
grow(void **array, uint32_t count, uint32_t *room, size_t each)
{
    uint32_t wanted = *room == 0 ? 16 : *room * 2;
    void *larger;

    if (count < *room) {
        return PACK_OK;
    }
    larger = realloc(*array, wanted * each);
    if (larger == NULL) {
        return PACK_ENOMEM;
    }
    *array = larger;
    *room = wanted;
    return PACK_OK;
}

int
krait_pack_memory_add_node(krait_pack_tree *tree, uint32_t mode, uint32_t *ret_node)
{
    krait_pack_memory *memory = tree->memory;
    int64_t now = tree->now();
    void *nodes = memory->nodes;
    uint32_t i = memory->node_from;
    int rc;

    while (i < memory->node_count && memory->nodes[i].mode != 0) {
        i++;
    }
    memory->node_from = i;
    rc = grow(&nodes, i, &memory->node_room, sizeof(*memory->nodes));
    memory->nodes = nodes;
    if (rc == PACK_OK) {
        rc = krait_pack_memory_pay(memory, KRAIT_PACK_NODE_PRICE);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (i == memory->node_count) {
        memory->node_count++;
    }
    memory->nodes[i] = (krait_pack_node){
        .mode = mode, .nlink = 1, .inode = KRAIT_PACK_NONE, .atim = now, .mtim = now, .ctim = now};
    *ret_node = tree->image.header.inode_count + i;
    return PACK_OK;
}

void
krait_pack_memory_free_node(krait_pack_tree *tree, krait_pack_node *node)
{
    uint32_t number = (uint32_t)(node - tree->memory->nodes);

    if (node->inode != KRAIT_PACK_NONE) {
        tree->memory->over[node->inode] = 0;
    }
    if (number < tree->memory->node_from) {
        tree->memory->node_from = number;
    }
    tree->memory->used -= node->room + KRAIT_PACK_NODE_PRICE;
    free(node->data);
    memset(node, 0, sizeof(*node));
}

void
krait_pack_memory_collect(krait_pack_tree *tree, uint32_t node)
{
    krait_pack_node *changed = krait_pack_memory_node(tree, node);

    if (changed != NULL && changed->nlink == 0 && !krait_pack_tree_is_held(tree, node)) {
        krait_pack_memory_free_node(tree, changed);
    }
}

static int
rehash(krait_pack_memory *memory, uint32_t count)
{
    uint32_t *buckets = calloc(count, sizeof(*buckets));

    if (buckets == NULL) {
        return PACK_ENOMEM;
    }
    for (uint32_t i = 0; i < memory->change_count; i++) {
        krait_pack_change *change = &memory->changes[i];

        if (change->text != NULL) {
            uint32_t at = krait_pack_hash(change->directory, change->text, change->len) &
                          (count - 1);

            change->next = buckets[at];
            buckets[at] = i + 1;
        }
    }
    free(memory->buckets);
    memory->buckets = buckets;
    memory->bucket_count = count;
    return PACK_OK;
}

static void
enter(krait_pack_memory *memory, uint32_t i)
{
    krait_pack_change *change = &memory->changes[i];
    uint32_t at = krait_pack_hash(change->directory, change->text, change->len) &
                  (memory->bucket_count - 1);

    change->next = memory->buckets[at];
    memory->buckets[at] = i + 1;
}

int
krait_pack_memory_add_change(krait_pack_tree *tree, uint32_t directory, const char *name,
                             size_t len, uint32_t node)
{
    krait_pack_memory *memory = tree->memory;
    krait_pack_change *known = krait_pack_memory_find(tree, directory, name, len);
    void *changes = memory->changes;
    uint32_t i = memory->change_from;
    char *text;
    int rc;

    if (known != NULL) {
        known->node = node;
        return PACK_OK;
    }
    while (i < memory->change_count && memory->changes[i].text != NULL) {
        i++;
    }
    memory->change_from = i;
    rc = grow(&changes, i, &memory->change_room, sizeof(*memory->changes));
    memory->changes = changes;
    if (rc == PACK_OK && i >= memory->bucket_count) {
        rc = rehash(memory, memory->bucket_count == 0 ? 32 : memory->bucket_count * 2);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_memory_pay(memory, KRAIT_PACK_NAME_PRICE + len);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    text = malloc(len + 1);
    if (text == NULL) {
        memory->used -= KRAIT_PACK_NAME_PRICE + len;
        return PACK_ENOMEM;
    }
    memcpy(text, name, len);
    text[len] = '\0';
    memory->changes[i] = (krait_pack_change){text, (uint32_t)len, directory, node, 0};
    if (i == memory->change_count) {
        memory->change_count++;
    }
    enter(memory, i);
    return PACK_OK;
}

void
krait_pack_memory_remove_change(krait_pack_tree *tree, krait_pack_change *change)
{
    krait_pack_memory *memory = tree->memory;
    uint32_t number = (uint32_t)(change - memory->changes) + 1;
    uint32_t *link = &memory
                          ->buckets[krait_pack_hash(change->directory, change->text, change->len) &
                                    (memory->bucket_count - 1)];

    while (*link != number) {
        link = &memory->changes[*link - 1].next;
    }
    *link = change->next;
    if (number - 1 < memory->change_from) {
        memory->change_from = number - 1;
    }
    memory->used -= KRAIT_PACK_NAME_PRICE + change->len;
    free(change->text);
    memset(change, 0, sizeof(*change));
}
