/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a node of the tree: POSIX path resolution, without ever leaving the root. */
#ifndef KRAIT_GUEST_PACK_WALK_H
#define KRAIT_GUEST_PACK_WALK_H

#include "tree.h"

#define KRAIT_PACK_PATH_MAX  4096 /* as PATH_MAX, NUL included */
#define KRAIT_PACK_LINKS_MAX 40

/* Where a directory of the host is in the tree; it need not be in the image. */
typedef struct krait_pack_mount {
    const char *path; /* canonical: without a slash in front or behind; "" is the root */
    size_t len;
    int32_t host; /* the host's descriptor */
} krait_pack_mount;

typedef struct krait_pack_mounts {
    const krait_pack_mount *list;
    size_t count;
} krait_pack_mounts;

/* Where a path begins. */
typedef struct krait_pack_start {
    uint32_t node;    /* KRAIT_PACK_NONE: not in the tree, take `path` from the root */
    const char *path; /* canonical */
} krait_pack_start;

/* Where a path leads to. */
typedef struct krait_pack_place {
    uint32_t node;   /* KRAIT_PACK_NONE: there is nothing of this name */
    uint32_t parent; /* the directory that has or would have it; KRAIT_PACK_NONE: missing, too */
    uint16_t links;  /* symbolic links on the way */
    bool folder;     /* the path ends with a slash: only a directory will do */
    bool whole;      /* `path` is right although something is missing */
    size_t name;     /* offset of the last component in `path`... */
    size_t name_len; /* ...0: the path ends with "." or ".." or is the root */
    size_t path_len;
    char path[KRAIT_PACK_PATH_MAX +
              1]; /* canonical, ended by NUL; with room for a slash behind it */
} krait_pack_place;

/*
 * PACK_OK: there is a node; PACK_ENOENT: nothing of the name (`parent` says whether its directory
 * exists), or another error. `follow`: a link at the end, too.
 */
int krait_pack_walk(const krait_pack_tree *tree, const krait_pack_mounts *mounts,
                    const krait_pack_start *start, const char *path, size_t len, bool follow,
                    krait_pack_place *ret);

/* The name of a preopened directory as a canonical path; false: it is not below the root. */
bool krait_pack_canonical(const char *name, char *ret, size_t size);

#endif
