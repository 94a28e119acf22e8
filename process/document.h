/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents: what waits to be processed, what is known of it, and the trees that sub-content makes.
 */
#ifndef KRAIT_PROCESS_DOCUMENT_H
#define KRAIT_PROCESS_DOCUMENT_H

#include "buffer.h"
#include "done.h"
#include "uuid.h"

#include "base/sha256.h"

#include <stdatomic.h>

typedef enum proc_status {
    PROC_STATUS_PROCESSING = 0, /* a root whose tree is not done */
    PROC_STATUS_SUCCESS = 1,
    PROC_STATUS_FAILED = 2
} proc_status;

const char *proc_status_name(proc_status status);

/* A root with sub-content.  One for all documents below it. */
typedef struct proc_tree {
    atomic_size_t waiting; /* documents that are not done, the root included */
    atomic_bool is_shared; /* other workers have some of them: see worker.h */
    atomic_uint_fast64_t children;
    atomic_uint_fast64_t expansion; /* bytes */
    char uuid[PROC_UUID_SIZE + 1];
    proc_status status; /* that the root gets in the end */
    char *error;        /* or NULL */
    /* Where the root's record is in the batch with this number, so that it can be put right there. */
    uint64_t batch;
    size_t record;
} proc_tree;

/* A document that waits.  One piece of memory, with its names. */
typedef struct proc_item {
    proc_blob *blob;      /* NULL: the file at `path` is to be read */
    const uint8_t *bytes; /* in the blob */
    size_t size;
    proc_tree *tree; /* NULL for roots */
    unsigned depth;
    char parent[PROC_UUID_SIZE + 1]; /* empty for roots */
    const char *error;               /* why it cannot be processed; NULL: it can */
    const char *path;                /* any bytes; what it is found by again */
    const char *filename;            /* any bytes */
    const proc_done_root *before;    /* what an earlier run made of it; or NULL */
    struct proc_item *next;
    char names[];
} proc_item;

/* A document that is being processed. */
typedef struct proc_document {
    const proc_item *item;
    const uint8_t *bytes;
    size_t size;
    proc_blob *blob;
    proc_tree *tree; /* NULL: of a root that has no sub-content yet */
    char uuid[PROC_UUID_SIZE + 1];
    char sha256[2 * KRAIT_SHA256_SIZE + 1]; /* empty: it could not be read */
    const char *type;
    int64_t started_s; /* since 1970 */
    bool is_as_before; /* nothing is to be done */
} proc_document;

/* A root, or NULL: there is no memory.  Its filename is what follows the last slash of what is at
 * `name_at` in the path. */
proc_item *proc_item_new(const char *path, size_t name_at, const char *error);
/* Sub-content; `filename` is not ended by a NUL.  It takes a share of the blob. */
proc_item *proc_item_new_child(const proc_document *parent, const char *filename, size_t name_size,
                               proc_blob *blob, const uint8_t *bytes, size_t size);
void proc_item_free(proc_item *item);
/* A list of items that nobody does any more. */
void proc_items_abandon(proc_item *items);

/* The tree of a document, made when it has none; NULL: there is no memory. */
proc_tree *proc_document_tree(proc_document *document);
void proc_tree_free(proc_tree *tree);

/* Reads a regular file into *blob, which may be NULL, and grows.  Negative errno, or 0; -EFBIG: it is
 * larger than `limit`; -EISDIR and -ENOTSUP: it is no regular file.  `ahead`, which may be NULL: the list
 * of what is to be read next; when this file has to come from the disk, all of the list is asked for at
 * once, and *ahead becomes NULL. */
int proc_read_file(const char *path, uint64_t limit, proc_blob **blob, const proc_item **ahead);

/* The object that a module finds in its description file (include/krait/module.h), with a NUL that is
 * not counted.  False: there is no memory. */
bool proc_describe(const proc_document *document, proc_buffer *to);
/* In quotes; what is not UTF-8 becomes U+FFFD. */
bool proc_put_json_text(proc_buffer *to, const char *text, size_t size);

#endif /* KRAIT_PROCESS_DOCUMENT_H */
