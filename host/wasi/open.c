/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_open, and path_open_mode of <krait/guest.h>.
 *
 * The rights asked for become the open mode: FD_READ or FD_READDIR reads, FD_WRITE
 * writes; FD_ALLOCATE and FD_FILESTAT_SET_SIZE write too where that is possible.  Rights that
 * mean nothing for the kind of file that was found are left out, as the specification allows.
 */
#include "wasi/state.h"

/* Rights that a directory passes on or not; the others come with any open file. */
#define PASSED_ON                                                                                  \
    (WASI_FD_READ | WASI_FD_WRITE | WASI_FD_READDIR | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_SET_SIZE)

/* May this be opened from `dir`?  A directory that was opened without any inheriting
 * rights says nothing about them. */
static int
check_rights(const krait_fd *dir, uint32_t oflags, uint64_t base)
{
    uint64_t needed = WASI_PATH_OPEN;

    if (oflags & WASI_O_CREAT)
        needed |= WASI_PATH_CREATE_FILE;
    if (oflags & WASI_O_TRUNC)
        needed |= WASI_PATH_FILESTAT_SET_SIZE;
    if ((dir->dropped & needed) || (dir->dropped_inheriting & base))
        return KRAIT_ENOTCAPABLE;
    if (dir->inheriting != 0 && (base & PASSED_ON & ~dir->inheriting))
        return KRAIT_ENOTCAPABLE;
    return 0;
}

static uint32_t
open_mode(uint32_t lookup, uint32_t oflags, uint64_t base)
{
    uint32_t how = 0;

    if (base & (WASI_FD_READ | WASI_FD_READDIR))
        how |= KRAIT_OPEN_READ;
    if (base & (WASI_FD_WRITE | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_SET_SIZE))
        how |= KRAIT_OPEN_WRITE;
    if (lookup & WASI_LOOKUP_SYMLINK_FOLLOW)
        how |= KRAIT_OPEN_FOLLOW;
    if (oflags & WASI_O_CREAT)
        how |= KRAIT_OPEN_CREATE;
    if (oflags & WASI_O_DIRECTORY)
        how |= KRAIT_OPEN_DIRECTORY;
    if (oflags & WASI_O_EXCL)
        how |= KRAIT_OPEN_EXCLUSIVE;
    if (oflags & WASI_O_TRUNC)
        how |= KRAIT_OPEN_TRUNCATE;
    return how;
}

/* Opens; gives up writing where it was only asked for by the way. */
static int
open_file(const krait_at *at, uint32_t how, uint16_t flags, uint64_t base, krait_file **ret_file)
{
    int error = krait__path_open(at, how, flags, ret_file);

    if ((error == EISDIR || error == EROFS || error == EACCES) && (how & KRAIT_OPEN_WRITE) &&
        !(base & WASI_FD_WRITE))
        error = krait__path_open(at, how & ~(uint32_t)KRAIT_OPEN_WRITE, flags, ret_file);
    return error;
}

static uint64_t
rights_of(const krait_file *file, uint64_t asked)
{
    uint64_t rights = asked;

    if (krait__file_type(file) == KRAIT_TYPE_DIRECTORY)
        return rights & WASI_RIGHTS_DIRECTORY;
    if (!(krait__file_access(file) & KRAIT_OPEN_WRITE))
        rights &= ~(WASI_FD_WRITE | WASI_FD_ALLOCATE | WASI_FD_FILESTAT_SET_SIZE);
    if (krait__file_is_terminal(file))
        rights &= ~(WASI_FD_SEEK | WASI_FD_TELL); /* as in wasi.c */
    return rights & WASI_RIGHTS_FILE;
}

/* The result's descriptor, with what it inherits from `dir`. */
static int
add_file(krait_wasi *wasi, const krait_fd *dir, const krait_cell *args, krait_file *file,
         uint64_t dropped, uint32_t *ret_number)
{
    krait_fd fd = {.file = file};
    int error;

    fd.base = rights_of(file, args[5].i64) & ~dropped;
    fd.inheriting = args[6].i64 & WASI_RIGHTS_ALL & ~dir->dropped_inheriting;
    if (dir->inheriting != 0)
        fd.inheriting &= dir->inheriting;
    fd.dropped = dir->dropped_inheriting | dropped;
    fd.dropped_inheriting = dir->dropped_inheriting;
    fd.cloexec = args[7].i32 & KRAIT_HOST_CLOEXEC;
    error = krait__fd_add(wasi, &fd, ret_number);
    if (error != 0)
        krait__file_unref(file);
    return error;
}

/* /dev/stdin and its like are the descriptor, not another file: what it is open for counts. */
static int
take_descriptor(krait_wasi *wasi, krait_file **file, uint64_t *ret_dropped)
{
    const int number = krait__file_stands_for(*file);
    const uint32_t wanted = krait__file_access(*file);
    krait_fd *fd;
    int error;

    if (number < 0)
        return 0;
    krait__file_unref(*file);
    error = krait__fd_get(wasi, (uint32_t)number, &fd);
    if (error != 0)
        return ENXIO;
    if (krait__file_type(fd->file) == KRAIT_TYPE_DIRECTORY ||
        (wanted & ~krait__file_access(fd->file)) != 0)
        return EACCES;
    *ret_dropped = fd->dropped;
    *file = krait__file_ref(fd->file);
    return 0;
}

/* `args` as for path_open; `mode`: 0, or KRAIT_OPEN_MODE(). */
static int
open_path(krait_wasi *wasi, krait_ctx *ctx, const krait_cell *args, uint32_t mode,
          uint32_t ret_address)
{
    const uint32_t known = 31u | (mode != 0 ? KRAIT_HOST_CLOEXEC : 0u);
    const uint32_t oflags = args[4].i32;
    krait_guest_path path;
    krait_file *file;
    uint64_t dropped = 0;
    krait_fd *dir;
    uint32_t number;
    int error = krait__fd_get(wasi, args[0].i32, &dir);

    if (error == 0)
        error = check_rights(dir, oflags, args[5].i64);
    if (error == 0 && ((oflags & ~15u) || (args[7].i32 & ~known)))
        error = EINVAL;
    if (error == 0 && krait__guest_span(ctx, ret_address, 4) == NULL)
        error = EFAULT;
    if (error == 0)
        error = krait__wasi_path(wasi, ctx, args[0].i32, WASI_PATH_OPEN, args[2].i32, args[3].i32,
                                 &path);
    if (error == 0)
        error = open_file(&path.at, open_mode(args[1].i32, oflags, args[5].i64) | mode,
                          (uint16_t)(args[7].i32 & 31u), args[5].i64, &file);
    if (error == 0)
        error = take_descriptor(wasi, &file, &dropped);
    if (error != 0)
        return error;
    error = add_file(wasi, dir, args, file, dropped, &number);
    if (error != 0)
        return error;
    return krait__guest_write_u32(ctx, ret_address, number) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(path_open)
{
    return open_path(wasi, ctx, args, 0, args[8].i32);
}

KRAIT_WASI_CALL(path_open_mode)
{
    return open_path(wasi, ctx, args, KRAIT_OPEN_MODE(args[8].i32), args[9].i32);
}
