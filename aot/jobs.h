/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes, several at once, in one working directory.
 *
 * A child gets /dev/null as stdin and a pipe as stdout and stderr; the end of
 * what it says is kept.  It runs in a process group of its own and is killed
 * with it when the work is cancelled.
 */
#ifndef KRAIT_AOT_JOBS_H
#define KRAIT_AOT_JOBS_H

#include <krait/aot.h>

#include <stdbool.h>

/* Bytes of output that are kept of one child. */
#define KRAIT_JOB_OUTPUT 3000

typedef struct krait_job {
    char *const *argv; /* argv[0] is a path with a slash */
    const char *what;  /* for messages: "part_003.c" */
} krait_job;

/* Runs the jobs in their order, at most options->jobs at once; stops at the
 * first that fails.  `done` of `total` steps were finished before.  What the
 * last job said is in ret_output (may be NULL), terminated. */
krait_status krait__jobs_run(const krait_job *jobs, unsigned count, const char *directory,
                             const krait_aot_options *options, unsigned done, unsigned total,
                             char ret_output[KRAIT_JOB_OUTPUT + 1], krait_error *err);

#endif /* KRAIT_AOT_JOBS_H */
