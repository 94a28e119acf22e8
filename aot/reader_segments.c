/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant expressions, element and data segments (WebAssembly 2.0 sections
 * 5.4.9, 5.5.12 and 5.5.14).
 */
#include "aot/insn.h"
#include "aot/limits.h"
#include "aot/reader.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <string.h>

static bool
is_constant(uint16_t op)
{
    return (op >= KRAIT_OP_I32_CONST && op <= KRAIT_OP_F64_CONST) || op == KRAIT_OP_GLOBAL_GET ||
           op == KRAIT_OP_V128_CONST || op == KRAIT_OP_REF_NULL || op == KRAIT_OP_REF_FUNC ||
           (op >= KRAIT_OP_I32_ADD && op <= KRAIT_OP_I32_MUL) ||
           (op >= KRAIT_OP_I64_ADD && op <= KRAIT_OP_I64_MUL);
}

void
krait__reader_const(krait_cursor *cursor, krait_wasm_const *ret)
{
    krait_insn insn;

    memset(&insn, 0, sizeof(insn));
    ret->offset = cursor->at;
    ret->count = 0;
    ret->op = KRAIT_OP_END;
    while (krait__insn_read(cursor, &insn) && insn.op != KRAIT_OP_END) {
        if (!is_constant(insn.op)) {
            krait__cursor_fail_at(cursor, insn.offset, KRAIT_EFORMAT,
                                  "constant expression required, found %s", insn.info->name);
            return;
        }
        ret->op = ret->count++ == 0 ? insn.op : (uint16_t)KRAIT_OP_EXTENDED;
        ret->value = insn.info->imm == KRAIT_IMM_INDEX ? insn.index : insn.value;
        ret->high = insn.high;
    }
}

/* ---- elements --------------------------------------------------------------------------- */

static bool
reserve_items(krait_cursor *cursor, krait_wasm_module *module, uint32_t count, size_t *capacity)
{
    size_t wanted = (size_t)module->item_count + count;
    krait_wasm_const *bigger;

    if (wanted <= *capacity)
        return !cursor->failed;
    if (wanted > KRAIT_WASM_MAX_TABLE_ELEMENTS)
        return krait__cursor_fail_at(cursor, cursor->at, KRAIT_ELIMIT,
                                     "more than %u elements are not supported",
                                     KRAIT_WASM_MAX_TABLE_ELEMENTS);
    if (wanted < *capacity * 2)
        wanted = *capacity * 2;
    bigger = krait__realloc_array(module->items, wanted, sizeof(*bigger));
    if (bigger == NULL)
        return krait__cursor_fail_at(cursor, cursor->at, KRAIT_ENOMEM, "out of memory");
    module->items = bigger;
    *capacity = wanted;
    return true;
}

static void
read_items(krait_cursor *cursor, krait_wasm_module *module, krait_wasm_elem *elem,
           bool are_expressions, size_t *capacity)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_TABLE_ELEMENTS,
                                         are_expressions ? 2 : 1, "elements");
    uint32_t i;

    elem->first = module->item_count;
    elem->count = count;
    if (cursor->failed || !reserve_items(cursor, module, count, capacity))
        return;
    for (i = 0; i < count && !cursor->failed; i++) {
        krait_wasm_const *item = &module->items[module->item_count++];

        memset(item, 0, sizeof(*item));
        if (are_expressions) {
            krait__reader_const(cursor, item);
            continue;
        }
        item->offset = cursor->at;
        item->op = KRAIT_OP_REF_FUNC;
        item->count = 1;
        item->value = krait__cursor_u32(cursor);
    }
}

/* The eight forms: bit 0 passive or declared, bit 1 explicit table or declared,
 * bit 2 expressions instead of function indices. */
static void
read_element(krait_cursor *cursor, krait_wasm_module *module, krait_wasm_elem *elem,
             size_t *capacity)
{
    size_t start = cursor->at;
    uint32_t flags = krait__cursor_u32(cursor);

    elem->offset = start;
    elem->type = KRAIT_FUNCREF;
    if (flags > 7) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed elements segment kind");
        return;
    }
    elem->mode = (flags & 1) == 0   ? KRAIT_WASM_ACTIVE
                 : (flags & 2) == 0 ? KRAIT_WASM_PASSIVE
                                    : KRAIT_WASM_DECLARED;
    if (elem->mode == KRAIT_WASM_ACTIVE) {
        if ((flags & 2) != 0)
            elem->table = krait__cursor_u32(cursor);
        krait__reader_const(cursor, &elem->at);
    }
    start = cursor->at;
    if ((flags & 3) != 0 && (flags & 4) != 0) {
        elem->type = krait__valtype_read(cursor, "reference type");
        if (!krait__wasm_is_reference(elem->type))
            krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed reference type");
    } else if ((flags & 3) != 0 && krait__cursor_u8(cursor) != 0) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed element kind");
    }
    read_items(cursor, module, elem, (flags & 4) != 0, capacity);
}

void
krait__reader_elements(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_SEGMENTS, 2, "element segments");
    size_t capacity = 0;
    uint32_t i;

    module->elems = krait__reader_array(cursor, count, sizeof(*module->elems));
    for (i = 0; i < count && !cursor->failed; i++)
        read_element(cursor, module, &module->elems[i], &capacity);
    if (!cursor->failed)
        module->elem_count = count;
}

/* ---- data ------------------------------------------------------------------------------- */

static void
read_data(krait_cursor *cursor, krait_wasm_data *data)
{
    size_t start = cursor->at;
    uint32_t flags = krait__cursor_u32(cursor);

    data->offset = start;
    if (flags > 2) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed data segment kind");
        return;
    }
    data->mode = flags == 1 ? KRAIT_WASM_PASSIVE : KRAIT_WASM_ACTIVE;
    if (flags == 2)
        data->memory = krait__cursor_u32(cursor);
    if (flags != 1)
        krait__reader_const(cursor, &data->at);
    data->size = krait__cursor_u32(cursor);
    data->bytes = krait__cursor_bytes(cursor, data->size);
}

void
krait__reader_datas(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_SEGMENTS, 2, "data segments");
    uint32_t i;

    module->datas = krait__reader_array(cursor, count, sizeof(*module->datas));
    for (i = 0; i < count && !cursor->failed; i++)
        read_data(cursor, &module->datas[i]);
    if (!cursor->failed)
        module->data_count = count;
}
