/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What translated code is written in: short names for types, memory access,
 * and WebAssembly's arithmetic where C's differs (WebAssembly 2.0 section 4.3).
 *
 * The translator puts a copy of this file beside the C that it writes; nothing
 * of Krait itself includes it.  Everything is inline and free of undefined
 * behaviour.  Identifiers of functions of the module begin with "w_", locals
 * are l0, l1, ..., so nothing here can collide with them.
 */
#ifndef KRAIT_PRELUDE_H
#define KRAIT_PRELUDE_H

#include "krait_abi.h"

/* Every symbol of the module stays inside, but for krait_module. */
#pragma GCC visibility push(hidden)

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef float f32;
typedef double f64;
typedef const void *ref;

#define INLINE         static inline __attribute__((always_inline, unused))
#define BAD(condition) __builtin_expect(!!(condition), 0)

#if defined(__x86_64__)
#define FLOAT_REGISTER "x"
#elif defined(__aarch64__)
#define FLOAT_REGISTER "w"
#else
#error "translated code runs on x86-64 and aarch64"
#endif

/* The compiler goes on with the value that is in a register now and cannot load
 * it again: after a load from where other threads may write. */
#define KEEP(x)  __asm__ volatile("" : "+r"(x))
#define KEEPF(x) __asm__ volatile("" : "+" FLOAT_REGISTER(x))

/* Before a value is checked and used, so that no other thread, nor a signal
 * function of the guest, changes it in between: what is looked up, divided by or
 * copied must be what was checked.  clang never loads a variable again, and for
 * one thread that is enough; gcc may, when it has no register left. */
#if defined(K_THREADS) || !defined(__clang__)
#define HOLD(x)                                                                                    \
    do {                                                                                           \
        if (!__builtin_constant_p(x))                                                              \
            KEEP(x);                                                                               \
    } while (0)
#else
#define HOLD(x) ((void)0)
#endif

/* ---- memory: any alignment, any type; beyond the end is a fault ------------------------- */

typedef u16 u16u __attribute__((aligned(1), may_alias));
typedef u32 u32u __attribute__((aligned(1), may_alias));
typedef u64 u64u __attribute__((aligned(1), may_alias));
typedef f32 f32u __attribute__((aligned(1), may_alias));
typedef f64 f64u __attribute__((aligned(1), may_alias));

/* m0, m1, ... are the function's copies of the bases of its memories.  Index and
 * offset are below 2^32 each, so the sum stays in the reservation of 8 GiB;
 * where less is reserved, each access is checked. */
#ifdef K_CHECKED
u64 k_bounds(krait_ctx *ctx, u32 memory, u64 at, u32 width) __attribute__((cold));

/* s0, s1, ... are the function's copies of the sizes.  A memory never shrinks, so what
 * fits into a copy fits; what does not is compared with the size of now. */
INLINE u8 *
checked(krait_ctx *ctx, u32 memory, u8 *m, u64 *size, u64 at, u32 width)
{
    HOLD(at);
    if (BAD(at + width > *size))
        *size = k_bounds(ctx, memory, at, width);
    return m + at;
}
#define PLACE(k, at, width) checked(ctx, k, m##k, &s##k, at, width)
#else
#define PLACE(k, at, width) (m##k + (at))
#endif
#define AT(type, k, a, o) (*(type *)PLACE(k, (u64)(a) + (o), sizeof(type)))
#define L1(k, a, o)       ((u32)AT(const u8, k, a, o))
#define L2(k, a, o)       ((u32)AT(const u16u, k, a, o))
#define L4(k, a, o)       AT(const u32u, k, a, o)
#define L8(k, a, o)       AT(const u64u, k, a, o)
#define LF(k, a, o)       AT(const f32u, k, a, o)
#define LD(k, a, o)       AT(const f64u, k, a, o)
#define L1S(k, a, o)      ((u32)(i32)(i8)AT(const u8, k, a, o))
#define L2S(k, a, o)      ((u32)(i32)(i16)AT(const u16u, k, a, o))
#define Q1S(k, a, o)      ((u64)(i64)(i8)AT(const u8, k, a, o))
#define Q2S(k, a, o)      ((u64)(i64)(i16)AT(const u16u, k, a, o))
#define Q4S(k, a, o)      ((u64)(i64)(i32)AT(const u32u, k, a, o))
#define S1(k, a, o, v)    (AT(u8, k, a, o) = (u8)(v))
#define S2(k, a, o, v)    (AT(u16u, k, a, o) = (u16)(v))
#define S4(k, a, o, v)    (AT(u32u, k, a, o) = (u32)(v))
#define S8(k, a, o, v)    (AT(u64u, k, a, o) = (v))
#define SF(k, a, o, v)    (AT(f32u, k, a, o) = (v))
#define SD(k, a, o, v)    (AT(f64u, k, a, o) = (v))

/* A load whose value nobody uses must trap all the same: these count as uses. */
#define USE(x)  __asm__ volatile("" : : "r"(x))
#define USEF(x) __asm__ volatile("" : : FLOAT_REGISTER(x))

/* ---- traps ------------------------------------------------------------------------------ */

void k_trap(krait_ctx *ctx, u32 reason) __attribute__((noreturn, cold));

/* ---- metering --------------------------------------------------------------------------- */

#ifdef K_METERED
void k_fuel(krait_ctx *ctx, i64 cost) __attribute__((noreturn, cold));

/* Volatile, so that no compiler keeps the count in a register across something
 * that faults: it is exact wherever the module stops. */
INLINE void
meter(krait_ctx *ctx, i64 cost)
{
#if defined(__x86_64__)
    u8 is_spent;

    __asm__ volatile("subq %2, %0" : "+m"(ctx->fuel), "=@ccs"(is_spent) : "er"(cost));
#else
    i64 is_left = *(volatile i64 *)&ctx->fuel - cost;
    u8 is_spent = is_left < 0;

    *(volatile i64 *)&ctx->fuel = is_left;
#endif
    if (BAD(is_spent))
        k_fuel(ctx, cost);
}

#define METER(cost)      meter(ctx, cost)
#define METER_BYTES(n)   meter(ctx, (i64)(((u64)(n) + 63) / 64))
#define METER_ENTRIES(n) meter(ctx, (i64)(u64)(n))
/* What no memory or table can grow by costs nothing: it is refused. */
#define METER_PAGES(n)  meter(ctx, (n) > 65536u ? 0 : (i64)(u64)(n) * (KRAIT_PAGE_SIZE / 64))
#define METER_GROWTH(n) meter(ctx, (n) > KRAIT_TABLE_MAX ? 0 : (i64)(u64)(n))
#endif

/* ---- integers --------------------------------------------------------------------------- */

INLINE u32
clz32(u32 x)
{
    return x != 0 ? (u32)__builtin_clz(x) : 32;
}

INLINE u64
clz64(u64 x)
{
    return x != 0 ? (u64)__builtin_clzll(x) : 64;
}

INLINE u32
ctz32(u32 x)
{
    return x != 0 ? (u32)__builtin_ctz(x) : 32;
}

INLINE u64
ctz64(u64 x)
{
    return x != 0 ? (u64)__builtin_ctzll(x) : 64;
}

#define popcnt32(x) ((u32)__builtin_popcount(x))
#define popcnt64(x) ((u64)__builtin_popcountll(x))

INLINE u32
rotl32(u32 x, u32 n)
{
    return x << (n & 31) | x >> (-n & 31);
}

INLINE u64
rotl64(u64 x, u64 n)
{
    return x << (n & 63) | x >> (-n & 63);
}

INLINE u32
rotr32(u32 x, u32 n)
{
    return x >> (n & 31) | x << (-n & 31);
}

INLINE u64
rotr64(u64 x, u64 n)
{
    return x >> (n & 63) | x << (-n & 63);
}

#define DIVISION(bits)                                                                             \
    INLINE u##bits divs##bits(krait_ctx *ctx, u##bits a, u##bits b)                                \
    {                                                                                              \
        HOLD(b);                                                                                   \
        HOLD(a);                                                                                   \
        if (BAD(b == 0))                                                                           \
            k_trap(ctx, KRAIT_TRAP_DIVIDE);                                                        \
        if (BAD((i##bits)a == INT##bits##_MIN && (i##bits)b == -1))                                \
            k_trap(ctx, KRAIT_TRAP_OVERFLOW);                                                      \
        return (u##bits)((i##bits)a / (i##bits)b);                                                 \
    }                                                                                              \
    INLINE u##bits divu##bits(krait_ctx *ctx, u##bits a, u##bits b)                                \
    {                                                                                              \
        HOLD(b);                                                                                   \
        if (BAD(b == 0))                                                                           \
            k_trap(ctx, KRAIT_TRAP_DIVIDE);                                                        \
        return a / b;                                                                              \
    }                                                                                              \
    INLINE u##bits rems##bits(krait_ctx *ctx, u##bits a, u##bits b)                                \
    {                                                                                              \
        HOLD(b);                                                                                   \
        if (BAD(b == 0))                                                                           \
            k_trap(ctx, KRAIT_TRAP_DIVIDE);                                                        \
        return (i##bits)b == -1 ? 0 : (u##bits)((i##bits)a % (i##bits)b);                          \
    }                                                                                              \
    INLINE u##bits remu##bits(krait_ctx *ctx, u##bits a, u##bits b)                                \
    {                                                                                              \
        HOLD(b);                                                                                   \
        if (BAD(b == 0))                                                                           \
            k_trap(ctx, KRAIT_TRAP_DIVIDE);                                                        \
        return a % b;                                                                              \
    }
DIVISION(32)
DIVISION(64)

/* ---- floating point --------------------------------------------------------------------- */

INLINE f32
F4(u32 bits)
{
    f32 x;

    __builtin_memcpy(&x, &bits, sizeof(x));
    return x;
}

INLINE f64
F8(u64 bits)
{
    f64 x;

    __builtin_memcpy(&x, &bits, sizeof(x));
    return x;
}

/* 0, -0, 1 and -1: values with which a compiler would leave an operation out
 * (x * 1, x - 0, ...), and with it the quieting of a signalling NaN. */
INLINE f32
O4(u32 bits)
{
    f32 x = F4(bits);

    __asm__("" : "+" FLOAT_REGISTER(x));
    return x;
}

INLINE f64
O8(u64 bits)
{
    f64 x = F8(bits);

    __asm__("" : "+" FLOAT_REGISTER(x));
    return x;
}

INLINE u32
bits_f(f32 x)
{
    u32 bits;

    __builtin_memcpy(&bits, &x, sizeof(bits));
    return bits;
}

INLINE u64
bits_d(f64 x)
{
    u64 bits;

    __builtin_memcpy(&bits, &x, sizeof(bits));
    return bits;
}

#define promote(x) ((f64)(x))

/* Kept apart from a promotion before it, for the same reason as O4. */
INLINE f32
demote(f64 x)
{
    __asm__("" : "+" FLOAT_REGISTER(x));
    return (f32)x;
}

/* A NaN operand gives a quiet NaN; -0 is less than +0. */
#define MINMAX(T, s, B, sign_shift)                                                                \
    INLINE T min_##s(T a, T b)                                                                     \
    {                                                                                              \
        if (BAD(a != a || b != b))                                                                 \
            return a + b;                                                                          \
        if (a == b)                                                                                \
            return bits_##s(a) >> sign_shift ? a : b;                                              \
        return a < b ? a : b;                                                                      \
    }                                                                                              \
    INLINE T max_##s(T a, T b)                                                                     \
    {                                                                                              \
        if (BAD(a != a || b != b))                                                                 \
            return a + b;                                                                          \
        if (a == b)                                                                                \
            return bits_##s(a) >> sign_shift ? b : a;                                              \
        return a > b ? a : b;                                                                      \
    }
MINMAX(f32, f, u32, 31)
MINMAX(f64, d, u64, 63)

#define fabs_f(x)        __builtin_fabsf(x)
#define fabs_d(x)        __builtin_fabs(x)
#define sqrt_f(x)        __builtin_sqrtf(x)
#define sqrt_d(x)        __builtin_sqrt(x)
#define copysign_f(x, y) __builtin_copysignf(x, y)
#define copysign_d(x, y) __builtin_copysign(x, y)

/* Rounding.  Where the processor has no instruction for it, compilers would call libm, which every process
 * that loads the module would have to load too.  From 2^23 and 2^52 on, numbers have no fraction; below,
 * adding that leaves no room for one.  What is 1 too far is brought back, and the sign of zero set.  NaN
 * takes the way through the arithmetic, which makes it quiet. */
#if defined(__aarch64__) || defined(__SSE4_1__)
#define ROUNDING(name, F, letter, suffix)                                                          \
    INLINE F name##_##letter(F x)                                                                  \
    {                                                                                              \
        return __builtin_##name##suffix(x);                                                        \
    }
#define SCALAR_ROUNDINGS(F, letter, suffix, large)                                                 \
    ROUNDING(ceil, F, letter, suffix)                                                              \
    ROUNDING(floor, F, letter, suffix)                                                             \
    ROUNDING(trunc, F, letter, suffix)                                                             \
    ROUNDING(rint, F, letter, suffix)
#else
#define SCALAR_ROUNDINGS(F, letter, suffix, large)                                                 \
    INLINE F rint_##letter(F x)                                                                    \
    {                                                                                              \
        F magnitude = fabs_##letter(x);                                                            \
        return magnitude >= large ? x : copysign_##letter((magnitude + large) - large, x);         \
    }                                                                                              \
    INLINE F floor_##letter(F x)                                                                   \
    {                                                                                              \
        F near = rint_##letter(x);                                                                 \
        return near > x ? near - 1 : near;                                                         \
    }                                                                                              \
    INLINE F ceil_##letter(F x)                                                                    \
    {                                                                                              \
        F near = rint_##letter(x);                                                                 \
        return near < x ? copysign_##letter(near + 1, x) : near;                                   \
    }                                                                                              \
    INLINE F trunc_##letter(F x)                                                                   \
    {                                                                                              \
        return copysign_##letter(floor_##letter(fabs_##letter(x)), x);                             \
    }
#endif
SCALAR_ROUNDINGS(f32, f, f, 0x1p23f)
SCALAR_ROUNDINGS(f64, d, , 0x1p52)

/* Conversions to integers.  `low` and `high` are the nearest floats that are
 * already out of range, or, where `low` itself is in range, `above` is >=. */
#define TRUNCATION(name, R, S, F, low_test, high, minimum, maximum)                                \
    INLINE R trunc_##name(krait_ctx *ctx, F x)                                                     \
    {                                                                                              \
        if (BAD(x != x))                                                                           \
            k_trap(ctx, KRAIT_TRAP_CONVERSION);                                                    \
        if (BAD(!(x low_test && x < high)))                                                        \
            k_trap(ctx, KRAIT_TRAP_OVERFLOW);                                                      \
        return (R)(S)x;                                                                            \
    }                                                                                              \
    INLINE R sat_##name(F x)                                                                       \
    {                                                                                              \
        if (BAD(x != x))                                                                           \
            return 0;                                                                              \
        if (BAD(!(x low_test)))                                                                    \
            return (R)minimum;                                                                     \
        return BAD(!(x < high)) ? (R)maximum : (R)(S)x;                                            \
    }
TRUNCATION(i32_f, u32, i32, f32, >= -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
TRUNCATION(u32_f, u32, u32, f32, > -1.0f, 0x1p32f, 0, UINT32_MAX)
TRUNCATION(i32_d, u32, i32, f64, > -2147483649.0, 0x1p31, INT32_MIN, INT32_MAX)
TRUNCATION(u32_d, u32, u32, f64, > -1.0, 0x1p32, 0, UINT32_MAX)
TRUNCATION(i64_f, u64, i64, f32, >= -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
TRUNCATION(u64_f, u64, u64, f32, > -1.0f, 0x1p64f, 0, UINT64_MAX)
TRUNCATION(i64_d, u64, i64, f64, >= -0x1p63, 0x1p63, INT64_MIN, INT64_MAX)
TRUNCATION(u64_d, u64, u64, f64, > -1.0, 0x1p64, 0, UINT64_MAX)

/* ---- bulk memory ------------------------------------------------------------------------ */

INLINE u8 *
memory_base(krait_ctx *ctx, u32 memory)
{
    return memory == 0 ? ctx->memory_base : ctx->memories[memory]->base;
}

/* A size is read once: another thread may grow the memory, never shrink it. */
INLINE void
memory_copy(krait_ctx *ctx, u32 to_memory, u32 from_memory, u32 to, u32 from, u32 count)
{
    u64 to_size = ctx->memories[to_memory]->size;
    u64 from_size = from_memory == to_memory ? to_size : ctx->memories[from_memory]->size;

    HOLD(to);
    HOLD(from);
    HOLD(count);
    if (BAD((u64)to + count > to_size || (u64)from + count > from_size))
        k_trap(ctx, KRAIT_TRAP_MEMORY);
    __builtin_memmove(memory_base(ctx, to_memory) + to, memory_base(ctx, from_memory) + from,
                      count);
}

INLINE void
memory_fill(krait_ctx *ctx, u32 memory, u32 to, u32 value, u32 count)
{
    HOLD(to);
    HOLD(count);
    if (BAD((u64)to + count > ctx->memories[memory]->size))
        k_trap(ctx, KRAIT_TRAP_MEMORY);
    __builtin_memset(memory_base(ctx, memory) + to, (int)(u8)value, count);
}

/* ---- indirect calls through tables that are not private --------------------------------- */

/* An entry is one pointer to a function that never changes, so what is checked
 * is what is called, whatever other threads do to the table. */
INLINE const krait_func *
table_entry(krait_ctx *ctx, u32 table, u32 type, u32 index)
{
    const krait_table *t = ctx->tables[table];
    const krait_func *func;

    HOLD(index);
    if (BAD(index >= t->size))
        k_trap(ctx, KRAIT_TRAP_ELEMENT_UNDEFINED);
    func = __atomic_load_n(&t->entries[index], __ATOMIC_ACQUIRE);
    if (BAD(func == 0))
        k_trap(ctx, KRAIT_TRAP_ELEMENT_NULL);
    if (BAD(func->type != ctx->types[type]))
        k_trap(ctx, KRAIT_TRAP_SIGNATURE);
    return func;
}

/* ---- tail calls ------------------------------------------------------------------------- */

/* clang can be told to jump; with preserve_none a jump saves no register. */
#if defined(__clang__)
#define MUSTTAIL __attribute__((musttail))
#if __has_attribute(preserve_none)
#define TAILCC __attribute__((preserve_none))
#endif
#endif
#ifndef TAILCC
#define TAILCC
#endif

/* Carries out what is pending, until a function returns without leaving more. */
void k_tail(krait_tail *tl);

/* A function called by a loop leaves tail calls to that loop; called by anybody
 * else, it carries them out itself. */
#define TAIL_BEGIN                                                                                 \
    krait_tail *tl = &ctx->thread->tail;                                                           \
    krait_code was = tl->called;                                                                   \
    tl->called = 0
#define TAIL_IS_MINE(name) (BAD(tl->code != 0) && was != (krait_code)name)

/* What an import calls is called by whoever called the import. */
#define TAIL_PASS(name)                                                                            \
    if (ctx->thread->tail.called == (krait_code)name)                                              \
    ctx->thread->tail.called = im->host == 0 ? im->code : 0

/* ---- calls of imported functions -------------------------------------------------------- */

/* Calls a host function; on return `cells` holds the results. */
void k_call_host(krait_ctx *ctx, const krait_import *import, krait_cell *cells);

#endif /* KRAIT_PRELUDE_H */
