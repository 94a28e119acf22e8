/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory as bytes and back: krait__vfs_save, krait__vfs_load.  Damaged bytes are in
 * test_image_damage.c.
 */
#include "vfs/image.h"

#include <pthread.h>

static void
new_vfs(const krait_vfs_options *options, bool devices)
{
    krait_error err;

    CHECK_INT(krait__vfs_new(options, &tree.vfs, &err), KRAIT_OK);
    if (devices)
        CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
}

/* The next vfs in the same tree. */
static void
load_again(const krait_vfs_options *options, bool devices, const struct image *image,
           krait_status wanted)
{
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    new_vfs(options, devices);
    CHECK_INT(image_load(tree.vfs, image), wanted);
    tree_start();
}

static void
begin(bool devices)
{
    krait_error err;

    tree_begin(NULL);
    if (devices)
        CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
    tree_start();
}

static void
end(struct image *image)
{
    tree_end();
    free(image->bytes);
}

static int
do_chmod(const char *path, uint32_t mode)
{
    krait_at where = at(path);

    return krait__path_chmod(&where, false, mode);
}

static int
do_mkfifo(const char *path)
{
    krait_at where = at(path);

    return krait__path_mknod(&where, KRAIT_HOST_S_IFIFO | 0640);
}

/* Something of everything. */
static void
make_tree(void)
{
    krait_file *file;
    char name[64];

    CHECK_INT(make_file("tmp/empty", ""), 0);
    CHECK_INT(make_file("tmp/text", "hello"), 0);
    CHECK_INT(do_mkdir("tmp/d"), 0);
    CHECK_INT(do_mkdir("tmp/d/deep"), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "tmp/d/%d", i);
        CHECK_INT(make_file(name, name), 0);
    }
    for (int i = 0; i < 100; i += 3) {
        snprintf(name, sizeof(name), "tmp/d/%d", i);
        CHECK_INT(do_unlink(name), 0);
    }
    CHECK_INT(do_link("tmp/text", "tmp/d/same"), 0);
    CHECK_INT(do_link("tmp/text", "tmp/0same"), 0);
    CHECK_INT(do_symlink("../text", "tmp/d/link"), 0);
    CHECK_INT(do_symlink("/nowhere", "tmp/broken"), 0);
    CHECK_INT(do_mkfifo("tmp/fifo"), 0);
    CHECK_INT(do_chmod("tmp/text", 04751), 0);
    CHECK_INT(do_chmod("tmp/d/deep", 01500), 0);
    CHECK_INT(do_utimes("tmp/text", 12345), 0);
    CHECK_INT(do_utimes("tmp/d", UINT64_MAX), 0);
    file = open_file("tmp/holes", W | C, 0);
    CHECK_INT(write_file(file, 100000, "middle"), 0);
    CHECK_INT(write_file(file, UINT64_C(20) << 20, "far"), 0);
    CHECK_INT(krait__file_set_size(file, UINT64_C(1) << 30), 0);
    CHECK_INT(krait__file_allocate(file, 8192, 10000), 0);
    krait__file_unref(file);
    CHECK_INT(do_rename("tmp/d/1", "tmp/moved"), 0);
}

static void
round_trip(void)
{
    struct image image;
    struct image again;
    char *before;
    char *after;

    begin(true);
    make_tree();
    before = description();
    image = image_of(tree.vfs);
    load_again(NULL, true, &image, KRAIT_OK);
    after = description();
    CHECK_STR(after, before);
    CHECK_HAS(after, "./dev/null 2 cookie");
    /* the same tree gives the same bytes */
    again = image_of(tree.vfs);
    CHECK_UINT(again.size, image.size);
    CHECK_MEM(again.bytes, image.bytes, image.size < again.size ? image.size : again.size);
    CHECK_UINT(image.size % 4096, 0);
    free(before);
    free(after);
    free(again.bytes);
    end(&image);
}

/* What was loaded is used like what was made there. */
static void
goes_on(void)
{
    struct image image;
    krait_stat old;
    krait_stat s;

    begin(true);
    make_tree();
    CHECK_INT(do_stat("tmp/holes", &old), 0);
    image = image_of(tree.vfs);
    load_again(NULL, true, &image, KRAIT_OK);
    CHECK_INT(make_file("tmp/new", "new"), 0);
    CHECK_INT(do_stat("tmp/new", &s), 0);
    CHECK(s.ino > old.ino);
    CHECK_INT(do_unlink("tmp/text"), 0);
    CHECK_STR(contents("tmp/d/same"), "hello");
    CHECK_INT(do_stat("tmp/d/same", &s), 0);
    CHECK_UINT(s.nlink, 2);
    CHECK_INT(do_chmod("tmp/d/deep", 0755), 0);
    CHECK_INT(do_rename("tmp/d/deep", "tmp/deep"), 0);
    CHECK_INT(do_rmdir("tmp/deep"), 0);
    CHECK_INT(do_rmdir("tmp/d"), ENOTEMPTY);
    CHECK_INT(make_file("x", "the root is locked"), EROFS);
    CHECK_INT(do_rmdir("tmp"), EROFS);
    CHECK_INT(make_file("dev/null", "gone"), 0);
    CHECK_INT(do_unlink("dev/null"), EROFS);
    end(&image);
}

/* ---- contents that are shared -------------------------------------------------------------- */

static void
fill(krait_file *file, uint64_t offset, size_t size, char with)
{
    char *bytes = malloc(size + 1);

    memset(bytes, with, size);
    bytes[size] = '\0';
    CHECK_INT(write_file(file, offset, bytes), 0);
    free(bytes);
}

static void
writes_are_private(void)
{
    struct image image;
    uint8_t *copy;
    krait_file *file;

    begin(false);
    file = open_file("tmp/big", R | W | C, 0);
    fill(file, 0, 3 * 4096 + 100, 'a');
    krait__file_unref(file);
    CHECK_INT(make_file("tmp/small", "0123456789"), 0);
    image = image_of(tree.vfs);
    copy = malloc(image.size);
    memcpy(copy, image.bytes, image.size);
    load_again(NULL, false, &image, KRAIT_OK);

    file = open_file("tmp/big", R | W, 0);
    CHECK_INT(write_file(file, 4095, "BBB"), 0);
    CHECK_STR(read_file(file, 3 * 4096 + 98), "aa");
    CHECK_INT(krait__file_set_size(file, 3 * 4096 + 10), 0);
    CHECK_INT(krait__file_set_size(file, 3 * 4096 + 20), 0);
    CHECK_UINT(strlen(read_file(file, 3 * 4096)), 10);
    CHECK_INT(krait__file_set_size(file, 4), 0);
    CHECK_STR(read_file(file, 0), "aaaa");
    CHECK_INT(write_file(file, 4, "cc"), 0);
    CHECK_STR(read_file(file, 0), "aaaacc");
    krait__file_unref(file);
    file = open_file("tmp/small", R | W, 0);
    CHECK_INT(krait__file_allocate(file, 0, 9000), 0);
    CHECK_INT(write_file(file, 2, "xx"), 0);
    CHECK_STR(read_file(file, 0), "01xx456789");
    krait__file_unref(file);
    CHECK_INT(open_error("tmp/small", W | T), 0);
    CHECK_MEM(image.bytes, copy, image.size);
    free(copy);
    end(&image);
}

/* Two from the same bytes do not see each other, and what was loaded is saved like what was made. */
static void
clones(void)
{
    struct image image;
    struct image second;
    krait_vfs *other;
    krait_error err;

    begin(false);
    CHECK_INT(make_file("tmp/f", "first"), 0);
    CHECK_INT(make_file("tmp/g", "kept"), 0);
    image = image_of(tree.vfs);
    load_again(NULL, false, &image, KRAIT_OK);
    CHECK_INT(krait__vfs_new(NULL, &other, &err), KRAIT_OK);
    CHECK_INT(image_load(other, &image), KRAIT_OK);
    CHECK_INT(make_file("tmp/f", "changed"), 0);
    second = image_of(tree.vfs);
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    tree.vfs = other;
    tree_start();
    CHECK_STR(contents("tmp/f"), "first");
    load_again(NULL, false, &second, KRAIT_OK);
    CHECK_STR(contents("tmp/f"), "changed");
    CHECK_STR(contents("tmp/g"), "kept");
    free(second.bytes);
    end(&image);
}

static void
quotas(void)
{
    krait_vfs_options options = {.memory_limit_bytes = 1u << 20};
    struct image image;
    uint64_t used;
    uint32_t inodes;
    krait_file *file;

    begin(false);
    used = krait__vfs_memory_used(tree.vfs);
    inodes = krait__vfs_inodes_used(tree.vfs);
    file = open_file("tmp/big", R | W | C, 0);
    fill(file, 0, 1u << 19, 'q');
    krait__file_unref(file);
    used = krait__vfs_memory_used(tree.vfs) - used;
    inodes = krait__vfs_inodes_used(tree.vfs) - inodes;
    image = image_of(tree.vfs);
    load_again(&options, false, &image, KRAIT_OK);
    CHECK_UINT(inodes, 1);
    CHECK_UINT(krait__vfs_inodes_used(tree.vfs), 3);
    CHECK(krait__vfs_memory_used(tree.vfs) >= 1u << 19);
    CHECK(krait__vfs_memory_used(tree.vfs) <= used + 4096);
    CHECK_INT(make_file("tmp/more", "more"), 0);
    CHECK_INT(do_unlink("tmp/more"), 0);
    /* a copy of a shared block costs nothing again */
    used = krait__vfs_memory_used(tree.vfs);
    file = open_file("tmp/big", R | W, 0);
    fill(file, 0, 1u << 19, 'r');
    CHECK_UINT(krait__vfs_memory_used(tree.vfs), used);
    krait__file_unref(file);
    CHECK_INT(do_unlink("tmp/big"), 0);
    CHECK(krait__vfs_memory_used(tree.vfs) < 4096);
    options.memory_limit_bytes = 1u << 18;
    load_again(&options, false, &image, KRAIT_ELIMIT);
    options = (krait_vfs_options){.inode_limit = 2};
    load_again(&options, false, &image, KRAIT_ELIMIT);
    end(&image);
}

/* A quota that is used up to its end is enough for what it held. */
static void
full_quota(void)
{
    krait_vfs_options options = {.memory_limit_bytes = 200000, .inode_limit = 100};
    struct image image;
    char name[32];
    int made = 0;

    tree_begin(&options);
    tree_start();
    while (made < 100) {
        snprintf(name, sizeof(name), "tmp/%d", made);
        if (make_file(name, name) != 0)
            break;
        made++;
    }
    CHECK(made > 10 && made < 100);
    CHECK_INT(open_error(name, W | C), 0);
    image = image_of(tree.vfs);
    load_again(&options, false, &image, KRAIT_OK);
    CHECK_STR(contents("tmp/7"), "tmp/7");
    end(&image);
}

/* ---- other mounts -------------------------------------------------------------------------- */

static void
fewer_mounts(void)
{
    struct image image;
    krait_error err;
    krait_stat s;

    tree_begin(NULL);
    host_file("f", "host");
    host_dir("h");
    CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_file(tree.vfs, "/data/a/b/f", host("f"), 0, &err), KRAIT_OK);
    mount_at("/home/me", "h", 0);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/data/a/kept", "k", 1, &err), KRAIT_OK);
    tree_start();
    CHECK_STR(contents("data/a/b/f"), "host");
    CHECK_INT(do_link("dev/null", "tmp/mine"), 0);
    image = image_of(tree.vfs);
    load_again(NULL, false, &image, KRAIT_OK);
    /* only what the guest has in it is still there */
    CHECK_STR(listing("."), "tmp data ");
    CHECK_STR(listing("data/a"), "kept ");
    CHECK_STR(contents("data/a/kept"), "k");
    CHECK_INT(make_file("data/a/no", "no"), EROFS);
    CHECK_INT(do_stat("tmp/mine", &s), 0);
    CHECK_INT(s.type, KRAIT_TYPE_CHARACTER_DEVICE);
    CHECK_UINT(s.nlink, 1);
    end(&image);
}

static void
more_mounts(void)
{
    struct image image;
    krait_stat tmp;
    krait_stat dev;
    krait_stat s;

    begin(false);
    CHECK_INT(make_file("tmp/f", "kept"), 0);
    CHECK_INT(do_mkdir("tmp/x"), 0);
    image = image_of(tree.vfs);
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    new_vfs(NULL, true);
    host_dir("h");
    host_file("h/in", "host");
    mount_at("/tmp/x/y", "h", 0);
    mount_at("/opt/z", "h", 0);
    CHECK_INT(image_load(tree.vfs, &image), KRAIT_OK);
    tree_start();
    CHECK_STR(listing("."), "dev tmp opt "); /* ways to mounts come last */
    CHECK_STR(listing("tmp"), "f x ");
    CHECK_STR(contents("tmp/x/y/in"), "host");
    CHECK_STR(contents("opt/z/in"), "host");
    CHECK_INT(make_file("dev/null", "x"), 0);
    CHECK_INT(do_stat("tmp", &tmp), 0);
    CHECK_INT(do_stat("dev", &dev), 0);
    CHECK_INT(do_stat("dev/null", &s), 0);
    CHECK(tmp.ino != dev.ino && dev.ino != s.ino && tmp.ino != s.ino);
    CHECK_INT(make_file("tmp/new", "x"), 0);
    CHECK_INT(do_stat("tmp/new", &tmp), 0);
    CHECK(tmp.ino > dev.ino && tmp.ino > s.ino);
    end(&image);
}

/* A file where a mount needs a directory, and the other way round. */
static void
mounts_in_the_way(void)
{
    struct image image;
    krait_error err;

    begin(false);
    CHECK_INT(make_file("tmp/x", "file"), 0);
    image = image_of(tree.vfs);
    krait__file_unref(tree.root);
    krait__vfs_free(tree.vfs);
    new_vfs(NULL, false);
    host_dir("h");
    mount_at("/tmp/x/y", "h", 0);
    CHECK_INT(krait__vfs_load(tree.vfs, image.bytes, image.size, &err), KRAIT_EINVAL);
    CHECK_HAS(err.text, "'x'");
    krait__vfs_free(tree.vfs);
    new_vfs(NULL, false);
    CHECK_INT(krait__vfs_put_file(tree.vfs, "/tmp/x", "replaced", 8, &err), KRAIT_OK);
    CHECK_INT(image_load(tree.vfs, &image), KRAIT_OK);
    tree_start();
    CHECK_STR(contents("tmp/x"), "file");
    end(&image);
}

static void
refusals(void)
{
    struct image image = {.bytes = NULL};
    krait_error err;
    krait_file *fifo;

    begin(false);
    CHECK_INT(do_mkfifo("tmp/fifo"), 0);
    fifo = open_file("tmp/fifo", R | W, 0);
    CHECK_INT(krait__vfs_save(tree.vfs, image_write, &image, &err), KRAIT_EBUSY);
    krait__file_unref(fifo);
    CHECK_UINT(image.size, 0);
    CHECK_INT(krait__vfs_save(tree.vfs, image_write, &image, &err), KRAIT_OK);
    free(image.bytes);
    image = (struct image){.bytes = NULL};
    CHECK_INT(krait__vfs_mount_memory(tree.vfs, "/a/b", NULL, 0, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_save(tree.vfs, image_write, &image, &err), KRAIT_EUNSUPPORTED);
    end(&image);
}

/* Makes, changes and reads a file system of its own; the errors that there were. */
static void *
use_one(void *data)
{
    const struct image *image = data;
    uintptr_t errors = 0;

    for (int i = 0; i < 50; i++) {
        krait_vfs *vfs = NULL;
        void *bytes = NULL;
        size_t size = 0;
        krait_error err;

        errors += krait__vfs_new(NULL, &vfs, &err) != KRAIT_OK;
        errors += krait__vfs_load(vfs, image->bytes, image->size, &err) != KRAIT_OK;
        errors += krait__vfs_get_file(vfs, "/tmp/big", 1u << 20, &bytes, &size, &err) != KRAIT_OK;
        errors += size != 100000;
        free(bytes);
        errors += krait__vfs_put_file(vfs, "/tmp/big", "mine", 4, &err) != KRAIT_OK;
        krait__vfs_free(vfs);
    }
    return (void *)errors;
}

static void
threads(void)
{
    struct image image;
    pthread_t all[4];
    krait_file *file;

    begin(false);
    file = open_file("tmp/big", R | W | C, 0);
    fill(file, 0, 100000, 't');
    krait__file_unref(file);
    image = image_of(tree.vfs);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&all[i], NULL, use_one, &image), 0);
    for (int i = 0; i < 4; i++) {
        void *errors = NULL;

        pthread_join(all[i], &errors);
        CHECK_UINT((uintptr_t)errors, 0);
    }
    end(&image);
}

/* Open, but without a name: not in the bytes. */
static void
without_a_name(void)
{
    struct image image;
    krait_file *file;

    begin(false);
    file = open_file("tmp/gone", R | W | C, 0);
    fill(file, 0, 100000, 'x');
    CHECK_INT(do_unlink("tmp/gone"), 0);
    image = image_of(tree.vfs);
    CHECK_UINT(image.size, 4096);
    krait__file_unref(file);
    load_again(NULL, false, &image, KRAIT_OK);
    CHECK_STR(listing("tmp"), "");
    end(&image);
}

CHECK_MAIN(CHECK_CASE(round_trip), CHECK_CASE(goes_on), CHECK_CASE(writes_are_private),
           CHECK_CASE(clones), CHECK_CASE(quotas), CHECK_CASE(full_quota), CHECK_CASE(fewer_mounts),
           CHECK_CASE(more_mounts), CHECK_CASE(mounts_in_the_way), CHECK_CASE(refusals),
           CHECK_CASE(without_a_name), CHECK_CASE(threads))
