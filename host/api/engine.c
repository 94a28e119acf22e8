/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_engine and krait_module of krait.h, over host/engine.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
krait_version(void)
{
    return KRAIT_VERSION;
}

void
krait__log(const krait_engine *engine, krait_log_level level, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (engine->options.log == NULL || level > engine->options.log_level)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    engine->options.log(engine->options.log_data, level, text);
}

krait_status
krait_engine_new(krait_engine **ret_engine, krait_error *err)
{
    return krait_engine_new_with(NULL, ret_engine, err);
}

krait_status
krait_engine_new_with(const krait_engine_options *options, krait_engine **ret_engine,
                      krait_error *err)
{
    krait_engine *engine;
    krait_status status = KRAIT_OK;

    if (ret_engine == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (options != NULL && options->size != sizeof(*options))
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "the options of the engine have %zu bytes, not %zu", options->size,
                                sizeof(*options));
    if (options != NULL && (options->flags & ~(uint32_t)KRAIT_ENGINE_OWN_SIGNALS) != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "unknown flag in %#x", options->flags);
    engine = krait__calloc(1, sizeof(*engine));
    if (engine == NULL)
        return krait__error_nomem(err);
    if (options != NULL)
        engine->options = *options;
    if ((engine->options.flags & KRAIT_ENGINE_OWN_SIGNALS) == 0)
        status = krait__signals_install(err);
    if (status != KRAIT_OK) {
        krait__free(engine);
        return status;
    }
    *ret_engine = engine;
    return KRAIT_OK;
}

int
krait_handle_signal(int number, void *info, void *context)
{
    return krait__signal_handle(number, info, context);
}

void
krait_engine_free(krait_engine *engine)
{
    krait__free(engine);
}

void
krait__module_notes_free(krait_module_notes *notes)
{
    if (notes == NULL)
        return;
    krait__free(notes->krt);
    krait__free(notes->folder);
    krait__free(notes->library);
    krait__free(notes->program);
    krait__free(notes);
}

static void
notes_free(void *data)
{
    krait_module_notes *notes = data;

    if (notes == NULL)
        return;
    krait__log(notes->engine, KRAIT_LOG_INFO, "a module is closed");
    krait__module_notes_free(notes);
}

krait_status
krait__module_open_noted(krait_engine *engine, const char *path, const krait_file_identity *known,
                         krait_module_notes *notes, krait_module **ret_module, krait_error *err)
{
    krait_module *module = NULL;
    krait_status status;

    notes->krt = krait__strdup(path);
    if (notes->krt == NULL) {
        krait__module_notes_free(notes);
        return krait__error_nomem(err);
    }
    status = krait__module_open_known(path, known, &module, err);
    if (status != KRAIT_OK) {
        krait__module_notes_free(notes);
        return status;
    }
    notes->engine = engine;
    krait__module_attach(module, notes, notes_free);
    krait__log(engine, KRAIT_LOG_INFO, "module '%s' is open", path);
    *ret_module = module;
    return KRAIT_OK;
}

krait_status
krait_module_open(krait_engine *engine, const char *path, krait_module **ret_module,
                  krait_error *err)
{
    krait_module_notes *notes;

    if (engine == NULL || path == NULL || ret_module == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    notes = krait__calloc(1, sizeof(*notes));
    if (notes == NULL)
        return krait__error_nomem(err);
    return krait__module_open_noted(engine, path, NULL, notes, ret_module, err);
}

size_t
krait_module_missing(const krait_module *module, size_t from, char *text, size_t size)
{
    return krait_module_missing_with(module, NULL, from, text, size);
}

size_t
krait_module_missing_with(const krait_module *module, const krait_config *config, size_t from,
                          char *text, size_t size)
{
    krait_host_import *imports = NULL;
    size_t count = 0;

    /* Without memory nothing is known to be missing; krait_sandbox_new() says what is. */
    if (krait__imports_all(config, &imports, &count, NULL) != KRAIT_OK)
        return 0;
    from = krait__module_missing(module, imports, count, from, text, size);
    krait__free(imports);
    return from;
}

size_t
krait_module_export(const krait_module *module, size_t from, char *text, size_t size)
{
    return krait__module_export(module, from, text, size);
}

krait_status
krait_module_check_function(const krait_module *module, const char *name, const char *params,
                            const char *results, krait_error *err)
{
    if (module == NULL || name == NULL || params == NULL || results == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return krait__module_check_function(module, name, params, results, err);
}

void
krait_module_close(krait_module *module)
{
    krait__module_close(module);
}
