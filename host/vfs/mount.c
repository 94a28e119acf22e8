/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table: a tree of the names that lead to mount points, and the calls
 * that put something there.
 */
#include "vfs/fs.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appends one name; ".." takes one off. */
static int
append_name(char normal[KRAIT_PATH_MAX + 1], size_t *size, const char *name, size_t name_len)
{
    if (name_len == 1 && name[0] == '.')
        return 0;
    if (name_len == 2 && name[0] == '.' && name[1] == '.') {
        while (*size > 0 && normal[--*size] != '/')
            ;
        return 0;
    }
    if (name_len > KRAIT_NAME_MAX || *size + 1 + name_len > KRAIT_PATH_MAX)
        return ENAMETOOLONG;
    normal[(*size)++] = '/';
    memcpy(normal + *size, name, name_len);
    *size += name_len;
    return 0;
}

int
krait__guest_path_normal(const char *path, char normal[KRAIT_PATH_MAX + 1])
{
    size_t size = 0;

    if (path == NULL || path[0] != '/')
        return EINVAL;
    while (*path != '\0') {
        size_t name_len;
        int error;

        path += strspn(path, "/");
        name_len = strcspn(path, "/");
        if (name_len == 0)
            break;
        error = append_name(normal, &size, path, name_len);
        if (error != 0)
            return error;
        path += name_len;
    }
    if (size == 0)
        normal[size++] = '/';
    normal[size] = '\0';
    return 0;
}

krait_ns *
krait__ns_child(const krait_ns *ns, const char *name, size_t name_len)
{
    if (ns == NULL)
        return NULL;
    for (krait_ns *child = ns->children; child != NULL; child = child->next) {
        if (strncmp(child->name, name, name_len) == 0 && child->name[name_len] == '\0')
            return child;
    }
    return NULL;
}

static krait_ns *
add_child(krait_ns *ns, const char *name, size_t name_len)
{
    krait_ns *child = krait__calloc(1, sizeof(*child));
    krait_ns **end = &ns->children;

    if (child == NULL)
        return NULL;
    child->name = krait__alloc(name_len + 1);
    if (child->name == NULL) {
        krait__free(child);
        return NULL;
    }
    memcpy(child->name, name, name_len);
    child->name[name_len] = '\0';
    child->parent = ns;
    while (*end != NULL)
        end = &(*end)->next;
    *end = child;
    return child;
}

krait_ns *
krait__ns_make(krait_vfs *vfs, const char *normal_path)
{
    krait_ns *ns = &vfs->root;

    while (*normal_path != '\0') {
        size_t name_len;
        krait_ns *child;

        normal_path += strspn(normal_path, "/");
        name_len = strcspn(normal_path, "/");
        if (name_len == 0)
            break;
        child = krait__ns_child(ns, normal_path, name_len);
        if (child == NULL)
            child = add_child(ns, normal_path, name_len);
        if (child == NULL)
            return NULL;
        ns = child;
        normal_path += name_len;
    }
    return ns;
}

void
krait__mount_free(krait_mount *mount)
{
    if (mount != NULL)
        mount->ops->free(mount);
}

void
krait__ns_set(krait_ns *ns, krait_mount *mount)
{
    /* The file system made at the start is freed with the vfs, mounted over or not. */
    if (ns->mount != NULL && ns->mount != ns->mount->vfs->memory)
        krait__mount_free(ns->mount);
    ns->mount = mount;
}

void
krait__ns_free_children(krait_ns *ns)
{
    while (ns->children != NULL) {
        krait_ns *child = ns->children;

        ns->children = child->next;
        krait__ns_free_children(child);
        krait__ns_set(child, NULL);
        krait__free(child->name);
        krait__free(child);
    }
}

void
krait__place_release(krait_place *place)
{
    if (!place->borrowed)
        place->mount->ops->release(place);
}

int
krait__place_hold(const krait_place *place, krait_place *ret_place)
{
    return place->mount->ops->hold(place, ret_place);
}

/* ---- mounting ------------------------------------------------------------------------------ */

/* Makes the folder of a mount point in memory (where a host mount covers it, nobody
 * sees that) and the node of the mount table. */
static krait_status
make_point(krait_vfs *vfs, const char *guest_path, const krait_mount *mount, bool record_misses,
           krait_ns **ret_ns, krait_error *err)
{
    char normal[KRAIT_PATH_MAX + 1];
    char folder[KRAIT_PATH_MAX + 1];
    char *slash;
    krait_status status;

    if (krait__guest_path_normal(guest_path, normal) != 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is not an absolute path of the guest",
                                guest_path != NULL ? guest_path : "");
    if (mount->is_file && strcmp(normal, "/") == 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "a file cannot be mounted at '/'");
    memcpy(folder, normal, sizeof(folder));
    slash = strrchr(folder, '/');
    slash[slash == folder] = '\0';
    status = krait__mem_make_folder(vfs, folder, record_misses, err);
    if (status != KRAIT_OK)
        return status;
    *ret_ns = krait__ns_make(vfs, normal);
    return *ret_ns != NULL ? KRAIT_OK : krait__error_nomem(err);
}

/* Takes over `mount`, also when it fails. */
static krait_status
attach(krait_vfs *vfs, const char *guest_path, krait_mount *mount, uint32_t flags, krait_error *err)
{
    krait_ns *ns = NULL;
    krait_status status = make_point(vfs, guest_path, mount,
                                     (flags & KRAIT_MOUNT_RECORD_MISSES) != 0, &ns, err);

    if (status != KRAIT_OK) {
        krait__mount_free(mount);
        return status;
    }
    mount->flags = flags;
    krait__ns_set(ns, mount);
    return KRAIT_OK;
}

static krait_status
host_error(krait_error *err, int sys_errno, const char *what, const char *host_path)
{
    krait_status code = KRAIT_EIO;

    if (sys_errno == ENOENT)
        code = KRAIT_ENOTFOUND;
    else if (sys_errno == ENOTDIR || sys_errno == EISDIR || sys_errno == ENXIO)
        code = KRAIT_EINVAL;
    else if (sys_errno == ENOMEM)
        code = KRAIT_ENOMEM;
    if (host_path == NULL)
        return krait__error_set(err, code, sys_errno, "cannot mount %s", what);
    return krait__error_set(err, code, sys_errno, "cannot mount %s '%s'", what, host_path);
}

static krait_status
mount_dir_fd(krait_vfs *vfs, const char *guest_path, int fd, const char *host_path, uint32_t flags,
             krait_error *err)
{
    krait_mount *mount;
    int error = krait__host_mount_new(vfs, fd, &mount);

    if (error != 0) {
        close(fd);
        return host_error(err, error, "directory", host_path);
    }
    return attach(vfs, guest_path, mount, flags & (KRAIT_MOUNT_READ_ONLY | KRAIT_MOUNT_STABLE),
                  err);
}

krait_status
krait__vfs_mount_dir(krait_vfs *vfs, const char *guest_path, const char *host_path, uint32_t flags,
                     krait_error *err)
{
    int fd = krait__host_keep_fd(open(host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (fd < 0)
        return host_error(err, errno, "directory", host_path);
    return mount_dir_fd(vfs, guest_path, fd, host_path, flags, err);
}

krait_status
krait__vfs_mount_dir_fd(krait_vfs *vfs, const char *guest_path, int host_fd, uint32_t flags,
                        krait_error *err)
{
    int fd = fcntl(host_fd, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return host_error(err, errno, "directory descriptor", NULL);
    return mount_dir_fd(vfs, guest_path, fd, NULL, flags, err);
}

static krait_status
mount_file_fd(krait_vfs *vfs, const char *guest_path, int fd, const char *host_path, uint32_t flags,
              krait_error *err)
{
    krait_mount *mount;
    int error = krait__host_file_mount_new(vfs, fd, &mount);

    if (error != 0) {
        close(fd);
        return host_error(err, error, "file", host_path);
    }
    return attach(vfs, guest_path, mount,
                  KRAIT_MOUNT_READ_ONLY | (flags & KRAIT_MOUNT_RECORD_MISSES), err);
}

krait_status
krait__vfs_mount_file(krait_vfs *vfs, const char *guest_path, const char *host_path, uint32_t flags,
                      krait_error *err)
{
    /* O_NONBLOCK: a FIFO is refused, it does not block. */
    int fd = krait__host_keep_fd(open(host_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));

    if (fd < 0)
        return host_error(err, errno, "file", host_path);
    return mount_file_fd(vfs, guest_path, fd, host_path, flags, err);
}

krait_status
krait__vfs_mount_file_fd(krait_vfs *vfs, const char *guest_path, int host_fd, uint32_t flags,
                         krait_error *err)
{
    int fd = fcntl(host_fd, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return host_error(err, errno, "file descriptor", NULL);
    return mount_file_fd(vfs, guest_path, fd, NULL, flags, err);
}

krait_status
krait__vfs_mount_memory(krait_vfs *vfs, const char *guest_path, const krait_vfs_options *options,
                        uint32_t flags, krait_error *err)
{
    krait_mount *mount = krait__mem_mount_new(vfs, krait__vfs_limit_bytes(options),
                                              krait__vfs_limit_inodes(options));

    if (mount == NULL)
        return krait__error_nomem(err);
    return attach(vfs, guest_path, mount, flags & KRAIT_MOUNT_READ_ONLY, err);
}

/* ---- the mounts of another vfs --------------------------------------------------------------- */

/* The node of a guest path; NULL: nothing is mounted there or below. */
static const krait_ns *
find_point(const krait_vfs *vfs, const char *guest_path)
{
    char normal[KRAIT_PATH_MAX + 1];
    const krait_ns *ns = &vfs->root;
    const char *at = normal;

    if (krait__guest_path_normal(guest_path, normal) != 0)
        return NULL;
    while (ns != NULL && *(at += strspn(at, "/")) != '\0') {
        const size_t name_len = strcspn(at, "/");

        ns = krait__ns_child(ns, at, name_len);
        at += name_len;
    }
    return ns;
}

krait_status
krait__vfs_mount_same(krait_vfs *vfs, const krait_vfs *from, const char *guest_path,
                      krait_error *err)
{
    const krait_ns *ns = find_point(from, guest_path);
    krait_mount *again;

    if (ns == NULL || ns->mount == NULL || ns->mount->ops->share == NULL)
        return krait__error_set(err, KRAIT_ENOTFOUND, 0, "nothing is mounted at '%s'", guest_path);
    again = ns->mount->ops->share(ns->mount, vfs);
    return again != NULL ? attach(vfs, guest_path, again, ns->mount->flags, err)
                         : krait__error_nomem(err);
}

krait_file_identity
krait__vfs_mounted(const krait_vfs *vfs, const char *guest_path)
{
    const krait_ns *ns = find_point(vfs, guest_path);

    return ns != NULL && ns->mount != NULL ? ns->mount->identity : (krait_file_identity){0};
}
