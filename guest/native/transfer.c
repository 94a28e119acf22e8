/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from one descriptor to another, and writing under RLIMIT_FSIZE.  They are copied by the
 * guest; nobody else can come between.
 */
#include "native.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

enum { CHUNK = 65536 };

ssize_t
write(int fd, const void *data, size_t size)
{
    __wasi_ciovec_t vector = {data, size};
    __wasi_size_t written;
    __wasi_errno_t error;

    if (native_may_write(fd, -1, &vector.buf_len) != 0)
        return -1;
    error = __wasi_fd_write(fd, &vector, 1, &written);
    if (error == EPIPE)
        (void)raise(SIGPIPE);
    return native_result(error == __WASI_ERRNO_NOTCAPABLE ? EBADF : error) != 0 ? -1
                                                                                : (ssize_t)written;
}

ssize_t
pwrite(int fd, const void *data, size_t size, off_t offset)
{
    __wasi_ciovec_t vector = {data, size};
    __wasi_size_t written;
    __wasi_errno_t error;

    if (offset < 0)
        return native_fail(EINVAL);
    if (native_may_write(fd, offset, &vector.buf_len) != 0)
        return -1;
    error = __wasi_fd_pwrite(fd, &vector, 1, (__wasi_filesize_t)offset, &written);
    return native_result(error == __WASI_ERRNO_NOTCAPABLE ? EBADF : error) != 0 ? -1
                                                                                : (ssize_t)written;
}

static ssize_t
get(int fd, off_t *offset, void *data, size_t size)
{
    ssize_t n = offset != NULL ? pread(fd, data, size, *offset) : read(fd, data, size);

    if (n > 0 && offset != NULL)
        *offset += n;
    return n;
}

static ssize_t
put(int fd, off_t *offset, const void *data, size_t size)
{
    ssize_t n = offset != NULL ? pwrite(fd, data, size, *offset) : write(fd, data, size);

    if (n > 0 && offset != NULL)
        *offset += n;
    return n;
}

/* What was read and not written goes back. */
static void
put_back(int fd, off_t *offset, ssize_t size)
{
    if (offset != NULL)
        *offset -= size;
    else if (size > 0)
        (void)(lseek)(fd, -size, SEEK_CUR);
}

static ssize_t
copy(int from, off_t *from_offset, int to, off_t *to_offset, size_t size)
{
    char *chunk = malloc(CHUNK);
    size_t done = 0;
    size_t wanted = 0;
    ssize_t got = 0;
    ssize_t put_now = 0;

    if (chunk == NULL)
        return native_fail(ENOMEM);
    /* A short read is the end of a file, or all that a pipe has. */
    while (done < size && wanted == (size_t)got) {
        wanted = size - done < CHUNK ? size - done : CHUNK;
        got = get(from, from_offset, chunk, wanted);
        if (got <= 0)
            break;
        put_now = put(to, to_offset, chunk, (size_t)got);
        done += put_now > 0 ? (size_t)put_now : 0;
        if (put_now != got) {
            put_back(from, from_offset, got - (put_now > 0 ? put_now : 0));
            break;
        }
    }
    free(chunk);
    return done > 0 || (got >= 0 && put_now >= 0) ? (ssize_t)done : -1;
}

ssize_t
sendfile(int out, int in, off_t *offset, size_t size)
{
    struct stat status;
    off_t at = offset != NULL ? *offset : 0;
    ssize_t sent;

    if (fstat(in, &status) != 0)
        return -1;
    if (at < 0 || !S_ISREG(status.st_mode))
        return native_fail(EINVAL);
    sent = copy(in, offset != NULL ? &at : NULL, out, NULL, size);
    if (offset != NULL)
        *offset = at;
    return sent;
}

ssize_t
copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags)
{
    struct stat status;

    if (flags != 0)
        return native_fail(EINVAL);
    if (fstat(from, &status) != 0)
        return -1;
    if (!S_ISREG(status.st_mode))
        return native_fail(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    if (fstat(to, &status) != 0)
        return -1;
    if (!S_ISREG(status.st_mode))
        return native_fail(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    return copy(from, from_offset, to, to_offset, size);
}

/* As splice() has it: one of them is a pipe, which has no offset. */
static int
check_pipe(int fd, const off_t *offset, int *ret_pipe)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -1;
    *ret_pipe = S_ISFIFO(status.st_mode);
    return *ret_pipe && offset != NULL ? native_fail(ESPIPE) : 0;
}

ssize_t
splice(int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags)
{
    int from_pipe;
    int to_pipe;

    if (flags & ~(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE))
        return native_fail(EINVAL);
    if (check_pipe(from, from_offset, &from_pipe) != 0 || check_pipe(to, to_offset, &to_pipe) != 0)
        return -1;
    /* From one pipe to another is left out: what does not fit could not go back. */
    if (from_pipe == to_pipe)
        return native_fail(EINVAL);
    return copy(from, from_offset, to, to_offset, size < CHUNK ? size : CHUNK);
}
