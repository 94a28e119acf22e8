/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share.  They are the part of the C library that needs Krait's
 * own host (include/krait/guest.h): modes, owners, pipes, signals.  Linked before wasi-libc,
 * so that what both have is ours.  One thread: nothing here is locked.
 */
#ifndef KRAIT_NATIVE_NATIVE_H
#define KRAIT_NATIVE_NATIVE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "krait/guest.h"

/** A file: an open directory and a path relative to it. */
typedef struct native_path {
    uint32_t fd;
    const char *text;
    size_t length;
} native_path;

/** The result of a host function as that of a libc function. */
static inline int
native_result(uint32_t error)
{
    if (error == 0)
        return 0;
    errno = (int)error;
    return -1;
}

/** -1 with errno. */
static inline int
native_fail(int error)
{
    errno = error;
    return -1;
}

/** Finds a path of an ...at() function; -1 with errno.  Valid until the next call. */
int native_path_at(int dirfd, const char *path, native_path *ret_path);

/** open() relative to a directory; `mode` before umask. */
int native_open(const native_path *path, int flags, mode_t mode);

/** The mode of a new file: without the bits of umask. */
uint32_t native_new_mode(mode_t mode);

/** 0, or -1 with EFBIG and SIGXFSZ: RLIMIT_FSIZE does not allow to write at this offset, or
 *  where the file is when it is negative. */
int native_may_write(int fd, off_t offset, size_t *size);

/** Lets go of what flock() noted for a descriptor that becomes another file. */
void native_flock_forget(int fd);

#endif
