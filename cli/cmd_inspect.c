/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait inspect: what a module or a translation is.
 */
#include "cli.h"

#include <krait/aot.h>

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: krait inspect [--json] FILE...\n"
    "\n"
    "Show what a WebAssembly module imports, exports and uses, or what a translation\n"
    "(.krt) was made from. Nothing of the file is executed.\n"
    "\n"
    "  --json      one JSON object for each file, each on one line\n"
    "  -h, --help  show this\n"
    "\n"
    "Exit status: 0; 125 wrong usage, 126 a file is no module, or invalid or damaged,\n"
    "127 a file does not exist.\n";

static int
inspect(const char *path, bool json)
{
    char *text = NULL;
    krait_error err;

    if (krait_aot_inspect(path, json, &text, &err) != KRAIT_OK) {
        cli_error(&err);
        /* A module that cannot be read is refused like one that is none. */
        return err.code == KRAIT_EINVAL ? KRAIT_EXIT_REFUSED : cli_status_of(&err);
    }
    fputs(text, stdout);
    krait_aot_inspect_free(text);
    return 0;
}

int
krait_cmd_inspect(int argc, char **argv)
{
    bool json = false;
    int exit_status = 0;
    int first = 1;
    int i;

    for (; first < argc && argv[first][0] == '-' && argv[first][1] != '\0'; first++) {
        if (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0) {
            fputs(usage, stdout);
            return cli_finish_stdout(0);
        }
        if (strcmp(argv[first], "--") == 0) {
            first++;
            break;
        }
        if (strcmp(argv[first], "--json") != 0) {
            cli_message("inspect: unknown option '%s' (see krait inspect --help)", argv[first]);
            return KRAIT_EXIT_FAILED;
        }
        json = true;
    }
    if (first >= argc) {
        cli_message("inspect: no file was named (see krait inspect --help)");
        return KRAIT_EXIT_FAILED;
    }
    for (i = first; i < argc; i++) {
        int status = inspect(argv[i], json);

        if (i + 1 < argc && !json)
            fputc('\n', stdout);
        exit_status = status != 0 ? status : exit_status;
    }
    return cli_finish_stdout(exit_status);
}
