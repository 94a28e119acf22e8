/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host directories: opening, names, times, listings; each case with openat2 and without.
 */
#include "vfs/tree.h"

#include "vfs/fs.h"

#include <sys/sysmacros.h>

static void
twice(void (*body)(void))
{
    krait_vfs_options options = {.resolve_by_walking = 1};

    for (int i = 0; i < 2; i++) {
        tree_begin(i == 0 ? NULL : &options);
        host_dir("m");
        mount_at("/m", "m", 0);
        tree_start();
        body();
        tree_end();
    }
}

static void
open_flags_body(void)
{
    host_dir("m/dir");
    host_link("dir", "m/dirlink");
    host_link("file", "m/filelink");
    host_link("missing", "m/dangling");
    CHECK_INT(open_error("m/file", R), ENOENT);
    CHECK_INT(open_error("m/file", W | C | X), 0);
    CHECK_INT(open_error("m/file", W | C | X), EEXIST);
    CHECK_INT(open_error("m/file", W | C), 0);
    CHECK_INT(open_error("m/file", R | D), ENOTDIR);
    CHECK_INT(open_error("m/file/", R), ENOTDIR);
    CHECK_INT(open_error("m/file///", R), ENOTDIR);
    CHECK_INT(open_error("m/file/x", R), ENOTDIR);
    CHECK_INT(open_error("m/dir/", R), 0);
    CHECK_INT(open_error("m/dir///", R | D), 0);
    CHECK_INT(open_error("m/dir", R | W), EISDIR);
    CHECK_INT(open_error("m/dir", R | C), EISDIR);
    CHECK_INT(open_error("m/dir", R | T), EISDIR);
    CHECK_INT(open_error("m/new/", W | C), EISDIR);
    CHECK_INT(open_error("m/file/", W | C), ENOTDIR);
    CHECK_INT(open_error("m/dirlink", R | D), ELOOP);
    CHECK_INT(open_error("m/dirlink", R | D | FO), 0);
    CHECK_INT(open_error("m/dirlink/", R | D), 0); /* a slash follows */
    CHECK_INT(open_error("m/filelink/", R | FO), ENOTDIR);
    CHECK_INT(open_error("m/filelink", R), ELOOP);
    CHECK_INT(open_error("m/filelink", W | C | X | FO), EEXIST);
    CHECK_INT(open_error("m/dangling", R | FO), ENOENT);
    CHECK_INT(make_file("m/dangling", "made"), 0);
    CHECK_STR(contents("m/missing"), "made");
    CHECK_INT(open_error("m/missing", R | W | T), 0);
    CHECK_STR(contents("m/missing"), "");
    CHECK_INT(open_error("m/dir/.//../dir/./../file", R), 0);
    CHECK_INT(open_error("m/nope/../file", R), ENOENT);
}

static void
open_flags(void)
{
    twice(open_flags_body);
}

static void
names_body(void)
{
    krait_stat stat;
    char buffer[16] = "";
    size_t size = 0;
    krait_at where;

    CHECK_INT(make_file("m/f", "12345"), 0);
    CHECK_INT(do_mkdir("m/d/"), 0);
    CHECK_INT(do_mkdir("m/d"), EEXIST);
    CHECK_INT(do_mkdir("m/f/"), EEXIST);
    CHECK_INT(do_mkdir("m/x/y"), ENOENT);
    CHECK_INT(do_link("m/f", "m/d/g"), 0);
    CHECK_INT(do_link("m/f", "m/d/g"), EEXIST);
    CHECK_INT(do_link("m/f", "m/h/"), ENOENT);
    CHECK_INT(do_link("m/d", "m/h"), EPERM);
    CHECK_INT(do_stat("m/d/g", &stat), 0);
    CHECK_UINT(stat.nlink, 2);
    CHECK_INT(do_symlink("../f", "m/d/s"), 0);
    CHECK_STR(contents("m/d/s"), "12345");
    CHECK_INT(do_symlink("x", "m/d/s"), EEXIST);
    CHECK_INT(do_symlink("x", "m/new/"), ENOENT);
    CHECK_INT(do_symlink("x", "m/d/"), EEXIST);
    CHECK_INT(do_symlink("/", "m/abs"), EPERM);
    CHECK_INT(do_symlink("/m/f", "m/abs"), EPERM);
    where = at("m/d/s");
    CHECK_INT(krait__path_readlink(&where, buffer, 3, &size), 0);
    CHECK_UINT(size, 3);
    CHECK_MEM(buffer, "../", 3);
    CHECK_INT(krait__path_readlink(&where, buffer, 0, &size), 0);
    CHECK_UINT(size, 0);
    where = at("m/f");
    CHECK_INT(krait__path_readlink(&where, buffer, 3, &size), EINVAL);
    CHECK_INT(do_unlink("m/d"), EISDIR);
    CHECK_INT(do_unlink("m/d/"), EISDIR);
    CHECK_INT(do_unlink("m/f/"), ENOTDIR);
    CHECK_INT(do_rmdir("m/f"), ENOTDIR);
    CHECK_INT(do_rmdir("m/f/"), ENOTDIR);
    CHECK_INT(do_rmdir("m/d"), ENOTEMPTY);
    CHECK_INT(do_rmdir("m/d/."), EINVAL);
    CHECK_INT(do_rmdir("m/nope"), ENOENT);
    CHECK_INT(do_unlink("m/d/s"), 0);
    CHECK_STR(contents("m/f"), "12345");
    CHECK_INT(do_unlink("m/d/g"), 0);
    CHECK_INT(do_rmdir("m/d/"), 0);
}

static void
names(void)
{
    twice(names_body);
}

static void
renames_body(void)
{
    krait_file *file;

    host_dir("m/source");
    host_dir("m/full");
    host_file("m/full/x", "x");
    host_dir("m/empty");
    host_file("m/f", "f");
    host_file("m/g", "g");
    CHECK_INT(do_rename("m/source", "m/full"), ENOTEMPTY);
    CHECK_INT(do_rename("m/source", "m/full/x"), ENOTDIR);
    CHECK_INT(do_rename("m/f", "m/empty"), EISDIR);
    CHECK_INT(do_rename("m/f", "m/empty/"), ENOTDIR);
    CHECK_INT(do_rename("m/f/", "m/h"), ENOTDIR);
    CHECK_INT(do_rename("m/source/", "m/empty"), 0);
    CHECK_INT(do_rename("m/empty", "m/target/"), 0);
    CHECK_INT(do_rename("m/target/", "m/source/"), 0);
    CHECK_INT(do_rename("m/source", "m/source/below"), EINVAL);
    file = open_file("m/g", R, 0);
    CHECK_INT(do_rename("m/f", "m/g"), 0); /* os.replace under an open file */
    CHECK_STR(read_file(file, 0), "g");
    CHECK_STR(contents("m/g"), "f");
    krait__file_unref(file);
}

static void
renames(void)
{
    twice(renames_body);
}

/* What slashes behind a link have led to in other engines. */
static void
slashes_behind_links_body(void)
{
    host_dir("outside");
    host_file("outside/x", "x");
    host_dir("m/real");
    host_file("m/real/in", "in");
    host_link("real", "m/link");
    host_link("../outside", "m/out");
    host_link("nowhere", "m/none");
    CHECK_INT(do_rename("m/link/", "m/new"), ENOTDIR);
    CHECK_INT(do_rename("m/out/", "m/new"), ENOTDIR);
    CHECK_INT(do_rename("m/real", "m/link/"), ENOTDIR);
    CHECK_INT(do_rename("m/real", "m/out/"), ENOTDIR);
    CHECK_INT(do_rmdir("m/out/"), ENOTDIR);
    CHECK_INT(do_rmdir("m/link/"), ENOTDIR);
    CHECK_INT(do_unlink("m/out/"), ENOTDIR);
    CHECK_INT(do_mkdir("m/none/"), EEXIST);
    CHECK_INT(do_mkdir("m/out/"), EEXIST);
    CHECK_INT(do_symlink("x", "m/out/"), EEXIST);
    CHECK_INT(open_error("m/out/", R | D), EPERM);
    CHECK_INT(open_error("m/out/x", R), EPERM);
    CHECK_INT(open_error("m/out//", R), EPERM);
    CHECK_INT(do_utimes("m/out/", 1), EPERM);
    /* renamed, a link is still the link */
    CHECK_INT(do_rename("m/out", "m/moved"), 0);
    CHECK_INT(type_at("m/moved"), KRAIT_TYPE_LINK);
    CHECK_INT(open_error("m/moved/", R | D), EPERM);
    CHECK_INT(do_rename("m/moved", "m/real/moved"), 0);
    CHECK_INT(open_error("m/real/moved/x", R), ENOENT); /* now it means m/outside */
    CHECK_INT(do_link("m/link", "m/hard"), 0);
    CHECK_INT(type_at("m/hard"), KRAIT_TYPE_LINK);
    CHECK_STR(contents("m/link/in"), "in");
    CHECK_INT(access(host("outside/x"), F_OK), 0);
}

static void
slashes_behind_links(void)
{
    twice(slashes_behind_links_body);
}

static void
numbers_body(void)
{
    krait_stat a;
    krait_stat b;
    struct stat real;
    krait_file *file;

    host_file("m/a", "a");
    host_file("m/b", "b");
    host_link("a", "m/s");
    CHECK_INT(do_stat("m/a", &a), 0);
    CHECK_INT(do_stat("m/b", &b), 0);
    CHECK(a.dev == b.dev && a.ino != b.ino);
    CHECK_INT(stat(host("m/a"), &real), 0);
    CHECK_UINT(a.ino, real.st_ino);
    CHECK_UINT(a.mtime_ns,
               (uint64_t)real.st_mtim.tv_sec * 1000000000u + (uint64_t)real.st_mtim.tv_nsec);
    /* times to the nanosecond, of the link itself and through it */
    CHECK_INT(do_utimes("m/a", 1600000000123456789u), 0);
    CHECK_INT(do_utimes("m/s", 1500000000123456789u), 0);
    CHECK_INT(do_stat("m/s", &a), 0);
    CHECK_UINT(a.mtime_ns, 1600000000123456789u);
    CHECK_INT(do_lstat("m/s", &a), 0);
    CHECK_UINT(a.mtime_ns, 1500000000123456789u);
    CHECK_UINT(a.size, 1);
    CHECK_INT(do_utimes("m", 1400000000000000001u), 0);
    CHECK_INT(do_stat("m", &a), 0);
    CHECK_UINT(a.mtime_ns, 1400000000000000001u);
    file = open_file("m/b", R | W, 0);
    {
        krait_times times = {.atime = KRAIT_TIME_SET, .atime_ns = 5, .mtime = KRAIT_TIME_NOW};

        CHECK_INT(krait__file_set_times(file, &times), 0);
        CHECK_INT(krait__file_stat(file, &b), 0);
        CHECK_UINT(b.atime_ns, 5);
        CHECK(b.mtime_ns > UINT64_C(1700000000000000000));
    }
    krait__file_unref(file);
}

static void
numbers(void)
{
    twice(numbers_body);
}

static void
large_offsets_body(void)
{
    krait_file *file = open_file("m/big", R | W | C, 0);
    uint64_t far = (UINT64_C(5) << 30) + 1;
    uint64_t position = 0;
    krait_stat stat;

    CHECK_INT(write_file(file, far, "far"), 0);
    CHECK_INT(krait__file_stat(file, &stat), 0);
    CHECK_UINT(stat.size, far + 3);
    CHECK_STR(read_file(file, far + 1), "ar");
    CHECK_INT(krait__file_seek(file, (int64_t)far, SEEK_SET, &position), 0);
    CHECK_STR(read_file(file, KRAIT_AT_POSITION), "far");
    CHECK_INT(krait__file_set_size(file, 10), 0);
    CHECK_INT(krait__file_allocate(file, 8, 100), 0);
    CHECK_INT(krait__file_stat(file, &stat), 0);
    CHECK_UINT(stat.size, 108);
    CHECK_INT(krait__file_advise(file, 0, 0, POSIX_FADV_WILLNEED), 0);
    CHECK_INT(krait__file_advise(file, UINT64_MAX, 1, POSIX_FADV_NORMAL), EINVAL);
    CHECK_INT(krait__file_set_size(file, UINT64_MAX), EFBIG);
    CHECK_INT(krait__file_allocate(file, 0, 0), EINVAL);
    CHECK_INT(krait__file_allocate(file, UINT64_MAX, 2), EFBIG);
    CHECK_INT(krait__file_sync(file, false), 0);
    CHECK_INT(krait__file_sync(file, true), 0);
    krait__file_unref(file);
}

static void
large_offsets(void)
{
    twice(large_offsets_body);
}

static void
special_files_body(void)
{
    CHECK_INT(mkfifo(host("m/fifo"), 0666), 0);
    host_link("fifo", "m/link");
    /* none of these waits for the other end */
    CHECK_INT(open_error("m/fifo", R), EACCES);
    CHECK_INT(open_error("m/fifo", W), EACCES);
    CHECK_INT(open_error("m/fifo", R | W), EACCES);
    CHECK_INT(open_error("m/fifo", W | C), EACCES);
    CHECK_INT(open_error("m/fifo", W | T), EACCES);
    CHECK_INT(open_error("m/link", R | FO), EACCES);
    CHECK_INT(open_error("m/fifo", R | D), ENOTDIR);
    CHECK_INT(open_error("m/fifo/x", R), ENOTDIR);
    CHECK_INT(type_at("m/fifo"), KRAIT_TYPE_UNKNOWN);
    CHECK_INT(do_unlink("m/fifo"), 0);
    if (mknod(host("m/null"), S_IFCHR | 0666, makedev(1, 3)) == 0) {
        CHECK_INT(open_error("m/null", R), EACCES);
        CHECK_INT(type_at("m/null"), KRAIT_TYPE_CHARACTER_DEVICE);
    }
}

static void
special_files(void)
{
    twice(special_files_body);
}

static void
listings_body(void)
{
    enum { COUNT = 10000 };
    static unsigned char seen[COUNT];
    krait_dirent entry;
    krait_file *dir;
    uint64_t cookie = 0;
    uint64_t middle = 0;
    char after[300] = "";
    unsigned total = 0;
    unsigned dots = 0;

    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof(name), "m/%d", i);
        close(open(host(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    dir = open_file("m", R | D, 0);
    while (krait__file_readdir(dir, cookie, &entry) == 0 && entry.name_len > 0) {
        cookie = entry.next;
        total++;
        CHECK(entry.ino != 0);
        if (entry.name[0] == '.')
            dots++;
        else
            seen[atoi(entry.name)]++;
        if (total == COUNT / 2)
            middle = cookie;
        if (total == COUNT / 2 + 1)
            snprintf(after, sizeof(after), "%.*s", (int)entry.name_len, entry.name);
    }
    CHECK_UINT(total, COUNT + 2);
    CHECK_UINT(dots, 2);
    CHECK(memchr(seen, 0, sizeof(seen)) == NULL && memchr(seen, 2, sizeof(seen)) == NULL);
    /* back to the middle: the same name comes next */
    CHECK_INT(krait__file_readdir(dir, middle, &entry), 0);
    CHECK(entry.name_len == strlen(after) && memcmp(entry.name, after, entry.name_len) == 0);
    /* cookie 0 starts again */
    CHECK_INT(krait__file_readdir(dir, 0, &entry), 0);
    CHECK(entry.name_len > 0 && entry.next != 0);
    /* small enough for telldir of a 32-bit guest, and none that was not given out */
    CHECK(cookie < UINT32_MAX);
    CHECK_INT(krait__file_readdir(dir, cookie + 1, &entry), EINVAL);
    CHECK(krait__vfs_memory_used(tree.vfs) > COUNT * 8); /* charged while it is open */
    krait__file_unref(dir);
    CHECK(krait__vfs_memory_used(tree.vfs) < 4096);
}

static void
listings(void)
{
    tree_begin(NULL);
    host_dir("m");
    mount_at("/m", "m", 0);
    tree_start();
    listings_body();
    tree_end();
}

static void
entries_body(void)
{
    krait_dirent entry;
    krait_file *dir;
    uint64_t cookie = 0;
    krait_stat stat;
    struct stat outer;
    uint8_t types[256] = {0};

    host_file("m/f", "f");
    host_dir("m/d");
    host_link("f", "m/l");
    CHECK_INT(mkfifo(host("m/p"), 0600), 0);
    CHECK_INT(do_stat("m", &stat), 0);
    CHECK_INT(lstat(tree.host, &outer), 0);
    dir = open_file("m", R | D, 0);
    while (krait__file_readdir(dir, cookie, &entry) == 0 && entry.name_len > 0) {
        cookie = entry.next;
        if (entry.name_len == 1)
            types[(unsigned char)entry.name[0]] = entry.type;
        if (entry.name_len == 1 && entry.name[0] == '.')
            CHECK_UINT(entry.ino, stat.ino);
        if (entry.name_len == 2) /* "..": nothing of what is outside */
            CHECK(entry.ino != outer.st_ino);
    }
    krait__file_unref(dir);
    CHECK_INT(types['f'], KRAIT_TYPE_REGULAR);
    CHECK_INT(types['d'], KRAIT_TYPE_DIRECTORY);
    CHECK_INT(types['l'], KRAIT_TYPE_LINK);
    CHECK_INT(types['p'], KRAIT_TYPE_UNKNOWN);
}

static void
entries(void)
{
    twice(entries_body);
}

static void
append_and_flags_body(void)
{
    krait_file *file = NULL;
    krait_at where = at("m/log");
    uint64_t position = 0;

    CHECK_INT(krait__path_open(&where, R | W | C, KRAIT_FILE_APPEND | KRAIT_FILE_SYNC, &file), 0);
    CHECK_INT(krait__file_flags(file), KRAIT_FILE_APPEND | KRAIT_FILE_SYNC);
    CHECK_INT(write_file(file, KRAIT_AT_POSITION, "ab"), 0);
    CHECK_INT(krait__file_seek(file, 0, SEEK_SET, &position), 0);
    CHECK_INT(write_file(file, KRAIT_AT_POSITION, "cd"), 0);
    CHECK_INT(write_file(file, 0, "ef"), 0);
    CHECK_INT(krait__file_seek(file, 0, SEEK_CUR, &position), 0);
    CHECK_UINT(position, 4); /* a write at an offset moves nothing */
    CHECK_STR(contents("m/log"), "abcdef");
    CHECK_INT(krait__file_set_flags(file, KRAIT_FILE_NONBLOCK), 0);
    CHECK_INT(write_file(file, 0, "X"), 0);
    CHECK_STR(contents("m/log"), "Xbcdef");
    krait__file_unref(file);
}

static void
append_and_flags(void)
{
    twice(append_and_flags_body);
}

/* The descriptors of a walk come back, and a path may be deep. */
static void
deep_paths_body(void)
{
    char path[4096] = "m";
    size_t size = 1;
    krait_file *file;
    int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int last;

    file = open_file("m", R | D, 0);
    while (size + 120 < sizeof(path)) { /* room for the host's part */
        krait_at where = {file, "d"};
        krait_file *next = NULL;

        size += (size_t)snprintf(path + size, sizeof(path) - size, "/d");
        if (krait__path_mkdir(&where, KRAIT_MODE_DEFAULT) != 0 ||
            krait__path_open(&where, R | D, 0, &next) != 0)
            break;
        krait__file_unref(file);
        file = next;
    }
    krait__file_unref(file);
    CHECK(size > 3900);
    snprintf(path + size, sizeof(path) - size, "/f");
    CHECK_INT(make_file(path, "deep"), 0);
    CHECK_STR(contents(path), "deep");
    /* all the way down and up again */
    size = (size_t)snprintf(path, sizeof(path), "m");
    for (int i = 0; i < 600; i++)
        size += (size_t)snprintf(path + size, sizeof(path) - size, "/d");
    for (int i = 0; i < 599; i++)
        size += (size_t)snprintf(path + size, sizeof(path) - size, "/..");
    snprintf(path + size, sizeof(path) - size, "/g");
    CHECK_INT(make_file(path, "up"), 0);
    CHECK_STR(contents("m/d/g"), "up");
    file = open_file("m/d", R | D, 0);
    krait__file_unref(file);
    last = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_INT(last, first + 1);
    close(first);
    close(last);
}

static void
deep_paths(void)
{
    twice(deep_paths_body);
}

static unsigned steps;
static int (*real_step)(const krait_place *dir, const char *name, krait_step *ret_step);

static int
count_step(const krait_place *dir, const char *name, krait_step *ret_step)
{
    steps++;
    return real_step(dir, name, ret_step);
}

/* A path that goes up and down in the depth again and again: 34 levels, two more than stay open. */
static void
up_and_down(void)
{
    enum { TIMES = 12 };
    krait_vfs_options options = {.resolve_by_walking = 1};
    krait_fs_ops counting;
    krait_mount *mount;
    char path[4096] = "m";
    size_t size = 1;
    unsigned depth = 0;

    tree_begin(&options);
    host_dir("m");
    mount_at("/m", "m", 0);
    tree_start();
    mount = krait__ns_child(&tree.vfs->root, "m", 1)->mount;
    for (; depth < 900; depth++) {
        size += (size_t)snprintf(path + size, sizeof(path) - size, "/d");
        REQUIRE(do_mkdir(path) == 0);
    }
    for (unsigned i = 0; i < TIMES; i++) {
        for (unsigned level = 0; level < 34; level++)
            size += (size_t)snprintf(path + size, sizeof(path) - size, "/..");
        for (unsigned level = 0; level < 34; level++)
            size += (size_t)snprintf(path + size, sizeof(path) - size, "/d");
    }
    counting = *mount->ops;
    real_step = counting.step;
    counting.step = count_step;
    mount->ops = &counting;
    steps = 0;
    CHECK_INT(open_error(path, R | D), 0);
    CHECK(steps >= depth + TIMES * 34);
    CHECK(steps <= 4 * (depth + TIMES * 68));
    tree_end();
}

CHECK_MAIN(CHECK_CASE(up_and_down), CHECK_CASE(open_flags), CHECK_CASE(names), CHECK_CASE(renames),
           CHECK_CASE(slashes_behind_links), CHECK_CASE(numbers), CHECK_CASE(large_offsets),
           CHECK_CASE(special_files), CHECK_CASE(listings), CHECK_CASE(entries),
           CHECK_CASE(append_and_flags), CHECK_CASE(deep_paths))
