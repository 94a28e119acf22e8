/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job from its spec to its answer.  All memory that its answer needs, besides what the guest
 * gives, is there when the job is taken: so there always is an answer.
 */
#include "pool/queue.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* ---- the spec ----------------------------------------------------------------------------- */

static krait_status
check_files(const krait_job_spec *spec, krait_error *err)
{
    if (spec->file_count > KRAIT_WIRE_FILES_MAX || spec->wanted_count > KRAIT_WIRE_FILES_MAX)
        return krait__error_set(err, KRAIT_EINVAL, 0, "a job has more than %u files",
                                KRAIT_WIRE_FILES_MAX);
    if ((spec->files == NULL && spec->file_count != 0) ||
        (spec->wanted == NULL && spec->wanted_count != 0))
        return krait__error_set(err, KRAIT_EINVAL, 0, "a list of files is NULL");
    for (size_t i = 0; i < spec->file_count; i++) {
        const krait_job_file *file = &spec->files[i];

        if (file->path == NULL || file->path[0] != '/' || (file->bytes == NULL && file->size != 0))
            return krait__error_set(err, KRAIT_EINVAL, 0, "file %zu has no absolute path or bytes",
                                    i);
    }
    for (size_t i = 0; i < spec->wanted_count; i++) {
        if (spec->wanted[i] == NULL || spec->wanted[i][0] != '/')
            return krait__error_set(err, KRAIT_EINVAL, 0, "wanted file %zu has no absolute path",
                                    i);
    }
    return KRAIT_OK;
}

static krait_status
check_spec(const krait_job_spec *spec, const krait_config *config, krait_error *err)
{
    const uint64_t most = config->limits[KRAIT_LIMIT_VALUE];

    if (spec->size != sizeof(*spec))
        return krait__error_set(err, KRAIT_EINVAL, 0, "the job has %zu bytes, not %zu", spec->size,
                                sizeof(*spec));
    if (spec->code == NULL && (spec->function == NULL || spec->function[0] == '\0'))
        return krait__error_set(err, KRAIT_EINVAL, 0, "the job has neither code nor a function");
    if (spec->format != KRAIT_JSON && spec->format != KRAIT_BYTES)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there is no format %d", (int)spec->format);
    if (spec->args == NULL && spec->args_size != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "the arguments are NULL");
    if ((spec->code != NULL && spec->code_size > most) || spec->args_size > most)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "code or arguments are more than the %llu bytes of a value",
                                (unsigned long long)most);
    return check_files(spec, err);
}

/* How long it may run, both parts together. */
static uint64_t
wall_of(const krait_job_spec *spec, const krait_config *config)
{
    const uint64_t each = spec->wall_ns != 0 ? spec->wall_ns : config->limits[KRAIT_LIMIT_WALL];

    if (each >= KRAIT_UNLIMITED / 2)
        return KRAIT_UNLIMITED;
    return spec->code != NULL && spec->function != NULL ? 2 * each : each;
}

/* The wanted files' paths are in the job's frame. */
static krait_status
point_to_paths(krait_queued_job *job, krait_error *err)
{
    krait_answer *answer = job->answer;
    krait_job_view view;
    krait_status status = krait__job_view(job, &view, err);

    if (status == KRAIT_OK) {
        answer->files = krait__calloc(view.spec.wanted_count + 1, sizeof(*answer->files));
        if (answer->files == NULL)
            status = krait__error_nomem(err);
    }
    if (status == KRAIT_OK) {
        answer->result.files = answer->files;
        answer->result.file_count = view.spec.wanted_count;
        for (size_t i = 0; i < view.spec.wanted_count; i++)
            answer->files[i].path = view.wanted[i];
    }
    krait__job_view_release(&view);
    return status;
}

krait_status
krait__job_new(uint64_t number, const krait_job_spec *spec, const krait_config *config,
               krait_queued_job **ret_job, krait_error *err)
{
    krait_status status = check_spec(spec, config, err);
    krait_queued_job *job;

    if (status != KRAIT_OK)
        return status;
    job = krait__calloc(1, sizeof(*job));
    if (job == NULL)
        return krait__error_nomem(err);
    job->answer = krait__calloc(1, sizeof(*job->answer));
    if (job->answer == NULL)
        status = krait__error_nomem(err);
    if (status == KRAIT_OK)
        status = krait__job_encode(number, spec, &job->answer->job, err);
    if (status == KRAIT_OK)
        status = point_to_paths(job, err);
    if (status != KRAIT_OK) {
        krait__job_free(job);
        return status;
    }
    job->node.key = number;
    job->answer->result.job = number;
    job->answer->result.tenant = spec->tenant;
    job->wall_ns = wall_of(spec, config);
    job->submitted_ns = krait__clock_ns(CLOCK_MONOTONIC);
    *ret_job = job;
    return KRAIT_OK;
}

void
krait__job_free(krait_queued_job *job)
{
    if (job == NULL)
        return;
    if (job->answer != NULL)
        krait_job_result_free(&job->answer->result);
    krait__free(job);
}

uint64_t
krait__job_bytes(const krait_queued_job *job)
{
    return sizeof(*job) + sizeof(*job->answer) + job->answer->job.buffer.capacity +
           job->answer->result.file_count * sizeof(krait_job_file);
}

krait_status
krait__job_view(const krait_queued_job *job, krait_job_view *ret_view, krait_error *err)
{
    const krait_buffer *frame = &job->answer->job.buffer;

    return krait__job_decode(frame->bytes + KRAIT_WIRE_HEAD, frame->size - KRAIT_WIRE_HEAD,
                             ret_view, err);
}

/* ---- the answer --------------------------------------------------------------------------- */

void
krait_job_result_free(krait_job_result *result)
{
    krait_answer *answer = (krait_answer *)result;

    if (answer == NULL)
        return;
    krait__frame_release(&answer->job);
    krait__buffer_release(&answer->done);
    krait__free(answer->files);
    krait__free(answer);
}

/* Nothing that points into a frame that is not kept. */
static void
clear(krait_answer *answer, krait_status files)
{
    krait_result *result = &answer->result.result;

    krait__buffer_release(&answer->done);
    memset(result, 0, sizeof(*result));
    memset(&answer->result.error, 0, sizeof(answer->result.error));
    answer->result.status = KRAIT_OK;
    result->stdout_bytes = result->stderr_bytes = "";
    for (size_t i = 0; i < answer->result.file_count; i++) {
        answer->files[i].bytes = NULL;
        answer->files[i].size = 0;
        answer->files[i].status = files;
    }
}

bool
krait__job_answer(krait_queued_job *job, krait_buffer *done, size_t at)
{
    krait_answer *answer = job->answer;

    if (!krait__done_decode(done->bytes + at, done->size - at, &answer->result, answer->files,
                            answer->result.file_count)) {
        clear(answer, KRAIT_EIO);
        return false;
    }
    answer->done = *done;
    memset(done, 0, sizeof(*done));
    return true;
}

void
krait__job_fail(krait_queued_job *job, const krait_error *error)
{
    clear(job->answer, error->code);
    job->answer->result.status = error->code;
    job->answer->result.error = *error;
}

void
krait__job_cancelled(krait_queued_job *job, const char *why)
{
    krait_result *result = &job->answer->result.result;

    clear(job->answer, KRAIT_ENOTFOUND);
    result->kind = KRAIT_RESULT_CANCELLED;
    (void)snprintf(result->message, sizeof(result->message), "%s", why);
}
