/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/run start measures inside of one process: fresh interpreters from a snapshot.
 *
 *     start RUNTIME fresh ROUNDS [MODE]   a sandbox that is ready runs `pass` and is reset
 *     start RUNTIME new ROUNDS            a sandbox is made, runs `pass` and is released
 *     start RUNTIME clone ROUNDS          a session with a data set is cloned, and the clone released
 *     start RUNTIME idle COUNT            private memory of sandboxes that wait
 *     start RUNTIME live COUNT            memory of sandboxes that have run `pass`, all at once
 *
 * One line of JSON: microseconds are lists of all rounds.  MODE is how written pages are found: 0
 * PAGEMAP_SCAN, 1 /proc/self/pagemap, 2 not at all.
 */
#include "api/internal.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct bench {
    krait_engine *engine;
    krait_module *module;
    krait_config *config;
    krait_snapshot *snapshot;
    krait_error err;
} bench;

static void
need(const bench *b, krait_status status)
{
    if (status == KRAIT_OK)
        return;
    fprintf(stderr, "start: %s\n", b->err.text);
    exit(1);
}

static void
open_all(bench *b, const char *folder)
{
    need(b, krait_engine_new(&b->engine, &b->err));
    need(b, krait_python_open(b->engine, folder, &b->module, &b->err));
    need(b, krait_config_new(&b->config, &b->err));
    need(b, krait_snapshot_make(b->module, b->config, NULL, &b->snapshot, &b->err));
}

static void
exec(bench *b, krait_sandbox *sandbox, const char *code)
{
    krait_result result;

    need(b, krait_sandbox_exec(sandbox, code, strlen(code), &result, &b->err));
    if (result.kind != KRAIT_RESULT_RETURNED) {
        fprintf(stderr, "start: %s\n", result.message);
        exit(1);
    }
}

static double
now_us(void)
{
    return (double)krait__clock_ns(CLOCK_MONOTONIC) / 1000;
}

static void
print_list(const char *name, const double *values, size_t count, const char *end)
{
    printf("\"%s\": [", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%.1f", i == 0 ? "" : ", ", values[i]);
    printf("]%s", end);
}

static double *
room(size_t count)
{
    double *values = calloc(count, sizeof(*values));

    if (values == NULL)
        exit(1);
    return values;
}

/* From one reset to the next, all of it: nothing happens between the rounds. */
static void
fresh(bench *b, size_t rounds, int mode)
{
    krait_sandbox *sandbox;
    double *run = room(rounds);
    double *cycle = room(rounds);
    double start;

    krait__image_set_mode(b->snapshot->image, (krait_dirty_mode)mode);
    need(b, krait_sandbox_new_from(b->snapshot, b->config, &sandbox, &b->err));
    for (int i = 0; i < 50; i++) {
        exec(b, sandbox, "pass");
        need(b, krait_sandbox_reset(sandbox, &b->err));
    }
    start = now_us();
    for (size_t i = 0; i < rounds; i++) {
        const double before = now_us();

        exec(b, sandbox, "pass");
        run[i] = now_us() - before;
        need(b, krait_sandbox_reset(sandbox, &b->err));
        cycle[i] = now_us() - before;
    }
    printf("{\"mode\": %d, \"per_second\": %.0f, ", (int)krait__image_mode(b->snapshot->image),
           (double)rounds / (now_us() - start) * 1e6);
    print_list("ready_us", run, rounds, ", ");
    print_list("cycle_us", cycle, rounds, "}\n");
    krait_sandbox_free(sandbox);
}

static void
make_new(bench *b, size_t rounds)
{
    double *all = room(rounds);

    for (size_t i = 0; i < rounds; i++) {
        const double before = now_us();
        krait_sandbox *sandbox;

        need(b, krait_sandbox_new_from(b->snapshot, b->config, &sandbox, &b->err));
        exec(b, sandbox, "pass");
        krait_sandbox_free(sandbox);
        all[i] = now_us() - before;
    }
    printf("{");
    print_list("new_us", all, rounds, "}\n");
}

static void
make_clones(bench *b, size_t rounds)
{
    double *all = room(rounds);
    krait_sandbox *session;
    double first;

    need(b, krait_sandbox_new_from(b->snapshot, b->config, &session, &b->err));
    exec(b, session, "data = {i: str(i) for i in range(200_000)}");
    for (size_t i = 0; i <= rounds; i++) {
        const double before = now_us();
        krait_sandbox *clone;

        need(b, krait_sandbox_clone(session, &clone, &b->err));
        if (i == 0)
            first = now_us() - before;
        else
            all[i - 1] = now_us() - before;
        krait_sandbox_free(clone);
    }
    printf("{\"first_us\": %.1f, ", first);
    print_list("clone_us", all, rounds, "}\n");
    krait_sandbox_free(session);
}

/* KiB of a line "NAME: N kB" of a file of this process. */
static double
kib_of(const char *file, const char *name)
{
    FILE *stream = fopen(file, "re");
    char line[256];
    double kib = 0;

    while (stream != NULL && fgets(line, sizeof(line), stream) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib += strtod(line + strlen(name) + 1, NULL);
    }
    if (stream != NULL)
        (void)fclose(stream);
    return kib;
}

/* Pages that belong to this process alone, and the page tables that map everything. */
static double
private_kib(void)
{
    return kib_of("/proc/self/smaps_rollup", "Private_Clean") +
           kib_of("/proc/self/smaps_rollup", "Private_Dirty") +
           kib_of("/proc/self/status", "VmPTE");
}

static void
measure_memory(bench *b, size_t count, bool are_live)
{
    krait_sandbox **all = calloc(count, sizeof(krait_sandbox *));
    const double before = private_kib();
    double made;
    double ran;
    double reset;

    if (all == NULL)
        exit(1);
    for (size_t i = 0; i < count; i++)
        need(b, krait_sandbox_new_from(b->snapshot, b->config, &all[i], &b->err));
    made = private_kib();
    for (size_t i = 0; i < count; i++)
        exec(b, all[i], "pass");
    ran = private_kib();
    for (size_t i = 0; i < count && !are_live; i++)
        need(b, krait_sandbox_reset(all[i], &b->err));
    reset = private_kib();
    printf("{\"count\": %zu, \"made_kib\": %.1f, \"ran_kib\": %.1f, \"reset_kib\": %.1f, "
           "\"total_gib\": %.3f}\n",
           count, (made - before) / (double)count, (ran - before) / (double)count,
           (reset - before) / (double)count, ran / 1024 / 1024);
    for (size_t i = 0; i < count; i++)
        krait_sandbox_free(all[i]);
    free(all);
}

/* Ten thousand sandboxes hold some descriptors each. */
static void
raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    bench b;
    size_t count;

    if (argc < 4) {
        fprintf(stderr, "usage: start RUNTIME fresh|new|clone|idle|live COUNT [MODE]\n");
        return 2;
    }
    memset(&b, 0, sizeof(b));
    raise_limits();
    open_all(&b, argv[1]);
    count = strtoul(argv[3], NULL, 10);
    if (strcmp(argv[2], "fresh") == 0)
        fresh(&b, count, argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
    else if (strcmp(argv[2], "new") == 0)
        make_new(&b, count);
    else if (strcmp(argv[2], "clone") == 0)
        make_clones(&b, count);
    else
        measure_memory(&b, count, strcmp(argv[2], "live") == 0);
    krait_snapshot_free(b.snapshot);
    krait_config_free(b.config);
    krait_module_close(b.module);
    krait_engine_free(b.engine);
    return 0;
}
