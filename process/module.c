/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules of a folder, and what all their instances are granted: nothing but the document.
 */
#include "module.h"

#include "base/error.h"

#include <krait/module.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files that a module makes for itself, besides its document. */
#define FILES_BYTES (UINT64_C(256) << 20)

#define MODULES_MAX 1024u

static const char suffix[] = ".wasm";

/* What is at /app in the module is in a folder "app" there. */
static krait_status
grant_folder(krait_config *config, const char *folder, krait_error *err)
{
    char *app;
    krait_status status;

    if (asprintf(&app, "%s/app", folder) < 0)
        return krait__error_nomem(err);
    status = krait_config_add_dir(config, app, "/app", KRAIT_GRANT_READ_ONLY | KRAIT_GRANT_STABLE,
                                  err);
    free(app);
    return status;
}

krait_status
proc_module_configure(const proc_modules *modules, const proc_module *module, krait_config **ret,
                      krait_error *err)
{
    const proc_limits *limits = &modules->options.limits;
    const struct {
        krait_limit limit;
        uint64_t value;
    } set[] = {
        {KRAIT_LIMIT_WALL, limits->timeout_ns},
        {KRAIT_LIMIT_CPU, KRAIT_UNLIMITED},
        {KRAIT_LIMIT_OUTPUT, KRAIT_UNLIMITED}, /* what is too much is cut off: call.c */
        {KRAIT_LIMIT_HOST_CALLS, KRAIT_UNLIMITED},
        {KRAIT_LIMIT_FS_BYTES, limits->document + FILES_BYTES},
        {KRAIT_LIMIT_VALUE, limits->result > limits->document ? limits->result : limits->document},
    };
    krait_config *config;
    krait_status status = krait_config_new(&config, err);

    if (status != KRAIT_OK)
        return status;
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]) && status == KRAIT_OK; i++)
        status = krait_config_set_limit(config, set[i].limit, set[i].value, err);
    if (status == KRAIT_OK && limits->memory != 0)
        status = krait_config_set_limit(config, KRAIT_LIMIT_MEMORY, limits->memory, err);
    if (status == KRAIT_OK && limits->stack != 0)
        status = krait_config_set_limit(config, KRAIT_LIMIT_STACK, limits->stack, err);
    if (status == KRAIT_OK && limits->fuel != 0)
        status = krait_config_set_limit(config, KRAIT_LIMIT_FUEL, limits->fuel, err);
    if (status == KRAIT_OK && modules->options.filename != NULL)
        status = krait_config_add_env(config, KRAIT_MODULE_FILENAME_VARIABLE,
                                      modules->options.filename, err);
    if (status == KRAIT_OK && module->folder != NULL)
        status = grant_folder(config, module->folder, err);
    if (status != KRAIT_OK) {
        krait_config_free(config);
        return status;
    }
    *ret = config;
    return KRAIT_OK;
}

/* Its own code takes longer: to translate, once, and to start. */
static void
say_fallback(const proc_modules *modules, const krait_error *why)
{
    char text[KRAIT_ERROR_TEXT_SIZE + 64];

    if (modules->options.note == NULL)
        return;
    snprintf(text, sizeof(text), "%s; it runs by its own code", why->text);
    modules->options.note(modules->options.note_data, text);
}

static krait_status
open_module(proc_modules *modules, proc_module *module, krait_error *err)
{
    proc_script_info info;
    krait_status status = proc_script_look(module->path, &info, err);

    if (status == KRAIT_OK && modules->options.runtime != PROC_RUNTIME_MODULE) {
        status = proc_module_open_script(modules, module, &info, err);
        if (status == KRAIT_OK || modules->options.runtime == PROC_RUNTIME_NATIVE ||
            (status != KRAIT_ENOTFOUND && status != KRAIT_EUNSUPPORTED))
            return status;
        say_fallback(modules, err);
    } else if (status != KRAIT_OK && status != KRAIT_ENOTFOUND) {
        return status;
    }
    return proc_module_open_code(modules, module, err);
}

/* "dir/word_count.wasm": "word_count". */
static char *
stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t size = strlen(name);

    if (size > strlen(suffix) && strcmp(name + size - strlen(suffix), suffix) == 0)
        size -= strlen(suffix);
    return strndup(name, size);
}

/* Takes the path. */
static krait_status
add(proc_modules *modules, char *path, krait_error *err)
{
    proc_module *items = realloc(modules->items, (modules->count + 1) * sizeof(*items));
    proc_module *module;

    if (items == NULL) {
        free(path);
        return krait__error_nomem(err);
    }
    modules->items = items;
    module = &items[modules->count++];
    *module = (proc_module){.path = path, .name = stem(path)};
    return module->name != NULL ? KRAIT_OK : krait__error_nomem(err);
}

static int
is_module(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && size > strlen(suffix) &&
           strcmp(entry->d_name + size - strlen(suffix), suffix) == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static krait_status
add_folder(proc_modules *modules, const char *folder, krait_error *err)
{
    struct dirent **names = NULL;
    krait_status status = KRAIT_OK;
    int count = scandir(folder, &names, is_module, by_name);

    if (count < 0)
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot read the folder of modules '%s'", folder);
    if (count == 0 || (unsigned)count > MODULES_MAX)
        status = krait__error_set(err, KRAIT_ENOTFOUND, 0, "there are %s modules (*.wasm) in '%s'",
                                  count == 0 ? "no" : "more than 1024", folder);
    for (int i = 0; i < count; i++) {
        char *path = NULL;

        if (status == KRAIT_OK && asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0)
            status = krait__error_nomem(err);
        if (status == KRAIT_OK)
            status = add(modules, path, err);
        free(names[i]);
    }
    free(names);
    return status;
}

static krait_status
open_all(proc_modules *modules, krait_error *err)
{
    krait_status status = krait_engine_new(&modules->engine, err);

    for (size_t i = 0; i < modules->count && status == KRAIT_OK; i++)
        status = open_module(modules, &modules->items[i], err);
    return status;
}

krait_status
proc_modules_open(const char *folder, const proc_module_options *options, proc_modules *ret,
                  krait_error *err)
{
    proc_modules modules = {.options = *options};
    krait_status status = add_folder(&modules, folder, err);

    if (status == KRAIT_OK)
        status = open_all(&modules, err);
    if (status == KRAIT_OK)
        *ret = modules;
    else
        proc_modules_close(&modules);
    return status;
}

krait_status
proc_modules_open_one(const char *path, const proc_module_options *options, proc_modules *ret,
                      krait_error *err)
{
    proc_modules modules = {.options = *options};
    char *copy = strdup(path);
    krait_status status = copy != NULL ? add(&modules, copy, err) : krait__error_nomem(err);

    if (status == KRAIT_OK)
        status = open_all(&modules, err);
    if (status == KRAIT_OK)
        *ret = modules;
    else
        proc_modules_close(&modules);
    return status;
}
