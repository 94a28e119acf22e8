/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals in memory: what pty.c (files) and pty_line.c (what a terminal does to the bytes that
 * pass through it) share.
 */
#ifndef KRAIT_VFS_PTY_H
#define KRAIT_VFS_PTY_H

#include "vfs/mem.h"

#define KRAIT_PTY_ROOM 8192u
/* In the queue of input: here the line ends, by an end-of-file character. */
#define KRAIT_PTY_EOF 0x100u

typedef struct krait_pty_queue {
    uint32_t start;
    uint32_t used;
    uint16_t units[KRAIT_PTY_ROOM]; /* bytes, or KRAIT_PTY_EOF */
} krait_pty_queue;

typedef struct krait_pty {
    krait_mem_fs *quota;
    uint32_t masters;
    uint32_t slaves;
    uint32_t lines;   /* that input holds whole */
    uint32_t line;    /* units at the end of input that can still be edited */
    uint64_t time_ns; /* when it was made */
    uint64_t ino;     /* of the slave; the master's is the next */
    krait_host_termios termios;
    krait_host_winsize size;
    krait_pty_queue input;  /* from master to slave */
    krait_pty_queue output; /* from slave to master, echo included */
} krait_pty;

static inline bool
krait__pty_put(krait_pty_queue *queue, uint16_t unit)
{
    if (queue->used == KRAIT_PTY_ROOM)
        return false;
    queue->units[(queue->start + queue->used++) % KRAIT_PTY_ROOM] = unit;
    return true;
}

/* Of a queue that is not empty. */
static inline uint16_t
krait__pty_take(krait_pty_queue *queue)
{
    uint16_t unit = queue->units[queue->start];

    queue->start = (queue->start + 1) % KRAIT_PTY_ROOM;
    queue->used--;
    return unit;
}

void krait__pty_line_init(krait_pty *pty);
/* One byte typed; false: there is no room for what may become of it. */
bool krait__pty_type(krait_pty *pty, uint8_t byte);
/* One byte written by the program. */
bool krait__pty_print(krait_pty *pty, uint8_t byte);
/* Can the program read anything now? */
bool krait__pty_has_input(const krait_pty *pty);
/* The number of bytes that it gets. */
size_t krait__pty_read(krait_pty *pty, uint8_t *to, size_t size);
/* Input that nobody has read is gone. */
void krait__pty_flush_input(krait_pty *pty);
void krait__pty_set(krait_pty *pty, const krait_host_termios *termios);

#endif /* KRAIT_VFS_PTY_H */
