/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of everything outside of function bodies (WebAssembly 2.0
 * section 3.4).  Bodies are in validate_func.c, constant expressions in
 * validate_const.c.
 */
#include "aot/validate.h"
#include "aot/limits.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

static bool
fail(krait_validator *v, const char *section, size_t offset, krait_status code, const char *text,
     uint64_t number)
{
    v->cursor.section = section;
    return krait__cursor_fail_at(&v->cursor, offset, code, "%s %llu", text,
                                 (unsigned long long)number);
}

/* ---- sections --------------------------------------------------------------------------- */

static bool
check_function_types(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    for (i = 0; i < module->func_count; i++) {
        if (module->funcs[i].type < module->type_count)
            continue;
        v->cursor.func = i;
        return fail(v, i < module->imported_funcs ? "import section" : "function section",
                    module->funcs[i].offset, KRAIT_EFORMAT, "unknown type", module->funcs[i].type);
    }
    return true;
}

static bool
check_limits(krait_validator *v, const char *section, size_t offset,
             const krait_wasm_limits *limits)
{
    if (limits->max != UINT64_MAX && limits->min > limits->max)
        return fail(v, section, offset, KRAIT_EFORMAT,
                    "size minimum must not be greater than maximum", limits->max);
    return true;
}

static bool
check_tables(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    for (i = 0; i < module->table_count; i++) {
        const krait_wasm_table *table = &module->tables[i];
        const char *section = i < module->imported_tables ? "import section" : "table section";

        if (!check_limits(v, section, table->offset, &table->limits))
            return false;
        if (i >= module->imported_tables && table->limits.min > KRAIT_WASM_MAX_TABLE_ELEMENTS)
            return fail(v, section, table->offset, KRAIT_ELIMIT,
                        "the table is larger than supported: entries", table->limits.min);
    }
    return true;
}

static bool
check_memories(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    for (i = 0; i < module->memory_count; i++) {
        const krait_wasm_memory *memory = &module->memories[i];
        const char *section = i < module->imported_memories ? "import section" : "memory section";

        if (memory->limits.min > KRAIT_WASM_MAX_PAGES ||
            (memory->limits.max != UINT64_MAX && memory->limits.max > KRAIT_WASM_MAX_PAGES))
            return fail(v, section, memory->offset, KRAIT_EFORMAT,
                        "memory size must be at most 65536 pages (4GiB), memory", i);
        if (!check_limits(v, section, memory->offset, &memory->limits))
            return false;
        if (memory->limits.is_shared && memory->limits.max == UINT64_MAX)
            return fail(v, section, memory->offset, KRAIT_EFORMAT,
                        "shared memory must have maximum, memory", i);
    }
    if (module->memory_count > KRAIT_WASM_MAX_MEMORIES)
        return fail(v, NULL, module->memories[KRAIT_WASM_MAX_MEMORIES].offset, KRAIT_ELIMIT,
                    "more memories than supported:", module->memory_count);
    return true;
}

static bool
check_globals(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    v->cursor.section = "global section";
    for (i = module->imported_globals; i < module->global_count; i++) {
        if (!krait__validate_const(v, &module->globals[i].init, module->globals[i].type, i))
            return false;
    }
    return true;
}

static int
compare_exports(const void *left, const void *right)
{
    const krait_wasm_export *const *a = left;
    const krait_wasm_export *const *b = right;
    uint32_t shorter = (*a)->name.size < (*b)->name.size ? (*a)->name.size : (*b)->name.size;
    int order = memcmp((*a)->name.text, (*b)->name.text, shorter);

    if (order == 0 && (*a)->name.size != (*b)->name.size)
        order = (*a)->name.size < (*b)->name.size ? -1 : 1;
    return order;
}

static bool
check_export_names(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    const krait_wasm_export **sorted = krait__calloc(module->export_count, sizeof(*sorted));
    bool ok = true;
    uint32_t i;

    if (sorted == NULL)
        return fail(v, "export section", 0, KRAIT_ENOMEM, "out of memory, exports",
                    module->export_count);
    for (i = 0; i < module->export_count; i++)
        sorted[i] = &module->exports[i];
    qsort(sorted, module->export_count, sizeof(*sorted), compare_exports);
    for (i = 1; ok && i < module->export_count; i++) {
        if (compare_exports(&sorted[i - 1], &sorted[i]) == 0) {
            const krait_wasm_export *later = sorted[i];

            if (sorted[i - 1]->offset > later->offset)
                later = sorted[i - 1];
            ok = fail(v, "export section", later->offset, KRAIT_EFORMAT,
                      "duplicate export name, export", (uint64_t)(later - module->exports));
        }
    }
    krait__free(sorted);
    return ok;
}

static bool
check_exports(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    for (i = 0; i < module->export_count; i++) {
        const krait_wasm_export *export = &module->exports[i];
        const struct {
            const char *text;
            uint32_t count;
        } spaces[] = {{"unknown function", module->func_count},
                      {"unknown table", module->table_count},
                      {"unknown memory", module->memory_count},
                      {"unknown global", module->global_count}};

        if (export->index >= spaces[export->kind].count)
            return fail(v, "export section", export->offset, KRAIT_EFORMAT,
                        spaces[export->kind].text, export->index);
        if (export->kind == KRAIT_KIND_FUNC)
            v->declared[export->index] = 1;
    }
    return check_export_names(v);
}

static bool
check_start(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    const krait_wasm_type *type;

    if (!module->has_start)
        return true;
    if (module->start >= module->func_count)
        return fail(v, "start section", module->start_offset, KRAIT_EFORMAT, "unknown function",
                    module->start);
    type = krait__wasm_func_type(module, module->start);
    if (type->param_count != 0 || type->result_count != 0)
        return fail(v, "start section", module->start_offset, KRAIT_EFORMAT,
                    "the start function must have no parameters and no results: function",
                    module->start);
    return true;
}

static bool
check_elems(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;
    uint32_t j;

    v->cursor.section = "element section";
    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];

        for (j = 0; j < elem->count; j++) {
            if (!krait__validate_const(v, &module->items[elem->first + j], elem->type,
                                       module->global_count))
                return false;
        }
        if (elem->mode != KRAIT_WASM_ACTIVE)
            continue;
        if (elem->table >= module->table_count)
            return fail(v, "element section", elem->offset, KRAIT_EFORMAT, "unknown table",
                        elem->table);
        if (module->tables[elem->table].type != elem->type)
            return fail(v, "element section", elem->offset, KRAIT_EFORMAT,
                        "type mismatch: the segment has not the type of table", elem->table);
        if (!krait__validate_const(v, &elem->at, KRAIT_I32, module->global_count))
            return false;
    }
    return true;
}

static bool
check_datas(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    v->cursor.section = "data section";
    for (i = 0; i < module->data_count; i++) {
        const krait_wasm_data *data = &module->datas[i];

        if (data->mode != KRAIT_WASM_ACTIVE)
            continue;
        if (data->memory >= module->memory_count)
            return fail(v, "data section", data->offset, KRAIT_EFORMAT, "unknown memory",
                        data->memory);
        if (!krait__validate_const(v, &data->at, KRAIT_I32, module->global_count))
            return false;
    }
    return true;
}

static bool
check_bodies(krait_validator *v)
{
    const krait_wasm_module *module = v->module;
    uint32_t i;

    v->cursor.section = "code section";
    for (i = module->imported_funcs; i < module->func_count; i++) {
        if (!krait__validate_function(v, i))
            return false;
    }
    return true;
}

krait_status
krait__wasm_validate(const krait_wasm_module *module, krait_error *err)
{
    krait_validator v;

    memset(&v, 0, sizeof(v));
    v.module = module;
    v.cursor.data = module->bytes;
    v.cursor.end = module->size;
    v.cursor.module = module;
    v.cursor.func = UINT32_MAX;
    v.cursor.err = err;
    v.declared = krait__calloc(module->func_count, 1);
    if (v.declared == NULL)
        (void)fail(&v, NULL, 0, KRAIT_ENOMEM, "out of memory, functions", module->func_count);
    /* Bodies last: the other sections say which functions ref.func may name. */
    if (v.declared != NULL && check_function_types(&v) && check_tables(&v) && check_memories(&v) &&
        check_globals(&v) && check_exports(&v) && check_start(&v) && check_elems(&v) &&
        check_datas(&v))
        (void)check_bodies(&v);
    krait__free(v.declared);
    krait__free(v.locals);
    krait__free(v.operands);
    krait__free(v.frames);
    return v.cursor.failed ? v.cursor.status : KRAIT_OK;
}
