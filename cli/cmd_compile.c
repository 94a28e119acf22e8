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
    "  --emit-c DIR    keep the C files in the existing directory DIR\n"
    "  --verbose       show the commands and what compilers say\n"
    "  --help          show this\n";

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
    OPTION_METER,
    OPTION_CHECKED,
    OPTION_VERBOSE,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"cc", required_argument, NULL, OPTION_CC},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"parts", required_argument, NULL, OPTION_PARTS},
    {"emit-c", required_argument, NULL, OPTION_EMIT_C},
    {"meter", no_argument, NULL, OPTION_METER},
    {"bounds-checked", no_argument, NULL, OPTION_CHECKED},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool
take_option(compile_request *request, int option)
{
    switch (option) {
    case 'o':
        request->output = optarg;
        return true;
    case 'O':
        request->options.opt_level = optarg;
        return true;
    case OPTION_CC:
        request->options.cc = optarg;
        return true;
    case OPTION_JOBS:
        return parse_number(optarg, "--jobs", 256, &request->options.jobs);
    case OPTION_PARTS:
        return parse_number(optarg, "--parts", 999, &request->options.parts);
    case OPTION_METER:
        request->options.meter = 1;
        return true;
    case OPTION_CHECKED:
        request->options.bounds_checked = 1;
        return true;
    case OPTION_EMIT_C:
        request->options.emit_c = optarg;
        return true;
    default:
        request->options.log = show_line;
        return true;
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

static int
exit_code(krait_status status, const krait_error *error)
{
    switch (status) {
    case KRAIT_OK:
        return 0;
    case KRAIT_ENOTFOUND:
        return KRAIT_EXIT_MISSING;
    case KRAIT_EINVAL:
        /* The module cannot be read, or an option is wrong. */
        return error->sys_errno != 0 ? KRAIT_EXIT_REFUSED : KRAIT_EXIT_FAILED;
    case KRAIT_EFORMAT:
    case KRAIT_EUNSUPPORTED:
    case KRAIT_ELIMIT:
        return KRAIT_EXIT_REFUSED;
    default:
        return KRAIT_EXIT_FAILED;
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
    return exit_code(status, &error);
}
