/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, and output that appears under its name in one step, complete and on disk, or not at all.
 *
 * Where the file system can, the output has no name until it is complete (O_TMPFILE), so that a
 * killed process leaves nothing; elsewhere it has a name that ends in ".tmp".
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS 100

/* A module is data: the umask decides who else reads it. */
#define OUTPUT_MODE 0666

int64_t
krait__pack_time_of(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static krait_status
read_open(int fd, const char *path, uint64_t limit, uint8_t **ret_bytes, size_t *ret_size,
          krait_error *err)
{
    struct stat status;
    size_t size;
    size_t got = 0;
    uint8_t *bytes;

    if (fstat(fd, &status) != 0)
        return krait__error_set(err, KRAIT_EINVAL, errno, "cannot read '%s'", path);
    if (!S_ISREG(status.st_mode))
        return krait__error_set(err, KRAIT_EINVAL, S_ISDIR(status.st_mode) ? EISDIR : 0,
                                "cannot read '%s'%s", path,
                                S_ISDIR(status.st_mode) ? "" : ": it is no file");
    if ((uint64_t)status.st_size > limit)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "'%s' is larger than %llu bytes", path,
                                (unsigned long long)limit);
    size = (size_t)status.st_size;
    bytes = krait__alloc(size + 1);
    if (bytes == NULL)
        return krait__error_nomem(err);
    while (got < size) {
        ssize_t done = read(fd, bytes + got, size - got);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            int number = done < 0 ? errno : EIO;

            krait__free(bytes);
            return krait__error_set(err, KRAIT_EINVAL, number, "cannot read '%s'", path);
        }
        got += (size_t)done;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return KRAIT_OK;
}

krait_status
krait__pack_whole_read(const char *path, uint64_t limit, uint8_t **ret_bytes, size_t *ret_size,
                       krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    krait_status status;

    if (fd < 0)
        return krait__error_set(
            err, errno == ENOENT || errno == ENOTDIR ? KRAIT_ENOTFOUND : KRAIT_EINVAL, errno,
            "cannot open '%s'", path);
    status = read_open(fd, path, limit, ret_bytes, ret_size, err);
    close(fd);
    return status;
}

/* ---- output ------------------------------------------------------------------------------- */

/* The next name to try; false when it is too long.  One that is as long as a file's may be has no room for more
 * behind it: of it only the beginning is taken. */
static bool
next_name(krait_out *out, unsigned attempt)
{
    const char *slash = strrchr(out->path, '/');
    const char *name = slash != NULL ? slash + 1 : out->path;
    size_t kept = strnlen(name, KRAIT_PACK_NAME_MAX - 40);
    int size;

    while (name[kept] != '\0' && ((unsigned char)name[kept] & 0xc0) == 0x80)
        kept--;
    size = snprintf(out->temporary, sizeof(out->temporary), "%.*s.%ld-%u.tmp",
                    (int)(name - out->path + (ptrdiff_t)kept), out->path, (long)getpid(), attempt);

    if (size > 0 && (size_t)size < sizeof(out->temporary))
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* False when it is too long. */
static bool
folder_of(const char *path, char *folder, size_t capacity)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash != NULL ? (size_t)(slash - path) : 0;

    if (size >= capacity)
        return false;
    memcpy(folder, path, size);
    folder[size] = '\0';
    if (size == 0)
        snprintf(folder, capacity, "%s", slash != NULL ? "/" : ".");
    return true;
}

krait_file_identity
krait__pack_folder_of(const char *path)
{
    char folder[4096];

    return folder_of(path, folder, sizeof(folder)) ? krait__file_identity(folder)
                                                   : (krait_file_identity){0};
}

static bool
open_nameless(krait_out *out)
{
    char folder[sizeof(out->temporary)];
    char name[32];

    if (!folder_of(out->path, folder, sizeof(folder)))
        return false;
    out->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, OUTPUT_MODE);
    if (out->fd < 0)
        return false;
    /* It can get a name only through /proc. */
    snprintf(name, sizeof(name), "/proc/self/fd/%d", out->fd);
    if (access(name, F_OK) == 0) {
        out->is_nameless = true;
        return true;
    }
    close(out->fd);
    out->fd = -1;
    return false;
}

krait_status
krait__pack_out_open(krait_out *out, const char *path, krait_error *err)
{
    struct stat status;

    out->path = path;
    out->fd = -1;
    out->is_nameless = false;
    out->temporary[0] = '\0';
    /* Better now than after all the work. */
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return krait__error_set(err, KRAIT_EIO, S_ISDIR(status.st_mode) ? EISDIR : EEXIST,
                                "cannot write '%s'", path);
    if (open_nameless(out))
        return KRAIT_OK;
    for (unsigned attempt = 0; out->fd < 0 && attempt < ATTEMPTS; attempt++) {
        if (!next_name(out, attempt))
            break;
        out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
        if (out->fd < 0 && errno != EEXIST)
            break;
    }
    if (out->fd >= 0)
        return KRAIT_OK;
    out->temporary[0] = '\0';
    return krait__error_set(err, KRAIT_EIO, errno, "cannot create '%s'", path);
}

krait_status
krait__pack_out_write(krait_out *out, uint64_t at, const void *data, size_t size, krait_error *err)
{
    const char *from = data;

    while (size != 0) {
        ssize_t done = pwrite(out->fd, from, size, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", out->path);
        from += done;
        at += (uint64_t)done;
        size -= (size_t)done;
    }
    return KRAIT_OK;
}

static bool
give_name(krait_out *out)
{
    char name[32];

    snprintf(name, sizeof(name), "/proc/self/fd/%d", out->fd);
    for (unsigned attempt = 0; attempt < ATTEMPTS && next_name(out, attempt); attempt++) {
        if (linkat(AT_FDCWD, name, AT_FDCWD, out->temporary, AT_SYMLINK_FOLLOW) == 0) {
            out->is_nameless = false;
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    out->temporary[0] = '\0';
    return false;
}

krait_status
krait__pack_out_commit(krait_out *out, krait_error *err)
{
    int closed;

    /* What a power failure leaves must not be a name with half a file. */
    if (fsync(out->fd) != 0 || (out->is_nameless && !give_name(out)))
        return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", out->path);
    closed = close(out->fd);
    out->fd = -1;
    if (closed != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", out->path);
    if (rename(out->temporary, out->path) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot replace '%s'", out->path);
    out->temporary[0] = '\0';
    return KRAIT_OK;
}

void
krait__pack_out_close(krait_out *out)
{
    if (out->fd >= 0)
        close(out->fd);
    out->fd = -1;
    if (out->temporary[0] != '\0')
        (void)unlink(out->temporary);
    out->temporary[0] = '\0';
}
