/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.c: what is needed of a module besides its functions.  Wrappers of
 * imports, trampolines for calls from the engine, and the description
 * (krait_module_desc in krait/abi.h).
 */
#include "aot/emit_module.h"

#include <krait/abi.h>

#include <string.h>

/* ---- imports ---------------------------------------------------------------------------- */

static void
write_import(krait_text *text, const krait_plan *plan, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(plan->module, func);
    uint32_t cells = type->param_count > type->result_count ? type->param_count
                                                            : type->result_count;
    uint32_t i;

    krait__emit_place(text, plan, func);
    krait__emit_signature(text, plan, func, false);
    krait__text_fmt(text, "{\nconst krait_import*im=&ctx->imports[%u];\n", func);
    /* A loop that called this goes on with what this calls. */
    if (plan->has_tails)
        krait__text_fmt(text, "TAIL_PASS(%s);\n", krait__plan_name(plan, func));
    krait__text_fmt(text, "if(im->host==0)%s", type->result_count != 0 ? "return " : "{");
    krait__text_fmt(text, "((fn%u)im->code)(krait_ctx_enter(ctx,im->instance)", type->canonical);
    for (i = 0; i < type->param_count; i++)
        krait__text_fmt(text, ",l%u", i);
    krait__text_fmt(text, ");%s\n{krait_cell c[%u];", type->result_count != 0 ? "" : "return;}",
                    cells != 0 ? cells : 1);
    for (i = 0; i < type->param_count; i++)
        krait__text_fmt(text, "c[%u].%s=%sl%u;", i, krait__emit_cell(type->params[i]),
                        type->params[i] == KRAIT_EXTERNREF ? "(void*)" : "", i);
    krait__text_str(text, "k_call_host(ctx,im,c);");
    if (type->result_count == 1)
        krait__text_fmt(text, "return c[0].%s;", krait__emit_cell(type->results[0]));
    if (type->result_count > 1) {
        krait__text_fmt(text, "return (r%u){", type->canonical);
        for (i = 0; i < type->result_count; i++)
            krait__text_fmt(text, "%sc[%u].%s", i != 0 ? "," : "", i,
                            krait__emit_cell(type->results[i]));
        krait__text_str(text, "};");
    }
    krait__text_str(text, "}}\n");
}

void
krait__emit_imports(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->module->imported_funcs; i++)
        write_import(text, plan, i);
}

/* ---- trampolines ------------------------------------------------------------------------ */

static void
write_invoke(krait_text *text, const krait_wasm_type *type, bool is_shared)
{
    uint32_t i;

    krait__text_fmt(text,
                    "%svoid inv%u(krait_ctx*ctx,krait_code code,const krait_cell*a,"
                    "krait_cell*r){\n",
                    is_shared ? "" : "static ", type->canonical);
    if (type->result_count != 0) {
        krait__emit_result_type(text, type);
        krait__text_str(text, " x=");
    }
    krait__text_fmt(text, "((fn%u)code)(ctx", type->canonical);
    for (i = 0; i < type->param_count; i++)
        krait__text_fmt(text, ",a[%u].%s", i, krait__emit_cell(type->params[i]));
    krait__text_str(text, ");");
    for (i = 0; i < type->result_count; i++) {
        krait__text_fmt(text, "r[%u].%s=%s", i, krait__emit_cell(type->results[i]),
                        type->results[i] == KRAIT_EXTERNREF ? "(void*)" : "");
        if (type->result_count == 1)
            krait__text_str(text, "x;");
        else
            krait__text_fmt(text, "x.a%u;", i);
    }
    krait__text_str(text, "}\n");
}

void
krait__emit_invokes(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->module->type_count; i++) {
        if ((plan->type_needs[i] & KRAIT_NEED_INVOKE) != 0)
            write_invoke(text, &plan->module->types[i],
                         (plan->type_needs[i] & KRAIT_NEED_BOUNCE) != 0);
    }
}

/* ---- the description -------------------------------------------------------------------- */

/* A C string literal; other characters than the plainest in octal. */
static void
write_string(krait_text *text, krait_wasm_name name)
{
    uint32_t i;

    krait__text_str(text, "\"");
    for (i = 0; i < name.size; i++) {
        char c = name.text[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
            (c >= '0' && c <= '9' && i != 0))
            krait__text_add(text, &c, 1);
        else
            krait__text_fmt(text, "\\%03o", (unsigned)(unsigned char)c);
    }
    krait__text_str(text, "\"");
}

static void
write_limits(krait_text *text, const krait_wasm_limits *limits, uint8_t type, bool is_private)
{
    krait__text_fmt(text, "{%lluull,", (unsigned long long)limits->min);
    krait__text_fmt(text, "%lluull,%u,%u,%u}", (unsigned long long)limits->max, type,
                    limits->is_shared, is_private);
}

/* One instruction; `value` is its constant or index, `high` the rest of a v128. */
static void
write_step(krait_text *text, const krait_plan *plan, uint16_t op, uint64_t value, uint64_t high)
{
    switch (op) {
    case KRAIT_OP_GLOBAL_GET:
        krait__text_fmt(text, "{KRAIT_CONST_GLOBAL,{.i32=%u}}", (unsigned)value);
        break;
    case KRAIT_OP_REF_FUNC:
        krait__text_fmt(text, "{KRAIT_CONST_FUNC,{.i32=%u}}", plan->func_slot[value]);
        break;
    case KRAIT_OP_REF_NULL:
        krait__text_str(text, "{KRAIT_CONST_VALUE,{.ext=0}}");
        break;
    case KRAIT_OP_I32_ADD:
    case KRAIT_OP_I32_SUB:
    case KRAIT_OP_I32_MUL:
        krait__text_fmt(text, "{KRAIT_CONST_I32_ADD+%u}", op - KRAIT_OP_I32_ADD);
        break;
    case KRAIT_OP_I64_ADD:
    case KRAIT_OP_I64_SUB:
    case KRAIT_OP_I64_MUL:
        krait__text_fmt(text, "{KRAIT_CONST_I64_ADD+%u}", op - KRAIT_OP_I64_ADD);
        break;
    case KRAIT_OP_V128_CONST:
        krait__text_fmt(text, "{KRAIT_CONST_VALUE,{.vec={%lluull,%lluull}}}",
                        (unsigned long long)value, (unsigned long long)high);
        break;
    default:
        krait__text_fmt(text, "{KRAIT_CONST_VALUE,{.i64=%lluull}}", (unsigned long long)value);
    }
}

/* Several steps are an array without a name, which is as constant as its address. */
static void
write_const(krait_text *text, const krait_plan *plan, const krait_wasm_const *init)
{
    krait_cursor cursor;
    krait_insn insn;

    if (init->op != KRAIT_OP_EXTENDED) {
        write_step(text, plan, init->op, init->value, init->high);
        return;
    }
    memset(&insn, 0, sizeof(insn));
    memset(&cursor, 0, sizeof(cursor));
    cursor.data = plan->module->bytes;
    cursor.at = init->offset;
    cursor.end = plan->module->size;
    krait__text_str(text, "{KRAIT_CONST_STEPS,{.ext=(void*)(const krait_const_desc[]){\n");
    while (krait__insn_read(&cursor, &insn) && insn.op != KRAIT_OP_END) {
        write_step(text, plan, insn.op, insn.info->imm == KRAIT_IMM_INDEX ? insn.index : insn.value,
                   insn.high);
        krait__text_str(text, ",\n");
    }
    krait__text_str(text, "{KRAIT_CONST_END}}}}");
}

static void
write_types(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < module->type_count; i++) {
        const krait_wasm_type *type = &module->types[i];

        if (type->canonical != i)
            continue;
        krait__text_fmt(text, "static const u8 y%u[]={", i);
        for (j = 0; j < type->param_count; j++)
            krait__text_fmt(text, "%u,", type->params[j]);
        for (j = 0; j < type->result_count; j++)
            krait__text_fmt(text, "%u,", type->results[j]);
        krait__text_str(text, "0};\n");
    }
    krait__text_str(text, "static const krait_type_desc types[]={\n");
    for (i = 0; i < module->type_count; i++) {
        const krait_wasm_type *type = &module->types[i];
        uint32_t same = type->canonical;

        krait__text_fmt(text, "{y%u,y%u+%u,%u,%u,", same, same, type->param_count,
                        type->param_count, type->result_count);
        if ((plan->type_needs[same] & KRAIT_NEED_INVOKE) != 0)
            krait__text_fmt(text, "inv%u},\n", same);
        else
            krait__text_str(text, "0},\n");
    }
    krait__text_str(text, "{0}};\n");
}

static void
write_import_desc(krait_text *text, const krait_wasm_module *module,
                  const krait_wasm_import *import)
{
    static const krait_wasm_limits none = {0, 0, false};

    krait__text_str(text, "{");
    write_string(text, import->module);
    krait__text_str(text, ",");
    write_string(text, import->name);
    krait__text_fmt(text, ",%u,%u,%u,", import->module.size, import->name.size, import->kind);
    krait__text_u64(text, import->kind == KRAIT_KIND_FUNC ? module->funcs[import->index].type : 0);
    krait__text_str(text, ",");
    if (import->kind == KRAIT_KIND_TABLE)
        write_limits(text, &module->tables[import->index].limits,
                     module->tables[import->index].type, false);
    else if (import->kind == KRAIT_KIND_MEMORY)
        write_limits(text, &module->memories[import->index].limits, 0, false);
    else
        write_limits(text, &none, 0, false);
    if (import->kind == KRAIT_KIND_GLOBAL)
        krait__text_fmt(text, ",%u,%u},\n", module->globals[import->index].type,
                        module->globals[import->index].is_mutable);
    else
        krait__text_str(text, ",0,0},\n");
}

static void
write_funcs(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->slot_count; i++) {
        uint32_t func = plan->slots[i];

        /* Those that are not in this file. */
        if (func < plan->module->imported_funcs)
            continue;
        krait__emit_signature(text, plan, func, false);
        krait__text_str(text, ";\n");
    }
    krait__text_str(text, "static const krait_func_desc funcs[]={\n");
    for (i = 0; i < plan->slot_count; i++) {
        uint32_t func = plan->slots[i];

        krait__text_str(text, "{(krait_code)");
        krait__text_str(text, krait__plan_name(plan, func));
        krait__text_fmt(text, ",%u,%u},\n", plan->module->funcs[func].type, func);
    }
    krait__text_str(text, "{0}};\n");
}

static void
write_spaces(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    krait__text_str(text, "static const krait_limits_desc tables[]={\n");
    for (i = module->imported_tables; i < module->table_count; i++) {
        write_limits(text, &module->tables[i].limits, module->tables[i].type,
                     plan->tables[i].is_private);
        krait__text_str(text, ",\n");
    }
    krait__text_str(text, "{0}};\nstatic const krait_limits_desc memories[]={\n");
    for (i = module->imported_memories; i < module->memory_count; i++) {
        write_limits(text, &module->memories[i].limits, 0, false);
        krait__text_str(text, ",\n");
    }
    krait__text_str(text, "{0}};\nstatic const krait_global_desc globals[]={\n");
    for (i = module->imported_globals; i < module->global_count; i++) {
        const krait_wasm_global *global = &module->globals[i];

        krait__text_fmt(text, "{%u,%u,%u,%u,", global->type, global->is_mutable,
                        plan->globals[i].place == KRAIT_PLACE_THREAD, plan->globals[i].slot);
        write_const(text, plan, &global->init);
        krait__text_str(text, "},\n");
    }
    krait__text_str(text, "{0}};\n");
}

static void
write_exports(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    krait__text_str(text, "static const krait_export_desc exports[]={\n");
    for (i = 0; i < module->export_count; i++) {
        const krait_wasm_export *export = &module->exports[i];
        uint32_t index = export->kind == KRAIT_KIND_FUNC ? plan->func_slot[export->index]
                                                         : export->index;

        krait__text_str(text, "{");
        write_string(text, export->name);
        krait__text_fmt(text, ",%u,%u,%u},\n", export->name.size, export->kind, index);
    }
    krait__text_str(text, "{0}};\n");
}

static void
write_datas(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    krait__text_str(text, "extern const u8 k_data[];\nstatic const krait_data_desc datas[]={\n");
    for (i = 0; i < module->data_count; i++) {
        const krait_wasm_data *data = &module->datas[i];

        krait__text_fmt(text, "{k_data+%llu,%u,%u,%u,", (unsigned long long)plan->data_at[i],
                        data->size, data->memory, data->mode == KRAIT_WASM_ACTIVE);
        if (data->mode == KRAIT_WASM_ACTIVE)
            write_const(text, plan, &data->at);
        else
            krait__text_str(text, "{0}");
        krait__text_str(text, "},\n");
    }
    krait__text_str(text, "{0}};\n");
}

/* A segment of a private table is there to be named: it is empty and dropped. */
static bool
is_emptied(const krait_plan *plan, const krait_wasm_elem *elem)
{
    return elem->mode == KRAIT_WASM_ACTIVE && plan->tables[elem->table].is_private;
}

static void
write_elems(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];

        if (plan->elem_slot[i] == KRAIT_PLAN_NONE || is_emptied(plan, elem))
            continue;
        krait__text_fmt(text, "static const krait_const_desc e%u[]={\n", plan->elem_slot[i]);
        for (j = 0; j < elem->count; j++) {
            write_const(text, plan, &module->items[elem->first + j]);
            krait__text_str(text, ",\n");
        }
        krait__text_str(text, "{0}};\n");
    }
    krait__text_str(text, "static const krait_elem_desc elems[]={\n");
    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];
        uint32_t slot = plan->elem_slot[i];

        if (slot == KRAIT_PLAN_NONE)
            continue;
        if (is_emptied(plan, elem)) {
            krait__text_fmt(text, "{0,0,0,%u,%u,{0}},\n", elem->type, KRAIT_WASM_DECLARED);
            continue;
        }
        krait__text_fmt(text, "{e%u,%u,%u,%u,%u,", slot, elem->count, elem->table, elem->type,
                        elem->mode);
        if (elem->mode == KRAIT_WASM_ACTIVE)
            write_const(text, plan, &elem->at);
        else
            krait__text_str(text, "{0}");
        krait__text_str(text, "},\n");
    }
    krait__text_str(text, "{0}};\n");
}

static void
write_desc(krait_text *text, const krait_plan *plan, const uint8_t sha256[32])
{
    const krait_wasm_module *module = plan->module;
    unsigned i;

    krait__text_str(text, "#ifndef K_COMPILER\n#define K_COMPILER \"unknown\"\n#endif\n"
                          "#pragma GCC visibility push(default)\n"
                          "extern const krait_module_desc krait_module;\n"
                          "#pragma GCC visibility pop\n"
                          "const krait_module_desc krait_module={\n"
                          ".abi_version=KRAIT_ABI_VERSION,\n"
                          ".desc_size=sizeof(krait_module_desc),\n.wasm_sha256={");
    for (i = 0; i < 32; i++)
        krait__text_fmt(text, "%u,", sha256[i]);
    krait__text_str(text, "},\n.compiler=K_COMPILER,\n.types=types,.imports=imports,.funcs=funcs,"
                          ".tables=tables,.memories=memories,.globals=globals,.exports=exports,"
                          ".datas=datas,.elems=elems,\n");
    krait__text_fmt(text, ".type_count=%u,.import_count=%u,.func_count=%u,", module->type_count,
                    module->import_count, plan->slot_count);
    krait__text_fmt(text, ".table_count=%u,.memory_count=%u,.global_count=%u,",
                    module->table_count - module->imported_tables,
                    module->memory_count - module->imported_memories,
                    module->global_count - module->imported_globals);
    krait__text_fmt(text, ".export_count=%u,.data_count=%u,.elem_count=%u,", module->export_count,
                    module->data_count, plan->elem_count);
    krait__text_fmt(text, ".start=%uu,.flags=%uu\n};\n",
                    module->has_start ? plan->func_slot[module->start] : UINT32_MAX,
                    plan->flags | (plan->is_threaded ? (uint32_t)KRAIT_MODULE_THREADS : 0));
}

void
krait__emit_description(krait_text *text, const krait_plan *plan, const uint8_t sha256[32])
{
    uint32_t i;

    write_types(text, plan);
    krait__text_str(text, "static const krait_import_desc imports[]={\n");
    for (i = 0; i < plan->module->import_count; i++)
        write_import_desc(text, plan->module, &plan->module->imports[i]);
    krait__text_str(text, "{0}};\n");
    write_funcs(text, plan);
    write_spaces(text, plan);
    write_exports(text, plan);
    write_datas(text, plan);
    write_elems(text, plan);
    write_desc(text, plan, sha256);
}
