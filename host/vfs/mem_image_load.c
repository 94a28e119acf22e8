/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the file system in memory what an image says: mem_image.h, vfs.h.
 *
 * The directories and devices that the mounts of this vfs have made are there already.  They are
 * found by name, and keep their places in the mount table.  What mounts of the vfs that was
 * saved had made and this one has not is left out, unless something of the guest lies in it.
 */
#include "vfs/mem_image.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

typedef struct loader {
    krait_mem_fs *fs;
    krait_mem_image image;
    krait_mem_node **made; /* NULL: not yet, or left out */
    bool *keeps;           /* directories with something of the guest below them */
    size_t text;           /* where the next name is */
    size_t run;
    uint64_t block;
    uint32_t loaded; /* entries */
    uint32_t met;    /* names that were there */
} loader;

static bool
is_host_made(const krait_mem_image_node *node)
{
    return (node->flags & KRAIT_MEM_IMAGE_ROOT) != 0 &&
           (node->type == KRAIT_TYPE_DIRECTORY || node->type == KRAIT_TYPE_CHARACTER_DEVICE);
}

/* Has this entry to be there, whatever the mounts are? */
static bool
is_needed(const loader *load, uint32_t dir, uint32_t node)
{
    return load->keeps[node] || !is_host_made(&load->image.nodes[node]) ||
           !is_host_made(&load->image.nodes[dir]);
}

/* From the last directory to the first: what is below has a higher number. */
static void
find_needed(loader *load)
{
    uint32_t end = load->image.header.entry_count;

    for (uint32_t dir = load->image.header.node_count; dir-- > 0;) {
        const krait_mem_image_node *node = &load->image.nodes[dir];

        for (uint32_t i = 0; node->type == KRAIT_TYPE_DIRECTORY && i < node->count; i++) {
            if (is_needed(load, dir, load->image.entries[--end].node))
                load->keeps[dir] = true;
        }
    }
}

static krait_status
out_of(krait_error *err, int error)
{
    return error == ENOSPC ? krait__mem_image_too_much(err) : krait__error_nomem(err);
}

/* ---- contents ------------------------------------------------------------------------------ */

static int
load_data(loader *load, const krait_mem_image_node *from, krait_mem_node *node)
{
    const krait_mem_image_run *runs = &load->image.runs[load->run];
    const krait_mem_image_run *last = from->count > 0 ? &runs[from->count - 1] : NULL;
    const uint8_t *bytes = load->image.data + load->block * KRAIT_MEM_BLOCK;
    int error = krait__mem_data_make_table(node, last != NULL ? last->first + last->count : 0);

    for (uint32_t i = 0; error == 0 && i < from->count; i++) {
        error = krait__mem_data_share(node, (size_t)runs[i].first, (size_t)runs[i].count, bytes);
        bytes += runs[i].count * KRAIT_MEM_BLOCK;
    }
    /* As for a hole that the guest makes. */
    if (error == 0 && from->size / KRAIT_MEM_BLOCK >= node->fs->limit_bytes / sizeof(bytes))
        error = ENOSPC;
    node->as.data.size = from->size;
    return error;
}

static int
load_link(const char *text, size_t size, krait_mem_node *node)
{
    if (!krait__mem_charge(node->fs, size))
        return ENOSPC;
    node->as.link.size = size; /* what node_free gives back */
    node->as.link.text = krait__memdup(text, size);
    return node->as.link.text != NULL ? 0 : ENOMEM;
}

/* Runs, blocks and links are in the order of the nodes.  Files and links are never left out. */
static krait_status
load_contents(loader *load, krait_error *err)
{
    const char *link = load->image.text + load->image.links_at;
    int error = 0;

    for (uint32_t i = 0; i < load->image.header.node_count && error == 0; i++) {
        const krait_mem_image_node *from = &load->image.nodes[i];

        if (from->type == KRAIT_TYPE_REGULAR) {
            error = load_data(load, from, load->made[i]);
            for (uint32_t j = 0; j < from->count; j++)
                load->block += load->image.runs[load->run++].count;
        } else if (from->type == KRAIT_TYPE_LINK) {
            error = load_link(link, (size_t)from->size, load->made[i]);
            link += from->size;
        }
    }
    return error == 0 ? KRAIT_OK : out_of(err, error);
}

/* ---- names --------------------------------------------------------------------------------- */

/* A new node without a name; the caller owns a reference. */
static int
make_node(loader *load, uint32_t number, krait_mem_node **ret_node)
{
    const krait_mem_image_node *from = &load->image.nodes[number];
    int error = krait__mem_node_new(load->fs, from->type, ret_node);

    if (error == 0)
        (*ret_node)->device = from->device;
    return error;
}

/* May the node that is there be the one of the image? */
static bool
is_same(const krait_mem_node *node, const krait_mem_image_node *from)
{
    return node->type == from->type &&
           (from->type == KRAIT_TYPE_DIRECTORY ||
            (from->type == KRAIT_TYPE_CHARACTER_DEVICE && node->device == from->device));
}

/* A name that is there already, made by a mount. */
static krait_status
meet(loader *load, krait_mem_node *dir, krait_mem_entry *there, const krait_mem_image_entry *entry,
     krait_error *err)
{
    const krait_mem_image_node *from = &load->image.nodes[entry->node];
    krait_mem_node *node = load->made[entry->node];
    int error = 0;

    if (there->cookie != 0)
        return krait__mem_image_bad(err, krait__mem_image_entry_at(&load->image, load->loaded),
                                    "a name occurs twice in a directory");
    if ((there->node->type == KRAIT_TYPE_DIRECTORY) != (from->type == KRAIT_TYPE_DIRECTORY))
        return krait__error_set(err, KRAIT_EINVAL, 0,
                                "'%.*s' is a directory for a mount, and something else in the "
                                "snapshot, or the other way round",
                                (int)there->name_len, there->name);
    if (node == NULL && is_same(there->node, from)) {
        load->made[entry->node] = there->node;
    } else if (node != NULL) {
        krait__mem_dir_replace(dir, there, node);
    } else if ((error = make_node(load, entry->node, &node)) == 0) {
        krait__mem_dir_replace(dir, there, node);
        krait__mem_node_unref(node);
        load->made[entry->node] = node;
    }
    if (error != 0)
        return out_of(err, error);
    krait__mem_dir_place(dir, there, entry->cookie);
    load->met++;
    return KRAIT_OK;
}

static krait_status
add_name(loader *load, krait_mem_node *dir, const krait_mem_image_entry *entry, const char *name,
         krait_error *err)
{
    krait_mem_node *node = load->made[entry->node];
    const bool is_new = node == NULL;
    int error = is_new ? make_node(load, entry->node, &node) : 0;

    if (error != 0)
        return out_of(err, error);
    dir->as.dir.next_cookie = entry->cookie;
    error = krait__mem_dir_add(dir, name, entry->name_size, node);
    if (is_new)
        krait__mem_node_unref(node);
    if (error != 0)
        return out_of(err, error);
    load->made[entry->node] = node;
    return KRAIT_OK;
}

/* The entries of one directory; `dir` NULL: it was left out. */
static krait_status
load_entries(loader *load, uint32_t number, krait_mem_node *dir, krait_error *err)
{
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < load->image.nodes[number].count && status == KRAIT_OK; i++) {
        const krait_mem_image_entry *entry = &load->image.entries[load->loaded];
        const char *name = load->image.text + load->text;
        krait_mem_entry *there = NULL;

        if (dir != NULL)
            there = krait__mem_dir_find(dir, name, entry->name_size);
        if (there != NULL)
            status = meet(load, dir, there, entry, err);
        else if (dir != NULL && is_needed(load, number, entry->node))
            status = add_name(load, dir, entry, name, err);
        load->text += entry->name_size;
        load->loaded++;
    }
    return status;
}

static krait_status
load_directory(loader *load, uint32_t number, krait_error *err)
{
    const krait_mem_image_node *from = &load->image.nodes[number];
    krait_mem_node *dir = load->made[number];
    krait_mem_dir old;
    krait_status status;

    if (dir == NULL)
        return load_entries(load, number, NULL, err);
    if (krait__mem_dir_renumber_begin(dir, from->count, &old) != 0)
        return krait__error_nomem(err);
    status = load_entries(load, number, dir, err);
    krait__mem_dir_renumber_end(dir, &old, from->size);
    return status;
}

/* ---- the rest ------------------------------------------------------------------------------ */

/* Last, since adding names sets times. */
static void
load_status(loader *load)
{
    for (uint32_t i = 0; i < load->image.header.node_count; i++) {
        const krait_mem_image_node *from = &load->image.nodes[i];
        krait_mem_node *node = load->made[i];

        if (node == NULL)
            continue;
        /* Where the guest may not change names is a matter of the mounts that are there now. */
        node->is_root |= (from->flags & KRAIT_MEM_IMAGE_ROOT) != 0;
        node->is_locked |= (from->flags & KRAIT_MEM_IMAGE_LOCKED) != 0;
        node->mode = from->mode;
        node->ino = from->ino;
        node->atime_ns = from->atime_ns;
        node->mtime_ns = from->mtime_ns;
        node->ctime_ns = from->ctime_ns;
    }
}

/* Moves the numbers of nodes that mounts have made out of the way of those of the image.  As deep
 * as a path of the host's is long. */
static void
move_inodes(const krait_mem_node *dir, uint64_t by)
{
    for (size_t i = 0; i < dir->as.dir.slot_count; i++) {
        krait_mem_entry *entry = dir->as.dir.slots[i].entry;

        if (entry == NULL)
            continue;
        entry->node->ino += by;
        if (entry->node->type == KRAIT_TYPE_DIRECTORY)
            move_inodes(entry->node, by);
    }
}

static krait_status
load_all(loader *load, krait_error *err)
{
    const uint64_t next_ino = load->image.header.next_ino;
    const uint32_t before = load->fs->used_inodes;
    const uint64_t before_ino = load->fs->next_ino;
    krait_status status = KRAIT_OK;

    load->fs->is_timeless = true;
    find_needed(load);
    move_inodes(load->fs->root, next_ino);
    load->made[0] = load->fs->root;
    load->met = 1;
    for (uint32_t i = 0; i < load->image.header.node_count && status == KRAIT_OK; i++) {
        if (load->image.nodes[i].type == KRAIT_TYPE_DIRECTORY)
            status = load_directory(load, i, err);
    }
    if (status == KRAIT_OK)
        status = load_contents(load, err);
    if (status != KRAIT_OK)
        return status;
    load_status(load);
    load->fs->is_timeless = false;
    load->fs->next_ino = load->met == before ? next_ino : next_ino + before_ino;
    return KRAIT_OK;
}

krait_status
krait__vfs_load(krait_vfs *vfs, const void *bytes, size_t size, krait_error *err)
{
    loader load = {.fs = vfs->memory->fs};
    krait_status status = krait__mem_image_check(bytes, size, load.fs, &load.image, err);

    if (status != KRAIT_OK)
        return status;
    load.made = krait__calloc(load.image.header.node_count, sizeof(krait_mem_node *));
    load.keeps = krait__calloc(load.image.header.node_count, sizeof(bool));
    status = load.made != NULL && load.keeps != NULL ? load_all(&load, err)
                                                     : krait__error_nomem(err);
    krait__free(load.made);
    krait__free(load.keeps);
    krait__mem_image_release(&load.image);
    return status;
}
