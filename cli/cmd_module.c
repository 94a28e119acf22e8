/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait module: options and the order of the work.
 */
#include "cli.h"

#ifdef KRAIT_HAS_PACK
#include "module.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: krait module SCRIPT|DIR -o OUT.wasm [options]\n"
    "       krait module --list|--verify|--extract DIR FILE.wasm [--json]\n"
    "\n"
    "Make one WebAssembly module of a Python script, or of a project with pyproject.toml: it\n"
    "exports process(), which runs the script once for each document (see krait process).\n"
    "\n"
    "  -o, --output FILE        the module to make or replace\n"
    "  --entry MODULE[:FUNC]    what is called for each document, instead of what the project\n"
    "                           says; default function: main\n"
    "  --deps DIR|WHEEL         the dependencies, instead of having pip fetch them: a folder\n"
    "                           that `pip install --target` has filled, or a wheel; may be\n"
    "                           repeated\n"
    "  --offline                pip may not use the network, only what PIP_FIND_LINKS names\n"
    "  --add HOST::GUEST        a data file or folder, to a place below /app; may be repeated\n"
    "  --name NAME              the module's name in its section krait.module\n"
    "  --runtime FILE|DIR       the module runtime to pack into\n"
    "  --strip                  without names of functions and debugging information\n"
    "  --plain                  without compression\n"
    "  --list                   say what is in a module\n"
    "  --verify                 compare everything with its checksums\n"
    "  --extract DIR            write its files into the new or empty folder DIR\n"
    "  --json                   the result, or the list, as JSON\n"
    "  --verbose                say what is done\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0; 1 --verify found damage; 125 wrong usage, or it did not work; 126, 127\n"
    "what was named cannot be used or does not exist.\n";

enum {
    OPTION_ENTRY = 256,
    OPTION_DEPS,
    OPTION_OFFLINE,
    OPTION_ADD,
    OPTION_NAME,
    OPTION_RUNTIME,
    OPTION_STRIP,
    OPTION_PLAIN,
    OPTION_LIST,
    OPTION_VERIFY,
    OPTION_EXTRACT,
    OPTION_JSON,
    OPTION_VERBOSE
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"entry", required_argument, NULL, OPTION_ENTRY},
    {"deps", required_argument, NULL, OPTION_DEPS},
    {"offline", no_argument, NULL, OPTION_OFFLINE},
    {"add", required_argument, NULL, OPTION_ADD},
    {"name", required_argument, NULL, OPTION_NAME},
    {"runtime", required_argument, NULL, OPTION_RUNTIME},
    {"strip", no_argument, NULL, OPTION_STRIP},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"list", no_argument, NULL, OPTION_LIST},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"extract", required_argument, NULL, OPTION_EXTRACT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* ---- options ------------------------------------------------------------------------------ */

static const char *
take_action(pack_request *request, pack_action action)
{
    if (request->action != PACK_MAKE && request->action != action)
        return "only one of --list, --verify and --extract can be done";
    request->action = action;
    if (action == PACK_EXTRACT)
        request->extract_to = optarg;
    return NULL;
}

static const char *
take_add(pack_request *request)
{
    const char *colons = strstr(optarg, "::");

    if (colons == NULL || !pack_is_below(colons + 2, PACK_APP))
        return "--add takes HOST::GUEST, where GUEST is below " PACK_APP;
    pack_list_add(&request->adds, optarg);
    return NULL;
}

/* Options without a value.  NULL; else what is wrong, as the next. */
static const char *
take_flag(pack_request *request, int option)
{
    switch (option) {
    case OPTION_OFFLINE:
        request->document.is_offline = true;
        return NULL;
    case OPTION_STRIP:
        request->strip = true;
        return NULL;
    case OPTION_PLAIN:
        request->plain = true;
        return NULL;
    case OPTION_JSON:
        request->json = true;
        return NULL;
    case OPTION_VERBOSE:
        request->verbose = true;
        return NULL;
    default:
        return take_action(request, option == OPTION_LIST ? PACK_LIST : PACK_VERIFY);
    }
}

static const char *
take_option(pack_request *request, int option)
{
    switch (option) {
    case 1:
        if (request->subject != NULL)
            return "more than one script, folder or module was named";
        request->subject = optarg;
        return NULL;
    case 'o':
        request->output = optarg;
        return NULL;
    case OPTION_ENTRY:
        request->entry = optarg;
        return NULL;
    case OPTION_DEPS:
        pack_list_add(&request->deps, optarg);
        return NULL;
    case OPTION_ADD:
        return take_add(request);
    case OPTION_NAME:
        request->document.name = optarg;
        return optarg[0] == '\0' ? "--name is empty" : NULL;
    case OPTION_RUNTIME:
        request->python = optarg;
        return NULL;
    case OPTION_EXTRACT:
        return take_action(request, PACK_EXTRACT);
    default:
        return take_flag(request, option);
    }
}

static const char *
check(const pack_request *request)
{
    if (request->action != PACK_MAKE && request->subject == NULL)
        return "no module was named";
    if (request->action != PACK_MAKE && request->output != NULL)
        return "-o is for making a module, not for --list, --verify and --extract";
    if (request->action != PACK_MAKE)
        return NULL;
    if (request->subject == NULL || request->subject[0] == '\0')
        return "no script and no folder was named";
    if (request->output == NULL || request->output[0] == '\0')
        return "no output was named: -o OUT.wasm";
    return NULL;
}

/* 0; else an exit status, plus one. */
static int
parse(pack_request *request, int argc, char **argv)
{
    const char *problem = NULL;
    int option;

    optind = 1;
    opterr = 0;
    while (problem == NULL &&
           (option = getopt_long(argc, argv, "-:o:h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return cli_finish_stdout(0) + 1;
        }
        if (option == '?' || option == ':') {
            pack_message(request, "%s '%s' (see krait module --help)",
                         option == ':' ? "a value is missing after" : "unknown option",
                         argv[optind - 1]);
            return KRAIT_EXIT_FAILED + 1;
        }
        problem = take_option(request, option);
    }
    if (problem == NULL && optind < argc && request->subject == NULL)
        request->subject = argv[optind++];
    if (problem == NULL && optind < argc)
        problem = "more than one script, folder or module was named";
    if (problem == NULL)
        problem = check(request);
    if (problem == NULL)
        return 0;
    pack_message(request, "%s (see krait module --help)", problem);
    return KRAIT_EXIT_FAILED + 1;
}

int
krait_cmd_module(int argc, char **argv)
{
    static const pack_step steps[] = {module_look,         pack_check_output, pack_open_base,
                                      module_read_project, module_choose,     module_fetch,
                                      pack_gather,         module_set_start,  module_check_needs,
                                      pack_compile,        pack_write,        NULL};
    pack_request request = {.command = "module",
                            .has_library = true,
                            .sources = PACK_BOTH,
                            .document = {.is_wanted = true}};

    return pack_run(&request, parse(&request, argc, argv), steps);
}

#else

int
krait_cmd_module(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    cli_message("this krait was built without zlib or liblzma, which `krait module` needs: install "
                "their development files and build it again");
    return KRAIT_EXIT_FAILED;
}

#endif
