/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on descriptors: the table, rights, positions, sizes, flags, times.  Each case over
 * files runs in memory and on the host.
 */
#include "wasi/places.h"

static void
seek_and_tell_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);

    CHECK_INT(call("fd_tell", fd, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 0);
    CHECK_INT(write_fd(fd, "0123456789"), 0);
    CHECK_UINT(load32(OUT), 10);
    CHECK_INT(call("fd_tell", fd, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 10);
    CHECK_INT(call("fd_seek", fd, L(-5), U(1), U(OUT)), 0);
    CHECK_UINT(load64(OUT), 5);
    CHECK_STR(read_fd(fd), "56789");
    CHECK_STR(read_fd(fd), "");
    CHECK_INT(call("fd_seek", fd, L(1000), U(1), U(OUT)), 0);
    CHECK_UINT(load64(OUT), 1010);
    CHECK_INT(call("fd_seek", fd, L(-2000), U(1), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_seek", fd, L(-3), U(2), U(OUT)), 0);
    CHECK_UINT(load64(OUT), 7);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), 0);
    CHECK_INT(call("fd_seek", fd, L(0), U(3), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(MEMORY_SIZE - 4)), WASI_EFAULT);
    CHECK_STR(read_fd(fd), "0123456789");
}

static void
seek_and_tell(void)
{
    both(seek_and_tell_body);
}

static void
scatter_and_gather_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);

    text_at(BUFFER, "abcdef");
    for (uint32_t i = 0; i < 3; i++) {
        store32(IOVS + 8 * i, BUFFER + 2 * (2 - i)); /* backwards */
        store32(IOVS + 8 * i + 4, 2);
    }
    CHECK_INT(call("fd_write", fd, U(IOVS), U(3), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 6);
    CHECK_STR(contents(in("f")), "efcdab");
    store32(IOVS, BUFFER + 100);
    store32(IOVS + 4, 1);
    store32(IOVS + 8, MEMORY_SIZE); /* empty, at the very end */
    store32(IOVS + 12, 0);
    store32(IOVS + 16, BUFFER + 200);
    store32(IOVS + 20, 10);
    CHECK_INT(call("fd_pread", fd, U(IOVS), U(3), L(1), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 5);
    CHECK_MEM(g.memory.base + BUFFER + 100, "f\xaa", 2);
    CHECK_MEM(g.memory.base + BUFFER + 200, "cdab\xaa", 5);
    CHECK_INT(call("fd_tell", fd, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 6); /* neither pread nor pwrite moves it */
    CHECK_INT(call("fd_pwrite", fd, U(IOVS), U(1), L(2), U(OUT)), 0);
    CHECK_STR(contents(in("f")), "effdab");
    CHECK_INT(call("fd_tell", fd, U(OUT)), 0);
    CHECK_UINT(load64(OUT), 6);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(0), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 0);
    CHECK_INT(call("fd_pread", fd, U(IOVS), U(1), UINT64_MAX, U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_pwrite", fd, U(IOVS), U(1), L(INT64_MAX), U(OUT)), WASI_EINVAL);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(1025), U(OUT)), WASI_EINVAL);
    /* all buffers are looked at before anything moves */
    store32(IOVS + 8, MEMORY_SIZE - 1);
    store32(IOVS + 12, 2);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(2), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("fd_read", fd, U(IOVS), U(2), U(OUT)), WASI_EFAULT);
    CHECK_STR(contents(in("f")), "effdab");
    CHECK_INT(call("fd_write", fd, U(MEMORY_SIZE - 4), U(1), U(OUT)), WASI_EFAULT);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(1), U(MEMORY_SIZE - 2)), WASI_EFAULT);
    CHECK_STR(contents(in("f")), "effdab");
}

static void
scatter_and_gather(void)
{
    both(scatter_and_gather_body);
}

/* More than one step, from many buffers that overlap. */
static void
large_transfers_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);
    uint64_t total = 0;

    for (uint32_t i = 0; i < 60000; i++)
        g.memory.base[BUFFER + i] = (uint8_t)(i * 7);
    for (uint32_t i = 0; i < 100; i++) {
        store32(IOVS + 8 * i, BUFFER + i);
        store32(IOVS + 8 * i + 4, 50000);
        total += 50000;
    }
    CHECK_INT(call("fd_write", fd, U(IOVS), U(100), U(OUT)), 0);
    CHECK_UINT(load32(OUT), total);
    memset(g.memory.base + BUFFER, 0, 60000);
    CHECK_INT(call("fd_pread", fd, U(IOVS), U(1), L(50000 * 99), U(OUT)), 0);
    CHECK_UINT(load32(OUT), 50000);
    CHECK_UINT(g.memory.base[BUFFER], (uint8_t)(99 * 7));
    CHECK_UINT(g.memory.base[BUFFER + 49999], (uint8_t)((99 + 49999) * 7));
}

static void
large_transfers(void)
{
    both(large_transfers_body);
}

static void
sizes_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);

    CHECK_INT(call("fd_filestat_set_size", fd, L(100)), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 32), 100);
    CHECK_INT(call("fd_advise", fd, L(10), L(50), U(0)), 0);
    CHECK_INT(call("fd_advise", fd, L(10), L(50), U(6)), WASI_EINVAL);
    CHECK_INT(call("fd_allocate", fd, L(10), L(10)), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 32), 100);
    CHECK_INT(call("fd_allocate", fd, L(90), L(20)), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 32), 110);
    CHECK_INT(call("fd_allocate", fd, L(0), L(0)), WASI_EINVAL);
    CHECK_INT(call("fd_filestat_set_size", fd, UINT64_MAX), WASI_EFBIG);
    CHECK_INT(call("fd_filestat_set_size", fd, L(3)), 0);
    CHECK_INT(call("fd_sync", fd), 0);
    CHECK_INT(call("fd_datasync", fd), 0);
}

static void
sizes(void)
{
    both(sizes_body);
}

/* A file of the host gets a large one in steps of 64 MiB, with a look for interruption between them. */
static void
large_allocations(void)
{
    const uint64_t step = UINT64_C(64) << 20;
    uint32_t fd;
    int error;

    guest_begin(NULL);
    fd = open_fd("m/f", WASI_O_CREAT, ALL);
    g.thread.interrupted = 1;
    error = call("fd_allocate", fd, L(1000), L(step + 1));
    g.thread.interrupted = 0;
    /* Not every file system can do it. */
    if (error != WASI_ENOTSUP && error != WASI_ENOSPC) {
        CHECK_INT(error, WASI_EINTR);
        CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
        CHECK_UINT(load64(STAT + 32), 1000 + step);
        CHECK_INT(call("fd_allocate", fd, L(1000), L(step + 1)), 0);
        CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
        CHECK_UINT(load64(STAT + 32), 1001 + step);
        CHECK_INT(call("fd_allocate", fd, L(1), L(INT64_MAX)), WASI_EFBIG);
        CHECK_INT(call("fd_allocate", fd, L(1), UINT64_MAX), WASI_EFBIG);
    }
    guest_end();
}

static void
times_body(void)
{
    uint32_t fd = open_fd(in("f"), WASI_O_CREAT, ALL);
    uint64_t atime;

    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    atime = load64(STAT + 40);
    CHECK_INT(call("fd_filestat_set_times", fd, L(1), L(1234567890123456789), U(4)), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 40), atime);
    CHECK_UINT(load64(STAT + 48), UINT64_C(1234567890123456789));
    CHECK_INT(call("fd_filestat_set_times", fd, L(5), L(6), U(1 | 8)), 0);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0);
    CHECK_UINT(load64(STAT + 40), 5);
    CHECK(load64(STAT + 48) > UINT64_C(1600000000000000000));
    CHECK_INT(call("fd_filestat_set_times", fd, L(1), L(2), U(1 | 2)), WASI_EINVAL);
    CHECK_INT(call("fd_filestat_set_times", fd, L(1), L(2), U(4 | 8)), WASI_EINVAL);
    CHECK_INT(call("fd_filestat_set_times", fd, L(1), L(2), U(16)), WASI_EINVAL);
}

static void
times(void)
{
    both(times_body);
}

static void
flags_body(void)
{
    uint32_t fd = UINT32_MAX;

    CHECK_INT(path_open(3, 0, in("f"), WASI_O_CREAT, ALL, 0, 1 | 16, &fd), 0);
    CHECK_INT(call("fd_fdstat_get", fd, U(STAT)), 0);
    CHECK_UINT(g.memory.base[STAT + 2], 1 | 16);
    CHECK_INT(write_fd(fd, "ab"), 0);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), 0);
    CHECK_INT(write_fd(fd, "cd"), 0);
    CHECK_STR(contents(in("f")), "abcd");
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(0)), 0);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), 0);
    CHECK_INT(write_fd(fd, "XY"), 0);
    CHECK_STR(contents(in("f")), "XYcd");
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(2 | 4 | 8)), 0);
    CHECK_INT(write_fd(fd, "Z"), 0); /* with DSYNC */
    CHECK_INT(call("fd_fdstat_set_flags", fd, U(32)), WASI_EINVAL);
    CHECK_INT(call("fd_fdstat_set_flags", fd, UINT32_MAX), WASI_EINVAL);
    CHECK_INT(path_open(3, 0, in("f"), 0, ALL, 0, 32, &fd), WASI_EINVAL);
    CHECK_INT(path_open(3, 0, in("f"), 16, ALL, 0, 0, &fd), WASI_EINVAL);
}

static void
flags(void)
{
    both(flags_body);
}

static void
rights_body(void)
{
    uint32_t fd = UINT32_MAX;
    uint64_t rights;

    CHECK_INT(make_file(in("f"), "text"), 0);
    fd = open_fd(in("f"), 0, WASI_FD_READ | WASI_FD_SEEK | WASI_PATH_OPEN);
    CHECK_UINT(rights_of(fd), WASI_FD_READ | WASI_FD_SEEK); /* none that mean nothing here */
    CHECK_INT(write_fd(fd, "x"), WASI_EBADF);
    CHECK_INT(call("fd_filestat_set_size", fd, L(0)), WASI_EBADF);
    CHECK_INT(call("fd_fdstat_set_rights", fd, ALL, L(0)), WASI_ENOTCAPABLE);
    CHECK_INT(call("fd_fdstat_set_rights", fd, WASI_FD_SEEK, L(0)), 0);
    CHECK_STR(read_fd(fd), "errno 76");
    CHECK_INT(call("fd_fdstat_set_rights", fd, WASI_FD_SEEK | WASI_FD_READ, L(0)),
              WASI_ENOTCAPABLE);
    CHECK_INT(call("fd_fdstat_set_rights", fd, L(0), L(0)), 0);
    CHECK_INT(call("fd_seek", fd, L(0), U(0), U(OUT)), WASI_ENOTCAPABLE);
    CHECK_INT(call("fd_filestat_get", fd, U(STAT)), 0); /* never reported, never given up */
    fd = open_fd(in("f"), 0, WASI_FD_WRITE);
    CHECK_STR(read_fd(fd), "errno 8");
    CHECK_INT(write_fd(fd, "new!"), 0);
    /* a directory that gives something up, gives it up for what is opened from it */
    fd = open_fd(where, WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
    rights = rights_of(fd);
    CHECK_UINT(rights, WASI_RIGHTS_DIRECTORY);
    CHECK_INT(call("fd_fdstat_set_rights", fd, rights & ~WASI_PATH_FILESTAT_SET_SIZE,
                   ALL & ~WASI_FD_WRITE),
              0);
    {
        uint32_t file = UINT32_MAX;

        CHECK_INT(path_open(fd, 0, "f", WASI_O_TRUNC, L(0), 0, 0, &file), WASI_ENOTCAPABLE);
        CHECK_INT(path_open(fd, 0, "f", 0, WASI_FD_WRITE, 0, 0, &file), WASI_ENOTCAPABLE);
        CHECK_INT(path_open(fd, 0, "f", 0, WASI_FD_READ, ALL, 0, &file), 0);
        CHECK_INT(call("fd_fdstat_get", file, U(STAT)), 0);
        CHECK_UINT(load64(STAT + 16), ALL & ~WASI_FD_WRITE);
        /* nor through "." again */
        CHECK_INT(path_open(fd, 0, ".", 0, L(0), ALL, 0, &file), 0);
        CHECK_INT(path_open(file, 0, "f", 0, WASI_FD_WRITE, 0, 0, &fd), WASI_ENOTCAPABLE);
    }
    CHECK_STR(contents(in("f")), "new!");
}

static void
rights(void)
{
    both(rights_body);
}

static void
directories_body(void)
{
    uint32_t fd = open_fd(where, WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);

    store32(IOVS, BUFFER);
    store32(IOVS + 4, 10);
    CHECK_INT(call("fd_read", fd, U(IOVS), U(1), U(OUT)), WASI_EISDIR);
    CHECK_INT(call("fd_pread", fd, U(IOVS), U(1), L(0), U(OUT)), WASI_EISDIR);
    CHECK_INT(call("fd_write", fd, U(IOVS), U(1), U(OUT)), WASI_EISDIR);
    CHECK_INT(call("fd_pwrite", fd, U(IOVS), U(1), L(0), U(OUT)), WASI_EISDIR);
    for (uint32_t whence = 0; whence < 3; whence++)
        CHECK_INT(call("fd_seek", fd, L(0), whence, U(OUT)), WASI_EISDIR);
    CHECK_INT(call("fd_tell", fd, U(OUT)), WASI_EISDIR);
    CHECK_INT(call("fd_allocate", fd, L(0), L(1)), WASI_EISDIR);
    CHECK_INT(call("fd_filestat_set_size", fd, L(0)), WASI_EISDIR);
    CHECK_INT(call("fd_advise", fd, L(0), L(0), U(0)), WASI_EBADF);
    CHECK_INT(call("fd_sync", fd), 0);
    CHECK_INT(call("fd_filestat_set_times", fd, L(1), L(2), U(4)), 0);
    CHECK_UINT(rights_of(fd) & (WASI_FD_SEEK | WASI_FD_READ), 0);
    CHECK_INT(call("fd_prestat_get", fd, U(OUT)), WASI_EBADF);
}

static void
directories(void)
{
    both(directories_body);
}

static void
renumbering(void)
{
    uint32_t a = UINT32_MAX;
    uint32_t b = UINT32_MAX;

    guest_begin(NULL);
    CHECK_INT(make_file("tmp/a", "a"), 0);
    CHECK_INT(make_file("tmp/b", "b"), 0);
    a = open_fd("tmp/a", 0, WASI_FD_READ);
    b = open_fd("tmp/b", 0, ALL);
    CHECK_UINT(a, 4); /* the lowest free one */
    CHECK_UINT(b, 5);
    CHECK_INT(call("fd_renumber", a, b), 0);
    CHECK_INT(call("fd_close", a), WASI_EBADF);
    CHECK_STR(read_fd(b), "a");
    CHECK_UINT(rights_of(b), WASI_FD_READ);
    CHECK_INT(call("fd_renumber", b, a), WASI_EBADF); /* not open: not given out */
    CHECK_INT(call("fd_renumber", a, b), WASI_EBADF);
    CHECK_INT(call("fd_renumber", b, b), 0);
    CHECK_INT(call("fd_renumber", b, UINT32_MAX), WASI_EBADF);
    CHECK_INT(call("fd_renumber", UINT32_MAX, b), WASI_EBADF);
    CHECK_INT(call("fd_renumber", b, U(1)), 0);
    CHECK_INT(call("fd_close", U(1)), 0);
    CHECK_INT(call("fd_close", U(1)), WASI_EBADF);
    CHECK_UINT(open_fd("tmp/a", 0, WASI_FD_READ), 1);
    /* the preopen can be closed and replaced */
    a = open_fd("tmp", WASI_O_DIRECTORY, ALL & ~WASI_FD_WRITE);
    CHECK_INT(call("fd_renumber", a, U(3)), 0);
    CHECK_STR(contents("a"), "a");
    CHECK_INT(call("fd_prestat_get", U(3), U(OUT)), WASI_EBADF);
    CHECK_INT(call("fd_close", U(3)), 0);
    CHECK_INT(open_error("a", 0, WASI_FD_READ), WASI_EBADF);
    guest_end();
}

static void
preopen(void)
{
    guest_begin(NULL);
    CHECK_INT(call("fd_prestat_get", U(3), U(OUT)), 0);
    CHECK_INT(call("fd_prestat_get", U(4), U(OUT)), WASI_EBADF);
    CHECK_INT(call("fd_prestat_get", U(0), U(OUT)), WASI_EBADF);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(0)), WASI_ENAMETOOLONG);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(1)), 0);
    CHECK_MEM(g.memory.base + BUFFER, "/\xaa", 2);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(BUFFER), U(100)), 0);
    CHECK_INT(call("fd_prestat_dir_name", U(3), U(MEMORY_SIZE), U(1)), WASI_EFAULT);
    CHECK_INT(call("fd_prestat_dir_name", U(4), U(BUFFER), U(1)), WASI_EBADF);
    CHECK_UINT(rights_of(3), WASI_RIGHTS_DIRECTORY);
    CHECK_UINT(load64(STAT + 16), ALL);
    guest_end();
}

static void
limit_of_files(void)
{
    krait_wasi_options options = KRAIT_WASI_OPTIONS_INIT;
    uint32_t fd = 0;
    unsigned opened = 0;
    int error;

    options.max_open_files = 20;
    guest_begin(&options);
    while ((error = path_open(3, 0, "tmp/f", WASI_O_CREAT, WASI_FD_READ, 0, 0, &fd)) == 0 &&
           opened < 100)
        opened++;
    CHECK_INT(error, WASI_EMFILE);
    CHECK_UINT(opened, 16);
    CHECK_UINT(fd, 19);
    CHECK_INT(call("fd_close", U(7)), 0);
    CHECK_UINT(open_fd("tmp/f", 0, WASI_FD_READ), 7);
    /* renumbering loses nothing */
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(call("fd_close", U(8)), 0);
        CHECK_INT(path_open(3, 0, "m/g", WASI_O_CREAT, WASI_FD_READ, 0, 0, &fd), 0);
        CHECK_INT(call("fd_renumber", fd, U(9)), 0);
        CHECK_INT(path_open(3, 0, "tmp/f", 0, WASI_FD_READ, 0, 0, &fd), 0);
    }
    guest_end();
}

CHECK_MAIN(CHECK_CASE(seek_and_tell), CHECK_CASE(scatter_and_gather), CHECK_CASE(large_transfers),
           CHECK_CASE(sizes), CHECK_CASE(large_allocations), CHECK_CASE(times), CHECK_CASE(flags),
           CHECK_CASE(rights), CHECK_CASE(directories), CHECK_CASE(renumbering),
           CHECK_CASE(preopen), CHECK_CASE(limit_of_files))
