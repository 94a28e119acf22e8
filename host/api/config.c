/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_config of krait.h: a list of wishes; nothing is opened or checked on
 * the host before krait_sandbox_new().
 */
#include "api/internal.h"
#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

/* 2000-01-01T00:00:00Z */
#define VIRTUAL_START_NS UINT64_C(946684800000000000)

enum { MAX_STRINGS = 65536, MAX_GRANTS = 1024, MAX_FUNCTIONS = 4096 };

krait_status
krait_config_new(krait_config **ret_config, krait_error *err)
{
    krait_config *config;

    if (ret_config == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    config = krait__calloc(1, sizeof(*config));
    if (config == NULL)
        return krait__error_nomem(err);
    krait__limits_default(config->limits);
    *ret_config = config;
    return KRAIT_OK;
}

static void
strings_release(krait_string_list *strings)
{
    size_t i;

    for (i = 0; i < strings->count; i++)
        krait__free(strings->items[i]);
    krait__free(strings->items);
}

void
krait_config_free(krait_config *config)
{
    size_t i;

    if (config == NULL)
        return;
    strings_release(&config->args);
    strings_release(&config->environ);
    strings_release(&config->preopens);
    for (i = 0; i < config->grant_count; i++) {
        krait__free(config->grants[i].host);
        krait__free(config->grants[i].guest);
    }
    krait__free(config->grants);
    for (i = 0; i < config->function_count; i++)
        krait__free(config->functions[i].name);
    krait__free(config->functions);
    krait__config_free_imports(config);
    krait__config_free_watches(config);
    krait__free(config->stdin_bytes);
    krait__free(config);
}

/* Takes `text`, which may be NULL after a failed allocation. */
static krait_status
strings_take(krait_string_list *strings, char *text, krait_error *err)
{
    if (strings->count >= MAX_STRINGS) {
        krait__free(text);
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d strings", MAX_STRINGS);
    }
    if (text == NULL || krait__grow(&strings->items, strings->count, &strings->capacity,
                                    sizeof(char *), MAX_STRINGS) != 0) {
        krait__free(text);
        return krait__error_nomem(err);
    }
    strings->items[strings->count++] = text;
    return KRAIT_OK;
}

krait_status
krait_config_add_arg(krait_config *config, const char *arg, krait_error *err)
{
    if (config == NULL || arg == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    return strings_take(&config->args, krait__strdup(arg), err);
}

krait_status
krait_config_add_env(krait_config *config, const char *name, const char *value, krait_error *err)
{
    size_t name_size;
    size_t value_size;
    char *text;
    size_t i;

    if (config == NULL || name == NULL || value == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (name[0] == '\0' || strchr(name, '=') != NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "bad name of an environment variable: '%s'",
                                name);
    name_size = strlen(name);
    value_size = strlen(value) + 1;
    text = krait__alloc(name_size + 1 + value_size);
    if (text == NULL)
        return krait__error_nomem(err);
    memcpy(text, name, name_size);
    text[name_size] = '=';
    memcpy(text + name_size + 1, value, value_size);
    for (i = 0; i < config->environ.count; i++) {
        if (strncmp(config->environ.items[i], text, name_size + 1) == 0) {
            krait__free(config->environ.items[i]);
            config->environ.items[i] = text;
            return KRAIT_OK;
        }
    }
    return strings_take(&config->environ, text, err);
}

static krait_status
add_grant(krait_config *config, const char *host, const char *guest, uint32_t flags, bool is_file,
          krait_error *err)
{
    krait_grant grant = {.flags = flags, .is_file = is_file};
    uint32_t known = is_file ? KRAIT_GRANT_RECORD_MISSES
                             : KRAIT_GRANT_READ_ONLY | KRAIT_GRANT_STABLE;

    if (config == NULL || host == NULL || guest == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (guest[0] != '/')
        return krait__error_set(err, KRAIT_EINVAL, 0, "guest path '%s' is not absolute", guest);
    if ((flags & ~known) != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "unknown flag in %#x", flags);
    if ((flags & KRAIT_GRANT_STABLE) != 0 && (flags & KRAIT_GRANT_READ_ONLY) == 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "only read-only grants can be stable");
    if (config->grant_count >= MAX_GRANTS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d grants", MAX_GRANTS);
    grant.host = krait__strdup(host);
    grant.guest = krait__strdup(guest);
    if (grant.host == NULL || grant.guest == NULL ||
        krait__grow(&config->grants, config->grant_count, &config->grant_capacity, sizeof(grant),
                    MAX_GRANTS) != 0) {
        krait__free(grant.host);
        krait__free(grant.guest);
        return krait__error_nomem(err);
    }
    config->grants[config->grant_count++] = grant;
    return KRAIT_OK;
}

krait_status
krait_config_add_dir(krait_config *config, const char *host, const char *guest, uint32_t flags,
                     krait_error *err)
{
    return add_grant(config, host, guest, flags, false, err);
}

krait_status
krait_config_add_file(krait_config *config, const char *host, const char *guest, uint32_t flags,
                      krait_error *err)
{
    return add_grant(config, host, guest, flags, true, err);
}

krait_status
krait_config_add_preopen(krait_config *config, const char *name, const char *guest,
                         krait_error *err)
{
    krait_status status;

    if (config == NULL || name == NULL || guest == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (name[0] == '\0' || guest[0] != '/')
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' cannot be '%s' of the guest", name,
                                guest);
    if (config->preopens.count >= 2 * (size_t)MAX_GRANTS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d preopens", MAX_GRANTS);
    status = strings_take(&config->preopens, krait__strdup(name), err);
    if (status != KRAIT_OK)
        return status;
    status = strings_take(&config->preopens, krait__strdup(guest), err);
    if (status != KRAIT_OK)
        krait__free(config->preopens.items[--config->preopens.count]);
    return status;
}

void
krait_config_set_stdio(krait_config *config, int in, int out, int error)
{
    config->stdin_kind = config->output_kind = KRAIT_STDIO_FD;
    config->stdio_fds[0] = in;
    config->stdio_fds[1] = out;
    config->stdio_fds[2] = error;
}

krait_status
krait_config_set_stdin_bytes(krait_config *config, const void *bytes, size_t size, krait_error *err)
{
    char *copy = NULL;

    if (config == NULL || (bytes == NULL && size != 0))
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (size != 0) {
        copy = krait__memdup(bytes, size);
        if (copy == NULL)
            return krait__error_nomem(err);
    }
    krait__free(config->stdin_bytes);
    config->stdin_bytes = copy;
    config->stdin_size = size;
    config->stdin_kind = KRAIT_STDIO_MEMORY;
    return KRAIT_OK;
}

void
krait_config_set_output(krait_config *config, krait_output_fn output, void *data)
{
    config->output_kind = output != NULL ? KRAIT_STDIO_FUNCTION : KRAIT_STDIO_MEMORY;
    config->output = output;
    config->output_data = data;
}

krait_status
krait_config_add_function(krait_config *config, const char *name, krait_function function,
                          void *data, krait_error *err)
{
    krait_named_function named = {.function = function, .data = data};

    if (config == NULL || name == NULL || function == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (name[0] == '\0')
        return krait__error_set(err, KRAIT_EINVAL, 0, "the name of a function is empty");
    for (size_t i = 0; i < config->function_count; i++) {
        if (strcmp(config->functions[i].name, name) == 0) {
            config->functions[i].function = function;
            config->functions[i].data = data;
            return KRAIT_OK;
        }
    }
    if (config->function_count >= MAX_FUNCTIONS)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d functions", MAX_FUNCTIONS);
    named.name = krait__strdup(name);
    if (named.name == NULL ||
        krait__grow(&config->functions, config->function_count, &config->function_capacity,
                    sizeof(named), MAX_FUNCTIONS) != 0) {
        krait__free(named.name);
        return krait__error_nomem(err);
    }
    config->functions[config->function_count++] = named;
    return KRAIT_OK;
}

krait_status
krait_config_set_deterministic(krait_config *config, uint64_t seed, krait_error *err)
{
    if (config == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (!config->is_deterministic)
        config->virtual.start_ns = VIRTUAL_START_NS;
    config->virtual.seed = seed;
    config->is_deterministic = true;
    return KRAIT_OK;
}

krait_status
krait_config_set_start_time(krait_config *config, uint64_t realtime_ns, krait_error *err)
{
    if (config == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (!config->is_deterministic)
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "only the clock of a deterministic sandbox can be set");
    if (realtime_ns > KRAIT_VIRTUAL_START_MAX)
        return krait__error_set(err, KRAIT_EINVAL, 0, "the clock cannot begin so late");
    config->virtual.start_ns = realtime_ns;
    return KRAIT_OK;
}

void
krait_config_set_trace(krait_config *config, krait_trace_fn trace, void *data)
{
    config->trace = trace;
    config->trace_data = data;
}
