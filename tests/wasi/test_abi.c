/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module sees of the layer: names, signatures, numbers, layouts; and the calls that
 * only hand something over: arguments, environment, clocks, random bytes, exit.
 */
#include "wasi/guest.h"

/* WASI preview 1, all functions with their core WebAssembly signatures. */
static const struct {
    const char *name;
    const char *params;
    const char *results;
} functions[] = {
    {"args_get", "ii", "i"},
    {"args_sizes_get", "ii", "i"},
    {"environ_get", "ii", "i"},
    {"environ_sizes_get", "ii", "i"},
    {"clock_res_get", "ii", "i"},
    {"clock_time_get", "iIi", "i"},
    {"fd_advise", "iIIi", "i"},
    {"fd_allocate", "iII", "i"},
    {"fd_close", "i", "i"},
    {"fd_datasync", "i", "i"},
    {"fd_fdstat_get", "ii", "i"},
    {"fd_fdstat_set_flags", "ii", "i"},
    {"fd_fdstat_set_rights", "iII", "i"},
    {"fd_filestat_get", "ii", "i"},
    {"fd_filestat_set_size", "iI", "i"},
    {"fd_filestat_set_times", "iIIi", "i"},
    {"fd_pread", "iiiIi", "i"},
    {"fd_prestat_get", "ii", "i"},
    {"fd_prestat_dir_name", "iii", "i"},
    {"fd_pwrite", "iiiIi", "i"},
    {"fd_read", "iiii", "i"},
    {"fd_readdir", "iiiIi", "i"},
    {"fd_renumber", "ii", "i"},
    {"fd_seek", "iIii", "i"},
    {"fd_sync", "i", "i"},
    {"fd_tell", "ii", "i"},
    {"fd_write", "iiii", "i"},
    {"path_create_directory", "iii", "i"},
    {"path_filestat_get", "iiiii", "i"},
    {"path_filestat_set_times", "iiiiIIi", "i"},
    {"path_link", "iiiiiii", "i"},
    {"path_open", "iiiiiIIii", "i"},
    {"path_readlink", "iiiiii", "i"},
    {"path_remove_directory", "iii", "i"},
    {"path_rename", "iiiiii", "i"},
    {"path_symlink", "iiiii", "i"},
    {"path_unlink_file", "iii", "i"},
    {"poll_oneoff", "iiii", "i"},
    {"proc_exit", "i", ""},
    {"sched_yield", "", "i"},
    {"random_get", "ii", "i"},
    {"sock_accept", "iii", "i"},
    {"sock_recv", "iiiiii", "i"},
    {"sock_send", "iiiii", "i"},
    {"sock_shutdown", "ii", "i"},
};

static void
imports(void)
{
    size_t count = 0;

    (void)krait__wasi_imports(&count);
    CHECK_UINT(sizeof(functions) / sizeof(functions[0]), 45);
    /* and proc_raise of the first snapshots, and what <krait/guest.h> declares */
    CHECK_UINT(count, 46 + 33);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        const krait_host_import *import = find_import(functions[i].name);

        if (!CHECK(import != NULL))
            continue;
        CHECK_STR(import->module, "wasi_snapshot_preview1");
        CHECK_STR(import->params, functions[i].params);
        CHECK_STR(import->results, functions[i].results);
    }
}

static void
arguments_and_environment(void)
{
    static const char *const argv[] = {"prog", "", "two words", "\xc3\xa4"};
    static const char *const envv[] = {"A=1", "EMPTY="};
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;

    options.argc = 4;
    options.argv = argv;
    options.envc = 2;
    options.environ = envv;
    guest_begin(&options);
    CHECK_INT(call("args_sizes_get", U(OUT), U(OUT + 4)), 0);
    CHECK_UINT(load32(OUT), 4);
    CHECK_UINT(load32(OUT + 4), 5 + 1 + 10 + 3);
    CHECK_INT(call("args_get", U(OUT), U(BUFFER)), 0);
    CHECK_UINT(load32(OUT), BUFFER);
    CHECK_UINT(load32(OUT + 4), BUFFER + 5);
    CHECK_UINT(load32(OUT + 8), BUFFER + 6);
    CHECK_UINT(load32(OUT + 12), BUFFER + 16);
    CHECK_MEM(g.memory.base + BUFFER, "prog\0\0two words\0\xc3\xa4\0\xaa", 20);
    CHECK_INT(call("environ_sizes_get", U(OUT), U(OUT + 4)), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_UINT(load32(OUT + 4), 11);
    CHECK_INT(call("environ_get", U(OUT), U(BUFFER)), 0);
    CHECK_MEM(g.memory.base + BUFFER, "A=1\0EMPTY=\0", 11);
    CHECK_INT(call("args_get", U(OUT), U(MEMORY_SIZE - 18)), WASI_EFAULT);
    CHECK_INT(call("args_get", U(MEMORY_SIZE - 12), U(BUFFER)), WASI_EFAULT);
    CHECK_INT(call("args_sizes_get", U(OUT), U(MEMORY_SIZE)), WASI_EFAULT);
    guest_end();
    guest_begin(NULL);
    CHECK_INT(call("args_sizes_get", U(OUT), U(OUT + 4)), 0);
    CHECK_UINT(load32(OUT), 0);
    CHECK_UINT(load32(OUT + 4), 0);
    CHECK_INT(call("args_get", U(OUT), U(MEMORY_SIZE)), 0);
    guest_end();
}

static void
bad_options(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    const char *argv[2] = {"a", NULL};
    krait_wasi *wasi = NULL;
    krait_vfs *vfs;
    krait_error err;
    char *huge = malloc((16u << 20) + 1);

    CHECK_INT(krait__wasi_new(&options, &wasi, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_new(NULL, &vfs, &err), KRAIT_OK);
    options.vfs = vfs;
    options.argc = 2;
    options.argv = argv;
    CHECK_INT(krait__wasi_new(&options, &wasi, &err), KRAIT_EINVAL);
    memset(huge, 'x', 16u << 20);
    huge[16u << 20] = '\0';
    argv[1] = huge;
    CHECK_INT(krait__wasi_new(&options, &wasi, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "16 MiB");
    CHECK(wasi == NULL);
    free(huge);
    krait__wasi_free(NULL);
    krait__vfs_free(vfs);
    krait__vfs_free(NULL);
}

static void
clocks(void)
{
    uint64_t first;

    guest_begin(NULL);
    for (uint32_t id = 0; id < 4; id++) {
        CHECK_INT(call("clock_res_get", id, U(OUT)), 0);
        CHECK(load64(OUT) > 0 && load64(OUT) <= 1000000000u);
        CHECK_INT(call("clock_time_get", id, L(1), U(OUT)), 0);
    }
    CHECK_INT(call("clock_time_get", U(0), L(0), U(OUT)), 0);
    CHECK(load64(OUT) > UINT64_C(1600000000000000000));
    CHECK_INT(call("clock_time_get", U(1), L(0), U(OUT)), 0);
    first = load64(OUT);
    CHECK_INT(call("clock_time_get", U(1), L(0), U(OUT)), 0);
    CHECK(load64(OUT) >= first);
    CHECK_INT(call("clock_time_get", U(4), L(0), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("clock_res_get", UINT32_MAX, U(OUT)), WASI_EINVAL);
    CHECK_INT(call("clock_time_get", U(0), L(0), U(MEMORY_SIZE - 7)), WASI_EFAULT);
    guest_end();
}

static void
random_bytes(void)
{
    unsigned sum = 0;

    guest_begin(NULL);
    memset(g.memory.base + BUFFER, 0, BUFFER_SIZE);
    CHECK_INT(call("random_get", U(BUFFER), U(1024)), 0);
    for (unsigned i = 0; i < 1024; i++)
        sum += g.memory.base[BUFFER + i];
    CHECK(sum > 0);
    CHECK_UINT(g.memory.base[BUFFER + 1024], 0);
    CHECK_INT(call("random_get", U(MEMORY_SIZE), U(0)), 0);
    CHECK_INT(call("random_get", U(MEMORY_SIZE - 1), U(2)), WASI_EFAULT);
    CHECK_INT(call("random_get", U(0), UINT32_MAX), WASI_EFAULT);
    CHECK_INT(call("random_get", U(0), U(MEMORY_SIZE)), 0);
    guest_end();
}

static void
process(void)
{
    guest_begin(NULL);
    CHECK_INT(call("sched_yield"), 0);
    CHECK_INT(call("proc_raise", U(9)), WASI_ENOSYS);
    CHECK_INT(call("proc_exit", U(256)), -1);
    CHECK_INT(g.trap, KRAIT_TRAP_EXIT);
    CHECK_UINT(g.instance.exit_code, 256);
    CHECK_INT(call("proc_exit", UINT32_MAX), -1);
    CHECK_UINT(g.instance.exit_code, UINT32_MAX);
    guest_end();
}

static void
sockets_are_none(void)
{
    uint32_t fd = UINT32_MAX;

    guest_begin(NULL);
    fd = open_fd("tmp/f", WASI_O_CREAT, ALL);
    CHECK_INT(call("sock_shutdown", fd, U(1)), WASI_ENOTSOCK);
    CHECK_INT(call("sock_shutdown", U(1), U(1)), WASI_ENOTSOCK);
    CHECK_INT(call("sock_shutdown", U(3), U(1)), WASI_EBADF);
    CHECK_INT(call("sock_shutdown", U(99), U(1)), WASI_EBADF);
    CHECK_INT(call("sock_accept", fd, U(0), U(OUT)), WASI_ENOTSOCK);
    CHECK_INT(call("sock_recv", fd, U(IOVS), U(1), U(0), U(OUT), U(OUT)), WASI_ENOTSOCK);
    CHECK_INT(call("sock_send", fd, U(IOVS), U(1), U(0), U(OUT)), WASI_ENOTSOCK);
    guest_end();
}

/* Byte by byte, from what the specification says about offsets. */
static void
layouts(void)
{
    uint32_t fd = UINT32_MAX;
    struct stat real;

    guest_begin(NULL);
    CHECK_INT(make_file("m/f", "12345"), 0);
    CHECK_INT(stat(host("f"), &real), 0);
    fd = open_fd("m/f", 0, WASI_FD_READ | WASI_FD_SEEK);
    memset(g.memory.base + STAT, 0xff, 80);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT), real.st_dev);
    CHECK_UINT(load64(STAT + 8), real.st_ino);
    CHECK_UINT(load64(STAT + 16), 4); /* filetype, and zeros behind it */
    CHECK_UINT(load64(STAT + 24), 1);
    CHECK_UINT(load64(STAT + 32), 5);
    CHECK_UINT(load64(STAT + 48),
               (uint64_t)real.st_mtim.tv_sec * 1000000000u + (uint64_t)real.st_mtim.tv_nsec);
    CHECK_UINT(load64(STAT + 64), UINT64_MAX); /* 64 bytes and no more */
    memset(g.memory.base + STAT, 0xff, 80);
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(4)), 0);
    CHECK_INT(call("fd_fdstat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT), 4 | 4 << 16);
    CHECK_UINT(load64(STAT + 8), WASI_FD_READ | WASI_FD_SEEK);
    CHECK_UINT(load64(STAT + 16), ALL);
    CHECK_UINT(load64(STAT + 24), UINT64_MAX);
    memset(g.memory.base + STAT, 0xff, 16);
    CHECK_INT(call("fd_prestat_get", U(3), U(STAT)), 0);
    CHECK_UINT(load64(STAT), UINT64_C(1) << 32);
    CHECK_UINT(load64(STAT + 8), UINT64_MAX);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(imports), CHECK_CASE(arguments_and_environment), CHECK_CASE(bad_options),
           CHECK_CASE(clocks), CHECK_CASE(random_bytes), CHECK_CASE(process),
           CHECK_CASE(sockets_are_none), CHECK_CASE(layouts))
