/* SPDX-License-Identifier: Apache-2.0 */
/* The part of libuuid that CPython uses. */
#ifndef KRAIT_NATIVE_UUID_UUID_H
#define KRAIT_NATIVE_UUID_UUID_H

typedef unsigned char uuid_t[16];

int uuid_generate_time_safe(uuid_t out);

#endif
