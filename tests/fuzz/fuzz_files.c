/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory from any bytes (krait__vfs_load).  The input is followed by zeros up to the
 * size that its header claims, so that contents of files cost no input.  What loads is
 * saved, and what that gives stays the same; then every name is used and removed.
 */
#include "fuzz.h"
#include "vfs/file.h"
#include "vfs/mem_image.h"

#include <string.h>

#define MOST (64u << 10)

typedef struct image {
    uint8_t *bytes;
    size_t size;
} image;

static const krait_vfs_options limits = {.memory_limit_bytes = 4u << 20, .inode_limit = 500};

static krait_status
add_bytes(void *data, const void *bytes, size_t size, krait_error *err)
{
    image *to = data;
    uint8_t *bigger = aligned_alloc(16, (to->size + size + 15) / 16 * 16);

    (void)err;
    FUZZ_REQUIRE(bigger != NULL);
    if (to->size > 0)
        memcpy(bigger, to->bytes, to->size);
    memcpy(bigger + to->size, bytes, size);
    free(to->bytes);
    to->bytes = bigger;
    to->size += size;
    return KRAIT_OK;
}

static image
save(krait_vfs *vfs)
{
    image saved = {NULL, 0};

    FUZZ_REQUIRE(krait__vfs_save(vfs, add_bytes, &saved, NULL) == KRAIT_OK);
    return saved;
}

static krait_vfs *
new_vfs(void)
{
    krait_vfs *vfs = NULL;

    FUZZ_REQUIRE(krait__vfs_new(&limits, &vfs, NULL) == KRAIT_OK);
    FUZZ_REQUIRE(krait__vfs_mount_devices(vfs, NULL) == KRAIT_OK);
    return vfs;
}

/* Does to a name whatever its kind allows. */
static void
use(krait_file *dir, const char *name)
{
    krait_at at = {dir, name};
    krait_file *file = NULL;
    krait_stat stat;
    char byte[64] = {0};
    struct iovec iov = {.iov_base = byte, .iov_len = sizeof(byte)};
    size_t done;

    (void)krait__path_stat(&at, true, &stat);
    (void)krait__path_readlink(&at, byte, sizeof(byte), &done);
    FUZZ_REQUIRE(krait__path_stat(&at, false, &stat) == 0);
    if (stat.type != KRAIT_TYPE_REGULAR ||
        krait__path_open(&at, KRAIT_OPEN_READ | KRAIT_OPEN_WRITE, 0, &file) != 0)
        return;
    (void)krait__file_read(file, &iov, 1, 0, &done);
    (void)krait__file_read(file, &iov, 1, stat.size / 2, &done);
    (void)krait__file_write(file, &iov, 1, stat.size / 2, &done);
    (void)krait__file_set_size(file, stat.size / 3);
    (void)krait__file_write(file, &iov, 1, stat.size, &done);
    krait__file_unref(file);
}

static void
walk(krait_file *dir, unsigned depth)
{
    krait_dirent entry;
    uint64_t cookie = 2;

    while (krait__file_readdir(dir, cookie, &entry) == 0 && entry.name_len != 0) {
        char name[KRAIT_NAME_MAX + 1];
        krait_at at = {dir, name};
        krait_file *below = NULL;

        FUZZ_REQUIRE(entry.next > cookie && entry.name_len <= KRAIT_NAME_MAX);
        memcpy(name, entry.name, entry.name_len);
        name[entry.name_len] = '\0';
        cookie = entry.next;
        if (entry.type == KRAIT_TYPE_DIRECTORY && depth < 20 &&
            krait__path_open(&at, KRAIT_OPEN_READ | KRAIT_OPEN_DIRECTORY, 0, &below) == 0) {
            walk(below, depth + 1);
            krait__file_unref(below);
        }
        if (krait__path_access(&(krait_at){dir, "."}, false, KRAIT_HOST_X_OK) == 0)
            use(dir, name);
        if (krait__path_unlink(&at) != 0)
            (void)krait__path_rmdir(&at);
    }
}

/* A vfs from these bytes, which are one's own and so load. */
static krait_vfs *
load_saved(const image *saved)
{
    krait_vfs *vfs = new_vfs();

    FUZZ_REQUIRE(krait__vfs_load(vfs, saved->bytes, saved->size, NULL) == KRAIT_OK);
    return vfs;
}

/* The first time, what an image says that no vfs has made may be left out. */
static void
check_loaded(krait_vfs *vfs)
{
    image first = save(vfs);
    krait_vfs *copy = load_saved(&first);
    image second = save(copy);
    krait_vfs *last = load_saved(&second);
    image third = save(last);
    krait_file *root = NULL;

    FUZZ_REQUIRE(third.size == second.size && memcmp(third.bytes, second.bytes, third.size) == 0);
    if (krait__path_open_root(copy, &root) == 0) {
        walk(root, 0);
        krait__file_unref(root);
    }
    krait__vfs_free(copy);
    krait__vfs_free(last);
    free(first.bytes);
    free(second.bytes);
    free(third.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    krait_error err = {.text = ""};
    krait_mem_image_header header;
    krait_vfs *vfs = new_vfs();
    size_t all = size;
    uint8_t *bytes;
    krait_status status;

    if (size >= sizeof(header)) {
        memcpy(&header, data, sizeof(header));
        if (header.size > size && header.size <= MOST)
            all = (size_t)header.size;
    }
    FUZZ_REQUIRE(posix_memalign((void **)&bytes, 16, all != 0 ? all : 1) == 0);
    memset(bytes, 0, all);
    if (size > 0)
        memcpy(bytes, data, size);
    status = krait__vfs_load(vfs, bytes, all, &err);
    FUZZ_REQUIRE(status == KRAIT_OK || err.text[0] != '\0');
    FUZZ_REQUIRE(status == KRAIT_OK || status == KRAIT_EFORMAT || status == KRAIT_ELIMIT ||
                 status == KRAIT_EINVAL);
    if (status == KRAIT_OK)
        check_loaded(vfs);
    krait__vfs_free(vfs);
    free(bytes);
    return 0;
}
