/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_pack_write(): the module with its files.
 *
 * The contents go straight into the file, behind the room for the parts whose size is known but whose
 * numbers are not; these are written last.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct writing {
    krait_pack *pack;
    krait_pack_options options;
    krait_plan plan;
    krait_bytes index;
    krait_out out;
    krait_contents contents;
    uint64_t start; /* of the image in the file */
    uint64_t at;    /* in the image: where the next block goes */
    uint64_t done;  /* bytes of files that were read */
    uint8_t *raw;
    uint8_t *coded;
    krait_sha256 hash; /* of the contents, for the manifest */
    krait_error *err;
} writing;

static krait_status
go_on(const writing *w)
{
    if (w->options.cancel != NULL && *w->options.cancel != 0)
        return krait__error_set(w->err, KRAIT_EBUSY, 0, "packing was cancelled");
    if (w->options.progress != NULL)
        w->options.progress(w->options.user, w->done, w->plan.contents);
    return KRAIT_OK;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static krait_status
put_bytes(writing *w, uint32_t number, const uint8_t *bytes, krait_pack_block *block)
{
    if (w->at + block->size > KRAIT_PACK_MOST_BYTES)
        return krait__error_set(w->err, KRAIT_ELIMIT, 0,
                                "the packed files take more than %u bytes, the most that a module "
                                "can have: its memory has 4 GiB for everything",
                                KRAIT_PACK_MOST_BYTES);
    block->at = (uint32_t)w->at;
    krait__pack_index_set_block(&w->index, number, block);
    krait__sha256_add(&w->hash, bytes, block->size);
    w->at += block->size;
    return krait__pack_out_write(&w->out, w->start + block->at, bytes, block->size, w->err);
}

/* What the block consists of, into w->raw. */
static krait_status
gather(writing *w, const krait_planned *planned)
{
    krait_status status = KRAIT_OK;
    uint8_t *to = w->raw;

    for (size_t i = 0; i < planned->count && status == KRAIT_OK; i++) {
        const krait_node *node = w->plan.files[planned->first + i];
        size_t size = planned->count > 1 || node->size < planned->length ? (size_t)node->size
                                                                         : planned->length;

        /* The pieces of a large file follow each other. */
        if (planned->skip == 0)
            status = krait__pack_contents_open(&w->contents, node, w->err);
        if (status == KRAIT_OK)
            status = krait__pack_contents_read(&w->contents, to, size, w->err);
        if (status == KRAIT_OK && w->contents.at == node->size)
            status = krait__pack_contents_end(&w->contents, w->err);
        to += size;
    }
    w->done += planned->length;
    return status;
}

static krait_status
put_new(writing *w, uint32_t number, const krait_planned *planned)
{
    const krait_node *node = w->plan.files[planned->first];
    krait_pack_block block = {.length = planned->length};
    krait_status status = gather(w, planned);

    if (status != KRAIT_OK)
        return status;
    block.codec = w->options.plain                ? KRAIT_PACK_STORED
                  : node->size > KRAIT_PACK_LARGE ? KRAIT_PACK_DEFLATE
                                                  : KRAIT_PACK_LZMA;
    block.size = krait__pack_encode(block.codec, w->raw, block.length, w->coded);
    if (block.size == UINT32_MAX)
        return krait__error_nomem(w->err);
    /* A block that hardly shrinks is not worth the time to decode it. */
    if (block.size == 0 || block.size > block.length - block.length / 32) {
        block.codec = KRAIT_PACK_STORED;
        block.size = block.length;
    }
    block.crc = krait__pack_crc32(block.codec == KRAIT_PACK_STORED ? w->raw : w->coded, block.size);
    return put_bytes(w, number, block.codec == KRAIT_PACK_STORED ? w->raw : w->coded, &block);
}

/* A block that is damaged must not be given a new, right checksum: it keeps its own. */
static krait_status
put_old(writing *w, uint32_t number, const krait_planned *planned)
{
    krait_pack_block block = krait__pack_packed_block(&w->pack->image, planned->old);
    const uint8_t *bytes = w->pack->image.bytes + block.at;

    if (krait__pack_crc32(bytes, block.size) != block.crc)
        return krait__error_set(w->err, KRAIT_EFORMAT, 0,
                                "'%s' is damaged: block %u of its packed files; "
                                "krait pack --verify says more",
                                w->pack->path, planned->old);
    w->done += planned->length;
    return put_bytes(w, number, bytes, &block);
}

static krait_status
put_blocks(writing *w)
{
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < w->plan.block_count && status == KRAIT_OK; i++) {
        const krait_planned *planned = &w->plan.blocks[i];

        status = go_on(w);
        if (status == KRAIT_OK)
            status = planned->old != KRAIT_PACK_NONE ? put_old(w, i, planned)
                                                     : put_new(w, i, planned);
    }
    return status;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* Head and tail for an image of this size; the head's own size does not depend on it. */
static krait_status
make_parts(const writing *w, size_t image_size, const krait_bytes *manifest, krait_bytes *head,
           krait_bytes *tail)
{
    krait_wasm_change change = {.image_size = image_size,
                                .manifest = (const char *)manifest->data,
                                .manifest_size = manifest->size,
                                .module = (const char *)w->pack->module.data,
                                .module_size = w->pack->module.size,
                                .strip = w->options.strip != 0};

    krait__pack_bytes_release(head);
    krait__pack_bytes_release(tail);
    return krait__pack_wasm_rewrite(&w->pack->wasm, &change, head, tail, w->err);
}

static krait_status
put_rest(writing *w, krait_bytes *head, krait_bytes *tail, krait_bytes *manifest,
         krait_pack_summary *summary)
{
    size_t head_size = head->size;
    char digest[2 * KRAIT_SHA256_SIZE + 1];
    char program[2 * KRAIT_SHA256_SIZE + 1];
    uint8_t bytes[KRAIT_SHA256_SIZE];
    krait_status status;

    krait__pack_index_seal(&w->index, (uint32_t)w->at);
    krait__sha256_add(&w->hash, w->index.data, w->index.size);
    krait__sha256_finish(&w->hash, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
    summary->image = w->at;
    status = krait__pack_hash(&w->pack->wasm, w->options.strip != 0, program, w->err);
    if (status == KRAIT_OK)
        status = krait__pack_manifest_make(w->pack, summary, digest, program, manifest, w->err);
    if (status == KRAIT_OK)
        status = make_parts(w, (size_t)w->at, manifest, head, tail);
    if (status == KRAIT_OK && head->size != head_size)
        status = krait__error_set(w->err, KRAIT_ELIMIT, 0,
                                  "the module's head has changed its size");
    if (status == KRAIT_OK)
        status = krait__pack_out_write(&w->out, 0, head->data, head->size, w->err);
    if (status == KRAIT_OK)
        status = krait__pack_out_write(&w->out, w->start, w->index.data, w->index.size, w->err);
    if (status == KRAIT_OK)
        status = krait__pack_out_write(&w->out, w->start + w->at, tail->data, tail->size, w->err);
    summary->module = w->start + w->at + tail->size;
    return status;
}

static krait_status
put_all(writing *w, krait_pack_summary *summary)
{
    krait_bytes head = {0};
    krait_bytes tail = {0};
    krait_bytes manifest = {0};
    krait_status status = krait__pack_index_make(&w->plan, w->pack, &w->index, w->err);

    if (status == KRAIT_OK)
        status = make_parts(w, w->index.size, &manifest, &head, &tail);
    w->start = head.size;
    w->at = w->index.size;
    if (status == KRAIT_OK && w->at > KRAIT_PACK_MOST_BYTES)
        status = krait__error_set(w->err, KRAIT_ELIMIT, 0, "there are too many files");
    if (status == KRAIT_OK)
        status = put_blocks(w);
    if (status == KRAIT_OK)
        status = put_rest(w, &head, &tail, &manifest, summary);
    if (status == KRAIT_OK)
        status = go_on(w);
    krait__pack_bytes_release(&head);
    krait__pack_bytes_release(&tail);
    krait__pack_bytes_release(&manifest);
    return status;
}

static bool
is_same(const krait_file_identity *a, const krait_file_identity *b)
{
    return a->ino != 0 && a->ino == b->ino && a->dev == b->dev;
}

/* False for what is no module: nobody wants that replaced by what is made of it. */
static bool
is_module(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char head[4] = "";
    bool is = fd >= 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
              memcmp(head, "\0asm", sizeof(head)) == 0;

    if (fd >= 0)
        close(fd);
    return is;
}

/* The output of an earlier run in the folder that is packed is not a part of it, and neither is the time that the
 * folder has since. */
static krait_status
forget_output(krait_pack *pack, const char *path, krait_error *err)
{
    krait_file_identity own = krait__file_identity(path);
    krait_file_identity folder = krait__pack_folder_of(path);
    krait_node *node = pack->tree.root;
    krait_node *next;

    for (; node != NULL; node = next) {
        next = krait__pack_tree_next(node);
        if (node->kind == KRAIT_PACK_DIRECTORY && is_same(&node->identity, &folder))
            node->mtime_ns = KRAIT_TIME_UNKNOWN;
        if (node->source != KRAIT_SOURCE_HOST || !is_same(&node->identity, &own))
            continue;
        if (own.size > 0 && !is_module(path))
            return krait__error_set(err, KRAIT_EINVAL, 0,
                                    "cannot replace '%s': it is one of the files to pack", path);
        krait__pack_tree_remove(&pack->tree, node);
    }
    return KRAIT_OK;
}

static krait_status
write_out(writing *w, const char *path, krait_pack_summary *summary)
{
    krait_status status = krait__pack_out_open(&w->out, path, w->err);

    if (status == KRAIT_OK)
        status = forget_output(w->pack, path, w->err);
    if (status == KRAIT_OK)
        status = krait__pack_plan_make(&w->plan, w->pack, w->options.newest_ns, w->err);
    w->raw = krait__alloc((size_t)1 << w->plan.block_log2);
    w->coded = krait__alloc((size_t)1 << w->plan.block_log2);
    if (status == KRAIT_OK && (w->raw == NULL || w->coded == NULL))
        status = krait__error_nomem(w->err);
    if (status == KRAIT_OK) {
        krait_pack_summarize(w->pack, summary);
        status = put_all(w, summary);
    }
    return status == KRAIT_OK ? krait__pack_out_commit(&w->out, w->err) : status;
}

krait_status
krait_pack_write(krait_pack *pack, const char *path, const krait_pack_options *options,
                 krait_pack_summary *ret_summary, krait_error *err)
{
    writing w = {.pack = pack, .err = err, .contents = krait__pack_contents(pack)};
    krait_pack_summary summary = {0};
    krait_status status;

    w.out.fd = -1;
    krait__sha256_init(&w.hash);
    if (options != NULL) {
        if (options->size != sizeof(*options))
            return krait__error_set(err, KRAIT_EINVAL, 0,
                                    "krait_pack_options has another size: set .size");
        w.options = *options;
    }
    status = write_out(&w, path, &summary);
    krait__pack_out_close(&w.out);
    krait__pack_contents_release(&w.contents);
    krait__pack_plan_release(&w.plan);
    krait__pack_bytes_release(&w.index);
    krait__free(w.raw);
    krait__free(w.coded);
    if (status == KRAIT_OK && ret_summary != NULL)
        *ret_summary = summary;
    return status;
}
