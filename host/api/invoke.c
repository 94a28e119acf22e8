/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_sandbox_invoke of sandbox.h: functions of modules that are no Python and no program.  They are
 * reactors of the WASI convention: `_initialize` first, when there is one, then whatever is exported.
 *
 * A guest that did not come back may have been in the middle of anything, and is over then; but for
 * `_start`: hosts that call functions of a program run it first, and take no notice of how it ends.
 */
#include "api/internal.h"

#include "base/error.h"

#include <string.h>

#define INITIALIZE "_initialize"
#define START      "_start"

enum { MOST_VALUES = 64 };

static bool
is_number(uint8_t type)
{
    return type == KRAIT_I32 || type == KRAIT_I64 || type == KRAIT_F32 || type == KRAIT_F64;
}

static bool
are_numbers(const uint8_t *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_number(types[i]))
            return false;
    }
    return count <= MOST_VALUES;
}

/* The export, for which there is room. */
static krait_status
find(const krait_sandbox *sandbox, const char *name, size_t count, uint32_t *ret_func,
     const krait_type_desc **ret_type, krait_error *err)
{
    krait_status status = krait__instance_find(sandbox->instance, name, ret_func, err);
    const krait_type_desc *type;

    if (status != KRAIT_OK)
        return status == KRAIT_EINVAL ? KRAIT_ENOTFOUND : status;
    type = krait__instance_func_type(sandbox->instance, *ret_func);
    if (!are_numbers(type->params, type->param_count) ||
        !are_numbers(type->results, type->result_count))
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "'%s' takes or gives something else than up to %d numbers", name,
                                MOST_VALUES);
    if (count < type->param_count || count < type->result_count)
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "'%s' has %u parameters and %u results, and there is room for %zu",
                                name, type->param_count, type->result_count, count);
    *ret_type = type;
    return KRAIT_OK;
}

/* May functions be called here? */
static krait_status
check(krait_sandbox *sandbox, krait_error *err)
{
    krait_status status = krait__sandbox_check(sandbox, err);

    if (status != KRAIT_OK)
        return status;
    if (sandbox->state == KRAIT_SESSION_NEW || sandbox->state == KRAIT_SESSION_REACTOR)
        return KRAIT_OK;
    if (sandbox->state == KRAIT_SESSION_COPY &&
        sandbox->origin->view.header->kind == (uint32_t)KRAIT_SNAPSHOT_REACTOR)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_ESTATE, 0,
                            sandbox->state == KRAIT_SESSION_OVER
                                ? "the guest is over: it was stopped"
                                : "the guest is a session or a program");
}

/* One call; false in *ret_back: it did not come back. */
static krait_status
enter(krait_sandbox *sandbox, uint32_t func, krait_cell *cells, krait_result *result,
      bool *ret_back, krait_error *err)
{
    krait_status status = krait__sandbox_enter(sandbox, func, cells, result, err);

    /* Its timers would interrupt whatever this thread does next. */
    krait__wasi_stop(sandbox->wasi);
    if (status != KRAIT_OK)
        return status;
    *ret_back = sandbox->ended_by == KRAIT_TRAP_NONE;
    if (!*ret_back)
        sandbox->state = KRAIT_SESSION_OVER;
    return KRAIT_OK;
}

krait_status
krait__reactor_begin(krait_sandbox *sandbox, krait_result *result, bool *ret_back, krait_error *err)
{
    const krait_type_desc *type;
    uint32_t func = 0;
    krait_status status;

    *ret_back = true;
    /* The last call has used up some of them, or they are others now. */
    krait__limits_spend(sandbox, 0, 0);
    if (sandbox->state == KRAIT_SESSION_NEW &&
        krait__instance_find(sandbox->instance, INITIALIZE, &func, NULL) == KRAIT_OK) {
        type = krait__instance_func_type(sandbox->instance, func);
        if (type->param_count != 0 || type->result_count != 0)
            return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                    "the module's " INITIALIZE
                                    " has parameters or results, which WASI's has not");
        status = enter(sandbox, func, NULL, result, ret_back, err);
        if (status != KRAIT_OK)
            return status;
        krait__limits_spend(sandbox, result->wall_ns, result->cpu_ns);
    }
    if (*ret_back)
        sandbox->state = KRAIT_SESSION_REACTOR;
    return KRAIT_OK;
}

static bool
was_ended(const krait_result *result)
{
    return result->kind == KRAIT_RESULT_LIMIT || result->kind == KRAIT_RESULT_CANCELLED;
}

static void
put_values(krait_value *values, const krait_cell *cells, const krait_type_desc *type)
{
    for (uint32_t i = 0; i < type->result_count; i++) {
        values[i].i64 = 0;
        if (type->results[i] == KRAIT_I32 || type->results[i] == KRAIT_F32)
            values[i].i32 = cells[i].i32;
        else
            values[i].i64 = cells[i].i64;
    }
}

/* After krait__reactor_begin, whose times are in the result. */
static krait_status
call(krait_sandbox *sandbox, uint32_t func, const krait_type_desc *type, krait_value *values,
     krait_result *result, krait_error *err)
{
    krait_cell cells[MOST_VALUES];
    const uint64_t wall_ns = result->wall_ns;
    const uint64_t cpu_ns = result->cpu_ns;
    bool is_back = false;
    krait_status status;

    for (uint32_t i = 0; i < type->param_count; i++)
        cells[i].i64 = values[i].i64;
    status = enter(sandbox, func, cells, result, &is_back, err);
    if (status != KRAIT_OK)
        return status;
    result->wall_ns += wall_ns;
    result->cpu_ns += cpu_ns;
    if (is_back && !was_ended(result)) {
        result->kind = KRAIT_RESULT_RETURNED;
        put_values(values, cells, type);
    }
    return KRAIT_OK;
}

krait_status
krait_sandbox_invoke(krait_sandbox *sandbox, const char *name, krait_value *values, size_t count,
                     krait_result *ret_result, krait_error *err)
{
    krait_result result = {.kind = KRAIT_RESULT_EXITED};
    const krait_type_desc *type = NULL;
    uint32_t func = 0;
    bool is_back = false;
    bool is_new;
    krait_status status;

    if (sandbox == NULL || name == NULL || (values == NULL && count != 0) || ret_result == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = check(sandbox, err);
    if (status == KRAIT_OK)
        status = find(sandbox, name, count, &func, &type, err);
    if (status != KRAIT_OK)
        return status;
    is_new = sandbox->state == KRAIT_SESSION_NEW;
    status = krait__reactor_begin(sandbox, &result, &is_back, err);
    if (status != KRAIT_OK)
        return status;
    /* It has been called by now, and is so once. */
    if (is_new && is_back && strcmp(name, INITIALIZE) == 0 && !was_ended(&result))
        result.kind = KRAIT_RESULT_RETURNED;
    else if (is_back && !was_ended(&result))
        status = call(sandbox, func, type, values, &result, err);
    if (status != KRAIT_OK)
        return status;
    if (sandbox->state == KRAIT_SESSION_OVER && strcmp(name, START) == 0 &&
        sandbox->ended_by != KRAIT_TRAP_INTERRUPTED)
        sandbox->state = KRAIT_SESSION_REACTOR;
    krait__sandbox_finish(sandbox, &result);
    *ret_result = result;
    return KRAIT_OK;
}
