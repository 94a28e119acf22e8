/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files: counting, and what an operation answers where a back end has none.
 */
#include "vfs/fs.h"

#include <errno.h>
#include <string.h>

/* Cookies of what is mounted in a directory start here.  All cookies stay below 2^32:
 * wasi-libc's telldir returns a long, which has 32 bits in the guest. */
#define MOUNTED_COOKIE (UINT64_C(1) << 31)

void
krait__file_init(krait_file *file, const krait_file_ops *ops, uint8_t type, uint32_t how,
                 uint16_t flags)
{
    memset(file, 0, sizeof(*file));
    file->ops = ops;
    file->refs = 1;
    file->type = type;
    file->access = (uint8_t)(how & (KRAIT_OPEN_READ | KRAIT_OPEN_WRITE));
    file->flags = flags;
    file->place.fd = -1;
}

krait_file *
krait__file_ref(krait_file *file)
{
    file->refs++;
    return file;
}

void
krait__file_unref(krait_file *file)
{
    if (file != NULL && --file->refs == 0)
        file->ops->close(file);
}

uint8_t
krait__file_type(const krait_file *file)
{
    return file->type;
}

uint32_t
krait__file_access(const krait_file *file)
{
    return file->access;
}

uint16_t
krait__file_flags(const krait_file *file)
{
    return file->flags;
}

int
krait__file_set_flags(krait_file *file, uint16_t flags)
{
    int error = file->ops->set_flags != NULL ? file->ops->set_flags(file, flags) : 0;

    if (error == 0)
        file->flags = flags;
    return error;
}

int
krait__file_wait_fd(const krait_file *file)
{
    return file->ops->wait_fd != NULL ? file->ops->wait_fd(file) : -1;
}

bool
krait__file_is_terminal(const krait_file *file)
{
    return file->ops->is_terminal != NULL && file->ops->is_terminal(file);
}

/* The answer of a file that is not made for an operation on bytes. */
static int
not_for_bytes(const krait_file *file, int otherwise)
{
    return file->type == KRAIT_TYPE_DIRECTORY ? EISDIR : otherwise;
}

int
krait__file_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                 size_t *ret_bytes)
{
    if (file->ops->read == NULL)
        return not_for_bytes(file, EINVAL);
    if (!(file->access & KRAIT_OPEN_READ))
        return EBADF;
    return file->ops->read(file, iov, count, offset, ret_bytes);
}

int
krait__file_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
                  size_t *ret_bytes)
{
    int error;

    if (file->ops->write == NULL)
        return not_for_bytes(file, EINVAL);
    if (!(file->access & KRAIT_OPEN_WRITE))
        return EBADF;
    error = file->ops->write(file, iov, count, offset, ret_bytes);
    if (error == 0 && (file->flags & (KRAIT_FILE_SYNC | KRAIT_FILE_DSYNC)) &&
        file->ops->sync != NULL)
        error = file->ops->sync(file, !(file->flags & KRAIT_FILE_SYNC));
    return error;
}

int
krait__file_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    if (file->ops->seek == NULL)
        return not_for_bytes(file, ESPIPE);
    return file->ops->seek(file, delta, whence, ret_position);
}

int
krait__file_stat(krait_file *file, krait_stat *ret_stat)
{
    return file->ops->stat(file, ret_stat);
}

int
krait__file_set_size(krait_file *file, uint64_t size)
{
    if (file->ops->set_size == NULL)
        return not_for_bytes(file, EINVAL);
    if (size > INT64_MAX)
        return EFBIG;
    if (!(file->access & KRAIT_OPEN_WRITE))
        return EBADF;
    return file->ops->set_size(file, size);
}

int
krait__file_allocate(krait_file *file, uint64_t offset, uint64_t size)
{
    if (file->ops->allocate == NULL)
        return not_for_bytes(file, ESPIPE);
    if (size == 0)
        return EINVAL;
    if (size > INT64_MAX || offset > INT64_MAX - size)
        return EFBIG;
    if (!(file->access & KRAIT_OPEN_WRITE))
        return EBADF;
    return file->ops->allocate(file, offset, size);
}

int
krait__file_advise(krait_file *file, uint64_t offset, uint64_t size, int advice)
{
    if (file->ops->advise == NULL)
        return file->type == KRAIT_TYPE_DIRECTORY ? EBADF : ESPIPE;
    if (offset > INT64_MAX || size > INT64_MAX)
        return EINVAL;
    return file->ops->advise(file, offset, size, advice);
}

int
krait__file_sync(krait_file *file, bool data_only)
{
    return file->ops->sync != NULL ? file->ops->sync(file, data_only) : EINVAL;
}

int
krait__file_set_times(krait_file *file, const krait_times *times)
{
    if (file->ops->set_times == NULL)
        return EINVAL;
    return file->read_only ? EROFS : file->ops->set_times(file, times);
}

int
krait__file_chmod(krait_file *file, uint32_t mode)
{
    if (file->ops->chmod == NULL)
        return EINVAL;
    return file->read_only ? EROFS : file->ops->chmod(file, mode & 07777u);
}

int
krait__file_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    int error = file->ops->statvfs != NULL ? file->ops->statvfs(file, ret_statvfs) : ENOSYS;

    if (error == 0 && file->read_only)
        ret_statvfs->flag |= KRAIT_HOST_ST_RDONLY;
    return error;
}

bool
krait__file_is_pipe(const krait_file *file)
{
    return file->ops->ready != NULL;
}

void
krait__file_ready(const krait_file *file, bool is_write, krait_ready *ret_ready)
{
    file->ops->ready(file, is_write, ret_ready);
}

int
krait__terminal_get(krait_file *file, krait_host_termios *ret_termios)
{
    return file->ops->terminal->termios(file, ret_termios);
}

int
krait__terminal_set(krait_file *file, uint32_t action, const krait_host_termios *termios)
{
    return file->ops->terminal->set_termios(file, action, termios);
}

int
krait__terminal_flush(krait_file *file, uint32_t queue)
{
    return file->ops->terminal->flush(file, queue);
}

int
krait__terminal_winsize(krait_file *file, krait_host_winsize *ret_size)
{
    return file->ops->terminal->winsize(file, ret_size);
}

int
krait__terminal_set_winsize(krait_file *file, const krait_host_winsize *size)
{
    return file->ops->terminal->set_winsize(file, size);
}

/* The index-th directory or file that is mounted in `ns`. */
static int
mounted_entry(const krait_ns *ns, uint64_t index, krait_dirent *ret_entry)
{
    const krait_ns *child = ns != NULL ? ns->children : NULL;
    krait_stat stat;

    for (uint64_t i = 0; child != NULL && i < index; i++)
        child = child->next;
    memset(ret_entry, 0, sizeof(*ret_entry));
    if (child == NULL)
        return 0;
    ret_entry->next = MOUNTED_COOKIE + index + 1;
    ret_entry->name = child->name;
    ret_entry->name_len = (uint32_t)strlen(child->name);
    ret_entry->type = KRAIT_TYPE_DIRECTORY;
    ret_entry->ino = 1;
    if (child->mount != NULL && child->mount->ops->stat(&child->mount->root, "", &stat) == 0) {
        ret_entry->type = stat.type;
        ret_entry->ino = stat.ino;
    }
    return 0;
}

int
krait__file_readdir(krait_file *file, uint64_t cookie, krait_dirent *ret_entry)
{
    const krait_ns *ns = file->place.ns;
    krait_dirent entry;

    if (file->ops->readdir == NULL)
        return ENOTDIR;
    if (cookie >= MOUNTED_COOKIE)
        return mounted_entry(ns, cookie - MOUNTED_COOKIE, ret_entry);
    for (;;) {
        int error = file->ops->readdir(file, cookie, &entry);

        if (error != 0)
            return error;
        if (entry.name_len == 0)
            return mounted_entry(ns, 0, ret_entry);
        if (krait__ns_child(ns, entry.name, entry.name_len) == NULL)
            break;
        /* Hidden by what is mounted there, which comes at the end. */
        cookie = entry.next;
    }
    *ret_entry = entry;
    return 0;
}
