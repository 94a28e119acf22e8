/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image of packed files from any bytes (guest/pack), with the checksum that belongs to it. What opens
 * is listed, read and walked, and changed in memory where it allows that; nothing of it may reach
 * beyond the image, go on for ever, or break what must hold.
 *
 * The input: a byte that says how many bytes of changes follow, these, the image.
 */
#include "fuzz.h"
#include "guest/pack/errors.h"
#include "guest/pack/memory.h"
#include "guest/pack/walk.h"

#include <string.h>
#include <zlib.h>

#define MOST_NAMES  300
#define MOST_MEMORY 20000u

typedef struct visit {
    krait_pack_tree *tree;
    unsigned names; /* that may still be looked at */
    char path[KRAIT_PACK_PATH_MAX];
} visit;

static int64_t
now(void)
{
    return 1;
}

static void
check_place(const krait_pack_place *place, int rc)
{
    FUZZ_REQUIRE(place->path_len < sizeof(place->path));
    FUZZ_REQUIRE(place->path[place->path_len] == '\0');
    FUZZ_REQUIRE(place->name_len == 0 || place->name + place->name_len <= place->path_len);
    FUZZ_REQUIRE((rc == PACK_OK) == (place->node != KRAIT_PACK_NONE));
    FUZZ_REQUIRE(place->links <= KRAIT_PACK_LINKS_MAX + 1);
}

static void
walk(krait_pack_tree *tree, const char *path, size_t len)
{
    static const krait_pack_mount list[] = {{"a", 1, 5}, {"a/b", 3, 6}};
    const krait_pack_mounts mounts = {list, 2};
    krait_pack_place place;

    for (int follow = 0; follow < 2; follow++) {
        int rc = krait_pack_walk(tree, &mounts, NULL, path, len, follow != 0, &place);

        check_place(&place, rc);
    }
}

static void
read_all(krait_pack_tree *tree, uint32_t node)
{
    uint8_t buffer[333];
    uint64_t offset = 0;
    size_t done = 0;

    for (int i = 0; i < 20; i++) {
        int rc = krait_pack_tree_read(tree, node, offset, buffer, sizeof(buffer), &done);

        FUZZ_REQUIRE(done <= sizeof(buffer));
        if (rc != PACK_OK || done == 0) {
            break;
        }
        offset += done;
    }
    (void)krait_pack_tree_read(tree, node, UINT64_MAX - 5, buffer, sizeof(buffer), &done);
    (void)krait_pack_tree_read(tree, node, 4000, buffer, sizeof(buffer), &done);
}

static void
look(visit *v, uint32_t node)
{
    krait_pack_stat stat;
    const char *target;
    uint32_t len;
    char path[100];

    if (krait_pack_tree_stat(v->tree, node, &stat) != PACK_OK) {
        return;
    }
    FUZZ_REQUIRE(krait_pack_tree_hold(v->tree, node) == PACK_OK);
    (void)krait_pack_tree_target(v->tree, node, &target, &len);
    read_all(v->tree, node);
    krait_pack_image_path(&v->tree->image, node, path, sizeof(path));
    krait_pack_tree_drop(v->tree, node);
}

static void
list(visit *v, uint32_t directory, size_t path_len, unsigned depth)
{
    krait_pack_listed one;
    uint64_t cookie = 0;

    while (v->names > 0 && krait_pack_tree_list(v->tree, directory, cookie, &one) == PACK_OK &&
           one.len > 0) {
        uint32_t found;

        FUZZ_REQUIRE(one.next > cookie);
        cookie = one.next;
        v->names--;
        (void)krait_pack_tree_lookup(v->tree, directory, one.text, one.len, &found);
        look(v, one.node);
        if (path_len + one.len + 2 < sizeof(v->path)) {
            v->path[path_len] = '/';
            memcpy(v->path + path_len + 1, one.text, one.len);
            walk(v->tree, v->path, path_len + 1 + one.len);
            if (depth < 8) {
                list(v, one.node, path_len + 1 + one.len, depth + 1);
            }
        }
    }
}

/* A name that the changes use; one of few, so that they meet. */
static const char *
name_of(uint8_t byte)
{
    static const char *const names[] = {"a", "b", "c", "file", "link", "sub", "d", "a/b"};

    return names[byte % 8];
}

static void
change(krait_pack_tree *tree, const uint8_t *what)
{
    static const uint32_t types[] = {KRAIT_PACK_S_IFREG, KRAIT_PACK_S_IFDIR, KRAIT_PACK_S_IFLNK};
    krait_pack_place from;
    krait_pack_place to;
    const char *first = name_of(what[1]);
    const char *second = name_of(what[2]);
    krait_pack_mounts none = {NULL, 0};
    uint32_t made;
    int known = krait_pack_walk(tree, &none, NULL, first, strlen(first), false, &from);

    (void)krait_pack_walk(tree, &none, NULL, second, strlen(second), false, &to);
    switch (what[0] % 8) {
    case 0:
        if (known == PACK_ENOENT && from.parent != KRAIT_PACK_NONE) {
            (void)krait_pack_tree_make(tree, from.parent, from.path + from.name, from.name_len,
                                       types[what[3] % 3], "a/../b", what[3] % 3 == 2 ? 6 : 0,
                                       &made);
        }
        break;
    case 1:
    case 2:
        (void)krait_pack_tree_remove(tree, from.parent, from.path + from.name, from.name_len,
                                     what[0] % 8 == 1);
        break;
    case 3:
        (void)krait_pack_tree_rename(tree, from.parent, from.path + from.name, from.name_len,
                                     to.parent, to.path + to.name, to.name_len);
        break;
    case 4:
        if (known == PACK_OK && krait_pack_tree_type(tree, from.node) == KRAIT_PACK_S_IFREG) {
            (void)krait_pack_tree_write(tree, from.node, what[3] * 50u, what, 3);
        }
        break;
    case 5:
        if (known == PACK_OK && krait_pack_tree_type(tree, from.node) == KRAIT_PACK_S_IFREG) {
            (void)krait_pack_tree_resize(tree, from.node, what[3] * 100u);
        }
        break;
    case 6:
        if (known == PACK_OK && to.node == KRAIT_PACK_NONE && to.parent != KRAIT_PACK_NONE) {
            (void)krait_pack_tree_link(tree, from.node, to.parent, to.path + to.name, to.name_len);
        }
        break;
    default:
        if (known == PACK_OK) {
            int64_t time = what[3];

            (void)krait_pack_tree_set_times(tree, from.node, &time, NULL);
        }
    }
}

static void
use(const uint8_t *image, uint32_t size, const uint8_t *changes, size_t count)
{
    static const char *const paths[] = {"/",       "..",     "a/../../a",   "a/b/..",
                                        "./a//b/", "link/x", "a/b/../../.."};
    krait_pack_tree tree;
    visit v = {.tree = &tree, .names = MOST_NAMES};

    krait_pack_tree_init(&tree, image, size, now);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        walk(&tree, paths[i], strlen(paths[i]));
    }
    list(&v, 0, 0, 0);
    for (uint32_t i = 0; i < 5; i++) {
        (void)krait_pack_image_string(&tree.image, tree.image.header.argv,
                                      tree.image.header.argv_count, i);
    }
    for (size_t i = 0; i + 4 <= count && tree.memory != NULL; i += 4) {
        change(&tree, changes + i);
        FUZZ_REQUIRE(tree.memory->used <= tree.memory->limit);
    }
    v.names = MOST_NAMES;
    list(&v, 0, 0, 0);
    FUZZ_REQUIRE(tree.held_count == 0);
    krait_pack_tree_release(&tree);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t changes = size > 0 ? data[0] : 0;
    krait_pack_header h;
    uint8_t *image;
    size_t rest;

    if (size < 1 + changes) {
        return 0;
    }
    rest = size - 1 - changes;
    image = malloc(rest > 0 ? rest : 1); /* of its exact size */
    FUZZ_REQUIRE(image != NULL);
    memcpy(image, data + 1 + changes, rest);
    if (rest >= sizeof(h)) {
        memcpy(&h, image, sizeof(h));
        h.memory_limit = h.memory_limit > MOST_MEMORY ? MOST_MEMORY : h.memory_limit;
        memcpy(image, &h, sizeof(h));
        if (h.index_size >= 16 && h.index_size <= rest) {
            h.index_crc = (uint32_t)crc32(0, image + 16, h.index_size - 16);
            memcpy(image, &h, sizeof(h));
        }
    }
    use(image, (uint32_t)rest, data + 1, changes);
    free(image);
    return 0;
}
