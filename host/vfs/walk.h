/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution in the guest's name space: see walk.c.
 */
#ifndef KRAIT_VFS_WALK_H
#define KRAIT_VFS_WALK_H

#include "vfs/fs.h"

/* Symbolic links that one path may lead through, as on Linux. */
#define KRAIT_WALK_LINKS 40
/* Directories below the start that one walk may stand in. */
#define KRAIT_WALK_DEPTH 2048
/* Host descriptors that one walk keeps open; it reopens what lies further up, but one of as many. */
#define KRAIT_WALK_FDS 32

enum {
    KRAIT_WALK_FOLLOW = 1u << 0,      /* a symbolic link at the end is followed */
    KRAIT_WALK_FOLLOW_SLASH = 1u << 1 /* it is when a slash comes after it */
};

/* One directory on the way down. */
typedef struct krait_level {
    krait_place place;
    char *name;   /* its name in the level above; NULL where it was not reached by name */
    bool is_gone; /* the place was released to save a descriptor */
} krait_level;

typedef struct krait_walk {
    krait_vfs *vfs;
    krait_level *levels;
    size_t count;
    size_t capacity;
    char rest[2 * KRAIT_PATH_MAX + 3]; /* what is still to be resolved, from `at` on */
    size_t at;
    const krait_mount *confine; /* a link of this mount is being followed ... */
    size_t confine_rest;        /* ... until this much of rest is left */
    unsigned links;
    unsigned how;
    bool may_jump;
    size_t jump_at; /* where `at` was before the jump that made the top level; SIZE_MAX: none */

    /* The result: `name` in `dir`, or `dir` itself when name is empty. */
    krait_place *dir;
    char name[KRAIT_NAME_MAX + 1];
    bool slash;    /* the path ends in a slash: it must be a directory */
    bool is_mount; /* `dir` itself is a mount point, or on the way to one */
    bool follow;   /* when `name` is a link, krait__walk_follow is to be called */
} krait_walk;

/* Resolves all but the last name.  Call krait__walk_end whatever it returns.
 * Errors: errno values; a last name that does not exist is none.  The last name is not looked
 * at: whoever finds a link there while `follow` is set goes on with krait__walk_follow. */
int krait__walk(krait_walk *walk, const krait_at *at, unsigned how);
/* Follows the last name; 0: there is a new result, or it is no link any more. */
int krait__walk_follow(krait_walk *walk);
/* The status of the result, with links followed that are to be; as krait_fs_ops.stat. */
int krait__walk_stat(krait_walk *walk, krait_stat *ret_stat);
void krait__walk_end(krait_walk *walk);
/* path.c: may the result be made?  EEXIST, EROFS, ...  A slash after it is for directories only. */
int krait__walk_check_new(const krait_walk *walk, bool is_directory);

#endif /* KRAIT_VFS_WALK_H */
