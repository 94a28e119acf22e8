/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `krait test` prints on stdout: a line for each module, what the skipped and
 * failed tests need, shares of other runs, and the last line as JSON.
 */
#include "cli.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* Something that is counted: a reason or a need. */
typedef struct tally_item {
    const char *text;
    size_t counts[3];
} tally_item;

typedef struct tally {
    tally_item *items;
    size_t count;
} tally;

static void
tally_add(tally *sum, const char *text, suite_outcome outcome, size_t by)
{
    size_t i;

    for (i = 0; i < sum->count && strcmp(sum->items[i].text, text) != 0; i++)
        continue;
    if (i == sum->count) {
        sum->items = cli_need(realloc(sum->items, (sum->count + 1) * sizeof(*sum->items)));
        memset(&sum->items[i], 0, sizeof(*sum->items));
        sum->items[i].text = text;
        sum->count++;
    }
    sum->items[i].counts[outcome] += by;
}

static int
compare_tally(const void *a, const void *b)
{
    const tally_item *left = a;
    const tally_item *right = b;
    size_t left_count = left->counts[SUITE_SKIPPED] + left->counts[SUITE_FAILED];
    size_t right_count = right->counts[SUITE_SKIPPED] + right->counts[SUITE_FAILED];

    if (left_count != right_count)
        return left_count < right_count ? 1 : -1;
    return strcmp(left->text, right->text);
}

static void
tally_sort(tally *sum)
{
    if (sum->count > 0)
        qsort(sum->items, sum->count, sizeof(*sum->items), compare_tally);
}

/* The commonest reasons of skips: "requires threading 8, another 2, ... 3 more". */
static void
print_reasons(const suite_module *module)
{
    tally sum = {.items = NULL};
    size_t i;

    if (module->outcome != SUITE_PASSED) {
        printf("  %s: %s", suite_outcome_name(module->outcome),
               module->reason != NULL ? module->reason : "");
        return;
    }
    for (i = 0; i < module->count; i++) {
        if (module->cases[i].outcome == SUITE_SKIPPED)
            tally_add(&sum, module->cases[i].reason != NULL ? module->cases[i].reason : "",
                      SUITE_SKIPPED, 1);
    }
    tally_sort(&sum);
    for (i = 0; i < sum.count && i < 3; i++)
        printf("%s%.60s %zu", i == 0 ? "  " : ", ", sum.items[i].text,
               sum.items[i].counts[SUITE_SKIPPED]);
    if (sum.count > 3)
        printf(", %zu more reasons", sum.count - 3);
    free(sum.items);
}

static void
print_row(const suite_module *module, const suite_other *others, size_t other_count)
{
    size_t i;

    printf("%-34s %6zu %6zu %6zu %7zu %8.1f", module->name, module->count,
           module->totals[SUITE_PASSED], module->totals[SUITE_FAILED],
           module->totals[SUITE_SKIPPED], module->seconds);
    for (i = 0; i < other_count; i++) {
        const struct suite_other_module *beside = suite_other_find(&others[i], module->name);

        if (beside != NULL)
            printf(" %10zu", beside->totals[SUITE_PASSED]);
        else
            printf(" %10s", "-");
    }
    print_reasons(module);
    putchar('\n');
}

void
suite_print_table(const suite_run *run, const suite_other *others, size_t other_count)
{
    size_t i;

    printf("%-34s %6s %6s %6s %7s %8s", "module", "run", "passed", "failed", "skipped", "seconds");
    for (i = 0; i < other_count; i++)
        printf(" %10.10s", others[i].on);
    puts("  skipped because");
    for (i = 0; i < run->count; i++) {
        if (run->modules[i].done)
            print_row(&run->modules[i], others, other_count);
    }
}

void
suite_print_needs(const suite_run *run, const suite_expectations *expected)
{
    tally sum = {.items = NULL};
    size_t i;
    size_t k;

    for (i = 0; i < run->count; i++) {
        const suite_module *module = &run->modules[i];

        for (k = 0; module->done && k < module->count; k++) {
            const suite_case *item = &module->cases[k];

            if (item->outcome != SUITE_PASSED)
                tally_add(&sum, suite_needs(expected, module->name, item->name, item->reason),
                          item->outcome, 1);
        }
    }
    if (sum.count == 0)
        return;
    tally_sort(&sum);
    printf("\n%-34s %6s %7s\n", "tests that need", "failed", "skipped");
    for (i = 0; i < sum.count; i++)
        printf("%-34s %6zu %7zu\n", sum.items[i].text[0] != '\0' ? sum.items[i].text : "(not said)",
               sum.items[i].counts[SUITE_FAILED], sum.items[i].counts[SUITE_SKIPPED]);
    free(sum.items);
}

static void
print_totals(const suite_run *run)
{
    size_t modules = 0;
    size_t whole[3] = {0, 0, 0};
    size_t i;

    for (i = 0; i < run->count; i++) {
        if (run->modules[i].done) {
            modules++;
            whole[run->modules[i].outcome]++;
        }
    }
    printf("\n%zu modules on %s, CPython %s, %.0f seconds: %zu tests passed, %zu failed, "
           "%zu skipped; %zu modules were skipped whole, %zu did not come to their end\n",
           modules, run->on, run->version, run->seconds, suite_run_total(run, SUITE_PASSED),
           suite_run_total(run, SUITE_FAILED), suite_run_total(run, SUITE_SKIPPED),
           whole[SUITE_SKIPPED], whole[SUITE_FAILED]);
}

static void
print_share(const char *what, const suite_other *other, suite_share share)
{
    if (share.passed != 0)
        printf("%s: %zu of the %zu tests that pass on %s: %.2f %%\n", what, share.reached,
               share.passed, other->on, 100.0 * (double)share.reached / (double)share.passed);
}

static const suite_other *
find_other(const suite_other *others, size_t count, const char *on)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(others[i].on, on) == 0)
            return &others[i];
    }
    return NULL;
}

static void
print_json_share(const char *name, const suite_other *other, suite_share share)
{
    if (other == NULL || share.passed == 0)
        printf(", \"%s\": null", name);
    else
        printf(", \"%s\": %.4f", name, (double)share.reached / (double)share.passed);
}

/* What the other run passes of the modules of this one. */
static size_t
passed_there(const suite_run *run, const suite_other *other)
{
    return suite_share_of(run, other, NULL, SUITE_WITHOUT_NOTHING).passed;
}

static void
print_native(const suite_run *run, const suite_expectations *expected, const suite_other *native)
{
    static const struct {
        suite_without without;
        const char *text;
    } kinds[] = {
        {SUITE_WITHOUT_NOTHING, "all modules"},
        {SUITE_WITHOUT_MODULES,
         "without modules that cannot run without threads, sockets, processes or dynamic loading"},
        {SUITE_WITHOUT_TESTS, "without single tests that need one of these, too"},
    };
    size_t i;

    for (i = 0; native != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        print_share(kinds[i].text, native, suite_share_of(run, native, expected, kinds[i].without));
}

static void
print_last_line(const suite_run *run, const suite_expectations *expected,
                const suite_other *wasmtime, const suite_other *native)
{
    suite_share none = {0, 0};

    printf("{\"passed\": %zu, \"wasmtime_passed\": ", suite_run_total(run, SUITE_PASSED));
    if (wasmtime != NULL)
        printf("%zu", passed_there(run, wasmtime));
    else
        fputs("null", stdout);
    print_json_share("native_share", native,
                     native == NULL ? none
                                    : suite_share_of(run, native, expected, SUITE_WITHOUT_MODULES));
    print_json_share("native_share_all", native,
                     native == NULL ? none
                                    : suite_share_of(run, native, expected, SUITE_WITHOUT_NOTHING));
    print_json_share("native_share_tests", native,
                     native == NULL ? none
                                    : suite_share_of(run, native, expected, SUITE_WITHOUT_TESTS));
    puts("}");
}

void
suite_print_summary(const suite_run *run, const suite_expectations *expected,
                    const suite_other *others, size_t other_count)
{
    const suite_other *native = find_other(others, other_count, "native");
    size_t i;

    print_totals(run);
    for (i = 0; i < other_count; i++) {
        if (&others[i] != native)
            print_share("all modules", &others[i],
                        suite_share_of(run, &others[i], NULL, SUITE_WITHOUT_NOTHING));
    }
    print_native(run, expected, native);
    print_last_line(run, expected, find_other(others, other_count, "wasmtime"), native);
}
