/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the translated interpreter and its library are: beside the program
 * (PREFIX/bin/krait, PREFIX/lib/krait/python3.13; the build folder has the same
 * shape), or where KRAIT_RUNTIME says.  Other engines run the portable python.wasm, which is
 * built by hand: KRAIT_PORTABLE.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PYTHON_FOLDER "python3.13"

void
cli_runtime_prefer_tests(void)
{
    const char *given = getenv("KRAIT_RUNTIME");
    char *base = given == NULL || given[0] == '\0' ? cli_own_prefix() : NULL;
    char *folder;

    if (base == NULL)
        return;
    folder = cli_path_join(base, "lib/krait/" PYTHON_FOLDER "-test");
    if (access(folder, X_OK) == 0)
        (void)setenv("KRAIT_RUNTIME", folder, 1);
    free(folder);
    free(base);
}

bool
cli_runtime_is_chosen(void)
{
    const char *given = getenv("KRAIT_RUNTIME");

    return given != NULL && given[0] != '\0';
}

char *
cli_runtime_folder(void)
{
    const char *given = getenv("KRAIT_RUNTIME");
    char *base;
    char *folder;

    if (given != NULL && given[0] != '\0')
        return cli_need(strdup(given));
    base = cli_own_prefix();
    if (base == NULL)
        return NULL;
    folder = cli_path_join(base, "lib/krait/" PYTHON_FOLDER);
    free(base);
    return folder;
}

static char *
beside(const char *variable, const char *ending)
{
    const char *given = getenv(variable);
    char *runtime;
    char *folder;
    size_t size;

    if (given != NULL && given[0] != '\0')
        return cli_need(strdup(given));
    runtime = cli_runtime_folder();
    if (runtime == NULL)
        return NULL;
    size = strlen(runtime) + strlen(ending) + 1;
    folder = cli_need(malloc(size));
    snprintf(folder, size, "%s%s", runtime, ending);
    free(runtime);
    return folder;
}

char *
cli_runtime_for_modules(void)
{
    return beside("KRAIT_MODULE_RUNTIME", "-module");
}

char *
cli_runtime_for_packing(void)
{
    return beside("KRAIT_PORTABLE", "-portable");
}

/* The first part that cannot be read, with errno; NULL when the runtime is whole. */
static const char *
unreadable_part(const cli_runtime *runtime)
{
    if (access(runtime->module, R_OK) != 0)
        return runtime->module;
    if (access(runtime->library, X_OK) != 0)
        return runtime->library;
    return access(runtime->program, R_OK) != 0 ? runtime->program : NULL;
}

int
cli_runtime_look(cli_runtime *runtime, char *why, size_t size)
{
    char *folder = cli_runtime_folder();
    const char *missing;

    if (folder == NULL) {
        snprintf(why, size,
                 "cannot find the Python runtime: /proc is not mounted; set KRAIT_RUNTIME");
        return KRAIT_EXIT_FAILED;
    }
    runtime->module = cli_path_join(folder, "python.krt");
    runtime->library = cli_path_join(folder, "usr/local/lib/" PYTHON_FOLDER);
    runtime->program = cli_path_join(folder, "bin/python.wasm");
    runtime->folder = folder;
    missing = unreadable_part(runtime);
    if (missing != NULL) {
        snprintf(why, size, "the Python runtime is not complete: cannot read '%s': %s", missing,
                 strerror(errno));
        cli_runtime_release(runtime);
        return KRAIT_EXIT_FAILED;
    }
    return 0;
}

int
cli_runtime_find(cli_runtime *runtime)
{
    char why[4608];
    int status = cli_runtime_look(runtime, why, sizeof(why));

    if (status != 0)
        cli_message("%s", why);
    return status;
}

char *
cli_runtime_variant(const cli_runtime *runtime, const char *name)
{
    static const char suffix[] = ".krt";
    size_t stem = strlen(runtime->module) - (sizeof(suffix) - 1);
    size_t size = stem + 1 + strlen(name) + sizeof(suffix);
    char *path = cli_need(malloc(size));

    snprintf(path, size, "%.*s.%s%s", (int)stem, runtime->module, name, suffix);
    return path;
}

int
cli_runtime_find_portable(cli_runtime *runtime)
{
    const char *folder = getenv("KRAIT_PORTABLE");
    const char *missing;

    if (folder == NULL || folder[0] == '\0') {
        cli_message("other engines need the portable build: KRAIT_PORTABLE is to name the folder "
                    "that 'recipes/build cpython-portable-test' prints");
        return KRAIT_EXIT_MISSING;
    }
    runtime->module = NULL;
    runtime->library = cli_path_join(folder, "usr/local/lib/" PYTHON_FOLDER);
    runtime->program = cli_path_join(folder, "bin/python.wasm");
    missing = access(runtime->library, X_OK) != 0   ? runtime->library
              : access(runtime->program, R_OK) != 0 ? runtime->program
                                                    : NULL;
    if (missing != NULL) {
        cli_message("cannot read '%s' (KRAIT_PORTABLE): %s", missing, strerror(errno));
        cli_runtime_release(runtime);
        return KRAIT_EXIT_MISSING;
    }
    return 0;
}

void
cli_runtime_release(cli_runtime *runtime)
{
    free(runtime->module);
    free(runtime->folder);
    free(runtime->library);
    free(runtime->program);
    memset(runtime, 0, sizeof(*runtime));
}
