/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 128-bit instructions in C: types, memory, lanes and integers (WebAssembly
 * 2.0 sections 4.3.2 and 4.4.3).  Floating point is in prelude_simd_float.h, which
 * comes behind it as it comes behind prelude.h.
 *
 * The translator puts a copy of this file beside the C of modules that use
 * v128, and of no others.  It is written in the vector extensions that gcc and
 * clang share, for SSE2 and NEON; what one compiler or processor does better is
 * behind #if, beside the form that all have.  Lanes are numbered from the low
 * end, as on both processors.
 */
#ifndef KRAIT_PRELUDE_SIMD_H
#define KRAIT_PRELUDE_SIMD_H

/* v128 is what registers and calls carry; casts between vectors keep all bits. */
typedef krait_v128 v128;
#define VECTOR(bytes) __attribute__((vector_size(bytes)))
typedef i8 i8x16 VECTOR(16);
typedef u8 u8x16 VECTOR(16);
typedef i16 i16x8 VECTOR(16);
typedef u16 u16x8 VECTOR(16);
typedef i32 i32x4 VECTOR(16);
typedef u32 u32x4 VECTOR(16);
typedef i64 i64x2 VECTOR(16);
typedef u64 u64x2 VECTOR(16);
typedef f32 f32x4 VECTOR(16);
typedef f64 f64x2 VECTOR(16);
typedef i8 i8x8 VECTOR(8);
typedef u8 u8x8 VECTOR(8);
typedef i16 i16x4 VECTOR(8);
typedef u16 u16x4 VECTOR(8);
typedef i32 i32x2 VECTOR(8);
typedef u32 u32x2 VECTOR(8);

/* ---- constants and memory --------------------------------------------------------------- */

/* The compiler does not see what is in it: for the reason that O4 has, and
 * because lanes that are known to be 0 are operands like all others. */
INLINE v128
hide(v128 x)
{
    __asm__("" : "+" FLOAT_REGISTER(x));
    return x;
}

INLINE v128
V16(u64 low, u64 high)
{
    return (v128){low, high};
}

#define O16(low, high) hide(V16(low, high))

#define UNALIGNED(T) T##_u __attribute__((aligned(1), may_alias))
typedef v128 UNALIGNED(v128);
typedef i8x8 UNALIGNED(i8x8);
typedef u8x8 UNALIGNED(u8x8);
typedef i16x4 UNALIGNED(i16x4);
typedef u16x4 UNALIGNED(u16x4);
typedef i32x2 UNALIGNED(i32x2);
typedef u32x2 UNALIGNED(u32x2);

#define WIDENED(x, T)  ((v128) __builtin_convertvector(x, T))
#define LV(k, a, o)    AT(const v128_u, k, a, o)
#define LX8S(k, a, o)  WIDENED(AT(const i8x8_u, k, a, o), i16x8)
#define LX8U(k, a, o)  WIDENED(AT(const u8x8_u, k, a, o), u16x8)
#define LX16S(k, a, o) WIDENED(AT(const i16x4_u, k, a, o), i32x4)
#define LX16U(k, a, o) WIDENED(AT(const u16x4_u, k, a, o), u32x4)
#define LX32S(k, a, o) WIDENED(AT(const i32x2_u, k, a, o), i64x2)
#define LX32U(k, a, o) WIDENED(AT(const u32x2_u, k, a, o), u64x2)
#define LS8(k, a, o)   i8x16_splat(L1(k, a, o))
#define LS16(k, a, o)  i16x8_splat(L2(k, a, o))
#define LS32(k, a, o)  i32x4_splat(L4(k, a, o))
#define LS64(k, a, o)  i64x2_splat(L8(k, a, o))
#define LZ32(k, a, o)  hide((v128)(u32x4){L4(k, a, o)})
#define LZ64(k, a, o)  hide((v128)(u64x2){L8(k, a, o)})

/* A store that crosses the end writes nothing.  x86-64 sees to that; others may
 * have written the first half, so the last byte is looked at before. */
#if defined(__x86_64__)
#define SV(k, a, o, v) (AT(v128_u, k, a, o) = (v))
#else
#define SV(k, a, o, v) ((void)AT(const volatile u8, k, a, (u64)(o) + 15), AT(v128_u, k, a, o) = (v))
#endif

/* ---- lanes ------------------------------------------------------------------------------ */

#define LANES(S, U, u, x_type)                                                                     \
    INLINE v128 S##_splat(x_type x)                                                                \
    {                                                                                              \
        return (v128)((U){0} + (u)x);                                                              \
    }                                                                                              \
    INLINE v128 S##_replace_lane(v128 x, u32 lane, x_type y)                                       \
    {                                                                                              \
        U lanes = (U)x;                                                                            \
        lanes[lane] = (u)y;                                                                        \
        return (v128)lanes;                                                                        \
    }
LANES(i8x16, u8x16, u8, u32)
LANES(i16x8, u16x8, u16, u32)
LANES(i32x4, u32x4, u32, u32)
LANES(i64x2, u64x2, u64, u64)

#define SHUFFLE(a, b, ...) ((v128)__builtin_shufflevector((u8x16)(a), (u8x16)(b), __VA_ARGS__))

INLINE v128
i8x16_swizzle(v128 x, v128 y)
{
    u8x16 from = (u8x16)x;
    u8x16 index = (u8x16)y;
    u8x16 to;

    for (u32 i = 0; i < 16; i++)
        to[i] = from[index[i] & 15];
    return (v128)to & (v128)(index < 16);
}

/* ---- bits ------------------------------------------------------------------------------- */

/* Lanes of a where the mask has ones, else lanes of b. */
#define SELECT(mask, a, b) (((v128)(a) & (v128)(mask)) | ((v128)(b) & ~(v128)(mask)))

INLINE v128
v128_bitselect(v128 x, v128 y, v128 mask)
{
    return SELECT(mask, x, y);
}

INLINE u32
v128_any_true(v128 x)
{
    return (x[0] | x[1]) != 0;
}

/* ---- what all integer lanes have -------------------------------------------------------- */

#define UNARY(name, T, expression)                                                                 \
    INLINE v128 name(v128 x)                                                                       \
    {                                                                                              \
        T a = (T)x;                                                                                \
        return (v128)(expression);                                                                 \
    }
#define BINARY(name, T, expression)                                                                \
    INLINE v128 name(v128 x, v128 y)                                                               \
    {                                                                                              \
        T a = (T)x;                                                                                \
        T b = (T)y;                                                                                \
        return (v128)(expression);                                                                 \
    }

/* Arithmetic is on unsigned lanes, where it wraps; counts of shifts are taken
 * modulo the width of a lane. */
#define INTEGERS(S, U, I, u, i, bits)                                                              \
    UNARY(S##_neg, U, -a)                                                                          \
    UNARY(S##_abs, U, (a ^ (U)((I)a >> (bits - 1))) - (U)((I)a >> (bits - 1)))                     \
    BINARY(S##_add, U, a + b)                                                                      \
    BINARY(S##_sub, U, a - b)                                                                      \
    BINARY(S##_eq, U, a == b)                                                                      \
    BINARY(S##_ne, U, a != b)                                                                      \
    BINARY(S##_lt_s, I, a < b)                                                                     \
    BINARY(S##_gt_s, I, a > b)                                                                     \
    BINARY(S##_le_s, I, a <= b)                                                                    \
    BINARY(S##_ge_s, I, a >= b)                                                                    \
    INLINE v128 S##_shl(v128 x, u32 n)                                                             \
    {                                                                                              \
        return (v128)((U)x << (u)(n & (bits - 1)));                                                \
    }                                                                                              \
    INLINE v128 S##_shr_u(v128 x, u32 n)                                                           \
    {                                                                                              \
        return (v128)((U)x >> (u)(n & (bits - 1)));                                                \
    }                                                                                              \
    INLINE v128 S##_shr_s(v128 x, u32 n)                                                           \
    {                                                                                              \
        return (v128)((I)x >> (i)(n & (bits - 1)));                                                \
    }                                                                                              \
    INLINE u32 S##_all_true(v128 x)                                                                \
    {                                                                                              \
        return !v128_any_true((v128)((U)x == (U){0}));                                             \
    }
INTEGERS(i8x16, u8x16, i8x16, u8, i8, 8)
INTEGERS(i16x8, u16x8, i16x8, u16, i16, 16)
INTEGERS(i32x4, u32x4, i32x4, u32, i32, 32)
INTEGERS(i64x2, u64x2, i64x2, u64, i64, 64)

BINARY(i16x8_mul, u16x8, a *b)
BINARY(i32x4_mul, u32x4, a *b)
BINARY(i64x2_mul, u64x2, a *b)

#if __has_builtin(__builtin_elementwise_min) && __has_builtin(__builtin_elementwise_max)
#define LESSER(a, b)  __builtin_elementwise_min(a, b)
#define GREATER(a, b) __builtin_elementwise_max(a, b)
#else
#define LESSER(a, b)  (__typeof__(a))SELECT((a) < (b), a, b)
#define GREATER(a, b) (__typeof__(a))SELECT((a) > (b), a, b)
#endif

#define UNSIGNED_ORDER(S, U, I)                                                                    \
    BINARY(S##_lt_u, U, a < b)                                                                     \
    BINARY(S##_gt_u, U, a > b)                                                                     \
    BINARY(S##_le_u, U, a <= b)                                                                    \
    BINARY(S##_ge_u, U, a >= b)                                                                    \
    BINARY(S##_min_u, U, LESSER(a, b))                                                             \
    BINARY(S##_max_u, U, GREATER(a, b))                                                            \
    BINARY(S##_min_s, I, LESSER(a, b))                                                             \
    BINARY(S##_max_s, I, GREATER(a, b))
UNSIGNED_ORDER(i8x16, u8x16, i8x16)
UNSIGNED_ORDER(i16x8, u16x8, i16x8)
UNSIGNED_ORDER(i32x4, u32x4, i32x4)

/* ---- saturation ------------------------------------------------------------------------- */

#if __has_builtin(__builtin_elementwise_add_sat) && __has_builtin(__builtin_elementwise_sub_sat)
#define SATURATING(S, U, I, bits)                                                                  \
    BINARY(S##_add_sat_s, I, __builtin_elementwise_add_sat(a, b))                                  \
    BINARY(S##_add_sat_u, U, __builtin_elementwise_add_sat(a, b))                                  \
    BINARY(S##_sub_sat_s, I, __builtin_elementwise_sub_sat(a, b))                                  \
    BINARY(S##_sub_sat_u, U, __builtin_elementwise_sub_sat(a, b))
#else
/* A sum overflows where its sign is that of neither operand, a difference where
 * the operands differ and its sign is not that of the first.  What is out of
 * range then has the sign of the first operand. */
#define LIMIT(U, I, a, bits) (((U)((I)(a) >> (bits - 1))) ^ (((U){0} - 1) >> 1))
#define SATURATING(S, U, I, bits)                                                                  \
    BINARY(S##_add_sat_s, U,                                                                       \
           SELECT((I)((a ^ (a + b)) & (b ^ (a + b))) >> (bits - 1), LIMIT(U, I, a, bits), a + b))  \
    BINARY(S##_add_sat_u, U, (a + b) | (U)((a + b) < a))                                           \
    BINARY(S##_sub_sat_s, U,                                                                       \
           SELECT((I)((a ^ b) & (a ^ (a - b))) >> (bits - 1), LIMIT(U, I, a, bits), a - b))        \
    BINARY(S##_sub_sat_u, U, (a - b) & (U)(a > b))
#endif
SATURATING(i8x16, u8x16, i8x16, 8)
SATURATING(i16x8, u16x8, i16x8, 16)

/* (a + b + 1) / 2 in the width of the lanes. */
BINARY(i8x16_avgr_u, u8x16, (a | b) - ((a ^ b) >> 1))
BINARY(i16x8_avgr_u, u16x8, (a | b) - ((a ^ b) >> 1))

/* Signed lanes brought into the range of lanes of half the width, whose bits are
 * then the low halves: the even lanes of the narrower shape. */
#define CLAMPED(I, x, low, high) GREATER(LESSER((I)(x), (I){0} + (high)), (I){0} + (low))
#define NARROWING(name, I, T, low, high, ...)                                                      \
    INLINE v128 name(v128 x, v128 y)                                                               \
    {                                                                                              \
        T a = (T)CLAMPED(I, x, low, high);                                                         \
        T b = (T)CLAMPED(I, y, low, high);                                                         \
        return (v128)__builtin_shufflevector(a, b, __VA_ARGS__);                                   \
    }
#define EVEN16 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define EVEN8  0, 2, 4, 6, 8, 10, 12, 14
NARROWING(i8x16_narrow_i16x8_u, i16x8, u8x16, 0, UINT8_MAX, EVEN16)
NARROWING(i16x8_narrow_i32x4_u, i32x4, u16x8, 0, UINT16_MAX, EVEN8)
#if __has_builtin(__builtin_ia32_packsswb128) && __has_builtin(__builtin_ia32_packssdw128)
INLINE v128
i8x16_narrow_i16x8_s(v128 x, v128 y)
{
    return (v128)__builtin_ia32_packsswb128((i16x8)x, (i16x8)y);
}

INLINE v128
i16x8_narrow_i32x4_s(v128 x, v128 y)
{
    return (v128)__builtin_ia32_packssdw128((i32x4)x, (i32x4)y);
}
#else
NARROWING(i8x16_narrow_i16x8_s, i16x8, u8x16, INT8_MIN, INT8_MAX, EVEN16)
NARROWING(i16x8_narrow_i32x4_s, i32x4, u16x8, INT16_MIN, INT16_MAX, EVEN8)
#endif

/* ---- wider lanes ------------------------------------------------------------------------ */

/* `from` is the narrower shape, W and N the wider and the narrower type. */
#define EXTENSION(S, from, sign, W, N, U, low, high)                                               \
    UNARY(S##_extend_low_##from##_##sign, N,                                                       \
          __builtin_convertvector(__builtin_shufflevector(a, a, low), W))                          \
    UNARY(S##_extend_high_##from##_##sign, N,                                                      \
          __builtin_convertvector(__builtin_shufflevector(a, a, high), W))                         \
    INLINE v128 S##_extmul_low_##from##_##sign(v128 x, v128 y)                                     \
    {                                                                                              \
        return (v128)((U)S##_extend_low_##from##_##sign(x) *                                       \
                      (U)S##_extend_low_##from##_##sign(y));                                       \
    }                                                                                              \
    INLINE v128 S##_extmul_high_##from##_##sign(v128 x, v128 y)                                    \
    {                                                                                              \
        return (v128)((U)S##_extend_high_##from##_##sign(x) *                                      \
                      (U)S##_extend_high_##from##_##sign(y));                                      \
    }
#define LIST(...) __VA_ARGS__
#define EXTENSIONS(S, from, W, N, low, high)                                                       \
    EXTENSION(S, from, s, i##W, i##N, u##W, LIST(low), LIST(high))                                 \
    EXTENSION(S, from, u, u##W, u##N, u##W, LIST(low), LIST(high))
EXTENSIONS(i16x8, i8x16, 16x8, 8x16, LIST(0, 1, 2, 3, 4, 5, 6, 7),
           LIST(8, 9, 10, 11, 12, 13, 14, 15))
EXTENSIONS(i32x4, i16x8, 32x4, 16x8, LIST(0, 1, 2, 3), LIST(4, 5, 6, 7))
EXTENSIONS(i64x2, i32x4, 64x2, 32x4, LIST(0, 1), LIST(2, 3))

/* The even and the odd lanes of half the width, where the wider ones are. */
#define EVEN(I, U, x, half) ((I)((U)(x) << half) >> half)
#define ODD(I, x, half)     ((I)(x) >> half)
#define PAIRWISE(S, from, I, U, half)                                                              \
    UNARY(S##_extadd_pairwise_##from##_s, U, (U)EVEN(I, U, a, half) + (U)ODD(I, a, half))          \
    UNARY(S##_extadd_pairwise_##from##_u, U, EVEN(U, U, a, half) + ODD(U, a, half))
PAIRWISE(i16x8, i8x16, i16x8, u16x8, 8)
PAIRWISE(i32x4, i16x8, i32x4, u32x4, 16)

#if __has_builtin(__builtin_ia32_pmaddwd128)
INLINE v128
i32x4_dot_i16x8_s(v128 x, v128 y)
{
    return (v128)__builtin_ia32_pmaddwd128((i16x8)x, (i16x8)y);
}
#else
BINARY(i32x4_dot_i16x8_s, u32x4,
       (u32x4)EVEN(i32x4, u32x4, a, 16) * (u32x4)EVEN(i32x4, u32x4, b, 16) +
           (u32x4)ODD(i32x4, a, 16) * (u32x4)ODD(i32x4, b, 16))
#endif

/* (a * b + 2^14) / 2^15; only -2^15 times itself is out of range. */
INLINE v128
i16x8_q15mulr_sat_s(v128 x, v128 y)
{
    i32x4 low = (i32x4)i32x4_extmul_low_i16x8_s(x, y);
    i32x4 high = (i32x4)i32x4_extmul_high_i16x8_s(x, y);

    return i16x8_narrow_i32x4_s((v128)((low + 0x4000) >> 15), (v128)((high + 0x4000) >> 15));
}

INLINE v128
i8x16_popcnt(v128 x)
{
    u8x16 a = (u8x16)x;

    a = a - ((a >> 1) & 0x55);
    a = (a & 0x33) + ((a >> 2) & 0x33);
    return (v128)((a + (a >> 4)) & 0x0f);
}

/* ---- the highest bit of each lane ------------------------------------------------------- */

#if __has_builtin(__builtin_ia32_pmovmskb128) && __has_builtin(__builtin_ia32_movmskps) &&         \
    __has_builtin(__builtin_ia32_movmskpd)
typedef char charx16 VECTOR(16);
#define i8x16_bitmask(x) ((u32)__builtin_ia32_pmovmskb128((charx16)(x)))
#define i32x4_bitmask(x) ((u32)__builtin_ia32_movmskps((f32x4)(x)))
#define i64x2_bitmask(x) ((u32)__builtin_ia32_movmskpd((f64x2)(x)))
#else
/* The product puts bit 7 of byte k at 56 + k. */
INLINE u32
byte_signs(u64 x)
{
    return (u32)(((x >> 7 & 0x0101010101010101ull) * 0x0102040810204080ull) >> 56);
}

INLINE u32
i8x16_bitmask(v128 x)
{
    return byte_signs(x[0]) | byte_signs(x[1]) << 8;
}

INLINE u32
i32x4_bitmask(v128 x)
{
    return (u32)(x[0] >> 31 & 1) | (u32)(x[0] >> 63) << 1 | (u32)(x[1] >> 31 & 1) << 2 |
           (u32)(x[1] >> 63) << 3;
}

INLINE u32
i64x2_bitmask(v128 x)
{
    return (u32)(x[0] >> 63) | (u32)(x[1] >> 63) << 1;
}
#endif

/* Narrowing keeps the sign. */
#define i16x8_bitmask(x) (i8x16_bitmask(i8x16_narrow_i16x8_s(x, V16(0, 0))))

#endif /* KRAIT_PRELUDE_SIMD_H */
