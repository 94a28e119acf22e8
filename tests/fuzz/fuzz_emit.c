/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plan and emitter over what the validator lets through, in every mode, into
 * memory.  Of the C of each function it is checked that every goto has its
 * label, no label stands twice, and every metered block has its cost.  Whether
 * a C compiler takes it is the matter of tests/aot and tests/spec.
 */
#include "aot/emit_module.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "base/alloc.h"
#include "fuzz.h"

#include <krait/abi.h>

#include <string.h>

/* Larger modules teach a fuzzer nothing that small ones do not. */
#define MAX_SIZE (64u * 1024u)

enum { IS_USED = 1, IS_PLACED = 2 };

/* The number at `at` that `after` follows, or -1. */
static long
number_at(const char *at, char after)
{
    char *end;
    long number;

    if (*at < '0' || *at > '9')
        return -1;
    number = strtol(at, &end, 10);
    return *end == after ? number : -1;
}

/* A label begins a statement: "b5_0=1u;L5:;". */
static void
see_labels(const char *at, uint8_t *seen, uint32_t count)
{
    for (; at != NULL; at = strchr(at, ';')) {
        uint8_t *of;
        long id;

        at += *at == ';';
        id = *at == 'L' || *at == 'E' ? number_at(at + 1, ':') : -1;
        if (id < 0)
            continue;
        of = seen + (*at == 'E' ? count : 0);
        FUZZ_REQUIRE((unsigned long)id < count);
        FUZZ_REQUIRE((of[id] & IS_PLACED) == 0);
        of[id] |= IS_PLACED;
    }
}

static void
see_gotos(const char *at, uint8_t *seen, uint32_t count)
{
    while ((at = strstr(at, "goto ")) != NULL) {
        long id = number_at(at + 6, ';');

        at += 5;
        FUZZ_REQUIRE((*at == 'L' || *at == 'E') && id >= 0 && (unsigned long)id < count);
        seen[(*at == 'E' ? count : 0) + (uint32_t)id] |= IS_USED;
    }
}

/* `text` is terminated; its lines are cut apart. */
static void
check_function(char *text, uint32_t labels)
{
    uint8_t *seen = calloc(2 * (size_t)labels + 1, 1);
    char *line;
    char *next;
    uint32_t i;

    FUZZ_REQUIRE(seen != NULL);
    FUZZ_REQUIRE(strstr(text, "METER(          )") == NULL);
    for (line = text; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        see_labels(line, seen, labels);
        see_gotos(line, seen, labels);
    }
    for (i = 0; i < 2 * labels; i++)
        FUZZ_REQUIRE((seen[i] & IS_USED) == 0 || (seen[i] & IS_PLACED) != 0);
    free(seen);
}

static void
emit_functions(const krait_plan *plan)
{
    krait_emitter e;
    krait_text out = {0};
    uint32_t i;
    bool ok = krait__emitter_init(&e, plan);

    e.out = &out;
    for (i = plan->module->imported_funcs; ok && i < plan->module->func_count; i++) {
        krait__emit_function(&e, i);
        ok = !e.no_memory && !out.no_memory && !out.is_full && !e.exprs.no_memory;
        krait__text_add(&out, "", 1);
        if (ok && !out.is_full)
            check_function(out.data, e.next_label);
        out.size = 0;
    }
    krait__text_release(&out);
    krait__emitter_release(&e);
}

static void
emit_files(const krait_plan *plan)
{
    static const uint8_t sha256[32];
    krait_text text = {0};

    krait__emit_header(&text, plan);
    krait__emit_tables(&text, plan);
    krait__emit_imports(&text, plan);
    krait__emit_table_ends(&text, plan);
    krait__emit_invokes(&text, plan);
    krait__emit_description(&text, plan, sha256);
    krait__text_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krait_wasm_module module;
    krait_plan plan;
    uint32_t flags;

    if (size > MAX_SIZE || krait__wasm_read(data, size, &module, NULL) != KRAIT_OK)
        return 0;
    if (krait__wasm_validate(&module, NULL) == KRAIT_OK &&
        krait__plan_make(&module, &plan, NULL) == KRAIT_OK) {
        for (flags = 0; flags <= (KRAIT_MODULE_METERED | KRAIT_MODULE_CHECKED); flags++) {
            krait_parts parts = {NULL, 0, 0};

            plan.flags = flags;
            emit_functions(&plan);
            emit_files(&plan);
            if (krait__parts_plan(&module, flags, &parts, NULL) == KRAIT_OK)
                krait__free(parts.parts);
        }
        krait__plan_release(&plan);
    }
    krait__wasm_module_release(&module);
    return 0;
}
