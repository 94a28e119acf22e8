/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in memory on their way from one file to another: pipe.c, socketpair.c.
 */
#ifndef KRAIT_VFS_PIPE_H
#define KRAIT_VFS_PIPE_H

#include "vfs/mem.h"

typedef struct krait_pipe {
    krait_mem_fs *quota;
    krait_mem_node *node; /* of a FIFO */
    uint32_t readers;
    uint32_t writers;
    uint32_t start; /* the oldest byte */
    uint32_t used;
    uint64_t ino;
    uint64_t time_ns;
    uint8_t bytes[KRAIT_HOST_PIPE_SIZE];
} krait_pipe;

/* Without readers and writers, which the caller adds. */
int krait__pipe_make(krait_mem_fs *quota, krait_pipe **ret_pipe);
/* Frees it when it has neither. */
void krait__pipe_unused(krait_pipe *pipe);
/* EAGAIN: would wait; EPIPE: nobody reads. */
int krait__pipe_read(krait_pipe *pipe, const struct iovec *iov, int count, size_t *ret_bytes);
int krait__pipe_write(krait_pipe *pipe, const struct iovec *iov, int count, size_t *ret_bytes);
void krait__pipe_ready(const krait_pipe *pipe, bool is_write, krait_ready *ret_ready);

#endif /* KRAIT_VFS_PIPE_H */
