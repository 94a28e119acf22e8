/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at every single allocation of a guest's life, one after another: an error
 * each time, no crash, no leak of memory (AddressSanitizer builds see that) or descriptors.
 *
 * Built with its own copy of the layers, in which allocations can be made to fail.
 */
#include "wasi/guest.h"

#include "base/alloc.h"

#include <krait/guest.h>

#include <dirent.h>

static char host_dir[64];

/* Calls whose errors may be anything that says so; true when one was for want of memory. */
static unsigned denied;

static int
try(int error)
{
    denied += error == WASI_ENOMEM;
    return error;
}

static unsigned
count_host_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void
use_files(const char *folder)
{
    char path[300];
    uint32_t fd = UINT32_MAX;
    uint32_t size;

    snprintf(path, sizeof(path), "%s/d", folder);
    try(path_call("path_create_directory", path));
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof(path), "%s/d/%d", folder, i);
        if (try(path_open(3, 0, path, WASI_O_CREAT, ALL, 0, 0, &fd)) != 0)
            continue;
        try(write_fd(fd, "text"));
        try(call("fd_filestat_set_size", fd, L(5000)));
        try(call("fd_allocate", fd, L(0), L(9000)));
        try(call("fd_close", fd));
    }
    snprintf(path, sizeof(path), "%s/d/../d/./s", folder);
    size = text_at(NAME2, "3");
    try(call("path_symlink", U(NAME2), size, U(3), U(NAME), text_at(NAME, path)));
    try(path_open(3, 1, path, 0, WASI_FD_READ, 0, 0, &fd));
    snprintf(path, sizeof(path), "%s/d", folder);
    if (try(path_open(3, 0, path, WASI_O_DIRECTORY, WASI_FD_READDIR, 0, 0, &fd)) == 0) {
        uint64_t cookie = 0;

        while (try(call("fd_readdir", fd, U(BUFFER), U(60), cookie, U(OUT))) == 0 &&
               load32(OUT) >= 24)
            cookie = load64(BUFFER);
    }
    snprintf(path, sizeof(path), "%s/d/1", folder);
    size = text_at(NAME2, path);
    path[strlen(path) - 1] = '2';
    try(call("path_rename", U(3), U(NAME), text_at(NAME, path), U(3), U(NAME2), size));
    path[strlen(path) - 1] = '3';
    size = text_at(NAME, path);
    path[strlen(path) - 1] = 'x';
    try(call("path_link", U(3), U(0), U(NAME), size, U(3), U(NAME2), text_at(NAME2, path)));
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof(path), "%s/d/%d", folder, i);
        try(path_call("path_unlink_file", path));
    }
    snprintf(path, sizeof(path), "%s/d/x", folder);
    try(path_call("path_unlink_file", path));
    snprintf(path, sizeof(path), "%s/d/s", folder);
    try(path_call("path_unlink_file", path));
    snprintf(path, sizeof(path), "%s/d", folder);
    try(path_call("path_remove_directory", path));
}

static void
use_krait_host(const char *folder)
{
    char path[300];
    uint32_t size;

    if (try(call("fd_pipe", U(0), U(OUT))) == 0) {
        uint32_t reader = load32(OUT);
        uint32_t writer = load32(OUT + 4);

        if (try(call("fd_dup", reader, U(0), U(0), U(OUT))) == 0)
            try(call("fd_close", load32(OUT)));
        try(call("fd_dup2", reader, U(60), U(0)));
        try(write_fd(writer, "text"));
        try(call("fd_close", reader));
        try(call("fd_close", writer));
        try(call("fd_close", U(60)));
    }
    if (try(call("fd_socketpair", U(0), U(OUT))) == 0) {
        try(write_fd(load32(OUT), "text"));
        try(call("fd_close", load32(OUT + 4)));
        try(call("fd_close", load32(OUT)));
    }
    if (try(call("fd_pty", U(0), U(OUT))) == 0) {
        try(call("fd_close", load32(OUT + 4)));
        try(call("fd_close", load32(OUT)));
    }
    if (try(call("fd_eventfd", U(1), U(0), U(OUT))) == 0)
        try(call("fd_close", load32(OUT)));
    try(call("itimer_set", U(0), L(3600000000000), L(0), U(STAT)));
    snprintf(path, sizeof(path), "%s/p", folder);
    size = text_at(NAME, path);
    try(call("path_mknod", U(3), U(NAME), size, U(KRAIT_HOST_S_IFIFO | 0600)));
    try(call("path_chmod", U(3), U(0), U(NAME), size, U(0640)));
    try(call("path_access", U(3), U(0), U(NAME), size, U(4)));
    try(call("path_statvfs", U(3), U(0), U(NAME), size, U(STAT)));
    try(open_error(path, 0, WASI_FD_READ | WASI_FD_WRITE));
    try(path_call("path_unlink_file", path));
    size = text_at(NAME, path);
    try(call("path_mkdir_mode", U(3), U(NAME), size, U(0700)));
    try(path_call("path_remove_directory", path));
}

static void
use_the_rest(void)
{
    store32(SUBS, 1);
    memset(g.memory.base + SUBS, 0, 48);
    try(call("poll_oneoff", U(SUBS), U(EVENTS), U(1), U(OUT)));
    try(open_error("made/up/deep/f", 0, WASI_FD_READ));
    try(open_error("made/up", WASI_O_DIRECTORY, WASI_FD_READDIR));
    try(open_error("script/missing", 0, WASI_FD_READ));
    try(open_error("script/s.py", 0, WASI_FD_READ));
    try(open_error("dev/urandom", 0, WASI_FD_READ));
}

static krait_status
set_up(krait_error *err)
{
    static const char *const argv[] = {"prog", "arg"};
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    char path[128];
    krait_status status = krait__vfs_new(NULL, &g.vfs, err);

    snprintf(path, sizeof(path), "%s/s.py", host_dir);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_devices(g.vfs, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_dir(g.vfs, "/m", host_dir, 0, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_dir(g.vfs, "/made/up/deep", host_dir, KRAIT_MOUNT_READ_ONLY, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_dir(g.vfs, "/m/not/there", host_dir, 0, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_file(g.vfs, "/script/s.py", path, KRAIT_MOUNT_RECORD_MISSES, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_memory(g.vfs, "/scratch", NULL, 0, err);
    if (status == KRAIT_OK)
        status = krait__vfs_put_file(g.vfs, "/in/file", "bytes", 5, err);
    options.vfs = g.vfs;
    options.argc = options.envc = 2;
    options.argv = options.environ = argv;
    options.stdio_fds[0] = options.stdio_fds[1] = options.stdio_fds[2] = -1;
    options.stdio_fds[1] = 2;
    if (status == KRAIT_OK)
        status = krait__wasi_new(&options, &g.wasi, err);
    return status;
}

static krait_status
keep_bytes(void *data, const void *bytes, size_t size, krait_error *err)
{
    uint8_t **at = data;

    (void)err;
    memcpy(*at, bytes, size);
    *at += size;
    return KRAIT_OK;
}

/* Files in memory as bytes and back. */
static krait_status
use_image(krait_error *err)
{
    static _Alignas(4096) uint8_t bytes[256 << 10];
    uint8_t *end = bytes;
    krait_vfs *copy = NULL;
    krait_status status = krait__vfs_new(NULL, &copy, err);

    if (status == KRAIT_OK)
        status = krait__vfs_put_file(copy, "/tmp/f", "bytes", 5, err);
    if (status == KRAIT_OK)
        status = krait__vfs_put_file(copy, "/tmp/d/g", "more bytes", 10, err);
    if (status == KRAIT_OK)
        status = krait__vfs_save(copy, keep_bytes, &end, err);
    krait__vfs_free(copy);
    copy = NULL;
    if (status == KRAIT_OK)
        status = krait__vfs_new(NULL, &copy, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_devices(copy, err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_same(copy, g.vfs, "/m", err);
    if (status == KRAIT_OK)
        status = krait__vfs_mount_same(copy, g.vfs, "/made/up/deep", err);
    if (status == KRAIT_OK)
        status = krait__vfs_load(copy, bytes, (size_t)(end - bytes), err);
    krait__vfs_free(copy);
    return status;
}

/* One life; true when something failed for want of memory. */
static bool
live(void)
{
    krait_error err = {0};
    krait_status status;

    memset(&g, 0, sizeof(g));
    denied = 0;
    status = set_up(&err);
    CHECK(status == KRAIT_OK || status == KRAIT_ENOMEM);
    if (status == KRAIT_OK) {
        guest_memory();
        use_files("tmp");
        use_files("m");
        use_files("m/not/there");
        use_krait_host("tmp");
        use_krait_host("m");
        use_the_rest();
        free(g.memory.base);
        status = use_image(&err);
        CHECK(status == KRAIT_OK || status == KRAIT_ENOMEM);
    }
    krait__wasi_free(g.wasi);
    krait__vfs_free(g.vfs);
    return status != KRAIT_OK || denied > 0;
}

static void
every_allocation(void)
{
    char path[128];
    unsigned long made;
    unsigned noticed = 0;
    unsigned fds;

    snprintf(host_dir, sizeof(host_dir), "/tmp/krait-faults.XXXXXX");
    CHECK(mkdtemp(host_dir) != NULL);
    snprintf(path, sizeof(path), "%s/s.py", host_dir);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    (void)krait__alloc_fail_at(0);
    fds = count_host_fds();
    CHECK(!live());
    made = krait__alloc_fail_at(0);
    CHECK(made > 100 && made < 20000);
    for (unsigned long n = 1; n <= made; n++) {
        (void)krait__alloc_fail_at(n);
        noticed += live();
        (void)krait__alloc_fail_at(0);
        CHECK_UINT(count_host_fds(), fds);
    }
    /* all but those that only cost a hint */
    CHECK(noticed + 5 >= made);
    printf("    %lu allocations, %u errors\n", made, noticed);
    CHECK(!live());
    CHECK_INT(unlink(path), 0);
    CHECK_INT(rmdir(host_dir), 0);
}

CHECK_MAIN(CHECK_CASE(every_allocation))
