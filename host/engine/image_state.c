/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of an instance besides its memory, as bytes (docs/snapshot-format.md, "State").
 *
 * Little-endian, nothing aligned:
 *
 *     u32 number of own globals; for each 16 bytes, as the guest sees them; a reference to a
 *         function is its number + 1 in u32 and zeros, a null reference zeros
 *     u32 number of own tables; for each u32 entries, and for each entry u32 function + 1, or 0;
 *         0xffffffff entries: the table is part of the code
 *     u32 number of data segments; for each one byte: 1 dropped
 *     u32 number of element segments; the same
 *
 * Functions are numbers in krait_module_desc.funcs, for which the module must be the same.
 */
#include "engine/image_internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

#define PRIVATE_TABLE UINT32_MAX

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct state_writer {
    uint8_t *at; /* NULL: only counts */
    size_t size;
} state_writer;

static void
put(state_writer *writer, const void *bytes, size_t size)
{
    if (writer->at != NULL) {
        memcpy(writer->at, bytes, size);
        writer->at += size;
    }
    writer->size += size;
}

static void
put_u32(state_writer *writer, uint32_t value)
{
    put(writer, &value, sizeof(value));
}

/* Its number + 1, 0 for null; false when it is not one of the instance's. */
static bool
function_number(const krait_instance *instance, const krait_func *func, uint32_t *ret_number)
{
    const krait_func *first = instance->funcs;

    *ret_number = 0;
    if (func == NULL)
        return true;
    if ((uintptr_t)func < (uintptr_t)first ||
        (uintptr_t)func >= (uintptr_t)(first + instance->module->desc->func_count))
        return false;
    *ret_number = (uint32_t)(func - first) + 1;
    return true;
}

static bool
write_globals(const krait_instance *instance, state_writer *writer)
{
    const krait_module_desc *desc = instance->module->desc;

    put_u32(writer, desc->global_count);
    for (uint32_t i = 0; i < desc->global_count; i++) {
        const krait_global_desc *global = &desc->globals[i];
        krait_cell cell = global->is_thread ? instance->ctx.thread_globals[global->slot]
                                            : instance->globals[global->slot];
        uint32_t number = 0;

        if (global->type == KRAIT_EXTERNREF && cell.ext != NULL)
            return false;
        if (global->type == KRAIT_FUNCREF) {
            if (!function_number(instance, cell.func, &number))
                return false;
            memset(&cell, 0, sizeof(cell));
            cell.i32 = number;
        }
        put(writer, &cell, sizeof(cell));
    }
    return true;
}

static bool
write_table(const krait_instance *instance, const krait_table *table, state_writer *writer)
{
    put_u32(writer, table->size);
    for (uint32_t i = 0; i < table->size; i++) {
        uint32_t number = 0;

        if (table->type == KRAIT_EXTERNREF ? table->entries[i] != NULL
                                           : !function_number(instance, table->entries[i], &number))
            return false;
        put_u32(writer, number);
    }
    return true;
}

static bool
write_state(const krait_instance *instance, state_writer *writer)
{
    const krait_module_desc *desc = instance->module->desc;
    uint8_t dropped;

    if (!write_globals(instance, writer))
        return false;
    put_u32(writer, desc->table_count);
    for (uint32_t i = 0; i < desc->table_count; i++) {
        if (instance->tables[i] == NULL)
            put_u32(writer, PRIVATE_TABLE);
        else if (!write_table(instance, instance->tables[i], writer))
            return false;
    }
    put_u32(writer, desc->data_count);
    for (uint32_t i = 0; i < desc->data_count; i++) {
        dropped = instance->data_dropped[i];
        put(writer, &dropped, 1);
    }
    put_u32(writer, desc->elem_count);
    for (uint32_t i = 0; i < desc->elem_count; i++) {
        dropped = instance->elem_dropped[i];
        put(writer, &dropped, 1);
    }
    return true;
}

static krait_status
check_module(const krait_module *module, krait_error *err)
{
    const krait_module_desc *desc = module->desc;

    for (uint32_t i = 0; i < desc->import_count; i++) {
        if (desc->imports[i].kind != KRAIT_KIND_FUNC)
            return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                    "a module that imports memories, tables or globals has no "
                                    "images");
    }
    if (desc->memory_count != 1 || desc->memories[0].shared)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "only modules with one memory that is not shared have images");
    return KRAIT_OK;
}

krait_status
krait__instance_save(const krait_instance *instance, void **ret_state, size_t *ret_size,
                     krait_error *err)
{
    state_writer writer = {.at = NULL};
    krait_status status = check_module(instance->module, err);
    void *state;

    if (status != KRAIT_OK)
        return status;
    if (instance->own.running)
        return krait__error_set(err, KRAIT_EBUSY, 0, "the instance is running");
    if (!write_state(instance, &writer))
        return krait__error_set(
            err, KRAIT_EUNSUPPORTED, 0,
            "a table or global of the instance refers to what is outside of it");
    state = krait__alloc(writer.size);
    if (state == NULL)
        return krait__error_nomem(err);
    *ret_size = writer.size;
    writer.at = state;
    (void)write_state(instance, &writer);
    *ret_state = state;
    return KRAIT_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

typedef struct state_reader {
    const uint8_t *at;
    size_t left;
} state_reader;

static const uint8_t *
take(state_reader *reader, size_t size)
{
    const uint8_t *at = reader->at;

    if (size > reader->left)
        return NULL;
    reader->at += size;
    reader->left -= size;
    return at;
}

static uint32_t
take_u32(state_reader *reader)
{
    const uint8_t *at = take(reader, sizeof(uint32_t));
    uint32_t value = 0;

    if (at != NULL)
        memcpy(&value, at, sizeof(value));
    else
        reader->left = 0;
    return value;
}

static bool
check_globals(const krait_module_desc *desc, state_reader *reader)
{
    if (take_u32(reader) != desc->global_count)
        return false;
    for (uint32_t i = 0; i < desc->global_count; i++) {
        const uint8_t *at = take(reader, sizeof(krait_cell));
        krait_cell cell;

        if (at == NULL)
            return false;
        memcpy(&cell, at, sizeof(cell));
        if (desc->globals[i].type == KRAIT_FUNCREF && cell.i32 > desc->func_count)
            return false;
        if (desc->globals[i].type == KRAIT_EXTERNREF && cell.ext != NULL)
            return false;
    }
    return true;
}

static bool
check_table(const krait_module_desc *desc, const krait_limits_desc *table, state_reader *reader)
{
    const uint32_t size = take_u32(reader);

    if (table->is_private)
        return size == PRIVATE_TABLE;
    if (size < table->min || size > table->max || size > KRAIT_TABLE_MAX)
        return false;
    for (uint32_t i = 0; i < size; i++) {
        if (reader->left < sizeof(uint32_t))
            return false;
        if (take_u32(reader) > (table->type == KRAIT_EXTERNREF ? 0 : desc->func_count))
            return false;
    }
    return true;
}

static bool
check_dropped(uint32_t count, state_reader *reader)
{
    const uint8_t *flags;

    if (take_u32(reader) != count)
        return false;
    flags = take(reader, count);
    for (uint32_t i = 0; flags != NULL && i < count; i++) {
        if (flags[i] > 1)
            return false;
    }
    return flags != NULL;
}

krait_status
krait__image_state_check(const krait_module *module, const void *state, size_t size,
                         krait_error *err)
{
    const krait_module_desc *desc = module->desc;
    state_reader reader = {.at = state, .left = size};
    krait_status status = check_module(module, err);
    bool fits;

    if (status != KRAIT_OK)
        return status;
    fits = check_globals(desc, &reader) && take_u32(&reader) == desc->table_count;
    for (uint32_t i = 0; fits && i < desc->table_count; i++)
        fits = check_table(desc, &desc->tables[i], &reader);
    fits = fits && check_dropped(desc->data_count, &reader) &&
           check_dropped(desc->elem_count, &reader) && reader.left == 0;
    return fits ? KRAIT_OK
                : krait__error_set(err, KRAIT_EFORMAT, 0,
                                   "the state of an image is damaged, or of another module, %zu "
                                   "bytes before its end",
                                   reader.left);
}

/* ---- applying: the state was checked ------------------------------------------------------- */

static const krait_func *
function_of(const krait_instance *instance, uint32_t number)
{
    return number != 0 ? &instance->funcs[number - 1] : NULL;
}

static void
apply_globals(krait_instance *instance, state_reader *reader)
{
    const krait_module_desc *desc = instance->module->desc;

    for (uint32_t i = take_u32(reader), k = 0; k < i; k++) {
        krait_cell cell;

        memcpy(&cell, take(reader, sizeof(cell)), sizeof(cell));
        if (desc->globals[k].type == KRAIT_FUNCREF) {
            const krait_func *func = function_of(instance, cell.i32);

            memset(&cell, 0, sizeof(cell));
            cell.func = func;
        }
        *krait__global_cell(instance, k) = cell;
    }
}

/* False: there is no room for it. */
static bool
apply_table(krait_instance *instance, krait_table *table, state_reader *reader)
{
    const uint32_t size = take_u32(reader);
    uint32_t old;

    if (size == PRIVATE_TABLE)
        return true;
    old = table->size;
    if (!krait__table_resize(instance->store, table, size))
        return false;
    for (uint32_t i = 0; i < size; i++)
        krait__table_put(table, i, function_of(instance, take_u32(reader)));
    for (uint32_t i = size; i < old; i++)
        krait__table_put(table, i, NULL);
    return true;
}

krait_status
krait__image_state_apply(krait_instance *instance, krait_error *err)
{
    const krait_image *image = instance->image;
    state_reader reader = {.at = image->state, .left = image->state_size};

    apply_globals(instance, &reader);
    for (uint32_t i = take_u32(&reader), k = 0; k < i; k++) {
        if (!apply_table(instance, instance->tables[k], &reader))
            return krait__error_set(err, KRAIT_ELIMIT, 0,
                                    "there is no room for a table of the image");
    }
    for (uint32_t i = take_u32(&reader), k = 0; k < i; k++)
        instance->data_dropped[k] = *take(&reader, 1) != 0;
    for (uint32_t i = take_u32(&reader), k = 0; k < i; k++)
        instance->elem_dropped[k] = *take(&reader, 1) != 0;
    return KRAIT_OK;
}
