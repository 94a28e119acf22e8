/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: inputs to workers to the writer, until everything is done or somebody stops it.
 */
#ifndef KRAIT_PROCESS_RUN_H
#define KRAIT_PROCESS_RUN_H

#include "database.h"
#include "inputs.h"
#include "worker.h"

typedef struct proc_run_options {
    proc_modules *modules;
    proc_database *database;
    proc_tables *tables;
    proc_inputs inputs; /* its queue is made here */
    unsigned threads;
    bool is_fresh;
} proc_run_options;

typedef struct proc_run proc_run;

/* What can be said while it runs. */
typedef struct proc_progress {
    proc_counts counts;
    uint64_t found;    /* roots, those done before left out */
    uint64_t resumed;  /* roots done before */
    uint64_t left_out; /* inputs that are no documents */
    bool is_scanning;  /* `found` grows */
} proc_progress;

krait_status proc_run_start(const proc_run_options *options, proc_run **ret, krait_error *err);
/* Waits for the end, at most so long.  True: it is over. */
bool proc_run_wait(proc_run *run, unsigned timeout_ms);
/* Begins nothing more; what runs is finished. */
void proc_run_stop(proc_run *run);
void proc_run_look(proc_run *run, proc_progress *ret);
/* After it is over: commits, and releases it.  `ret` as proc_run_look(), for the last time; is_scanning says
 * that the scan still waits for its list: what the inputs point to is to stay until the program ends,
 * which is to be soon. */
krait_status proc_run_finish(proc_run *run, proc_progress *ret, krait_error *err);

#endif /* KRAIT_PROCESS_RUN_H */
