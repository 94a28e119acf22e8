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
    char *prefix = cli_own_prefix();
    char *path;
    int error;

    if (prefix == NULL) {
        cli_message("cannot tell where this program is: %s", strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    path = cli_path_join(prefix, "libexec/krait/krait-full");
    execv(path, argv);
    error = errno;
    cli_message("'%s' is in another program, which cannot be started: '%s': %s", argv[1], path,
                strerror(error));
    free(path);
    free(prefix);
    return KRAIT_EXIT_FAILED;
}
