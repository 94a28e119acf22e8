/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See contents.h.
 */
#include "pack/contents.h"
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static krait_status
changed(const krait_node *node, krait_error *err)
{
    return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' has changed while it was packed",
                            node->host);
}

krait_status
krait__pack_contents_open(krait_contents *contents, const krait_node *node, krait_error *err)
{
    krait_file_identity identity;

    contents->node = node;
    contents->at = 0;
    if (contents->fd >= 0)
        close(contents->fd);
    contents->fd = -1;
    if (node->source != KRAIT_SOURCE_HOST)
        return KRAIT_OK;
    contents->fd = open(node->host, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (contents->fd < 0)
        return krait__error_set(err, KRAIT_EINVAL, errno, "cannot open '%s'", node->host);
    identity = krait__file_identity_of(contents->fd);
    return krait__file_identity_equal(&identity, &node->identity) ? KRAIT_OK : changed(node, err);
}

static krait_status
read_host(krait_contents *contents, uint8_t *to, size_t size, krait_error *err)
{
    while (size > 0) {
        ssize_t done = read(contents->fd, to, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return krait__error_set(err, KRAIT_EINVAL, errno, "cannot read '%s'",
                                    contents->node->host);
        if (done == 0)
            return changed(contents->node, err);
        to += done;
        size -= (size_t)done;
    }
    return KRAIT_OK;
}

static krait_status
decode(krait_contents *contents, uint32_t number, krait_error *err)
{
    const krait_packed *image = contents->image;
    char name[1024];
    const char *wrong;

    if (contents->block_number == number && contents->block != NULL)
        return KRAIT_OK;
    if (contents->block == NULL)
        contents->block = krait__alloc((size_t)1 << image->header.block_log2);
    if (contents->block == NULL)
        return krait__error_nomem(err);
    contents->block_number = KRAIT_PACK_NONE;
    wrong = krait__pack_packed_decode(image, number, contents->block);
    if (wrong == NULL) {
        contents->block_number = number;
        return KRAIT_OK;
    }
    if (!krait__pack_tree_path(contents->node, name, sizeof(name)))
        memcpy(name, "...", 4);
    return krait__error_set(err, KRAIT_EFORMAT, 0,
                            "'%s': the packed file '%s' is damaged: block %u at offset %zu: %s",
                            contents->path, name, number,
                            contents->image_at + krait__pack_packed_block(image, number).at, wrong);
}

/* Blocks of a file that has several are full, so the place of a byte follows from its number. */
static krait_status
read_image(krait_contents *contents, uint8_t *to, size_t size, krait_error *err)
{
    const krait_packed *image = contents->image;
    krait_pack_inode inode = krait__pack_packed_inode(image, contents->node->old);
    uint64_t at = contents->at;

    while (size > 0) {
        uint64_t place = inode.offset + at;
        uint32_t number = inode.first +
                          (inode.count > 1 ? (uint32_t)(place >> image->header.block_log2) : 0);
        uint32_t within = inode.count > 1
                              ? (uint32_t)(place & ((UINT64_C(1) << image->header.block_log2) - 1))
                              : (uint32_t)place;
        krait_status status = decode(contents, number, err);
        size_t part;

        if (status != KRAIT_OK)
            return status;
        part = krait__pack_packed_block(image, number).length - within;
        if (part > size)
            part = size;
        memcpy(to, contents->block + within, part);
        to += part;
        size -= part;
        at += part;
    }
    return KRAIT_OK;
}

krait_status
krait__pack_contents_read(krait_contents *contents, void *to, size_t size, krait_error *err)
{
    const krait_node *node = contents->node;
    krait_status status = KRAIT_OK;

    if (size > node->size - contents->at)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there are not so many bytes");
    if (node->source == KRAIT_SOURCE_HOST)
        status = read_host(contents, to, size, err);
    else if (node->source == KRAIT_SOURCE_OLD)
        status = read_image(contents, to, size, err);
    else if (size > 0)
        memcpy(to, node->bytes + contents->at, size);
    if (status == KRAIT_OK)
        contents->at += size;
    return status;
}

krait_status
krait__pack_contents_end(krait_contents *contents, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (contents->fd >= 0) {
        krait_file_identity identity = krait__file_identity_of(contents->fd);

        if (!krait__file_identity_equal(&identity, &contents->node->identity))
            status = changed(contents->node, err);
        close(contents->fd);
        contents->fd = -1;
    }
    contents->node = NULL;
    return status;
}

void
krait__pack_contents_release(krait_contents *contents)
{
    if (contents->fd >= 0)
        close(contents->fd);
    krait__free(contents->block);
    contents->fd = -1;
    contents->block = NULL;
}

krait_status
krait_pack_get(krait_pack *pack, const char *guest, void **ret_bytes, size_t *ret_size,
               krait_error *err)
{
    krait_node *node = krait__pack_tree_find(&pack->tree, guest);
    krait_contents contents;
    krait_status status;
    uint8_t *bytes;

    if (node == NULL)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0, "'%s' is not packed", guest);
    if (node->kind != KRAIT_PACK_FILE)
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is no file", guest);
    if (node->size >= SIZE_MAX)
        return krait__error_nomem(err);
    bytes = krait__alloc((size_t)node->size + 1);
    if (bytes == NULL)
        return krait__error_nomem(err);
    contents = krait__pack_contents(pack);
    status = krait__pack_contents_open(&contents, node, err);
    if (status == KRAIT_OK)
        status = krait__pack_contents_read(&contents, bytes, (size_t)node->size, err);
    if (status == KRAIT_OK)
        status = krait__pack_contents_end(&contents, err);
    krait__pack_contents_release(&contents);
    if (status != KRAIT_OK) {
        krait__free(bytes);
        return status;
    }
    *ret_bytes = bytes;
    *ret_size = (size_t)node->size;
    return KRAIT_OK;
}

void
krait_pack_free_bytes(void *bytes)
{
    krait__free(bytes);
}
