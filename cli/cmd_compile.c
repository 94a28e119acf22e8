/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait compile: translates a WebAssembly module to native code.
 */
#include "cli.h"

#include <krait/aot.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: krait compile [options] MODULE.wasm -o FILE.krt\n"
    "\n"
    "Translate a WebAssembly module to native code of this machine.\n"
    "\n"
    "  -o FILE         the file to make\n"
    "  --cc CC         C compiler (default: $KRAIT_CC, else the newest clang from 18 on,\n"
    "                  gcc, cc)\n"
    "  -O LEVEL        optimisation level of the compiler (default: 2)\n"
    "  --jobs N        compilers at once (default: processors)\n"
    "  --parts N       C files for the functions (default: by size)\n"
    "  --meter         count what is executed, so that `krait run --fuel` can limit it\n"
    "  --bounds-checked\n"
    "                  check every memory access: for machines that cannot reserve 8 GiB\n"
    "                  of address space\n"
    "  --first FILE    put the code of the functions that FILE names, one in each line,\n"
    "                  side by side in this order, so that short runs of a large module\n"
    "                  begin sooner\n"
    "  --emit-c DIR    keep the C files in the existing directory DIR\n"
    "\n"
    "limits of the compilers, which work on input that nobody vouches for:\n"
    "  --timeout SECONDS        for the whole work (default: 3600)\n"
    "  --cpu-time SECONDS       processor time of each compiler (default: 120)\n"
    "  --memory SIZE            address space of each compiler (default: 4G)\n"
    "  --plain-function N       compile functions of more than N instructions without\n"
    "                           optimisation (default: 100000)\n"
    "  --max-function N         refuse functions of more than N instructions\n"
    "                           (default: 1000000)\n"
    "  --confine auto|require|off\n"
    "                           keep compilers from files and the network: where the\n"
    "                           kernel can, or fail, or not at all (default: auto)\n"
    "The first three take 0 for no limit.\n"
    "\n"
    "  --verbose       show the commands and what compilers say\n"
    "  --help          show this\n";

/* Ceilings of options: ten years, 16 TiB, more than a module can have. */
#define MOST_SECONDS      315360000u
#define MOST_MIB          16777216u
#define MOST_INSTRUCTIONS 1000000000u

/* The one writable global of the program: a signal handler has no argument. */
static volatile sig_atomic_t interrupted;

typedef struct compile_request {
    krait_aot_options options;
    const char *input;
    const char *output;
    bool has_progress; /* a line on the terminal is not finished */
} compile_request;

static void
on_signal(int number)
{
    interrupted = number;
}

static void
show_progress(void *user, unsigned done, unsigned total)
{
    compile_request *request = user;

    request->has_progress = done != total;
    fprintf(stderr, "\rcompiling: step %u of %u%s", done, total, done == total ? "\n" : "");
    fflush(stderr);
}

static void
show_line(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
}

static void
show_note(void *user, const char *line)
{
    compile_request *request = user;

    if (request->has_progress)
        fputc('\n', stderr);
    request->has_progress = false;
    cli_message("'%s': %s", request->input, line);
}

static bool
parse_number(const char *text, const char *option, unsigned most, unsigned *ret)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || value < 1 || value > most) {
        cli_message("%s takes a number from 1 to %u, not '%s'", option, most, text);
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

enum {
    OPTION_CC = 256,
    OPTION_JOBS,
    OPTION_PARTS,
    OPTION_EMIT_C,
    OPTION_FIRST,
    OPTION_METER,
    OPTION_CHECKED,
    OPTION_TIMEOUT,
    OPTION_CPU_TIME,
    OPTION_MEMORY,
    OPTION_PLAIN,
    OPTION_MAX,
    OPTION_CONFINE,
    OPTION_VERBOSE,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"cc", required_argument, NULL, OPTION_CC},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"parts", required_argument, NULL, OPTION_PARTS},
    {"emit-c", required_argument, NULL, OPTION_EMIT_C},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"meter", no_argument, NULL, OPTION_METER},
    {"bounds-checked", no_argument, NULL, OPTION_CHECKED},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"cpu-time", required_argument, NULL, OPTION_CPU_TIME},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"plain-function", required_argument, NULL, OPTION_PLAIN},
    {"max-function", required_argument, NULL, OPTION_MAX},
    {"confine", required_argument, NULL, OPTION_CONFINE},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool
parse_confine(const char *text, krait_aot_confine *ret)
{
    static const char *const names[] = {"auto", "require", "off"};
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (krait_aot_confine)i;
            return true;
        }
    }
    cli_message("--confine takes auto, require or off, not '%s'", text);
    return false;
}

/* 0 stands for no limit. */
static bool
parse_limit(const char *text, const char *option, unsigned most, unsigned *ret)
{
    if (strcmp(text, "0") == 0) {
        *ret = KRAIT_AOT_NO_LIMIT;
        return true;
    }
    return parse_number(text, option, most, ret);
}

static bool
parse_memory(const char *text, unsigned *ret_mib)
{
    uint64_t bytes = 0;

    if (strcmp(text, "0") == 0) {
        *ret_mib = KRAIT_AOT_NO_LIMIT;
        return true;
    }
    if (!cli_parse_size(text, &bytes) || bytes >> 20 == 0 || bytes >> 20 > MOST_MIB) {
        cli_message("--memory takes a size from 1M on, not '%s'", text);
        return false;
    }
    *ret_mib = (unsigned)(bytes >> 20);
    return true;
}

static bool
take_limit(krait_aot_options *options, int option)
{
    switch (option) {
    case OPTION_TIMEOUT:
        return parse_limit(optarg, "--timeout", MOST_SECONDS, &options->timeout_s);
    case OPTION_CPU_TIME:
        return parse_limit(optarg, "--cpu-time", MOST_SECONDS, &options->cpu_s);
    case OPTION_MEMORY:
        return parse_memory(optarg, &options->memory_mib);
    case OPTION_PLAIN:
        return parse_number(optarg, "--plain-function", MOST_INSTRUCTIONS,
                            &options->plain_function);
    case OPTION_MAX:
        return parse_number(optarg, "--max-function", MOST_INSTRUCTIONS, &options->max_function);
    default:
        return parse_confine(optarg, &options->confine);
    }
}

/* A pipe has no size, and would be no names at all. */
static bool
is_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
        return true; /* or what is wrong is said when it is opened */
    cli_message("--first: '%s' is not a regular file: write the names to one", path);
    return false;
}

static bool
take_option(compile_request *request, int option)
{
    krait_aot_options *options = &request->options;

    switch (option) {
    case 'o':
        request->output = optarg;
        return true;
    case 'O':
        options->opt_level = optarg;
        return true;
    case OPTION_CC:
        options->cc = optarg;
        return true;
    case OPTION_JOBS:
        return parse_number(optarg, "--jobs", 256, &options->jobs);
    case OPTION_PARTS:
        return parse_number(optarg, "--parts", 999, &options->parts);
    case OPTION_METER:
        options->meter = 1;
        return true;
    case OPTION_CHECKED:
        options->bounds_checked = 1;
        return true;
    case OPTION_EMIT_C:
        options->emit_c = optarg;
        return true;
    case OPTION_FIRST:
        options->first = optarg;
        return is_file(optarg);
    case OPTION_VERBOSE:
        options->log = show_line;
        return true;
    default:
        return take_limit(options, option);
    }
}

/* 0: go on; anything else is for exit, minus one. */
static int
parse(compile_request *request, int argc, char **argv)
{
    int option;

    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:O:", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return cli_finish_stdout(0) + 1;
        }
        if (option == '?' || option == ':') {
            cli_message("compile: %s '%s' (see krait compile --help)",
                        option == ':' ? "a value is missing after" : "unknown option",
                        argv[optind - 1]);
            return KRAIT_EXIT_FAILED + 1;
        }
        if (!take_option(request, option))
            return KRAIT_EXIT_FAILED + 1;
    }
    if (argc - optind != 1 || request->output == NULL) {
        cli_message("compile: %s (see krait compile --help)",
                    argc - optind == 0  ? "no module was named"
                    : argc - optind > 1 ? "more than one module was named"
                                        : "no output file was named: -o FILE.krt");
        return KRAIT_EXIT_FAILED + 1;
    }
    request->input = argv[optind];
    return 0;
}

static void
catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    size_t i;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction before;

        /* Under nohup it stays ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &action, NULL);
    }
}

int
krait_cmd_compile(int argc, char **argv)
{
    compile_request request = {.options = KRAIT_AOT_OPTIONS_INIT};
    krait_error error;
    krait_status status;
    int early = parse(&request, argc, argv);

    if (early != 0)
        return early - 1;
    if (request.options.log == NULL && isatty(STDERR_FILENO) != 0)
        request.options.progress = show_progress;
    request.options.note = show_note;
    request.options.user = &request;
    request.options.cancel = &interrupted;
    catch_signals();
    status = krait_aot_compile(request.input, request.output, &request.options, &error);
    if (request.has_progress)
        fputc('\n', stderr);
    if (interrupted != 0) {
        /* Whoever waits for us sees the signal, as if it had not been caught. */
        signal(interrupted, SIG_DFL);
        raise(interrupted);
    }
    if (status != KRAIT_OK)
        cli_error(&error);
    return status == KRAIT_OK ? 0 : cli_status_of(&error);
}
