/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See scratch.h.  The directory is flat: compilers only make files in it.
 */
#include "aot/scratch.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "krait-compile."

/* A directory that is younger may not have been locked yet. */
#define LEFTOVER_AGE_SECONDS 60

static const char *
base_directory(void)
{
    const char *base = getenv("TMPDIR");

    return base != NULL && base[0] == '/' ? base : "/tmp";
}

/* Takes `fd`. */
static void
empty(int fd)
{
    DIR *directory = fdopendir(fd);
    const struct dirent *entry;

    if (directory == NULL) {
        close(fd);
        return;
    }
    rewinddir(directory);
    while ((entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

static bool
is_leftover(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           time(NULL) - status.st_mtime > LEFTOVER_AGE_SECONDS && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* Removes what killed builds of this user have left. */
static void
sweep(const char *base)
{
    DIR *directory = opendir(base);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        int fd;

        if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) != 0)
            continue;
        fd = openat(dirfd(directory), entry->d_name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (is_leftover(fd)) {
            empty(fd);
            (void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
        } else {
            close(fd);
        }
    }
    if (directory != NULL)
        closedir(directory);
}

krait_status
krait__scratch_open(krait_scratch *scratch, krait_error *err)
{
    const char *base = base_directory();
    int size = snprintf(scratch->path, sizeof(scratch->path), "%s/" PREFIX "XXXXXX", base);

    sweep(base);
    if (size < 0 || (size_t)size >= sizeof(scratch->path) || mkdtemp(scratch->path) == NULL) {
        scratch->path[0] = '\0';
        return krait__error_set(err, KRAIT_EIO, errno, "cannot make a temporary directory in '%s'",
                                base);
    }
    scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scratch->fd < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot open '%s'", scratch->path);
    /* Without a lock (some network file systems) leftovers are not removed either. */
    (void)flock(scratch->fd, LOCK_EX | LOCK_NB);
    return KRAIT_OK;
}

void
krait__scratch_close(krait_scratch *scratch)
{
    if (scratch->path[0] == '\0')
        return;
    if (scratch->fd >= 0)
        empty(scratch->fd);
    (void)rmdir(scratch->path);
    scratch->path[0] = '\0';
    scratch->fd = -1;
}
