/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution, name by name, in the guest's name space.
 *
 * The walk keeps a stack of the directories it came through, from the one that
 * the path starts at.  ".." takes one off, so it is where the guest came from and never
 * asks the host for a parent: a directory that is moved away meanwhile leads
 * nowhere new.  Below the start there is nothing to take off: EPERM, except in the
 * guest's root, which is its own parent.  A link with an absolute target is EPERM, too, unless
 * the path starts at the root or krait_vfs_options.absolute_links says else.
 *
 * Symbolic links are read and resolved here, never by the host.  A link inside a
 * host directory may say anything ("/etc", "../..", "/proc/1/root"): its text is taken as a
 * path of the guest, and what it leads to must lie in the same mount, else EPERM.
 * Links in memory were made by the guest and may lead anywhere in its name space.
 *
 * Where nothing is mounted further down, a back end may jump through several
 * directories at once (openat2 with RESOLVE_BENEATH); when it cannot tell, the walk goes on
 * step by step.  Both give the same answers; tests run them side by side.
 */
#include "vfs/walk.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

static krait_level *
top(krait_walk *walk)
{
    return &walk->levels[walk->count - 1];
}

static void
drop_top(krait_walk *walk)
{
    krait_level *level = top(walk);

    if (!level->is_gone)
        krait__place_release(&level->place);
    krait__free(level->name);
    walk->count--;
}

/* Levels of host directories far up give their descriptors back, but every so often one stays: a path that goes
 * up and down would step through all levels again each time. */
static void
save_descriptors(krait_walk *walk)
{
    krait_level *level;

    if (walk->count <= KRAIT_WALK_FDS + 1)
        return;
    level = &walk->levels[walk->count - KRAIT_WALK_FDS - 1];
    if ((walk->count - KRAIT_WALK_FDS - 1) % KRAIT_WALK_FDS == 0)
        return;
    if (level->is_gone || level->place.borrowed || !level->place.mount->is_host ||
        level->name == NULL)
        return;
    krait__place_release(&level->place);
    level->is_gone = true;
}

/* Takes over `place`, also when it fails. */
static int
push(krait_walk *walk, krait_place *place, const char *name)
{
    krait_level *level;
    char *copy = NULL;

    if (walk->count >= KRAIT_WALK_DEPTH) {
        krait__place_release(place);
        return ENAMETOOLONG;
    }
    if ((name != NULL && (copy = krait__strdup(name)) == NULL) ||
        krait__grow(&walk->levels, walk->count, &walk->capacity, sizeof(*walk->levels),
                    KRAIT_WALK_DEPTH) != 0) {
        krait__free(copy);
        krait__place_release(place);
        return ENOMEM;
    }
    level = &walk->levels[walk->count++];
    level->place = *place;
    level->name = copy;
    level->is_gone = false;
    save_descriptors(walk);
    return 0;
}

/* Makes the top level usable again after levels above it were taken off: steps down
 * again from the last level that is open.  Keeps as many descriptors as before. */
static int
reopen(krait_walk *walk)
{
    size_t i = walk->count - 1;
    krait_place here;
    bool is_temporary = false;
    krait_step step;

    while (walk->levels[i].is_gone)
        i--;
    here = walk->levels[i].place;
    for (i++; i < walk->count; i++) {
        krait_level *level = &walk->levels[i];
        int error = here.mount->ops->step(&here, level->name, &step);

        if (is_temporary)
            krait__place_release(&here);
        if (error != 0)
            return error;
        if (step.type != KRAIT_TYPE_DIRECTORY)
            return ENOENT;
        here = step.place;
        here.ns = level->place.ns;
        is_temporary = i + KRAIT_WALK_FDS < walk->count;
        if (!is_temporary) {
            level->place = here;
            level->is_gone = false;
        }
    }
    return 0;
}

static bool
at_guest_root(const krait_walk *walk, const krait_level *level)
{
    return level->place.ns == &walk->vfs->root;
}

static int
go_up(krait_walk *walk)
{
    if (walk->count == 1)
        return at_guest_root(walk, top(walk)) ? 0 : EPERM;
    drop_top(walk);
    return top(walk)->is_gone ? reopen(walk) : 0;
}

/* A link of a host directory was followed: what its text leads to must be in the
 * same mount.  Checked when the text is used up. */
static int
check_confined(krait_walk *walk, const krait_mount *here)
{
    if (walk->confine == NULL || strlen(walk->rest + walk->at) > walk->confine_rest)
        return 0;
    if (here != walk->confine)
        return EPERM;
    walk->confine = NULL;
    return 0;
}

/* The same for the result of the whole walk. */
static int
check_result(const krait_walk *walk)
{
    return walk->confine != NULL && walk->dir->mount != walk->confine ? EPERM : 0;
}

/* Enters what is mounted at `point`.  Where it is only on the way to a mount and the file
 * system below has no such directory, an empty one is made up. */
static int
enter_mount(krait_walk *walk, krait_ns *point, const char *name)
{
    krait_place root;

    if (point->mount == NULL) {
        krait_mount *ghost = krait__mem_mount_new(walk->vfs, 0, 1);

        if (ghost == NULL)
            return ENOMEM;
        ghost->flags |= KRAIT_MOUNT_READ_ONLY;
        krait__ns_set(point, ghost);
    }
    root = point->mount->root;
    root.ns = point;
    return push(walk, &root, name);
}

/* Puts the text of a link, found in the top level, in front of what is left. */
static int
expand(krait_walk *walk, const char *target)
{
    const krait_mount *mount = top(walk)->place.mount;
    size_t left = strlen(walk->rest + walk->at);
    size_t size = strlen(target);

    if (++walk->links > KRAIT_WALK_LINKS)
        return ELOOP;
    if (size == 0)
        return ENOENT;
    if (size + 1 + left + 1 > sizeof(walk->rest))
        return ENAMETOOLONG;
    if (mount->is_host) {
        if (walk->confine != NULL && walk->confine != mount)
            return EPERM;
        if (walk->confine == NULL) {
            walk->confine = mount;
            walk->confine_rest = left;
        }
    }
    memmove(walk->rest + size + 1, walk->rest + walk->at, left + 1);
    memcpy(walk->rest, target, size);
    walk->rest[size] = '/';
    if (left == 0)
        walk->rest[size] = '\0'; /* a slash of ours would ask for a directory */
    walk->at = 0;
    if (target[0] != '/')
        return 0;
    while (walk->count > 1)
        drop_top(walk);
    if (at_guest_root(walk, top(walk)))
        return 0;
    if (!walk->vfs->absolute_links)
        return EPERM;
    drop_top(walk);
    return enter_mount(walk, &walk->vfs->root, NULL);
}

/* Goes into the directory or through the link `name` of the top level. */
static int
go_down(krait_walk *walk, const char *name)
{
    const krait_place *here = &top(walk)->place;
    krait_ns *point = krait__ns_child(here->ns, name, strlen(name));
    krait_step step;
    int error;

    if (point != NULL && point->mount != NULL)
        return point->mount->is_file ? ENOTDIR : enter_mount(walk, point, name);
    error = here->mount->ops->step(here, name, &step);
    if (point != NULL) {
        if (error != 0 || step.type != KRAIT_TYPE_DIRECTORY)
            return enter_mount(walk, point, name);
        step.place.ns = point;
    }
    if (error == ENOENT)
        krait__vfs_miss(here, name);
    if (error != 0)
        return error;
    if (step.type == KRAIT_TYPE_DIRECTORY)
        return push(walk, &step.place, name);
    return step.type == KRAIT_TYPE_LINK ? expand(walk, step.target) : ENOTDIR;
}

static bool
may_jump(const krait_walk *walk, const krait_place *here)
{
    return walk->may_jump && here->mount->ops->jump != NULL &&
           (here->ns == NULL || here->ns->children == NULL);
}

/* Where the last name of the rest starts; SIZE_MAX: it is "." or "..", which name what a
 * jump would have lost sight of. */
static size_t
last_name(const char *text, size_t start)
{
    size_t end = strlen(text);
    size_t last;

    while (end > start && text[end - 1] == '/')
        end--;
    for (last = end; last > start && text[last - 1] != '/'; last--)
        ;
    if (text[last] == '.' && (end - last == 1 || (end - last == 2 && text[last + 1] == '.')))
        return SIZE_MAX;
    return last;
}

/* Tries to pass all directories before the last name at once.  ECANCELED: did not. */
static int
try_jump(krait_walk *walk, size_t start)
{
    const krait_place *here = &top(walk)->place;
    char *text = walk->rest;
    size_t last = may_jump(walk, here) ? last_name(text, start) : SIZE_MAX;
    krait_place place;
    int error;

    if (last == SIZE_MAX)
        return ECANCELED;
    text[last - 1] = '\0';
    error = here->mount->ops->jump(here, text + start, &place);
    text[last - 1] = '/';
    if (error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG)
        return error;
    if (error != 0) {
        walk->may_jump = false;
        return ECANCELED;
    }
    place.ns = NULL;
    walk->jump_at = start;
    walk->at = last;
    return push(walk, &place, NULL);
}

/* The last name is a link to follow.  After a jump the way back up is unknown: takes
 * the jump back and walks instead. */
static int
follow_last(krait_walk *walk, const char *target)
{
    if (walk->jump_at == SIZE_MAX)
        return expand(walk, target);
    drop_top(walk);
    walk->at = walk->jump_at;
    walk->jump_at = SIZE_MAX;
    walk->may_jump = false;
    return 0;
}

/* The last name: sets the result. */
static int
finish(krait_walk *walk)
{
    krait_ns *point = krait__ns_child(top(walk)->place.ns, walk->name, strlen(walk->name));
    int error = 0;

    if (point != NULL) {
        bool is_file = point->mount != NULL && point->mount->is_file;

        if (is_file && walk->slash)
            return ENOTDIR;
        error = is_file ? enter_mount(walk, point, walk->name) : go_down(walk, walk->name);
        if (error != 0)
            return error;
        walk->name[0] = '\0';
        walk->is_mount = true;
    } else {
        walk->follow = (walk->how & KRAIT_WALK_FOLLOW) ||
                       (walk->slash && (walk->how & KRAIT_WALK_FOLLOW_SLASH));
    }
    walk->dir = &top(walk)->place;
    return check_result(walk);
}

/* The path ended in a directory that the walk stands in: ".", "..", or a link to it. */
static int
finish_here(krait_walk *walk)
{
    walk->dir = &top(walk)->place;
    walk->name[0] = '\0';
    walk->slash = true;
    walk->is_mount = walk->dir->ns != NULL;
    return check_result(walk);
}

/* Takes the next name off the rest into walk->name. */
static int
next_name(krait_walk *walk, bool *ret_is_last)
{
    const char *start = walk->rest + walk->at;
    size_t size = strcspn(start, "/");
    size_t slashes = strspn(start + size, "/");

    if (size > KRAIT_NAME_MAX)
        return ENAMETOOLONG;
    memcpy(walk->name, start, size);
    walk->name[size] = '\0';
    walk->slash = slashes > 0;
    walk->at += size + slashes;
    *ret_is_last = start[size + slashes] == '\0';
    if (*ret_is_last)
        walk->at -= slashes; /* they stay behind a link that is put in front */
    return 0;
}

static int
take_names(krait_walk *walk)
{
    for (;;) {
        size_t start;
        bool is_last;
        int error = check_confined(walk, top(walk)->place.mount);

        if (error != 0)
            return error;
        walk->at += strspn(walk->rest + walk->at, "/");
        start = walk->at;
        if (walk->rest[start] == '\0')
            return finish_here(walk);
        error = next_name(walk, &is_last);
        if (error != 0)
            return error;
        if (strcmp(walk->name, ".") == 0)
            continue;
        if (strcmp(walk->name, "..") == 0) {
            error = go_up(walk);
        } else if (is_last) {
            return finish(walk);
        } else {
            error = try_jump(walk, start);
            if (error == ECANCELED)
                error = go_down(walk, walk->name);
        }
        if (error != 0)
            return error;
    }
}

static int
walk_on(krait_walk *walk)
{
    int error;

    walk->is_mount = false;
    walk->follow = false;
    error = take_names(walk);
    /* Whatever is, or is not, where a link leads out of its mount: the answer is the same. */
    if ((error == ENOENT || error == ENOTDIR) && walk->confine != NULL &&
        top(walk)->place.mount != walk->confine)
        error = EPERM;
    return error;
}

int
krait__walk_follow(krait_walk *walk)
{
    char target[KRAIT_PATH_MAX + 1];
    size_t size = 0;
    int error = walk->dir->mount->ops->readlink(walk->dir, walk->name, target, sizeof(target) - 1,
                                                &size);

    if (error == EINVAL) {
        /* It was one a moment ago; count it, so that this ends. */
        return ++walk->links > KRAIT_WALK_LINKS ? ELOOP : 0;
    }
    if (error != 0)
        return error;
    walk->dir = NULL;
    target[size] = '\0';
    error = follow_last(walk, target);
    return error != 0 ? error : walk_on(walk);
}

int
krait__walk_stat(krait_walk *walk, krait_stat *ret_stat)
{
    for (;;) {
        int error = walk->dir->mount->ops->stat(walk->dir, walk->name, ret_stat);

        if (error != 0 || ret_stat->type != KRAIT_TYPE_LINK || !walk->follow)
            return error;
        error = krait__walk_follow(walk);
        if (error != 0)
            return error;
    }
}

int
krait__walk(krait_walk *walk, const krait_at *at, unsigned how)
{
    krait_place base;
    size_t size = strlen(at->path);

    /* Only what is read before it is written: the buffers are large. */
    walk->levels = NULL;
    walk->count = walk->capacity = 0;
    walk->dir = NULL;
    walk->is_mount = walk->follow = false;
    walk->slash = false;
    walk->name[0] = '\0';
    if (at->dir->type != KRAIT_TYPE_DIRECTORY || at->dir->place.mount == NULL)
        return ENOTDIR;
    if (size == 0)
        return ENOENT;
    if (at->path[0] == '/')
        return EPERM;
    if (size > KRAIT_PATH_MAX)
        return ENAMETOOLONG;
    base = at->dir->place;
    base.borrowed = true;
    walk->vfs = base.mount->vfs;
    walk->at = 0;
    walk->confine = NULL;
    walk->confine_rest = 0;
    walk->links = 0;
    walk->how = how;
    walk->may_jump = !walk->vfs->walk_only;
    walk->jump_at = SIZE_MAX;
    memcpy(walk->rest, at->path, size + 1);
    if (push(walk, &base, NULL) != 0)
        return ENOMEM;
    return walk_on(walk);
}

void
krait__walk_end(krait_walk *walk)
{
    while (walk->count > 0)
        drop_top(walk);
    krait__free(walk->levels);
    walk->levels = NULL;
}
