/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of another run (`krait test --json`), to stand beside this one's, and the
 * shares that this run reaches of it.
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 256 << 20 };

/* The next value must be a string or a number: the text, or NULL. */
static char *
take_text(suite_json *json)
{
    return suite_json_next(json) == SUITE_JSON_STRING ? cli_need(strdup(json->text)) : NULL;
}

static bool
take_count(suite_json *json, size_t *ret_count)
{
    if (suite_json_next(json) != SUITE_JSON_NUMBER || json->number < 0.0 || json->number > 1e9)
        return false;
    *ret_count = (size_t)json->number;
    return true;
}

static bool
take_missed_value(suite_json *json, struct suite_other_module *module, const char *key)
{
    char *name;

    if (strcmp(key, "name") != 0)
        return suite_json_skip(json, suite_json_next(json));
    name = take_text(json);
    if (name == NULL)
        return false;
    if ((module->missed_count & (module->missed_count - 1)) == 0)
        module->missed = cli_need(
            realloc(module->missed,
                    (module->missed_count != 0 ? 2 * module->missed_count : 1) * sizeof(char *)));
    module->missed[module->missed_count++] = name;
    return true;
}

static bool
take_missed(suite_json *json, struct suite_other_module *module)
{
    suite_json_kind kind;

    if (suite_json_next(json) != SUITE_JSON_ARRAY)
        return false;
    while ((kind = suite_json_next(json)) == SUITE_JSON_OBJECT) {
        while ((kind = suite_json_next(json)) == SUITE_JSON_KEY) {
            if (!take_missed_value(json, module, json->text))
                return false;
        }
        if (kind != SUITE_JSON_CLOSE)
            return false;
    }
    if (module->missed_count > 0)
        qsort(module->missed, module->missed_count, sizeof(char *), suite_compare_names);
    return kind == SUITE_JSON_CLOSE;
}

static bool
take_module_value(suite_json *json, struct suite_other_module *module, const char *key)
{
    if (strcmp(key, "name") == 0) {
        free(module->name);
        module->name = take_text(json);
        return module->name != NULL;
    }
    if (strcmp(key, "outcome") == 0) {
        if (suite_json_next(json) != SUITE_JSON_STRING)
            return false;
        module->ran = strcmp(json->text, "passed") == 0;
        return true;
    }
    if (strcmp(key, "tests") == 0)
        return take_missed(json, module);
    if (strcmp(key, "passed") == 0)
        return take_count(json, &module->totals[SUITE_PASSED]);
    if (strcmp(key, "skipped") == 0)
        return take_count(json, &module->totals[SUITE_SKIPPED]);
    if (strcmp(key, "failed") == 0)
        return take_count(json, &module->totals[SUITE_FAILED]);
    return suite_json_skip(json, suite_json_next(json));
}

static bool
take_module(suite_json *json, suite_other *other)
{
    struct suite_other_module *module;
    suite_json_kind kind;

    other->modules = cli_need(
        realloc(other->modules, (other->count + 1) * sizeof(*other->modules)));
    module = &other->modules[other->count++];
    memset(module, 0, sizeof(*module));
    while ((kind = suite_json_next(json)) == SUITE_JSON_KEY) {
        if (!take_module_value(json, module, json->text))
            return false;
    }
    return kind == SUITE_JSON_CLOSE && module->name != NULL;
}

static bool
take_modules(suite_json *json, suite_other *other)
{
    suite_json_kind kind;

    if (suite_json_next(json) != SUITE_JSON_ARRAY)
        return false;
    while ((kind = suite_json_next(json)) == SUITE_JSON_OBJECT) {
        if (!take_module(json, other))
            return false;
    }
    return kind == SUITE_JSON_CLOSE;
}

static bool
take_all(suite_json *json, suite_other *other)
{
    suite_json_kind kind;

    if (suite_json_next(json) != SUITE_JSON_OBJECT)
        return false;
    while ((kind = suite_json_next(json)) == SUITE_JSON_KEY) {
        const char *key = json->text;

        if (strcmp(key, "modules") == 0) {
            if (!take_modules(json, other))
                return false;
        } else if (strcmp(key, "on") == 0 && other->on == NULL) {
            other->on = take_text(json);
        } else if (strcmp(key, "python") == 0 && other->version == NULL) {
            other->version = take_text(json);
        } else if (!suite_json_skip(json, suite_json_next(json))) {
            return false;
        }
    }
    return kind == SUITE_JSON_CLOSE && suite_json_next(json) == SUITE_JSON_DONE &&
           other->on != NULL && other->version != NULL;
}

static int
compare_modules(const void *a, const void *b)
{
    const struct suite_other_module *left = a;
    const struct suite_other_module *right = b;

    return strcmp(left->name, right->name);
}

int
suite_other_load(suite_other *other, const char *path)
{
    char *text = suite_read_file(path, FILE_MOST, NULL);
    suite_json json;
    bool good;

    memset(other, 0, sizeof(*other));
    if (text == NULL) {
        cli_message("cannot read '%s': %s", path, strerror(errno));
        return errno == ENOENT ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
    }
    suite_json_init(&json, text);
    good = take_all(&json, other);
    free(text);
    if (!good) {
        cli_message("'%s' is not what krait test --json writes", path);
        return KRAIT_EXIT_REFUSED;
    }
    if (other->count > 0)
        qsort(other->modules, other->count, sizeof(*other->modules), compare_modules);
    return 0;
}

void
suite_other_release(suite_other *other)
{
    while (other->count > 0) {
        struct suite_other_module *module = &other->modules[--other->count];

        while (module->missed_count > 0)
            free(module->missed[--module->missed_count]);
        free(module->missed);
        free(module->name);
    }
    free(other->modules);
    free(other->on);
    free(other->version);
    memset(other, 0, sizeof(*other));
}

const struct suite_other_module *
suite_other_find(const suite_other *other, const char *module)
{
    size_t low = 0;
    size_t high = other->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(other->modules[middle].name, module) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < other->count && strcmp(other->modules[low].name, module) == 0
               ? &other->modules[low]
               : NULL;
}

static bool
is_system(const char *needs)
{
    static const char *const system[] = {"threads", "sockets", "processes", "dynamic loading"};
    size_t i;

    for (i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
        if (strcmp(needs, system[i]) == 0)
            return true;
    }
    return false;
}

/* A module that does not run, or of which no test passes, for want of one of these. */
static bool
module_needs_system(const suite_expectations *expected, const suite_module *module)
{
    size_t i;

    if (module->outcome != SUITE_PASSED)
        return is_system(suite_needs(expected, module->name, NULL, module->reason));
    if (module->totals[SUITE_PASSED] != 0)
        return false;
    for (i = 0; i < module->count; i++) {
        const suite_case *item = &module->cases[i];

        if (is_system(suite_needs(expected, module->name, item->name, item->reason)))
            return true;
    }
    return false;
}

/* Tests that pass there and do not here, for want of one of these. */
static size_t
count_system_tests(const suite_expectations *expected, const suite_module *module,
                   const struct suite_other_module *beside)
{
    size_t count = 0;
    size_t i;

    for (i = 0; beside->ran && i < module->count; i++) {
        const suite_case *item = &module->cases[i];

        if (item->outcome != SUITE_PASSED &&
            is_system(suite_needs(expected, module->name, item->name, item->reason)) &&
            (beside->missed_count == 0 || bsearch(&item->name, beside->missed, beside->missed_count,
                                                  sizeof(char *), suite_compare_names) == NULL))
            count++;
    }
    return count;
}

suite_share
suite_share_of(const suite_run *run, const suite_other *other, const suite_expectations *expected,
               suite_without without)
{
    suite_share share = {0, 0};
    size_t i;

    for (i = 0; i < run->count; i++) {
        const suite_module *module = &run->modules[i];
        const struct suite_other_module *beside = suite_other_find(other, module->name);
        size_t own = module->totals[SUITE_PASSED];
        size_t theirs;

        if (!module->done || beside == NULL ||
            (without != SUITE_WITHOUT_NOTHING && module_needs_system(expected, module)))
            continue;
        theirs = beside->totals[SUITE_PASSED];
        if (without == SUITE_WITHOUT_TESTS) {
            size_t left_out = count_system_tests(expected, module, beside);

            theirs -= left_out < theirs ? left_out : theirs;
        }
        share.passed += theirs;
        share.reached += own < theirs ? own : theirs;
    }
    return share;
}
