/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait doctor`: features of the kernel.  Each is tried, not looked up by version.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Newer than the headers that Krait builds with (Linux 5.13, 6.7). */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#define LANDLOCK_VERSION 1u

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

typedef struct pagemap_scan {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
} pagemap_scan;

#define PAGEMAP_SCAN_IOCTL _IOWR('f', 16, pagemap_scan)

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static doctor_verdict
missing(char *found, size_t size)
{
    snprintf(found, size, "no: %s", strerror(errno));
    return DOCTOR_MISSING;
}

doctor_verdict
doctor_kernel(char *found, size_t size)
{
    struct utsname name;

    if (uname(&name) != 0) {
        snprintf(found, size, "unknown");
        return DOCTOR_MISSING;
    }
    snprintf(found, size, "%s %s %s", name.sysname, name.release, name.machine);
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_openat2(char *found, size_t size)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

    if (fd < 0)
        return missing(found, size);
    close((int)fd);
    snprintf(found, size, "yes");
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_landlock(char *found, size_t size)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

    if (version < 0)
        return missing(found, size);
    snprintf(found, size, "yes, version %ld of its interface", version);
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_seccomp(char *found, size_t size)
{
    uint32_t action = SECCOMP_RET_ERRNO;

    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
        return missing(found, size);
    snprintf(found, size, "yes");
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_memfd(char *found, size_t size)
{
    int fd = memfd_create("krait-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool sealed;

    if (fd < 0)
        return missing(found, size);
    sealed = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0;
    if (!sealed)
        missing(found, size);
    close(fd);
    if (!sealed)
        return DOCTOR_MISSING;
    snprintf(found, size, "yes");
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_userfaultfd(char *found, size_t size)
{
    long fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

    if (fd < 0)
        return missing(found, size);
    close((int)fd);
    snprintf(found, size, "yes");
    return DOCTOR_GOOD;
}

doctor_verdict
doctor_pagemap(char *found, size_t size)
{
    long page = sysconf(_SC_PAGESIZE);
    uint8_t *memory = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                           -1, 0);
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    pagemap_scan scan = {.size = sizeof(scan),
                         .start = (uintptr_t)memory,
                         .end = (uintptr_t)memory + (uintptr_t)page,
                         .category_anyof_mask = 1,
                         .return_mask = 1};
    bool works = memory != MAP_FAILED && fd >= 0 && ioctl(fd, PAGEMAP_SCAN_IOCTL, &scan) >= 0;

    if (works)
        snprintf(found, size, "yes");
    else
        missing(found, size);
    if (fd >= 0)
        close(fd);
    if (memory != MAP_FAILED)
        munmap(memory, (size_t)page);
    return works ? DOCTOR_GOOD : DOCTOR_MISSING;
}

/* A timer that sends this very thread a signal, on the clock of the thread. */
doctor_verdict
doctor_timers(char *found, size_t size)
{
    struct sigevent event;
    timer_t timer;

    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMAX - 5;
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
        return missing(found, size);
    timer_delete(timer);
    snprintf(found, size, "yes");
    return DOCTOR_GOOD;
}
