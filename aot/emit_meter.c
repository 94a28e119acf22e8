/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metering: what a module executes is paid for with fuel (krait_ctx.fuel).
 *
 * Each basic block pays for all of its instructions when it begins, so the sum
 * does not depend on what a compiler makes of them, and a block that cannot be
 * paid for has no effect.  The statement is written first and gets its number
 * when the block is complete.  Bulk operations pay for their size besides, just
 * before they check their bounds.  docs/aot.md has the table of costs.
 */
#include "aot/emit.h"

#include <krait/abi.h>

#include <string.h>

/* The number has as many places as the largest function could need. */
static const char statement[] = "METER(          );\n";
#define NUMBER_AT     6
#define NUMBER_PLACES 10

/* Instructions that make no code of their own are free. */
static uint32_t
cost_of(uint16_t op)
{
    switch (op) {
    case KRAIT_OP_NOP:
    case KRAIT_OP_BLOCK:
    case KRAIT_OP_LOOP:
    case KRAIT_OP_ELSE:
    case KRAIT_OP_END:
        return 0;
    default:
        return 1;
    }
}

/* Fills in what the open block costs; a statement that costs nothing is blanked. */
static void
close_block(krait_emitter *e)
{
    krait_text *out = e->out;
    uint64_t cost = e->meter_cost;
    char *at;
    unsigned i;

    if (!e->meter_open)
        return;
    e->meter_open = false;
    if (out->is_full || out->no_memory || e->meter_at + sizeof(statement) - 1 > out->size)
        return;
    at = out->data + e->meter_at;
    if (cost == 0)
        memset(at, ' ', sizeof(statement) - 2);
    for (i = NUMBER_PLACES; cost != 0 && i-- > 0; cost /= 10)
        at[NUMBER_AT + i] = (char)('0' + cost % 10);
}

void
krait__meter_begin(krait_emitter *e)
{
    if ((e->plan->flags & KRAIT_MODULE_METERED) == 0)
        return;
    close_block(e);
    e->meter_open = true;
    e->meter_at = e->out->size;
    e->meter_cost = 0;
    krait__text_str(e->out, statement);
}

void
krait__meter_count(krait_emitter *e, uint16_t op)
{
    e->meter_cost += cost_of(op);
}

void
krait__meter_locals(krait_emitter *e, uint64_t count)
{
    e->meter_cost += (count + 7) / 8;
}

void
krait__meter_end(krait_emitter *e)
{
    close_block(e);
}

void
krait__meter_bulk(krait_emitter *e, const char *name)
{
    krait_value *count;

    if ((e->plan->flags & KRAIT_MODULE_METERED) == 0 || e->value_count == 0)
        return;
    count = &e->values[e->value_count - 1];
    krait__emit_settle(e, count);
    krait__text_str(e->out, name);
    krait__text_add(e->out, "(", 1);
    krait__emit_value(e, e->out, count);
    krait__text_str(e->out, ");\n");
}
