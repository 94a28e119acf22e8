/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest without an engine: a context with a small memory, and short forms of the WASI
 * calls, which are looked up in krait__wasi_imports() like a module's imports.
 *
 * Memory is allocated to the byte, so that AddressSanitizer sees what leaves it.
 */
#ifndef KRAIT_TESTS_WASI_GUEST_H
#define KRAIT_TESTS_WASI_GUEST_H

#include "support/check.h"

#include "engine/internal.h"
#include "vfs/vfs.h"
#include "wasi/wasi.h"
#include "wasi/wasip1.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_SIZE (2u * 65536u)

/* Where the short forms put things in guest memory. */
enum {
    OUT = 64,           /* small results */
    NAME = 1024,        /* a path */
    NAME2 = 8192,       /* another */
    IOVS = 16384,       /* lists of buffers */
    STAT = 20000,       /* structures */
    SUBS = 24000,       /* subscriptions */
    EVENTS = 28000,     /* events */
    BUFFER = 65536,     /* data */
    BUFFER_SIZE = 65536 /* its room, up to the end of memory */
};

struct guest {
    char host[64];
    krait_vfs *vfs;
    krait_wasi *wasi;
    krait_ctx ctx;
    krait_instance instance;
    krait_memory memory;
    krait_memory *memories[1];
    krait_thread thread;
    krait_trap trap; /* of the last call */
};

static struct guest g;

#define ALL WASI_RIGHTS_ALL

static inline void
guest_memory(void)
{
    g.memory.base = malloc(MEMORY_SIZE);
    g.memory.size = g.memory.max = MEMORY_SIZE;
    memset(g.memory.base, 0xaa, MEMORY_SIZE);
    g.memories[0] = &g.memory;
    g.ctx.memory_base = g.memory.base;
    g.ctx.memories = g.memories;
    g.ctx.thread = &g.thread;
    g.ctx.instance = &g.instance;
}

/* A guest with a host directory "m" at /m, and what else the options say. */
static inline void
guest_begin_files(krait_wasi_options *options, const krait_vfs_options *files)
{
    krait_wasi_options plain = KRAIT_WASI_OPTIONS_INIT;
    krait_error err;
    char path[128];

    memset(&g, 0, sizeof(g));
    snprintf(g.host, sizeof(g.host), "/tmp/krait-wasi.XXXXXX");
    CHECK(mkdtemp(g.host) != NULL);
    snprintf(path, sizeof(path), "%s/m", g.host);
    CHECK_INT(mkdir(path, 0755), 0);
    CHECK_INT(krait__vfs_new(files, &g.vfs, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_dir(g.vfs, "/m", path, 0, &err), KRAIT_OK);
    if (options == NULL)
        options = &plain;
    options->vfs = g.vfs;
    /* Guests set timers, and nobody runs here that they would be for. */
    CHECK_INT(krait__signals_install(&err), KRAIT_OK);
    CHECK_INT(krait__wasi_new(options, &g.wasi, &err), KRAIT_OK);
    guest_memory();
}

static inline void
guest_begin(krait_wasi_options *options)
{
    guest_begin_files(options, NULL);
}

static inline int
guest_remove_one(const char *path, const struct stat *stat, int what, struct FTW *where)
{
    (void)stat;
    (void)what;
    (void)where;
    return remove(path);
}

static inline void
guest_end(void)
{
    krait__wasi_free(g.wasi);
    krait__vfs_free(g.vfs);
    free(g.memory.base);
    CHECK_INT(nftw(g.host, guest_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline const char *
host(const char *name)
{
    static char buffers[2][512];
    static unsigned next;
    char *buffer = buffers[next++ % 2];

    snprintf(buffer, sizeof(buffers[0]), "%s/m/%s", g.host, name);
    return buffer;
}

static inline const krait_host_import *
find_import(const char *name)
{
    size_t count = 0;
    const krait_host_import *imports = krait__wasi_imports(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(imports[i].name, name) == 0)
            return &imports[i];
    }
    return NULL;
}

/* Calls with the arguments that the signature names; the errno, or -1 for a trap. */
static inline int
call(const char *name, ...)
{
    const krait_host_import *import = find_import(name);
    krait_cell slots[16];
    va_list args;

    memset(slots, 0x55, sizeof(slots));
    if (!CHECK(import != NULL))
        return -1;
    va_start(args, name);
    for (size_t i = 0; import->params[i] != '\0'; i++) {
        if (import->params[i] == 'I')
            slots[i].i64 = va_arg(args, uint64_t);
        else
            slots[i].i32 = va_arg(args, uint32_t);
    }
    va_end(args);
    g.trap = import->fn(g.wasi, &g.ctx, slots);
    return g.trap != KRAIT_TRAP_NONE ? -1 : (int)slots[0].i32;
}

#define U(x) ((uint32_t)(x))
#define L(x) ((uint64_t)(x))

/* ---- guest memory ---------------------------------------------------------------------------- */

static inline uint32_t
load32(uint32_t address)
{
    uint32_t value;

    memcpy(&value, g.memory.base + address, sizeof(value));
    return value;
}

static inline uint64_t
load64(uint32_t address)
{
    uint64_t value;

    memcpy(&value, g.memory.base + address, sizeof(value));
    return value;
}

static inline void
store32(uint32_t address, uint32_t value)
{
    memcpy(g.memory.base + address, &value, sizeof(value));
}

static inline uint32_t
text_at(uint32_t address, const char *text)
{
    memcpy(g.memory.base + address, text, strlen(text));
    return (uint32_t)strlen(text);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static inline int
path_open(uint32_t dir, uint32_t lookup, const char *path, uint32_t oflags, uint64_t base,
          uint64_t inheriting, uint32_t fdflags, uint32_t *ret_fd)
{
    uint32_t size = text_at(NAME, path);
    int error = call("path_open", dir, lookup, U(NAME), size, oflags, base, inheriting, fdflags,
                     U(OUT));

    if (error == 0)
        *ret_fd = load32(OUT);
    return error;
}

/* Opens below "/" with these rights; the descriptor, or UINT32_MAX with a failed check. */
static inline uint32_t
open_fd(const char *path, uint32_t oflags, uint64_t rights)
{
    uint32_t fd = UINT32_MAX;

    if (!CHECK_INT(path_open(3, 1, path, oflags, rights, ALL, 0, &fd), 0))
        printf("    opening '%s'\n", path);
    return fd;
}

static inline int
open_error(const char *path, uint32_t oflags, uint64_t rights)
{
    uint32_t fd = UINT32_MAX;
    int error = path_open(3, 0, path, oflags, rights, ALL, 0, &fd);

    if (error == 0)
        call("fd_close", fd);
    return error;
}

static inline int
path_call(const char *name, const char *path)
{
    uint32_t size = text_at(NAME, path);

    return call(name, U(3), U(NAME), size);
}

static inline int
write_fd(uint32_t fd, const char *text)
{
    store32(IOVS, BUFFER);
    store32(IOVS + 4, text_at(BUFFER, text));
    return call("fd_write", fd, U(IOVS), U(1), U(OUT));
}

/* What fd_read gives, or the number of the error as text. */
static inline const char *
read_fd(uint32_t fd)
{
    static char buffer[256];
    int error;

    store32(IOVS, BUFFER);
    store32(IOVS + 4, sizeof(buffer) - 1);
    error = call("fd_read", fd, U(IOVS), U(1), U(OUT));
    if (error != 0) {
        snprintf(buffer, sizeof(buffer), "errno %d", error);
        return buffer;
    }
    memcpy(buffer, g.memory.base + BUFFER, load32(OUT));
    buffer[load32(OUT)] = '\0';
    return buffer;
}

static inline int
make_file(const char *path, const char *text)
{
    uint32_t fd = UINT32_MAX;
    int error = path_open(3, 0, path, WASI_O_CREAT | WASI_O_TRUNC, WASI_FD_WRITE, 0, 0, &fd);

    if (error == 0) {
        error = write_fd(fd, text);
        call("fd_close", fd);
    }
    return error;
}

static inline const char *
contents(const char *path)
{
    static char buffer[256];
    uint32_t fd = UINT32_MAX;
    int error = path_open(3, 1, path, 0, WASI_FD_READ, 0, 0, &fd);

    if (error != 0) {
        snprintf(buffer, sizeof(buffer), "errno %d", error);
        return buffer;
    }
    snprintf(buffer, sizeof(buffer), "%s", read_fd(fd));
    call("fd_close", fd);
    return buffer;
}

static inline uint64_t
rights_of(uint32_t fd)
{
    return call("fd_fdstat_get", fd, U(STAT)) == 0 ? load64(STAT + 8) : 0;
}

#endif
