/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operand stack at translation time: see emit.h.  Pure expressions are
 * bounded in length, so the text of a function is linear in its code and no C
 * compiler meets deep nesting.
 */
#include "aot/emit.h"
#include "aot/limits.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <assert.h>
#include <string.h>

/* Longest expression that is kept as text, in bytes. */
#define MAX_TEXT 160

/* With more entries than this to look through, all are settled. */
#define MAX_SEARCH 64

const char *
krait__emit_c_type(krait_wasm_valtype type)
{
    switch (type) {
    case KRAIT_I32:
        return "u32";
    case KRAIT_I64:
        return "u64";
    case KRAIT_F32:
        return "f32";
    case KRAIT_F64:
        return "f64";
    case KRAIT_V128:
        return "v128";
    default:
        return "ref";
    }
}

const char *
krait__emit_cell(krait_wasm_valtype type)
{
    switch (type) {
    case KRAIT_I32:
        return "i32";
    case KRAIT_I64:
        return "i64";
    case KRAIT_F32:
        return "f32";
    case KRAIT_F64:
        return "f64";
    case KRAIT_V128:
        return "vec";
    case KRAIT_FUNCREF:
        return "func";
    default:
        return "ext";
    }
}

void
krait__emit_push(krait_emitter *e, const krait_value *value)
{
    if (krait__grow(&e->values, e->value_count, &e->value_capacity, sizeof(*e->values),
                    KRAIT_WASM_MAX_OPERANDS * 2) != 0) {
        /* The entry stays where it is, so that pops find one. */
        e->no_memory = true;
        return;
    }
    e->values[e->value_count++] = *value;
}

krait_value
krait__emit_pop(krait_emitter *e)
{
    static const krait_value nothing = {.type = KRAIT_I32};

    assert(e->value_count > 0 || e->no_memory);
    if (e->value_count == 0)
        return nothing;
    e->value_count--;
    if (e->settled > e->value_count)
        e->settled = e->value_count;
    return e->values[e->value_count];
}

bool
krait__emit_take(krait_emitter *e, uint32_t count)
{
    assert(e->value_count >= count || e->no_memory);
    if (e->value_count < count)
        return false;
    e->value_count -= count;
    if (e->settled > e->value_count)
        e->settled = e->value_count;
    return true;
}

void
krait__emit_arguments(krait_emitter *e, const char *text, uint32_t count)
{
    uint32_t i;

    krait__text_str(e->out, text);
    for (i = 0; i < count; i++) {
        krait__text_add(e->out, ",", 1);
        krait__emit_value(e, e->out, &e->values[e->value_count + i]);
    }
    krait__text_add(e->out, ")", 1);
}

void
krait__emit_push_const(krait_emitter *e, krait_wasm_valtype type, uint64_t bits)
{
    krait_value value = {.kind = KRAIT_VALUE_CONST, .type = type, .bits = bits};

    krait__emit_push(e, &value);
}

void
krait__emit_push_local(krait_emitter *e, uint32_t local)
{
    krait_value value = {.kind = KRAIT_VALUE_LOCAL, .type = e->locals[local], .id = local};

    krait__emit_push(e, &value);
}

void
krait__emit_push_label(krait_emitter *e, const krait_label *label, uint32_t sub,
                       krait_wasm_valtype type)
{
    krait_value value = {.kind = KRAIT_VALUE_LABEL, .type = type, .id = label->id, .sub = sub};

    krait__emit_push(e, &value);
}

/* ---- as C ------------------------------------------------------------------------------- */

/* 0, -0, 1, -1: prelude.h says why they are special. */
static bool
is_special_f32(uint64_t bits)
{
    return (bits & 0x7fffffff) == 0 || (bits & 0x7fffffff) == 0x3f800000;
}

static bool
is_special_f64(uint64_t bits)
{
    return bits << 1 == 0 || bits << 1 == UINT64_C(0x7fe0000000000000);
}

/* Any lane may become an operand of its own. */
static bool
is_special_half(uint64_t bits)
{
    return is_special_f64(bits) || is_special_f32(bits) || is_special_f32(bits >> 32);
}

static void
write_const(krait_text *text, const krait_value *value)
{
    uint64_t bits = value->bits;
    bool special;

    switch (value->type) {
    case KRAIT_I32:
        krait__text_u64(text, bits);
        krait__text_add(text, "u", 1);
        break;
    case KRAIT_I64:
        krait__text_u64(text, bits);
        krait__text_add(text, "ull", 3);
        break;
    case KRAIT_F32:
        special = is_special_f32(bits);
        krait__text_fmt(text, "%s(0x%llxu)", special ? "O4" : "F4", (unsigned long long)bits);
        break;
    case KRAIT_F64:
        special = is_special_f64(bits);
        krait__text_fmt(text, "%s(0x%llxull)", special ? "O8" : "F8", (unsigned long long)bits);
        break;
    case KRAIT_V128:
        special = is_special_half(bits) || is_special_half(value->high);
        krait__text_fmt(text, "%s(0x%llxull,0x%llxull)", special ? "O16" : "V16",
                        (unsigned long long)bits, (unsigned long long)value->high);
        break;
    default:
        krait__text_str(text, "(ref)0");
    }
}

static void
write_numbered(krait_text *text, const char *prefix, uint32_t number)
{
    krait__text_str(text, prefix);
    krait__text_u64(text, number);
}

void
krait__emit_value(krait_emitter *e, krait_text *text, const krait_value *value)
{
    switch (value->kind) {
    case KRAIT_VALUE_CONST:
        write_const(text, value);
        break;
    case KRAIT_VALUE_LOCAL:
        write_numbered(text, "l", value->id);
        break;
    case KRAIT_VALUE_TEMP:
        write_numbered(text, "t", value->id);
        break;
    case KRAIT_VALUE_FIELD:
        write_numbered(text, "t", value->id);
        write_numbered(text, ".a", value->sub);
        break;
    case KRAIT_VALUE_LABEL:
        write_numbered(text, "b", value->id);
        write_numbered(text, "_", value->sub);
        break;
    default:
        if (text == &e->exprs)
            krait__text_repeat(text, value->text_at, value->text_size);
        else
            krait__text_add(text, e->exprs.data + value->text_at, value->text_size);
    }
}

/* ---- locals that expressions read ------------------------------------------------------- */

static void
add_local(krait_value *to, uint32_t local)
{
    uint8_t i;

    if (to->local_count == KRAIT_VALUE_MANY)
        return;
    for (i = 0; i < to->local_count; i++) {
        if (to->locals[i] == local)
            return;
    }
    if (to->local_count == KRAIT_VALUE_LOCALS)
        to->local_count = KRAIT_VALUE_MANY;
    else
        to->locals[to->local_count++] = local;
}

static void
add_locals(krait_value *to, const krait_value *from)
{
    uint8_t i;

    if (from->kind == KRAIT_VALUE_LOCAL)
        add_local(to, from->id);
    if (from->kind != KRAIT_VALUE_TEXT)
        return;
    if (from->local_count == KRAIT_VALUE_MANY)
        to->local_count = KRAIT_VALUE_MANY;
    for (i = 0; from->local_count != KRAIT_VALUE_MANY && i < from->local_count; i++)
        add_local(to, from->locals[i]);
}

static bool
reads_any(const krait_value *value)
{
    return value->kind == KRAIT_VALUE_LOCAL ||
           (value->kind == KRAIT_VALUE_TEXT && value->local_count != 0);
}

static bool
reads_local(const krait_value *value, uint32_t local)
{
    uint8_t i;

    if (value->kind == KRAIT_VALUE_LOCAL)
        return value->id == local;
    if (value->kind != KRAIT_VALUE_TEXT)
        return false;
    if (value->local_count == KRAIT_VALUE_MANY)
        return true;
    for (i = 0; i < value->local_count; i++) {
        if (value->locals[i] == local)
            return true;
    }
    return false;
}

/* ---- memories --------------------------------------------------------------------------- */

void
krait__emit_memory(krait_emitter *e, uint32_t memory)
{
    e->uses_memory[memory] = true;
    krait__text_u64(e->out, memory);
}

/* ---- variables -------------------------------------------------------------------------- */

void
krait__emit_copy(krait_emitter *e, krait_value *value)
{
    uint32_t id = e->next_temp++;

    krait__text_str(e->out, krait__emit_c_type(value->type));
    write_numbered(e->out, " t", id);
    krait__text_add(e->out, "=", 1);
    krait__emit_value(e, e->out, value);
    krait__text_add(e->out, ";\n", 2);
    value->kind = KRAIT_VALUE_TEMP;
    value->id = id;
    value->local_count = 0;
}

void
krait__emit_settle(krait_emitter *e, krait_value *value)
{
    if (value->kind == KRAIT_VALUE_TEXT)
        krait__emit_copy(e, value);
}

void
krait__emit_spill_all(krait_emitter *e)
{
    size_t i;

    for (i = e->settled; i < e->value_count; i++) {
        if (reads_any(&e->values[i]))
            krait__emit_copy(e, &e->values[i]);
    }
    e->settled = e->value_count;
}

void
krait__emit_spill_local(krait_emitter *e, uint32_t local)
{
    size_t i;

    if (e->value_count - e->settled > MAX_SEARCH) {
        krait__emit_spill_all(e);
        return;
    }
    for (i = e->settled; i < e->value_count; i++) {
        if (reads_local(&e->values[i], local))
            krait__emit_copy(e, &e->values[i]);
    }
}

/* ---- expressions and assignments -------------------------------------------------------- */

void
krait__emit_push_template(krait_emitter *e, const char *c_template, const krait_value *operands,
                          krait_wasm_valtype type)
{
    krait_value value = {.kind = KRAIT_VALUE_TEXT, .type = type, .text_at = e->exprs.size};
    const char *at = c_template;
    const char *mark;

    for (; (mark = strchr(at, '$')) != NULL; at = mark + 2) {
        krait__text_add(&e->exprs, at, (size_t)(mark - at));
        if (mark[1] == '#') {
            krait__emit_lanes(e, &e->exprs);
        } else {
            krait__emit_value(e, &e->exprs, &operands[mark[1] - '0']);
            add_locals(&value, &operands[mark[1] - '0']);
        }
    }
    krait__text_str(&e->exprs, at);
    value.text_size = (uint32_t)(e->exprs.size - value.text_at);
    if (value.text_size > MAX_TEXT) {
        krait__emit_copy(e, &value);
        e->exprs.size = value.text_at;
    }
    krait__emit_push(e, &value);
}

krait_target
krait__emit_begin(krait_emitter *e, krait_wasm_valtype type)
{
    krait_target target = {.type = type};
    uint8_t next = e->cursor.at < e->cursor.end ? e->cursor.data[e->cursor.at] : 0;

    if (next == KRAIT_OP_LOCAL_SET || next == KRAIT_OP_LOCAL_TEE) {
        e->cursor.at++;
        krait__meter_count(e, next);
        target.is_local = true;
        target.is_kept = next == KRAIT_OP_LOCAL_TEE;
        target.id = krait__cursor_u32(&e->cursor);
        krait__emit_spill_local(e, target.id);
        write_numbered(e->out, "l", target.id);
    } else {
        target.is_kept = true;
        target.id = e->next_temp++;
        krait__text_str(e->out, krait__emit_c_type(type));
        write_numbered(e->out, " t", target.id);
    }
    krait__text_add(e->out, "=", 1);
    return target;
}

void
krait__emit_finish(krait_emitter *e, const krait_target *target)
{
    krait_value value = {.kind = target->is_local ? KRAIT_VALUE_LOCAL : KRAIT_VALUE_TEMP,
                         .type = target->type,
                         .id = target->id};

    if (target->is_kept)
        krait__emit_push(e, &value);
}

void
krait__emit_target(krait_emitter *e, const krait_target *target)
{
    write_numbered(e->out, target->is_local ? "l" : "t", target->id);
}
