/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed files as a program sees them: the image of guest.py's suite "files", which is not writable. It
 * runs on any engine, with or without directories of the host. Numbers of errors are those of libc.
 */
#include "pack/guest_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include <wasi/api.h>

/* Byte `i` of the large files. */
static unsigned char
pattern(size_t i)
{
    return (unsigned char)((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff);
}

static void
reads(void)
{
    static const char *const large[] = {"/big/stored", "/big/deflate", "/big/lzma"};
    static unsigned char buffer[70000];

    CHECK_STR(contents("/hello"), "hello, world\n");
    CHECK_STR(contents("hello"), "hello, world\n");
    CHECK_STR(contents("/empty"), "");
    CHECK_STR(contents("/usr/share/one/name"), "one");
    for (size_t k = 0; k < 3; k++) {
        int fd = open(large[k], O_RDONLY);
        size_t at = 0;
        ssize_t n;

        REQUIRE(fd >= 0);
        while ((n = read(fd, buffer, at % 3 == 0 ? 777 : sizeof(buffer))) > 0) {
            for (ssize_t i = 0; i < n; i++) {
                if (buffer[i] != pattern(at + (size_t)i)) {
                    CHECK_INT(at + (size_t)i, SIZE_MAX); /* says where */
                    n = -1;
                    break;
                }
            }
            if (n < 0) {
                break;
            }
            at += (size_t)n;
        }
        CHECK_UINT(at, 300001);
        CHECK_INT(close(fd), 0);
    }
}

static void
seeks_and_preads(void)
{
    int fd = open("/big/deflate", O_RDONLY);
    unsigned char b[4];
    char first[3];
    char second[4];
    struct iovec pieces[2] = {{first, 3}, {second, 4}};

    REQUIRE(fd >= 0);
    CHECK_INT(lseek(fd, 0, SEEK_END), 300001);
    CHECK_INT(lseek(fd, -1, SEEK_CUR), 300000);
    CHECK_INT(read(fd, b, 4), 1);
    CHECK_UINT(b[0], pattern(300000));
    CHECK_INT(read(fd, b, 4), 0);
    CHECK_INT(pread(fd, b, 4, 131070), 4);
    CHECK_UINT(b[3], pattern(131073));
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 300001);
    CHECK_INT(pread(fd, b, 4, 400000), 0);
    CHECK_INT(lseek(fd, 500000, SEEK_SET), 500000);
    CHECK_INT(read(fd, b, 4), 0);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    FAILS(lseek(fd, 0, 77), EINVAL);
    FAILS(pread(fd, b, 4, -1), EINVAL);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 500000);
    CHECK_INT(close(fd), 0);
    fd = open("/hello", O_RDONLY);
    CHECK_INT(readv(fd, pieces, 2), 7);
    CHECK(memcmp(first, "hel", 3) == 0 && memcmp(second, "lo, ", 4) == 0);
    CHECK_INT(close(fd), 0);
    FAILS(read(fd, b, 1), EBADF);
}

static void
stats(void)
{
    struct stat a;
    struct stat b;
    struct stat link;

    REQUIRE(stat("/hello", &a) == 0);
    CHECK_INT(a.st_size, 13);
    CHECK(S_ISREG(a.st_mode));
    CHECK_INT(a.st_mtim.tv_sec, 1600000000);
    CHECK_INT(a.st_mtim.tv_nsec, 123456789);
    CHECK_INT(a.st_atim.tv_sec, 1600000000);
    CHECK_INT(a.st_ctim.tv_sec, 1600000000);
    CHECK_INT(a.st_nlink, 2);
    CHECK(a.st_ino != 0);
    REQUIRE(stat("/other name", &b) == 0);
    CHECK_UINT(b.st_ino, a.st_ino);
    CHECK_UINT(b.st_dev, a.st_dev);
    REQUIRE(stat("/empty", &b) == 0);
    CHECK(b.st_ino != a.st_ino);
    CHECK_INT(b.st_size, 0);
    REQUIRE(stat("/old", &b) == 0);
    CHECK_INT(b.st_mtim.tv_sec, 5);
    REQUIRE(stat("/usr", &b) == 0);
    CHECK(S_ISDIR(b.st_mode));
    CHECK_INT(b.st_nlink, 4);
    REQUIRE(lstat("/links/hello", &link) == 0);
    CHECK(S_ISLNK(link.st_mode));
    CHECK_INT(link.st_size, 8);
    REQUIRE(stat("/links/hello", &link) == 0);
    CHECK_UINT(link.st_ino, a.st_ino);
    REQUIRE(stat("/", &b) == 0);
    CHECK(S_ISDIR(b.st_mode));
    FAILS(stat("/none", &b), ENOENT);
    FAILS(stat("/hello/", &b), ENOTDIR);
    FAILS(stat("/hello/x", &b), ENOTDIR);
    FAILS(stat("/none/x", &b), ENOENT);
}

/* wasi-vfs's canonical-path, parent-dir and read-root-dir, and what leads out of the root. */
static void
walks(void)
{
    static const char *const same[] = {"/usr/share/one/name",
                                       "//usr//share///one/name",
                                       "/usr/./share/./one/././name",
                                       "/usr/lib/../share/one/name",
                                       "/usr/share/two/../one/name",
                                       "usr/../usr/share/one/name",
                                       "./usr/share/one/name",
                                       "/../../usr/share/one/name",
                                       "/..//../usr/share/../share/one/name",
                                       "/links/usr/share/one/name",
                                       "/links/absolute/one/name",
                                       "/links/absolute/../share/one/name",
                                       "/links/far"};
    char longest[300];
    char deep[5000];
    int fd;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (!CHECK_STR(contents(same[i]), "one")) {
            printf("    %s\n", same[i]);
        }
    }
    fd = open("/usr/lib", O_RDONLY | O_DIRECTORY);
    REQUIRE(fd >= 0);
    CHECK_INT(faccessat(fd, "../share/one/name", R_OK, 0), 0);
    CHECK_INT(faccessat(fd, "../../../../hello", R_OK, 0), 0);
    CHECK_INT(faccessat(fd, ".", R_OK, 0), 0);
    FAILS(faccessat(fd, "none/../../share/one/name", R_OK, 0), ENOENT);
    CHECK_INT(close(fd), 0);
    FAILS(open("/usr/none/../share/one/name", O_RDONLY), ENOENT);
    FAILS(open("/hello/../hello", O_RDONLY), ENOTDIR);
    FAILS(open("/hello/.", O_RDONLY), ENOTDIR);
    memset(longest, 'n', sizeof(longest));
    longest[0] = '/';
    longest[256] = '\0';
    FAILS(open(longest, O_RDONLY), ENOENT);
    longest[256] = 'n';
    longest[257] = '\0';
    FAILS(open(longest, O_RDONLY), ENAMETOOLONG);
    for (size_t i = 0; i < sizeof(deep) - 1; i++) {
        deep[i] = i % 2 == 0 ? '/' : '.';
    }
    deep[sizeof(deep) - 1] = '\0';
    memcpy(deep, "/usr", 4); /* no host has that, so that none shortens it */
    FAILS(open(deep, O_RDONLY), ENAMETOOLONG);
}

static void
links(void)
{
    char target[64];
    struct stat st;

    CHECK_INT(readlink("/links/hello", target, sizeof(target)), 8);
    CHECK(memcmp(target, "../hello", 8) == 0);
    CHECK_INT(readlink("/links/hello", target, 3), 3);
    FAILS(readlink("/hello", target, sizeof(target)), EINVAL);
    FAILS(readlink("/none", target, sizeof(target)), ENOENT);
    CHECK_STR(contents("/links/hello"), "hello, world\n");
    CHECK_STR(contents("/links/chain"), "hello, world\n");
    FAILS(open("/links/self", O_RDONLY), ELOOP);
    FAILS(open("/links/ring1", O_RDONLY), ELOOP);
    FAILS(stat("/links/ring1/x", &st), ELOOP);
    FAILS(open("/links/dangling", O_RDONLY), ENOENT);
    FAILS(open("/links/dangling", O_WRONLY | O_CREAT | O_EXCL), EEXIST);
    FAILS(open("/links/ring1", O_WRONLY | O_CREAT | O_EXCL), EEXIST);
    FAILS(open("/links/hello", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_INT(lstat("/links/dangling", &st), 0);
    FAILS(open("/links/hello/", O_RDONLY), ENOTDIR);
    CHECK_INT(lstat("/links/usr/", &st), 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK_INT(lstat("/links/usr", &st), 0);
    CHECK(S_ISLNK(st.st_mode));
}

static void
names_of_all_kinds(void)
{
    CHECK_STR(contents("/n\xc3\xa4me/\xe6\x97\xa5\xe6\x9c\xac"), "not ASCII");
    CHECK_STR(contents("/a b/c\td\n"), "blanks");
    CHECK_STR(contents("/.hidden"), "dot");
    CHECK_STR(contents("/..."), "three dots");
}

static int
count(DIR *d, long *places, int most)
{
    struct dirent *e;
    int n = 0;

    while ((e = readdir(d)) != NULL) {
        CHECK(e->d_ino != 0);
        if (places != NULL && n < most) {
            places[n] = telldir(d);
        }
        n++;
    }
    return n;
}

static void
lists(void)
{
    static long places[5002];
    DIR *d = opendir("/many");
    char name[64] = "";
    struct dirent *e;

    REQUIRE(d != NULL);
    CHECK_INT(count(d, places, 5002), 5002);
    rewinddir(d);
    CHECK_INT(count(d, NULL, 0), 5002);
    seekdir(d, places[3000]);
    e = readdir(d);
    REQUIRE(e != NULL);
    snprintf(name, sizeof(name), "%s", e->d_name);
    CHECK_INT(e->d_type, DT_REG);
    seekdir(d, places[3000]);
    e = readdir(d);
    REQUIRE(e != NULL);
    CHECK_STR(e->d_name, name);
    closedir(d);
    d = opendir("/nothing");
    REQUIRE(d != NULL);
    CHECK_INT(count(d, NULL, 0), 2);
    closedir(d);
    d = opendir("/longnames");
    REQUIRE(d != NULL);
    CHECK_INT(count(d, NULL, 0), 202);
    closedir(d);
    d = opendir("/links");
    REQUIRE(d != NULL);
    while ((e = readdir(d)) != NULL) {
        CHECK_INT(e->d_type, e->d_name[0] == '.' ? DT_DIR : DT_LNK);
    }
    closedir(d);
    CHECK(opendir("/hello") == NULL);
    CHECK_INT(errno, ENOTDIR);
}

/* fd_readdir into buffers that are too small for an entry, and of every size. */
static void
lists_by_pieces(void)
{
    int fd = open("/longnames", O_RDONLY | O_DIRECTORY);
    uint8_t buffer[700];
    __wasi_size_t used;

    REQUIRE(fd >= 0);
    for (size_t size = 0; size < sizeof(buffer); size++) {
        CHECK_INT(__wasi_fd_readdir(fd, buffer, size, 0, &used), 0);
        CHECK_UINT(used, size);
    }
    CHECK_INT(__wasi_fd_readdir(fd, buffer, sizeof(buffer), 100000, &used), 0);
    CHECK_UINT(used, 0);
    CHECK_INT(__wasi_fd_readdir(fd, buffer, sizeof(buffer), UINT64_MAX, &used), 0);
    CHECK_UINT(used, 0);
    CHECK_INT(close(fd), 0);
}

static void
finds_each_of_many(void)
{
    char path[64];
    struct stat st;

    for (int i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "/many/file%d", i);
        if (!CHECK_INT(stat(path, &st), 0)) {
            break;
        }
    }
    FAILS(stat("/many/file5000", &st), ENOENT);
}

/* In a directory that no host has: what is made in the root may be the host's. */
static void
refuses_to_write(void)
{
    static const char name[] = "/usr/share/one/name";
    static const char new[] = "/usr/share/new";
    struct timespec times[2] = {{1, 0}, {1, 0}};
    int fd = open(name, O_RDONLY);

    REQUIRE(fd >= 0);
    FAILS(open(name, O_WRONLY), EROFS);
    FAILS(open(name, O_RDWR), EROFS);
    FAILS(open(name, O_RDONLY | O_TRUNC), EROFS);
    FAILS(open(name, O_WRONLY | O_CREAT | O_TRUNC), EROFS);
    FAILS(open(name, O_WRONLY | O_CREAT | O_EXCL), EEXIST);
    FAILS(open(new, O_WRONLY | O_CREAT), EROFS);
    FAILS(open(new, O_RDONLY | O_CREAT), EROFS);
    FAILS(open("/usr/none/new", O_WRONLY | O_CREAT), ENOENT);
    FAILS(open("/usr", O_WRONLY), EISDIR);
    FAILS(unlink(name), EROFS);
    FAILS(unlink("/usr/none"), ENOENT);
    FAILS(rmdir("/usr/lib"), EROFS);
    FAILS(mkdir(new, 0755), EROFS);
    FAILS(mkdir("/usr/share", 0755), EEXIST);
    FAILS(mkdir("/usr/none/new", 0755), ENOENT);
    FAILS(rename(name, new), EROFS);
    FAILS(rename("/usr/none", new), ENOENT);
    FAILS(link(name, new), EROFS);
    FAILS(link(name, "/usr/share/two"), EEXIST);
    FAILS(symlink("name", new), EROFS);
    FAILS(symlink("name", name), EEXIST);
    FAILS(utimensat(AT_FDCWD, name, times, 0), EROFS);
    FAILS(futimens(fd, times), EROFS);
    FAILS(ftruncate(fd, 0), EROFS);
    FAILS(truncate(name, 0), EROFS);
    CHECK_INT(__wasi_fd_allocate(fd, 0, 10), __WASI_ERRNO_ROFS);
    FAILS(write(fd, "x", 1), EBADF);
    FAILS(pwrite(fd, "x", 1, 0), EBADF);
    CHECK_INT(close(fd), 0);
    CHECK_STR(contents(name), "one");
}

static void
opens_directories(void)
{
    int fd = open("/usr", O_RDONLY);
    char b[1];

    REQUIRE(fd >= 0);
    FAILS(read(fd, b, 1), EISDIR);
    CHECK_INT(close(fd), 0);
    FAILS(open("/hello", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open("/links/hello", O_RDONLY | O_DIRECTORY), ENOTDIR);
    fd = open("/usr", O_RDONLY | O_DIRECTORY);
    REQUIRE(fd >= 0);
    FAILS(openat(fd, "share/one/none", O_RDONLY), ENOENT);
    CHECK_INT(close(fd), 0);
    fd = open("/hello", O_RDONLY);
    FAILS(openat(fd, "x", O_RDONLY), ENOTDIR);
    CHECK_INT(close(fd), 0);
}

static void
describes_descriptors(void)
{
    int fd = open("/hello", O_RDONLY);
    __wasi_fdstat_t st;

    REQUIRE(fd >= 0);
    CHECK_INT(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK_INT(__wasi_fd_fdstat_get(fd, &st), 0);
    CHECK_INT(st.fs_filetype, __WASI_FILETYPE_REGULAR_FILE);
    CHECK((st.fs_rights_base & __WASI_RIGHTS_FD_READ) != 0);
    CHECK((st.fs_rights_base & (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_READDIR)) == 0);
    CHECK_INT(isatty(fd), 0);
    CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK_INT(fsync(fd), 0);
    CHECK_INT(fdatasync(fd), 0);
    CHECK_INT(posix_fadvise(fd, 0, 10, POSIX_FADV_WILLNEED), 0);
    CHECK_INT(__wasi_fd_advise(fd, 0, 10, 99), __WASI_ERRNO_INVAL);
    CHECK_INT(__wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_SEEK, 0), 0);
    CHECK_INT(__wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_READ, 0), __WASI_ERRNO_NOTCAPABLE);
    {
        char b[1];

        FAILS(read(fd, b, 1), EBADF);
    }
    CHECK_INT(close(fd), 0);
}

/* wasi-vfs's polling, and descriptors of the host beside. */
static void
polls(void)
{
    int fd = open("/hello", O_RDONLY);
    struct pollfd fds[3] = {{fd, POLLIN | POLLOUT, 0}, {1, POLLOUT, 0}, {999, POLLIN, 0}};
    int left = 0;

    REQUIRE(fd >= 0);
    CHECK_INT(poll(fds, 1, -1), 1);
    CHECK_INT(fds[0].revents, POLLIN | POLLOUT);
    CHECK_INT(poll(fds, 2, 60000) >= 1, 1);
    CHECK_INT(fds[0].revents, POLLIN | POLLOUT);
    CHECK_INT(ioctl(fd, FIONREAD, &left), 0);
    CHECK_INT(left, 13);
    CHECK_INT(lseek(fd, 3, SEEK_SET), 3);
    CHECK_INT(ioctl(fd, FIONREAD, &left), 0);
    CHECK_INT(left, 10);
    CHECK_INT(close(fd), 0);
}

static void
shares_nothing_between_opens(void)
{
    int a = open("/hello", O_RDONLY);
    int b = open("/hello", O_RDONLY);
    char c[2];

    REQUIRE(a >= 0 && b >= 0);
    CHECK_INT(read(a, c, 2), 2);
    CHECK_INT(read(b, c, 1), 1);
    CHECK_INT(c[0], 'h');
    CHECK_INT(read(a, c, 1), 1);
    CHECK_INT(c[0], 'l');
    CHECK_INT(close(a), 0);
    CHECK_INT(read(b, c, 1), 1);
    CHECK_INT(c[0], 'e');
    CHECK_INT(close(b), 0);
    FAILS(close(b), EBADF);
}

static void
numbers_descriptors(void)
{
    int first = open("/hello", O_RDONLY);
    int fds[1100];
    int n = 0;
    char c[1];

    REQUIRE(first >= 3);
    CHECK_INT(open("/empty", O_RDONLY), first + 1);
    CHECK_INT(open("/usr", O_RDONLY), first + 2);
    CHECK_INT(close(first + 1), 0);
    CHECK_INT(open("/old", O_RDONLY), first + 1);
    /* Onto another packed one: it is closed, and the old number is free. */
    CHECK_INT(__wasi_fd_renumber(first, first + 1), 0);
    FAILS(read(first, c, 1), EBADF);
    CHECK_INT(read(first + 1, c, 1), 1);
    CHECK_INT(c[0], 'h');
    CHECK_INT(__wasi_fd_renumber(first, first + 1), __WASI_ERRNO_BADF);
    CHECK_INT(__wasi_fd_renumber(first + 1, 4000), __WASI_ERRNO_BADF);
    CHECK_INT(__wasi_fd_renumber(first + 1, first + 1), 0);
    CHECK_INT(close(first + 1), 0);
    CHECK_INT(close(first + 2), 0);
    while (n < 1100 && (fds[n] = open("/hello", O_RDONLY)) >= 0) {
        n++;
    }
    CHECK_INT(errno, EMFILE);
    CHECK(n > 1000 && n < 1030);
    CHECK_INT(fds[0], first);
    CHECK_INT(fds[n - 1], first + n - 1);
    while (n > 0) {
        CHECK_INT(close(fds[--n]), 0);
    }
    n = open("/hello", O_RDONLY);
    CHECK_INT(n, first);
    CHECK_INT(close(n), 0);
}

/* Numbers that nothing has; with the highest bit they are negative to some. */
static void
refuses_wrong_numbers(void)
{
    static const __wasi_fd_t wrong[] = {UINT32_MAX, 0x80000000u, INT32_MAX, 70000, 999};
    uint8_t buffer[8];
    __wasi_iovec_t piece = {buffer, sizeof(buffer)};
    __wasi_ciovec_t text = {buffer, sizeof(buffer)};
    __wasi_filestat_t status;
    __wasi_fdstat_t about;
    __wasi_filesize_t place;
    __wasi_size_t used;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        __wasi_fd_t fd = wrong[i];

        CHECK_INT(__wasi_fd_read(fd, &piece, 1, &used), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_pread(fd, &piece, 1, 0, &used), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_write(fd, &text, 1, &used), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_pwrite(fd, &text, 1, 0, &used), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_seek(fd, 5, __WASI_WHENCE_SET, &place), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_tell(fd, &place), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_filestat_get(fd, &status), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_fdstat_get(fd, &about), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_fdstat_set_flags(fd, 0), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_readdir(fd, buffer, sizeof(buffer), 0, &used), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_advise(fd, 0, 0, 0), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_filestat_set_size(fd, 0), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_sync(fd), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_renumber(fd, fd), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_path_filestat_get(fd, 0, "hello", &status), __WASI_ERRNO_BADF);
        CHECK_INT(__wasi_fd_close(fd), __WASI_ERRNO_BADF);
    }
    CHECK_STR(contents("/hello"), "hello, world\n");
}

/* A packed file as standard input, and the host's input under another number. */
static void
takes_the_place_of_stdin(void)
{
    int fd = open("/hello", O_RDONLY);
    char line[64] = "";

    REQUIRE(fd >= 0);
    CHECK_INT(__wasi_fd_renumber(fd, 0), 0);
    CHECK(fgets(line, sizeof(line), stdin) != NULL);
    CHECK_STR(line, "hello, world\n");
    CHECK_INT(close(0), 0);
    CHECK_INT(open("/hello", O_RDONLY), 0);
    /* The host's standard error, where a packed file was. */
    CHECK_INT(__wasi_fd_renumber(2, 0), 0);
    CHECK_INT(write(0, "", 0), 0);
    FAILS(write(2, "x", 1), EBADF);
    CHECK_INT(open("/hello", O_RDONLY), 2);
    CHECK_INT(read(2, line, 5), 5);
    CHECK_INT(write(0, "said by the number 0\n", 21), 21);
}

/* The image lies between the memory that the program began with and what it takes later. */
static void
takes_memory(void)
{
    static char *blocks[200];
    unsigned char c;
    int fd = open("/big/stored", O_RDONLY);

    REQUIRE(fd >= 0);
    for (int i = 0; i < 200; i++) {
        blocks[i] = malloc(300000);
        REQUIRE(blocks[i] != NULL);
        memset(blocks[i], 0xa5, 300000);
    }
    for (size_t i = 0; i < 300001; i += 999) {
        CHECK_INT(pread(fd, &c, 1, (off_t)i), 1);
        CHECK_UINT(c, pattern(i));
    }
    CHECK_INT(close(fd), 0);
    CHECK_STR(contents("/usr/share/one/name"), "one");
    for (int i = 0; i < 200; i++) {
        CHECK_UINT(blocks[i][299999] & 0xffu, 0xa5);
        free(blocks[i]);
    }
}

static void
changes_folder(void)
{
    char here[64];

    CHECK_INT(chdir("/usr/share"), 0);
    CHECK_STR(getcwd(here, sizeof(here)), "/usr/share");
    CHECK_STR(contents("one/name"), "one");
    CHECK_STR(contents("../../hello"), "hello, world\n");
    CHECK_INT(chdir(".."), 0);
    CHECK_STR(contents("share/one/name"), "one");
    FAILS(chdir("/none"), ENOENT);
    FAILS(chdir("/hello"), ENOTDIR);
    CHECK_INT(chdir("/"), 0);
}

CHECK_MAIN(CHECK_CASE(reads), CHECK_CASE(seeks_and_preads), CHECK_CASE(stats), CHECK_CASE(walks),
           CHECK_CASE(links), CHECK_CASE(names_of_all_kinds), CHECK_CASE(lists),
           CHECK_CASE(lists_by_pieces), CHECK_CASE(finds_each_of_many),
           CHECK_CASE(refuses_to_write), CHECK_CASE(opens_directories),
           CHECK_CASE(describes_descriptors), CHECK_CASE(polls),
           CHECK_CASE(shares_nothing_between_opens), CHECK_CASE(numbers_descriptors),
           CHECK_CASE(takes_memory), CHECK_CASE(changes_folder), CHECK_CASE(refuses_wrong_numbers),
           CHECK_CASE(takes_the_place_of_stdin))
