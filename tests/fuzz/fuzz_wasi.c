/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of WASI calls, and of those of <krait/guest.h>, over a tree in memory, a writable
 * folder of the host and one that is read-only.
 *
 * The input is read a byte at a time: a call, then what each of its arguments asks for; for most of
 * them a byte chooses from a table.  What must hold: nothing crashes; no call writes
 * guest memory but what it was given for that; no descriptor of the host stays open; nothing
 * of the host changes outside of the writable folder.  Left out are calls that set timers and wait
 * for signals; every other wait is ended at once, by a cancel_fd that can be read.
 */
#include "fuzz.h"
#include "fuzz_wasi_host.h"

#include "engine/internal.h"
#include "vfs/vfs.h"
#include "wasi/wasi.h"
#include "wasi/wasip1.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MEMORY_SIZE 65536u

enum { NAMES = 1024, IOVS = 12288, SUBS = 16384, OUT = 20480, BUFFER = 24576, CALLS_MOST = 200 };

static const char *const paths[] = {
    "",
    ".",
    "..",
    "/",
    "f",
    "d",
    "d/",
    "d/f",
    "l",
    "l/",
    "up",
    "up/outside/secret",
    "abs",
    "out",
    "p",
    "new",
    "new/",
    "d/new",
    "a",
    "a/b",
    "../outside/secret",
    "../../..",
    "m",
    "m/",
    "m/f",
    "m/f/",
    "m/d",
    "m/d/f",
    "m/l",
    "m/l/",
    "m/up",
    "m/up/..",
    "m/abs",
    "m/out",
    "m/p",
    "m/new",
    "m/../m/./d//f",
    "m/../..",
    "r",
    "r/file",
    "r/dir/inner",
    "r/link",
    "r/new",
    "r/dir",
    "tmp",
    "tmp/",
    "tmp/a",
    "tmp/a/b",
    "tmp/l",
    "tmp/l/f",
    "dev",
    "dev/null",
    "dev/zero",
    "dev/full",
    "dev/random",
    "dev/stdin",
    "dev/stdout",
    "/etc/passwd",
    "file",
    "inner",
    "link",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    "nn"
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    "nn"
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"};

/*
 * What the arguments of a call are, one letter for one or two of them:
 *   f descriptor  p path, its size  R rights  n i32  N i64
 *   1 2 3 4 room for 2, 4, 8, 24 bytes  s for 64  x buffer, its size  r buffers to fill, their
 *   number  c buffers to write, their number  E subscriptions  e room for as many events, their
 *   number  v room for pointers to strings  b for the strings
 * Calls of krait_host have none: all of their arguments are numbers.
 */
static const struct shape {
    const char *name;
    const char *args;
} shapes[] = {
    {"args_get", "vb"},
    {"args_sizes_get", "22"},
    {"environ_get", "vb"},
    {"environ_sizes_get", "22"},
    {"clock_res_get", "n3"},
    {"clock_time_get", "nN3"},
    {"fd_advise", "fNNn"},
    {"fd_allocate", "fNN"},
    {"fd_close", "f"},
    {"fd_datasync", "f"},
    {"fd_fdstat_get", "f4"},
    {"fd_fdstat_set_flags", "fn"},
    {"fd_fdstat_set_rights", "fRR"},
    {"fd_filestat_get", "fs"},
    {"fd_filestat_set_size", "fN"},
    {"fd_filestat_set_times", "fNNn"},
    {"fd_pread", "frN2"},
    {"fd_prestat_get", "f3"},
    {"fd_prestat_dir_name", "fx"},
    {"fd_pwrite", "fcN2"},
    {"fd_read", "fr2"},
    {"fd_readdir", "fxN2"},
    {"fd_renumber", "ff"},
    {"fd_seek", "fNn3"},
    {"fd_sync", "f"},
    {"fd_tell", "f3"},
    {"fd_write", "fc2"},
    {"path_create_directory", "fp"},
    {"path_filestat_get", "fnps"},
    {"path_filestat_set_times", "fnpNNn"},
    {"path_link", "fnpfp"},
    {"path_open", "fnpnRRn2"},
    {"path_readlink", "fpx2"},
    {"path_remove_directory", "fp"},
    {"path_rename", "fpfp"},
    {"path_symlink", "pfp"},
    {"path_unlink_file", "fp"},
    {"poll_oneoff", "Ee2"},
    {"proc_exit", "n"},
    {"sched_yield", ""},
    {"random_get", "x"},
    {"sock_accept", "fn2"},
    {"sock_recv", "frn21"},
    {"sock_send", "fcn2"},
    {"sock_shutdown", "fn"},
    {"proc_raise", "n"},
};

static struct fuzz {
    const uint8_t *data;
    size_t left;
    krait_vfs *vfs;
    krait_wasi *wasi;
    krait_ctx ctx;
    krait_instance instance;
    krait_memory memory;
    krait_memory *memories[1];
    krait_thread thread;
    uint8_t *shadow;    /* what memory must be */
    uint32_t names[80]; /* where each path is */
    uint32_t sizes[80];
    struct {
        uint32_t address;
        uint32_t size;
    } written[1100]; /* what the call may write */
    size_t written_count;
} f;

static uint8_t
byte(void)
{
    if (f.left == 0)
        return 0;
    f.left--;
    return *f.data++;
}

static uint64_t
bytes(unsigned count)
{
    uint64_t value = 0;

    while (count-- > 0)
        value = value << 8 | byte();
    return value;
}

static uint64_t
number(void)
{
    static const uint64_t edges[] = {UINT64_MAX,
                                     UINT32_MAX,
                                     INT64_MAX,
                                     INT32_MAX,
                                     UINT64_C(1) << 63,
                                     UINT64_C(1) << 32,
                                     UINT64_C(1) << 31,
                                     MEMORY_SIZE,
                                     MEMORY_SIZE - 1,
                                     MEMORY_SIZE - 8,
                                     1u << 20,
                                     4096,
                                     4095,
                                     1025,
                                     1024,
                                     256,
                                     255,
                                     0,
                                     NAMES,
                                     IOVS,
                                     SUBS,
                                     OUT,
                                     BUFFER,
                                     BUFFER + 1,
                                     BUFFER + 4096,
                                     UINT64_MAX - 4096,
                                     UINT64_C(1) << 40,
                                     UINT32_MAX - 7,
                                     1000000000,
                                     47,
                                     48,
                                     65};
    uint8_t choice = byte();

    if (choice < 0xc0)
        return choice & 63u;
    if (choice < 0xe0)
        return edges[choice & 31u];
    return bytes(choice < 0xf0 ? 2 : choice < 0xf8 ? 4 : 8);
}

static uint64_t
rights(void)
{
    static const uint64_t some[] = {WASI_RIGHTS_ALL,
                                    WASI_FD_READ,
                                    WASI_FD_WRITE,
                                    WASI_FD_READ | WASI_FD_WRITE,
                                    0,
                                    WASI_RIGHTS_DIRECTORY,
                                    WASI_RIGHTS_FILE,
                                    WASI_FD_READ | WASI_FD_READDIR};
    uint8_t choice = byte();

    return choice < 0xf0 ? some[choice & 7u] : bytes(8);
}

static void
may_write(uint32_t address, uint64_t size)
{
    if (address >= MEMORY_SIZE || size > MEMORY_SIZE - address)
        return; /* no call may write any of it */
    f.written[f.written_count].address = address;
    f.written[f.written_count++].size = (uint32_t)size;
}

static uint32_t
room(uint32_t size)
{
    uint8_t choice = byte();
    uint32_t address = choice < 0xf0 ? OUT + 8u * choice : (uint32_t)number();

    may_write(address, size);
    return address;
}

static void
store32(uint32_t address, uint32_t value)
{
    memcpy(f.memory.base + address, &value, 4);
    memcpy(f.shadow + address, &value, 4);
}

static void
store64(uint32_t address, uint64_t value)
{
    memcpy(f.memory.base + address, &value, 8);
    memcpy(f.shadow + address, &value, 8);
}

static void
buffers(krait_cell *cells, bool is_filled)
{
    uint8_t choice = byte();
    uint32_t count = choice < 0xf8 ? choice % 5u : (uint32_t)number();
    uint32_t most = count < 1024 ? count : 1024;

    cells[0].i32 = choice < 0xf8 ? IOVS : IOVS + choice;
    cells[1].i32 = count;
    for (uint32_t i = 0; i < (choice < 0xf8 ? count : 0); i++) {
        uint8_t how = byte();
        uint32_t address = how < 0xf0 ? BUFFER + 160u * how : (uint32_t)number();

        store32(IOVS + 8 * i, address);
        store32(IOVS + 8 * i + 4, how < 0xf0 ? 3u * (how & 15u) : (uint32_t)number());
    }
    for (uint32_t i = 0; is_filled && i < most; i++) {
        uint32_t at = cells[0].i32 + 8 * i;
        uint32_t iovec[2];

        if (at > MEMORY_SIZE - 8)
            break;
        memcpy(iovec, f.shadow + at, 8);
        may_write(iovec[0], iovec[1]);
    }
}

static void
subscriptions(krait_cell *cells)
{
    uint8_t choice = byte();
    uint32_t count = choice < 0xf8 ? choice % 6u : (uint32_t)number();

    for (uint32_t i = 0; i < count % 6; i++) {
        uint32_t at = SUBS + 48 * i;
        uint8_t type = byte();

        store64(at, i);
        store32(at + 8, type < 0xf0 ? type % 3u : type);
        store32(at + 16, (uint32_t)byte() & 15u); /* a descriptor, or a clock */
        store64(at + 24, number());
        store64(at + 32, number());
        store32(at + 40, (uint32_t)byte() & 3u);
    }
    cells[0].i32 = choice < 0xfc ? SUBS : (uint32_t)number();
    cells[1].i32 = OUT;
    cells[2].i32 = count;
    may_write(OUT, 32 * (uint64_t)count);
}

/* One letter; how many cells it has filled. */
static size_t
argument(char letter, krait_cell *cells)
{
    static const uint8_t rooms[] = {2, 4, 8, 24};
    uint8_t choice;

    switch (letter) {
    case 'f':
        choice = byte();
        cells[0].i32 = choice < 0xf8 ? choice & 15u : (uint32_t)number();
        return 1;
    case 'p':
        choice = byte() % (uint8_t)(sizeof(paths) / sizeof(paths[0]));
        cells[0].i32 = f.names[choice];
        cells[1].i32 = f.sizes[choice];
        return 2;
    case 'R':
        cells[0].i64 = rights();
        return 1;
    case 'N':
        cells[0].i64 = number();
        return 1;
    case 'x':
        cells[1].i32 = (uint32_t)number();
        cells[0].i32 = room(cells[1].i32);
        return 2;
    case 'r':
    case 'c':
        buffers(cells, letter == 'r');
        return 2;
    case 'E':
        subscriptions(cells);
        return 3;
    case 'e':
        return 0;
    case 's':
        cells[0].i32 = room(64);
        return 1;
    case 'v':
        cells[0].i32 = room(8);
        return 1;
    case 'b':
        cells[0].i32 = room(9);
        return 1;
    case 'n':
        cells[0].i32 = (uint32_t)number();
        return 1;
    default:
        cells[0].i32 = room(rooms[letter - '1']);
        return 1;
    }
}

static const char *
shape_of(const krait_host_import *import)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (import->module[0] == 'w' && strcmp(shapes[i].name, import->name) == 0)
            return shapes[i].args;
    }
    return NULL;
}

static bool
is_left_out(const char *name)
{
    return strcmp(name, "signal_wait") == 0 || strcmp(name, "itimer_set") == 0;
}

static void
check_memory(bool is_known)
{
    for (size_t i = 0; i < f.written_count; i++)
        memcpy(f.shadow + f.written[i].address, f.memory.base + f.written[i].address,
               f.written[i].size);
    if (!is_known)
        memcpy(f.shadow, f.memory.base, MEMORY_SIZE);
    FUZZ_REQUIRE(memcmp(f.shadow, f.memory.base, MEMORY_SIZE) == 0);
}

/* False when the guest has ended. */
static bool
one_call(void)
{
    size_t count;
    const krait_host_import *imports = krait__wasi_imports(&count);
    const krait_host_import *import = &imports[byte() % count];
    const char *shape = shape_of(import);
    krait_cell cells[20];
    size_t at = 0;
    krait_trap trap;

    FUZZ_REQUIRE(shape != NULL || import->module[0] == 'k');
    if (is_left_out(import->name))
        return true;
    memset(cells, 0, sizeof(cells));
    f.written_count = 0;
    for (const char *letter = shape; letter != NULL && *letter != '\0'; letter++)
        at += argument(*letter, cells + at);
    for (size_t i = 0; shape == NULL && import->params[i] != '\0'; i++)
        at += argument(import->params[i] == 'I' ? 'N'
                       : byte() % 4 == 0        ? 'p'
                                                : 'n',
                       cells + at) != 0;
    FUZZ_REQUIRE(shape == NULL || at == strlen(import->params));
    trap = import->fn(f.wasi, &f.ctx, cells);
    check_memory(shape != NULL);
    return trap == KRAIT_TRAP_NONE;
}

static void
fill_memory(void)
{
    uint32_t at = NAMES;

    memset(f.memory.base, 0xaa, MEMORY_SIZE);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        f.names[i] = at;
        f.sizes[i] = (uint32_t)strlen(paths[i]);
        memcpy(f.memory.base + at, paths[i], f.sizes[i]);
        at += f.sizes[i] + 1;
    }
    FUZZ_REQUIRE(at < IOVS);
    memcpy(f.shadow, f.memory.base, MEMORY_SIZE);
}

/* `is_native`: with what modules that import krait_host get. */
static void
begin(int cancel_fd, bool is_native)
{
    static const char *const argv[] = {"program", ""};
    static const krait_wasi_preopen preopens[] = {{"/", "/"}, {"m", "/m"}, {"r", "/r"}};
    const krait_vfs_options files = {.memory_limit_bytes = 1 << 20,
                                     .inode_limit = 100,
                                     .check_modes = is_native,
                                     .absolute_links = is_native};
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    krait_error err;

    f.memory.base = malloc(MEMORY_SIZE);
    f.shadow = malloc(MEMORY_SIZE);
    FUZZ_REQUIRE(f.memory.base != NULL && f.shadow != NULL);
    f.memory.size = f.memory.max = MEMORY_SIZE;
    f.memories[0] = &f.memory;
    f.ctx.memory_base = f.memory.base;
    f.ctx.memories = f.memories;
    f.ctx.thread = &f.thread;
    f.ctx.instance = &f.instance;
    fill_memory();
    FUZZ_REQUIRE(krait__vfs_new(&files, &f.vfs, &err) == KRAIT_OK);
    FUZZ_REQUIRE(krait__vfs_mount_devices(f.vfs, &err) == KRAIT_OK);
    FUZZ_REQUIRE(krait__vfs_mount_dir(f.vfs, "/m", fuzz_host_path("rw"), 0, &err) == KRAIT_OK);
    FUZZ_REQUIRE(krait__vfs_mount_dir(f.vfs, "/r", fuzz_host_path("ro"), KRAIT_MOUNT_READ_ONLY,
                                      &err) == KRAIT_OK);
    options.vfs = f.vfs;
    options.argc = 2;
    options.argv = argv;
    options.envc = 2;
    options.environ = argv;
    options.preopens = preopens;
    options.preopen_count = 3;
    options.max_open_files = 24;
    options.cancel_fd = cancel_fd;
    options.stdio_fds[0] = options.stdio_fds[1] = options.stdio_fds[2] = fuzz_host_null();
    FUZZ_REQUIRE(krait__wasi_new(&options, &f.wasi, &err) == KRAIT_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned open_before;
    int cancel_fd;

    fuzz_host_begin();
    open_before = fuzz_host_open_files();
    cancel_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    FUZZ_REQUIRE(cancel_fd >= 0);
    memset(&f, 0, sizeof(f));
    f.data = data;
    f.left = size;
    begin(cancel_fd, size % 2 != 0);
    for (unsigned i = 0; i < CALLS_MOST && f.left > 0; i++) {
        if (!one_call())
            break;
    }
    krait__wasi_free(f.wasi);
    krait__vfs_free(f.vfs);
    free(f.memory.base);
    free(f.shadow);
    close(cancel_fd);
    FUZZ_REQUIRE(fuzz_host_open_files() == open_before);
    fuzz_host_check();
    return 0;
}
