/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a path means when both the host and the image may have something there.
 *
 * Of the host's directories that lie on the way, the longest decides; inside of it the host is asked first, with
 * the path as the program wrote it, so that the host's own links count.  When it has nothing there, and links of the image
 * or ".." led elsewhere, it is asked again with the path to which they lead.  Then the image has it or nobody.
 */
#include "state.h"

#include <string.h>

/* The host's directory that a canonical path is in; of several the longest, then the last. */
static const krait_pack_mount *
mount_of(const krait_pack_state *state, const krait_pack_place *place)
{
    const krait_pack_mount *best = NULL;

    for (size_t i = 0; i < state->mounts.count; i++) {
        const krait_pack_mount *m = &state->mount_list[i];

        if (m->len <= place->path_len && memcmp(m->path, place->path, m->len) == 0 &&
            (m->len == 0 || m->len == place->path_len || place->path[m->len] == '/') &&
            (best == NULL || m->len >= best->len)) {
            best = m;
        }
    }
    return best;
}

static void
ask(krait_pack_target *target, int32_t host, const char *path, size_t len)
{
    target->ask[target->asks++] = (krait_pack_question){host, path, len};
}

/* The canonical path, below a directory of the host. */
static void
ask_mount(krait_pack_target *target, const krait_pack_mount *m)
{
    krait_pack_place *place = &target->place;
    size_t from = m->len < place->path_len && m->len > 0 ? m->len + 1 : m->len;
    size_t len = place->path_len;

    if (from == len) {
        ask(target, m->host, ".", 1);
        return;
    }
    if (place->folder) {
        place->path[len++] = '/'; /* there is room for it */
        place->path[len] = '\0';
    }
    ask(target, m->host, place->path + from, len - from);
}

static bool
has_dot_dot(const char *path, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (path[i] == '.' && path[i + 1] == '.' && (i == 0 || path[i - 1] == '/') &&
            (i + 2 == len || path[i + 2] == '/')) {
            return true;
        }
    }
    return false;
}

int
krait_pack_resolve(krait_pack_state *state, krait_pack_open *open, int32_t path, int32_t path_len,
                   bool follow, krait_pack_target *ret)
{
    const char *text = pack_at(path);
    size_t len = (uint32_t)path_len;
    krait_pack_start start = {open->node, open->path};
    const krait_pack_mount *m;

    ret->asks = 0;
    if (open->path == NULL) {
        return PACK_ENOTDIR;
    }
    if (memchr(text, '\0', len) != NULL) {
        return PACK_EINVAL;
    }
    ret->rc = krait_pack_walk(&state->tree, &state->mounts, &start, text, len, follow, &ret->place);
    ret->leaves = ret->place.links > 0 || has_dot_dot(text, len) || (len > 0 && text[0] == '/');
    m = ret->place.whole ? mount_of(state, &ret->place) : NULL;
    if (open->host >= 0 && (m == NULL || m->len <= strlen(open->path))) {
        ask(ret, open->host, text, len);
        if (!ret->leaves) {
            m = NULL;
        }
    }
    if (m != NULL) {
        ask_mount(ret, m);
    }
    /* Nothing of ours is there, and nothing was lost with it. */
    if (open->node == KRAIT_PACK_NONE && ret->rc == PACK_EIO) {
        ret->rc = PACK_ENOENT;
    }
    return PACK_OK;
}

bool
krait_pack_is_missing(const krait_pack_target *target, int32_t answer)
{
    return answer == PACK_ENOENT ||
           (target->leaves && (answer == PACK_ENOTCAPABLE || answer == PACK_EPERM));
}

bool
krait_pack_is_refused(const krait_pack_state *state, const krait_pack_target *target,
                      int32_t answer)
{
    if (krait_pack_is_missing(target, answer)) {
        return true;
    }
    return state->tree.memory != NULL && target->place.parent != KRAIT_PACK_NONE &&
           (answer == PACK_EROFS || answer == PACK_EACCES || answer == PACK_EPERM ||
            answer == PACK_ENOTCAPABLE);
}
