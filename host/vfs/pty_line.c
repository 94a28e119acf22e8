/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a terminal does to the bytes that pass through it: termios(3), the parts that a program
 * with one thread can see.
 *
 * There: canonical mode with ERASE, KILL, EOF, EOL and LNEXT, echo, CR and NL both ways, VMIN 0.
 * Left out: signals (no guest has a controlling terminal; the characters are taken out of the input
 * all the same), flow control, parity, VTIME, WERASE, tabs and delays of output.
 */
#include "vfs/pty.h"

#include <string.h>
#include <termios.h>

/* Most units that one byte typed becomes in a queue. */
#define MOST 4u

void
krait__pty_line_init(krait_pty *pty)
{
    krait_host_termios *t = &pty->termios;

    memset(t, 0, sizeof(*t));
    t->iflag = ICRNL | IXON;
    t->oflag = OPOST | ONLCR;
    t->cflag = B38400 | CS8 | CREAD;
    t->lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    t->ispeed = t->ospeed = B38400;
    t->cc[VINTR] = 3;
    t->cc[VQUIT] = 28;
    t->cc[VERASE] = 127;
    t->cc[VKILL] = 21;
    t->cc[VEOF] = 4;
    t->cc[VMIN] = 1;
    t->cc[VSTART] = 17;
    t->cc[VSTOP] = 19;
    t->cc[VSUSP] = 26;
    t->cc[VREPRINT] = 18;
    t->cc[VDISCARD] = 15;
    t->cc[VWERASE] = 23;
    t->cc[VLNEXT] = 22;
}

static bool
has_room(const krait_pty_queue *queue)
{
    return queue->used <= KRAIT_PTY_ROOM - MOST;
}

/* Is this byte the special character `which`? */
static bool
is(const krait_pty *pty, unsigned which, uint8_t byte)
{
    return pty->termios.cc[which] != 0 && pty->termios.cc[which] == byte;
}

bool
krait__pty_print(krait_pty *pty, uint8_t byte)
{
    const uint32_t oflag = pty->termios.oflag;

    if (!has_room(&pty->output))
        return false;
    if (oflag & OPOST) {
        if (byte == '\n' && (oflag & ONLCR))
            (void)krait__pty_put(&pty->output, '\r');
        if (byte == '\r' && (oflag & OCRNL))
            byte = '\n';
    }
    return krait__pty_put(&pty->output, byte);
}

static void
echo(krait_pty *pty, uint8_t byte)
{
    const uint32_t lflag = pty->termios.lflag;

    if (!(lflag & ECHO) && !(byte == '\n' && (lflag & ECHONL) && (lflag & ICANON)))
        return;
    if ((byte < 32 || byte == 127) && byte != '\n' && byte != '\t' && (lflag & ECHOCTL)) {
        (void)krait__pty_put(&pty->output, '^');
        (void)krait__pty_put(&pty->output, byte ^ 64u);
    } else {
        (void)krait__pty_print(pty, byte);
    }
}

/* Takes the last character off the line that is being typed. */
static void
erase(krait_pty *pty)
{
    const uint32_t lflag = pty->termios.lflag;
    uint16_t unit;

    if (pty->line == 0)
        return;
    pty->line--;
    unit = pty->input.units[(pty->input.start + --pty->input.used) % KRAIT_PTY_ROOM];
    if (!(lflag & ECHO) || !(lflag & ECHOE) || !has_room(&pty->output))
        return;
    for (unsigned i = unit < 32 && (lflag & ECHOCTL) ? 2 : 1; i > 0 && has_room(&pty->output);
         i--) {
        (void)krait__pty_put(&pty->output, '\b');
        (void)krait__pty_put(&pty->output, ' ');
        (void)krait__pty_put(&pty->output, '\b');
    }
}

/* Characters that edit the line; true: this was one. */
static bool
edit(krait_pty *pty, uint8_t byte)
{
    if (is(pty, VERASE, byte)) {
        erase(pty);
    } else if (is(pty, VKILL, byte)) {
        while (pty->line > 0)
            erase(pty);
        if ((pty->termios.lflag & (ECHOK | ECHOKE)) == ECHOK)
            echo(pty, '\n');
    } else if (is(pty, VEOF, byte)) {
        (void)krait__pty_put(&pty->input, KRAIT_PTY_EOF);
        pty->lines++;
        pty->line = 0;
    } else {
        return false;
    }
    return true;
}

/* Bytes that never reach the program. */
static bool
is_taken_out(const krait_pty *pty, uint8_t byte)
{
    const krait_host_termios *t = &pty->termios;

    if (byte == '\r' && (t->iflag & IGNCR))
        return true;
    return (t->lflag & ISIG) &&
           (is(pty, VINTR, byte) || is(pty, VQUIT, byte) || is(pty, VSUSP, byte));
}

bool
krait__pty_type(krait_pty *pty, uint8_t byte)
{
    const krait_host_termios *t = &pty->termios;

    if (!has_room(&pty->output))
        return false;
    /* A line that is longer than there is room for loses its end, or nobody could read it. */
    if (!has_room(&pty->input)) {
        if (!(t->lflag & ICANON) || pty->lines > 0)
            return false;
        if (byte != '\n' && byte != '\r' && !is(pty, VEOF, byte) && !is(pty, VERASE, byte) &&
            !is(pty, VKILL, byte))
            return true;
    }
    if (is_taken_out(pty, byte)) {
        if (byte != '\r')
            echo(pty, byte);
        return true;
    }
    if (byte == '\r' && (t->iflag & ICRNL))
        byte = '\n';
    else if (byte == '\n' && (t->iflag & INLCR))
        byte = '\r';
    if ((t->lflag & ICANON) && edit(pty, byte))
        return true;
    echo(pty, byte);
    (void)krait__pty_put(&pty->input, byte);
    if ((t->lflag & ICANON) && byte != '\n' && !is(pty, VEOL, byte)) {
        pty->line++;
    } else {
        pty->line = 0;
        pty->lines += (t->lflag & ICANON) != 0;
    }
    return true;
}

bool
krait__pty_has_input(const krait_pty *pty)
{
    const krait_host_termios *t = &pty->termios;

    if (t->lflag & ICANON)
        return pty->lines > 0;
    return pty->input.used > 0 || t->cc[VMIN] == 0;
}

size_t
krait__pty_read(krait_pty *pty, uint8_t *to, size_t size)
{
    const bool is_canonical = pty->termios.lflag & ICANON;
    size_t done = 0;

    while (pty->input.used > 0 && done < size) {
        uint16_t unit = krait__pty_take(&pty->input);

        if (unit != KRAIT_PTY_EOF)
            to[done++] = (uint8_t)unit;
        else if (!is_canonical)
            continue;
        if (is_canonical &&
            (unit == KRAIT_PTY_EOF || unit == '\n' || is(pty, VEOL, to[done - 1]))) {
            pty->lines -= pty->lines > 0;
            break;
        }
    }
    if (pty->line > pty->input.used)
        pty->line = pty->input.used;
    if (pty->input.used == 0)
        pty->lines = 0;
    return done;
}

void
krait__pty_flush_input(krait_pty *pty)
{
    pty->input.used = 0;
    pty->line = 0;
    pty->lines = 0;
}

void
krait__pty_set(krait_pty *pty, const krait_host_termios *termios)
{
    const bool was_canonical = pty->termios.lflag & ICANON;

    pty->termios = *termios;
    memset(pty->termios.reserved, 0, sizeof(pty->termios.reserved));
    if (was_canonical == ((termios->lflag & ICANON) != 0))
        return;
    /* What was typed before is a line of its own now, or no lines any more. */
    pty->line = 0;
    pty->lines = was_canonical || pty->input.used == 0 ? 0 : 1;
    if (pty->lines > 0 && has_room(&pty->input))
        (void)krait__pty_put(&pty->input, KRAIT_PTY_EOF);
}
