/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock(): locks of open files.  Unlike record locks they exclude each other inside of one
 * program, too, so they are kept here.  A descriptor stands for its open file: a duplicate of a
 * locked descriptor is not known to share the lock.  Programs outside do not see them.
 */
#include "native.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

typedef struct held {
    struct held *next;
    int fd;
    int kind; /* LOCK_SH or LOCK_EX */
    dev_t dev;
    ino_t ino;
} held;

static held *locks;

void
native_flock_forget(int fd)
{
    for (held **at = &locks; *at != NULL; at = &(*at)->next) {
        if ((*at)->fd == fd) {
            held *gone = *at;

            *at = gone->next;
            free(gone);
            return;
        }
    }
}

/* A descriptor that was closed, and may be another file by now, holds nothing. */
static int
is_stale(const held *lock)
{
    struct stat status;

    return fstat(lock->fd, &status) != 0 || status.st_dev != lock->dev ||
           status.st_ino != lock->ino;
}

static int
is_excluded(int fd, int kind, const struct stat *status)
{
    held *next;

    for (held *lock = locks; lock != NULL; lock = next) {
        next = lock->next;
        if (is_stale(lock))
            native_flock_forget(lock->fd);
        else if (lock->fd != fd && lock->dev == status->st_dev && lock->ino == status->st_ino &&
                 (kind == LOCK_EX || lock->kind == LOCK_EX))
            return 1;
    }
    return 0;
}

int
flock(int fd, int operation)
{
    int kind = operation & ~LOCK_NB;
    int saved = errno;
    struct stat status;
    held *lock;

    if (fstat(fd, &status) != 0)
        return -1;
    if (kind == LOCK_UN) {
        native_flock_forget(fd);
        return 0;
    }
    if (kind != LOCK_SH && kind != LOCK_EX)
        return native_fail(EINVAL);
    if (is_excluded(fd, kind, &status))
        /* Nobody but this program could let go of it. */
        return native_fail(operation & LOCK_NB ? EWOULDBLOCK : EDEADLK);
    errno = saved;
    lock = malloc(sizeof(*lock));
    if (lock == NULL)
        return native_fail(ENOLCK);
    native_flock_forget(fd);
    *lock = (held){locks, fd, kind, status.st_dev, status.st_ino};
    locks = lock;
    return 0;
}
