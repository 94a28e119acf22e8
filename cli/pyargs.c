/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's own command line, as far as needed to find the program in it:
 * Python/getopt.c of CPython 3.13 takes "+bBc:dEhiIJm:OPqRsStuvVW:xX:?" and a
 * few long options.
 */
#include "cli.h"

#include <string.h>

static cli_python_arg
classify_long(const char *arg)
{
    static const char *const informing[] = {"--version", "--help", "--help-all", "--help-env",
                                            "--help-xoptions"};
    size_t i;

    if (strcmp(arg, "--") == 0)
        return CLI_PYTHON_END;
    if (strcmp(arg, "--check-hash-based-pycs") == 0)
        return CLI_PYTHON_VALUE;
    for (i = 0; i < sizeof(informing) / sizeof(informing[0]); i++) {
        if (strcmp(arg, informing[i]) == 0)
            return CLI_PYTHON_INFORMS;
    }
    return CLI_PYTHON_UNKNOWN;
}

cli_python_arg
cli_python_classify(const char *arg)
{
    cli_python_arg kind = CLI_PYTHON_FLAG;
    const char *letter;

    if (arg[0] != '-' || arg[1] == '\0')
        return CLI_PYTHON_PROGRAM;
    if (arg[1] == '-')
        return classify_long(arg);
    for (letter = arg + 1; *letter != '\0'; letter++) {
        if (*letter == 'c' || *letter == 'm')
            return CLI_PYTHON_INLINE;
        if (*letter == 'W' || *letter == 'X')
            return letter[1] == '\0' ? CLI_PYTHON_VALUE : kind;
        if (*letter == 'V' || *letter == 'h' || *letter == '?')
            kind = CLI_PYTHON_INFORMS;
    }
    return kind;
}
