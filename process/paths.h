/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of paths.  It keeps 16 bytes of the SHA-256 of each, so that a hundred million fit into memory.
 */
#ifndef KRAIT_PROCESS_PATHS_H
#define KRAIT_PROCESS_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct proc_path_key {
    uint64_t half[2]; /* both 0: none */
} proc_path_key;

typedef struct proc_paths {
    proc_path_key *slots;
    size_t capacity; /* a power of 2 */
    size_t count;
} proc_paths;

/* Not 0. */
proc_path_key proc_path_key_of(const void *path, size_t size);

/* 1: it is new; 0: it was there; -1: there is no memory. */
int proc_paths_add(proc_paths *paths, const void *path, size_t size);
bool proc_paths_has(const proc_paths *paths, const void *path, size_t size);
void proc_paths_release(proc_paths *paths);

#endif /* KRAIT_PROCESS_PATHS_H */
