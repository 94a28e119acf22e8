/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permissions and owners: chmod, chown, access, umask.  The rules are those of Linux; what the
 * host lets a guest change is in docs/wasi.md.
 */
#include "native.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int __wasilibc_nocwd_faccessat(int fd, const char *path, int mode, int flags);

/* As the kernel has it, the mask belongs to the process; the host says what it starts with. */
static mode_t mask;
static int mask_known;

mode_t
umask(mode_t new_mask)
{
    krait_host_identity identity;
    mode_t old;

    if (!mask_known) {
        mask = krait_host_identity_get(&identity) == 0 ? identity.umask & 0777 : 022;
        mask_known = 1;
    }
    old = mask;
    mask = new_mask & 0777;
    return old;
}

uint32_t
native_new_mode(mode_t mode)
{
    if (!mask_known)
        (void)umask(umask(0));
    return mode & 07777 & ~mask;
}

int
fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    native_path at;
    uint32_t lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : KRAIT_HOST_FOLLOW;

    if (flags & ~AT_SYMLINK_NOFOLLOW)
        return native_fail(EINVAL);
    if (native_path_at(dirfd, path, &at) != 0)
        return -1;
    return native_result(krait_host_path_chmod(at.fd, lookup, at.text, at.length, mode & 07777));
}

int
chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int
lchmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

int
fchmod(int fd, mode_t mode)
{
    return native_result(krait_host_fd_chmod((uint32_t)fd, mode & 07777));
}

int
fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    native_path at;
    uint32_t lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : KRAIT_HOST_FOLLOW;

    if (flags & ~AT_SYMLINK_NOFOLLOW)
        return native_fail(EINVAL);
    if (native_path_at(dirfd, path, &at) != 0)
        return -1;
    return native_result(krait_host_path_chown(at.fd, lookup, at.text, at.length, owner, group));
}

int
chown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, 0);
}

int
lchown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

int
fchown(int fd, uid_t owner, gid_t group)
{
    return native_result(krait_host_fd_chown((uint32_t)fd, owner, group));
}

/* Where access() and faccessat() of wasi-libc end. */
int
__wasilibc_nocwd_faccessat(int fd, const char *path, int mode, int flags)
{
    uint32_t lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : KRAIT_HOST_FOLLOW;

    if ((mode & ~(R_OK | W_OK | X_OK)) != 0 || (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EACCESS)) != 0)
        return native_fail(EINVAL);
    return native_result(
        krait_host_path_access((uint32_t)fd, lookup, path, strlen(path), (uint32_t)mode));
}
