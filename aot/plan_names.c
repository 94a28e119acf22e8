/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C names of functions: "w_" and the wasm name with everything but letters,
 * digits and '_' replaced, so that gdb, perf and backtraces show it.  Two
 * functions of one name get their index as a suffix.
 */
#include "aot/plan.h"
#include "base/alloc.h"

#include <krait/abi.h>

#include <stdlib.h>
#include <string.h>

/* Assemblers and C compilers take more; this keeps lines readable. */
#define MAX_NAME 200

static void
add_clean(krait_text *text, krait_wasm_name name)
{
    uint32_t size = name.size < MAX_NAME ? name.size : MAX_NAME;
    uint32_t i;

    for (i = 0; i < size; i++) {
        char c = name.text[i];
        bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!keep)
            c = '_';
        krait__text_add(text, &c, 1);
    }
}

/* Name section first, then the import's name, the export's, and the number. */
static void
write_name(const krait_plan *plan, krait_text *text, uint32_t func, const krait_wasm_name *known)
{
    krait__text_str(text, "w_");
    if (plan->module->funcs[func].name.size != 0)
        add_clean(text, plan->module->funcs[func].name);
    else if (known[func].size != 0)
        add_clean(text, known[func]);
    else
        krait__text_fmt(text, "f%u", func);
    krait__text_add(text, "", 1);
}

typedef struct named {
    const char *name;
    uint32_t func;
} named;

static int
compare_named(const void *left, const void *right)
{
    const named *a = left;
    const named *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : a->func < b->func ? -1 : a->func > b->func;
}

/* Marks all but the first of equal names. */
static bool
find_doubles(const krait_plan *plan, const krait_text *names, uint8_t *is_double)
{
    uint32_t count = plan->module->func_count;
    named *sorted = krait__calloc(count, sizeof(*sorted));
    uint32_t i;

    if (sorted == NULL)
        return false;
    for (i = 0; i < count; i++) {
        sorted[i].name = names->data + plan->name_at[i];
        sorted[i].func = i;
    }
    qsort(sorted, count, sizeof(*sorted), compare_named);
    for (i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            is_double[sorted[i].func] = 1;
    }
    krait__free(sorted);
    return true;
}

/* A suffix "__N" may itself be the end of another function's name; so all names
 * that end in "__" and digits get a suffix, too, and none is made twice. */
static bool
ends_like_suffix(const char *name)
{
    size_t size = strlen(name);
    size_t at = size;

    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
        at--;
    return at < size && at >= 2 && name[at - 1] == '_' && name[at - 2] == '_';
}

static bool
make_unique(krait_plan *plan, krait_text *first)
{
    uint32_t count = plan->module->func_count;
    uint8_t *is_double = krait__calloc(count, 1);
    krait_text names = {0};
    uint32_t i;

    if (is_double == NULL || !find_doubles(plan, first, is_double)) {
        krait__free(is_double);
        return false;
    }
    for (i = 0; i < count; i++) {
        const char *name = first->data + plan->name_at[i];

        plan->name_at[i] = names.size;
        krait__text_str(&names, name);
        if (is_double[i] || ends_like_suffix(name))
            krait__text_fmt(&names, "__%u", i);
        krait__text_add(&names, "", 1);
    }
    krait__free(is_double);
    if (names.is_full || names.no_memory) {
        krait__text_release(&names);
        return false;
    }
    plan->names = names.data;
    return true;
}

bool
krait__plan_names(krait_plan *plan)
{
    const krait_wasm_module *module = plan->module;
    krait_wasm_name *known = krait__calloc(module->func_count, sizeof(*known));
    krait_text first = {0};
    bool ok = known != NULL;
    uint32_t i;

    for (i = 0; ok && i < module->export_count; i++) {
        if (module->exports[i].kind == KRAIT_KIND_FUNC)
            known[module->exports[i].index] = module->exports[i].name;
    }
    for (i = 0; ok && i < module->import_count; i++) {
        if (module->imports[i].kind == KRAIT_KIND_FUNC)
            known[module->imports[i].index] = module->imports[i].name;
    }
    for (i = 0; ok && i < module->func_count; i++) {
        plan->name_at[i] = first.size;
        write_name(plan, &first, i, known);
    }
    ok = ok && !first.is_full && !first.no_memory && (first.size == 0 || make_unique(plan, &first));
    krait__text_release(&first);
    krait__free(known);
    return ok;
}
