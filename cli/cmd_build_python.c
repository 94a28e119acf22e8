/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait build-python, also called build: finds the recipes and becomes them.
 *
 * The work is recipes/make-python, in POSIX shell.  It lies in share/krait beside this program,
 * in the build folder of a checkout as a link to the checkout.  The script gets the arguments as
 * they are; KRAIT_PROGRAM names this program, which runs what was built.  It takes this process's
 * place, so signals and the exit status need no help.
 */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Allocated; NULL after a message. */
static char *
find_recipes(const char *self)
{
    char *folder = cli_need(strdup(self));
    char *place;
    char *found;
    int level;

    for (level = 0; level < 2; level++) {
        char *slash = strrchr(folder, '/');

        if (slash != NULL)
            *slash = '\0';
    }
    place = cli_path_join(folder, "share/krait/recipes/make-python");
    /* The script finds what it reads beside itself, so its real place is what counts. */
    found = realpath(place, NULL);
    if (found == NULL)
        cli_message("build-python: the recipes are missing: cannot read '%s': %s", place,
                    strerror(errno));
    free(place);
    free(folder);
    return found;
}

int
krait_cmd_build_python(int argc, char **argv)
{
    char *self = cli_own_program();
    char shell[] = "sh";
    char *script;
    char **words;
    int error;

    if (self == NULL) {
        cli_message("build-python: cannot tell where this program is: %s", strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    script = find_recipes(self);
    if (script == NULL)
        return KRAIT_EXIT_FAILED;
    words = cli_need(calloc((size_t)argc + 2, sizeof(*words)));
    words[0] = shell;
    words[1] = script;
    memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
    if (setenv("KRAIT_PROGRAM", self, 1) != 0) {
        cli_message("build-python: %s", strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    /* Shells and compilers expect the usual: a closed pipe ends them. */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    execv("/bin/sh", words);
    error = errno;
    cli_message("build-python: cannot start /bin/sh: %s", strerror(error));
    free(words);
    free(script);
    free(self);
    return KRAIT_EXIT_FAILED;
}
