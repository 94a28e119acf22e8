/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module in the shape that aot/ emits, written by hand, so that the engine is
 * tested without the translator.  Built as a shared object like a .krt.
 */
#include <krait/abi.h>

#define HIDDEN __attribute__((visibility("hidden"), noinline))

/* Keeps the compiler from seeing through the address arithmetic. */
static inline uint8_t *
at(krait_ctx *ctx, uint32_t address, uint32_t offset)
{
    return ctx->memory_base + (uint64_t)address + offset;
}

static inline uint32_t
load32(krait_ctx *ctx, uint32_t address, uint32_t offset)
{
    uint32_t value;

    __builtin_memcpy(&value, at(ctx, address, offset), 4);
    __asm__ volatile("" : : "r"(value));
    return value;
}

HIDDEN uint32_t w_add(krait_ctx *ctx, uint32_t a, uint32_t b);
HIDDEN uint32_t w_load(krait_ctx *ctx, uint32_t address);
HIDDEN uint32_t w_load_far(krait_ctx *ctx, uint32_t address);
HIDDEN void w_store(krait_ctx *ctx, uint32_t address, uint32_t value);
HIDDEN uint32_t w_recurse(krait_ctx *ctx, uint32_t n);
HIDDEN uint32_t w_recurse_wide(krait_ctx *ctx, uint32_t n);
HIDDEN uint32_t w_shadow(krait_ctx *ctx);
HIDDEN void w_unreachable(krait_ctx *ctx);
HIDDEN uint32_t w_grow(krait_ctx *ctx, uint32_t pages);
HIDDEN uint32_t w_call_host(krait_ctx *ctx, uint32_t value);
HIDDEN uint32_t w_recurse_host(krait_ctx *ctx, uint32_t n);
HIDDEN uint32_t w_table_call(krait_ctx *ctx, uint32_t index, uint32_t a, uint32_t b);
HIDDEN uint32_t w_wait_signal(krait_ctx *ctx);
HIDDEN uint32_t w_wait_deep(krait_ctx *ctx, uint32_t left);
HIDDEN void w_krait_signal(krait_ctx *ctx, uint32_t number);
HIDDEN uint32_t w_counter(krait_ctx *ctx);
HIDDEN void w_spin(krait_ctx *ctx);
HIDDEN void w_fill(krait_ctx *ctx);
HIDDEN uint32_t w_sum(krait_ctx *ctx, uint32_t rounds);

uint32_t
w_add(krait_ctx *ctx, uint32_t a, uint32_t b)
{
    (void)ctx;
    return a + b;
}

uint32_t
w_load(krait_ctx *ctx, uint32_t address)
{
    return load32(ctx, address, 0);
}

uint32_t
w_load_far(krait_ctx *ctx, uint32_t address)
{
    return load32(ctx, address, UINT32_MAX);
}

void
w_store(krait_ctx *ctx, uint32_t address, uint32_t value)
{
    __builtin_memcpy(at(ctx, address, 0), &value, 4);
}

uint32_t
w_recurse(krait_ctx *ctx, uint32_t n)
{
    uint32_t deeper = w_recurse(ctx, n + 1);

    __asm__ volatile("" : "+r"(deeper));
    return deeper + n;
}

/* Frames larger than the guard: only stack probes stop this one. */
uint32_t
w_recurse_wide(krait_ctx *ctx, uint32_t n)
{
    uint8_t block[400000];
    uint32_t deeper;

    __asm__ volatile("" : : "r"(block) : "memory");
    deeper = w_recurse_wide(ctx, n + 1);
    __asm__ volatile("" : : "r"(block) : "memory");
    return deeper + block[n & 1023];
}

/* The guest's own stack, moved below address 0. */
uint32_t
w_shadow(krait_ctx *ctx)
{
    ctx->thread_globals[0].i32 = 16;
    ctx->thread_globals[0].i32 -= 64;
    return load32(ctx, ctx->thread_globals[0].i32, 8);
}

void
w_unreachable(krait_ctx *ctx)
{
    ctx->runtime->trap(ctx, KRAIT_TRAP_UNREACHABLE);
}

uint32_t
w_grow(krait_ctx *ctx, uint32_t pages)
{
    return ctx->runtime->memory_grow(ctx, 0, pages);
}

static uint32_t
import_host(krait_ctx *ctx, uint32_t value)
{
    krait_cell cells[1] = {{.i32 = value}};
    const krait_import *import = &ctx->imports[0];
    krait_trap trap;

    if ((uintptr_t)__builtin_frame_address(0) < ctx->thread->stack_limit)
        ctx->runtime->trap(ctx, KRAIT_TRAP_STACK);
    ctx->thread->in_host = 1;
    trap = import->host(import->env, ctx, cells);
    ctx->thread->in_host = 0;
    if (trap != KRAIT_TRAP_NONE)
        ctx->runtime->trap(ctx, trap);
    if (ctx->thread->interrupted != 0)
        ctx->runtime->interrupted(ctx);
    return cells[0].i32;
}

uint32_t
w_call_host(krait_ctx *ctx, uint32_t value)
{
    return import_host(ctx, value) + 1;
}

uint32_t
w_recurse_host(krait_ctx *ctx, uint32_t n)
{
    uint32_t deeper = import_host(ctx, n) + w_recurse_host(ctx, n + 1);

    __asm__ volatile("" : "+r"(deeper));
    return deeper;
}

uint32_t
w_table_call(krait_ctx *ctx, uint32_t index, uint32_t a, uint32_t b)
{
    const krait_table *table = ctx->tables[0];
    const krait_func *func;

    if (index >= table->size)
        ctx->runtime->trap(ctx, KRAIT_TRAP_ELEMENT_UNDEFINED);
    func = table->entries[index];
    if (func == NULL || func->type != ctx->types[0])
        ctx->runtime->trap(ctx, func == NULL ? KRAIT_TRAP_ELEMENT_NULL : KRAIT_TRAP_SIGNATURE);
    return ((uint32_t (*)(krait_ctx *, uint32_t, uint32_t))func->code)(
        krait_ctx_enter(ctx, func->instance), a, b);
}

/* Loops until a signal has been counted. */
uint32_t
w_wait_signal(krait_ctx *ctx)
{
    while (ctx->globals[1].i32 == 0)
        __asm__ volatile("" : : : "memory");
    return ctx->globals[1].i32;
}

/* The same, with no more than `left` bytes of the native stack left. */
uint32_t
w_wait_deep(krait_ctx *ctx, uint32_t left)
{
    uintptr_t bottom = ctx->thread->stack_limit - KRAIT_HOST_HEADROOM;
    uint32_t deeper;

    if ((uintptr_t)__builtin_frame_address(0) - bottom <= left)
        return w_wait_signal(ctx);
    deeper = w_wait_deep(ctx, left);
    __asm__ volatile("" : "+r"(deeper));
    return deeper + 1;
}

/* Never ends. */
void
w_spin(krait_ctx *ctx)
{
    for (;;)
        __asm__ volatile("" : : "r"(ctx) : "memory");
}

/* The same, all but always in a function of libc. */
void
w_fill(krait_ctx *ctx)
{
    for (;;) {
        __builtin_memset(ctx->memory_base + 4096, 1, 60000);
        __asm__ volatile("" : : "r"(ctx) : "memory");
    }
}

/* Many numbers in many registers; what comes out depends on every one of them. */
uint32_t
w_sum(krait_ctx *ctx, uint32_t rounds)
{
    double a = 1;
    double b = 2;
    double c = 3;
    float d = 4;
    uint64_t e = 5;
    uint32_t i;

    (void)ctx;
    for (i = 0; i < rounds; i++) {
        a = a * 0.5 + b;
        b = b * 0.25 + c + i;
        c = c * 0.125 + (double)d;
        d = d * 0.5f + (float)(i & 7);
        e = e * 6364136223846793005u + (uint64_t)(int64_t)(a + b + c);
    }
    return (uint32_t)(e >> 32) ^ (uint32_t)e;
}

/* Signal 9 traps inside the handler; what the others do is said by the byte at address 0. */
void
w_krait_signal(krait_ctx *ctx, uint32_t number)
{
    if (number == 9)
        ctx->runtime->trap(ctx, KRAIT_TRAP_UNREACHABLE);
    if (*at(ctx, 0, 0) == 1)
        w_spin(ctx);
    if (*at(ctx, 0, 0) == 2)
        load32(ctx, 1u << 31, 0);
    if (*at(ctx, 0, 0) == 3)
        w_recurse(ctx, 0);
    ctx->globals[1].i32 += number;
}

uint32_t
w_counter(krait_ctx *ctx)
{
    return ctx->globals[0].i32++;
}

static void
invoke_ii_i(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    results[0].i32 = ((uint32_t (*)(krait_ctx *, uint32_t, uint32_t))code)(ctx, args[0].i32,
                                                                           args[1].i32);
}

static void
invoke_i_i(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    results[0].i32 = ((uint32_t (*)(krait_ctx *, uint32_t))code)(ctx, args[0].i32);
}

static void
invoke_ii(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    (void)results;
    ((void (*)(krait_ctx *, uint32_t, uint32_t))code)(ctx, args[0].i32, args[1].i32);
}

static void
invoke_none(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    (void)args;
    (void)results;
    ((void (*)(krait_ctx *))code)(ctx);
}

static void
invoke_i(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    (void)results;
    ((void (*)(krait_ctx *, uint32_t))code)(ctx, args[0].i32);
}

static void
invoke_i0(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    (void)args;
    results[0].i32 = ((uint32_t (*)(krait_ctx *))code)(ctx);
}

static void
invoke_iii_i(krait_ctx *ctx, krait_code code, const krait_cell *args, krait_cell *results)
{
    results[0].i32 = ((uint32_t (*)(krait_ctx *, uint32_t, uint32_t, uint32_t))code)(
        ctx, args[0].i32, args[1].i32, args[2].i32);
}

#define NAME(text) .name = text, .name_size = sizeof(text) - 1

static const uint8_t i32s[] = {KRAIT_I32, KRAIT_I32, KRAIT_I32};

static const krait_type_desc types[] = {
    {i32s, i32s, 2, 1, invoke_ii_i}, {i32s, i32s, 1, 1, invoke_i_i},
    {i32s, i32s, 2, 0, invoke_ii},   {i32s, i32s, 0, 0, invoke_none},
    {i32s, i32s, 0, 1, invoke_i0},   {i32s, i32s, 3, 1, invoke_iii_i},
    {i32s, i32s, 1, 0, invoke_i},
};

static const krait_import_desc imports[] = {
    {.module = "host", .module_size = 4, NAME("twice"), .kind = KRAIT_KIND_FUNC, .type = 1},
};

static const krait_func_desc funcs[] = {
    {(krait_code)w_add, 0, 1},           {(krait_code)w_load, 1, 2},
    {(krait_code)w_load_far, 1, 3},      {(krait_code)w_store, 2, 4},
    {(krait_code)w_recurse, 1, 5},       {(krait_code)w_recurse_wide, 1, 6},
    {(krait_code)w_shadow, 4, 7},        {(krait_code)w_unreachable, 3, 8},
    {(krait_code)w_grow, 1, 9},          {(krait_code)w_call_host, 1, 10},
    {(krait_code)w_recurse_host, 1, 11}, {(krait_code)w_table_call, 5, 12},
    {(krait_code)w_counter, 4, 13},      {(krait_code)w_wait_signal, 4, 14},
    {(krait_code)w_krait_signal, 6, 15}, {(krait_code)w_wait_deep, 1, 16},
    {(krait_code)w_spin, 3, 17},         {(krait_code)w_fill, 3, 18},
    {(krait_code)w_sum, 1, 19},
};

static const krait_limits_desc tables[] = {{.min = 4, .max = 10, .type = KRAIT_FUNCREF}};
static const krait_limits_desc memories[] = {{.min = 1, .max = 4}};

static const krait_global_desc globals[] = {
    {.type = KRAIT_I32, .is_mutable = 1, .init = {.value = {.i32 = 7}}},
    {.type = KRAIT_I32, .is_mutable = 1, .slot = 1},
    {.type = KRAIT_I32, .is_mutable = 1, .is_thread = 1, .init = {.value = {.i32 = 65536}}},
};

#define FUNCTION(text, number) {NAME(text), .kind = KRAIT_KIND_FUNC, .index = number}

static const krait_export_desc exports[] = {
    FUNCTION("add", 0),           FUNCTION("load", 1),
    FUNCTION("load_far", 2),      FUNCTION("store", 3),
    FUNCTION("recurse", 4),       FUNCTION("recurse_wide", 5),
    FUNCTION("shadow", 6),        FUNCTION("unreachable", 7),
    FUNCTION("grow", 8),          FUNCTION("call_host", 9),
    FUNCTION("recurse_host", 10), FUNCTION("table_call", 11),
    FUNCTION("wait_signal", 13),  FUNCTION("krait_signal", 14),
    FUNCTION("counter", 12),      FUNCTION("wait_deep", 15),
    FUNCTION("spin", 16),         FUNCTION("fill", 17),
    FUNCTION("sum", 18),          {NAME("memory"), .kind = KRAIT_KIND_MEMORY, .index = 0},
};

static const uint8_t bytes[] = "krait";
static const krait_data_desc datas[] = {
    {.bytes = bytes, .size = 5, .is_active = 1, .offset = {.value = {.i32 = 100}}},
};

static const krait_const_desc items[] = {
    {.kind = KRAIT_CONST_FUNC, .value = {.i32 = 0}},
    {.kind = KRAIT_CONST_FUNC, .value = {.i32 = 1}},
};
static const krait_elem_desc elems[] = {
    {.items = items, .count = 2, .type = KRAIT_FUNCREF, .offset = {.value = {.i32 = 1}}},
};

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

__attribute__((visibility("default"))) extern const krait_module_desc krait_module;
const krait_module_desc krait_module = {
    .abi_version = KRAIT_ABI_VERSION,
    .desc_size = sizeof(krait_module_desc),
    .compiler = "by hand",
    .types = types,
    .imports = imports,
    .funcs = funcs,
    .tables = tables,
    .memories = memories,
    .globals = globals,
    .exports = exports,
    .datas = datas,
    .elems = elems,
    .type_count = COUNT(types),
    .import_count = COUNT(imports),
    .func_count = COUNT(funcs),
    .table_count = COUNT(tables),
    .memory_count = COUNT(memories),
    .global_count = COUNT(globals),
    .export_count = COUNT(exports),
    .data_count = COUNT(datas),
    .elem_count = COUNT(elems),
    .start = UINT32_MAX,
};
