/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second interface: files that a module writes and closes.
 *
 * A file that cannot be understood fails the call, as WADUP does; there is nobody to give a code to.
 * Sub-content comes as two files, the bytes first.
 */
#include "call.h"

#include <stdlib.h>

static void
fail(proc_call *call, const char *name, const char *why)
{
    /* As a limit: whatever process() returns, the call has failed. */
    if (call->limit[0] == '\0')
        (void)proc_call_refuse(call, KRAIT_ENV_LIMIT,
                               "wrote a file '%.60s' that is not accepted: %.80s", name, why);
}

static const char *
why_not(const proc_call *call, int status)
{
    return call->reason[0] != '\0' ? call->reason : krait_env_reason(status);
}

/* A member of an object: its key is taken, and the colon; false: malformed. */
static bool
take_key(proc_json *json, char *key, size_t size)
{
    return proc_json_key(json, key, size) && proc_json_take(json, ':');
}

/* Where a value is that is read later, because the name that belongs to it may follow it. */
static bool
remember(proc_json *json, proc_json *ret)
{
    *ret = *json;
    return proc_json_skip(json);
}

/* {"name":..,"columns":..} or {"table_name":..,"values":..} */
static int
read_entry(proc_call *call, proc_json *json, const char *name_key, const char *value_key,
           int (*use)(proc_call *, const char *, size_t, proc_json *))
{
    proc_json value = {NULL, NULL};
    bool is_named = false;

    call->name.size = 0;
    if (!proc_json_take(json, '{'))
        return KRAIT_ENV_MALFORMED;
    do {
        char key[16];
        bool is_good;

        if (!take_key(json, key, sizeof(key)))
            return KRAIT_ENV_MALFORMED;
        if (strcmp(key, name_key) == 0 && !is_named)
            is_good = is_named = proc_json_text(json, &call->name);
        else if (strcmp(key, value_key) == 0 && value.at == NULL)
            is_good = remember(json, &value);
        else
            is_good = false;
        if (!is_good)
            return KRAIT_ENV_MALFORMED;
    } while (proc_json_take(json, ','));
    if (!proc_json_take(json, '}') || !is_named || value.at == NULL)
        return KRAIT_ENV_MALFORMED;
    value.end = json->at;
    return use(call, call->name.size != 0 ? (const char *)call->name.bytes : "", call->name.size,
               &value);
}

static int
read_list(proc_call *call, proc_json *json, bool is_tables)
{
    if (!proc_json_take(json, '['))
        return KRAIT_ENV_MALFORMED;
    if (proc_json_take(json, ']'))
        return KRAIT_ENV_OK;
    do {
        int status = proc_call_check_time(call);

        if (status != KRAIT_ENV_OK)
            return status;
        status = is_tables ? read_entry(call, json, "name", "columns", proc_call_define)
                           : read_entry(call, json, "table_name", "values", proc_call_insert);
        if (status != KRAIT_ENV_OK)
            return status;
    } while (proc_json_take(json, ','));
    return proc_json_take(json, ']') ? KRAIT_ENV_OK : KRAIT_ENV_MALFORMED;
}

/* Tables first, wherever they stand. */
static int
read_metadata(proc_call *call, proc_json *json)
{
    proc_json lists[2] = {{NULL, NULL}, {NULL, NULL}}; /* tables, rows */
    int status = KRAIT_ENV_OK;

    if (!proc_json_take(json, '{'))
        return KRAIT_ENV_MALFORMED;
    if (!proc_json_take(json, '}')) {
        do {
            char key[16];
            unsigned which;

            if (!take_key(json, key, sizeof(key)))
                return KRAIT_ENV_MALFORMED;
            which = strcmp(key, "tables") == 0 ? 0 : strcmp(key, "rows") == 0 ? 1 : 2;
            if (which == 2 || lists[which].at != NULL || !remember(json, &lists[which]))
                return KRAIT_ENV_MALFORMED;
            lists[which].end = json->at;
        } while (proc_json_take(json, ','));
        if (!proc_json_take(json, '}'))
            return KRAIT_ENV_MALFORMED;
    }
    if (!proc_json_is_done(json))
        return KRAIT_ENV_MALFORMED;
    for (unsigned i = 0; i < 2 && status == KRAIT_ENV_OK; i++) {
        if (lists[i].at != NULL)
            status = read_list(call, &lists[i], i == 0);
    }
    return status;
}

void
proc_call_metadata(proc_call *call, const char *name, const void *bytes, size_t size)
{
    proc_json json = {bytes, bytes};
    int status;

    if (call->document == NULL || call->limit[0] != '\0')
        return;
    if (bytes == NULL) {
        fail(call, name, "it is too large");
        return;
    }
    json.end += size;
    call->reason[0] = '\0';
    status = read_metadata(call, &json);
    if (status != KRAIT_ENV_OK)
        fail(call, name, why_not(call, status));
}

/* The N of PREFIX N SUFFIX. */
static bool
number_in(const char *name, const char *prefix, const char *suffix, uint64_t *ret)
{
    uint64_t number = 0;
    unsigned digits = 0;

    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return false;
    for (name += strlen(prefix); *name >= '0' && *name <= '9' && digits < 18; name++, digits++)
        number = number * 10 + (uint64_t)(*name - '0');
    *ret = number;
    return digits > 0 && strcmp(name, suffix) == 0;
}

void
proc_call_drop_files(proc_call *call)
{
    while (call->files != NULL) {
        proc_data_file *next = call->files->next;

        proc_blob_release(call->files->blob);
        free(call->files);
        call->files = next;
    }
}

static proc_data_file **
find_file(proc_call *call, uint64_t number)
{
    proc_data_file **at = &call->files;

    while (*at != NULL && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

/* data_N.bin: kept until its metadata comes. */
static void
keep_data(proc_call *call, const char *name, uint64_t number, const void *bytes, size_t size)
{
    proc_data_file **at = find_file(call, number);
    int status = KRAIT_ENV_OK;
    proc_blob *blob = proc_call_blob(call, size, &status);

    if (blob == NULL) {
        fail(call, name, why_not(call, status));
        return;
    }
    if (size != 0)
        memcpy(blob->bytes, bytes, size);
    if (*at == NULL) {
        *at = calloc(1, sizeof(**at));
        if (*at == NULL) {
            proc_blob_release(blob);
            fail(call, name, "out of memory");
            return;
        }
        (*at)->number = number;
    } else {
        proc_blob_release((*at)->blob);
    }
    (*at)->blob = blob;
}

typedef struct subcontent {
    bool is_named;
    bool has_offset;
    bool has_length;
    int64_t offset;
    int64_t length;
} subcontent;

/* {"filename":"x"} or {"filename":"x","offset":0,"length":100} */
static bool
read_subcontent(proc_call *call, proc_json *json, subcontent *ret)
{
    double real;

    call->name.size = 0;
    if (!proc_json_take(json, '{'))
        return false;
    do {
        char key[16];
        bool is_good = false;

        if (!take_key(json, key, sizeof(key)))
            return false;
        if (strcmp(key, "filename") == 0 && !ret->is_named)
            is_good = ret->is_named = proc_json_text(json, &call->name);
        else if (strcmp(key, "offset") == 0 && !ret->has_offset)
            is_good = ret->has_offset = proc_json_number(json, &ret->offset, &real) ==
                                            PROC_NUMBER_INTEGER &&
                                        ret->offset >= 0;
        else if (strcmp(key, "length") == 0 && !ret->has_length)
            is_good = ret->has_length = proc_json_number(json, &ret->length, &real) ==
                                            PROC_NUMBER_INTEGER &&
                                        ret->length >= 0;
        if (!is_good)
            return false;
    } while (proc_json_take(json, ','));
    return proc_json_take(json, '}') && proc_json_is_done(json) && ret->is_named &&
           ret->has_offset == ret->has_length;
}

static int
emit_file(proc_call *call, uint64_t number, const subcontent *given)
{
    const char *filename = call->name.size != 0 ? (const char *)call->name.bytes : "";
    proc_data_file **at = find_file(call, number);
    proc_data_file *file = *at;
    int status;

    if (given->has_offset)
        return proc_call_emit_slice(call, filename, call->name.size, (uint64_t)given->offset,
                                    (uint64_t)given->length);
    if (file == NULL)
        return proc_call_refuse(call, KRAIT_ENV_FAILED, "its data file was not written before");
    *at = file->next;
    status = proc_call_emit(call, filename, call->name.size, file->blob, file->blob->bytes,
                            file->blob->size);
    proc_blob_release(file->blob);
    free(file);
    return status;
}

void
proc_call_subcontent(proc_call *call, const char *name, const void *bytes, size_t size)
{
    proc_json json = {bytes, bytes};
    subcontent given = {.is_named = false};
    uint64_t number;
    int status;

    if (call->document == NULL || call->limit[0] != '\0')
        return;
    if (bytes == NULL) {
        fail(call, name, "it is too large");
        return;
    }
    json.end += size;
    call->reason[0] = '\0';
    if (number_in(name, KRAIT_MODULE_SUBCONTENT_DATA, ".bin", &number)) {
        keep_data(call, name, number, bytes, size);
    } else if (number_in(name, KRAIT_MODULE_SUBCONTENT_PREFIX, ".json", &number)) {
        status = KRAIT_ENV_MALFORMED;
        if (read_subcontent(call, &json, &given))
            status = emit_file(call, number, &given);
        if (status != KRAIT_ENV_OK)
            fail(call, name, why_not(call, status));
    }
}
