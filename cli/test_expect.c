/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is expected of CPython's tests: a TOML file (test_toml.c) in which every module
 * stands either in the list of those that pass whole, or with each test that fails or
 * is skipped, the reason, and what would make it pass.
 *
 *     [needs]                          # what a reason of CPython's means; first match counts
 *     threads = ["requires threading*"]
 *     [pass]
 *     modules = ["test_abc"]
 *     [slow]
 *     order = ["test_io"]              # worth starting first
 *     [module.test_socket]             # cannot be imported
 *     skipped = "requires socket*"     # or: failed = "...", needs = "..."
 *     [module.test_io.skip]
 *     "requires threading" = ["Class.test_method", "OtherClass.*"]
 *     [module.test_io.fail."why"]
 *     needs = "..."
 *     tests = ["Class.test_method"]
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 << 20 };

static const char *
name_or_empty(const suite_expected *item)
{
    return item->name != NULL ? item->name : "";
}

int
suite_compare_expected(const void *a, const void *b)
{
    const suite_expected *left = a;
    const suite_expected *right = b;
    int order = strcmp(left->module, right->module);

    return order != 0 ? order : strcmp(name_or_empty(left), name_or_empty(right));
}

static char *
copy(const char *text)
{
    return text != NULL ? cli_need(strdup(text)) : NULL;
}

static void
add_name(char ***names, size_t *count, const char *name)
{
    *names = cli_need(realloc(*names, (*count + 1) * sizeof(char *)));
    (*names)[(*count)++] = copy(name);
}

static void
add_item(suite_expectations *expected, const suite_expected *item)
{
    size_t count = expected->count;

    if ((count & (count - 1)) == 0)
        expected->items = cli_need(
            realloc(expected->items, (count != 0 ? 2 * count : 1) * sizeof(*expected->items)));
    expected->items[expected->count++] = (suite_expected){.module = copy(item->module),
                                                          .name = copy(item->name),
                                                          .reason = copy(item->reason),
                                                          .needs = copy(item->needs),
                                                          .outcome = item->outcome};
}

static void
add_module(suite_expectations *expected, const char *module)
{
    if (expected->module_count != 0 &&
        strcmp(expected->modules[expected->module_count - 1], module) == 0)
        return;
    add_name(&expected->modules, &expected->module_count, module);
}

static void
add_needs(suite_expectations *expected, const suite_toml_entry *entry)
{
    size_t i;

    for (i = 0; i < entry->count; i++) {
        expected->needs = cli_need(
            realloc(expected->needs, (expected->need_count + 1) * sizeof(*expected->needs)));
        expected->needs[expected->need_count].name = copy(entry->path[1]);
        expected->needs[expected->need_count++].pattern = copy(entry->values[i]);
    }
}

static void
add_cases(suite_expectations *expected, const suite_toml_entry *entry, suite_expected *item)
{
    size_t i;

    for (i = 0; i < entry->count; i++) {
        item->name = entry->values[i];
        add_item(expected, item);
    }
}

/* The string at `path` of the document; NULL: none. */
static const char *
look_up(const suite_toml *toml, const suite_toml_entry *beside, const char *key)
{
    size_t i;
    size_t k;

    for (i = 0; i < toml->count; i++) {
        const suite_toml_entry *entry = &toml->entries[i];

        if (entry->depth != beside->depth || entry->is_array ||
            strcmp(entry->path[entry->depth - 1], key) != 0)
            continue;
        for (k = 0; k + 1 < entry->depth && strcmp(entry->path[k], beside->path[k]) == 0; k++)
            continue;
        if (k + 1 == entry->depth)
            return entry->values[0];
    }
    return NULL;
}

/* One entry below [module.NAME]; false: not known. */
static bool
take_module_entry(suite_expectations *expected, const suite_toml *toml,
                  const suite_toml_entry *entry)
{
    const char *key = entry->path[entry->depth - 1];
    suite_expected item = {.module = entry->path[1]};

    add_module(expected, item.module);
    if (entry->depth == 3 && !entry->is_array) {
        if (strcmp(key, "needs") == 0)
            return true;
        item.outcome = strcmp(key, "failed") == 0 ? SUITE_FAILED : SUITE_SKIPPED;
        item.reason = entry->values[0];
        item.needs = copy(look_up(toml, entry, "needs"));
        add_item(expected, &item);
        free(item.needs);
        return item.outcome == SUITE_FAILED || strcmp(key, "skipped") == 0;
    }
    if (entry->depth == 4 && entry->is_array && strcmp(entry->path[2], "skip") == 0) {
        item.outcome = SUITE_SKIPPED;
        item.reason = entry->path[3];
        add_cases(expected, entry, &item);
        return true;
    }
    if (entry->depth != 5 || strcmp(entry->path[2], "fail") != 0)
        return false;
    if (!entry->is_array)
        return strcmp(key, "needs") == 0;
    item.outcome = SUITE_FAILED;
    item.reason = entry->path[3];
    item.needs = copy(look_up(toml, entry, "needs"));
    add_cases(expected, entry, &item);
    free(item.needs);
    return strcmp(key, "tests") == 0;
}

static bool
take_entry(suite_expectations *expected, const suite_toml *toml, const suite_toml_entry *entry)
{
    const char *table = entry->path[0];
    const char *key = entry->path[entry->depth - 1];
    size_t i;

    if (entry->depth >= 3 && strcmp(table, "module") == 0)
        return take_module_entry(expected, toml, entry);
    if (entry->depth != 2 || !entry->is_array)
        return false;
    if (strcmp(table, "needs") == 0) {
        add_needs(expected, entry);
    } else if (strcmp(table, "pass") == 0 && strcmp(key, "modules") == 0) {
        for (i = 0; i < entry->count; i++)
            add_name(&expected->modules, &expected->module_count, entry->values[i]);
    } else if (strcmp(table, "slow") == 0 && strcmp(key, "order") == 0) {
        for (i = 0; i < entry->count; i++)
            add_name(&expected->slow, &expected->slow_count, entry->values[i]);
    } else {
        return false;
    }
    return true;
}

/* After sorting: what is said twice. */
static const char *
said_twice(const suite_expectations *expected)
{
    size_t i;

    for (i = 1; i < expected->module_count; i++) {
        if (strcmp(expected->modules[i - 1], expected->modules[i]) == 0)
            return expected->modules[i];
    }
    for (i = 1; i < expected->count; i++) {
        if (suite_compare_expected(&expected->items[i - 1], &expected->items[i]) == 0)
            return expected->items[i].name != NULL ? expected->items[i].name
                                                   : expected->items[i].module;
    }
    return NULL;
}

int
suite_expectations_parse(suite_expectations *expected, const char *text, const char *path)
{
    char wrong[SUITE_REASON_SIZE];
    suite_toml toml;
    bool good = suite_toml_parse(&toml, text, wrong);
    const char *twice;
    size_t i;

    memset(expected, 0, sizeof(*expected));
    if (!good)
        cli_message("'%s': %s", path, wrong);
    for (i = 0; good && i < toml.count; i++) {
        good = take_entry(expected, &toml, &toml.entries[i]);
        if (!good)
            cli_message("'%s': line %u: '%s' is not known here", path, toml.entries[i].line,
                        toml.entries[i].path[toml.entries[i].depth - 1]);
    }
    suite_toml_release(&toml);
    if (!good)
        return KRAIT_EXIT_FAILED;
    if (expected->module_count > 0)
        qsort(expected->modules, expected->module_count, sizeof(char *), suite_compare_names);
    if (expected->count > 0)
        qsort(expected->items, expected->count, sizeof(*expected->items), suite_compare_expected);
    twice = said_twice(expected);
    if (twice != NULL) {
        cli_message("'%s': %s is there twice", path, twice);
        return KRAIT_EXIT_FAILED;
    }
    return 0;
}

int
suite_expectations_load(suite_expectations *expected, const char *path)
{
    char *text = suite_read_file(path, FILE_MOST, NULL);
    int status;

    memset(expected, 0, sizeof(*expected));
    if (text == NULL) {
        cli_message("cannot read the expectations '%s': %s", path, strerror(errno));
        return errno == ENOENT ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
    }
    status = suite_expectations_parse(expected, text, path);
    free(text);
    return status;
}

static void
release_names(char **names, size_t count)
{
    while (count > 0)
        free(names[--count]);
    free(names);
}

void
suite_expectations_release(suite_expectations *expected)
{
    size_t i;

    for (i = 0; i < expected->count; i++) {
        free(expected->items[i].module);
        free(expected->items[i].name);
        free(expected->items[i].reason);
        free(expected->items[i].needs);
    }
    for (i = 0; i < expected->need_count; i++) {
        free(expected->needs[i].name);
        free(expected->needs[i].pattern);
    }
    free(expected->items);
    free(expected->needs);
    release_names(expected->modules, expected->module_count);
    release_names(expected->slow, expected->slow_count);
    memset(expected, 0, sizeof(*expected));
}

bool
suite_expectations_has(const suite_expectations *expected, const char *module)
{
    return expected->module_count != 0 &&
           bsearch(&module, expected->modules, expected->module_count, sizeof(char *),
                   suite_compare_names) != NULL;
}

/* Index of the first item that is not before (module, name). */
static size_t
lower_bound(const suite_expectations *expected, const suite_expected *key)
{
    size_t low = 0;
    size_t high = expected->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (suite_compare_expected(&expected->items[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const suite_expected *
find_exact(const suite_expectations *expected, char *module, char *name)
{
    suite_expected key = {.module = module, .name = name};
    size_t index = lower_bound(expected, &key);

    return index < expected->count && suite_compare_expected(&expected->items[index], &key) == 0
               ? &expected->items[index]
               : NULL;
}

const suite_expected *
suite_expectations_of(const suite_expectations *expected, const char *module, size_t *ret_count)
{
    char *name = copy(module);
    suite_expected key = {.module = name};
    size_t first = lower_bound(expected, &key);
    size_t end = first;

    while (end < expected->count && strcmp(expected->items[end].module, module) == 0)
        end++;
    free(name);
    *ret_count = end - first;
    return end != first ? &expected->items[first] : NULL;
}

const suite_expected *
suite_expectations_find(const suite_expectations *expected, const char *module, const char *name)
{
    char *module_key = copy(module);
    char *name_key = copy(name);
    const suite_expected *found = find_exact(expected, module_key, name_key);
    char *dot = name != NULL ? strrchr(name_key, '.') : NULL;

    if (found == NULL && dot != NULL && dot[1] != '\0') {
        memcpy(dot + 1, "*", 2);
        found = find_exact(expected, module_key, name_key);
    }
    free(module_key);
    free(name_key);
    return found;
}

const char *
suite_needs(const suite_expectations *expected, const char *module, const char *name,
            const char *reason)
{
    const suite_expected *item = suite_expectations_find(expected, module, name);
    size_t i;

    if (item != NULL && item->needs != NULL && strcmp(item->needs, "?") != 0)
        return item->needs;
    for (i = 0; i < expected->need_count && reason != NULL; i++) {
        if (suite_matches(expected->needs[i].pattern, reason))
            return expected->needs[i].name;
    }
    return "";
}
