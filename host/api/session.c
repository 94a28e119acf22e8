/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: code and functions that run in a Python that stays, as guest_call.h says.
 *
 * The guest fetches its input and tells the outcome by imports, so that one call of the host is one
 * call into the guest.  Once the guest has begun, a call that does not come back leaves Python in the
 * middle of something: the session is over then.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/guest.h"

#include <krait/guest_call.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Most bytes of a message or traceback that are kept before they go into a result. */
#define TEXT_MAX 65536u

/* ---- what the guest imports --------------------------------------------------------------- */

krait_trap
krait__session_input_size(void *env, krait_ctx *ctx, krait_cell *slots)
{
    krait_sandbox *sandbox = env;
    const uint32_t input = slots[0].i32;
    int error = 0;

    if (input >= KRAIT_GUEST_INPUTS)
        error = EINVAL;
    else if (krait__guest_write_u32(ctx, slots[1].i32, (uint32_t)sandbox->input_sizes[input]) != 0)
        error = EFAULT;
    sandbox->has_begun = true;
    return krait__wasi_return(slots, error);
}

krait_trap
krait__session_input_get(void *env, krait_ctx *ctx, krait_cell *slots)
{
    const krait_sandbox *sandbox = env;
    const uint32_t input = slots[0].i32;
    int error = 0;

    if (input >= KRAIT_GUEST_INPUTS || slots[2].i32 != sandbox->input_sizes[input])
        error = EINVAL;
    else if (slots[2].i32 > 0 &&
             krait__guest_write(ctx, slots[1].i32, sandbox->inputs[input], slots[2].i32) != 0)
        error = EFAULT;
    return krait__wasi_return(slots, error);
}

/* Takes the place of what was told before. */
static int
set_text(krait_buffer *buffer, const char *bytes, size_t size)
{
    buffer->size = 0;
    return krait__buffer_add(buffer, bytes, size) ? 0 : ENOMEM;
}

static int
put(krait_sandbox *sandbox, krait_ctx *ctx, uint32_t what, uint32_t address, uint32_t size)
{
    const char *bytes = krait__guest_span(ctx, address, size);

    if (bytes == NULL)
        return EFAULT;
    switch (what) {
    case KRAIT_OUTCOME_VALUE:
        if (size > sandbox->config->limits[KRAIT_LIMIT_VALUE])
            return E2BIG;
        return set_text(&sandbox->value, bytes, size);
    case KRAIT_OUTCOME_MESSAGE:
        return set_text(&sandbox->message, bytes, size < TEXT_MAX ? size : TEXT_MAX);
    case KRAIT_OUTCOME_TRACEBACK:
        /* Its end says most. */
        if (size > TEXT_MAX) {
            sandbox->truncated |= KRAIT_TRUNCATED_BACKTRACE;
            bytes += size - TEXT_MAX;
            size = TEXT_MAX;
        }
        return set_text(&sandbox->backtrace, bytes, size);
    case KRAIT_OUTCOME_EXIT_CODE:
        return size != sizeof(sandbox->exit_code) ||
                       krait__guest_read(ctx, &sandbox->exit_code, address, size) != 0
                   ? EINVAL
                   : 0;
    default:
        return EINVAL;
    }
}

krait_trap
krait__session_outcome_put(void *env, krait_ctx *ctx, krait_cell *slots)
{
    return krait__wasi_return(slots, put(env, ctx, slots[0].i32, slots[1].i32, slots[2].i32));
}

/* ---- results ------------------------------------------------------------------------------ */

/* One line, without what would make two of it. */
static void
copy_line(const krait_buffer *from, char *to, size_t room)
{
    const char *text = krait__buffer_text(from);
    size_t size = strcspn(text, "\r\n");

    (void)snprintf(to, room, "%.*s", (int)(size < room ? size : room - 1), text);
}

/* The end of it, from the beginning of a line on. */
static void
copy_backtrace(krait_sandbox *sandbox, char *to, size_t room)
{
    const char *text = krait__buffer_text(&sandbox->backtrace);
    size_t size = strlen(text);

    if (size >= room) {
        const char *line;

        text += size - (room - 1);
        line = strchr(text, '\n');
        if (line != NULL && line[1] != '\0')
            text = line + 1;
        sandbox->truncated |= KRAIT_TRUNCATED_BACKTRACE;
    }
    (void)snprintf(to, room, "%s", text);
}

static void
fill_exception(krait_sandbox *sandbox, krait_result *result)
{
    if (result->message[0] == '\0')
        copy_line(&sandbox->message, result->message, sizeof(result->message));
    copy_backtrace(sandbox, result->backtrace, sizeof(result->backtrace));
}

/* The guest has come back with this. */
static void
fill_outcome(krait_sandbox *sandbox, uint32_t told, bool is_call, krait_result *result)
{
    const bool was_ended = result->kind == KRAIT_RESULT_LIMIT ||
                           result->kind == KRAIT_RESULT_CANCELLED;

    switch (told) {
    case KRAIT_GUEST_EXITED:
        if (!was_ended)
            result->kind = KRAIT_RESULT_EXITED;
        result->exit_code = sandbox->exit_code;
        break;
    case KRAIT_GUEST_RETURNED:
        if (!was_ended)
            result->kind = KRAIT_RESULT_RETURNED;
        if (!was_ended && is_call) {
            result->value = krait__buffer_text(&sandbox->value);
            result->value_size = sandbox->value.size;
        }
        break;
    default:
        if (!was_ended)
            result->kind = KRAIT_RESULT_RAISED;
        fill_exception(sandbox, result);
        break;
    }
}

/* ---- calls into the guest ----------------------------------------------------------------- */

typedef struct session_call {
    const char *name;                      /* of the export */
    const void *input[KRAIT_GUEST_INPUTS]; /* what the guest asks for */
    size_t size[KRAIT_GUEST_INPUTS];
    uint32_t param;
    bool is_call;
} session_call;

/* The export, with this many parameters of 32 bits and such a result. */
static krait_status
find_export(const krait_sandbox *sandbox, const char *name, uint32_t params, uint32_t *ret_func,
            krait_error *err)
{
    const krait_type_desc *type;

    if (krait__instance_find(sandbox->instance, name, ret_func, NULL) == KRAIT_OK) {
        type = krait__instance_func_type(sandbox->instance, *ret_func);
        if (type->param_count == params && type->result_count == 1 &&
            type->results[0] == KRAIT_I32 && (params == 0 || type->params[0] == KRAIT_I32))
            return KRAIT_OK;
    }
    return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                            "the module has no sessions: it exports no function '%s'", name);
}

/* Enters the guest; *ret_told is what it came back with, when it did (*ret_back). */
static krait_status
enter(krait_sandbox *sandbox, const session_call *call, uint32_t params, krait_result *result,
      uint32_t *ret_told, bool *ret_back, krait_error *err)
{
    krait_cell cells[1] = {{.i32 = call->param}};
    uint32_t func = 0;
    krait_status status = find_export(sandbox, call->name, params, &func, err);

    if (status != KRAIT_OK)
        return status;
    memcpy(sandbox->inputs, call->input, sizeof(sandbox->inputs));
    memcpy(sandbox->input_sizes, call->size, sizeof(sandbox->input_sizes));
    sandbox->has_begun = false;
    sandbox->value.size = sandbox->message.size = sandbox->backtrace.size = 0;
    if (sandbox->message.bytes != NULL)
        sandbox->message.bytes[0] = '\0';
    if (sandbox->backtrace.bytes != NULL)
        sandbox->backtrace.bytes[0] = '\0';
    sandbox->exit_code = 0;
    status = krait__sandbox_enter(sandbox, func, cells, result, err);
    /* Its timers would interrupt whatever this thread does next. */
    krait__wasi_stop(sandbox->wasi);
    memset(sandbox->inputs, 0, sizeof(sandbox->inputs));
    memset(sandbox->input_sizes, 0, sizeof(sandbox->input_sizes));
    if (status != KRAIT_OK)
        return status;
    *ret_back = sandbox->ended_by == KRAIT_TRAP_NONE;
    *ret_told = cells[0].i32;
    if (!*ret_back && (sandbox->has_begun || sandbox->ended_by != KRAIT_TRAP_INTERRUPTED))
        sandbox->state = KRAIT_SESSION_OVER;
    return KRAIT_OK;
}

/* Calls one of the functions that make Python ready.  *ret_back: it did, else the result says what
 * happened instead. */
static krait_status
make_ready(krait_sandbox *sandbox, const session_call *call, krait_result *result, bool *ret_back,
           krait_error *err)
{
    uint32_t told = 0;
    krait_status status = enter(sandbox, call, 1, result, &told, ret_back, err);

    if (status != KRAIT_OK || !*ret_back)
        return status;
    sandbox->state = told == 0 ? KRAIT_SESSION_READY : KRAIT_SESSION_OVER;
    /* A limit or a cancellation that came meanwhile is the call's. */
    *ret_back = result->kind != KRAIT_RESULT_LIMIT && result->kind != KRAIT_RESULT_CANCELLED;
    if (told != 0 && *ret_back)
        return krait__error_set(err, KRAIT_EIO, 0, "Python did not start: %s",
                                krait__buffer_text(&sandbox->message));
    return KRAIT_OK;
}

static uint32_t
line_buffering(const krait_sandbox *sandbox, uint32_t flag)
{
    return sandbox->config->output_kind == KRAIT_STDIO_FUNCTION ? flag : 0;
}

static krait_status
start(krait_sandbox *sandbox, krait_result *result, bool *ret_back, krait_error *err)
{
    const session_call call = {.name = "krait_init",
                               .param = line_buffering(sandbox, KRAIT_INIT_LINE_BUFFERED)};

    return make_ready(sandbox, &call, result, ret_back, err);
}

/* What of the configuration is not as it was when the snapshot was taken. */
static uint32_t
differences(const krait_sandbox *sandbox)
{
    const krait_snapshot_header *header = sandbox->origin->view.header;
    const krait_config *config = sandbox->config;
    const uint32_t streams = krait__snapshot_streams(config);
    uint32_t flags = 0;

    if (header->inputs != krait__snapshot_inputs(config))
        flags |= KRAIT_RESUME_ENVIRON;
    if (krait__snapshot_zone_differs(config))
        flags |= KRAIT_RESUME_ENVIRON | KRAIT_RESUME_ZONE;
    if (streams == 0 || header->streams != streams)
        flags |= KRAIT_RESUME_STREAMS | line_buffering(sandbox, KRAIT_RESUME_LINE_BUFFERED);
    return flags;
}

static krait_status
resume(krait_sandbox *sandbox, krait_result *result, bool *ret_back, krait_error *err)
{
    const session_call call = {.name = "krait_resume", .param = differences(sandbox)};

    return make_ready(sandbox, &call, result, ret_back, err);
}

/* Python has been started, or it goes on in a copy; that counts for the limits of the call. */
static krait_status
begin(krait_sandbox *sandbox, krait_result *result, bool *ret_back, krait_error *err)
{
    krait_status status = KRAIT_OK;

    *ret_back = true;
    /* The last call has used up some of them, or they are others now. */
    krait__limits_spend(sandbox, 0, 0);
    if (sandbox->state == KRAIT_SESSION_NEW)
        status = start(sandbox, result, ret_back, err);
    else if (sandbox->state == KRAIT_SESSION_COPY)
        status = resume(sandbox, result, ret_back, err);
    return status;
}

static krait_status
check(krait_sandbox *sandbox, const session_call *call, krait_error *err)
{
    const uint64_t most = sandbox->config->limits[KRAIT_LIMIT_VALUE];
    krait_status status = krait__sandbox_check(sandbox, err);

    if (status != KRAIT_OK)
        return status;
    if (sandbox->origin != NULL &&
        sandbox->origin->view.header->kind != (uint32_t)KRAIT_SNAPSHOT_SESSION)
        return krait__error_set(err, KRAIT_ESTATE, 0, "the snapshot is not one for sessions");
    if (sandbox->state != KRAIT_SESSION_NEW && sandbox->state != KRAIT_SESSION_COPY &&
        sandbox->state != KRAIT_SESSION_READY)
        return krait__error_set(err, KRAIT_ESTATE, 0,
                                "the session is over: the guest was stopped, or was run as a "
                                "program or by krait_sandbox_invoke()");
    for (size_t i = 0; i < KRAIT_GUEST_INPUTS; i++) {
        if (call->size[i] > most || call->size[i] >= UINT32_MAX)
            return krait__error_set(err, KRAIT_ELIMIT, 0,
                                    "%zu bytes are more than a value may have", call->size[i]);
    }
    return KRAIT_OK;
}

static krait_status
run(krait_sandbox *sandbox, const session_call *call, krait_result *ret_result, krait_error *err)
{
    krait_result result = {.kind = KRAIT_RESULT_EXITED};
    uint64_t wall_ns = 0;
    uint64_t cpu_ns = 0;
    uint32_t told = 0;
    bool is_back = true;
    krait_status status = check(sandbox, call, err);

    if (status == KRAIT_OK)
        status = begin(sandbox, &result, &is_back, err);
    wall_ns = result.wall_ns;
    cpu_ns = result.cpu_ns;
    if (status == KRAIT_OK && is_back) {
        krait__limits_spend(sandbox, wall_ns, cpu_ns);
        status = enter(sandbox, call, call->is_call ? 1 : 0, &result, &told, &is_back, err);
        result.wall_ns += wall_ns;
        result.cpu_ns += cpu_ns;
        if (status == KRAIT_OK && is_back)
            fill_outcome(sandbox, told, call->is_call, &result);
    }
    if (status != KRAIT_OK)
        return status;
    krait__sandbox_finish(sandbox, &result);
    *ret_result = result;
    return KRAIT_OK;
}

krait_status
krait_sandbox_exec(krait_sandbox *sandbox, const char *code, size_t size, krait_result *ret_result,
                   krait_error *err)
{
    session_call call = {.name = "krait_exec", .input = {code}, .size = {size}};

    if (sandbox == NULL || (code == NULL && size != 0) || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return run(sandbox, &call, ret_result, err);
}

krait_status
krait_sandbox_call(krait_sandbox *sandbox, const char *function, krait_format format,
                   const void *args, size_t size, krait_result *ret_result, krait_error *err)
{
    session_call call = {.name = "krait_call", .param = (uint32_t)format, .is_call = true};

    if (sandbox == NULL || function == NULL || (args == NULL && size != 0) || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (format != KRAIT_JSON && format != KRAIT_BYTES)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there is no format %d", (int)format);
    call.input[0] = function;
    call.size[0] = strlen(function);
    call.input[1] = args;
    call.size[1] = size;
    return run(sandbox, &call, ret_result, err);
}

krait_status
krait_sandbox_run_script(krait_sandbox *sandbox, krait_result *ret_result, krait_error *err)
{
    const session_call call = {.name = "krait_script"};

    if (sandbox == NULL || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return run(sandbox, &call, ret_result, err);
}

/* ---- snapshots ---------------------------------------------------------------------------- */

/* The lines that krait_init gets. */
static bool
add_line(krait_buffer *lines, const char *name)
{
    return krait__buffer_add(lines, name, strlen(name)) && krait__buffer_add(lines, "\n", 1);
}

static bool
name_modules(const krait_snapshot_options *options, krait_buffer *lines)
{
    const char *name;
    bool fits = true;

    for (size_t i = 0; fits; i++) {
        if (options->modules != NULL)
            name = i < options->module_count ? options->modules[i] : NULL;
        else
            name = krait_snapshot_modules(i);
        if (name == NULL)
            break;
        fits = add_line(lines, name);
    }
    return fits;
}

/* Names what is imported for the script. */
static bool
name_imports(const krait_snapshot_options *options, krait_buffer *lines)
{
    bool fits = true;

    for (size_t i = 0; fits && i < options->script_module_count; i++)
        fits = add_line(lines, options->script_modules[i]);
    return fits;
}

static void
set_script(session_call *call, const krait_snapshot_options *options, const krait_buffer *names)
{
    call->input[2] = options->script_name;
    call->size[2] = strlen(options->script_name);
    call->input[3] = options->script;
    call->size[3] = options->script_size;
    call->input[4] = krait__buffer_text(names);
    call->size[4] = names->size;
}

krait_status
krait__session_start(krait_sandbox *sandbox, const krait_snapshot_options *options,
                     krait_result *ret_result, krait_error *err)
{
    krait_buffer lines = {NULL, 0, 0};
    krait_buffer names = {NULL, 0, 0};
    session_call call = {.name = "krait_init",
                         .param = KRAIT_INIT_IMAGE |
                                  line_buffering(sandbox, KRAIT_INIT_LINE_BUFFERED)};
    krait_status status = check(sandbox, &call, err);
    bool is_back = false;

    if (status != KRAIT_OK)
        return status;
    if (options->kind == KRAIT_SNAPSHOT_PROGRAM)
        call.param |= KRAIT_INIT_PROGRAM;
    if (!name_modules(options, &lines) || !name_imports(options, &names)) {
        status = krait__error_nomem(err);
    } else {
        call.input[0] = krait__buffer_text(&lines);
        call.size[0] = lines.size;
        call.input[1] = options->code;
        call.size[1] = options->code != NULL ? options->code_size : 0;
        if (options->script != NULL)
            set_script(&call, options, &names);
        memset(ret_result, 0, sizeof(*ret_result));
        status = make_ready(sandbox, &call, ret_result, &is_back, err);
        krait__sandbox_finish(sandbox, ret_result);
    }
    krait__buffer_release(&lines);
    krait__buffer_release(&names);
    if (status == KRAIT_OK && !is_back)
        return krait__error_set(err,
                                ret_result->kind == KRAIT_RESULT_LIMIT ? KRAIT_ELIMIT : KRAIT_EIO,
                                0, "Python did not start: %s", ret_result->message);
    return status;
}

krait_status
krait__session_main(krait_sandbox *sandbox, krait_result *ret_result, krait_error *err)
{
    const session_call call = {.name = "krait_main"};
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint32_t told = 0;
    bool is_back = true;
    krait_status status = begin(sandbox, ret_result, &is_back, err);

    wall_ns = ret_result->wall_ns;
    cpu_ns = ret_result->cpu_ns;
    sandbox->state = KRAIT_SESSION_RAN;
    /* The program has not begun, so this is no result of its. */
    if (status == KRAIT_OK && !is_back &&
        (ret_result->kind == KRAIT_RESULT_TRAPPED || ret_result->kind == KRAIT_RESULT_EXITED))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "Python could not go on in a snapshot, which must be damaged: %s",
                                ret_result->message);
    if (status != KRAIT_OK || !is_back)
        return status;
    krait__limits_spend(sandbox, wall_ns, cpu_ns);
    status = enter(sandbox, &call, 0, ret_result, &told, &is_back, err);
    sandbox->state = KRAIT_SESSION_RAN;
    ret_result->wall_ns += wall_ns;
    ret_result->cpu_ns += cpu_ns;
    if (status == KRAIT_OK && is_back)
        ret_result->exit_code = told;
    return status;
}
