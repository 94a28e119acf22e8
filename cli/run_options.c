/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of `krait run`: krait's options, Python's options, the program
 * and its arguments.  krait's options may stand anywhere before the program.
 */
#include "cli.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void
cli_run_release(cli_run_request *request)
{
    size_t i;

    cli_grants_release(&request->grants);
    for (i = 0; i < 2 * request->environ_count; i++)
        free(request->environ[i]);
    free(request->environ);
    free(request->python);
}

static int
add_environ(cli_run_request *request, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t name_size = equals != NULL ? (size_t)(equals - text) : strlen(text);
    char *name;
    const char *value;

    if (name_size == 0) {
        cli_message("--env: '%s' is not NAME=VALUE", text);
        return KRAIT_EXIT_FAILED;
    }
    name = cli_need(strndup(text, name_size));
    value = equals != NULL ? equals + 1 : getenv(name);
    if (value == NULL) {
        cli_message("--env: '%s' is not set here; give NAME=VALUE", name);
        free(name);
        return KRAIT_EXIT_FAILED;
    }
    request->environ = cli_need(
        realloc(request->environ, (request->environ_count + 1) * 2 * sizeof(char *)));
    request->environ[2 * request->environ_count] = name;
    request->environ[2 * request->environ_count + 1] = cli_need(strdup(value));
    request->environ_count++;
    return 0;
}

const char *
cli_option_value(int argc, char **argv, int *index, size_t name_size)
{
    const char *rest = argv[*index] + name_size;

    if (rest[0] == '=' && argv[*index][1] == '-')
        return rest + 1;
    if (rest[0] != '\0')
        return rest;
    if (*index + 1 >= argc) {
        cli_message("option '%s' needs a value; see `krait run --help`", argv[*index]);
        return NULL;
    }
    return argv[++*index];
}

bool
cli_is_long(const char *arg, const char *name)
{
    size_t size = strlen(name);

    return strncmp(arg, name, size) == 0 && (arg[size] == '\0' || arg[size] == '=');
}

static int
take_fuel(cli_run_request *request, const char *value)
{
    uint64_t fuel = 0;

    for (; *value >= '0' && *value <= '9' && fuel < INT64_MAX / 10 - 1; value++)
        fuel = fuel * 10 + (uint64_t)(*value - '0');
    if (*value == '\0' && fuel > 0) {
        request->fuel = fuel;
        return 0;
    }
    cli_message("--fuel takes a number from 1 on, at most 18 digits");
    return KRAIT_EXIT_FAILED;
}

/* The seed comes after "=": a word that follows the option is the program. */
static int
take_deterministic(cli_run_request *request, const char *equals)
{
    uint64_t seed = 0;
    const char *at = equals[0] == '=' ? equals + 1 : "0";

    do {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(seed, 10, &seed) ||
            __builtin_add_overflow(seed, (uint64_t)(*at - '0'), &seed)) {
            cli_message("--deterministic takes a number from 0 to 18446744073709551615");
            return KRAIT_EXIT_FAILED;
        }
    } while (*++at != '\0');
    request->is_deterministic = true;
    request->seed = seed;
    return 0;
}

static int
take_status_fd(cli_run_request *request, const char *value)
{
    uint64_t fd;
    int flags = cli_parse_size(value, &fd) && fd <= INT_MAX && cli_stdio((int)fd) >= 0
                    ? fcntl((int)fd, F_GETFL)
                    : -1;

    if (flags < 0) {
        cli_message("--status-fd: '%s' is no open descriptor", value);
        return KRAIT_EXIT_FAILED;
    }
    /* Else a program would have run whose result nobody gets. */
    if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
        cli_message("--status-fd: '%s' is not open for writing", value);
        return KRAIT_EXIT_FAILED;
    }
    request->status_fd = (int)fd;
    return 0;
}

/* Options about how the program starts and runs as a whole, and about its end; -1: it is none. */
static int
take_report(cli_run_request *request, int argc, char **argv, int *index)
{
    const char *arg = argv[*index];
    const char *value;

    if (strcmp(arg, "--show-fuel") == 0) {
        request->show_fuel = true;
        return 0;
    }
    if (strcmp(arg, "--no-snapshot") == 0) {
        request->no_snapshot = true;
        request->only_snapshot = false;
        return 0;
    }
    if (strcmp(arg, "--snapshot") == 0) {
        request->no_snapshot = false;
        request->only_snapshot = true;
        return 0;
    }
    if (strcmp(arg, "--json") == 0) {
        request->json = true;
        return 0;
    }
    if (cli_is_long(arg, "--deterministic"))
        return take_deterministic(request, arg + strlen("--deterministic"));
    if (!cli_is_long(arg, "--status-fd"))
        return -1;
    value = cli_option_value(argc, argv, index, 11);
    return value != NULL ? take_status_fd(request, value) : KRAIT_EXIT_FAILED;
}

/* One krait option at argv[*index]: -1 it is none, 0 taken, else an exit status. */
static int
take_option(cli_run_request *request, int argc, char **argv, int *index)
{
    const char *arg = argv[*index];
    const char *value;
    bool is_env = strncmp(arg, "-e", 2) == 0;
    int status = cli_limits_option(&request->limits, argc, argv, index);

    if (status < 0)
        status = take_report(request, argc, argv, index);
    if (status >= 0)
        return status;
    if (cli_is_long(arg, "--fuel")) {
        value = cli_option_value(argc, argv, index, 6);
        return value != NULL ? take_fuel(request, value) : KRAIT_EXIT_FAILED;
    }
    if (!is_env && !cli_is_long(arg, "--env") && !cli_is_long(arg, "--dir") &&
        !cli_is_long(arg, "--mapdir"))
        return -1;
    if (is_env || arg[2] == 'e') {
        value = cli_option_value(argc, argv, index, is_env ? 2 : 5);
        return value != NULL ? add_environ(request, value) : KRAIT_EXIT_FAILED;
    }
    value = cli_option_value(argc, argv, index, arg[2] == 'd' ? 5 : 8);
    if (value == NULL)
        return KRAIT_EXIT_FAILED;
    return cli_grants_add(&request->grants, arg[2] == 'd' ? "--dir" : "--mapdir", value,
                          arg[2] == 'm');
}

/* Everything from `first` on belongs to the program. */
static void
keep_rest(cli_run_request *request, int argc, char **argv, int first)
{
    while (first < argc)
        request->python[request->python_count++] = argv[first++];
}

/* Keeps Python's argument at argv[*index] and says what it is; the value of an
 * option is kept with it. */
static cli_python_arg
keep_python(cli_run_request *request, int argc, char **argv, int *index)
{
    cli_python_arg kind = cli_python_classify(argv[*index]);

    request->python[request->python_count++] = argv[*index];
    if (kind == CLI_PYTHON_VALUE && *index + 1 < argc)
        request->python[request->python_count++] = argv[++*index];
    return kind;
}

/* The first argument after all options, if any, is the script. */
static void
find_script(cli_run_request *request, int argc, char **argv, int first, bool informs)
{
    if (!informs && first < argc && strcmp(argv[first], "-") != 0)
        request->script_index = request->python_count;
    keep_rest(request, argc, argv, first);
}

/* "--" stands before the module: what follows that may come from anybody, and grants nothing. */
static bool
has_ended(const cli_run_request *request)
{
    for (int i = 0; i < request->script_index; i++) {
        if (strcmp(request->python[i], "--") == 0)
            return true;
    }
    return false;
}

int
cli_run_after_module(cli_run_request *request)
{
    const int count = has_ended(request) ? 0 : request->python_count;
    int first = request->script_index + 1;
    int at = first;

    for (; at < count && cli_is_long(request->python[at], "--mapdir"); at++) {
        const char *value = cli_option_value(request->python_count, request->python, &at, 8);
        int status = KRAIT_EXIT_FAILED;

        if (value != NULL)
            status = cli_grants_add(&request->grants, "--mapdir", value, true);
        if (status != 0)
            return status;
    }
    if (at < request->python_count && strcmp(request->python[at], "--") == 0)
        at++;
    while (at < request->python_count)
        request->python[first++] = request->python[at++];
    request->python_count = first;
    return 0;
}

int
cli_run_parse(cli_run_request *request, int argc, char **argv, bool own_options)
{
    bool informs = false;
    int i;

    memset(request, 0, sizeof(*request));
    request->script_index = -1;
    request->status_fd = -1;
    cli_limits_init(&request->limits);
    request->python = cli_need(calloc((size_t)argc + 1, sizeof(char *)));
    for (i = 1; i < argc; i++) {
        int status = own_options ? take_option(request, argc, argv, &i) : -1;
        cli_python_arg kind;

        if (status > 0)
            return status;
        if (status == 0)
            continue;
        if (cli_python_classify(argv[i]) == CLI_PYTHON_PROGRAM)
            break;
        kind = keep_python(request, argc, argv, &i);
        if (kind == CLI_PYTHON_UNKNOWN && own_options) {
            cli_message("unknown option '%s'; see `krait run --help`", argv[i]);
            return KRAIT_EXIT_FAILED;
        }
        if (kind == CLI_PYTHON_INLINE) {
            keep_rest(request, argc, argv, i + 1);
            return 0;
        }
        informs = informs || kind == CLI_PYTHON_INFORMS;
        if (kind == CLI_PYTHON_END) {
            i++;
            break;
        }
    }
    find_script(request, argc, argv, i, informs);
    return 0;
}
