/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sockets in memory that are connected to each other: two pipes.
 *
 * Left out: addresses, messages, descriptors that are sent.
 */
#include "vfs/pipe.h"

#include "base/alloc.h"

#include <errno.h>

typedef struct krait_socket {
    krait_file file;
    krait_pipe *in;  /* NULL: shut down */
    krait_pipe *out; /* NULL: shut down */
    uint64_t dev;
    uint64_t ino;
} krait_socket;

static krait_socket *
socket_of(krait_file *file)
{
    return (krait_socket *)file;
}

static void
leave_in(krait_socket *socket)
{
    if (socket->in == NULL)
        return;
    socket->in->readers--;
    krait__pipe_unused(socket->in);
    socket->in = NULL;
}

static void
leave_out(krait_socket *socket)
{
    if (socket->out == NULL)
        return;
    socket->out->writers--;
    krait__pipe_unused(socket->out);
    socket->out = NULL;
}

static void
socket_close(krait_file *file)
{
    leave_in(socket_of(file));
    leave_out(socket_of(file));
    krait__free(file);
}

static int
socket_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    krait_socket *socket = socket_of(file);

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    *ret_bytes = 0;
    return socket->in != NULL ? krait__pipe_read(socket->in, iov, count, ret_bytes) : 0;
}

static int
socket_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
             size_t *ret_bytes)
{
    krait_socket *socket = socket_of(file);

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    return socket->out != NULL ? krait__pipe_write(socket->out, iov, count, ret_bytes) : EPIPE;
}

static int
socket_stat(krait_file *file, krait_stat *ret_stat)
{
    const krait_socket *socket = socket_of(file);

    *ret_stat = (krait_stat){
        .dev = socket->dev,
        .ino = socket->ino,
        .nlink = 1,
        .mode = KRAIT_HOST_S_IFSOCK | 0777u,
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .blksize = KRAIT_HOST_PIPE_BUF,
        .type = KRAIT_TYPE_SOCKET_STREAM,
    };
    return 0;
}

static void
socket_ready(const krait_file *file, bool is_write, krait_ready *ret_ready)
{
    const krait_socket *socket = (const krait_socket *)file;
    const krait_pipe *pipe = is_write ? socket->out : socket->in;

    if (pipe != NULL)
        krait__pipe_ready(pipe, is_write, ret_ready);
    else
        *ret_ready = (krait_ready){.is_ready = true, .is_hangup = true};
}

static const krait_file_ops socket_ops = {
    .close = socket_close,
    .read = socket_read,
    .write = socket_write,
    .stat = socket_stat,
    .ready = socket_ready,
};

/* The end that reads `in` and writes `out`, which count it at once. */
static int
socket_new(krait_pipe *in, krait_pipe *out, krait_mem_fs *fs, uint16_t flags, krait_file **ret_file)
{
    krait_socket *socket = krait__alloc(sizeof(*socket));

    if (socket == NULL)
        return ENOMEM;
    krait__file_init(&socket->file, &socket_ops, KRAIT_TYPE_SOCKET_STREAM,
                     KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, flags);
    in->readers++;
    out->writers++;
    socket->in = in;
    socket->out = out;
    socket->dev = fs->dev;
    socket->ino = fs->next_ino++;
    *ret_file = &socket->file;
    return 0;
}

int
krait__socketpair_new(krait_vfs *vfs, uint16_t flags, krait_file *ret_files[2])
{
    krait_mem_fs *fs = vfs->memory->fs;
    krait_pipe *pipes[2];
    int error = krait__pipe_make(fs, &pipes[0]);

    if (error != 0)
        return error;
    error = krait__pipe_make(fs, &pipes[1]);
    if (error != 0) {
        krait__pipe_unused(pipes[0]);
        return error;
    }
    error = socket_new(pipes[0], pipes[1], fs, flags, &ret_files[0]);
    if (error != 0) {
        krait__pipe_unused(pipes[0]);
        krait__pipe_unused(pipes[1]);
        return error;
    }
    error = socket_new(pipes[1], pipes[0], fs, flags, &ret_files[1]);
    if (error != 0)
        krait__file_unref(ret_files[0]);
    return error;
}

bool
krait__file_is_socket(const krait_file *file)
{
    return file->ops == &socket_ops;
}

void
krait__socket_shutdown(krait_file *file, bool reading, bool writing)
{
    if (reading)
        leave_in(socket_of(file));
    if (writing)
        leave_out(socket_of(file));
}
