/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That the output is none of the inputs: `-o app.py` for `-o app.wasm` would replace a program by what was made of it.
 *
 * A module in a folder that is packed is an earlier output, and replaced; so is an empty file.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct output {
    const char *path;
    char *real;
    struct stat status;
    bool is_module;
} output;

/* The file itself, or another one in the folder. */
static bool
is_in(const output *out, const char *input)
{
    struct stat status;
    char *real;
    bool is;

    if (stat(input, &status) != 0)
        return false;
    if (status.st_dev == out->status.st_dev && status.st_ino == out->status.st_ino)
        return true;
    if (!S_ISDIR(status.st_mode) || out->is_module || out->real == NULL)
        return false;
    real = realpath(input, NULL);
    is = real != NULL && pack_is_below(out->real, real);
    free(real);
    return is;
}

static int
check(const pack_request *request, const output *out, const char *input)
{
    if (input == NULL || !is_in(out, input))
        return 0;
    pack_message(request, "the output '%s' is there, and belongs to '%s', which is packed",
                 out->path, input);
    return KRAIT_EXIT_FAILED;
}

int
pack_check_output(pack_request *request)
{
    output out = {.path = request->output};
    int exit_status;

    if (stat(out.path, &out.status) != 0 || !S_ISREG(out.status.st_mode) || out.status.st_size == 0)
        return 0;
    out.real = realpath(out.path, NULL);
    out.is_module = cli_file_kind_of(out.path) == CLI_FILE_WASM;
    exit_status = check(request, &out, request->subject);
    for (size_t i = 0; i < request->deps.count && exit_status == 0; i++)
        exit_status = check(request, &out, request->deps.items[i]);
    for (size_t i = 0; i < request->adds.count && exit_status == 0; i++) {
        const char *text = request->adds.items[i];
        const char *colons = strstr(text, "::");
        char *host = cli_need(strndup(text, colons != NULL ? (size_t)(colons - text) : 0));

        exit_status = check(request, &out, host);
        free(host);
    }
    free(out.real);
    return exit_status;
}
