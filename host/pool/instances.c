/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances that are kept ready, and used for one job each.
 *
 * Each worker starts Python once and takes a snapshot, with a secret of its own for hashes; its
 * instances go on from there.  (Of a module without snapshots each starts by itself.)  After a job an
 * instance is made as it was: by a reset when the guest came to an end by itself, and by a new sandbox
 * when it was stopped in the middle or trapped.  That is done by krait__instances_tend(), when the job
 * has been answered.
 *
 * One thread uses the instances; others may only cancel the job that runs.
 */
#include "pool/instances.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* What Python has for its start, whatever the jobs have. */
#define START_NS UINT64_C(60000000000)

/* How long one secret for hashes serves. */
#define RENEW_NS UINT64_C(3600000000000)

/* What a reset may leave an instance of the pages that it has written, at most and at least; and what
 * it has besides, counted generously. */
#define KEEP_MOST   UINT64_C(1048576)
#define KEEP_LEAST  UINT64_C(4096)
#define FIXED_BYTES UINT64_C(262144)

typedef struct instance {
    krait_sandbox *sandbox; /* NULL: none */
    uint32_t generation;    /* of the snapshot that it was made from */
    bool is_ready;
    bool is_spoilt; /* not to be used again */
} instance;

struct krait_instances {
    krait_module *module;
    krait_config *config;
    krait_snapshot *snapshot; /* NULL: not taken yet, or there are none of this module */
    uint64_t snapshot_ns;     /* when it was taken */
    uint32_t generation;
    bool has_none;
    uint64_t bytes;      /* most that the ready ones may have */
    uint64_t each_bytes; /* what one may have; 0: not known yet */
    uint32_t count;      /* of places */
    uint32_t ready;
    uint64_t discarded;
    instance *all;
    pthread_mutex_t lock; /* of what follows */
    uint64_t job;
    bool is_cancelled;
    krait_sandbox *current; /* that runs the job */
};

krait_status
krait__instances_new(krait_module *module, const krait_config *config, uint32_t ready,
                     uint64_t bytes, krait_instances **ret_instances, krait_error *err)
{
    krait_instances *instances = krait__calloc(1, sizeof(*instances));
    krait_status status;

    if (instances == NULL)
        return krait__error_nomem(err);
    status = krait__config_copy(config, &instances->config, err);
    instances->module = module;
    instances->count = ready;
    instances->bytes = bytes;
    instances->all = krait__calloc(ready, sizeof(*instances->all));
    if (status == KRAIT_OK &&
        (instances->all == NULL || pthread_mutex_init(&instances->lock, NULL) != 0))
        status = krait__error_nomem(err);
    if (status != KRAIT_OK) {
        krait_config_free(instances->config);
        krait__free(instances->all);
        krait__free(instances);
        return status;
    }
    *ret_instances = instances;
    return KRAIT_OK;
}

static void
drop(krait_instances *instances, instance *one)
{
    if (one->is_ready)
        instances->ready--;
    krait_sandbox_free(one->sandbox);
    memset(one, 0, sizeof(*one));
}

void
krait__instances_free(krait_instances *instances)
{
    if (instances == NULL)
        return;
    for (uint32_t i = 0; i < instances->count; i++)
        drop(instances, &instances->all[i]);
    krait_snapshot_free(instances->snapshot);
    krait_config_free(instances->config);
    (void)pthread_mutex_destroy(&instances->lock);
    krait__free(instances->all);
    krait__free(instances);
}

/* ---- making them -------------------------------------------------------------------------- */

/* Starts Python in a sandbox that is new, with time of its own. */
static krait_status
start(krait_instances *instances, krait_sandbox *sandbox, krait_error *err)
{
    krait_result result;
    krait_status status;

    krait__sandbox_set_limit(sandbox, KRAIT_LIMIT_WALL, START_NS);
    krait__sandbox_set_limit(sandbox, KRAIT_LIMIT_CPU, START_NS);
    status = krait_sandbox_exec(sandbox, "", 0, &result, err);
    if (status != KRAIT_OK)
        return status;
    if (result.kind != KRAIT_RESULT_RETURNED)
        return krait__error_set(err, KRAIT_EIO, 0, "Python did not start: %s", result.message);
    instances->each_bytes = result.peak_memory_bytes;
    return KRAIT_OK;
}

/* What one may keep, so that all of them together are not more than they may be. */
static void
share_bytes(krait_instances *instances)
{
    const uint64_t each = instances->bytes / instances->count;
    uint64_t keep = each > FIXED_BYTES ? each - FIXED_BYTES : 0;

    if (keep > KEEP_MOST)
        keep = KEEP_MOST;
    if (keep < KEEP_LEAST)
        keep = KEEP_LEAST;
    instances->config->keep_bytes = keep;
    instances->each_bytes = FIXED_BYTES + keep;
}

/* Once; a module without snapshots is no error. */
static krait_status
take_snapshot(krait_instances *instances, krait_error *err)
{
    krait_config *config = NULL;
    krait_error error;
    krait_status status;

    if (instances->snapshot != NULL || instances->has_none)
        return KRAIT_OK;
    status = krait__config_copy(instances->config, &config, err);
    if (status != KRAIT_OK)
        return status;
    config->limits[KRAIT_LIMIT_WALL] = config->limits[KRAIT_LIMIT_CPU] = START_NS;
    status = krait_snapshot_make(instances->module, config, NULL, &instances->snapshot, &error);
    krait_config_free(config);
    if (status == KRAIT_EUNSUPPORTED) {
        instances->has_none = true;
        return KRAIT_OK;
    }
    instances->snapshot_ns = krait__clock_ns(CLOCK_MONOTONIC);
    if (status == KRAIT_OK)
        share_bytes(instances);
    else if (err != NULL)
        *err = error;
    return status;
}

/* A new sandbox; of a snapshot it is ready. */
static krait_status
make(krait_instances *instances, krait_sandbox **ret_sandbox, krait_error *err)
{
    krait_status status = take_snapshot(instances, err);

    if (status != KRAIT_OK)
        return status;
    if (instances->snapshot != NULL)
        return krait_sandbox_new_from(instances->snapshot, instances->config, ret_sandbox, err);
    return krait_sandbox_new(instances->module, instances->config, ret_sandbox, err);
}

/* Makes the instance in this place ready, whatever is there. */
static krait_status
make_ready(krait_instances *instances, instance *one, krait_error *err)
{
    krait_status status;

    if (one->is_spoilt || one->generation != instances->generation)
        drop(instances, one);
    one->generation = instances->generation;
    if (one->sandbox != NULL)
        status = krait_sandbox_reset(one->sandbox, err);
    else
        status = make(instances, &one->sandbox, err);
    if (status == KRAIT_OK && instances->snapshot == NULL)
        status = start(instances, one->sandbox, err);
    if (status != KRAIT_OK) {
        drop(instances, one);
        return status;
    }
    one->is_ready = true;
    instances->ready++;
    return KRAIT_OK;
}

/* How many should be ready. */
static uint32_t
wanted(const krait_instances *instances)
{
    uint64_t most = instances->count;

    if (instances->each_bytes != 0 && instances->bytes / instances->each_bytes < most)
        most = instances->bytes / instances->each_bytes;
    return (uint32_t)most;
}

void
krait__instances_renew(krait_instances *instances)
{
    if (instances->snapshot == NULL)
        return;
    /* Those that were made from it hold it. */
    krait_snapshot_free(instances->snapshot);
    instances->snapshot = NULL;
    instances->generation++;
}

static krait_status
tend(krait_instances *instances, bool *ret_did, krait_error *err)
{
    const uint32_t most = wanted(instances);
    instance *used = NULL;
    instance *ready = NULL;
    instance *empty = NULL;

    for (uint32_t i = 0; i < instances->count; i++) {
        instance *one = &instances->all[i];

        if (one->sandbox == NULL)
            empty = one;
        else if (one->is_ready)
            ready = one;
        else
            used = one;
    }
    *ret_did = true;
    if (used != NULL && instances->ready < most)
        return make_ready(instances, used, err);
    if (used != NULL) {
        drop(instances, used);
        return KRAIT_OK;
    }
    if (empty != NULL && instances->ready < most)
        return make_ready(instances, empty, err);
    *ret_did = ready != NULL && instances->ready > most;
    if (*ret_did)
        drop(instances, ready);
    return KRAIT_OK;
}

krait_status
krait__instances_tend(krait_instances *instances, bool *ret_did, krait_error *err)
{
    if (krait__clock_ns(CLOCK_MONOTONIC) - instances->snapshot_ns > RENEW_NS)
        krait__instances_renew(instances);
    return tend(instances, ret_did, err);
}

/* One that is ready; made now when there is none. */
static krait_status
take(krait_instances *instances, instance **ret_one, krait_error *err)
{
    krait_status status = KRAIT_OK;
    uint32_t i = 0;

    while (i < instances->count - 1 && !instances->all[i].is_ready)
        i++;
    if (!instances->all[i].is_ready)
        status = make_ready(instances, &instances->all[i], err);
    if (status != KRAIT_OK)
        return status;
    instances->all[i].is_ready = false;
    instances->ready--;
    *ret_one = &instances->all[i];
    return KRAIT_OK;
}

krait_supply
krait__instances_ready(const krait_instances *instances)
{
    return (krait_supply){.ready = instances->ready,
                          .bytes = instances->ready * instances->each_bytes,
                          .discarded = instances->discarded};
}

/* ---- cancellation ------------------------------------------------------------------------- */

void
krait__instances_arm(krait_instances *instances, uint64_t job)
{
    (void)pthread_mutex_lock(&instances->lock);
    instances->job = job;
    instances->is_cancelled = false;
    (void)pthread_mutex_unlock(&instances->lock);
}

void
krait__instances_cancel(krait_instances *instances, uint64_t job)
{
    (void)pthread_mutex_lock(&instances->lock);
    if (instances->job == job) {
        instances->is_cancelled = true;
        if (instances->current != NULL)
            krait_sandbox_cancel(instances->current);
    }
    (void)pthread_mutex_unlock(&instances->lock);
}

static void
set_current(krait_instances *instances, krait_sandbox *sandbox)
{
    (void)pthread_mutex_lock(&instances->lock);
    instances->current = sandbox;
    if (sandbox != NULL && instances->is_cancelled)
        krait_sandbox_cancel(sandbox);
    (void)pthread_mutex_unlock(&instances->lock);
}

/* ---- running ------------------------------------------------------------------------------ */

static void
set_limits(const krait_config *config, krait_sandbox *sandbox, const krait_job_spec *spec)
{
    const uint64_t own[KRAIT_WIRE_LIMITS] = {spec->wall_ns, spec->cpu_ns, spec->output_bytes,
                                             spec->host_calls};

    for (size_t i = 0; i < KRAIT_WIRE_LIMITS; i++) {
        const krait_limit limit = krait__wire_limits[i];

        krait__sandbox_set_limit(sandbox, limit, own[i] != 0 ? own[i] : config->limits[limit]);
    }
}

static krait_status
put_files(krait_sandbox *sandbox, const krait_job_spec *spec, krait_error *err)
{
    for (size_t i = 0; i < spec->file_count; i++) {
        const krait_job_file *file = &spec->files[i];
        krait_status status = krait_sandbox_put_file(sandbox, file->path, file->bytes, file->size,
                                                     err);

        if (status != KRAIT_OK)
            return status;
    }
    return KRAIT_OK;
}

/* What the code wrote and took, while the function runs. */
typedef struct first_part {
    krait_buffer out;
    krait_buffer error;
    krait_result result;
} first_part;

static bool
keep(first_part *first, const krait_result *result)
{
    first->result = *result;
    return krait__buffer_add(&first->out, result->stdout_bytes, result->stdout_size) &&
           krait__buffer_add(&first->error, result->stderr_bytes, result->stderr_size);
}

/* Puts that in front of what the function's result says. */
static bool
join(first_part *first, krait_result *result)
{
    if (!krait__buffer_add(&first->out, result->stdout_bytes, result->stdout_size) ||
        !krait__buffer_add(&first->error, result->stderr_bytes, result->stderr_size))
        return false;
    result->stdout_bytes = krait__buffer_text(&first->out);
    result->stdout_size = first->out.size;
    result->stderr_bytes = krait__buffer_text(&first->error);
    result->stderr_size = first->error.size;
    result->truncated |= first->result.truncated;
    result->wall_ns += first->result.wall_ns;
    result->cpu_ns += first->result.cpu_ns;
    return true;
}

static krait_status
run_both(krait_sandbox *sandbox, const krait_job_spec *spec, first_part *first,
         krait_result *result, krait_error *err)
{
    krait_status status = krait_sandbox_exec(sandbox, spec->code, spec->code_size, result, err);

    if (status != KRAIT_OK || result->kind != KRAIT_RESULT_RETURNED)
        return status;
    if (!keep(first, result))
        return krait__error_nomem(err);
    status = krait_sandbox_call(sandbox, spec->function, spec->format, spec->args, spec->args_size,
                                result, err);
    if (status == KRAIT_OK && !join(first, result))
        status = krait__error_nomem(err);
    return status;
}

static krait_status
run_parts(krait_sandbox *sandbox, const krait_job_spec *spec, first_part *first,
          krait_result *result, krait_error *err)
{
    if (spec->code != NULL && spec->function != NULL)
        return run_both(sandbox, spec, first, result, err);
    if (spec->code != NULL)
        return krait_sandbox_exec(sandbox, spec->code, spec->code_size, result, err);
    return krait_sandbox_call(sandbox, spec->function, spec->format, spec->args, spec->args_size,
                              result, err);
}

/* Appends what was wanted, or why it is not there (`status`). */
static void
put_wanted(krait_sandbox *sandbox, const krait_job_spec *spec, krait_status status,
           krait_frame *frame)
{
    krait__put_u32(frame, (uint32_t)spec->wanted_count);
    for (size_t i = 0; i < spec->wanted_count; i++) {
        const void *bytes = NULL;
        size_t size = 0;
        krait_status file = status;

        if (file == KRAIT_OK)
            file = krait_sandbox_get_file(sandbox, spec->wanted[i], &bytes, &size, NULL);
        krait__put_u32(frame, (uint32_t)file);
        krait__put_bytes(frame, bytes, file == KRAIT_OK ? size : 0);
    }
}

/* The answer when there is no result. */
static krait_status
fill_error(const krait_job_view *job, krait_done *done, krait_frame *frame, krait_error *err)
{
    memset(&done->result, 0, sizeof(done->result));
    krait__done_begin(frame, job->number, done);
    put_wanted(NULL, &job->spec, done->status, frame);
    return krait__frame_end(frame, err);
}

static bool
was_stopped(const krait_result *result)
{
    return result->kind == KRAIT_RESULT_TRAPPED || result->kind == KRAIT_RESULT_LIMIT ||
           result->kind == KRAIT_RESULT_CANCELLED;
}

/* Runs it in this instance; the frame is begun when that went well. */
static krait_status
run_in(krait_instances *instances, instance *one, const krait_job_view *job, krait_frame *frame,
       krait_done *done)
{
    first_part first;
    krait_status status;

    memset(&first, 0, sizeof(first));
    set_limits(instances->config, one->sandbox, &job->spec);
    status = put_files(one->sandbox, &job->spec, &done->error);
    if (status == KRAIT_OK) {
        set_current(instances, one->sandbox);
        status = run_parts(one->sandbox, &job->spec, &first, &done->result, &done->error);
        set_current(instances, NULL);
        one->is_spoilt = status != KRAIT_OK || was_stopped(&done->result);
        instances->discarded += one->is_spoilt;
    }
    if (status == KRAIT_OK) {
        krait__done_begin(frame, job->number, done);
        put_wanted(one->sandbox, &job->spec, KRAIT_OK, frame);
        status = krait__frame_end(frame, &done->error);
    }
    krait__buffer_release(&first.out);
    krait__buffer_release(&first.error);
    return status;
}

krait_status
krait__instances_run(krait_instances *instances, const krait_job_view *job, krait_begun_fn begun,
                     void *data, krait_frame *frame, krait_error *err)
{
    krait_done done;
    instance *one = NULL;

    memset(&done, 0, sizeof(done));
    done.status = take(instances, &one, &done.error);
    if (begun != NULL)
        begun(data, job->number);
    if (done.status == KRAIT_OK)
        done.status = run_in(instances, one, job, frame, &done);
    if (done.status == KRAIT_OK)
        return KRAIT_OK;
    return fill_error(job, &done, frame, err);
}
