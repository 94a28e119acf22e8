/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of instructions with the prefix 0xfe: atomic accesses, wait, notify
 * and fence (threads proposal, section 5.4.9).
 */
#include "aot/insn.h"

#define CODE_COUNT 0x4f

#define OP(code, name, imm, align, signature, kind, text)                                          \
    [code] = {name, signature, text, KRAIT_IMM_##imm, KRAIT_OP_##kind, align},
static const krait_op_info ops[CODE_COUNT] = {
#include "aot/opcodes_atomic.def"
};
#undef OP

bool
krait__insn_atomic_code(krait_cursor *cursor, krait_insn *ret)
{
    uint32_t code = krait__cursor_u32(cursor);

    if (cursor->failed)
        return false;
    if (code >= CODE_COUNT || ops[code].name == NULL)
        return krait__cursor_fail_at(cursor, ret->offset, KRAIT_EFORMAT, "illegal opcode 0xfe 0x%x",
                                     code);
    ret->op = (uint16_t)(KRAIT_OP_ATOMIC_FIRST + code);
    ret->info = &ops[code];
    return true;
}
