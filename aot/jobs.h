/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes, several at once, in one working directory.
 *
 * A child gets /dev/null as stdin and a pipe as stdout and stderr; the end of
 * what it says is kept.  It is confined (confine.h), runs in a process group of
 * its own, and is killed with it when the work is cancelled or takes too long.
 */
#ifndef KRAIT_AOT_JOBS_H
#define KRAIT_AOT_JOBS_H

#include "aot/confine.h"

#include <krait/aot.h>

#include <stdbool.h>

/* Bytes of output that are kept of one child. */
#define KRAIT_JOB_OUTPUT 3000

typedef struct krait_job {
    char *const *argv;        /* argv[0] is a path with a slash */
    char *const *second_argv; /* tried once when argv fails; NULL: nothing */
    const char *what;         /* for messages: "part_003.c" */
    bool was_second;          /* set when only the second one succeeded */
} krait_job;

/* What all jobs of a build share. */
typedef struct krait_jobs_setting {
    const char *directory;
    const krait_aot_options *options;
    const krait_confine *confine;
    uint64_t deadline_ms; /* of CLOCK_MONOTONIC; UINT64_MAX: none */
    unsigned total;       /* steps of the whole work, for progress */
} krait_jobs_setting;

/* Now, by the clock that deadlines are of. */
uint64_t krait__jobs_clock_ms(void);

/* Runs the jobs in their order, at most options->jobs at once; stops at the
 * first that fails.  `done` steps were finished before.  What the last job said
 * is in ret_output (may be NULL), terminated.  KRAIT_ELIMIT: time, memory or file
 * size ran out; KRAIT_EIO: any other failure; KRAIT_EBUSY: cancelled. */
krait_status krait__jobs_run(krait_job *jobs, unsigned count, const krait_jobs_setting *setting,
                             unsigned done, char ret_output[KRAIT_JOB_OUTPUT + 1],
                             krait_error *err);

#endif /* KRAIT_AOT_JOBS_H */
