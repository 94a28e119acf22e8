/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that take paths: resolve, check what the mount allows, ask the back end.
 *
 * Trailing slashes never reach a back end: "name/" must be a directory and is
 * checked here.  What creates, removes or renames does so for the name itself and
 * does not follow a link at the end, with or without a slash.
 */
#include "vfs/walk.h"

#include <errno.h>
#include <string.h>

int
krait__may_open(uint8_t type, uint32_t how, bool read_only)
{
    if (type == KRAIT_TYPE_LINK)
        return ELOOP;
    if ((how & KRAIT_OPEN_DIRECTORY) && type != KRAIT_TYPE_DIRECTORY)
        return ENOTDIR;
    if (type == KRAIT_TYPE_DIRECTORY) {
        if (how & (KRAIT_OPEN_WRITE | KRAIT_OPEN_TRUNCATE | KRAIT_OPEN_CREATE))
            return EISDIR;
        return 0;
    }
    if (type != KRAIT_TYPE_REGULAR)
        return EACCES; /* FIFOs, sockets and devices of the host */
    if (read_only && (how & (KRAIT_OPEN_WRITE | KRAIT_OPEN_TRUNCATE)))
        return EROFS;
    return 0;
}

static int
note(const krait_walk *walk, int error)
{
    if (error == ENOENT && walk->dir != NULL && walk->name[0] != '\0')
        krait__vfs_miss(walk->dir, walk->name);
    return error;
}

static unsigned
walk_flags(bool follow)
{
    return KRAIT_WALK_FOLLOW_SLASH | (follow ? KRAIT_WALK_FOLLOW : 0u);
}

/* A path that ends in a slash names a directory. */
static int
check_slash(krait_walk *walk)
{
    krait_stat stat;
    int error;

    if (!walk->slash || walk->name[0] == '\0')
        return 0;
    error = krait__walk_stat(walk, &stat);
    if (error != 0)
        return error;
    return stat.type == KRAIT_TYPE_DIRECTORY ? 0 : ENOTDIR;
}

/* Opens the result of the walk; ELOOP: it is a link. */
static int
open_result(krait_walk *walk, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    const krait_place *dir = walk->dir;
    krait_stat stat;
    int error;

    if (walk->name[0] == '\0' && (how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_EXCLUSIVE))
        return EEXIST;
    if (walk->slash && walk->name[0] != '\0') {
        if (how & KRAIT_OPEN_CREATE) {
            /* Only a directory may have this name, and open makes none. */
            error = krait__walk_stat(walk, &stat);
            return error != 0 || stat.type == KRAIT_TYPE_DIRECTORY ? EISDIR : ENOTDIR;
        }
        how |= KRAIT_OPEN_DIRECTORY;
    }
    error = dir->mount->ops->open(dir, walk->name, how, flags, ret_file);
    if (error == 0) {
        (*ret_file)->read_only = krait__place_read_only(dir);
        if ((*ret_file)->place.mount != NULL && walk->name[0] == '\0')
            (*ret_file)->place.ns = dir->ns;
    }
    return error;
}

int
krait__path_open(const krait_at *at, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    bool follow = (how & KRAIT_OPEN_FOLLOW) &&
                  !((how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_EXCLUSIVE));
    krait_walk walk;
    int error;

    if ((how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_DIRECTORY))
        return EINVAL;
    error = krait__walk(&walk, at, walk_flags(follow));
    while (error == 0) {
        error = note(&walk, open_result(&walk, how, flags, ret_file));
        if (error != ELOOP || !walk.follow)
            break;
        error = krait__walk_follow(&walk);
    }
    krait__walk_end(&walk);
    return error;
}

int
krait__path_open_root(krait_vfs *vfs, krait_file **ret_file)
{
    krait_place place = vfs->root.mount->root;
    int error;

    place.ns = &vfs->root;
    error = place.mount->ops->open(&place, "", KRAIT_OPEN_READ | KRAIT_OPEN_DIRECTORY, 0, ret_file);
    if (error == 0) {
        (*ret_file)->place.ns = &vfs->root;
        (*ret_file)->read_only = krait__place_read_only(&place);
    }
    return error;
}

int
krait__path_open_guest(krait_vfs *vfs, const char *guest_path, krait_file **ret_file)
{
    char normal[KRAIT_PATH_MAX + 1];
    krait_at at = {.path = normal + 1};
    int error = krait__guest_path_normal(guest_path, normal);

    if (error == 0)
        error = krait__path_open_root(vfs, &at.dir);
    if (error != 0)
        return error;
    if (normal[1] == '\0') {
        *ret_file = at.dir;
        return 0;
    }
    error = krait__path_open(&at, KRAIT_OPEN_READ | KRAIT_OPEN_DIRECTORY, 0, ret_file);
    krait__file_unref(at.dir);
    return error;
}

int
krait__path_stat(const krait_at *at, bool follow, krait_stat *ret_stat)
{
    krait_walk walk;
    krait_stat stat;
    int error = krait__walk(&walk, at, walk_flags(follow));

    if (error == 0)
        error = note(&walk, krait__walk_stat(&walk, &stat));
    if (error == 0 && walk.slash && stat.type != KRAIT_TYPE_DIRECTORY)
        error = ENOTDIR;
    if (error == 0)
        *ret_stat = stat;
    krait__walk_end(&walk);
    return error;
}

/* In a read-only mount: EROFS for what is there, else ENOENT, which is what programs that
 * make sure that a file is gone expect. */
static int
check_writable(const krait_walk *walk)
{
    krait_stat stat;
    int error;

    if (!krait__place_read_only(walk->dir))
        return 0;
    error = walk->dir->mount->ops->stat(walk->dir, walk->name, &stat);
    return error != 0 ? error : EROFS;
}

int
krait__path_set_times(const krait_at *at, bool follow, const krait_times *times)
{
    krait_walk walk;
    krait_stat stat;
    int error = krait__walk(&walk, at, walk_flags(follow));

    if (error == 0 && walk.follow)
        error = krait__walk_stat(&walk, &stat);
    if (error == 0)
        error = check_slash(&walk);
    if (error == 0)
        error = note(&walk, check_writable(&walk));
    if (error == 0)
        error = walk.dir->mount->ops->set_times(walk.dir, walk.name, times);
    krait__walk_end(&walk);
    return error;
}

int
krait__path_readlink(const krait_at *at, char *buffer, size_t size, size_t *ret_size)
{
    krait_walk walk;
    int error = krait__walk(&walk, at, KRAIT_WALK_FOLLOW_SLASH);

    if (error == 0)
        error = check_slash(&walk);
    if (error == 0)
        error = walk.name[0] == '\0'
                    ? EINVAL
                    : note(&walk, walk.dir->mount->ops->readlink(walk.dir, walk.name, buffer, size,
                                                                 ret_size));
    krait__walk_end(&walk);
    return error;
}

int
krait__walk_check_new(const krait_walk *walk, bool is_directory)
{
    krait_stat stat;
    int error;

    if (walk->name[0] == '\0')
        return EEXIST;
    error = walk->dir->mount->ops->stat(walk->dir, walk->name, &stat);
    if (error == 0)
        return walk->slash && stat.type != KRAIT_TYPE_DIRECTORY && stat.type != KRAIT_TYPE_LINK &&
                       !is_directory
                   ? ENOTDIR
                   : EEXIST;
    if (error != ENOENT)
        return error;
    if (walk->slash && !is_directory)
        return ENOENT;
    return krait__place_read_only(walk->dir) ? EROFS : 0;
}

int
krait__path_mkdir(const krait_at *at, uint32_t mode)
{
    krait_walk walk;
    int error = krait__walk(&walk, at, 0);

    if (error == 0)
        error = krait__walk_check_new(&walk, true);
    if (error == 0)
        error = walk.dir->mount->ops->mkdir(walk.dir, walk.name, mode);
    krait__walk_end(&walk);
    return error;
}

int
krait__path_symlink(const char *target, const krait_at *at)
{
    krait_walk walk;
    int error = krait__walk(&walk, at, 0);

    if (error == 0)
        error = krait__walk_check_new(&walk, false);
    if (error == 0 && target[0] == '\0')
        error = ENOENT;
    if (error == 0 && strlen(target) > KRAIT_PATH_MAX)
        error = ENAMETOOLONG;
    /* On the host it would mean something else; no guest sets traps for others there. */
    if (error == 0 && target[0] == '/' && walk.dir->mount->is_host)
        error = EPERM;
    if (error == 0)
        error = walk.dir->mount->ops->symlink(target, walk.dir, walk.name);
    krait__walk_end(&walk);
    return error;
}

/* What no call removes or renames: directories in use as mount points and "." */
static int
check_removable(const krait_walk *walk)
{
    if (walk->is_mount)
        return EBUSY;
    if (walk->name[0] == '\0')
        return EINVAL;
    return 0;
}

int
krait__path_rmdir(const krait_at *at)
{
    krait_walk walk;
    int error = krait__walk(&walk, at, 0);

    if (error == 0)
        error = check_removable(&walk);
    if (error == 0)
        error = note(&walk, check_slash(&walk));
    if (error == 0)
        error = note(&walk, check_writable(&walk));
    if (error == 0)
        error = note(&walk, walk.dir->mount->ops->rmdir(walk.dir, walk.name));
    krait__walk_end(&walk);
    return error;
}

int
krait__path_unlink(const krait_at *at)
{
    krait_walk walk;
    int error = krait__walk(&walk, at, 0);

    if (error == 0 && walk.name[0] == '\0')
        error = walk.dir->mount->is_file ? EBUSY : EISDIR;
    if (error == 0)
        error = note(&walk, check_slash(&walk));
    if (error == 0 && walk.slash)
        error = EISDIR;
    if (error == 0)
        error = note(&walk, check_writable(&walk));
    if (error == 0)
        error = note(&walk, walk.dir->mount->ops->unlink(walk.dir, walk.name));
    krait__walk_end(&walk);
    return error;
}

/* Two names of one file must lie in one mount that can be written. */
static int
check_pair(const krait_walk *from, const krait_walk *to)
{
    if (from->dir->mount != to->dir->mount) {
        if (krait__place_read_only(from->dir))
            return EPERM;
        return krait__place_read_only(to->dir) ? EROFS : EXDEV;
    }
    return krait__place_read_only(to->dir) ? EROFS : 0;
}

int
krait__path_link(const krait_at *from, bool follow, const krait_at *to)
{
    krait_walk source;
    krait_walk target;
    krait_stat stat;
    int error = krait__walk(&source, from, walk_flags(follow));
    int target_error = krait__walk(&target, to, 0);

    if (error == 0)
        error = target_error;
    if (error == 0)
        error = note(&source, krait__walk_stat(&source, &stat));
    if (error == 0 && source.slash && stat.type != KRAIT_TYPE_DIRECTORY)
        error = ENOTDIR;
    if (error == 0 && source.dir->mount == target.dir->mount)
        error = krait__walk_check_new(&target, false);
    if (error == 0 && (stat.type == KRAIT_TYPE_DIRECTORY || source.name[0] == '\0'))
        error = EPERM;
    if (error == 0)
        error = check_pair(&source, &target);
    if (error == 0)
        error = source.dir->mount->ops->link(source.dir, source.name, target.dir, target.name);
    krait__walk_end(&source);
    krait__walk_end(&target);
    return error;
}

/* Slashes at the end of either name: both must be, or become, a directory. */
static int
check_rename(const krait_walk *source, const krait_walk *target)
{
    krait_stat from;
    krait_stat to;
    int error = check_removable(source);

    if (error == 0)
        error = check_removable(target);
    if (error == 0)
        error = note(source, source->dir->mount->ops->stat(source->dir, source->name, &from));
    if (error != 0)
        return error;
    if ((source->slash || target->slash) && from.type != KRAIT_TYPE_DIRECTORY)
        return ENOTDIR;
    error = target->dir->mount->ops->stat(target->dir, target->name, &to);
    if (error == 0 && target->slash && to.type != KRAIT_TYPE_DIRECTORY)
        return ENOTDIR;
    return check_pair(source, target);
}

int
krait__path_rename(const krait_at *from, const krait_at *to)
{
    krait_walk source;
    krait_walk target;
    int error = krait__walk(&source, from, 0);
    int target_error = krait__walk(&target, to, 0);

    if (error == 0)
        error = target_error;
    if (error == 0)
        error = check_rename(&source, &target);
    if (error == 0)
        error = source.dir->mount->ops->rename(source.dir, source.name, target.dir, target.name);
    krait__walk_end(&source);
    krait__walk_end(&target);
    return error;
}
