/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that the program starts with: the host's, each with what the image has at the
 * same place, and the root when the host does not give one.  libc asks for the numbers from 3 on until
 * one is PACK_EBADF, so that the root has to be among the first.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* A kind of preopened descriptor that libc passes over. */
#define OTHER_TAG 255

/* The name that the host gives a directory; NULL: none, or no memory. */
static char *
read_name(int32_t host, const __wasi_prestat_t *stat)
{
    size_t len = stat->u.dir.pr_name_len;
    char *name = malloc(len + 1);

    if (name != NULL &&
        krait_pack_real_fd_prestat_dir_name(host, pack_result(name), (int32_t)len) != PACK_OK) {
        free(name);
        name = NULL;
    }
    if (name != NULL) {
        name[len] = '\0';
    }
    return name;
}

static uint32_t
node_at(krait_pack_state *state, const char *path)
{
    krait_pack_place place;

    if (path[0] == '\0') {
        return 0;
    }
    if (krait_pack_walk(&state->tree, &state->mounts, NULL, path, strlen(path), true, &place) !=
            PACK_OK ||
        krait_pack_tree_type(&state->tree, place.node) != KRAIT_PACK_S_IFDIR) {
        return KRAIT_PACK_NONE;
    }
    return place.node;
}

static int
mount(krait_pack_state *state, const krait_pack_open *open)
{
    size_t count = state->mounts.count;
    krait_pack_mount *larger = realloc(state->mount_list, (count + 1) * sizeof(*larger));

    if (larger == NULL) {
        return PACK_ENOMEM;
    }
    larger[count] = (krait_pack_mount){open->path, strlen(open->path), open->host};
    state->mount_list = larger;
    state->mounts.list = larger;
    state->mounts.count = count + 1;
    return PACK_OK;
}

void
krait_pack_unmount(krait_pack_state *state, int32_t host)
{
    size_t kept = 0;

    for (size_t i = 0; i < state->mounts.count; i++) {
        if (state->mount_list[i].host != host) {
            state->mount_list[kept++] = state->mount_list[i];
        }
    }
    state->mounts.count = kept;
}

/* One directory of the host. One that cannot be placed stays the host's alone. */
static void
take(krait_pack_state *state, int32_t host, char *name)
{
    char path[KRAIT_PACK_PATH_MAX];
    krait_pack_open *open;

    if (!krait_pack_canonical(name, path, sizeof(path))) {
        free(name);
        return;
    }
    open = calloc(1, sizeof(*open));
    if (open != NULL) {
        open->node = node_at(state, path);
        open->host = host;
        open->preopen = name;
        open->path = strdup(path);
    }
    if (open == NULL || open->path == NULL || mount(state, open) != PACK_OK ||
        krait_pack_place_at(state, (uint32_t)host, open) != PACK_OK) {
        krait_pack_unmount(state, host);
        if (open != NULL) {
            free(open->path);
        }
        free(open);
        free(name);
        return;
    }
    state->descriptors[host].known_as = host;
    if (open->node != KRAIT_PACK_NONE) {
        (void)krait_pack_tree_hold(&state->tree, open->node);
    }
}

static void
add_root(krait_pack_state *state, uint32_t fd)
{
    krait_pack_open *open;
    __wasi_fdstat_t ignored;

    for (size_t i = 0; i < state->mounts.count; i++) {
        if (state->mount_list[i].len == 0) {
            return;
        }
    }
    /* The host may have something else there, a socket that it listens on for the program. */
    while (krait_pack_real_fd_fdstat_get((int32_t)fd, pack_result(&ignored)) != PACK_EBADF) {
        if (++fd > KRAIT_PACK_FD_MAX) {
            return;
        }
    }
    open = krait_pack_open_new(state, 0, -1, "");
    if (open != NULL) {
        open->preopen = strdup("/");
        open->rights = PACK_DIRECTORY_RIGHTS;
        open->inheriting = PACK_ALL_RIGHTS;
        state->root = fd;
        if (open->preopen == NULL || krait_pack_place_at(state, fd, open) != PACK_OK) {
            krait_pack_open_free(state, open);
        }
    }
}

void
krait_pack_find_preopens(krait_pack_state *state)
{
    int32_t fd = 3;
    __wasi_prestat_t stat;

    while (fd < KRAIT_PACK_FD_MAX &&
           krait_pack_real_fd_prestat_get(fd, pack_result(&stat)) == PACK_OK) {
        if (stat.tag == __WASI_PREOPENTYPE_DIR) {
            char *name = read_name(fd, &stat);

            if (name != NULL) {
                take(state, fd, name);
            }
        }
        fd++;
    }
    add_root(state, (uint32_t)fd);
}

int32_t
PACK_OWN(fd_prestat_get)(int32_t fd, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_prestat_get(fd, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK) {
        return rc;
    }
    if (open != NULL) {
        __wasi_prestat_t stat = {.tag = __WASI_PREOPENTYPE_DIR};

        if (open->preopen == NULL) {
            return PACK_EBADF;
        }
        stat.u.dir.pr_name_len = strlen(open->preopen);
        memcpy(pack_at(result), &stat, sizeof(stat));
        return PACK_OK;
    }
    rc = krait_pack_real_fd_prestat_get(host, result);
    if (rc == PACK_EBADF && (uint32_t)fd < krait_pack_get()->root && fd >= 3) {
        __wasi_prestat_t stat = {.tag = OTHER_TAG};

        memcpy(pack_at(result), &stat, sizeof(stat));
        rc = PACK_OK;
    }
    return rc;
}

int32_t
PACK_OWN(fd_prestat_dir_name)(int32_t fd, int32_t result, int32_t len)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;
    size_t size;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_prestat_dir_name(fd, result, len);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK) {
        return rc;
    }
    if (open == NULL) {
        return krait_pack_real_fd_prestat_dir_name(host, result, len);
    }
    if (open->preopen == NULL) {
        return PACK_EBADF;
    }
    size = strlen(open->preopen);
    if (size > (uint32_t)len) {
        return PACK_ENAMETOOLONG;
    }
    memcpy(pack_at(result), open->preopen, size);
    return PACK_OK;
}
