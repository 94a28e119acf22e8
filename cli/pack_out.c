/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `krait pack` and `krait module` share of the work: its steps and their end, signals, and the
 * module that is written.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t pack_interrupted;

static void
on_signal(int number)
{
    /* Not every step looks at the first one soon. */
    if (pack_interrupted != 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
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
    /* 0 would be no limit. */
    *ret_ns = value == 0 ? 1 : *ret_ns;
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

int
pack_write(pack_request *request)
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
    return 0;
}

static void
release(pack_request *request)
{
    krait_pack_free(request->pack);
    cli_scratch_remove(&request->document.wheels);
    pack_list_release(&request->deps);
    pack_list_release(&request->adds);
    pack_list_release(&request->env);
    pack_list_release(&request->keeps);
    pack_list_release(&request->argv);
    pack_list_release(&request->start_set);
    pack_list_release(&request->document.wanted);
    free(request->document.own_name);
    free(request->document.root);
    free(request->document.pyproject);
    free(request->document.entry);
    cli_grants_release(&request->grants);
    free(request->module);
    free(request->tree);
    free(request->start);
    free(request->report);
}

int
pack_run(pack_request *request, int parsed, const pack_step *steps)
{
    static const pack_step show[] = {pack_show, NULL};
    int exit_status = 0;

    if (parsed != 0) {
        release(request);
        return parsed - 1;
    }
    if (request->action != PACK_MAKE)
        steps = show;
    /* What only reads leaves nothing behind, and a hostile module can make it take long. */
    if (request->action == PACK_MAKE || request->action == PACK_EXTRACT)
        catch_signals();
    for (size_t i = 0; steps[i] != NULL && exit_status == 0 && pack_interrupted == 0; i++)
        exit_status = steps[i](request);
    release(request);
    if (pack_interrupted != 0) {
        /* Whoever waits for us sees the signal, as if it had not been caught. */
        signal(pack_interrupted, SIG_DFL);
        raise(pack_interrupted);
    }
    return cli_finish_stdout(exit_status);
}
