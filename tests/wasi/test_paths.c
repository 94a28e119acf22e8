/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with paths: what programs for WASI expect of them, in memory and on the host.
 */
#include "wasi/guest.h"

#define FOLLOW 1u

static uint32_t dir; /* an open directory, not the root, with everything allowed */

/* Calls on `dir`. */
static int
on(const char *name, const char *path)
{
    uint32_t size = text_at(NAME, path);

    return call(name, dir, U(NAME), size);
}

static int
opens(uint32_t lookup, const char *path, uint32_t oflags, uint64_t rights)
{
    uint32_t fd = UINT32_MAX;
    int error = path_open(dir, lookup, path, oflags, rights, 0, 0, &fd);

    if (error == 0)
        call("fd_close", fd);
    return error;
}

static void
create(const char *path)
{
    CHECK_INT(opens(0, path, WASI_O_CREAT, 0), 0);
}

static int
two(const char *name, const char *from, const char *to)
{
    uint32_t size = text_at(NAME, from);
    uint32_t size2 = text_at(NAME2, to);

    return call(name, dir, U(NAME), size, dir, U(NAME2), size2);
}

static int
link_to(uint32_t lookup, const char *from, const char *to)
{
    uint32_t size = text_at(NAME, from);
    uint32_t size2 = text_at(NAME2, to);

    return call("path_link", dir, lookup, U(NAME), size, dir, U(NAME2), size2);
}

static int
symlink_to(const char *target, const char *path)
{
    uint32_t size = text_at(NAME2, target);
    uint32_t size2 = text_at(NAME, path);

    return call("path_symlink", U(NAME2), size, dir, U(NAME), size2);
}

static int
stat_path(uint32_t lookup, const char *path)
{
    uint32_t size = text_at(NAME, path);

    return call("path_filestat_get", dir, lookup, U(NAME), size, U(STAT));
}

static int
set_times(uint32_t lookup, const char *path, uint64_t mtime, uint32_t flags)
{
    uint32_t size = text_at(NAME, path);

    return call("path_filestat_set_times", dir, lookup, U(NAME), size, L(3), mtime, flags);
}

static void
both(void (*body)(void))
{
    static const char *const places[] = {"tmp", "m"};

    for (int i = 0; i < 2; i++) {
        char path[32];

        guest_begin(NULL);
        snprintf(path, sizeof(path), "%s/dir", places[i]);
        CHECK_INT(path_call("path_create_directory", path), 0);
        dir = open_fd(path, WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
        body();
        guest_end();
    }
}

static void
interesting_paths_body(void)
{
    CHECK_INT(on("path_create_directory", "d"), 0);
    CHECK_INT(on("path_create_directory", "d/nested"), 0);
    create("d/nested/file");
    CHECK_INT(opens(0, "/d/nested/file", 0, 0), WASI_EPERM);
    CHECK_INT(opens(0, "d/.//nested/../../d/nested/../nested///./file", 0, 0), 0);
    CHECK_INT(opens(0, "d/nested/file/", 0, 0), WASI_ENOTDIR);
    CHECK_INT(opens(0, "d/nested/file///", 0, 0), WASI_ENOTDIR);
    CHECK_INT(opens(0, "d/nested/", 0, 0), 0);
    CHECK_INT(opens(0, "d/nested///", 0, 0), 0);
    CHECK_INT(opens(0, "d/nested/../../../dir/d/nested/file", 0, 0), WASI_EPERM);
    CHECK_INT(opens(0, "", 0, 0), WASI_ENOENT);
    CHECK_INT(opens(0, ".", WASI_O_DIRECTORY, 0), 0);
    CHECK_INT(opens(0, "..", WASI_O_DIRECTORY, 0), WASI_EPERM);
    memcpy(g.memory.base + NAME, "d/nested/file\0x", 15);
    CHECK_INT(call("path_open", dir, U(0), U(NAME), U(14), U(0), L(0), L(0), U(0), U(OUT)),
              WASI_EINVAL);
    CHECK_INT(on("path_unlink_file", "d/nested/file"), 0);
    CHECK_INT(on("path_remove_directory", "d/nested"), 0);
    CHECK_INT(on("path_remove_directory", "d"), 0);
}

static void
interesting_paths(void)
{
    both(interesting_paths_body);
}

static void
opening_body(void)
{
    uint32_t fd = UINT32_MAX;

    CHECK_INT(opens(0, "f", 0, 0), WASI_ENOENT);
    create("f");
    CHECK_INT(opens(0, "f", WASI_O_CREAT | WASI_O_EXCL, 0), WASI_EEXIST);
    CHECK_INT(opens(0, "f", WASI_O_DIRECTORY, 0), WASI_ENOTDIR);
    CHECK_INT(opens(0, "f", WASI_O_CREAT | WASI_O_DIRECTORY, 0), WASI_EINVAL);
    CHECK_INT(opens(0, ".", WASI_O_DIRECTORY, WASI_FD_READ), 0);
    CHECK_INT(opens(0, ".", WASI_O_DIRECTORY, WASI_FD_READ | WASI_FD_WRITE), WASI_EISDIR);
    /* rights that only come along do not keep a directory from being opened */
    CHECK_INT(opens(0, ".", 0, WASI_FD_READ | WASI_FD_FILESTAT_SET_SIZE), 0);
    CHECK_INT(path_open(dir, 0, ".", 0, 0, 0, 4, &fd), 0);
    CHECK_INT(path_open(dir, 0, "f", 0, WASI_FD_WRITE, 0, 0, &fd), 0);
    CHECK_INT(write_fd(fd, "content"), 0);
    CHECK_INT(opens(0, "f", WASI_O_TRUNC, 0), 0);
    CHECK_INT(stat_path(0, "f"), 0);
    CHECK_UINT(load64(STAT + 32), 0);
    CHECK_INT(path_open(fd, 0, "x", WASI_O_CREAT, 0, 0, 0, &fd), WASI_ENOTDIR);
    CHECK_INT(path_open(99, 0, "x", 0, 0, 0, 0, &fd), WASI_EBADF);
    CHECK_INT(path_open(1, 0, "x", 0, 0, 0, 0, &fd), WASI_ENOTDIR);
}

static void
opening(void)
{
    both(opening_body);
}

static void
links_body(void)
{
    CHECK_INT(symlink_to("target", "s"), 0);
    CHECK_INT(opens(0, "s", WASI_O_DIRECTORY, 0), WASI_ELOOP);
    CHECK_INT(opens(0, "s", 0, 0), WASI_ELOOP);
    CHECK_INT(opens(FOLLOW, "s", 0, 0), WASI_ENOENT);
    CHECK_INT(symlink_to("loop", "loop"), 0);
    CHECK_INT(opens(0, "loop", 0, 0), WASI_ELOOP);
    CHECK_INT(opens(FOLLOW, "loop", 0, 0), WASI_ELOOP);
    CHECK_INT(on("path_create_directory", "target"), 0);
    CHECK_INT(opens(FOLLOW, "s", WASI_O_DIRECTORY, 0), 0);
    CHECK_INT(on("path_remove_directory", "target"), 0);
    create("target");
    CHECK_INT(opens(FOLLOW, "s", WASI_O_DIRECTORY, 0), WASI_ENOTDIR);
    CHECK_INT(opens(FOLLOW, "s", 0, 0), 0);
    CHECK_INT(stat_path(0, "s"), 0);
    CHECK_UINT(g.memory.base[STAT + 16], 7);
    CHECK_UINT(load64(STAT + 32), 6);
    CHECK_INT(stat_path(FOLLOW, "s"), 0);
    CHECK_UINT(g.memory.base[STAT + 16], 4);
    /* of the link itself */
    CHECK_INT(set_times(0, "s", 777, 4), 0);
    CHECK_INT(stat_path(0, "s"), 0);
    CHECK_UINT(load64(STAT + 48), 777);
    CHECK_INT(stat_path(FOLLOW, "s"), 0);
    CHECK(load64(STAT + 48) != 777);
    CHECK_INT(set_times(FOLLOW, "s", 888, 4), 0);
    CHECK_INT(stat_path(0, "target"), 0);
    CHECK_UINT(load64(STAT + 48), 888);
    CHECK_INT(set_times(0, "target", 1, 4 | 8), WASI_EINVAL);
    /* names with slashes */
    CHECK_INT(symlink_to("source", "new/"), WASI_ENOENT);
    CHECK_INT(symlink_to("source", "target/"), WASI_ENOTDIR);
    CHECK_INT(symlink_to("source", "target"), WASI_EEXIST);
    CHECK_INT(on("path_create_directory", "d"), 0);
    CHECK_INT(symlink_to("source", "d/"), WASI_EEXIST);
    /* above this directory there is nothing for it */
    CHECK_INT(symlink_to("../dir/target", "up"), 0);
    CHECK_INT(opens(FOLLOW, "up", 0, 0), WASI_EPERM);
}

static void
links(void)
{
    both(links_body);
}

static void
readlink_body(void)
{
    uint32_t size = 0;

    CHECK_INT(symlink_to("target", "s"), 0);
    size = text_at(NAME, "s");
    memset(g.memory.base + BUFFER, 0, 16);
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(10), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 6);
    CHECK_MEM(g.memory.base + BUFFER, "target\0\0\0\0", 10);
    memset(g.memory.base + BUFFER, 0, 16);
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(4), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 4);
    CHECK_MEM(g.memory.base + BUFFER, "targ\0\0", 6);
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(BUFFER_SIZE), U(OUT)), 0);
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(BUFFER_SIZE + 1), U(OUT)),
              WASI_EFAULT);
    create("f");
    size = text_at(NAME, "f");
    CHECK_INT(call("path_readlink", dir, U(NAME), size, U(BUFFER), U(4), U(OUT)), WASI_EINVAL);
}

static void
readlink_cuts(void)
{
    both(readlink_body);
}

static void
hard_links_body(void)
{
    uint32_t fd = UINT32_MAX;

    create("file");
    CHECK_INT(link_to(0, "file", "link"), 0);
    CHECK_INT(stat_path(0, "link"), 0);
    CHECK_UINT(load64(STAT + 24), 2);
    CHECK_INT(link_to(0, "file", "link"), WASI_EEXIST);
    CHECK_INT(link_to(0, "file", "file"), WASI_EEXIST);
    CHECK_INT(on("path_unlink_file", "link"), 0);
    CHECK_INT(on("path_create_directory", "sub"), 0);
    CHECK_INT(link_to(0, "file", "sub"), WASI_EEXIST);
    CHECK_INT(link_to(0, "sub", "link"), WASI_EPERM);
    CHECK_INT(link_to(0, "file", "link/"), WASI_ENOENT);
    CHECK_INT(link_to(0, "nope", "link"), WASI_ENOENT);
    CHECK_INT(symlink_to("target", "s"), 0);
    CHECK_INT(link_to(0, "s", "link"), 0);
    CHECK_INT(stat_path(0, "link"), 0);
    CHECK_UINT(g.memory.base[STAT + 16], 7);
    CHECK_INT(on("path_unlink_file", "link"), 0);
    CHECK_INT(link_to(0, "file", "s"), WASI_EEXIST);
    CHECK_INT(link_to(FOLLOW, "s", "link"), WASI_ENOENT);
    create("target");
    CHECK_INT(link_to(FOLLOW, "s", "link"), 0);
    CHECK_INT(stat_path(0, "link"), 0);
    CHECK_UINT(g.memory.base[STAT + 16], 4);
    /* into another open directory */
    CHECK_INT(path_open(dir, 0, "sub", WASI_O_DIRECTORY, 0, ALL, 0, &fd), 0);
    {
        uint32_t size = text_at(NAME, "file");
        uint32_t size2 = text_at(NAME2, "in");

        CHECK_INT(call("path_link", dir, U(0), U(NAME), size, fd, U(NAME2), size2), 0);
    }
    CHECK_INT(stat_path(0, "sub/in"), 0);
}

static void
hard_links(void)
{
    both(hard_links_body);
}

static void
renames_body(void)
{
    CHECK_INT(on("path_create_directory", "source"), 0);
    CHECK_INT(two("path_rename", "source", "target"), 0);
    CHECK_INT(opens(0, "source", WASI_O_DIRECTORY, 0), WASI_ENOENT);
    CHECK_INT(opens(0, "target", WASI_O_DIRECTORY, 0), 0);
    CHECK_INT(on("path_create_directory", "source"), 0);
    CHECK_INT(two("path_rename", "source", "target"), 0); /* onto an empty one */
    CHECK_INT(on("path_create_directory", "source"), 0);
    create("target/file");
    CHECK_INT(two("path_rename", "source", "target"), WASI_ENOTEMPTY);
    CHECK_INT(two("path_rename", "source", "target/file"), WASI_ENOTDIR);
    CHECK_INT(two("path_rename", "target/file", "source"), WASI_EISDIR);
    CHECK_INT(two("path_rename", "target/file", "moved"), 0);
    CHECK_INT(on("path_remove_directory", "source"), 0);
    create("f");
    CHECK_INT(two("path_rename", "f", "moved"), 0);
    CHECK_INT(two("path_rename", "moved/", "f"), WASI_ENOTDIR);
    CHECK_INT(two("path_rename", "target/", "t2"), 0);
    CHECK_INT(two("path_rename", "t2", "target/"), 0);
    CHECK_INT(two("path_rename", "target/", "t2/"), 0);
    CHECK_INT(two("path_rename", ".", "x"), WASI_EINVAL);
    CHECK_INT(two("path_rename", "t2", ".."), WASI_EPERM);
}

static void
renames(void)
{
    both(renames_body);
}

static void
removing_body(void)
{
    CHECK_INT(on("path_create_directory", "d"), 0);
    CHECK_INT(on("path_create_directory", "d/n"), 0);
    CHECK_INT(on("path_remove_directory", "d"), WASI_ENOTEMPTY);
    CHECK_INT(on("path_unlink_file", "d"), WASI_EISDIR);
    CHECK_INT(on("path_unlink_file", "d/"), WASI_EISDIR);
    CHECK_INT(on("path_remove_directory", "d/n/"), 0);
    CHECK_INT(on("path_remove_directory", "d"), 0);
    create("f");
    CHECK_INT(on("path_remove_directory", "f"), WASI_ENOTDIR);
    CHECK_INT(on("path_remove_directory", "f/"), WASI_ENOTDIR);
    CHECK_INT(on("path_unlink_file", "f/"), WASI_ENOTDIR);
    CHECK_INT(on("path_unlink_file", "f"), 0);
    CHECK_INT(on("path_unlink_file", "f"), WASI_ENOENT);
    /* a directory that is open can be removed, and made again */
    CHECK_INT(on("path_create_directory", "o"), 0);
    {
        uint32_t fd = UINT32_MAX;

        CHECK_INT(path_open(dir, 0, "o", WASI_O_DIRECTORY, WASI_FD_READDIR, 0, 0, &fd), 0);
        CHECK_INT(on("path_remove_directory", "o"), 0);
        CHECK_INT(call("fd_readdir", fd, U(BUFFER), U(1000), L(0), U(OUT)), 0);
        CHECK_INT(on("path_create_directory", "o"), 0);
    }
}

static void
removing(void)
{
    both(removing_body);
}

/* File names are bytes. */
static void
names_of_bytes_body(void)
{
    CHECK_INT(opens(0, "nope-\xe4", 0, 0), WASI_ENOENT);
    CHECK_INT(stat_path(0, "nope-\xed\xbf\xbf"), WASI_ENOENT); /* a surrogate */
    CHECK_INT(opens(0, "new-\xe4", WASI_O_CREAT | WASI_O_EXCL, WASI_FD_WRITE), 0);
    CHECK_INT(stat_path(0, "new-\xe4"), 0);
    CHECK_INT(on("path_create_directory", "dir-\xc0\xaf"), 0); /* an overlong slash is none */
    CHECK_INT(symlink_to("target", "link-\xe2\x82"), 0);
    CHECK_INT(on("path_unlink_file", "link-\xe2\x82"), 0);
    CHECK_INT(on("path_remove_directory", "dir-\xc0\xaf"), 0);
    CHECK_INT(on("path_unlink_file", "new-\xe4"), 0);
    CHECK_INT(on("path_unlink_file", "\x80"), WASI_ENOENT);
}

static void
names_of_bytes(void)
{
    int fd;

    both(names_of_bytes_body);
    /* also what is there on the host */
    guest_begin(NULL);
    dir = open_fd("m", WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
    fd = open(host("latin1-\xe4"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    close(fd);
    CHECK_INT(stat_path(0, "latin1-\xe4"), 0);
    CHECK_INT(opens(0, "latin1-\xe4", 0, 0), 0);
    CHECK_INT(opens(0, "latin1-\xe4", WASI_O_CREAT, WASI_FD_WRITE), 0);
    CHECK_INT(on("path_unlink_file", "latin1-\xe4"), 0);
    CHECK_INT(stat_path(0, "latin1-\xe4"), WASI_ENOENT);
    guest_end();
}

static void
absolute_links(void)
{
    guest_begin(NULL);
    dir = open_fd("m", WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
    CHECK_INT(symlink_to("/", "s"), WASI_EPERM);
    dir = open_fd("tmp", WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
    CHECK_INT(symlink_to("/m", "s"), 0);
    CHECK_INT(make_file("m/f", "through"), 0);
    CHECK_STR(contents("tmp/s/f"), "through");
    CHECK_INT(opens(FOLLOW, "s/f", 0, WASI_FD_READ), WASI_EPERM); /* not beneath "tmp" */
    guest_end();
}

CHECK_MAIN(CHECK_CASE(interesting_paths), CHECK_CASE(opening), CHECK_CASE(links),
           CHECK_CASE(readlink_cuts), CHECK_CASE(hard_links), CHECK_CASE(renames),
           CHECK_CASE(removing), CHECK_CASE(names_of_bytes), CHECK_CASE(absolute_links))
