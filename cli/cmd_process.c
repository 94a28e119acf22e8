/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait process: documents through modules into a database.
 *
 * That is a program of its own, krait-process, because it needs SQLite and libarchive, and each shared
 * library costs every start of this one.  It lies in libexec/krait beside bin.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
krait_cmd_process(int argc, char **argv)
{
    char *program = cli_own_helper("krait-process");

    (void)argc;
    if (program == NULL) {
        cli_message("cannot find krait-process: /proc is not mounted");
        return KRAIT_EXIT_FAILED;
    }
    (void)fflush(NULL);
    (void)execv(program, argv);
    if (errno == ENOENT)
        cli_message(
            "'%s' is not there: krait was built without SQLite or libarchive; with Debian's "
            "libsqlite3-dev and libarchive-dev, build it again",
            program);
    else
        cli_message("cannot run '%s': %s", program, strerror(errno));
    free(program);
    return errno == ENOENT ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
}
