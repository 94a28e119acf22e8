/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: terminals in memory, and what a guest may do to those of the host.
 */
#include "wasi/guest.h"

#include <krait/guest.h>

#include <pty.h>
#include <termios.h>

static uint32_t master;
static uint32_t slave;

static void
begin(void)
{
    guest_begin(NULL);
    CHECK_INT(call("fd_pty", U(0), U(OUT)), 0);
    master = load32(OUT);
    slave = load32(OUT + 4);
}

static krait_host_termios
settings(uint32_t fd)
{
    krait_host_termios termios;

    CHECK_INT(call("fd_tcgetattr", fd, U(STAT)), 0);
    memcpy(&termios, g.memory.base + STAT, sizeof(termios));
    return termios;
}

static int
set(uint32_t fd, uint32_t action, const krait_host_termios *termios)
{
    memcpy(g.memory.base + STAT, termios, sizeof(*termios));
    return call("fd_tcsetattr", fd, action, U(STAT));
}

static int
write_bytes(uint32_t fd, const char *bytes)
{
    int error = write_fd(fd, bytes);

    return error != 0 ? -error : (int)load32(OUT);
}

static void
lines(void)
{
    begin();
    CHECK_INT(write_bytes(slave, "one\ntwo\n"), 8);
    CHECK_STR(read_fd(master), "one\r\ntwo\r\n");
    CHECK_STR(read_fd(master), "errno 16"); /* EDEADLK */
    /* what is typed is shown, and comes in lines */
    CHECK_INT(write_bytes(master, "first\rsec"), 9);
    CHECK_STR(read_fd(master), "first\r\nsec");
    CHECK_STR(read_fd(slave), "first\n");
    CHECK_STR(read_fd(slave), "errno 16");
    /* it can be edited until then */
    CHECK_INT(write_bytes(master, "\x7f\x7fxyz\n"), 6);
    CHECK_STR(read_fd(master), "\b \b\b \bxyz\r\n");
    CHECK_STR(read_fd(slave), "sxyz\n");
    CHECK_INT(write_bytes(master, "all gone\x15kept\n"), 14);
    (void)read_fd(master);
    CHECK_STR(read_fd(slave), "kept\n");
    CHECK_INT(write_bytes(master, "\x7f\x7f\x15"), 3);
    CHECK_STR(read_fd(master), "errno 16");
    /* the end of a file, and in the middle of a line its beginning */
    CHECK_INT(write_bytes(master, "\x04"), 1);
    CHECK_STR(read_fd(slave), "");
    CHECK_INT(write_bytes(master, "part\x04"), 5);
    CHECK_STR(read_fd(slave), "part");
    CHECK_STR(read_fd(slave), "errno 16");
    (void)read_fd(master);
    /* Ctrl-C reaches nobody, but is no input either */
    CHECK_INT(write_bytes(master, "\x03"), 1);
    CHECK_STR(read_fd(master), "^C");
    CHECK_STR(read_fd(slave), "errno 16");
    guest_end();
}

static void
keys(void)
{
    krait_host_termios termios;

    begin();
    termios = settings(slave);
    CHECK_UINT(termios.lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
    CHECK_UINT(termios.cc[VEOF], 4);
    termios.lflag &= ~(uint32_t)(ICANON | ECHO | ISIG);
    termios.iflag &= ~(uint32_t)ICRNL;
    termios.oflag &= ~(uint32_t)OPOST;
    CHECK_INT(set(slave, 0, &termios), 0);
    CHECK_UINT(settings(master).lflag & (ICANON | ECHO), 0);
    CHECK_INT(write_bytes(master, "a\x7f\r\x03"), 4);
    CHECK_STR(read_fd(slave), "a\x7f\r\x03");
    CHECK_STR(read_fd(master), "errno 16");
    CHECK_INT(write_bytes(slave, "x\n"), 2);
    CHECK_STR(read_fd(master), "x\n");
    /* VMIN 0: nothing there is no reason to wait */
    termios.cc[VMIN] = 0;
    CHECK_INT(set(slave, 1, &termios), 0);
    CHECK_STR(read_fd(slave), "");
    /* typed as keys, read as lines, and the other way round */
    CHECK_INT(write_bytes(master, "abc"), 3);
    termios.lflag |= ICANON;
    CHECK_INT(set(slave, 0, &termios), 0);
    CHECK_STR(read_fd(slave), "abc");
    CHECK_STR(read_fd(slave), "errno 16");
    CHECK_INT(write_bytes(master, "def"), 3);
    termios.lflag &= ~(uint32_t)ICANON;
    CHECK_INT(set(slave, 0, &termios), 0);
    CHECK_STR(read_fd(slave), "def");
    CHECK_INT(write_bytes(master, "gone"), 4);
    CHECK_INT(set(slave, 2, &termios), 0);
    CHECK_STR(read_fd(slave), "");
    CHECK_INT(write_bytes(master, "gone"), 4);
    CHECK_INT(call("fd_tcflush", slave, U(0)), 0);
    CHECK_STR(read_fd(slave), "");
    CHECK_INT(call("fd_tcflush", slave, U(3)), WASI_EINVAL);
    CHECK_INT(set(slave, 3, &termios), WASI_EINVAL);
    CHECK_INT(call("fd_tcsetattr", slave, U(0), U(MEMORY_SIZE - 59)), WASI_EFAULT);
    CHECK_INT(call("fd_tcgetattr", slave, U(MEMORY_SIZE - 59)), WASI_EFAULT);
    guest_end();
}

/* More than there is room for: nothing is lost but the end of a line that nobody could read. */
static void
full(void)
{
    uint32_t total = 0;

    begin();
    memset(g.memory.base + BUFFER, 'x', 4096);
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 4096);
    for (int i = 0; i < 8; i++) {
        (void)call("fd_tcflush", master, U(0)); /* the echo */
        CHECK_INT(call("fd_write", master, U(IOVS), U(1), U(OUT)), 0);
    }
    (void)call("fd_tcflush", master, U(0));
    CHECK_INT(write_bytes(master, "\n"), 1);
    for (;;) {
        store32(IOVS, BUFFER);
        store32(IOVS + 4, 4096);
        if (call("fd_read", slave, U(IOVS), U(1), U(OUT)) != 0)
            break;
        total += load32(OUT);
    }
    CHECK(total > 8000 && total <= 8192);
    CHECK_UINT(g.memory.base[BUFFER + load32(OUT) - 1], '\n');
    /* output waits for its reader */
    memset(g.memory.base + BUFFER, '\n', 4096);
    while (call("fd_write", slave, U(IOVS), U(1), U(OUT)) == 0)
        ;
    CHECK_INT(call("fd_write", slave, U(IOVS), U(1), U(OUT)), WASI_EDEADLK);
    CHECK_INT((int)strlen(read_fd(master)), 255);
    guest_end();
}

static void
ends(void)
{
    krait_host_winsize size = {25, 80, 0, 0};
    krait_host_stat status;
    uint64_t used;

    guest_begin(NULL);
    used = krait__vfs_memory_used(g.vfs);
    guest_end();
    begin();
    CHECK_UINT(rights_of(slave) & (WASI_FD_SEEK | WASI_FD_TELL), 0);
    CHECK_UINT(g.memory.base[STAT], 2); /* how wasi-libc knows a terminal */
    CHECK_INT(call("fd_stat", slave, U(STAT)), 0);
    memcpy(&status, g.memory.base + STAT, sizeof(status));
    CHECK_UINT(status.mode, KRAIT_HOST_S_IFCHR | 0620);
    memcpy(g.memory.base + STAT, &size, sizeof(size));
    CHECK_INT(call("fd_winsize_set", master, U(STAT)), 0);
    CHECK_INT(call("fd_winsize", slave, U(STAT + 16)), 0);
    CHECK_MEM(g.memory.base + STAT + 16, (const char *)&size, sizeof(size));
    CHECK_INT(write_bytes(slave, "last"), 4);
    CHECK_INT(call("fd_close", slave), 0);
    CHECK_STR(read_fd(master), "last");
    CHECK_STR(read_fd(master), "errno 29"); /* EIO */
    CHECK_INT(call("fd_close", master), 0);
    CHECK_UINT(krait__vfs_memory_used(g.vfs), used);
    CHECK_INT(call("fd_pty", U(0), U(OUT)), 0);
    CHECK_INT(call("fd_close", load32(OUT)), 0);
    CHECK_STR(read_fd(slave), "");
    CHECK_INT(write_bytes(slave, "x"), -WASI_EIO);
    CHECK_INT(call("fd_pty", U(4), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_tcgetattr", U(3), U(STAT)), WASI_ENOTTY);
    CHECK_INT(call("fd_tcsetattr", U(99), U(0), U(STAT)), WASI_EBADF);
    guest_end();
}

/* A guest hides a password, and leaves the host's terminal as it was. */
static void
terminal_of_the_host(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    krait_host_termios termios;
    struct termios before;
    struct termios now;
    int host_master;
    int host_slave;

    if (openpty(&host_master, &host_slave, NULL, NULL, NULL) != 0)
        CHECK_SKIP("no pseudo-terminals here");
    CHECK_INT(tcgetattr(host_slave, &before), 0);
    options.stdio_fds[0] = host_slave;
    guest_begin(&options);
    termios = settings(0);
    CHECK_UINT(termios.lflag, before.c_lflag);
    CHECK_UINT(termios.cc[VINTR], before.c_cc[VINTR]);
    memset(&termios, 0, sizeof(termios));
    CHECK_INT(set(0, 2, &termios), 0);
    CHECK_INT(tcgetattr(host_slave, &now), 0);
    CHECK_UINT(now.c_lflag & (ECHO | ICANON), 0);
    /* what stops a program stays, and so does all output */
    CHECK_UINT(now.c_lflag & ISIG, ISIG);
    CHECK_UINT(now.c_cc[VINTR], before.c_cc[VINTR]);
    CHECK_UINT(now.c_oflag, before.c_oflag);
    CHECK_UINT(now.c_cflag, before.c_cflag);
    CHECK_INT(call("fd_winsize_set", U(0), U(STAT)), WASI_EPERM);
    CHECK_INT(call("fd_winsize", U(0), U(STAT)), 0);
    guest_end();
    CHECK_INT(tcgetattr(host_slave, &now), 0);
    CHECK_UINT(now.c_lflag, before.c_lflag);
    CHECK_UINT(now.c_iflag, before.c_iflag);
    CHECK_MEM(now.c_cc, (const char *)before.c_cc, sizeof(now.c_cc));
    close(host_master);
    close(host_slave);
}

CHECK_MAIN(CHECK_CASE(lines), CHECK_CASE(keys), CHECK_CASE(full), CHECK_CASE(ends),
           CHECK_CASE(terminal_of_the_host))
