/* SPDX-License-Identifier: Apache-2.0 */
/* openpty(). */
#ifndef KRAIT_NATIVE_PTY_H
#define KRAIT_NATIVE_PTY_H

#include <termios.h>

int openpty(int *master, int *slave, char *name, const struct termios *settings,
            const struct winsize *size);

#endif
