/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of `krait process`, and what of them does not go together.
 */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 1024u

static const char usage[] =
    "usage: krait process --modules DIR --input PATH... --output OUT.db [OPTION...]\n"
    "       krait process --test MODULE.wasm FILE [--filename NAME]\n"
    "\n"
    "Runs every document through every module and keeps what they find in an SQLite\n"
    "database.  PATH is a file, a folder, ARCHIVE!MEMBER, or - for a list on stdin.\n"
    "\n"
    "  --archives               take archives (tar, zip) apart: members are documents\n"
    "  --threads N              workers; as many as there are processors\n"
    "  --state keep|fresh       keep: an instance serves many documents; fresh: one\n"
    "  --resume[=paths]         go on with the database of an earlier run; =paths: without\n"
    "                           a look at files that it has, which may have changed\n"
    "  --runtime native|module  Python modules on the installed Python, or their own\n"
    "\n"
    "of one document and module:\n"
    "  --timeout T              60s; none\n"
    "  --fuel N                 units of execution; no limit\n"
    "  --max-memory SIZE        1G\n"
    "  --max-stack SIZE         64M\n"
    "  --max-rows N             1000000\n"
    "  --max-result SIZE        of rows and sub-content; 256M\n"
    "  --max-output SIZE        of stdout, of stderr; 1M; more is cut off\n"
    "of one document:\n"
    "  --max-document SIZE      1G\n"
    "  --max-recursion-depth N  of documents in documents; 100\n"
    "  --max-children N         documents in it, on all levels; 100000\n"
    "  --max-expansion SIZE     of them together; 4G\n"
    "\n"
    "  -v, --verbose  say more    --quiet  say nothing    --json  summary as JSON\n"
    "\n"
    "krait-process(1) and docs/processing.md say more.\n";

typedef struct option_reader {
    int argc;
    char **argv;
    int at;
    program_options *options;
} option_reader;

static int
wrong(const char *option, const char *value, const char *wanted)
{
    cli_message("%s: '%s' is no %s", option, value, wanted);
    return PROGRAM_EXIT_USAGE;
}

/* Of "--name=value" and "--name value"; NULL after a message. */
static const char *
value_of(option_reader *reader)
{
    char *arg = reader->argv[reader->at];
    char *equals = arg[1] == '-' ? strchr(arg, '=') : NULL;

    if (equals != NULL)
        return equals + 1;
    if (reader->at + 1 < reader->argc)
        return reader->argv[++reader->at];
    cli_message("%s needs a value", arg);
    return NULL;
}

static bool
is_option(const char *arg, const char *name)
{
    const size_t size = strlen(name);

    return strncmp(arg, name, size) == 0 && (arg[size] == '\0' || arg[size] == '=');
}

static void
add_input(program_options *options, const char *path)
{
    options->inputs = cli_need(
        realloc(options->inputs, (options->input_count + 1) * sizeof(options->inputs[0])));
    options->inputs[options->input_count++] = path;
}

/* One, and those that follow it. */
static int
take_inputs(option_reader *reader)
{
    const char *first = value_of(reader);

    if (first == NULL)
        return PROGRAM_EXIT_USAGE;
    add_input(reader->options, first);
    while (reader->at + 1 < reader->argc &&
           (reader->argv[reader->at + 1][0] != '-' || reader->argv[reader->at + 1][1] == '\0'))
        add_input(reader->options, reader->argv[++reader->at]);
    return 0;
}

/* Numbers, sizes and times.  -1: it is another option. */
static int
take_limit(option_reader *reader)
{
    proc_limits *limits = &reader->options->limits;
    uint64_t depth = 0;
    uint64_t threads = 0;
    const struct {
        const char *name;
        uint64_t *to;
        uint64_t least;
        uint64_t most;
    } known[] = {
        {"--threads", &threads, 1, THREADS_MAX},
        {"--fuel", &limits->fuel, 1, INT64_MAX},
        {"--max-memory", &limits->memory, 65536, UINT64_MAX - 1},
        {"--max-stack", &limits->stack, 65536, UINT64_MAX - 1},
        {"--max-rows", &limits->rows, 0, UINT64_MAX - 1},
        {"--max-result", &limits->result, 0, UINT32_MAX},
        {"--max-output", &limits->output, 0, UINT64_C(256) << 20},
        {"--max-document", &limits->document, 0, UINT64_C(1) << 40},
        {"--max-recursion-depth", &depth, 0, 10000},
        {"--max-children", &limits->children, 0, UINT32_MAX},
        {"--max-expansion", &limits->expansion, 0, UINT64_C(1) << 50},
    };
    const char *arg = reader->argv[reader->at];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *value;
        uint64_t number;

        if (!is_option(arg, known[i].name))
            continue;
        value = value_of(reader);
        if (value == NULL)
            return PROGRAM_EXIT_USAGE;
        if (!cli_parse_size(value, &number) || number < known[i].least || number > known[i].most)
            return wrong(known[i].name, value, "number or size that it takes");
        *known[i].to = number;
        if (known[i].to == &depth)
            limits->depth = (unsigned)depth;
        if (known[i].to == &threads)
            reader->options->threads = (unsigned)threads;
        return 0;
    }
    return -1;
}

static int
take_timeout(option_reader *reader)
{
    const char *value = value_of(reader);
    uint64_t *to = &reader->options->limits.timeout_ns;

    if (value == NULL)
        return PROGRAM_EXIT_USAGE;
    if (strcmp(value, "none") == 0)
        *to = KRAIT_UNLIMITED;
    else if (!cli_parse_time(value, to) || *to == 0)
        return wrong("--timeout", value, "time such as 500ms or 5s, and not 'none'");
    return 0;
}

static int
take_choice(option_reader *reader, bool is_state)
{
    const char *value = value_of(reader);

    if (value == NULL)
        return PROGRAM_EXIT_USAGE;
    if (is_state && (strcmp(value, "keep") == 0 || strcmp(value, "fresh") == 0))
        reader->options->is_fresh = *value == 'f';
    else if (!is_state && strcmp(value, "native") == 0)
        reader->options->runtime = PROC_RUNTIME_NATIVE;
    else if (!is_state && strcmp(value, "module") == 0)
        reader->options->runtime = PROC_RUNTIME_MODULE;
    else
        return is_state ? wrong("--state", value, "'keep' or 'fresh'")
                        : wrong("--runtime", value, "'native' or 'module'");
    return 0;
}

static int
take_text(option_reader *reader, const char **to)
{
    *to = value_of(reader);
    return *to != NULL ? 0 : PROGRAM_EXIT_USAGE;
}

/* Options without a value.  False: it is another one. */
static bool
take_flag(const char *arg, program_options *options)
{
    const struct {
        const char *name;
        bool *to;
    } known[] = {
        {"--resume", &options->resumes},     {"--archives", &options->opens_archives},
        {"--verbose", &options->is_verbose}, {"-v", &options->is_verbose},
        {"--quiet", &options->is_quiet},     {"-q", &options->is_quiet},
        {"--json", &options->json},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(arg, known[i].name) == 0) {
            *known[i].to = true;
            return true;
        }
    }
    return false;
}

/* --test MODULE FILE, or with -m and -s as WADUP has it. */
static int
take_test(option_reader *reader)
{
    program_options *options = reader->options;
    const char *arg = reader->argv[reader->at];

    if (strcmp(arg, "-m") == 0)
        return take_text(reader, &options->test_module);
    if (strcmp(arg, "-s") == 0)
        return take_text(reader, &options->test_file);
    if (strcmp(arg, "-f") == 0 || is_option(arg, "--filename"))
        return take_text(reader, &options->filename);
    if (arg[0] == '-' || options->test_file != NULL)
        return -1;
    *(options->test_module == NULL ? &options->test_module : &options->test_file) = arg;
    return 0;
}

static int
take_option(option_reader *reader)
{
    program_options *options = reader->options;
    const char *arg = reader->argv[reader->at];

    if (is_option(arg, "--modules"))
        return take_text(reader, &options->modules);
    if (is_option(arg, "--output"))
        return take_text(reader, &options->output);
    if (is_option(arg, "--input"))
        return take_inputs(reader);
    if (is_option(arg, "--timeout"))
        return take_timeout(reader);
    if (is_option(arg, "--state") || is_option(arg, "--runtime"))
        return take_choice(reader, arg[2] == 's');
    if (strcmp(arg, "--test") == 0 || (strcmp(arg, "test") == 0 && reader->at == 1)) {
        options->is_test = true;
        return 0;
    }
    if (strcmp(arg, "run") == 0 && reader->at == 1)
        return 0;
    if (strcmp(arg, "--resume=paths") == 0 || strcmp(arg, "--resume=contents") == 0) {
        options->resumes = true;
        options->resumes_by_path = arg[9] == 'p';
        return 0;
    }
    if (take_flag(arg, options))
        return 0;
    if (options->is_test && take_test(reader) == 0)
        return 0;
    return take_limit(reader);
}

static int
check(const program_options *options)
{
    const char *missing = NULL;

    if (options->is_test)
        missing = options->test_module == NULL ? "--test needs a module"
                  : options->test_file == NULL ? "--test needs a file"
                                               : NULL;
    else if (options->modules == NULL)
        missing = "--modules is missing";
    else if (options->input_count == 0)
        missing = "--input is missing";
    else if (options->output == NULL)
        missing = "--output is missing";
    if (missing == NULL)
        return -1;
    cli_message("%s; `krait process --help` shows how it is used", missing);
    return PROGRAM_EXIT_USAGE;
}

int
program_parse(program_options *options, int argc, char **argv)
{
    option_reader reader = {argc, argv, 1, options};
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    *options = (program_options){.limits = PROC_LIMITS_INIT};
    options->threads = processors > 0 && processors <= (long)THREADS_MAX ? (unsigned)processors : 1;
    for (; reader.at < argc; reader.at++) {
        int status;

        if (strcmp(argv[reader.at], "--help") == 0 || strcmp(argv[reader.at], "-h") == 0) {
            fputs(usage, stdout);
            return cli_finish_stdout(0);
        }
        status = take_option(&reader);
        if (status < 0) {
            cli_message("'%s' is no option; `krait process --help` lists them", argv[reader.at]);
            status = PROGRAM_EXIT_USAGE;
        }
        if (status != 0)
            return status;
    }
    return check(options);
}
