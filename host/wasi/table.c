/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor table.
 *
 * Rights: what fd_fdstat_get reports is what was asked for when the descriptor was
 * opened.  Enforced are the rights that the guest gave up with fd_fdstat_set_rights; reading and
 * writing follow the open mode (file.h).  Everything else would keep a guest from what
 * it can have anyway by opening the file again: what a guest may touch is decided by mounts.
 */
#include "wasi/state.h"

#include "base/alloc.h"

#include <string.h>

int
krait__fd_get(krait_wasi *wasi, uint32_t number, krait_fd **ret_fd)
{
    if (number >= wasi->fd_count || wasi->fds[number].file == NULL)
        return EBADF;
    *ret_fd = &wasi->fds[number];
    return 0;
}

int
krait__fd_with(krait_wasi *wasi, uint32_t number, uint64_t rights, krait_fd **ret_fd)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, number, &fd);

    if (error != 0)
        return error;
    if (fd->dropped & rights)
        return KRAIT_ENOTCAPABLE;
    *ret_fd = fd;
    return 0;
}

/* Makes the table reach to `number`. */
static int
reach(krait_wasi *wasi, uint32_t number)
{
    if (number >= wasi->fd_limit)
        return EMFILE;
    while (wasi->fd_count <= number) {
        if (krait__grow(&wasi->fds, wasi->fd_count, &wasi->fd_capacity, sizeof(*wasi->fds),
                        wasi->fd_limit) != 0)
            return ENOMEM;
        memset(&wasi->fds[wasi->fd_count], 0, sizeof(*wasi->fds));
        wasi->fd_count++;
    }
    return 0;
}

int
krait__fd_set(krait_wasi *wasi, uint32_t number, const krait_fd *fd)
{
    int error = reach(wasi, number);

    if (error != 0)
        return error;
    krait__file_unref(wasi->fds[number].file);
    wasi->fds[number] = *fd;
    return 0;
}

int
krait__fd_add(krait_wasi *wasi, const krait_fd *fd, uint32_t *ret_number)
{
    return krait__fd_add_from(wasi, 0, fd, ret_number);
}

int
krait__fd_add_from(krait_wasi *wasi, uint32_t min, const krait_fd *fd, uint32_t *ret_number)
{
    uint32_t number = min;
    int error;

    /* The lowest free one, as POSIX wants it. */
    while (number < wasi->fd_count && wasi->fds[number].file != NULL)
        number++;
    error = krait__fd_set(wasi, number, fd);
    if (error == 0)
        *ret_number = number;
    return error;
}

int
krait__fd_close(krait_wasi *wasi, uint32_t number)
{
    krait_fd *fd;
    int error = krait__fd_get(wasi, number, &fd);

    if (error != 0)
        return error;
    krait__file_unref(fd->file);
    memset(fd, 0, sizeof(*fd));
    while (wasi->fd_count > 0 && wasi->fds[wasi->fd_count - 1].file == NULL)
        wasi->fd_count--;
    return 0;
}

void
krait__fd_close_all(krait_wasi *wasi)
{
    for (uint32_t i = 0; i < wasi->fd_count; i++)
        krait__file_unref(wasi->fds[i].file);
    krait__free(wasi->fds);
    wasi->fds = NULL;
    wasi->fd_count = 0;
    wasi->fd_capacity = 0;
}

/* ---- calls --------------------------------------------------------------------------------- */

KRAIT_WASI_CALL(fd_close)
{
    int error = krait__fd_close(wasi, args[0].i32);

    (void)ctx;
    return error != 0 ? error : krait__vfs_watch_error(wasi->vfs);
}

/* Both must be open: a guest cannot choose numbers that nobody gave out. */
KRAIT_WASI_CALL(fd_renumber)
{
    krait_fd *from;
    krait_fd *to;
    int error = krait__fd_get(wasi, args[0].i32, &from);

    (void)ctx;
    if (error == 0)
        error = krait__fd_get(wasi, args[1].i32, &to);
    if (error != 0 || from == to)
        return error;
    krait__file_unref(to->file);
    *to = *from;
    from->file = NULL;
    memset(from, 0, sizeof(*from));
    return krait__vfs_watch_error(wasi->vfs);
}

KRAIT_WASI_CALL(fd_prestat_get)
{
    wasi_prestat prestat = {.tag = 0};
    krait_fd *fd;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error != 0)
        return error;
    if (fd->preopen == NULL)
        return EBADF; /* where wasi-libc ends its search */
    prestat.pr_name_len = (uint32_t)strlen(fd->preopen);
    return krait__guest_write(ctx, args[1].i32, &prestat, sizeof(prestat)) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_prestat_dir_name)
{
    krait_fd *fd;
    size_t size;
    int error = krait__fd_get(wasi, args[0].i32, &fd);

    if (error != 0)
        return error;
    if (fd->preopen == NULL)
        return EBADF;
    size = strlen(fd->preopen);
    if (args[2].i32 < size)
        return ENAMETOOLONG;
    if (krait__guest_span(ctx, args[1].i32, args[2].i32) == NULL)
        return EFAULT;
    return krait__guest_write(ctx, args[1].i32, fd->preopen, size) == 0 ? 0 : EFAULT;
}
