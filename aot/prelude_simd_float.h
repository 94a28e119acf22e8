/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 128-bit instructions in C: floating point and conversions (WebAssembly
 * 2.0 sections 4.3.3 and 4.3.4).  It comes behind prelude_simd.h, whose names
 * it uses.
 *
 * Everything is without branches and by the processor's own arithmetic, which
 * makes signalling NaNs quiet; what selects or only moves keeps all bits.
 */
#ifndef KRAIT_PRELUDE_SIMD_FLOAT_H
#define KRAIT_PRELUDE_SIMD_FLOAT_H

INLINE v128
f32x4_splat(f32 x)
{
    return (v128)(f32x4){x, x, x, x};
}

INLINE v128
f64x2_splat(f64 x)
{
    return (v128)(f64x2){x, x};
}

INLINE v128
f32x4_replace_lane(v128 x, u32 lane, f32 y)
{
    f32x4 lanes = (f32x4)x;

    lanes[lane] = y;
    return (v128)lanes;
}

INLINE v128
f64x2_replace_lane(v128 x, u32 lane, f64 y)
{
    f64x2 lanes = (f64x2)x;

    lanes[lane] = y;
    return (v128)lanes;
}

/* ---- arithmetic ------------------------------------------------------------------------- */

#if __has_builtin(__builtin_elementwise_sqrt)
#define SQRT4(a) __builtin_elementwise_sqrt(a)
#define SQRT2(a) __builtin_elementwise_sqrt(a)
#else
#define SQRT4(a) ((f32x4){sqrt_f(a[0]), sqrt_f(a[1]), sqrt_f(a[2]), sqrt_f(a[3])})
#define SQRT2(a) ((f64x2){sqrt_d(a[0]), sqrt_d(a[1])})
#endif

/* min, max: where the operands are equal, only zeros can differ in their bits;
 * where one is NaN, the sum is the quiet NaN that is wanted.  The processor's
 * own minimum is that of pmin. */
#define FLOATS(S, F, U, sign_bit, SQRT)                                                            \
    UNARY(S##_abs, U, a & ~(U){0} >> 1)                                                            \
    UNARY(S##_neg, U, a ^ sign_bit)                                                                \
    UNARY(S##_sqrt, F, SQRT(a))                                                                    \
    BINARY(S##_add, F, a + b)                                                                      \
    BINARY(S##_sub, F, a - b)                                                                      \
    BINARY(S##_mul, F, a *b)                                                                       \
    BINARY(S##_div, F, a / b)                                                                      \
    BINARY(S##_eq, F, a == b)                                                                      \
    BINARY(S##_ne, F, a != b)                                                                      \
    BINARY(S##_lt, F, a < b)                                                                       \
    BINARY(S##_gt, F, a > b)                                                                       \
    BINARY(S##_le, F, a <= b)                                                                      \
    BINARY(S##_ge, F, a >= b)                                                                      \
    BINARY(S##_pmin, F, SELECT(b < a, b, a))                                                       \
    BINARY(S##_pmax, F, SELECT(a < b, b, a))                                                       \
    BINARY(S##_min, F,                                                                             \
           SELECT((a != a) | (b != b), a + b, SELECT(a < b, a, SELECT(b < a, b, x | y))))          \
    BINARY(S##_max, F,                                                                             \
           SELECT((a != a) | (b != b), a + b, SELECT(b < a, a, SELECT(a < b, b, x & y))))
FLOATS(f32x4, f32x4, u32x4, 0x80000000u, SQRT4)
FLOATS(f64x2, f64x2, u64x2, 0x8000000000000000ull, SQRT2)

/* ---- rounding --------------------------------------------------------------------------- */

#if (defined(__aarch64__) || defined(__SSE4_1__)) && __has_builtin(__builtin_elementwise_ceil) &&  \
    __has_builtin(__builtin_elementwise_roundeven)
#define ROUNDINGS(S, F, U, sign_bit, large)                                                        \
    UNARY(S##_ceil, F, __builtin_elementwise_ceil(a))                                              \
    UNARY(S##_floor, F, __builtin_elementwise_floor(a))                                            \
    UNARY(S##_trunc, F, __builtin_elementwise_trunc(a))                                            \
    UNARY(S##_nearest, F, __builtin_elementwise_roundeven(a))
#else
/* From `large` on, numbers have no fraction; below, adding it leaves no room for
 * one.  What is at least 1 too far is brought back, and the sign of zero set.
 * NaN is not at least `large`, so it takes the way through the arithmetic. */
#define ROUNDINGS(S, F, U, sign_bit, large)                                                        \
    INLINE F S##_rounded(F a)                                                                      \
    {                                                                                              \
        F magnitude = (F)S##_abs((v128)a);                                                         \
        F near = (magnitude + large) - large;                                                      \
        return (F)SELECT(magnitude >= large, a, (U)near | ((U)a & sign_bit));                      \
    }                                                                                              \
    UNARY(S##_nearest, F, S##_rounded(a))                                                          \
    INLINE v128 S##_floor(v128 x)                                                                  \
    {                                                                                              \
        F near = S##_rounded((F)x);                                                                \
        F one = (F)((v128)(near > (F)x) & (v128)((F){0} + 1));                                     \
        return (v128)(near - one);                                                                 \
    }                                                                                              \
    INLINE v128 S##_ceil(v128 x)                                                                   \
    {                                                                                              \
        F near = S##_rounded((F)x);                                                                \
        F one = (F)((v128)(near < (F)x) & (v128)((F){0} + 1));                                     \
        return (v128)((U)(near + one) | ((U)x & sign_bit));                                        \
    }                                                                                              \
    UNARY(S##_trunc, U, (U)S##_floor(S##_abs(x)) | (a & sign_bit))
#endif
ROUNDINGS(f32x4, f32x4, u32x4, 0x80000000u, 0x1p23f)
ROUNDINGS(f64x2, f64x2, u64x2, 0x8000000000000000ull, 0x1p52)

/* ---- conversions ------------------------------------------------------------------------ */

UNARY(f32x4_convert_i32x4_s, i32x4, __builtin_convertvector(a, f32x4))
UNARY(f32x4_convert_i32x4_u, u32x4, __builtin_convertvector(a, f32x4))
UNARY(f64x2_convert_low_i32x4_s, i32x4, ((f64x2){(f64)a[0], (f64)a[1]}))
UNARY(f64x2_convert_low_i32x4_u, u32x4, ((f64x2){(f64)a[0], (f64)a[1]}))
UNARY(f64x2_promote_low_f32x4, f32x4, ((f64x2){promote(a[0]), promote(a[1])}))
UNARY(f32x4_demote_f64x2_zero, f64x2, hide((v128)(f32x4){demote(a[0]), demote(a[1])}))

#if __has_builtin(__builtin_ia32_cvttps2dq)
/* The instruction gives INT32_MIN for all that is out of range and for NaN. */
UNARY(i32x4_trunc_sat_f32x4_s, f32x4, (__builtin_ia32_cvttps2dq(a) ^ (a >= 0x1p31f)) & (a == a))
#else
UNARY(i32x4_trunc_sat_f32x4_s, f32x4,
      ((u32x4){sat_i32_f(a[0]), sat_i32_f(a[1]), sat_i32_f(a[2]), sat_i32_f(a[3])}))
#endif
UNARY(i32x4_trunc_sat_f32x4_u, f32x4,
      ((u32x4){sat_u32_f(a[0]), sat_u32_f(a[1]), sat_u32_f(a[2]), sat_u32_f(a[3])}))
UNARY(i32x4_trunc_sat_f64x2_s_zero, f64x2, hide((v128)(u32x4){sat_i32_d(a[0]), sat_i32_d(a[1])}))
UNARY(i32x4_trunc_sat_f64x2_u_zero, f64x2, hide((v128)(u32x4){sat_u32_d(a[0]), sat_u32_d(a[1])}))

#endif /* KRAIT_PRELUDE_SIMD_FLOAT_H */
