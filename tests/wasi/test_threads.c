/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several guests in several threads of one process, over the same host directory: nothing
 * is shared between them but the host's files.
 */
#include "wasi/guest.h"

#include <pthread.h>

#define GUESTS 4
#define ROUNDS 300

struct one {
    pthread_t thread;
    unsigned number;
    unsigned bad; /* results that were wrong */
    const char *host;
};

/* A context of this thread's own; the shared helpers use globals. */
struct context {
    krait_ctx ctx;
    krait_instance instance;
    krait_memory memory;
    krait_memory *memories[1];
    krait_thread thread;
    krait_wasi *wasi;
};

static int
invoke(struct context *c, const char *name, const uint64_t *numbers)
{
    const krait_host_import *import = find_import(name);
    krait_cell slots[16];

    memset(slots, 0, sizeof(slots));
    for (size_t i = 0; import->params[i] != '\0'; i++) {
        if (import->params[i] == 'I')
            slots[i].i64 = numbers[i];
        else
            slots[i].i32 = (uint32_t)numbers[i];
    }
    return import->fn(c->wasi, &c->ctx, slots) == KRAIT_TRAP_NONE ? (int)slots[0].i32 : -1;
}

/* Makes a file, writes, reads it back and removes it. */
static unsigned
one_round(struct context *c, const char *path)
{
    uint64_t size = strlen(path);
    uint8_t *base = c->memory.base;
    wasi_iovec iov = {BUFFER, 6};
    uint32_t fd = 0;
    unsigned bad = 0;

    memcpy(base + NAME, path, size);
    memcpy(base + IOVS, &iov, sizeof(iov));
    memcpy(base + BUFFER, path, 6);
    bad += invoke(c, "path_open",
                  (uint64_t[]){3, 0, NAME, size, WASI_O_CREAT | WASI_O_EXCL, ALL, 0, 0, OUT}) != 0;
    memcpy(&fd, base + OUT, sizeof(fd));
    bad += invoke(c, "fd_write", (uint64_t[]){fd, IOVS, 1, OUT}) != 0;
    memset(base + BUFFER, 0, 6);
    bad += invoke(c, "fd_pread", (uint64_t[]){fd, IOVS, 1, 0, OUT}) != 0;
    bad += memcmp(base + BUFFER, path, 6) != 0;
    bad += invoke(c, "fd_close", (uint64_t[]){fd}) != 0;
    bad += invoke(c, "path_unlink_file", (uint64_t[]){3, NAME, size}) != 0;
    return bad;
}

static void *
run_guest(void *arg)
{
    struct one *one = arg;
    struct context c;
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    krait_vfs *vfs = NULL;
    char host_path[64];
    char memory_path[64];

    memset(&c, 0, sizeof(c));
    snprintf(host_path, sizeof(host_path), "m/g%u", one->number);
    snprintf(memory_path, sizeof(memory_path), "tmp/same");
    c.memory.base = malloc(MEMORY_SIZE);
    c.memory.size = c.memory.max = MEMORY_SIZE;
    c.memories[0] = &c.memory;
    c.ctx.memory_base = c.memory.base;
    c.ctx.memories = c.memories;
    c.ctx.thread = &c.thread;
    c.ctx.instance = &c.instance;
    if (krait__vfs_new(NULL, &vfs, NULL) != KRAIT_OK ||
        krait__vfs_mount_dir(vfs, "/m", one->host, 0, NULL) != KRAIT_OK) {
        one->bad++;
        return NULL;
    }
    options.vfs = vfs;
    one->bad += krait__wasi_new(&options, &c.wasi, NULL) != KRAIT_OK;
    for (int i = 0; i < ROUNDS && one->bad == 0; i++)
        one->bad += one_round(&c, host_path) + one_round(&c, memory_path);
    krait__wasi_free(c.wasi);
    krait__vfs_free(vfs);
    free(c.memory.base);
    return NULL;
}

static void
guests_in_threads(void)
{
    struct one guests[GUESTS];
    char template[] = "/tmp/krait-wasi.XXXXXX";

    CHECK(mkdtemp(template) != NULL);
    for (unsigned i = 0; i < GUESTS; i++) {
        guests[i] = (struct one){.number = i, .host = template};
        CHECK_INT(pthread_create(&guests[i].thread, NULL, run_guest, &guests[i]), 0);
    }
    for (unsigned i = 0; i < GUESTS; i++) {
        pthread_join(guests[i].thread, NULL);
        CHECK_UINT(guests[i].bad, 0);
    }
    CHECK_INT(rmdir(template), 0);
}

CHECK_MAIN(CHECK_CASE(guests_in_threads))
