/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system in memory: names, contents, quota.
 */
#include "vfs/tree.h"

#include "vfs/mem.h"
#include "vfs/vfs.h"

static void
root_and_tmp(void)
{
    krait_stat stat;

    tree_begin(NULL);
    tree_start();
    CHECK_STR(listing("."), "tmp ");
    CHECK_INT(make_file("x", "lost"), EROFS);
    CHECK_INT(do_mkdir("x"), EROFS);
    CHECK_INT(do_symlink("a", "x"), EROFS);
    CHECK_INT(do_rmdir("tmp"), EROFS);
    CHECK_INT(do_rename("tmp", "tmp2"), EROFS);
    CHECK_INT(make_file("tmp/x", "kept"), 0);
    CHECK_STR(contents("tmp/x"), "kept");
    CHECK_STR(contents("tmp/../tmp/./x"), "kept");
    CHECK_STR(contents("../../tmp/x"), "kept");
    CHECK_INT(do_stat("tmp/x", &stat), 0);
    CHECK_UINT(stat.size, 4);
    CHECK_UINT(stat.nlink, 1);
    CHECK_INT(stat.type, KRAIT_TYPE_REGULAR);
    CHECK(stat.ino != 0 && stat.mtime_ns > UINT64_C(1600000000000000000));
    tree_end();
}

static void
open_flags(void)
{
    tree_begin(NULL);
    tree_start();
    CHECK_INT(open_error("tmp/f", R), ENOENT);
    CHECK_INT(open_error("tmp/f", W | C | X), 0);
    CHECK_INT(open_error("tmp/f", W | C | X), EEXIST);
    CHECK_INT(open_error("tmp/f", R | D), ENOTDIR);
    CHECK_INT(open_error("tmp/f/", R), ENOTDIR);
    CHECK_INT(open_error("tmp/f/x", R), ENOTDIR);
    CHECK_INT(open_error("tmp/new/", W | C), EISDIR);
    CHECK_INT(open_error("tmp", R | W), EISDIR);
    CHECK_INT(open_error("tmp", R | C), EISDIR);
    CHECK_INT(open_error("tmp", R | T), EISDIR);
    CHECK_INT(open_error("tmp", R | C | X), EEXIST);
    CHECK_INT(open_error("tmp", R | C | D), EINVAL);
    CHECK_INT(open_error("tmp/", R | D), 0);
    CHECK_INT(open_error("", R), ENOENT);
    CHECK_INT(open_error("/tmp", R), EPERM);
    CHECK_INT(make_file("tmp/f", "12345"), 0);
    CHECK_INT(open_error("tmp/f", W | T), 0);
    CHECK_STR(contents("tmp/f"), "");
    tree_end();
}

static void
positions_and_holes(void)
{
    krait_file *file;
    krait_file *again;
    uint64_t position = 0;
    krait_stat stat;

    tree_begin(NULL);
    tree_start();
    file = open_file("tmp/f", R | W | C, 0);
    again = open_file("tmp/f", R, 0);
    CHECK_INT(write_file(file, KRAIT_AT_POSITION, "hello"), 0);
    CHECK_STR(read_file(file, KRAIT_AT_POSITION), "");
    CHECK_STR(read_file(again, KRAIT_AT_POSITION), "hello");
    CHECK_STR(read_file(file, 1), "ello");
    CHECK_INT(krait__file_seek(file, -2, SEEK_CUR, &position), 0);
    CHECK_UINT(position, 3);
    CHECK_STR(read_file(file, KRAIT_AT_POSITION), "lo");
    CHECK_INT(krait__file_seek(file, -6, SEEK_END, &position), EINVAL);
    CHECK_INT(krait__file_seek(file, INT64_MAX, SEEK_END, &position), EOVERFLOW);
    /* a hole of several blocks, and zeros where the file grew again */
    CHECK_INT(write_file(file, 20000, "end"), 0);
    CHECK_STR(read_file(file, 19999), "");
    CHECK_INT(krait__file_seek(file, 0, SEEK_END, &position), 0);
    CHECK_UINT(position, 20003);
    CHECK_INT(krait__file_set_size(file, 2), 0);
    CHECK_INT(krait__file_set_size(file, 6), 0);
    CHECK_INT(krait__file_stat(file, &stat), 0);
    CHECK_UINT(stat.size, 6);
    {
        char bytes[9] = "xxxxxxxx";
        struct iovec iov = {bytes, 8};
        size_t done = 0;

        CHECK_INT(krait__file_read(file, &iov, 1, 0, &done), 0);
        CHECK_UINT(done, 6);
        CHECK_MEM(bytes, "he\0\0\0\0xx", 8);
    }
    CHECK_INT(write_file(again, 0, "no"), EBADF);
    krait__file_unref(file);
    krait__file_unref(again);
    tree_end();
}

static void
append_goes_to_the_end(void)
{
    krait_file *file = NULL;
    krait_at where;

    tree_begin(NULL);
    tree_start();
    where = at("tmp/f");
    CHECK_INT(krait__path_open(&where, R | W | C, KRAIT_FILE_APPEND, &file), 0);
    CHECK_INT(write_file(file, KRAIT_AT_POSITION, "ab"), 0);
    CHECK_INT(write_file(file, 0, "cd"), 0);
    CHECK_STR(contents("tmp/f"), "abcd");
    CHECK_INT(krait__file_set_flags(file, 0), 0);
    CHECK_INT(write_file(file, 0, "X"), 0);
    CHECK_STR(contents("tmp/f"), "Xbcd");
    krait__file_unref(file);
    tree_end();
}

static void
links(void)
{
    krait_stat a;
    krait_stat b;

    tree_begin(NULL);
    tree_start();
    CHECK_INT(make_file("tmp/a", "text"), 0);
    CHECK_INT(do_link("tmp/a", "tmp/b"), 0);
    CHECK_INT(do_link("tmp/a", "tmp/b"), EEXIST);
    CHECK_INT(do_link("tmp/a", "tmp/c/"), ENOENT);
    CHECK_INT(do_link("tmp", "tmp/d"), EPERM);
    CHECK_INT(do_stat("tmp/a", &a), 0);
    CHECK_INT(do_stat("tmp/b", &b), 0);
    CHECK_UINT(a.nlink, 2);
    CHECK(a.ino == b.ino && a.dev == b.dev);
    CHECK_INT(do_rename("tmp/a", "tmp/b"), 0); /* the same file: both stay */
    CHECK_STR(contents("tmp/a"), "text");
    CHECK_INT(do_unlink("tmp/a"), 0);
    CHECK_STR(contents("tmp/b"), "text");
    CHECK_INT(do_symlink("b", "tmp/s"), 0);
    CHECK_STR(contents("tmp/s"), "text");
    CHECK_INT(open_error("tmp/s", R), ELOOP);
    CHECK_INT(type_at("tmp/s"), KRAIT_TYPE_LINK);
    CHECK_INT(do_symlink("/tmp/b", "tmp/abs"), 0); /* in memory a link may be absolute */
    CHECK_STR(contents("tmp/abs"), "text");
    CHECK_INT(do_symlink("loop", "tmp/loop"), 0);
    CHECK_INT(open_error("tmp/loop", R | FO), ELOOP);
    CHECK_INT(open_error("tmp/loop/x", R), ELOOP);
    CHECK_INT(do_symlink("new", "tmp/dangling"), 0);
    CHECK_INT(open_error("tmp/dangling", W | C | X | FO), EEXIST);
    CHECK_INT(make_file("tmp/dangling", "made"), 0);
    CHECK_STR(contents("tmp/new"), "made");
    CHECK_INT(do_symlink("", "tmp/e"), ENOENT);
    tree_end();
}

static void
readlink_cuts(void)
{
    char buffer[17] = "................";
    size_t size = 0;
    krait_at where;

    tree_begin(NULL);
    tree_start();
    CHECK_INT(do_symlink("target", "tmp/s"), 0);
    where = at("tmp/s");
    CHECK_INT(krait__path_readlink(&where, buffer, 10, &size), 0);
    CHECK_UINT(size, 6);
    CHECK_MEM(buffer, "target....", 10);
    CHECK_INT(krait__path_readlink(&where, buffer, 4, &size), 0);
    CHECK_UINT(size, 4);
    CHECK_INT(krait__path_readlink(&where, buffer, 0, &size), 0);
    CHECK_UINT(size, 0);
    where = at("tmp");
    CHECK_INT(krait__path_readlink(&where, buffer, 4, &size), EINVAL);
    tree_end();
}

static void
renames(void)
{
    tree_begin(NULL);
    tree_start();
    CHECK_INT(do_mkdir("tmp/d"), 0);
    CHECK_INT(do_mkdir("tmp/d/sub"), 0);
    CHECK_INT(do_mkdir("tmp/e"), 0);
    CHECK_INT(make_file("tmp/f", "f"), 0);
    CHECK_INT(do_rename("tmp/d", "tmp/d/sub/x"), EINVAL);
    CHECK_INT(do_rename("tmp/d", "tmp/f"), ENOTDIR);
    CHECK_INT(do_rename("tmp/f", "tmp/e"), EISDIR);
    CHECK_INT(do_rename("tmp/e", "tmp/d"), ENOTEMPTY);
    CHECK_INT(do_rename("tmp/d", "tmp/e"), 0);
    CHECK_STR(listing("tmp/e"), "sub ");
    CHECK_INT(do_rename("tmp/nope", "tmp/x"), ENOENT);
    CHECK_INT(do_rename("tmp/f/", "tmp/x"), ENOTDIR);
    CHECK_INT(do_rename("tmp/f", "tmp/x/"), ENOTDIR);
    CHECK_INT(do_rename("tmp/e/", "tmp/x/"), 0);
    CHECK_INT(do_rename("tmp/x/.", "tmp/y"), EINVAL);
    CHECK_INT(make_file("tmp/g", "g"), 0);
    CHECK_INT(do_rename("tmp/g", "tmp/f"), 0);
    CHECK_STR(contents("tmp/f"), "g");
    CHECK_INT(do_rmdir("tmp/x"), ENOTEMPTY);
    CHECK_INT(do_unlink("tmp/x"), EISDIR);
    CHECK_INT(do_unlink("tmp/f/"), ENOTDIR);
    CHECK_INT(do_rmdir("tmp/f"), ENOTDIR);
    CHECK_INT(do_rmdir("tmp/x/sub/"), 0);
    CHECK_INT(do_rmdir("tmp/x/."), EINVAL);
    CHECK_INT(do_rmdir("tmp/x"), 0);
    tree_end();
}

static void
removed_but_open(void)
{
    krait_file *file;
    krait_file *dir;
    krait_at inside;
    uint64_t before;

    tree_begin(NULL);
    tree_start();
    before = krait__vfs_memory_used(tree.vfs);
    CHECK_INT(make_file("tmp/f", "still here"), 0);
    file = open_file("tmp/f", R, 0);
    CHECK_INT(do_unlink("tmp/f"), 0);
    CHECK_STR(read_file(file, 0), "still here");
    krait__file_unref(file);
    CHECK_INT(do_mkdir("tmp/d"), 0);
    dir = open_file("tmp/d", R | D, 0);
    CHECK_INT(do_rmdir("tmp/d"), 0);
    inside = (krait_at){dir, "x"};
    CHECK_INT(krait__path_mkdir(&inside, KRAIT_MODE_DEFAULT), ENOENT);
    CHECK_INT(krait__path_open(&inside, W | C, 0, &file), ENOENT);
    krait__file_unref(dir);
    CHECK_UINT(krait__vfs_memory_used(tree.vfs), before);
    CHECK_UINT(krait__vfs_inodes_used(tree.vfs), 2);
    tree_end();
}

static void
quota_of_bytes(void)
{
    krait_vfs_options options = {.memory_limit_bytes = 256 * 1024};
    static char block[65536];
    krait_file *file;
    size_t total = 0;
    int error = 0;

    tree_begin(&options);
    tree_start();
    file = open_file("tmp/f", R | W | C, 0);
    while (error == 0 && total < 10u * sizeof(block)) {
        struct iovec iov = {block, sizeof(block)};
        size_t done = 0;

        error = krait__file_write(file, &iov, 1, KRAIT_AT_POSITION, &done);
        if (error == 0)
            total += done;
    }
    CHECK_INT(error, ENOSPC);
    CHECK(total >= 200u * 1024 && total <= 256u * 1024);
    CHECK(krait__vfs_memory_used(tree.vfs) <= options.memory_limit_bytes);
    CHECK_INT(krait__file_allocate(file, 0, UINT64_C(1) << 60), ENOSPC);
    CHECK_INT(krait__file_set_size(file, UINT64_C(1) << 62), EFBIG);
    CHECK_INT(krait__file_set_size(file, 0), 0);
    /* far out: the table of blocks is charged too */
    CHECK_INT(write_file(file, UINT64_C(1) << 40, "x"), ENOSPC);
    CHECK_INT(write_file(file, INT64_MAX - 1, "xxxx"), EFBIG);
    CHECK_INT(krait__file_allocate(file, 0, 100000), 0);
    CHECK(krait__vfs_memory_used(tree.vfs) >= 100000);
    krait__file_unref(file);
    CHECK_INT(do_unlink("tmp/f"), 0);
    CHECK(krait__vfs_memory_used(tree.vfs) < 4096);
    tree_end();
}

static void
quota_of_names(void)
{
    krait_vfs_options options = {.inode_limit = 10, .memory_limit_bytes = 8192};
    char name[32];
    int made = 0;
    int error = 0;

    tree_begin(&options);
    tree_start();
    while (error == 0 && made < 100) {
        snprintf(name, sizeof(name), "tmp/f%d", made);
        error = open_error(name, W | C);
        made += error == 0;
    }
    CHECK_INT(error, ENOSPC);
    CHECK_INT(made, 8); /* besides "/" and "/tmp" */
    CHECK_INT(do_unlink("tmp/f0"), 0);
    CHECK_INT(do_mkdir("tmp/d"), 0);
    CHECK_INT(do_symlink("x", "tmp/s"), ENOSPC);
    /* names cost bytes, so that hard links end too */
    for (made = 0, error = 0; error == 0 && made < 1000; made++) {
        snprintf(name, sizeof(name), "tmp/l%d", made);
        error = do_link("tmp/f1", name);
    }
    CHECK_INT(error, ENOSPC);
    CHECK(made < 100);
    tree_end();
}

static void
cookies_stay(void)
{
    krait_dirent entry;
    krait_file *dir;
    uint64_t cookies[8];
    char name[16];

    tree_begin(NULL);
    tree_start();
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof(name), "tmp/n%d", i);
        CHECK_INT(open_error(name, W | C), 0);
    }
    dir = open_file("tmp", R | D, 0);
    cookies[0] = 0;
    for (int i = 0; i < 7; i++) {
        CHECK_INT(krait__file_readdir(dir, cookies[i], &entry), 0);
        cookies[i + 1] = entry.next;
    }
    /* cookies[4] is behind n1: what was seen goes, what was not stays to be seen */
    CHECK_INT(do_unlink("tmp/n0"), 0);
    CHECK_INT(do_unlink("tmp/n2"), 0);
    CHECK_INT(open_error("tmp/late", W | C), 0);
    CHECK_INT(krait__file_readdir(dir, cookies[4], &entry), 0);
    CHECK_MEM(entry.name, "n3", 2);
    CHECK_INT(krait__file_readdir(dir, cookies[2], &entry), 0);
    CHECK_MEM(entry.name, "n1", 2);
    CHECK_INT(krait__file_readdir(dir, UINT64_MAX >> 1, &entry), 0);
    CHECK_UINT(entry.name_len, 0);
    krait__file_unref(dir);
    CHECK_STR(listing("tmp"), "n1 n3 n4 n5 late ");
    tree_end();
}

/* The directory tmp/d as it is in memory. */
static const krait_mem_dir *
inside(void)
{
    const krait_mem_fs *fs = tree.vfs->memory->fs;
    const krait_mem_entry *tmp = krait__mem_dir_find(fs->root, "tmp", 3);
    const krait_mem_entry *entry = tmp != NULL ? krait__mem_dir_find(tmp->node, "d", 1) : NULL;

    return entry != NULL ? &entry->node->as.dir : NULL;
}

static void
many_names(void)
{
    char name[32];
    krait_file *dir;
    krait_dirent entry;
    uint64_t cookie = 0;
    unsigned seen = 0;

    tree_begin(NULL);
    tree_start();
    CHECK_INT(do_mkdir("tmp/d"), 0);
    for (int i = 0; i < 50000; i++) {
        snprintf(name, sizeof(name), "tmp/d/%d", i);
        if (open_error(name, W | C) != 0)
            break;
    }
    dir = open_file("tmp/d", R | D, 0);
    while (krait__file_readdir(dir, cookie, &entry) == 0 && entry.name_len > 0) {
        cookie = entry.next;
        seen++;
    }
    CHECK_UINT(seen, 50002);
    krait__file_unref(dir);
    REQUIRE(inside() != NULL);
    CHECK(inside()->slot_capacity >= 50000 && inside()->bucket_count >= 50000);
    for (int i = 0; i < 49999; i++) {
        snprintf(name, sizeof(name), "tmp/d/%d", i);
        if (do_unlink(name) != 0)
            break;
    }
    CHECK_STR(listing("tmp/d"), "49999 ");
    /* What was charged for the names has been given back, so their places are, too. */
    CHECK(inside()->slot_capacity <= 64 && inside()->bucket_count <= 64);
    CHECK_INT(open_error("tmp/d/49999", R), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "tmp/d/again%d", i);
        CHECK_INT(open_error(name, W | C), 0);
    }
    CHECK_INT(open_error("tmp/d/again57", R), 0);
    tree_end();
}

static void
deep_directories(void)
{
    krait_file *dir;
    krait_file *next;

    tree_begin(NULL);
    tree_start();
    dir = open_file("tmp", R | D, 0);
    /* deeper than any path: freeing does not recurse */
    for (int i = 0; i < 20000; i++) {
        krait_at where = {dir, "d"};

        if (krait__path_mkdir(&where, KRAIT_MODE_DEFAULT) != 0 ||
            krait__path_open(&where, R | D, 0, &next) != 0)
            break;
        krait__file_unref(dir);
        dir = next;
    }
    krait__file_unref(dir);
    CHECK_UINT(krait__vfs_inodes_used(tree.vfs), 20002);
    tree_end();
}

static void
files_from_the_host(void)
{
    krait_error err;

    tree_begin(NULL);
    CHECK_INT(krait__vfs_mkdir(tree.vfs, "/area//dir/../dir/", &err), KRAIT_OK);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/area/dir/in.txt", "input", 5, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/area/dir/in.txt", "other", 5, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/area/dir", "x", 1, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "relative", "x", 1, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_mkdir(tree.vfs, "/area/dir/in.txt/x", &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "/area/dir/in.txt/x");
    host_dir("h");
    mount_at("/h", "h", 0);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/h/x", "x", 1, &err), KRAIT_EINVAL);
    tree_start();
    CHECK_STR(contents("area/dir/in.txt"), "other");
    CHECK_INT(make_file("area/dir/out.txt", "o"), 0);
    tree_end();
    {
        krait_vfs_options options = {.memory_limit_bytes = 10000};
        char bytes[20000] = "";

        tree_begin(&options);
        CHECK_INT(krait__vfs_put_file(tree.vfs, "/big", bytes, sizeof(bytes), &err), KRAIT_ELIMIT);
        tree_start();
        CHECK_STR(listing("."), "tmp ");
        tree_end();
    }
}

static void
memory_mounts(void)
{
    krait_vfs_options options = {.memory_limit_bytes = 4096 * 4};
    krait_error err;
    krait_stat a;
    krait_stat b;

    tree_begin(NULL);
    CHECK_INT(krait__vfs_mount_memory(tree.vfs, "/scratch", &options, 0, &err), KRAIT_OK);
    tree_start();
    CHECK_STR(listing("."), "tmp scratch ");
    CHECK_INT(make_file("scratch/f", "x"), 0);
    CHECK_INT(make_file("tmp/f", "x"), 0);
    CHECK_INT(do_rename("scratch/f", "tmp/g"), EXDEV);
    CHECK_INT(do_link("scratch/f", "tmp/g"), EXDEV);
    CHECK_INT(do_stat("scratch/f", &a), 0);
    CHECK_INT(do_stat("tmp/f", &b), 0);
    CHECK(a.dev != b.dev);
    tree_end();
}

static void
times(void)
{
    krait_stat stat;
    krait_at where;
    krait_times now = {.atime = KRAIT_TIME_NOW, .mtime = KRAIT_TIME_KEEP};

    tree_begin(NULL);
    tree_start();
    CHECK_INT(make_file("tmp/f", "x"), 0);
    CHECK_INT(do_utimes("tmp/f", 1234567890123456789u), 0);
    CHECK_INT(do_stat("tmp/f", &stat), 0);
    CHECK_UINT(stat.mtime_ns, 1234567890123456789u);
    where = at("tmp/f");
    CHECK_INT(krait__path_set_times(&where, true, &now), 0);
    CHECK_INT(do_stat("tmp/f", &stat), 0);
    CHECK_UINT(stat.mtime_ns, 1234567890123456789u);
    CHECK(stat.atime_ns > stat.mtime_ns);
    CHECK_INT(do_utimes("tmp/f/", 1), ENOTDIR);
    CHECK_INT(do_utimes("tmp/nope", 1), ENOENT);
    tree_end();
}

static void
devices(void)
{
    krait_error err;
    krait_file *file;
    unsigned char bytes[64] = {0};
    struct iovec iov = {bytes, sizeof(bytes)};
    size_t done = 0;
    unsigned sum = 0;

    tree_begin(NULL);
    CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
    tree_start();
    CHECK_STR(listing("dev"), "null zero full random urandom stdin stdout stderr ");
    CHECK_INT(type_at("dev/null"), KRAIT_TYPE_CHARACTER_DEVICE);
    CHECK_STR(contents("dev/null"), "");
    CHECK_INT(make_file("dev/null", "gone"), 0);
    CHECK_INT(make_file("dev/full", "gone"), ENOSPC);
    CHECK_INT(open_error("dev/null", R | D), ENOTDIR);
    CHECK_INT(do_unlink("dev/null"), EROFS);
    file = open_file("dev/urandom", R, 0);
    CHECK_INT(krait__file_read(file, &iov, 1, KRAIT_AT_POSITION, &done), 0);
    CHECK_UINT(done, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        sum += bytes[i];
    CHECK(sum > 0);
    CHECK(!krait__file_is_terminal(file));
    krait__file_unref(file);
    tree_end();
}

static void
names_too_long(void)
{
    char name[5000];

    tree_begin(NULL);
    tree_start();
    memset(name, 'a', sizeof(name));
    memcpy(name, "tmp/", 4);
    name[4 + 255] = '\0';
    CHECK_INT(make_file(name, "x"), 0);
    name[4 + 255] = 'a';
    name[4 + 256] = '\0';
    CHECK_INT(make_file(name, "x"), ENAMETOOLONG);
    name[4 + 256] = 'a';
    name[sizeof(name) - 1] = '\0';
    CHECK_INT(open_error(name, R), ENAMETOOLONG);
    tree_end();
}

CHECK_MAIN(CHECK_CASE(root_and_tmp), CHECK_CASE(open_flags), CHECK_CASE(positions_and_holes),
           CHECK_CASE(append_goes_to_the_end), CHECK_CASE(links), CHECK_CASE(readlink_cuts),
           CHECK_CASE(renames), CHECK_CASE(removed_but_open), CHECK_CASE(quota_of_bytes),
           CHECK_CASE(quota_of_names), CHECK_CASE(cookies_stay), CHECK_CASE(many_names),
           CHECK_CASE(deep_directories), CHECK_CASE(files_from_the_host), CHECK_CASE(memory_mounts),
           CHECK_CASE(times), CHECK_CASE(devices), CHECK_CASE(names_too_long))
