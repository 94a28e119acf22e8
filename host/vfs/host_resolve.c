/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving between host directories: by one name, or by many with openat2.
 *
 * A step opens exactly one name with O_PATH and O_NOFOLLOW and looks at what it
 * got, so that there is no moment between looking and opening.  A jump has the
 * kernel walk with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS: links, ".." and renames under
 * way cannot leave the directory it starts at; whatever the kernel is not sure of comes
 * back as EXDEV and the walk goes on by steps.
 *
 * In a stable read-only mount the directories that were jumped to stay open, by
 * the path that led to them, for all mounts of it (krait__vfs_mount_same).
 */
#include "vfs/host.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/openat2.h, which older systems do not have. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define BENEATH       0x08u
#define NO_MAGICLINKS 0x02u

struct how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

static int
open_beneath(int dir_fd, const char *path)
{
    struct how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                      .resolve = BENEATH | NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

bool
krait__host_can_jump(int dir_fd)
{
    int fd = open_beneath(dir_fd, ".");

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

void
krait__host_kept_close(krait_host_root *root)
{
    for (size_t i = 0; i < KRAIT_HOST_KEPT; i++) {
        krait_host_kept *kept = atomic_load(&root->kept[i]);

        if (kept != NULL)
            close(kept->fd);
        krait__free(kept);
    }
}

/* The slot for `path`, taken (*ret_kept) or free (NULL); NULL: all are taken, or this mount keeps
 * none. */
static _Atomic(krait_host_kept *) *
kept_slot(const krait_place *dir, const char *path, krait_host_kept **ret_kept)
{
    const uint32_t needed = KRAIT_MOUNT_STABLE | KRAIT_MOUNT_READ_ONLY;
    krait_host_root *root = ((const krait_host_fs *)dir->mount->fs)->root;
    uint32_t hash = 2166136261u;

    *ret_kept = NULL;
    if ((dir->mount->flags & needed) != needed || dir->fd != root->fd)
        return NULL;
    for (const char *at = path; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    for (uint32_t i = 0; i < KRAIT_HOST_KEPT; i++) {
        _Atomic(krait_host_kept *) *slot = &root->kept[(hash + i) % KRAIT_HOST_KEPT];
        krait_host_kept *kept = atomic_load(slot);

        if (kept == NULL)
            return slot;
        if (strcmp(kept->path, path) == 0) {
            *ret_kept = kept;
            return slot;
        }
    }
    return NULL;
}

/* Lets the slot keep this descriptor; false: another thread was faster, or memory is short. */
static bool
keep(_Atomic(krait_host_kept *) *slot, const char *path, int fd)
{
    const size_t size = strlen(path) + 1;
    krait_host_kept *kept = krait__alloc(sizeof(*kept) + size);
    krait_host_kept *nothing = NULL;

    if (kept == NULL)
        return false;
    kept->fd = fd;
    memcpy(kept->path, path, size);
    if (atomic_compare_exchange_strong(slot, &nothing, kept))
        return true;
    krait__free(kept);
    return false;
}

int
krait__host_jump(const krait_place *dir, const char *path, krait_place *ret_place)
{
    const krait_host_root *root = ((const krait_host_fs *)dir->mount->fs)->root;
    krait_host_kept *kept;
    _Atomic(krait_host_kept *) *slot = kept_slot(dir, path, &kept);
    int fd;

    /* A jump looks at no modes. */
    if (!root->can_jump || krait__host_checks(dir))
        return EXDEV;
    if (kept != NULL) {
        *ret_place = (krait_place){.mount = dir->mount, .fd = kept->fd, .borrowed = true};
        return 0;
    }
    do {
        fd = open_beneath(dir->fd, path);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno;
    *ret_place = (krait_place){.mount = dir->mount, .fd = fd};
    ret_place->borrowed = slot != NULL && keep(slot, path, fd);
    return 0;
}

static int
read_target(int fd, char target[KRAIT_PATH_MAX + 1])
{
    ssize_t size = readlinkat(fd, "", target, KRAIT_PATH_MAX + 1);

    if (size < 0)
        return errno;
    if (size > KRAIT_PATH_MAX)
        return ENAMETOOLONG;
    target[size] = '\0';
    return 0;
}

int
krait__host_step(const krait_place *dir, const char *name, krait_step *ret_step)
{
    struct stat stat;
    int error = 0;
    int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno;
    if (fstat(fd, &stat) != 0) {
        error = errno;
    } else {
        ret_step->type = krait__host_type(stat.st_mode);
        if (S_ISLNK(stat.st_mode))
            error = read_target(fd, ret_step->target);
        else if (S_ISDIR(stat.st_mode))
            error = krait__host_may(dir, &stat, KRAIT_HOST_X_OK);
    }
    /* A ".." that follows takes the directory off again without asking the kernel. */
    if (error == 0 && S_ISDIR(stat.st_mode) && fstatat(fd, ".", &stat, 0) != 0)
        error = errno;
    if (error == 0 && S_ISDIR(stat.st_mode)) {
        ret_step->place = (krait_place){.mount = dir->mount, .fd = fd};
        return 0;
    }
    close(fd);
    return error;
}
