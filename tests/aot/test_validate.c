/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator alone, on bodies that are built to make it slow, deep or
 * hungry.  The rules themselves are in wast/invalid.wast.
 */
#include "aot/limits.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "support/check.h"
#include "wasm_bytes.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

/* A module of one function of type () -> () with this body (locals included). */
static krait_status
validate_body(wasm_bytes *body, const char *types, size_t types_size, krait_error *error)
{
    wasm_bytes bytes = {0};
    wasm_bytes code = {0};
    krait_wasm_module module;
    krait_status status;

    bytes_header(&bytes);
    bytes_raw_section(&bytes, 1, types, types_size);
    BYTES_SECTION(&bytes, 3, "\1\0");
    bytes_u8(&code, 1);
    bytes_body(&code, body->data, body->size);
    bytes_section(&bytes, 10, &code);
    bytes_release(body);
    status = krait__wasm_read(bytes.data, bytes.size, &module, error);
    if (status == KRAIT_OK) {
        status = krait__wasm_validate(&module, error);
        krait__wasm_module_release(&module);
    }
    bytes_release(&bytes);
    return status;
}

#define VALIDATE(body, types, error) validate_body(body, types, sizeof(types) - 1, error)

static void
nests_deeply(void)
{
    wasm_bytes body = {0};
    krait_error error = {0};
    int i;

    bytes_u8(&body, 0);
    for (i = 0; i < 1000000; i++)
        BYTES_LITERAL(&body, "\2\x40");
    for (i = 0; i < 1000001; i++)
        bytes_u8(&body, 0x0b);
    CHECK_INT(VALIDATE(&body, "\1\x60\0\0", &error), KRAIT_OK);
}

/* Blocks with a thousand results each, never taken off the stack. */
static void
bounds_the_operand_stack(void)
{
    wasm_bytes body = {0};
    wasm_bytes types = {0};
    krait_error error = {0};
    int i;

    BYTES_LITERAL(&types, "\2\x60\0\0\x60\0");
    bytes_u32(&types, 1000);
    for (i = 0; i < 1000; i++)
        bytes_u8(&types, KRAIT_I32);
    bytes_u8(&body, 0);
    for (i = 0; i < 100000; i++)
        BYTES_LITERAL(&body, "\2\1\0\x0b");
    bytes_u8(&body, 0x0b);
    CHECK_INT(validate_body(&body, (const char *)types.data, types.size, &error), KRAIT_ELIMIT);
    CHECK_HAS(error.text, "operands on the stack");
    bytes_release(&types);
}

/* Every label of a large br_table takes a thousand values. */
static void
checks_large_br_tables_fast(void)
{
    wasm_bytes body = {0};
    wasm_bytes types = {0};
    krait_error error = {0};
    uint32_t i;

    BYTES_LITERAL(&types, "\2\x60\0\0\x60\0");
    bytes_u32(&types, 1000);
    for (i = 0; i < 1000; i++)
        bytes_u8(&types, KRAIT_I32);
    BYTES_LITERAL(&body, "\0\2\1");
    for (i = 0; i < 1000; i++)
        BYTES_LITERAL(&body, "\x41\0");
    BYTES_LITERAL(&body, "\x41\0\x0e");
    bytes_u32(&body, 5000000);
    for (i = 0; i < 5000000; i++)
        bytes_u8(&body, 0);
    BYTES_LITERAL(&body, "\0\x0b\0\x0b");
    CHECK_INT(validate_body(&body, (const char *)types.data, types.size, &error), KRAIT_OK);
    bytes_release(&types);
}

static void
counts_locals_without_overflow(void)
{
    wasm_bytes body = {0};
    krait_error error = {0};

    BYTES_LITERAL(&body, "\3\xff\xff\xff\xff\x0f\x7f\xff\xff\xff\xff\x0f\x7f\2\x7f\x0b");
    CHECK_INT(VALIDATE(&body, "\1\x60\0\0", &error), KRAIT_ELIMIT);
    CHECK_HAS(error.text, "too many locals");
    BYTES_LITERAL(&body, "\1\xd0\x86\3\x7f\x0b");
    CHECK_INT(VALIDATE(&body, "\1\x60\0\0", &error), KRAIT_OK);
}

/* One export name more or less must not change how duplicates are found. */
static void
finds_duplicates_among_many(void)
{
    wasm_bytes bytes = {0};
    wasm_bytes exports = {0};
    krait_wasm_module module;
    krait_error error = {0};
    uint32_t i;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 5, "\1\0\1");
    bytes_u32(&exports, 50001);
    for (i = 0; i < 50001; i++) {
        char name[16];

        snprintf(name, sizeof(name), "e%u", (i * 7919) % 50000);
        bytes_name(&exports, name);
        BYTES_LITERAL(&exports, "\2\0");
    }
    bytes_section(&bytes, 7, &exports);
    REQUIRE(krait__wasm_read(bytes.data, bytes.size, &module, &error) == KRAIT_OK);
    CHECK_INT(krait__wasm_validate(&module, &error), KRAIT_EFORMAT);
    CHECK_HAS(error.text, "duplicate export name, export 50000");
    krait__wasm_module_release(&module);
    bytes_release(&bytes);
}

/* `count` constants, and the additions that make one of them. */
static krait_status
validate_sum(uint32_t count, krait_error *error)
{
    wasm_bytes bytes = {0};
    wasm_bytes globals = {0};
    krait_wasm_module module;
    krait_status status;
    uint32_t i;

    bytes_header(&bytes);
    BYTES_LITERAL(&globals, "\1\x7f\0");
    for (i = 0; i < count; i++)
        BYTES_LITERAL(&globals, "\x41\1");
    for (i = 1; i < count; i++)
        bytes_u8(&globals, 0x6a);
    bytes_u8(&globals, 0x0b);
    bytes_section(&bytes, 6, &globals);
    status = krait__wasm_read(bytes.data, bytes.size, &module, error);
    if (status == KRAIT_OK) {
        status = krait__wasm_validate(&module, error);
        krait__wasm_module_release(&module);
    }
    bytes_release(&bytes);
    return status;
}

static void
bounds_constant_expressions(void)
{
    krait_error error = {0};

    CHECK_INT(validate_sum(KRAIT_CONST_DEPTH, &error), KRAIT_OK);
    CHECK_INT(validate_sum(KRAIT_CONST_DEPTH + 1, &error), KRAIT_ELIMIT);
    CHECK_HAS(error.text, "global section: more than 256 operands");
}

CHECK_MAIN(CHECK_CASE(nests_deeply), CHECK_CASE(bounds_the_operand_stack),
           CHECK_CASE(checks_large_br_tables_fast), CHECK_CASE(counts_locals_without_overflow),
           CHECK_CASE(finds_duplicates_among_many), CHECK_CASE(bounds_constant_expressions))
