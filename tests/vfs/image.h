/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of saved files in memory share: bytes that are written to, and a text of
 * everything that a guest can see of a tree.
 */
#ifndef KRAIT_TESTS_VFS_IMAGE_H
#define KRAIT_TESTS_VFS_IMAGE_H

#include "vfs/tree.h"

/* At the address of a page, as in a mapped file. */
struct image {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

static inline krait_status
image_write(void *data, const void *bytes, size_t size, krait_error *err)
{
    struct image *image = data;

    (void)err;
    if (size > image->capacity - image->size) {
        size_t capacity = (image->size + size) * 2;
        uint8_t *bigger = aligned_alloc(4096, (capacity + 4095) / 4096 * 4096);

        if (bigger == NULL)
            return KRAIT_ENOMEM;
        if (image->size > 0)
            memcpy(bigger, image->bytes, image->size);
        free(image->bytes);
        image->bytes = bigger;
        image->capacity = capacity;
    }
    memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
    return KRAIT_OK;
}

static inline struct image
image_of(krait_vfs *vfs)
{
    struct image image = {.bytes = NULL};
    krait_error err = {.text = ""};

    if (!CHECK_INT(krait__vfs_save(vfs, image_write, &image, &err), KRAIT_OK))
        printf("    %s\n", err.text);
    return image;
}

/* A memory that a reader beyond its end is caught in. */
static inline krait_status
image_load(krait_vfs *vfs, const struct image *image)
{
    krait_error err = {.text = ""};
    krait_status status = krait__vfs_load(vfs, image->bytes, image->size, &err);

    if (status != KRAIT_OK && err.text[0] == '\0')
        CHECK_STR("no error text", "an error text");
    return status;
}

/* ---- a tree as text ------------------------------------------------------------------------ */

struct text {
    char *bytes;
    size_t size;
    FILE *file;
};

static inline uint64_t
sum_of(const char *path)
{
    krait_file *file = open_file(path, R, 0);
    uint64_t sum = 14695981039346656037u;
    uint64_t offset = 0;
    size_t done = 1;

    while (file != NULL && done > 0) {
        static uint8_t buffer[10000];
        struct iovec iov = {.iov_base = buffer, .iov_len = sizeof(buffer)};

        CHECK_INT(krait__file_read(file, &iov, 1, offset, &done), 0);
        for (size_t i = 0; i < done; i++)
            sum = (sum ^ buffer[i]) * 1099511628211u;
        offset += done;
    }
    krait__file_unref(file);
    return sum;
}

/* One line for each name, with its cookie and all that stat says, and what a file holds. */
static inline void
describe(FILE *out, const char *path)
{
    krait_file *dir = open_file(path, R | D, 0);
    krait_dirent entry;
    uint64_t cookie = 0;

    while (dir != NULL && krait__file_readdir(dir, cookie, &entry) == 0 && entry.name_len != 0) {
        char name[512];
        char link[4096] = "";
        size_t link_size = 0;
        krait_stat s;
        krait_at where = {tree.root, name};

        snprintf(name, sizeof(name), "%s/%.*s", path, (int)entry.name_len, entry.name);
        CHECK_INT(krait__path_stat(&where, false, &s), 0);
        if (s.type == KRAIT_TYPE_LINK)
            CHECK_INT(krait__path_readlink(&where, link, sizeof(link) - 1, &link_size), 0);
        fprintf(out,
                "%s %d cookie %ju ino %ju/%ju nlink %ju size %ju times %ju %ju %ju rdev %ju blocks "
                "%ju mode %o uid %u gid %u '%s' %jx\n",
                name, s.type, (uintmax_t)entry.next, (uintmax_t)s.ino, (uintmax_t)entry.ino,
                (uintmax_t)s.nlink, (uintmax_t)s.size, (uintmax_t)s.atime_ns, (uintmax_t)s.mtime_ns,
                (uintmax_t)s.ctime_ns, (uintmax_t)s.rdev, (uintmax_t)s.blocks, s.mode, s.uid, s.gid,
                link, (uintmax_t)(s.type == KRAIT_TYPE_REGULAR ? sum_of(name) : 0));
        if (s.type == KRAIT_TYPE_DIRECTORY && entry.name[0] != '.')
            describe(out, name);
        cookie = entry.next;
    }
    krait__file_unref(dir);
}

/* Of the tree that `tree` stands for; free() it. */
static inline char *
description(void)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);

    if (out == NULL)
        return NULL;
    describe(out, ".");
    fclose(out);
    return bytes;
}

#endif
