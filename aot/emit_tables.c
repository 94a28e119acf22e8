/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static tables in assembler, and what calls that miss run into.
 *
 * T<table>_<type> holds one 32-bit offset, from the table's own start, for each
 * entry of its window.  Offsets between two places of one object are known to
 * the linker, so that loading relocates nothing and the tables are shared
 * read-only pages.  Entries that are null or of another type lead to k_null or
 * k_mismatch functions of exactly the type of the call.
 */
#include "aot/emit_module.h"

#include <krait/abi.h>

#include <stdio.h>

static bool
is_static(const krait_plan *plan, const krait_plan_call *call)
{
    return plan->tables[call->table].is_private && call->count > 1;
}

/* What an entry of the window leads to. */
static void
write_symbol(krait_text *text, const krait_plan *plan, const krait_plan_call *call, uint32_t func,
             bool is_tail)
{
    if (func == KRAIT_PLAN_NONE)
        krait__text_fmt(text, is_tail ? "kt_null%u" : "k_null%u", call->type);
    else if (krait__wasm_func_type(plan->module, func)->canonical != call->type)
        krait__text_fmt(text, is_tail ? "kt_mismatch%u" : "k_mismatch%u", call->type);
    else
        krait__emit_name(text, plan, func, is_tail);
}

/* Entries that lead to the same place are one, for repeating. */
static uint32_t
class_of(const krait_plan *plan, const krait_plan_call *call, uint32_t func)
{
    if (func == KRAIT_PLAN_NONE)
        return KRAIT_PLAN_NONE;
    if (krait__wasm_func_type(plan->module, func)->canonical != call->type)
        return KRAIT_PLAN_NONE - 1;
    return func;
}

/* T<table>_<type>, or TT<table>_<type> for tail calls. */
static void
write_table(krait_text *text, const krait_plan *plan, const krait_plan_call *call, bool is_tail)
{
    const uint32_t *items = plan->tables[call->table].items + call->first;
    char name[32];
    uint32_t i;
    uint32_t run;

    snprintf(name, sizeof(name), "%s%u_%u", is_tail ? "TT" : "T", call->table, call->type);
    krait__text_fmt(text,
                    ".globl %s\n.hidden %s\n.type %s,@object\n.size %s,%llu\n"
                    ".balign 4\n%s:\n",
                    name, name, name, name, (unsigned long long)call->count * 4, name);
    for (i = 0; i < call->count; i += run) {
        uint32_t same = class_of(plan, call, items[i]);

        for (run = 1; i + run < call->count; run++) {
            if (class_of(plan, call, items[i + run]) != same)
                break;
        }
        if (run > 1)
            krait__text_fmt(text, ".rept %u\n", run);
        krait__text_str(text, ".long ");
        write_symbol(text, plan, call, items[i], is_tail);
        krait__text_fmt(text, "-%s\n", name);
        if (run > 1)
            krait__text_str(text, ".endr\n");
    }
}

void
krait__emit_tables(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    krait__text_str(text, ".section .rodata\n");
    for (i = 0; i < plan->call_count; i++) {
        if (is_static(plan, &plan->calls[i]))
            write_table(text, plan, &plan->calls[i], false);
    }
    krait__text_str(text, ".balign 16\n.globl k_data\n.hidden k_data\n.type k_data,@object\n");
    krait__text_fmt(text, ".size k_data,%llu\nk_data:\n", (unsigned long long)plan->data_size);
    if (plan->data_size != 0)
        krait__text_str(text, ".incbin \"data.bin\"\n");
    krait__text_str(text, ".byte 0\n.section .note.GNU-stack,\"\",@progbits\n");
}

void
krait__emit_jumps(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->call_count; i++) {
        if (is_static(plan, &plan->calls[i]) && plan->calls[i].has_jumps)
            write_table(text, plan, &plan->calls[i], true);
    }
}

/* ---- calls that miss -------------------------------------------------------------------- */

/* Outside of the window: beyond the table, null, or of another type. */
static void
write_slow(krait_text *text, const krait_plan_table *table, uint32_t index)
{
    uint32_t count = 0;
    uint32_t i;

    krait__text_fmt(text, "void k_slow%u(krait_ctx*ctx,u32 i){\nstatic const u32 used[][2]={",
                    index);
    for (i = 0; i < table->size; i++) {
        bool before = i != 0 && table->items[i - 1] != KRAIT_PLAN_NONE;
        bool here = table->items[i] != KRAIT_PLAN_NONE;

        if (here && !before)
            krait__text_fmt(text, "%s{%u,", count++ % 8 == 0 ? "\n" : "", i);
        if (!here && before)
            krait__text_fmt(text, "%u},", i);
    }
    if (table->size != 0 && table->items[table->size - 1] != KRAIT_PLAN_NONE)
        krait__text_fmt(text, "%u},", table->size);
    krait__text_fmt(text,
                    "{0,0}};\nif(i>=%uu)k_trap(ctx,KRAIT_TRAP_ELEMENT_UNDEFINED);\n"
                    "for(u32 k=0;k<%uu;k++)if(i>=used[k][0]&&i<used[k][1])"
                    "k_trap(ctx,KRAIT_TRAP_SIGNATURE);\n"
                    "k_trap(ctx,KRAIT_TRAP_ELEMENT_NULL);}\n",
                    table->size, count);
}

void
krait__emit_stub(krait_text *text, const krait_wasm_type *type, const char *name, const char *trap)
{
    uint32_t i;

    krait__text_str(text, name[1] == 't' ? "TAILCC " : "");
    krait__emit_result_type(text, type);
    krait__text_fmt(text, " %s%u(krait_ctx*ctx", name, type->canonical);
    for (i = 0; i < type->param_count; i++) {
        krait__text_str(text, ",");
        krait__text_str(text, krait__emit_c_type(type->params[i]));
        krait__text_fmt(text, " l%u", i);
    }
    krait__text_fmt(text, "){k_trap(ctx,%s);}\n", trap);
}

void
krait__emit_table_ends(krait_text *text, const krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = 0; i < module->table_count; i++) {
        if (plan->tables[i].items != NULL)
            write_slow(text, &plan->tables[i], i);
    }
    for (i = 0; i < module->type_count; i++) {
        if ((plan->type_needs[i] & KRAIT_NEED_STUBS) == 0)
            continue;
        krait__emit_stub(text, &module->types[i], "k_null", "KRAIT_TRAP_ELEMENT_NULL");
        krait__emit_stub(text, &module->types[i], "k_mismatch", "KRAIT_TRAP_SIGNATURE");
    }
}
