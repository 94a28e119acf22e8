/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program krait-process: `krait process` runs it.
 */
#ifndef KRAIT_PROCESS_PROGRAM_H
#define KRAIT_PROCESS_PROGRAM_H

#include "process/run.h"

#include "cli/cli.h"

/* Statuses of this program besides those of cli.h. */
enum { PROGRAM_EXIT_FAILED_DOCUMENTS = 1, PROGRAM_EXIT_USAGE = 2, PROGRAM_EXIT_INTERRUPTED = 130 };

typedef struct program_options {
    const char *modules;
    const char **inputs;
    size_t input_count;
    const char *output;
    unsigned threads;
    bool is_fresh;
    bool resumes;
    bool resumes_by_path;
    bool opens_archives;
    bool is_verbose;
    bool is_quiet;
    bool json;
    bool is_test;
    const char *test_module;
    const char *test_file;
    const char *filename;
    proc_runtime runtime;
    proc_limits limits;
} program_options;

/* options.c: -1 goes on, else an exit status after a message, or after the help. */
int program_parse(program_options *options, int argc, char **argv);

/* open.c: modules and what they run on. */
typedef struct program_runtime {
    char *folder; /* of the installed Python */
    char *metered;
    cli_scratch scratch; /* of the files of scripts */
    unsigned scratch_count;
    cli_translated translated; /* of the last module */
} program_runtime;

krait_status program_open_modules(const program_options *options, program_runtime *runtime,
                                  proc_modules *ret, krait_error *err);
void program_close_runtime(program_runtime *runtime);

/* progress.c: what is shown while it runs. */
typedef struct program_progress {
    bool is_shown;
    bool is_bar; /* on a terminal; else lines of JSON */
    bool has_line;
    int64_t begun_ns;
    int64_t shown_ns;
} program_progress;

int64_t program_now_ns(void);
void program_progress_begin(program_progress *progress, const program_options *options);
void program_progress_show(program_progress *progress, const proc_progress *now);
/* Takes the bar away. */
void program_progress_clear(program_progress *progress);
void program_progress_end(program_progress *progress, const proc_progress *now);

/* summary.c */
void program_summary(const program_options *options, const proc_progress *done, unsigned tables,
                     int64_t elapsed_ns, bool is_interrupted);

/* stop.c: how often the user has asked to stop; the second time ends the program. */
void program_catch_signals(void);
/* Of the calling thread and those that it makes. */
void program_hold_signals(bool holds);
int program_stop_signal(void);
/* Not 0 from then on. */
const volatile sig_atomic_t *program_stop_flag(void);

/* test.c: one module, one file, JSON. */
int program_test(const program_options *options);
/* test_json.c */
void program_print_rows(const proc_batch *batch, bool is_good);
void program_print_children(const proc_item *children);

#endif /* KRAIT_PROCESS_PROGRAM_H */
