/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances.  One that trapped, or was stopped, is replaced: it may have been in the middle of anything.
 */
#include "instance.h"

#include "imports.h"

#include "base/error.h"

#include <krait/module.h>

#include <stdio.h>

/* Of what a document has written, for the next one: less makes each page cost a fault again. */
#define KEEP_BYTES (UINT64_C(16) << 20)

static krait_status
make(proc_instance *instance, krait_error *err)
{
    const proc_module *module = instance->module;
    krait_status status;

    proc_call_forget(&instance->call);
    instance->is_used = false;
    instance->origin = module->training != NULL ? proc_training_snapshot(module->training)
                                                : module->snapshot;
    if (instance->origin != NULL)
        return krait_sandbox_new_from(instance->origin, instance->config, &instance->sandbox, err);
    status = krait_sandbox_new(module->code, instance->config, &instance->sandbox, err);
    if (status == KRAIT_OK)
        status = proc_module_begin(module, instance->sandbox, err);
    if (status != KRAIT_OK) {
        krait_sandbox_free(instance->sandbox);
        instance->sandbox = NULL;
    }
    return status;
}

krait_status
proc_instance_open(proc_instance *instance, const proc_modules *modules, const proc_module *module,
                   proc_tables *tables, bool is_fresh, krait_error *err)
{
    krait_status status;

    memset(instance, 0, sizeof(*instance));
    instance->modules = modules;
    instance->module = module;
    instance->is_fresh = is_fresh;
    proc_call_init(&instance->call, &modules->options.limits, tables);
    status = proc_module_configure(modules, module, &instance->config, err);
    if (status == KRAIT_OK)
        status = proc_imports_add(instance->config, &instance->call, err);
    if (status == KRAIT_OK) {
        krait_config_set_keep(instance->config, KEEP_BYTES);
        krait_config_set_output(instance->config, proc_call_output, &instance->call);
        status = make(instance, err);
    }
    if (status != KRAIT_OK)
        proc_instance_close(instance);
    return status;
}

void
proc_instance_close(proc_instance *instance)
{
    krait_sandbox_free(instance->sandbox);
    krait_config_free(instance->config);
    proc_call_release(&instance->call);
    instance->sandbox = NULL;
    instance->config = NULL;
}

/* As it was when it was new, or would be now. */
static void
renew(proc_instance *instance)
{
    const proc_module *module = instance->module;
    const proc_training *training = module->training;

    proc_call_forget(&instance->call);
    instance->is_used = false;
    /* One that was not made from a snapshot has to be started again. */
    if ((instance->origin == NULL && module->has_start) ||
        (training != NULL && proc_training_snapshot(training) != instance->origin) ||
        krait_sandbox_reset(instance->sandbox, NULL) != KRAIT_OK) {
        krait_sandbox_free(instance->sandbox);
        instance->sandbox = NULL;
    }
}

static krait_status
put_document(proc_instance *instance, const proc_document *document, const proc_buffer *description,
             krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (instance->sandbox == NULL)
        status = make(instance, err);
    if (status == KRAIT_OK)
        status = krait_sandbox_put_file_with(instance->sandbox, KRAIT_MODULE_DOCUMENT,
                                             document->bytes, document->size, KRAIT_PUT_READ_ONLY,
                                             err);
    if (status == KRAIT_OK)
        status = krait_sandbox_put_file_with(instance->sandbox, KRAIT_MODULE_DESCRIPTION,
                                             description->bytes, description->size,
                                             KRAIT_PUT_READ_ONLY, err);
    /* The limit is one of each document. */
    if (status == KRAIT_OK)
        status = krait_sandbox_refuel(instance->sandbox, err);
    return status;
}

/* The document has been processed by a fresh interpreter. */
static void
learn(proc_instance *instance)
{
    const proc_modules *modules = instance->modules;
    proc_training *training = instance->module->training;
    krait_config *config;

    if (training == NULL || !proc_training_wants(++instance->runs) ||
        proc_module_configure(modules, instance->module, &config, NULL) != KRAIT_OK)
        return;
    proc_training_learn(training, modules->python, config, instance->sandbox);
    krait_config_free(config);
}

static void
fail(proc_verdict *verdict, const krait_error *error)
{
    *verdict = (proc_verdict){.is_good = false};
    snprintf(verdict->text, sizeof(verdict->text), "could not be run: %.480s", error->text);
}

/* The document is in its place and the call has begun; else nothing of it, or of the last one, is there. */
static krait_status
begin(proc_instance *instance, proc_document *document, const proc_buffer *description,
      proc_batch *batch, krait_error *err)
{
    krait_status status = put_document(instance, document, description, err);

    /* A guest can make directories where its document belongs. */
    if (status != KRAIT_OK && status != KRAIT_ENOMEM && instance->is_used) {
        renew(instance);
        status = put_document(instance, document, description, err);
    }
    proc_call_clear(&instance->call);
    if (status == KRAIT_OK && !proc_call_begin(&instance->call, document, batch))
        status = krait__error_nomem(err);
    return status;
}

static krait_status
run(proc_instance *instance, krait_result *result, uint32_t *ret_code, krait_error *err)
{
    krait_value values[1] = {{0}};
    krait_status status;

    *ret_code = 0;
    instance->is_used = true;
    if (instance->module->code == NULL)
        return krait_sandbox_run_script(instance->sandbox, result, err);
    status = krait_sandbox_invoke(instance->sandbox, KRAIT_MODULE_PROCESS, values, 1, result, err);
    if (status == KRAIT_OK && result->kind == KRAIT_RESULT_RETURNED)
        *ret_code = values[0].i32;
    return status;
}

/* Was it left in the middle of something? */
static bool
is_over(const proc_instance *instance, const krait_result *result)
{
    if (result->trap != 0)
        return true;
    switch (result->kind) {
    case KRAIT_RESULT_RETURNED:
    case KRAIT_RESULT_RAISED:
        return false;
    case KRAIT_RESULT_EXITED:
        /* Of a script it is an exception. */
        return instance->module->code != NULL;
    default:
        return true;
    }
}

void
proc_instance_run(proc_instance *instance, proc_document *document, const proc_buffer *description,
                  proc_batch *batch, proc_verdict *ret)
{
    proc_call *call = &instance->call;
    krait_result result;
    krait_error error;
    krait_status status = begin(instance, document, description, batch, &error);
    uint32_t code;

    if (status != KRAIT_OK) {
        fail(ret, &error);
        return;
    }
    status = run(instance, &result, &code, &error);
    if (status == KRAIT_OK)
        proc_verdict_make(instance, &result, code, ret);
    else
        fail(ret, &error);
    if (!proc_call_end(call, ret->is_good) && ret->is_good) {
        ret->is_good = false;
        snprintf(ret->text, sizeof(ret->text), "%s",
                 call->limit[0] != '\0' ? call->limit : call->reason);
    }
    if (instance->is_fresh && ret->is_good)
        learn(instance);
    if (instance->is_fresh || status != KRAIT_OK || is_over(instance, &result))
        renew(instance);
}
