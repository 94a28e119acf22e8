/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that are not in the kernel's cache: when the first one has to come from the disk, the kernel
 * is asked for those that follow, too.  What is read is the same in any case.
 */
#include "document.h"

#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 40 };

typedef struct folder {
    char path[64];
    proc_item *items; /* with a FIFO, a folder and a file that is missing among them */
} folder;

static void
name_of(const folder *f, int number, char *path, size_t size)
{
    snprintf(path, size, "%s/%d", f->path, number);
}

static bool
make_file(const char *path, int number)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "document %d", number);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, (size_t)size) == size && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

static bool
folder_make(folder *f)
{
    proc_item **end = &f->items;

    snprintf(f->path, sizeof(f->path), "/tmp/krait-ahead-XXXXXX");
    if (mkdtemp(f->path) == NULL)
        return false;
    *end = NULL;
    for (int i = 0; i < FILES; i++) {
        char path[128];
        bool ok;

        name_of(f, i, path, sizeof(path));
        if (i == 5)
            ok = mkfifo(path, 0600) == 0;
        else if (i == 6)
            ok = mkdir(path, 0700) == 0;
        else
            ok = i == 7 || make_file(path, i);
        if (!ok || (*end = proc_item_new(path, 0, NULL)) == NULL)
            return false;
        end = &(*end)->next;
    }
    return true;
}

static void
folder_remove(folder *f)
{
    char path[128];

    for (int i = 0; i < FILES; i++) {
        name_of(f, i, path, sizeof(path));
        (void)(i == 6 ? rmdir(path) : unlink(path));
    }
    CHECK(rmdir(f->path) == 0);
    proc_items_abandon(f->items);
}

static void
forget(const proc_item *item)
{
    int fd = open(item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

/* 1: the file is in the cache, 0: it is not, -1: nobody can tell. */
static int
is_cached(const proc_item *item)
{
    char byte;
    struct iovec part = {&byte, 1};
    int fd = open(item->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = preadv2(fd, &part, 1, 0, RWF_NOWAIT);
    int number = errno;

    close(fd);
    return got == 1 ? 1 : number == EAGAIN ? 0 : -1;
}

/* In ten seconds at most. */
static bool
will_be_cached(const proc_item *item)
{
    const struct timespec a_little = {0, 5000000};

    for (int i = 0; i < 2000 && is_cached(item) == 0; i++)
        nanosleep(&a_little, NULL);
    return is_cached(item) == 1;
}

static void
check_text(const proc_blob *blob, int number)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "document %d", number);

    CHECK_UINT(blob->size, (size_t)size);
    CHECK(memcmp(blob->bytes, text, (size_t)size) == 0);
}

static void
asks_for_what_follows(void)
{
    folder f = {.items = NULL};
    const proc_item *ahead;
    proc_blob *blob = NULL;
    int known;

    REQUIRE(folder_make(&f));
    for (const proc_item *item = f.items; item != NULL; item = item->next)
        forget(item);
    known = is_cached(f.items->next->next);
    if (known != 0)
        printf("not checked: this file system %s\n",
               known < 0 ? "cannot tell what is in the cache" : "has all files in memory");
    ahead = f.items->next;
    CHECK_INT(proc_read_file(f.items->path, 1000, &blob, &ahead), 0);
    check_text(blob, 0);
    if (known == 0) {
        int number = 1;

        CHECK(ahead == NULL);
        for (const proc_item *item = f.items->next; item != NULL; item = item->next, number++)
            CHECK((number >= 5 && number <= 7) || will_be_cached(item));
    }
    proc_blob_release(blob);
    folder_remove(&f);
}

static void
leaves_what_is_there(void)
{
    folder f = {.items = NULL};
    const proc_item *ahead;
    const proc_item *last;
    proc_blob *blob = NULL;

    REQUIRE(folder_make(&f));
    for (last = f.items; last->next != NULL;)
        last = last->next;
    forget(last);
    ahead = f.items->next;
    CHECK_INT(proc_read_file(f.items->path, 1000, &blob, &ahead), 0);
    check_text(blob, 0);
    CHECK(ahead == f.items->next || is_cached(f.items) < 0);
    CHECK_INT(proc_read_file(f.items->next->path, 5, &blob, NULL), -EFBIG);
    ahead = NULL;
    CHECK_INT(proc_read_file(last->path, 1000, &blob, &ahead), 0);
    check_text(blob, FILES - 1);
    proc_blob_release(blob);
    folder_remove(&f);
}

CHECK_MAIN(CHECK_CASE(asks_for_what_follows), CHECK_CASE(leaves_what_is_there))
