/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that run as they are: translated, looked at, started once.
 *
 * What is started is kept as a snapshot, so that instances, and those that take the place of trapped
 * ones, need no start of their own.
 */
#include "imports.h"
#include "module.h"

#include "base/error.h"

#include <krait/module.h>

#include <stdlib.h>

static krait_status
check(const proc_module *module, const krait_config *config, krait_error *err)
{
    char text[256];
    krait_status status = krait_module_check_function(module->code, KRAIT_MODULE_PROCESS, "", "i",
                                                      err);

    if (status != KRAIT_OK)
        return krait__error_context(err, "the module '%s'", module->path);
    if (krait_module_missing_with(module->code, config, 0, text, sizeof(text)) != 0)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0,
                                "the module '%s' imports what is not there: %s", module->path,
                                text);
    return KRAIT_OK;
}

/* A program whose constructors run in `_start`, as those of some languages and of older modules do; how
 * it ends does not matter, as long as it ends. */
static bool
has_start(const krait_module *code)
{
    return krait_module_check_function(code, "_start", "", "", NULL) == KRAIT_OK &&
           krait_module_check_function(code, "_initialize", "", "", NULL) != KRAIT_OK;
}

krait_status
proc_module_begin(const proc_module *module, krait_sandbox *sandbox, krait_error *err)
{
    krait_result result;
    krait_status status;

    if (!module->has_start)
        return KRAIT_OK;
    status = krait_sandbox_invoke(sandbox, "_start", NULL, 0, &result, err);
    if (status == KRAIT_OK && result.kind == KRAIT_RESULT_LIMIT)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "its _start reached a limit (%s)",
                                krait_limit_name(result.limit));
    return status;
}

/* Where there is no snapshot, instances start one by one. */
static krait_status
start(proc_module *module, const krait_config *config, krait_error *err)
{
    krait_sandbox *sandbox;
    krait_status status = krait_sandbox_new(module->code, config, &sandbox, err);

    if (status == KRAIT_OK) {
        status = proc_module_begin(module, sandbox, err);
        if (status == KRAIT_OK)
            status = krait_snapshot_take(sandbox, &module->snapshot, err);
        krait_sandbox_free(sandbox);
        if (status == KRAIT_EUNSUPPORTED)
            return KRAIT_OK;
    }
    return status == KRAIT_OK ? KRAIT_OK
                              : krait__error_context(err, "the module '%s'", module->path);
}

krait_status
proc_module_open_code(proc_modules *modules, proc_module *module, krait_error *err)
{
    const proc_module_options *options = &modules->options;
    char *krt = options->translate(options->translate_data, module->path,
                                   options->limits.fuel != 0);
    krait_config *config = NULL;
    krait_status status;
    proc_call *call;

    if (krt == NULL)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "the module '%s' cannot be translated",
                                module->path);
    status = krait_module_open(modules->engine, krt, &module->code, err);
    free(krt);
    call = malloc(sizeof(*call));
    if (status == KRAIT_OK && call == NULL)
        status = krait__error_nomem(err);
    if (status == KRAIT_OK) {
        proc_call_init(call, &options->limits, NULL);
        status = proc_module_configure(modules, module, &config, err);
    }
    if (status == KRAIT_OK)
        status = proc_imports_add(config, call, err);
    if (status == KRAIT_OK)
        krait_config_set_output(config, proc_call_output, call);
    if (status == KRAIT_OK)
        status = check(module, config, err);
    if (status == KRAIT_OK) {
        module->has_start = has_start(module->code);
        status = start(module, config, err);
    }
    krait_config_free(config);
    free(call);
    return status;
}

void
proc_modules_close(proc_modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        proc_module *module = &modules->items[i];

        krait_snapshot_free(module->snapshot);
        proc_training_free(module->training);
        krait_module_close(module->code);
        free(module->folder);
        free(module->name);
        free(module->path);
    }
    free(modules->items);
    krait_module_close(modules->python);
    krait_engine_free(modules->engine);
    *modules = (proc_modules){.count = 0};
}
