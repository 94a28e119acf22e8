/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: process/rows.h.
 */
#include "rows.h"

#include "support/check.h"

#include <math.h>
#include <stdlib.h>

static char why[256];

static proc_table *
table_of(const char *columns)
{
    proc_table *table = NULL;

    if (proc_table_parse("t", 1, columns, strlen(columns), &table) != KRAIT_ENV_OK)
        return NULL;
    return table;
}

static proc_table *
table_of_all(void)
{
    return table_of("[{\"name\":\"i\",\"data_type\":\"Int64\"},{\"name\":\"f\",\"data_type\":"
                    "\"Float64\"},{\"name\":\"s\",\"data_type\":\"String\"},{\"name\":\"b\","
                    "\"data_type\":\"Boolean\"},{\"name\":\"x\",\"data_type\":\"Bytes\"}]");
}

static int
parse(proc_buffer *to, const proc_table *table, const char *row)
{
    why[0] = '\0';
    return proc_row_parse(to, 7, table, row, strlen(row), why, sizeof(why));
}

static void
values(void)
{
    proc_table *table = table_of_all();
    proc_buffer to = {.bytes = NULL};
    const uint8_t *at;
    proc_value value;
    uint32_t number;

    REQUIRE(table != NULL);
    REQUIRE_INT(parse(&to, table,
                      "[{\"Int64\":-3},{\"Float64\":0.5},{\"String\":\"a\\u0000b\"},"
                      "{\"Boolean\":true},{\"Bytes\":\"AAEC\"}]"),
                KRAIT_ENV_OK);
    at = proc_row_number(to.bytes, &number);
    CHECK_INT(number, 7);
    at = proc_row_value(at, &value);
    CHECK_INT(value.tag, PROC_TAG_INTEGER);
    CHECK_INT(value.as.integer, -3);
    at = proc_row_value(at, &value);
    CHECK(value.tag == PROC_TAG_REAL && value.as.real == 0.5);
    at = proc_row_value(at, &value);
    CHECK(value.tag == PROC_TAG_TEXT && value.as.text.size == 3 &&
          memcmp(value.as.text.bytes, "a\0b", 3) == 0);
    at = proc_row_value(at, &value);
    CHECK(value.tag == PROC_TAG_INTEGER && value.as.integer == 1);
    at = proc_row_value(at, &value);
    CHECK(value.tag == PROC_TAG_BYTES && value.as.text.size == 3 &&
          memcmp(value.as.text.bytes, "\0\1\2", 3) == 0);
    CHECK(at == to.bytes + to.size);
    to.size = 0;
    REQUIRE_INT(parse(&to, table,
                      "[{\"Null\":null},{\"Null\":null},{\"Null\":null},{\"Null\":null},{\"Null\":"
                      "null}]"),
                KRAIT_ENV_OK);
    CHECK_UINT(to.size, 4 + 5);
    proc_buffer_release(&to);
    free(table);
}

static uint64_t
bits_of(const proc_table *table, const char *row)
{
    proc_buffer to = {.bytes = NULL};
    proc_value value = {.tag = PROC_TAG_NULL, .as = {.integer = 0}};
    uint64_t bits = 0;

    if (parse(&to, table, row) == KRAIT_ENV_OK) {
        (void)proc_row_value(to.bytes + 4, &value);
        memcpy(&bits, &value.as.real, sizeof(bits));
    }
    proc_buffer_release(&to);
    return bits;
}

static void
floats(void)
{
    proc_table *table = table_of("[{\"name\":\"f\",\"data_type\":\"Float64\"}]");

    REQUIRE(table != NULL);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"inf\"}]"), UINT64_C(0x7ff0000000000000));
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"-inf\"}]"), UINT64_C(0xfff0000000000000));
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan\"}]"), UINT64_C(0x7ff8000000000000));
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan:0xfff8000000000001\"}]"),
               UINT64_C(0xfff8000000000001));
    CHECK_UINT(bits_of(table, "[{\"Float64\":-0.0}]"), UINT64_C(0x8000000000000000));
    CHECK_UINT(bits_of(table, "[{\"Float64\":5e-324}]"), 1);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"NaN\"}]"), 0);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan:0x7ff0000000000000\"}]"), 0);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan:0x3ff0000000000000\"}]"), 0);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan:0x7ff800000000001\"}]"), 0);
    CHECK_UINT(bits_of(table, "[{\"Float64\":\"nan:0x7ff800000000000g\"}]"), 0);
    free(table);
}

static int
bytes_status(const proc_table *table, const char *base64, const char *wanted, size_t size)
{
    proc_buffer to = {.bytes = NULL};
    proc_value value;
    char row[256];
    int status;

    snprintf(row, sizeof(row), "[{\"Bytes\":\"%s\"}]", base64);
    status = parse(&to, table, row);
    if (status == KRAIT_ENV_OK) {
        (void)proc_row_value(to.bytes + 4, &value);
        CHECK(value.as.text.size == size);
        CHECK(size == 0 || memcmp(value.as.text.bytes, wanted, size) == 0);
    }
    proc_buffer_release(&to);
    return status;
}

static void
bytes(void)
{
    proc_table *table = table_of("[{\"name\":\"x\",\"data_type\":\"Bytes\"}]");
    static const char *const wrong[] = {"A",          "AA",   "AAA",  "A===",     "====",
                                        "AA=A",       "AB==", "AAB=", "AAA=AAA=", "AA A",
                                        "AA\\u0041A", "AAA*", "_-8="};

    REQUIRE(table != NULL);
    CHECK_INT(bytes_status(table, "", "", 0), KRAIT_ENV_OK);
    CHECK_INT(bytes_status(table, "Zg==", "f", 1), KRAIT_ENV_OK);
    CHECK_INT(bytes_status(table, "Zm8=", "fo", 2), KRAIT_ENV_OK);
    CHECK_INT(bytes_status(table, "Zm9v", "foo", 3), KRAIT_ENV_OK);
    CHECK_INT(bytes_status(table, "Zm9vYmFy", "foobar", 6), KRAIT_ENV_OK);
    CHECK_INT(bytes_status(table, "/+8=", "\xff\xef", 2), KRAIT_ENV_OK);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!CHECK_INT(bytes_status(table, wrong[i], "", 0), KRAIT_ENV_MALFORMED))
            printf("    \"%s\"\n", wrong[i]);
    }
    free(table);
}

static void
conversions(void)
{
    proc_table *table = table_of_all();
    proc_table *real = table_of("[{\"name\":\"f\",\"data_type\":\"Float64\"}]");
    proc_table *integer = table_of("[{\"name\":\"n\",\"data_type\":\"Int64\"}]");
    proc_buffer to = {.bytes = NULL};
    proc_value value;

    REQUIRE(table != NULL && real != NULL && integer != NULL);
    REQUIRE_INT(parse(&to, real, "[{\"Int64\":3}]"), KRAIT_ENV_OK);
    (void)proc_row_value(to.bytes + 4, &value);
    CHECK(value.tag == PROC_TAG_REAL && value.as.real == 3);
    CHECK_INT(parse(&to, integer, "[{\"Float64\":3}]"), KRAIT_ENV_TYPE);
    CHECK_STR(why, "column 'n' of table 't' is Int64, not Float64");
    CHECK_INT(parse(&to, integer, "[{\"Boolean\":true}]"), KRAIT_ENV_TYPE);
    CHECK_INT(parse(&to, integer, "[{\"String\":\"3\"}]"), KRAIT_ENV_TYPE);
    CHECK_INT(parse(&to, integer, "[{\"Int64\":3.0}]"), KRAIT_ENV_MALFORMED);
    CHECK_INT(parse(&to, integer, "[{\"Int64\":9223372036854775808}]"), KRAIT_ENV_MALFORMED);
    CHECK_INT(parse(&to, integer, "[{\"Int64\":\"3\"}]"), KRAIT_ENV_MALFORMED);
    CHECK_INT(parse(&to, integer, "[{\"Int32\":3}]"), KRAIT_ENV_MALFORMED);
    CHECK_INT(parse(&to, integer, "[{\"Null\":0}]"), KRAIT_ENV_MALFORMED);
    proc_buffer_release(&to);
    free(integer);
    free(real);
    free(table);
}

static void
counts(void)
{
    proc_table *table = table_of_all();
    proc_table *none = table_of("[]");
    proc_buffer to = {.bytes = NULL};

    REQUIRE(table != NULL && none != NULL);
    CHECK_INT(parse(&to, table, "[{\"Int64\":1},{\"Null\":null}]"), KRAIT_ENV_COUNT);
    CHECK_STR(why, "table 't' has 5 columns, 2 values given");
    CHECK_INT(parse(&to, none, "[]"), KRAIT_ENV_OK);
    CHECK_INT(parse(&to, none, "[{\"Int64\":1},{\"String\":\"x\"}]"), KRAIT_ENV_COUNT);
    CHECK_STR(why, "table 't' has 0 columns, 2 values given");
    proc_buffer_release(&to);
    free(none);
    free(table);
}

static void
malformed(void)
{
    static const char *const wrong[] = {"",
                                        "{}",
                                        "[",
                                        "[{}]",
                                        "[{\"Int64\"}]",
                                        "[{\"Int64\":1,\"Int64\":1}]",
                                        "[{\"Int64\":1},]",
                                        "[{\"Int64\":1}] x",
                                        "[{\"Int64\":1}]]",
                                        "[1]",
                                        "[null]",
                                        "[[[[[[[[[[[[[[[[",
                                        "[{\"Int64\":[[[[[[1]]]]]]}]"};
    proc_table *table = table_of("[{\"name\":\"n\",\"data_type\":\"Int64\"}]");
    proc_buffer to = {.bytes = NULL};

    REQUIRE(table != NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!CHECK_INT(parse(&to, table, wrong[i]), KRAIT_ENV_MALFORMED))
            printf("    %s\n", wrong[i]);
        CHECK(why[0] != '\0');
        CHECK_UINT(to.size, 0);
    }
    proc_buffer_release(&to);
    free(table);
}

/* Rows before a bad one are as they were. */
static void
kept_on_failure(void)
{
    proc_table *table = table_of("[{\"name\":\"s\",\"data_type\":\"String\"}]");
    proc_buffer to = {.bytes = NULL};
    size_t size;

    REQUIRE(table != NULL);
    REQUIRE_INT(parse(&to, table, "[{\"String\":\"first\"}]"), KRAIT_ENV_OK);
    size = to.size;
    CHECK_INT(parse(&to, table, "[{\"String\":\"second\\x\"}]"), KRAIT_ENV_MALFORMED);
    CHECK_UINT(to.size, size);
    CHECK(memcmp(to.bytes + size - 5, "first", 5) == 0);
    proc_buffer_release(&to);
    free(table);
}

CHECK_MAIN(CHECK_CASE(values), CHECK_CASE(floats), CHECK_CASE(bytes), CHECK_CASE(conversions),
           CHECK_CASE(counts), CHECK_CASE(malformed), CHECK_CASE(kept_on_failure))
