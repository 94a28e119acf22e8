/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error numbers of WASI preview 1, for the part of guest/pack that is also compiled for other
 * machines (tests/fuzz), where <wasi/api.h> does not exist.
 */
#ifndef KRAIT_GUEST_PACK_ERRORS_H
#define KRAIT_GUEST_PACK_ERRORS_H

enum {
    PACK_OK = 0,
    PACK_EACCES = 2,
    PACK_EBADF = 8,
    PACK_EEXIST = 20,
    PACK_EFBIG = 22,
    PACK_EINVAL = 28,
    PACK_EIO = 29,
    PACK_EISDIR = 31,
    PACK_ELOOP = 32,
    PACK_EMFILE = 33,
    PACK_ENAMETOOLONG = 37,
    PACK_ENOENT = 44,
    PACK_ENOMEM = 48,
    PACK_ENOSPC = 51,
    PACK_ENOTDIR = 54,
    PACK_ENOTEMPTY = 55,
    PACK_EPERM = 63,
    PACK_EROFS = 69,
    PACK_EXDEV = 75,
    PACK_ENOTCAPABLE = 76
};

#endif
