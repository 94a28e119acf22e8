/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See output.h.  Where the file system can, the file has no name until it is
 * complete (O_TMPFILE), so that a killed process leaves nothing; elsewhere it has
 * a name that ends in ".tmp".
 */
#include "aot/output.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS 100

/* Native code: whatever the umask, only its owner changes it. */
#define OUTPUT_MODE 0755

static void
descriptor_name(int fd, char text[32])
{
    snprintf(text, 32, "/proc/self/fd/%d", fd);
}

/* The next name to try; false when it is too long. */
static bool
next_name(krait_output *output, unsigned attempt)
{
    int size = snprintf(output->temporary, sizeof(output->temporary), "%s.%ld-%u.tmp", output->path,
                        (long)getpid(), attempt);

    if (size > 0 && (size_t)size < sizeof(output->temporary))
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static bool
open_nameless(krait_output *output)
{
    char folder[sizeof(output->temporary)];
    const char *slash = strrchr(output->path, '/');
    size_t size = slash != NULL ? (size_t)(slash - output->path) : 0;
    char name[32];

    if (size >= sizeof(folder))
        return false;
    memcpy(folder, output->path, size);
    folder[size] = '\0';
    if (size == 0)
        snprintf(folder, sizeof(folder), "%s", slash != NULL ? "/" : ".");
    output->fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, OUTPUT_MODE);
    if (output->fd < 0)
        return false;
    /* It can get a name only through /proc. */
    descriptor_name(output->fd, name);
    if (access(name, F_OK) == 0) {
        output->is_nameless = true;
        return true;
    }
    close(output->fd);
    output->fd = -1;
    return false;
}

krait_status
krait__output_open(krait_output *output, const char *path, krait_error *err)
{
    unsigned attempt;

    output->path = path;
    output->fd = -1;
    output->is_nameless = false;
    output->temporary[0] = '\0';
    if (open_nameless(output))
        return KRAIT_OK;
    for (attempt = 0; output->fd < 0 && attempt < ATTEMPTS; attempt++) {
        if (!next_name(output, attempt))
            break;
        output->fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
        if (output->fd < 0 && errno != EEXIST)
            break;
    }
    if (output->fd < 0) {
        output->temporary[0] = '\0';
        return krait__error_set(err, KRAIT_EIO, errno, "cannot create '%s'", path);
    }
    return KRAIT_OK;
}

krait_status
krait__output_write(krait_output *output, const void *data, size_t size, krait_error *err)
{
    const char *from = data;

    while (size != 0) {
        ssize_t done = write(output->fd, from, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", output->path);
        from += done;
        size -= (size_t)done;
    }
    return KRAIT_OK;
}

static bool
give_name(krait_output *output)
{
    char name[32];
    unsigned attempt;

    descriptor_name(output->fd, name);
    for (attempt = 0; attempt < ATTEMPTS && next_name(output, attempt); attempt++) {
        if (linkat(AT_FDCWD, name, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) == 0) {
            output->is_nameless = false;
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    output->temporary[0] = '\0';
    return false;
}

krait_status
krait__output_commit(krait_output *output, krait_error *err)
{
    int closed;

    /* What a power failure leaves must not be a name with half a file. */
    if (fsync(output->fd) != 0 || (output->is_nameless && !give_name(output)))
        return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", output->path);
    closed = close(output->fd);
    output->fd = -1;
    if (closed != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", output->path);
    if (rename(output->temporary, output->path) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot replace '%s'", output->path);
    output->temporary[0] = '\0';
    return KRAIT_OK;
}

void
krait__output_close(krait_output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    output->fd = -1;
    if (output->temporary[0] != '\0')
        (void)unlink(output->temporary);
    output->temporary[0] = '\0';
}
