/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of instructions and the reading of their immediates.  What belongs
 * to a proposal that is not translated is refused with the proposal's name.
 */
#include "aot/insn.h"

#include <krait/abi.h>

#define NONE        KRAIT_IMM_NONE
#define BLOCK       KRAIT_IMM_BLOCK
#define INDEX       KRAIT_IMM_INDEX
#define INDEX2      KRAIT_IMM_INDEX2
#define BR_TABLE    KRAIT_IMM_BR_TABLE
#define SELECT      KRAIT_IMM_SELECT
#define MEMARG      KRAIT_IMM_MEMARG
#define MEMORY      KRAIT_IMM_MEMORY
#define MEMORY2     KRAIT_IMM_MEMORY2
#define DATA_MEMORY KRAIT_IMM_DATA_MEMORY
#define I32         KRAIT_IMM_I32
#define I64         KRAIT_IMM_I64
#define F32         KRAIT_IMM_F32
#define F64         KRAIT_IMM_F64
#define REF_TYPE    KRAIT_IMM_REF_TYPE

/* Codes with the prefix 0xfc follow the 256 single bytes. */
#define PREFIXED_COUNT 18

/* Prefix 0xfc: instructions of the proposal for wide arithmetic. */
#define FIRST_WIDE 19
#define LAST_WIDE  22
#define SLOT(code) ((code) < 0x100 ? (code) : (code) - 0xfc00 + 0x100)

#define OP(code, name, imm, align, signature, kind, text)                                          \
    [SLOT(code)] = {name, signature, text, imm, KRAIT_OP_##kind, align},
static const krait_op_info ops[0x100 + PREFIXED_COUNT] = {
#include "aot/opcodes.def"
};
#undef OP

static const char *
proposal_of(uint8_t code)
{
    static const struct {
        uint8_t first, last;
        const char *name;
    } ranges[] = {
        {0x06, 0x0a, "exception handling"}, {0x18, 0x19, "exception handling"},
        {0x1f, 0x1f, "exception handling"}, {0x14, 0x15, "typed function references"},
        {0xd3, 0xd6, "garbage collection"}, {0xfb, 0xfb, "garbage collection"},
    };
    size_t i;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return ranges[i].name;
    }
    return NULL;
}

static bool
refuse_opcode(krait_cursor *cursor, const krait_insn *insn, uint8_t code)
{
    const char *proposal = proposal_of(code);

    if (proposal != NULL)
        return krait__cursor_fail_at(cursor, insn->offset, KRAIT_EUNSUPPORTED,
                                     "instruction 0x%02x is not supported (%s)", code, proposal);
    return krait__cursor_fail_at(cursor, insn->offset, KRAIT_EFORMAT, "illegal opcode 0x%02x",
                                 code);
}

krait_wasm_valtype
krait__valtype_of_letter(char letter)
{
    switch (letter) {
    case 'i':
        return KRAIT_I32;
    case 'I':
        return KRAIT_I64;
    case 'f':
        return KRAIT_F32;
    case 'v':
        return KRAIT_V128;
    default:
        return KRAIT_F64;
    }
}

krait_wasm_valtype
krait__valtype_read(krait_cursor *cursor, const char *what)
{
    size_t start = cursor->at;
    uint8_t code = krait__cursor_u8(cursor);

    if (code == KRAIT_V128)
        cursor->saw_simd = true;
    switch (code) {
    case KRAIT_I32:
    case KRAIT_I64:
    case KRAIT_F32:
    case KRAIT_F64:
    case KRAIT_V128:
    case KRAIT_FUNCREF:
    case KRAIT_EXTERNREF:
        return code;
    case 0x63:
    case 0x64:
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "type 0x%02x is not supported (typed function references)", code);
        return 0;
    case 0x68:
    case 0x69:
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "type 0x%02x is not supported (exception handling)", code);
        return 0;
    default:
        if (code >= 0x6a && code <= 0x74)
            krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                                  "type 0x%02x is not supported (garbage collection)", code);
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed %s 0x%02x", what, code);
        return 0;
    }
}

static void
read_block_type(krait_cursor *cursor, krait_insn *ret)
{
    size_t start = cursor->at;
    uint8_t first = start < cursor->end ? cursor->data[start] : 0;
    int64_t index;

    if (first == 0x40) {
        cursor->at++;
        ret->block_kind = KRAIT_BLOCK_EMPTY;
        return;
    }
    /* One byte with the sign bit: a value type. */
    if ((first & 0xc0) == 0x40) {
        ret->block_kind = KRAIT_BLOCK_VALUE;
        ret->block_value = krait__valtype_read(cursor, "block type");
        return;
    }
    index = krait__cursor_s33(cursor);
    if (index < 0)
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed block type");
    ret->block_kind = KRAIT_BLOCK_TYPE;
    ret->index = (uint32_t)index;
}

static void
read_br_table(krait_cursor *cursor, krait_insn *ret)
{
    uint32_t i;

    ret->count = krait__cursor_count(cursor, UINT32_MAX, 1, "branch targets");
    ret->list_at = cursor->at;
    for (i = 0; i < ret->count && !cursor->failed; i++)
        (void)krait__cursor_u32(cursor);
    ret->index = krait__cursor_u32(cursor);
}

static void
read_select(krait_cursor *cursor, krait_insn *ret)
{
    uint32_t i;

    ret->count = krait__cursor_count(cursor, UINT32_MAX, 1, "types");
    ret->list_at = cursor->at;
    for (i = 0; i < ret->count && !cursor->failed; i++)
        (void)krait__valtype_read(cursor, "value type");
}

static void
read_zero(krait_cursor *cursor)
{
    size_t start = cursor->at;

    if (krait__cursor_u8(cursor) != 0)
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "zero byte expected");
}

static void
read_ref_type(krait_cursor *cursor, krait_insn *ret)
{
    size_t start = cursor->at;
    krait_wasm_valtype type = krait__valtype_read(cursor, "reference type");

    if (!krait__wasm_is_reference(type))
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed reference type");
    ret->value = type;
}

/* Bit 6 of the alignment says that a memory index follows. */
static void
read_memarg(krait_cursor *cursor, krait_insn *ret)
{
    size_t start = cursor->at;
    uint32_t flags = krait__cursor_u32(cursor);

    if (flags >= 0x80)
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed memop flags 0x%02x", flags);
    ret->index = flags & 0x3f;
    ret->index2 = (flags & 0x40) != 0 ? krait__cursor_u32(cursor) : 0;
    ret->value = krait__cursor_u32(cursor);
}

static void
read_immediates(krait_cursor *cursor, krait_insn *ret)
{
    switch (ret->info->imm) {
    case NONE:
        break;
    case BLOCK:
        read_block_type(cursor, ret);
        break;
    case INDEX2:
    case MEMORY2:
    case DATA_MEMORY:
        ret->index = krait__cursor_u32(cursor);
        ret->index2 = krait__cursor_u32(cursor);
        break;
    case INDEX:
    case MEMORY:
        ret->index = krait__cursor_u32(cursor);
        break;
    case BR_TABLE:
        read_br_table(cursor, ret);
        break;
    case SELECT:
        read_select(cursor, ret);
        break;
    case MEMARG:
        read_memarg(cursor, ret);
        break;
    case I32:
        ret->value = (uint32_t)krait__cursor_s32(cursor);
        break;
    case I64:
        ret->value = (uint64_t)krait__cursor_s64(cursor);
        break;
    case F32:
        ret->value = krait__cursor_fixed(cursor, 4);
        break;
    case F64:
        ret->value = krait__cursor_fixed(cursor, 8);
        break;
    case REF_TYPE:
        read_ref_type(cursor, ret);
        break;
    case KRAIT_IMM_ZERO:
        read_zero(cursor);
        break;
    case KRAIT_IMM_MEMARG_LANE:
        read_memarg(cursor, ret);
        krait__insn_simd_immediates(cursor, ret);
        break;
    default:
        krait__insn_simd_immediates(cursor, ret);
    }
}

bool
krait__insn_read(krait_cursor *cursor, krait_insn *ret)
{
    uint8_t code;
    uint32_t sub;

    ret->offset = cursor->at;
    code = krait__cursor_u8(cursor);
    if (cursor->failed)
        return false;
    ret->op = code;
    ret->info = &ops[code];
    if (code == 0xfc) {
        sub = krait__cursor_u32(cursor);
        if (cursor->failed)
            return false;
        if (sub >= FIRST_WIDE && sub <= LAST_WIDE)
            return krait__cursor_fail_at(cursor, ret->offset, KRAIT_EUNSUPPORTED,
                                         "instruction 0xfc %u is not supported (wide arithmetic)",
                                         sub);
        if (sub >= PREFIXED_COUNT)
            return krait__cursor_fail_at(cursor, ret->offset, KRAIT_EFORMAT,
                                         "illegal opcode 0xfc %u", sub);
        ret->op = (uint16_t)(0xfc00 + sub);
        ret->info = &ops[0x100 + sub];
    }
    if (code == 0xfd && !krait__insn_simd_code(cursor, ret))
        return false;
    if (code == 0xfe && !krait__insn_atomic_code(cursor, ret))
        return false;
    if (ret->info->name == NULL)
        return refuse_opcode(cursor, ret, code);
    read_immediates(cursor, ret);
    return !cursor->failed;
}
