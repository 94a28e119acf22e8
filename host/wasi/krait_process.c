/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: who the guest is, and waiting for a signal.
 */
#include "wasi/state.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The only process there is; the number is wasi-libc's. */
#define GUEST_PID  42u
#define GUEST_PPID 1u

/* Where the host's cannot be had, or must not matter. */
#define USUAL_UMASK 022u

/* umask(2) would change it for a moment, in all threads. */
static uint32_t
host_umask(void)
{
    uint32_t mask = USUAL_UMASK;
    char text[512];
    const char *line;
    ssize_t size = -1;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        size = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    if (size <= 0)
        return mask;
    text[size] = '\0';
    line = strstr(text, "\nUmask:");
    if (line == NULL)
        return mask;
    line += strlen("\nUmask:");
    line += strspn(line, " \t");
    for (mask = 0; *line >= '0' && *line <= '7'; line++)
        mask = (mask << 3 | (uint32_t)(*line - '0')) & 0777u;
    return mask;
}

KRAIT_WASI_CALL(identity_get)
{
    krait_host_identity identity = {
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .pid = GUEST_PID,
        .ppid = GUEST_PPID,
        .umask = krait__vfs_virtual(wasi->vfs) != NULL ? USUAL_UMASK : host_umask(),
    };

    return krait__guest_write(ctx, args[0].i32, &identity, sizeof(identity)) == 0 ? 0 : EFAULT;
}

/* The guest is not in guest code now, so a signal that comes from here on is noted and ends the
 * wait; one that came before has changed the counter. */
KRAIT_WASI_CALL(signal_wait)
{
    const uint64_t timeout = args[2].i64;
    uint64_t deadline = UINT64_MAX;
    struct pollfd fds[1];
    uint32_t count;
    unsigned ready;
    int error;

    if (krait__guest_read(ctx, &count, args[0].i32, sizeof(count)) != 0)
        return EFAULT;
    if (count != args[1].i32)
        return 0;
    if (timeout != UINT64_MAX) {
        uint64_t now = krait__wasi_now(wasi);

        deadline = timeout < UINT64_MAX - 1 - now ? now + timeout : UINT64_MAX - 1;
    } else {
        error = krait__wasi_deadlock(wasi);
        if (error != 0)
            return error;
    }
    error = krait__wasi_wait(wasi, ctx, fds, 0, deadline, &ready);
    return error != 0 ? error : ETIMEDOUT;
}
