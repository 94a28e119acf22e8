/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that a guest finds open: fd_prestat_get and fd_prestat_dir_name, and what becomes
 * of them when they are closed, renumbered, or walked out of.
 */
#include "wasi/guest.h"

static const krait_wasi_preopen some[] = {
    {"fs-tests.dir", "/m"}, {".", "/m/../tmp/."}, {"/m", "/m"}, {"/", "/"}};

static void
begin(const krait_wasi_preopen *preopens, size_t count, uint32_t max_open_files)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;

    options.preopens = preopens;
    options.preopen_count = count;
    options.max_open_files = max_open_files;
    guest_begin(&options);
}

/* The name of a preopen, or the number of the error as text. */
static const char *
name_of(uint32_t fd)
{
    static char name[64];
    int error = call("fd_prestat_get", fd, U(OUT));
    uint32_t size = load32(OUT + 4);

    if (error == 0 && CHECK_UINT(load32(OUT), 0) && CHECK(size < sizeof(name)))
        error = call("fd_prestat_dir_name", fd, U(BUFFER), size);
    snprintf(name, sizeof(name), "errno %d", error);
    if (error == 0) {
        memcpy(name, g.memory.base + BUFFER, size);
        name[size] = '\0';
    }
    return name;
}

static void
one_root(void)
{
    begin(NULL, 0, 0);
    CHECK_STR(name_of(3), "/");
    CHECK_STR(name_of(4), "errno 8");
    CHECK_STR(name_of(0), "errno 8");
    guest_end();
}

static void
names(void)
{
    begin(some, 4, 0);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_STR(name_of(3 + i), some[i].name);
    CHECK_STR(name_of(7), "errno 8");
    /* no more than the name is written, no less room is taken */
    memset(g.memory.base + BUFFER, 0x55, 16);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(13)), 0);
    CHECK_MEM(g.memory.base + BUFFER, "fs-tests.dir\x55", 13);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(11)), WASI_ENAMETOOLONG);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(0)), WASI_ENAMETOOLONG);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(MEMORY_SIZE - 11), U(12)), WASI_EFAULT);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(MEMORY_SIZE - 20), U(21)), WASI_EFAULT);
    CHECK_MEM(g.memory.base + MEMORY_SIZE - 20, "\xaa\xaa\xaa\xaa", 4);
    CHECK_INT(call("fd_prestat_get", U(3), U(MEMORY_SIZE - 7)), WASI_EFAULT);
    CHECK_INT(call("fd_prestat_get", U(7), U(OUT)), WASI_EBADF);
    CHECK_INT(call("fd_prestat_dir_name", U(7), U(BUFFER), U(12)), WASI_EBADF);
    guest_end();
}

/* Each leads to its directory, and not above it. */
static void
where_they_lead(void)
{
    uint32_t fd = 0;

    begin(some, 4, 0);
    CHECK_INT(path_open(3, 0, "f", WASI_O_CREAT, WASI_FD_WRITE, 0, 0, &fd), 0);
    CHECK_UINT(fd, 7);
    CHECK_INT(access(host("f"), F_OK), 0);
    CHECK_INT(path_open(5, 0, "f", 0, WASI_FD_READ, 0, 0, &fd), 0);
    CHECK_INT(path_open(6, 0, "m/f", 0, WASI_FD_READ, 0, 0, &fd), 0);
    CHECK_INT(path_open(4, 0, "f", 0, WASI_FD_READ, 0, 0, &fd), WASI_ENOENT);
    CHECK_INT(path_open(4, 0, "g", WASI_O_CREAT, WASI_FD_WRITE, 0, 0, &fd), 0);
    CHECK_INT(path_open(6, 0, "tmp/g", 0, WASI_FD_READ, 0, 0, &fd), 0);
    CHECK_INT(path_open(3, 0, "..", 0, 0, 0, 0, &fd), WASI_EPERM);
    CHECK_INT(path_open(3, 0, "../m/f", 0, 0, 0, 0, &fd), WASI_EPERM);
    CHECK_INT(path_open(4, 0, "../tmp/g", 0, 0, 0, 0, &fd), WASI_EPERM);
    /* all have the rights of a root */
    CHECK(rights_of(3) == WASI_RIGHTS_DIRECTORY && load64(STAT + 16) == ALL);
    CHECK(rights_of(6) == WASI_RIGHTS_DIRECTORY && load64(STAT + 16) == ALL);
    guest_end();
}

static void
closed_and_renumbered(void)
{
    uint32_t fd = 0;

    begin(some, 4, 0);
    CHECK_INT(path_open(3, 0, ".", WASI_O_DIRECTORY, 0, 0, 0, &fd), 0);
    CHECK_UINT(fd, 7);
    CHECK_STR(name_of(7), "errno 8"); /* another descriptor of it is no preopen */
    CHECK_INT(call("fd_renumber", U(4), U(7)), 0);
    CHECK_STR(name_of(4), "errno 8");
    CHECK_STR(name_of(7), ".");
    CHECK_INT(call("fd_close", U(3)), 0);
    CHECK_STR(name_of(3), "errno 8");
    CHECK_INT(path_open(7, 0, ".", WASI_O_DIRECTORY, 0, 0, 0, &fd), 0);
    CHECK_UINT(fd, 3);
    CHECK_STR(name_of(3), "errno 8");
    /* over a preopen */
    CHECK_INT(call("fd_renumber", U(3), U(5)), 0);
    CHECK_STR(name_of(5), "errno 8");
    CHECK_INT(call("fd_fdstat_get", U(5), U(STAT)), 0);
    guest_end();
}

/* All are there even where the limit of descriptors is lower. */
static void
many(void)
{
    krait_wasi_preopen preopens[40];
    uint32_t fd;

    for (int i = 0; i < 40; i++)
        preopens[i] = some[i % 4];
    begin(preopens, 40, 10);
    CHECK_STR(name_of(42), "/");
    CHECK_STR(name_of(43), "errno 8");
    CHECK_INT(path_open(3, 0, ".", WASI_O_DIRECTORY, 0, 0, 0, &fd), WASI_EMFILE);
    guest_end();
}

static void
no_directory(void)
{
    static const krait_wasi_preopen bad[] = {
        {"x", "/missing"}, {"x", "relative"}, {"x", ""}, {"x", "/dev/null"}, {NULL, "/"}};
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    krait_wasi *wasi = NULL;
    krait_error err;

    begin(NULL, 0, 0);
    CHECK_INT(krait__vfs_mount_devices(g.vfs, &err), KRAIT_OK);
    options.vfs = g.vfs;
    options.preopen_count = 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        options.preopens = &bad[i];
        CHECK_INT(krait__wasi_new(&options, &wasi, &err), KRAIT_EINVAL);
    }
    CHECK(wasi == NULL);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(one_root), CHECK_CASE(names), CHECK_CASE(where_they_lead),
           CHECK_CASE(closed_and_renumbered), CHECK_CASE(many), CHECK_CASE(no_directory))
