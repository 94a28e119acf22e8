/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of what only 128-bit instructions have: lanes that exist
 * (WebAssembly 2.0 section 3.3.3).  Their types are fixed signatures.
 */
#include "aot/validate.h"

bool
krait__validate_lanes(krait_validator *v)
{
    const krait_insn *insn = v->insn;
    bool is_shuffle = insn->info->imm == KRAIT_IMM_SHUFFLE;
    unsigned limit = is_shuffle ? 32 : 16u >> insn->info->align;
    uint32_t i;

    for (i = 0; i < insn->count; i++) {
        unsigned lane = v->cursor.data[insn->list_at + i];

        if (lane >= limit)
            return krait__validate_fail(v, "invalid lane index %u; there are %u lanes", lane,
                                        limit);
    }
    return true;
}
