/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading, writing and seeking.
 *
 * Buffers are used in place: the list of them is copied once, every buffer is
 * checked before anything moves, and data goes between the file and guest memory in steps of
 * at most 1 MiB, with a look for interruption between two.  What a host file gave or took
 * before an error counts; the error comes back with the next call.
 */
#include "wasi/state.h"

#include <poll.h>
#include <stdio.h>

/* Host buffers of one step. */
#define STEP_BUFFERS 64

typedef struct transfer {
    krait_wasi *wasi;
    krait_ctx *ctx;
    krait_fd *fd;
    uint64_t offset; /* or KRAIT_AT_POSITION */
    bool is_write;
    uint32_t count; /* of iovs */
    uint32_t index; /* the next one ... */
    uint32_t used;  /* ... and what of it was moved */
    uint64_t total; /* bytes moved */
    uint64_t limit; /* bytes to move */
    wasi_iovec iovs[KRAIT_WASI_IOVECS];
} transfer;

/* Copies the list and checks every buffer in it. */
static int
take_buffers(transfer *t, uint32_t address, uint32_t count)
{
    if (count > KRAIT_WASI_IOVECS)
        return EINVAL;
    if (krait__guest_read(t->ctx, t->iovs, address, count * sizeof(t->iovs[0])) != 0)
        return EFAULT;
    t->limit = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (krait__guest_span(t->ctx, t->iovs[i].buf, t->iovs[i].buf_len) == NULL)
            return EFAULT;
        t->limit += t->iovs[i].buf_len;
    }
    if (t->limit > KRAIT_WASI_IO_MAX)
        t->limit = KRAIT_WASI_IO_MAX;
    t->count = count;
    t->index = t->used = 0;
    t->total = 0;
    return 0;
}

/* The buffers of the next step. */
static int
next_step(const transfer *t, size_t most, struct iovec out[STEP_BUFFERS], size_t *ret_bytes)
{
    uint64_t left = t->limit - t->total;
    uint32_t used = t->used;
    size_t bytes = 0;
    int count = 0;

    if (most > left)
        most = (size_t)left;
    for (uint32_t i = t->index; i < t->count && count < STEP_BUFFERS && bytes < most; i++) {
        size_t size = t->iovs[i].buf_len - used;

        if (size > most - bytes)
            size = most - bytes;
        if (size > 0) {
            out[count].iov_base = krait__guest_span(t->ctx, (uint64_t)t->iovs[i].buf + used, size);
            out[count++].iov_len = size;
        }
        bytes += size;
        used = 0;
    }
    *ret_bytes = bytes;
    return count;
}

static void
advance(transfer *t, size_t bytes)
{
    t->total += bytes;
    while (bytes > 0) {
        size_t size = t->iovs[t->index].buf_len - t->used;

        if (size > bytes)
            size = bytes;
        if (t->is_write && t->fd->file == t->wasi->first_files[2])
            krait__wasi_keep_tail(t->wasi, t->ctx, (uint64_t)t->iovs[t->index].buf + t->used, size);
        t->used += (uint32_t)size;
        bytes -= size;
        if (t->used == t->iovs[t->index].buf_len) {
            t->index++;
            t->used = 0;
        }
    }
}

static int
move_once(transfer *t, size_t most, size_t *ret_done)
{
    struct iovec iov[STEP_BUFFERS];
    size_t bytes;
    int count = next_step(t, most, iov, &bytes);
    uint64_t offset = t->offset == KRAIT_AT_POSITION ? KRAIT_AT_POSITION : t->offset + t->total;
    int error;

    error = t->is_write ? krait__file_write(t->fd->file, iov, count, offset, ret_done)
                        : krait__file_read(t->fd->file, iov, count, offset, ret_done);
    if (error == 0)
        advance(t, *ret_done);
    return error;
}

/* Regular files and whatever else never blocks. */
static int
move_all(transfer *t)
{
    do {
        size_t done = 0;
        size_t wanted = t->limit - t->total < KRAIT_WASI_STEP ? (size_t)(t->limit - t->total)
                                                              : KRAIT_WASI_STEP;
        int error = move_once(t, KRAIT_WASI_STEP, &done);

        if (error != 0)
            return t->total > 0 ? 0 : error;
        if (done == 0 && wanted > 0)
            break;
    } while (t->total < t->limit && !krait__wasi_interrupted(t->ctx));
    return 0;
}

/* Bytes that a stream takes without blocking when poll says that it is ready: PIPE_BUF. */
#define STREAM_STEP 4096u

/* One piece of a stream.  Waits until it is ready, unless the guest said not to. */
static int
move_piece(transfer *t, int host_fd, size_t *ret_done)
{
    bool waits = !(krait__file_flags(t->fd->file) & KRAIT_FILE_NONBLOCK);

    for (;;) {
        struct pollfd fds[2] = {{.fd = host_fd, .events = t->is_write ? POLLOUT : POLLIN}};
        unsigned ready = 0;
        int error = krait__wasi_wait(t->wasi, t->ctx, fds, 1, waits ? UINT64_MAX : 0, &ready);

        if (error == 0 && ready == 0)
            error = EAGAIN;
        if (error == 0)
            error = move_once(t, t->is_write ? STREAM_STEP : KRAIT_WASI_STEP, ret_done);
        /* Somebody else was faster, or the host's own signals came between. */
        if ((error == EAGAIN && waits) || (error == EINTR && !krait__wasi_interrupted(t->ctx)))
            continue;
        return error;
    }
}

/* A read takes what is there, a write goes on until everything is out. */
static int
move_stream(transfer *t, int host_fd)
{
    do {
        size_t done = 0;
        int error = move_piece(t, host_fd, &done);

        if (error == KRAIT_ECANCEL)
            return error;
        if (error != 0)
            return t->total > 0 ? 0 : error;
        if (done == 0)
            break;
    } while (t->is_write && t->total < t->limit);
    return 0;
}

/* A pipe in memory takes a short write whole or not at all. */
static bool
fits(const transfer *t)
{
    krait_ready ready;

    if (!t->is_write || t->limit > KRAIT_HOST_PIPE_BUF || krait__file_is_terminal(t->fd->file))
        return true;
    krait__file_ready(t->fd->file, true, &ready);
    return ready.is_hangup || ready.bytes >= t->limit;
}

/* As a stream, but nobody else moves anything meanwhile. */
static int
move_pipe(transfer *t)
{
    do {
        size_t done = 0;
        int error = fits(t) ? move_once(t, KRAIT_WASI_STEP, &done) : EAGAIN;

        if (error == EAGAIN)
            error = krait__wasi_pipe_wait(t->wasi, t->ctx, t->fd->file);
        if (error == KRAIT_ECANCEL)
            return error;
        if (error != 0)
            return t->total > 0 ? 0 : error;
    } while (t->is_write && t->total < t->limit);
    return 0;
}

static int
transfer_bytes(transfer *t, uint32_t iovs, uint32_t count, uint32_t ret_address)
{
    int error = take_buffers(t, iovs, count);
    int host_fd;

    if (error == 0 && krait__guest_span(t->ctx, ret_address, 4) == NULL)
        error = EFAULT;
    if (error == 0 && t->is_write)
        error = krait__wasi_output_begin(t->wasi, t->ctx, t->fd->file, &t->limit);
    if (error != 0)
        return error;
    host_fd = krait__file_wait_fd(t->fd->file);
    if (host_fd >= 0 && t->limit > 0 && t->offset == KRAIT_AT_POSITION)
        error = move_stream(t, host_fd);
    else if (krait__file_is_pipe(t->fd->file) && t->limit > 0)
        error = move_pipe(t);
    else
        error = move_all(t);
    if (t->is_write)
        krait__wasi_output_end(t->wasi, t->fd->file, t->total);
    if (error != 0)
        return error;
    return krait__guest_write_u32(t->ctx, ret_address, (uint32_t)t->total) == 0 ? 0 : EFAULT;
}

/* What a descriptor was not opened for is EBADF, what was given up is ENOTCAPABLE. */
static int
start(transfer *t, krait_wasi *wasi, krait_ctx *ctx, uint32_t number, bool is_write)
{
    uint64_t right = is_write ? WASI_FD_WRITE : WASI_FD_READ;
    int error = krait__fd_with(wasi, number, right, &t->fd);

    if (error != 0)
        return error;
    if (!(t->fd->base & right) && krait__file_type(t->fd->file) != KRAIT_TYPE_DIRECTORY)
        return EBADF;
    t->wasi = wasi;
    t->ctx = ctx;
    t->is_write = is_write;
    t->offset = KRAIT_AT_POSITION;
    return 0;
}

static int
at_offset(transfer *t, uint64_t offset)
{
    if (offset > INT64_MAX - (uint64_t)UINT32_MAX)
        return EINVAL;
    t->offset = offset;
    return 0;
}

int
krait__wasi_transfer(krait_wasi *wasi, krait_ctx *ctx, uint32_t number, bool is_write,
                     uint32_t iovs, uint32_t count, uint32_t ret_address)
{
    transfer t;
    int error = start(&t, wasi, ctx, number, is_write);

    return error != 0 ? error : transfer_bytes(&t, iovs, count, ret_address);
}

KRAIT_WASI_CALL(fd_read)
{
    return krait__wasi_transfer(wasi, ctx, args[0].i32, false, args[1].i32, args[2].i32,
                                args[3].i32);
}

KRAIT_WASI_CALL(fd_write)
{
    return krait__wasi_transfer(wasi, ctx, args[0].i32, true, args[1].i32, args[2].i32,
                                args[3].i32);
}

KRAIT_WASI_CALL(fd_pread)
{
    transfer t;
    int error = start(&t, wasi, ctx, args[0].i32, false);

    if (error == 0)
        error = at_offset(&t, args[3].i64);
    return error != 0 ? error : transfer_bytes(&t, args[1].i32, args[2].i32, args[4].i32);
}

KRAIT_WASI_CALL(fd_pwrite)
{
    transfer t;
    int error = start(&t, wasi, ctx, args[0].i32, true);

    if (error == 0)
        error = at_offset(&t, args[3].i64);
    return error != 0 ? error : transfer_bytes(&t, args[1].i32, args[2].i32, args[4].i32);
}

static int
seek(krait_wasi *wasi, krait_ctx *ctx, uint32_t number, int64_t delta, int whence, uint64_t rights,
     uint32_t ret_address)
{
    krait_fd *fd;
    uint64_t position;
    int error = krait__fd_with(wasi, number, rights, &fd);

    if (error == 0 && krait__guest_span(ctx, ret_address, 8) == NULL)
        error = EFAULT;
    if (error == 0)
        error = krait__file_seek(fd->file, delta, whence, &position);
    if (error != 0)
        return error;
    return krait__guest_write_u64(ctx, ret_address, position) == 0 ? 0 : EFAULT;
}

KRAIT_WASI_CALL(fd_seek)
{
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};

    if (args[2].i32 > 2)
        return EINVAL;
    return seek(wasi, ctx, args[0].i32, (int64_t)args[1].i64, whences[args[2].i32], WASI_FD_SEEK,
                args[3].i32);
}

KRAIT_WASI_CALL(fd_tell)
{
    return seek(wasi, ctx, args[0].i32, 0, SEEK_CUR, WASI_FD_TELL, args[1].i32);
}
