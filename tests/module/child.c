/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that work for `krait module`: their status and output, and signals that come before anybody waits.
 */
#include "cli/module.h"

#include "support/check.h"

#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t cancel;

/* What a shell says and ends with; -1: a signal has ended it. */
static int
run(char *script, char **ret_output)
{
    char shell[] = "sh";
    char option[] = "-c";
    char *items[] = {shell, option, script};
    const pack_list words = {.items = items, .count = 3};
    int status = -2;

    *ret_output = NULL;
    CHECK(module_run(&words, &status, ret_output, &cancel));
    return status;
}

static void
ends(void)
{
    char both[] = "echo out; echo err >&2; cat; exit 7";
    char *output;

    cancel = 0;
    CHECK_INT(run(both, &output), 7);
    CHECK_STR(output, "out\nerr\n");
    free(output);
}

/* The signal has come between the start of the program and the wait for its end. */
static void
told(void)
{
    char sleeps[] = "exec sleep 100";
    char *output;

    cancel = SIGTERM;
    CHECK_INT(run(sleeps, &output), -1);
    free(output);
}

CHECK_MAIN(CHECK_CASE(ends), CHECK_CASE(told))
