/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: a guest has none yet, so the answer is always the one for something else.
 *
 * ENOTSOCK for files and stdio; EBADF for directories, which programs probe for the
 * end of the descriptors they were given.
 */
#include "wasi/state.h"

static int
not_a_socket(krait_wasi *wasi, uint32_t number)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, number, &fd);

    if (error != 0)
        return error;
    return krait__file_type(fd->file) == KRAIT_TYPE_DIRECTORY ? EBADF : ENOTSOCK;
}

KRAIT_WASI_CALL(sock_accept)
{
    (void)ctx;
    return not_a_socket(wasi, args[0].i32);
}

KRAIT_WASI_CALL(sock_recv)
{
    (void)ctx;
    return not_a_socket(wasi, args[0].i32);
}

KRAIT_WASI_CALL(sock_send)
{
    (void)ctx;
    return not_a_socket(wasi, args[0].i32);
}

KRAIT_WASI_CALL(sock_shutdown)
{
    (void)ctx;
    return not_a_socket(wasi, args[0].i32);
}
