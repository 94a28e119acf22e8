/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that are not private to the code: WebAssembly 2.0 section 4.2.7.
 *
 * Entries are reserved in place (up to KRAIT_TABLE_MAX or the declared maximum)
 * and never move, so that another thread may call through the table while it
 * grows.  An entry is one pointer, read and written as a whole.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/internal.h"

#include <errno.h>
#include <sys/mman.h>

static size_t
table_bytes(uint32_t max)
{
    return (size_t)(max != 0 ? max : 1) * sizeof(const void *);
}

/* As many of `*count` as there is address space for, but not below `min`. */
static void *
reserve_entries(uint64_t min, uint64_t *count)
{
    for (;;) {
        void *entries = mmap(NULL, table_bytes((uint32_t)*count), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (entries != MAP_FAILED || *count == min)
            return entries;
        *count = *count / 2 > min ? *count / 2 : min;
    }
}

krait_status
krait__table_open(krait_store *store, const krait_limits_desc *limits, krait_table **ret_table,
                  krait_error *err)
{
    uint64_t reserve = limits->max < KRAIT_TABLE_MAX ? limits->max : KRAIT_TABLE_MAX;
    krait_table_object *object;
    void *entries;
    bool fits;

    if (limits->min > reserve)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "a table of %llu entries is too large",
                                (unsigned long long)limits->min);
    pthread_mutex_lock(&store->lock);
    fits = krait__store_charge(store, &store->table_bytes, limits->min * sizeof(const void *));
    pthread_mutex_unlock(&store->lock);
    if (!fits)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the module's tables need more at start than the limit of %llu "
                                "bytes",
                                (unsigned long long)store->limit_bytes);
    object = krait__calloc(1, sizeof(*object));
    if (object == NULL)
        return krait__error_nomem(err);
    /* Fresh pages are zero, and a zero entry is a null reference. */
    entries = reserve_entries(limits->min, &reserve);
    if (entries == MAP_FAILED) {
        krait__free(object);
        return krait__error_set(err, KRAIT_ENOMEM, errno, "cannot reserve a table of %llu entries",
                                (unsigned long long)reserve);
    }
    object->table.entries = entries;
    object->table.size = (uint32_t)limits->min;
    object->table.max = (uint32_t)reserve;
    object->table.type = limits->type;
    object->table.declared_max = limits->max;
    pthread_mutex_lock(&store->lock);
    object->next = store->tables;
    store->tables = object;
    pthread_mutex_unlock(&store->lock);
    *ret_table = &object->table;
    return KRAIT_OK;
}

void
krait__table_close(krait_table *table)
{
    munmap(table->entries, table_bytes(table->max));
}

uint32_t
krait__table_grow(krait_store *store, krait_table *table, const void *ref, uint32_t count)
{
    uint32_t old;
    uint32_t i;

    pthread_mutex_lock(&store->lock);
    old = table->size;
    if (count <= table->max - old &&
        krait__store_charge(store, &store->table_bytes, (uint64_t)count * sizeof(ref))) {
        for (i = 0; i < count; i++)
            krait__table_put(table, old + i, ref);
        /* Whoever sees the size sees the entries. */
        __atomic_store_n(&table->size, old + count, __ATOMIC_RELEASE);
    } else {
        old = UINT32_MAX;
    }
    pthread_mutex_unlock(&store->lock);
    return old;
}

bool
krait__table_resize(krait_store *store, krait_table *table, uint32_t size)
{
    bool fits = size <= table->max;

    pthread_mutex_lock(&store->lock);
    if (fits && size > table->size)
        fits = krait__store_charge(store, &store->table_bytes,
                                   (uint64_t)(size - table->size) * sizeof(const void *));
    else if (fits)
        store->table_bytes -= (uint64_t)(table->size - size) * sizeof(const void *);
    if (fits)
        __atomic_store_n(&table->size, size, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&store->lock);
    return fits;
}

void
krait__table_put(krait_table *table, uint32_t index, const void *ref)
{
    __atomic_store_n(&table->entries[index], ref, __ATOMIC_RELEASE);
}

void
krait__table_move(const void **to, const void **from, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint32_t at = to <= from ? i : count - 1 - i;

        __atomic_store_n(&to[at], __atomic_load_n(&from[at], __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
    }
}
