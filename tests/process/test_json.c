/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of JSON: process/json.h.
 */
#include "json.h"

#include "support/check.h"

#include <stdlib.h>

static proc_json
json_of(const char *text)
{
    return (proc_json){(const uint8_t *)text, (const uint8_t *)text + strlen(text)};
}

/* The text, decoded; NULL: it is malformed. */
static const char *
decoded(const char *text)
{
    static char result[256];
    proc_json json = json_of(text);
    proc_buffer to = {.bytes = NULL};
    const bool is_good = proc_json_text(&json, &to) && proc_json_is_done(&json);

    if (is_good && to.size < sizeof(result)) {
        if (to.size != 0)
            memcpy(result, to.bytes, to.size);
        result[to.size] = '\0';
    }
    proc_buffer_release(&to);
    return is_good ? result : NULL;
}

static void
texts(void)
{
    CHECK_STR(decoded("\"\""), "");
    CHECK_STR(decoded(" \"a b\" \n"), "a b");
    CHECK_STR(decoded("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t");
    CHECK_STR(decoded("\"\\u0041\\u00e4\\u20ac\""), "A\xc3\xa4\xe2\x82\xac");
    CHECK_STR(decoded("\"\xc3\xa4\xf0\x9f\x90\x8d\""), "\xc3\xa4\xf0\x9f\x90\x8d");
    CHECK(decoded("\"a") == NULL);
    CHECK(decoded("a\"") == NULL);
    CHECK(decoded("\"\n\"") == NULL);
    CHECK(decoded("\"\\x41\"") == NULL);
    CHECK(decoded("\"\\u12\"") == NULL);
    CHECK(decoded("\"\\u12g4\"") == NULL);
    CHECK(decoded("\"\\") == NULL);
    CHECK(decoded("\"\xff\"") == NULL);
    CHECK(decoded("\"\xc0\x80\"") == NULL);
    CHECK(decoded("\"\xed\xa0\x80\"") == NULL);
    CHECK(decoded("\"\xf5\x80\x80\x80\"") == NULL);
    CHECK(decoded("\"abcdefg\xc3\"") == NULL);
}

static void
surrogates(void)
{
    CHECK_STR(decoded("\"\\ud83d\\udc0d\""), "\xf0\x9f\x90\x8d");
    CHECK_STR(decoded("\"\\uDBFF\\uDFFF\""), "\xf4\x8f\xbf\xbf");
    CHECK(decoded("\"\\ud83d\"") == NULL);
    CHECK(decoded("\"\\udc0d\"") == NULL);
    CHECK(decoded("\"\\ud83d\\ud83d\"") == NULL);
    CHECK(decoded("\"\\ud83dx\"") == NULL);
    CHECK(decoded("\"\\ud83d\\n\"") == NULL);
}

static void
keys(void)
{
    proc_json json = json_of("\"Int64\" \"Int\\u00364\" \"much too long for it\" \"a\\u0000b\" 1");
    char key[8];

    CHECK(proc_json_key(&json, key, sizeof(key)));
    CHECK_STR(key, "Int64");
    CHECK(proc_json_key(&json, key, sizeof(key)));
    CHECK_STR(key, "Int64");
    CHECK(proc_json_key(&json, key, sizeof(key)));
    CHECK_STR(key, "");
    CHECK(proc_json_key(&json, key, sizeof(key)));
    CHECK_STR(key, "");
    CHECK(!proc_json_key(&json, key, sizeof(key)));
}

static proc_number
number_of(const char *text, int64_t *integer, double *real)
{
    proc_json json = json_of(text);
    const proc_number kind = proc_json_number(&json, integer, real);

    return kind != PROC_NUMBER_NONE && proc_json_is_done(&json) ? kind : PROC_NUMBER_NONE;
}

static void
numbers(void)
{
    static const char *const wrong[] = {"",     "-",   "+1",   "01",  "1.",  ".5",  "1e", "1e+",
                                        "0x10", "--1", "1.e5", "inf", "NaN", "1 2", "1a"};
    int64_t integer = 0;
    double real = 0;

    CHECK_INT(number_of("0", &integer, &real), PROC_NUMBER_INTEGER);
    CHECK_INT(integer, 0);
    CHECK_INT(number_of(" -42 ", &integer, &real), PROC_NUMBER_INTEGER);
    CHECK_INT(integer, -42);
    CHECK_INT(number_of("9223372036854775807", &integer, &real), PROC_NUMBER_INTEGER);
    CHECK_INT(integer, INT64_MAX);
    CHECK_INT(number_of("-9223372036854775808", &integer, &real), PROC_NUMBER_INTEGER);
    CHECK_INT(integer, INT64_MIN);
    CHECK_INT(number_of("9223372036854775808", &integer, &real), PROC_NUMBER_WIDE);
    CHECK_INT(number_of("-9223372036854775809", &integer, &real), PROC_NUMBER_WIDE);
    CHECK_INT(number_of("99999999999999999999", &integer, &real), PROC_NUMBER_WIDE);
    CHECK_INT(number_of("1e2", &integer, &real), PROC_NUMBER_REAL);
    CHECK(real == 100);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!CHECK_INT(number_of(wrong[i], &integer, &real), PROC_NUMBER_NONE))
            printf("    \"%s\"\n", wrong[i]);
    }
}

/* Compared with strtod(), bit by bit. */
static void
exact_numbers(void)
{
    static const char *const given[] = {
        "0.1",
        "-0.0",
        "3.141592653589793",
        "1e22",
        "1e23",
        "123456789012345678",
        "9007199254740993.0",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "1.7976931348623157e308",
        "1e-400",
        "1e400",
        "0.000000000000000000000000000000000001",
        "17976931348623157081452742373170435679807056752584499659891747680315726.5",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "8.5e-20",
        "1e999999999999999999999",
        "0e999999999999999999999",
    };
    char text[64];
    unsigned seed = 1;

    for (size_t i = 0; i < 20000 + sizeof(given) / sizeof(given[0]); i++) {
        const char *number = text;
        int64_t integer;
        double real;
        double wanted;

        if (i < sizeof(given) / sizeof(given[0])) {
            number = given[i];
        } else {
            uint64_t bits = 0;

            for (int part = 0; part < 4; part++) {
                seed = seed * 1103515245u + 12345u;
                bits = bits << 16 | (seed >> 8 & 0xffff);
            }
            bits &= ~(UINT64_C(1) << 62);
            memcpy(&wanted, &bits, sizeof(bits));
            snprintf(text, sizeof(text), i % 2 != 0 ? "%.17g" : "%.9g", wanted);
        }
        wanted = strtod(number, NULL);
        if (!CHECK(number_of(number, &integer, &real) != PROC_NUMBER_NONE) ||
            !CHECK(memcmp(&real, &wanted, sizeof(real)) == 0)) {
            printf("    %s: %a, wanted %a\n", number, real, wanted);
            break;
        }
    }
}

static bool
skips(const char *text)
{
    proc_json json = json_of(text);

    return proc_json_skip(&json) && proc_json_is_done(&json);
}

static void
skipped(void)
{
    CHECK(skips("1"));
    CHECK(skips("\"a\\u0000\""));
    CHECK(skips("[]"));
    CHECK(skips("{}"));
    CHECK(skips("[[],[{}],{\"a\":[1,2,{\"b\":null}],\"c\":true}, false , -1.5e3]"));
    CHECK(!skips("[1,]"));
    CHECK(!skips("[1 2]"));
    CHECK(!skips("{\"a\":}"));
    CHECK(!skips("{\"a\",1}"));
    CHECK(!skips("{1:2}"));
    CHECK(!skips("[}"));
    CHECK(!skips("[1"));
    CHECK(!skips(""));
    CHECK(!skips("{\"a\":1,}"));
    CHECK(!skips("nul"));
}

/* As deep as it is allowed, deeper, and ten million deep: no stack is used. */
static void
nested(void)
{
    const size_t depth = 10000000;
    char *text = malloc(2 * depth);
    proc_json json;

    REQUIRE(text != NULL);
    memset(text, '[', 500);
    memset(text + 500, ']', 500);
    json = (proc_json){(const uint8_t *)text, (const uint8_t *)text + 1000};
    CHECK(proc_json_skip(&json));
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    json = (proc_json){(const uint8_t *)text, (const uint8_t *)text + 2 * depth};
    CHECK(!proc_json_skip(&json));
    free(text);
}

/* Cut anywhere, and with any byte put anywhere, it ends and stays inside. */
static void
broken(void)
{
    static const char whole[] =
        "{\"tables\":[{\"name\":\"t\\ud83d\\udc0d\",\"n\":[-1.5e-3,true,null,{}]}]}";
    char text[sizeof(whole)];

    for (size_t cut = 0; cut < sizeof(whole) - 1; cut++) {
        char *copy = malloc(cut + 1);
        proc_json json;

        REQUIRE(copy != NULL);
        memcpy(copy, whole, cut);
        json = (proc_json){(const uint8_t *)copy, (const uint8_t *)copy + cut};
        CHECK(!proc_json_skip(&json));
        free(copy);
    }
    for (size_t at = 0; at < sizeof(whole) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            proc_json json = {(const uint8_t *)text, (const uint8_t *)text + sizeof(whole) - 1};

            memcpy(text, whole, sizeof(whole));
            text[at] = (char)byte;
            (void)proc_json_skip(&json);
            CHECK(json.at <= json.end);
        }
    }
}

CHECK_MAIN(CHECK_CASE(texts), CHECK_CASE(surrogates), CHECK_CASE(keys), CHECK_CASE(numbers),
           CHECK_CASE(exact_numbers), CHECK_CASE(skipped), CHECK_CASE(nested), CHECK_CASE(broken))
