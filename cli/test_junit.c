/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JUnit file that CPython's runner writes with --junit-xml: one <testcase> per test
 * with <failure>, <error>, <skipped>, <outcome> or nothing inside. <output> is the
 * traceback of an expected failure, which counts as passed. A test that failed only in
 * subtests has no name there: test_log.c finds it in the printed text.
 */
#include "cli.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* The case that is being read. */
typedef struct junit_case {
    char *name;
    char *reason;
    suite_outcome outcome;
    double seconds;
} junit_case;

static void
begin_case(junit_case *item, const suite_module *module, const suite_xml *xml)
{
    const char *name = suite_xml_attribute(xml, "name");
    const char *seconds = suite_xml_attribute(xml, "time");

    item->name = name != NULL ? suite_case_name(module->name, name, strlen(name)) : NULL;
    item->reason = NULL;
    item->outcome = SUITE_PASSED;
    item->seconds = seconds != NULL ? strtod(seconds, NULL) : 0.0;
}

static void
set_outcome(junit_case *item, suite_outcome outcome, const char *reason)
{
    if (item->reason != NULL)
        return;
    item->outcome = outcome;
    item->reason = suite_line(reason, strlen(reason));
}

static void
inside_case(junit_case *item, const suite_xml *xml)
{
    if (strcmp(xml->name, "failure") == 0 || strcmp(xml->name, "error") == 0) {
        const char *message = suite_xml_attribute(xml, "message");

        set_outcome(item, SUITE_FAILED, message != NULL ? message : xml->name);
    } else if (strcmp(xml->name, "skipped") == 0) {
        item->outcome = SUITE_SKIPPED; /* the text that follows is the reason */
    } else if (strcmp(xml->name, "outcome") == 0) {
        set_outcome(item, SUITE_FAILED, "unexpected success");
    }
}

static void
end_case(junit_case *item, suite_module *module, size_t *ret_nameless)
{
    if (item->name != NULL)
        suite_module_add(module, item->name, item->outcome, item->reason, item->seconds);
    else
        ++*ret_nameless;
    free(item->name);
    free(item->reason);
    memset(item, 0, sizeof(*item));
}

bool
suite_read_junit(suite_module *module, char *text, size_t *ret_nameless)
{
    junit_case item = {.name = NULL};
    suite_xml xml;
    suite_xml_kind kind;
    bool inside = false;

    *ret_nameless = 0;
    suite_xml_init(&xml, text);
    while ((kind = suite_xml_next(&xml)) != SUITE_XML_DONE && kind != SUITE_XML_BAD) {
        bool is_case = kind != SUITE_XML_TEXT && strcmp(xml.name, "testcase") == 0;

        if (kind == SUITE_XML_START && is_case && !inside) {
            begin_case(&item, module, &xml);
            inside = true;
        } else if (kind == SUITE_XML_END && is_case && inside) {
            end_case(&item, module, ret_nameless);
            inside = false;
        } else if (kind == SUITE_XML_START && inside) {
            inside_case(&item, &xml);
        } else if (kind == SUITE_XML_TEXT && inside && strcmp(xml.name, "skipped") == 0 &&
                   item.outcome == SUITE_SKIPPED) {
            set_outcome(&item, SUITE_SKIPPED, xml.text);
        }
    }
    free(item.name);
    free(item.reason);
    return kind == SUITE_XML_DONE;
}
