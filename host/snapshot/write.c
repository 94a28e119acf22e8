/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing snapshots: into a memfd, and from there into a file.
 */
#include "snapshot/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "snapshot/internal.h"

#include <krait/abi.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALIGNMENT 16u

/* Linux 6.3; older kernels refuse the flag, and do not need it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static uint64_t
round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Writes all of it; 0 or an errno. */
static int
write_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t count = pwrite(fd, at, size, (off_t)offset);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? errno : EIO;
        at += count;
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
    return 0;
}

/* Writes what is not zeros; the file has its length already. */
static int
write_sparse(int fd, const uint8_t *bytes, uint64_t size, uint64_t offset, size_t page)
{
    uint64_t begin = 0;

    while (begin < size) {
        uint64_t end;
        int error;

        while (begin < size && krait__snapshot_is_zero(bytes + begin, page))
            begin += page;
        end = begin;
        while (end < size && !krait__snapshot_is_zero(bytes + end, page))
            end += page;
        error = write_at(fd, bytes + begin, (size_t)(end - begin), offset + begin);
        if (error != 0)
            return error;
        begin = end;
    }
    return 0;
}

/* ---- into memory -------------------------------------------------------------------------- */

static void
lay_out(const krait_snapshot_parts *parts, krait_snapshot_header *header)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t at = round_up(sizeof(*header), ALIGNMENT);

    *header = parts->header;
    memcpy(header->magic, KRAIT_SNAPSHOT_MAGIC, sizeof(header->magic));
    header->format = KRAIT_SNAPSHOT_FORMAT;
    header->abi_version = KRAIT_ABI_VERSION;
    header->page_size = (uint32_t)page;
    for (size_t i = 0; i < KRAIT_SECTION_COUNT; i++) {
        if (i == KRAIT_SECTION_FILES)
            at = round_up(at, page);
        header->sections[i].offset = at;
        header->sections[i].size = parts->sections[i].size;
        at = round_up(at + parts->sections[i].size, ALIGNMENT);
    }
    header->memory_offset = round_up(at, page);
    header->memory_bytes = parts->memory_bytes;
    header->file_size = header->memory_offset + parts->memory_bytes;
    header->sections_hash = krait__snapshot_sections_hash(parts->sections);
    header->header_hash = krait__snapshot_header_hash(header);
}

static int
write_parts(int fd, const krait_snapshot_parts *parts, const krait_snapshot_header *header)
{
    int error = ftruncate(fd, (off_t)header->file_size) == 0 ? 0 : errno;

    if (error == 0)
        error = write_at(fd, header, sizeof(*header), 0);
    for (size_t i = 0; error == 0 && i < KRAIT_SECTION_COUNT; i++)
        error = write_at(fd, parts->sections[i].bytes, parts->sections[i].size,
                         header->sections[i].offset);
    if (error == 0)
        error = write_sparse(fd, parts->memory, parts->memory_bytes, header->memory_offset,
                             header->page_size);
    return error;
}

krait_status
krait__snapshot_make(const krait_snapshot_parts *parts, int *ret_fd, krait_error *err)
{
    krait_snapshot_header header;
    int error;
    int fd = memfd_create("krait-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("krait-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return krait__error_set(err, KRAIT_ENOMEM, errno, "cannot make a file in memory");
    lay_out(parts, &header);
    error = write_parts(fd, parts, &header);
    if (error == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return krait__error_set(err, KRAIT_ENOMEM, error, "cannot write a snapshot into memory");
    }
    *ret_fd = fd;
    return KRAIT_OK;
}

/* ---- into a file -------------------------------------------------------------------------- */

static int
copy_memory(int from, const uint8_t *map, int to, const krait_snapshot_header *header)
{
    uint64_t begin = header->memory_offset;
    uint64_t end;
    int error = 0;

    while (error == 0 &&
           krait__snapshot_next_data(from, header->page_size, &begin, &end, header->file_size)) {
        error = write_sparse(to, map + begin, end - begin, begin, header->page_size);
        begin = end;
    }
    return error;
}

/* The same bytes, with the hash in the header. */
static int
copy_whole(int from, int to, const krait_snapshot_view *view)
{
    krait_snapshot_header header = *view->header;
    const uint64_t size = header.file_size;
    uint8_t *map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, from, 0);
    int error;

    if (map == MAP_FAILED)
        return errno;
    krait__snapshot_sha256(from, map, &header, header.sha256);
    header.header_hash = krait__snapshot_header_hash(&header);
    error = ftruncate(to, (off_t)size) == 0 ? 0 : errno;
    if (error == 0)
        error = write_at(to, &header, sizeof(header), 0);
    if (error == 0)
        error = write_at(to, map + sizeof(header), (size_t)(header.memory_offset - sizeof(header)),
                         sizeof(header));
    if (error == 0)
        error = copy_memory(from, map, to, &header);
    munmap(map, (size_t)size);
    return error;
}

/* FOLDER/.NAME.XXXXXX beside the path, allocated. */
static char *
temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    const size_t size = strlen(path) + 10;
    char *name = krait__alloc(size);

    if (name != NULL)
        (void)snprintf(name, size, "%.*s.%s.XXXXXX", (int)folder, path, path + folder);
    return name;
}

static krait_status
store_under(int fd, const krait_snapshot_view *view, const char *path, char *temporary,
            krait_error *err)
{
    int to = mkostemp(temporary, O_CLOEXEC);
    int error;

    if (to < 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot write '%s'", path);
    error = fchmod(to, 0600) == 0 ? copy_whole(fd, to, view) : errno;
    /* The name must not outlive the bytes when the machine stops: nobody reads them all to open it. */
    if (error == 0 && fsync(to) != 0)
        error = errno;
    if (close(to) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error != 0) {
        (void)unlink(temporary);
        return krait__error_set(err, KRAIT_EIO, error, "cannot write '%s'", path);
    }
    return KRAIT_OK;
}

krait_status
krait__snapshot_store(int fd, const char *path, krait_error *err)
{
    krait_snapshot_view view;
    krait_status status = krait__snapshot_read(fd, path, &view, err);
    char *temporary;

    if (status != KRAIT_OK)
        return status;
    temporary = temporary_name(path);
    status = temporary != NULL ? store_under(fd, &view, path, temporary, err)
                               : krait__error_nomem(err);
    krait__free(temporary);
    krait__snapshot_unread(&view);
    return status;
}
