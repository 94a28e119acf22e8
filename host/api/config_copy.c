/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox keeps a copy of its configuration: krait_sandbox_reset() needs it.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

static krait_status
copy_strings(const krait_string_list *list, krait_string_list *copy, krait_error *err)
{
    if (list->count == 0)
        return KRAIT_OK;
    copy->items = krait__calloc(list->count, sizeof(char *));
    if (copy->items == NULL)
        return krait__error_nomem(err);
    copy->capacity = list->count;
    for (size_t i = 0; i < list->count; i++) {
        copy->items[i] = krait__strdup(list->items[i]);
        if (copy->items[i] == NULL)
            return krait__error_nomem(err);
        copy->count++;
    }
    return KRAIT_OK;
}

static krait_status
copy_lists(const krait_config *config, krait_config *copy, krait_error *err)
{
    krait_status status = KRAIT_OK;
    size_t i;

    for (i = 0; i < config->grant_count && status == KRAIT_OK; i++) {
        const krait_grant *grant = &config->grants[i];

        status = grant->is_file
                     ? krait_config_add_file(copy, grant->host, grant->guest, grant->flags, err)
                     : krait_config_add_dir(copy, grant->host, grant->guest, grant->flags, err);
    }
    for (i = 0; i < config->function_count && status == KRAIT_OK; i++)
        status = krait_config_add_function(copy, config->functions[i].name,
                                           config->functions[i].function, config->functions[i].data,
                                           err);
    for (i = 0; i < config->import_count && status == KRAIT_OK; i++) {
        const krait_named_import *import = &config->imports[i];

        status = krait_config_add_import(copy, import->module, import->name, import->params,
                                         import->results, import->function, import->data, err);
    }
    for (i = 0; i < config->watch_count && status == KRAIT_OK; i++)
        status = krait_config_watch_files(copy, config->watches[i].path, config->watches[i].take,
                                          config->watches[i].data, err);
    return status;
}

static void
copy_settings(const krait_config *config, krait_config *copy)
{
    for (size_t i = 0; i < KRAIT_LIMIT_COUNT; i++)
        copy->limits[i] = config->limits[i];
    for (size_t i = 0; i < 3; i++)
        copy->stdio_fds[i] = config->stdio_fds[i];
    copy->counts_fuel = config->counts_fuel;
    copy->is_deterministic = config->is_deterministic;
    copy->virtual = config->virtual;
    copy->keep_bytes = config->keep_bytes;
    copy->stdin_kind = config->stdin_kind;
    copy->output_kind = config->output_kind;
    copy->output = config->output;
    copy->output_data = config->output_data;
    copy->trace = config->trace;
    copy->trace_data = config->trace_data;
}

krait_status
krait__config_copy(const krait_config *config, krait_config **ret_copy, krait_error *err)
{
    krait_config *copy = NULL;
    krait_status status = krait_config_new(&copy, err);

    if (status == KRAIT_OK)
        status = copy_strings(&config->args, &copy->args, err);
    if (status == KRAIT_OK)
        status = copy_strings(&config->environ, &copy->environ, err);
    if (status == KRAIT_OK)
        status = copy_strings(&config->preopens, &copy->preopens, err);
    if (status == KRAIT_OK)
        status = copy_lists(config, copy, err);
    if (status == KRAIT_OK && config->stdin_size > 0)
        status = krait_config_set_stdin_bytes(copy, config->stdin_bytes, config->stdin_size, err);
    if (status != KRAIT_OK) {
        krait_config_free(copy);
        return status;
    }
    copy_settings(config, copy);
    *ret_copy = copy;
    return KRAIT_OK;
}
