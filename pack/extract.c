/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_pack_extract(): everything into a folder of the host.
 *
 * A pack may come from anybody.  All is made in a new folder, each name relative to the folder it is in, which is
 * opened without following links: a link of the pack cannot lead a file elsewhere.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1u << 16)

/* Files may share their contents, so that a small pack could fill a disk. */
#define MOST_EXTRACTED (UINT64_C(16) << 30)

typedef struct extraction {
    krait_pack *pack;
    krait_contents contents;
    const volatile sig_atomic_t *cancel;
    uint8_t *piece;
    krait_error *err;
} extraction;

static krait_status
cannot(const extraction *x, const krait_node *node, const char *what)
{
    int number = errno;
    char path[400] = "...";

    (void)krait__pack_tree_path(node, path, sizeof(path));
    return krait__error_set(x->err, KRAIT_EIO, number, "cannot %s '%s'", what, path);
}

static void
set_time(int folder, const krait_node *node)
{
    struct timespec times[2];

    if (node->mtime_ns == KRAIT_TIME_UNKNOWN)
        return;
    times[0].tv_sec = 0;
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = (time_t)(node->mtime_ns / 1000000000);
    times[1].tv_nsec = (long)(node->mtime_ns % 1000000000);
    if (times[1].tv_nsec < 0) {
        times[1].tv_nsec += 1000000000;
        times[1].tv_sec--;
    }
    /* A file system that cannot have such a time keeps its own. */
    (void)utimensat(folder, node->name, times, AT_SYMLINK_NOFOLLOW);
}

static krait_status
write_whole(const extraction *x, int fd, const krait_node *node, size_t size)
{
    const uint8_t *from = x->piece;

    while (size > 0) {
        ssize_t done = write(fd, from, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return cannot(x, node, "write");
        from += done;
        size -= (size_t)done;
    }
    return KRAIT_OK;
}

static krait_status
go_on(const extraction *x)
{
    if (x->cancel == NULL || *x->cancel == 0)
        return KRAIT_OK;
    return krait__error_set(x->err, KRAIT_EBUSY, 0, "extracting was cancelled");
}

static krait_status
put_file(extraction *x, int folder, const krait_node *node)
{
    int fd = openat(folder, node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    node->is_executable ? 0777 : 0666);
    uint64_t left = node->size;
    krait_status status;

    if (fd < 0)
        return cannot(x, node, "create");
    status = krait__pack_contents_open(&x->contents, node, x->err);
    while (left > 0 && status == KRAIT_OK) {
        size_t size = left < PIECE ? (size_t)left : PIECE;

        status = go_on(x);
        if (status == KRAIT_OK)
            status = krait__pack_contents_read(&x->contents, x->piece, size, x->err);
        if (status == KRAIT_OK)
            status = write_whole(x, fd, node, size);
        left -= size;
    }
    if (status == KRAIT_OK)
        status = krait__pack_contents_end(&x->contents, x->err);
    if (close(fd) != 0 && status == KRAIT_OK)
        status = cannot(x, node, "write");
    if (status == KRAIT_OK)
        set_time(folder, node);
    return status;
}

/* The folder that a node is put into, opened anew; -1 with errno. */
static int
open_folder(int root, const krait_node *node)
{
    const krait_node *steps[256];
    unsigned count = 0;
    int fd = fcntl(root, F_DUPFD_CLOEXEC, 3);

    for (const krait_node *n = node; n->parent != NULL && count < 256; n = n->parent)
        steps[count++] = n;
    while (count-- > 0 && fd >= 0) {
        int next = openat(fd, steps[count]->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;

        close(fd);
        errno = number;
        fd = next;
    }
    return fd;
}

static krait_status
put_children(extraction *x, int root, const krait_node *folder)
{
    int fd = open_folder(root, folder);
    krait_status status = KRAIT_OK;

    if (fd < 0)
        return cannot(x, folder, "open the folder");
    for (const krait_node *node = folder->first; node != NULL && status == KRAIT_OK;
         node = node->next) {
        status = go_on(x);
        if (status != KRAIT_OK)
            break;
        if (node->kind == KRAIT_PACK_DIRECTORY)
            status = mkdirat(fd, node->name, 0777) == 0 ? KRAIT_OK : cannot(x, node, "create");
        else if (node->kind == KRAIT_PACK_FILE)
            status = put_file(x, fd, node);
        else if (symlinkat((const char *)node->bytes, fd, node->name) != 0)
            status = cannot(x, node, "create");
        else
            set_time(fd, node);
    }
    close(fd);
    return status;
}

static krait_status
put_all(extraction *x, int root)
{
    const krait_node *node = x->pack->tree.root;
    krait_status status = put_children(x, root, node);

    while (status == KRAIT_OK && (node = krait__pack_tree_next(node)) != NULL) {
        if (node->kind == KRAIT_PACK_DIRECTORY)
            status = put_children(x, root, node);
    }
    /* Times of folders last: what is put into one changes its time. */
    node = x->pack->tree.root;
    while (status == KRAIT_OK && (node = krait__pack_tree_next(node)) != NULL) {
        int fd;

        if (node->kind != KRAIT_PACK_DIRECTORY)
            continue;
        fd = open_folder(root, node->parent);
        if (fd >= 0) {
            set_time(fd, node);
            close(fd);
        }
    }
    return status;
}

/* A folder that is there has to be empty. */
static krait_status
open_root(const char *path, int *ret_fd, krait_error *err)
{
    struct dirent *entry;
    bool is_empty = true;
    int copy;
    DIR *folder;

    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot create '%s'", path);
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot open '%s'", path);
    /* The one that is open, whatever has its name by now. */
    copy = fcntl(*ret_fd, F_DUPFD_CLOEXEC, 3);
    folder = copy >= 0 ? fdopendir(copy) : NULL;
    if (folder == NULL) {
        krait_status status = krait__error_set(err, KRAIT_EIO, errno, "cannot read '%s'", path);

        if (copy >= 0)
            close(copy);
        close(*ret_fd);
        return status;
    }
    while (is_empty && (entry = readdir(folder)) != NULL)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    if (is_empty)
        return KRAIT_OK;
    close(*ret_fd);
    return krait__error_set(err, KRAIT_EINVAL, 0,
                            "'%s' is not empty: nothing is written over what is there", path);
}

krait_status
krait_pack_extract(krait_pack *pack, const char *folder, const volatile sig_atomic_t *cancel,
                   krait_error *err)
{
    extraction x = {.pack = pack, .cancel = cancel, .err = err};
    krait_pack_summary summary;
    krait_status status;
    int root = -1;

    krait_pack_summarize(pack, &summary);
    if (summary.contents > MOST_EXTRACTED)
        return krait__error_set(
            err, KRAIT_ELIMIT, 0, "'%s' has %llu bytes of files, more than are extracted (%llu)",
            pack->path, (unsigned long long)summary.contents, (unsigned long long)MOST_EXTRACTED);
    status = open_root(folder, &root, err);
    if (status != KRAIT_OK)
        return status;
    krait__pack_tree_sort(&pack->tree);
    x.contents = krait__pack_contents(pack);
    x.piece = krait__alloc(PIECE);
    status = x.piece == NULL ? krait__error_nomem(err) : put_all(&x, root);
    krait__pack_contents_release(&x.contents);
    krait__free(x.piece);
    close(root);
    return status;
}
