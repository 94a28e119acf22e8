/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait run` with a WebAssembly module: a command of WASI preview 1, written in any
 * language.  It gets the grants, limits and standard streams that a Python program
 * gets, and nothing of Python's.
 */
#include "cli.h"

#include <krait/krait.h>
#include <krait/module.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct run_module {
    const cli_run_request *request;
    const char *path; /* as given */
    krait_engine *engine;
    krait_config *config;
    cli_run_opened opened;
    cli_translated translated;
    krait_error err;
} run_module;

cli_file_kind
cli_file_kind_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    cli_file_kind kind = CLI_FILE_OTHER;
    struct stat status;
    char head[4];

    if (fd < 0)
        return kind;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        read(fd, head, sizeof(head)) == (ssize_t)sizeof(head)) {
        if (memcmp(head, "\0asm", 4) == 0)
            kind = CLI_FILE_WASM;
        else if (memcmp(head, "\177ELF", 4) == 0)
            kind = CLI_FILE_OBJECT;
    }
    close(fd);
    return kind;
}

static bool
is_metered(const run_module *run)
{
    return run->request->fuel != 0 || run->request->show_fuel;
}

/* The module's name without its folder comes first, then what follows it. */
static krait_status
add_arguments(run_module *run)
{
    const cli_run_request *request = run->request;
    const char *slash = strrchr(run->path, '/');
    krait_status status = krait_config_add_arg(run->config, slash != NULL ? slash + 1 : run->path,
                                               &run->err);
    int i;

    for (i = request->script_index + 1; i < request->python_count && status == KRAIT_OK; i++)
        status = krait_config_add_arg(run->config, request->python[i], &run->err);
    return status;
}

/* The folders under the names that were given, as other engines have them: a program may look for
 * one by its name or number. */
static krait_status
add_preopens(run_module *run)
{
    const cli_grants *grants = &run->request->grants;
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < grants->count && status == KRAIT_OK; i++)
        status = krait_config_add_preopen(run->config, grants->items[i].name,
                                          grants->items[i].guest, &run->err);
    return status;
}

/* All of them, each on a line of its own, and the exit status; 0 when none is missing. */
static int
check_imports(const run_module *run)
{
    char text[1024];
    size_t count = 0;
    size_t at = 0;

    while ((at = krait_module_missing(run->opened.module, at, text, sizeof(text))) != 0)
        count++;
    if (count == 0)
        return 0;
    cli_message("'%s' needs %zu import%s that krait does not have:", run->path, count,
                count == 1 ? "" : "s");
    while ((at = krait_module_missing(run->opened.module, at, text, sizeof(text))) != 0)
        fprintf(stderr, "  %s\n", text);
    return KRAIT_EXIT_REFUSED;
}

/* Somebody who has made a module for documents may try what it does. */
static int
check_start(const run_module *run)
{
    const krait_module *module = run->opened.module;

    if (krait_module_check_function(module, "_start", "", "", NULL) == KRAIT_OK ||
        krait_module_check_function(module, KRAIT_MODULE_PROCESS, "", "i", NULL) != KRAIT_OK)
        return 0;
    cli_message("'%s' is a module for documents, no program: krait process runs it; "
                "krait process --test '%s' FILE shows what it makes of one",
                run->path, run->path);
    return KRAIT_EXIT_REFUSED;
}

static void
close_module(run_module *run)
{
    krait_sandbox_free(run->opened.sandbox);
    krait_module_close(run->opened.module);
    run->opened.sandbox = NULL;
    run->opened.module = NULL;
    cli_translated_release(&run->translated);
}

/* Translates `wasm` and opens the result.  One that is damaged is made again. */
static int
open_wasm(run_module *run, const char *wasm, bool bounds_checked)
{
    bool remake = false;

    for (;;) {
        int exit_status = cli_translated_get(&run->translated, wasm, is_metered(run),
                                             bounds_checked, remake);
        krait_status status;

        if (exit_status != 0)
            return exit_status;
        status = krait_module_open(run->engine, run->translated.path, &run->opened.module,
                                   &run->err);
        if (status == KRAIT_OK)
            return 0;
        cli_translated_release(&run->translated);
        cli_error(&run->err);
        if (status != KRAIT_EFORMAT || remake)
            return KRAIT_EXIT_FAILED;
        remake = true;
    }
}

static bool
is_named_krt(const char *path)
{
    size_t size = strlen(path);

    return size > 4 && strcmp(path + size - 4, ".krt") == 0;
}

/* The module that FILE.krt was made from, when it lies beside it; allocated, or NULL. */
static char *
find_wasm(const char *krt)
{
    size_t size = strlen(krt) - 4;
    char *wasm = cli_need(malloc(size + 6));

    memcpy(wasm, krt, size);
    memcpy(wasm + size, ".wasm", 6);
    if (cli_file_kind_of(wasm) == CLI_FILE_WASM)
        return wasm;
    free(wasm);
    return NULL;
}

/* A .krt of another version or machine stands for the module beside it.  It is native code, trusted
 * like a program, so it has to be called one: scripts and modules come from anybody. */
static int
open_krt(run_module *run)
{
    krait_status status;
    char *wasm;
    int exit_status;

    if (!is_named_krt(run->path)) {
        cli_message("'%s' is native code, no program for the sandbox; a translation that you made "
                    "yourself runs under a name that ends in .krt",
                    run->path);
        return KRAIT_EXIT_REFUSED;
    }
    status = krait_module_open(run->engine, run->path, &run->opened.module, &run->err);
    if (status == KRAIT_OK)
        return 0;
    cli_error(&run->err);
    wasm = status == KRAIT_EFORMAT ? find_wasm(run->path) : NULL;
    if (wasm == NULL)
        return status == KRAIT_EFORMAT ? KRAIT_EXIT_REFUSED : KRAIT_EXIT_FAILED;
    cli_message("running a new translation of '%s' instead", wasm);
    exit_status = open_wasm(run, wasm, false);
    free(wasm);
    return exit_status;
}

static int
open_any(run_module *run, bool bounds_checked)
{
    int exit_status = cli_file_kind_of(run->path) == CLI_FILE_WASM
                          ? open_wasm(run, run->path, bounds_checked)
                          : open_krt(run);

    if (exit_status == 0)
        exit_status = check_imports(run);
    return exit_status == 0 ? check_start(run) : exit_status;
}

/* The first of the paths in `value`, separated by colons, that is there on the host under a name
 * that the guest does not have; allocated, or NULL. */
static char *
find_hidden(const cli_grants *grants, const char *value)
{
    while (value != NULL) {
        const char *end = value + strcspn(value, ":");
        char *path = cli_need(strndup(value, (size_t)(end - value)));

        if (path[0] == '/' && access(path, F_OK) == 0) {
            char *normal = cli_path_normal(path);
            char *host = cli_grants_host_of(grants, normal);

            free(normal);
            if (host == NULL)
                return path;
            free(host);
        }
        free(path);
        value = *end != '\0' ? end + 1 : NULL;
    }
    return NULL;
}

/* After a failure: Python was told of a library that it was not shown. */
static void
print_hint(const cli_run_request *request)
{
    for (size_t i = 0; i < request->environ_count; i++) {
        const char *name = request->environ[2 * i];
        char *path = NULL;

        if (strcmp(name, "PYTHONHOME") == 0 || strcmp(name, "PYTHONPATH") == 0)
            path = find_hidden(&request->grants, request->environ[2 * i + 1]);
        if (path == NULL)
            continue;
        cli_message("%s names '%s', which is not granted; to let the program see it, add --dir "
                    "with its folder",
                    name, path);
        free(path);
        return;
    }
}

static int
run_opened(run_module *run)
{
    krait_status status = krait_sandbox_new(run->opened.module, run->config, &run->opened.sandbox,
                                            &run->err);
    int exit_status;

    /* Where 8 GiB of address space cannot be had, a module can check its bounds itself. */
    if (status == KRAIT_ENOMEM && cli_file_kind_of(run->path) == CLI_FILE_WASM) {
        close_module(run);
        exit_status = open_any(run, true);
        if (exit_status != 0)
            return exit_status;
        status = krait_sandbox_new(run->opened.module, run->config, &run->opened.sandbox,
                                   &run->err);
    }
    if (status != KRAIT_OK) {
        cli_message("'%s': %s", run->path, run->err.text);
        if (status == KRAIT_ELIMIT)
            return KRAIT_EXIT_LIMIT;
        return status == KRAIT_ENOTFOUND || status == KRAIT_EUNSUPPORTED ? KRAIT_EXIT_REFUSED
                                                                         : KRAIT_EXIT_FAILED;
    }
    exit_status = cli_run_sandbox(run->opened.sandbox, run->request, NULL, false);
    if (exit_status == 1)
        print_hint(run->request);
    return exit_status;
}

int
cli_run_module(cli_run_request *request)
{
    run_module run = {.request = request, .path = request->python[request->script_index]};
    int exit_status = cli_run_after_module(request);
    int i;

    if (exit_status != 0)
        return exit_status;

    for (i = 0; i < request->script_index; i++) {
        if (strcmp(request->python[i], "--") == 0)
            continue;
        cli_message("'%s' is Python's option, but '%s' is a WebAssembly module", request->python[i],
                    run.path);
        return KRAIT_EXIT_FAILED;
    }
    if (krait_engine_new(&run.engine, &run.err) != KRAIT_OK ||
        krait_config_new(&run.config, &run.err) != KRAIT_OK || add_arguments(&run) != KRAIT_OK ||
        cli_run_configure(run.config, request, &run.err) != KRAIT_OK ||
        add_preopens(&run) != KRAIT_OK) {
        cli_error(&run.err);
        exit_status = KRAIT_EXIT_FAILED;
    } else {
        exit_status = open_any(&run, false);
        if (exit_status == 0)
            exit_status = run_opened(&run);
    }
    close_module(&run);
    krait_config_free(run.config);
    krait_engine_free(run.engine);
    return exit_status;
}
