/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary folders that a program which is killed does not leave behind for good.
 *
 * $TMPDIR/krait-run.XXXXXX has a file `owner`, which its program holds locked, and a folder `files`.
 * The lock goes with the program, however it ends; the next one that starts removes what nobody holds.
 * It removes nothing but what has the name, belongs to this user, is nobody else's to enter, lies on a file
 * system that is this machine's alone (elsewhere a lock may be out of sight), and whose `owner` is this
 * user's, and names this program and the folder's own inode, so that a copy is not taken for it.
 *
 * `owner` is written after it is locked and removed as the last file: so what is being made is never
 * removed, and what could not be removed as a whole is tried again.  What has nothing in it yet, because its
 * program was killed in between, goes when it is an hour old.
 */
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "krait-run."
#define DIGITS 6
#define OWNER  "owner"
#define FILES  "files"

/* Longer than any program needs from making a folder to writing its owner; seconds. */
#define UNFINISHED_AGE 3600

static const char *
base_folder(void)
{
    const char *base = getenv("TMPDIR");

    return base != NULL && base[0] == '/' ? base : "/tmp";
}

static int
owner_text(char *text, size_t size, const struct stat *folder)
{
    return snprintf(text, size, "krait temporary folder %llu\n",
                    (unsigned long long)folder->st_ino);
}

static int
open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- removing ----------------------------------------------------------------------------- */

/* The folders in a folder move up to `top`, everything else in it is removed, and then the folder. */
static bool
remove_flat(int top, const char *name, dev_t device, unsigned *number)
{
    int fd = open_folder(top, name);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat status;
    const struct dirent *entry;

    if (folder == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return unlinkat(top, name, AT_REMOVEDIR) == 0;
    }
    /* Something may be mounted there. */
    if (fstat(fd, &status) == 0 && status.st_dev == device) {
        while ((entry = readdir(folder)) != NULL) {
            char moved[32];

            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                unlinkat(fd, entry->d_name, 0) == 0)
                continue;
            do /* One that was killed may have left such a name. */
                (void)snprintf(moved, sizeof(moved), "~%u", ++*number);
            while (renameat(fd, entry->d_name, top, moved) != 0 &&
                   (errno == ENOTEMPTY || errno == EEXIST));
        }
    }
    (void)closedir(folder);
    return unlinkat(top, name, AT_REMOVEDIR) == 0;
}

/* All folders that are in it now; those that come from inside of them are for the next time.  The number of
 * those that are gone; *ret_left is that of the others and of what is no folder, not 0 when nobody knows. */
static unsigned
remove_folders(int top, dev_t device, unsigned *number, unsigned *ret_left)
{
    int copy = open_folder(top, ".");
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    unsigned removed = 0;

    *ret_left = 1;
    if (folder == NULL) {
        if (copy >= 0)
            (void)close(copy);
        return 0;
    }
    *ret_left = 0;
    for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, OWNER) == 0)
            continue;
        if (remove_flat(top, entry->d_name, device, number))
            removed++;
        else
            ++*ret_left;
    }
    if (errno != 0)
        ++*ret_left;
    (void)closedir(folder);
    return removed;
}

/* `fd` is the folder, whose lock is held. */
static void
remove_whole(int base, const char *name, int fd)
{
    struct stat status;
    unsigned number = 0;
    unsigned left;

    if (fstat(fd, &status) != 0)
        return;
    while (remove_folders(fd, status.st_dev, &number, &left) != 0)
        continue;
    /* Only when nothing else is left: else it is to be found again. */
    if (left == 0) {
        (void)unlinkat(fd, OWNER, 0);
        (void)unlinkat(base, name, AT_REMOVEDIR);
    }
}

/* ---- what others have left ---------------------------------------------------------------- */

/* Those that one machine alone can have mounted, so that it sees every lock. */
static bool
is_local(int fd)
{
    static const unsigned long known[] = {
        0xef53 /* ext */,       0x58465342 /* XFS */,     0x9123683e /* Btrfs */,
        0x01021994 /* tmpfs */, 0x794c7630 /* overlay */, 0xf2f52010 /* F2FS */,
        0x2fc12fc1 /* ZFS */,   0x858458f6 /* ramfs */,
    };
    struct statfs system;

    if (fstatfs(fd, &system) != 0)
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (((unsigned long)system.f_type & 0xffffffff) == known[i])
            return true;
    }
    return false;
}

static bool
is_own_folder(int fd, struct stat *ret)
{
    return fstat(fd, ret) == 0 && ret->st_uid == geteuid() && (ret->st_mode & 0777) == 0700 &&
           is_local(fd);
}

/* Its owner, locked, when that is a file of this user's that nobody had locked; -1 with errno, which is ENOENT
 * when there is none. */
static int
lock_owner(int folder)
{
    struct stat owner;
    int fd = openat(folder, OWNER, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &owner) == 0 && S_ISREG(owner.st_mode) && owner.st_uid == geteuid() &&
        (owner.st_mode & 0777) == 0600 && owner.st_nlink == 1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    (void)close(fd);
    errno = EBUSY;
    return -1;
}

/* Whether it says what it should. */
static bool
says_so(int owner, const struct stat *folder)
{
    char wanted[64];
    char found[sizeof(wanted) + 1];
    int size = owner_text(wanted, sizeof(wanted), folder);

    return pread(owner, found, sizeof(found), 0) == size &&
           memcmp(found, wanted, (size_t)size) == 0;
}

/* One whose program was killed before it had written its owner; `owner` is that, or -1 when there is none.
 * Nothing that has contents is removed. */
static void
remove_unfinished(int base, const char *name, int folder, int owner, const struct stat *status)
{
    struct stat file;

    if (time(NULL) - status->st_mtime < UNFINISHED_AGE)
        return;
    if (owner >= 0) {
        if (fstat(owner, &file) != 0 || file.st_size != 0 ||
            (unlinkat(folder, FILES, AT_REMOVEDIR) != 0 && errno != ENOENT))
            return;
        (void)unlinkat(folder, OWNER, 0);
    }
    (void)unlinkat(base, name, AT_REMOVEDIR);
}

/* Removes the folder `name` unless it is none of ours, or in use. */
static void
sweep_one(int base, const char *name)
{
    int folder = open_folder(base, name);
    struct stat status;
    int owner;

    if (folder < 0)
        return;
    if (is_own_folder(folder, &status)) {
        owner = lock_owner(folder);
        if (owner >= 0 && says_so(owner, &status))
            remove_whole(base, name, folder);
        else if (owner >= 0 || errno == ENOENT)
            remove_unfinished(base, name, folder, owner, &status);
        if (owner >= 0)
            (void)close(owner);
    }
    (void)close(folder);
}

void
cli_scratch_sweep(void)
{
    int base = open(base_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = base >= 0 ? fdopendir(base) : NULL;
    const struct dirent *entry;

    if (folder == NULL) {
        if (base >= 0)
            (void)close(base);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
            strlen(entry->d_name) == strlen(PREFIX) + DIGITS)
            sweep_one(base, entry->d_name);
    }
    (void)closedir(folder);
}

/* ---- one of our own ----------------------------------------------------------------------- */

/* The lock file in a new folder; -1 with errno. */
static int
make_owner(int folder)
{
    struct stat status;
    char text[64];
    bool is_locked;
    int size;
    int fd;

    if (fstat(folder, &status) != 0)
        return -1;
    size = owner_text(text, sizeof(text), &status);
    fd = openat(folder, OWNER, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    do /* Somebody who looks at it has it for a moment. */
        is_locked = flock(fd, LOCK_EX) == 0;
    while (!is_locked && errno == EINTR);
    /* Without a lock it says nothing, and nobody removes it. */
    if (mkdirat(folder, FILES, 0700) == 0 &&
        (!is_locked || write(fd, text, (size_t)size) == (ssize_t)size))
        return fd;
    (void)close(fd);
    return -1;
}

static krait_status
failed(krait_error *err, const char *path)
{
    err->code = KRAIT_EIO;
    err->sys_errno = errno;
    (void)snprintf(err->text, sizeof(err->text), "cannot make the temporary folder '%.300s': %s",
                   path, strerror(errno));
    return KRAIT_EIO;
}

krait_status
cli_scratch_make(cli_scratch *ret, krait_error *err)
{
    cli_scratch scratch = {.fd = -1, .lock = -1};
    krait_status status = KRAIT_OK;

    cli_scratch_sweep();
    scratch.path = cli_path_join(base_folder(), PREFIX "XXXXXX");
    if (mkdtemp(scratch.path) == NULL) {
        status = failed(err, scratch.path);
        free(scratch.path);
        return status;
    }
    scratch.fd = open_folder(AT_FDCWD, scratch.path);
    if (scratch.fd >= 0)
        scratch.lock = make_owner(scratch.fd);
    if (scratch.lock < 0)
        status = failed(err, scratch.path);
    scratch.files = cli_path_join(scratch.path, FILES);
    if (status != KRAIT_OK)
        cli_scratch_remove(&scratch);
    else
        *ret = scratch;
    return status;
}

void
cli_scratch_remove(cli_scratch *scratch)
{
    if (scratch->path == NULL)
        return;
    if (scratch->fd >= 0) {
        remove_whole(AT_FDCWD, scratch->path, scratch->fd);
        (void)close(scratch->fd);
    }
    if (scratch->lock >= 0)
        (void)close(scratch->lock);
    free(scratch->path);
    free(scratch->files);
    *scratch = (cli_scratch){.path = NULL};
}
