/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed files beside the host's, in the same directories: the image and the folder of guest.py's suite
 * "host", which is at the root, at /both or at /app/data/mine, as the case needs it.
 */
#include "pack/guest_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

static bool
put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (f == NULL) {
        return false;
    }
    (void)fputs(text, f);
    return fclose(f) == 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, each once as it is listed, without "." and "..". */
static const char *
names(const char *path)
{
    static char text[4096];
    char *found[100];
    size_t count = 0;
    size_t dots = 0;
    DIR *d = opendir(path);
    struct dirent *e;

    if (d == NULL) {
        return "?";
    }
    while ((e = readdir(d)) != NULL && count < 100) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            dots++;
        } else {
            found[count++] = strdup(e->d_name);
        }
    }
    closedir(d);
    CHECK(dots == 2 || dots == 0); /* where the host lists a directory, it may leave them out */
    qsort(found, count, sizeof(found[0]), compare);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, i > 0 ? " " : ""), found[i]);
        free(found[i]);
    }
    return text;
}

/* The host's folder at /both: both have it. */
static void
both(void)
{
    struct stat st;

    CHECK_STR(contents("/both/mine"), "packed");
    CHECK_STR(contents("/both/yours"), "host");
    CHECK_STR(contents("/both/same"), "host");
    CHECK_STR(contents("/both/sub/deep"), "packed");
    CHECK_STR(contents("/both/sub/hostdeep"), "host");
    CHECK_STR(contents("/both/link"), "packed");
    CHECK_STR(contents("/both/to-host"), "host");
    CHECK_STR(contents("/both/only/../yours"), "host");
    CHECK_STR(contents("/both/../outside"), "packed outside");
    CHECK_STR(contents("/link-to-both/yours"), "host");
    CHECK_STR(contents("/link-to-both/mine"), "packed");
    CHECK_STR(names("/both"), "link mine only same sub to-host yours");
    CHECK_STR(names("/both/sub"), "deep hostdeep");
    CHECK_STR(names("/both/only"), "x");
    CHECK_HAS(names("/"), "both");
    CHECK_HAS(names("/"), "link-to-both");
    CHECK_HAS(names("/"), "outside");
    CHECK_INT(stat("/both/same", &st), 0);
    CHECK_INT(st.st_size, 4);
    FAILS(stat("/both/none", &st), ENOENT);
    FAILS(open("/both/yours/x", O_RDONLY), ENOTDIR);
}

/* A folder that is listed in several calls, by a host whose cookies have any of 63 bits. */
static void
long_folder(void)
{
    DIR *d = opendir("/both");
    size_t packed = 0;
    size_t hosts = 0;
    struct dirent *e;

    REQUIRE(d != NULL);
    while ((e = readdir(d)) != NULL) {
        hosts += strncmp(e->d_name, "host", 4) == 0;
        packed += strcmp(e->d_name, "mine") == 0 || strcmp(e->d_name, "only") == 0;
    }
    closedir(d);
    CHECK_UINT(hosts, 300);
    CHECK_UINT(packed, 2);
}

/* What the program writes goes to the host; what only the image has stays. */
static void
writes(void)
{
    struct stat st;
    int fd;

    CHECK(put("/both/new", "made"));
    CHECK_STR(contents("/both/new"), "made");
    CHECK(put("/both/sub/new", "made below"));
    CHECK_STR(contents("/both/sub/new"), "made below");
    /* A file of the image that is replaced as a whole is the host's from then on. */
    CHECK(put("/both/mine", "replaced"));
    CHECK_STR(contents("/both/mine"), "replaced");
    CHECK_INT(unlink("/both/mine"), 0);
    CHECK_STR(contents("/both/mine"), "packed");
    FAILS(open("/both/mine", O_RDWR), EROFS);
    FAILS(open("/both/mine", O_RDWR | O_CREAT), EROFS);
    FAILS(open("/both/mine", O_RDWR | O_CREAT | O_EXCL), EEXIST);
    FAILS(unlink("/both/mine"), EROFS);
    FAILS(open("/both/only/new", O_RDWR | O_CREAT), EROFS);
    FAILS(mkdir("/both/only/new", 0755), EROFS);
    FAILS(mkdir("/both/only", 0755), EEXIST);
    FAILS(rename("/both/mine", "/both/theirs"), EROFS);
    FAILS(rename("/both/yours", "/both/only/x2"), EROFS);
    /* The root may be another directory of the host. */
    CHECK_INT(rename("/both/yours", "/outside2"), -1);
    CHECK(errno == EROFS || errno == EXDEV);
    CHECK_INT(mkdir("/both/folder", 0755), 0);
    CHECK_INT(rename("/both/new", "/both/folder/newer"), 0);
    CHECK_STR(contents("/both/folder/newer"), "made");
    CHECK_INT(link("/both/folder/newer", "/both/second"), 0);
    CHECK_INT(symlink("second", "/both/third"), 0);
    CHECK_STR(contents("/both/third"), "made");
    CHECK_INT(unlink("/both/third"), 0);
    CHECK_INT(unlink("/both/second"), 0);
    CHECK_INT(unlink("/both/folder/newer"), 0);
    CHECK_INT(rmdir("/both/folder"), 0);
    /* A new file over a packed name, as programs that are careful write it. */
    CHECK(put("/both/mine.tmp", "renamed"));
    CHECK_INT(rename("/both/mine.tmp", "/both/mine"), 0);
    CHECK_STR(contents("/both/mine"), "renamed");
    CHECK_INT(unlink("/both/mine"), 0);
    CHECK_INT(unlink("/both/sub/new"), 0);
    fd = open("/both/yours", O_RDWR);
    CHECK(fd >= 0);
    CHECK_INT(pwrite(fd, "HOST", 4, 0), 4);
    CHECK_INT(pwrite(fd, "host", 4, 0), 4);
    CHECK_INT(close(fd), 0);
    FAILS(stat("/both/new", &st), ENOENT);
}

/* wasi-vfs's multi-mapdir: a directory of the host inside of one of the image. */
static void
inside(void)
{
    int root = open("/", O_RDONLY | O_DIRECTORY);
    int fd;

    CHECK_STR(contents("/app/data/mine/yours"), "host");
    CHECK_STR(contents("/app/data/packed"), "packed");
    CHECK_STR(contents("/app/data/mine/../packed"), "packed");
    CHECK_STR(contents("/app/data/mine/sub/../yours"), "host");
    CHECK_STR(names("/app/data"), "mine packed");
    CHECK_STR(names("/app/data/mine"), "same sub yours");
    REQUIRE(root >= 0);
    fd = openat(root, "app/data/mine/yours", O_RDONLY);
    CHECK(fd >= 0);
    CHECK_INT(close(fd), 0);
    fd = openat(root, "app/data/mine", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0);
    CHECK_INT(faccessat(fd, "yours", R_OK, 0), 0);
    CHECK_INT(close(fd), 0);
    FAILS(openat(root, "app/data/mine/none", O_RDONLY), ENOENT);
    CHECK_INT(close(root), 0);
    CHECK(put("/app/data/mine/new", "made"));
    CHECK_INT(unlink("/app/data/mine/new"), 0);
    FAILS(open("/app/data/new", O_RDWR | O_CREAT), EROFS);
}

/* The host's folder at the root. */
static void
at_root(void)
{
    CHECK_STR(contents("/yours"), "host");
    CHECK_STR(contents("/outside"), "packed outside");
    CHECK_STR(contents("/both/mine"), "packed");
    CHECK_STR(contents("/same"), "host");
    CHECK_STR(contents("/both/only/../../yours"), "host");
    CHECK_STR(contents("/../yours"), "host");
    CHECK_STR(contents("yours"), "host");
    CHECK_INT(chdir("/both"), 0);
    CHECK_STR(contents("mine"), "packed");
    CHECK_STR(contents("../yours"), "host");
    CHECK_INT(chdir("/"), 0);
    CHECK(put("/new", "made"));
    CHECK_STR(contents("/new"), "made");
    CHECK_INT(unlink("/new"), 0);
    FAILS(open("/both/new", O_WRONLY | O_CREAT), EROFS);
}

/* Descriptors of both, and their numbers. */
static void
descriptors(void)
{
    int host = open("/both/yours", O_RDONLY);
    int packed = open("/both/mine", O_RDONLY);
    int others[20];
    char c[8];

    REQUIRE(host >= 0 && packed >= 0);
    CHECK(host != packed);
    /* Onto each other, both ways. */
    CHECK_INT(__wasi_fd_renumber(packed, host), 0);
    CHECK_INT(read(host, c, 4), 4);
    CHECK_MEM(c, "pack", 4);
    FAILS(read(packed, c, 1), EBADF);
    packed = host;
    host = open("/both/yours", O_RDONLY);
    REQUIRE(host >= 0 && host != packed);
    CHECK_INT(read(host, c, 4), 4);
    CHECK_MEM(c, "host", 4);
    CHECK_INT(lseek(host, 1, SEEK_SET), 1);
    CHECK_INT(__wasi_fd_renumber(host, packed), 0);
    CHECK_INT(read(packed, c, 3), 3);
    CHECK_MEM(c, "ost", 3);
    FAILS(read(host, c, 1), EBADF);
    CHECK_INT(close(packed), 0);
    /* In turn, so that each side would like the other's numbers. */
    for (int i = 0; i < 20; i++) {
        others[i] = open(i % 2 == 0 ? "/both/yours" : "/both/mine", O_RDONLY);
        CHECK(others[i] >= 0);
        for (int k = 0; k < i; k++) {
            CHECK(others[k] != others[i]);
        }
    }
    for (int i = 0; i < 20; i += 3) {
        CHECK_INT(close(others[i]), 0);
        others[i] = open(i % 2 == 0 ? "/both/mine" : "/both/yours", O_RDONLY);
        CHECK(others[i] >= 0);
    }
    for (int i = 0; i < 20; i++) {
        CHECK_INT(read(others[i], c, 4), 4);
        CHECK(memcmp(c, (i % 2 == 0) != (i % 3 == 0) ? "host" : "pack", 4) == 0);
    }
    for (int i = 0; i < 20; i++) {
        CHECK_INT(close(others[i]), 0);
    }
}

static void
polls(void)
{
    int host = open("/both/yours", O_RDONLY);
    int packed = open("/both/mine", O_RDONLY);
    struct pollfd fds[2] = {{packed, POLLIN, 0}, {host, POLLIN, 0}};

    REQUIRE(host >= 0 && packed >= 0);
    CHECK(poll(fds, 2, 60000) >= 1);
    CHECK_INT(fds[0].revents, POLLIN);
    CHECK(poll(fds, 2, -1) >= 1);
    CHECK_INT(fds[0].revents, POLLIN);
    CHECK_INT(close(host), 0);
    CHECK_INT(close(packed), 0);
}

CHECK_MAIN(CHECK_CASE(both), CHECK_CASE(writes), CHECK_CASE(inside), CHECK_CASE(at_root),
           CHECK_CASE(descriptors), CHECK_CASE(polls), CHECK_CASE(long_folder))
