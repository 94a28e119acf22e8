/* SPDX-License-Identifier: Apache-2.0 */
/* The slot for the image, and the one state that a program has: it is its table of descriptors. */
#include "state.h"

#include <string.h>

/* Its name for the linker, --export=krait_pack_slot, is that of a type in C. Not const: it lies in
   a data segment that is written over. */
__attribute__((used)) volatile krait_pack_slot krait_pack_the_slot = {
    .magic = {'K', 'R', 'T', 'S', 'L', 'O', 'T', '\n'}, .version = KRAIT_PACK_VERSION};

static krait_pack_state the_state;

static int64_t
now(void)
{
    __wasi_timestamp_t time = 0;

    (void)__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 1, &time);
    return (int64_t)time;
}

static void
say(const char *text, size_t len)
{
    __wasi_ciovec_t piece = {(const uint8_t *)text, len};
    krait_pack_open *open = NULL;
    int32_t host = 2;
    uint32_t written;

    if (!the_state.is_ready || (krait_pack_find(2, &open, &host) == PACK_OK && host >= 0)) {
        (void)krait_pack_real_fd_write(host, pack_address(&piece), 1, pack_result(&written));
    }
}

static size_t
add(char *line, size_t at, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len > size - at) {
        len = size - at;
    }
    memcpy(line + at, text, len);
    return at + len;
}

int
krait_pack_report(krait_pack_state *state, uint32_t node, int error)
{
    char path[512];
    char line[700];
    size_t at = 0;

    if (error != PACK_EIO ||
        (state->was_reported && (state->tree.damage != NULL || state->reported == node))) {
        return error;
    }
    state->was_reported = true;
    state->reported = node;
    at = add(line, at, sizeof(line), "krait: the files packed into this program are damaged: ");
    if (state->tree.damage != NULL) {
        at = add(line, at, sizeof(line), state->tree.damage);
    } else {
        krait_pack_image_path(&state->tree.image, node, path, sizeof(path));
        at = add(line, at, sizeof(line), path);
        at = add(line, at, sizeof(line), ": ");
        at = add(line, at, sizeof(line),
                 state->tree.contents.problem == NULL ? "its entry makes no sense"
                                                      : state->tree.contents.problem);
    }
    at = add(line, at, sizeof(line), "\n");
    say(line, at);
    return error;
}

krait_pack_state *
krait_pack_get(void)
{
    krait_pack_state *state = &the_state;

    if (!state->is_ready) {
        krait_pack_tree_init(&state->tree, (const void *)(uintptr_t)krait_pack_the_slot.image,
                             krait_pack_the_slot.size, now);
        if (state->tree.damage != NULL) {
            (void)krait_pack_report(state, KRAIT_PACK_NONE, PACK_EIO);
        }
        krait_pack_find_preopens(state);
        state->is_ready = true;
    }
    return state;
}
