/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack: options and the order of the work.
 */
#include "cli.h"

#ifdef KRAIT_HAS_PACK
#include "pack.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

volatile sig_atomic_t pack_interrupted;

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

static void
on_signal(int number)
{
    pack_interrupted = number;
    if (pack_running != NULL)
        krait_sandbox_cancel(pack_running);
}

static void
catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction before;

        /* Under nohup it stays ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &action, NULL);
    }
}

static void
show_progress(void *user, uint64_t done, uint64_t total)
{
    (void)user;
    fprintf(stderr, "\r\033[K");
    if (done < total)
        fprintf(stderr, "packing: %u %%", total > 0 ? (unsigned)(done * 100 / total) : 100);
    fflush(stderr);
}

/* Seconds in SOURCE_DATE_EPOCH: no later time is written.  False after a message. */
static bool
newest_time(int64_t *ret_ns)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    uint64_t value = 0;

    *ret_ns = 0;
    if (text == NULL || text[0] == '\0')
        return true;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || value > 99999999999u) {
            cli_message("SOURCE_DATE_EPOCH is no number of seconds: '%s'", text);
            return false;
        }
        value = value * 10 + (uint64_t)(*p - '0');
    }
    *ret_ns = value > 9000000000u ? INT64_C(9000000000000000000) : (int64_t)value * 1000000000;
    return true;
}

static void
report(const pack_request *request, const krait_pack_summary *summary)
{
    if (request->json) {
        printf("{\"output\": ");
        cli_json_text(stdout, request->output);
        printf(", \"module_bytes\": %llu, \"image_bytes\": %llu, \"files\": %llu, "
               "\"directories\": %llu, \"links\": %llu, \"content_bytes\": %llu, "
               "\"left_out_files\": %llu, \"left_out_bytes\": %llu}\n",
               (unsigned long long)summary->module, (unsigned long long)summary->image,
               (unsigned long long)summary->files, (unsigned long long)summary->directories,
               (unsigned long long)summary->links, (unsigned long long)summary->contents,
               (unsigned long long)request->left_files, (unsigned long long)request->left_bytes);
        return;
    }
    if (request->verbose || isatty(STDERR_FILENO) != 0)
        fprintf(stderr, "%s: %llu bytes; %llu files of %llu bytes in %llu\n", request->output,
                (unsigned long long)summary->module, (unsigned long long)summary->files,
                (unsigned long long)summary->contents, (unsigned long long)summary->image);
}

static int
write_module(pack_request *request)
{
    krait_pack_options options = {.size = sizeof(options),
                                  .strip = request->strip,
                                  .plain = request->plain,
                                  .cancel = &pack_interrupted};
    krait_pack_summary summary;
    krait_error err;

    if (!newest_time(&options.newest_ns))
        return KRAIT_EXIT_FAILED;
    if (isatty(STDERR_FILENO) != 0)
        options.progress = show_progress;
    if (krait_pack_write(request->pack, request->output, &options, &summary, &err) != KRAIT_OK) {
        if (options.progress != NULL)
            show_progress(NULL, 1, 1);
        if (pack_interrupted == 0)
            cli_error(&err);
        return err.code == KRAIT_EIO ? KRAIT_EXIT_FAILED : cli_status_of(&err);
    }
    if (options.progress != NULL)
        show_progress(NULL, 1, 1);
    report(request, &summary);
    return pack_report(request);
}

typedef int (*pack_step)(pack_request *request);

static int
make(pack_request *request)
{
    static const pack_step steps[] = {
        pack_open_base, pack_gather, pack_set_entry, pack_shake, pack_compile, write_module, NULL};
    int exit_status = 0;

    for (size_t i = 0; steps[i] != NULL && exit_status == 0 && pack_interrupted == 0; i++)
        exit_status = steps[i](request);
    return exit_status;
}

static void
release(pack_request *request)
{
    krait_pack_free(request->pack);
    pack_list_release(&request->deps);
    pack_list_release(&request->adds);
    pack_list_release(&request->env);
    pack_list_release(&request->keeps);
    pack_list_release(&request->argv);
    pack_list_release(&request->start_set);
    cli_grants_release(&request->grants);
    free(request->module);
    free(request->tree);
    free(request->start);
    free(request->report);
}

int
krait_cmd_pack(int argc, char **argv)
{
    pack_request request = {.has_library = true};
    int exit_status = parse(&request, argc, argv);

    if (exit_status != 0) {
        release(&request);
        return exit_status - 1;
    }
    catch_signals();
    exit_status = request.action == PACK_MAKE ? make(&request) : pack_show(&request);
    release(&request);
    if (pack_interrupted != 0) {
        /* Whoever waits for us sees the signal, as if it had not been caught. */
        signal(pack_interrupted, SIG_DFL);
        raise(pack_interrupted);
    }
    return cli_finish_stdout(exit_status);
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
