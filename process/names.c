/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of members of one name: open addressing, three quarters full at most.
 */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where it is, or would be. */
static proc_name *
slot_of(const proc_names *names, proc_path_key key)
{
    size_t at = (size_t)key.half[1] & (names->capacity - 1);

    while (names->slots[at].path.half[0] != 0 && (names->slots[at].path.half[0] != key.half[0] ||
                                                  names->slots[at].path.half[1] != key.half[1]))
        at = (at + 1) & (names->capacity - 1);
    return &names->slots[at];
}

static bool
grow(proc_names *names)
{
    proc_names larger = *names;

    larger.capacity = names->capacity == 0 ? 64 : names->capacity * 2;
    larger.slots = calloc(larger.capacity, sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < names->capacity; i++) {
        if (names->slots[i].path.half[0] != 0)
            *slot_of(&larger, names->slots[i].path) = names->slots[i];
    }
    free(names->slots);
    *names = larger;
    return true;
}

/* NULL: there is no memory. */
static proc_name *
find_or_add(proc_names *names, const char *path)
{
    const proc_path_key key = proc_path_key_of(path, strlen(path));
    proc_name *slot;

    if (names->count >= names->capacity / 4 * 3 && !grow(names))
        return NULL;
    slot = slot_of(names, key);
    if (slot->path.half[0] == 0) {
        *slot = (proc_name){key, 2};
        names->count++;
    }
    return slot;
}

static bool
is_taken(proc_names *names, const proc_paths *seen, const char *path)
{
    names->lookups++;
    return proc_paths_has(seen, path, strlen(path));
}

char *
proc_names_next(proc_names *names, const proc_paths *seen, const char *path)
{
    proc_name *name;
    char *numbered;

    if (!is_taken(names, seen, path))
        return strdup(path);
    name = find_or_add(names, path);
    if (name == NULL)
        return NULL;
    for (;; name->number++) {
        if (asprintf(&numbered, "%s#%llu", path, (unsigned long long)name->number) < 0)
            return NULL;
        if (!is_taken(names, seen, numbered))
            return numbered;
        free(numbered);
    }
}

void
proc_names_release(proc_names *names)
{
    free(names->slots);
    *names = (proc_names){.slots = NULL};
}
