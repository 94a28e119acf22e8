/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait-worker: started by a pool, with a socket as descriptor 3 and nothing else.
 *
 * Before it looks at the first frame it makes sure that it dies with the pool, has no other
 * descriptor, leaves no core file, and can gain no rights by a program that it would start.
 */
#include "worker/worker.h"

#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536

static void
close_others(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, KRAIT_WORKER_FD + 1, ~0u, 0) == 0)
        return;
#endif
    for (int fd = KRAIT_WORKER_FD + 1; fd < DESCRIPTORS_MAX; fd++)
        (void)close(fd);
}

static bool
confine(void)
{
    const struct rlimit none = {0, 0};

    close_others();
    /* Who has died before this is noticed by the end of the socket. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

static void
tell_failed(const krait_error *error)
{
    krait_frame frame = {.failed = false};

    krait__worker_write(&frame, krait__failed_encode(error, &frame, NULL));
    krait__frame_release(&frame);
}

static int
refuse(void)
{
    static const char text[] = "krait-worker is started by pools of libkrait, not by hand\n";

    return write(2, text, sizeof(text) - 1) < 0 ? 1 : 125;
}

int
main(void)
{
    static krait_worker worker; /* too large for some stacks, and it lives as long as the process */
    krait_buffer payload = {NULL, 0, 0};
    krait_error error;
    struct stat status;
    uint32_t kind = 0;

    if (fstat(KRAIT_WORKER_FD, &status) != 0 || !S_ISSOCK(status.st_mode))
        return refuse();
    if (!confine() || pthread_mutex_init(&worker.lock, NULL) != 0 ||
        pthread_cond_init(&worker.changed, NULL) != 0)
        return 1;
    krait__worker_read(&kind, &payload);
    if (kind != KRAIT_WIRE_OPEN)
        return 1;
    if (krait__worker_open(&worker, &payload, &error) != KRAIT_OK) {
        tell_failed(&error);
        return 1;
    }
    krait__buffer_release(&payload);
    krait__worker_serve(&worker);
}
