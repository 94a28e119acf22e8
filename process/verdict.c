/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How process() has ended, in words: those of WADUP where it has some.
 */
#include "instance.h"

#include "json.h"

#include <krait/abi.h>

#include <stdio.h>

/* Pages that a guest may be away from its limit and still have run into it. */
#define NEAR_LIMIT (UINT64_C(1) << 20)

/* The last line that says something, at most as long as fits; *ret_size is 0 when there is none. */
static const char *
last_line(const proc_buffer *output, size_t *ret_size)
{
    const char *text = (const char *)output->bytes;
    size_t end = output->size;
    size_t start;

    while (end > 0 && (unsigned char)text[end - 1] <= ' ')
        end--;
    start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    while (start < end && text[start] == ' ')
        start++;
    *ret_size = end - start;
    return text != NULL ? text + start : "";
}

/* Appends a text of the guest's: no control characters, whole characters, UTF-8. */
static void
append(proc_verdict *verdict, const char *text, size_t size)
{
    size_t at = strlen(verdict->text);
    const size_t room = sizeof(verdict->text) - 1 - at;

    if (size > room)
        size = room;
    while (size > 0 && !proc_is_utf8(text, size) && ((unsigned char)text[size - 1] & 0x80) != 0)
        size--;
    if (!proc_is_utf8(text, size))
        return;
    for (size_t i = 0; i < size; i++)
        verdict->text[at++] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    verdict->text[at] = '\0';
}

static void
say_code(const proc_instance *instance, uint32_t code, proc_verdict *verdict)
{
    size_t size;
    const char *line = last_line(&instance->call.output[1], &size);

    snprintf(verdict->text, sizeof(verdict->text), "returned error code: %d", (int)(int32_t)code);
    verdict->exit_code = code;
    if (size == 0) {
        line = instance->call.reason;
        size = strlen(line);
    }
    if (size != 0) {
        append(verdict, ": ", 2);
        append(verdict, line, size);
    }
}

static void
say_limit(const proc_instance *instance, const krait_result *result, proc_verdict *verdict)
{
    switch (result->limit) {
    case KRAIT_LIMIT_WALL:
        proc_call_say_time(instance->call.limits->timeout_ns, verdict->text, sizeof(verdict->text));
        break;
    case KRAIT_LIMIT_FUEL:
        snprintf(verdict->text, sizeof(verdict->text), "exceeded fuel limit (CPU limit)");
        break;
    case KRAIT_LIMIT_MEMORY:
        snprintf(verdict->text, sizeof(verdict->text), "memory limit exceeded");
        break;
    case KRAIT_LIMIT_STACK:
        snprintf(verdict->text, sizeof(verdict->text), "stack overflow");
        break;
    default:
        snprintf(verdict->text, sizeof(verdict->text), "exceeded a limit: %s",
                 krait_limit_name(result->limit));
    }
}

static bool
is_at_memory_limit(const proc_instance *instance, const krait_result *result)
{
    const uint64_t limit = instance->call.limits->memory;

    return limit != 0 && result->peak_memory_bytes + NEAR_LIMIT >= limit;
}

static void
say_trap(const proc_instance *instance, const krait_result *result, proc_verdict *verdict)
{
    if (result->trap == KRAIT_TRAP_STACK || result->trap == KRAIT_TRAP_SHADOW_STACK)
        snprintf(verdict->text, sizeof(verdict->text), "stack overflow");
    else if (result->trap == KRAIT_TRAP_FUEL)
        snprintf(verdict->text, sizeof(verdict->text), "exceeded fuel limit (CPU limit)");
    else if (is_at_memory_limit(instance, result))
        snprintf(verdict->text, sizeof(verdict->text), "memory limit exceeded (%s)",
                 result->message);
    else
        snprintf(verdict->text, sizeof(verdict->text), "trapped: %s", result->message);
}

/* What Python would print goes where it would be printed. */
static void
say_exception(proc_instance *instance, const krait_result *result, proc_verdict *verdict)
{
    (void)proc_call_output(&instance->call, 2, result->backtrace, strlen(result->backtrace));
    say_code(instance, 1, verdict);
}

static void
say_exit(const proc_instance *instance, const krait_result *result, proc_verdict *verdict)
{
    verdict->is_good = result->exit_code == 0;
    if (verdict->is_good)
        return;
    if (instance->module->code == NULL)
        say_code(instance, 1, verdict);
    else
        snprintf(verdict->text, sizeof(verdict->text), "exited with status %u", result->exit_code);
}

void
proc_verdict_make(proc_instance *instance, const krait_result *result, uint32_t code,
                  proc_verdict *ret)
{
    *ret = (proc_verdict){.is_good = false};
    /* The limit that was reached first is the reason for what came of it. */
    if (instance->call.limit[0] != '\0') {
        snprintf(ret->text, sizeof(ret->text), "%s", instance->call.limit);
        return;
    }
    switch (result->kind) {
    case KRAIT_RESULT_RETURNED:
        ret->is_good = code == 0;
        if (code != 0)
            say_code(instance, code, ret);
        break;
    case KRAIT_RESULT_RAISED:
        say_exception(instance, result, ret);
        break;
    case KRAIT_RESULT_LIMIT:
        say_limit(instance, result, ret);
        break;
    case KRAIT_RESULT_CANCELLED:
        snprintf(ret->text, sizeof(ret->text), "was interrupted");
        break;
    case KRAIT_RESULT_TRAPPED:
        say_trap(instance, result, ret);
        break;
    case KRAIT_RESULT_EXITED:
        say_exit(instance, result, ret);
        break;
    }
}
