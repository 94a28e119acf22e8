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

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Slots before removed ones are swept out. */
#define SWEEP_MIN 32

/* ---- SipHash-1-3 (Aumasson and Bernstein): nobody who does not know the key finds collisions -- */

static uint64_t
rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint32_t
hash_name(const krait_mem_fs *fs, const char *name, size_t name_len)
{
    uint64_t v[4] = {
        fs->hash_key[0] ^ UINT64_C(0x736f6d6570736575),
        fs->hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
        fs->hash_key[0] ^ UINT64_C(0x6c7967656e657261),
        fs->hash_key[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t word = 0;

    for (size_t left = name_len;; left -= 8, name += 8) {
        const bool is_last = left < 8;

        if (is_last)
            word = (uint64_t)name_len << 56;
        else
            memcpy(&word, name, sizeof(word));
        for (size_t i = 0; is_last && i < left; i++)
            word |= (uint64_t)(uint8_t)name[i] << (8 * i);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        if (is_last)
            break;
    }
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
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

static int
grow_buckets(krait_mem_dir *d)
{
    size_t count = d->bucket_count != 0 ? d->bucket_count * 2 : 8;
    krait_mem_entry **buckets;

    if (d->count < d->bucket_count)
        return 0;
    buckets = krait__calloc(count, sizeof(*buckets));
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
