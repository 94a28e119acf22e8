/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd(). */
#ifndef KRAIT_NATIVE_SYS_EVENTFD_H
#define KRAIT_NATIVE_SYS_EVENTFD_H

#include <fcntl.h>
#include <stdint.h>

typedef uint64_t eventfd_t;

#define EFD_SEMAPHORE 0x0200 /* KRAIT_HOST_EVENTFD_SEMAPHORE */
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

int eventfd(unsigned value, int flags);
int eventfd_read(int fd, eventfd_t *value);
int eventfd_write(int fd, eventfd_t value);

#endif
