/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait-worker: the process that runs the jobs of a pool (host/pool/wire.h has the frames).
 *
 * The main thread runs guests and writes frames; a second one reads them, so that a cancellation, the
 * answer of a host function and the end of the pool are heard while a guest runs.  What is wrong on
 * the wire, or cannot be written, ends the process: the pool starts another one.
 */
#ifndef KRAIT_WORKER_WORKER_H
#define KRAIT_WORKER_WORKER_H

#include "pool/child.h"
#include "pool/instances.h"
#include "pool/queue.h"

#include <pthread.h>

typedef struct krait_worker krait_worker;

/* What a host function's name stands for here. */
typedef struct krait_asked {
    krait_worker *worker;
    uint32_t index;
} krait_asked;

struct krait_worker {
    krait_engine *engine;
    krait_module *module;
    krait_config *config;
    krait_instances *instances;
    krait_asked *functions;
    uint32_t told;        /* how many ready instances the pool knows of */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    uint64_t number;  /* of the job that was read and not answered; 0: none */
    krait_buffer job; /* its frame's payload */
    bool has_job;     /* the main thread has not taken it yet */
    uint32_t last_call;
    krait_numbers calls; /* of host functions: those that are not answered */
};

/* ---- stream.c --------------------------------------------------------------------------- */

/* Ends the process. */
_Noreturn void krait__worker_end(int status);
/* Reads a whole frame; ends the process when there is none. */
void krait__worker_read(uint32_t *ret_kind, krait_buffer *payload);
/* Writes a whole frame, which was encoded with this status; ends the process when it cannot. */
void krait__worker_write(const krait_frame *frame, krait_status status);

/* ---- ask.c ------------------------------------------------------------------------------ */

/* The krait_function of all names; data is a krait_asked. */
int krait__worker_ask(void *data, krait_call *call);
/* An ANSWER came. */
void krait__worker_answer(krait_worker *worker, const krait_answer_message *answer);
/* The job has ended: nobody waits for its calls. */
void krait__worker_forget(krait_worker *worker);

/* ---- serve.c ---------------------------------------------------------------------------- */

/* Opens what the first frame says. */
krait_status krait__worker_open(krait_worker *worker, const krait_buffer *payload,
                                krait_error *err);
/* Runs jobs until the pool is gone. */
_Noreturn void krait__worker_serve(krait_worker *worker);

#endif /* KRAIT_WORKER_WORKER_H */
