/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals in memory: a pair of files, of which the master plays the person at the terminal.
 *
 * As pipes (pipe.c), they never wait: EAGAIN, and the caller decides.  They have no names.
 */
#include "vfs/pty.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <termios.h>

typedef struct krait_pty_end {
    krait_file file;
    krait_pty *pty;
    bool is_master;
} krait_pty_end;

static const krait_pty_end *
end_of(const krait_file *file)
{
    return (const krait_pty_end *)file;
}

static void
pty_free(krait_pty *pty)
{
    krait__mem_refund(pty->quota, sizeof(*pty));
    krait__free(pty);
}

static void
end_close(krait_file *file)
{
    const krait_pty_end *end = end_of(file);
    krait_pty *pty = end->pty;

    if (end->is_master)
        pty->masters--;
    else
        pty->slaves--;
    if (pty->masters == 0 && pty->slaves == 0)
        pty_free(pty);
    krait__free(file);
}

static size_t
master_read(krait_pty *pty, uint8_t *to, size_t size)
{
    size_t done = 0;

    while (done < size && pty->output.used > 0)
        to[done++] = (uint8_t)krait__pty_take(&pty->output);
    return done;
}

static int
end_read(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    const krait_pty_end *end = end_of(file);
    krait_pty *pty = end->pty;
    int i = 0;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    while (i < count && iov[i].iov_len == 0)
        i++;
    *ret_bytes = 0;
    if (i == count)
        return 0;
    if (end->is_master && pty->output.used == 0)
        return pty->slaves == 0 ? EIO : EAGAIN;
    if (!end->is_master && !krait__pty_has_input(pty))
        return pty->masters == 0 ? 0 : EAGAIN;
    /* One buffer is enough: a read of a terminal is short whenever it wants to be. */
    *ret_bytes = end->is_master ? master_read(pty, iov[i].iov_base, iov[i].iov_len)
                                : krait__pty_read(pty, iov[i].iov_base, iov[i].iov_len);
    return 0;
}

static int
end_write(krait_file *file, const struct iovec *iov, int count, uint64_t offset, size_t *ret_bytes)
{
    const krait_pty_end *end = end_of(file);
    krait_pty *pty = end->pty;
    size_t total = 0;
    bool fits = true;

    if (offset != KRAIT_AT_POSITION)
        return ESPIPE;
    if (!end->is_master && pty->masters == 0)
        return EIO;
    for (int i = 0; fits && i < count; i++) {
        const uint8_t *from = iov[i].iov_base;

        for (size_t k = 0; k < iov[i].iov_len; k++) {
            fits = end->is_master ? krait__pty_type(pty, from[k]) : krait__pty_print(pty, from[k]);
            if (!fits)
                break;
            total++;
        }
    }
    if (!fits && total == 0)
        return EAGAIN;
    *ret_bytes = total;
    return 0;
}

static void
end_ready(const krait_file *file, bool is_write, krait_ready *ret_ready)
{
    const krait_pty_end *end = end_of(file);
    const krait_pty *pty = end->pty;
    const krait_pty_queue *queue = is_write == end->is_master ? &pty->input : &pty->output;

    ret_ready->is_hangup = (end->is_master ? pty->slaves : pty->masters) == 0;
    ret_ready->bytes = is_write ? KRAIT_PTY_ROOM - queue->used : queue->used;
    if (is_write)
        ret_ready->is_ready = ret_ready->bytes >= KRAIT_HOST_PIPE_BUF / 2;
    else if (end->is_master)
        ret_ready->is_ready = queue->used > 0;
    else
        ret_ready->is_ready = krait__pty_has_input(pty);
    ret_ready->is_ready |= ret_ready->is_hangup;
}

static int
end_stat(krait_file *file, krait_stat *ret_stat)
{
    const krait_pty_end *end = end_of(file);

    *ret_stat = (krait_stat){
        .dev = end->pty->quota->dev,
        .ino = end->pty->ino + end->is_master,
        .nlink = 1,
        .atime_ns = end->pty->time_ns,
        .mtime_ns = end->pty->time_ns,
        .ctime_ns = end->pty->time_ns,
        .rdev = end->is_master ? 5u << 8 | 2u : 136u << 8,
        .mode = KRAIT_HOST_S_IFCHR | 0620u,
        .uid = KRAIT_GUEST_UID,
        .gid = KRAIT_GUEST_GID,
        .blksize = 1024,
        .type = KRAIT_TYPE_CHARACTER_DEVICE,
    };
    return 0;
}

static bool
end_is_terminal(const krait_file *file)
{
    (void)file;
    return true;
}

static int
end_termios(krait_file *file, krait_host_termios *ret_termios)
{
    *ret_termios = end_of(file)->pty->termios;
    return 0;
}

static int
end_set_termios(krait_file *file, uint32_t action, const krait_host_termios *termios)
{
    krait_pty *pty = end_of(file)->pty;

    if (action == TCSAFLUSH)
        krait__pty_flush_input(pty);
    krait__pty_set(pty, termios);
    return 0;
}

static int
end_flush(krait_file *file, uint32_t queue)
{
    const krait_pty_end *end = end_of(file);

    if (queue != TCOFLUSH) {
        if (end->is_master)
            end->pty->output.used = 0;
        else
            krait__pty_flush_input(end->pty);
    }
    if (queue != TCIFLUSH) {
        if (end->is_master)
            krait__pty_flush_input(end->pty);
        else
            end->pty->output.used = 0;
    }
    return 0;
}

static int
end_winsize(krait_file *file, krait_host_winsize *ret_size)
{
    *ret_size = end_of(file)->pty->size;
    return 0;
}

static int
end_set_winsize(krait_file *file, const krait_host_winsize *size)
{
    end_of(file)->pty->size = *size;
    return 0;
}

static const krait_terminal_ops end_terminal = {
    .termios = end_termios,
    .set_termios = end_set_termios,
    .flush = end_flush,
    .winsize = end_winsize,
    .set_winsize = end_set_winsize,
};

static const krait_file_ops end_ops = {
    .close = end_close,
    .read = end_read,
    .write = end_write,
    .stat = end_stat,
    .ready = end_ready,
    .is_terminal = end_is_terminal,
    .terminal = &end_terminal,
};

static int
end_new(krait_pty *pty, bool is_master, krait_file **ret_file)
{
    krait_pty_end *end = krait__alloc(sizeof(*end));

    if (end == NULL)
        return ENOMEM;
    krait__file_init(&end->file, &end_ops, KRAIT_TYPE_CHARACTER_DEVICE,
                     KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, 0);
    end->pty = pty;
    end->is_master = is_master;
    if (is_master)
        pty->masters++;
    else
        pty->slaves++;
    *ret_file = &end->file;
    return 0;
}

int
krait__pty_new(krait_vfs *vfs, krait_file **ret_master, krait_file **ret_slave)
{
    krait_mem_fs *fs = vfs->memory->fs;
    krait_file *master;
    krait_pty *pty;
    int error;

    if (!krait__mem_charge(fs, sizeof(*pty)))
        return ENOSPC;
    pty = krait__calloc(1, sizeof(*pty));
    if (pty == NULL) {
        krait__mem_refund(fs, sizeof(*pty));
        return ENOMEM;
    }
    pty->quota = fs;
    pty->time_ns = krait__mem_now(fs);
    pty->ino = fs->next_ino;
    fs->next_ino += 2;
    krait__pty_line_init(pty);
    error = end_new(pty, true, &master);
    if (error != 0) {
        pty_free(pty);
        return error;
    }
    error = end_new(pty, false, ret_slave);
    if (error != 0) {
        krait__file_unref(master);
        return error;
    }
    *ret_master = master;
    return 0;
}
