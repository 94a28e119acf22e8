/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs: opening, small changes, listing.  See <krait/pack.h>.
 */
#include "pack/pack.h"
#include "base/alloc.h"
#include "base/error.h"

#include <krait/pack_format.h>

#include <stdio.h>
#include <string.h>

/* A name, a few words and a hash take less. */
#define MOST_MODULE_TEXT 65536u

/* ---- opening ------------------------------------------------------------------------------ */

static krait_status
check_slot(const krait_pack *pack, krait_error *err)
{
    const krait_section *section = krait__pack_wasm_custom(&pack->wasm, KRAIT_PACK_SECTION);

    if (pack->wasm.has_slot) {
        if (pack->wasm.slot_version >= KRAIT_PACK_VERSION)
            return KRAIT_OK;
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "'%s' reads packed files of format %u, and this version of krait "
                                "writes format %u: build the module again",
                                pack->path, pack->wasm.slot_version, KRAIT_PACK_VERSION);
    }
    return krait__error_set(
        err, KRAIT_EUNSUPPORTED, 0,
        section != NULL
            ? "'%s' has lost the export " KRAIT_PACK_SLOT_EXPORT ": something has changed the "
              "module since it was packed"
            : "'%s' cannot have files inside: it is not linked with libkrait_pack.a (no export "
              "" KRAIT_PACK_SLOT_EXPORT "); use the portable python.wasm of `krait build-python`, "
              "or link your program with that library",
        pack->path);
}

static krait_status
open_image(krait_pack *pack, krait_error *err)
{
    const krait_segment *segment = &pack->wasm.image;
    const krait_section *section = krait__pack_wasm_custom(&pack->wasm, KRAIT_PACK_SECTION);
    krait_status status;

    if (!pack->wasm.is_packed)
        return KRAIT_OK;
    status = krait__pack_packed_open(&pack->image, pack->path, segment->data, segment->size,
                                     (size_t)(segment->data - pack->bytes), err);
    if (status == KRAIT_OK)
        status = krait__pack_packed_list(&pack->image, &pack->tree, err);
    pack->has_image = status == KRAIT_OK;
    if (status == KRAIT_OK)
        status = krait__pack_start_load(pack, err);
    if (status == KRAIT_OK && section != NULL)
        status = krait__pack_manifest_load(pack, (const char *)pack->bytes + section->at,
                                           section->size, err);
    return status;
}

krait_status
krait__pack_hash(const krait_wasm *wasm, bool strip, char ret_text[2 * KRAIT_SHA256_SIZE + 1],
                 krait_error *err)
{
    krait_wasm_change nothing = {.image_size = 0, .strip = strip};
    krait_bytes head = {0};
    krait_bytes tail = {0};
    uint8_t digest[KRAIT_SHA256_SIZE];
    krait_sha256 hash;
    krait_status status = krait__pack_wasm_rewrite(wasm, &nothing, &head, &tail, err);

    if (status == KRAIT_OK) {
        krait__sha256_init(&hash);
        krait__sha256_add(&hash, head.data, head.size);
        krait__sha256_add(&hash, tail.data, tail.size);
        krait__sha256_finish(&hash, digest);
        for (size_t i = 0; i < sizeof(digest); i++)
            snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
    }
    krait__pack_bytes_release(&head);
    krait__pack_bytes_release(&tail);
    return status;
}

static krait_status
load_module(krait_pack *pack, krait_error *err)
{
    const krait_section *section = krait__pack_wasm_custom(&pack->wasm, KRAIT_PACK_MODULE_SECTION);

    if (section == NULL)
        return KRAIT_OK;
    return krait_pack_set_module(pack, (const char *)pack->bytes + section->at, section->size, err);
}

static krait_status
open_pack(krait_pack *pack, const char *path, krait_error *err)
{
    krait_status status = krait__pack_tree_init(&pack->tree, err);

    pack->path = krait__strdup(path);
    if (status == KRAIT_OK && pack->path == NULL)
        status = krait__error_nomem(err);
    if (status == KRAIT_OK)
        status = krait__pack_whole_read(path, KRAIT_PACK_MOST_MODULE, &pack->bytes, &pack->size,
                                        err);
    if (status == KRAIT_OK)
        status = krait__pack_wasm_open(&pack->wasm, path, pack->bytes, pack->size, err);
    if (status == KRAIT_OK)
        status = check_slot(pack, err);
    if (status == KRAIT_OK)
        status = krait__pack_hash(&pack->wasm, false, pack->base, err);
    if (status == KRAIT_OK)
        status = load_module(pack, err);
    return status == KRAIT_OK ? open_image(pack, err) : status;
}

krait_status
krait_pack_open(const char *path, krait_pack **ret_pack, krait_error *err)
{
    krait_pack *pack = krait__calloc(1, sizeof(*pack));
    krait_status status;

    if (pack == NULL)
        return krait__error_nomem(err);
    status = open_pack(pack, path, err);
    if (status == KRAIT_OK)
        *ret_pack = pack;
    else
        krait_pack_free(pack);
    return status;
}

void
krait_pack_free(krait_pack *pack)
{
    if (pack == NULL)
        return;
    krait__pack_tree_release(&pack->tree);
    krait__pack_wasm_release(&pack->wasm);
    krait__pack_strings_release(&pack->argv);
    krait__pack_strings_release(&pack->env);
    krait__pack_manifest_release(pack);
    krait__pack_bytes_release(&pack->module);
    krait__free(pack->bytes);
    krait__free(pack->path);
    krait__free(pack);
}

krait_contents
krait__pack_contents(const krait_pack *pack)
{
    krait_contents contents = {.fd = -1, .block_number = KRAIT_PACK_NONE, .path = pack->path};

    if (pack->has_image) {
        contents.image = &pack->image;
        contents.image_at = (size_t)(pack->wasm.image.data - pack->bytes);
    }
    return contents;
}

/* ---- changes ------------------------------------------------------------------------------ */

krait_status
krait_pack_put(krait_pack *pack, const char *guest, const void *bytes, size_t size,
               int64_t mtime_ns, krait_error *err)
{
    krait_node *node = NULL;
    krait_status status = krait__pack_tree_put(&pack->tree, guest, KRAIT_PACK_FILE, guest, &node,
                                               err);

    if (status != KRAIT_OK)
        return status;
    node->mtime_ns = mtime_ns;
    node->is_executable = false;
    return krait__pack_node_set_bytes(node, bytes, size, err);
}

krait_status
krait_pack_put_directory(krait_pack *pack, const char *guest, krait_error *err)
{
    krait_node *node = NULL;

    return krait__pack_tree_put(&pack->tree, guest, KRAIT_PACK_DIRECTORY, guest, &node, err);
}

krait_status
krait_pack_remove(krait_pack *pack, const char *guest, krait_error *err)
{
    krait_node *node = krait__pack_tree_find(&pack->tree, guest);

    if (node == NULL)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0, "'%s' is not packed", guest);
    if (node == pack->tree.root)
        return krait__error_set(err, KRAIT_EINVAL, 0, "the root cannot be removed");
    krait__pack_tree_remove(&pack->tree, node);
    return KRAIT_OK;
}

/* What a node has besides its place. */
static krait_status
copy_contents(krait_node *to, const krait_node *from, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (from->source == KRAIT_SOURCE_BYTES)
        status = krait__pack_node_set_bytes(to, from->bytes, (size_t)from->size, err);
    if (from->source == KRAIT_SOURCE_HOST) {
        to->host = krait__strdup(from->host);
        if (to->host == NULL)
            status = krait__error_nomem(err);
    }
    to->source = from->source;
    to->size = from->size;
    to->mtime_ns = from->mtime_ns;
    to->identity = from->identity;
    to->is_executable = from->is_executable;
    to->is_first = from->is_first;
    to->old = from->old;
    return status;
}

krait_status
krait_pack_copy(krait_pack *pack, const char *from, const char *to, krait_error *err)
{
    krait_node *node = krait__pack_tree_find(&pack->tree, from);
    krait_node *copy = NULL;
    krait_status status;

    if (node == NULL)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0, "'%s' is not packed", from);
    if (node == krait__pack_tree_find(&pack->tree, to))
        return KRAIT_OK;
    status = krait__pack_tree_put(&pack->tree, to, node->kind, from, &copy, err);
    if (status == KRAIT_OK && node->kind != KRAIT_PACK_DIRECTORY)
        status = copy_contents(copy, node, err);
    return status;
}

void
krait_pack_limit_times(krait_pack *pack, const char *guest, int64_t newest_ns)
{
    krait_node *root = krait__pack_tree_find(&pack->tree, guest);
    krait_node *node = root;

    while (node != NULL) {
        if (node->mtime_ns > newest_ns)
            node->mtime_ns = newest_ns;
        if (node->first == NULL) {
            while (node != root && node->next == NULL)
                node = node->parent;
            node = node == root ? NULL : node->next;
        } else {
            node = node->first;
        }
    }
}

void
krait_pack_prefer(krait_pack *pack, const char *guest)
{
    krait_node *node = krait__pack_tree_find(&pack->tree, guest);

    if (node != NULL)
        node->is_first = true;
}

/* ---- listing ------------------------------------------------------------------------------ */

static krait_pack_item
item_of(const krait_node *node, const char *path)
{
    krait_pack_item item = {.path = path,
                            .kind = node->kind,
                            .size = node->size,
                            .mtime_ns = node->mtime_ns,
                            .is_executable = node->is_executable};

    if (node->kind == KRAIT_PACK_LINK)
        item.target = (const char *)node->bytes;
    return item;
}

unsigned
krait_pack_find(const krait_pack *pack, const char *guest, krait_pack_item *ret_item)
{
    const krait_node *node = krait__pack_tree_find(&pack->tree, guest);

    if (node != NULL && ret_item != NULL)
        *ret_item = item_of(node, guest);
    return node != NULL;
}

void
krait_pack_list(krait_pack *pack, krait_pack_item_fn each, void *data)
{
    /* 256 names of 255 bytes, as deep as a tree can be. */
    char path[KRAIT_PACK_DEPTH_MAX * (KRAIT_PACK_NAME_MAX + 1) + 1];
    krait_node *node = pack->tree.root;

    krait__pack_tree_sort(&pack->tree);
    while ((node = krait__pack_tree_next(node)) != NULL) {
        krait_pack_item item = item_of(node, path);

        if (!krait__pack_tree_path(node, path, sizeof(path)))
            continue;
        if (each(data, &item) != 0)
            break;
    }
}

void
krait_pack_summarize(const krait_pack *pack, krait_pack_summary *ret_summary)
{
    krait_pack_summary summary = {.module = pack->size, .directories = 1};
    const krait_node *node = pack->tree.root;

    summary.image = pack->has_image ? pack->image.size : 0;
    while ((node = krait__pack_tree_next(node)) != NULL) {
        summary.files += node->kind == KRAIT_PACK_FILE;
        summary.directories += node->kind == KRAIT_PACK_DIRECTORY;
        summary.links += node->kind == KRAIT_PACK_LINK;
        if (node->kind == KRAIT_PACK_FILE)
            summary.contents += node->size;
    }
    *ret_summary = summary;
}

const char *
krait_pack_manifest(const krait_pack *pack, size_t *ret_size)
{
    const krait_section *section = krait__pack_wasm_custom(&pack->wasm, KRAIT_PACK_SECTION);

    if (section == NULL)
        return NULL;
    if (ret_size != NULL)
        *ret_size = section->size;
    return (const char *)pack->bytes + section->at;
}

const char *
krait_pack_module(const krait_pack *pack, size_t *ret_size)
{
    if (pack->module.size == 0)
        return NULL;
    if (ret_size != NULL)
        *ret_size = pack->module.size;
    return (const char *)pack->module.data;
}

krait_status
krait_pack_set_module(krait_pack *pack, const char *text, size_t size, krait_error *err)
{
    krait_bytes copy = {0};

    if (size > MOST_MODULE_TEXT)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "'%s': more than %u bytes in the section %s",
                                pack->path, MOST_MODULE_TEXT, KRAIT_PACK_MODULE_SECTION);
    if (text != NULL)
        krait__pack_bytes_add(&copy, text, size);
    if (copy.has_failed) {
        krait__pack_bytes_release(&copy);
        return krait__error_nomem(err);
    }
    krait__pack_bytes_release(&pack->module);
    pack->module = copy;
    return KRAIT_OK;
}

const char *
krait_pack_program_sha256(const krait_pack *pack)
{
    return pack->base;
}

unsigned
krait_pack_exports(const krait_pack *pack, const char *name)
{
    return krait__pack_wasm_exports(&pack->wasm, name);
}
