/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that take paths and are about modes: chmod, access, mknod, statvfs.
 *
 * They resolve as all others do (path.c, walk.c).  A change to a host file's mode goes to the
 * name that the walk ended at, in a directory that is open, and follows no link there.
 */
#include "vfs/walk.h"

#include <errno.h>
#include <unistd.h>

void
krait__stat_owner(const krait_stat *stat, uint32_t *ret_uid, uint32_t *ret_gid)
{
    *ret_uid = stat->uid;
    *ret_gid = stat->gid;
    if (stat->is_host) {
        *ret_uid = stat->uid == geteuid() ? KRAIT_GUEST_UID : KRAIT_NOBODY;
        *ret_gid = stat->gid == getegid() ? KRAIT_GUEST_GID : KRAIT_NOBODY;
    }
}

/* Resolves, and looks at what is there. */
static int
find(krait_walk *walk, const krait_at *at, bool follow, krait_stat *ret_stat)
{
    int error = krait__walk(walk, at, KRAIT_WALK_FOLLOW_SLASH | (follow ? KRAIT_WALK_FOLLOW : 0u));

    if (error == 0)
        error = krait__walk_stat(walk, ret_stat);
    if (error == 0 && walk->slash && ret_stat->type != KRAIT_TYPE_DIRECTORY)
        error = ENOTDIR;
    return error;
}

int
krait__path_chmod(const krait_at *at, bool follow, uint32_t mode)
{
    krait_walk walk;
    krait_stat stat;
    int error = find(&walk, at, follow, &stat);

    if (error == 0 && krait__place_read_only(walk.dir))
        error = EROFS;
    if (error == 0 && stat.type == KRAIT_TYPE_LINK)
        error = ENOTSUP;
    if (error == 0)
        error = walk.dir->mount->ops->chmod(walk.dir, walk.name, mode & 07777u);
    krait__walk_end(&walk);
    return error;
}

int
krait__path_access(const krait_at *at, bool follow, uint32_t want)
{
    krait_walk walk;
    krait_stat stat;
    int error = find(&walk, at, follow, &stat);

    if (error == 0 && (want & KRAIT_HOST_W_OK) && krait__place_read_only(walk.dir) &&
        (stat.type == KRAIT_TYPE_REGULAR || stat.type == KRAIT_TYPE_DIRECTORY))
        error = EROFS;
    if (error == 0 && stat.type != KRAIT_TYPE_LINK)
        error = walk.dir->mount->ops->access(walk.dir, walk.name, want);
    krait__walk_end(&walk);
    return error;
}

int
krait__path_statvfs(const krait_at *at, bool follow, krait_host_statvfs *ret_statvfs)
{
    krait_host_statvfs info;
    krait_walk walk;
    krait_stat stat;
    int error = find(&walk, at, follow, &stat);

    if (error == 0)
        error = walk.dir->mount->ops->statvfs(walk.dir, &info);
    if (error == 0) {
        if (krait__place_read_only(walk.dir))
            info.flag |= KRAIT_HOST_ST_RDONLY;
        *ret_statvfs = info;
    }
    krait__walk_end(&walk);
    return error;
}

/* An empty file is an open that makes one. */
static int
make_regular(const krait_at *at, uint32_t mode)
{
    krait_file *file;
    int error = krait__path_open(
        at, KRAIT_OPEN_WRITE | KRAIT_OPEN_CREATE | KRAIT_OPEN_EXCLUSIVE | KRAIT_OPEN_MODE(mode), 0,
        &file);

    if (error == 0)
        krait__file_unref(file);
    return error;
}

int
krait__path_mknod(const krait_at *at, uint32_t mode)
{
    uint32_t type = mode & KRAIT_HOST_S_IFMT;
    krait_walk walk;
    int error;

    if (type == 0 || type == KRAIT_HOST_S_IFREG)
        return make_regular(at, mode);
    error = krait__walk(&walk, at, 0);
    if (error == 0)
        error = krait__walk_check_new(&walk, false);
    if (error == 0 && (type != KRAIT_HOST_S_IFIFO || walk.dir->mount->ops->mkfifo == NULL))
        error = EPERM;
    if (error == 0)
        error = walk.dir->mount->ops->mkfifo(walk.dir, walk.name, mode & 07777u);
    krait__walk_end(&walk);
    return error;
}
