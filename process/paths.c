/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of paths: open addressing, half full at most.
 */
#include "paths.h"

#include "base/sha256.h"

#include <stdlib.h>
#include <string.h>

proc_path_key
proc_path_key_of(const void *path, size_t size)
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    proc_path_key key;

    krait__sha256(path, size, digest);
    memcpy(&key, digest, sizeof(key));
    key.half[0] |= 1; /* not 0 */
    return key;
}

/* Where it is, or would be. */
static proc_path_key *
slot_of(const proc_paths *paths, proc_path_key key)
{
    size_t at = (size_t)key.half[1] & (paths->capacity - 1);

    while (paths->slots[at].half[0] != 0 &&
           (paths->slots[at].half[0] != key.half[0] || paths->slots[at].half[1] != key.half[1]))
        at = (at + 1) & (paths->capacity - 1);
    return &paths->slots[at];
}

static bool
grow(proc_paths *paths)
{
    proc_paths larger = {NULL, paths->capacity == 0 ? 1024 : paths->capacity * 2, paths->count};

    larger.slots = calloc(larger.capacity, sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < paths->capacity; i++) {
        if (paths->slots[i].half[0] != 0)
            *slot_of(&larger, paths->slots[i]) = paths->slots[i];
    }
    free(paths->slots);
    *paths = larger;
    return true;
}

int
proc_paths_add(proc_paths *paths, const void *path, size_t size)
{
    const proc_path_key key = proc_path_key_of(path, size);
    proc_path_key *slot;

    if (paths->count >= paths->capacity / 2 && !grow(paths))
        return -1;
    slot = slot_of(paths, key);
    if (slot->half[0] != 0)
        return 0;
    *slot = key;
    paths->count++;
    return 1;
}

bool
proc_paths_has(const proc_paths *paths, const void *path, size_t size)
{
    return paths->count != 0 && slot_of(paths, proc_path_key_of(path, size))->half[0] != 0;
}

void
proc_paths_release(proc_paths *paths)
{
    free(paths->slots);
    *paths = (proc_paths){.slots = NULL};
}
