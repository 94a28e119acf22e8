/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader alone: what it makes of a module that has everything, that no cut
 * or changed byte of it does harm, and where the ceilings are.
 */
#include "aot/limits.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "support/check.h"
#include "wasm_bytes.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

/* One of each section; function 0 is imported, 1 and 2 are own. */
static void
make_module(wasm_bytes *bytes)
{
    wasm_bytes code = {0};

    bytes_header(bytes);
    BYTES_SECTION(bytes, 1, "\3\x60\0\0\x60\2\x7f\x7e\1\x7c\x60\0\0");
    BYTES_SECTION(bytes, 2, "\4\1m\1f\0\0\1m\1t\1\x70\0\5\1m\2me\2\1\1\2\1m\1g\3\x7f\0");
    BYTES_SECTION(bytes, 3, "\2\1\2");
    BYTES_SECTION(bytes, 4, "\1\x6f\1\3\7");
    BYTES_SECTION(bytes, 6, "\2\x7f\1\x41\x2a\x0b\x7d\0\x43\0\0\xc0\x3f\x0b");
    BYTES_SECTION(bytes, 7, "\2\3run\0\1\1g\3\1");
    BYTES_SECTION(bytes, 8, "\2");
    BYTES_SECTION(bytes, 9, "\3\0\x23\0\x0b\2\0\1\5\x70\2\xd0\x70\x0b\xd2\2\x0b\3\0\1\1");
    BYTES_SECTION(bytes, 12, "\2");
    BYTES_LITERAL(&code, "\2");
    BYTES_BODY(&code, "\1\3\x7c\x44\0\0\0\0\0\0\xf0\x3f\x0b");
    BYTES_BODY(&code, "\0\x10\0\x0b");
    bytes_section(bytes, 10, &code);
    BYTES_SECTION(bytes, 11, "\2\0\x41\x10\x0b\3abc\1\2de");
    BYTES_SECTION(bytes, 0, "\4name\1\x0f\2\1\6my fun\2\4last\7\5\1\1\2sp");
}

static void
reads_every_section(void)
{
    wasm_bytes bytes = {0};
    krait_wasm_module module;
    krait_error error = {0};

    make_module(&bytes);
    REQUIRE(krait__wasm_read(bytes.data, bytes.size, &module, &error) == KRAIT_OK);
    CHECK_UINT(module.type_count, 3);
    CHECK_UINT(module.types[1].param_count, 2);
    CHECK_UINT(module.types[1].params[1], KRAIT_I64);
    CHECK_UINT(module.types[1].results[0], KRAIT_F64);
    CHECK_UINT(module.types[2].canonical, 0);
    CHECK_UINT(module.import_count, 4);
    CHECK_UINT(module.imported_funcs, 1);
    CHECK_UINT(module.func_count, 3);
    CHECK_UINT(module.funcs[2].type, 2);
    CHECK_UINT(module.table_count, 2);
    CHECK_UINT(module.tables[0].limits.min, 5);
    CHECK(module.tables[0].limits.max == UINT64_MAX);
    CHECK_UINT(module.tables[1].type, KRAIT_EXTERNREF);
    CHECK_UINT(module.tables[1].limits.max, 7);
    CHECK_UINT(module.memories[0].limits.max, 2);
    CHECK_UINT(module.global_count, 3);
    CHECK(module.globals[1].is_mutable);
    CHECK_UINT(module.globals[1].init.value, 42);
    CHECK_UINT(module.globals[2].init.value, 0x3fc00000);
    CHECK_UINT(module.export_count, 2);
    CHECK_MEM(module.exports[0].name.text, "run", 3);
    CHECK(module.has_start);
    CHECK_UINT(module.start, 2);
    CHECK_UINT(module.elem_count, 3);
    CHECK_UINT(module.elems[0].mode, KRAIT_WASM_ACTIVE);
    CHECK_UINT(module.elems[1].mode, KRAIT_WASM_PASSIVE);
    CHECK_UINT(module.elems[2].mode, KRAIT_WASM_DECLARED);
    CHECK_UINT(module.items[module.elems[1].first + 1].value, 2);
    CHECK_UINT(module.data_count, 2);
    CHECK_MEM(module.datas[0].bytes, "abc", 3);
    CHECK_UINT(module.datas[1].mode, KRAIT_WASM_PASSIVE);
    CHECK_UINT(module.funcs[1].name.size, 6);
    CHECK_MEM(module.funcs[2].name.text, "last", 4);
    CHECK_MEM(module.globals[1].name.text, "sp", 2);
    CHECK(krait__wasm_validate(&module, &error) == KRAIT_OK);
    krait__wasm_module_release(&module);
    bytes_release(&bytes);
}

/* Reads and validates; the buffer is as large as the input, for sanitizers. */
static krait_status
look_at(const uint8_t *data, size_t size, krait_error *error)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    krait_wasm_module module;
    krait_status status;

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    status = krait__wasm_read(copy, size, &module, error);
    if (status == KRAIT_OK) {
        status = krait__wasm_validate(&module, error);
        krait__wasm_module_release(&module);
    }
    free(copy);
    return status;
}

/* A module that is cut is only valid where it is cut between two sections. */
static void
survives_every_cut(void)
{
    wasm_bytes bytes = {0};
    unsigned accepted = 0;
    size_t size;

    make_module(&bytes);
    for (size = 0; size < bytes.size; size++) {
        krait_error error = {0};
        krait_status status = look_at(bytes.data, size, &error);

        accepted += status == KRAIT_OK;
        if (status != KRAIT_OK && !CHECK(error.text[0] != '\0'))
            break;
    }
    /* After the header, after some sections before the functions need bodies,
     * and before the name section. */
    CHECK(accepted >= 3);
    CHECK(accepted <= 5);
    bytes_release(&bytes);
}

static void
survives_every_changed_byte(void)
{
    wasm_bytes bytes = {0};
    unsigned refused = 0;
    size_t at;
    unsigned value;

    make_module(&bytes);
    for (at = 0; at < bytes.size; at++) {
        uint8_t before = bytes.data[at];

        for (value = 0; value < 256; value++) {
            krait_error error = {0};

            bytes.data[at] = (uint8_t)value;
            refused += look_at(bytes.data, bytes.size, &error) != KRAIT_OK;
        }
        bytes.data[at] = before;
    }
    CHECK(refused > bytes.size * 128);
    bytes_release(&bytes);
}

static void
check_refused(wasm_bytes *bytes, krait_status wanted, const char *part)
{
    krait_error error = {0};

    CHECK_INT(look_at(bytes->data, bytes->size, &error), wanted);
    CHECK_HAS(error.text, part);
    bytes_release(bytes);
}

static void
says_where(void)
{
    wasm_bytes bytes = {0};

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\0\0");
    BYTES_SECTION(&bytes, 2, "\1\1m\1f\0\0");
    BYTES_SECTION(&bytes, 3, "\1\0");
    BYTES_SECTION(&bytes, 10, "\1\5\0\x41\1\x6a\x0b");
    BYTES_SECTION(&bytes, 0, "\4name\1\7\1\1\4\x1b[2J");
    check_refused(&bytes, KRAIT_EFORMAT,
                  "offset 0x22, code section, function 1 '?[2J': i32.add: type mismatch: "
                  "expected i32, found nothing");
    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 5, "\1\5\1\2");
    check_refused(&bytes, KRAIT_EUNSUPPORTED,
                  "offset 0xb, memory section: limits flags 0x05 are not supported (memory64)");
}

/* Counts that the file cannot hold must not be believed. */
static void
refuses_impossible_counts(void)
{
    static const unsigned ids[] = {1, 2, 3, 4, 5, 6, 7, 9, 11};
    size_t i;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        wasm_bytes bytes = {0};

        bytes_header(&bytes);
        BYTES_SECTION(&bytes, ids[i], "\xff\xff\xff\xff\x0f\0");
        check_refused(&bytes, KRAIT_EFORMAT, "unexpected end");
    }
}

static void
has_ceilings(void)
{
    wasm_bytes bytes = {0};
    wasm_bytes contents = {0};
    uint32_t i;

    bytes_header(&bytes);
    BYTES_LITERAL(&contents, "\1\x60");
    bytes_u32(&contents, KRAIT_WASM_MAX_PARAMS + 1);
    for (i = 0; i < KRAIT_WASM_MAX_PARAMS + 1; i++)
        bytes_u8(&contents, KRAIT_I32);
    bytes_u8(&contents, 0);
    bytes_section(&bytes, 1, &contents);
    check_refused(&bytes, KRAIT_ELIMIT, "at most 1000 are supported");

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\0\0");
    BYTES_SECTION(&bytes, 3, "\1\0");
    bytes_u8(&contents, 1);
    bytes_u32(&contents, KRAIT_WASM_MAX_BODY_BYTES + 1);
    bytes_u8(&contents, 0);
    for (i = 0; i < KRAIT_WASM_MAX_BODY_BYTES - 1; i++)
        bytes_u8(&contents, 1);
    bytes_u8(&contents, 0x0b);
    bytes_section(&bytes, 10, &contents);
    check_refused(&bytes, KRAIT_ELIMIT, "function 0: body of 7654322 bytes");
}

/* Many imports take linear time and are all there. */
static void
reads_many_imports(void)
{
    const uint32_t count = 200000;
    wasm_bytes bytes = {0};
    wasm_bytes contents = {0};
    krait_wasm_module module;
    krait_error error = {0};
    uint32_t i;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\0\0");
    bytes_u32(&contents, count);
    for (i = 0; i < count; i++) {
        if (i % 2 != 0)
            BYTES_LITERAL(&contents, "\0\0\3\x7f\0");
        else
            BYTES_LITERAL(&contents, "\0\0\0\0");
    }
    bytes_section(&bytes, 2, &contents);
    REQUIRE(krait__wasm_read(bytes.data, bytes.size, &module, &error) == KRAIT_OK);
    CHECK_UINT(module.func_count, count / 2);
    CHECK_UINT(module.global_count, count / 2);
    CHECK(module.globals[count / 2 - 1].type == KRAIT_I32);
    krait__wasm_module_release(&module);
    bytes_release(&bytes);
}

static void
knows_utf8(void)
{
    CHECK(krait__utf8_valid((const uint8_t *)"", 0));
    CHECK(krait__utf8_valid((const uint8_t *)"a\0b", 3));
    CHECK(krait__utf8_valid((const uint8_t *)"\xf4\x8f\xbf\xbf", 4));
    CHECK(!krait__utf8_valid((const uint8_t *)"\xf4\x90\x80\x80", 4));
    CHECK(!krait__utf8_valid((const uint8_t *)"\xed\xa0\x80", 3));
    CHECK(!krait__utf8_valid((const uint8_t *)"\xe2\x82", 2));
    CHECK(!krait__utf8_valid((const uint8_t *)"\x80", 1));
}

CHECK_MAIN(CHECK_CASE(reads_every_section), CHECK_CASE(survives_every_cut),
           CHECK_CASE(survives_every_changed_byte), CHECK_CASE(says_where),
           CHECK_CASE(refuses_impossible_counts), CHECK_CASE(has_ceilings),
           CHECK_CASE(reads_many_imports), CHECK_CASE(knows_utf8))
