/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of 128-bit instructions and the reading of their immediates
 * (WebAssembly 2.0 section 5.4.8).  Relaxed SIMD has numbers from 0x100 on and is
 * refused by its name.
 */
#include "aot/insn.h"

#define CODE_COUNT    0x100
#define RELAXED_FIRST 0x100
#define RELAXED_LAST  0x113

#define OP(code, name, imm, align, signature, kind, text)                                          \
    [code] = {name, signature, text, KRAIT_IMM_##imm, KRAIT_OP_##kind, align},
static const krait_op_info ops[CODE_COUNT] = {
#include "aot/opcodes_simd.def"
};
#undef OP

bool
krait__insn_simd_code(krait_cursor *cursor, krait_insn *ret)
{
    uint32_t code = krait__cursor_u32(cursor);

    if (cursor->failed)
        return false;
    if (code >= RELAXED_FIRST && code <= RELAXED_LAST)
        return krait__cursor_fail_at(cursor, ret->offset, KRAIT_EUNSUPPORTED,
                                     "instruction 0xfd 0x%x is not supported (relaxed SIMD)", code);
    if (code >= CODE_COUNT || ops[code].name == NULL)
        return krait__cursor_fail_at(cursor, ret->offset, KRAIT_EFORMAT, "illegal opcode 0xfd 0x%x",
                                     code);
    cursor->saw_simd = true;
    ret->op = (uint16_t)(0xfd00 + code);
    ret->info = &ops[code];
    return true;
}

void
krait__insn_simd_immediates(krait_cursor *cursor, krait_insn *ret)
{
    if (ret->info->imm == KRAIT_IMM_V128) {
        ret->value = krait__cursor_fixed(cursor, 8);
        ret->high = krait__cursor_fixed(cursor, 8);
        return;
    }
    ret->count = ret->info->imm == KRAIT_IMM_SHUFFLE ? 16 : 1;
    ret->list_at = cursor->at;
    (void)krait__cursor_bytes(cursor, ret->count);
}
