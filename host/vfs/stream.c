/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams on borrowed host descriptors: stdio.
 *
 * The descriptor belongs to the embedder and its open file perhaps to a whole
 * terminal session, so nothing about it is changed: NONBLOCK of a guest is kept here
 * (the caller waits, or does not, on krait__file_wait_fd), and a write to a pipe without
 * reader must not raise SIGPIPE in a process that did not ask for it.  The exception are the
 * settings of a terminal that a guest needs to read a password: they are put back at the end.
 *
 * Who shares a pipe may take what poll(2) has promised.  A call that would block then must not: the
 * signal that ends a guest restarts it.  Where the kernel has a way to say so for one call it is
 * EAGAIN, and the caller waits again; else a pipe is opened once more, for an open file of our own.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* RWF_NOWAIT of preadv2(2) and pwritev2(2): for sockets, and for pipes since Linux 6.4. */
#define MOVE_NOWAIT 8L

typedef struct krait_stream {
    krait_file file;
    int fd;
    bool is_terminal;
    bool is_pipe;
    bool may_block;  /* the kernel cannot be asked not to */
    int own_fd;      /* the pipe, opened again so that it does not block; -1: it is not */
    bool is_changed; /* `before` is what the guest found */
    struct termios before;
    bool has_sigpipe; /* a pipe or socket */
} krait_stream;

static krait_stream *
stream_of(krait_file *file)
{
    return (krait_stream *)file;
}

/* Is this our terminal, and somebody else uses it now? */
static bool
is_in_background(int fd)
{
    pid_t group = tcgetpgrp(fd);

    return group >= 0 && group != getpgrp();
}

/* Changes settings without being stopped for it, and only where this process may. */
static int
set_settings(int fd, int action, const struct termios *settings)
{
    if (is_in_background(fd))
        return EIO;
    return tcsetattr(fd, action, settings) == 0 ? 0 : errno;
}

static void
stream_close(krait_file *file)
{
    krait_stream *stream = stream_of(file);

    if (stream->is_changed)
        (void)set_settings(stream->fd, TCSANOW, &stream->before);
    if (stream->own_fd >= 0)
        close(stream->own_fd);
    krait__free(file);
}

/* A pipe has no other name than this one.  Without /proc, or when nobody reads from it, there is none. */
static int
open_again(const krait_stream *stream)
{
    const uint32_t access = stream->file.access;
    const int flags = !(access & KRAIT_OPEN_WRITE)  ? O_RDONLY
                      : !(access & KRAIT_OPEN_READ) ? O_WRONLY
                                                    : O_RDWR;
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", stream->fd);
    return krait__host_keep_fd(open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/* readv or writev. */
static ssize_t
move(krait_stream *stream, bool is_write, const struct iovec *iov, int count)
{
    int fd;

#if defined(SYS_preadv2) && defined(SYS_pwritev2) && UINTPTR_MAX > UINT32_MAX
    if (!stream->may_block) {
        const long number = is_write ? SYS_pwritev2 : SYS_preadv2;
        const long done = syscall(number, stream->fd, iov, (long)count, -1L, -1L, MOVE_NOWAIT);

        if (done >= 0 ||
            (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != EPERM))
            return (ssize_t)done;
    }
#endif
    if (!stream->may_block && stream->is_pipe)
        stream->own_fd = open_again(stream);
    stream->may_block = true;
    fd = stream->own_fd >= 0 ? stream->own_fd : stream->fd;
    return is_write ? writev(fd, iov, count) : readv(fd, iov, count);
}

static int
stream_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    ssize_t done;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    done = move(stream_of(file), false, iov, count);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

/* A SIGPIPE that a write raises is taken back.  The signal goes to the
 * thread that writes, so blocking it here and fetching it is enough. */
static ssize_t
write_without_sigpipe(krait_stream *stream, const struct iovec *iov, int count)
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
        return move(stream, true, iov, count); /* blocked, and one more changes nothing */
    if (pthread_sigmask(SIG_BLOCK, &sigpipe, &old) != 0)
        return move(stream, true, iov, count);
    done = move(stream, true, iov, count);
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
    krait_stream *stream = stream_of(file);
    ssize_t done;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    done = stream->has_sigpipe ? write_without_sigpipe(stream, iov, count)
                               : move(stream, true, iov, count);
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

/* ---- the host's terminals -------------------------------------------------------------------- */

/* What a guest may change: whether what is typed is shown and comes in lines.  Not the keys that
 * interrupt it, and nothing about the output. */
#define GUEST_LFLAG ((tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON))
#define GUEST_IFLAG ((tcflag_t)ICRNL)

static int
stream_termios(krait_file *file, krait_host_termios *ret_termios)
{
    struct termios now;

    if (tcgetattr(stream_of(file)->fd, &now) != 0)
        return errno;
    memset(ret_termios, 0, sizeof(*ret_termios));
    ret_termios->iflag = now.c_iflag;
    ret_termios->oflag = now.c_oflag;
    ret_termios->cflag = now.c_cflag;
    ret_termios->lflag = now.c_lflag;
    memcpy(ret_termios->cc, now.c_cc,
           NCCS < sizeof(ret_termios->cc) ? NCCS : sizeof(ret_termios->cc));
    ret_termios->ispeed = cfgetispeed(&now);
    ret_termios->ospeed = cfgetospeed(&now);
    return 0;
}

static int
stream_set_termios(krait_file *file, uint32_t action, const krait_host_termios *termios)
{
    static const int actions[] = {TCSANOW, TCSADRAIN, TCSAFLUSH};
    krait_stream *stream = stream_of(file);
    struct termios next;
    int error;

    if (tcgetattr(stream->fd, &next) != 0)
        return errno;
    if (!stream->is_changed)
        stream->before = next;
    next.c_lflag = (next.c_lflag & ~GUEST_LFLAG) | (termios->lflag & GUEST_LFLAG);
    next.c_iflag = (next.c_iflag & ~GUEST_IFLAG) | (termios->iflag & GUEST_IFLAG);
    next.c_cc[VMIN] = termios->cc[VMIN];
    next.c_cc[VTIME] = termios->cc[VTIME];
    error = set_settings(stream->fd, actions[action], &next);
    stream->is_changed |= error == 0;
    return error;
}

static int
stream_flush(krait_file *file, uint32_t queue)
{
    static const int queues[] = {TCIFLUSH, TCOFLUSH, TCIOFLUSH};

    if (is_in_background(stream_of(file)->fd))
        return EIO;
    return tcflush(stream_of(file)->fd, queues[queue]) == 0 ? 0 : errno;
}

static int
stream_winsize(krait_file *file, krait_host_winsize *ret_size)
{
    struct winsize size;

    if (ioctl(stream_of(file)->fd, TIOCGWINSZ, &size) != 0)
        return errno;
    *ret_size = (krait_host_winsize){size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
    return 0;
}

static int
stream_set_winsize(krait_file *file, const krait_host_winsize *size)
{
    (void)file;
    (void)size;
    return EPERM;
}

static const krait_terminal_ops stream_terminal = {
    .termios = stream_termios,
    .set_termios = stream_set_termios,
    .flush = stream_flush,
    .winsize = stream_winsize,
    .set_winsize = stream_set_winsize,
};

static const krait_file_ops stream_ops = {
    .close = stream_close,
    .read = stream_read,
    .write = stream_write,
    .seek = stream_seek,
    .stat = stream_stat,
    .statvfs = stream_statvfs,
    .wait_fd = stream_wait_fd,
    .is_terminal = stream_is_terminal,
    .terminal = &stream_terminal,
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
    stream->is_changed = false;
    /* poll(2) calls a block device ready, whatever is in the cache. */
    stream->may_block = S_ISBLK(stat.st_mode);
    stream->is_terminal = S_ISCHR(stat.st_mode) && isatty(host_fd);
    stream->is_pipe = S_ISFIFO(stat.st_mode);
    stream->own_fd = -1;
    stream->has_sigpipe = stream->is_pipe || S_ISSOCK(stat.st_mode);
    *ret_file = &stream->file;
    return 0;
}
