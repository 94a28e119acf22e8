/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd_readdir. A packed directory has ".", "..", what the tree has, and the host's directories that lie in
 * it. One that the host has, too: first all that the host lists, with its cookies, then the others.
 *
 * Cookies of the tree are small numbers, because telldir() of wasi-libc has 32 bits. After the host's they
 * are marked with the highest bit: what a file system gives is never negative (ext4 has 63 bits).
 */
#include "state.h"

#include "status.h"

#include <string.h>

/* The tree's part behind the host's. */
#define AFTER_HOST ((uint64_t)1 << 63)

/* Cookies of ours: "." 0, ".." 1, the tree from 2 on, the host's directories from here on. */
#define TREE_FROM   2u
#define MOUNTS_FROM 0x40000000u

/* The caller's buffer: what does not fit is cut off, and then it is full. */
typedef struct output {
    uint8_t *at;
    uint32_t left;
} output;

static void
put(output *out, const void *bytes, size_t len)
{
    size_t part = len < out->left ? len : out->left;

    memcpy(out->at, bytes, part);
    out->at += part;
    out->left -= (uint32_t)part;
}

static void
put_entry(output *out, const char *name, uint32_t len, uint64_t ino, __wasi_filetype_t type,
          uint64_t next)
{
    __wasi_dirent_t entry;

    memset(&entry, 0, sizeof(entry));
    entry.d_next = next;
    entry.d_ino = ino;
    entry.d_namlen = len;
    entry.d_type = type;
    put(out, &entry, sizeof(entry));
    put(out, name, len);
}

/* Whether the host lists the name already. */
static bool
host_has(const krait_pack_open *open, const char *name, uint32_t len)
{
    __wasi_filestat_t ignored;

    return open->host >= 0 &&
           krait_pack_real_path_filestat_get(open->host, 0, pack_address(name), (int32_t)len,
                                             pack_result(&ignored)) != PACK_ENOENT;
}

/* Where in the path of a host's directory its name in this directory begins; NULL: it is not in it. */
static const char *
name_here(const krait_pack_open *open, const krait_pack_mount *m)
{
    size_t len = strlen(open->path);
    const char *name = m->path + len;

    if (m->len <= len || memcmp(m->path, open->path, len) != 0) {
        return NULL;
    }
    if (len > 0 && *name++ != '/') {
        return NULL;
    }
    return strchr(name, '/') == NULL ? name : NULL;
}

static void
list_mounts(krait_pack_state *state, const krait_pack_open *open, uint64_t i, uint64_t mark,
            output *out)
{
    for (; i < state->mounts.count && out->left > 0; i++) {
        const krait_pack_mount *m = &state->mount_list[i];
        const char *name = name_here(open, m);
        uint32_t node = KRAIT_PACK_NONE;
        uint32_t len;

        if (name == NULL) {
            continue;
        }
        len = (uint32_t)strlen(name);
        if (open->node != KRAIT_PACK_NONE) {
            (void)krait_pack_tree_lookup(&state->tree, open->node, name, len, &node);
        }
        if (node == KRAIT_PACK_NONE && !host_has(open, name, len)) {
            put_entry(out, name, len, UINT32_MAX - i, __WASI_FILETYPE_DIRECTORY,
                      mark | (MOUNTS_FROM + i + 1));
        }
    }
}

static int
list_tree(krait_pack_state *state, const krait_pack_open *open, uint64_t cookie, uint64_t mark,
          output *out)
{
    while (open->node != KRAIT_PACK_NONE && cookie < MOUNTS_FROM && out->left > 0) {
        krait_pack_listed one;
        int rc = krait_pack_tree_list(&state->tree, open->node, cookie - TREE_FROM, &one);

        if (rc != PACK_OK) {
            return krait_pack_report(state, open->node, rc);
        }
        if (one.len == 0) {
            break;
        }
        cookie = TREE_FROM + one.next;
        if (!host_has(open, one.text, one.len)) {
            put_entry(out, one.text, one.len, (uint64_t)one.node + 1,
                      krait_pack_filetype(state, one.node), mark | cookie);
        }
    }
    list_mounts(state, open, cookie < MOUNTS_FROM ? 0 : cookie - MOUNTS_FROM, mark, out);
    return PACK_OK;
}

static void
list_dots(krait_pack_state *state, const krait_pack_open *open, uint64_t *cookie, output *out)
{
    if (*cookie == 0) {
        put_entry(out, ".", 1, (uint64_t)open->node + 1, __WASI_FILETYPE_DIRECTORY, 1);
        *cookie = 1;
    }
    if (*cookie == 1) {
        uint32_t parent = krait_pack_tree_parent(&state->tree, open->node);

        put_entry(out, "..", 2, (uint64_t)parent + 1, __WASI_FILETYPE_DIRECTORY, TREE_FROM);
        *cookie = TREE_FROM;
    }
}

/* The host's part. It is over when the host leaves some of the buffer empty. */
static int
list_host(const krait_pack_open *open, uint64_t cookie, output *out)
{
    uint32_t used = 0;
    int32_t rc = krait_pack_real_fd_readdir(open->host, pack_result(out->at), (int32_t)out->left,
                                            (int64_t)cookie, pack_result(&used));

    if (rc == PACK_OK && used <= out->left) {
        out->at += used;
        out->left -= used;
    }
    return rc;
}

static int
list_both(krait_pack_state *state, const krait_pack_open *open, uint64_t cookie, output *out)
{
    int rc = PACK_OK;

    if ((cookie & AFTER_HOST) == 0) {
        rc = list_host(open, cookie, out);
        cookie = TREE_FROM;
    } else {
        cookie &= ~AFTER_HOST;
    }
    if (rc != PACK_OK || out->left == 0) {
        return rc;
    }
    return list_tree(state, open, cookie < TREE_FROM ? TREE_FROM : cookie, AFTER_HOST, out);
}

int32_t
PACK_OWN(fd_readdir)(int32_t fd, int32_t buffer, int32_t size, int64_t cookie, int32_t result)
{
    krait_pack_state *state;
    krait_pack_open *open;
    output out = {pack_at(buffer), (uint32_t)size};
    uint64_t from = (uint64_t)cookie;
    uint32_t used;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_readdir(fd, buffer, size, cookie, result);
    }
    state = krait_pack_get();
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && open == NULL) {
        return krait_pack_real_fd_readdir(host, buffer, size, cookie, result);
    }
    if (rc == PACK_OK && open->path == NULL) {
        rc = PACK_ENOTDIR;
    }
    if (rc == PACK_OK && open->host >= 0) {
        rc = list_both(state, open, from, &out);
    } else if (rc == PACK_OK) {
        list_dots(state, open, &from, &out);
        rc = list_tree(state, open, from, 0, &out);
    }
    if (rc == PACK_OK) {
        used = (uint32_t)size - out.left;
        memcpy(pack_at(result), &used, sizeof(used));
    }
    return rc;
}
