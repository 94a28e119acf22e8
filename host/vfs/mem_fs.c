/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system in memory as a back end: names.
 *
 * Directories that the host made for mounts are locked: the guest finds no room to lose
 * its files in (EROFS).  Everything else is the guest's.
 */
#include "vfs/mem.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

static krait_mem_node *
find(const krait_place *dir, const char *name)
{
    krait_mem_entry *entry;

    if (name[0] == '\0')
        return dir->node;
    entry = krait__mem_dir_find(dir->node, name, strlen(name));
    return entry != NULL ? entry->node : NULL;
}

static void
mem_free(krait_mount *mount)
{
    krait_mem_fs *fs = mount->fs;

    fs->root->nlink = 0;
    krait__mem_node_unref(fs->root);
    krait__free(fs);
}

static int
mem_hold(const krait_place *place, krait_place *ret_place)
{
    *ret_place = *place;
    ret_place->borrowed = false;
    krait__mem_node_ref(ret_place->node);
    return 0;
}

static void
mem_release(krait_place *place)
{
    krait__mem_node_unref(place->node);
}

static int
mem_step(const krait_place *dir, const char *name, krait_step *ret_step)
{
    krait_mem_node *node = find(dir, name);

    if (node == NULL)
        return ENOENT;
    ret_step->type = node->type;
    if (node->type == KRAIT_TYPE_LINK) {
        memcpy(ret_step->target, node->as.link.text, node->as.link.size);
        ret_step->target[node->as.link.size] = '\0';
    } else if (node->type == KRAIT_TYPE_DIRECTORY) {
        ret_step->place = *dir;
        ret_step->place.ns = NULL;
        ret_step->place.borrowed = false;
        ret_step->place.node = krait__mem_node_ref(node);
    }
    return 0;
}

static int
mem_readlink(const krait_place *dir, const char *name, char *buffer, size_t size, size_t *ret_size)
{
    const krait_mem_node *node = find(dir, name);

    if (node == NULL)
        return ENOENT;
    if (node->type != KRAIT_TYPE_LINK)
        return EINVAL;
    if (size > node->as.link.size)
        size = node->as.link.size;
    memcpy(buffer, node->as.link.text, size);
    *ret_size = size;
    return 0;
}

static int
mem_stat(const krait_place *dir, const char *name, krait_stat *ret_stat)
{
    const krait_mem_node *node = find(dir, name);

    if (node == NULL)
        return ENOENT;
    krait__mem_node_stat(node, ret_stat);
    return 0;
}

static int
mem_set_times(const krait_place *dir, const char *name, const krait_times *times)
{
    krait_mem_node *node = find(dir, name);

    if (node == NULL)
        return ENOENT;
    krait__mem_node_set_times(node, times);
    return 0;
}

/* May the guest add or remove names here? */
static int
check_dir(const krait_place *dir)
{
    if (dir->node->is_locked)
        return EROFS;
    return dir->node->as.dir.parent == NULL ? ENOENT : 0; /* removed, but still open */
}

/* A new node with this name; the caller owns a reference. */
static int
make(const krait_place *dir, const char *name, uint8_t type, krait_mem_node **ret_node)
{
    krait_mem_node *node;
    int error = check_dir(dir);

    if (error != 0)
        return error;
    error = krait__mem_node_new(dir->node->fs, type, &node);
    if (error != 0)
        return error;
    error = krait__mem_dir_add(dir->node, name, strlen(name), node);
    if (error != 0) {
        krait__mem_node_unref(node);
        return error;
    }
    *ret_node = node;
    return 0;
}

static int
open_node(const krait_place *dir, krait_mem_node *node, uint32_t how, uint16_t flags,
          krait_file **ret_file)
{
    krait_place place = *dir;
    int error;

    if (node->type == KRAIT_TYPE_CHARACTER_DEVICE)
        return how & KRAIT_OPEN_DIRECTORY ? ENOTDIR
                                          : krait__device_file_new(node, how, flags, ret_file);
    error = krait__may_open(node->type, how, krait__place_read_only(dir));
    if (error != 0)
        return error;
    if (node->type == KRAIT_TYPE_DIRECTORY) {
        place.node = node;
        place.ns = NULL;
        return krait__mem_dir_file_new(&place, how, flags, ret_file);
    }
    error = krait__mem_file_new(node, how, flags, ret_file);
    if (error == 0 && (how & KRAIT_OPEN_TRUNCATE))
        (void)krait__mem_data_set_size(node, 0);
    return error;
}

static int
mem_open(const krait_place *dir, const char *name, uint32_t how, uint16_t flags,
         krait_file **ret_file)
{
    krait_mem_node *node = find(dir, name);
    int error;

    if (node != NULL) {
        if ((how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_EXCLUSIVE))
            return EEXIST;
        return open_node(dir, node, how, flags, ret_file);
    }
    if (!(how & KRAIT_OPEN_CREATE))
        return ENOENT;
    if (krait__place_read_only(dir))
        return EROFS;
    error = make(dir, name, KRAIT_TYPE_REGULAR, &node);
    if (error != 0)
        return error;
    error = krait__mem_file_new(node, how, flags, ret_file);
    krait__mem_node_unref(node);
    return error;
}

static int
mem_mkdir(const krait_place *dir, const char *name)
{
    krait_mem_node *node;
    int error = make(dir, name, KRAIT_TYPE_DIRECTORY, &node);

    if (error == 0)
        krait__mem_node_unref(node);
    return error;
}

static int
mem_symlink(const char *target, const krait_place *dir, const char *name)
{
    size_t size = strlen(target);
    krait_mem_node *node;
    int error = check_dir(dir);

    if (error != 0)
        return error;
    if (!krait__mem_charge(dir->node->fs, size))
        return ENOSPC;
    error = krait__mem_node_new(dir->node->fs, KRAIT_TYPE_LINK, &node);
    if (error != 0) {
        krait__mem_refund(dir->node->fs, size);
        return error;
    }
    node->as.link.size = size; /* what node_free gives back */
    node->as.link.text = krait__memdup(target, size);
    error = node->as.link.text == NULL ? ENOMEM
                                       : krait__mem_dir_add(dir->node, name, strlen(name), node);
    krait__mem_node_unref(node);
    return error;
}

static int
mem_rmdir(const krait_place *dir, const char *name)
{
    krait_mem_entry *entry = krait__mem_dir_find(dir->node, name, strlen(name));

    if (entry == NULL)
        return ENOENT;
    if (entry->node->type != KRAIT_TYPE_DIRECTORY)
        return ENOTDIR;
    if (dir->node->is_locked)
        return EROFS;
    if (entry->node->as.dir.count > 0)
        return ENOTEMPTY;
    if (entry->node->is_locked)
        return EROFS;
    krait__mem_dir_remove(dir->node, entry);
    return 0;
}

static int
mem_unlink(const krait_place *dir, const char *name)
{
    krait_mem_entry *entry = krait__mem_dir_find(dir->node, name, strlen(name));

    if (entry == NULL)
        return ENOENT;
    if (entry->node->type == KRAIT_TYPE_DIRECTORY)
        return EISDIR;
    if (dir->node->is_locked)
        return EROFS;
    krait__mem_dir_remove(dir->node, entry);
    return 0;
}

static int
mem_link(const krait_place *dir, const char *name, const krait_place *to_dir, const char *to_name)
{
    krait_mem_node *node = find(dir, name);
    int error = check_dir(to_dir);

    if (node == NULL)
        return ENOENT;
    if (error != 0)
        return error;
    if (krait__mem_dir_find(to_dir->node, to_name, strlen(to_name)) != NULL)
        return EEXIST;
    return krait__mem_dir_add(to_dir->node, to_name, strlen(to_name), node);
}

/* Is `node` the directory `dir` or above it? */
static bool
is_above(const krait_mem_node *node, const krait_mem_node *dir)
{
    while (dir != node) {
        if (dir->as.dir.parent == NULL || dir->as.dir.parent == dir)
            return false;
        dir = dir->as.dir.parent;
    }
    return true;
}

/* May the file at `to` give way to `node`? */
static int
check_replace(const krait_mem_node *node, const krait_mem_entry *to)
{
    bool from_dir = node->type == KRAIT_TYPE_DIRECTORY;
    bool to_dir = to->node->type == KRAIT_TYPE_DIRECTORY;

    if (from_dir && !to_dir)
        return ENOTDIR;
    if (!from_dir && to_dir)
        return EISDIR;
    if (to_dir && to->node->as.dir.count > 0)
        return ENOTEMPTY;
    return to->node->is_locked ? EROFS : 0;
}

static int
mem_rename(const krait_place *dir, const char *name, const krait_place *to_dir, const char *to_name)
{
    krait_mem_entry *from = krait__mem_dir_find(dir->node, name, strlen(name));
    krait_mem_entry *to = krait__mem_dir_find(to_dir->node, to_name, strlen(to_name));
    krait_mem_node *node;
    int error = check_dir(to_dir);

    if (from == NULL)
        return ENOENT;
    node = from->node;
    if (error == 0)
        error = check_dir(dir);
    if (error == 0 && node->type == KRAIT_TYPE_DIRECTORY && is_above(node, to_dir->node))
        error = EINVAL;
    if (error == 0 && node->is_locked)
        error = EROFS;
    if (error != 0)
        return error;
    if (to == NULL) {
        error = krait__mem_dir_add(to_dir->node, to_name, strlen(to_name), node);
    } else {
        if (to->node == node)
            return 0; /* two names of one file: POSIX leaves both */
        error = check_replace(node, to);
        if (error == 0)
            krait__mem_dir_replace(to_dir->node, to, node);
    }
    if (error != 0)
        return error;
    krait__mem_dir_remove(dir->node, from);
    if (node->type == KRAIT_TYPE_DIRECTORY)
        node->as.dir.parent = to_dir->node;
    return 0;
}

static const krait_fs_ops mem_ops = {
    .free = mem_free,
    .hold = mem_hold,
    .release = mem_release,
    .step = mem_step,
    .readlink = mem_readlink,
    .stat = mem_stat,
    .open = mem_open,
    .set_times = mem_set_times,
    .mkdir = mem_mkdir,
    .rmdir = mem_rmdir,
    .unlink = mem_unlink,
    .symlink = mem_symlink,
    .link = mem_link,
    .rename = mem_rename,
};

krait_mount *
krait__mem_mount_new(krait_vfs *vfs, uint64_t limit_bytes, uint32_t limit_inodes)
{
    krait_mem_fs *fs = krait__calloc(1, sizeof(*fs));

    if (fs == NULL)
        return NULL;
    fs->limit_bytes = limit_bytes;
    fs->limit_inodes = limit_inodes;
    fs->next_ino = 1;
    fs->dev = vfs->next_dev++;
    if (krait__mem_node_new(fs, KRAIT_TYPE_DIRECTORY, &fs->root) != 0) {
        krait__free(fs);
        return NULL;
    }
    fs->root->nlink = 2;
    fs->root->as.dir.parent = fs->root;
    fs->mount.ops = &mem_ops;
    fs->mount.fs = fs;
    fs->mount.vfs = vfs;
    fs->mount.root = (krait_place){
        .mount = &fs->mount, .node = fs->root, .fd = -1, .borrowed = true};
    return &fs->mount;
}
