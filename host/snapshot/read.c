/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, checking and verifying snapshots.
 *
 * A snapshot is as powerful as the module's code inside of its sandbox, and no more: whoever writes
 * one decides what the guest does, not what the host does.  So what the host reads of it is checked as a
 * guest's words are, and everything else only has to come from the user (owner, mode) and be whole.
 */
#include "snapshot/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "snapshot/internal.h"

#include <krait/abi.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTIONS_MAX (UINT64_C(1) << 40)

/* Of a snapshot that is read as a whole when it is not in the kernel's cache: of a larger one, which
 * has a data set, a run may need a small part. */
#define READ_AHEAD_BYTES (UINT64_C(64) << 20)

/* RWF_NOWAIT of preadv2(2), since Linux 4.14: EAGAIN when it is not in the kernel's cache. */
#define READ_NOWAIT 8

uint64_t
krait__snapshot_header_hash(const krait_snapshot_header *header)
{
    return krait__hash(1, header, offsetof(krait_snapshot_header, header_hash));
}

uint64_t
krait__snapshot_sections_hash(const krait_snapshot_bytes sections[KRAIT_SECTION_COUNT])
{
    uint64_t hash = 2;

    for (size_t i = 0; i < KRAIT_SECTION_COUNT; i++) {
        if (i != KRAIT_SECTION_FILES)
            hash = krait__hash(hash, sections[i].bytes, sections[i].size);
    }
    return hash;
}

bool
krait__snapshot_is_zero(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

bool
krait__snapshot_next_data(int fd, uint64_t page, uint64_t *begin, uint64_t *ret_end, uint64_t end)
{
    off_t data = lseek(fd, (off_t)*begin, SEEK_DATA);
    off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

    if (*begin >= end || (data < 0 && errno == ENXIO) || (data >= 0 && (uint64_t)data >= end))
        return false;
    /* A file system that does not know has no holes. */
    if (hole < 0) {
        *ret_end = end;
        return true;
    }
    *begin = (uint64_t)data / page * page;
    *ret_end = ((uint64_t)hole + page - 1) / page * page;
    if (*ret_end > end)
        *ret_end = end;
    return true;
}

/* Of the memory only pages that are not all zeros, each with its place in front (8 bytes,
 * little-endian): most of it is zeros. */
static void
add_memory(krait_sha256 *hash, int fd, const uint8_t *map, const krait_snapshot_header *header)
{
    const uint64_t page = header->page_size;
    uint64_t begin = header->memory_offset;
    uint64_t end;

    while (krait__snapshot_next_data(fd, page, &begin, &end, header->file_size)) {
        for (; begin < end; begin += page) {
            uint8_t place[8];

            if (krait__snapshot_is_zero(map + begin, (size_t)page))
                continue;
            for (unsigned i = 0; i < sizeof(place); i++)
                place[i] = (uint8_t)((begin - header->memory_offset) >> (8 * i));
            krait__sha256_add(hash, place, sizeof(place));
            krait__sha256_add(hash, map + begin, (size_t)page);
        }
    }
}

void
krait__snapshot_sha256(int fd, const uint8_t *map, const krait_snapshot_header *header,
                       uint8_t ret_digest[KRAIT_SHA256_SIZE])
{
    krait_sha256 hash;

    krait__sha256_init(&hash);
    krait__sha256_add(&hash, map + sizeof(*header),
                      (size_t)(header->memory_offset - sizeof(*header)));
    add_memory(&hash, fd, map, header);
    krait__sha256_finish(&hash, ret_digest);
}

/* ---- reading ------------------------------------------------------------------------------ */

static krait_status
damaged(const char *name, const char *what, krait_error *err)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0, "snapshot '%s' is damaged: %s", name, what);
}

krait_status
krait__snapshot_open_file(const char *path, int *ret_fd, krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const char *why = NULL;
    struct stat status;

    if (fd < 0)
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot open snapshot '%s'", path);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        why = "it is not a regular file";
    else if (status.st_uid != geteuid())
        why = "it belongs to another user";
    else if ((status.st_mode & 077) != 0)
        why = "others than its owner may read or write it";
    if (why != NULL) {
        close(fd);
        return krait__error_set(err, KRAIT_EFORMAT, 0, "snapshot '%s' is refused: %s", path, why);
    }
    *ret_fd = fd;
    return KRAIT_OK;
}

/* The header agrees with itself and with the size of the file. */
static bool
fits(const krait_snapshot_header *header, uint64_t size)
{
    const uint64_t page = header->page_size;
    uint64_t at = sizeof(*header);

    if (page == 0 || header->memory_offset % page != 0 || header->memory_offset > SECTIONS_MAX ||
        header->memory_bytes > (uint64_t)UINT32_MAX + 1 ||
        header->memory_bytes % KRAIT_PAGE_SIZE != 0 || header->file_size != size ||
        header->memory_offset + header->memory_bytes != size)
        return false;
    for (size_t i = 0; i < KRAIT_SECTION_COUNT; i++) {
        const krait_snapshot_range *range = &header->sections[i];

        if (range->offset < at || range->offset % 16 != 0 ||
            range->offset > header->memory_offset ||
            range->size > header->memory_offset - range->offset)
            return false;
        at = range->offset + range->size;
    }
    return true;
}

static krait_status
check_header(const krait_snapshot_header *header, uint64_t size, const char *name, krait_error *err)
{
    if (memcmp(header->magic, KRAIT_SNAPSHOT_MAGIC, sizeof(header->magic)) != 0)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a snapshot", name);
    if (header->format != KRAIT_SNAPSHOT_FORMAT || header->abi_version != KRAIT_ABI_VERSION)
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "snapshot '%s' has format %u and engine ABI %u, this is %u and %u",
                                name, header->format, header->abi_version, KRAIT_SNAPSHOT_FORMAT,
                                KRAIT_ABI_VERSION);
    if (krait__snapshot_header_hash(header) != header->header_hash)
        return damaged(name, "its header has other bytes than were written", err);
    if (header->page_size != (uint64_t)sysconf(_SC_PAGESIZE))
        return krait__error_set(err, KRAIT_EFORMAT, 0,
                                "snapshot '%s' is of a machine with pages of %u bytes", name,
                                header->page_size);
    if (!fits(header, size))
        return damaged(name, "its size is not the one that was written", err);
    return KRAIT_OK;
}

static krait_status
check_map(krait_snapshot_view *view, uint64_t size, const char *name, krait_error *err)
{
    krait_status status = check_header(view->header, size, name, err);

    if (status != KRAIT_OK)
        return status;
    if (view->header->memory_offset != view->map_size)
        return damaged(name, "its header has changed", err);
    for (size_t i = 0; i < KRAIT_SECTION_COUNT; i++) {
        view->sections[i].bytes = view->map + view->header->sections[i].offset;
        view->sections[i].size = (size_t)view->header->sections[i].size;
    }
    if (krait__snapshot_sections_hash(view->sections) != view->header->sections_hash)
        return damaged(name, "its sections have other bytes than were written", err);
    return KRAIT_OK;
}

/* Reads all that is no hole, and forgets it: then it lies in the kernel's cache in large pieces.
 * Page faults would bring it there page by page, and each later start would pay for that. */
static void
read_ahead(int fd, uint64_t size)
{
    const size_t most = (size_t)256 << 10;
    void *buffer = krait__alloc(most);
    uint64_t begin = 0;
    uint64_t end;

    while (buffer != NULL && krait__snapshot_next_data(fd, 1, &begin, &end, size)) {
        ssize_t count = 1;

        for (; begin < end && count > 0; begin += (uint64_t)count) {
            uint64_t left = end - begin;

            count = pread(fd, buffer, left < most ? (size_t)left : most, (off_t)begin);
        }
        if (count <= 0)
            break;
    }
    krait__free(buffer);
}

/* The header, and whether it had to come from the disk. */
static ssize_t
read_header(int fd, krait_snapshot_header *header, bool *ret_is_cold)
{
    *ret_is_cold = false;
#if defined(SYS_preadv2) && UINTPTR_MAX > UINT32_MAX
    struct iovec part = {.iov_base = header, .iov_len = sizeof(*header)};
    long count = syscall(SYS_preadv2, fd, &part, 1L, 0L, 0L, (long)READ_NOWAIT);

    if (count >= 0 && (size_t)count == sizeof(*header))
        return (ssize_t)count;
    *ret_is_cold = count < 0 && errno == EAGAIN;
#endif
    return pread(fd, header, sizeof(*header), 0);
}

krait_status
krait__snapshot_read(int fd, const char *name, krait_snapshot_view *ret_view, krait_error *err)
{
    krait_snapshot_view view = {.map = NULL};
    krait_snapshot_header header;
    struct stat file;
    bool is_cold;
    ssize_t count;
    krait_status status;
    void *map;

    if (fstat(fd, &file) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot read snapshot '%s'", name);
    count = read_header(fd, &header, &is_cold);
    if (count < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot read snapshot '%s'", name);
    if ((size_t)count < sizeof(header))
        return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s' is not a snapshot", name);
    status = check_header(&header, (uint64_t)file.st_size, name, err);
    if (status != KRAIT_OK)
        return status;
    if (is_cold && (uint64_t)file.st_blocks * 512 <= READ_AHEAD_BYTES)
        read_ahead(fd, header.file_size);
    view.map_size = (size_t)header.memory_offset;
    map = mmap(NULL, view.map_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot map snapshot '%s'", name);
    view.map = map;
    view.header = map;
    status = check_map(&view, (uint64_t)file.st_size, name, err);
    if (status != KRAIT_OK) {
        krait__snapshot_unread(&view);
        return status;
    }
    *ret_view = view;
    return KRAIT_OK;
}

void
krait__snapshot_unread(krait_snapshot_view *view)
{
    if (view->map != NULL)
        munmap((void *)(uintptr_t)view->map, view->map_size);
    view->map = NULL;
}

krait_status
krait__snapshot_verify(int fd, const char *name, krait_error *err)
{
    static const uint8_t none[KRAIT_SHA256_SIZE];
    uint8_t digest[KRAIT_SHA256_SIZE];
    krait_snapshot_view view;
    krait_status status = krait__snapshot_read(fd, name, &view, err);
    uint8_t *map;
    size_t size;

    if (status != KRAIT_OK)
        return status;
    size = (size_t)view.header->file_size;
    map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        status = krait__error_set(err, KRAIT_EIO, errno, "cannot read snapshot '%s'", name);
    } else {
        krait__snapshot_sha256(fd, map, view.header, digest);
        if (memcmp(view.header->sha256, none, sizeof(none)) == 0)
            status = krait__error_set(err, KRAIT_EFORMAT, 0,
                                      "snapshot '%s' was never saved: it has no hash", name);
        else if (memcmp(digest, view.header->sha256, sizeof(digest)) != 0)
            status = damaged(name, "it has other bytes than were written", err);
        munmap(map, size);
    }
    krait__snapshot_unread(&view);
    return status;
}
