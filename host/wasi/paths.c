/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with paths, except path_open.
 *
 * A path is copied out of guest memory once.  Its bytes are taken as they are, since
 * file names on Linux are bytes; a NUL inside is EINVAL.  WASI has paths in UTF-8; EILSEQ for others
 * would keep a guest from copying what it can read.
 */
#include "wasi/state.h"

#include <string.h>

int
krait__wasi_text(krait_ctx *ctx, uint32_t address, uint32_t size, char *text, size_t room)
{
    if (krait__guest_span(ctx, address, size) == NULL)
        return EFAULT;
    if (size >= room)
        return ENAMETOOLONG;
    if (krait__guest_read(ctx, text, address, size) != 0)
        return EFAULT;
    text[size] = '\0';
    return memchr(text, '\0', size) != NULL ? EINVAL : 0;
}

int
krait__wasi_path(krait_wasi *wasi, krait_ctx *ctx, uint32_t dir, uint64_t rights, uint32_t address,
                 uint32_t size, krait_guest_path *ret_path)
{
    krait_fd *fd;
    int error = krait__fd_with(wasi, dir, rights, &fd);

    if (error == 0)
        error = krait__wasi_text(ctx, address, size, ret_path->text,
                                 (size_t)wasi->limits.path_bytes + 1);
    if (error != 0)
        return error;
    ret_path->at.dir = fd->file;
    ret_path->at.path = ret_path->text;
    return 0;
}

KRAIT_WASI_CALL(path_create_directory)
{
    krait_guest_path path;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_CREATE_DIRECTORY, args[1].i32,
                                 args[2].i32, &path);

    if (error == 0)
        error = krait__path_mkdir(&path.at, KRAIT_MODE_DEFAULT);
    return error;
}

KRAIT_WASI_CALL(path_remove_directory)
{
    krait_guest_path path;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_REMOVE_DIRECTORY, args[1].i32,
                                 args[2].i32, &path);

    if (error == 0)
        error = krait__path_rmdir(&path.at);
    return error;
}

KRAIT_WASI_CALL(path_unlink_file)
{
    krait_guest_path path;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_UNLINK_FILE, args[1].i32,
                                 args[2].i32, &path);

    if (error == 0)
        error = krait__path_unlink(&path.at);
    return error;
}

KRAIT_WASI_CALL(path_filestat_get)
{
    krait_guest_path path;
    krait_stat stat;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_FILESTAT_GET, args[2].i32,
                                 args[3].i32, &path);

    if (error == 0)
        error = krait__path_stat(&path.at, args[1].i32 & WASI_LOOKUP_SYMLINK_FOLLOW, &stat);
    if (error == 0)
        error = krait__wasi_write_stat(ctx, args[4].i32, &stat);
    return error;
}

KRAIT_WASI_CALL(path_filestat_set_times)
{
    krait_guest_path path;
    krait_times times;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_FILESTAT_SET_TIMES, args[2].i32,
                                 args[3].i32, &path);

    if (error == 0)
        error = krait__wasi_times(args[4].i64, args[5].i64, args[6].i32, &times);
    if (error == 0)
        error = krait__path_set_times(&path.at, args[1].i32 & WASI_LOOKUP_SYMLINK_FOLLOW, &times);
    return error;
}

KRAIT_WASI_CALL(path_readlink)
{
    krait_guest_path path;
    char target[KRAIT_PATH_MAX + 1];
    size_t room = args[4].i32 < sizeof(target) ? args[4].i32 : sizeof(target);
    size_t size;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_READLINK, args[1].i32,
                                 args[2].i32, &path);

    if (error == 0 && krait__guest_span(ctx, args[3].i32, args[4].i32) == NULL)
        error = EFAULT;
    if (error == 0)
        error = krait__path_readlink(&path.at, target, room, &size);
    if (error != 0)
        return error;
    if (krait__guest_write(ctx, args[3].i32, target, size) != 0 ||
        krait__guest_write_u32(ctx, args[5].i32, (uint32_t)size) != 0)
        return EFAULT;
    return 0;
}

KRAIT_WASI_CALL(path_symlink)
{
    krait_guest_path path;
    char target[KRAIT_PATH_MAX + 1];
    int error = krait__wasi_path(wasi, ctx, args[2].i32, WASI_PATH_SYMLINK, args[3].i32,
                                 args[4].i32, &path);

    if (error == 0)
        error = krait__wasi_text(ctx, args[0].i32, args[1].i32, target, sizeof(target));
    if (error == 0)
        error = krait__path_symlink(target, &path.at);
    return error;
}

KRAIT_WASI_CALL(path_link)
{
    krait_guest_path from;
    krait_guest_path to;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_LINK_SOURCE, args[2].i32,
                                 args[3].i32, &from);

    if (error == 0)
        error = krait__wasi_path(wasi, ctx, args[4].i32, WASI_PATH_LINK_TARGET, args[5].i32,
                                 args[6].i32, &to);
    if (error == 0)
        error = krait__path_link(&from.at, args[1].i32 & WASI_LOOKUP_SYMLINK_FOLLOW, &to.at);
    return error != 0 ? error : krait__vfs_watch_error(wasi->vfs);
}

KRAIT_WASI_CALL(path_rename)
{
    krait_guest_path from;
    krait_guest_path to;
    int error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_RENAME_SOURCE, args[1].i32,
                                 args[2].i32, &from);

    if (error == 0)
        error = krait__wasi_path(wasi, ctx, args[3].i32, WASI_PATH_RENAME_TARGET, args[4].i32,
                                 args[5].i32, &to);
    if (error == 0)
        error = krait__path_rename(&from.at, &to.at);
    return error != 0 ? error : krait__vfs_watch_error(wasi->vfs);
}
