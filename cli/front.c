/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that are not in the small program in front are in libexec/krait/krait-full: it takes this
 * process's place.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
cli_front_pass_on(char **argv)
{
    char *path = cli_own_helper("krait-full");
    int error;

    if (path == NULL) {
        cli_message("cannot tell where this program is: %s", strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    execv(path, argv);
    error = errno;
    cli_message("'%s' is in another program, which cannot be started: '%s': %s", argv[1], path,
                strerror(error));
    free(path);
    return KRAIT_EXIT_FAILED;
}
