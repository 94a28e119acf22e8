/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution. Besides the node it finds the canonical path, for the host's directories that
 * are in the same tree: a component that is missing here may be there, so that the path
 * goes on without nodes.
 */
#include "walk.h"

#include "errors.h"

#include <stdlib.h>
#include <string.h>

typedef struct walker {
    const krait_pack_tree *tree;
    const krait_pack_mounts *mounts;
    krait_pack_place *place;
    uint32_t node;    /* where we are; behind missing components the last one that exists */
    uint32_t missing; /* components of `path` behind `node` that do not exist */
    const char *rest;
    size_t rest_len;
    char *expanded; /* owner of `rest` after a link was met */
    bool follow;
} walker;

static void
pop(krait_pack_place *place)
{
    while (place->path_len > 0 && place->path[place->path_len - 1] != '/') {
        place->path_len--;
    }
    if (place->path_len > 0) {
        place->path_len--;
    }
    place->path[place->path_len] = '\0';
    place->name_len = 0;
}

static int
push(krait_pack_place *place, const char *name, size_t len)
{
    if (len > KRAIT_PACK_NAME_MAX || place->path_len + len + 2 > KRAIT_PACK_PATH_MAX) {
        return PACK_ENAMETOOLONG;
    }
    if (place->path_len > 0) {
        place->path[place->path_len++] = '/';
    }
    place->name = place->path_len;
    place->name_len = len;
    memcpy(place->path + place->path_len, name, len);
    place->path_len += len;
    place->path[place->path_len] = '\0';
    return PACK_OK;
}

/* Whether the path is a directory of the host, or on the way to one. */
static bool
is_mounted(const walker *w)
{
    size_t len = w->place->path_len;

    for (size_t i = 0; i < w->mounts->count; i++) {
        const krait_pack_mount *m = &w->mounts->list[i];

        if (m->len >= len && memcmp(m->path, w->place->path, len) == 0 &&
            (m->path[len] == '\0' || m->path[len] == '/')) {
            return true;
        }
    }
    return false;
}

static int
step_up(walker *w)
{
    if (w->missing > 0) {
        if (!is_mounted(w)) {
            w->place->whole = false;
            return PACK_ENOENT;
        }
        w->missing--;
    } else {
        w->node = krait_pack_tree_parent(w->tree, w->node);
    }
    pop(w->place);
    return PACK_OK;
}

/* Puts a link's target in front of the rest of the path. */
static int
expand(walker *w, uint32_t link)
{
    const char *target;
    uint32_t len;
    char *path;
    int rc = krait_pack_tree_target(w->tree, link, &target, &len);

    if (rc != PACK_OK) {
        return rc;
    }
    if (++w->place->links > KRAIT_PACK_LINKS_MAX) {
        return PACK_ELOOP;
    }
    if (len + w->rest_len > 2 * KRAIT_PACK_PATH_MAX) {
        return PACK_ENAMETOOLONG;
    }
    path = malloc(len + w->rest_len + 1);
    if (path == NULL) {
        return PACK_ENOMEM;
    }
    memcpy(path, target, len);
    memcpy(path + len, w->rest, w->rest_len); /* begins with a slash, or is empty */
    pop(w->place);
    if (target[0] == '/') {
        w->node = 0;
        w->place->path_len = 0;
        w->place->path[0] = '\0';
    }
    w->rest_len += len;
    free(w->expanded);
    w->rest = w->expanded = path;
    return PACK_OK;
}

static bool
is_last(const walker *w)
{
    for (size_t i = 0; i < w->rest_len; i++) {
        if (w->rest[i] != '/') {
            return false;
        }
    }
    return true;
}

/* One component that is neither "." nor "..". */
static int
step_down(walker *w, const char *name, size_t len)
{
    uint32_t child = KRAIT_PACK_NONE;
    int rc = push(w->place, name, len);

    if (rc == PACK_OK && w->missing == 0) {
        rc = krait_pack_tree_lookup(w->tree, w->node, name, len, &child);
    }
    if (rc != PACK_OK && rc != PACK_ENOENT) {
        return rc;
    }
    w->place->parent = w->missing == 0 ? w->node : KRAIT_PACK_NONE;
    if (child == KRAIT_PACK_NONE) {
        w->missing++;
        return PACK_OK;
    }
    if (krait_pack_tree_type(w->tree, child) == KRAIT_PACK_S_IFLNK &&
        (w->follow || w->rest_len > 0)) {
        return expand(w, child);
    }
    w->node = child;
    return PACK_OK;
}

static int
step(walker *w)
{
    const char *name = w->rest;
    size_t len = 0;

    while (len < w->rest_len && name[len] != '/') {
        len++;
    }
    w->rest += len;
    w->rest_len -= len;
    if (is_last(w)) {
        w->place->folder = w->rest_len > 0 || (name[0] == '.' && len <= 2 && name[len - 1] == '.');
    }
    if (w->missing == 0 && krait_pack_tree_type(w->tree, w->node) != KRAIT_PACK_S_IFDIR) {
        return PACK_ENOTDIR;
    }
    if (len == 1 && name[0] == '.') {
        w->place->name_len = 0;
        return PACK_OK;
    }
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        return step_up(w);
    }
    return step_down(w, name, len);
}

static int
walk_all(walker *w)
{
    for (;;) {
        int rc;

        while (w->rest_len > 0 && w->rest[0] == '/') {
            w->rest++;
            w->rest_len--;
        }
        if (w->rest_len == 0) {
            return PACK_OK;
        }
        rc = step(w);
        if (rc != PACK_OK) {
            return rc;
        }
    }
}

/* Begins at `start`, or at the root when the path or the start says so. */
static int
begin(walker *w, const krait_pack_start *start)
{
    size_t len = start == NULL ? 0 : strlen(start->path);

    w->node = 0;
    if (start == NULL || (w->rest_len > 0 && w->rest[0] == '/')) {
        return PACK_OK;
    }
    if (len + 1 > KRAIT_PACK_PATH_MAX) {
        return PACK_ENAMETOOLONG;
    }
    if (start->node != KRAIT_PACK_NONE) {
        w->node = start->node;
        memcpy(w->place->path, start->path, len + 1);
        w->place->path_len = len;
        return PACK_OK;
    }
    w->expanded = malloc(len + 1 + w->rest_len);
    if (w->expanded == NULL) {
        return PACK_ENOMEM;
    }
    memcpy(w->expanded, start->path, len);
    w->expanded[len] = '/';
    memcpy(w->expanded + len + 1, w->rest, w->rest_len);
    w->rest = w->expanded;
    w->rest_len += len + 1;
    return PACK_OK;
}

int
krait_pack_walk(const krait_pack_tree *tree, const krait_pack_mounts *mounts,
                const krait_pack_start *start, const char *path, size_t len, bool follow,
                krait_pack_place *ret)
{
    walker w = {.tree = tree,
                .mounts = mounts,
                .place = ret,
                .rest = path,
                .rest_len = len,
                .follow = follow};
    int rc;

    memset(ret, 0, offsetof(krait_pack_place, path) + 1);
    ret->node = ret->parent = KRAIT_PACK_NONE;
    ret->whole = true;
    if (len == 0 || len >= KRAIT_PACK_PATH_MAX) {
        ret->whole = false;
        return len == 0 ? PACK_ENOENT : PACK_ENAMETOOLONG;
    }
    rc = begin(&w, start);
    if (rc == PACK_OK) {
        rc = walk_all(&w);
    }
    if (rc == PACK_OK && w.missing > 0) {
        rc = PACK_ENOENT;
    } else if (rc == PACK_OK && ret->folder &&
               krait_pack_tree_type(tree, w.node) != KRAIT_PACK_S_IFDIR) {
        rc = PACK_ENOTDIR;
    } else if (rc == PACK_OK) {
        ret->node = w.node;
    }
    if (rc != PACK_OK && rc != PACK_ENOENT) {
        ret->whole = false;
    }
    free(w.expanded);
    return rc;
}

bool
krait_pack_canonical(const char *name, char *ret, size_t size)
{
    size_t at = 0;

    for (;;) {
        size_t len;

        while (*name == '/') {
            name++;
        }
        len = strcspn(name, "/");
        if (len == 0) {
            break;
        }
        if (len == 2 && name[0] == '.' && name[1] == '.') {
            return false;
        }
        if (len != 1 || name[0] != '.') {
            if (at + len + 2 > size) {
                return false;
            }
            if (at > 0) {
                ret[at++] = '/';
            }
            memcpy(ret + at, name, len);
            at += len;
        }
        name += len;
    }
    ret[at] = '\0';
    return true;
}
