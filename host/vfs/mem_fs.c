/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system in memory as a back end: names.
 *
 * Directories that the host made for mounts are locked: the guest finds no room to lose
 * its files in (EROFS).  Everything else is the guest's.
 */
#include "vfs/mem.h"

#include "base/alloc.h"
#include "base/siphash.h"

#include <errno.h>
#include <string.h>

/* ENOENT, or EACCES when the guest may not look names up here. */
static int
find_entry(const krait_place *dir, const char *name, krait_mem_entry **ret_entry)
{
    int error = krait__mem_may(dir->node, KRAIT_HOST_X_OK);

    if (error != 0)
        return error;
    *ret_entry = krait__mem_dir_find(dir->node, name, strlen(name));
    return *ret_entry != NULL ? 0 : ENOENT;
}

static int
find(const krait_place *dir, const char *name, krait_mem_node **ret_node)
{
    krait_mem_entry *entry;
    int error;

    if (name[0] == '\0') {
        *ret_node = dir->node;
        return 0;
    }
    error = find_entry(dir, name, &entry);
    if (error == 0)
        *ret_node = entry->node;
    return error;
}

static void
mem_free(krait_mount *mount)
{
    krait_mem_fs *fs = mount->fs;

    fs->is_timeless = true;
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
    krait_mem_node *node;
    int error = find(dir, name, &node);

    if (error != 0)
        return error;
    ret_step->type = node->type;
    if (node->type == KRAIT_TYPE_LINK) {
        memcpy(ret_step->target, node->as.link.text, node->as.link.size);
        ret_step->target[node->as.link.size] = '\0';
    } else if (node->type == KRAIT_TYPE_DIRECTORY) {
        error = krait__mem_may(node, KRAIT_HOST_X_OK);
        if (error != 0)
            return error;
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
    krait_mem_node *node;
    int error = find(dir, name, &node);

    if (error != 0)
        return error;
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
    krait_mem_node *node;
    int error = find(dir, name, &node);

    if (error != 0)
        return error;
    krait__mem_node_stat(node, ret_stat);
    return 0;
}

static int
mem_set_times(const krait_place *dir, const char *name, const krait_times *times)
{
    krait_mem_node *node;
    int error = find(dir, name, &node);

    return error != 0 ? error : krait__mem_node_set_times(node, times);
}

static int
mem_chmod(const krait_place *dir, const char *name, uint32_t mode)
{
    krait_mem_node *node;
    int error = find(dir, name, &node);

    return error != 0 ? error : krait__mem_node_chmod(node, mode);
}

static int
mem_access(const krait_place *dir, const char *name, uint32_t want)
{
    krait_mem_node *node;
    int error = find(dir, name, &node);

    return error != 0 ? error : krait__mem_may(node, want);
}

static int
mem_statvfs(const krait_place *dir, krait_host_statvfs *ret_statvfs)
{
    krait__mem_statvfs(dir->mount->fs, ret_statvfs);
    return 0;
}

/* May the guest add or remove names here? */
static int
check_dir(const krait_place *dir)
{
    if (dir->node->is_locked)
        return EROFS;
    if (dir->node->as.dir.parent == NULL)
        return ENOENT; /* removed, but still open */
    return krait__mem_may(dir->node, KRAIT_HOST_W_OK | KRAIT_HOST_X_OK);
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
    int error = krait__mem_may_open(node, how);
    int kind_error;

    if (node->type == KRAIT_TYPE_CHARACTER_DEVICE || node->type == KRAIT_TYPE_UNKNOWN) {
        if (how & KRAIT_OPEN_DIRECTORY)
            return ENOTDIR;
        if (error != 0)
            return error;
        return node->type == KRAIT_TYPE_UNKNOWN
                   ? krait__fifo_open(node, how, flags, ret_file)
                   : krait__device_file_new(node, how, flags, ret_file);
    }
    kind_error = krait__may_open(node->type, how, krait__place_read_only(dir));
    if (kind_error != 0 || error != 0)
        return kind_error != 0 ? kind_error : error;
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
    krait_mem_node *node;
    int error = find(dir, name, &node);

    if (error == 0) {
        if ((how & KRAIT_OPEN_CREATE) && (how & KRAIT_OPEN_EXCLUSIVE))
            return EEXIST;
        return open_node(dir, node, how, flags, ret_file);
    }
    if (error != ENOENT || !(how & KRAIT_OPEN_CREATE))
        return error;
    if (krait__place_read_only(dir))
        return EROFS;
    error = make(dir, name, KRAIT_TYPE_REGULAR, &node);
    if (error != 0)
        return error;
    if (how & KRAIT_OPEN_HAS_MODE)
        node->mode = (uint16_t)KRAIT_OPEN_MODE_OF(how);
    error = krait__mem_file_new(node, how, flags, ret_file);
    krait__mem_node_unref(node);
    return error;
}

static int
mem_mkdir(const krait_place *dir, const char *name, uint32_t mode)
{
    krait_mem_node *node;
    int error = make(dir, name, KRAIT_TYPE_DIRECTORY, &node);

    if (error != 0)
        return error;
    if (mode != KRAIT_MODE_DEFAULT)
        node->mode = (uint16_t)(mode & 07777u);
    krait__mem_node_unref(node);
    return 0;
}

static int
mem_mkfifo(const krait_place *dir, const char *name, uint32_t mode)
{
    krait_mem_node *node;
    int error = make(dir, name, KRAIT_TYPE_UNKNOWN, &node);

    if (error != 0)
        return error;
    node->mode = (uint16_t)(mode & 07777u);
    krait__mem_node_unref(node);
    return 0;
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
    krait_mem_entry *entry;
    int error = find_entry(dir, name, &entry);

    if (error != 0)
        return error;
    if (entry->node->type != KRAIT_TYPE_DIRECTORY)
        return ENOTDIR;
    error = check_dir(dir);
    if (error != 0)
        return error;
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
    krait_mem_entry *entry;
    int error = find_entry(dir, name, &entry);

    if (error != 0)
        return error;
    if (entry->node->type == KRAIT_TYPE_DIRECTORY)
        return EISDIR;
    error = check_dir(dir);
    if (error != 0)
        return error;
    krait__mem_dir_remove(dir->node, entry);
    return 0;
}

static int
mem_link(const krait_place *dir, const char *name, const krait_place *to_dir, const char *to_name)
{
    krait_mem_node *node;
    int error = find(dir, name, &node);

    if (error == 0)
        error = check_dir(to_dir);
    if (error != 0)
        return error;
    if (krait__mem_dir_find(to_dir->node, to_name, strlen(to_name)) != NULL)
        return EEXIST;
    error = krait__mem_dir_add(to_dir->node, to_name, strlen(to_name), node);
    if (error == 0)
        krait__mem_written(node);
    return error;
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
    krait_mem_entry *to = krait__mem_dir_find(to_dir->node, to_name, strlen(to_name));
    krait_mem_entry *from;
    krait_mem_node *node;
    int error = find_entry(dir, name, &from);

    if (error != 0)
        return error;
    node = from->node;
    error = check_dir(to_dir);
    if (error == 0)
        error = check_dir(dir);
    if (error == 0 && node->type == KRAIT_TYPE_DIRECTORY && is_above(node, to_dir->node))
        error = EINVAL;
    if (error == 0 && node->is_locked)
        error = EROFS;
    /* Its ".." changes. */
    if (error == 0 && node->type == KRAIT_TYPE_DIRECTORY && dir->node != to_dir->node)
        error = krait__mem_may(node, KRAIT_HOST_W_OK);
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
    else
        krait__mem_written(node);
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
    .chmod = mem_chmod,
    .access = mem_access,
    .mkfifo = mem_mkfifo,
    .statvfs = mem_statvfs,
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
    krait__siphash_key(fs->hash_key);
    fs->mount.vfs = vfs; /* which knows the time */
    if (krait__mem_node_new(fs, KRAIT_TYPE_DIRECTORY, &fs->root) != 0) {
        krait__free(fs);
        return NULL;
    }
    fs->root->nlink = 2;
    fs->root->as.dir.parent = fs->root;
    fs->mount.ops = &mem_ops;
    fs->mount.fs = fs;
    fs->mount.root = (krait_place){
        .mount = &fs->mount, .node = fs->root, .fd = -1, .borrowed = true};
    return &fs->mount;
}
