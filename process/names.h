/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for members of an archive: the second one of a name is NAME#2, and so on.
 *
 * A name gets the first number that is not taken; a member may really be called NAME#2.  Where the search
 * has ended is kept for each name that came twice, in 24 bytes, 64 with what is free: numbers that are taken
 * stay so, and each NAME#N is looked for by one name only.  So all members together cost a few look-ups each,
 * whatever they are called.
 */
#ifndef KRAIT_PROCESS_NAMES_H
#define KRAIT_PROCESS_NAMES_H

#include "paths.h"

typedef struct proc_name {
    proc_path_key path;
    uint64_t number; /* all below are taken */
} proc_name;

typedef struct proc_names {
    proc_name *slots;
    size_t capacity; /* a power of 2 */
    size_t count;
    uint64_t lookups; /* in sets of paths: for tests */
} proc_names;

/* `path` when it is not in `seen`, or the first of "PATH#2", "PATH#3" ... that is not.  It may be asked again until the
 * path that it gave is in `seen`, which must only grow.  To be released with free(); NULL: no memory. */
char *proc_names_next(proc_names *names, const proc_paths *seen, const char *path);
void proc_names_release(proc_names *names);

#endif /* KRAIT_PROCESS_NAMES_H */
