/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the subcommands share: exit codes, messages, and small tools.
 *
 * A subcommand is one file, cmd_NAME.c, with one function that gets the
 * arguments after its name (argv[0] is the name) and returns the exit status.
 */
#ifndef KRAIT_CLI_H
#define KRAIT_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <krait/krait.h>

/* Statuses that are krait's own; all others are the guest's. */
enum {
    KRAIT_EXIT_LIMIT = 124,   /* a limit was reached */
    KRAIT_EXIT_FAILED = 125,  /* krait could not start the program; wrong usage */
    KRAIT_EXIT_REFUSED = 126, /* found, but not runnable */
    KRAIT_EXIT_MISSING = 127, /* not found */
    KRAIT_EXIT_TRAPPED = 134  /* the guest was stopped by a trap (as after SIGABRT) */
};

/* No status: the program has not begun, and another way to start it may work. */
#define CLI_NOT_STARTED (-1)
/* The same, and the snapshot is to blame. */
#define CLI_DAMAGED (-2)

int krait_cmd_run(int argc, char **argv);
int krait_cmd_python(int argc, char **argv);
int krait_cmd_compile(int argc, char **argv);
int krait_cmd_inspect(int argc, char **argv);
int krait_cmd_doctor(int argc, char **argv);
int krait_cmd_test(int argc, char **argv);
int krait_cmd_build_python(int argc, char **argv);
int krait_cmd_snapshot(int argc, char **argv);
int krait_cmd_pack(int argc, char **argv);
int krait_cmd_process(int argc, char **argv);
int krait_cmd_module(int argc, char **argv);

/* report.c: one line on stderr, "krait: " in front, with "?" for what a terminal would obey. */
void cli_message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cli_error(const krait_error *err);
/* Whether a terminal would obey the character there instead of showing it. */
bool cli_is_obeyed(const char *at);
/* Text of anybody's, with lines and tabs but nothing else that a terminal would obey. */
void cli_put_plain(FILE *to, const char *text, size_t size);
/* What was said last, without the name of the program; "" before. */
const char *cli_last_message(void);
/* The exit status for what went wrong with a module. */
int cli_status_of(const krait_error *err);
/* Ends the program with "out of memory" when `pointer` is NULL; returns it. */
void *cli_need(void *pointer);
/* Flushes stdout; KRAIT_EXIT_FAILED with a message when that fails, else `status`. */
int cli_finish_stdout(int status);

/* stdio.c: descriptors 0 to 2 that were closed at start.  Reserve first of all, so
 * that no file opened later takes their place; then `fd`, or -1 when it was closed. */
void cli_stdio_reserve(void);
int cli_stdio(int fd);

/* own.c: PREFIX/bin/krait, also in the program behind it, and PREFIX; allocated, or NULL. */
char *cli_own_program(void);
char *cli_own_prefix(void);
/* PREFIX/libexec/krait/NAME. */
char *cli_own_helper(const char *name);

/* front.c: becomes the whole program; returns an exit status after a message. */
int cli_front_pass_on(char **argv);

/* path.c: path names; results are allocated and never NULL. */
char *cli_path_join(const char *folder, const char *name);
/* Resolves ".", ".." and "//" as text; `path` is absolute. */
char *cli_path_normal(const char *path);
/* Absolute and normal, symbolic links of the folder part resolved; NULL with
 * errno when the folder does not exist. */
char *cli_path_host(const char *path);
/* The part of `path` below `prefix` ("" when equal), NULL when it is not below. */
const char *cli_path_below(const char *path, const char *prefix);

/* grants.c: what --dir and --mapdir ask for. */
typedef struct cli_grant {
    char *host;      /* as given, for messages */
    char *host_real; /* absolute, links resolved */
    char *guest;     /* absolute, normal */
    char *name;      /* of the guest path, or of the folder when there is none: as given */
    bool read_only;
} cli_grant;

typedef struct cli_grants {
    cli_grant *items;
    size_t count;
} cli_grants;

/* HOST[::GUEST][:ro] or, swapped, GUEST::HOST[:ro].  0, or an exit status after a message. */
int cli_grants_add(cli_grants *grants, const char *option, const char *text, bool swapped);
void cli_grants_release(cli_grants *grants);
/* Where the guest sees a host path and the other way round; allocated, or NULL. */
char *cli_grants_guest_of(const cli_grants *grants, const char *host_real);
char *cli_grants_host_of(const cli_grants *grants, const char *guest);

/* pyargs.c: what one argument means to Python, where its options may stand. */
typedef enum cli_python_arg {
    CLI_PYTHON_PROGRAM, /* no option: the program's name, or "-" */
    CLI_PYTHON_FLAG,    /* an option that is complete */
    CLI_PYTHON_VALUE,   /* an option whose value is the next argument */
    CLI_PYTHON_INLINE,  /* holds -c or -m: everything after it is the program's */
    CLI_PYTHON_INFORMS, /* -V, -h and the like: no program is run */
    CLI_PYTHON_END,     /* "--" */
    CLI_PYTHON_UNKNOWN  /* a long option that Python does not have */
} cli_python_arg;

cli_python_arg cli_python_classify(const char *arg);

/* run_limits.c: what --timeout and its like ask for. */
typedef struct cli_limits {
    uint64_t values[KRAIT_LIMIT_COUNT]; /* KRAIT_UNLIMITED: not given */
} cli_limits;

void cli_limits_init(cli_limits *limits);
/* One of these options at argv[*index]: -1 it is none, 0 taken, else an exit status after a message. */
int cli_limits_option(cli_limits *limits, int argc, char **argv, int *index);
krait_status cli_limits_configure(const cli_limits *limits, bool captures, krait_config *config,
                                  krait_error *err);

/* run_options.c: what `krait run` was asked for. */
typedef struct cli_run_request {
    cli_grants grants;
    char **environ; /* pairs: name, value */
    size_t environ_count;
    char **python; /* arguments for Python, its options first; borrowed strings */
    int python_count;
    int script_index; /* of the script in `python`, -1: the program is no file */
    cli_limits limits;
    uint64_t fuel;  /* limit in units, 0: not given */
    bool show_fuel; /* say what was spent */
    bool is_deterministic;
    uint64_t seed;
    bool no_snapshot;   /* start Python anew */
    bool only_snapshot; /* do not */
    bool json;          /* the result goes to stdout, and what the program writes into it */
    int status_fd;      /* where the result goes as well; -1: nowhere */
} cli_run_request;

/* True when `arg` is the long option `name`, alone or with "=value". */
bool cli_is_long(const char *arg, const char *name);
/* The value of an option given as "--name=value", "-nvalue" or in the next argument; NULL after a
 * message when there is none.  Moves *index on. */
const char *cli_option_value(int argc, char **argv, int *index, size_t name_size);

/* Reads argv[1..argc); with `own_options` also krait's.  0, or an exit status
 * after a message.  Release the request in both cases. */
int cli_run_parse(cli_run_request *request, int argc, char **argv, bool own_options);
void cli_run_release(cli_run_request *request);
/* For a script that is a module: takes --mapdir and one "--" that follow it, as other engines let them
 * stand there; not --mapdir where "--" stands before it.  0, or an exit status after a message. */
int cli_run_after_module(cli_run_request *request);

/* size.c: "512K", "256M", "1G" or bytes. False when `text` is none of these. */
bool cli_parse_size(const char *text, uint64_t *ret);
/* "500ms", "1.5s", "2m", "1h" or seconds, at most a million hours. */
bool cli_parse_time(const char *text, uint64_t *ret_ns);

/* json.c: texts in JSON, in quotes; what is not UTF-8 becomes U+FFFD. */
bool cli_is_utf8(const char *bytes, size_t size);
void cli_json_text(FILE *to, const char *text);
void cli_json_bytes(FILE *to, const char *bytes, size_t size);
void cli_json_base64(FILE *to, const char *bytes, size_t size);

/* runtime.c: the translated interpreter and its library. */
typedef struct cli_runtime {
    char *folder;  /* with all of it; NULL: of the build for other engines */
    char *module;  /* python.krt */
    char *library; /* host folder of usr/local/lib/python3.13 */
    char *program; /* python.wasm: what sys.executable names */
} cli_runtime;

/* run_result.c: true when the program's output becomes part of the result. */
bool cli_result_captures(const cli_run_request *request);
/* Writes the result where --json or --status-fd want it, once; NULL: the program did not start.
 * The exit status, or another one after a message. */
int cli_result_write(const cli_run_request *request, const krait_result *result, int exit_status);

/* run_sandbox.c: environment, grants, limits and stdio of a request. */
krait_status cli_run_configure(krait_config *config, const cli_run_request *request,
                               krait_error *err);
/* Runs it, says what happened, and returns the exit status.  `script_host` is a file that was
 * granted alone, for hints; may be NULL.  `may_fail`: CLI_NOT_STARTED or CLI_DAMAGED without a
 * message when the program could not begin. */
int cli_run_sandbox(krait_sandbox *sandbox, const cli_run_request *request, const char *script_host,
                    bool may_fail);
/* The last of a run, when all is put back: a shell has to see that Ctrl-C ended the program, as python3
 * dies of the signal.  Returns the exit status when it did not. */
int cli_run_end(int exit_status);

/* run_module.c: what a file is by its first bytes.  What cannot be read is OTHER. */
typedef enum cli_file_kind { CLI_FILE_OTHER, CLI_FILE_WASM, CLI_FILE_OBJECT } cli_file_kind;

cli_file_kind cli_file_kind_of(const char *path);
/* Runs the request's script, which is a WebAssembly module, translated or not. */
int cli_run_module(cli_run_request *request);

/* scratch.c: a temporary folder.  When its program is killed the next one removes it. */
typedef struct cli_scratch {
    char *files; /* what may be used: a folder with nothing in it */
    char *path;  /* NULL: there is none */
    int fd;
    int lock;
} cli_scratch;

krait_status cli_scratch_make(cli_scratch *ret, krait_error *err);
/* With all that is in it. */
void cli_scratch_remove(cli_scratch *scratch);
/* Removes those of programs that were killed; cli_scratch_make() does so, too. */
void cli_scratch_sweep(void);

/* translated.c: the translation of a module, from the user's cache or made now. */
typedef struct cli_translated {
    char path[4096];
    cli_scratch scratch; /* that it lies in, when not in the cache */
} cli_translated;

/* 0, or an exit status after a message.  `remake`: what is in the cache is damaged. */
int cli_translated_get(cli_translated *translated, const char *wasm, bool meter,
                       bool bounds_checked, bool remake);
/* The same, which stops when *cancel is not 0. */
int cli_translated_get_until(cli_translated *translated, const char *wasm, bool meter,
                             const volatile sig_atomic_t *cancel);
/* The same for what is run for seconds: without optimisation, which takes most of the time.  It
 * stops when *cancel is not 0. */
int cli_translated_get_soon(cli_translated *translated, const char *wasm,
                            const volatile sig_atomic_t *cancel);
void cli_translated_release(cli_translated *translated);
/* Where translations are kept; allocated, NULL when the environment names no place. */
char *cli_cache_folder(void);
/* cache.c: bytes; UINT64_MAX: none.  KRAIT_CACHE_LIMIT, or 1 GiB. */
uint64_t cli_cache_limit(void);
/* Removes translations that were not used for long while the folder is above the limit. */
void cli_cache_trim(const char *folder);
/* NEW: made since a time; GONE: another program has just removed it. */
typedef enum cli_cache_found { CLI_CACHE_OLD, CLI_CACHE_NEW, CLI_CACHE_GONE } cli_cache_found;

/* Notes that a translation is used; the time is in seconds since 1970. */
cli_cache_found cli_cache_use(const char *krt, int64_t began_s);

/* run_open.c: a module and its sandbox; the caller releases both, also after a failure. */
typedef struct cli_run_opened {
    krait_module *module;
    krait_snapshot *snapshot; /* that the sandbox was made from */
    char *image;              /* its file */
    krait_sandbox *sandbox;
    cli_translated translated; /* when the translation that was there could not be used */
} cli_run_opened;

/* Fails after a message. */
krait_status cli_run_open(krait_engine *engine, const cli_runtime *runtime,
                          const cli_run_request *request, const krait_config *config,
                          cli_run_opened *opened);

void cli_run_close(cli_run_opened *opened);

/* run_warm.c: programs that start in a copy of a Python that was started before. */

/* NULL: it may, else why not.  `own_file`: where the guest sees a file that is granted alone; may
 * be NULL. */
const char *cli_warm_refusal(const cli_run_request *request, const char *own_file);
/* False without a message: there is no such copy.  `insists`: makes one rather than that. */
bool cli_warm_open(krait_engine *engine, const krait_config *config, bool insists,
                   cli_run_opened *opened);

/* True when the user chose the runtime: then nothing takes its place. */
bool cli_runtime_is_chosen(void);
/* Where it should be; allocated, or NULL. */
char *cli_runtime_folder(void);
/* 0, or an exit status after a message. */
int cli_runtime_find(cli_runtime *runtime);
/* The same without a message: what is wrong is in `why`. */
int cli_runtime_look(cli_runtime *runtime, char *why, size_t size);
/* Another translation of the interpreter, "python.NAME.krt" beside the usual one; allocated. */
char *cli_runtime_variant(const cli_runtime *runtime, const char *name);
/* Where the runtime of documents (`krait module`), or the portable Python (`krait pack`) should be: as
 * KRAIT_MODULE_RUNTIME or KRAIT_PORTABLE says, else beside the runtime; allocated, or NULL. */
char *cli_runtime_for_modules(void);
char *cli_runtime_for_packing(void);
/* The build for other engines; it has no module. */
int cli_runtime_find_portable(cli_runtime *runtime);
void cli_runtime_release(cli_runtime *runtime);
/* From here on, also in child processes: the runtime beside the usual one that has
 * CPython's test-only modules, when it was built and KRAIT_RUNTIME does not say else. */
void cli_runtime_prefer_tests(void);

#endif /* KRAIT_CLI_H */
