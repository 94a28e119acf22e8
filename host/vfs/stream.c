/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams on borrowed host descriptors: stdio.
 *
 * The descriptor belongs to the embedder and its open file perhaps to a whole
 * terminal session, so nothing about it is changed: NONBLOCK of a guest is kept here
 * (the caller waits, or does not, on krait__file_wait_fd), and a write to a pipe without
 * reader must not raise SIGPIPE in a process that did not ask for it.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct krait_stream {
    krait_file file;
    int fd;
    bool is_terminal;
    bool has_sigpipe; /* a pipe or socket */
} krait_stream;

static krait_stream *
stream_of(krait_file *file)
{
    return (krait_stream *)file;
}

static void
stream_close(krait_file *file)
{
    krait__free(file);
}

static int
stream_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    ssize_t done;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    done = readv(stream_of(file)->fd, iov, count);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

/* writev, but a SIGPIPE that it raises is taken back.  The signal goes to the
 * thread that writes, so blocking it here and fetching it is enough. */
static ssize_t
write_without_sigpipe(int fd, const struct iovec *iov, int count)
{
    const struct timespec at_once = {0, 0};
    sigset_t sigpipe;
    sigset_t pending;
    sigset_t old;
    ssize_t done;
    int error;

    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE))
        return writev(fd, iov, count); /* blocked, and one more changes nothing */
    if (pthread_sigmask(SIG_BLOCK, &sigpipe, &old) != 0)
        return writev(fd, iov, count);
    done = writev(fd, iov, count);
    error = errno;
    if (done < 0 && error == EPIPE) {
        while (sigtimedwait(&sigpipe, NULL, &at_once) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return done;
}

static int
stream_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
             size_t *ret_bytes)
{
    const krait_stream *stream = stream_of(file);
    ssize_t done;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    done = stream->has_sigpipe ? write_without_sigpipe(stream->fd, iov, count)
                               : writev(stream->fd, iov, count);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

/* Devices like /dev/null can be sought; what is a real stream cannot. */
static int
stream_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    off_t position;

    if (file->type != KRAIT_TYPE_CHARACTER_DEVICE || stream_of(file)->is_terminal)
        return ESPIPE;
    position = lseek(stream_of(file)->fd, delta, whence);
    if (position < 0)
        return errno;
    *ret_position = (uint64_t)position;
    return 0;
}

static int
stream_stat(krait_file *file, krait_stat *ret_stat)
{
    struct stat stat;

    if (fstat(stream_of(file)->fd, &stat) != 0)
        return errno;
    krait__host_stat(&stat, ret_stat);
    ret_stat->type = file->type;
    return 0;
}

static int
stream_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(stream_of(file)->fd, ret_statvfs);
}

static int
stream_wait_fd(const krait_file *file)
{
    return ((const krait_stream *)file)->fd;
}

static bool
stream_is_terminal(const krait_file *file)
{
    return ((const krait_stream *)file)->is_terminal;
}

static const krait_file_ops stream_ops = {
    .close = stream_close,
    .read = stream_read,
    .write = stream_write,
    .seek = stream_seek,
    .stat = stream_stat,
    .statvfs = stream_statvfs,
    .wait_fd = stream_wait_fd,
    .is_terminal = stream_is_terminal,
};

int
krait__file_from_fd(int host_fd, krait_file **ret_file)
{
    struct stat stat;
    krait_stream *stream;
    uint32_t how;
    int flags = fcntl(host_fd, F_GETFL);

    if (flags < 0 || fstat(host_fd, &stat) != 0)
        return errno;
    if (flags & O_PATH)
        return EBADF;
    how = (flags & O_ACCMODE) == O_RDONLY   ? KRAIT_OPEN_READ
          : (flags & O_ACCMODE) == O_WRONLY ? KRAIT_OPEN_WRITE
                                            : KRAIT_OPEN_READ | KRAIT_OPEN_WRITE;
    if (S_ISREG(stat.st_mode))
        return krait__host_file_new(host_fd, how, flags & O_APPEND ? KRAIT_FILE_APPEND : 0, true,
                                    ret_file);
    stream = krait__alloc(sizeof(*stream));
    if (stream == NULL)
        return ENOMEM;
    krait__file_init(&stream->file, &stream_ops,
                     S_ISCHR(stat.st_mode) ? KRAIT_TYPE_CHARACTER_DEVICE : KRAIT_TYPE_UNKNOWN, how,
                     0);
    stream->fd = host_fd;
    stream->is_terminal = S_ISCHR(stat.st_mode) && isatty(host_fd);
    stream->has_sigpipe = S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode);
    *ret_file = &stream->file;
    return 0;
}
