/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packed program gets when it starts: arguments, variables, a writable layer.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <string.h>

#define MOST_TEXTS 4096u

void
krait__pack_strings_release(krait_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        krait__free(strings->items[i]);
    krait__free(strings->items);
    strings->items = NULL;
    strings->count = 0;
}

static krait_status
copy_strings(krait_strings *to, const char *const *from, size_t count, krait_error *err)
{
    if (count > MOST_TEXTS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %u arguments or variables",
                                MOST_TEXTS);
    to->items = krait__calloc(count + 1, sizeof(*to->items));
    if (to->items == NULL)
        return krait__error_nomem(err);
    for (; to->count < count; to->count++) {
        to->items[to->count] = krait__strdup(from[to->count]);
        if (to->items[to->count] == NULL)
            return krait__error_nomem(err);
    }
    return KRAIT_OK;
}

krait_status
krait_pack_set_start(krait_pack *pack, const krait_pack_start *start, krait_error *err)
{
    krait_strings argv = {NULL, 0};
    krait_strings env = {NULL, 0};
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < start->env_count && status == KRAIT_OK; i++) {
        const char *equals = strchr(start->env[i], '=');

        if (equals == NULL || equals == start->env[i])
            status = krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is no variable: NAME=VALUE",
                                      start->env[i]);
    }
    if (status == KRAIT_OK)
        status = copy_strings(&argv, start->argv, start->argv_count, err);
    if (status == KRAIT_OK)
        status = copy_strings(&env, start->env, start->env_count, err);
    if (status != KRAIT_OK) {
        krait__pack_strings_release(&argv);
        krait__pack_strings_release(&env);
        return status;
    }
    krait__pack_strings_release(&pack->argv);
    krait__pack_strings_release(&pack->env);
    pack->argv = argv;
    pack->env = env;
    pack->memory_limit = start->memory_limit;
    return KRAIT_OK;
}

void
krait_pack_get_start(const krait_pack *pack, krait_pack_start *ret_start)
{
    ret_start->argv = (const char *const *)pack->argv.items;
    ret_start->argv_count = pack->argv.count;
    ret_start->env = (const char *const *)pack->env.items;
    ret_start->env_count = pack->env.count;
    ret_start->memory_limit = pack->memory_limit;
}

static krait_status
load(const krait_packed *image, uint32_t at, uint32_t count, krait_strings *to, krait_error *err)
{
    if (count > MOST_TEXTS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %u arguments or variables",
                                MOST_TEXTS);
    to->items = krait__calloc((size_t)count + 1, sizeof(*to->items));
    if (to->items == NULL)
        return krait__error_nomem(err);
    for (; to->count < count; to->count++) {
        const char *text = krait__pack_packed_name(image, at);

        to->items[to->count] = krait__strdup(text);
        if (to->items[to->count] == NULL)
            return krait__error_nomem(err);
        at += (uint32_t)strlen(text) + 1;
    }
    return KRAIT_OK;
}

krait_status
krait__pack_start_load(krait_pack *pack, krait_error *err)
{
    const krait_pack_header *header = &pack->image.header;
    krait_status status = load(&pack->image, header->argv, header->argv_count, &pack->argv, err);

    pack->memory_limit = header->memory_limit;
    if (status == KRAIT_OK)
        status = load(&pack->image, header->env, header->env_count, &pack->env, err);
    return status;
}
