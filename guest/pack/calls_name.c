/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that make, remove and rename names. They go to the host where it has the directory;
 * where only the image has it they change the memory above it, or are PACK_EROFS.
 */
#include "state.h"

#include <string.h>

/* The descriptor and path of a call. */
typedef struct where {
    krait_pack_open *open; /* NULL: all of it is the host's */
    int32_t host;
    krait_pack_target target;
} where;

static int
find(int32_t fd, int32_t path, int32_t len, where *ret)
{
    int rc = krait_pack_find((uint32_t)fd, &ret->open, &ret->host);

    if (rc != PACK_OK || ret->open == NULL) {
        return rc;
    }
    return krait_pack_resolve(krait_pack_get(), ret->open, path, len, false, &ret->target);
}

/* The name can be made in the tree: its directory exists, it does not. */
static int
check_new(const krait_pack_target *target)
{
    if (target->rc == PACK_OK) {
        return PACK_EEXIST;
    }
    return target->rc == PACK_ENOENT && target->place.parent != KRAIT_PACK_NONE ? PACK_OK
                                                                                : target->rc;
}

/* The name can be taken out of the tree. */
static int
check_known(const krait_pack_target *target)
{
    return target->rc == PACK_OK && target->place.name_len == 0 ? PACK_EINVAL : target->rc;
}

static int
make(const krait_pack_target *target, uint32_t type, const char *link, size_t link_len)
{
    const krait_pack_place *place = &target->place;
    uint32_t ignored;
    int rc = check_new(target);

    return rc == PACK_OK ? krait_pack_tree_make(&krait_pack_get()->tree, place->parent,
                                                place->path + place->name, place->name_len, type,
                                                link, link_len, &ignored)
                         : rc;
}

static int
take_away(const krait_pack_target *target, bool directory)
{
    const krait_pack_place *place = &target->place;
    int rc = check_known(target);

    return rc == PACK_OK
               ? krait_pack_tree_remove(&krait_pack_get()->tree, place->parent,
                                        place->path + place->name, place->name_len, directory)
               : rc;
}

int32_t
PACK_OWN(path_create_directory)(int32_t fd, int32_t path, int32_t len)
{
    where w;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_create_directory(fd, path, len);
    }
    rc = find(fd, path, len, &w);
    if (rc == PACK_OK && w.open == NULL) {
        return krait_pack_real_path_create_directory(w.host, path, len);
    }
    if (rc != PACK_OK || w.target.rc == PACK_OK) {
        return rc == PACK_OK ? PACK_EEXIST : rc;
    }
    for (int i = 0; i < w.target.asks; i++) {
        const krait_pack_question *q = &w.target.ask[i];

        rc = krait_pack_real_path_create_directory(q->host, pack_address(q->path), (int32_t)q->len);
        if (!krait_pack_is_refused(krait_pack_get(), &w.target, rc)) {
            return rc;
        }
    }
    return make(&w.target, KRAIT_PACK_S_IFDIR, NULL, 0);
}

int32_t
PACK_OWN(path_symlink)(int32_t text, int32_t text_len, int32_t fd, int32_t path, int32_t len)
{
    where w;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_symlink(text, text_len, fd, path, len);
    }
    rc = find(fd, path, len, &w);
    if (rc == PACK_OK && w.open == NULL) {
        return krait_pack_real_path_symlink(text, text_len, w.host, path, len);
    }
    if (rc != PACK_OK || w.target.rc == PACK_OK) {
        return rc == PACK_OK ? PACK_EEXIST : rc;
    }
    for (int i = 0; i < w.target.asks; i++) {
        const krait_pack_question *q = &w.target.ask[i];

        rc = krait_pack_real_path_symlink(text, text_len, q->host, pack_address(q->path),
                                          (int32_t)q->len);
        if (!krait_pack_is_refused(krait_pack_get(), &w.target, rc)) {
            return rc;
        }
    }
    if (w.target.place.folder) {
        return PACK_ENOENT;
    }
    if (text_len == 0 || (uint32_t)text_len > KRAIT_PACK_TARGET_MAX) {
        return text_len == 0 ? PACK_ENOENT : PACK_ENAMETOOLONG;
    }
    return make(&w.target, KRAIT_PACK_S_IFLNK, pack_at(text), (uint32_t)text_len);
}

int32_t
PACK_OWN(path_unlink_file)(int32_t fd, int32_t path, int32_t len)
{
    where w;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_unlink_file(fd, path, len);
    }
    rc = find(fd, path, len, &w);
    if (rc == PACK_OK && w.open == NULL) {
        return krait_pack_real_path_unlink_file(w.host, path, len);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    for (int i = 0; i < w.target.asks; i++) {
        const krait_pack_question *q = &w.target.ask[i];

        rc = krait_pack_real_path_unlink_file(q->host, pack_address(q->path), (int32_t)q->len);
        if (!krait_pack_is_missing(&w.target, rc)) {
            return rc;
        }
    }
    return take_away(&w.target, false);
}

int32_t
PACK_OWN(path_remove_directory)(int32_t fd, int32_t path, int32_t len)
{
    where w;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_remove_directory(fd, path, len);
    }
    rc = find(fd, path, len, &w);
    if (rc == PACK_OK && w.open == NULL) {
        return krait_pack_real_path_remove_directory(w.host, path, len);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    for (int i = 0; i < w.target.asks; i++) {
        const krait_pack_question *q = &w.target.ask[i];

        rc = krait_pack_real_path_remove_directory(q->host, pack_address(q->path), (int32_t)q->len);
        if (!krait_pack_is_missing(&w.target, rc)) {
            return rc;
        }
    }
    return take_away(&w.target, true);
}

/* The host's question for a name: the first of its directories that has it. -1: none has. */
static int
hosts_question(const where *w, int32_t path, int32_t len, krait_pack_question *ret)
{
    __wasi_filestat_t ignored;

    if (w->open == NULL) {
        *ret = (krait_pack_question){w->host, pack_at(path), (uint32_t)len};
        return PACK_OK;
    }
    for (int i = 0; i < w->target.asks; i++) {
        int32_t rc;

        *ret = w->target.ask[i];
        rc = krait_pack_real_path_filestat_get(ret->host, 0, pack_address(ret->path),
                                               (int32_t)ret->len, pack_result(&ignored));
        if (!krait_pack_is_missing(&w->target, rc)) {
            return PACK_OK;
        }
    }
    return PACK_ENOENT;
}

typedef int32_t two_names(const krait_pack_question *from, const krait_pack_question *to,
                          int32_t flags);

/* Something of the host's gets a name: that, too, has to be at the host. */
static int32_t
within_host(two_names *call, const krait_pack_question *from, const where *to, int32_t path,
            int32_t len, int32_t flags)
{
    krait_pack_question q = {to->host, pack_at(path), (uint32_t)len};
    int32_t rc = PACK_ENOENT;

    if (to->open == NULL) {
        return call(from, &q, flags);
    }
    for (int i = 0; i < to->target.asks; i++) {
        rc = call(from, &to->target.ask[i], flags);
        if (!krait_pack_is_missing(&to->target, rc)) {
            return rc;
        }
    }
    if (to->target.rc != PACK_OK && check_new(&to->target) != PACK_OK) {
        return to->target.rc;
    }
    return krait_pack_get()->tree.memory == NULL ? PACK_EROFS : PACK_EXDEV;
}

static int32_t
hosts_rename(const krait_pack_question *from, const krait_pack_question *to, int32_t flags)
{
    (void)flags;
    return krait_pack_real_path_rename(from->host, pack_address(from->path), (int32_t)from->len,
                                       to->host, pack_address(to->path), (int32_t)to->len);
}

static int32_t
hosts_link(const krait_pack_question *from, const krait_pack_question *to, int32_t flags)
{
    return krait_pack_real_path_link(from->host, flags, pack_address(from->path),
                                     (int32_t)from->len, to->host, pack_address(to->path),
                                     (int32_t)to->len);
}

/* A packed name, and where it is to go. */
static int
check_two(const where *from, const where *to)
{
    int rc = check_known(&from->target);

    if (rc != PACK_OK) {
        return rc;
    }
    if (to->open == NULL) {
        return krait_pack_get()->tree.memory == NULL ? PACK_EROFS : PACK_EXDEV;
    }
    return to->target.rc == PACK_OK ? check_known(&to->target) : check_new(&to->target);
}

int32_t
PACK_OWN(path_rename)(int32_t fd, int32_t path, int32_t len, int32_t to_fd, int32_t to_path,
                      int32_t to_len)
{
    krait_pack_question q;
    where from;
    where to;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_rename(fd, path, len, to_fd, to_path, to_len);
    }
    rc = find(fd, path, len, &from);
    if (rc == PACK_OK) {
        rc = find(to_fd, to_path, to_len, &to);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (hosts_question(&from, path, len, &q) == PACK_OK) {
        return within_host(hosts_rename, &q, &to, to_path, to_len, 0);
    }
    rc = check_two(&from, &to);
    if (rc != PACK_OK) {
        return rc;
    }
    return krait_pack_tree_rename(&krait_pack_get()->tree, from.target.place.parent,
                                  from.target.place.path + from.target.place.name,
                                  from.target.place.name_len, to.target.place.parent,
                                  to.target.place.path + to.target.place.name,
                                  to.target.place.name_len);
}

int32_t
PACK_OWN(path_link)(int32_t fd, int32_t lookup, int32_t path, int32_t len, int32_t to_fd,
                    int32_t to_path, int32_t to_len)
{
    krait_pack_question q;
    where from;
    where to;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_link(fd, lookup, path, len, to_fd, to_path, to_len);
    }
    rc = find(fd, path, len, &from);
    if (rc == PACK_OK) {
        rc = find(to_fd, to_path, to_len, &to);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    if (to.open != NULL && to.target.rc == PACK_OK) {
        return PACK_EEXIST;
    }
    if (hosts_question(&from, path, len, &q) == PACK_OK) {
        return within_host(hosts_link, &q, &to, to_path, to_len, lookup);
    }
    rc = check_two(&from, &to);
    if (rc != PACK_OK) {
        return rc;
    }
    return krait_pack_tree_link(&krait_pack_get()->tree, from.target.place.node,
                                to.target.place.parent, to.target.place.path + to.target.place.name,
                                to.target.place.name_len);
}
