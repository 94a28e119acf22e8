/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of test modules as data: adding, sorting, counting, finding.
 */
#include "cli.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

const char *
suite_outcome_name(suite_outcome outcome)
{
    static const char *const names[] = {"passed", "skipped", "failed"};

    return names[outcome];
}

void
suite_module_add(suite_module *module, const char *name, suite_outcome outcome, const char *reason,
                 double seconds)
{
    suite_case *item;

    if (module->count == module->room) {
        module->room = module->room != 0 ? 2 * module->room : 16;
        module->cases = cli_need(realloc(module->cases, module->room * sizeof(*module->cases)));
    }
    item = &module->cases[module->count++];
    item->name = cli_need(strdup(name));
    item->reason = reason != NULL ? suite_line(reason, strlen(reason)) : NULL;
    item->outcome = outcome;
    item->seconds = seconds;
}

static int
compare_cases(const void *a, const void *b)
{
    const suite_case *left = a;
    const suite_case *right = b;
    int order = strcmp(left->name, right->name);

    /* Of several with one name the worst comes first, and is the one that is found. */
    return order != 0 ? order : (int)right->outcome - (int)left->outcome;
}

void
suite_module_finish(suite_module *module)
{
    size_t i;

    if (module->count > 0)
        qsort(module->cases, module->count, sizeof(*module->cases), compare_cases);
    memset(module->totals, 0, sizeof(module->totals));
    for (i = 0; i < module->count; i++)
        module->totals[module->cases[i].outcome]++;
    module->done = true;
}

suite_case *
suite_module_find(const suite_module *module, const char *name)
{
    size_t low = 0;
    size_t high = module->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(module->cases[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < module->count && strcmp(module->cases[low].name, name) == 0 ? &module->cases[low]
                                                                             : NULL;
}

void
suite_module_release(suite_module *module)
{
    size_t i;

    for (i = 0; i < module->count; i++) {
        free(module->cases[i].name);
        free(module->cases[i].reason);
    }
    free(module->cases);
    free(module->reason);
    free(module->name);
    memset(module, 0, sizeof(*module));
}

suite_module *
suite_run_find(const suite_run *run, const char *name)
{
    size_t i;

    for (i = 0; i < run->count; i++) {
        if (strcmp(run->modules[i].name, name) == 0)
            return &run->modules[i];
    }
    return NULL;
}

size_t
suite_run_total(const suite_run *run, suite_outcome outcome)
{
    size_t total = 0;
    size_t i;

    for (i = 0; i < run->count; i++)
        total += run->modules[i].totals[outcome];
    return total;
}
