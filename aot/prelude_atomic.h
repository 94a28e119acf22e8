/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic instructions in C (threads proposal, section 4.4.7): sequentially
 * consistent, and a trap where the address is not aligned.  Wait and notify are
 * the engine's.
 *
 * The translator puts a copy of this file beside the C of modules that use
 * atomics, and of no others.
 */
#ifndef KRAIT_PRELUDE_ATOMIC_H
#define KRAIT_PRELUDE_ATOMIC_H

typedef u8 u8a __attribute__((may_alias));
typedef u16 u16a __attribute__((may_alias));
typedef u32 u32a __attribute__((may_alias));
typedef u64 u64a __attribute__((may_alias));

INLINE u64
aligned(krait_ctx *ctx, u64 at, u32 width)
{
    if (BAD((at & (width - 1)) != 0))
        k_trap(ctx, KRAIT_TRAP_ALIGNMENT);
    return at;
}

#define CELL(type, k, a, o)                                                                        \
    ((type *)PLACE(k, aligned(ctx, (u64)(a) + (o), sizeof(type)), sizeof(type)))

#define ATOMIC_LOAD(type, k, a, o) __atomic_load_n(CELL(const type, k, a, o), __ATOMIC_SEQ_CST)
#define AL1(k, a, o)               ATOMIC_LOAD(u8a, k, a, o)
#define AL2(k, a, o)               ATOMIC_LOAD(u16a, k, a, o)
#define AL4(k, a, o)               ATOMIC_LOAD(u32a, k, a, o)
#define AL8(k, a, o)               ATOMIC_LOAD(u64a, k, a, o)

#define ATOMIC_DO(name, type, k, a, o, v)                                                          \
    __atomic_##name(CELL(type, k, a, o), (type)(v), __ATOMIC_SEQ_CST)
#define AS1(k, a, o, v)    ATOMIC_DO(store_n, u8a, k, a, o, v)
#define AS2(k, a, o, v)    ATOMIC_DO(store_n, u16a, k, a, o, v)
#define AS4(k, a, o, v)    ATOMIC_DO(store_n, u32a, k, a, o, v)
#define AS8(k, a, o, v)    ATOMIC_DO(store_n, u64a, k, a, o, v)
#define AADD1(k, a, o, v)  ATOMIC_DO(fetch_add, u8a, k, a, o, v)
#define AADD2(k, a, o, v)  ATOMIC_DO(fetch_add, u16a, k, a, o, v)
#define AADD4(k, a, o, v)  ATOMIC_DO(fetch_add, u32a, k, a, o, v)
#define AADD8(k, a, o, v)  ATOMIC_DO(fetch_add, u64a, k, a, o, v)
#define ASUB1(k, a, o, v)  ATOMIC_DO(fetch_sub, u8a, k, a, o, v)
#define ASUB2(k, a, o, v)  ATOMIC_DO(fetch_sub, u16a, k, a, o, v)
#define ASUB4(k, a, o, v)  ATOMIC_DO(fetch_sub, u32a, k, a, o, v)
#define ASUB8(k, a, o, v)  ATOMIC_DO(fetch_sub, u64a, k, a, o, v)
#define AAND1(k, a, o, v)  ATOMIC_DO(fetch_and, u8a, k, a, o, v)
#define AAND2(k, a, o, v)  ATOMIC_DO(fetch_and, u16a, k, a, o, v)
#define AAND4(k, a, o, v)  ATOMIC_DO(fetch_and, u32a, k, a, o, v)
#define AAND8(k, a, o, v)  ATOMIC_DO(fetch_and, u64a, k, a, o, v)
#define AOR1(k, a, o, v)   ATOMIC_DO(fetch_or, u8a, k, a, o, v)
#define AOR2(k, a, o, v)   ATOMIC_DO(fetch_or, u16a, k, a, o, v)
#define AOR4(k, a, o, v)   ATOMIC_DO(fetch_or, u32a, k, a, o, v)
#define AOR8(k, a, o, v)   ATOMIC_DO(fetch_or, u64a, k, a, o, v)
#define AXOR1(k, a, o, v)  ATOMIC_DO(fetch_xor, u8a, k, a, o, v)
#define AXOR2(k, a, o, v)  ATOMIC_DO(fetch_xor, u16a, k, a, o, v)
#define AXOR4(k, a, o, v)  ATOMIC_DO(fetch_xor, u32a, k, a, o, v)
#define AXOR8(k, a, o, v)  ATOMIC_DO(fetch_xor, u64a, k, a, o, v)
#define AXCHG1(k, a, o, v) ATOMIC_DO(exchange_n, u8a, k, a, o, v)
#define AXCHG2(k, a, o, v) ATOMIC_DO(exchange_n, u16a, k, a, o, v)
#define AXCHG4(k, a, o, v) ATOMIC_DO(exchange_n, u32a, k, a, o, v)
#define AXCHG8(k, a, o, v) ATOMIC_DO(exchange_n, u64a, k, a, o, v)

/* All bits of what is expected count: what does not fit is never there. */
#define EXCHANGE(type)                                                                             \
    INLINE type##a cmpxchg_##type(type##a *at, u64 expected, u64 value)                            \
    {                                                                                              \
        type##a found = (type##a)expected;                                                         \
                                                                                                   \
        if (found != expected)                                                                     \
            return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                          \
        __atomic_compare_exchange_n(at, &found, (type##a)value, 0, __ATOMIC_SEQ_CST,               \
                                    __ATOMIC_SEQ_CST);                                             \
        return found;                                                                              \
    }
EXCHANGE(u8)
EXCHANGE(u16)
EXCHANGE(u32)
EXCHANGE(u64)
#define ACMPXCHG1(k, a, o, e, v) cmpxchg_u8(CELL(u8a, k, a, o), e, v)
#define ACMPXCHG2(k, a, o, e, v) cmpxchg_u16(CELL(u16a, k, a, o), e, v)
#define ACMPXCHG4(k, a, o, e, v) cmpxchg_u32(CELL(u32a, k, a, o), e, v)
#define ACMPXCHG8(k, a, o, e, v) cmpxchg_u64(CELL(u64a, k, a, o), e, v)

#endif /* KRAIT_PRELUDE_ATOMIC_H */
