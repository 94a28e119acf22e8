/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait, notify and fence (threads proposal); the other atomic instructions are
 * loads and stores with a macro of prelude_atomic.h.
 */
#include "aot/emit.h"

#include <krait/abi.h>

#include <string.h>

/* "t1=ctx->runtime->memory_wait32(ctx,MEMORY,(u64)BASE+OFFSET,EXPECTED,TIMEOUT);" */
void
krait__emit_atomic(krait_emitter *e)
{
    const char *signature = e->insn.info->signature;
    krait_target target;
    uint32_t count;

    if (e->insn.op == KRAIT_OP_ATOMIC_FENCE) {
        krait__text_str(e->out, "__atomic_thread_fence(__ATOMIC_SEQ_CST);\n");
        return;
    }
    count = (uint32_t)(strchr(signature, '>') - signature);
    if (!krait__emit_take(e, count))
        return;
    target = krait__emit_begin(e, KRAIT_I32);
    krait__text_fmt(e->out, "ctx->runtime->%s(ctx,%u,(u64)", e->insn.info->c_template,
                    e->insn.index2);
    krait__emit_value(e, e->out, &e->values[e->value_count]);
    krait__text_fmt(e->out, "+%uu", (unsigned)e->insn.value);
    /* The first one is the address. */
    e->value_count++;
    krait__emit_arguments(e, "", count - 1);
    e->value_count--;
    krait__text_str(e->out, ";\n");
    krait__emit_finish(e, &target);
}
