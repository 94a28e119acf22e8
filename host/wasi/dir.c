/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing directories.
 *
 * WASI preview 1 fd_readdir: entries are packed one after another; the last may be cut
 * off, so that a buffer that is not full means the end.
 */
#include "wasi/state.h"

/* Puts as much of an entry as there is room for. */
static int
put_entry(krait_ctx *ctx, uint64_t address, uint64_t room, const krait_dirent *entry,
          uint64_t *ret_size)
{
    wasi_dirent dirent = {.d_next = entry->next,
                          .d_ino = entry->ino,
                          .d_namlen = entry->name_len,
                          .d_type = entry->type};
    size_t head = room < sizeof(dirent) ? (size_t)room : sizeof(dirent);
    size_t name = entry->name_len;

    if (name > room - head)
        name = (size_t)(room - head);
    if (krait__guest_write(ctx, address, &dirent, head) != 0 ||
        krait__guest_write(ctx, address + head, entry->name, name) != 0)
        return EFAULT;
    *ret_size = head + name;
    return 0;
}

KRAIT_WASI_CALL(fd_readdir)
{
    uint64_t address = args[1].i32;
    uint64_t room = args[2].i32;
    uint64_t cookie = args[3].i64;
    uint64_t used = 0;
    krait_fd *fd;
    int error = krait__fd_with(wasi, args[0].i32, WASI_FD_READDIR, &fd);

    if (error == 0 && (krait__guest_span(ctx, address, room) == NULL ||
                       krait__guest_span(ctx, args[4].i32, 4) == NULL))
        error = EFAULT;
    /* Less than was asked for would mean the end. */
    if (error == 0 && room > wasi->limits.readdir_bytes)
        error = EINVAL;
    while (error == 0 && used < room) {
        krait_dirent entry;
        uint64_t size = 0;

        error = krait__file_readdir(fd->file, cookie, &entry);
        if (error != 0 || entry.name_len == 0)
            break;
        error = put_entry(ctx, address + used, room - used, &entry, &size);
        used += size;
        cookie = entry.next;
    }
    if (error != 0)
        return error;
    return krait__guest_write_u32(ctx, args[4].i32, (uint32_t)used) == 0 ? 0 : EFAULT;
}
