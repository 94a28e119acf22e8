/* SPDX-License-Identifier: Apache-2.0 */
/* The calls with paths that only look: status, links. And those that change a name: calls_name.c. */
#include "state.h"

#include "status.h"

#include <string.h>

int32_t
PACK_OWN(path_filestat_get)(int32_t fd, int32_t lookup, int32_t path, int32_t len, int32_t result)
{
    krait_pack_target target;
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_filestat_get(fd, lookup, path, len, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && open == NULL) {
        return krait_pack_real_path_filestat_get(host, lookup, path, len, result);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_resolve(krait_pack_get(), open, path, len, pack_follows(lookup), &target);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    for (int i = 0; i < target.asks; i++) {
        const krait_pack_question *q = &target.ask[i];

        rc = krait_pack_real_path_filestat_get(q->host, lookup, pack_address(q->path),
                                               (int32_t)q->len, result);
        if (!krait_pack_is_missing(&target, rc)) {
            return rc;
        }
    }
    return target.rc == PACK_OK ? krait_pack_status(krait_pack_get(), target.place.node, result)
                                : target.rc;
}

/* Copies a link's target, cut off where the buffer ends. */
static int32_t
read_link(krait_pack_state *state, uint32_t node, int32_t buffer, int32_t size, int32_t result)
{
    const char *text;
    uint32_t len;
    int rc = krait_pack_tree_target(&state->tree, node, &text, &len);

    if (rc == PACK_OK) {
        len = len < (uint32_t)size ? len : (uint32_t)size;
        memcpy(pack_at(buffer), text, len);
        memcpy(pack_at(result), &len, sizeof(len));
    }
    return krait_pack_report(state, node, rc);
}

int32_t
PACK_OWN(path_readlink)(int32_t fd, int32_t path, int32_t len, int32_t buffer, int32_t size,
                        int32_t result)
{
    krait_pack_target target;
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_readlink(fd, path, len, buffer, size, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && open == NULL) {
        return krait_pack_real_path_readlink(host, path, len, buffer, size, result);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_resolve(krait_pack_get(), open, path, len, false, &target);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    for (int i = 0; i < target.asks; i++) {
        const krait_pack_question *q = &target.ask[i];

        rc = krait_pack_real_path_readlink(q->host, pack_address(q->path), (int32_t)q->len, buffer,
                                           size, result);
        if (!krait_pack_is_missing(&target, rc)) {
            return rc;
        }
    }
    return target.rc == PACK_OK
               ? read_link(krait_pack_get(), target.place.node, buffer, size, result)
               : target.rc;
}

/* What the flags of a call that sets times mean: NULL, leave it; else the time. */
static const int64_t *
chosen_time(krait_pack_state *state, int64_t given, int32_t flags, int32_t set, int32_t set_now,
            int64_t *place)
{
    if ((flags & (set | set_now)) == 0) {
        return NULL;
    }
    *place = (flags & set_now) != 0 ? state->tree.now() : given;
    return place;
}

int32_t
krait_pack_set_times(krait_pack_state *state, uint32_t node, int64_t atim, int64_t mtim,
                     int32_t flags)
{
    int64_t times[2];

    if ((flags & 3) == 3 || (flags & 12) == 12) {
        return PACK_EINVAL;
    }
    return krait_pack_tree_set_times(
        &state->tree, node,
        chosen_time(state, atim, flags, __WASI_FSTFLAGS_ATIM, __WASI_FSTFLAGS_ATIM_NOW, &times[0]),
        chosen_time(state, mtim, flags, __WASI_FSTFLAGS_MTIM, __WASI_FSTFLAGS_MTIM_NOW, &times[1]));
}

int32_t
PACK_OWN(path_filestat_set_times)(int32_t fd, int32_t lookup, int32_t path, int32_t len,
                                  int64_t atim, int64_t mtim, int32_t flags)
{
    krait_pack_target target;
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_path_filestat_set_times(fd, lookup, path, len, atim, mtim, flags);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && open == NULL) {
        return krait_pack_real_path_filestat_set_times(host, lookup, path, len, atim, mtim, flags);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_resolve(krait_pack_get(), open, path, len, pack_follows(lookup), &target);
    }
    if (rc != PACK_OK) {
        return rc;
    }
    for (int i = 0; i < target.asks; i++) {
        const krait_pack_question *q = &target.ask[i];

        rc = krait_pack_real_path_filestat_set_times(q->host, lookup, pack_address(q->path),
                                                     (int32_t)q->len, atim, mtim, flags);
        if (!krait_pack_is_missing(&target, rc)) {
            return rc;
        }
    }
    return target.rc == PACK_OK
               ? krait_pack_set_times(krait_pack_get(), target.place.node, atim, mtim, flags)
               : target.rc;
}
