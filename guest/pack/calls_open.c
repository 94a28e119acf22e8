/* SPDX-License-Identifier: Apache-2.0 */
/* path_open. */
#include "state.h"

#include <string.h>

/* The arguments that are passed on. */
typedef struct request {
    int32_t lookup;
    int32_t oflags;
    int64_t rights;
    int64_t inheriting;
    int32_t fdflags;
    bool writes; /* the rights, or truncating, ask for it */
} request;

static bool
has(const request *r, int32_t oflag)
{
    return (r->oflags & oflag) != 0;
}

/* A new descriptor of the host; a directory that the image has, too, stays one of both. */
static int
open_hosts(krait_pack_state *state, const krait_pack_target *target, int32_t host, uint32_t *ret_fd)
{
    __wasi_fdstat_t stat;

    if (target->rc == PACK_OK &&
        krait_pack_tree_type(&state->tree, target->place.node) == KRAIT_PACK_S_IFDIR &&
        krait_pack_real_fd_fdstat_get(host, pack_result(&stat)) == PACK_OK &&
        stat.fs_filetype == __WASI_FILETYPE_DIRECTORY) {
        return krait_pack_install(
            state, krait_pack_open_new(state, target->place.node, host, target->place.path),
            ret_fd);
    }
    return krait_pack_adopt(state, host, ret_fd);
}

static int
install_node(krait_pack_state *state, const krait_pack_place *place, uint32_t node,
             const request *r, uint32_t *ret_fd)
{
    bool directory = krait_pack_tree_type(&state->tree, node) == KRAIT_PACK_S_IFDIR;
    krait_pack_open *open = krait_pack_open_new(state, node, -1, directory ? place->path : NULL);

    if (open == NULL) {
        return PACK_ENOMEM;
    }
    open->rights = (uint64_t)r->rights & (directory ? PACK_DIRECTORY_RIGHTS : PACK_FILE_RIGHTS);
    open->inheriting = directory ? (uint64_t)r->inheriting & PACK_ALL_RIGHTS : 0;
    open->flags = (uint16_t)r->fdflags;
    return krait_pack_install(state, open, ret_fd);
}

/* Something that the tree has. */
static int
open_node(krait_pack_state *state, const krait_pack_target *target, const request *r,
          uint32_t *ret_fd)
{
    uint32_t node = target->place.node;
    uint32_t type = krait_pack_tree_type(&state->tree, node);
    int rc = PACK_OK;

    if (type == KRAIT_PACK_S_IFLNK) {
        return has(r, __WASI_OFLAGS_DIRECTORY) ? PACK_ENOTDIR : PACK_ELOOP;
    }
    if (has(r, __WASI_OFLAGS_DIRECTORY) && type != KRAIT_PACK_S_IFDIR) {
        return PACK_ENOTDIR;
    }
    if (type == KRAIT_PACK_S_IFDIR && (r->writes || has(r, __WASI_OFLAGS_CREAT))) {
        return PACK_EISDIR;
    }
    if (type == KRAIT_PACK_S_IFREG && r->writes && state->tree.memory == NULL) {
        return PACK_EROFS;
    }
    if (has(r, __WASI_OFLAGS_TRUNC)) {
        rc = krait_pack_tree_resize(&state->tree, node, 0);
    }
    return rc == PACK_OK ? install_node(state, &target->place, node, r, ret_fd) : rc;
}

/* A file that neither has; `parent` does exist. */
static int
make_node(krait_pack_state *state, const krait_pack_target *target, const request *r,
          uint32_t *ret_fd)
{
    const krait_pack_place *place = &target->place;
    uint32_t node;
    int rc;

    if (place->folder) {
        return PACK_EISDIR;
    }
    rc = krait_pack_tree_make(&state->tree, place->parent, place->path + place->name,
                              place->name_len, KRAIT_PACK_S_IFREG, NULL, 0, &node);
    return rc == PACK_OK ? install_node(state, place, node, r, ret_fd) : rc;
}

/* What the host is asked for: it does not make a file that the image has, except in its place. */
static int32_t
hosts_oflags(const krait_pack_state *state, const krait_pack_target *target, const request *r)
{
    bool replaces = has(r, __WASI_OFLAGS_TRUNC) && state->tree.memory == NULL;

    return target->rc == PACK_OK && !replaces
               ? r->oflags & ~__WASI_OFLAGS_CREAT & ~__WASI_OFLAGS_EXCL
               : r->oflags;
}

static int
open_target(krait_pack_state *state, krait_pack_target *target, const request *r, uint32_t *ret_fd)
{
    int32_t oflags = hosts_oflags(state, target, r);
    krait_pack_place *place = &target->place;

    if (target->rc == PACK_OK && has(r, __WASI_OFLAGS_CREAT) && has(r, __WASI_OFLAGS_EXCL)) {
        return PACK_EEXIST;
    }
    for (int i = 0; i < target->asks; i++) {
        const krait_pack_question *q = &target->ask[i];
        uint32_t host;
        int32_t rc = krait_pack_real_path_open(q->host, r->lookup, pack_address(q->path),
                                               (int32_t)q->len, oflags, r->rights, r->inheriting,
                                               r->fdflags, pack_result(&host));

        if (rc == PACK_OK) {
            place->path[place->path_len] = '\0';
            return open_hosts(state, target, (int32_t)host, ret_fd);
        }
        if (!krait_pack_is_missing(target, rc) &&
            !((oflags & __WASI_OFLAGS_CREAT) != 0 && krait_pack_is_refused(state, target, rc))) {
            return rc;
        }
    }
    place->path[place->path_len] = '\0';
    if (target->rc == PACK_OK) {
        return open_node(state, target, r, ret_fd);
    }
    if (target->rc == PACK_ENOENT && has(r, __WASI_OFLAGS_CREAT) &&
        place->parent != KRAIT_PACK_NONE) {
        return make_node(state, target, r, ret_fd);
    }
    return target->rc;
}

int32_t
PACK_OWN(path_open)(int32_t fd, int32_t lookup, int32_t path, int32_t len, int32_t oflags,
                    int64_t rights, int64_t inheriting, int32_t fdflags, int32_t result)
{
    request r = {lookup, oflags, rights, inheriting, fdflags, false};
    krait_pack_target target;
    krait_pack_open *open;
    uint32_t made;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_open(fd, lookup, path, len, oflags, rights, inheriting, fdflags,
                                         result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && open == NULL) {
        rc = krait_pack_real_path_open(host, lookup, path, len, oflags, rights, inheriting, fdflags,
                                       pack_result(&made));
        rc = rc == PACK_OK ? krait_pack_adopt(krait_pack_get(), (int32_t)made, &made) : rc;
    } else if (rc == PACK_OK) {
        r.writes = ((uint64_t)rights & PACK_WRITE_RIGHTS) != 0 || has(&r, __WASI_OFLAGS_TRUNC);
        /* What has to be new is not made where a link leads. */
        rc = krait_pack_resolve(krait_pack_get(), open, path, len,
                                pack_follows(lookup) &&
                                    !(has(&r, __WASI_OFLAGS_CREAT) && has(&r, __WASI_OFLAGS_EXCL)),
                                &target);
        rc = rc == PACK_OK ? open_target(krait_pack_get(), &target, &r, &made) : rc;
    }
    if (rc == PACK_OK) {
        memcpy(pack_at(result), &made, sizeof(made));
    }
    return rc;
}
