/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of one instruction at a time (WebAssembly 2.0 section 5.4).  The
 * reader, the validator and the emitter all walk code with this, so there is
 * one opinion about where an instruction ends.
 */
#ifndef KRAIT_AOT_INSN_H
#define KRAIT_AOT_INSN_H

#include "aot/bytes.h"

/* What follows the opcode. */
typedef enum krait_imm {
    KRAIT_IMM_NONE,
    KRAIT_IMM_BLOCK,       /* block_kind, index or value */
    KRAIT_IMM_INDEX,       /* index */
    KRAIT_IMM_INDEX2,      /* index, index2 in the order of the file */
    KRAIT_IMM_BR_TABLE,    /* count targets from list_at on, then index (the default) */
    KRAIT_IMM_SELECT,      /* count value types at list_at */
    KRAIT_IMM_MEMARG,      /* index (log2 of the alignment), index2 (memory), value (the offset) */
    KRAIT_IMM_MEMORY,      /* index (memory) */
    KRAIT_IMM_MEMORY2,     /* index (destination), index2 (source) */
    KRAIT_IMM_DATA_MEMORY, /* index (segment), index2 (memory) */
    KRAIT_IMM_ZERO,        /* one zero byte */
    KRAIT_IMM_I32,         /* value */
    KRAIT_IMM_I64,
    KRAIT_IMM_F32,
    KRAIT_IMM_F64,
    KRAIT_IMM_REF_TYPE,   /* value: the reference type */
    KRAIT_IMM_V128,       /* value and high: lower and upper half */
    KRAIT_IMM_LANE,       /* count (1) lanes of one byte each at list_at */
    KRAIT_IMM_SHUFFLE,    /* count (16) of the same */
    KRAIT_IMM_MEMARG_LANE /* as MEMARG, then as LANE */
} krait_imm;

typedef enum krait_op_kind {
    KRAIT_OP_SPECIAL,
    KRAIT_OP_PURE,
    KRAIT_OP_TRAPPING,
    KRAIT_OP_LOAD,
    KRAIT_OP_STORE
} krait_op_kind;

typedef struct krait_op_info {
    const char *name; /* NULL: no such instruction */
    const char *signature;
    const char *c_template;
    krait_imm imm;
    krait_op_kind kind;
    uint8_t align;
} krait_op_info;

enum {
    KRAIT_OP_UNREACHABLE = 0x00,
    KRAIT_OP_NOP = 0x01,
    KRAIT_OP_BLOCK = 0x02,
    KRAIT_OP_LOOP = 0x03,
    KRAIT_OP_IF = 0x04,
    KRAIT_OP_ELSE = 0x05,
    KRAIT_OP_END = 0x0b,
    KRAIT_OP_BR = 0x0c,
    KRAIT_OP_BR_IF = 0x0d,
    KRAIT_OP_BR_TABLE = 0x0e,
    KRAIT_OP_RETURN = 0x0f,
    KRAIT_OP_CALL = 0x10,
    KRAIT_OP_CALL_INDIRECT = 0x11,
    KRAIT_OP_RETURN_CALL = 0x12,
    KRAIT_OP_RETURN_CALL_INDIRECT = 0x13,
    KRAIT_OP_DROP = 0x1a,
    KRAIT_OP_SELECT = 0x1b,
    KRAIT_OP_SELECT_T = 0x1c,
    KRAIT_OP_LOCAL_GET = 0x20,
    KRAIT_OP_LOCAL_SET = 0x21,
    KRAIT_OP_LOCAL_TEE = 0x22,
    KRAIT_OP_GLOBAL_GET = 0x23,
    KRAIT_OP_GLOBAL_SET = 0x24,
    KRAIT_OP_TABLE_GET = 0x25,
    KRAIT_OP_TABLE_SET = 0x26,
    KRAIT_OP_MEMORY_SIZE = 0x3f,
    KRAIT_OP_MEMORY_GROW = 0x40,
    KRAIT_OP_I32_CONST = 0x41,
    KRAIT_OP_I64_CONST = 0x42,
    KRAIT_OP_F32_CONST = 0x43,
    KRAIT_OP_F64_CONST = 0x44,
    KRAIT_OP_I32_ADD = 0x6a,
    KRAIT_OP_I32_SUB = 0x6b,
    KRAIT_OP_I32_MUL = 0x6c,
    KRAIT_OP_I64_ADD = 0x7c,
    KRAIT_OP_I64_SUB = 0x7d,
    KRAIT_OP_I64_MUL = 0x7e,
    KRAIT_OP_REF_NULL = 0xd0,
    KRAIT_OP_REF_IS_NULL = 0xd1,
    KRAIT_OP_REF_FUNC = 0xd2,
    KRAIT_OP_MEMORY_INIT = 0xfc08,
    KRAIT_OP_DATA_DROP = 0xfc09,
    KRAIT_OP_MEMORY_COPY = 0xfc0a,
    KRAIT_OP_MEMORY_FILL = 0xfc0b,
    KRAIT_OP_TABLE_INIT = 0xfc0c,
    KRAIT_OP_ELEM_DROP = 0xfc0d,
    KRAIT_OP_TABLE_COPY = 0xfc0e,
    KRAIT_OP_TABLE_GROW = 0xfc0f,
    KRAIT_OP_TABLE_SIZE = 0xfc10,
    KRAIT_OP_TABLE_FILL = 0xfc11,
    KRAIT_OP_V128_CONST = 0xfd0c,
    KRAIT_OP_EXTENDED = 0xffff /* no instruction: a constant expression of several */
};

enum { KRAIT_BLOCK_EMPTY, KRAIT_BLOCK_VALUE, KRAIT_BLOCK_TYPE };

typedef struct krait_insn {
    const krait_op_info *info;
    size_t offset; /* in the file */
    uint16_t op;
    uint8_t block_kind;
    krait_wasm_valtype block_value; /* of KRAIT_BLOCK_VALUE */
    uint32_t index;
    uint32_t index2;
    uint32_t count;
    size_t list_at;
    uint64_t value;
    uint64_t high;
} krait_insn;

/* Reads one instruction; false after a failure, which the cursor then has. */
bool krait__insn_read(krait_cursor *cursor, krait_insn *ret);

/* Reads one value type; `what` is for the message. */
krait_wasm_valtype krait__valtype_read(krait_cursor *cursor, const char *what);

/* Type that a letter of a signature stands for. */
krait_wasm_valtype krait__valtype_of_letter(char letter);

/* ---- 128-bit instructions: insn_simd.c -------------------------------------------------- */

static inline bool
krait__op_is_simd(uint16_t op)
{
    return op >> 8 == 0xfd;
}

/* Reads the number after the prefix 0xfd; sets op and info. */
bool krait__insn_simd_code(krait_cursor *cursor, krait_insn *ret);

/* Reads the immediates that only these instructions have. */
void krait__insn_simd_immediates(krait_cursor *cursor, krait_insn *ret);

/* ---- atomic instructions: insn_atomic.c ------------------------------------------------- */

#define KRAIT_OP_ATOMIC_FIRST 0xfe00

enum { KRAIT_OP_ATOMIC_FENCE = 0xfe03 };

static inline bool
krait__op_is_atomic(uint16_t op)
{
    return op >> 8 == 0xfe;
}

/* Reads the number after the prefix 0xfe; sets op and info. */
bool krait__insn_atomic_code(krait_cursor *cursor, krait_insn *ret);

#endif /* KRAIT_AOT_INSN_H */
