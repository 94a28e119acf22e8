/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type section (WebAssembly 2.0 section 5.5.4), and one number for equal
 * types.
 */
#include "aot/insn.h"
#include "aot/limits.h"
#include "aot/reader.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

static const krait_wasm_valtype *
read_result_type(krait_cursor *cursor, uint32_t limit, const char *what, uint32_t *ret_count)
{
    uint32_t count = krait__cursor_count(cursor, limit, 1, what);
    const krait_wasm_valtype *types = cursor->data + cursor->at;
    uint32_t i;

    for (i = 0; i < count && !cursor->failed; i++)
        (void)krait__valtype_read(cursor, "value type");
    *ret_count = count;
    return types;
}

static void
read_type(krait_cursor *cursor, krait_wasm_type *type)
{
    size_t start = cursor->at;
    uint8_t form = krait__cursor_u8(cursor);

    if (form == 0x50 || form == 0x4f || form == 0x4e || form == 0x5e || form == 0x5f)
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "type form 0x%02x is not supported (garbage collection)", form);
    if (form != 0x60)
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed functype form 0x%02x", form);
    type->params = read_result_type(cursor, KRAIT_WASM_MAX_PARAMS, "parameters",
                                    &type->param_count);
    type->results = read_result_type(cursor, KRAIT_WASM_MAX_RESULTS, "results",
                                     &type->result_count);
}

/* Orders pointers to types by contents, equal ones by index. */
static int
compare_types(const void *left, const void *right)
{
    const krait_wasm_type *const *a = left;
    const krait_wasm_type *const *b = right;
    int order;

    if ((*a)->param_count != (*b)->param_count)
        return (*a)->param_count < (*b)->param_count ? -1 : 1;
    if ((*a)->result_count != (*b)->result_count)
        return (*a)->result_count < (*b)->result_count ? -1 : 1;
    order = memcmp((*a)->params, (*b)->params, (*a)->param_count);
    if (order == 0)
        order = memcmp((*a)->results, (*b)->results, (*a)->result_count);
    if (order == 0)
        order = *a < *b ? -1 : *a > *b;
    return order;
}

/* Gives equal types one number.  Sorted, not hashed: nobody can make it slow. */
static void
find_canonical_types(krait_cursor *cursor, krait_wasm_module *module)
{
    const krait_wasm_type **sorted;
    uint32_t i;

    sorted = krait__reader_array(cursor, module->type_count, sizeof(*sorted));
    if (sorted == NULL)
        return;
    for (i = 0; i < module->type_count; i++)
        sorted[i] = &module->types[i];
    qsort(sorted, module->type_count, sizeof(*sorted), compare_types);
    for (i = 0; i < module->type_count; i++) {
        size_t own = (size_t)(sorted[i] - module->types);

        module->types[own].canonical = (uint32_t)own;
        if (i != 0 && krait__wasm_types_equal(sorted[i - 1], sorted[i]))
            module->types[own].canonical = sorted[i - 1]->canonical;
    }
    krait__free(sorted);
}

void
krait__reader_types(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_TYPES, 1, "types");
    uint32_t i;

    module->types = krait__reader_array(cursor, count, sizeof(*module->types));
    for (i = 0; i < count && !cursor->failed; i++)
        read_type(cursor, &module->types[i]);
    if (cursor->failed)
        return;
    module->type_count = count;
    find_canonical_types(cursor, module);
}
