/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores: canonical type numbers and the memories of instances that can reach
 * each other.  Released when the last instance is.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/siphash.h"
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
    krait__siphash_key(store->hash_key);
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
    krait__free(store->type_places);
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

/* One result is the rule: were it to share a place with others, those are as few as there are kinds. */
static uint32_t
print_of(const krait_store *store, const krait_type_desc *type)
{
    uint64_t key[2] = {store->hash_key[0], store->hash_key[1]};

    if (type->result_count == 1)
        key[1] ^= type->results[0];
    else if (type->result_count != 0)
        key[0] ^= krait__siphash(store->hash_key, type->results, type->result_count);
    return (uint32_t)krait__siphash(key, type->params, type->param_count);
}

static bool
same_type(const krait_canon *a, const krait_canon *b)
{
    return a->print == b->print && a->param_count == b->param_count &&
           a->result_count == b->result_count &&
           memcmp(a->params, b->params, a->param_count) == 0 &&
           memcmp(a->results, b->results, a->result_count) == 0;
}

/* The place of a type in type_places, or the free one where it belongs. */
static uint32_t *
place_of(const krait_store *store, const krait_canon *canon)
{
    size_t mask = store->place_count - 1;
    size_t at = canon->print;

    while (store->type_places[at & mask] != 0 &&
           !same_type(&store->types[store->type_places[at & mask] - 1], canon))
        at++;
    return &store->type_places[at & mask];
}

/* Makes room for `more` types; half of the places stay free.  False when memory ran out. */
static bool
reserve_places(krait_store *store, size_t more)
{
    size_t count = store->place_count != 0 ? store->place_count : 64;
    size_t i;
    uint32_t *places;

    if (more > MAX_TYPES - store->type_count)
        return false;
    while (count / 2 < store->type_count + more)
        count *= 2;
    if (count == store->place_count)
        return true;
    places = krait__calloc(count, sizeof(*places));
    if (places == NULL)
        return false;
    krait__free(store->type_places);
    store->type_places = places;
    store->place_count = count;
    for (i = 0; i < store->type_count; i++)
        *place_of(store, &store->types[i]) = (uint32_t)(i + 1);
    return true;
}

/* The number of a type, or 0 when memory ran out.  There is a free place. */
static uint32_t
intern(krait_store *store, const krait_type_desc *type)
{
    krait_canon canon = {.params = type->params,
                         .results = type->results,
                         .param_count = type->param_count,
                         .result_count = type->result_count,
                         .print = print_of(store, type)};
    uint32_t *place = place_of(store, &canon);

    if (*place != 0)
        return *place;
    if (krait__grow(&store->types, store->type_count, &store->type_capacity, sizeof(canon),
                    MAX_TYPES) != 0)
        return 0;
    store->types[store->type_count++] = canon;
    *place = (uint32_t)store->type_count;
    return *place;
}

krait_status
krait__store_intern(krait_store *store, const krait_type_desc *types, size_t count,
                    uint32_t *ret_numbers, krait_error *err)
{
    bool ok;
    size_t i;

    pthread_mutex_lock(&store->lock);
    ok = reserve_places(store, count);
    for (i = 0; ok && i < count; i++) {
        ret_numbers[i] = intern(store, &types[i]);
        ok = ret_numbers[i] != 0;
    }
    pthread_mutex_unlock(&store->lock);
    return ok ? KRAIT_OK : krait__error_nomem(err);
}
