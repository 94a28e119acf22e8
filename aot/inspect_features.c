/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which proposals a module uses, by the instructions and types in it.  What is said
 * in a custom section "target_features" is what it was compiled for, not this.
 */
#include "aot/insn.h"
#include "aot/inspect.h"

#include <krait/abi.h>

#include <string.h>

/* As in the section "target_features" of the tool conventions. */
const char *const krait__feature_names[KRAIT_FEATURE_COUNT] = {
    "mutable-globals", "sign-ext", "nontrapping-fptoint", "bulk-memory", "reference-types",
    "multivalue",      "simd128",  "tail-call",           "atomics",     "multimemory",
    "extended-const"};

static uint32_t
bit(krait_feature feature)
{
    return UINT32_C(1) << feature;
}

/* Saturating conversions and bulk operations share a prefix. */
static uint32_t
of_prefixed(uint16_t op)
{
    if (op < KRAIT_OP_MEMORY_INIT)
        return bit(KRAIT_FEATURE_SATURATING);
    return op <= KRAIT_OP_TABLE_COPY ? bit(KRAIT_FEATURE_BULK_MEMORY)
                                     : bit(KRAIT_FEATURE_REFERENCE_TYPES);
}

static uint32_t
of_instruction(const krait_insn *insn)
{
    switch (insn->op >> 8) {
    case 0xfc:
        return of_prefixed(insn->op);
    case 0xfd:
        return bit(KRAIT_FEATURE_SIMD);
    case 0xfe:
        return bit(KRAIT_FEATURE_THREADS);
    default:
        break;
    }
    if (insn->op >= 0xc0 && insn->op <= 0xc4)
        return bit(KRAIT_FEATURE_SIGN_EXTENSION);
    if (insn->op == KRAIT_OP_RETURN_CALL || insn->op == KRAIT_OP_RETURN_CALL_INDIRECT)
        return bit(KRAIT_FEATURE_TAIL_CALL);
    if (insn->op == KRAIT_OP_TABLE_GET || insn->op == KRAIT_OP_TABLE_SET ||
        insn->op == KRAIT_OP_SELECT_T || (insn->op >= KRAIT_OP_REF_NULL && insn->op <= 0xd2))
        return bit(KRAIT_FEATURE_REFERENCE_TYPES);
    return insn->info->imm == KRAIT_IMM_BLOCK && insn->block_kind == KRAIT_BLOCK_TYPE
               ? bit(KRAIT_FEATURE_MULTI_VALUE)
               : 0;
}

static uint32_t
of_body(const krait_wasm_module *module, const krait_wasm_func *func)
{
    krait_cursor cursor = {.data = module->bytes, .module = module};
    uint32_t found = 0;
    krait_insn insn;
    uint32_t groups;

    memset(&insn, 0, sizeof(insn));
    cursor.at = func->offset;
    cursor.end = func->offset + func->size;
    for (groups = krait__cursor_u32(&cursor); groups != 0; groups--) {
        (void)krait__cursor_u32(&cursor);
        (void)krait__valtype_read(&cursor, "value type");
    }
    while (cursor.at < cursor.end && krait__insn_read(&cursor, &insn))
        found |= of_instruction(&insn);
    return found | (cursor.saw_simd ? bit(KRAIT_FEATURE_SIMD) : 0);
}

static uint32_t
of_globals(const krait_wasm_module *module)
{
    uint32_t found = 0;
    uint32_t i;

    for (i = 0; i < module->global_count; i++) {
        if (i < module->imported_globals && module->globals[i].is_mutable)
            found |= bit(KRAIT_FEATURE_MUTABLE_GLOBALS);
        if (i >= module->imported_globals && module->globals[i].init.op == KRAIT_OP_EXTENDED)
            found |= bit(KRAIT_FEATURE_EXTENDED_CONST);
    }
    for (i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == KRAIT_KIND_GLOBAL &&
            module->globals[module->exports[i].index].is_mutable)
            found |= bit(KRAIT_FEATURE_MUTABLE_GLOBALS);
    }
    return found;
}

static uint32_t
of_segments(const krait_wasm_module *module)
{
    uint32_t found = module->has_data_count ? bit(KRAIT_FEATURE_BULK_MEMORY) : 0;
    uint32_t i;

    for (i = 0; i < module->data_count; i++) {
        if (module->datas[i].mode != KRAIT_WASM_ACTIVE)
            found |= bit(KRAIT_FEATURE_BULK_MEMORY);
        if (module->datas[i].at.op == KRAIT_OP_EXTENDED)
            found |= bit(KRAIT_FEATURE_EXTENDED_CONST);
    }
    for (i = 0; i < module->elem_count; i++) {
        if (module->elems[i].mode != KRAIT_WASM_ACTIVE)
            found |= bit(KRAIT_FEATURE_BULK_MEMORY);
        if (module->elems[i].at.op == KRAIT_OP_EXTENDED)
            found |= bit(KRAIT_FEATURE_EXTENDED_CONST);
    }
    return found;
}

uint32_t
krait__inspect_features(const krait_wasm_module *module)
{
    uint32_t found = of_globals(module) | of_segments(module);
    uint32_t i;

    for (i = 0; i < module->type_count; i++)
        found |= module->types[i].result_count > 1 ? bit(KRAIT_FEATURE_MULTI_VALUE) : 0;
    for (i = 0; i < module->table_count; i++)
        found |= module->tables[i].type != KRAIT_FUNCREF || i > 0
                     ? bit(KRAIT_FEATURE_REFERENCE_TYPES)
                     : 0;
    for (i = 0; i < module->memory_count; i++) {
        found |= module->memories[i].limits.is_shared ? bit(KRAIT_FEATURE_THREADS) : 0;
        found |= i > 0 ? bit(KRAIT_FEATURE_MULTI_MEMORY) : 0;
    }
    found |= module->has_simd ? bit(KRAIT_FEATURE_SIMD) : 0;
    for (i = module->imported_funcs; i < module->func_count; i++)
        found |= of_body(module, &module->funcs[i]);
    return found;
}
