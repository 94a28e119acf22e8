/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_oneoff. A packed file is always ready, as regular files are everywhere. When one is asked for,
 * the host is still asked for the others, but with a clock that has run out already.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* userdata of the clock that was added; the others are numbers of subscriptions. */
#define OUR_CLOCK UINT64_MAX

static bool
is_clock(const __wasi_subscription_t *s)
{
    return s->u.tag == __WASI_EVENTTYPE_CLOCK;
}

static uint64_t
bytes_left(krait_pack_state *state, const krait_pack_open *open)
{
    krait_pack_stat stat;

    if (krait_pack_tree_type(&state->tree, open->node) != KRAIT_PACK_S_IFREG ||
        krait_pack_tree_stat(&state->tree, open->node, &stat) != PACK_OK ||
        open->position > stat.size) {
        return 0;
    }
    return stat.size - open->position;
}

static void
answer(krait_pack_state *state, const __wasi_subscription_t *s, const krait_pack_open *open,
       int error, __wasi_event_t *event)
{
    memset(event, 0, sizeof(*event));
    event->userdata = s->userdata;
    event->type = s->u.tag;
    event->error = (__wasi_errno_t)error;
    if (open != NULL && s->u.tag == __WASI_EVENTTYPE_FD_READ) {
        event->fd_readwrite.nbytes = bytes_left(state, open);
    }
}

/* Answers what is ours, and puts the rest into `rest` with the host's numbers. */
static uint32_t
divide(krait_pack_state *state, const __wasi_subscription_t *all, uint32_t count,
       __wasi_event_t *events, uint32_t *ret_done, __wasi_subscription_t *rest)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        krait_pack_open *open = NULL;
        int32_t host = -1;
        int rc = PACK_OK;

        rest[kept] = all[i];
        rest[kept].userdata = i;
        if (!is_clock(&all[i])) {
            rc = krait_pack_find((uint32_t)all[i].u.u.fd_read.file_descriptor, &open, &host);
            rest[kept].u.u.fd_read.file_descriptor = host;
        }
        if (!is_clock(&all[i]) && (rc != PACK_OK || host < 0)) {
            answer(state, &all[i], open, rc, &events[(*ret_done)++]);
        } else {
            kept++;
        }
    }
    return kept;
}

static int32_t
ask_host(const __wasi_subscription_t *all, __wasi_subscription_t *rest, uint32_t kept,
         __wasi_event_t *events, uint32_t *done)
{
    __wasi_event_t *more = calloc(kept + 1, sizeof(*more));
    uint32_t count = 0;
    int32_t rc;

    if (more == NULL) {
        return PACK_ENOMEM;
    }
    if (*done > 0) {
        memset(&rest[kept], 0, sizeof(rest[kept]));
        rest[kept].userdata = OUR_CLOCK;
        rest[kept].u.tag = __WASI_EVENTTYPE_CLOCK;
        rest[kept].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
        kept++;
    }
    rc = krait_pack_real_poll_oneoff(pack_address(rest), pack_result(more), (int32_t)kept,
                                     pack_result(&count));
    for (uint32_t i = 0; rc == PACK_OK && i < count && i < kept; i++) {
        if (more[i].userdata != OUR_CLOCK) {
            more[i].userdata = all[more[i].userdata].userdata;
            events[(*done)++] = more[i];
        }
    }
    free(more);
    /* What is ready is ready, even if the host cannot wait for the rest. */
    return *done > 0 ? PACK_OK : rc;
}

/* Whether one of the subscriptions is not simply the host's, under its own number. */
static bool
concerns_us(const __wasi_subscription_t *all, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        krait_pack_open *open;
        int32_t host;

        if (!is_clock(&all[i]) && (krait_pack_find((uint32_t)all[i].u.u.fd_read.file_descriptor,
                                                   &open, &host) != PACK_OK ||
                                   host != all[i].u.u.fd_read.file_descriptor)) {
            return true;
        }
    }
    return false;
}

int32_t
PACK_OWN(poll_oneoff)(int32_t subscriptions, int32_t results, int32_t count_given, int32_t result)
{
    const __wasi_subscription_t *all = pack_at(subscriptions);
    __wasi_event_t *events = pack_at(results);
    uint32_t count = (uint32_t)count_given;
    __wasi_subscription_t *rest;
    uint32_t done = 0;
    uint32_t kept;
    int32_t rc = PACK_OK;

    if (!krait_pack_is_packed() || !concerns_us(all, count)) {
        return krait_pack_real_poll_oneoff(subscriptions, results, count_given, result);
    }
    rest = count < UINT32_MAX / sizeof(*rest) ? calloc(count + 1, sizeof(*rest)) : NULL;
    if (rest == NULL) {
        return PACK_ENOMEM;
    }
    kept = divide(krait_pack_get(), all, count, events, &done, rest);
    if (kept > 0) {
        rc = ask_host(all, rest, kept, events, &done);
    }
    free(rest);
    if (rc == PACK_OK) {
        memcpy(pack_at(result), &done, sizeof(done));
    }
    return rc;
}
