/* SPDX-License-Identifier: Apache-2.0 */
/* A packed image whose files can be changed in memory: 256 KiB, guest.py's suite "memory". */
#include "pack/guest_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
put(const char *path, const char *mode, const char *text)
{
    FILE *f = fopen(path, mode);

    if (f == NULL) {
        return false;
    }
    (void)fputs(text, f);
    return fclose(f) == 0;
}

static int
count(const char *path)
{
    DIR *d = opendir(path);
    int n = 0;

    if (d == NULL) {
        return -1;
    }
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n - 2;
}

static void
changes_files(void)
{
    struct stat before;
    struct stat after;
    int reader = open("/a/file", O_RDONLY);
    char text[8] = "";

    REQUIRE(reader >= 0);
    CHECK_INT(stat("/a/file", &before), 0);
    CHECK(put("/a/file", "r+", "J"));
    CHECK_STR(contents("/a/file"), "Jacked");
    CHECK_INT(read(reader, text, 6), 6);
    CHECK_STR(text, "Jacked");
    CHECK_INT(close(reader), 0);
    CHECK_INT(stat("/a/file", &after), 0);
    CHECK_UINT(after.st_ino, before.st_ino);
    CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
    CHECK(put("/a/file", "a", "!"));
    CHECK_STR(contents("/a/file"), "Jacked!");
    CHECK_STR(contents("/a/hard"), "Jacked!");
    CHECK(put("/a/file", "w", "new"));
    CHECK_STR(contents("/a/file"), "new");
    CHECK_INT(truncate("/a/file", 5), 0);
    CHECK_INT(stat("/a/file", &after), 0);
    CHECK_INT(after.st_size, 5);
    CHECK_INT(truncate("/a/file", 1), 0);
    CHECK_STR(contents("/a/file"), "n");
    CHECK_STR(contents("/a/link"), "n");
}

static void
makes_and_removes(void)
{
    struct stat st;
    int fd;

    CHECK(put("/a/made", "w", "made"));
    CHECK_STR(contents("/a/made"), "made");
    CHECK_INT(count("/a"), 6);
    CHECK_INT(link("/a/made", "/a/made2"), 0);
    CHECK_INT(stat("/a/made", &st), 0);
    CHECK_INT(st.st_nlink, 2);
    CHECK_INT(symlink("made", "/a/sym"), 0);
    CHECK_STR(contents("/a/sym"), "made");
    FAILS(symlink("made", "/a/sym"), EEXIST);
    CHECK_INT(mkdir("/a/dir", 0755), 0);
    FAILS(mkdir("/a/dir", 0755), EEXIST);
    CHECK(put("/a/dir/x", "w", "x"));
    FAILS(rmdir("/a/dir"), ENOTEMPTY);
    FAILS(unlink("/a/dir"), EISDIR);
    FAILS(rmdir("/a/made"), ENOTDIR);
    CHECK_INT(rename("/a/dir", "/b/moved"), 0);
    CHECK_STR(contents("/b/moved/x"), "x");
    CHECK_STR(contents("/b/moved/../moved/x"), "x");
    FAILS(rename("/b/moved", "/b/moved/inside"), EINVAL);
    FAILS(rename("/b", "/c"), EXDEV);
    CHECK_INT(rename("/b/moved/x", "/a/made"), 0);
    CHECK_STR(contents("/a/made"), "x");
    CHECK_STR(contents("/a/made2"), "made");
    CHECK_INT(rmdir("/b/moved"), 0);
    /* A file that is open outlives its name; a folder that is open takes no more names. */
    fd = open("/a/made2", O_RDWR);
    CHECK_INT(unlink("/a/made2"), 0);
    CHECK_INT(write(fd, "M", 1), 1);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_nlink, 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(mkdir("/a/gone", 0755), 0);
    fd = open("/a/gone", O_RDONLY | O_DIRECTORY);
    CHECK_INT(rmdir("/a/gone"), 0);
    FAILS(openat(fd, "x", O_RDWR | O_CREAT), ENOENT);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("/a/made"), 0);
    CHECK_INT(unlink("/a/sym"), 0);
    CHECK_INT(count("/a"), 5);
}

static void
hides_what_is_packed(void)
{
    CHECK_INT(unlink("/b/one"), 0);
    FAILS(unlink("/b/one"), ENOENT);
    CHECK_STR(contents("/b/one"), "?");
    CHECK_INT(count("/b"), 2);
    CHECK_INT(rename("/b/two", "/b/one"), 0);
    CHECK_STR(contents("/b/one"), "two");
    CHECK_STR(contents("/b/two"), "?");
    CHECK(put("/b/two", "w", "again"));
    CHECK_STR(contents("/b/two"), "again");
    CHECK_INT(count("/b"), 3);
    CHECK_INT(unlink("/b/one"), 0);
    CHECK_INT(unlink("/b/two"), 0);
    CHECK_INT(unlink("/b/three"), 0);
    CHECK_INT(count("/b"), 0);
    CHECK_INT(rmdir("/b"), 0);
    CHECK_INT(count("/b"), -1);
    CHECK_INT(mkdir("/b", 0755), 0);
    CHECK_INT(count("/b"), 0);
    CHECK(put("/b/one", "w", "other"));
    CHECK_STR(contents("/b/one"), "other");
}

static void
has_a_limit(void)
{
    static char block[10000];
    struct timespec times[2] = {{77, 0}, {78, 5}};
    struct stat st;
    int fd = open("/a/large", O_RDWR | O_CREAT | O_EXCL, 0644);
    ssize_t written = 0;
    int names = 0;
    char name[32];

    REQUIRE(fd >= 0);
    for (int i = 0; i < 100; i++) {
        ssize_t n = write(fd, block, sizeof(block));

        if (n < 0) {
            break;
        }
        written += n;
    }
    CHECK_INT(errno, ENOSPC);
    CHECK(written >= 200000 && written < 262144);
    FAILS(ftruncate(fd, 1000000), ENOSPC);
    FAILS(ftruncate(fd, 1ll << 40), ENOSPC);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, written);
    /* What is cut off is given back, too. */
    CHECK_INT(ftruncate(fd, 5), 0);
    CHECK_INT(pwrite(fd, block, sizeof(block), written - 20000), sizeof(block));
    CHECK_INT(ftruncate(fd, 0), 0);
    CHECK(put("/a/second", "w", ""));
    CHECK_INT(truncate("/a/second", 150000), 0);
    CHECK_INT(unlink("/a/second"), 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("/a/large"), 0);
    for (; names < 10000; names++) {
        snprintf(name, sizeof(name), "/a/n%d", names);
        if (!put(name, "w", "")) {
            break;
        }
    }
    CHECK_INT(errno, ENOSPC);
    CHECK(names > 500 && names < 5000);
    CHECK_INT(count("/a"), 5 + names);
    while (names > 0) {
        snprintf(name, sizeof(name), "/a/n%d", --names);
        CHECK_INT(unlink(name), 0);
    }
    CHECK_INT(count("/a"), 5);
    /* All is given back, so that it can go on for ever. */
    for (int i = 0; i < 20000; i++) {
        if (!CHECK(put("/a/again", "w", "some text"))) {
            break;
        }
        CHECK_INT(unlink("/a/again"), 0);
    }
    CHECK_INT(utimensat(AT_FDCWD, "/a/file", times, 0), 0);
    CHECK_INT(stat("/a/file", &st), 0);
    CHECK_INT(st.st_atim.tv_sec, 77);
    CHECK_INT(st.st_mtim.tv_sec, 78);
    CHECK_INT(st.st_mtim.tv_nsec, 5);
}

/* A limit that no memory has: sums of 32 bits must not wrap. */
static void
has_a_far_limit(void)
{
    int fd = open("/a/huge", O_RDWR | O_CREAT | O_EXCL, 0644);
    struct stat st;

    REQUIRE(fd >= 0);
    FAILS(ftruncate(fd, 0xfffffff0ll), ENOSPC);
    FAILS(ftruncate(fd, 0x100000000ll), ENOSPC);
    FAILS(ftruncate(fd, INT64_MAX), ENOSPC);
    FAILS(pwrite(fd, "x", 1, 0xfffffff0ll), ENOSPC);
    FAILS(pwrite(fd, "x", 1, INT64_MAX), ENOSPC);
    CHECK_INT(write(fd, "abc", 3), 3);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, 3);
    CHECK_INT(close(fd), 0);
    CHECK_STR(contents("/a/huge"), "abc");
    CHECK_INT(unlink("/a/huge"), 0);
}

CHECK_MAIN(CHECK_CASE(changes_files), CHECK_CASE(makes_and_removes),
           CHECK_CASE(hides_what_is_packed), CHECK_CASE(has_a_limit), CHECK_CASE(has_a_far_limit))
