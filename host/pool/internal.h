/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the pool share.
 *
 * A pool has a driver for each worker, a thread: it takes jobs from the queue and has them run, in
 * itself or in its process.  One more thread, the keeper, gives the answers of jobs that never ran.
 * Callbacks run on these threads only, and without the lock.
 *
 * The lock guards the queue, the table of jobs, their states, and what a driver says of itself.
 * Under it nothing waits.
 */
#ifndef KRAIT_POOL_INTERNAL_H
#define KRAIT_POOL_INTERNAL_H

#include "pool/instances.h"
#include "pool/queue.h"
#include "pool/wire.h"

#include <pthread.h>

typedef struct krait_driver krait_driver;

/* How a driver does its work; on its thread unless said otherwise. */
typedef struct krait_driver_ops {
    /* A step towards being ready; *ret_did: there was one.  After a failure it pauses. */
    krait_status (*tend)(krait_driver *driver, bool *ret_did, krait_error *err);
    /* Waits for a wake-up, at most until `until_ns` (0: without an end), or for its worker. */
    void (*wait)(krait_driver *driver, uint64_t until_ns);
    /* Runs the job and sets its answer; false: it did not begin, and may run elsewhere instead. */
    bool (*run)(krait_driver *driver, krait_queued_job *job);
    /* Ends the job that runs; with the lock, on any thread. */
    void (*cancel)(krait_driver *driver, uint64_t job);
    void (*close)(krait_driver *driver);
} krait_driver_ops;

struct krait_driver {
    krait_pool *pool;
    const krait_driver_ops *ops;
    pthread_t thread;
    bool has_thread;
    int wake_fd;
    void *own; /* of thread.c or process.c */

    /* Of the pool's lock: */
    krait_queued_job *job; /* that it runs */
    krait_driver *next_idle;
    bool is_idle;
    bool can_run;   /* has a worker */
    bool has_tried; /* its first step has ended */
    krait_supply ready;
    uint64_t discarded_before; /* by workers before this one */
    uint64_t replaced;

    /* Its own: */
    uint32_t failures; /* steps in a row that failed, workers that died without a job included */
    uint64_t pause_until_ns;
};

typedef enum krait_pool_state {
    KRAIT_POOL_RUNS,
    KRAIT_POOL_DRAINS, /* no new jobs */
    KRAIT_POOL_STOPS   /* no jobs are left, drivers end */
} krait_pool_state;

struct krait_pool {
    krait_pool_options options; /* without zeros */
    krait_module *module;
    krait_config *config; /* its own */
    krait_frame open;     /* what a process is told first */
    char *worker;         /* the program of processes */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic; jobs end, drivers have tried */

    krait_pool_state state;
    krait_queue queue;
    krait_numbers jobs;   /* all that are not answered */
    uint64_t last_job;    /* number */
    uint64_t outstanding; /* jobs whose callback has not returned */
    uint64_t running;
    uint64_t bytes; /* of all jobs that are not answered */
    uint64_t done;
    uint64_t failed;
    uint64_t cut_off;        /* jobs that were cancelled when a drain's time was up */
    krait_error start_error; /* of the driver that failed last */

    krait_driver *drivers;
    krait_driver *idle;       /* those that can run a job and have none; through `next_idle` */
    pthread_mutex_t end_lock; /* one stops it at a time, when no job is left; taken before `lock` */

    pthread_t keeper;
    bool has_keeper;
    pthread_cond_t keeper_wake;
    krait_queued_job *answers; /* that the keeper gives; through `next` */
    krait_queued_job *last_answer;
};

/* ---- pool.c ----------------------------------------------------------------------------- */

/* The job has its answer: calls the callback, counts, and frees it.  Without the lock. */
void krait__pool_answer(krait_pool *pool, krait_queued_job *job);
/* Leaves that to the keeper; with the lock. */
void krait__pool_answer_later(krait_pool *pool, krait_queued_job *job);
/* Takes every job out of the queue and cancels what runs; with the lock.  How many. */
uint64_t krait__pool_cancel_all(krait_pool *pool);
/* ---- driver.c --------------------------------------------------------------------------- */

/* Starts it, with signals blocked but those of faults and the engine's. */
krait_status krait__driver_start(krait_driver *driver, krait_error *err);
/* The keeper, in the same way. */
krait_status krait__keeper_start(krait_pool *pool, krait_error *err);
/* Is the calling thread one of the pool's? */
bool krait__pool_is_own_thread(const krait_pool *pool);
/* Its next step is later, and later each time. */
void krait__driver_pause(krait_driver *driver);
/* Any thread. */
void krait__driver_wake(const krait_driver *driver);
/* Its worker is gone: no wake-up for a job may end with it; with the lock. */
void krait__driver_cannot_run(krait_driver *driver);
/* Takes wake-ups back. */
void krait__driver_unwake(const krait_driver *driver);
/* One idle driver has something to do; with the lock. */
void krait__driver_wake_idle(krait_pool *pool);

/* ---- thread.c, process.c ------------------------------------------------------------------ */

krait_status krait__thread_driver(krait_driver *driver, krait_error *err);
krait_status krait__process_driver(krait_driver *driver, krait_error *err);
/* What all of them need; once. */
krait_status krait__process_prepare(krait_pool *pool, krait_error *err);

#endif /* KRAIT_POOL_INTERNAL_H */
