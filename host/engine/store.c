/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores: canonical type numbers and the memories of instances that can reach
 * each other.  Released when the last instance is.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/internal.h"

#include <string.h>

/* A module has at most this many types (aot/ refuses more); a store with
 * several modules may have more, up to here. */
#define MAX_TYPES ((size_t)1 << 24)

krait_status
krait__store_new(krait_store **ret_store, krait_error *err)
{
    krait_store *store = krait__calloc(1, sizeof(*store));

    if (store == NULL)
        return krait__error_nomem(err);
    pthread_mutex_init(&store->lock, NULL);
    store->references = 1;
    *ret_store = store;
    return KRAIT_OK;
}

bool
krait__store_charge(const krait_store *store, uint64_t *used, uint64_t bytes)
{
    if (store->limit_bytes != 0 &&
        (*used > store->limit_bytes || bytes > store->limit_bytes - *used))
        return false;
    *used += bytes;
    return true;
}

void
krait__store_retain(krait_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->references++;
    pthread_mutex_unlock(&store->lock);
}

void
krait__store_retire(krait_store *store, krait_instance *instance)
{
    pthread_mutex_lock(&store->lock);
    instance->next_retired = store->retired;
    store->retired = instance;
    pthread_mutex_unlock(&store->lock);
}

static void
destroy(krait_store *store)
{
    krait_memory_object *memory = atomic_load(&store->memories);
    krait_table_object *table;
    krait_instance *instance;

    while (memory != NULL) {
        krait_memory_object *next = memory->next;

        krait__memory_close(memory);
        memory = next;
    }
    while ((table = store->tables) != NULL) {
        store->tables = table->next;
        krait__table_close(&table->table);
        krait__free(table);
    }
    while ((instance = store->retired) != NULL) {
        store->retired = instance->next_retired;
        krait__instance_destroy(instance);
    }
    krait__free(store->types);
    pthread_mutex_destroy(&store->lock);
    krait__free(store);
}

void
krait__store_release(krait_store *store)
{
    uint32_t left;

    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    left = --store->references;
    pthread_mutex_unlock(&store->lock);
    if (left == 0)
        destroy(store);
}

static uint32_t
print_of(const krait_type_desc *type)
{
    uint32_t print = type->param_count;

    for (uint32_t i = 0; i < type->param_count; i++)
        print = print * 31 + type->params[i];
    for (uint32_t i = 0; i < type->result_count; i++)
        print = print * 37 + type->results[i];
    return print;
}

static bool
same_type(const krait_canon *a, const krait_canon *b)
{
    return a->print == b->print && a->param_count == b->param_count &&
           a->result_count == b->result_count &&
           memcmp(a->params, b->params, a->param_count) == 0 &&
           memcmp(a->results, b->results, a->result_count) == 0;
}

/* The number of a type, or 0 when memory ran out.  Under the lock. */
static uint32_t
intern(krait_store *store, const krait_type_desc *type)
{
    krait_canon canon = {.params = type->params,
                         .results = type->results,
                         .param_count = type->param_count,
                         .result_count = type->result_count,
                         .print = print_of(type)};
    size_t i;

    for (i = 0; i < store->type_count; i++) {
        if (same_type(&store->types[i], &canon))
            return (uint32_t)(i + 1);
    }
    if (krait__grow(&store->types, store->type_count, &store->type_capacity, sizeof(canon),
                    MAX_TYPES) != 0)
        return 0;
    store->types[store->type_count++] = canon;
    return (uint32_t)store->type_count;
}

krait_status
krait__store_intern(krait_store *store, const krait_type_desc *type, uint32_t *ret_number,
                    krait_error *err)
{
    pthread_mutex_lock(&store->lock);
    *ret_number = intern(store, type);
    pthread_mutex_unlock(&store->lock);
    return *ret_number != 0 ? KRAIT_OK : krait__error_nomem(err);
}
