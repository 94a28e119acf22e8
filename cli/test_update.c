/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the expectations that a run would meet.  What a person wrote is kept: the table
 * of needs, the reasons and needs of failures, patterns of reasons that still match.
 * What is new needs "?", which counts as a difference until somebody says it.
 */
#include "cli.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* Modules that took longer are written down, to be started first next time. */
#define SLOW_SECONDS 5.0

enum { LINE = 96 };

typedef struct updater {
    const suite_run *run;
    const suite_expectations *before;
    suite_expected *items; /* borrowed strings but for names of classes */
    size_t count;
    char **classes; /* the names that were made here */
    size_t class_count;
} updater;

static void
add(updater *up, const char *module, const char *name, suite_outcome outcome, const char *reason,
    const char *needs)
{
    union {
        const char *in;
        char *out; /* the list only borrows what it prints */
    } texts[4] = {{module}, {name}, {reason != NULL ? reason : "no reason given"}, {needs}};

    if ((up->count & (up->count - 1)) == 0)
        up->items = cli_need(
            realloc(up->items, (up->count != 0 ? 2 * up->count : 1) * sizeof(*up->items)));
    up->items[up->count++] = (suite_expected){.module = texts[0].out,
                                              .name = texts[1].out,
                                              .reason = texts[2].out,
                                              .needs = texts[3].out,
                                              .outcome = outcome};
}

/* What is to be said of a test, in the words of before when they still hold. */
static void
add_found(updater *up, const char *module, const char *name, suite_outcome outcome,
          const char *reason)
{
    const suite_expected *old = suite_expectations_find(up->before, module, name);
    bool same = old != NULL && old->outcome == outcome;
    const char *needs;

    if (outcome == SUITE_SKIPPED) {
        add(up, module, name, outcome,
            same && suite_matches(old->reason, reason != NULL ? reason : "") ? old->reason : reason,
            same ? old->needs : NULL);
        return;
    }
    needs = suite_needs(up->before, module, name, reason);
    add(up, module, name, outcome, same ? old->reason : reason, needs[0] != '\0' ? needs : "?");
}

static size_t
class_size(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? (size_t)(dot - name) : 0;
}

/* How many cases from `first` on are of one class; `ret_same`: all are skipped, and for
 * one reason. Cases are sorted by name, but "A.B.x" may stand between two of "A". */
static size_t
class_of_cases(const suite_module *module, size_t first, bool *ret_same)
{
    const suite_case *head = &module->cases[first];
    size_t size = class_size(head->name);
    size_t names = 0;
    size_t i;

    *ret_same = size != 0;
    for (i = 0; i < module->count && *ret_same; i++) {
        const suite_case *item = &module->cases[i];

        if (class_size(item->name) != size || strncmp(item->name, head->name, size) != 0)
            continue;
        names++;
        if (item->outcome != SUITE_SKIPPED || item->reason == NULL || head->reason == NULL ||
            strcmp(item->reason, head->reason) != 0)
            *ret_same = false;
    }
    return names;
}

static bool
is_added(const updater *up, const char *module, const char *name)
{
    size_t i = up->count;

    while (i > 0 && strcmp(up->items[i - 1].module, module) == 0) {
        i--;
        if (up->items[i].name != NULL && strcmp(up->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* True when the class of this skipped case is listed as one. */
static bool
add_class(updater *up, const suite_module *module, size_t index)
{
    const suite_case *item = &module->cases[index];
    size_t size = class_size(item->name);
    bool same;
    char *name;

    if (class_of_cases(module, index, &same) < 2 || !same)
        return false;
    name = cli_need(malloc(size + 3));
    memcpy(name, item->name, size);
    memcpy(name + size, ".*", 3);
    if (is_added(up, module->name, name)) {
        free(name);
        return true;
    }
    up->classes = cli_need(realloc(up->classes, (up->class_count + 1) * sizeof(char *)));
    up->classes[up->class_count++] = name;
    add_found(up, module->name, name, SUITE_SKIPPED, item->reason);
    return true;
}

static void
add_run_module(updater *up, const suite_module *module)
{
    size_t i;

    if (module->outcome != SUITE_PASSED) {
        add_found(up, module->name, NULL, module->outcome, module->reason);
        return;
    }
    for (i = 0; i < module->count; i++) {
        const suite_case *item = &module->cases[i];

        if (item->outcome == SUITE_PASSED || (i > 0 && strcmp(item->name, item[-1].name) == 0))
            continue;
        if (item->outcome == SUITE_SKIPPED && add_class(up, module, i))
            continue;
        add_found(up, module->name, item->name, item->outcome, item->reason);
    }
}

static void
add_old_module(updater *up, const char *module)
{
    size_t count;
    size_t i;
    const suite_expected *items = suite_expectations_of(up->before, module, &count);

    for (i = 0; i < count; i++)
        add(up, module, items[i].name, items[i].outcome, items[i].reason, items[i].needs);
}

/* In the order in which they are printed. */
static int
compare_items(const void *a, const void *b)
{
    const suite_expected *left = a;
    const suite_expected *right = b;
    int order = strcmp(left->module, right->module);

    if (order == 0)
        order = (int)left->outcome - (int)right->outcome;
    if (order == 0)
        order = strcmp(left->reason, right->reason);
    if (order == 0)
        order = strcmp(left->needs != NULL ? left->needs : "",
                       right->needs != NULL ? right->needs : "");
    if (order == 0)
        order = strcmp(left->name != NULL ? left->name : "",
                       right->name != NULL ? right->name : "");
    return order;
}

static void
print_list(FILE *to, char *const *names, size_t count)
{
    size_t column = LINE;
    size_t i;

    fputs("[", to);
    for (i = 0; i < count; i++) {
        size_t size = strlen(names[i]) + 4;

        if (column + size > LINE) {
            fputs("\n   ", to);
            column = 4;
        }
        fputc(' ', to);
        suite_toml_print_string(to, names[i]);
        fputc(',', to);
        column += size;
    }
    fputs("\n]\n", to);
}

static bool
same_needs(const suite_expected *left, const suite_expected *right)
{
    return strcmp(left->needs != NULL ? left->needs : "",
                  right->needs != NULL ? right->needs : "") == 0;
}

/* The first items, as long as they differ in nothing but the name. */
static size_t
print_group(FILE *to, const suite_expected *items, size_t count)
{
    const suite_expected *head = &items[0];
    char **names = cli_need(malloc(count * sizeof(char *)));
    size_t size = 0;

    while (size < count && items[size].outcome == head->outcome &&
           strcmp(items[size].reason, head->reason) == 0 && same_needs(&items[size], head)) {
        names[size] = items[size].name;
        size++;
    }
    if (head->outcome == SUITE_FAILED) {
        fprintf(to, "\n[module.%s.fail.", head->module);
        suite_toml_print_string(to, head->reason);
        fputs("]\nneeds = ", to);
        suite_toml_print_string(to, head->needs != NULL ? head->needs : "?");
        fputs("\ntests = ", to);
    } else {
        suite_toml_print_string(to, head->reason);
        fputs(" = ", to);
    }
    print_list(to, names, size);
    free(names);
    return size;
}

static void
print_module(FILE *to, const suite_expected *items, size_t count)
{
    size_t i = 0;

    if (items[0].name == NULL) {
        fprintf(to, "\n[module.%s]\n%s = ", items[0].module, suite_outcome_name(items[0].outcome));
        suite_toml_print_string(to, items[0].reason);
        fputc('\n', to);
        if (items[0].needs != NULL) {
            fputs("needs = ", to);
            suite_toml_print_string(to, items[0].needs);
            fputc('\n', to);
        }
        return;
    }
    if (items[0].outcome == SUITE_SKIPPED)
        fprintf(to, "\n[module.%s.skip]\n", items[0].module);
    while (i < count)
        i += print_group(to, items + i, count - i);
}

static void
print_needs(FILE *to, const suite_expectations *before)
{
    size_t i;

    fputs("\n[needs]", to);
    for (i = 0; i < before->need_count; i++) {
        if (i == 0 || strcmp(before->needs[i].name, before->needs[i - 1].name) != 0) {
            fputs(i != 0 ? "]\n" : "\n", to);
            suite_toml_print_string(to, before->needs[i].name);
            fputs(" = [\n", to);
        }
        fputs("    ", to);
        suite_toml_print_string(to, before->needs[i].pattern);
        fputs(",\n", to);
    }
    fputs(before->need_count != 0 ? "]\n" : "\n", to);
}

/* Every module of the run and of before, sorted, each once; borrowed names. */
static char **
all_modules(const updater *up, size_t *ret_count)
{
    char **names = cli_need(calloc(up->run->count + up->before->module_count + 1, sizeof(char *)));
    size_t count = 0;
    size_t i;

    for (i = 0; i < up->run->count; i++) {
        if (up->run->modules[i].done)
            names[count++] = up->run->modules[i].name;
    }
    for (i = 0; i < up->before->module_count; i++) {
        const suite_module *found = suite_run_find(up->run, up->before->modules[i]);

        if (found == NULL || !found->done)
            names[count++] = up->before->modules[i];
    }
    qsort(names, count, sizeof(char *), suite_compare_names);
    *ret_count = count;
    return names;
}

static int
compare_seconds(const void *a, const void *b)
{
    double left = (*(const suite_module *const *)a)->seconds;
    double right = (*(const suite_module *const *)b)->seconds;

    return (left < right) - (left > right);
}

static void
print_slow(FILE *to, const updater *up)
{
    const suite_module **slow = cli_need(calloc(up->run->count + 1, sizeof(*slow)));
    char **names = cli_need(calloc(up->run->count + 1, sizeof(char *)));
    size_t count = 0;
    size_t i;

    for (i = 0; i < up->run->count; i++) {
        if (up->run->modules[i].done && up->run->modules[i].seconds >= SLOW_SECONDS)
            slow[count++] = &up->run->modules[i];
    }
    qsort(slow, count, sizeof(*slow), compare_seconds);
    for (i = 0; i < count; i++)
        names[i] = slow[i]->name;
    fputs("\n[slow]\norder = ", to);
    /* A run of a few modules says nothing about the others. */
    if (up->run->count >= up->before->module_count)
        print_list(to, names, count);
    else
        print_list(to, up->before->slow, up->before->slow_count);
    free(slow);
    free(names);
}

static void
print_all(FILE *to, updater *up)
{
    size_t module_count;
    char **modules = all_modules(up, &module_count);
    size_t passing = 0;
    size_t i;
    size_t k = 0;

    fputs("# SPDX-License-Identifier: Apache-2.0\n"
          "# What is expected of CPython's own tests; docs/compatibility.md says what it means,\n"
          "# cli/test_expect.c the format. Written by `krait test --update`, which keeps the\n"
          "# table of needs, and the reasons and needs of failures.\n",
          to);
    print_needs(to, up->before);
    print_slow(to, up);
    for (i = 0; i < module_count; i++) {
        while (k < up->count && strcmp(up->items[k].module, modules[i]) < 0)
            k++;
        if (k == up->count || strcmp(up->items[k].module, modules[i]) != 0)
            modules[passing++] = modules[i];
    }
    fputs("\n[pass]\nmodules = ", to);
    print_list(to, modules, passing);
    for (i = 0; i < up->count; i += k) {
        for (k = 1; i + k < up->count && strcmp(up->items[i].module, up->items[i + k].module) == 0;
             k++)
            continue;
        print_module(to, up->items + i, k);
    }
    free(modules);
}

int
suite_update(const suite_run *run, const suite_expectations *before, const char *path)
{
    updater up = {.run = run, .before = before};
    char *partial;
    FILE *to;
    int status = KRAIT_EXIT_FAILED;
    size_t i;

    for (i = 0; i < run->count; i++) {
        if (run->modules[i].done)
            add_run_module(&up, &run->modules[i]);
    }
    for (i = 0; i < before->module_count; i++) {
        const suite_module *found = suite_run_find(run, before->modules[i]);

        if (found == NULL || !found->done)
            add_old_module(&up, before->modules[i]);
    }
    if (up.count > 0)
        qsort(up.items, up.count, sizeof(*up.items), compare_items);
    to = suite_begin_file(path, &partial);
    if (to != NULL) {
        print_all(to, &up);
        status = suite_finish_file(to, path, partial);
    }
    while (up.class_count > 0)
        free(up.classes[--up.class_count]);
    free(up.classes);
    free(up.items);
    return status;
}
