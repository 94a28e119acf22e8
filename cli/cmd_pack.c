/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack: options and the order of the work.
 */
#include "cli.h"

#ifdef KRAIT_HAS_PACK
#include "pack.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: krait pack [APP] -o OUT.wasm [options] [-- ARGUMENT...]\n"
    "       krait pack --list|--verify|--extract DIR FILE.wasm [--json]\n"
    "\n"
    "Make one WebAssembly module of Python, its standard library, an application and what\n"
    "that needs. It runs on every WASI engine, with no folder mapped. APP is a file, a\n"
    "folder, a wheel or a zip archive; without one the module is just Python.\n"
    "\n"
    "  -o, --output FILE        the module to make or replace\n"
    "  --deps DIR|WHEEL         packages beside the standard library: a folder that `pip\n"
    "                           install --target` has filled, or a wheel; may be repeated\n"
    "  --add HOST::GUEST        a data file or folder; may be repeated\n"
    "  --entry MODULE[:FUNC]    what starts; default: __main__.py, or the file\n"
    "  -m MODULE, -c CODE       the same, as Python's options\n"
    "  --env NAME=VALUE         a variable that the host need not give; may be repeated\n"
    "  --writable SIZE          packed folders can be changed, in memory, up to SIZE\n"
    "  --sources none|both|only byte code without sources (default), with them, or sources\n"
    "                           alone\n"
    "  --optimize 0|1|2         as python -O and -OO (which drops docstrings); default: 0\n"
    "  --strip                  without names of functions and debugging information\n"
    "  --tree-shake             only the modules that a recorded run and the import graph\n"
    "                           need; ARGUMENTs are for the recorded run\n"
    "  --keep MODULE            this one, too, or PACKAGE.*; may be repeated\n"
    "  --dir HOST[::GUEST]      a folder for the recorded run; may be repeated\n"
    "  --left-out FILE          where to write what was left out (default:\n"
    "                           OUT.wasm.left-out.txt); with --verbose also to stderr\n"
    "  --python FILE|DIR        the module to pack into, or a folder that\n"
    "                           `krait build-python --out` has made; a packed module, too\n"
    "  --stdlib yes|no          the standard library (default: yes)\n"
    "  --plain                  without compression\n"
    "  --list                   say what is packed\n"
    "  --verify                 compare everything with its checksums\n"
    "  --extract DIR            write everything into the new or empty folder DIR\n"
    "  --json                   the result, or the list, as JSON\n"
    "  --verbose                say what is done\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0; 1 --verify found damage; 125 wrong usage, or it did not work; 126, 127\n"
    "what was named cannot be used or does not exist.\n";

enum {
    OPTION_DEPS = 256,
    OPTION_ADD,
    OPTION_ENTRY,
    OPTION_ENV,
    OPTION_WRITABLE,
    OPTION_SOURCES,
    OPTION_OPTIMIZE,
    OPTION_STRIP,
    OPTION_SHAKE,
    OPTION_KEEP,
    OPTION_DIR,
    OPTION_LEFT_OUT,
    OPTION_PYTHON,
    OPTION_STDLIB,
    OPTION_PLAIN,
    OPTION_LIST,
    OPTION_VERIFY,
    OPTION_EXTRACT,
    OPTION_JSON,
    OPTION_VERBOSE,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"deps", required_argument, NULL, OPTION_DEPS},
    {"add", required_argument, NULL, OPTION_ADD},
    {"entry", required_argument, NULL, OPTION_ENTRY},
    {"env", required_argument, NULL, OPTION_ENV},
    {"writable", required_argument, NULL, OPTION_WRITABLE},
    {"sources", required_argument, NULL, OPTION_SOURCES},
    {"optimize", required_argument, NULL, OPTION_OPTIMIZE},
    {"strip", no_argument, NULL, OPTION_STRIP},
    {"tree-shake", no_argument, NULL, OPTION_SHAKE},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"left-out", required_argument, NULL, OPTION_LEFT_OUT},
    {"python", required_argument, NULL, OPTION_PYTHON},
    {"stdlib", required_argument, NULL, OPTION_STDLIB},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"list", no_argument, NULL, OPTION_LIST},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"extract", required_argument, NULL, OPTION_EXTRACT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* ---- options ------------------------------------------------------------------------------ */

static bool
wrong(const char *option, const char *wanted, const char *found)
{
    cli_message("pack: %s takes %s, not '%s' (see krait pack --help)", option, wanted, found);
    return false;
}

static bool
take_entry(pack_request *request, pack_entry kind)
{
    if (request->entry_kind != PACK_ENTRY_DEFAULT) {
        cli_message("pack: only one of --entry, -m and -c can be what starts");
        return false;
    }
    request->entry_kind = kind;
    request->entry = optarg;
    return true;
}

static bool
take_action(pack_request *request, pack_action action)
{
    if (request->action != PACK_MAKE && request->action != action) {
        cli_message("pack: only one of --list, --verify and --extract can be done");
        return false;
    }
    request->action = action;
    if (action == PACK_EXTRACT)
        request->extract_to = optarg;
    return true;
}

/* One of the words; the number of it. */
static bool
take_word(const char *option, const char *const *words, unsigned *ret)
{
    char wanted[128] = "";
    size_t used = 0;

    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(optarg, words[i]) == 0) {
            *ret = i;
            return true;
        }
        used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s%s", i > 0 ? ", " : "",
                                 words[i]);
    }
    return wrong(option, wanted, optarg);
}

static bool
take_writable(pack_request *request)
{
    if (!cli_parse_size(optarg, &request->writable) || request->writable == 0 ||
        request->writable > UINT32_MAX)
        return wrong("--writable", "a size from 1 to 4G less 1", optarg);
    return true;
}

static bool
take_list(pack_request *request, int option)
{
    switch (option) {
    case OPTION_DEPS:
        pack_list_add(&request->deps, optarg);
        return true;
    case OPTION_ADD:
        pack_list_add(&request->adds, optarg);
        return true;
    case OPTION_ENV:
        pack_list_add(&request->env, optarg);
        return true;
    case OPTION_KEEP:
        pack_list_add(&request->keeps, optarg);
        return true;
    default:
        return cli_grants_add(&request->grants, "--dir", optarg, false) == 0;
    }
}

static bool
take_word_option(pack_request *request, int option)
{
    static const char *const sources[] = {"none", "both", "only", NULL};
    static const char *const levels[] = {"0", "1", "2", NULL};
    static const char *const yes_no[] = {"no", "yes", NULL};
    unsigned which = 0;

    switch (option) {
    case OPTION_SOURCES:
        if (!take_word("--sources", sources, &which))
            return false;
        request->sources = (pack_sources)which;
        return true;
    case OPTION_OPTIMIZE:
        return take_word("--optimize", levels, &request->optimize);
    case OPTION_STDLIB:
        if (!take_word("--stdlib", yes_no, &which))
            return false;
        request->has_library = which == 1;
        return true;
    case OPTION_WRITABLE:
        return take_writable(request);
    default:
        return take_list(request, option);
    }
}

static bool
take_flag(pack_request *request, int option)
{
    switch (option) {
    case OPTION_STRIP:
        request->strip = true;
        return true;
    case OPTION_SHAKE:
        request->shake = true;
        return true;
    case OPTION_PLAIN:
        request->plain = true;
        return true;
    case OPTION_JSON:
        request->json = true;
        return true;
    case OPTION_VERBOSE:
        request->verbose = true;
        return true;
    case OPTION_LIST:
        return take_action(request, PACK_LIST);
    case OPTION_VERIFY:
        return take_action(request, PACK_VERIFY);
    default:
        return take_word_option(request, option);
    }
}

static bool
take_option(pack_request *request, int option)
{
    switch (option) {
    case 'o':
        request->output = optarg;
        return true;
    case OPTION_PYTHON:
        request->python = optarg;
        return true;
    case OPTION_LEFT_OUT:
        request->left_out = optarg;
        return true;
    case OPTION_ENTRY:
        return take_entry(request, PACK_ENTRY_NAMED);
    case 'm':
        return take_entry(request, PACK_ENTRY_MODULE);
    case 'c':
        return take_entry(request, PACK_ENTRY_CODE);
    case OPTION_EXTRACT:
        return take_action(request, PACK_EXTRACT);
    default:
        return take_flag(request, option);
    }
}

static int
check(const pack_request *request)
{
    const char *problem = NULL;

    if (request->action != PACK_MAKE && request->subject == NULL)
        problem = "no packed module was named";
    else if (request->action != PACK_MAKE && request->output != NULL)
        problem = "-o is for packing, not for --list, --verify and --extract";
    else if (request->action == PACK_MAKE &&
             (request->output == NULL || request->output[0] == '\0'))
        problem = "no output was named: -o OUT.wasm";
    else if (request->arg_count > 0 && !request->shake)
        problem = "arguments behind -- are for the recorded run of --tree-shake";
    else if (!request->shake && (request->keeps.count > 0 || request->left_out != NULL))
        problem = "--keep and --left-out belong to --tree-shake";
    if (problem == NULL)
        return 0;
    cli_message("pack: %s (see krait pack --help)", problem);
    return KRAIT_EXIT_FAILED;
}

/* APP may stand before, between and behind the options.  0; else an exit status, plus one. */
static int
parse(pack_request *request, int argc, char **argv)
{
    int option;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            request->args = argv + i + 1;
            request->arg_count = argc - i - 1;
            argc = i;
        }
    }
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "-:o:m:c:h", long_options, NULL)) != -1) {
        if (option == OPTION_HELP || option == 'h') {
            fputs(usage, stdout);
            return cli_finish_stdout(0) + 1;
        }
        if (option == '?' || option == ':') {
            cli_message("pack: %s '%s' (see krait pack --help)",
                        option == ':' ? "a value is missing after" : "unknown option",
                        argv[optind - 1]);
            return KRAIT_EXIT_FAILED + 1;
        }
        if (option == 1 && request->subject == NULL) {
            request->subject = optarg;
        } else if (option == 1) {
            cli_message("pack: '%s' and '%s' were both named (see krait pack --help)",
                        request->subject, optarg);
            return KRAIT_EXIT_FAILED + 1;
        } else if (!take_option(request, option)) {
            return KRAIT_EXIT_FAILED + 1;
        }
    }
    option = check(request);
    return option == 0 ? 0 : option + 1;
}

/* ---- the work ----------------------------------------------------------------------------- */

int
krait_cmd_pack(int argc, char **argv)
{
    static const pack_step steps[] = {pack_check_output, pack_open_base, pack_gather,
                                      pack_set_entry,    pack_shake,     pack_compile,
                                      pack_write,        pack_report,    NULL};
    pack_request request = {.command = "pack", .has_library = true};

    return pack_run(&request, parse(&request, argc, argv), steps);
}

#else

int
krait_cmd_pack(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    cli_message("this krait was built without zlib or liblzma, which `krait pack` needs: install "
                "their development files and build it again");
    return KRAIT_EXIT_FAILED;
}

#endif
