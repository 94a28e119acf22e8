/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at every byte of an image of files in memory before anything is made of it.
 *
 * All but the contents of files is copied first, and the copy is looked at: whoever can still
 * write to the bytes changes nothing that was checked.  Takes time in proportion to the number
 * of records, and no more memory than the quota allows.
 */
#include "vfs/mem_image.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

krait_status
krait__mem_image_bad(krait_error *err, uint64_t offset, const char *what)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0, "damaged files in memory: byte %llu: %s",
                            (unsigned long long)offset, what);
}

static uint64_t
nodes_at(void)
{
    return sizeof(krait_mem_image_header);
}

static uint64_t
node_at(size_t index)
{
    return nodes_at() + index * sizeof(krait_mem_image_node);
}

uint64_t
krait__mem_image_entry_at(const krait_mem_image *image, size_t index)
{
    return node_at(image->header.node_count) + index * sizeof(krait_mem_image_entry);
}

static uint64_t
run_at(const krait_mem_image *image, size_t index)
{
    return krait__mem_image_entry_at(image, image->header.entry_count) +
           index * sizeof(krait_mem_image_run);
}

static uint64_t
text_at(const krait_mem_image *image)
{
    return run_at(image, image->header.run_count);
}

/* ---- sizes --------------------------------------------------------------------------------- */

static krait_status
check_header(const krait_mem_image *image, size_t size, krait_error *err)
{
    const krait_mem_image_header *header = &image->header;

    if (memcmp(header->magic, KRAIT_MEM_IMAGE_MAGIC, sizeof(header->magic)) != 0)
        return krait__mem_image_bad(err, 0, "these are no files in memory");
    if (header->version != KRAIT_MEM_IMAGE_VERSION)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, version),
                                    "unknown version");
    if (header->reserved != 0)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, reserved), "not zero");
    if (header->next_ino > KRAIT_MEM_IMAGE_INO_MAX)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, next_ino),
                                    "the next inode number is too large");
    if (header->size != size)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, size),
                                    "not as many bytes as there are");
    /* The sum of the counts cannot overflow: each has 32 bits. */
    if (text_at(image) > size || header->text_size > size - text_at(image))
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, node_count),
                                    "more records than there is room for");
    if (header->data_offset < text_at(image) + header->text_size || header->data_offset > size ||
        header->data_offset - text_at(image) - header->text_size >= KRAIT_MEM_BLOCK ||
        header->data_offset % KRAIT_MEM_BLOCK != 0 ||
        (size - header->data_offset) % KRAIT_MEM_BLOCK != 0)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, data_offset),
                                    "the contents are not where they should be");
    return KRAIT_OK;
}

krait_status
krait__mem_image_too_much(krait_error *err)
{
    return krait__error_set(err, KRAIT_ELIMIT, 0, "the files of a snapshot do not fit in memory");
}

/* Before anything is copied: what costs a writer nothing, such as a hole of a file, must not cost
 * us more than the quota. */
static krait_status
check_quota(const krait_mem_image_header *header, const krait_mem_fs *fs, krait_error *err)
{
    const uint64_t limit = fs->limit_bytes;

    if (header->node_count > fs->limit_inodes || header->text_size > limit ||
        header->entry_count > limit / KRAIT_MEM_ENTRY ||
        header->run_count > limit / KRAIT_MEM_BLOCK || header->size - header->data_offset > limit)
        return krait__mem_image_too_much(err);
    return KRAIT_OK;
}

static krait_status
copy_records(const uint8_t *bytes, krait_mem_image *image, krait_error *err)
{
    uint8_t *copy = krait__memdup(bytes, (size_t)image->header.data_offset);

    if (copy == NULL)
        return krait__error_nomem(err);
    image->copy = copy;
    image->nodes = (const void *)(copy + nodes_at());
    image->entries = (const void *)(copy + krait__mem_image_entry_at(image, 0));
    image->runs = (const void *)(copy + run_at(image, 0));
    image->text = (const void *)(copy + text_at(image));
    image->data = bytes + image->header.data_offset;
    for (uint64_t i = text_at(image) + image->header.text_size; i < image->header.data_offset;
         i++) {
        if (copy[i] != 0)
            return krait__mem_image_bad(err, i, "not zero");
    }
    return KRAIT_OK;
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* What was counted so far while the nodes are walked. */
typedef struct counts {
    uint64_t entries;
    uint64_t runs;
    uint64_t blocks;
    uint64_t link_bytes;
} counts;

/* NULL, or what is wrong. */
static const char *
node_fault(const krait_mem_image_node *node, uint64_t next_ino)
{
    const bool is_dir = node->type == KRAIT_TYPE_DIRECTORY;
    const unsigned flags = is_dir ? KRAIT_MEM_IMAGE_ROOT | KRAIT_MEM_IMAGE_LOCKED
                                  : KRAIT_MEM_IMAGE_ROOT;
    const unsigned devices = node->type == KRAIT_TYPE_CHARACTER_DEVICE ? KRAIT_DEVICE_STDERR : 0;

    if (node->reserved != 0 || node->reserved2 != 0 || node->reserved3 != 0)
        return "a reserved part of a node is not zero";
    if ((node->flags & ~flags) != 0)
        return "a flag that no such node has";
    if (node->device > devices)
        return "no such device";
    if ((node->mode & ~07777u) != 0)
        return "no such mode";
    if (node->ino == 0 || node->ino >= next_ino)
        return "no such inode number";
    switch (node->type) {
    case KRAIT_TYPE_DIRECTORY:
        return node->size < 2 || node->size > KRAIT_MEM_IMAGE_COOKIE_MAX ? "no such cookie" : NULL;
    case KRAIT_TYPE_REGULAR:
        return node->size > INT64_MAX ? "no file is so long" : NULL;
    case KRAIT_TYPE_LINK:
        return node->size > KRAIT_PATH_MAX || node->count != 0 ? "no such link" : NULL;
    case KRAIT_TYPE_CHARACTER_DEVICE:
    case KRAIT_TYPE_UNKNOWN:
        return node->size != 0 || node->count != 0 ? "no such device or FIFO" : NULL;
    default:
        return "no such type of node";
    }
}

/* The end of a file in its last block reads as zeros when the file grows. */
static const char *
tail_fault(const krait_mem_image *image, const krait_mem_image_node *node, uint64_t block)
{
    const size_t used = (size_t)(node->size % KRAIT_MEM_BLOCK);
    const uint8_t *tail = image->data + block * KRAIT_MEM_BLOCK + used;

    /* Each byte is the one before it, and the first is 0. */
    return tail[0] == 0 && memcmp(tail, tail + 1, KRAIT_MEM_BLOCK - used - 1) == 0
               ? NULL
               : "a file's last block is not zero behind its end";
}

/* The runs of a regular file: in order, apart from each other, and within the file. */
static const char *
runs_fault(const krait_mem_image *image, const krait_mem_image_node *node, counts *sum)
{
    const uint64_t blocks = node->size / KRAIT_MEM_BLOCK + (node->size % KRAIT_MEM_BLOCK != 0);
    const uint64_t all = (image->header.size - image->header.data_offset) / KRAIT_MEM_BLOCK;
    uint64_t next = 0; /* the first block that the next run may begin with */

    if (node->count > image->header.run_count - sum->runs)
        return "more runs than there are";
    for (uint32_t i = 0; i < node->count; i++) {
        const krait_mem_image_run *run = &image->runs[sum->runs++];

        if (run->count == 0 || run->first < next || run->first >= blocks ||
            run->count > blocks - run->first || run->count > all - sum->blocks)
            return "its runs are not in order, or lie outside";
        next = run->first + run->count + 1;
        sum->blocks += run->count;
    }
    return next == blocks + 1 && node->size % KRAIT_MEM_BLOCK != 0
               ? tail_fault(image, node, sum->blocks - 1)
               : NULL;
}

static krait_status
check_nodes(krait_mem_image *image, counts *sum, krait_error *err)
{
    const krait_mem_image_header *header = &image->header;
    const uint64_t blocks = (header->size - header->data_offset) / KRAIT_MEM_BLOCK;

    if (header->node_count == 0 || image->nodes[0].type != KRAIT_TYPE_DIRECTORY)
        return krait__mem_image_bad(err, nodes_at(), "the root is no directory");
    for (uint32_t i = 0; i < header->node_count; i++) {
        const krait_mem_image_node *node = &image->nodes[i];
        const char *fault = node_fault(node, header->next_ino);

        if (fault == NULL && node->type == KRAIT_TYPE_DIRECTORY)
            sum->entries += node->count;
        else if (fault == NULL && node->type == KRAIT_TYPE_REGULAR)
            fault = runs_fault(image, node, sum);
        else if (fault == NULL && node->type == KRAIT_TYPE_LINK)
            sum->link_bytes += node->size;
        if (fault != NULL)
            return krait__mem_image_bad(err, node_at(i), fault);
    }
    if (sum->entries != header->entry_count)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, entry_count),
                                    "not as many entries as the directories have");
    if (sum->runs != header->run_count || sum->blocks != blocks)
        return krait__mem_image_bad(err, offsetof(krait_mem_image_header, run_count),
                                    "not as many runs and blocks as the files have");
    return KRAIT_OK;
}

/* Inode numbers are those of one node each: an open hash table finds the second one.  The key is
 * one that whoever wrote the image did not know. */
static krait_status
check_inodes(const krait_mem_image *image, uint64_t key, krait_error *err)
{
    const uint32_t count = image->header.node_count;
    unsigned bits = 4;
    size_t size;
    uint64_t *table;
    krait_status status = KRAIT_OK;

    while (UINT64_C(1) << bits < 2 * (uint64_t)count)
        bits++;
    size = (size_t)1 << bits;
    table = krait__calloc(size, sizeof(*table));
    if (table == NULL)
        return krait__error_nomem(err);
    for (uint32_t i = 0; i < count && status == KRAIT_OK; i++) {
        const uint64_t ino = image->nodes[i].ino;
        uint64_t at = (ino * (key | 1)) >> (64 - bits);

        while (table[at & (size - 1)] != 0 && table[at & (size - 1)] != ino)
            at++;
        if (table[at & (size - 1)] == ino)
            status = krait__mem_image_bad(err, node_at(i), "an inode number occurs twice");
        table[at & (size - 1)] = ino;
    }
    krait__free(table);
    return status;
}

/* ---- entries ------------------------------------------------------------------------------- */

static bool
is_name(const char *name, size_t size)
{
    return size > 0 && size <= KRAIT_NAME_MAX && memchr(name, '\0', size) == NULL &&
           memchr(name, '/', size) == NULL && !(name[0] == '.' && size == 1) &&
           !(name[0] == '.' && name[1] == '.' && size == 2);
}

/* One directory's entries; *named: nodes that have a name so far, the root among them. */
static krait_status
check_directory(krait_mem_image *image, uint32_t dir, size_t first, uint32_t *named,
                krait_error *err)
{
    const krait_mem_image_node *node = &image->nodes[dir];
    uint64_t cookie = 2;

    if (dir >= *named)
        return krait__mem_image_bad(err, node_at(dir), "a directory without a name before it");
    for (size_t i = first; i < first + node->count; i++) {
        const krait_mem_image_entry *entry = &image->entries[i];
        const char *fault = NULL;

        if (entry->cookie < cookie || entry->cookie >= node->size)
            fault = "cookies are not in order";
        else if (entry->reserved != 0)
            fault = "not zero";
        else if (entry->node > *named || entry->node >= image->header.node_count)
            fault = "nodes are not in order";
        else if (entry->node < *named && image->nodes[entry->node].type == KRAIT_TYPE_DIRECTORY)
            fault = "a second name of a directory";
        else if (entry->name_size > image->header.text_size - image->links_at ||
                 !is_name(image->text + image->links_at, entry->name_size))
            fault = "no such name";
        if (fault != NULL)
            return krait__mem_image_bad(err, krait__mem_image_entry_at(image, i), fault);
        cookie = entry->cookie + 1;
        image->links_at += entry->name_size;
        *named += entry->node == *named;
    }
    return KRAIT_OK;
}

static krait_status
check_entries(krait_mem_image *image, krait_error *err)
{
    uint32_t named = 1;
    size_t first = 0;
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < image->header.node_count && status == KRAIT_OK; i++) {
        if (image->nodes[i].type != KRAIT_TYPE_DIRECTORY)
            continue;
        status = check_directory(image, i, first, &named, err);
        first += image->nodes[i].count;
    }
    if (status == KRAIT_OK && named != image->header.node_count)
        return krait__mem_image_bad(err, node_at(named), "a node without a name");
    return status;
}

static krait_status
check_links(const krait_mem_image *image, const counts *sum, krait_error *err)
{
    const size_t size = (size_t)image->header.text_size - image->links_at;

    if (sum->link_bytes != size)
        return krait__mem_image_bad(err, text_at(image),
                                    "not as much text as names and links have");
    if (memchr(image->text + image->links_at, '\0', size) != NULL)
        return krait__mem_image_bad(err, text_at(image) + image->links_at, "a zero in a link");
    return KRAIT_OK;
}

krait_status
krait__mem_image_check(const void *bytes, size_t size, const krait_mem_fs *fs,
                       krait_mem_image *ret_image, krait_error *err)
{
    krait_mem_image image = {.copy = NULL};
    counts sum = {0};
    krait_status status;

    if (((uintptr_t)bytes & 15) != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "files in memory at an odd address");
    if (size < sizeof(image.header))
        return krait__mem_image_bad(err, size, "the end is missing");
    memcpy(&image.header, bytes, sizeof(image.header));
    status = check_header(&image, size, err);
    if (status == KRAIT_OK)
        status = check_quota(&image.header, fs, err);
    if (status == KRAIT_OK)
        status = copy_records(bytes, &image, err);
    if (status == KRAIT_OK)
        status = check_nodes(&image, &sum, err);
    if (status == KRAIT_OK)
        status = check_inodes(&image, fs->hash_key[0], err);
    if (status == KRAIT_OK)
        status = check_entries(&image, err);
    if (status == KRAIT_OK)
        status = check_links(&image, &sum, err);
    if (status != KRAIT_OK) {
        krait__mem_image_release(&image);
        return status;
    }
    *ret_image = image;
    return KRAIT_OK;
}

void
krait__mem_image_release(krait_mem_image *image)
{
    krait__free(image->copy);
    image->copy = NULL;
}
