/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on the worker's end of the socket, which blocks.
 */
#include "worker/worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn void
krait__worker_end(int status)
{
    /* Another thread may be in the middle of anything: nothing is to be released. */
    _exit(status);
}

static void
read_all(char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(KRAIT_WORKER_FD, bytes, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        /* The pool is gone. */
        if (got <= 0)
            krait__worker_end(0);
        bytes += got;
        size -= (size_t)got;
    }
}

void
krait__worker_read(uint32_t *ret_kind, krait_buffer *payload)
{
    char bytes[16384];
    uint64_t size = 0;

    read_all(bytes, KRAIT_WIRE_HEAD);
    if (!krait__head_read(bytes, ret_kind, &size))
        krait__worker_end(1);
    payload->size = 0;
    if (!krait__buffer_add(payload, "", 0))
        krait__worker_end(1);
    while (size > 0) {
        const size_t part = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);

        read_all(bytes, part);
        if (!krait__buffer_add(payload, bytes, part))
            krait__worker_end(1);
        size -= part;
    }
}

void
krait__worker_write(const krait_frame *frame, krait_status status)
{
    const char *bytes = frame->buffer.bytes;
    size_t left = frame->buffer.size;

    if (status != KRAIT_OK)
        krait__worker_end(1);
    while (left > 0) {
        ssize_t sent = send(KRAIT_WORKER_FD, bytes, left, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            krait__worker_end(1);
        bytes += sent;
        left -= (size_t)sent;
    }
}
