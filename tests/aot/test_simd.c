/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 128-bit instructions from bytes to C: which numbers are instructions, what
 * follows them, which constants are hidden from the C compiler, and that
 * modules without v128 do not pay for it.  What they compute is in wast/simd.wast
 * and simd_wast.py, what is refused in wast/invalid.wast and malformed.wast.
 */
#include "aot/insn.h"
#include "support/check.h"
#include "wasm_bytes.h"

#include <krait/abi.h>
#include <krait/aot.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- instructions ----------------------------------------------------------------------- */

static bool
read_instruction(const wasm_bytes *bytes, size_t end, krait_insn *ret, krait_error *error)
{
    krait_cursor cursor = {.data = bytes->data, .end = end, .func = UINT32_MAX, .err = error};

    memset(ret, 0, sizeof(*ret));
    return krait__insn_read(&cursor, ret) && cursor.saw_simd;
}

/* The number, and enough after it for any immediates. */
static void
make_instruction(wasm_bytes *bytes, uint32_t code)
{
    unsigned i;

    bytes_u8(bytes, 0xfd);
    bytes_u32(bytes, code);
    for (i = 1; i <= 16; i++)
        bytes_u8(bytes, i);
}

static void
knows_the_instructions(void)
{
    unsigned known = 0;
    unsigned relaxed = 0;
    uint32_t code;

    for (code = 0; code < 0x200; code++) {
        wasm_bytes bytes = {0};
        krait_error error = {0};
        krait_insn insn;

        make_instruction(&bytes, code);
        if (read_instruction(&bytes, bytes.size, &insn, &error)) {
            known++;
            CHECK(krait__op_is_simd(insn.op));
            CHECK(strchr(insn.info->signature, '>') != NULL);
            CHECK(insn.info->c_template != NULL || insn.op == KRAIT_OP_V128_CONST);
        } else {
            relaxed += strstr(error.text, "not supported (relaxed SIMD)") != NULL;
            CHECK(relaxed == (code < 0x100 ? 0 : code < 0x113 ? code - 0xffu : 20));
            CHECK(code >= 0x100 || strstr(error.text, "illegal opcode 0xfd 0x") != NULL);
        }
        bytes_release(&bytes);
    }
    CHECK_UINT(known, 236);
    CHECK_UINT(relaxed, 20);
}

static void
reads_immediates(void)
{
    wasm_bytes bytes = {0};
    krait_error error = {0};
    krait_insn insn;

    make_instruction(&bytes, 12);
    REQUIRE(read_instruction(&bytes, bytes.size, &insn, &error));
    CHECK(insn.value == UINT64_C(0x0807060504030201));
    CHECK(insn.high == UINT64_C(0x100f0e0d0c0b0a09));
    bytes_release(&bytes);
    make_instruction(&bytes, 13);
    REQUIRE(read_instruction(&bytes, bytes.size, &insn, &error));
    CHECK_UINT(insn.count, 16);
    CHECK_UINT(bytes.data[insn.list_at + 15], 16);
    bytes_release(&bytes);
    make_instruction(&bytes, 84);
    REQUIRE(read_instruction(&bytes, bytes.size, &insn, &error));
    CHECK_UINT(insn.index, 1);
    CHECK_UINT(insn.value, 2);
    CHECK_UINT(insn.count, 1);
    CHECK_UINT(bytes.data[insn.list_at], 3);
    bytes_release(&bytes);
}

/* Immediates that the file does not have. */
static void
survives_every_cut(void)
{
    static const struct {
        uint32_t code;
        size_t size;
    } cases[] = {{0, 4}, {12, 18}, {13, 18}, {21, 3}, {84, 5}, {91, 5}, {110, 2}, {253, 3}};
    size_t i;
    size_t size;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wasm_bytes bytes = {0};
        krait_error error = {0};
        krait_insn insn;

        make_instruction(&bytes, cases[i].code);
        for (size = 0; size < cases[i].size; size++) {
            CHECK(!read_instruction(&bytes, size, &insn, &error));
            CHECK_HAS(error.text, "unexpected end");
        }
        CHECK(read_instruction(&bytes, size, &insn, &error));
        bytes_release(&bytes);
    }
}

/* ---- the C ------------------------------------------------------------------------------ */

static char *
read_file(const char *directory, const char *name)
{
    char path[256];
    char *text = calloc(1, 65536);
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "r");
    if (file == NULL || text == NULL) {
        free(text);
        return NULL;
    }
    (void)!fread(text, 1, 65535, file);
    fclose(file);
    return text;
}

static void
remove_files(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    (void)rmdir(path);
}

/* Contents of the file of that name that the module is translated to, or NULL. */
static char *
translate(const wasm_bytes *bytes, const char *name)
{
    char directory[] = "/tmp/krait-test.XXXXXX";
    krait_error error = {0};
    char *text = NULL;

    if (!CHECK(mkdtemp(directory) != NULL))
        return NULL;
    if (CHECK(krait_aot_translate(bytes->data, bytes->size, directory, 1, &error) == KRAIT_OK))
        text = read_file(directory, name);
    else
        printf("    %s\n", error.text);
    remove_files(directory);
    return text;
}

/* A module with a memory and one function of this type and with this body. */
static void
make_module(wasm_bytes *bytes, const char *type, size_t type_size, const char *body,
            size_t body_size)
{
    wasm_bytes contents = {0};

    bytes_header(bytes);
    bytes_u8(&contents, 1);
    bytes_add(&contents, type, type_size);
    bytes_section(bytes, 1, &contents);
    BYTES_SECTION(bytes, 3, "\1\0");
    BYTES_SECTION(bytes, 5, "\1\0\1");
    bytes_u8(&contents, 1);
    bytes_body(&contents, body, body_size);
    bytes_section(bytes, 10, &contents);
}

#define CHECK_C(type, body, wanted)                                                                \
    do {                                                                                           \
        wasm_bytes bytes_ = {0};                                                                   \
        char *text_;                                                                               \
        make_module(&bytes_, type, sizeof(type) - 1, body, sizeof(body) - 1);                      \
        text_ = translate(&bytes_, "part_000.c");                                                  \
        CHECK_HAS(text_ != NULL ? text_ : "", wanted);                                             \
        free(text_);                                                                               \
        bytes_release(&bytes_);                                                                    \
    } while (0)

#define VECTOR_TO_VECTOR "\x60\1\x7b\1\x7b"
#define ZEROS            "\0\0\0\0\0\0\0\0"
#define SIXTEEN          "\x10\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"

static void
writes_instructions(void)
{
    CHECK_C(VECTOR_TO_VECTOR, "\0\x20\0\x20\0\xfd\x6e\xfd\x4d\x0b",
            "v128 w_f0(krait_ctx*ctx,v128 l0){\nreturn (~i8x16_add(l0,l0));\n}\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x20\0\x20\0\x20\0\xfd\x52\x0b",
            "return v128_bitselect(l0,l0,l0);\n");
    CHECK_C("\x60\1\x7b\1\x7f", "\0\x20\0\x41\3\xfd\xab\1\xfd\xa3\1\x0b",
            "return i32x4_all_true(i32x4_shl(l0,3u));\n");
}

static void
writes_lanes(void)
{
    CHECK_C(VECTOR_TO_VECTOR, "\0\x20\0\x20\0\xfd\x0d" SIXTEEN "\x0b",
            "return SHUFFLE(l0,l0,16,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x20\0\x20\0\xfd\x18\7\xfd\x1a\6\x0b",
            "return i16x8_replace_lane(l0,6,(u32)(i32)((i16x8)l0)[7]);\n");
}

static void
writes_memory_at_once(void)
{
    CHECK_C(VECTOR_TO_VECTOR, "\0\x41\7\xfd\0\4\x10\x0b",
            "u8*const m0=ctx->memory_base;\nv128 t0=LV(0,7u,16u);USEF(t0);\nreturn t0;\n}\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x41\7\x20\0\xfd\x55\1\x10\3\x0b",
            "u8*const m0=ctx->memory_base;\n"
            "v128 t0=i16x8_replace_lane(l0,3,L2(0,7u,16u));USEF(t0);\nreturn t0;\n}\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x41\7\x20\0\xfd\x5b\3\x10\1\x20\0\x0b",
            "u8*const m0=ctx->memory_base;\nS8(0,7u,16u,((u64x2)l0)[1]);\nreturn l0;\n}\n");
}

/* 0, 1 and their negatives as any lane of floating point. */
static void
hides_special_constants(void)
{
    CHECK_C(VECTOR_TO_VECTOR, "\0\xfd\x0c\1\1\1\1\1\1\1\1\2\2\2\2\2\2\2\2\x0b",
            "return V16(0x101010101010101ull,0x202020202020202ull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\xfd\x0c" ZEROS "\1\1\1\1\1\1\1\1\x0b", "return O16(0x0ull,0x1");
    CHECK_C(VECTOR_TO_VECTOR, "\0\xfd\x0c\1\1\1\1\1\1\1\1\2\2\2\2\0\0\x80\xbf\x0b",
            "return O16(0x101010101010101ull,0xbf80000002020202ull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\xfd\x0c\1\1\1\1\1\1\1\1\1\0\0\0\0\0\0\x80\x0b",
            "return O16(0x101010101010101ull,0x8000000000000001ull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x41\xff\1\xfd\x0f\x0b",
            "return V16(0xffffffffffffffffull,0xffffffffffffffffull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x41\5\xfd\x10\x0b",
            "return V16(0x5000500050005ull,0x5000500050005ull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\0\x43\0\0\x80\x3f\xfd\x13\x0b",
            "return O16(0x3f8000003f800000ull,0x3f8000003f800000ull);\n");
    CHECK_C(VECTOR_TO_VECTOR, "\1\1\x7b\x20\1\x0b", "v128 l1=O16(0,0);\n");
}

/* ---- modules without v128 --------------------------------------------------------------- */

static void
check_needed(wasm_bytes *bytes, bool wanted)
{
    char *header = translate(bytes, "krait_module.h");
    char *simd = translate(bytes, "krait_simd.h");
    char *simd_float = translate(bytes, "krait_simd_float.h");

    REQUIRE(header != NULL);
    CHECK((strstr(header, "#include \"krait_simd.h\"") != NULL) == wanted);
    CHECK((simd != NULL) == wanted);
    CHECK((simd_float != NULL) == wanted);
    free(header);
    free(simd);
    free(simd_float);
    bytes_release(bytes);
}

#define CHECK_NEEDED(type, body, wanted)                                                           \
    do {                                                                                           \
        wasm_bytes bytes_ = {0};                                                                   \
        make_module(&bytes_, type, sizeof(type) - 1, body, sizeof(body) - 1);                      \
        check_needed(&bytes_, wanted);                                                             \
    } while (0)

static void
needs_its_prelude_only_then(void)
{
    wasm_bytes bytes = {0};

    CHECK_NEEDED("\x60\0\0", "\0\x0b", false);
    CHECK_NEEDED("\x60\1\x7c\1\x7c", "\0\x20\0\x20\0\xa0\x0b", false);
    CHECK_NEEDED("\x60\1\x7b\0", "\0\x0b", true);
    CHECK_NEEDED("\x60\0\1\x7b", "\0\0\x0b", true);
    CHECK_NEEDED("\x60\0\0", "\1\1\x7b\x0b", true);
    CHECK_NEEDED("\x60\0\0", "\0\2\x7b\0\x0b\x1a\x0b", true);
    CHECK_NEEDED("\x60\0\0", "\0\xfd\x0c" ZEROS ZEROS "\x1a\x0b", true);
    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 6, "\1\x7b\1\xfd\x0c" ZEROS ZEROS "\x0b");
    check_needed(&bytes, true);
    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 2, "\1\1m\1g\3\x7b\0");
    check_needed(&bytes, true);
}

CHECK_MAIN(CHECK_CASE(knows_the_instructions), CHECK_CASE(reads_immediates),
           CHECK_CASE(survives_every_cut), CHECK_CASE(writes_instructions),
           CHECK_CASE(writes_lanes), CHECK_CASE(writes_memory_at_once),
           CHECK_CASE(hides_special_constants), CHECK_CASE(needs_its_prelude_only_then))
