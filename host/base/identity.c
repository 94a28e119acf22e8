/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See identity.h.
 */
#include "base/identity.h"

#include <string.h>
#include <sys/stat.h>

krait_file_identity
krait__file_identity_from(const struct stat *status)
{
    krait_file_identity identity = {
        .dev = status->st_dev, .ino = status->st_ino, .size = (uint64_t)status->st_size};

    identity.mtime_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
    identity.ctime_ns = (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec;
    return identity;
}

krait_file_identity
krait__file_identity(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? krait__file_identity_from(&status) : (krait_file_identity){0};
}

krait_file_identity
krait__file_identity_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? krait__file_identity_from(&status) : (krait_file_identity){0};
}

bool
krait__file_identity_equal(const krait_file_identity *a, const krait_file_identity *b)
{
    return a->ino != 0 && memcmp(a, b, sizeof(*a)) == 0;
}
