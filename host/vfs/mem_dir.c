/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories in memory.
 *
 * A hash table finds names, and an array keeps the entries in the order in which
 * they were made, each with a cookie that never changes: what a reader has seen and has
 * still to see stays the same whatever is added and removed meanwhile.
 */
#include "vfs/mem.h"

#include "base/alloc.h"
#include "base/siphash.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Slots before removed ones are swept out. */
#define SWEEP_MIN 32

static uint32_t
hash_name(const krait_mem_fs *fs, const char *name, size_t name_len)
{
    return (uint32_t)krait__siphash(fs->hash_key, name, name_len);
}

/* ---- names -------------------------------------------------------------------------------- */

krait_mem_entry *
krait__mem_dir_find(const krait_mem_node *dir, const char *name, size_t name_len)
{
    const krait_mem_dir *d = &dir->as.dir;
    uint32_t hash;

    if (d->bucket_count == 0)
        return NULL;
    hash = hash_name(dir->fs, name, name_len);
    for (krait_mem_entry *entry = d->buckets[hash & (d->bucket_count - 1)]; entry != NULL;
         entry = entry->chain) {
        if (entry->hash == hash && entry->name_len == name_len &&
            memcmp(entry->name, name, name_len) == 0)
            return entry;
    }
    return NULL;
}

/* `count` is a power of two. */
static int
set_buckets(krait_mem_dir *d, size_t count)
{
    krait_mem_entry **buckets = krait__calloc(count, sizeof(*buckets));

    if (buckets == NULL)
        return ENOMEM;
    for (size_t i = 0; i < d->bucket_count; i++) {
        krait_mem_entry *entry = d->buckets[i];

        while (entry != NULL) {
            krait_mem_entry *next = entry->chain;

            entry->chain = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
            entry = next;
        }
    }
    krait__free(d->buckets);
    d->buckets = buckets;
    d->bucket_count = count;
    return 0;
}

static int
grow_buckets(krait_mem_dir *d)
{
    if (d->count < d->bucket_count)
        return 0;
    return set_buckets(d, d->bucket_count != 0 ? d->bucket_count * 2 : 8);
}

static void
sweep(krait_mem_dir *d)
{
    size_t to = 0;

    for (size_t from = 0; from < d->slot_count; from++) {
        if (d->slots[from].entry != NULL)
            d->slots[to++] = d->slots[from];
    }
    d->slot_count = to;
}

/* What is charged for a name is given back with it, so its slot and bucket may not stay for ever. */
static void
shrink(krait_mem_dir *d)
{
    struct krait_mem_slot *slots;
    size_t count = SWEEP_MIN;

    if (d->slot_capacity > SWEEP_MIN && d->count < d->slot_capacity / 8) {
        sweep(d);
        slots = krait__realloc_array(d->slots, d->count * 2 + 1, sizeof(*slots));
        if (slots != NULL) {
            d->slots = slots;
            d->slot_capacity = d->count * 2 + 1;
        }
    }
    if (d->bucket_count > SWEEP_MIN && d->count < d->bucket_count / 8) {
        while (count < d->count * 2)
            count *= 2;
        (void)set_buckets(d, count); /* without memory they stay as they are */
    }
}

/* Link counts when a name of `node` in `dir` comes and goes. */
static void
gain_name(krait_mem_node *dir, krait_mem_node *node)
{
    node->nlink++;
    if (node->type == KRAIT_TYPE_DIRECTORY) {
        node->nlink++; /* its own "." */
        dir->nlink++;  /* its ".." */
        node->as.dir.parent = dir;
    }
    dir->mtime_ns = dir->ctime_ns = node->ctime_ns = krait__mem_now(dir->fs);
}

static void
lose_name(krait_mem_node *dir, krait_mem_node *node)
{
    dir->mtime_ns = dir->ctime_ns = node->ctime_ns = krait__mem_now(dir->fs);
    krait__mem_node_ref(node);
    node->nlink--;
    if (node->type == KRAIT_TYPE_DIRECTORY) {
        node->nlink--;
        dir->nlink--;
        node->as.dir.parent = NULL;
    }
    krait__mem_node_unref(node);
}

int
krait__mem_dir_add(krait_mem_node *dir, const char *name, size_t name_len, krait_mem_node *node)
{
    krait_mem_dir *d = &dir->as.dir;
    krait_mem_entry *entry;
    krait_mem_entry **bucket;

    assert(name_len > 0 && name_len <= KRAIT_NAME_MAX);
    if (node->nlink >= UINT32_MAX - 1)
        return EMLINK;
    if (grow_buckets(d) != 0 || krait__grow(&d->slots, d->slot_count, &d->slot_capacity,
                                            sizeof(*d->slots), SIZE_MAX / sizeof(*d->slots)) != 0)
        return ENOMEM;
    if (!krait__mem_charge(dir->fs, KRAIT_MEM_ENTRY + name_len))
        return ENOSPC;
    entry = krait__alloc(sizeof(*entry) + name_len);
    if (entry == NULL) {
        krait__mem_refund(dir->fs, KRAIT_MEM_ENTRY + name_len);
        return ENOMEM;
    }
    entry->node = node;
    entry->cookie = d->next_cookie++;
    entry->hash = hash_name(dir->fs, name, name_len);
    entry->name_len = (uint16_t)name_len;
    memcpy(entry->name, name, name_len);
    bucket = &d->buckets[entry->hash & (d->bucket_count - 1)];
    entry->chain = *bucket;
    *bucket = entry;
    d->slots[d->slot_count].cookie = entry->cookie;
    d->slots[d->slot_count++].entry = entry;
    d->count++;
    gain_name(dir, node);
    return 0;
}

/* Index of the first slot with this cookie or a later one. */
static size_t
slot_at(const krait_mem_dir *d, uint64_t cookie)
{
    size_t low = 0;
    size_t high = d->slot_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->slots[middle].cookie < cookie)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
krait__mem_dir_remove(krait_mem_node *dir, krait_mem_entry *entry)
{
    krait_mem_dir *d = &dir->as.dir;
    krait_mem_entry **link = &d->buckets[entry->hash & (d->bucket_count - 1)];
    krait_mem_node *node = entry->node;

    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    d->slots[slot_at(d, entry->cookie)].entry = NULL;
    d->count--;
    while (d->slot_count > 0 && d->slots[d->slot_count - 1].entry == NULL)
        d->slot_count--;
    if (d->slot_count > SWEEP_MIN && d->count < d->slot_count / 2)
        sweep(d);
    shrink(d);
    krait__mem_refund(dir->fs, KRAIT_MEM_ENTRY + entry->name_len);
    krait__free(entry);
    lose_name(dir, node);
}

void
krait__mem_dir_replace(krait_mem_node *dir, krait_mem_entry *entry, krait_mem_node *node)
{
    krait_mem_node *old = entry->node;

    gain_name(dir, node);
    entry->node = node;
    lose_name(dir, old);
}

const krait_mem_entry *
krait__mem_dir_at(const krait_mem_node *dir, uint64_t cookie)
{
    const krait_mem_dir *d = &dir->as.dir;

    for (size_t i = slot_at(d, cookie); i < d->slot_count; i++) {
        if (d->slots[i].entry != NULL)
            return d->slots[i].entry;
    }
    return NULL;
}

/* Removes everything below, however deep, without recursion: goes down to a directory
 * without entries and removes it from the one above. */
void
krait__mem_dir_clear(krait_mem_node *dir)
{
    krait_mem_node *here = dir;

    for (;;) {
        krait_mem_dir *d = &here->as.dir;
        krait_mem_entry *entry = d->slot_count > 0 ? d->slots[d->slot_count - 1].entry : NULL;

        if (entry != NULL && entry->node->type == KRAIT_TYPE_DIRECTORY &&
            entry->node->as.dir.count > 0) {
            here = entry->node;
            continue;
        }
        if (entry != NULL) {
            krait__mem_dir_remove(here, entry);
            continue;
        }
        if (here == dir) {
            krait__free(d->buckets);
            krait__free(d->slots);
            memset(d, 0, sizeof(*d));
            return;
        }
        here = d->parent;
    }
}

/* ---- other cookies ------------------------------------------------------------------------- */

int
krait__mem_dir_renumber_begin(krait_mem_node *dir, size_t room, krait_mem_dir *ret_old)
{
    krait_mem_dir *d = &dir->as.dir;
    const size_t capacity = d->count + room;
    struct krait_mem_slot *slots;

    if (capacity < room || capacity > SIZE_MAX / sizeof(*slots))
        return ENOMEM;
    slots = capacity > 0 ? krait__alloc(capacity * sizeof(*slots)) : NULL;
    if (slots == NULL && capacity > 0)
        return ENOMEM;
    *ret_old = *d;
    d->slots = slots;
    d->slot_capacity = capacity;
    d->slot_count = 0;
    for (size_t i = 0; i < ret_old->slot_count; i++) {
        if (ret_old->slots[i].entry != NULL)
            ret_old->slots[i].entry->cookie = 0;
    }
    return 0;
}

void
krait__mem_dir_place(krait_mem_node *dir, krait_mem_entry *entry, uint64_t cookie)
{
    krait_mem_dir *d = &dir->as.dir;

    assert(entry->cookie == 0 && d->slot_count < d->slot_capacity);
    entry->cookie = cookie;
    d->slots[d->slot_count].cookie = cookie;
    d->slots[d->slot_count++].entry = entry;
}

void
krait__mem_dir_renumber_end(krait_mem_node *dir, krait_mem_dir *old, uint64_t next_cookie)
{
    for (size_t i = 0; i < old->slot_count; i++) {
        krait_mem_entry *entry = old->slots[i].entry;

        if (entry != NULL && entry->cookie == 0)
            krait__mem_dir_place(dir, entry, next_cookie++);
    }
    krait__free(old->slots);
    dir->as.dir.next_cookie = next_cookie;
}
