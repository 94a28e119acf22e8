/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in memory that are read and written like files: Linux's eventfd(2).
 *
 * As pipes (pipe.c), they never wait: EAGAIN, and the caller decides.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

/* Most that a counter holds. */
#define MOST (UINT64_MAX - 1)

typedef struct krait_eventfd {
    krait_file file;
    uint64_t value;
    uint64_t ino;
    uint64_t dev;
    bool is_semaphore;
} krait_eventfd;

static krait_eventfd *
event_of(krait_file *file)
{
    return (krait_eventfd *)file;
}

static void
event_close(krait_file *file)
{
    krait__free(file);
}

/* The 8 bytes may lie in several buffers. */
static size_t
copy(const struct iovec *iov, int count, uint64_t *value, bool is_write)
{
    uint8_t *bytes = (uint8_t *)value;
    size_t done = 0;

    for (int i = 0; i < count && done < sizeof(*value); i++) {
        size_t size = sizeof(*value) - done;

        if (size > iov[i].iov_len)
            size = iov[i].iov_len;
        if (is_write)
            memcpy(bytes + done, iov[i].iov_base, size);
        else
            memcpy(iov[i].iov_base, bytes + done, size);
        done += size;
    }
    return done;
}

static size_t
room(const struct iovec *iov, int count)
{
    size_t total = 0;

    for (int i = 0; i < count; i++)
        total += iov[i].iov_len;
    return total;
}

static int
event_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    krait_eventfd *event = event_of(file);
    uint64_t value;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    if (room(iov, count) < sizeof(value))
        return EINVAL;
    if (event->value == 0)
        return EAGAIN;
    value = event->is_semaphore ? 1 : event->value;
    event->value -= value;
    *ret_bytes = copy(iov, count, &value, false);
    return 0;
}

static int
event_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    krait_eventfd *event = event_of(file);
    uint64_t value = 0;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    if (room(iov, count) != sizeof(value))
        return EINVAL;
    (void)copy(iov, count, &value, true);
    if (value == UINT64_MAX)
        return EINVAL;
    if (value > MOST - event->value)
        return EAGAIN;
    event->value += value;
    *ret_bytes = sizeof(value);
    return 0;
}

static int
event_stat(krait_file *file, krait_stat *ret_stat)
{
    const krait_eventfd *event = event_of(file);

    *ret_stat = (krait_stat){
        .dev = event->dev,
        .ino = event->ino,
        .nlink = 1,
        .mode = 0600u,
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .blksize = KRAIT_MEM_BLOCK,
        .type = KRAIT_TYPE_UNKNOWN,
    };
    return 0;
}

static void
event_ready(const krait_file *file, bool is_write, krait_ready *ret_ready)
{
    const krait_eventfd *event = (const krait_eventfd *)file;

    ret_ready->is_hangup = false;
    ret_ready->is_ready = is_write ? event->value < MOST : event->value > 0;
    /* Whatever the value is, its 8 bytes are written or not. */
    ret_ready->bytes = is_write ? KRAIT_HOST_PIPE_BUF : ret_ready->is_ready * sizeof(event->value);
}

static const krait_file_ops event_ops = {
    .close = event_close,
    .read = event_read,
    .write = event_write,
    .stat = event_stat,
    .ready = event_ready,
};

int
krait__eventfd_new(krait_vfs *vfs, uint64_t value, bool is_semaphore, uint16_t flags,
                   krait_file **ret_file)
{
    krait_mem_fs *fs = vfs->memory->fs;
    krait_eventfd *event = krait__alloc(sizeof(*event));

    if (event == NULL)
        return ENOMEM;
    krait__file_init(&event->file, &event_ops, KRAIT_TYPE_UNKNOWN,
                     KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, flags);
    event->value = value;
    event->dev = fs->dev;
    event->ino = fs->next_ino++;
    event->is_semaphore = is_semaphore;
    *ret_file = &event->file;
    return 0;
}
