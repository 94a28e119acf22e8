/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting up a guest's file system: the root in memory, files put into it, and the names
 * that the guest missed.
 */
#include "vfs/mem.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LIMIT_BYTES  (UINT64_C(256) << 20)
#define DEFAULT_LIMIT_INODES 65536u

/* Device numbers of file systems in memory, far from those of Linux. */
#define FIRST_DEV (UINT64_C(0x6b72) << 40)

uint64_t
krait__vfs_limit_bytes(const krait_vfs_options *options)
{
    return options != NULL && options->memory_limit_bytes != 0 ? options->memory_limit_bytes
                                                               : DEFAULT_LIMIT_BYTES;
}

uint32_t
krait__vfs_limit_inodes(const krait_vfs_options *options)
{
    return options != NULL && options->inode_limit != 0 ? options->inode_limit
                                                        : DEFAULT_LIMIT_INODES;
}

krait_status
krait__vfs_new(const krait_vfs_options *options, krait_vfs **ret_vfs, krait_error *err)
{
    krait_vfs *vfs = krait__calloc(1, sizeof(*vfs));
    krait_status status;

    if (vfs == NULL)
        return krait__error_nomem(err);
    vfs->walk_only = options != NULL && options->resolve_by_walking;
    vfs->check_modes = options != NULL && options->check_modes && geteuid() == 0;
    vfs->absolute_links = options != NULL && options->absolute_links;
    vfs->next_dev = FIRST_DEV;
    if (options != NULL && options->is_virtual) {
        vfs->virtual_state = options->virtual;
        vfs->virtual = &vfs->virtual_state;
    }
    vfs->memory = krait__mem_mount_new(vfs, krait__vfs_limit_bytes(options),
                                       krait__vfs_limit_inodes(options));
    if (vfs->memory == NULL) {
        krait__vfs_free(vfs);
        return krait__error_nomem(err);
    }
    vfs->memory->root.node->is_locked = vfs->memory->root.node->is_root = true;
    vfs->root.mount = vfs->memory;
    status = krait__vfs_mkdir(vfs, "/tmp", err);
    if (status != KRAIT_OK) {
        krait__vfs_free(vfs);
        return status;
    }
    krait__mem_dir_find(vfs->memory->root.node, "tmp", 3)->node->mode = 01777;
    *ret_vfs = vfs;
    return KRAIT_OK;
}

void
krait__vfs_free(krait_vfs *vfs)
{
    if (vfs == NULL)
        return;
    krait__ns_free_children(&vfs->root);
    if (vfs->root.mount != vfs->memory)
        krait__mount_free(vfs->root.mount);
    krait__mount_free(vfs->memory);
    for (size_t i = 0; i < vfs->missed_count; i++)
        krait__free(vfs->missed[i]);
    krait__free(vfs);
}

krait_virtual *
krait__vfs_virtual(const krait_vfs *vfs)
{
    return vfs->virtual;
}

/* ---- directories and files in memory ------------------------------------------------------- */

static krait_status
memory_error(krait_error *err, int error, const char *guest_path)
{
    krait_status code = KRAIT_EINVAL;

    if (error == ENOSPC || error == EFBIG)
        code = KRAIT_ELIMIT;
    else if (error == ENOMEM)
        return krait__error_nomem(err);
    return krait__error_set(err, code, error, "cannot make '%s' in memory", guest_path);
}

/* The directory `name` of `dir`, made when it is missing. */
static int
make_directory(krait_mem_node *dir, const char *name, size_t name_len, bool is_locked,
               krait_mem_node **ret_node)
{
    krait_mem_entry *entry = krait__mem_dir_find(dir, name, name_len);
    krait_mem_node *node;
    int error;

    if (entry != NULL) {
        if (entry->node->type != KRAIT_TYPE_DIRECTORY)
            return ENOTDIR;
        *ret_node = entry->node;
        return 0;
    }
    error = krait__mem_node_new(dir->fs, KRAIT_TYPE_DIRECTORY, &node);
    if (error != 0)
        return error;
    node->is_locked = node->is_root = is_locked;
    error = krait__mem_dir_add(dir, name, name_len, node);
    krait__mem_node_unref(node);
    if (error != 0)
        return error;
    *ret_node = node;
    return 0;
}

/* Makes all directories of a normal path, in the mount in memory that covers it.
 * EROFS: it is a host's.  *ret_mount may be NULL. */
static int
make_directories(krait_vfs *vfs, const char *path, bool is_locked, bool use_mounts,
                 krait_mem_node **ret_node)
{
    krait_ns *ns = use_mounts ? &vfs->root : NULL;
    krait_mount *mount = use_mounts ? vfs->root.mount : vfs->memory;
    krait_mem_node *node = mount->root.node;

    for (;;) {
        size_t name_len;

        path += strspn(path, "/");
        name_len = strcspn(path, "/");
        if (name_len == 0)
            break;
        ns = krait__ns_child(ns, path, name_len);
        if (ns != NULL && ns->mount != NULL) {
            node = ns->mount->root.node;
        } else if (node != NULL) {
            int error = make_directory(node, path, name_len, is_locked, &node);

            if (error != 0)
                return error;
        }
        path += name_len;
    }
    *ret_node = node;
    return node != NULL ? 0 : EROFS;
}

krait_status
krait__mem_make_folder(krait_vfs *vfs, const char *normal_path, bool record_misses,
                       krait_error *err)
{
    krait_mem_node *node;
    int error = make_directories(vfs, normal_path, true, false, &node);

    if (error != 0)
        return memory_error(err, error, normal_path);
    node->record |= record_misses;
    return KRAIT_OK;
}

krait_status
krait__vfs_mkdir(krait_vfs *vfs, const char *guest_path, krait_error *err)
{
    char normal[KRAIT_PATH_MAX + 1];
    krait_mem_node *node;
    int error = krait__guest_path_normal(guest_path, normal);

    if (error == 0)
        error = make_directories(vfs, normal, false, true, &node);
    return error == 0 ? KRAIT_OK : memory_error(err, error, guest_path != NULL ? guest_path : "");
}

static int
write_bytes(krait_mem_node *node, const void *bytes, size_t size)
{
    size_t written = 0;
    int error = 0;

    while (error == 0 && written < size) {
        size_t count = 0;

        error = krait__mem_data_write(node, written, (const char *)bytes + written, size - written,
                                      &count);
        written += count;
    }
    return error;
}

static void
set_owner(krait_mem_node *node, bool is_root)
{
    node->is_root = is_root;
    node->mode = is_root ? 0444 : 0644;
}

/* Is this a file that nobody would miss if it had other bytes? */
static bool
is_alone(const krait_mem_node *node)
{
    return node->type == KRAIT_TYPE_REGULAR && node->refs == 0 && node->nlink == 1;
}

/* Other bytes for it: no more room is needed than the larger of both takes. */
static int
put_in_place(krait_mem_node *node, const void *bytes, size_t size, bool is_root)
{
    int error;

    if (!krait__mem_data_fits(node, size))
        return ENOSPC;
    error = write_bytes(node, bytes, size);
    /* Half of both is of no use. */
    if (error != 0 || size < node->as.data.size || size == 0)
        (void)krait__mem_data_set_size(node, error == 0 ? size : 0);
    node->atime_ns = node->mtime_ns;
    set_owner(node, is_root);
    return error;
}

/* A node with these bytes takes the name, and the place of the file that has it. */
static int
put_bytes(krait_mem_node *dir, const char *name, const void *bytes, size_t size, bool is_root)
{
    krait_mem_entry *old = krait__mem_dir_find(dir, name, strlen(name));
    krait_mem_node *node;
    int error;

    if (old != NULL && old->node->type == KRAIT_TYPE_DIRECTORY)
        return EISDIR;
    if (old != NULL && is_alone(old->node))
        return put_in_place(old->node, bytes, size, is_root);
    error = krait__mem_node_new(dir->fs, KRAIT_TYPE_REGULAR, &node);
    if (error != 0)
        return error;
    set_owner(node, is_root);
    error = write_bytes(node, bytes, size);
    if (error == 0 && old != NULL)
        krait__mem_dir_replace(dir, old, node);
    else if (error == 0)
        error = krait__mem_dir_add(dir, name, strlen(name), node);
    krait__mem_node_unref(node);
    return error;
}

/* Is something mounted at exactly this normal path? */
static bool
is_mount_point(const krait_vfs *vfs, const char *path)
{
    const krait_ns *ns = &vfs->root;

    while (ns != NULL && *(path += strspn(path, "/")) != '\0') {
        size_t name_len = strcspn(path, "/");

        ns = krait__ns_child(ns, path, name_len);
        path += name_len;
    }
    return ns != NULL && ns->mount != NULL;
}

krait_status
krait__vfs_put_file(krait_vfs *vfs, const char *guest_path, const void *bytes, size_t size,
                    krait_error *err)
{
    return krait__vfs_put_file_with(vfs, guest_path, bytes, size, false, err);
}

krait_status
krait__vfs_put_file_with(krait_vfs *vfs, const char *guest_path, const void *bytes, size_t size,
                         bool is_root, krait_error *err)
{
    char normal[KRAIT_PATH_MAX + 1];
    char *slash = NULL;
    krait_mem_node *dir;
    int error = krait__guest_path_normal(guest_path, normal);

    if (error == 0 && is_mount_point(vfs, normal))
        error = EBUSY;
    if (error == 0) {
        slash = strrchr(normal, '/');
        *slash = '\0';
        error = make_directories(vfs, normal, false, true, &dir);
    }
    if (error == 0)
        error = put_bytes(dir, slash + 1, bytes, size, is_root);
    return error == 0 ? KRAIT_OK : memory_error(err, error, guest_path != NULL ? guest_path : "");
}

/* ---- what was missed ------------------------------------------------------------------------ */

void
krait__vfs_miss(const krait_place *dir, const char *name)
{
    krait_vfs *vfs = dir->mount->vfs;

    if (dir->node == NULL || !dir->node->record || vfs->missed_count == KRAIT_MISSED_NAMES)
        return;
    for (size_t i = 0; i < vfs->missed_count; i++) {
        if (strcmp(vfs->missed[i], name) == 0)
            return;
    }
    /* A hint is not worth an error when memory is short. */
    vfs->missed[vfs->missed_count] = krait__strdup(name);
    if (vfs->missed[vfs->missed_count] != NULL)
        vfs->missed_count++;
}

const char *
krait__vfs_missed(const krait_vfs *vfs, size_t index)
{
    return index < vfs->missed_count ? vfs->missed[index] : NULL;
}

uint64_t
krait__vfs_memory_used(const krait_vfs *vfs)
{
    return vfs->memory->root.node->fs->used_bytes;
}

uint32_t
krait__vfs_inodes_used(const krait_vfs *vfs)
{
    return vfs->memory->root.node->fs->used_inodes;
}

krait_status
krait__vfs_mount_devices(krait_vfs *vfs, krait_error *err)
{
    static const struct {
        const char *name;
        enum krait_device device;
    } devices[] = {
        {"null", KRAIT_DEVICE_NULL},      {"zero", KRAIT_DEVICE_ZERO},
        {"full", KRAIT_DEVICE_FULL},      {"random", KRAIT_DEVICE_RANDOM},
        {"urandom", KRAIT_DEVICE_RANDOM}, {"stdin", KRAIT_DEVICE_STDIN},
        {"stdout", KRAIT_DEVICE_STDOUT},  {"stderr", KRAIT_DEVICE_STDERR},
    };
    krait_mem_node *dev;
    int error = make_directories(vfs, "/dev", true, false, &dev);

    for (size_t i = 0; error == 0 && i < sizeof(devices) / sizeof(devices[0]); i++) {
        krait_mem_node *node;

        if (krait__mem_dir_find(dev, devices[i].name, strlen(devices[i].name)) != NULL)
            continue;
        error = krait__mem_node_new(dev->fs, KRAIT_TYPE_CHARACTER_DEVICE, &node);
        if (error == 0) {
            node->device = (uint8_t)devices[i].device;
            node->mode = 0666;
            node->is_root = true;
            error = krait__mem_dir_add(dev, devices[i].name, strlen(devices[i].name), node);
            krait__mem_node_unref(node);
        }
    }
    return error == 0 ? KRAIT_OK : memory_error(err, error, "/dev");
}
