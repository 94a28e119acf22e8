/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers that are read like files: Linux's timerfd(2), over one of the host's.
 *
 * The host's descriptor never blocks; the caller waits on krait__file_wait_fd, as for streams.
 */
#include "vfs/fs.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Longer than anybody waits, and no kernel's clock overflows. */
#define LONGEST (UINT64_C(1) << 62)

typedef struct krait_timerfd {
    krait_file file;
    int fd;
} krait_timerfd;

static int
fd_of(const krait_file *file)
{
    return ((const krait_timerfd *)file)->fd;
}

static void
timer_close(krait_file *file)
{
    close(fd_of(file));
    krait__free(file);
}

static int
timer_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    ssize_t done;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    done = readv(fd_of(file), iov, count);
    if (done < 0)
        return errno;
    *ret_bytes = (size_t)done;
    return 0;
}

static int
timer_stat(krait_file *file, krait_stat *ret_stat)
{
    (void)file;
    *ret_stat = (krait_stat){
        .nlink = 1,
        .mode = 0600u,
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .blksize = KRAIT_HOST_PIPE_BUF,
        .type = KRAIT_TYPE_UNKNOWN,
    };
    return 0;
}

static int
timer_wait_fd(const krait_file *file)
{
    return fd_of(file);
}

static const krait_file_ops timer_ops = {
    .close = timer_close,
    .read = timer_read,
    .stat = timer_stat,
    .wait_fd = timer_wait_fd,
};

int
krait__timerfd_new(bool is_realtime, uint16_t flags, krait_file **ret_file)
{
    krait_timerfd *timer = krait__alloc(sizeof(*timer));

    if (timer == NULL)
        return ENOMEM;
    timer->fd = krait__host_keep_fd(
        timerfd_create(is_realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (timer->fd < 0) {
        int error = errno;

        krait__free(timer);
        return error;
    }
    /* For writing, too, which the caller refuses: a poll for it is never ready, as on Linux. */
    krait__file_init(&timer->file, &timer_ops, KRAIT_TYPE_UNKNOWN,
                     KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, flags);
    *ret_file = &timer->file;
    return 0;
}

static struct timespec
timespec_of(uint64_t ns)
{
    if (ns > LONGEST)
        ns = LONGEST;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

int
krait__timerfd_set(krait_file *file, bool is_absolute, const krait_host_itimer *timer)
{
    struct itimerspec wanted;

    if (file->ops != &timer_ops)
        return EINVAL;
    wanted.it_value = timespec_of(timer->value);
    wanted.it_interval = timespec_of(timer->interval);
    return timerfd_settime(fd_of(file), is_absolute ? TFD_TIMER_ABSTIME : 0, &wanted, NULL) == 0
               ? 0
               : errno;
}

int
krait__timerfd_get(const krait_file *file, krait_host_itimer *ret_timer)
{
    struct itimerspec now;

    if (file->ops != &timer_ops)
        return EINVAL;
    if (timerfd_gettime(fd_of(file), &now) != 0)
        return errno;
    ret_timer->value = (uint64_t)now.it_value.tv_sec * 1000000000u + (uint64_t)now.it_value.tv_nsec;
    ret_timer->interval = (uint64_t)now.it_interval.tv_sec * 1000000000u +
                          (uint64_t)now.it_interval.tv_nsec;
    return 0;
}
