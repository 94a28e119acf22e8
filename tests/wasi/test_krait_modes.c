/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <krait/guest.h>: status, modes, owners, access and space of files.  Each case over files runs
 * in memory and on the host.
 */
#include "wasi/places.h"

#include <krait/guest.h>

#include <sys/statvfs.h>

static krait_host_stat status;

static int
get_stat(const char *path, uint32_t lookup)
{
    uint32_t size = text_at(NAME, path);
    int error = call("path_stat", U(3), lookup, U(NAME), size, U(STAT));

    memset(&status, 0xee, sizeof(status));
    if (error == 0)
        memcpy(&status, g.memory.base + STAT, sizeof(status));
    return error;
}

static uint32_t
mode_at(const char *path)
{
    return get_stat(path, 0) == 0 ? status.mode : UINT32_MAX;
}

static int
set_mode(const char *path, uint32_t lookup, uint32_t mode)
{
    uint32_t size = text_at(NAME, path);

    return call("path_chmod", U(3), lookup, U(NAME), size, mode);
}

static int
may(const char *path, uint32_t amode)
{
    uint32_t size = text_at(NAME, path);

    return call("path_access", U(3), U(1), U(NAME), size, amode);
}

static int
open_mode(const char *path, uint32_t oflags, uint64_t rights, uint32_t mode, uint32_t *ret_fd)
{
    uint32_t size = text_at(NAME, path);
    int error = call("path_open_mode", U(3), U(1), U(NAME), size, oflags, rights, ALL, U(0), mode,
                     U(OUT));

    if (error == 0)
        *ret_fd = load32(OUT);
    return error;
}

static void
status_body(void)
{
    uint32_t fd = UINT32_MAX;

    CHECK_INT(make_file(in("f"), "12345"), 0);
    CHECK_INT(get_stat(in("f"), 0), 0);
    CHECK_UINT(status.mode & KRAIT_HOST_S_IFMT, KRAIT_HOST_S_IFREG);
    CHECK_UINT(status.size, 5);
    CHECK_UINT(status.nlink, 1);
    CHECK_UINT(status.blocks, 8);
    CHECK_UINT(status.uid, 1000);
    CHECK_UINT(status.gid, 1000);
    CHECK_UINT(status.rdev, 0);
    CHECK(status.blksize > 0);
    CHECK(status.mtim > INT64_C(1600000000000000000));
    CHECK_INT(
        call("path_symlink", U(NAME2), text_at(NAME2, "f"), U(3), U(NAME), text_at(NAME, in("l"))),
        0);
    CHECK_INT(get_stat(in("l"), 0), 0);
    CHECK_UINT(status.mode, KRAIT_HOST_S_IFLNK | 0777);
    CHECK_INT(get_stat(in("l"), 1), 0);
    CHECK_UINT(status.size, 5);
    CHECK_INT(get_stat(in("f"), 2), WASI_EINVAL);
    CHECK_INT(get_stat(in("none"), 0), WASI_ENOENT);
    CHECK_INT(get_stat(where, 0), 0);
    CHECK_UINT(status.mode & KRAIT_HOST_S_IFMT, KRAIT_HOST_S_IFDIR);
    fd = open_fd(in("f"), 0, WASI_FD_READ);
    CHECK_INT(call("fd_stat", fd, U(STAT)), 0);
    memcpy(&status, g.memory.base + STAT, sizeof(status));
    CHECK_UINT(status.size, 5);
    CHECK_INT(call("fd_stat", fd, U(MEMORY_SIZE - 87)), WASI_EFAULT);
    CHECK_INT(call("fd_stat", U(99), U(STAT)), WASI_EBADF);
    CHECK_INT(call("path_stat", U(3), U(0), U(NAME), U(MEMORY_SIZE), U(STAT)), WASI_EFAULT);
}

static void
status_of_files(void)
{
    both(status_body);
}

static void
modes_body(void)
{
    uint32_t fd = UINT32_MAX;

    /* exactly as asked: the umask is the guest's */
    CHECK_INT(open_mode(in("f"), WASI_O_CREAT, ALL, 0666, &fd), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0666);
    CHECK_INT(open_mode(in("f"), WASI_O_CREAT, ALL, 0600, &fd), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0666);
    CHECK_INT(set_mode(in("f"), 0, 0741), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0741);
    CHECK_INT(call("fd_chmod", fd, U(0200)), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0200);
    CHECK_INT(set_mode(in("f"), 0, 0), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG);
    CHECK_INT(set_mode(in("f"), 1, 0644), 0);
    CHECK_INT(call("path_mkdir_mode", U(3), U(NAME), text_at(NAME, in("d")), U(0777)), 0);
    CHECK_UINT(mode_at(in("d")), KRAIT_HOST_S_IFDIR | 0777);
    CHECK_INT(call("path_mkdir_mode", U(3), U(NAME), text_at(NAME, in("d")), U(0777)), WASI_EEXIST);
    CHECK_INT(set_mode(in("d"), 0, 0711), 0);
    CHECK_UINT(mode_at(in("d/")), KRAIT_HOST_S_IFDIR | 0711);
    CHECK_INT(
        call("path_symlink", U(NAME2), text_at(NAME2, "f"), U(3), U(NAME), text_at(NAME, in("l"))),
        0);
    CHECK_INT(set_mode(in("l"), 0, 0600), WASI_ENOTSUP);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0644);
    CHECK_INT(set_mode(in("l"), 1, 0600), 0);
    CHECK_UINT(mode_at(in("f")), KRAIT_HOST_S_IFREG | 0600);
    CHECK_INT(set_mode(in("f/"), 0, 0600), WASI_ENOTDIR);
    CHECK_INT(set_mode(in("none"), 0, 0600), WASI_ENOENT);
    CHECK_INT(set_mode("", 0, 0600), WASI_ENOENT);
}

static void
modes(void)
{
    both(modes_body);
}

/* What others have to do with the bits above 0777 is none of a guest's business. */
static void
special_bits(void)
{
    uint32_t fd = UINT32_MAX;
    struct stat real;

    guest_begin(NULL);
    CHECK_INT(open_mode("m/f", WASI_O_CREAT, ALL, 06755, &fd), 0);
    CHECK_INT(stat(host("f"), &real), 0);
    CHECK_UINT(real.st_mode & 07777, 0755);
    CHECK_INT(set_mode("m/f", 0, 07711), 0);
    CHECK_INT(stat(host("f"), &real), 0);
    CHECK_UINT(real.st_mode & 07777, 0711);
    CHECK_INT(call("fd_chmod", fd, U(06700)), 0);
    CHECK_INT(call("path_mkdir_mode", U(3), U(NAME), text_at(NAME, "m/d"), U(03777)), 0);
    CHECK_INT(set_mode("m/d", 0, 07755), 0);
    CHECK_INT(stat(host("f"), &real), 0);
    CHECK_UINT(real.st_mode & 07777, 0700);
    CHECK_INT(stat(host("d"), &real), 0);
    CHECK_UINT(real.st_mode & 07777, 0755);
    /* in memory they mean nothing and are kept */
    CHECK_INT(open_mode("tmp/f", WASI_O_CREAT, ALL, 06755, &fd), 0);
    CHECK_UINT(mode_at("tmp/f"), KRAIT_HOST_S_IFREG | 06755);
    guest_end();
}

static void
access_body(void)
{
    uint32_t fd = UINT32_MAX;

    CHECK_INT(make_file(in("f"), "x"), 0);
    CHECK_INT(set_mode(in("f"), 0, 0644), 0);
    CHECK_INT(may(in("f"), 0), 0);
    CHECK_INT(may(in("f"), KRAIT_HOST_R_OK | KRAIT_HOST_W_OK), 0);
    CHECK_INT(may(in("f"), KRAIT_HOST_X_OK), WASI_EACCES);
    CHECK_INT(set_mode(in("f"), 0, 0700), 0);
    CHECK_INT(may(in("f"), 7), 0);
    CHECK_INT(may(in("f"), 8), WASI_EINVAL);
    CHECK_INT(may(in("none"), 0), WASI_ENOENT);
    CHECK_INT(set_mode(in("f"), 0, 0077), 0);
    CHECK_INT(may(in("f"), KRAIT_HOST_R_OK), WASI_EACCES);
    CHECK_INT(open_error(in("f"), 0, WASI_FD_READ), WASI_EACCES);
    CHECK_INT(open_error(in("f"), 0, WASI_FD_WRITE), WASI_EACCES);
    CHECK_INT(set_mode(in("f"), 0, 0400), 0);
    CHECK_STR(contents(in("f")), "x");
    CHECK_INT(open_error(in("f"), 0, WASI_FD_WRITE), WASI_EACCES);
    CHECK_INT(open_error(in("f"), WASI_O_TRUNC, WASI_FD_READ), WASI_EACCES);
    /* made for nobody, but whoever makes it has it open */
    CHECK_INT(open_mode(in("n"), WASI_O_CREAT, WASI_FD_READ | WASI_FD_WRITE, 0, &fd), 0);
    CHECK_INT(write_fd(fd, "y"), 0);
    CHECK_INT(open_error(in("n"), 0, WASI_FD_READ), WASI_EACCES);
}

static void
directories_body(void)
{
    CHECK_INT(path_call("path_create_directory", in("d")), 0);
    CHECK_INT(make_file(in("d/f"), "x"), 0);
    /* no names can be added or removed */
    CHECK_INT(set_mode(in("d"), 0, 0555), 0);
    CHECK_INT(make_file(in("d/g"), "x"), WASI_EACCES);
    CHECK_INT(make_file(in("d/f"), "xx"), 0);
    CHECK_INT(path_call("path_create_directory", in("d/e")), WASI_EACCES);
    CHECK_INT(path_call("path_unlink_file", in("d/f")), WASI_EACCES);
    CHECK_INT(path_call("path_unlink_file", in("d/none")), WASI_ENOENT);
    CHECK_INT(call("path_rename", U(3), U(NAME), text_at(NAME, in("d/f")), U(3), U(NAME2),
                   text_at(NAME2, in("f"))),
              WASI_EACCES);
    CHECK_INT(call("path_symlink", U(NAME2), text_at(NAME2, "f"), U(3), U(NAME),
                   text_at(NAME, in("d/l"))),
              WASI_EACCES);
    /* nothing in it can be named */
    CHECK_INT(set_mode(in("d"), 0, 0666), 0);
    CHECK_INT(get_stat(in("d/f"), 0), WASI_EACCES);
    CHECK_INT(open_error(in("d/f"), 0, WASI_FD_READ), WASI_EACCES);
    CHECK_INT(get_stat(in("d/../d"), 0), WASI_EACCES);
    CHECK_INT(open_error(in("d"), WASI_O_DIRECTORY, WASI_FD_READDIR), 0);
    /* it cannot be listed */
    CHECK_INT(set_mode(in("d"), 0, 0333), 0);
    CHECK_INT(open_error(in("d"), WASI_O_DIRECTORY, WASI_FD_READDIR), WASI_EACCES);
    CHECK_INT(get_stat(in("d/f"), 0), 0);
    CHECK_INT(path_call("path_unlink_file", in("d/f")), 0);
    CHECK_INT(set_mode(in("d"), 0, 0), 0);
    CHECK_INT(path_call("path_remove_directory", in("d")), 0);
}

/* Also when the host's user is root, whose kernel would allow all of it. */
static void
guest_is_a_user(void (*body)(void))
{
    static const krait_vfs_options options = {.check_modes = 1};

    where = "tmp";
    guest_begin(NULL);
    body();
    guest_end();
    where = "m";
    guest_begin_files(NULL, &options);
    body();
    guest_end();
}

static void
access_to_files(void)
{
    guest_is_a_user(access_body);
}

static void
access_to_directories(void)
{
    guest_is_a_user(directories_body);
}

/* Files that the host's user does not own belong to nobody, and stay as they are. */
static void
owners(void)
{
    uint32_t size;
    struct stat real;

    guest_begin(NULL);
    CHECK_INT(make_file("tmp/f", "x"), 0);
    size = text_at(NAME, "tmp/f");
    CHECK_INT(call("path_chown", U(3), U(0), U(NAME), size, U(1000), U(1000)), 0);
    CHECK_INT(call("path_chown", U(3), U(0), U(NAME), size, UINT32_MAX, UINT32_MAX), 0);
    CHECK_INT(call("path_chown", U(3), U(0), U(NAME), size, U(0), UINT32_MAX), WASI_EPERM);
    CHECK_INT(call("path_chown", U(3), U(0), U(NAME), size, UINT32_MAX, U(0)), WASI_EPERM);
    /* root's, in memory */
    CHECK_INT(get_stat(".", 0), 0);
    CHECK_UINT(status.uid, 0);
    CHECK_INT(set_mode(".", 0, 0777), WASI_EPERM);
    CHECK_INT(call("fd_chmod", U(3), U(0777)), WASI_EPERM);
    CHECK_INT(call("path_chown", U(3), U(0), U(NAME), text_at(NAME, "."), U(1000), U(1000)),
              WASI_EPERM);
    CHECK_UINT(mode_at("tmp"), KRAIT_HOST_S_IFDIR | 01777);
    /* what was granted, by name and open */
    CHECK_INT(set_mode("m", 0, 0777), WASI_EPERM);
    CHECK_INT(set_mode("m/.", 0, 0777), WASI_EPERM);
    CHECK_INT(call("fd_chmod", open_fd("m", WASI_O_DIRECTORY, WASI_FD_READDIR), U(0777)),
              WASI_EPERM);
    CHECK_INT(stat(host(""), &real), 0);
    CHECK_UINT(real.st_mode & 07777, 0755);
    if (geteuid() == 0) {
        CHECK_INT(make_file("m/f", "x"), 0);
        CHECK_INT(chown(host("f"), 12345, 12345), 0);
        CHECK_INT(chmod(host("f"), 04755), 0);
        CHECK_INT(get_stat("m/f", 0), 0);
        CHECK_UINT(status.uid, 65534);
        CHECK_UINT(status.gid, 65534);
        CHECK_INT(set_mode("m/f", 0, 0777), WASI_EPERM);
        CHECK_INT(call("fd_chmod", open_fd("m/f", 0, WASI_FD_READ), U(0777)), WASI_EPERM);
        CHECK_INT(stat(host("f"), &real), 0);
        CHECK_UINT(real.st_mode & 07777, 04755);
    }
    guest_end();
}

static void
read_only_and_special(void)
{
    static const krait_vfs_options options = {.check_modes = 1};
    char path[128];
    krait_error err;

    guest_begin_files(NULL, &options);
    CHECK_INT(krait__vfs_mount_devices(g.vfs, &err), KRAIT_OK);
    CHECK_INT(make_file("m/f", "x"), 0);
    snprintf(path, sizeof(path), "%s/m", g.host);
    CHECK_INT(krait__vfs_mount_dir(g.vfs, "/ro", path, KRAIT_MOUNT_READ_ONLY, &err), KRAIT_OK);
    snprintf(path, sizeof(path), "%s/m/f", g.host);
    CHECK_INT(krait__vfs_mount_file(g.vfs, "/one/f", path, 0, &err), KRAIT_OK);
    CHECK_INT(set_mode("ro/f", 0, 0600), WASI_EROFS);
    CHECK_INT(set_mode("ro/none", 0, 0600), WASI_ENOENT);
    CHECK_INT(set_mode("one/f", 0, 0600), WASI_EROFS);
    CHECK_INT(call("fd_chmod", open_fd("ro/f", 0, WASI_FD_READ), U(0600)), WASI_EROFS);
    CHECK_INT(call("fd_chmod", open_fd("one/f", 0, WASI_FD_READ), U(0600)), WASI_EROFS);
    CHECK_INT(may("ro/f", KRAIT_HOST_R_OK), 0);
    CHECK_INT(may("ro/f", KRAIT_HOST_W_OK), WASI_EROFS);
    CHECK_INT(may("one/f", KRAIT_HOST_W_OK), WASI_EROFS);
    CHECK_INT(may("one/f", KRAIT_HOST_X_OK), WASI_EACCES);
    CHECK_INT(may("dev/null", KRAIT_HOST_R_OK | KRAIT_HOST_W_OK), 0);
    CHECK_UINT(mode_at("dev/null"), KRAIT_HOST_S_IFCHR | 0666);
    CHECK_UINT(status.rdev, 0x103);
    CHECK_INT(set_mode("dev/null", 0, 0777), WASI_EPERM);
    /* what the host's user could not read in a read-only mount is no matter of modes */
    CHECK_INT(mkfifo(host("fifo"), 0600), 0);
    CHECK_UINT(mode_at("m/fifo"), KRAIT_HOST_S_IFIFO | 0600);
    CHECK_INT(set_mode("m/fifo", 0, 0666), WASI_EPERM);
    guest_end();
}

static void
nodes(void)
{
    uint32_t fd = UINT32_MAX;

    guest_begin(NULL);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "tmp/f"), U(0640)), 0);
    CHECK_UINT(mode_at("tmp/f"), KRAIT_HOST_S_IFREG | 0640);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "m/f"), KRAIT_HOST_S_IFREG | 0640),
              0);
    CHECK_UINT(mode_at("m/f"), KRAIT_HOST_S_IFREG | 0640);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "m/p"), KRAIT_HOST_S_IFIFO | 0640),
              WASI_EPERM);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "tmp/c"), KRAIT_HOST_S_IFCHR | 0640),
              WASI_EPERM);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "tmp/f"), KRAIT_HOST_S_IFIFO | 0640),
              WASI_EEXIST);
    CHECK_INT(call("path_mknod", U(3), U(NAME), text_at(NAME, "tmp/p"), KRAIT_HOST_S_IFIFO | 0640),
              0);
    CHECK_UINT(mode_at("tmp/p"), KRAIT_HOST_S_IFIFO | 0640);
    CHECK_INT(open_error("tmp/p", 0, WASI_FD_READ), WASI_EDEADLK);
    CHECK_INT(open_error("tmp/p", 0, WASI_FD_WRITE), WASI_EDEADLK);
    CHECK_INT(path_open(3, 0, "tmp/p", 0, WASI_FD_WRITE, 0, KRAIT_HOST_NONBLOCK, &fd), WASI_ENXIO);
    fd = open_fd("tmp/p", 0, WASI_FD_READ | WASI_FD_WRITE);
    CHECK_INT(write_fd(fd, "through"), 0);
    CHECK_STR(read_fd(fd), "through");
    CHECK_STR(read_fd(fd), "errno 16"); /* EDEADLK */
    CHECK_INT(open_error("tmp/p", 0, WASI_FD_WRITE), 0);
    CHECK_INT(path_call("path_unlink_file", "tmp/p"), 0);
    CHECK_INT(write_fd(fd, "still"), 0);
    CHECK_STR(read_fd(fd), "still");
    CHECK_INT(call("fd_close", fd), 0);
    CHECK_UINT(krait__vfs_inodes_used(g.vfs), 3);
    guest_end();
}

static void
space(void)
{
    krait_host_statvfs info;
    struct statvfs real;
    uint64_t before;

    guest_begin(NULL);
    CHECK_INT(call("path_statvfs", U(3), U(0), U(NAME), text_at(NAME, "tmp"), U(STAT)), 0);
    memcpy(&info, g.memory.base + STAT, sizeof(info));
    CHECK_UINT(info.blocks * info.frsize, 256u << 20);
    CHECK_UINT(info.namemax, 255);
    CHECK_UINT(info.files, 65536);
    before = info.bavail;
    CHECK_INT(make_file("tmp/f", "x"), 0);
    CHECK_INT(call("fd_statvfs", open_fd("tmp/f", 0, WASI_FD_READ), U(STAT)), 0);
    memcpy(&info, g.memory.base + STAT, sizeof(info));
    CHECK(info.bavail < before);
    CHECK_INT(call("path_statvfs", U(3), U(0), U(NAME), text_at(NAME, "m"), U(STAT)), 0);
    memcpy(&info, g.memory.base + STAT, sizeof(info));
    CHECK_INT(statvfs(host(""), &real), 0);
    CHECK_UINT(info.blocks, real.f_blocks);
    CHECK_UINT(info.frsize, real.f_frsize);
    CHECK_INT(call("path_statvfs", U(3), U(0), U(NAME), text_at(NAME, "none"), U(STAT)),
              WASI_ENOENT);
    guest_end();
}

CHECK_MAIN(CHECK_CASE(status_of_files), CHECK_CASE(modes), CHECK_CASE(special_bits),
           CHECK_CASE(access_to_files), CHECK_CASE(access_to_directories), CHECK_CASE(owners),
           CHECK_CASE(read_only_and_special), CHECK_CASE(nodes), CHECK_CASE(space))
