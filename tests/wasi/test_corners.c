/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the specification, a libc and Linux meet: APPEND with positioned writes, times of links,
 * slashes behind names, numbers that change, files without a name, and sockets of the host as
 * standard streams.
 */
#include "wasi/places.h"

#include "vfs/file.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int
path_times(const char *path, uint32_t lookup, uint64_t mtime)
{
    uint32_t size = text_at(NAME, path);

    return call("path_filestat_set_times", U(3), lookup, U(NAME), size, L(7), mtime,
                U(WASI_FST_ATIM | WASI_FST_MTIM));
}

static uint64_t
mtime_of(const char *path, uint32_t lookup)
{
    uint32_t size = text_at(NAME, path);

    return call("path_filestat_get", U(3), lookup, U(NAME), size, U(STAT)) == 0 ? load64(STAT + 48)
                                                                                : 0;
}

static int
two_paths(const char *name, const char *from, const char *to)
{
    uint32_t from_size = text_at(NAME, from);
    uint32_t to_size = text_at(NAME2, to);

    if (strcmp(name, "path_link") == 0)
        return call(name, U(3), U(0), U(NAME), from_size, U(3), U(NAME2), to_size);
    if (strcmp(name, "path_symlink") == 0)
        return call(name, U(NAME), from_size, U(3), U(NAME2), to_size);
    return call(name, U(3), U(NAME), from_size, U(3), U(NAME2), to_size);
}

static int
transfer_at(const char *name, uint32_t fd, uint32_t size, uint64_t offset)
{
    store32(IOVS, BUFFER);
    store32(IOVS + 4, size);
    return call(name, fd, U(IOVS), U(1), offset, U(OUT));
}

static uint64_t
tell(uint32_t fd)
{
    return call("fd_tell", fd, U(STAT)) == 0 ? load64(STAT) : UINT64_MAX;
}

/* Linux: pwrite of a file with O_APPEND appends, and the position is left alone. */
static void
append_and_pwrite_body(void)
{
    uint32_t fd = UINT32_MAX;

    CHECK_INT(path_open(3, 0, in("f"), WASI_O_CREAT, ALL, 0, KRAIT_FILE_APPEND, &fd), 0);
    CHECK_INT(write_fd(fd, "ab"), 0);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), 0);
    CHECK_INT(write_fd(fd, "cd"), 0);
    CHECK_UINT(tell(fd), 4);
    memcpy(g.memory.base + BUFFER, "xyz", 3);
    CHECK_INT(transfer_at("fd_pwrite", fd, 3, 0), 0);
    CHECK_UINT(load32(OUT), 3);
    CHECK_UINT(tell(fd), 4);
    CHECK_STR(contents(in("f")), "abcdxyz");
    CHECK_INT(transfer_at("fd_pread", fd, 100, 2), 0);
    CHECK_UINT(load32(OUT), 5);
    CHECK_UINT(tell(fd), 4);
    /* without the flag it writes where it was told to, also behind the end */
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(0)), 0);
    memcpy(g.memory.base + BUFFER, "123", 3);
    CHECK_INT(transfer_at("fd_pwrite", fd, 3, 0), 0);
    CHECK_INT(transfer_at("fd_pwrite", fd, 1, 9), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 32), 10);
    CHECK_INT(transfer_at("fd_pread", fd, 10, 0), 0);
    CHECK_MEM(g.memory.base + BUFFER,
              "123dxyz\0\0"
              "1",
              10);
    CHECK_INT(transfer_at("fd_pwrite", fd, 1, L(INT64_MAX) + 1), WASI_EINVAL);
    CHECK_INT(transfer_at("fd_pread", fd, 1, L(INT64_MAX) + 1), WASI_EINVAL);
}

static void
append_and_pwrite(void)
{
    both(append_and_pwrite_body);
}

static void
times_of_links_body(void)
{
    CHECK_INT(make_file(in("f"), "x"), 0);
    CHECK_INT(two_paths("path_symlink", "f", in("l")), 0);
    CHECK_INT(path_times(in("f"), 0, 1000), 0);
    CHECK_INT(path_times(in("l"), 0, 2000), 0);
    CHECK_UINT(mtime_of(in("f"), 0), 1000);
    CHECK_UINT(mtime_of(in("l"), 0), 2000);
    CHECK_UINT(mtime_of(in("l"), 1), 1000);
    CHECK_INT(path_times(in("l"), 1, 3000), 0);
    CHECK_UINT(mtime_of(in("f"), 0), 3000);
    CHECK_UINT(mtime_of(in("l"), 0), 2000);
    CHECK_INT(two_paths("path_symlink", "missing", in("d")), 0);
    CHECK_INT(path_times(in("d"), 1, 4000), WASI_ENOENT);
    CHECK_INT(path_times(in("d"), 0, 4000), 0);
}

static void
times_of_links(void)
{
    both(times_of_links_body);
}

/* A slash behind a name: it must be a directory. */
static void
slashes_body(void)
{
    static const char *const removing[] = {"path_unlink_file", "path_remove_directory"};

    CHECK_INT(make_file(in("f"), "x"), 0);
    CHECK_INT(path_call("path_create_directory", in("d/")), 0);
    CHECK_INT(path_call("path_create_directory", in("d/")), WASI_EEXIST);
    CHECK_INT(path_call("path_create_directory", in("f/")), WASI_EEXIST);
    CHECK_INT(open_error(in("f/"), 0, WASI_FD_READ), WASI_ENOTDIR);
    CHECK_INT(open_error(in("d//"), 0, WASI_FD_READ), 0);
    CHECK_INT(open_error(in("n/"), WASI_O_CREAT, WASI_FD_READ), WASI_EISDIR);
    CHECK_INT(path_times(in("f/"), 0, 1), WASI_ENOTDIR);
    CHECK_INT(path_times(in("d/"), 0, 5), 0);
    CHECK_UINT(mtime_of(in("d/"), 0), 5);
    CHECK_UINT(mtime_of(in("f/"), 0), 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(path_call(removing[i], in("f/")), WASI_ENOTDIR);
    CHECK_INT(path_call("path_unlink_file", in("d/")), WASI_EISDIR);
    CHECK_INT(two_paths("path_link", in("f"), in("n/")), WASI_ENOENT);
    CHECK_INT(two_paths("path_link", in("f/"), in("n")), WASI_ENOTDIR);
    CHECK_INT(two_paths("path_symlink", "f", in("n/")), WASI_ENOENT);
    CHECK_INT(two_paths("path_symlink", "f", in("d/")), WASI_EEXIST);
    CHECK_INT(two_paths("path_rename", in("f/"), in("n")), WASI_ENOTDIR);
    CHECK_INT(two_paths("path_rename", in("f"), in("n/")), WASI_ENOTDIR);
    CHECK_INT(two_paths("path_rename", in("d/"), in("n/")), 0);
    CHECK_INT(path_call("path_remove_directory", in("n///")), 0);
    CHECK_STR(contents(in("f")), "x");
}

static void
slashes(void)
{
    both(slashes_body);
}

/* A number is only a name: position, flags and rights move with the file. */
static void
renumbered_body(void)
{
    uint32_t one = open_fd(in("1"), WASI_O_CREAT, ALL);
    uint32_t two = open_fd(in("2"), WASI_O_CREAT, WASI_FD_READ);

    CHECK_INT(write_fd(one, "one"), 0);
    CHECK_INT(call("fd_fdstat_set_flags", one, U(KRAIT_FILE_APPEND)), 0);
    CHECK_INT(call("fd_renumber", one, two), 0);
    CHECK_STR(read_fd(one), "errno 8");
    CHECK_UINT(tell(two), 3);
    CHECK(rights_of(two) == WASI_RIGHTS_FILE);
    CHECK_UINT(g.memory.base[STAT + 2], KRAIT_FILE_APPEND);
    CHECK_INT(write_fd(two, "!"), 0);
    CHECK_STR(contents(in("1")), "one!");
    CHECK_INT(call("fd_renumber", two, two), 0);
    CHECK_UINT(tell(two), 4);
    CHECK_INT(call("fd_renumber", two, U(1000)), WASI_EBADF);
    CHECK_INT(call("fd_renumber", U(1000), two), WASI_EBADF);
    CHECK_INT(call("fd_renumber", U(UINT32_MAX), two), WASI_EBADF);
    /* the lowest number is free again */
    CHECK_UINT(open_fd(in("2"), 0, WASI_FD_READ), one);
}

static void
renumbered(void)
{
    both(renumbered_body);
}

static void
without_a_name_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);

    CHECK_INT(write_fd(fd, "kept"), 0);
    CHECK_INT(path_call("path_unlink_file", in("f")), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 24), 0);
    CHECK_UINT(load64(STAT + 32), 4);
    CHECK_INT(transfer_at("fd_pread", fd, 10, 0), 0);
    CHECK_MEM(g.memory.base + BUFFER, "kept", 4);
    CHECK_INT(call("fd_filestat_set_size", fd, L(2)), 0);
    CHECK_INT(call("fd_sync", fd), 0);
    CHECK_INT(make_file(in("f"), "another"), 0);
    CHECK_INT(transfer_at("fd_pread", fd, 10, 0), 0);
    CHECK_UINT(load32(OUT), 2);
    CHECK_STR(contents(in("f")), "another");
}

static void
without_a_name(void)
{
    both(without_a_name_body);
}

static void
begin_stdio(int in_fd, int out_fd)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;

    options.stdio_fds[0] = in_fd;
    options.stdio_fds[1] = out_fd;
    options.stdio_fds[2] = -1;
    guest_begin(&options);
}

/* What the host calls a socket is a stream here, whoever started us: no guest shuts it down. */
static void
host_sockets(void)
{
    int pair[2];
    char text[8] = "";

    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    begin_stdio(pair[0], pair[0]);
    CHECK_INT(write_fd(1, "hello"), 0);
    CHECK_INT(read(pair[1], text, sizeof(text)), 5);
    CHECK_STR(text, "hello");
    CHECK_INT(write(pair[1], "back", 4), 4);
    CHECK_STR(read_fd(0), "back");
    CHECK_INT(call("fd_seek", U(0), L(0), U(0), U(OUT)), WASI_ESPIPE);
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 4);
    for (uint32_t fd = 0; fd < 2; fd++) {
        CHECK_INT(call("sock_accept", fd, U(0), U(OUT)), WASI_ENOTSOCK);
        CHECK_INT(call("sock_recv", fd, U(IOVS), U(1), U(0), U(OUT), U(OUT + 4)), WASI_ENOTSOCK);
        CHECK_INT(call("sock_send", fd, U(IOVS), U(1), U(0), U(OUT)), WASI_ENOTSOCK);
        CHECK_INT(call("sock_shutdown", fd, U(1)), WASI_ENOTSOCK);
    }
    CHECK_INT(call("sock_shutdown", U(3), U(1)), WASI_EBADF);
    CHECK_INT(call("sock_shutdown", U(99), U(1)), WASI_EBADF);
    guest_end();
    CHECK_INT(write(pair[0], "open", 4), 4);
    close(pair[0]);
    close(pair[1]);
}

static void
listening_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        CHECK_SKIP("no loopback network");
        return;
    }
    CHECK_INT(listen(fd, 1), 0);
    begin_stdio(fd, fd);
    CHECK_INT(call("sock_accept", U(0), U(0), U(OUT)), WASI_ENOTSOCK);
    CHECK_INT(call("fd_fdstat_set_flags", U(0), U(KRAIT_FILE_NONBLOCK)), 0);
    CHECK_INT(call("fd_fdstat_set_flags", U(1), U(KRAIT_FILE_NONBLOCK)), 0);
    store32(IOVS, BUFFER);
    store32(IOVS + 4, 4);
    CHECK(call("fd_read", U(0), U(IOVS), U(1), U(OUT)) > 0);
    CHECK(write_fd(1, "x") > 0);
    guest_end();
    close(fd);
}

CHECK_MAIN(CHECK_CASE(append_and_pwrite), CHECK_CASE(times_of_links), CHECK_CASE(slashes),
           CHECK_CASE(renumbered), CHECK_CASE(without_a_name), CHECK_CASE(host_sockets),
           CHECK_CASE(listening_socket))
