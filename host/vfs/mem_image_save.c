/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the file system in memory as bytes: mem_image.h.
 *
 * The nodes are listed level by level, each once however many names it has.  A node knows its
 * number; it is in the list when the list has it there, so that nothing needs to be cleared.
 * Blocks behind the end of a file, which only a request that failed half-way leaves, are left out.
 */
#include "vfs/mem_image.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

typedef struct saver {
    krait_mem_node **nodes;
    size_t node_count;
    size_t node_capacity;
    krait_mem_image_header header;
    uint8_t *records;              /* everything before the blocks */
    krait_mem_image_node *node_at; /* where the next ones go */
    krait_mem_image_entry *entry_at;
    krait_mem_image_run *run_at;
    char *text_at;
} saver;

/* ---- what there is ------------------------------------------------------------------------- */

static krait_status
add_node(saver *save, krait_mem_node *node, krait_error *err)
{
    if (node->image < save->node_count && save->nodes[node->image] == node)
        return KRAIT_OK;
    if (krait__grow(&save->nodes, save->node_count, &save->node_capacity, sizeof(node),
                    UINT32_MAX) != 0)
        return krait__error_nomem(err);
    node->image = (uint32_t)save->node_count;
    save->nodes[save->node_count++] = node;
    return KRAIT_OK;
}

static size_t
blocks_of(const krait_mem_node *node)
{
    const uint64_t blocks = node->as.data.size / KRAIT_MEM_BLOCK +
                            (node->as.data.size % KRAIT_MEM_BLOCK != 0);

    return blocks < node->as.data.block_count ? (size_t)blocks : node->as.data.block_count;
}

/* The next run of a file from `*at` on, which moves behind it; false: none. */
static bool
next_run(const krait_mem_node *node, size_t *at, krait_mem_image_run *ret_run)
{
    const size_t blocks = blocks_of(node);
    size_t i = *at;

    while (i < blocks && krait__mem_data_block(node, i) == NULL)
        i++;
    ret_run->first = i;
    while (i < blocks && krait__mem_data_block(node, i) != NULL)
        i++;
    ret_run->count = i - ret_run->first;
    *at = i;
    return ret_run->count > 0;
}

/* Counts a node, and lists those that it names. */
static krait_status
count_node(saver *save, const krait_mem_node *node, uint64_t sums[3], krait_error *err)
{
    krait_status status = KRAIT_OK;
    krait_mem_image_run run;
    size_t at = 0;

    switch (node->type) {
    case KRAIT_TYPE_DIRECTORY:
        if (node->as.dir.next_cookie > KRAIT_MEM_IMAGE_COOKIE_MAX)
            return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                    "a directory in memory had more than 2^31 entries");
        for (size_t i = 0; i < node->as.dir.slot_count && status == KRAIT_OK; i++) {
            const krait_mem_entry *entry = node->as.dir.slots[i].entry;

            if (entry == NULL)
                continue;
            sums[0]++;
            save->header.text_size += entry->name_len;
            status = add_node(save, entry->node, err);
        }
        return status;
    case KRAIT_TYPE_REGULAR:
        while (next_run(node, &at, &run)) {
            sums[1]++;
            sums[2] += run.count;
        }
        return KRAIT_OK;
    case KRAIT_TYPE_LINK:
        save->header.text_size += node->as.link.size;
        return KRAIT_OK;
    case KRAIT_TYPE_UNKNOWN:
        return node->as.fifo == NULL ? KRAIT_OK
                                     : krait__error_set(err, KRAIT_EBUSY, 0, "a FIFO is open");
    default:
        return KRAIT_OK;
    }
}

static krait_status
count_all(saver *save, krait_mem_fs *fs, krait_error *err)
{
    krait_mem_image_header *header = &save->header;
    uint64_t sums[3] = {0}; /* entries, runs, blocks */
    krait_status status = add_node(save, fs->root, err);

    for (size_t i = 0; i < save->node_count && status == KRAIT_OK; i++)
        status = count_node(save, save->nodes[i], sums, err);
    if (status != KRAIT_OK)
        return status;
    if (sums[0] > UINT32_MAX || sums[1] > UINT32_MAX)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0, "too many files in memory");
    memcpy(header->magic, KRAIT_MEM_IMAGE_MAGIC, sizeof(header->magic));
    header->version = KRAIT_MEM_IMAGE_VERSION;
    header->node_count = (uint32_t)save->node_count;
    header->entry_count = (uint32_t)sums[0];
    header->run_count = (uint32_t)sums[1];
    header->next_ino = fs->next_ino;
    header->data_offset = sizeof(*header) + save->node_count * sizeof(krait_mem_image_node) +
                          sums[0] * sizeof(krait_mem_image_entry) +
                          sums[1] * sizeof(krait_mem_image_run) + header->text_size;
    header->data_offset += -header->data_offset % KRAIT_MEM_BLOCK;
    header->size = header->data_offset + sums[2] * KRAIT_MEM_BLOCK;
    return KRAIT_OK;
}

/* ---- the records --------------------------------------------------------------------------- */

static void
fill_entries(saver *save, const krait_mem_node *dir)
{
    for (size_t i = 0; i < dir->as.dir.slot_count; i++) {
        const krait_mem_entry *entry = dir->as.dir.slots[i].entry;

        if (entry == NULL)
            continue;
        *save->entry_at++ = (krait_mem_image_entry){
            .cookie = entry->cookie, .node = entry->node->image, .name_size = entry->name_len};
        memcpy(save->text_at, entry->name, entry->name_len);
        save->text_at += entry->name_len;
    }
}

static void
fill_node(saver *save, const krait_mem_node *node)
{
    krait_mem_image_node *out = save->node_at++;
    krait_mem_image_run run;
    size_t at = 0;

    *out = (krait_mem_image_node){.type = node->type,
                                  .device = node->device,
                                  .mode = node->mode,
                                  .ino = node->ino,
                                  .atime_ns = node->atime_ns,
                                  .mtime_ns = node->mtime_ns,
                                  .ctime_ns = node->ctime_ns};
    if (node->is_root)
        out->flags |= KRAIT_MEM_IMAGE_ROOT;
    if (node->is_locked)
        out->flags |= KRAIT_MEM_IMAGE_LOCKED;
    if (node->type == KRAIT_TYPE_DIRECTORY) {
        out->size = node->as.dir.next_cookie;
        out->count = (uint32_t)node->as.dir.count;
        fill_entries(save, node);
    } else if (node->type == KRAIT_TYPE_REGULAR) {
        out->size = node->as.data.size;
        while (next_run(node, &at, &run)) {
            *save->run_at++ = run;
            out->count++;
        }
    } else if (node->type == KRAIT_TYPE_LINK) {
        out->size = node->as.link.size;
    }
}

static krait_status
fill_records(saver *save, krait_error *err)
{
    const krait_mem_image_header *header = &save->header;
    uint8_t *at;

    save->records = krait__calloc((size_t)header->data_offset, 1);
    if (save->records == NULL)
        return krait__error_nomem(err);
    at = save->records;
    memcpy(at, header, sizeof(*header));
    save->node_at = (void *)(at += sizeof(*header));
    save->entry_at = (void *)(at += header->node_count * sizeof(krait_mem_image_node));
    save->run_at = (void *)(at += header->entry_count * sizeof(krait_mem_image_entry));
    save->text_at = (void *)(at + header->run_count * sizeof(krait_mem_image_run));
    for (size_t i = 0; i < save->node_count; i++)
        fill_node(save, save->nodes[i]);
    for (size_t i = 0; i < save->node_count; i++) {
        const krait_mem_node *node = save->nodes[i];

        if (node->type != KRAIT_TYPE_LINK)
            continue;
        memcpy(save->text_at, node->as.link.text, node->as.link.size);
        save->text_at += node->as.link.size;
    }
    return KRAIT_OK;
}

/* ---- the blocks ---------------------------------------------------------------------------- */

/* Blocks that lie behind each other in memory, as those of an image do, are written at once. */
static krait_status
write_contents(const krait_mem_node *node, krait_vfs_write_fn write, void *data, krait_error *err)
{
    const size_t blocks = blocks_of(node);
    krait_status status = KRAIT_OK;

    for (size_t i = 0; i < blocks && status == KRAIT_OK;) {
        const uint8_t *bytes = krait__mem_data_block(node, i++);
        size_t size = KRAIT_MEM_BLOCK;

        if (bytes == NULL)
            continue;
        while (i < blocks && krait__mem_data_block(node, i) == bytes + size) {
            size += KRAIT_MEM_BLOCK;
            i++;
        }
        status = write(data, bytes, size, err);
    }
    return status;
}

/* A file system in memory at or below `ns` that is not the root's. */
static bool
has_other_memory(const krait_vfs *vfs, const krait_ns *ns)
{
    if (ns->mount != NULL && ns->mount != vfs->memory && ns->mount->root.node != NULL)
        return true;
    for (const krait_ns *child = ns->children; child != NULL; child = child->next) {
        if (has_other_memory(vfs, child))
            return true;
    }
    return false;
}

krait_status
krait__vfs_save(krait_vfs *vfs, krait_vfs_write_fn write, void *data, krait_error *err)
{
    saver save = {.nodes = NULL};
    krait_status status;

    if (has_other_memory(vfs, &vfs->root))
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "more than one file system in memory cannot be saved");
    status = count_all(&save, vfs->memory->fs, err);
    if (status == KRAIT_OK)
        status = fill_records(&save, err);
    if (status == KRAIT_OK)
        status = write(data, save.records, (size_t)save.header.data_offset, err);
    for (size_t i = 0; i < save.node_count && status == KRAIT_OK; i++) {
        if (save.nodes[i]->type == KRAIT_TYPE_REGULAR)
            status = write_contents(save.nodes[i], write, data, err);
    }
    krait__free(save.records);
    krait__free(save.nodes);
    return status;
}
