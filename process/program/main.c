/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait-process: opens modules, inputs and the database, in this order, and runs them.
 */
#include "program.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Inputs that are left out are named, but not a million of them. */
#define NOTES_MAX 10u

typedef struct program_state {
    program_options options;
    program_runtime runtime;
    program_progress progress;
    proc_modules modules;
    proc_tables *tables;
    proc_done done;
    proc_database database;
    unsigned notes;
} program_state;

static void
note(void *data, const char *text)
{
    program_state *state = data;

    if (state->options.is_quiet || (state->notes >= NOTES_MAX && !state->options.is_verbose))
        return;
    program_progress_clear(&state->progress);
    cli_message("%s", text);
    if (++state->notes == NOTES_MAX && !state->options.is_verbose)
        cli_message("more of these are not named; -v names all of them");
}

static int
status_for(const krait_error *err)
{
    switch (err->code) {
    case KRAIT_ENOTFOUND:
        return KRAIT_EXIT_MISSING;
    case KRAIT_EFORMAT:
    case KRAIT_EUNSUPPORTED:
    case KRAIT_EINVAL:
        return KRAIT_EXIT_REFUSED;
    default:
        return KRAIT_EXIT_FAILED;
    }
}

/* Until it is over; true: it was stopped. */
static bool
watch(program_state *state, proc_run *run)
{
    bool is_stopping = false;

    while (!proc_run_wait(run, 100)) {
        proc_progress now;

        proc_run_look(run, &now);
        program_progress_show(&state->progress, &now);
        if (program_stop_signal() == 0 || is_stopping)
            continue;
        is_stopping = true;
        proc_run_stop(run);
        program_progress_clear(&state->progress);
        if (!state->options.is_quiet)
            cli_message("stopping: what runs is finished; once more to stop at once");
    }
    return is_stopping;
}

static void
set_inputs(program_state *state, proc_inputs *inputs)
{
    const program_options *options = &state->options;
    struct stat status;

    *inputs = (proc_inputs){.paths = options->inputs,
                            .count = options->input_count,
                            .list = stdin,
                            .opens_archives = options->opens_archives,
                            .limits = &state->options.limits,
                            .done = &state->done,
                            .note = note,
                            .note_data = state};
    if (state->database.connection != NULL && fstat(state->database.lock, &status) == 0) {
        inputs->output = options->output;
        inputs->output_device = status.st_dev;
        inputs->output_inode = status.st_ino;
    }
}

static int
end_status(program_state *state, const proc_progress *done, bool is_interrupted)
{
    if (is_interrupted) {
        cli_message("interrupted: what was done is in '%s'; the same command with --resume goes on",
                    state->options.output);
        return PROGRAM_EXIT_INTERRUPTED;
    }
    return done->counts.failed != 0 ? PROGRAM_EXIT_FAILED_DOCUMENTS : 0;
}

static int
run_all(program_state *state, krait_error *err)
{
    proc_run_options options = {.modules = &state->modules,
                                .database = &state->database,
                                .tables = state->tables,
                                .threads = state->options.threads,
                                .is_fresh = state->options.is_fresh};
    proc_progress done;
    bool is_interrupted;
    krait_status status;
    proc_run *run;

    set_inputs(state, &options.inputs);
    program_progress_begin(&state->progress, &state->options);
    program_hold_signals(true);
    status = proc_run_start(&options, &run, err);
    program_hold_signals(false);
    if (status != KRAIT_OK) {
        cli_error(err);
        return KRAIT_EXIT_FAILED;
    }
    is_interrupted = watch(state, run);
    status = proc_run_finish(run, &done, err);
    program_progress_end(&state->progress, &done);
    if (status != KRAIT_OK) {
        cli_error(err);
        cli_message("what was committed before is kept; --resume goes on");
    } else {
        program_summary(&state->options, &done, proc_tables_count(state->tables),
                        program_now_ns() - state->progress.begun_ns, is_interrupted);
    }
    if (done.is_scanning) {
        /* The scan waits for its list and uses what would be released. */
        (void)!proc_database_close(&state->database, NULL);
        program_close_runtime(&state->runtime);
        _exit(cli_finish_stdout(status != KRAIT_OK ? KRAIT_EXIT_FAILED
                                                   : end_status(state, &done, is_interrupted)));
    }
    return status != KRAIT_OK ? KRAIT_EXIT_FAILED : end_status(state, &done, is_interrupted);
}

static krait_status
open_all(program_state *state, krait_error *err)
{
    proc_inputs inputs;
    krait_status status;

    cli_scratch_sweep();
    set_inputs(state, &inputs);
    status = proc_inputs_check(&inputs, err);
    if (status == KRAIT_OK)
        status = program_open_modules(&state->options, &state->runtime, &state->modules, err);
    if (status == KRAIT_OK)
        status = proc_database_open(state->options.output, state->options.resumes, state->tables,
                                    &state->done, &state->database, err);
    return status;
}

static int
process(program_state *state)
{
    krait_error err = {.text = ""};
    int exit_status;

    state->tables = cli_need(proc_tables_new());
    state->done.by_path = state->options.resumes_by_path;
    if (open_all(state, &err) != KRAIT_OK) {
        if (program_stop_signal() == 0)
            cli_error(&err);
        exit_status = program_stop_signal() != 0 ? PROGRAM_EXIT_INTERRUPTED : status_for(&err);
    } else {
        if (state->options.is_verbose && state->database.resumed != 0)
            cli_message("'%s': %llu documents were done before, %llu are done again",
                        state->options.output, (unsigned long long)state->database.resumed,
                        (unsigned long long)state->database.dropped);
        exit_status = run_all(state, &err);
        if (proc_database_close(&state->database, &err) != KRAIT_OK) {
            cli_error(&err);
            exit_status = KRAIT_EXIT_FAILED;
        }
    }
    proc_modules_close(&state->modules);
    program_close_runtime(&state->runtime);
    proc_tables_free(state->tables);
    proc_done_release(&state->done);
    return exit_status;
}

int
main(int argc, char **argv)
{
    program_state *state = cli_need(calloc(1, sizeof(*state)));
    int status;

    cli_stdio_reserve();
    /* Names in archives: libarchive asks the locale which characters there are. */
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        (void)setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    status = program_parse(&state->options, argc, argv);
    if (status < 0) {
        program_catch_signals();
        status = state->options.is_test ? program_test(&state->options) : process(state);
        status = cli_finish_stdout(status);
    }
    free(state->options.inputs);
    free(state);
    return status;
}
