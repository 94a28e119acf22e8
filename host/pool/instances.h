/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instances of one worker, thread or process: some that are ready, and one that runs a job.
 */
#ifndef KRAIT_POOL_INSTANCES_H
#define KRAIT_POOL_INSTANCES_H

#include "pool/wire.h"

typedef struct krait_instances krait_instances;

/* Where a job is told to have begun; NULL: nobody wants to know. */
typedef void (*krait_begun_fn)(void *data, uint64_t job);

/* So many of them ready, at most `bytes` of linear memory; module and config outlive it. */
krait_status krait__instances_new(krait_module *module, const krait_config *config, uint32_t ready,
                                  uint64_t bytes, krait_instances **ret_instances,
                                  krait_error *err);
void krait__instances_free(krait_instances *instances); /* takes NULL */

/* The next ones that are made come from a new snapshot, with a secret for hashes of its own; those that
 * are ready stay until they are used.  tend does it every hour. */
void krait__instances_renew(krait_instances *instances);

/* One step towards as many ready ones as there should be.  *ret_did: there was one. */
krait_status krait__instances_tend(krait_instances *instances, bool *ret_did, krait_error *err);

/* From now on cancellations of this job count, and of no other; from any thread. */
void krait__instances_arm(krait_instances *instances, uint64_t job);
void krait__instances_cancel(krait_instances *instances, uint64_t job);

/* Runs a job, in an instance that is made now when none is ready, and completes the frame DONE.  The
 * instance is used up: tend makes it anew.  Fails only when there is no frame. */
krait_status krait__instances_run(krait_instances *instances, const krait_job_view *job,
                                  krait_begun_fn begun, void *data, krait_frame *frame,
                                  krait_error *err);

krait_supply krait__instances_ready(const krait_instances *instances);

#endif /* KRAIT_POOL_INSTANCES_H */
