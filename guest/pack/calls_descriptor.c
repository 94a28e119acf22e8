/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that ask about a descriptor, and those that only a file on a disk needs. */
#include "state.h"

#include "status.h"

#include <string.h>

static_assert(PACK_EACCES == __WASI_ERRNO_ACCES && PACK_EBADF == __WASI_ERRNO_BADF &&
                  PACK_EEXIST == __WASI_ERRNO_EXIST && PACK_EFBIG == __WASI_ERRNO_FBIG &&
                  PACK_EINVAL == __WASI_ERRNO_INVAL && PACK_EIO == __WASI_ERRNO_IO &&
                  PACK_EISDIR == __WASI_ERRNO_ISDIR && PACK_ELOOP == __WASI_ERRNO_LOOP &&
                  PACK_EMFILE == __WASI_ERRNO_MFILE &&
                  PACK_ENAMETOOLONG == __WASI_ERRNO_NAMETOOLONG &&
                  PACK_ENOENT == __WASI_ERRNO_NOENT && PACK_ENOMEM == __WASI_ERRNO_NOMEM &&
                  PACK_ENOSPC == __WASI_ERRNO_NOSPC && PACK_ENOTDIR == __WASI_ERRNO_NOTDIR &&
                  PACK_ENOTEMPTY == __WASI_ERRNO_NOTEMPTY && PACK_EPERM == __WASI_ERRNO_PERM &&
                  PACK_EROFS == __WASI_ERRNO_ROFS && PACK_EXDEV == __WASI_ERRNO_XDEV &&
                  PACK_ENOTCAPABLE == __WASI_ERRNO_NOTCAPABLE,
              "errors.h has other numbers");

__wasi_filetype_t
krait_pack_filetype(const krait_pack_state *state, uint32_t node)
{
    switch (krait_pack_tree_type(&state->tree, node)) {
    case KRAIT_PACK_S_IFDIR:
        return __WASI_FILETYPE_DIRECTORY;
    case KRAIT_PACK_S_IFREG:
        return __WASI_FILETYPE_REGULAR_FILE;
    case KRAIT_PACK_S_IFLNK:
        return __WASI_FILETYPE_SYMBOLIC_LINK;
    default:
        return __WASI_FILETYPE_UNKNOWN;
    }
}

int32_t
krait_pack_status(krait_pack_state *state, uint32_t node, int32_t result)
{
    krait_pack_stat stat;
    int rc = krait_pack_tree_stat(&state->tree, node, &stat);

    if (rc == PACK_OK) {
        __wasi_filestat_t full = {.dev = KRAIT_PACK_DEVICE,
                                  .ino = stat.ino,
                                  .filetype = krait_pack_filetype(state, node),
                                  .nlink = stat.nlink,
                                  .size = stat.size,
                                  .atim = (__wasi_timestamp_t)stat.atim,
                                  .mtim = (__wasi_timestamp_t)stat.mtim,
                                  .ctim = (__wasi_timestamp_t)stat.ctim};

        memcpy(pack_at(result), &full, sizeof(full));
    }
    return rc;
}

int32_t
PACK_OWN(fd_filestat_get)(int32_t fd, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_filestat_get(fd, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_filestat_get(host, result) : rc;
    }
    return krait_pack_status(krait_pack_get(), open->node, result);
}

int32_t
PACK_OWN(fd_filestat_set_times)(int32_t fd, int64_t atim, int64_t mtim, int32_t flags)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_filestat_set_times(fd, atim, mtim, flags);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_filestat_set_times(host, atim, mtim, flags) : rc;
    }
    return krait_pack_set_times(krait_pack_get(), open->node, atim, mtim, flags);
}

int32_t
PACK_OWN(fd_fdstat_get)(int32_t fd, int32_t result)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_fdstat_get(fd, result);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc == PACK_OK && host >= 0) {
        return krait_pack_real_fd_fdstat_get(host, result);
    }
    if (rc == PACK_OK) {
        __wasi_fdstat_t stat = {.fs_filetype = krait_pack_filetype(krait_pack_get(), open->node),
                                .fs_flags = open->flags,
                                .fs_rights_base = open->rights,
                                .fs_rights_inheriting = open->inheriting};

        memcpy(pack_at(result), &stat, sizeof(stat));
    }
    return rc;
}

int32_t
PACK_OWN(fd_fdstat_set_flags)(int32_t fd, int32_t flags)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_fdstat_set_flags(fd, flags);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_fdstat_set_flags(host, flags) : rc;
    }
    open->flags = (uint16_t)flags;
    return PACK_OK;
}

int32_t
PACK_OWN(fd_fdstat_set_rights)(int32_t fd, int64_t rights, int64_t inheriting)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_fdstat_set_rights(fd, rights, inheriting);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    if (rc != PACK_OK || host >= 0) {
        return rc == PACK_OK ? krait_pack_real_fd_fdstat_set_rights(host, rights, inheriting) : rc;
    }
    if (((uint64_t)rights & ~open->rights) != 0 ||
        ((uint64_t)inheriting & ~open->inheriting) != 0) {
        return PACK_ENOTCAPABLE; /* rights only go */
    }
    open->rights = (uint64_t)rights;
    open->inheriting = (uint64_t)inheriting;
    return PACK_OK;
}

int32_t
PACK_OWN(fd_sync)(int32_t fd)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_sync(fd);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    return rc == PACK_OK && host >= 0 ? krait_pack_real_fd_sync(host) : rc;
}

int32_t
PACK_OWN(fd_datasync)(int32_t fd)
{
    krait_pack_open *open;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_fd_datasync(fd);
    }
    rc = krait_pack_find((uint32_t)fd, &open, &host);
    return rc == PACK_OK && host >= 0 ? krait_pack_real_fd_datasync(host) : rc;
}
