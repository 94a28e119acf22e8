/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard descriptors that the caller closed: `krait run x.py >&-`.
 *
 * The lowest free number goes to the next file that is opened, so a closed
 * stdout would soon be some file of ours.  /dev/null keeps the place; the guest
 * is told the truth.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool was_closed[3];

void
cli_stdio_reserve(void)
{
    int fd;

    for (fd = 0; fd < 3; fd++) {
        was_closed[fd] = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
        /* Lower ones are open by now, so this one is the next. */
        if (was_closed[fd] && open("/dev/null", O_RDWR | O_CLOEXEC) != fd)
            _exit(KRAIT_EXIT_FAILED);
    }
}

int
cli_stdio(int fd)
{
    return fd < 3 && was_closed[fd] ? -1 : fd;
}
