/* SPDX-License-Identifier: Apache-2.0 */
/* getrandom() beside getentropy(). */
#ifndef KRAIT_NATIVE_SYS_RANDOM_H
#define KRAIT_NATIVE_SYS_RANDOM_H

#include_next <sys/random.h>

#include <sys/types.h>

#define GRND_NONBLOCK 1u
#define GRND_RANDOM   2u

ssize_t getrandom(void *buffer, size_t size, unsigned flags);

#endif
