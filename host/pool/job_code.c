/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs and their answers as frames (JOB and DONE of wire.h).  Threads take the same way as
 * processes: a job is kept as its frame while it waits, and an answer is what its frame points to.
 */
#include "pool/wire.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

const krait_limit krait__wire_limits[KRAIT_WIRE_LIMITS] = {
    KRAIT_LIMIT_WALL, KRAIT_LIMIT_CPU, KRAIT_LIMIT_OUTPUT, KRAIT_LIMIT_HOST_CALLS};

krait_status
krait__job_encode(uint64_t number, const krait_job_spec *spec, krait_frame *frame, krait_error *err)
{
    krait__frame_begin(frame, KRAIT_WIRE_JOB);
    krait__put_u64(frame, number);
    krait__put_u64(frame, spec->wall_ns);
    krait__put_u64(frame, spec->cpu_ns);
    krait__put_u64(frame, spec->output_bytes);
    krait__put_u64(frame, spec->host_calls);
    krait__put_u32(frame, spec->code != NULL);
    krait__put_bytes(frame, spec->code, spec->code != NULL ? spec->code_size : 0);
    krait__put_text(frame, spec->function != NULL ? spec->function : "");
    krait__put_u32(frame, (uint32_t)spec->format);
    krait__put_bytes(frame, spec->args, spec->args_size);
    krait__put_u32(frame, (uint32_t)spec->file_count);
    for (size_t i = 0; i < spec->file_count; i++) {
        krait__put_text(frame, spec->files[i].path);
        krait__put_bytes(frame, spec->files[i].bytes, spec->files[i].size);
    }
    krait__put_u32(frame, (uint32_t)spec->wanted_count);
    for (size_t i = 0; i < spec->wanted_count; i++)
        krait__put_text(frame, spec->wanted[i]);
    return krait__frame_end(frame, err);
}

/* The lists; false: out of memory. */
static bool
take_files(krait_reader *reader, krait_job_view *view)
{
    krait_job_spec *spec = &view->spec;

    spec->file_count = krait__take_count(reader, KRAIT_WIRE_FILES_MAX);
    view->files = krait__calloc(spec->file_count + 1, sizeof(*view->files));
    if (view->files == NULL)
        return false;
    for (size_t i = 0; i < spec->file_count; i++) {
        view->files[i].path = krait__take_text(reader);
        view->files[i].bytes = krait__take_bytes(reader, &view->files[i].size);
    }
    spec->wanted_count = krait__take_count(reader, KRAIT_WIRE_FILES_MAX);
    view->wanted = krait__calloc(spec->wanted_count + 1, sizeof(*view->wanted));
    if (view->wanted == NULL)
        return false;
    for (size_t i = 0; i < spec->wanted_count; i++)
        view->wanted[i] = krait__take_text(reader);
    spec->files = view->files;
    spec->wanted = view->wanted;
    return true;
}

krait_status
krait__job_decode(const void *payload, size_t size, krait_job_view *ret_view, krait_error *err)
{
    const krait_job_spec none = KRAIT_JOB_SPEC_INIT;
    krait_reader reader = krait__reader(payload, size);
    krait_job_spec *spec = &ret_view->spec;
    uint32_t has_code;
    uint32_t format;

    memset(ret_view, 0, sizeof(*ret_view));
    *spec = none;
    ret_view->number = krait__take_u64(&reader);
    spec->wall_ns = krait__take_u64(&reader);
    spec->cpu_ns = krait__take_u64(&reader);
    spec->output_bytes = krait__take_u64(&reader);
    spec->host_calls = krait__take_u64(&reader);
    has_code = krait__take_u32(&reader);
    spec->code = krait__take_bytes(&reader, &spec->code_size);
    spec->function = krait__take_text(&reader);
    format = krait__take_u32(&reader);
    spec->args = krait__take_bytes(&reader, &spec->args_size);
    if (!take_files(&reader, ret_view))
        return krait__error_nomem(err);
    if (has_code > 1 || format > KRAIT_BYTES || ret_view->number == 0 ||
        !krait__reader_ends(&reader))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "a job is malformed");
    spec->format = (krait_format)format;
    if (has_code == 0)
        spec->code = NULL;
    if (spec->function[0] == '\0')
        spec->function = NULL;
    return KRAIT_OK;
}

void
krait__job_view_release(krait_job_view *view)
{
    krait__free(view->files);
    krait__free(view->wanted);
    memset(view, 0, sizeof(*view));
}

/* ---- answers ------------------------------------------------------------------------------ */

void
krait__done_begin(krait_frame *frame, uint64_t number, const krait_done *done)
{
    const krait_result *result = &done->result;

    krait__frame_begin(frame, KRAIT_WIRE_DONE);
    krait__put_u64(frame, number);
    krait__put_u32(frame, (uint32_t)done->status);
    krait__put_u32(frame, (uint32_t)done->error.sys_errno);
    krait__put_text(frame, done->status != KRAIT_OK ? done->error.text : "");
    krait__put_u32(frame, (uint32_t)result->kind);
    krait__put_u32(frame, result->exit_code);
    krait__put_u32(frame, result->trap);
    krait__put_u32(frame, (uint32_t)result->limit);
    krait__put_u32(frame, result->truncated);
    krait__put_u64(frame, result->fuel_spent);
    krait__put_u64(frame, result->wall_ns);
    krait__put_u64(frame, result->cpu_ns);
    krait__put_u64(frame, result->peak_memory_bytes);
    krait__put_bytes(frame, result->stdout_bytes, result->stdout_size);
    krait__put_bytes(frame, result->stderr_bytes, result->stderr_size);
    krait__put_u32(frame, result->value != NULL);
    krait__put_bytes(frame, result->value, result->value_size);
    krait__put_text(frame, result->message);
    krait__put_text(frame, result->backtrace);
}

uint64_t
krait__done_number(const void *payload, size_t size)
{
    krait_reader reader = krait__reader(payload, size);

    return krait__take_u64(&reader);
}

/* A text into an array that it has to fit. */
static void
take_into(krait_reader *reader, char *to, size_t room)
{
    const char *text = krait__take_text(reader);

    if (strlen(text) >= room) {
        reader->failed = true;
        return;
    }
    (void)snprintf(to, room, "%s", text);
}

static void
take_result(krait_reader *reader, krait_result *result)
{
    uint32_t kind = krait__take_u32(reader);
    uint32_t limit;
    uint32_t has_value;

    result->exit_code = krait__take_u32(reader);
    result->trap = krait__take_u32(reader);
    limit = krait__take_u32(reader);
    result->truncated = krait__take_u32(reader);
    result->fuel_spent = krait__take_u64(reader);
    result->wall_ns = krait__take_u64(reader);
    result->cpu_ns = krait__take_u64(reader);
    result->peak_memory_bytes = krait__take_u64(reader);
    result->stdout_bytes = krait__take_bytes(reader, &result->stdout_size);
    result->stderr_bytes = krait__take_bytes(reader, &result->stderr_size);
    has_value = krait__take_u32(reader);
    result->value = krait__take_bytes(reader, &result->value_size);
    take_into(reader, result->message, sizeof(result->message));
    take_into(reader, result->backtrace, sizeof(result->backtrace));
    if (kind > KRAIT_RESULT_RETURNED || limit >= KRAIT_LIMIT_COUNT || has_value > 1 ||
        (limit != KRAIT_LIMIT_NONE) != (kind == KRAIT_RESULT_LIMIT))
        reader->failed = true;
    result->kind = (krait_result_kind)kind;
    result->limit = (krait_limit)limit;
    if (has_value == 0)
        result->value = NULL;
}

bool
krait__done_decode(const void *payload, size_t size, krait_job_result *result,
                   krait_job_file *files, size_t file_count)
{
    krait_reader reader = krait__reader(payload, size);
    uint32_t status;

    (void)krait__take_u64(&reader);
    status = krait__take_u32(&reader);
    memset(&result->error, 0, sizeof(result->error));
    memset(&result->result, 0, sizeof(result->result));
    result->error.sys_errno = (int)krait__take_u32(&reader);
    take_into(&reader, result->error.text, sizeof(result->error.text));
    take_result(&reader, &result->result);
    if (status > KRAIT_ESTATE || krait__take_u32(&reader) != file_count)
        return false;
    for (size_t i = 0; i < file_count; i++) {
        const uint32_t code = krait__take_u32(&reader);

        files[i].bytes = krait__take_bytes(&reader, &files[i].size);
        if (code > KRAIT_ESTATE)
            return false;
        files[i].status = (krait_status)code;
        if (code != KRAIT_OK)
            files[i].bytes = NULL;
    }
    if ((status != KRAIT_OK) != (result->error.text[0] != '\0'))
        return false;
    result->status = (krait_status)status;
    result->error.code = result->status;
    return krait__reader_ends(&reader);
}
