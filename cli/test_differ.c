/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run against what is expected of it, in both directions: a test that fails or is
 * skipped though it should pass, one that passes though it should not, one that is
 * gone, a module that nothing is said of, and a reason that nothing explains.
 */
#include "cli.h"
#include "suite.h"

#include <string.h>

typedef struct differ {
    const suite_expectations *expected;
    const suite_module *module;
    FILE *to;
    size_t count;
} differ;

static void
say(differ *diff, const char *name, const char *found, const char *reason, const char *wanted)
{
    diff->count++;
    fprintf(diff->to, "  %s%s%s: %s%s%s%s, expected %s\n", diff->module->name,
            name != NULL ? " " : "", name != NULL ? name : "", found, reason != NULL ? " (" : "",
            reason != NULL ? reason : "", reason != NULL ? ")" : "", wanted);
}

static void
compare(differ *diff, const char *name, suite_outcome outcome, const char *reason)
{
    const suite_expected *item = suite_expectations_find(diff->expected, diff->module->name, name);
    suite_outcome wanted = item != NULL ? item->outcome : SUITE_PASSED;

    if (outcome != wanted) {
        say(diff, name, suite_outcome_name(outcome), reason, suite_outcome_name(wanted));
    } else if (outcome == SUITE_SKIPPED &&
               !suite_matches(item->reason, reason != NULL ? reason : "")) {
        say(diff, name, "skipped", reason, item->reason);
    } else if (outcome != SUITE_PASSED) {
        const char *needs = suite_needs(diff->expected, diff->module->name, name, reason);

        if (needs[0] == '\0')
            say(diff, name, suite_outcome_name(outcome), reason,
                "a word on what it needs in the expectations");
    }
}

/* True when a case has this name, or is in this class ("Class.*"). */
static bool
is_there(const suite_module *module, const char *name)
{
    size_t size = strlen(name);
    size_t i;

    if (size < 2 || strcmp(name + size - 2, ".*") != 0)
        return suite_module_find(module, name) != NULL;
    for (i = 0; i < module->count; i++) {
        const char *found = module->cases[i].name;

        if (strncmp(found, name, size - 1) == 0 && strchr(found + size - 1, '.') == NULL)
            return true;
    }
    return false;
}

static void
compare_module(differ *diff)
{
    const suite_module *module = diff->module;
    const suite_expected *items;
    size_t count;
    size_t i;

    if (!suite_expectations_has(diff->expected, module->name)) {
        say(diff, NULL, "was run", NULL, "nothing: it is not in the expectations");
        return;
    }
    compare(diff, NULL, module->outcome, module->reason);
    if (module->outcome != SUITE_PASSED ||
        suite_expectations_find(diff->expected, module->name, NULL) != NULL)
        return;
    for (i = 0; i < module->count; i++) {
        const suite_case *item = &module->cases[i];

        if (i == 0 || strcmp(item->name, item[-1].name) != 0)
            compare(diff, item->name, item->outcome, item->reason);
    }
    items = suite_expectations_of(diff->expected, module->name, &count);
    for (i = 0; i < count; i++) {
        if (items[i].name != NULL && !is_there(module, items[i].name))
            say(diff, items[i].name, "is not there", NULL, suite_outcome_name(items[i].outcome));
    }
}

size_t
suite_differences(const suite_run *run, const suite_expectations *expected, bool whole, FILE *to)
{
    differ diff = {.expected = expected, .to = to};
    size_t i;

    for (i = 0; i < run->count; i++) {
        diff.module = &run->modules[i];
        if (diff.module->done)
            compare_module(&diff);
    }
    for (i = 0; whole && i < expected->module_count; i++) {
        if (suite_run_find(run, expected->modules[i]) == NULL) {
            diff.count++;
            fprintf(to, "  %s: is not there, but is in the expectations\n", expected->modules[i]);
        }
    }
    return diff.count;
}
