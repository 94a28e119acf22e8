/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolving the imports of an instance: WebAssembly 2.0 section 4.5.4, external
 * typing.  Host functions come first, then the exports of linked instances.
 */
#include "engine/link.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Names that could not be resolved, for one error message. */
typedef struct missing_list {
    char text[KRAIT_ERROR_TEXT_SIZE - 64];
    size_t used;
    unsigned count;
    bool is_full; /* not all of them fit: krait__module_missing has all */
} missing_list;

static void
missing_add(missing_list *missing, const krait_module_desc *desc, const krait_import_desc *import,
            const char *why)
{
    char text[160];
    int added;

    krait__import_text(desc, import, text, sizeof(text));
    added = snprintf(missing->text + missing->used, sizeof(missing->text) - missing->used, "%s%s%s",
                     missing->count != 0 ? "; " : "", text, why);
    missing->count++;
    if (!missing->is_full && added > 0 && (size_t)added < sizeof(missing->text) - missing->used) {
        missing->used += (size_t)added;
        return;
    }
    missing->text[missing->used] = '\0';
    missing->is_full = true;
}

/* Names of a module may hold any byte, NUL included; ours are C strings.  Most differ soon, and
 * this is asked thousands of times for each instance. */
static bool
is_name(const char *ours, const char *name, uint32_t size)
{
    uint32_t i;

    for (i = 0; i < size; i++) {
        if (ours[i] != name[i] || ours[i] == '\0')
            return false;
    }
    return ours[size] == '\0';
}

static uint8_t
letter_type(char letter)
{
    switch (letter) {
    case 'i':
        return KRAIT_I32;
    case 'I':
        return KRAIT_I64;
    case 'f':
        return KRAIT_F32;
    case 'v':
        return KRAIT_V128;
    default:
        return KRAIT_F64;
    }
}

static bool
letters_match(const char *letters, const uint8_t *types, uint32_t count)
{
    uint32_t i;

    if (strlen(letters) != count)
        return false;
    for (i = 0; i < count; i++) {
        if (letter_type(letters[i]) != types[i])
            return false;
    }
    return true;
}

/* Host functions by their names.  An instance asks for a hundred of a hundred. */
typedef struct host_index {
    const krait_host_import *imports;
    size_t count;
    uint32_t *places; /* index of an import and 1, or 0; NULL: they are looked through */
    uint32_t mask;
} host_index;

/* FNV-1a. */
static uint32_t
hash_of(const char *name, size_t size)
{
    uint32_t hash = UINT32_C(2166136261);
    size_t i;

    for (i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)name[i]) * UINT32_C(16777619);
    return hash ^ hash >> 15;
}

/* Of equal names the first one is found first. */
static krait_status
host_index_make(host_index *index, const krait_instance_options *options, krait_error *err)
{
    uint32_t size = 16;
    uint32_t i;

    *index = (host_index){.imports = options->imports, .count = options->import_count};
    if (index->count >= UINT32_MAX / 4)
        return krait__error_nomem(err);
    while (size / 2 < index->count)
        size *= 2;
    index->mask = size - 1;
    index->places = krait__calloc(size, sizeof(*index->places));
    if (index->places == NULL)
        return krait__error_nomem(err);
    for (i = 0; i < index->count; i++) {
        uint32_t at = hash_of(index->imports[i].name, strlen(index->imports[i].name));

        while (index->places[at & index->mask] != 0)
            at++;
        index->places[at & index->mask] = i + 1;
    }
    return KRAIT_OK;
}

static bool
is_named(const krait_host_import *host, const krait_import_desc *import)
{
    return is_name(host->name, import->name, import->name_size) &&
           is_name(host->module, import->module, import->module_size);
}

static const krait_host_import *
find_named(const host_index *index, const krait_import_desc *import)
{
    uint32_t at;
    size_t i;

    if (index->places == NULL) {
        for (i = 0; i < index->count; i++) {
            if (is_named(&index->imports[i], import))
                return &index->imports[i];
        }
        return NULL;
    }
    at = hash_of(import->name, import->name_size);
    while ((i = index->places[at & index->mask]) != 0) {
        if (is_named(&index->imports[i - 1], import))
            return &index->imports[i - 1];
        at++;
    }
    return NULL;
}

/* 1 found, 0 not there, -1 there with another type. */
static int
find_host(const krait_module_desc *desc, const host_index *index, const krait_import_desc *import,
          const krait_host_import **ret_host)
{
    const krait_type_desc *type = &desc->types[import->type];
    const krait_host_import *host = find_named(index, import);

    if (host == NULL)
        return 0;
    if (!letters_match(host->params, type->params, type->param_count) ||
        !letters_match(host->results, type->results, type->result_count))
        return -1;
    *ret_host = host;
    return 1;
}

static bool
same_name(const krait_export_desc *export, const krait_import_desc *import)
{
    return export->name_size == import->name_size &&
           memcmp(export->name, import->name, export->name_size) == 0;
}

static const krait_export_desc *
find_export(const krait_instance_options *options, const krait_import_desc *import,
            krait_instance **ret_from)
{
    size_t i;
    uint32_t j;

    for (i = 0; i < options->link_count; i++) {
        const krait_module_desc *desc = options->links[i].instance->module->desc;

        if (!is_name(options->links[i].module, import->module, import->module_size))
            continue;
        for (j = 0; j < desc->export_count; j++) {
            if (same_name(&desc->exports[j], import)) {
                *ret_from = options->links[i].instance;
                return &desc->exports[j];
            }
        }
    }
    return NULL;
}

static const char *
link_func(krait_instance *instance, const krait_instance_options *options, const host_index *hosts,
          const krait_import_desc *import, uint32_t index)
{
    krait_instance *from = NULL;
    krait_import *linked = &instance->imports[index];
    const krait_host_import *host = NULL;
    int found = find_host(instance->module->desc, hosts, import, &host);
    const krait_export_desc *export;
    const krait_func *func;

    linked->env = host != NULL && host->env != NULL ? host->env : options->env;
    linked->host = host != NULL ? host->fn : NULL;
    if (found != 0)
        return found > 0 ? NULL : " (of another type)";
    export = find_export(options, import, &from);
    if (export == NULL)
        return "";
    if (export->kind != KRAIT_KIND_FUNC)
        return " (not a function)";
    func = &from->funcs[export->index];
    if (func->type != instance->types[import->type])
        return " (of another type)";
    instance->imports[index].code = func->code;
    instance->imports[index].instance = func->instance;
    return NULL;
}

static const char *
link_table(krait_instance *instance, const krait_import_desc *import, krait_instance *from,
           const krait_export_desc *export, uint32_t index)
{
    krait_table *table;

    if (export->kind != KRAIT_KIND_TABLE)
        return " (not a table)";
    table = from->tables[export->index];
    if (table->type != import->limits.type || krait__table_size(table) < import->limits.min ||
        (import->limits.max != UINT64_MAX && table->declared_max > import->limits.max))
        return " (of another size or type)";
    instance->tables[index] = table;
    return NULL;
}

static const char *
link_memory(krait_instance *instance, const krait_import_desc *import, krait_instance *from,
            const krait_export_desc *export, uint32_t index)
{
    krait_memory *memory;

    if (export->kind != KRAIT_KIND_MEMORY)
        return " (not a memory)";
    memory = from->memories[export->index];
    if (krait__memory_size(memory) / KRAIT_PAGE_SIZE < import->limits.min ||
        (import->limits.max != UINT64_MAX && memory->declared_max > import->limits.max))
        return " (of another size)";
    if (memory->is_shared != import->limits.shared)
        return memory->is_shared != 0 ? " (a shared memory)" : " (not a shared memory)";
    /* The small reservation of a module with checks is no place for one without. */
    if ((instance->module->desc->flags & KRAIT_MODULE_CHECKED) == 0 &&
        memory->reserved < KRAIT_MEMORY_RESERVATION)
        return " (of a bounds-checked module, which this one is not)";
    instance->memories[index] = memory;
    return NULL;
}

/* The type of a global as its instance declares it. */
static void
global_type(const krait_instance *instance, uint32_t index, uint8_t *ret_type, uint8_t *ret_mutable)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t i;

    if (index >= instance->global_import_total) {
        *ret_type = desc->globals[index - instance->global_import_total].type;
        *ret_mutable = desc->globals[index - instance->global_import_total].is_mutable;
        return;
    }
    for (i = 0; i < desc->import_count; i++) {
        if (desc->imports[i].kind == KRAIT_KIND_GLOBAL && index-- == 0) {
            *ret_type = desc->imports[i].value_type;
            *ret_mutable = desc->imports[i].is_mutable;
            return;
        }
    }
}

/* The instance that has the global for each thread, or NULL when all share it. */
static krait_instance *
thread_owner(krait_instance *instance, uint32_t index)
{
    if (index < instance->global_import_total)
        return instance->global_owners[index];
    index -= instance->global_import_total;
    return instance->module->desc->globals[index].is_thread ? instance : NULL;
}

static const char *
link_global(krait_instance *instance, const krait_import_desc *import, krait_instance *from,
            const krait_export_desc *export, uint32_t index)
{
    uint8_t type = 0;
    uint8_t is_mutable = 0;

    if (export->kind != KRAIT_KIND_GLOBAL)
        return " (not a global)";
    global_type(from, export->index, &type, &is_mutable);
    if (type != import->value_type || is_mutable != import->is_mutable)
        return " (of another type)";
    instance->global_imports[index] = krait__global_cell(from, export->index);
    instance->global_owners[index] = thread_owner(from, export->index);
    return NULL;
}

/* NULL when linked, else what is wrong with it. */
static const char *
link_object(krait_instance *instance, const krait_instance_options *options,
            const krait_import_desc *import, uint32_t index)
{
    krait_instance *from = NULL;
    const krait_export_desc *export = find_export(options, import, &from);

    if (export == NULL)
        return "";
    if (import->kind == KRAIT_KIND_TABLE)
        return link_table(instance, import, from, export, index);
    if (import->kind == KRAIT_KIND_MEMORY)
        return link_memory(instance, import, from, export, index);
    return link_global(instance, import, from, export, index);
}

krait_status
krait__link(krait_instance *instance, const krait_instance_options *options, krait_error *err)
{
    const krait_module_desc *desc = instance->module->desc;
    uint32_t next[4] = {0, 0, 0, 0};
    missing_list missing = {.used = 0};
    host_index hosts;
    krait_status status = host_index_make(&hosts, options, err);
    uint32_t i;

    if (status != KRAIT_OK)
        return status;
    for (i = 0; i < desc->import_count; i++) {
        const krait_import_desc *import = &desc->imports[i];
        uint32_t index = next[import->kind & 3]++;
        const char *why;

        if (import->kind == KRAIT_KIND_FUNC)
            why = link_func(instance, options, &hosts, import, index);
        else
            why = link_object(instance, options, import, index);
        if (why != NULL)
            missing_add(&missing, desc, import, why);
    }
    krait__free(hosts.places);
    if (missing.count != 0)
        return krait__error_set(
            err, KRAIT_ENOTFOUND, 0, "the module needs %u missing import%s: %s%s", missing.count,
            missing.count == 1 ? "" : "s", missing.text, missing.is_full ? "; ..." : "");
    return KRAIT_OK;
}

size_t
krait__module_missing(const krait_module *module, const krait_host_import *imports, size_t count,
                      size_t from, char *text, size_t size)
{
    const krait_module_desc *desc = module->desc;
    const host_index hosts = {.imports = imports, .count = count};

    for (; from < desc->import_count; from++) {
        const krait_import_desc *import = &desc->imports[from];
        const krait_host_import *host = NULL;
        int found = 0;

        if (import->kind == KRAIT_KIND_FUNC)
            found = find_host(desc, &hosts, import, &host);
        if (found > 0)
            continue;
        krait__import_text(desc, import, text, size);
        if (found < 0 && strlen(text) + 32 < size)
            snprintf(text + strlen(text), 32, " (here of another type)");
        return from + 1;
    }
    return 0;
}

size_t
krait__module_export(const krait_module *module, size_t from, char *text, size_t size)
{
    const krait_module_desc *desc = module->desc;

    if (from >= desc->export_count)
        return 0;
    krait__export_text(desc, &desc->exports[from], text, size);
    return from + 1;
}

krait_status
krait__module_check_function(const krait_module *module, const char *name, const char *params,
                             const char *results, krait_error *err)
{
    const krait_module_desc *desc = module->desc;

    for (uint32_t i = 0; i < desc->export_count; i++) {
        const krait_export_desc *export = &desc->exports[i];
        const krait_type_desc *type;
        char text[200];

        if (!is_name(name, export->name, export->name_size))
            continue;
        type = export->kind == KRAIT_KIND_FUNC ? &desc->types[desc->funcs[export->index].type]
                                               : NULL;
        if (type != NULL && letters_match(params, type->params, type->param_count) &&
            letters_match(results, type->results, type->result_count))
            return KRAIT_OK;
        krait__export_text(desc, export, text, sizeof(text));
        return krait__error_set(err, KRAIT_EINVAL, 0, "the module exports %s", text);
    }
    return krait__error_set(err, KRAIT_ENOTFOUND, 0, "the module exports no function '%s'", name);
}
