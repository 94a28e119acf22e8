/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table: what hides what, and what may cross from one mount to another.
 */
#include "vfs/tree.h"

#include <dirent.h>
#include <pthread.h>

/* Runs a case with openat2 and without. */
static void
twice(void (*body)(void))
{
    krait_vfs_options options = {.resolve_by_walking = 1};

    tree_begin(NULL);
    body();
    tree_end();
    tree_begin(&options);
    body();
    tree_end();
}

static void
nested_body(void)
{
    krait_stat stat;

    host_dir("outer");
    host_dir("outer/sub");
    host_dir("outer/hidden");
    host_file("outer/hidden/no", "never seen");
    host_file("outer/a", "outer a");
    host_file("outer/sub/b", "outer b");
    host_dir("inner");
    host_file("inner/a", "inner a");
    /* the inner one first: the order does not matter */
    mount_at("/data/sub/deep/inner", "inner", 0);
    mount_at("/data/hidden", "inner", KRAIT_MOUNT_READ_ONLY);
    mount_at("/data", "outer", 0);
    tree_start();
    CHECK_STR(listing("."), "tmp data ");
    CHECK_STR(contents("data/a"), "outer a");
    CHECK_STR(contents("data/sub/b"), "outer b");
    CHECK_STR(contents("data/sub/deep/inner/a"), "inner a");
    CHECK_STR(contents("data/hidden/a"), "inner a");
    CHECK_STR(contents("data/hidden/no"), "No such file or directory");
    CHECK_STR(listing("data/hidden"), "a ");
    /* "deep" is on no file system: it is made up, and the host does not see it */
    CHECK_STR(listing("data/sub"), "b deep ");
    CHECK_STR(listing("data/sub/deep"), "inner ");
    CHECK(access(host("outer/sub/deep"), F_OK) != 0);
    CHECK_INT(make_file("data/sub/deep/x", "x"), EROFS);
    CHECK_INT(make_file("data/hidden/x", "x"), EROFS);
    CHECK_INT(make_file("data/sub/deep/inner/x", "x"), 0);
    CHECK_INT(access(host("inner/x"), F_OK), 0);
    /* ".." goes back to where the path came from */
    CHECK_STR(contents("data/sub/deep/inner/../../b"), "outer b");
    CHECK_STR(contents("data/hidden/../a"), "outer a");
    CHECK_STR(contents("data/sub/deep/inner/../../../../data/a"), "outer a");
    CHECK_INT(do_stat("data/sub/..", &stat), 0);
    CHECK_INT(stat.type, KRAIT_TYPE_DIRECTORY);
}

static void
nested(void)
{
    twice(nested_body);
}

static void
busy_body(void)
{
    host_dir("a");
    host_dir("a/way");
    host_dir("b");
    mount_at("/m", "a", 0);
    mount_at("/m/way/point", "b", 0);
    tree_start();
    CHECK_INT(do_rmdir("m"), EBUSY);
    CHECK_INT(do_rename("m", "n"), EBUSY);
    CHECK_INT(do_rename("m/way", "m/other"), EBUSY);
    CHECK_INT(do_rmdir("m/way"), EBUSY);
    CHECK_INT(do_rename("m/way/point", "m/p"), EBUSY);
    CHECK_INT(do_rmdir("m/way/point/"), EBUSY);
    CHECK_INT(do_unlink("m/way/point"), EISDIR);
    CHECK_INT(do_mkdir("m/way/point"), EEXIST);
    CHECK_INT(do_mkdir("m/new"), 0);
    CHECK_INT(do_rename("m/new", "m/way/point"), EBUSY);
    CHECK_INT(do_rename("m/new", "m/way"), EBUSY);
    CHECK_INT(do_symlink("x", "m/way/point"), EEXIST);
    CHECK_INT(open_error("m/way/point", R | C | X), EEXIST);
    CHECK_INT(do_rename("m/new", "m/way/new"), 0);
}

static void
busy(void)
{
    twice(busy_body);
}

static void
across_body(void)
{
    host_dir("rw");
    host_dir("ro");
    host_dir("rw2");
    host_file("ro/secret", "read only");
    host_file("rw/mine", "mine");
    mount_at("/rw", "rw", 0);
    mount_at("/rw2", "rw2", 0);
    mount_at("/ro", "ro", KRAIT_MOUNT_READ_ONLY);
    mount_at("/again", "ro", 0); /* the same directory, writable */
    tree_start();
    /* a link would make it writable, a rename would take it away */
    CHECK_INT(do_link("ro/secret", "rw/alias"), EPERM);
    CHECK_INT(do_link("ro/secret", "again/alias"), EPERM);
    CHECK_INT(do_rename("ro/secret", "rw/stolen"), EPERM);
    CHECK_INT(do_rename("rw/mine", "ro/mine"), EROFS);
    CHECK_INT(do_link("rw/mine", "ro/mine"), EROFS);
    CHECK_INT(do_rename("rw/mine", "rw2/mine"), EXDEV);
    CHECK_INT(do_link("rw/mine", "rw2/mine"), EXDEV);
    CHECK_INT(do_rename("rw/mine", "tmp/mine"), EXDEV);
    CHECK_STR(contents("ro/secret"), "read only");
    CHECK(access(host("rw/alias"), F_OK) != 0 && access(host("ro/mine"), F_OK) != 0);
}

static void
across(void)
{
    twice(across_body);
}

static void
read_only_body(void)
{
    krait_file *file;
    krait_at where;
    krait_times now = {.atime = KRAIT_TIME_NOW, .mtime = KRAIT_TIME_NOW};
    struct stat before;
    struct stat after;

    host_dir("ro");
    host_dir("ro/d");
    host_file("ro/f", "text");
    host_link("f", "ro/s");
    CHECK_INT(stat(host("ro/f"), &before), 0);
    mount_at("/ro", "ro", KRAIT_MOUNT_READ_ONLY);
    tree_start();
    CHECK_STR(contents("ro/s"), "text");
    CHECK_INT(open_error("ro/f", W), EROFS);
    CHECK_INT(open_error("ro/f", R | W), EROFS);
    CHECK_INT(open_error("ro/f", R | T), EROFS);
    CHECK_INT(open_error("ro/s", W | FO), EROFS);
    CHECK_INT(open_error("ro/new", W | C), EROFS);
    CHECK_INT(open_error("ro/f", R | C), 0);
    CHECK_INT(open_error("ro/f", R | C | X), EEXIST);
    CHECK_INT(do_mkdir("ro/x"), EROFS);
    CHECK_INT(do_mkdir("ro/d"), EEXIST);
    CHECK_INT(do_rmdir("ro/d"), EROFS);
    CHECK_INT(do_unlink("ro/f"), EROFS);
    CHECK_INT(do_unlink("ro/nope"), ENOENT);
    CHECK_INT(do_rmdir("ro/nope"), ENOENT);
    CHECK_INT(do_utimes("ro/nope", 1), ENOENT);
    CHECK_INT(do_rename("ro/nope", "ro/g"), ENOENT);
    CHECK_INT(do_rename("ro/f", "ro/g"), EROFS);
    CHECK_INT(do_link("ro/f", "ro/g"), EROFS);
    CHECK_INT(do_symlink("f", "ro/t"), EROFS);
    CHECK_INT(do_utimes("ro/f", 1), EROFS);
    CHECK_INT(do_utimes("ro/d", 1), EROFS);
    CHECK_INT(do_utimes("ro", 1), EROFS);
    /* a file that was opened for reading is no way round */
    file = open_file("ro/f", R, 0);
    CHECK_INT(write_file(file, KRAIT_AT_POSITION, "x"), EBADF);
    CHECK_INT(krait__file_set_size(file, 0), EBADF);
    CHECK_INT(krait__file_allocate(file, 0, 10), EBADF);
    CHECK_INT(krait__file_set_times(file, &now), EROFS);
    krait__file_unref(file);
    file = open_file("ro/d", R | D, 0);
    CHECK_INT(krait__file_set_times(file, &now), EROFS);
    where = (krait_at){file, "x"};
    CHECK_INT(krait__path_mkdir(&where, KRAIT_MODE_DEFAULT), EROFS);
    CHECK_INT(krait__path_symlink("t", &where), EROFS);
    krait__file_unref(file);
    CHECK_INT(stat(host("ro/f"), &after), 0);
    CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && after.st_size == 4);
}

static void
read_only(void)
{
    twice(read_only_body);
}

static void
single_file(void)
{
    krait_error err;
    krait_file *a;
    krait_file *b;
    krait_times now = {.mtime = KRAIT_TIME_NOW};
    krait_stat stat;

    tree_begin(NULL);
    host_dir("folder");
    host_file("folder/script.py", "print(1)");
    host_file("folder/other.py", "secret");
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/home/u/script.py", host("folder/script.py"),
                                    KRAIT_MOUNT_RECORD_MISSES, &err),
              KRAIT_OK);
    tree_start();
    CHECK_STR(listing("home/u"), "script.py ");
    CHECK_STR(contents("home/u/script.py"), "print(1)");
    CHECK_INT(do_stat("home/u/script.py", &stat), 0);
    CHECK_INT(stat.type, KRAIT_TYPE_REGULAR);
    CHECK_UINT(stat.size, 8);
    /* two opens, two positions */
    a = open_file("home/u/script.py", R, 0);
    b = open_file("home/u/../u/script.py", R, 0);
    CHECK_STR(read_file(a, KRAIT_AT_POSITION), "print(1)");
    CHECK_STR(read_file(b, 6), "1)");
    CHECK_STR(read_file(b, KRAIT_AT_POSITION), "print(1)");
    CHECK_INT(krait__file_set_times(a, &now), EROFS);
    krait__file_unref(a);
    krait__file_unref(b);
    CHECK_INT(open_error("home/u/script.py", W), EROFS);
    CHECK_INT(open_error("home/u/script.py", R | T), EROFS);
    CHECK_INT(open_error("home/u/script.py/", R), ENOTDIR);
    CHECK_INT(open_error("home/u/script.py/x", R), ENOTDIR);
    CHECK_INT(open_error("home/u/script.py", R | D), ENOTDIR);
    CHECK_INT(do_unlink("home/u/script.py"), EBUSY);
    CHECK_INT(do_rename("home/u/script.py", "tmp/x"), EBUSY);
    CHECK_INT(do_link("home/u/script.py", "tmp/x"), EPERM);
    CHECK_INT(do_utimes("home/u/script.py", 1), EROFS);
    CHECK_INT(make_file("home/u/new", "x"), EROFS);
    CHECK_INT(do_mkdir("home/u/__pycache__"), EROFS);
    CHECK_INT(type_at("home/u/other.py"), -1);
    CHECK_STR(krait__vfs_missed(tree.vfs, 0), "other.py");
    tree_end();
}

static void
misses_are_remembered(void)
{
    krait_error err;
    char name[400];

    tree_begin(NULL);
    host_file("s.py", "x");
    CHECK_INT(
        krait__vfs_mount_file(tree.vfs, "/p/s.py", host("s.py"), KRAIT_MOUNT_RECORD_MISSES, &err),
        KRAIT_OK);
    tree_start();
    CHECK(krait__vfs_missed(tree.vfs, 0) == NULL);
    CHECK_INT(open_error("p/data.csv", R), ENOENT);
    CHECK_INT(open_error("p/data.csv", R), ENOENT);
    CHECK_INT(open_error("p/lib/x.py", R), ENOENT);
    CHECK_INT(type_at("p/helper"), -1);
    CHECK_INT(open_error("tmp/elsewhere", R), ENOENT);
    CHECK_INT(open_error("p/s.py", R), 0);
    CHECK_STR(krait__vfs_missed(tree.vfs, 0), "data.csv");
    CHECK_STR(krait__vfs_missed(tree.vfs, 1), "lib");
    CHECK_STR(krait__vfs_missed(tree.vfs, 2), "helper");
    CHECK(krait__vfs_missed(tree.vfs, 3) == NULL);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "p/n%d", i);
        (void)open_error(name, R);
    }
    CHECK_STR(krait__vfs_missed(tree.vfs, 15), "n12");
    CHECK(krait__vfs_missed(tree.vfs, 16) == NULL);
    tree_end();
}

static void
whole_root(void)
{
    krait_error err;

    tree_begin(NULL);
    host_dir("root");
    host_dir("root/etc");
    host_file("root/etc/f", "f");
    host_dir("lib");
    host_file("lib/os.py", "os");
    mount_at("/usr/lib", "lib", KRAIT_MOUNT_READ_ONLY);
    mount_at("/", "root", 0);
    host_file("script", "s");
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/etc/script", host("script"), 0, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/", host("script"), 0, &err), KRAIT_EINVAL);
    tree_start();
    CHECK_HAS(listing("."), "etc ");
    CHECK_HAS(listing("."), "usr ");
    CHECK_STR(contents("usr/lib/os.py"), "os");
    CHECK_STR(contents("etc/script"), "s");
    CHECK_STR(contents("../etc/f"), "f");
    CHECK_INT(make_file("new", "n"), 0);
    CHECK_INT(access(host("root/new"), F_OK), 0);
    CHECK_INT(make_file("tmp/x", "x"), ENOENT);
    CHECK(access(host("root/usr"), F_OK) != 0);
    tree_end();
}

static unsigned
open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Directories of a stable mount stay open: the same answers, and no more descriptors than
 * the mount may keep. */
static void
stable(void)
{
    char name[64];
    unsigned before;

    tree_begin(NULL);
    host_dir("lib");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "lib/d%d", i);
        host_dir(name);
        snprintf(name, sizeof(name), "lib/d%d/f", i);
        host_file(name, name);
    }
    host_link("d1", "lib/link");
    host_link("../tmp", "lib/out");
    mount_at("/lib", "lib", KRAIT_MOUNT_READ_ONLY | KRAIT_MOUNT_STABLE);
    tree_start();
    before = open_descriptors();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            snprintf(name, sizeof(name), "lib/d%d/f", i);
            CHECK_STR(contents(name), name);
            snprintf(name, sizeof(name), "lib/d%d/none", i);
            CHECK_INT(open_error(name, R), ENOENT);
        }
        CHECK_STR(contents("lib/link/f"), "lib/d1/f");
        CHECK_INT(open_error("lib/out/x", R), EPERM);
        CHECK_STR(contents("lib/d1/../d2/f"), "lib/d2/f");
    }
    CHECK(open_descriptors() <= before + 64);
    tree_end();
    CHECK(open_descriptors() < before);
}

static void
mounts_replace(void)
{
    tree_begin(NULL);
    host_dir("a");
    host_dir("b");
    host_file("b/f", "second");
    mount_at("/m", "a", 0);
    mount_at("/x/../m/", "b", 0);
    tree_start();
    CHECK_STR(contents("m/f"), "second");
    tree_end();
}

static void
errors_name_the_host_path(void)
{
    krait_error err;
    int fd;

    tree_begin(NULL);
    host_file("file", "x");
    host_dir("dir");
    CHECK_INT(mkfifo(host("fifo"), 0600), 0);
    CHECK_INT(krait__vfs_mount_dir(tree.vfs, "/m", host("nope"), 0, &err), KRAIT_ENOTFOUND);
    CHECK_HAS(err.text, host("nope"));
    CHECK_INT(err.sys_errno, ENOENT);
    CHECK_INT(krait__vfs_mount_dir(tree.vfs, "/m", host("file"), 0, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, host("file"));
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/m", host("dir"), 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/m", host("fifo"), 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/m", host("nope"), 0, &err), KRAIT_ENOTFOUND);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/m", "/dev/null", 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_mount_dir(tree.vfs, "m", host("dir"), 0, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "absolute");
    CHECK_INT(krait__vfs_mount_dir_fd(tree.vfs, "/m", -1, 0, &err), KRAIT_EIO);
    fd = open(host("dir"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(krait__vfs_mount_dir_fd(tree.vfs, "/m", fd, 0, &err), KRAIT_OK);
    close(fd);
    fd = open(host("file"), O_RDONLY | O_CLOEXEC);
    CHECK_INT(krait__vfs_mount_dir_fd(tree.vfs, "/n", fd, 0, &err), KRAIT_EINVAL);
    CHECK_INT(krait__vfs_mount_file_fd(tree.vfs, "/f", fd, 0, &err), KRAIT_OK);
    close(fd);
    tree_start();
    CHECK_INT(make_file("m/x", "x"), 0);
    CHECK_STR(contents("f"), "x");
    tree_end();
}

/* Below a directory other than the root: an absolute link is an error, unless links are to lead
 * to the root; what is found has to lie in the link's mount either way. */
static void
absolute_links(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        const krait_vfs_options options = {.resolve_by_walking = i & 1, .absolute_links = i >> 1};
        const int answer = options.absolute_links ? 0 : EPERM;
        krait_at at = {.path = "link/x"};
        krait_stat stat;

        tree_begin(&options);
        host_dir("dir");
        host_dir("dir/sub");
        host_file("dir/sub/x", "x");
        host_dir("other");
        CHECK_INT(symlink("/data/sub", host("dir/link")), 0);
        CHECK_INT(symlink("/else", host("dir/out")), 0);
        mount_at("/data", "dir", 0);
        mount_at("/else", "other", 0);
        tree_start();
        CHECK_STR(contents("data/link/x"), "x");
        CHECK_INT(
            krait__path_open(&(krait_at){.dir = tree.root, .path = "data"}, R | D, 0, &at.dir), 0);
        CHECK_INT(krait__path_stat(&at, true, &stat), answer);
        at.path = "link";
        CHECK_INT(krait__path_stat(&at, true, &stat), answer);
        CHECK_INT(krait__path_stat(&at, false, &stat), 0);
        at.path = "out";
        CHECK_INT(krait__path_stat(&at, true, &stat), EPERM);
        krait__file_unref(at.dir);
        tree_end();
    }
}

/* ---- the mounts of another ------------------------------------------------------------------ */

/* tree gets these mounts of `from`, which is freed. */
static void
follow(krait_vfs *from, const char *const *paths)
{
    krait_error err;

    CHECK_INT(krait__vfs_new(NULL, &tree.vfs, &err), KRAIT_OK);
    for (; *paths != NULL; paths++)
        CHECK_INT(krait__vfs_mount_same(tree.vfs, from, *paths, &err), KRAIT_OK);
    krait__vfs_free(from);
    tree_start();
}

static void
same_mounts(void)
{
    static const char *const paths[] = {"/lib", "//lib/below/./work", "/s/f", NULL};
    static const char *const none[] = {"/", "/s", "/lib/below", "/tmp", "/dev", "/no", "relative"};
    static const char *const root[] = {"/", NULL};
    unsigned before;
    unsigned again;
    krait_error err;
    krait_vfs *first;
    krait_file_identity identity;
    krait_file_identity found;

    tree_begin(NULL);
    host_dir("lib");
    host_dir("lib/below");
    host_file("lib/below/in", "in lib");
    host_dir("work");
    host_file("f", "a file");
    before = open_descriptors();
    mount_at("/lib", "lib", KRAIT_MOUNT_READ_ONLY | KRAIT_MOUNT_STABLE);
    mount_at("/lib/below/work", "work", 0);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/s/f", host("f"), KRAIT_MOUNT_RECORD_MISSES, &err),
              KRAIT_OK);
    first = tree.vfs;
    again = open_descriptors();
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        CHECK_INT(krait__vfs_mount_same(first, first, none[i], &err), KRAIT_ENOTFOUND);
        CHECK_UINT(krait__vfs_mounted(first, none[i]).ino, 0);
    }
    CHECK_UINT(krait__vfs_mounted(first, "/s/f").ino, 0);
    identity = krait__file_identity(host("lib"));
    host_dir("lib/new");
    follow(first, paths);
    /* As it was when it was mounted. */
    found = krait__vfs_mounted(tree.vfs, "/lib/.");
    CHECK(krait__file_identity_equal(&found, &identity));
    CHECK_UINT(open_descriptors(), again);
    CHECK_STR(contents("lib/below/in"), "in lib");
    CHECK_STR(contents("s/f"), "a file");
    CHECK_INT(make_file("lib/below/x", "no"), EROFS);
    CHECK_INT(make_file("lib/below/work/x", "yes"), 0);
    CHECK_INT(make_file("s/x", "no"), EROFS);
    CHECK_INT(open_error("s/missing", R), ENOENT);
    CHECK_STR(krait__vfs_missed(tree.vfs, 0), "missing");
    krait__file_unref(tree.root);
    first = tree.vfs;
    follow(first, paths);
    CHECK_STR(contents("lib/below/work/x"), "yes");
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    CHECK_UINT(open_descriptors(), before);
    /* the root itself */
    CHECK_INT(krait__vfs_new(NULL, &first, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_dir(first, "/", host("lib"), KRAIT_MOUNT_READ_ONLY, &err), KRAIT_OK);
    follow(first, root);
    CHECK_STR(contents("below/in"), "in lib");
    tree_end();
}

/* Looks for files in a stable directory again and again; the errors that there were. */
static void *
look_around(void *data)
{
    krait_file *root = NULL;
    uintptr_t errors = krait__path_open_root(data, &root) != 0;

    for (int i = 0; i < 2000; i++) {
        char path[64];
        krait_at where = {root, path};
        krait_stat stat;

        snprintf(path, sizeof(path), "lib/%d/%d/f", i % 10, i / 10 % 10);
        errors += krait__path_stat(&where, true, &stat) != 0;
    }
    krait__file_unref(root);
    krait__vfs_free(data);
    return (void *)errors;
}

static void
same_mounts_in_threads(void)
{
    pthread_t threads[4];
    krait_error err;

    tree_begin(NULL);
    host_dir("lib");
    for (int i = 0; i < 110; i++) {
        char name[64];

        snprintf(name, sizeof(name), i < 10 ? "lib/%d" : "lib/%d/%d", i % 10, i / 10 - 1);
        host_dir(name);
        if (i >= 10) {
            strcat(name, "/f");
            host_file(name, "f");
        }
    }
    mount_at("/lib", "lib", KRAIT_MOUNT_READ_ONLY | KRAIT_MOUNT_STABLE);
    for (int i = 0; i < 4; i++) {
        krait_vfs *vfs = NULL;

        CHECK_INT(krait__vfs_new(NULL, &vfs, &err), KRAIT_OK);
        CHECK_INT(krait__vfs_mount_same(vfs, tree.vfs, "/lib", &err), KRAIT_OK);
        CHECK_INT(pthread_create(&threads[i], NULL, look_around, vfs), 0);
    }
    tree_start();
    CHECK_STR(contents("lib/3/4/f"), "f");
    for (int i = 0; i < 4; i++) {
        void *errors = NULL;

        pthread_join(threads[i], &errors);
        CHECK_UINT((uintptr_t)errors, 0);
    }
    CHECK_STR(contents("lib/9/9/f"), "f");
    tree_end();
}

CHECK_MAIN(CHECK_CASE(nested), CHECK_CASE(busy), CHECK_CASE(across), CHECK_CASE(read_only),
           CHECK_CASE(single_file), CHECK_CASE(misses_are_remembered), CHECK_CASE(whole_root),
           CHECK_CASE(stable), CHECK_CASE(absolute_links), CHECK_CASE(mounts_replace),
           CHECK_CASE(errors_name_the_host_path), CHECK_CASE(same_mounts),
           CHECK_CASE(same_mounts_in_threads))
