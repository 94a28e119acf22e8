/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait test: CPython's own test suite, unmodified, every module in a fresh sandbox;
 * what comes out is compared with what is expected (test_expect.c), both ways.
 */
#include "cli.h"
#include "suite.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION      "3.13"
#define EXPECTATIONS "tests/cpython/expectations-" VERSION ".toml"

enum { OTHERS = 4 };

static const char usage[] =
    "usage: krait test [options] [MODULE...] [-- ARGUMENT...]\n"
    "\n"
    "Run CPython's own tests in the sandbox, each module in a process of its own.\n"
    "Without a module: all of them. The ARGUMENTs are for CPython's runner.\n"
    "\n"
    "  --python 3.13        the version to test\n"
    "  -j N                 modules at once (default: processors)\n"
    "  --timeout SECONDS    for each module (default: 300)\n"
    "  --memory SIZE        for each module, in the sandbox (default: 2G)\n"
    "  --expectations FILE  what must come out; none: nothing may fail\n"
    "                       (default: " EXPECTATIONS " of the checkout)\n"
    "  --update FILE        write the expectations that this run would meet\n"
    "  --json FILE          write the results as JSON\n"
    "  --junit FILE         write the results as JUnit XML\n"
    "  --logs DIR           keep what each module printed in the existing directory DIR\n"
    "  --on krait           where to run: in the sandbox (default);\n"
    "       snapshot        there, in copies of a started Python (krait snapshot)\n"
    "       native=PROGRAM  on another python3;\n"
    "       wasmtime        python.wasm on the wasmtime of python3's wheel; =PYTHON: of\n"
    "                       that Python's\n"
    "  --compare FILE       show the results of another run's --json beside these\n"
    "  --help               show this\n"
    "\n"
    "Exit status: 0 everything is as expected, 1 something differs.\n";

typedef struct test_request {
    suite_options options;
    suite_where where;
    suite_expectations expected;
    suite_other others[OTHERS];
    size_t other_count;
    const char *on;
    const char *expectations; /* as given */
    const char *update;
    const char *json;
    const char *junit;
    const char *compare[OTHERS];
    char **modules; /* as named; borrowed */
    size_t module_count;
    bool compares; /* with expectations */
} test_request;

enum {
    OPTION_PYTHON = 256,
    OPTION_TIMEOUT,
    OPTION_MEMORY,
    OPTION_EXPECTATIONS,
    OPTION_UPDATE,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_LOGS,
    OPTION_ON,
    OPTION_COMPARE,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"python", required_argument, NULL, OPTION_PYTHON},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"expectations", required_argument, NULL, OPTION_EXPECTATIONS},
    {"update", required_argument, NULL, OPTION_UPDATE},
    {"json", required_argument, NULL, OPTION_JSON},
    {"junit", required_argument, NULL, OPTION_JUNIT},
    {"logs", required_argument, NULL, OPTION_LOGS},
    {"on", required_argument, NULL, OPTION_ON},
    {"compare", required_argument, NULL, OPTION_COMPARE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool
take_number(const char *option, unsigned most, unsigned *ret)
{
    char *end;
    unsigned long value = strtoul(optarg, &end, 10);

    if (*end != '\0' || optarg[0] < '0' || optarg[0] > '9' || value < 1 || value > most) {
        cli_message("test: %s takes a number from 1 to %u, not '%s'", option, most, optarg);
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

static bool
take_memory(test_request *request)
{
    uint64_t size;

    request->where.memory = optarg;
    if (cli_parse_size(optarg, &size) && size > 0)
        return true;
    cli_message("test: --memory takes a size such as 256M or 1G, not '%s'", optarg);
    return false;
}

static bool
take_python(void)
{
    if (strcmp(optarg, VERSION) == 0)
        return true;
    cli_message("test: there is no Python '%s' here, only " VERSION, optarg);
    return false;
}

static bool
take_compare(test_request *request)
{
    if (request->other_count == OTHERS) {
        cli_message("test: --compare can be given %d times", (int)OTHERS);
        return false;
    }
    request->compare[request->other_count++] = optarg;
    return true;
}

static bool
take_option(test_request *request, int option)
{
    switch (option) {
    case 'j':
        return take_number("-j", 256, &request->options.jobs);
    case OPTION_TIMEOUT:
        return take_number("--timeout", 1000000, &request->options.timeout_seconds);
    case OPTION_MEMORY:
        return take_memory(request);
    case OPTION_PYTHON:
        return take_python();
    case OPTION_EXPECTATIONS:
        request->expectations = optarg;
        return true;
    case OPTION_UPDATE:
        request->update = optarg;
        return true;
    case OPTION_JSON:
        request->json = optarg;
        return true;
    case OPTION_JUNIT:
        request->junit = optarg;
        return true;
    case OPTION_LOGS:
        request->options.keep_logs = optarg;
        return true;
    case OPTION_ON:
        request->on = optarg;
        return true;
    default:
        return take_compare(request);
    }
}

/* Everything after "--" is for CPython's runner. The number of arguments before it. */
static int
split(test_request *request, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            request->where.arguments = argv + i + 1;
            request->where.argument_count = argc - i - 1;
            return i;
        }
    }
    return argc;
}

/* 0: go on; anything else is for exit, minus one. */
static int
parse(test_request *request, int argc, char **argv)
{
    int option;

    argc = split(request, argc, argv);
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":j:", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return cli_finish_stdout(0) + 1;
        }
        if (option == '?' || option == ':') {
            cli_message("test: %s '%s' (see krait test --help)",
                        option == ':' ? "a value is missing after" : "unknown option",
                        argv[optind - 1]);
            return KRAIT_EXIT_FAILED + 1;
        }
        if (!take_option(request, option))
            return KRAIT_EXIT_FAILED + 1;
    }
    request->modules = argv + optind;
    request->module_count = (size_t)(argc - optind);
    return 0;
}

/* Which expectations hold: those that were named, or the checkout's for a plain run. */
static int
load_expectations(test_request *request)
{
    char *found = NULL;
    const char *path = request->expectations;
    int status = 0;

    if (path != NULL && strcmp(path, "none") == 0)
        return 0;
    if (path == NULL) {
        found = suite_find_in_checkout(EXPECTATIONS);
        path = found;
    }
    if (path != NULL)
        status = suite_expectations_load(&request->expected, path);
    /* Elsewhere, and with other arguments, other things come out. */
    request->compares = request->expectations != NULL ||
                        (path != NULL && request->where.argument_count == 0 &&
                         suite_where_is_krait(&request->where));
    free(found);
    return status;
}

static int
load_inputs(test_request *request)
{
    size_t i;
    int status = suite_where_find(&request->where, request->on);

    if (status == 0)
        status = load_expectations(request);
    for (i = 0; i < request->other_count && status == 0; i++)
        status = suite_other_load(&request->others[i], request->compare[i]);
    if (status == 0 && request->options.keep_logs != NULL &&
        access(request->options.keep_logs, W_OK | X_OK) != 0) {
        cli_message("test: cannot write to the directory '%s'", request->options.keep_logs);
        status = KRAIT_EXIT_REFUSED;
    }
    return status;
}

/* The modules to run, sorted. 0, or an exit status after a message. */
static int
list_modules(const test_request *request, suite_run *run)
{
    size_t known_count = 0;
    char **known = suite_where_modules(&request->where, &known_count);
    bool all = request->module_count == 0;
    int status = known != NULL ? 0 : KRAIT_EXIT_FAILED;
    size_t i;

    run->modules = cli_need(calloc(known_count + 1, sizeof(*run->modules)));
    for (i = 0; i < request->module_count && status == 0; i++) {
        if (known_count == 0 || bsearch(&request->modules[i], known, known_count, sizeof(char *),
                                        suite_compare_names) == NULL) {
            cli_message("test: there is no test module '%s'", request->modules[i]);
            status = KRAIT_EXIT_MISSING;
        }
    }
    for (i = 0; i < known_count; i++) {
        bool wanted = all;
        size_t k;

        for (k = 0; k < request->module_count && !wanted; k++)
            wanted = strcmp(request->modules[k], known[i]) == 0;
        if (wanted && status == 0)
            run->modules[run->count++].name = known[i];
        else
            free(known[i]);
    }
    free(known);
    return status;
}

/* Known slow modules first, so that none of them is left alone at the end. */
static size_t *
make_order(const suite_run *run, const suite_expectations *expected)
{
    size_t *order = cli_need(calloc(run->count + 1, sizeof(*order)));
    bool *taken = cli_need(calloc(run->count + 1, sizeof(*taken)));
    size_t count = 0;
    size_t i;

    for (i = 0; i < expected->slow_count; i++) {
        const suite_module *module = suite_run_find(run, expected->slow[i]);

        if (module != NULL && !taken[module - run->modules]) {
            taken[module - run->modules] = true;
            order[count++] = (size_t)(module - run->modules);
        }
    }
    for (i = 0; i < run->count; i++) {
        if (!taken[i])
            order[count++] = i;
    }
    free(taken);
    return order;
}

static void
find_version(suite_run *run)
{
    size_t i;

    run->version = VERSION;
    for (i = 0; i < run->count; i++) {
        if (run->modules[i].version[0] != '\0') {
            run->version = run->modules[i].version;
            return;
        }
    }
}

static bool
nothing_failed(const suite_run *run)
{
    size_t i;

    for (i = 0; i < run->count; i++) {
        if (run->modules[i].done &&
            (run->modules[i].outcome == SUITE_FAILED || run->modules[i].totals[SUITE_FAILED] != 0))
            return false;
    }
    return true;
}

/* Whether everything is as it should be; prints what is not. */
static bool
check(const test_request *request, const suite_run *run, bool whole)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to;
    size_t count;

    if (!request->compares)
        return nothing_failed(run);
    to = cli_need(open_memstream(&text, &size));
    count = suite_differences(run, &request->expected, whole, to);
    fclose(to);
    if (count != 0)
        printf("\n%zu differences from what is expected:\n%s", count, text != NULL ? text : "");
    free(text);
    return count == 0;
}

static int
write_files(const test_request *request, const suite_run *run)
{
    int status = 0;
    int other;

    if (request->update != NULL)
        status = suite_update(run, &request->expected, request->update);
    if (request->json != NULL) {
        other = suite_write_json(run, &request->expected, request->json);
        status = status != 0 ? status : other;
    }
    if (request->junit != NULL) {
        other = suite_write_junit(run, request->junit);
        status = status != 0 ? status : other;
    }
    return status;
}

static int
report(const test_request *request, suite_run *run, bool complete)
{
    bool good;
    int status;

    find_version(run);
    suite_print_table(run, request->others, request->other_count);
    suite_print_needs(run, &request->expected);
    good = check(request, run, complete && request->module_count == 0);
    status = write_files(request, run);
    suite_print_summary(run, &request->expected, request->others, request->other_count);
    if (status == 0 && !good && request->update == NULL)
        status = 1;
    return cli_finish_stdout(status);
}

static int
run_tests(test_request *request)
{
    suite_run run = {.on = request->where.on};
    int status = list_modules(request, &run);
    size_t *order = NULL;
    int stopped = 0;

    if (status == 0) {
        order = make_order(&run, &request->expected);
        stopped = suite_run_all(&run, order, &request->where, &request->options);
        status = report(request, &run, stopped == 0);
    }
    if (stopped < 0 && status <= 1)
        status = KRAIT_EXIT_FAILED;
    while (run.count > 0)
        suite_module_release(&run.modules[--run.count]);
    free(run.modules);
    free(order);
    if (stopped > 0) {
        /* Whoever waits for us sees the signal, as if it had not been caught. */
        signal(stopped, SIG_DFL);
        raise(stopped);
    }
    return status;
}

int
krait_cmd_test(int argc, char **argv)
{
    test_request request = {
        .options = {.timeout_seconds = 300}, .where = {.memory = "2G"}, .on = "krait"};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int early;
    int status;
    size_t i;

    cli_runtime_prefer_tests();
    request.options.jobs = processors > 0 && processors <= 256 ? (unsigned)processors : 1;
    request.options.progress = isatty(STDERR_FILENO) != 0;
    early = parse(&request, argc, argv);
    if (early != 0)
        return early - 1;
    status = load_inputs(&request);
    if (status == 0)
        status = run_tests(&request);
    suite_expectations_release(&request.expected);
    suite_where_release(&request.where);
    for (i = 0; i < OTHERS; i++)
        suite_other_release(&request.others[i]);
    return status;
}
