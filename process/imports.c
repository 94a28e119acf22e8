/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four functions of the module "env", and the files of the second interface.
 *
 * Addresses and lengths are the guest's: they are checked, and what they lead to is copied before it is
 * looked at, for another thread of the guest may change it meanwhile.
 */
#include "imports.h"

#include <krait/import.h>

#include <string.h>

/* A guest that goes on and on after a limit was reached is stopped. */
#define INSISTED_MAX 100u

/* Copies a text of the guest's; a krait_env_status. */
static int
copy(proc_call *call, krait_guest *guest, proc_buffer *to, uint32_t address, uint32_t size)
{
    const void *bytes = krait_guest_bytes(guest, address, size);

    to->size = 0;
    if (bytes == NULL)
        return proc_call_refuse(call, KRAIT_ENV_BOUNDS, "a text is outside of the memory");
    if (!proc_buffer_put(to, bytes, size) || (size == 0 && !proc_buffer_grow(to, 1)))
        return proc_call_refuse(call, KRAIT_ENV_FAILED, "out of memory");
    return KRAIT_ENV_OK;
}

static int
copy_name(proc_call *call, krait_guest *guest, uint32_t address, uint32_t size, uint32_t most)
{
    if (size > most)
        return proc_call_refuse(call, KRAIT_ENV_NAME, "a name has %u bytes", size);
    return copy(call, guest, &call->name, address, size);
}

/* Nothing is copied of which little could be kept. */
static int
copy_text(proc_call *call, krait_guest *guest, uint32_t address, uint32_t size)
{
    if (call->limit[0] != '\0')
        return KRAIT_ENV_LIMIT;
    if (krait_guest_bytes(guest, address, size) == NULL)
        return proc_call_refuse(call, KRAIT_ENV_BOUNDS, "a text is outside of the memory");
    /* In JSON a text is longer than what it says, by a half or so; more of it is not worth a copy. */
    if (size / 2 > call->limits->result)
        return proc_call_refuse(call, KRAIT_ENV_LIMIT,
                                "exceeded the limit of %llu bytes of rows and sub-content",
                                (unsigned long long)call->limits->result);
    return copy(call, guest, &call->text, address, size);
}

/* The value of an import: 0 goes on. */
static int
answer(proc_call *call, krait_value *values, int status)
{
    values[0].i32 = (uint32_t)status;
    if (status == KRAIT_ENV_LIMIT)
        call->insisted++;
    return call->insisted > INSISTED_MAX ? -1 : 0;
}

static int
define_or_insert(proc_call *call, krait_guest *guest, krait_value *values,
                 int (*use)(proc_call *, const char *, size_t, proc_json *))
{
    proc_json json;
    int status = copy_name(call, guest, values[0].i32, values[1].i32, KRAIT_ENV_NAME_MAX);

    if (status == KRAIT_ENV_OK)
        status = copy_text(call, guest, values[2].i32, values[3].i32);
    if (status != KRAIT_ENV_OK)
        return status;
    json = (proc_json){call->text.bytes, call->text.bytes + call->text.size};
    return use(call, (const char *)call->name.bytes, call->name.size, &json);
}

/* Nothing may stand behind the columns. */
static int
define_whole(proc_call *call, const char *name, size_t size, proc_json *json)
{
    proc_json rest = *json;

    if (!proc_json_skip(&rest) || !proc_json_is_done(&rest))
        return proc_call_refuse(call, KRAIT_ENV_MALFORMED, "define_table: malformed text");
    return proc_call_define(call, name, size, json);
}

static int
insert_whole(proc_call *call, const char *name, size_t size, proc_json *json)
{
    const size_t start = call->batch->bytes.size;
    const int status = proc_call_insert(call, name, size, json);

    if (status != KRAIT_ENV_OK || proc_json_is_done(json))
        return status;
    call->batch->bytes.size = start;
    call->rows--;
    return proc_call_refuse(call, KRAIT_ENV_MALFORMED, "insert_row: text goes on after the row");
}

static int
import_define(void *data, krait_guest *guest, krait_value *values)
{
    proc_call *call = data;

    if (call->document == NULL)
        return answer(call, values, KRAIT_ENV_STATE);
    return answer(call, values, define_or_insert(call, guest, values, define_whole));
}

static int
import_insert(void *data, krait_guest *guest, krait_value *values)
{
    proc_call *call = data;

    if (call->document == NULL)
        return answer(call, values, KRAIT_ENV_STATE);
    return answer(call, values, define_or_insert(call, guest, values, insert_whole));
}

static int
emit_bytes(proc_call *call, krait_guest *guest, const krait_value *values)
{
    const uint32_t size = values[1].i32;
    int status = copy_name(call, guest, values[2].i32, values[3].i32, KRAIT_ENV_FILENAME_MAX);
    const void *bytes = krait_guest_bytes(guest, values[0].i32, size);
    proc_blob *blob;

    if (status != KRAIT_ENV_OK)
        return status;
    if (bytes == NULL)
        return proc_call_refuse(call, KRAIT_ENV_BOUNDS, "sub-content is outside of the memory");
    blob = proc_call_blob(call, size, &status);
    if (blob == NULL)
        return status;
    if (size != 0)
        memcpy(blob->bytes, bytes, size);
    status = proc_call_emit(call, (const char *)call->name.bytes, call->name.size, blob,
                            blob->bytes, size);
    proc_blob_release(blob);
    return status;
}

static int
import_bytes(void *data, krait_guest *guest, krait_value *values)
{
    proc_call *call = data;

    if (call->document == NULL)
        return answer(call, values, KRAIT_ENV_STATE);
    return answer(call, values, emit_bytes(call, guest, values));
}

static int
import_slice(void *data, krait_guest *guest, krait_value *values)
{
    proc_call *call = data;
    int status;

    if (call->document == NULL)
        return answer(call, values, KRAIT_ENV_STATE);
    status = copy_name(call, guest, values[2].i32, values[3].i32, KRAIT_ENV_FILENAME_MAX);
    if (status == KRAIT_ENV_OK)
        status = proc_call_emit_slice(call, (const char *)call->name.bytes, call->name.size,
                                      values[0].i32, values[1].i32);
    return answer(call, values, status);
}

static int
take_metadata(void *data, const char *name, const void *bytes, uint64_t size)
{
    proc_call_metadata(data, name, bytes, (size_t)size);
    return 0;
}

static int
take_subcontent(void *data, const char *name, const void *bytes, uint64_t size)
{
    proc_call_subcontent(data, name, bytes, (size_t)size);
    return 0;
}

krait_status
proc_imports_add(krait_config *config, proc_call *call, krait_error *err)
{
    static const struct {
        const char *name;
        krait_import_fn function;
    } functions[] = {{KRAIT_ENV_DEFINE_TABLE, import_define},
                     {KRAIT_ENV_INSERT_ROW, import_insert},
                     {KRAIT_ENV_EMIT_BYTES, import_bytes},
                     {KRAIT_ENV_EMIT_SLICE, import_slice}};
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]) && status == KRAIT_OK; i++)
        status = krait_config_add_import(config, KRAIT_ENV_MODULE, functions[i].name, "iiii", "i",
                                         functions[i].function, call, err);
    if (status == KRAIT_OK)
        status = krait_config_watch_files(config, KRAIT_MODULE_METADATA, take_metadata, call, err);
    if (status == KRAIT_OK)
        status = krait_config_watch_files(config, KRAIT_MODULE_SUBCONTENT, take_subcontent, call,
                                          err);
    return status;
}
