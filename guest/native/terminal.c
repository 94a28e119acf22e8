/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <termios.h> and openpty().  What a guest may change of a terminal of the host's is said in
 * <krait/guest.h>.
 *
 * Left out: suspending output (tcflow with TCOOFF), which the host does not know; breaks, which
 * no terminal here has; names of terminals.
 */
#include <termios.h>

#include "native.h"

#include <assert.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

static_assert(sizeof(struct termios) == sizeof(krait_host_termios) &&
                  offsetof(struct termios, c_cc) == offsetof(krait_host_termios, cc) &&
                  offsetof(struct termios, c_ispeed) == offsetof(krait_host_termios, ispeed),
              "one layout");

int
tcgetattr(int fd, struct termios *settings)
{
    krait_host_termios found;

    if (native_result(krait_host_fd_tcgetattr((uint32_t)fd, &found)) != 0)
        return -1;
    memcpy(settings, &found, sizeof(*settings));
    return 0;
}

int
tcsetattr(int fd, int action, const struct termios *settings)
{
    krait_host_termios wanted;

    memcpy(&wanted, settings, sizeof(wanted));
    return native_result(krait_host_fd_tcsetattr((uint32_t)fd, (uint32_t)action, &wanted));
}

int
tcflush(int fd, int queue)
{
    return native_result(krait_host_fd_tcflush((uint32_t)fd, (uint32_t)queue));
}

/* What was written is with the host already. */
int
tcdrain(int fd)
{
    struct termios settings;

    return tcgetattr(fd, &settings);
}

int
tcsendbreak(int fd, int duration)
{
    (void)duration;
    return tcdrain(fd);
}

int
tcflow(int fd, int action)
{
    struct termios settings;

    if (tcgetattr(fd, &settings) != 0)
        return -1;
    switch (action) {
    case TCOON:
        return 0;
    case TCOOFF:
        return native_fail(ENOTSUP);
    case TCIOFF:
        return write(fd, &settings.c_cc[VSTOP], 1) == 1 ? 0 : -1;
    case TCION:
        return write(fd, &settings.c_cc[VSTART], 1) == 1 ? 0 : -1;
    default:
        return native_fail(EINVAL);
    }
}

speed_t
cfgetospeed(const struct termios *settings)
{
    return settings->c_cflag & CBAUD;
}

speed_t
cfgetispeed(const struct termios *settings)
{
    return cfgetospeed(settings);
}

int
cfsetospeed(struct termios *settings, speed_t speed)
{
    if (speed & ~(speed_t)CBAUD)
        return native_fail(EINVAL);
    settings->c_cflag = (settings->c_cflag & ~(tcflag_t)CBAUD) | speed;
    return 0;
}

/* 0: as the output. */
int
cfsetispeed(struct termios *settings, speed_t speed)
{
    return speed == 0 ? 0 : cfsetospeed(settings, speed);
}

int
openpty(int *master, int *slave, char *name, const struct termios *settings,
        const struct winsize *size)
{
    uint32_t fds[2];

    if (name != NULL)
        return native_fail(ENOTSUP);
    if (native_result(krait_host_fd_pty(0, fds)) != 0)
        return -1;
    *master = (int)fds[0];
    *slave = (int)fds[1];
    if ((settings != NULL && tcsetattr(*slave, TCSANOW, settings) != 0) ||
        (size != NULL && ioctl(*slave, TIOCSWINSZ, size) != 0)) {
        (void)close(*master);
        (void)close(*slave);
        return -1;
    }
    return 0;
}
