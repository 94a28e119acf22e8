/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Python programs and other modules have in common when they run: grants,
 * limits, Ctrl-C, and what is said at the end.
 */
#include "cli.h"

#include <krait/abi.h>
#include <krait/krait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

krait_status
cli_run_configure(krait_config *config, const cli_run_request *request, krait_error *err)
{
    krait_status status = KRAIT_OK;
    size_t i;

    for (i = 0; i < request->environ_count && status == KRAIT_OK; i++)
        status = krait_config_add_env(config, request->environ[2 * i], request->environ[2 * i + 1],
                                      err);
    for (i = 0; i < request->grants.count && status == KRAIT_OK; i++) {
        const cli_grant *grant = &request->grants.items[i];

        status = krait_config_add_dir(config, grant->host_real, grant->guest,
                                      grant->read_only ? KRAIT_GRANT_READ_ONLY : 0, err);
    }
    if (status == KRAIT_OK)
        status = cli_limits_configure(&request->limits, cli_result_captures(request), config, err);
    if (status == KRAIT_OK && request->is_deterministic)
        status = krait_config_set_deterministic(config, request->seed, err);
    /* To be told what it spent, the program must count: that is a limit, too. */
    krait_config_set_fuel(config,
                          request->fuel == 0 && request->show_fuel ? UINT64_MAX : request->fuel);
    krait_config_set_stdio(config, cli_stdio(0), cli_stdio(1), cli_stdio(2));
    if (cli_result_captures(request))
        krait_config_set_output(config, NULL, NULL);
    return status;
}

/* True when `name` beside the script is a module that an import would find. */
static bool
is_module(const char *folder, const char *name)
{
    size_t length = strlen(name);
    char *path = cli_path_join(folder, name);
    bool found;

    if (length > 3 && strcmp(name + length - 3, ".py") == 0) {
        found = access(path, F_OK) == 0;
    } else {
        char *init = cli_path_join(path, "__init__.py");

        found = access(init, F_OK) == 0;
        free(init);
    }
    free(path);
    return found;
}

/* After a failure: what the script looked for beside itself and was not granted. */
static void
print_hint(const krait_sandbox *sandbox, const char *script_host)
{
    char *folder;
    const char *name;
    size_t i;

    if (script_host == NULL)
        return;
    folder = cli_need(strdup(script_host));
    *strrchr(folder, '/') = '\0';
    for (i = 0; (name = krait_sandbox_missed(sandbox, i)) != NULL; i++) {
        if (!is_module(folder[0] != '\0' ? folder : "/", name))
            continue;
        cli_message("'%s' is beside the script, but only the script itself is granted; "
                    "to import it, add --dir '%s'",
                    name, folder[0] != '\0' ? folder : "/");
        break;
    }
    free(folder);
}

/* 0 to 255, and the small negative numbers that wrap to them without surprise. */
static bool
fits_status(uint32_t code)
{
    return code <= 255 || code >= UINT32_MAX - 127;
}

/* The sandbox that Ctrl-C is for; the handler has no other way to know. */
static krait_sandbox *volatile interruptible;
static volatile sig_atomic_t was_interrupted;

static int
report(const krait_sandbox *sandbox, const char *script_host, const krait_result *result)
{
    /* A module that takes no signals ends with Ctrl-C as other programs do. */
    if (result->kind == KRAIT_RESULT_TRAPPED && result->trap == KRAIT_TRAP_INTERRUPTED &&
        was_interrupted)
        return 128 + SIGINT;
    if (result->kind == KRAIT_RESULT_TRAPPED || result->kind == KRAIT_RESULT_LIMIT) {
        cli_message("the program was stopped: %s", result->message);
        fputs(result->backtrace, stderr);
        return result->kind == KRAIT_RESULT_LIMIT ? KRAIT_EXIT_LIMIT : KRAIT_EXIT_TRAPPED;
    }
    if (result->exit_code != 0)
        print_hint(sandbox, script_host);
    if (!fits_status(result->exit_code))
        cli_message("the program exited with %u, of which the system keeps the low 8 bits: %u",
                    result->exit_code, result->exit_code & 255u);
    return (int)(result->exit_code & 255u);
}

static void
on_interrupt(int number)
{
    was_interrupted = 1;
    krait_sandbox_signal(interruptible, (unsigned)number);
}

/* Ctrl-C is the guest's, as it is python3's: unless it was ignored here before
 * (nohup, a background job), it becomes KeyboardInterrupt. */
static void
catch_interrupt(krait_sandbox *sandbox)
{
    struct sigaction action;

    if (sigaction(SIGINT, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    interruptible = sandbox;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* What is left to do ends with Ctrl-C as any program does; the sandbox may go. */
static void
release_interrupt(void)
{
    if (interruptible != NULL)
        signal(SIGINT, SIG_DFL);
    interruptible = NULL;
}

int
cli_run_end(int exit_status)
{
    if (was_interrupted && exit_status == 128 + SIGINT)
        raise(SIGINT);
    return exit_status;
}

int
cli_run_sandbox(krait_sandbox *sandbox, const cli_run_request *request, const char *script_host,
                bool may_fail)
{
    krait_result result;
    krait_error err;
    int exit_status;
    krait_status status;

    catch_interrupt(sandbox);
    status = krait_sandbox_run(sandbox, &result, &err);
    release_interrupt();
    if (status != KRAIT_OK) {
        if (may_fail)
            return was_interrupted             ? 128 + SIGINT
                   : err.code == KRAIT_EFORMAT ? CLI_DAMAGED
                                               : CLI_NOT_STARTED;
        cli_error(&err);
        exit_status = err.code == KRAIT_ENOTFOUND ? KRAIT_EXIT_REFUSED : KRAIT_EXIT_FAILED;
    } else {
        exit_status = report(sandbox, script_host, &result);
        if (request->show_fuel)
            cli_message("fuel spent: %llu", (unsigned long long)result.fuel_spent);
        exit_status = cli_result_write(request, &result, exit_status);
    }
    return exit_status;
}
