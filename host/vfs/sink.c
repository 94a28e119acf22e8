/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams that end in the embedder instead of a descriptor: stdin from bytes, stdout and stderr
 * to a function.  To the guest they are pipes: no position, no size, never a terminal.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

typedef struct krait_sink {
    krait_file file;
    krait_sink_fn write;
    void *data;
} krait_sink;

typedef struct krait_source {
    krait_file file;
    const uint8_t *bytes; /* borrowed */
    size_t size;
    size_t used;
} krait_source;

static void
stream_free(krait_file *file)
{
    krait__free(file);
}

static int
sink_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    const krait_sink *sink = (const krait_sink *)file;
    size_t total = 0;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    for (int i = 0; i < count; i++) {
        size_t taken = iov[i].iov_len;
        int error = taken > 0 ? sink->write(sink->data, iov[i].iov_base, &taken) : 0;

        total += error == 0 ? taken : 0;
        /* What was taken before an error counts; the error comes back with the next call. */
        if (error != 0 && total == 0)
            return error;
        if (error != 0 || taken < iov[i].iov_len)
            break;
    }
    *ret_bytes = total;
    return 0;
}

static int
source_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset,
            size_t *ret_bytes)
{
    krait_source *source = (krait_source *)file;
    size_t total = 0;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    for (int i = 0; i < count && source->used < source->size; i++) {
        size_t left = source->size - source->used;
        size_t step = iov[i].iov_len < left ? iov[i].iov_len : left;

        if (step > 0)
            memcpy(iov[i].iov_base, source->bytes + source->used, step);
        source->used += step;
        total += step;
    }
    *ret_bytes = total;
    return 0;
}

static int
stream_seek(krait_file *file, int64_t delta, int whence, uint64_t *ret_position)
{
    (void)file;
    (void)delta;
    (void)whence;
    (void)ret_position;
    return ESPIPE;
}

static int
stream_stat(krait_file *file, krait_stat *ret_stat)
{
    memset(ret_stat, 0, sizeof(*ret_stat));
    ret_stat->type = file->type;
    ret_stat->mode = KRAIT_HOST_S_IFIFO | 0600u;
    ret_stat->nlink = 1;
    ret_stat->uid = KRAIT_GUEST_UID;
    ret_stat->gid = KRAIT_GUEST_GID;
    ret_stat->blksize = 4096;
    return 0;
}

static const krait_file_ops sink_ops = {
    .close = stream_free,
    .write = sink_write,
    .seek = stream_seek,
    .stat = stream_stat,
};

static const krait_file_ops source_ops = {
    .close = stream_free,
    .read = source_read,
    .seek = stream_seek,
    .stat = stream_stat,
};

int
krait__sink_new(krait_sink_fn write, void *data, krait_file **ret_file)
{
    krait_sink *sink = krait__calloc(1, sizeof(*sink));

    if (sink == NULL)
        return ENOMEM;
    krait__file_init(&sink->file, &sink_ops, KRAIT_TYPE_UNKNOWN, KRAIT_OPEN_WRITE, 0);
    sink->write = write;
    sink->data = data;
    *ret_file = &sink->file;
    return 0;
}

int
krait__source_new(const void *bytes, size_t size, krait_file **ret_file)
{
    krait_source *source = krait__calloc(1, sizeof(*source));

    if (source == NULL)
        return ENOMEM;
    krait__file_init(&source->file, &source_ops, KRAIT_TYPE_UNKNOWN, KRAIT_OPEN_READ, 0);
    source->bytes = bytes;
    source->size = size;
    *ret_file = &source->file;
    return 0;
}
