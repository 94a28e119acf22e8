/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that a program finds open when it starts.
 *
 * A module made for this host has one, "/".  Modules made for any host of WASI preview 1 look for
 * theirs by number or by name, as other hosts give them: one for each granted directory, from
 * descriptor 3 on, in the order of the grants.  What is not below one of them (/tmp, /dev,
 * granted files) is reached by one more, "/", the last.
 */
#include "api/internal.h"
#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

/* Does a libc take this name for the start of all paths?  wasi-libc leaves out "/" and "./" at
 * its start; a second name like this would hide the first. */
static bool
covers_all(const char *name)
{
    while (name[0] == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == '\0')))
        name++;
    return name[0] == '\0';
}

bool
krait__preopens_cover_root(const krait_config *config)
{
    for (size_t i = 0; i < config->grant_count; i++) {
        if (!config->grants[i].is_file && covers_all(config->grants[i].guest))
            return true;
    }
    return false;
}

static void
add(krait_wasi_preopen *list, size_t *count, const char *name, const char *guest)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i].name, name) == 0)
            return;
    }
    list[*count].name = name;
    list[*count].guest = guest;
    (*count)++;
}

krait_status
krait__preopens_list(const krait_config *config, krait_wasi_preopen **ret_list, size_t *ret_count,
                     krait_error *err)
{
    const size_t most = config->preopens.count / 2 + config->grant_count + 1;
    krait_wasi_preopen *list = krait__calloc(most, sizeof(*list));
    size_t count = 0;
    bool covered = false;

    if (list == NULL)
        return krait__error_nomem(err);
    for (size_t i = 0; i + 1 < config->preopens.count; i += 2)
        add(list, &count, config->preopens.items[i], config->preopens.items[i + 1]);
    for (size_t i = 0; i < config->grant_count; i++) {
        if (!config->grants[i].is_file)
            add(list, &count, config->grants[i].guest, config->grants[i].guest);
    }
    for (size_t i = 0; i < count && !covered; i++)
        covered = covers_all(list[i].name);
    if (!covered)
        add(list, &count, "/", "/");
    *ret_list = list;
    *ret_count = count;
    return KRAIT_OK;
}
