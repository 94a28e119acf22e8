/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that are too large to be optimised: each gets a part of its own, so
 * that its neighbours do not suffer, or the module is refused.  Time and memory
 * of optimising compilers grow faster than the function does.
 */
#include "aot/bytes.h"
#include "aot/emit_module.h"
#include "aot/limits.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

krait_status
krait__parts_refuse_large(const krait_plan *plan, uint32_t limit, krait_error *err)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = module->imported_funcs; i < module->func_count; i++) {
        krait_cursor cursor = {.module = module, .section = "code section", .func = i, .err = err};

        if (plan->weights[i] <= limit)
            continue;
        (void)krait__cursor_fail_at(&cursor, module->funcs[i].offset, KRAIT_ELIMIT,
                                    "%u instructions; at most %u are supported in one function",
                                    plan->weights[i], limit);
        return cursor.status;
    }
    return KRAIT_OK;
}

/* How many parts there are after the split, KRAIT_EMIT_MAX_PARTS at most. */
static uint32_t
count_after(const krait_plan *plan, const krait_parts *parts, uint32_t limit)
{
    uint32_t count = 0;
    uint32_t i;
    uint32_t at;

    for (i = 0; i < parts->count; i++) {
        bool goes_on = false;

        for (at = parts->parts[i].first; at < parts->parts[i].end; at++) {
            bool is_large = plan->weights[at] > limit;

            count += is_large || !goes_on;
            goes_on = !is_large;
        }
    }
    return count < KRAIT_EMIT_MAX_PARTS ? count : KRAIT_EMIT_MAX_PARTS;
}

/* Cuts one part before and behind each large function, while there is room. */
static void
split(const krait_plan *plan, const krait_part *part, uint32_t limit, krait_parts *to,
      uint32_t room)
{
    bool goes_on = false;
    uint32_t at;

    for (at = part->first; at < part->end; at++) {
        bool is_large = plan->weights[at] > limit;
        bool must_begin = at == part->first;

        if (must_begin || ((is_large || !goes_on) && to->count < room)) {
            krait_part *made = &to->parts[to->count++];

            *made = (krait_part){.first = at, .cost = part->cost / (part->end - part->first)};
        }
        to->parts[to->count - 1].end = at + 1;
        to->parts[to->count - 1].is_plain = to->parts[to->count - 1].is_plain || is_large;
        goes_on = !is_large;
    }
}

krait_status
krait__parts_isolate(const krait_plan *plan, uint32_t limit, krait_parts *parts, krait_error *err)
{
    uint32_t count = count_after(plan, parts, limit);
    krait_parts made = {.count = 0};
    uint32_t i;
    uint32_t j;

    if (count <= parts->count) {
        for (i = 0; i < parts->count; i++) {
            for (j = parts->parts[i].first; j < parts->parts[i].end; j++)
                parts->parts[i].is_plain = parts->parts[i].is_plain || plan->weights[j] > limit;
        }
        return KRAIT_OK;
    }
    made.parts = krait__calloc(count, sizeof(*made.parts));
    if (made.parts == NULL)
        return krait__error_nomem(err);
    /* Parts that are still to come need a place each. */
    for (i = 0; i < parts->count; i++)
        split(plan, &parts->parts[i], limit, &made, count - (parts->count - 1 - i));
    krait__free(parts->parts);
    *parts = made;
    return KRAIT_OK;
}

void
krait__parts_describe(const krait_plan *plan, krait_parts *parts)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < parts->count; i++) {
        krait_part *part = &parts->parts[i];
        const krait_wasm_name *name;
        size_t size;

        part->largest = part->first;
        for (j = part->first; j < part->end; j++) {
            if (plan->weights[j] > plan->weights[part->largest])
                part->largest = j;
        }
        if (part->end == part->first)
            continue;
        name = &module->funcs[part->largest].name;
        size = name->size < sizeof(part->name) - 1 ? name->size : sizeof(part->name) - 1;
        for (j = 0; j < size; j++)
            part->name[j] = name->text[j] > 0x20 && name->text[j] < 0x7f ? name->text[j] : '?';
        part->name[size] = '\0';
    }
}
