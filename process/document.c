/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items, and reading files that may vanish, shrink or grow meanwhile: what was read is the document.
 */
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of a file that is asked for ahead. */
#define AHEAD_BYTES (128 * 1024)

const char *
proc_status_name(proc_status status)
{
    static const char *const names[] = {"processing", "success", "failed"};

    return names[status];
}

proc_item *
proc_item_new(const char *path, size_t name_at, const char *error)
{
    const size_t path_size = strlen(path) + 1;
    const size_t error_size = error != NULL ? strlen(error) + 1 : 0;
    proc_item *item = malloc(sizeof(*item) + path_size + error_size);
    const char *slash;

    if (item == NULL)
        return NULL;
    *item = (proc_item){.path = item->names, .error = NULL};
    memcpy(item->names, path, path_size);
    slash = strrchr(item->names + name_at, '/');
    item->filename = slash != NULL && slash[1] != '\0' ? slash + 1 : item->names + name_at;
    if (error != NULL) {
        memcpy(item->names + path_size, error, error_size);
        item->error = item->names + path_size;
    }
    return item;
}

proc_item *
proc_item_new_child(const proc_document *parent, const char *filename, size_t name_size,
                    proc_blob *blob, const uint8_t *bytes, size_t size)
{
    const size_t path_size = strlen(parent->item->path);
    proc_item *item = malloc(sizeof(*item) + path_size + 1 + name_size + 1);
    char *name;

    if (item == NULL)
        return NULL;
    *item = (proc_item){.blob = proc_blob_share(blob),
                        .bytes = bytes,
                        .size = size,
                        .tree = parent->tree,
                        .depth = parent->item->depth + 1,
                        .path = item->names};
    memcpy(item->parent, parent->uuid, sizeof(item->parent));
    memcpy(item->names, parent->item->path, path_size);
    item->names[path_size] = '!';
    name = item->names + path_size + 1;
    if (name_size != 0)
        memcpy(name, filename, name_size);
    name[name_size] = '\0';
    item->filename = name;
    return item;
}

void
proc_item_free(proc_item *item)
{
    if (item == NULL)
        return;
    proc_blob_release(item->blob);
    free(item);
}

void
proc_items_abandon(proc_item *items)
{
    while (items != NULL) {
        proc_item *next = items->next;

        if (items->tree != NULL && atomic_fetch_sub(&items->tree->waiting, 1) == 1)
            proc_tree_free(items->tree);
        proc_item_free(items);
        items = next;
    }
}

proc_tree *
proc_document_tree(proc_document *document)
{
    proc_tree *tree = document->tree;

    if (tree != NULL)
        return tree;
    tree = calloc(1, sizeof(*tree));
    if (tree == NULL)
        return NULL;
    atomic_init(&tree->waiting, 1);
    memcpy(tree->uuid, document->uuid, sizeof(tree->uuid));
    document->tree = tree;
    return tree;
}

void
proc_tree_free(proc_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->error);
    free(tree);
}

static int
reserve(proc_blob **blob, size_t capacity)
{
    proc_blob *resized;

    if (*blob != NULL && (*blob)->capacity >= capacity)
        return 0;
    resized = *blob != NULL ? proc_blob_resize(*blob, capacity) : proc_blob_new(capacity);
    if (resized == NULL)
        return -ENOMEM;
    *blob = resized;
    return 0;
}

/* What became a FIFO since it was listed must not hold anybody up. */
static int
open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Asks the kernel for files, and does not wait for them.  It reads large ones ahead by itself. */
static void
ask_for(const proc_item *items)
{
    for (; items != NULL; items = items->next) {
        int fd = items->blob == NULL && items->error == NULL ? open_file(items->path) : -1;

        if (fd < 0)
            continue;
        (void)posix_fadvise(fd, 0, AHEAD_BYTES, POSIX_FADV_WILLNEED);
        (void)close(fd);
    }
}

/* Reads what is in the kernel's cache.  When there is nothing, the files to come are not there either,
 * most likely: all of them are asked for before anybody waits for this one. */
static ssize_t
read_cached(int fd, proc_blob *blob, const proc_item **ahead)
{
    struct iovec part = {.iov_base = blob->bytes, .iov_len = blob->capacity};
    ssize_t got = preadv2(fd, &part, 1, -1, RWF_NOWAIT);

    if (got < 0 && errno == EAGAIN && *ahead != NULL) {
        ask_for(*ahead);
        *ahead = NULL;
    }
    return got;
}

static int
read_all(int fd, uint64_t limit, proc_blob **blob, const proc_item **ahead)
{
    size_t size = 0;

    for (;;) {
        ssize_t got = -1;

        /* It has grown since its size was asked. */
        if (size == (*blob)->capacity && reserve(blob, size + size / 2 + 4096) != 0)
            return -ENOMEM;
        if (size == 0 && ahead != NULL && *ahead != NULL)
            got = read_cached(fd, *blob, ahead);
        if (got <= 0)
            got = read(fd, (*blob)->bytes + size, (*blob)->capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        size += (size_t)got;
        if (size > limit)
            return -EFBIG;
        if (got == 0) {
            (*blob)->size = size;
            return 0;
        }
    }
}

static int
read_open(int fd, uint64_t limit, proc_blob **blob, const proc_item **ahead)
{
    struct stat status;
    int failed;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -ENOTSUP;
    if ((uint64_t)status.st_size > limit)
        return -EFBIG;
    /* One more than there is: the end is seen without another round. */
    failed = reserve(blob, (size_t)status.st_size + 1);
    return failed != 0 ? failed : read_all(fd, limit, blob, ahead);
}

int
proc_read_file(const char *path, uint64_t limit, proc_blob **blob, const proc_item **ahead)
{
    int fd = open_file(path);
    int status;

    if (fd < 0)
        return -errno;
    status = read_open(fd, limit, blob, ahead);
    (void)close(fd);
    return status;
}
