/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File locks for SQLite in the guest.
 *
 * WASI preview 1 has no fcntl() locks. SQLite's answer is its "unix-dotfile" VFS, where every
 * lock is exclusive: two connections of one program cannot even read together. SQLite's
 * normal "unix" VFS keeps the locks between connections of one process in memory and asks
 * fcntl() only on behalf of the whole process. So the system calls of that VFS are replaced
 * here (SQLITE_EXTRA_INIT): one process as a whole holds its lock by the folder FILE.lock,
 * the same as "unix-dotfile", and therefore excludes other guests; its own connections
 * share it as on any system.
 *
 * Left out: processes outside of the sandbox do not know these locks, and a guest that is
 * killed inside a transaction leaves FILE.lock behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite3.h"

#ifndef F_SETLK
/* The numbers that SQLite uses where the C library has none (os_unix.c). */
#define F_RDLCK  0
#define F_WRLCK  1
#define F_UNLCK  2
#define F_GETLK  12
#define F_SETLK  13
#define F_SETLKW 14
#endif

/* The bytes that SQLite locks (os.h); a fourth bit stands for any other byte. */
#define FIRST_LOCK_BYTE 0x40000000
#define LAST_LOCK_BYTE  511 /* counted from the first */
#define HELD_PENDING    1u
#define HELD_RESERVED   2u
#define HELD_SHARED     4u
#define HELD_OTHER      8u
#define HELD_ALL        15u

int krait_sqlite_init(const char *unused);

/* A file that is locked by this process, under the name of the first that asked. */
struct lock {
    struct lock *next;
    dev_t dev;
    ino_t ino;
    unsigned held;
    int has_folder;
    char folder[];
};

/* An open descriptor of SQLite and the path that it was opened by. */
struct file {
    struct file *next;
    int fd;
    char path[];
};

/* One thread, one process: SQLite is built with SQLITE_THREADSAFE=0. */
static struct lock *locks;
static struct file *files;

static unsigned
bits_of(const struct flock *range)
{
    off_t first = range->l_start - FIRST_LOCK_BYTE;
    off_t last = first + range->l_len - 1;
    unsigned bits = 0;

    if (range->l_len == 0) {
        return HELD_ALL;
    }
    bits |= first <= 0 && last >= 0 ? HELD_PENDING : 0;
    bits |= first <= 1 && last >= 1 ? HELD_RESERVED : 0;
    bits |= first <= LAST_LOCK_BYTE && last >= 2 ? HELD_SHARED : 0;
    bits |= first < 0 || last > LAST_LOCK_BYTE ? HELD_OTHER : 0;
    return bits;
}

static struct file *
file_of(int fd)
{
    struct file *f = files;

    while (f != NULL && f->fd != fd) {
        f = f->next;
    }
    return f;
}

/* Finds the lock of a descriptor's file; makes one if asked to. NULL with errno set. */
static struct lock *
lock_of(int fd, int make)
{
    struct stat st;
    struct file *f = file_of(fd);
    struct lock *l;
    size_t size;

    if (f == NULL || fstat(fd, &st) != 0) {
        errno = EBADF;
        return NULL;
    }
    for (l = locks; l != NULL; l = l->next) {
        if (l->dev == st.st_dev && l->ino == st.st_ino) {
            return l;
        }
    }
    errno = ENOLCK;
    if (!make) {
        return NULL;
    }
    size = strlen(f->path) + sizeof(".lock");
    l = sqlite3_malloc64(sizeof(*l) + size);
    if (l == NULL) {
        return NULL;
    }
    *l = (struct lock){.next = locks, .dev = st.st_dev, .ino = st.st_ino};
    (void)snprintf(l->folder, size, "%s.lock", f->path);
    locks = l;
    return l;
}

static void
lock_free(struct lock *gone)
{
    struct lock **at = &locks;

    while (*at != gone) {
        at = &(*at)->next;
    }
    *at = gone->next;
    sqlite3_free(gone);
}

/* 0, or -1 with EAGAIN when another process has it. */
static int
folder_take(struct lock *l)
{
    if (mkdir(l->folder, 0777) == 0) {
        l->has_folder = 1;
        return 0;
    }
    if (errno == EEXIST) {
        errno = EAGAIN;
        return -1;
    }
    /* Where no folder can be made nobody else writes through this mount, either: a read-only
       file is still worth reading. */
    l->has_folder = 0;
    return 0;
}

static int
set_lock(int fd, const struct flock *range)
{
    struct lock *l = lock_of(fd, range->l_type != F_UNLCK);

    if (range->l_type == F_UNLCK) {
        if (l == NULL) {
            return 0;
        }
        l->held &= ~bits_of(range);
        if (l->held == 0) {
            if (l->has_folder) {
                (void)rmdir(l->folder);
            }
            lock_free(l);
        }
        return 0;
    }
    if (l == NULL) {
        return -1;
    }
    if (l->held == 0 && folder_take(l) != 0) {
        lock_free(l);
        errno = EAGAIN;
        return -1;
    }
    l->held |= bits_of(range);
    return 0;
}

static int
call_fcntl(int fd, int cmd, ...)
{
    va_list args;
    int result;

    va_start(args, cmd);
    if (cmd == F_SETLK || cmd == F_SETLKW) {
        result = set_lock(fd, va_arg(args, struct flock *));
    } else if (cmd == F_GETLK) {
        /* Asked only while this process holds a lock, so no other process does. */
        va_arg(args, struct flock *)->l_type = F_UNLCK;
        result = 0;
    } else {
        result = fcntl(fd, cmd, va_arg(args, int));
    }
    va_end(args);
    return result;
}

static int
call_open(const char *path, int flags, int mode)
{
    size_t size = strlen(path) + 1;
    struct file *f = sqlite3_malloc64(sizeof(*f) + size);
    int fd;

    if (f == NULL) {
        errno = ENOMEM;
        return -1;
    }
    fd = open(path, flags, mode);
    if (fd < 0) {
        sqlite3_free(f);
        return fd;
    }
    f->fd = fd;
    memcpy(f->path, path, size);
    f->next = files;
    files = f;
    return fd;
}

static int
call_close(int fd)
{
    for (struct file **at = &files; *at != NULL; at = &(*at)->next) {
        if ((*at)->fd == fd) {
            struct file *gone = *at;

            *at = gone->next;
            sqlite3_free(gone);
            break;
        }
    }
    return close(fd);
}

/* SQLite calls this at the end of sqlite3_initialize(). */
int
krait_sqlite_init(const char *unused)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    int rc;

    (void)unused;
    if (vfs == NULL) {
        return SQLITE_ERROR;
    }
    rc = vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)call_open);
    if (rc == SQLITE_OK) {
        rc = vfs->xSetSystemCall(vfs, "close", (sqlite3_syscall_ptr)call_close);
    }
    if (rc == SQLITE_OK) {
        rc = vfs->xSetSystemCall(vfs, "fcntl", (sqlite3_syscall_ptr)call_fcntl);
    }
    return rc;
}
