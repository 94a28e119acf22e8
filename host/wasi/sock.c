/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: there are none but the pairs in memory of <krait/guest.h>, so for everything
 * else the answer is the one for something that is no socket.
 *
 * ENOTSOCK for files and stdio; EBADF for directories, which programs probe for the
 * end of the descriptors they were given.
 */
#include "wasi/state.h"

/* RI_RECV_PEEK and RI_RECV_WAITALL of preview 1 are not there. */
static int
a_socket(krait_wasi *wasi, uint32_t number, krait_fd **ret_fd)
{
    int error = krait__fd_get(wasi, number, ret_fd);

    if (error != 0)
        return error;
    if (krait__file_is_socket((*ret_fd)->file))
        return 0;
    return krait__file_type((*ret_fd)->file) == KRAIT_TYPE_DIRECTORY ? EBADF : ENOTSOCK;
}

KRAIT_WASI_CALL(sock_accept)
{
    krait_fd *fd;
    int error = a_socket(wasi, args[0].i32, &fd);

    (void)ctx;
    return error != 0 ? error : EINVAL; /* it does not listen */
}

KRAIT_WASI_CALL(sock_recv)
{
    const uint16_t no_flags = 0;
    krait_fd *fd;
    int error = a_socket(wasi, args[0].i32, &fd);

    if (error == 0 && args[3].i32 != 0)
        error = ENOTSUP;
    if (error == 0 && krait__guest_write(ctx, args[5].i32, &no_flags, sizeof(no_flags)) != 0)
        error = EFAULT;
    if (error != 0)
        return error;
    return krait__wasi_transfer(wasi, ctx, args[0].i32, false, args[1].i32, args[2].i32,
                                args[4].i32);
}

KRAIT_WASI_CALL(sock_send)
{
    krait_fd *fd;
    int error = a_socket(wasi, args[0].i32, &fd);

    if (error == 0 && args[3].i32 != 0)
        error = EINVAL;
    if (error != 0)
        return error;
    return krait__wasi_transfer(wasi, ctx, args[0].i32, true, args[1].i32, args[2].i32,
                                args[4].i32);
}

KRAIT_WASI_CALL(sock_shutdown)
{
    krait_fd *fd;
    int error = a_socket(wasi, args[0].i32, &fd);

    (void)ctx;
    if (error == 0 && (args[1].i32 == 0 || args[1].i32 > 3))
        error = EINVAL;
    if (error == 0)
        krait__socket_shutdown(fd->file, args[1].i32 & 1, args[1].i32 & 2);
    return error;
}
