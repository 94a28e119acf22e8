/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What krait pack reads and anybody may have made: modules, images, manifests, archives.
 *
 * The first byte of the input says which.  An image gets the sizes and the checksum that its header should have,
 * or nothing beyond that check would ever be reached.  What is accepted is listed, read and verified.
 */
#include "fuzz.h"

#include "pack/json.h"
#include "pack/pack.h"

#include <krait/pack.h>
#include <krait/pack_format.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* More is read only of few files: each may be as large as all blocks together. */
#define MOST_READ (1u << 20)

typedef struct reading {
    krait_pack *pack;
    uint64_t bytes;
} reading;

static int
read_item(void *data, const krait_pack_item *item)
{
    reading *r = data;
    krait_error err = {KRAIT_OK, 0, ""};
    void *bytes = NULL;
    size_t size = 0;

    FUZZ_REQUIRE(item->path[0] == '/' && item->path[1] != '\0');
    FUZZ_REQUIRE((item->target != NULL) == (item->kind == KRAIT_PACK_LINK));
    FUZZ_REQUIRE(krait_pack_find(r->pack, item->path, NULL) == 1);
    if (item->kind != KRAIT_PACK_FILE || item->size > MOST_READ - r->bytes)
        return 0;
    r->bytes += item->size;
    if (krait_pack_get(r->pack, item->path, &bytes, &size, &err) != KRAIT_OK) {
        FUZZ_REQUIRE(err.code == KRAIT_EFORMAT && err.text[0] != '\0');
        return 0;
    }
    FUZZ_REQUIRE(size == item->size);
    krait_pack_free_bytes(bytes);
    return 0;
}

static void
use_pack(krait_pack *pack)
{
    krait_error err = {KRAIT_OK, 0, ""};
    krait_pack_summary summary;
    krait_pack_start start;
    reading r = {pack, 0};

    krait_pack_list(pack, read_item, &r);
    krait_pack_summarize(pack, &summary);
    krait_pack_get_start(pack, &start);
    for (size_t i = 0; i < start.argv_count; i++)
        FUZZ_REQUIRE(strlen(start.argv[i]) < summary.image);
    if (krait_pack_verify(pack, &err) != KRAIT_OK)
        FUZZ_REQUIRE(err.text[0] != '\0');
}

/* A file for what only reads files; the caller closes it. */
static int
file_of(const uint8_t *data, size_t size, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    FUZZ_REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void
open_module(const uint8_t *data, size_t size)
{
    krait_error err = {KRAIT_OK, 0, ""};
    krait_pack *pack = NULL;
    char path[32];
    int fd = file_of(data, size, path);

    if (krait_pack_open(path, &pack, &err) == KRAIT_OK)
        use_pack(pack);
    else
        FUZZ_REQUIRE(err.text[0] != '\0');
    krait_pack_free(pack);
    close(fd);
}

static void
set_u32(uint8_t *to, size_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void
open_image(const uint8_t *data, size_t size)
{
    krait_pack pack = {.path = NULL};
    krait_error err = {KRAIT_OK, 0, ""};
    uint8_t *copy = malloc(size);
    char name[] = "fuzz";
    size_t index;

    FUZZ_REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    memcpy(copy, KRAIT_PACK_MAGIC, 8);
    set_u32(copy + offsetof(krait_pack_header, version), KRAIT_PACK_VERSION);
    set_u32(copy + offsetof(krait_pack_header, image_size), size);
    index = krait__pack_le_u32(copy + offsetof(krait_pack_header, index_size));
    if (index >= 16 && index <= size)
        set_u32(copy + offsetof(krait_pack_header, index_crc),
                krait__pack_crc32(copy + 16, index - 16));
    if (krait__pack_packed_open(&pack.image, "fuzz", copy, size, 0, &err) == KRAIT_OK) {
        FUZZ_REQUIRE(krait__pack_tree_init(&pack.tree, &err) == KRAIT_OK);
        pack.has_image = true;
        pack.bytes = copy;
        pack.wasm.image.data = copy;
        pack.path = name;
        if (krait__pack_packed_list(&pack.image, &pack.tree, &err) == KRAIT_OK &&
            krait__pack_start_load(&pack, &err) == KRAIT_OK)
            use_pack(&pack);
        krait__pack_tree_release(&pack.tree);
        krait__pack_strings_release(&pack.argv);
        krait__pack_strings_release(&pack.env);
    } else {
        FUZZ_REQUIRE(err.text[0] != '\0');
    }
    free(copy);
}

static void
open_archive(const uint8_t *data, size_t size)
{
    krait_pack pack = {.path = NULL};
    krait_error err = {KRAIT_OK, 0, ""};
    char path[32];
    int fd = file_of(data, size, path);

    FUZZ_REQUIRE(krait__pack_tree_init(&pack.tree, &err) == KRAIT_OK);
    if (krait_pack_add_zip(&pack, path, "/x", &err) != KRAIT_OK)
        FUZZ_REQUIRE(err.text[0] != '\0');
    /* Whatever was in it: it is below. */
    for (const krait_node *node = pack.tree.root->first; node != NULL; node = node->next)
        FUZZ_REQUIRE(strcmp(node->name, "x") == 0);
    krait__pack_tree_release(&pack.tree);
    close(fd);
}

static void
read_manifest(const uint8_t *data, size_t size)
{
    krait_pack pack = {.path = NULL};
    krait_error err = {KRAIT_OK, 0, ""};
    char text[65];

    (void)krait__pack_json_text((const char *)data, size, "image_sha256", text, sizeof(text));
    if (krait__pack_manifest_load(&pack, (const char *)data, size, &err) != KRAIT_OK)
        FUZZ_REQUIRE(err.text[0] != '\0');
    krait__pack_manifest_release(&pack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'm':
        open_module(data + 1, size - 1);
        break;
    case 'i':
        if (size > sizeof(krait_pack_header))
            open_image(data + 1, size - 1);
        break;
    case 'z':
        open_archive(data + 1, size - 1);
        break;
    default:
        read_manifest(data + 1, size - 1);
    }
    return 0;
}
