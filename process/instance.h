/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances: one module in one worker, and what became of a document in it.
 */
#ifndef KRAIT_PROCESS_INSTANCE_H
#define KRAIT_PROCESS_INSTANCE_H

#include "call.h"
#include "module.h"

typedef struct proc_instance {
    const proc_modules *modules;
    const proc_module *module;
    krait_config *config;
    krait_sandbox *sandbox; /* NULL: it is made when it is needed */
    krait_snapshot *origin; /* that it was made from, or NULL */
    uint64_t runs;          /* of fresh interpreters that went well */
    proc_call call;
    bool is_fresh; /* a new start for each document */
    bool is_used;  /* since it was new */
} proc_instance;

/* Why a document has failed in a module, as one line without "Module 'X'". */
typedef struct proc_verdict {
    bool is_good;
    uint32_t exit_code;
    char text[512];
} proc_verdict;

krait_status proc_instance_open(proc_instance *instance, const proc_modules *modules,
                                const proc_module *module, proc_tables *tables, bool is_fresh,
                                krait_error *err);
void proc_instance_close(proc_instance *instance);

/* Runs the module on the document; what it gives is in the batch, its sub-content in
 * instance->call.children, its output in instance->call.output.  A failure of the machine (no memory)
 * is a verdict, too. */
void proc_instance_run(proc_instance *instance, proc_document *document,
                       const proc_buffer *description, proc_batch *batch, proc_verdict *ret);

/* ---- verdict.c ---------------------------------------------------------------------------- */

/* `result`: how process() has ended; `code`: what it returned. */
void proc_verdict_make(proc_instance *instance, const krait_result *result, uint32_t code,
                       proc_verdict *ret);

#endif /* KRAIT_PROCESS_INSTANCE_H */
