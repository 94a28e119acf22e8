/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function: its frame, the walk over its instructions, and those that have
 * a template.  Control is in emit_control.c, the rest in emit_special.c.
 */
#include "aot/emit.h"
#include "aot/limits.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <assert.h>
#include <string.h>

void
krait__emit_result_type(krait_text *text, const krait_wasm_type *type)
{
    if (type->result_count == 0)
        krait__text_str(text, "void");
    else if (type->result_count == 1)
        krait__text_str(text, krait__emit_c_type(type->results[0]));
    else
        krait__text_fmt(text, "r%u", type->canonical);
}

void
krait__emit_name(krait_text *text, const krait_plan *plan, uint32_t func, bool is_tail)
{
    const char *name = krait__plan_name(plan, func);

    krait__text_str(text, is_tail ? "t_" : "w_");
    krait__text_str(text, name + 2);
}

void
krait__emit_signature(krait_text *text, const krait_plan *plan, uint32_t func, bool is_tail)
{
    const krait_wasm_type *type = krait__wasm_func_type(plan->module, func);
    uint32_t i;

    krait__text_str(text, is_tail ? "TAILCC " : "");
    krait__emit_result_type(text, type);
    krait__text_str(text, " ");
    krait__emit_name(text, plan, func, is_tail);
    krait__text_str(text, "(krait_ctx*ctx");
    for (i = 0; i < type->param_count; i++) {
        krait__text_add(text, ",", 1);
        krait__text_str(text, krait__emit_c_type(type->params[i]));
        krait__text_add(text, " l", 2);
        krait__text_u64(text, i);
    }
    krait__text_add(text, ")", 1);
}

/* Linkers sort sections of such names, and put them in front of the others. */
void
krait__emit_place(krait_text *text, const krait_plan *plan, uint32_t func)
{
    if (plan->first != NULL && plan->first[func] != 0)
        krait__text_fmt(text, "__attribute__((section(\".text.sorted.%08u\")))\n",
                        plan->first[func]);
}

static void
add_local(krait_emitter *e, krait_wasm_valtype type)
{
    if (krait__grow(&e->locals, e->local_count, &e->local_capacity, sizeof(*e->locals),
                    KRAIT_WASM_MAX_LOCALS) != 0)
        e->no_memory = true;
    else
        e->locals[e->local_count++] = type;
}

static const char *
zero_of(krait_wasm_valtype type)
{
    switch (type) {
    case KRAIT_F32:
        return "=O4(0)";
    case KRAIT_F64:
        return "=O8(0)";
    case KRAIT_V128:
        return "=O16(0,0)";
    default:
        return "=0";
    }
}

/* Declares the locals of one group: "u32 l2=0,l3=0;". */
static void
write_locals(krait_emitter *e, uint32_t count, krait_wasm_valtype type)
{
    uint32_t i;

    for (i = 0; i < count && !e->no_memory; i++) {
        krait__text_str(e->out, i == 0 ? krait__emit_c_type(type) : "");
        krait__text_str(e->out, i == 0 ? " l" : ",l");
        krait__text_u64(e->out, e->local_count);
        krait__text_str(e->out, zero_of(type));
        add_local(e, type);
    }
    if (count != 0)
        krait__text_str(e->out, ";\n");
}

static void
write_frame(krait_emitter *e)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, e->func);
    uint32_t groups;
    uint32_t i;

    krait__emit_place(e->out, e->plan, e->func);
    krait__emit_signature(e->out, e->plan, e->func,
                          (e->plan->tails[e->func] & KRAIT_TAIL_BODY) != 0);
    krait__text_str(e->out, "{\n");
    for (i = 0; i < type->param_count; i++)
        add_local(e, type->params[i]);
    for (groups = krait__cursor_u32(&e->cursor); groups != 0; groups--) {
        uint32_t count = krait__cursor_u32(&e->cursor);

        write_locals(e, count, krait__cursor_u8(&e->cursor));
    }
}

/* ---- instructions with a template ------------------------------------------------------- */

static const char *
arrow_of(const krait_emitter *e)
{
    return strchr(e->insn.info->signature, '>');
}

static krait_wasm_valtype
result_of(const krait_emitter *e)
{
    return krait__valtype_of_letter(arrow_of(e)[1]);
}

/* Pops the operands, first one first; returns how many. */
static size_t
pop_operands(krait_emitter *e, krait_value operands[3])
{
    size_t count = (size_t)(arrow_of(e) - e->insn.info->signature);
    size_t i;

    assert(count >= 1 && count <= 3);
    for (i = count; i-- > 0;)
        operands[i] = krait__emit_pop(e);
    return count;
}

void
krait__emit_address(krait_emitter *e, const char *access, const krait_value *base)
{
    krait__text_str(e->out, access);
    krait__text_add(e->out, "(", 1);
    krait__emit_memory(e, e->insn.index2);
    krait__text_add(e->out, ",", 1);
    krait__emit_value(e, e->out, base);
    krait__text_add(e->out, ",", 1);
    krait__text_u64(e->out, e->insn.value);
    krait__text_add(e->out, "u", 1);
}

static void
write_asm(krait_emitter *e, const char *name, const krait_target *target)
{
    bool is_float = target->type == KRAIT_F32 || target->type == KRAIT_F64 ||
                    target->type == KRAIT_V128;

    krait__text_str(e->out, name);
    krait__text_str(e->out, is_float ? "F(" : "(");
    krait__emit_target(e, target);
    krait__text_str(e->out, ");\n");
}

void
krait__emit_keep(krait_emitter *e, const krait_target *target)
{
    write_asm(e, ";KEEP", target);
}

void
krait__emit_use(krait_emitter *e, const krait_target *target)
{
    bool is_shared = e->module->memories[e->insn.index2].limits.is_shared;

    write_asm(e, is_shared ? ";KEEP" : ";USE", target);
}

static void
emit_load(krait_emitter *e)
{
    krait_value operands[3];
    krait_target target;
    size_t count = pop_operands(e, operands);
    size_t i;

    target = krait__emit_begin(e, result_of(e));
    krait__emit_address(e, e->insn.info->c_template, &operands[0]);
    /* What an atomic read-modify-write takes besides. */
    for (i = 1; i < count; i++) {
        krait__text_add(e->out, ",", 1);
        krait__emit_value(e, e->out, &operands[i]);
    }
    krait__text_add(e->out, ")", 1);
    krait__emit_use(e, &target);
    krait__emit_finish(e, &target);
}

static void
emit_store(krait_emitter *e)
{
    krait_value operands[3];

    (void)pop_operands(e, operands);
    krait__emit_address(e, e->insn.info->c_template, &operands[0]);
    krait__text_add(e->out, ",", 1);
    krait__emit_value(e, e->out, &operands[1]);
    krait__text_str(e->out, ");\n");
}

/* A divisor that is a constant other than 0 and -1 cannot trap. */
static bool
is_safe_division(const krait_emitter *e, const krait_value *operands)
{
    bool is_division = (e->insn.op >= 0x6d && e->insn.op <= 0x70) ||
                       (e->insn.op >= 0x7f && e->insn.op <= 0x82);
    uint64_t minus_one = operands[1].type == KRAIT_I32 ? UINT32_MAX : UINT64_MAX;

    return is_division && operands[1].kind == KRAIT_VALUE_CONST && operands[1].bits != 0 &&
           operands[1].bits != minus_one;
}

/* Trapping instructions are written at once, through a template expression. */
static void
emit_trapping(krait_emitter *e)
{
    krait_value operands[3];
    krait_target target;
    krait_value value;

    (void)pop_operands(e, operands);
    krait__emit_push_template(e, e->insn.info->c_template, operands, result_of(e));
    if (is_safe_division(e, operands))
        return;
    value = krait__emit_pop(e);
    target = krait__emit_begin(e, value.type);
    krait__emit_value(e, e->out, &value);
    krait__text_str(e->out, ";\n");
    krait__emit_finish(e, &target);
}

static void
emit_instruction(krait_emitter *e)
{
    krait_value operands[3];

    switch (e->insn.info->kind) {
    case KRAIT_OP_PURE:
        (void)pop_operands(e, operands);
        krait__emit_push_template(e, e->insn.info->c_template, operands, result_of(e));
        break;
    case KRAIT_OP_TRAPPING:
        emit_trapping(e);
        break;
    case KRAIT_OP_LOAD:
        emit_load(e);
        break;
    case KRAIT_OP_STORE:
        emit_store(e);
        break;
    default:
        if (krait__op_is_simd(e->insn.op))
            krait__emit_simd(e);
        else if (krait__op_is_atomic(e->insn.op))
            krait__emit_atomic(e);
        else
            krait__emit_special(e);
    }
}

/* ---- the walk --------------------------------------------------------------------------- */

/* While nothing can be reached, only the nesting of blocks counts. */
static bool
skip_instruction(krait_emitter *e)
{
    switch (e->insn.op) {
    case KRAIT_OP_BLOCK:
    case KRAIT_OP_LOOP:
    case KRAIT_OP_IF:
        e->skipped++;
        return true;
    case KRAIT_OP_ELSE:
        return e->skipped != 0;
    case KRAIT_OP_END:
        if (e->skipped == 0)
            return false;
        e->skipped--;
        return true;
    default:
        return true;
    }
}

static void
walk(krait_emitter *e)
{
    while (e->label_count != 0 && !e->no_memory && krait__insn_read(&e->cursor, &e->insn)) {
        if (!e->is_reachable && skip_instruction(e))
            continue;
        krait__meter_count(e, e->insn.op);
        if (!krait__emit_control(e))
            emit_instruction(e);
        if (e->value_count == 0)
            e->exprs.size = 0;
        if (e->out->is_full || e->out->no_memory)
            return;
    }
}

static void
reset(krait_emitter *e, uint32_t func)
{
    const krait_wasm_func *body = &e->module->funcs[func];

    memset(&e->cursor, 0, sizeof(e->cursor));
    memset(&e->insn, 0, sizeof(e->insn));
    e->cursor.data = e->module->bytes;
    e->cursor.at = body->offset;
    e->cursor.end = body->offset + body->size;
    e->func = func;
    e->next_temp = 0;
    e->next_label = 0;
    e->is_reachable = true;
    e->skipped = 0;
    memset(e->uses_memory, 0, sizeof(e->uses_memory));
    e->local_count = 0;
    e->value_count = 0;
    e->settled = 0;
    e->label_count = 0;
    e->saved_count = 0;
    e->exprs.size = 0;
    e->meter_open = false;
}

/* Copies of the bases that the body turned out to use, in front of it. */
static void
insert_memories(krait_emitter *e, size_t at)
{
    size_t body_end = e->out->size;
    uint32_t i;

    for (i = 0; i < KRAIT_WASM_MAX_MEMORIES; i++) {
        if (!e->uses_memory[i])
            continue;
        krait__text_str(e->out, "u8*const m");
        krait__emit_memory(e, i);
        if (i == 0)
            krait__text_str(e->out, "=ctx->memory_base;\n");
        else
            krait__text_fmt(e->out, "=ctx->memories[%u]->base;\n", i);
        if ((e->plan->flags & KRAIT_MODULE_CHECKED) != 0)
            krait__text_fmt(e->out, "u64 s%u=ctx->memories[%u]->size;\n", i, i);
    }
    krait__text_move(e->out, body_end, at);
}

bool
krait__emitter_init(krait_emitter *e, const krait_plan *plan)
{
    memset(e, 0, sizeof(*e));
    e->plan = plan;
    e->module = plan->module;
    e->is_called = krait__calloc(e->module->func_count, 1);
    e->called = krait__calloc(e->module->func_count, sizeof(*e->called));
    return e->is_called != NULL && e->called != NULL;
}

void
krait__emitter_release(krait_emitter *e)
{
    krait__text_release(&e->exprs);
    krait__free(e->is_called);
    krait__free(e->called);
    krait__free(e->locals);
    krait__free(e->values);
    krait__free(e->labels);
    krait__free(e->saved);
}

void
krait__emit_function(krait_emitter *e, uint32_t func)
{
    const krait_wasm_type *type = krait__wasm_func_type(e->module, func);
    krait_label outermost = {.op = KRAIT_OP_BLOCK};
    size_t memories_at;

    reset(e, func);
    write_frame(e);
    memories_at = e->out->size;
    outermost.end = (krait_types){type->results, type->result_count};
    if (krait__grow(&e->labels, 0, &e->label_capacity, sizeof(*e->labels), SIZE_MAX) != 0) {
        e->no_memory = true;
        return;
    }
    e->labels[e->label_count++] = outermost;
    e->next_label = 1;
    krait__meter_begin(e);
    krait__meter_locals(e, e->local_count - type->param_count);
    walk(e);
    krait__meter_end(e);
    insert_memories(e, memories_at);
    krait__text_str(e->out, "}\n");
    if ((e->plan->tails[func] & KRAIT_TAIL_BODY) != 0)
        krait__emit_tail_wrapper(e->out, e->plan, func);
}
