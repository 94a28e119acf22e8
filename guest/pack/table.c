/* SPDX-License-Identifier: Apache-2.0 */
/* The program's descriptors: see state.h. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

static int
reserve(krait_pack_state *state, uint32_t fd)
{
    uint32_t count = state->descriptor_count == 0 ? 64 : state->descriptor_count;
    krait_pack_descriptor *larger;

    if (fd < state->descriptor_count) {
        return PACK_OK;
    }
    if (fd > KRAIT_PACK_FD_MAX) {
        return PACK_EMFILE;
    }
    while (count <= fd) {
        count *= 2;
    }
    larger = realloc(state->descriptors, count * sizeof(*larger));
    if (larger == NULL) {
        return PACK_ENOMEM;
    }
    for (uint32_t i = state->descriptor_count; i < count; i++) {
        larger[i] = (krait_pack_descriptor){NULL, -1, -1};
    }
    state->descriptors = larger;
    state->descriptor_count = count;
    return PACK_OK;
}

/* The number has no meaning for the program, as far as it is known here. */
static bool
is_free(const krait_pack_state *state, uint32_t fd)
{
    return fd >= state->descriptor_count ||
           (state->descriptors[fd].open == NULL && state->descriptors[fd].host < 0);
}

/* The host's descriptor of this number is known under another one. */
static bool
is_elsewhere(const krait_pack_state *state, uint32_t fd)
{
    return fd < state->descriptor_count && state->descriptors[fd].known_as >= 0 &&
           state->descriptors[fd].known_as != (int32_t)fd;
}

int
krait_pack_find(uint32_t fd, krait_pack_open **ret_open, int32_t *ret_host)
{
    krait_pack_state *state = krait_pack_get();

    *ret_open = NULL;
    *ret_host = (int32_t)fd;
    /* A negative number would say that the file is only ours. */
    if (fd > INT32_MAX) {
        return PACK_EBADF;
    }
    if (!is_free(state, fd)) {
        krait_pack_descriptor *d = &state->descriptors[fd];

        *ret_open = d->open;
        *ret_host = d->open != NULL ? d->open->host : d->host;
        return PACK_OK;
    }
    return is_elsewhere(state, fd) ? PACK_EBADF : PACK_OK;
}

/* The lowest number that is free here and at the host. */
static int
lowest_free(krait_pack_state *state, uint32_t *ret_fd)
{
    for (uint32_t fd = 0; fd <= KRAIT_PACK_FD_MAX; fd++) {
        __wasi_fdstat_t ignored;

        if (!is_free(state, fd)) {
            continue;
        }
        /* A descriptor that the host has and that is known under another number is no obstacle. */
        if (is_elsewhere(state, fd) ||
            krait_pack_real_fd_fdstat_get((int32_t)fd, pack_result(&ignored)) == PACK_EBADF) {
            *ret_fd = fd;
            return reserve(state, fd);
        }
        if (reserve(state, fd) == PACK_OK) {
            state->descriptors[fd].host = (int32_t)fd;
            state->descriptors[fd].known_as = (int32_t)fd;
        }
    }
    return PACK_EMFILE;
}

int
krait_pack_place_at(krait_pack_state *state, uint32_t fd, krait_pack_open *open)
{
    int rc = reserve(state, fd);

    if (rc == PACK_OK) {
        state->descriptors[fd].open = open;
        state->descriptors[fd].host = -1;
        state->open_count++;
    }
    return rc;
}

/* A number for a descriptor of the host: its own one, if that can be. */
static int
number_for(krait_pack_state *state, int32_t host, uint32_t *ret_fd)
{
    int rc = reserve(state, (uint32_t)host);

    if (rc == PACK_OK && !is_free(state, (uint32_t)host)) {
        state->descriptors[host].known_as = INT32_MAX; /* so that it is no obstacle */
        rc = lowest_free(state, ret_fd);
        state->descriptors[host].known_as = rc == PACK_OK ? (int32_t)*ret_fd : -1;
        return rc;
    }
    if (rc == PACK_OK) {
        state->descriptors[host].known_as = host;
        *ret_fd = (uint32_t)host;
    }
    return rc;
}

int
krait_pack_install(krait_pack_state *state, krait_pack_open *open, uint32_t *ret_fd)
{
    int rc;

    if (open == NULL) {
        return PACK_ENOMEM;
    }
    if (state->open_count >= KRAIT_PACK_OPEN_MAX) {
        rc = PACK_EMFILE;
    } else {
        rc = open->host >= 0 ? number_for(state, open->host, ret_fd) : lowest_free(state, ret_fd);
    }
    if (rc == PACK_OK) {
        rc = krait_pack_place_at(state, *ret_fd, open);
    }
    if (rc != PACK_OK && open != NULL) {
        krait_pack_open_free(state, open);
    }
    return rc;
}

int
krait_pack_adopt(krait_pack_state *state, int32_t host, uint32_t *ret_fd)
{
    uint32_t fd = (uint32_t)host;
    int rc;

    if (fd > KRAIT_PACK_FD_MAX) {
        *ret_fd = fd; /* no packed file has such a number */
        return PACK_OK;
    }
    rc = number_for(state, host, &fd);
    if (rc != PACK_OK) {
        (void)krait_pack_real_fd_close(host);
        return rc;
    }
    state->descriptors[fd].open = NULL;
    state->descriptors[fd].host = host;
    *ret_fd = fd;
    return PACK_OK;
}

krait_pack_open *
krait_pack_open_new(krait_pack_state *state, uint32_t node, int32_t host, const char *path)
{
    krait_pack_open *open = calloc(1, sizeof(*open));

    if (open == NULL ||
        (node != KRAIT_PACK_NONE && krait_pack_tree_hold(&state->tree, node) != PACK_OK)) {
        free(open);
        if (host >= 0) {
            (void)krait_pack_real_fd_close(host);
        }
        return NULL;
    }
    open->node = node;
    open->host = host;
    if (path != NULL) {
        open->path = strdup(path);
        if (open->path == NULL) {
            krait_pack_open_free(state, open);
            return NULL;
        }
    }
    return open;
}

void
krait_pack_open_free(krait_pack_state *state, krait_pack_open *open)
{
    if (open->host >= 0) {
        krait_pack_unmount(state, open->host);
        (void)krait_pack_real_fd_close(open->host);
        if ((uint32_t)open->host < state->descriptor_count) {
            state->descriptors[open->host].known_as = -1;
        }
    }
    krait_pack_tree_drop(&state->tree, open->node);
    free(open->path);
    free(open->preopen);
    free(open);
}

/* Ends what the program knows under a number; the host's part, too. */
static int32_t
close_number(krait_pack_state *state, uint32_t fd)
{
    krait_pack_descriptor *d = &state->descriptors[fd];
    int32_t rc = PACK_OK;

    if (d->open != NULL) {
        krait_pack_open_free(state, d->open);
        state->open_count--;
    } else {
        rc = krait_pack_real_fd_close(d->host);
        state->descriptors[d->host].known_as = -1;
    }
    d->open = NULL;
    d->host = -1;
    return rc;
}

int32_t
PACK_OWN(fd_close)(int32_t number)
{
    uint32_t fd = (uint32_t)number;
    krait_pack_state *state;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_close(number);
    }
    state = krait_pack_get();
    if (is_free(state, fd)) {
        return is_elsewhere(state, fd) ? PACK_EBADF : krait_pack_real_fd_close(number);
    }
    return close_number(state, fd);
}

/* The host's descriptor behind a number that is in use, or -1. */
static int32_t
host_of(const krait_pack_state *state, uint32_t fd)
{
    const krait_pack_descriptor *d = &state->descriptors[fd];

    return d->open != NULL ? d->open->host : d->host;
}

/* The host's own, under its number. */
static bool
is_plain(const krait_pack_state *state, uint32_t fd)
{
    return state->descriptors[fd].open == NULL && state->descriptors[fd].host == (int32_t)fd;
}

/* A number that was not seen here yet, but that the host has. */
static int
learn(krait_pack_state *state, uint32_t fd)
{
    __wasi_fdstat_t ignored;
    int rc;

    if (!is_free(state, fd)) {
        return PACK_OK;
    }
    if (fd > KRAIT_PACK_FD_MAX || is_elsewhere(state, fd)) {
        return PACK_EBADF;
    }
    rc = krait_pack_real_fd_fdstat_get((int32_t)fd, pack_result(&ignored));
    if (rc == PACK_OK) {
        rc = reserve(state, fd);
    }
    if (rc == PACK_OK) {
        state->descriptors[fd].host = state->descriptors[fd].known_as = (int32_t)fd;
    }
    return rc;
}

/* As the hosts have it, both numbers must be in use. */
int32_t
PACK_OWN(fd_renumber)(int32_t from_number, int32_t to_number)
{
    uint32_t from = (uint32_t)from_number;
    uint32_t to = (uint32_t)to_number;
    krait_pack_state *state;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_renumber(from_number, to_number);
    }
    state = krait_pack_get();
    rc = learn(state, from);
    if (rc == PACK_OK) {
        rc = learn(state, to);
    }
    if (rc != PACK_OK || from == to) {
        return rc;
    }
    if (is_plain(state, from) && is_plain(state, to)) {
        rc = krait_pack_real_fd_renumber(from_number, to_number);
        if (rc == PACK_OK) {
            state->descriptors[from].host = state->descriptors[from].known_as = -1;
        }
        return rc;
    }
    (void)close_number(state, to);
    state->descriptors[to].open = state->descriptors[from].open;
    state->descriptors[to].host = state->descriptors[from].host;
    if (host_of(state, to) >= 0) {
        state->descriptors[host_of(state, to)].known_as = to_number;
    }
    state->descriptors[from].open = NULL;
    state->descriptors[from].host = -1;
    return PACK_OK;
}
