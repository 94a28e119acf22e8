/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler as a filter: the first argument is Python code that registers a function; each line
 * of the standard input is given to it, and what it gives is printed.
 */
#include "handler.h"

#include <stdio.h>
#include <string.h>

static int
show(int status, FILE *stream)
{
    (void)fwrite(handler_result(), 1, handler_result_size(), stream);
    (void)fputc('\n', stream);
    return status;
}

int
main(int argc, char **argv)
{
    char line[4096];
    int failed = 0;

    if (argc != 2) {
        (void)fputs("usage: lines CODE\n", stderr);
        return 2;
    }
    if (handler_start(argv[1], strlen(argv[1])) != 0) {
        return show(1, stderr);
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        int status = handler_call(line, strcspn(line, "\n"));

        failed |= show(status, status == 0 ? stdout : stderr);
    }
    return failed;
}
