/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: wasi-libc's working directory and preopens, as the functions of this folder see them.
 */
#include "native.h"

#include <fcntl.h>
#include <string.h>
#include <wasi/libc-find-relpath.h>

static int
find(const char *path, char **ret_text)
{
    static char *buffer;
    static size_t size;
    static char fixed[4096];
    const char *prefix;
    int fd;

    /* A weak symbol: it is there when the program can change its working directory. */
    if (__wasilibc_find_relpath_alloc != NULL) {
        fd = __wasilibc_find_relpath_alloc(path, &prefix, &buffer, &size, 1);
        *ret_text = buffer;
        return fd;
    }
    *ret_text = fixed;
    fd = __wasilibc_find_relpath(path, &prefix, ret_text, sizeof(fixed));
    if (fd < 0 && errno == ERANGE)
        errno = ENAMETOOLONG;
    return fd;
}

int
native_path_at(int dirfd, const char *path, native_path *ret_path)
{
    char *text;
    int fd = dirfd;

    if (path[0] == '\0')
        return native_fail(ENOENT);
    ret_path->text = path;
    if (dirfd == AT_FDCWD || path[0] == '/') {
        fd = find(path, &text);
        if (fd < 0)
            return native_fail(errno == ENOMEM ? ENOMEM : ENOENT);
        ret_path->text = text;
    } else if (dirfd < 0) {
        return native_fail(EBADF);
    }
    ret_path->fd = (uint32_t)fd;
    ret_path->length = strlen(ret_path->text);
    return 0;
}
