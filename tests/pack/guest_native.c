/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of guest/pack that is not about WASI, on this machine: altered images, and what is kept
 * in memory of compressed files. guest_native.py gives the images.
 */
#include "fuzz/fuzz.h"
#include "guest/pack/errors.h"
#include "guest/pack/tree.h"
#include "support/check.h"

#include <stdlib.h>

typedef struct bytes {
    uint8_t *data;
    uint32_t size;
} bytes;

static int64_t
now(void)
{
    return 0;
}

static bytes
load(const char *variable)
{
    bytes b = {NULL, 0};
    FILE *f = fopen(getenv(variable), "rb");
    long size;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) <= 0) {
        printf("no image in %s\n", variable);
        exit(2);
    }
    rewind(f);
    b.data = malloc((size_t)size);
    b.size = (uint32_t)size;
    if (b.data == NULL || fread(b.data, 1, b.size, f) != b.size) {
        exit(2);
    }
    fclose(f);
    return b;
}

/* One byte of the index is another one: it is noticed, whichever it is. */
static void
notices_each_altered_byte(void)
{
    bytes b = load("PACK_SMALL");
    krait_pack_image image;
    uint32_t index_size;

    REQUIRE(krait_pack_image_open(&image, b.data, b.size) == NULL);
    index_size = image.header.index_size;
    for (uint32_t i = 0; i < index_size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] ^= (uint8_t)(1u << bit);
            CHECK(krait_pack_image_open(&image, b.data, b.size) != NULL);
            b.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (uint32_t size = 0; size < b.size; size++) {
        CHECK(krait_pack_image_open(&image, b.data, size) != NULL);
    }
    CHECK(krait_pack_image_open(&image, b.data, b.size) == NULL);
    free(b.data);
}

/* The same with a checksum that is right: whatever it means then is harmless. */
static void
survives_each_altered_byte(void)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x10};
    bytes b = load("PACK_SMALL");
    uint8_t *input = malloc(b.size + 1);
    krait_pack_image image;
    uint32_t runs = 0;

    REQUIRE(input != NULL && krait_pack_image_open(&image, b.data, b.size) == NULL);
    input[0] = 0; /* no changes */
    memcpy(input + 1, b.data, b.size);
    for (uint32_t i = 1; i <= image.header.index_size; i++) {
        for (size_t k = 0; k < sizeof(masks); k++) {
            input[i] ^= masks[k];
            runs += LLVMFuzzerTestOneInput(input, b.size + 1) == 0;
            input[i] ^= masks[k];
        }
    }
    CHECK_UINT(runs, 4 * image.header.index_size);
    free(input);
    free(b.data);
}

/* A block that several files share is decoded once, although each of them is closed before the next. */
static void
decodes_shared_blocks_once(void)
{
    bytes b = load("PACK_CACHE");
    krait_pack_tree tree;
    char text[64];
    uint32_t node;
    size_t done;

    krait_pack_tree_init(&tree, b.data, b.size, now);
    REQUIRE(tree.damage == NULL);
    for (int i = 0; i < 50; i++) {
        int len = snprintf(text, sizeof(text), "small%d", i);

        REQUIRE(krait_pack_tree_lookup(&tree, 0, text, (size_t)len, &node) == PACK_OK);
        CHECK_INT(krait_pack_tree_hold(&tree, node), PACK_OK);
        CHECK_INT(krait_pack_tree_read(&tree, node, 0, text, 20, &done), PACK_OK);
        CHECK_UINT(done, 20);
        krait_pack_tree_drop(&tree, node);
    }
    CHECK_UINT(tree.contents.decoded, 1);
    CHECK(tree.contents.cached_bytes >= 1000 && tree.contents.cached_bytes <= 1u << 17);
    krait_pack_tree_release(&tree);
    free(b.data);
}

/* What a file has alone is shared by all who have it open, and gone when nobody has. */
static void
forgets_what_nobody_reads(void)
{
    bytes b = load("PACK_CACHE");
    krait_pack_tree tree;
    uint8_t c[2];
    uint32_t node;
    size_t done;

    krait_pack_tree_init(&tree, b.data, b.size, now);
    REQUIRE(krait_pack_tree_lookup(&tree, 0, "large", 5, &node) == PACK_OK);
    CHECK_INT(krait_pack_tree_hold(&tree, node), PACK_OK);
    CHECK_INT(krait_pack_tree_hold(&tree, node), PACK_OK);
    for (uint64_t at = 0; at < 100; at++) {
        CHECK_INT(krait_pack_tree_read(&tree, node, at, c, 2, &done), PACK_OK);
    }
    CHECK_UINT(tree.contents.decoded, 1);
    CHECK_UINT(tree.contents.cached_bytes, 1u << 17);
    krait_pack_tree_drop(&tree, node);
    CHECK_UINT(tree.contents.cached_bytes, 1u << 17);
    krait_pack_tree_drop(&tree, node);
    CHECK_UINT(tree.contents.cached_bytes, 0);
    /* 16 MB by small pieces: the cache stays within its limit. */
    CHECK_INT(krait_pack_tree_hold(&tree, node), PACK_OK);
    for (uint64_t at = 0; at < 16u << 20; at += 50000) {
        CHECK_INT(krait_pack_tree_read(&tree, node, at, c, 2, &done), PACK_OK);
        CHECK(tree.contents.cached_bytes <= KRAIT_PACK_CACHE_BYTES);
    }
    CHECK_UINT(tree.contents.decoded, 129);
    krait_pack_tree_drop(&tree, node);
    CHECK_UINT(tree.contents.cached_bytes, 0);
    krait_pack_tree_release(&tree);
    free(b.data);
}

/* All of a block that is wanted at once goes where it is wanted. */
static void
decodes_into_the_readers_memory(void)
{
    bytes b = load("PACK_CACHE");
    uint8_t *all = malloc(16u << 20);
    krait_pack_tree tree;
    uint32_t node;
    size_t done;

    krait_pack_tree_init(&tree, b.data, b.size, now);
    REQUIRE(all != NULL && krait_pack_tree_lookup(&tree, 0, "large", 5, &node) == PACK_OK);
    CHECK_INT(krait_pack_tree_read(&tree, node, 0, all, 16u << 20, &done), PACK_OK);
    CHECK_UINT(done, 16u << 20);
    CHECK_UINT(tree.contents.decoded, 128);
    CHECK_UINT(tree.contents.cached_bytes, 0);
    krait_pack_tree_release(&tree);
    free(all);
    free(b.data);
}

/* A name is found with as many looks as the header allows, among 50000. */
static void
finds_names_in_constant_time(void)
{
    bytes b = load("PACK_MANY");
    krait_pack_image image;
    char name[32];

    REQUIRE(krait_pack_image_open(&image, b.data, b.size) == NULL);
    CHECK_UINT(image.header.entry_count, 50000);
    CHECK(image.header.probes < 100);
    for (int i = 0; i < 50000; i++) {
        int len = snprintf(name, sizeof(name), "name%d", i);

        if (!CHECK(krait_pack_image_lookup(&image, 0, name, (size_t)len) != KRAIT_PACK_NONE)) {
            break;
        }
    }
    CHECK_UINT(krait_pack_image_lookup(&image, 0, "name50000", 9), KRAIT_PACK_NONE);
    free(b.data);
}

CHECK_MAIN(CHECK_CASE(notices_each_altered_byte), CHECK_CASE(survives_each_altered_byte),
           CHECK_CASE(decodes_shared_blocks_once), CHECK_CASE(forgets_what_nobody_reads),
           CHECK_CASE(decodes_into_the_readers_memory), CHECK_CASE(finds_names_in_constant_time))
