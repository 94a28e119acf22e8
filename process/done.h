/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier run has done: of each root its path, what its bytes were, and its row.
 *
 * It keeps 48 bytes for each, 128 at most with what is free: 16 of the SHA-256 of the path, 16 of that of
 * the contents, and the uuid.  It is filled before the run, and only read by its threads.
 */
#ifndef KRAIT_PROCESS_DONE_H
#define KRAIT_PROCESS_DONE_H

#include "paths.h"
#include "uuid.h"

typedef struct proc_done_root {
    proc_path_key path;
    uint8_t content[16]; /* zeros: it could not be read */
    uint8_t uuid[16];
} proc_done_root;

typedef struct proc_done {
    proc_done_root *slots;
    size_t capacity; /* a power of 2 */
    size_t count;
    bool by_path; /* what has the path is the same, whatever its bytes are */
} proc_done;

/* `sha256` are the digits of it; NULL: it could not be read.  1: added; 0: one of the texts is not what
 * this program writes; -1: there is no memory. */
int proc_done_add(proc_done *done, const void *path, size_t size, const char *uuid,
                  const char *sha256);
/* NULL: there was no such root. */
const proc_done_root *proc_done_find(const proc_done *done, const void *path, size_t size);
bool proc_done_was_read(const proc_done_root *root);
/* Were its bytes those with this SHA-256, in digits? */
bool proc_done_is_same(const proc_done_root *root, const char *sha256);
void proc_done_uuid(const proc_done_root *root, char ret_text[PROC_UUID_SIZE + 1]);
void proc_done_release(proc_done *done);

#endif /* KRAIT_PROCESS_DONE_H */
