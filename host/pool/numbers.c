/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of things by number: chains in a fixed number of buckets.
 */
#include "pool/queue.h"

#include "base/alloc.h"
#include "base/error.h"

#define BUCKETS_MAX 65536u

krait_status
krait__numbers_new(size_t count, krait_numbers *table, krait_error *err)
{
    size_t size = 16;

    while (size < count && size < BUCKETS_MAX)
        size *= 2;
    table->buckets = krait__calloc(size, sizeof(krait_node *));
    if (table->buckets == NULL)
        return krait__error_nomem(err);
    table->mask = size - 1;
    return KRAIT_OK;
}

void
krait__numbers_release(krait_numbers *table)
{
    krait__free(table->buckets);
    table->buckets = NULL;
}

/* Fibonacci hashing: numbers of neighbours go far apart. */
static krait_node **
bucket(const krait_numbers *table, uint64_t key)
{
    return &table->buckets[((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & table->mask];
}

void
krait__numbers_add(krait_numbers *table, krait_node *node)
{
    krait_node **first = bucket(table, node->key);

    node->next = *first;
    *first = node;
}

krait_node *
krait__numbers_find(const krait_numbers *table, uint64_t key)
{
    krait_node *node = *bucket(table, key);

    while (node != NULL && node->key != key)
        node = node->next;
    return node;
}

void
krait__numbers_remove(krait_numbers *table, const krait_node *node)
{
    krait_node **link = bucket(table, node->key);

    while (*link != NULL && *link != node)
        link = &(*link)->next;
    if (*link != NULL)
        *link = node->next;
}
