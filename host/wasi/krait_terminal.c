/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: terminals, those of the standard streams and those in memory.
 */
#include "wasi/state.h"

/* The terminal behind a descriptor; ENOTTY. */
static int
terminal(krait_wasi *wasi, uint32_t number, krait_file **ret_file)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, number, &fd);

    if (error != 0)
        return error;
    if (!krait__file_is_terminal(fd->file))
        return ENOTTY;
    *ret_file = fd->file;
    return 0;
}

KRAIT_WASI_CALL(fd_winsize)
{
    krait_host_winsize size;
    krait_file *file;
    int error = terminal(wasi, args[0].i32, &file);

    if (error == 0)
        error = krait__terminal_winsize(file, &size);
    if (error != 0)
        return error;
    return krait__guest_write(ctx, args[1].i32, &size, sizeof(size)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_winsize_set)
{
    krait_host_winsize size;
    krait_file *file;
    int error = terminal(wasi, args[0].i32, &file);

    if (error == 0 && krait__guest_read(ctx, &size, args[1].i32, sizeof(size)) != 0)
        error = EFAULT;
    return error != 0 ? error : krait__terminal_set_winsize(file, &size);
}

KRAIT_WASI_CALL(fd_tcgetattr)
{
    krait_host_termios termios;
    krait_file *file;
    int error = terminal(wasi, args[0].i32, &file);

    if (error == 0)
        error = krait__terminal_get(file, &termios);
    if (error != 0)
        return error;
    return krait__guest_write(ctx, args[1].i32, &termios, sizeof(termios)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_tcsetattr)
{
    krait_host_termios termios;
    krait_file *file;
    int error = terminal(wasi, args[0].i32, &file);

    if (error == 0 && args[1].i32 > 2)
        error = EINVAL;
    if (error == 0 && krait__guest_read(ctx, &termios, args[2].i32, sizeof(termios)) != 0)
        error = EFAULT;
    return error != 0 ? error : krait__terminal_set(file, args[1].i32, &termios);
}

KRAIT_WASI_CALL(fd_tcflush)
{
    krait_file *file;
    int error = terminal(wasi, args[0].i32, &file);

    (void)ctx;
    if (error == 0 && args[1].i32 > 2)
        error = EINVAL;
    return error != 0 ? error : krait__terminal_flush(file, args[1].i32);
}

KRAIT_WASI_CALL(fd_pty)
{
    const uint32_t flags = args[0].i32;
    krait_file *files[2];
    uint32_t numbers[2];
    int error;

    if (flags & ~KRAIT_HOST_CLOEXEC)
        return EINVAL;
    if (krait__guest_span(ctx, args[1].i32, sizeof(numbers)) == NULL)
        return EFAULT;
    error = krait__pty_new(wasi->vfs, &files[0], &files[1]);
    if (error == 0)
        error = krait__wasi_add_pair(wasi, files, flags, numbers);
    if (error != 0)
        return error == ENOSPC ? ENFILE : error;
    return krait__guest_write(ctx, args[1].i32, numbers, sizeof(numbers)) == 0 ? 0 : EFAULT;
}
