/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over all code, to find which tables only this module can see and
 * never changes, and which types call_indirect asks them for.
 *
 * A table is private when it is neither imported nor exported, no table.get,
 * set, grow, fill, copy or init names it, and all its active segments have
 * constant offsets, lie inside and hold only functions and nulls.  Its contents
 * are then the same in every instance at all times, and calls through it can
 * use tables that are part of the code.
 */
#include "aot/insn.h"
#include "aot/limits.h"
#include "aot/plan.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

typedef struct scan {
    krait_plan *plan;
    size_t capacity;      /* of plan->calls */
    uint32_t *last_table; /* of each canonical type: table + 1 of its last call */
    uint32_t *last_jump;  /* the same of its last tail call by a jump */
    uint32_t func;
    krait_cursor cursor;
} scan;

static bool
note_call(scan *s, uint32_t table, uint32_t canonical, bool is_jump)
{
    krait_plan *plan = s->plan;
    uint32_t *last = is_jump ? &s->last_jump[canonical] : &s->last_table[canonical];

    if (*last == table + 1)
        return true;
    *last = table + 1;
    if (krait__grow(&plan->calls, plan->call_count, &s->capacity, sizeof(*plan->calls),
                    UINT32_MAX) != 0)
        return false;
    plan->calls[plan->call_count++] = (krait_plan_call){table, canonical, 0, 0, is_jump};
    plan->type_needs[canonical] |= KRAIT_NEED_POINTER;
    plan->tables[table].has_calls = true;
    return true;
}

static void
note_tail(scan *s, uint32_t canonical)
{
    s->plan->has_tails = true;
    s->plan->tails[s->func] = KRAIT_TAIL_BODY;
    s->plan->type_needs[canonical] |= KRAIT_NEED_POINTER | KRAIT_NEED_INVOKE | KRAIT_NEED_BOUNCE;
}

static bool
note_tail_indirect(scan *s, uint32_t table, uint32_t canonical)
{
    const krait_wasm_type *own = krait__wasm_func_type(s->plan->module, s->func);

    note_tail(s, canonical);
    return note_call(s, table, canonical, krait__plan_can_jump(s->plan, own, canonical));
}

static bool
note_instruction(scan *s, const krait_insn *insn)
{
    krait_plan *plan = s->plan;

    switch (insn->op) {
    case KRAIT_OP_CALL_INDIRECT:
        return note_call(s, insn->index2, plan->module->types[insn->index].canonical, false);
    case KRAIT_OP_RETURN_CALL:
        note_tail(s, krait__wasm_func_type(plan->module, insn->index)->canonical);
        return true;
    case KRAIT_OP_RETURN_CALL_INDIRECT:
        return note_tail_indirect(s, insn->index2, plan->module->types[insn->index].canonical);
    case KRAIT_OP_TABLE_GET:
    case KRAIT_OP_TABLE_SET:
    case KRAIT_OP_TABLE_GROW:
    case KRAIT_OP_TABLE_FILL:
        plan->tables[insn->index].is_private = false;
        return true;
    case KRAIT_OP_TABLE_COPY:
        plan->tables[insn->index].is_private = false;
        plan->tables[insn->index2].is_private = false;
        return true;
    case KRAIT_OP_TABLE_INIT:
        plan->tables[insn->index2].is_private = false;
        plan->elem_used[insn->index] = 1;
        return true;
    case KRAIT_OP_ELEM_DROP:
        plan->elem_used[insn->index] = 1;
        return true;
    case KRAIT_OP_REF_FUNC:
        plan->func_slot[insn->index] = 0;
        return true;
    default:
        plan->uses_atomics |= krait__op_is_atomic(insn->op);
        return true;
    }
}

/* Saturates.  Four locals count as one instruction. */
static void
add_weight(uint32_t *weight, uint64_t more)
{
    *weight = more < UINT32_MAX - *weight ? *weight + (uint32_t)more : UINT32_MAX;
}

static bool
scan_body(scan *s, const krait_wasm_func *func, uint32_t *weight)
{
    krait_cursor *cursor = &s->cursor;
    krait_insn insn;
    uint32_t groups;

    memset(&insn, 0, sizeof(insn));
    cursor->at = func->offset;
    cursor->end = func->offset + func->size;
    for (groups = krait__cursor_u32(cursor); groups != 0; groups--) {
        add_weight(weight, krait__cursor_u32(cursor) / 4);
        (void)krait__valtype_read(cursor, "value type");
    }
    while (cursor->at < cursor->end) {
        if (!krait__insn_read(cursor, &insn) || !note_instruction(s, &insn))
            return false;
        add_weight(weight, insn.op == KRAIT_OP_BR_TABLE ? UINT64_C(1) + insn.count : 1);
    }
    return true;
}

static int
compare_calls(const void *left, const void *right)
{
    const krait_plan_call *a = left;
    const krait_plan_call *b = right;

    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return a->type < b->type ? -1 : a->type > b->type;
}

static void
sort_calls(krait_plan *plan)
{
    uint32_t kept = 0;
    uint32_t i;

    if (plan->call_count == 0)
        return;
    qsort(plan->calls, plan->call_count, sizeof(*plan->calls), compare_calls);
    for (i = 1; i < plan->call_count; i++) {
        if (compare_calls(&plan->calls[kept], &plan->calls[i]) == 0)
            plan->calls[kept].has_jumps |= plan->calls[i].has_jumps;
        else
            plan->calls[++kept] = plan->calls[i];
    }
    plan->call_count = kept + 1;
}

const krait_plan_call *
krait__plan_find_call(const krait_plan *plan, uint32_t table, uint32_t type)
{
    krait_plan_call key = {table, type, 0, 0, false};

    if (plan->call_count == 0)
        return NULL;
    return bsearch(&key, plan->calls, plan->call_count, sizeof(key), compare_calls);
}

/* ---- private tables --------------------------------------------------------------------- */

static void
assume_private(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = module->imported_tables; i < module->table_count; i++)
        plan->tables[i].is_private = module->tables[i].type == KRAIT_FUNCREF;
    for (i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == KRAIT_KIND_TABLE)
            plan->tables[module->exports[i].index].is_private = false;
    }
}

static bool
segment_is_static(const krait_wasm_module *module, const krait_wasm_elem *elem)
{
    uint64_t size = module->tables[elem->table].limits.min;
    uint32_t i;

    if (elem->at.op != KRAIT_OP_I32_CONST || elem->at.value + elem->count > size)
        return false;
    for (i = 0; i < elem->count; i++) {
        uint16_t op = module->items[elem->first + i].op;

        if (op != KRAIT_OP_REF_FUNC && op != KRAIT_OP_REF_NULL)
            return false;
    }
    return true;
}

static void
exclude_dynamic_segments(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;

    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];

        if (elem->mode == KRAIT_WASM_ACTIVE && !segment_is_static(module, elem))
            plan->tables[elem->table].is_private = false;
    }
}

/* Contents of the private tables that are called through. */
static bool
fill_tables(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint64_t total = 0;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < module->table_count; i++) {
        krait_plan_table *table = &plan->tables[i];

        table->size = (uint32_t)module->tables[i].limits.min;
        if (!table->is_private || !table->has_calls)
            continue;
        total += table->size;
        if (total > KRAIT_EMIT_MAX_STATIC_ENTRIES) {
            table->is_private = false;
            continue;
        }
        table->items = krait__calloc(table->size, sizeof(*table->items));
        if (table->items == NULL)
            return false;
        for (j = 0; j < table->size; j++)
            table->items[j] = KRAIT_PLAN_NONE;
    }
    for (i = 0; i < module->elem_count; i++) {
        const krait_wasm_elem *elem = &module->elems[i];

        if (elem->mode != KRAIT_WASM_ACTIVE || plan->tables[elem->table].items == NULL)
            continue;
        for (j = 0; j < elem->count; j++) {
            const krait_wasm_const *item = &module->items[elem->first + j];

            plan->tables[elem->table].items[elem->at.value + j] = item->op == KRAIT_OP_REF_FUNC
                                                                      ? (uint32_t)item->value
                                                                      : KRAIT_PLAN_NONE;
        }
    }
    return true;
}

typedef struct window {
    uint32_t first;
    uint32_t end;
} window;

/* For one table: where functions of each canonical type begin and end.  Only
 * the types of the calls from `call` on are looked at afterwards. */
static void
find_windows(const krait_plan *plan, uint32_t call, window *windows)
{
    const krait_wasm_module *module = plan->module;
    const krait_plan_table *table = &plan->tables[plan->calls[call].table];
    uint32_t i;

    for (i = call; i < plan->call_count && plan->calls[i].table == plan->calls[call].table; i++)
        windows[plan->calls[i].type] = (window){0, 0};
    for (i = 0; i < table->size; i++) {
        window *at;

        if (table->items[i] == KRAIT_PLAN_NONE)
            continue;
        at = &windows[krait__wasm_func_type(module, table->items[i])->canonical];
        if (at->end == 0)
            at->first = i;
        at->end = i + 1;
    }
}

/* A window that begins at 0 saves a subtraction in each call, so one that begins
 * near it is widened.  That of a single function has no table at all. */
static void
place_window(krait_plan_call *call, window found)
{
    call->first = found.first;
    call->count = found.end - found.first;
    if (call->count > 1 && found.first <= 64 + call->count / 4) {
        call->count += found.first;
        call->first = 0;
    }
}

/* Tables whose static form would be too large are left to the engine. */
static bool
size_windows(krait_plan *plan)
{
    window *windows = krait__calloc(plan->module->type_count, sizeof(*windows));
    uint64_t total = 0;
    uint32_t i = 0;

    if (windows == NULL)
        return false;
    while (i < plan->call_count) {
        uint32_t table = plan->calls[i].table;
        uint64_t before = total;

        if (plan->tables[table].items == NULL) {
            i++;
            continue;
        }
        find_windows(plan, i, windows);
        for (; i < plan->call_count && plan->calls[i].table == table; i++) {
            place_window(&plan->calls[i], windows[plan->calls[i].type]);
            total += plan->calls[i].count;
            if (plan->calls[i].count > 1)
                plan->type_needs[plan->calls[i].type] |= KRAIT_NEED_STUBS;
        }
        if (total > KRAIT_EMIT_MAX_STATIC_ENTRIES) {
            krait__free(plan->tables[table].items);
            plan->tables[table].items = NULL;
            plan->tables[table].is_private = false;
            total = before;
        }
    }
    krait__free(windows);
    return true;
}

bool
krait__plan_tables(krait_plan *plan)
{
    exclude_dynamic_segments(plan);
    return fill_tables(plan) && size_windows(plan);
}

bool
krait__plan_scan(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    scan s;
    bool ok;
    uint32_t i;

    memset(&s, 0, sizeof(s));
    s.plan = plan;
    s.cursor.data = module->bytes;
    s.last_table = krait__calloc(module->type_count, sizeof(*s.last_table));
    s.last_jump = krait__calloc(module->type_count, sizeof(*s.last_jump));
    ok = s.last_table != NULL && s.last_jump != NULL;
    assume_private(plan);
    for (i = module->imported_funcs; ok && i < module->func_count; i++) {
        s.func = i;
        ok = scan_body(&s, &module->funcs[i], &plan->weights[i]);
    }
    krait__free(s.last_table);
    krait__free(s.last_jump);
    plan->uses_simd = module->has_simd || s.cursor.saw_simd;
    sort_calls(plan);
    return ok;
}

/* Static tables that tail calls jump through lead to functions of another calling
 * convention: those that make no tail calls get one by a thunk. */
void
krait__plan_tails(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    uint32_t i;
    uint32_t j;

    for (i = 0; i < plan->call_count; i++) {
        const krait_plan_call *call = &plan->calls[i];
        const krait_plan_table *table = &plan->tables[call->table];

        if (!call->has_jumps || !table->is_private || call->count < 2)
            continue;
        plan->type_needs[call->type] |= KRAIT_NEED_TAIL;
        for (j = call->first; j < call->first + call->count; j++) {
            uint32_t func = table->items[j];

            if (func != KRAIT_PLAN_NONE &&
                krait__wasm_func_type(module, func)->canonical == call->type &&
                plan->tails[func] == 0)
                plan->tails[func] = KRAIT_TAIL_THUNK;
        }
    }
}
