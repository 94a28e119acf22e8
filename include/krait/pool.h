/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: many short jobs of many tenants, each in a fresh sandbox.
 *
 * A pool has workers: processes of their own (for tenants that distrust each other), or threads of
 * this process.  Each keeps instances ready whose Python has started; a job gets one of them to
 * itself, and it is made as it was when it was new before another job gets it.  An instance that
 * was stopped, and a worker that died, is replaced; the pool goes on.
 *
 * Every job that krait_pool_submit() took is answered exactly once, whatever happens.
 */
#ifndef KRAIT_POOL_H
#define KRAIT_POOL_H

#include <krait/config.h>
#include <krait/engine.h>
#include <krait/error.h>
#include <krait/function.h>
#include <krait/result.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_pool krait_pool;

/** What stands between the jobs of different workers. */
typedef enum krait_isolation {
    KRAIT_ISOLATION_PROCESS = 0, /* workers are processes: besides the sandbox, the kernel */
    KRAIT_ISOLATION_THREAD = 1   /* workers are threads of this process: the sandbox alone */
} krait_isolation;

/** Options of a pool; fill with KRAIT_POOL_OPTIONS_INIT first.  0 means the default. */
typedef struct krait_pool_options {
    size_t size;               /* of this structure: KRAIT_POOL_OPTIONS_INIT sets it */
    krait_isolation isolation; /* KRAIT_ISOLATION_PROCESS */
    uint32_t workers;    /* jobs that run at once; the processors of this process; at most 1024 */
    uint32_t ready;      /* instances that each worker keeps ready; 2, at most 1024 */
    uint32_t queue_jobs; /* jobs that may wait; 4096, at most 1048576 */
    uint32_t jobs_per_worker; /* a process is replaced after so many jobs; never */
    uint32_t tenant_jobs; /* jobs of one tenant that may wait; half of queue_jobs.  They may have
                                 as large a part of queue_bytes, or there is one of them */
    uint64_t
        queue_bytes;     /* of all jobs that are not answered, code, arguments and files; 256 MiB */
    uint64_t idle_bytes; /* of linear memory of all ready instances: there are fewer of them
                                  when it is too little, down to none; 1 GiB */
    const char *worker;  /* path of the program krait-worker; the one that was installed with
                                  this library */
} krait_pool_options;

/** All defaults. */
#define KRAIT_POOL_OPTIONS_INIT                                                                    \
    {sizeof(krait_pool_options), KRAIT_ISOLATION_PROCESS, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Make a pool, and wait until its first worker has an instance ready.  Every job finds what the
 * configuration grants, opened anew for each instance.
 *
 * With KRAIT_ISOLATION_PROCESS the workers are children of this process, started from the program
 * krait-worker, which open module and grants themselves, by their absolute paths; host functions
 * are still called in this process.  They die with it.
 *
 * @param module    a module that krait_python_open() opened, or another one with sessions
 * @param config    what every job is granted; its limits hold for each job
 * @param options   the options; NULL: all defaults
 * @param ret_pool  receives the pool; untouched on failure
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_pool, releases it with krait_pool_free(), and closes the module after
 *          that; config and options are copied
 * Errors:  KRAIT_EINVAL an option is out of range; those of krait_sandbox_new() and
 *          krait_sandbox_exec(); with processes KRAIT_ENOTFOUND there is no krait-worker;
 *          KRAIT_EUNSUPPORTED the configuration passes stdio, output or a trace to this process
 *          (krait_config_set_stdio, _set_output, _set_trace), or krait-worker is of another
 *          version; KRAIT_EIO no worker can be started; KRAIT_EFORMAT it is no krait-worker;
 *          KRAIT_ENOMEM
 * Threads: any thread; a pool may be used by several at once
 * Source:  host/pool/pool.c, host/pool/process.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pool_new(krait_module *module,
                                                     const krait_config *config,
                                                     const krait_pool_options *options,
                                                     krait_pool **ret_pool, krait_error *err);

/* ---- jobs ------------------------------------------------------------------------------- */

/** The number of a job: unique in its pool, never 0. */
typedef uint64_t krait_job;

/** A file of the guest's memory that goes with a job. */
typedef struct krait_job_file {
    const char *path; /* absolute, as the guest sees it */
    const void *bytes;
    size_t size;
    krait_status status; /* of a file that was wanted: KRAIT_OK, or why there are no bytes */
} krait_job_file;

/** What a job is; fill with KRAIT_JOB_SPEC_INIT first.  Everything is copied. */
typedef struct krait_job_spec {
    size_t size;                 /* of this structure: KRAIT_JOB_SPEC_INIT sets it */
    uint64_t tenant;             /* whose it is: tenants take turns */
    const char *code;            /* runs first, as krait_sandbox_exec(); NULL: none */
    size_t code_size;            /* bytes */
    const char *function;        /* is called then, as krait_sandbox_call(); NULL: none */
    krait_format format;         /* of args and of the value */
    const void *args;            /* as those of krait_sandbox_call() */
    size_t args_size;            /* bytes */
    const krait_job_file *files; /* are put into the guest's memory before; at most 1024 */
    size_t file_count;
    const char *const *wanted; /* paths of files that are fetched after it; at most 1024 */
    size_t wanted_count;
    uint64_t wall_ns;      /* KRAIT_LIMIT_WALL of this job; 0: as the configuration says */
    uint64_t cpu_ns;       /* KRAIT_LIMIT_CPU */
    uint64_t output_bytes; /* KRAIT_LIMIT_OUTPUT */
    uint64_t host_calls;   /* KRAIT_LIMIT_HOST_CALLS */
} krait_job_spec;

/** Nothing to do yet. */
#define KRAIT_JOB_SPEC_INIT                                                                        \
    {sizeof(krait_job_spec), 0, 0, 0, 0, KRAIT_JSON, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/** The answer to a job.  It owns all that it points to. */
typedef struct krait_job_result {
    krait_job job;
    uint64_t tenant;
    krait_status status; /* KRAIT_OK: see result; else the job could not be run, or its worker
                                    died (KRAIT_EIO): see error */
    krait_error error;   /* why; its code is 0 when status is KRAIT_OK */
    krait_result result; /* how it ended; what code and function wrote and took together */
    const krait_job_file
        *files; /* those that were wanted, in that order; fetched however it ended */
    size_t file_count;
    uint64_t waited_ns; /* from krait_pool_submit() until it began */
} krait_job_result;

/**
 * Gets the answer to a job, on a thread of the pool.  It owns `result`, and releases it with
 * krait_job_result_free().  It may submit and cancel jobs, but not wait for them: no krait_pool_run(),
 * krait_pool_drain() or krait_pool_free().
 */
typedef void (*krait_job_done)(void *data, krait_job_result *result);

/**
 * Give a job to a pool.  It runs in an instance of its own, after the jobs that its tenant
 * submitted before have begun; tenants take turns.
 *
 * @param pool     the pool
 * @param spec     what it is: code, a function, or both
 * @param done     is called once with the answer, also before this function returns; NULL: nobody
 *                 wants it
 * @param data     its first argument
 * @param ret_job  receives the job's number, before it can begin; untouched on failure; may be NULL
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors: then `done` is not called
 *
 * Units:   bytes and nanoseconds
 * Owner:   spec is copied with all that it points to; data is the caller's
 * Errors:  KRAIT_EINVAL neither code nor function, an unknown format, too many files;
 *          KRAIT_ELIMIT the queue is full, or a text is larger than KRAIT_LIMIT_VALUE;
 *          KRAIT_ESTATE the pool drains; KRAIT_ENOMEM
 * Threads: any thread
 * Source:  host/pool/pool.c, host/pool/queue.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pool_submit(krait_pool *pool,
                                                        const krait_job_spec *spec,
                                                        krait_job_done done, void *data,
                                                        krait_job *ret_job, krait_error *err);

/**
 * Give a job to a pool and wait for the answer.
 *
 * @param pool        the pool
 * @param spec        what it is, as for krait_pool_submit()
 * @param ret_result  receives the answer, also when its status is not KRAIT_OK; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK when there is an answer, or a code under Errors
 *
 * Units:   bytes and nanoseconds
 * Owner:   caller owns *ret_result, releases it with krait_job_result_free()
 * Errors:  those of krait_pool_submit(); KRAIT_EBUSY it was called on a thread of the pool
 * Threads: any thread but the pool's; it blocks
 * Source:  host/pool/wait.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pool_run(krait_pool *pool, const krait_job_spec *spec,
                                                     krait_job_result **ret_result,
                                                     krait_error *err);

/**
 * Release an answer.
 *
 * @param result  the answer, or NULL
 *
 * Units:   none
 * Owner:   takes the answer; it may outlive its pool
 * Errors:  none
 * Threads: any thread
 * Source:  host/pool/job.c
 * Since:   0.1
 */
KRAIT_API void krait_job_result_free(krait_job_result *result);

/**
 * Cancel a job.  One that waits leaves the queue; one that runs is ended as by
 * krait_sandbox_cancel().  It is answered all the same, with KRAIT_RESULT_CANCELLED unless it had
 * ended already.
 *
 * @param pool  the pool
 * @param job   its number
 * @param err   receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_ENOTFOUND there is no such job, or it is being answered
 * Threads: any thread; it does not wait
 * Source:  host/pool/pool.c
 * Since:   0.1
 */
KRAIT_API krait_status krait_pool_cancel(krait_pool *pool, krait_job job, krait_error *err);

/* ---- the end ---------------------------------------------------------------------------- */

/**
 * Take no more jobs, let those that are there end, and stop the workers.  What has not ended in
 * time is cancelled.  Several threads may do so at once: the one whose time is up first cancels, and
 * all return when the pool has stopped.
 *
 * @param pool        the pool
 * @param timeout_ns  how long the jobs have; KRAIT_UNLIMITED: as long as they take; 0: all are
 *                    cancelled now
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK every job ended by itself; or a code under Errors: the pool has stopped too,
 *         unless it is KRAIT_EBUSY
 *
 * Units:   nanoseconds
 * Owner:   the pool is still the caller's
 * Errors:  KRAIT_ELIMIT jobs were cancelled, by this call or by another one of this function;
 *          KRAIT_EBUSY it was called on a thread of the pool
 * Threads: any thread but the pool's; it blocks
 * Source:  host/pool/wait.c
 * Since:   0.1
 */
KRAIT_API krait_status krait_pool_drain(krait_pool *pool, uint64_t timeout_ns, krait_error *err);

/** What a pool is doing and has done; fill with KRAIT_POOL_COUNTS_INIT first. */
typedef struct krait_pool_counts {
    size_t size;          /* of this structure: KRAIT_POOL_COUNTS_INIT sets it */
    uint64_t workers;     /* that can take a job or run one */
    uint64_t ready;       /* instances that wait for a job */
    uint64_t running;     /* jobs */
    uint64_t queued;      /* jobs */
    uint64_t done;        /* jobs that were answered with a result, of whatever kind */
    uint64_t failed;      /* jobs that were answered with an error */
    uint64_t replaced;    /* workers that were started in the place of another one */
    uint64_t discarded;   /* instances that were thrown away after a job */
    uint64_t queue_bytes; /* of all jobs that are not answered */
    uint64_t ready_bytes; /* linear memory of the instances that wait for a job */
} krait_pool_counts;

/** Nothing yet. */
#define KRAIT_POOL_COUNTS_INIT {sizeof(krait_pool_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Look at a pool.
 *
 * @param pool        the pool
 * @param ret_counts  receives the numbers, all of one moment; its size has to be set
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   as said beside each number
 * Owner:   ret_counts is the caller's storage
 * Errors:  KRAIT_EINVAL the size is not that of the structure
 * Threads: any thread
 * Source:  host/pool/pool.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pool_stats(krait_pool *pool,
                                                       krait_pool_counts *ret_counts,
                                                       krait_error *err);

/**
 * Release a pool: cancels what is left, waits until every job is answered, and ends all workers.
 *
 * @param pool  the pool, or NULL
 *
 * Units:   none
 * Owner:   takes the pool
 * Errors:  none
 * Threads: the last user; not a thread of the pool
 * Source:  host/pool/pool.c
 * Since:   0.1
 */
KRAIT_API void krait_pool_free(krait_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_POOL_H */
