/* SPDX-License-Identifier: Apache-2.0 */
/* The size of a terminal, beside FIONREAD and FIONBIO. */
#ifndef KRAIT_NATIVE_SYS_IOCTL_H
#define KRAIT_NATIVE_SYS_IOCTL_H

#include_next <sys/ioctl.h>

#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414

struct winsize {
    unsigned short ws_row;
    unsigned short ws_col;
    unsigned short ws_xpixel;
    unsigned short ws_ypixel;
};

#endif
