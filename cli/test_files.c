/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as files: JSON (for --compare and tools/make-compatibility.py) and JUnit XML.
 * A file appears under its name only when it is whole.
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print_member(FILE *to, const char *name, const char *text)
{
    fprintf(to, "\"%s\": ", name);
    suite_json_print_string(to, text != NULL ? text : "");
}

/* Tests that did not pass; the names of the others say nothing. */
static void
print_cases(FILE *to, const suite_module *module, const suite_expectations *expected)
{
    size_t i;
    bool first = true;

    fputs(", \"tests\": [", to);
    for (i = 0; i < module->count; i++) {
        const suite_case *item = &module->cases[i];

        if (item->outcome == SUITE_PASSED)
            continue;
        fputs(first ? "\n    {" : ",\n    {", to);
        first = false;
        print_member(to, "name", item->name);
        fputs(", ", to);
        print_member(to, "outcome", suite_outcome_name(item->outcome));
        fputs(", ", to);
        print_member(to, "reason", item->reason);
        fputs(", ", to);
        print_member(to, "needs", suite_needs(expected, module->name, item->name, item->reason));
        fputc('}', to);
    }
    fputs("]}", to);
}

static void
print_json(FILE *to, const suite_run *run, const suite_expectations *expected)
{
    bool first = true;
    size_t i;

    fputs("{\"format\": 1, ", to);
    print_member(to, "on", run->on);
    fputs(", ", to);
    print_member(to, "python", run->version);
    fprintf(to, ", \"seconds\": %.1f, \"passed\": %zu, \"failed\": %zu, \"skipped\": %zu,\n",
            run->seconds, suite_run_total(run, SUITE_PASSED), suite_run_total(run, SUITE_FAILED),
            suite_run_total(run, SUITE_SKIPPED));
    fputs("\"modules\": [", to);
    for (i = 0; i < run->count; i++) {
        const suite_module *module = &run->modules[i];

        if (!module->done)
            continue;
        fputs(first ? "\n  {" : ",\n  {", to);
        first = false;
        print_member(to, "name", module->name);
        fputs(", ", to);
        print_member(to, "outcome", suite_outcome_name(module->outcome));
        fputs(", ", to);
        print_member(to, "reason", module->reason);
        fputs(", ", to);
        print_member(to, "needs",
                     module->outcome != SUITE_PASSED
                         ? suite_needs(expected, module->name, NULL, module->reason)
                         : "");
        fprintf(to, ", \"run\": %zu, \"passed\": %zu, \"failed\": %zu, \"skipped\": %zu",
                module->count, module->totals[SUITE_PASSED], module->totals[SUITE_FAILED],
                module->totals[SUITE_SKIPPED]);
        fprintf(to, ", \"seconds\": %.2f", module->seconds);
        print_cases(to, module, expected);
    }
    fputs("]}\n", to);
}

static void
print_xml(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '&':
            fputs("&amp;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        default:
            fputc(*text, to);
        }
    }
}

/* <failure message="..."/> or the like inside a testcase that is open. */
static void
print_case_end(FILE *to, suite_outcome outcome, const char *reason)
{
    if (outcome == SUITE_PASSED) {
        fputs("/>\n", to);
        return;
    }
    fprintf(to, "><%s message=\"", outcome == SUITE_FAILED ? "failure" : "skipped");
    print_xml(to, reason != NULL ? reason : "");
    fputs("\"/></testcase>\n", to);
}

static void
print_junit_module(FILE *to, const suite_module *module)
{
    bool whole = module->outcome != SUITE_PASSED;
    size_t i;

    fprintf(to,
            "<testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" "
            "time=\"%.3f\">\n",
            module->name, module->count + whole,
            module->totals[SUITE_FAILED] + (module->outcome == SUITE_FAILED),
            module->totals[SUITE_SKIPPED] + (module->outcome == SUITE_SKIPPED), module->seconds);
    if (whole) {
        fprintf(to, "<testcase classname=\"%s\" name=\"(module)\" time=\"%.3f\"", module->name,
                module->seconds);
        print_case_end(to, module->outcome, module->reason);
    }
    for (i = 0; i < module->count; i++) {
        fprintf(to, "<testcase classname=\"%s\" name=\"", module->name);
        print_xml(to, module->cases[i].name);
        fprintf(to, "\" time=\"%.6f\"", module->cases[i].seconds);
        print_case_end(to, module->cases[i].outcome, module->cases[i].reason);
    }
    fputs("</testsuite>\n", to);
}

static void
print_junit(FILE *to, const suite_run *run)
{
    size_t i;

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", to);
    for (i = 0; i < run->count; i++) {
        if (run->modules[i].done)
            print_junit_module(to, &run->modules[i]);
    }
    fputs("</testsuites>\n", to);
}

/* The file to write first; suite_finish_file() gives it its name. */
FILE *
suite_begin_file(const char *path, char **ret_partial)
{
    size_t size = strlen(path) + 6;
    FILE *to;

    *ret_partial = cli_need(malloc(size));
    snprintf(*ret_partial, size, "%s.part", path);
    to = fopen(*ret_partial, "we");
    if (to == NULL) {
        cli_message("cannot write '%s': %s", path, strerror(errno));
        free(*ret_partial);
    }
    return to;
}

int
suite_finish_file(FILE *to, const char *path, char *partial)
{
    bool bad = ferror(to) != 0;

    if (fclose(to) != 0 || bad || rename(partial, path) != 0) {
        cli_message("cannot write '%s': %s", path, strerror(errno));
        (void)unlink(partial);
        bad = true;
    }
    free(partial);
    return bad ? KRAIT_EXIT_FAILED : 0;
}

int
suite_write_json(const suite_run *run, const suite_expectations *expected, const char *path)
{
    char *partial;
    FILE *to = suite_begin_file(path, &partial);

    if (to == NULL)
        return KRAIT_EXIT_FAILED;
    print_json(to, run, expected);
    return suite_finish_file(to, path, partial);
}

int
suite_write_junit(const suite_run *run, const char *path)
{
    char *partial;
    FILE *to = suite_begin_file(path, &partial);

    if (to == NULL)
        return KRAIT_EXIT_FAILED;
    print_junit(to, run);
    return suite_finish_file(to, path, partial);
}
