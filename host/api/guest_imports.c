/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports that the embedder provides (import.h): in a configuration, and between a guest and the
 * function.
 *
 * Which numbers a function takes is in its letters, and the engine has compared them with the module's
 * import when it linked the instance.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/guest.h"

#include <string.h>

enum { MAX_IMPORTS = 4096, MAX_PARAMS = 32, MAX_RESULTS = 1 };

struct krait_guest {
    krait_ctx *ctx;
};

/* ---- in a configuration ------------------------------------------------------------------- */

static void
release(krait_named_import *import)
{
    krait__free(import->module);
    krait__free(import->name);
    krait__free(import->params);
    krait__free(import->results);
}

void
krait__config_free_imports(krait_config *config)
{
    for (size_t i = 0; i < config->import_count; i++)
        release(&config->imports[i]);
    krait__free(config->imports);
}

static krait_status
check_letters(const char *letters, size_t most, const char *what, krait_error *err)
{
    if (letters[strspn(letters, "iIfF")] != '\0')
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is no list of types of %s", letters,
                                what);
    if (strlen(letters) > most)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an import has at most %zu %s", most, what);
    return KRAIT_OK;
}

/* Where it goes: that of the same names, or a new place at the end (*ret_index == import_count). */
static void
find_place(const krait_config *config, const char *module, const char *name, size_t *ret_index)
{
    size_t i = 0;

    while (i < config->import_count && (strcmp(config->imports[i].module, module) != 0 ||
                                        strcmp(config->imports[i].name, name) != 0))
        i++;
    *ret_index = i;
}

/* Takes over the import when it succeeds. */
static krait_status
place(krait_config *config, const krait_named_import *import, krait_error *err)
{
    size_t index;

    find_place(config, import->module, import->name, &index);
    if (index < config->import_count) {
        release(&config->imports[index]);
        config->imports[index] = *import;
        return KRAIT_OK;
    }
    if (config->import_count >= MAX_IMPORTS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d imports", MAX_IMPORTS);
    if (krait__grow(&config->imports, config->import_count, &config->import_capacity,
                    sizeof(*import), MAX_IMPORTS) != 0)
        return krait__error_nomem(err);
    config->imports[config->import_count++] = *import;
    return KRAIT_OK;
}

krait_status
krait_config_add_import(krait_config *config, const char *module, const char *name,
                        const char *params, const char *results, krait_import_fn function,
                        void *data, krait_error *err)
{
    krait_named_import import = {.function = function, .data = data};
    krait_status status;

    if (config == NULL || module == NULL || name == NULL || params == NULL || results == NULL ||
        function == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    status = check_letters(params, MAX_PARAMS, "parameters", err);
    if (status == KRAIT_OK)
        status = check_letters(results, MAX_RESULTS, "results", err);
    if (status != KRAIT_OK)
        return status;
    import.module = krait__strdup(module);
    import.name = krait__strdup(name);
    import.params = krait__strdup(params);
    import.results = krait__strdup(results);
    if (import.module == NULL || import.name == NULL || import.params == NULL ||
        import.results == NULL)
        status = krait__error_nomem(err);
    else
        status = place(config, &import, err);
    if (status != KRAIT_OK)
        release(&import);
    return status;
}

/* ---- between guest and function ----------------------------------------------------------- */

/* What the letter does not name may be anything in the other kind. */
static krait_value
value_of(char letter, const krait_cell *cell)
{
    krait_value value = {.i64 = 0};

    if (letter == 'i' || letter == 'f')
        value.i32 = cell->i32;
    else
        value.i64 = cell->i64;
    return value;
}

static krait_cell
cell_of(char letter, const krait_value *value)
{
    krait_cell cell = {.i64 = 0};

    if (letter == 'i' || letter == 'f')
        cell.i32 = value->i32;
    else
        cell.i64 = value->i64;
    return cell;
}

krait_trap
krait__guest_import_call(void *env, krait_ctx *ctx, krait_cell *slots)
{
    const krait_guest_import *import = env;
    const krait_named_import *named = import->named;
    krait_guest guest = {ctx};
    krait_value values[MAX_PARAMS];
    size_t i;

    values[0].i64 = 0;
    for (i = 0; named->params[i] != '\0'; i++)
        values[i] = value_of(named->params[i], &slots[i]);
    if (named->function(named->data, &guest, values) != 0) {
        import->sandbox->stopped_by = named;
        return KRAIT_TRAP_HOST;
    }
    if (named->results[0] != '\0')
        slots[0] = cell_of(named->results[0], &values[0]);
    return KRAIT_TRAP_NONE;
}

void *
krait_guest_bytes(krait_guest *guest, uint64_t address, uint64_t size)
{
    return krait__guest_span(guest->ctx, address, size);
}
