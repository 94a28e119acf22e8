/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules of `krait module` on the installed Python.
 *
 * Their section krait.module says which script it is.  The script's text is taken out of the module's
 * packed files and compiled into a snapshot.  What else lies in its folder is written into a temporary
 * folder, which whoever opens modules provides and removes, and granted at the same place.
 */
#include "imports.h"
#include "module.h"

#include "base/error.h"

#include <krait/module.h>

#include <stdio.h>
#include <stdlib.h>

#ifdef KRAIT_HAS_PACK
#include <krait/pack.h>
#endif

#define PYTHON_LINE "3.13"

/* A start may take this long, or as long as a document, on whatever machine. */
#define START_NS (UINT64_C(60) * 1000000000)

/* A member of the object; what is not known is skipped. */
static bool
read_member(proc_json *json, proc_script_info *info, int64_t *format)
{
    char key[16];
    double real;

    if (!proc_json_key(json, key, sizeof(key)) || !proc_json_take(json, ':'))
        return false;
    if (strcmp(key, "python") == 0)
        return proc_json_key(json, info->python, sizeof(info->python));
    if (strcmp(key, "script") == 0)
        return proc_json_key(json, info->script, sizeof(info->script));
    if (strcmp(key, "entry") == 0)
        return proc_json_key(json, info->entry, sizeof(info->entry));
    if (strcmp(key, "format") == 0)
        return proc_json_number(json, format, &real) == PROC_NUMBER_INTEGER;
    return proc_json_skip(json);
}

krait_status
proc_script_look(const char *path, proc_script_info *ret, krait_error *err)
{
    proc_script_info info = {"", "", ""};
    int64_t format = 0;
    char *text;
    size_t size;
    krait_status status = proc_wasm_section(path, KRAIT_MODULE_SECTION, &text, &size, err);
    proc_json json;
    bool is_good;

    if (status != KRAIT_OK)
        return status;
    json = (proc_json){(const uint8_t *)text, (const uint8_t *)text + size};
    is_good = proc_json_take(&json, '{');
    do
        is_good = is_good && read_member(&json, &info, &format);
    while (is_good && proc_json_take(&json, ','));
    is_good = is_good && proc_json_take(&json, '}');
    free(text);
    /* A later format says something else: the module runs by its own code. */
    if (!is_good || format != KRAIT_MODULE_FORMAT ||
        (info.script[0] == '\0') == (info.entry[0] == '\0'))
        return krait__error_set(
            err, KRAIT_ENOTFOUND, 0,
            "the module '%s' has a section " KRAIT_MODULE_SECTION " of another format", path);
    *ret = info;
    return KRAIT_OK;
}

#ifdef KRAIT_HAS_PACK

/* A name with dots, and nothing that would be more than a name in a program. */
static bool
is_dotted_name(const char *text, size_t size)
{
    if (size == 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || (unsigned char)c >= 0x80))
            return false;
    }
    return true;
}

/* The program that does what an entry point asks for; see guest/module/run_script.c. */
static char *
entry_program(const char *entry)
{
    const char *colon = strchr(entry, ':');
    const size_t size = colon != NULL ? (size_t)(colon - entry) : strlen(entry);
    char *text = NULL;

    if (!is_dotted_name(entry, size) ||
        (colon != NULL && !is_dotted_name(colon + 1, strlen(colon + 1))))
        return NULL;
    if (asprintf(&text,
                 colon != NULL ? "import %.*s as _krait_entry\n_krait_entry.%s()\n"
                               : "import %.*s as _krait_entry\n"
                                 "if hasattr(_krait_entry, 'main'):\n    _krait_entry.main()\n",
                 (int)size, entry, colon != NULL ? colon + 1 : "") < 0)
        return NULL;
    return text;
}

typedef struct extra_files {
    const char *script;
    bool found;
} extra_files;

static int
look_for_extra(void *data, const krait_pack_item *item)
{
    extra_files *extra = data;
    const size_t size = strlen(item->path);

    if (strncmp(item->path, "/app/", 5) != 0 || item->kind == KRAIT_PACK_DIRECTORY ||
        strcmp(item->path, extra->script) == 0 ||
        (size > 4 && strcmp(item->path + size - 4, ".pyc") == 0 &&
         strncmp(item->path, "/app/__pycache__/", 17) == 0))
        return 0;
    extra->found = true;
    return 1;
}

/* Leaves what is below /app in the pack. */
static int
name_others(void *data, const krait_pack_item *item)
{
    char(*name)[512] = data;

    if (strncmp(item->path, "/app", 4) == 0 && (item->path[4] == '\0' || item->path[4] == '/'))
        return 0;
    if (strlen(item->path) >= sizeof(*name) || strcmp(item->path, "/") == 0)
        return 0;
    memcpy(*name, item->path, strlen(item->path) + 1);
    /* The first part of the path is enough. */
    if (strchr(*name + 1, '/') != NULL)
        *strchr(*name + 1, '/') = '\0';
    return 1;
}

static krait_status
extract(const proc_module_options *options, krait_pack *pack, proc_module *module, krait_error *err)
{
    krait_status status = KRAIT_OK;
    char other[512];

    for (;;) {
        other[0] = '\0';
        krait_pack_list(pack, name_others, &other);
        if (other[0] == '\0' || status != KRAIT_OK)
            break;
        status = krait_pack_remove(pack, other, err);
    }
    if (status != KRAIT_OK)
        return status;
    module->folder = options->make_folder(options->folder_data, err);
    return module->folder != NULL ? krait_pack_extract(pack, module->folder, NULL, err) : err->code;
}

/* The text and the name of what is to run. */
static krait_status
find_script(const proc_module_options *options, krait_pack *pack, proc_module *module,
            const proc_script_info *info, char **ret_text, size_t *ret_size, krait_error *err)
{
    extra_files extra = {info->script, false};
    void *bytes;
    krait_status status = KRAIT_OK;

    if (info->script[0] != '\0') {
        status = krait_pack_get(pack, info->script, &bytes, ret_size, err);
        if (status != KRAIT_OK)
            return status;
        *ret_text = malloc(*ret_size + 1);
        if (*ret_text != NULL)
            memcpy(*ret_text, bytes, *ret_size);
        krait_pack_free_bytes(bytes);
    } else {
        *ret_text = entry_program(info->entry);
        *ret_size = *ret_text != NULL ? strlen(*ret_text) : 0;
    }
    if (*ret_text == NULL)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0, "the entry point '%s' cannot be called",
                                info->entry);
    krait_pack_list(pack, look_for_extra, &extra);
    if (extra.found)
        status = extract(options, pack, module, err);
    return status;
}

/* The installed Python as it counts fuel, translated once for all modules; NULL: it cannot be had. */
static char *
translate_metered(const proc_module_options *options)
{
    char *path = NULL;
    char *krt = NULL;

    if (options->python != NULL && asprintf(&path, "%s/bin/python.wasm", options->python) >= 0 &&
        access(path, R_OK) == 0)
        krt = options->translate(options->translate_data, path, true);
    free(path);
    return krt;
}

static krait_status
open_python(proc_modules *modules, krait_error *err)
{
    const proc_module_options *options = &modules->options;
    char *krt = NULL;
    krait_status status;

    if (modules->python != NULL)
        return KRAIT_OK;
    if (options->limits.fuel != 0 && options->python_krt == NULL) {
        krt = translate_metered(options);
        if (krt == NULL)
            return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                    "the installed Python counts no fuel");
    }
    status = krait_python_open_with(modules->engine, options->python,
                                    krt != NULL ? krt : options->python_krt, &modules->python, err);
    free(krt);
    return status;
}

/* Takes the text. */
static krait_status
make_snapshot(proc_modules *modules, proc_module *module, const proc_script_info *info, char *text,
              size_t size, krait_error *err)
{
    const bool is_entry = info->script[0] == '\0';
    const uint64_t timeout_ns = modules->options.limits.timeout_ns;
    krait_config *config;
    krait_status status;

    module->training = proc_training_new(text, size,
                                         is_entry ? "/app/__krait_entry__.py" : info->script);
    if (module->training == NULL)
        return krait__error_nomem(err);
    status = proc_module_configure(modules, module, &config, err);
    if (status != KRAIT_OK)
        return status;
    /* What starts Python is not the document's; a fresh instance gets its own limits. */
    status = krait_config_set_limit(config, KRAIT_LIMIT_FUEL, KRAIT_UNLIMITED, err);
    if (status == KRAIT_OK)
        status = krait_config_set_limit(config, KRAIT_LIMIT_WALL,
                                        timeout_ns > START_NS ? timeout_ns : START_NS, err);
    if (status == KRAIT_OK)
        status = proc_training_make(module->training, modules->python, config, err);
    krait_config_free(config);
    return status;
}

krait_status
proc_module_open_script(proc_modules *modules, proc_module *module, const proc_script_info *info,
                        krait_error *err)
{
    krait_pack *pack = NULL;
    char *text = NULL;
    size_t size = 0;
    krait_status status;

    if (strcmp(info->python, PYTHON_LINE) != 0)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "the module '%s' is of Python %s, and " PYTHON_LINE " is installed",
                                module->path, info->python);
    status = open_python(modules, err);
    if (status == KRAIT_OK)
        status = krait_pack_open(module->path, &pack, err);
    if (status == KRAIT_OK)
        status = find_script(&modules->options, pack, module, info, &text, &size, err);
    if (status == KRAIT_OK)
        status = make_snapshot(modules, module, info, text, size, err);
    else
        free(text);
    krait_pack_free(pack);
    return status == KRAIT_OK ? KRAIT_OK
                              : krait__error_context(err, "the module '%s'", module->path);
}

#else

krait_status
proc_module_open_script(proc_modules *modules, proc_module *module, const proc_script_info *info,
                        krait_error *err)
{
    (void)modules;
    (void)info;
    return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                            "the module '%s': this program was built without `krait pack`",
                            module->path);
}

#endif
