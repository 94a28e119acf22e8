/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of types and names of host functions where there are many of them: a hostile
 * module may have a million types, and none of this may take time that grows with the square.
 */
#include "engine/engine.h"
#include "engine/internal.h"
#include "support/check.h"

#include <stdlib.h>

/* Kinds of four, ten deep: each number below 4^10 is a list of parameters. */
enum { TYPES = 300000, DEPTH = 10 };

static void
write_type(krait_type_desc *type, uint8_t *params, uint32_t number)
{
    static const uint8_t kinds[] = {KRAIT_I32, KRAIT_I64, KRAIT_F32, KRAIT_F64};
    int i;

    for (i = 0; i < DEPTH; i++)
        params[i] = kinds[number >> 2 * i & 3];
    *type = (krait_type_desc){
        .params = params, .param_count = DEPTH, .results = params, .result_count = number & 1};
}

static void
many_types(void)
{
    krait_store *store;
    krait_error err = {.text = ""};
    krait_type_desc *types = calloc(TYPES, sizeof(*types));
    uint8_t *params = calloc(TYPES, DEPTH);
    uint32_t *numbers = calloc(TYPES, sizeof(*numbers));
    uint32_t again[2] = {0, 0};
    uint32_t wrong = 0;
    uint32_t i;

    REQUIRE(types != NULL && params != NULL && numbers != NULL);
    REQUIRE(krait__store_new(&store, &err) == KRAIT_OK);
    for (i = 0; i < TYPES; i++)
        write_type(&types[i], params + (size_t)i * DEPTH, i);
    CHECK_INT(krait__store_intern(store, types, TYPES, numbers, &err), KRAIT_OK);
    /* In turn from 1 on: all differ. */
    for (i = 0; i < TYPES; i++)
        wrong += numbers[i] != i + 1;
    CHECK_UINT(wrong, 0);
    /* The same again, in pairs: nothing new. */
    for (i = 0; i + 1 < TYPES; i += 1000) {
        CHECK_INT(krait__store_intern(store, &types[i], 2, again, &err), KRAIT_OK);
        wrong += again[0] != i + 1 || again[1] != i + 2;
    }
    CHECK_UINT(wrong, 0);
    CHECK_UINT(store->type_count, TYPES);
    krait__store_release(store);
    free(types);
    free(params);
    free(numbers);
}

/* Types that had one print when it was a polynomial of 31: for each bit of the number (1, 31) or (2, 0). */
static void
chosen_types(void)
{
    enum { BITS = 19, COUNT = 1 << BITS };
    krait_store *store;
    krait_error err = {.text = ""};
    krait_type_desc *types = calloc(COUNT, sizeof(*types));
    uint8_t *params = calloc(COUNT, 2 * BITS);
    uint32_t *numbers = calloc(COUNT, sizeof(*numbers));
    uint32_t wrong = 0;

    REQUIRE(types != NULL && params != NULL && numbers != NULL);
    REQUIRE(krait__store_new(&store, &err) == KRAIT_OK);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *own = params + i * 2 * BITS;

        for (size_t bit = 0; bit < BITS; bit++) {
            own[2 * bit] = (i >> bit & 1) != 0 ? 2 : 1;
            own[2 * bit + 1] = (i >> bit & 1) != 0 ? 0 : 31;
        }
        types[i] = (krait_type_desc){.params = own, .param_count = 2 * BITS, .results = own};
    }
    CHECK_INT(krait__store_intern(store, types, COUNT, numbers, &err), KRAIT_OK);
    for (uint32_t i = 0; i < COUNT; i++)
        wrong += numbers[i] != i + 1;
    CHECK_UINT(wrong, 0);
    krait__store_release(store);
    free(types);
    free(params);
    free(numbers);
}

static krait_trap
host_right(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    (void)ctx;
    slots[0].i32 = 41;
    return KRAIT_TRAP_NONE;
}

static krait_trap
host_wrong(void *env, krait_ctx *ctx, krait_cell *slots)
{
    (void)env;
    (void)ctx;
    slots[0].i32 = 12;
    return KRAIT_TRAP_NONE;
}

static uint32_t
call_host(const krait_host_import *imports, size_t count, krait_error *err)
{
    krait_instance_options options = {
        .imports = imports, .import_count = count, .stack_size_bytes = 1 << 20};
    krait_instance *instance = NULL;
    krait_module *module = NULL;
    krait_outcome outcome = {.trap = KRAIT_TRAP_COUNT};
    krait_cell cells[3] = {{.i32 = 1}};
    uint32_t func;

    if (krait__signals_install(err) == KRAIT_OK &&
        krait__module_open(KRAIT_TEST_MODULE, &module, err) == KRAIT_OK &&
        krait__instance_new(module, &options, &instance, err) == KRAIT_OK &&
        krait__instance_find(instance, "call_host", &func, err) == KRAIT_OK)
        (void)krait__instance_call(instance, func, cells, &outcome, err);
    krait__instance_free(instance);
    if (module != NULL)
        krait__module_close(module);
    return outcome.trap == KRAIT_TRAP_NONE ? cells[0].i32 : 0;
}

enum { HOSTS = 5000 };

/* Of many host functions the one with both names is taken, and of equal ones the first. */
static void
many_hosts(void)
{
    krait_host_import *imports = calloc(HOSTS, sizeof(*imports));
    char(*names)[16] = calloc(HOSTS, sizeof(*names));
    krait_error err = {.text = ""};
    int i;

    REQUIRE(imports != NULL && names != NULL);
    for (i = 0; i < HOSTS; i++) {
        snprintf(names[i], sizeof(names[i]), "twice%d", i);
        imports[i] = (krait_host_import){"host", names[i], "i", "i", host_wrong, NULL};
    }
    CHECK_UINT(call_host(imports, HOSTS, &err), 0);
    CHECK_STR(err.text, "the module needs 1 missing import: host.twice: func (i32) -> i32");
    imports[17] = (krait_host_import){"ghost", "twice", "i", "i", host_wrong, NULL};
    imports[18] = (krait_host_import){"host", "twic", "i", "i", host_wrong, NULL};
    imports[19] = (krait_host_import){"", "", "i", "i", host_wrong, NULL};
    imports[3000] = (krait_host_import){"host", "twice", "i", "i", host_right, NULL};
    imports[4000] = (krait_host_import){"host", "twice", "i", "i", host_wrong, NULL};
    CHECK_UINT(call_host(imports, HOSTS, &err), 42);
    CHECK_UINT(call_host(imports + 3000, 1, &err), 42);
    CHECK_UINT(call_host(imports + 3001, HOSTS - 3001, &err), 13);
    /* The first one of these names is of another type: no other is looked for. */
    imports[2000] = (krait_host_import){"host", "twice", "ii", "i", host_wrong, NULL};
    CHECK_UINT(call_host(imports, HOSTS, &err), 0);
    CHECK_HAS(err.text, "(of another type)");
    free(imports);
    free(names);
}

CHECK_MAIN(CHECK_CASE(many_types), CHECK_CASE(chosen_types), CHECK_CASE(many_hosts))
