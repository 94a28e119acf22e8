/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs: which documents there are.
 *
 * A file is a document; of a folder every file in it, in the order of their names, and so on in its
 * folders; of "-" every line of stdin is such a path.  ARCHIVE!MEMBER is a member of a tar or zip archive,
 * ARCHIVE! all of them.  Each path is a document once, however often it is named.
 */
#ifndef KRAIT_PROCESS_INPUTS_H
#define KRAIT_PROCESS_INPUTS_H

#include "done.h"
#include "limits.h"
#include "paths.h"
#include "queue.h"

#include <krait/error.h>

#include <stdio.h>
#include <sys/types.h>

typedef struct proc_inputs {
    const char *const *paths;
    size_t count;
    FILE *list;          /* what "-" stands for */
    bool opens_archives; /* every archive that is found stands for its members */
    const proc_limits *limits;
    const proc_done *done; /* of an earlier run; NULL: none */
    const char *output;    /* the database: neither it nor what lies beside it is a document */
    dev_t output_device;
    ino_t output_inode;
    proc_queue *queue;
    void (*note)(void *data, const char *text); /* one line about what is left out */
    void *note_data;

    /* The state of the scan. */
    proc_paths seen;
    proc_item *pending;
    proc_item **last_pending;
    size_t pending_count;
    uint64_t pending_bytes;
    bool is_over;                  /* stopped, or out of memory */
    bool has_failed;               /* out of memory */
    atomic_uint_fast64_t found;    /* documents; workers take those away that are as before */
    atomic_uint_fast64_t resumed;  /* those */
    atomic_uint_fast64_t left_out; /* FIFOs, devices, links to folders */
} proc_inputs;

/* Names that are wrong at once: what does not exist. */
krait_status proc_inputs_check(const proc_inputs *inputs, krait_error *err);
/* Puts every document into the queue and closes it. */
void proc_inputs_scan(proc_inputs *inputs);

/* ---- for the files that scan -------------------------------------------------------------- */

/* A document; takes the item, NULL is no memory. */
void proc_inputs_put(proc_inputs *inputs, proc_item *item);
/* Hands over what was put. */
void proc_inputs_flush(proc_inputs *inputs);
/* A path as it was named, or found. */
void proc_inputs_path(proc_inputs *inputs, const char *path);
/* inputs_folder.c */
void proc_inputs_folder(proc_inputs *inputs, const char *path);
/* inputs_archive.c: all members, or those of one name.  False, and nothing was put: it is no archive. */
bool proc_inputs_archive(proc_inputs *inputs, const char *path, const char *member);
void proc_inputs_note(proc_inputs *inputs, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* KRAIT_PROCESS_INPUTS_H */
