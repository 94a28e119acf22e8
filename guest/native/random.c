/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getrandom(), also as the system call that CPython makes, and the time-based UUIDs of libuuid
 * (RFC 9562 version 1), with a random node as the RFC allows.
 */
#include "native.h"

#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>
#include <wasi/api.h>

/* From 1582-10-15 to 1970-01-01 in units of 100 ns. */
#define GREGORIAN 0x01b21dd213814000ull

ssize_t
getrandom(void *buffer, size_t size, unsigned flags)
{
    if (flags & ~(GRND_NONBLOCK | GRND_RANDOM))
        return native_fail(EINVAL);
    return native_result(__wasi_random_get(buffer, size)) != 0 ? -1 : (ssize_t)size;
}

long
syscall(long number, ...)
{
    va_list args;
    void *buffer;
    size_t size;
    unsigned flags;

    if (number != SYS_getrandom)
        return native_fail(ENOSYS);
    va_start(args, number);
    buffer = va_arg(args, void *);
    size = va_arg(args, size_t);
    flags = va_arg(args, unsigned);
    va_end(args);
    return getrandom(buffer, size, flags);
}

int
uuid_generate_time_safe(uuid_t out)
{
    static unsigned char fixed[8]; /* clock sequence and node */
    static int known;
    static uint64_t last;
    struct timespec now;
    uint64_t time;

    if (!known) {
        if (__wasi_random_get(fixed, sizeof(fixed)) != 0)
            return -1;
        fixed[0] = (unsigned char)((fixed[0] & 0x3f) | 0x80);
        fixed[2] |= 1; /* multicast: no network card has it */
        known = 1;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    time = GREGORIAN + (uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100;
    if (time <= last)
        time = last + 1;
    last = time;
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(time >> (24 - 8 * i));
    out[4] = (unsigned char)(time >> 40);
    out[5] = (unsigned char)(time >> 32);
    out[6] = (unsigned char)((time >> 56 & 0x0f) | 0x10);
    out[7] = (unsigned char)(time >> 48);
    memcpy(out + 8, fixed, sizeof(fixed));
    return 0;
}
