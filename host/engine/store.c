/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores: canonical type numbers and the memories of instances that can reach
 * each other.  Released when the last instance is.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/internal.h"

#include <string.h>
#include <sys/mman.h>

/* A module has at most this many types (aot/ refuses more); a store with
 * several modules may have more, up to here. */
#define MAX_TYPES ((size_t)1 << 24)

krait_status
krait__store_new(krait_store **ret_store, krait_error *err)
{
    krait_store *store = krait__calloc(1, sizeof(*store));

    if (store == NULL)
        return krait__error_nomem(err);
    store->references = 1;
    *ret_store = store;
    return KRAIT_OK;
}

void
krait__store_release(krait_store *store)
{
    krait_memory_object *object;
    krait_table_object *table;
    krait_instance *instance;

    if (store == NULL || --store->references != 0)
        return;
    while ((object = store->memories) != NULL) {
        store->memories = object->next;
        munmap(object->memory.base, object->memory.reserved);
        krait__free(object);
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
    krait__free(store);
}

static bool
same_type(const krait_canon *canon, const krait_type_desc *type)
{
    return canon->param_count == type->param_count && canon->result_count == type->result_count &&
           memcmp(canon->params, type->params, type->param_count) == 0 &&
           memcmp(canon->results, type->results, type->result_count) == 0;
}

krait_status
krait__store_intern(krait_store *store, const krait_type_desc *type, uint32_t *ret_number,
                    krait_error *err)
{
    krait_canon canon = {.params = type->params,
                         .results = type->results,
                         .param_count = type->param_count,
                         .result_count = type->result_count};
    size_t i;

    for (i = 0; i < store->type_count; i++) {
        if (same_type(&store->types[i], type)) {
            *ret_number = (uint32_t)(i + 1);
            return KRAIT_OK;
        }
    }
    if (krait__grow(&store->types, store->type_count, &store->type_capacity, sizeof(canon),
                    MAX_TYPES) != 0)
        return krait__error_nomem(err);
    store->types[store->type_count++] = canon;
    *ret_number = (uint32_t)store->type_count;
    return KRAIT_OK;
}
