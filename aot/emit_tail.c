/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tail calls (WebAssembly 3.0 section 4.6.10: return_call, return_call_indirect).
 *
 * A function that makes tail calls is two in C.  t_name has its code; w_name,
 * which everybody else calls, calls it and carries out what it leaves pending.
 * A tail call is one of three:
 *   - a jump, when the callee's t_name is known (directly or by a static table),
 *     both have the same C type, the result is in a register, and the compiler
 *     is clang: musttail, and preserve_none where it is known;
 *   - a common call, when the callee makes no tail calls itself: the stack is one
 *     frame deeper while that callee runs, no more;
 *   - left pending: arguments go to thread->tail and the function returns, up to
 *     the w_name or loop that called it (k_tail in prelude.h).
 * return_call_ref is not translated.
 */
#include "aot/emit_module.h"

#include <krait/abi.h>

static const krait_wasm_type *
own_type(const krait_emitter *e)
{
    return krait__wasm_func_type(e->module, e->func);
}

/* ---- pending tail calls ----------------------------------------------------------------- */

static void
write_argument(krait_text *text, uint32_t i, krait_wasm_valtype type)
{
    krait__text_fmt(text, "tl->args[%u].%s=%s", i, krait__emit_cell(type),
                    type == KRAIT_EXTERNREF ? "(void*)" : "");
}

static void
write_end(krait_text *text, const krait_wasm_type *own, const krait_wasm_type *type)
{
    krait__text_fmt(text, "tl->invoke=inv%u;tl->ctx=cc;tl->code=co;return", type->canonical);
    if (own->result_count != 0) {
        krait__text_str(text, " (");
        krait__emit_result_type(text, own);
        krait__text_str(text, "){0}");
    }
    krait__text_str(text, ";}\n");
}

/* Goes on with the values taken last; the variables co and cc are declared. */
static void
write_pending(krait_emitter *e, const krait_wasm_type *type)
{
    uint32_t i;

    krait__text_str(e->out, "krait_tail*tl=&ctx->thread->tail;");
    for (i = 0; i < type->param_count; i++) {
        write_argument(e->out, i, type->params[i]);
        krait__emit_value(e, e->out, &e->values[e->value_count + i]);
        krait__text_str(e->out, ";");
    }
    write_end(e->out, own_type(e), type);
}

static void
write_imported(krait_text *text, uint32_t func)
{
    krait__text_fmt(text,
                    "if(ctx->imports[%u].host==0){krait_code co=ctx->imports[%u].code;"
                    "krait_ctx*cc=krait_ctx_enter(ctx,ctx->imports[%u].instance);\n",
                    func, func, func);
}

/* ---- direct tail calls ------------------------------------------------------------------ */

/* "return w_name(ctx,a,b);" */
static void
write_common(krait_emitter *e, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, func);
    const krait_wasm_type *own = own_type(e);
    uint32_t i;

    if (type->result_count > 1) {
        krait__text_str(e->out, "{");
        krait__emit_result_type(e->out, type);
        krait__text_str(e->out, " x=");
    } else if (type->result_count == 1) {
        krait__text_str(e->out, "return ");
    }
    krait__emit_callee(e, func, false);
    krait__emit_arguments(e, "(ctx", type->param_count);
    krait__text_str(e->out, type->result_count == 0 ? ";return;\n" : ";\n");
    if (type->result_count < 2)
        return;
    krait__text_str(e->out, "return (");
    krait__emit_result_type(e->out, own);
    krait__text_str(e->out, "){");
    for (i = 0; i < type->result_count; i++)
        krait__text_fmt(e->out, "x.a%u,", i);
    krait__text_str(e->out, "};}\n");
}

static void
write_direct(krait_emitter *e, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, func);
    bool can_jump = krait__plan_can_jump(e->plan, own_type(e), type->canonical);

    if (func < e->module->imported_funcs) {
        write_imported(e->out, func);
        write_pending(e, type);
    }
    if ((e->plan->tails[func] & KRAIT_TAIL_BODY) == 0) {
        write_common(e, func);
        return;
    }
    if (can_jump) {
        krait__text_str(e->out, "#ifdef MUSTTAIL\nMUSTTAIL return ");
        krait__emit_callee(e, func, true);
        krait__emit_arguments(e, "(ctx", type->param_count);
        krait__text_str(e->out, ";\n#else\n");
    }
    krait__text_str(e->out, "{krait_ctx*cc=ctx;krait_code co=(krait_code)");
    krait__emit_callee(e, func, false);
    krait__text_str(e->out, ";\n");
    write_pending(e, type);
    krait__text_str(e->out, can_jump ? "#endif\n" : "");
}

void
krait__emit_return_call(krait_emitter *e)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, e->insn.index);

    if (!krait__emit_take(e, type->param_count))
        return;
    write_direct(e, e->insn.index);
    krait__emit_end_reachable(e);
}

/* ---- indirect tail calls ---------------------------------------------------------------- */

/* "((fn5)((const char*)T0_5+T0_5[i]))" */
static void
write_entry(krait_emitter *e, const krait_plan_call *call, const krait_value *index, bool is_tail)
{
    krait__text_fmt(e->out,
                    is_tail ? "((tfn%u)((const char*)TT%u_%u+TT%u_%u["
                            : "((fn%u)((const char*)T%u_%u+T%u_%u[",
                    call->type, call->table, call->type, call->table, call->type);
    krait__emit_window_index(e, index, call);
    krait__text_str(e->out, "]))");
}

static void
emit_static(krait_emitter *e, const krait_plan_call *call, const krait_wasm_type *type)
{
    krait_value index = krait__emit_pop_held(e);
    bool can_jump = krait__plan_can_jump(e->plan, own_type(e), type->canonical);

    if (!krait__emit_take(e, type->param_count))
        return;
    krait__emit_window_check(e, &index, call);
    if (call->count == 0)
        return;
    if (call->count == 1) {
        write_direct(e, e->plan->tables[call->table].items[call->first]);
        return;
    }
    if (can_jump) {
        krait__text_str(e->out, "#ifdef MUSTTAIL\nMUSTTAIL return ");
        write_entry(e, call, &index, true);
        krait__emit_arguments(e, "(ctx", type->param_count);
        krait__text_str(e->out, ";\n#else\n");
    }
    krait__text_str(e->out, "{krait_ctx*cc=ctx;krait_code co=(krait_code)");
    write_entry(e, call, &index, false);
    krait__text_str(e->out, ";\n");
    write_pending(e, type);
    krait__text_str(e->out, can_jump ? "#endif\n" : "");
}

static void
emit_dynamic(krait_emitter *e, uint32_t table, const krait_wasm_type *type)
{
    krait_value index = krait__emit_pop(e);

    if (!krait__emit_take(e, type->param_count))
        return;
    krait__text_fmt(e->out, "{const krait_func*en=table_entry(ctx,%u,%u,", table, type->canonical);
    krait__emit_value(e, e->out, &index);
    krait__text_str(e->out, ");krait_code co=en->code;"
                            "krait_ctx*cc=krait_ctx_enter(ctx,en->instance);\n");
    write_pending(e, type);
}

void
krait__emit_return_call_indirect(krait_emitter *e)
{
    const krait_wasm_type *type = &e->module->types[e->insn.index];
    uint32_t table = e->insn.index2;

    if (e->plan->tables[table].is_private)
        emit_static(e, krait__plan_find_call(e->plan, table, type->canonical), type);
    else
        emit_dynamic(e, table, type);
    krait__emit_end_reachable(e);
}

/* ---- wrappers and thunks ---------------------------------------------------------------- */

static void
write_call(krait_text *text, const krait_plan *plan, uint32_t func, bool is_tail)
{
    const krait_wasm_type *type = krait__wasm_func_type(plan->module, func);
    uint32_t i;

    krait__emit_name(text, plan, func, is_tail);
    krait__text_str(text, "(ctx");
    for (i = 0; i < type->param_count; i++)
        krait__text_fmt(text, ",l%u", i);
    krait__text_str(text, ");\n");
}

void
krait__emit_tail_wrapper(krait_text *text, const krait_plan *plan, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(plan->module, func);
    uint32_t i;

    krait__emit_signature(text, plan, func, false);
    krait__text_str(text, "{\nTAIL_BEGIN;\n");
    if (type->result_count != 0) {
        krait__emit_result_type(text, type);
        krait__text_str(text, " x=");
    }
    write_call(text, plan, func, true);
    krait__text_fmt(text, "if(TAIL_IS_MINE(%s)){k_tail(tl);", krait__plan_name(plan, func));
    for (i = 0; i < type->result_count; i++) {
        krait__text_str(text, "x");
        if (type->result_count > 1)
            krait__text_fmt(text, ".a%u", i);
        krait__text_fmt(text, "=tl->results[%u].%s;", i, krait__emit_cell(type->results[i]));
    }
    krait__text_str(text, type->result_count != 0 ? "}\nreturn x;}\n" : "}}\n");
}

/* t_name of a function that makes no tail calls. */
static void
write_thunk(krait_text *text, const krait_plan *plan, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(plan->module, func);
    uint32_t i;

    if (func >= plan->module->imported_funcs) {
        krait__emit_signature(text, plan, func, false);
        krait__text_str(text, ";\n");
    }
    krait__emit_signature(text, plan, func, true);
    krait__text_str(text, "{\n");
    if (func < plan->module->imported_funcs) {
        write_imported(text, func);
        krait__text_str(text, "krait_tail*tl=&ctx->thread->tail;");
        for (i = 0; i < type->param_count; i++) {
            write_argument(text, i, type->params[i]);
            krait__text_fmt(text, "l%u;", i);
        }
        write_end(text, type, type);
    }
    krait__text_str(text, type->result_count != 0 ? "return " : "");
    write_call(text, plan, func, false);
    krait__text_str(text, "}\n");
}

void
krait__emit_tail_types(krait_text *text, const krait_wasm_type *type, uint8_t needs)
{
    uint32_t i;

    if ((needs & KRAIT_NEED_BOUNCE) != 0)
        krait__text_fmt(text, "void inv%u(krait_ctx*,krait_code,const krait_cell*,krait_cell*);\n",
                        type->canonical);
    if ((needs & KRAIT_NEED_TAIL) == 0)
        return;
    krait__text_str(text, "typedef ");
    krait__emit_result_type(text, type);
    krait__text_fmt(text, "(TAILCC*tfn%u)(krait_ctx*", type->canonical);
    for (i = 0; i < type->param_count; i++) {
        krait__text_str(text, ",");
        krait__text_str(text, krait__emit_c_type(type->params[i]));
    }
    krait__text_str(text, ");\n");
}

void
krait__emit_tail_ends(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    bool has_jumps = false;
    uint32_t i;

    krait__text_str(text, "void k_tail(krait_tail*tl){\n"
                          "do{krait_code code=tl->code;krait_ctx*ctx=tl->ctx;"
                          "tl->code=0;tl->called=code;\n"
                          "tl->invoke(ctx,code,tl->args,tl->results);}while(tl->code!=0);}\n"
                          "#ifdef MUSTTAIL\n");
    for (i = 0; i < module->type_count; i++) {
        if ((plan->type_needs[i] & KRAIT_NEED_TAIL) == 0)
            continue;
        krait__emit_stub(text, &module->types[i], "kt_null", "KRAIT_TRAP_ELEMENT_NULL");
        krait__emit_stub(text, &module->types[i], "kt_mismatch", "KRAIT_TRAP_SIGNATURE");
        has_jumps = true;
    }
    for (i = 0; i < module->func_count; i++) {
        if (plan->tails[i] == KRAIT_TAIL_THUNK)
            write_thunk(text, plan, i);
    }
    if (has_jumps)
        krait__text_str(text, "__asm__(\".pushsection .rodata\\n.include \\\"jumps.S\\\"\\n"
                              ".popsection\");\n");
    krait__text_str(text, "#endif\n");
}
