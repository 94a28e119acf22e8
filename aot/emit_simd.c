/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those 128-bit instructions that are not a template: constants, splats of
 * constants, and loads and stores of one lane.
 */
#include "aot/emit.h"

#include <krait/abi.h>

#include <assert.h>

enum { LAST_SPLAT = 0xfd14 };

void
krait__emit_lanes(krait_emitter *e, krait_text *text)
{
    uint32_t i;

    for (i = 0; i < e->insn.count; i++) {
        if (i != 0)
            krait__text_add(text, ",", 1);
        krait__text_u64(text, e->cursor.data[e->insn.list_at + i]);
    }
}

static void
emit_const(krait_emitter *e)
{
    krait_value value = {
        .kind = KRAIT_VALUE_CONST, .type = KRAIT_V128, .bits = e->insn.value, .high = e->insn.high};

    krait__emit_push(e, &value);
}

/* Bits of one lane, by the first letters of its instruction's name. */
static unsigned
lane_bits(const char *name)
{
    if (name[1] == '8')
        return 8;
    return name[1] == '1' ? 16 : name[1] == '3' ? 32 : 64;
}

/* A constant in all lanes is written as a constant, so that zeros and ones are
 * hidden as they are in others. */
static void
emit_splat(krait_emitter *e)
{
    krait_value value = krait__emit_pop(e);
    unsigned bits = lane_bits(e->insn.info->name);
    uint64_t lanes = value.bits;

    if (value.kind != KRAIT_VALUE_CONST) {
        krait__emit_push_template(e, e->insn.info->c_template, &value, KRAIT_V128);
        return;
    }
    if (bits < 64)
        lanes &= (UINT64_C(1) << bits) - 1;
    for (; bits < 64; bits *= 2)
        lanes |= lanes << bits;
    value = (krait_value){
        .kind = KRAIT_VALUE_CONST, .type = KRAIT_V128, .bits = lanes, .high = lanes};
    krait__emit_push(e, &value);
}

/* "i8x16": the shape whose lanes are as wide as the access. */
static const char *
shape(const krait_emitter *e)
{
    static const char *const shapes[] = {"i8x16", "i16x8", "i32x4", "i64x2"};

    return shapes[e->insn.info->align];
}

/* "t1=i8x16_replace_lane(V,LANE,L1(MEMORY,BASE,OFFSET));USEF(t1);" */
static void
emit_load_lane(krait_emitter *e)
{
    krait_value vector = krait__emit_pop(e);
    krait_value base = krait__emit_pop(e);
    krait_target target = krait__emit_begin(e, KRAIT_V128);

    krait__text_str(e->out, shape(e));
    krait__text_str(e->out, "_replace_lane(");
    krait__emit_value(e, e->out, &vector);
    krait__text_add(e->out, ",", 1);
    krait__emit_lanes(e, e->out);
    krait__text_add(e->out, ",", 1);
    krait__emit_address(e, e->insn.info->c_template, &base);
    krait__text_add(e->out, "))", 2);
    krait__emit_use(e, &target);
    krait__emit_finish(e, &target);
}

/* "S1(MEMORY,BASE,OFFSET,((u8x16)V)[LANE]);" */
static void
emit_store_lane(krait_emitter *e)
{
    krait_value vector = krait__emit_pop(e);
    krait_value base = krait__emit_pop(e);

    krait__emit_address(e, e->insn.info->c_template, &base);
    krait__text_fmt(e->out, ",((u%s)", shape(e) + 1);
    krait__emit_value(e, e->out, &vector);
    krait__text_str(e->out, ")[");
    krait__emit_lanes(e, e->out);
    krait__text_str(e->out, "]);\n");
}

void
krait__emit_simd(krait_emitter *e)
{
    if (e->insn.op == KRAIT_OP_V128_CONST)
        emit_const(e);
    else if (e->insn.op <= LAST_SPLAT)
        emit_splat(e);
    else if (e->insn.info->signature[2] == '>' && e->insn.info->signature[3] == 'v')
        emit_load_lane(e);
    else
        emit_store_lane(e);
}
