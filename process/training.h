/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: which modules of the standard library a script imports that its text does not name.
 *
 * A fresh interpreter would import them again for each document, from files.  So the first documents
 * are asked what they have imported in the end, and the snapshot is made again with that.  Only names
 * pass from a document to the ones after it, and only of the standard library.
 */
#ifndef KRAIT_PROCESS_TRAINING_H
#define KRAIT_PROCESS_TRAINING_H

#include <krait/krait.h>

#include <stdbool.h>

typedef struct proc_training proc_training;

/* Takes the text, which malloc() made, also when there is no memory: then the result is NULL. */
proc_training *proc_training_new(char *script, size_t size, const char *name);
void proc_training_free(proc_training *training); /* takes NULL; not while anybody uses it */

/* What instances are to be made from now; the training keeps it.  Any thread. */
krait_snapshot *proc_training_snapshot(const proc_training *training);

/* The first snapshot, and better ones. */
krait_status proc_training_make(proc_training *training, krait_module *python,
                                const krait_config *config, krait_error *err);

/* Is it worth asking after so many documents? */
bool proc_training_wants(uint64_t documents);

/* Asks a sandbox that has run the script, and is going to be reset.  Any thread. */
void proc_training_learn(proc_training *training, krait_module *python, const krait_config *config,
                         krait_sandbox *sandbox);

#endif /* KRAIT_PROCESS_TRAINING_H */
