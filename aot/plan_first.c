/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions whose code shall lie side by side: what a short run of a large module
 * needs is scattered over all of it otherwise, and each piece of code that is entered
 * costs a page fault.  The names come from a text, one in each line.
 */
#include "aot/plan.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct line {
    krait_wasm_name name;
    uint32_t place;
    bool is_found;
} line;

static int
compare_names(const void *left, const void *right)
{
    const krait_wasm_name *a = left; /* the first member of a line */
    const krait_wasm_name *b = right;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);

    return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

static int
compare_lines(const void *left, const void *right)
{
    const line *a = left;
    const line *b = right;
    int order = compare_names(&a->name, &b->name);

    return order != 0 ? order : a->place < b->place ? -1 : a->place > b->place;
}

/* A name that is there twice has its first place.  Returns how many are left. */
static uint32_t
sort(line *lines, uint32_t count)
{
    uint32_t kept = 0;
    uint32_t i;

    qsort(lines, count, sizeof(*lines), compare_lines);
    for (i = 0; i < count; i++) {
        if (kept == 0 || compare_names(&lines[kept - 1].name, &lines[i].name) != 0)
            lines[kept++] = lines[i];
    }
    return kept;
}

/* The lines of a text that are neither empty nor a comment; NULL when memory ran out. */
static line *
split(const char *text, uint32_t *ret_count)
{
    size_t most = 1;
    const char *at;
    line *lines;

    *ret_count = 0;
    for (at = text; *at != '\0'; at++)
        most += *at == '\n';
    lines = krait__calloc(most, sizeof(*lines));
    for (at = text; lines != NULL && *at != '\0'; at += *at == '\n') {
        size_t size = strcspn(at, "\n");

        if (size != 0 && size <= UINT32_MAX && at[0] != '#') {
            line *made = &lines[(*ret_count)++];

            made->name = (krait_wasm_name){at, (uint32_t)size};
            made->place = *ret_count;
        }
        at += size;
    }
    return lines;
}

krait_status
krait__plan_first(krait_plan *plan, const char *text, uint32_t *ret_unknown, krait_error *err)
{
    const krait_wasm_module *module = plan->module;
    uint32_t count;
    uint32_t i;
    line *lines = split(text, &count);

    plan->first = krait__calloc(module->func_count, sizeof(*plan->first));
    if (lines == NULL || plan->first == NULL) {
        krait__free(lines);
        return krait__error_nomem(err);
    }
    count = sort(lines, count);
    for (i = 0; i < module->func_count; i++) {
        const krait_wasm_name *name = &module->funcs[i].name;
        line *found = NULL;

        if (count != 0 && name->size != 0)
            found = bsearch(name, lines, count, sizeof(*lines), compare_names);
        if (found == NULL)
            continue;
        plan->first[i] = found->place;
        found->is_found = true;
    }
    *ret_unknown = 0;
    for (i = 0; i < count; i++)
        *ret_unknown += !lines[i].is_found;
    krait__free(lines);
    return KRAIT_OK;
}
