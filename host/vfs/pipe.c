/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes and FIFOs in memory.
 *
 * One guest thread holds both ends, so nothing here waits: what cannot go on now is EAGAIN, and
 * the caller (host/wasi/krait_pipe.c) decides what becomes of it.  A pipe's memory is charged to
 * the vfs's quota when it is made.  A FIFO is a name in memory; it has a pipe while it is open.
 *
 * Left out: waiting in open until the other end is there (EDEADLK, for nobody would come).
 */
#include "vfs/pipe.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

#define SIZE KRAIT_HOST_PIPE_SIZE

typedef struct krait_pipe_end {
    krait_file file;
    krait_pipe *pipe;
} krait_pipe_end;

static krait_pipe *
pipe_of(const krait_file *file)
{
    return ((const krait_pipe_end *)file)->pipe;
}

int
krait__pipe_make(krait_mem_fs *quota, krait_pipe **ret_pipe)
{
    krait_pipe *pipe;

    if (!krait__mem_charge(quota, sizeof(*pipe)))
        return ENOSPC;
    pipe = krait__alloc(sizeof(*pipe));
    if (pipe == NULL) {
        krait__mem_refund(quota, sizeof(*pipe));
        return ENOMEM;
    }
    pipe->quota = quota;
    pipe->node = NULL;
    pipe->readers = pipe->writers = 0;
    pipe->start = pipe->used = 0;
    pipe->ino = quota->next_ino++;
    pipe->time_ns = krait__mem_now(quota);
    *ret_pipe = pipe;
    return 0;
}

void
krait__pipe_unused(krait_pipe *pipe)
{
    if (pipe->readers > 0 || pipe->writers > 0)
        return;
    if (pipe->node != NULL) {
        pipe->node->as.fifo = NULL;
        krait__mem_node_unref(pipe->node);
    }
    krait__mem_refund(pipe->quota, sizeof(*pipe));
    krait__free(pipe);
}

static void
end_close(krait_file *file)
{
    krait_pipe *pipe = pipe_of(file);

    pipe->readers -= (file->access & KRAIT_OPEN_READ) != 0;
    pipe->writers -= (file->access & KRAIT_OPEN_WRITE) != 0;
    krait__pipe_unused(pipe);
    krait__free(file);
}

static bool
is_empty(const struct iovec *iov, int count)
{
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len != 0)
            return false;
    }
    return true;
}

int
krait__pipe_read(krait_pipe *pipe, const struct iovec *iov, int count, size_t *ret_bytes)
{
    size_t total = 0;

    if (pipe->used == 0 && pipe->writers > 0 && !is_empty(iov, count))
        return EAGAIN;
    for (int i = 0; i < count; i++) {
        uint8_t *to = iov[i].iov_base;
        size_t left = iov[i].iov_len;

        while (left > 0 && pipe->used > 0) {
            size_t piece = SIZE - pipe->start;

            piece = piece < pipe->used ? piece : pipe->used;
            piece = piece < left ? piece : left;
            memcpy(to, pipe->bytes + pipe->start, piece);
            pipe->start = (pipe->start + (uint32_t)piece) % SIZE;
            pipe->used -= (uint32_t)piece;
            to += piece;
            left -= piece;
            total += piece;
        }
    }
    *ret_bytes = total;
    return 0;
}

int
krait__pipe_write(krait_pipe *pipe, const struct iovec *iov, int count, size_t *ret_bytes)
{
    size_t total = 0;

    if (is_empty(iov, count)) {
        *ret_bytes = 0;
        return 0;
    }
    if (pipe->readers == 0)
        return EPIPE;
    if (pipe->used == SIZE)
        return EAGAIN;
    for (int i = 0; i < count; i++) {
        const uint8_t *from = iov[i].iov_base;
        size_t left = iov[i].iov_len;

        while (left > 0 && pipe->used < SIZE) {
            uint32_t end = (pipe->start + pipe->used) % SIZE;
            size_t piece = SIZE - pipe->used;

            piece = piece < SIZE - end ? piece : SIZE - end;
            piece = piece < left ? piece : left;
            memcpy(pipe->bytes + end, from, piece);
            pipe->used += (uint32_t)piece;
            from += piece;
            left -= piece;
            total += piece;
        }
    }
    pipe->time_ns = krait__mem_now(pipe->quota);
    *ret_bytes = total;
    return 0;
}

static int
end_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    return offset != KRAIT_AT_POSITION ? ESPIPE
                                       : krait__pipe_read(pipe_of(file), iov, count, ret_bytes);
}

static int
end_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    return offset != KRAIT_AT_POSITION ? ESPIPE
                                       : krait__pipe_write(pipe_of(file), iov, count, ret_bytes);
}

void
krait__pipe_ready(const krait_pipe *pipe, bool is_write, krait_ready *ret_ready)
{
    ret_ready->is_hangup = is_write ? pipe->readers == 0 : pipe->writers == 0;
    ret_ready->bytes = is_write ? SIZE - pipe->used : pipe->used;
    /* As on Linux: what PIPE_BUF bytes would fit in can be written to. */
    ret_ready->is_ready = ret_ready->is_hangup ||
                          ret_ready->bytes >= (is_write ? KRAIT_HOST_PIPE_BUF : 1u);
}

static void
end_ready(const krait_file *file, bool is_write, krait_ready *ret_ready)
{
    krait__pipe_ready(pipe_of(file), is_write, ret_ready);
}

static int
end_stat(krait_file *file, krait_stat *ret_stat)
{
    const krait_pipe *pipe = pipe_of(file);

    if (pipe->node != NULL) {
        krait__mem_node_stat(pipe->node, ret_stat);
        return 0;
    }
    *ret_stat = (krait_stat){
        .dev = pipe->quota->dev,
        .ino = pipe->ino,
        .nlink = 1,
        .atime_ns = pipe->time_ns,
        .mtime_ns = pipe->time_ns,
        .ctime_ns = pipe->time_ns,
        .mode = KRAIT_HOST_S_IFIFO | 0600u,
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .blksize = KRAIT_HOST_PIPE_BUF,
        .type = KRAIT_TYPE_UNKNOWN,
    };
    return 0;
}

static int
end_chmod(krait_file *file, uint32_t mode)
{
    krait_pipe *pipe = pipe_of(file);

    return pipe->node != NULL ? krait__mem_node_chmod(pipe->node, mode) : EINVAL;
}

static int
end_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    krait__mem_statvfs(pipe_of(file)->quota, ret_statvfs);
    return 0;
}

static const krait_file_ops end_ops = {
    .close = end_close,
    .read = end_read,
    .write = end_write,
    .stat = end_stat,
    .chmod = end_chmod,
    .statvfs = end_statvfs,
    .ready = end_ready,
};

static int
end_new(krait_pipe *pipe, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    krait_pipe_end *end = krait__alloc(sizeof(*end));

    if (end == NULL)
        return ENOMEM;
    krait__file_init(&end->file, &end_ops, KRAIT_TYPE_UNKNOWN, how, flags);
    end->pipe = pipe;
    pipe->readers += (how & KRAIT_OPEN_READ) != 0;
    pipe->writers += (how & KRAIT_OPEN_WRITE) != 0;
    *ret_file = &end->file;
    return 0;
}

int
krait__pipe_new(krait_vfs *vfs, uint16_t flags, krait_file **ret_read, krait_file **ret_write)
{
    krait_pipe *pipe;
    krait_file *reader;
    int error = krait__pipe_make(vfs->memory->fs, &pipe);

    if (error != 0)
        return error;
    error = end_new(pipe, KRAIT_OPEN_READ, flags, &reader);
    if (error != 0) {
        krait__pipe_unused(pipe);
        return error;
    }
    error = end_new(pipe, KRAIT_OPEN_WRITE, flags, ret_write);
    if (error != 0) {
        krait__file_unref(reader);
        return error;
    }
    *ret_read = reader;
    return 0;
}

/* Opening waits for the other end, unless it is opened for both. */
static int
check_other_end(const krait_mem_node *node, uint32_t how, uint16_t flags)
{
    const krait_pipe *pipe = node->as.fifo;
    bool reads = how & KRAIT_OPEN_READ;
    bool writes = how & KRAIT_OPEN_WRITE;

    if (reads && !writes && !(flags & KRAIT_FILE_NONBLOCK) && (pipe == NULL || pipe->writers == 0))
        return EDEADLK;
    if (writes && !reads && (pipe == NULL || pipe->readers == 0))
        return flags & KRAIT_FILE_NONBLOCK ? ENXIO : EDEADLK;
    return 0;
}

int
krait__fifo_open(krait_mem_node *node, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    krait_pipe *pipe = node->as.fifo;
    int error = check_other_end(node, how, flags);

    if (!(how & (KRAIT_OPEN_READ | KRAIT_OPEN_WRITE)))
        error = EACCES; /* nothing to be done with it */
    if (error == 0 && pipe == NULL) {
        error = krait__pipe_make(node->fs, &pipe);
        if (error == 0) {
            pipe->node = krait__mem_node_ref(node);
            node->as.fifo = pipe;
        }
    }
    if (error != 0)
        return error;
    error = end_new(pipe, how, flags, ret_file);
    if (error != 0)
        krait__pipe_unused(pipe);
    return error;
}
