/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_pack_verify(): every block against its sum, and everything against the hashes of the manifest.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/json.h"
#include "pack/pack.h"

#include <stdio.h>
#include <string.h>

/* The first file that has bytes in the block. */
static void
name_of(const krait_pack *pack, uint32_t block, char *name, size_t size)
{
    const krait_node *node = pack->tree.root;

    snprintf(name, size, "no file");
    while ((node = krait__pack_tree_next(node)) != NULL) {
        krait_pack_inode inode;

        if (node->source != KRAIT_SOURCE_OLD || node->size == 0)
            continue;
        inode = krait__pack_packed_inode(&pack->image, node->old);
        if (block >= inode.first && block - inode.first < inode.count) {
            (void)krait__pack_tree_path(node, name, size);
            return;
        }
    }
}

static krait_status
verify_blocks(krait_pack *pack, krait_error *err)
{
    const krait_packed *image = &pack->image;
    size_t start = (size_t)(pack->wasm.image.data - pack->bytes);
    uint8_t *out = krait__alloc((size_t)1 << image->header.block_log2);
    krait_status status = KRAIT_OK;

    if (out == NULL)
        return krait__error_nomem(err);
    krait__pack_tree_sort(&pack->tree);
    for (uint32_t i = 0; i < image->header.block_count && status == KRAIT_OK; i++) {
        const char *wrong = krait__pack_packed_decode(image, i, out);
        char name[400];

        if (wrong == NULL)
            continue;
        name_of(pack, i, name, sizeof(name));
        status = krait__error_set(err, KRAIT_EFORMAT, 0,
                                  "'%s': '%s' is damaged: block %u at offset %zu: %s", pack->path,
                                  name, i, start + krait__pack_packed_block(image, i).at, wrong);
    }
    krait__free(out);
    return status;
}

/* Packing writes it anew, so that the hash of the program does not have it. */
static krait_status
verify_memory(const krait_pack *pack, krait_error *err)
{
    const krait_wasm *wasm = &pack->wasm;
    uint64_t pages = wasm->pages + ((uint64_t)wasm->image.size + 65535) / 65536;

    if (wasm->image.address % 65536 == 0 && wasm->min_pages == pages)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s': its memory begins with %llu pages, not with the %llu that the "
                            "program and its files take",
                            pack->path, (unsigned long long)wasm->min_pages,
                            (unsigned long long)pages);
}

static void
hash_image(const krait_packed *image, char text[2 * KRAIT_SHA256_SIZE + 1])
{
    uint8_t digest[KRAIT_SHA256_SIZE];
    krait_sha256 hash;

    krait__sha256_init(&hash);
    krait__sha256_add(&hash, image->bytes + image->header.index_size,
                      image->size - image->header.index_size);
    krait__sha256_add(&hash, image->bytes, image->header.index_size);
    krait__sha256_finish(&hash, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static krait_status
verify_hash(const krait_pack *pack, const char *key, const char *found, const char *what,
            krait_error *err)
{
    size_t size = 0;
    const char *manifest = krait_pack_manifest(pack, &size);
    char said[2 * KRAIT_SHA256_SIZE + 1];

    if (!krait__pack_json_text(manifest, size, key, said, sizeof(said)))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s': its manifest has no %s", pack->path,
                                key);
    if (strcmp(said, found) == 0)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s': %s is not what was packed: SHA-256 %.16s... instead of %.16s...",
                            pack->path, what, found, said);
}

/* The section krait.module, or that there is none. */
static krait_status
verify_module(const krait_pack *pack, krait_error *err)
{
    size_t size = 0;
    const char *manifest = krait_pack_manifest(pack, &size);
    char text[2 * KRAIT_SHA256_SIZE + 1];
    uint8_t digest[KRAIT_SHA256_SIZE];

    if (pack->module.size == 0 &&
        !krait__pack_json_text(manifest, size, "module_sha256", text, sizeof(text)))
        return KRAIT_OK;
    krait__sha256(pack->module.size > 0 ? (const void *)pack->module.data : "", pack->module.size,
                  digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return verify_hash(pack, "module_sha256", text, "the section krait.module", err);
}

krait_status
krait_pack_verify(krait_pack *pack, krait_error *err)
{
    char found[2 * KRAIT_SHA256_SIZE + 1];
    krait_status status;

    if (!pack->has_image)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' has no packed files", pack->path);
    status = verify_blocks(pack, err);
    if (status == KRAIT_OK)
        status = verify_memory(pack, err);
    if (status != KRAIT_OK)
        return status;
    if (krait_pack_manifest(pack, NULL) == NULL)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' has lost its manifest", pack->path);
    hash_image(&pack->image, found);
    status = verify_hash(pack, "image_sha256", found, "the image of its files", err);
    if (status == KRAIT_OK)
        status = verify_hash(pack, "program_sha256", pack->base, "the program around its files",
                             err);
    if (status == KRAIT_OK)
        status = verify_module(pack, err);
    if (status == KRAIT_OK)
        status = krait__pack_manifest_verify(pack, err);
    return status;
}
