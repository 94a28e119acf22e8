/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of `krait test`: XML, TOML, JSON, and what they refuse.
 */
#include "cli/suite.h"
#include "support/check.h"

#include <stdlib.h>

/* Reads all of it; the last kind. */
static suite_xml_kind
xml_end(const char *text)
{
    char copy[512];
    suite_xml xml;
    suite_xml_kind kind;

    snprintf(copy, sizeof(copy), "%s", text);
    suite_xml_init(&xml, copy);
    do {
        kind = suite_xml_next(&xml);
    } while (kind != SUITE_XML_DONE && kind != SUITE_XML_BAD);
    return kind;
}

static void
xml_elements(void)
{
    char text[] =
        "<?xml version='1.0'?>\n<a x=\"1 &lt;&#10;&#xe4;\" y='&quot;'>be&amp;fore<b /></a>\n";
    suite_xml xml;

    suite_xml_init(&xml, text);
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_START);
    CHECK_STR(xml.name, "a");
    CHECK_STR(suite_xml_attribute(&xml, "x"), "1 <\n\xc3\xa4");
    CHECK_STR(suite_xml_attribute(&xml, "y"), "\"");
    CHECK(suite_xml_attribute(&xml, "z") == NULL);
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_TEXT);
    CHECK_STR(xml.text, "be&fore");
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_START);
    CHECK_STR(xml.name, "b");
    CHECK_UINT(xml.depth, 2);
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_END);
    CHECK_STR(xml.name, "b");
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_END);
    CHECK_STR(xml.name, "a");
    CHECK(suite_xml_next(&xml) == SUITE_XML_DONE);
}

/* A text of one byte: its end is where the '<' was. */
static void
xml_short_text(void)
{
    char text[] = "<a>x<b>y</b></a>";
    suite_xml xml;

    suite_xml_init(&xml, text);
    CHECK(suite_xml_next(&xml) == SUITE_XML_START);
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_TEXT);
    CHECK_STR(xml.text, "x");
    CHECK(suite_xml_next(&xml) == SUITE_XML_START);
    REQUIRE(suite_xml_next(&xml) == SUITE_XML_TEXT);
    CHECK_STR(xml.text, "y");
    CHECK(suite_xml_next(&xml) == SUITE_XML_END);
    CHECK(suite_xml_next(&xml) == SUITE_XML_END);
    CHECK(suite_xml_next(&xml) == SUITE_XML_DONE);
}

static void
xml_refused(void)
{
    static const char *const bad[] = {
        "",
        "text",
        "<",
        "<a",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a b></a>",
        "<a b=c/>",
        "<a b='c/>",
        "<a b='<'/>",
        "<a>&nosuch;</a>",
        "<a>&#0;</a>",
        "<a>&#x110000;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>text",
        "<a>text<",
        "<!DOCTYPE a><a/>",
        "<a><!-- c --></a>",
        "<a/>more",
        "<a1234567890123456789012345678901234567890123456789012345678901234567890/>",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!CHECK(xml_end(bad[i]) == SUITE_XML_BAD))
            printf("    accepted: %s\n", bad[i]);
    }
    CHECK(xml_end("<a/>") == SUITE_XML_DONE);
}

static void
xml_depth(void)
{
    char text[512] = "";
    int i;

    for (i = 0; i < SUITE_XML_DEPTH; i++)
        memcpy(text + 3 * i, "<a>", 4);
    for (i = 0; i < SUITE_XML_DEPTH; i++)
        memcpy(text + 3 * SUITE_XML_DEPTH + 4 * i, "</a>", 5);
    CHECK(xml_end(text) == SUITE_XML_DONE);
    for (i = 0; i <= SUITE_XML_DEPTH; i++)
        memcpy(text + 3 * i, "<a>", 4);
    CHECK(xml_end(text) == SUITE_XML_BAD);
}

static void
toml_values(void)
{
    static const char text[] = "# comment\n"
                               "top = \"x\" # more\n"
                               "[table.\"quoted \\\"name\"]\n"
                               "a-b_1 = \"line\\nnext\\u000A\\\\\"\n"
                               "\"why not\" = [ # list\n  \"one\",\n\n  \"two\", ]\n"
                               "empty = []\n";
    char wrong[SUITE_REASON_SIZE] = "";
    suite_toml toml;

    REQUIRE(suite_toml_parse(&toml, text, wrong));
    REQUIRE(toml.count == 4);
    CHECK_UINT(toml.entries[0].depth, 1);
    CHECK_STR(toml.entries[0].path[0], "top");
    CHECK_STR(toml.entries[0].values[0], "x");
    CHECK_UINT(toml.entries[1].depth, 3);
    CHECK_STR(toml.entries[1].path[1], "quoted \"name");
    CHECK_STR(toml.entries[1].path[2], "a-b_1");
    CHECK_STR(toml.entries[1].values[0], "line\nnext\n\\");
    CHECK(!toml.entries[1].is_array);
    CHECK_STR(toml.entries[2].path[2], "why not");
    CHECK(toml.entries[2].is_array);
    REQUIRE(toml.entries[2].count == 2);
    CHECK_STR(toml.entries[2].values[1], "two");
    CHECK_UINT(toml.entries[2].line, 5);
    CHECK_UINT(toml.entries[3].count, 0);
    suite_toml_release(&toml);
}

static void
toml_refused(void)
{
    static const struct {
        const char *text;
        const char *wrong;
    } bad[] = {
        {"a = 1", "line 1: only strings and arrays of strings may stand here"},
        {"a = true", "line 1: only strings and arrays of strings may stand here"},
        {"a = 'x'", "line 1: only strings and arrays of strings may stand here"},
        {"a = {}", "line 1: only strings and arrays of strings may stand here"},
        {"\na = \"x", "line 2: a string without an end"},
        {"a = \"\\q\"", "line 1: an unknown escape"},
        {"a = \"\\u0000\"", "line 1: this character is to be written as it is"},
        {"a \"x\"", "line 1: '=' is missing"},
        {"= \"x\"", "line 1: a name is missing"},
        {"a = \"x\" b", "line 1: something after the end of the value"},
        {"a = [\"x\" \"y\"]", "line 1: ',' or ']' is missing"},
        {"a = [1]", "line 1: only strings and arrays of strings may stand here"},
        {"a = [\"x\"", "line 1: ',' or ']' is missing"},
        {"a = \"x\"\na = \"y\"", "line 2: this name was there before"},
        {"[t]\n[t]", "line 2: this table was there before"},
        {"[t", "line 1: ']' is missing"},
        {"[[t]]", "line 1: a name is missing"},
        {"[a.b.c.d.e]", "line 1: tables too deep"},
        {"a.b = \"x\"", "line 1: '=' is missing"},
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char wrong[SUITE_REASON_SIZE] = "accepted";
        suite_toml toml;

        CHECK(!suite_toml_parse(&toml, bad[i].text, wrong));
        CHECK_STR(wrong, bad[i].wrong);
        suite_toml_release(&toml);
    }
}

/* What is written is what is read. */
static void
toml_round_trip(void)
{
    static const char value[] = "a \"b\" \\ \x01\n\xc3\xa4";
    char text[128] = "";
    char wrong[SUITE_REASON_SIZE];
    FILE *to = fmemopen(text, sizeof(text), "w");
    suite_toml toml;

    REQUIRE(to != NULL);
    fputs("k = ", to);
    suite_toml_print_string(to, value);
    fclose(to);
    REQUIRE(suite_toml_parse(&toml, text, wrong));
    CHECK_STR(toml.entries[0].values[0], value);
    suite_toml_release(&toml);
}

static suite_json_kind
json_end(const char *text)
{
    char copy[256];
    suite_json json;
    suite_json_kind kind;

    snprintf(copy, sizeof(copy), "%s", text);
    suite_json_init(&json, copy);
    do {
        kind = suite_json_next(&json);
    } while (kind != SUITE_JSON_DONE && kind != SUITE_JSON_BAD);
    return kind;
}

static void
json_values(void)
{
    char text[] = " {\"a\" : [1, -2.5e1, \"x\\u00e4\\n\\\"\"], \"b\": {\"c\": [[]]}, \"d\": null} ";
    suite_json json;

    suite_json_init(&json, text);
    CHECK(suite_json_next(&json) == SUITE_JSON_OBJECT);
    REQUIRE(suite_json_next(&json) == SUITE_JSON_KEY);
    CHECK_STR(json.text, "a");
    CHECK(suite_json_next(&json) == SUITE_JSON_ARRAY);
    REQUIRE(suite_json_next(&json) == SUITE_JSON_NUMBER);
    CHECK(json.number == 1.0);
    REQUIRE(suite_json_next(&json) == SUITE_JSON_NUMBER);
    CHECK(json.number == -25.0);
    REQUIRE(suite_json_next(&json) == SUITE_JSON_STRING);
    CHECK_STR(json.text, "x\xc3\xa4\n\"");
    CHECK(suite_json_next(&json) == SUITE_JSON_CLOSE);
    CHECK(suite_json_next(&json) == SUITE_JSON_KEY);
    CHECK(suite_json_skip(&json, suite_json_next(&json)));
    REQUIRE(suite_json_next(&json) == SUITE_JSON_KEY);
    CHECK_STR(json.text, "d");
    CHECK(suite_json_next(&json) == SUITE_JSON_WORD);
    CHECK(suite_json_next(&json) == SUITE_JSON_CLOSE);
    CHECK(suite_json_next(&json) == SUITE_JSON_DONE);
}

static void
json_refused(void)
{
    static const char *const bad[] = {
        "",      "{",        "[",          "{]",         "[1 2]",  "[1,]",      "{\"a\"}",
        "{a:1}", "{\"a\":}", "{\"a\":1,}", "[nul]",      "\"open", "[\"\\q\"]", "[\"\\u12\"]",
        "[1] 2", "[inf]",    "[0x1]",      "[\"a\nb\"]", "}",
    };
    char deep[2 * SUITE_JSON_DEPTH];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!CHECK(json_end(bad[i]) == SUITE_JSON_BAD))
            printf("    accepted: %s\n", bad[i]);
    }
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    CHECK(json_end(deep) == SUITE_JSON_BAD);
}

CHECK_MAIN(CHECK_CASE(xml_elements), CHECK_CASE(xml_short_text), CHECK_CASE(xml_refused),
           CHECK_CASE(xml_depth), CHECK_CASE(toml_values), CHECK_CASE(toml_refused),
           CHECK_CASE(toml_round_trip), CHECK_CASE(json_values), CHECK_CASE(json_refused))
