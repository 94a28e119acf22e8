/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes of host files.
 *
 * A mode is changed through a descriptor that was opened with NOFOLLOW on the name itself, so
 * that a link that appears meanwhile leads to an error.  Only regular files and directories of the
 * host's own user are changed, also when that is root, never the directory that was granted
 * itself, and never the bits for setuid, setgid and sticky.
 *
 * Root's kernel lets it do what modes do not.  Where the guest is to be a user like any other
 * (krait_vfs_options.check_modes), the owner's bits are looked at here, in writable
 * mounts: what lies in read-only ones was never the guest's to hide from itself.
 */
#include "vfs/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than some systems that this runs on. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

bool
krait__host_checks(const krait_place *dir)
{
    return dir->mount->vfs->check_modes && !krait__place_read_only(dir);
}

int
krait__host_may(const krait_place *dir, const struct stat *stat, uint32_t want)
{
    if (!krait__host_checks(dir) || stat->st_uid != geteuid())
        return 0;
    return (stat->st_mode >> 6 & want) == want ? 0 : EACCES;
}

int
krait__host_may_change(const krait_place *dir)
{
    struct stat stat;

    if (!krait__host_checks(dir))
        return 0;
    if (fstat(dir->fd, &stat) != 0)
        return errno;
    return krait__host_may(dir, &stat, KRAIT_HOST_W_OK | KRAIT_HOST_X_OK);
}

/* fchmod on any descriptor, also on one opened with O_PATH. */
static int
set_mode(int fd, uint32_t mode)
{
    char path[32];

    if (fchmod(fd, mode) == 0)
        return 0;
    if (errno != EBADF)
        return errno;
    if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOSYS && errno != EINVAL && errno != EPERM)
        return errno;
    /* Our own descriptor, by the only name it has. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (chmod(path, mode) == 0)
        return 0;
    return errno == ENOENT ? ENOTSUP : errno;
}

/* The directory that was granted: who may look into it is for those to say who granted it. */
static bool
is_grant(const krait_place *place, const struct stat *stat)
{
    const krait_host_fs *fs = place != NULL ? place->mount->fs : NULL;

    return fs != NULL && stat->st_ino == fs->root->ino && stat->st_dev == fs->root->dev;
}

int
krait__host_chmod(const krait_place *place, int fd, uint32_t mode)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return errno;
    if (S_ISLNK(stat.st_mode))
        return ELOOP;
    if ((!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)) || stat.st_uid != geteuid() ||
        is_grant(place, &stat))
        return EPERM;
    return set_mode(fd, mode & 0777u);
}

int
krait__host_chmod_name(const krait_place *dir, const char *name, uint32_t mode)
{
    int fd;
    int error;

    if (name[0] == '\0')
        return krait__host_chmod(dir, dir->fd, mode);
    fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    error = krait__host_chmod(dir, fd, mode);
    close(fd);
    return error;
}

int
krait__host_access(const krait_place *dir, const char *name, uint32_t want)
{
    struct stat stat;
    int error;
    int rc = name[0] == '\0' ? fstat(dir->fd, &stat)
                             : fstatat(dir->fd, name, &stat, AT_SYMLINK_NOFOLLOW);

    if (rc != 0)
        return errno;
    if (S_ISLNK(stat.st_mode))
        return 0; /* the link itself; nobody's bits are missing */
    error = krait__host_may(dir, &stat, want);
    if (error != 0)
        return error;
    rc = faccessat(dir->fd, name[0] != '\0' ? name : ".", (int)want,
                   AT_EACCESS | AT_SYMLINK_NOFOLLOW);
    return rc == 0 ? 0 : errno;
}

int
krait__host_statvfs(int fd, krait_host_statvfs *ret_statvfs)
{
    struct statvfs info;

    if (fstatvfs(fd, &info) != 0)
        return errno;
    *ret_statvfs = (krait_host_statvfs){
        .blocks = info.f_blocks,
        .bfree = info.f_bfree,
        .bavail = info.f_bavail,
        .files = info.f_files,
        .ffree = info.f_ffree,
        .favail = info.f_favail,
        .fsid = info.f_fsid,
        .bsize = (uint32_t)info.f_bsize,
        .frsize = (uint32_t)info.f_frsize,
        .flag = KRAIT_HOST_ST_NOSUID | (info.f_flag & ST_RDONLY ? KRAIT_HOST_ST_RDONLY : 0u),
        .namemax = info.f_namemax < KRAIT_NAME_MAX ? (uint32_t)info.f_namemax : KRAIT_NAME_MAX,
    };
    return 0;
}

int
krait__host_statvfs_name(const krait_place *dir, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(dir->fd, ret_statvfs);
}
