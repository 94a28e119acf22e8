/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks: every way that has led out of a granted directory somewhere, with openat2
 * and without.  "outside/secret" is what no path may reach.
 */
#include "vfs/tree.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static bool walking; /* the resolver of the running case */

static void
twice(void (*body)(void))
{
    krait_vfs_options options = {.resolve_by_walking = 1};

    for (int i = 0; i < 2; i++) {
        walking = i == 1;
        tree_begin(walking ? &options : NULL);
        host_dir("outside");
        host_file("outside/secret", "secret");
        host_dir("grant");
        host_dir("grant/dir");
        host_file("grant/dir/fine", "fine");
        mount_at("/grant", "grant", 0);
        body();
        tree_end();
    }
}

static void
dots_body(void)
{
    static const char *const paths[] = {
        "../outside/secret",
        "../../outside/secret",
        "dir/../../outside/secret",
        "dir/../dir/../../outside/secret",
        "./.././outside/secret",
        "dir//..//..//outside/secret",
        "nope/../../outside/secret",
        "/etc/passwd",
        "//etc/passwd",
    };
    krait_file *dir;

    tree_start();
    dir = open_file("grant", R | D, 0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        krait_file *file = NULL;
        krait_at where = {dir, paths[i]};
        krait_stat stat;

        CHECK(krait__path_open(&where, R | FO, 0, &file) != 0);
        CHECK(krait__path_stat(&where, true, &stat) != 0);
        CHECK(krait__path_mkdir(&where, KRAIT_MODE_DEFAULT) != 0);
        CHECK(krait__path_unlink(&where) != 0);
    }
    {
        /* the directory itself is fine, its parent is not */
        krait_at here = {dir, "dir/.."};
        krait_at above = {dir, ".."};
        krait_stat stat;

        CHECK_INT(krait__path_stat(&here, true, &stat), 0);
        CHECK_INT(krait__path_stat(&above, true, &stat), EPERM);
    }
    krait__file_unref(dir);
    CHECK_INT(open_error("../outside/secret", R), ENOENT); /* the guest's "/outside" */
    CHECK_INT(access(host("outside/secret"), F_OK), 0);
}

static void
dots(void)
{
    twice(dots_body);
}

static void
links_body(void)
{
    char absolute[128];
    char name[64];

    snprintf(absolute, sizeof(absolute), "%s/outside/secret", tree.host);
    host_link(absolute, "grant/abs");
    host_link("../outside/secret", "grant/rel");
    host_link("../../outside", "grant/dir/up");
    host_link("dir/up", "grant/chain");
    host_link("chain/secret", "grant/chain2");
    host_link("/", "grant/root");
    host_link("..", "grant/parent");
    host_link("../grant/dir/fine", "grant/round"); /* climbs out and comes back */
    host_link("/grant/dir/fine", "grant/inside");  /* means the guest's path */
    host_link("/grant/dir", "grant/insidedir");
    host_link("a", "grant/b");
    host_link("b", "grant/a");
    for (int i = 0; i < 50; i++) {
        char next[64];

        snprintf(name, sizeof(name), "grant/many%d", i);
        snprintf(next, sizeof(next), "many%d", i + 1);
        host_link(i < 49 ? next : "dir/fine", name);
    }
    tree_start();
    CHECK_INT(open_error("grant/abs", R | FO), EPERM);
    CHECK_INT(open_error("grant/rel", R | FO), EPERM);
    CHECK_INT(open_error("grant/dir/up/secret", R), EPERM);
    CHECK_INT(open_error("grant/chain/secret", R), EPERM);
    CHECK_INT(open_error("grant/chain2", R | FO), EPERM);
    CHECK_INT(open_error("grant/root", R | D | FO), EPERM);
    CHECK_INT(open_error("grant/root/tmp", R | D), EPERM);
    CHECK_INT(open_error("grant/parent/tmp", R | D), EPERM);
    CHECK_INT(open_error("grant/rel", W | C | FO), EPERM);
    CHECK_INT(open_error("grant/rel", W | T | FO), EPERM);
    CHECK_STR(contents("grant/round"), "fine");
    CHECK_STR(contents("grant/inside"), "fine");
    CHECK_STR(contents("grant/insidedir/fine"), "fine");
    CHECK_INT(open_error("grant/a", R | FO), ELOOP);
    CHECK_INT(open_error("grant/a/x", R), ELOOP);
    CHECK_INT(open_error("grant/many0", R | FO), ELOOP);
    CHECK_STR(contents("grant/many15"), "fine");
    /* what works on links works on the link */
    CHECK_INT(type_at("grant/abs"), KRAIT_TYPE_LINK);
    CHECK_INT(do_utimes("grant/abs", 7), 0);
    CHECK_INT(do_rename("grant/abs", "grant/dir/abs"), 0);
    CHECK_INT(open_error("grant/dir/abs", R | FO), EPERM);
    CHECK_INT(do_link("grant/rel", "grant/hard"), 0);
    CHECK_INT(open_error("grant/hard", R | FO), EPERM);
    CHECK_INT(do_unlink("grant/rel"), 0);
    CHECK_INT(access(host("outside/secret"), F_OK), 0);
}

static void
links(void)
{
    twice(links_body);
}

/* Links that the guest makes itself. */
static void
planted_links_body(void)
{
    tree_start();
    CHECK_INT(do_symlink("/etc/passwd", "grant/p"), EPERM);
    CHECK_INT(do_symlink("../../../../../etc/passwd", "grant/p"), 0);
    CHECK_INT(open_error("grant/p", R | FO), EPERM);
    CHECK_INT(open_error("grant/p", W | C | FO), EPERM);
    CHECK_INT(do_symlink("../outside", "grant/o"), 0);
    CHECK_INT(open_error("grant/o/new", W | C), EPERM);
    CHECK_INT(do_mkdir("grant/o/new"), EPERM);
    CHECK_INT(do_rename("grant/dir/fine", "grant/o/fine"), EPERM);
    CHECK_INT(do_link("grant/dir/fine", "grant/o/fine"), EPERM);
    CHECK_INT(do_link("grant/o/secret", "grant/s"), EPERM);
    CHECK_INT(do_unlink("grant/o/secret"), EPERM);
    /* from memory into a grant and on through its links */
    CHECK_INT(do_symlink("../grant/o", "tmp/t"), 0);
    CHECK_INT(open_error("tmp/t/secret", R), EPERM);
    CHECK_INT(do_symlink("/grant/dir", "tmp/d"), 0);
    CHECK_STR(contents("tmp/d/fine"), "fine");
    CHECK(access(host("outside/new"), F_OK) != 0);
}

static void
planted_links(void)
{
    twice(planted_links_body);
}

/* One grant inside another: links do not lead from one to the other. */
static void
links_between_grants_body(void)
{
    mount_at("/other", "outside", KRAIT_MOUNT_READ_ONLY);
    mount_at("/grant/nested", "outside", KRAIT_MOUNT_READ_ONLY);
    host_link("nested/secret", "grant/n");
    host_link("/other/secret", "grant/o");
    host_link("../other/secret", "grant/r");
    tree_start();
    CHECK_STR(contents("grant/nested/secret"), "secret");
    CHECK_INT(open_error("grant/n", R | FO), EPERM);
    CHECK_INT(open_error("grant/o", R | FO), EPERM);
    CHECK_INT(open_error("grant/r", R | FO), EPERM);
    /* a writable grant is no way to write what is read-only inside it */
    CHECK_INT(open_error("grant/nested/secret", W), EROFS);
    CHECK_INT(open_error("grant/dir/../nested/secret", W), EROFS);
}

static void
links_between_grants(void)
{
    twice(links_between_grants_body);
}

/* /proc in a grant: links of the kernel's and files of processes. */
static void
proc_body(void)
{
    krait_error err;
    char path[64];
    int fd = open(host("outside/secret"), O_RDONLY | O_CLOEXEC);

    CHECK_INT(krait__vfs_mount_dir(tree.vfs, "/proc", "/proc", 0, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_dir(tree.vfs, "/fd", "/proc/self/fd", 0, &err), KRAIT_OK);
    tree_start();
    snprintf(path, sizeof(path), "proc/self/fd/%d", fd);
    CHECK(open_error(path, R | FO) != 0);
    snprintf(path, sizeof(path), "fd/%d", fd);
    CHECK(open_error(path, R | FO) != 0);
    CHECK(open_error("proc/self/root/etc/passwd", R) != 0);
    CHECK(open_error("proc/self/cwd", R | D | FO) != 0);
    CHECK(open_error("proc/self/exe", R | FO) != 0);
    CHECK(open_error("proc/1/root/etc/passwd", R) != 0);
    /* not even plain files: they are about the host's processes */
    CHECK_INT(open_error("proc/self/mem", R | W), EACCES);
    CHECK_INT(open_error("proc/self/mem", R), EACCES);
    CHECK_INT(open_error("proc/self/environ", R), EACCES);
    CHECK_INT(open_error("proc/self/maps", R), EACCES);
    close(fd);
}

static void
proc(void)
{
    twice(proc_body);
}

/* ---- races ---------------------------------------------------------------------------------- */

static atomic_bool stop;
static atomic_uint swaps; /* made by the attacking thread */

/* At least 10,000 opens, and more until both sides had their turns: on a busy machine
 * the other thread may not run for a while. */
static bool
race_goes_on(int opens, unsigned good)
{
    enum { OPENS = 10000, MOST_OPENS = 200 * OPENS };

    if (opens < OPENS)
        return true;
    if ((good > 0 && atomic_load(&swaps) > 100) || opens >= MOST_OPENS)
        return false;
    sched_yield();
    return true;
}

/* Swaps a directory and a link to outside under one name, as fast as it can. */
static void *
swap_link(void *arg)
{
    int dir = open(host("grant"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)arg;
    while (!atomic_load(&stop)) {
        swaps += renameat(dir, "flip", dir, "spare") == 0;
        swaps += symlinkat("../outside", dir, "flip") == 0;
        swaps += unlinkat(dir, "flip", 0) == 0;
        swaps += renameat(dir, "spare", dir, "flip") == 0;
    }
    close(dir);
    return NULL;
}

static void
link_race_body(void)
{
    pthread_t thread;
    unsigned good = 0;
    unsigned bad = 0;

    host_dir("grant/flip");
    host_file("grant/flip/secret", "harmless");
    tree_start();
    atomic_store(&stop, false);
    atomic_store(&swaps, 0);
    CHECK_INT(pthread_create(&thread, NULL, swap_link, NULL), 0);
    for (int i = 0; race_goes_on(i, good); i++) {
        const char *text = contents(i % 2 ? "grant/flip/secret" : "grant/dir/../flip/secret");

        good += strcmp(text, "harmless") == 0;
        bad += strcmp(text, "secret") == 0;
        if (i % 8 == 0)
            (void)open_error("grant/flip/made", W | C);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK_UINT(bad, 0);
    CHECK(good > 0 && swaps > 100);
    CHECK(access(host("outside/made"), F_OK) != 0);
}

static void
link_race(void)
{
    twice(link_race_body);
}

/* Swaps the last name between a file and a link to outside. */
static void *
swap_file(void *arg)
{
    int dir = open(host("grant"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)arg;
    swaps += symlinkat("../outside/secret", dir, "evil") == 0;
    while (!atomic_load(&stop)) {
        swaps += linkat(dir, "good", dir, "next", 0) == 0;
        swaps += renameat(dir, "next", dir, "name") == 0;
        swaps += linkat(dir, "evil", dir, "next", 0) == 0;
        swaps += renameat(dir, "next", dir, "name") == 0;
    }
    close(dir);
    return NULL;
}

static void
file_race_body(void)
{
    pthread_t thread;
    unsigned good = 0;
    unsigned bad = 0;

    host_file("grant/good", "harmless");
    host_file("grant/name", "harmless");
    tree_start();
    atomic_store(&stop, false);
    atomic_store(&swaps, 0);
    CHECK_INT(pthread_create(&thread, NULL, swap_file, NULL), 0);
    for (int i = 0; race_goes_on(i, good); i++) {
        const char *text = contents("grant/name");

        good += strcmp(text, "harmless") == 0;
        bad += strcmp(text, "secret") == 0;
        if (i % 8 == 0)
            (void)do_utimes("grant/name", 5);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK_UINT(bad, 0);
    CHECK(good > 0 && swaps > 100);
    CHECK_INT(open_error("grant/evil", R | FO), EPERM);
}

static void
file_race(void)
{
    twice(file_race_body);
}

static int
do_chmod(const char *path, bool follow, uint32_t mode)
{
    krait_at where = at(path);

    return krait__path_chmod(&where, follow, mode);
}

/* Changes the modes of names that become links to outside, of the last and of one before. */
static void
change_modes(void *(*swap)(void *), const char *path)
{
    pthread_t thread;
    unsigned good = 0;
    struct stat secret;

    CHECK_INT(chmod(host("outside/secret"), 0644), 0);
    atomic_store(&stop, false);
    atomic_store(&swaps, 0);
    CHECK_INT(pthread_create(&thread, NULL, swap, NULL), 0);
    for (int i = 0; race_goes_on(i, good); i++)
        good += do_chmod(path, i % 2, i % 4 < 2 ? 0600 : 0622) == 0;
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK(good > 0 && swaps > 100);
    CHECK_INT(stat(host("outside/secret"), &secret), 0);
    CHECK_UINT(secret.st_mode & 07777, 0644);
}

static void
mode_race_body(void)
{
    host_file("grant/good", "harmless");
    host_file("grant/name", "harmless");
    host_dir("grant/flip");
    host_file("grant/flip/secret", "harmless");
    tree_start();
    change_modes(swap_file, "grant/name");
    change_modes(swap_link, "grant/flip/secret");
    CHECK_INT(do_chmod("grant/evil", true, 0600), EPERM);
    CHECK_INT(do_chmod("grant/evil", false, 0600), ENOTSUP);
}

static void
mode_race(void)
{
    twice(mode_race_body);
}

/* Moves a directory out of the grant and back while paths go through it and up again. */
static void *
move_out(void *arg)
{
    int dir = open(tree.host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)arg;
    while (!atomic_load(&stop)) {
        swaps += renameat(dir, "grant/a/b", dir, "outside/b") == 0;
        swaps += renameat(dir, "outside/b", dir, "grant/a/b") == 0;
    }
    close(dir);
    return NULL;
}

static void
move_race_body(void)
{
    pthread_t thread;
    unsigned good = 0;
    unsigned bad = 0;

    host_dir("grant/a");
    host_dir("grant/a/b");
    host_dir("grant/a/b/c");
    host_file("grant/a/secret", "harmless");
    tree_start();
    atomic_store(&stop, false);
    atomic_store(&swaps, 0);
    CHECK_INT(pthread_create(&thread, NULL, move_out, NULL), 0);
    for (int i = 0; race_goes_on(i, good); i++) {
        /* from "outside/b/c", two up and "secret" would be outside */
        const char *text = contents("grant/a/b/c/../../secret");

        good += strcmp(text, "harmless") == 0;
        bad += strcmp(text, "secret") == 0;
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK_UINT(bad, 0);
    CHECK(good > 0 && swaps > 100);
}

static void
move_race(void)
{
    twice(move_race_body);
}

/* An open directory that was moved out: what is below it stays reachable, as with any
 * open file, but nothing above. */
static void
moved_directory_body(void)
{
    krait_file *dir;
    krait_file *file = NULL;
    krait_at where;

    tree_start();
    dir = open_file("grant/dir", R | D, 0);
    CHECK_INT(rename(host("grant/dir"), host("outside/dir")), 0);
    where = (krait_at){dir, "../secret"};
    CHECK_INT(krait__path_open(&where, R, 0, &file), EPERM);
    where.path = "fine/../../secret";
    CHECK(krait__path_open(&where, R, 0, &file) != 0);
    where.path = "fine";
    CHECK_INT(krait__path_open(&where, R, 0, &file), 0);
    krait__file_unref(file);
    krait__file_unref(dir);
    CHECK_INT(open_error("grant/dir/fine", R), ENOENT);
}

static void
moved_directory(void)
{
    twice(moved_directory_body);
}

/* The grant itself may be moved by the host: it stays the same directory. */
static void
moved_grant_body(void)
{
    tree_start();
    CHECK_INT(rename(host("grant"), host("elsewhere")), 0);
    host_dir("grant");
    host_file("grant/new", "new");
    CHECK_STR(contents("grant/dir/fine"), "fine");
    CHECK_INT(open_error("grant/new", R), ENOENT);
}

static void
moved_grant(void)
{
    twice(moved_grant_body);
}

/* Both resolvers give the same answers. */
static void
same_answers(void)
{
    static const char *const names[] = {"a", "b", "link", "up", "abs", "loop", ".", "..", "f"};
    krait_vfs_options walk = {.resolve_by_walking = 1};
    krait_vfs *other;
    krait_file *root;
    krait_error err;
    unsigned seed = 12345;
    unsigned worked = 0;

    tree_begin(NULL);
    host_dir("m");
    host_dir("m/a");
    host_dir("m/a/b");
    host_file("m/a/f", "af");
    host_file("m/a/b/f", "abf");
    host_link("a/b", "m/link");
    host_link("../a", "m/a/up");
    host_link("/m/a", "m/abs");
    host_link("/m/a/b/f", "m/a/abs");
    host_link("../../../m/a", "m/a/b/up");
    host_link("loop", "m/loop");
    mount_at("/m", "m", 0);
    tree_start();
    CHECK_INT(krait__vfs_new(&walk, &other, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_dir(other, "/m", host("m"), 0, &err), KRAIT_OK);
    CHECK_INT(krait__path_open_root(other, &root), 0);
    for (int i = 0; i < 20000; i++) {
        char path[128] = "m";
        krait_stat one = {0};
        krait_stat two = {0};
        krait_at a;
        krait_at b;
        bool follow;
        int first;
        int second;

        for (unsigned n = 1 + (seed >> 8) % 6; n > 0; n--) {
            seed = seed * 1103515245u + 12345u;
            strcat(path, "/");
            strcat(path, names[(seed >> 16) % (sizeof(names) / sizeof(names[0]))]);
        }
        seed = seed * 1103515245u + 12345u;
        if (seed & 0x10000)
            strcat(path, "/");
        follow = seed & 0x20000;
        a = at(path);
        b = (krait_at){root, path};
        first = krait__path_stat(&a, follow, &one);
        second = krait__path_stat(&b, follow, &two);
        worked += first == 0;
        if (!CHECK(first == second && one.ino == two.ino))
            printf("    %s: %d %d\n", path, first, second);
    }
    CHECK(worked > 1000);
    krait__file_unref(root);
    krait__vfs_free(other);
    tree_end();
}

CHECK_MAIN(CHECK_CASE(dots), CHECK_CASE(links), CHECK_CASE(planted_links),
           CHECK_CASE(links_between_grants), CHECK_CASE(proc), CHECK_CASE(link_race),
           CHECK_CASE(file_race), CHECK_CASE(mode_race), CHECK_CASE(move_race),
           CHECK_CASE(moved_directory), CHECK_CASE(moved_grant), CHECK_CASE(same_answers))
