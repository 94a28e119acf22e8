/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers: 32 bits of each, spread as Linux and musl do it; small ones are
   major << 8 | minor, as krait_host_stat has them. */
#ifndef KRAIT_NATIVE_SYS_SYSMACROS_H
#define KRAIT_NATIVE_SYS_SYSMACROS_H

#define major(device)                                                                              \
    ((unsigned)(((device) >> 31 >> 1 & 0xfffff000) | ((device) >> 8 & 0x00000fff)))
#define minor(device) ((unsigned)(((device) >> 12 & 0xffffff00) | ((device) & 0x000000ff)))
#define makedev(majors, minors)                                                                    \
    (((majors) & 0xfffff000ULL) << 32 | ((majors) & 0x00000fffULL) << 8 |                          \
     ((minors) & 0xffffff00ULL) << 12 | ((minors) & 0x000000ffULL))

#endif
