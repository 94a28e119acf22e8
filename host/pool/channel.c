/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames to and from a worker, on a socket that does not block.
 *
 * Memory for a frame is taken as its bytes come, never for what its head says.
 */
#include "pool/child.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What a worker has to take a frame, and for each MiB of it.  A worker that was taken over could
 * hold its driver by taking a byte now and then. */
#define SEND_NS     UINT64_C(5000000000)
#define SEND_MIB_NS UINT64_C(200000000)

/* Buffers above this are not kept. */
#define KEPT_MAX (UINT64_C(1) << 20)

void
krait__channel_begin(krait_channel *channel, int fd)
{
    channel->fd = fd;
    channel->head_size = 0;
    channel->payload.size = 0;
}

void
krait__channel_release(krait_channel *channel)
{
    krait__buffer_release(&channel->payload);
}

/* Like recv: how many bytes came; -1: none now; 0: no more will. */
static ssize_t
receive(const krait_channel *channel, void *bytes, size_t size)
{
    ssize_t got;

    do {
        got = recv(channel->fd, bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got >= 0)
        return got;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

static krait_got
read_head(krait_channel *channel, krait_most_fn most, void *data)
{
    ssize_t got = receive(channel, channel->head + channel->head_size,
                          sizeof(channel->head) - channel->head_size);
    uint64_t allowed = 0;

    if (got <= 0)
        return got == 0 ? KRAIT_GOT_END : KRAIT_GOT_NOTHING;
    channel->head_size += (size_t)got;
    if (channel->head_size < sizeof(channel->head))
        return KRAIT_GOT_NOTHING;
    if (!krait__head_read(channel->head, &channel->kind, &channel->size) ||
        !most(data, channel->kind, &allowed) || channel->size > allowed)
        return KRAIT_GOT_WRONG;
    /* Of the frame before, unless somebody took it away. */
    if (channel->payload.capacity > KEPT_MAX)
        krait__buffer_release(&channel->payload);
    channel->payload.size = 0;
    return KRAIT_GOT_FRAME;
}

static krait_got
read_payload(krait_channel *channel)
{
    char bytes[16384];

    while (channel->payload.size < channel->size) {
        const uint64_t left = channel->size - channel->payload.size;
        ssize_t got = receive(channel, bytes, left < sizeof(bytes) ? (size_t)left : sizeof(bytes));

        if (got <= 0)
            return got == 0 ? KRAIT_GOT_END : KRAIT_GOT_NOTHING;
        if (!krait__buffer_add(&channel->payload, bytes, (size_t)got))
            return KRAIT_GOT_END;
    }
    channel->head_size = 0;
    return KRAIT_GOT_FRAME;
}

krait_got
krait__channel_read(krait_channel *channel, krait_most_fn most, void *data)
{
    if (channel->head_size < sizeof(channel->head)) {
        krait_got got = read_head(channel, most, data);

        if (got != KRAIT_GOT_FRAME)
            return got;
    }
    return read_payload(channel);
}

bool
krait__channel_send(krait_channel *channel, const krait_frame *frame)
{
    const char *bytes = frame->buffer.bytes;
    size_t left = frame->buffer.size;
    const uint64_t end = krait__clock_ns(CLOCK_MONOTONIC) + SEND_NS + (left >> 20) * SEND_MIB_NS;

    while (left > 0) {
        struct pollfd room = {.fd = channel->fd, .events = POLLOUT};
        ssize_t sent = send(channel->fd, bytes, left, MSG_NOSIGNAL);

        if (sent >= 0) {
            bytes += sent;
            left -= (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if ((errno != EAGAIN && errno != EWOULDBLOCK) || krait__clock_ns(CLOCK_MONOTONIC) >= end)
            return false;
        (void)poll(&room, 1, 100);
    }
    return true;
}
