/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory maps.  Linear memory has no pages to map, so a map is a copy: of zeros, or of the
 * file. A shared map is written to its file by msync() and munmap(); what others write to the
 * file meanwhile does not appear in it, and protection is not enforced.
 */
#include <sys/mman.h>

#include "native.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Maps begin and, as far as memory goes, end at a page. */
#define PAGE 65536u

typedef struct map {
    struct map *next;
    unsigned char *start;
    size_t length;
    off_t offset;
    int fd; /* own duplicate; -1: nothing is written back */
} map;

static map *maps;

static size_t
whole_pages(size_t length)
{
    return (length + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* Fills with what the file has there; behind its end are zeros. */
static int
read_file(unsigned char *to, size_t length, int fd, off_t offset)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n = pread(fd, to + done, length - done, offset + (off_t)done);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n == 0)
            break;
        if (n > 0)
            done += (size_t)n;
    }
    return 0;
}

static int
write_file(const map *m, size_t from, size_t length)
{
    struct stat status;
    size_t done = 0;

    if (m->fd < 0)
        return 0;
    if (fstat(m->fd, &status) != 0)
        return -1;
    /* A map does not make a file longer. */
    if (m->offset + (off_t)from >= status.st_size)
        return 0;
    if ((off_t)length > status.st_size - m->offset - (off_t)from)
        length = (size_t)(status.st_size - m->offset - (off_t)from);
    while (done < length) {
        ssize_t n = pwrite(m->fd, m->start + from + done, length - done,
                           m->offset + (off_t)(from + done));

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            done += (size_t)n;
    }
    return 0;
}

static int
check(size_t length, int flags, int fd, off_t offset)
{
    int kind = flags & MAP_TYPE;
    struct stat status;

    if (length == 0 || (kind != MAP_SHARED && kind != MAP_PRIVATE) || (flags & MAP_FIXED) ||
        offset < 0 || offset % PAGE != 0)
        return native_fail(EINVAL);
    if (length > SIZE_MAX - 2 * PAGE)
        return native_fail(ENOMEM);
    if (flags & MAP_ANON)
        return 0;
    if (fstat(fd, &status) != 0)
        return -1;
    return S_ISREG(status.st_mode) ? 0 : native_fail(ENODEV);
}

/* The contents, and the descriptor to write back with. */
static int
fill(map *m, int protection, int flags, int fd)
{
    memset(m->start, 0, whole_pages(m->length));
    if (flags & MAP_ANON)
        return 0;
    if (read_file(m->start, m->length, fd, m->offset) != 0)
        return -1;
    if ((flags & MAP_TYPE) == MAP_SHARED && (protection & PROT_WRITE)) {
        m->fd = dup(fd);
        return m->fd < 0 ? -1 : 0;
    }
    return 0;
}

void *
mmap(void *wanted, size_t length, int protection, int flags, int fd, off_t offset)
{
    map *m;

    (void)wanted;
    if (check(length, flags, fd, offset) != 0)
        return MAP_FAILED;
    m = malloc(sizeof(*m));
    if (m == NULL) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    *m = (map){maps, aligned_alloc(PAGE, whole_pages(length)), length, offset, -1};
    if (m->start == NULL || fill(m, protection, flags, fd) != 0) {
        if (m->start == NULL)
            errno = ENOMEM;
        free(m->start);
        free(m);
        return MAP_FAILED;
    }
    maps = m;
    return m->start;
}

/* The map that holds a range. */
static map *
find(const void *address, size_t length)
{
    const unsigned char *from = address;

    for (map *m = maps; m != NULL; m = m->next) {
        if (from >= m->start && from < m->start + whole_pages(m->length) &&
            length <= whole_pages(m->length) - (size_t)(from - m->start))
            return m;
    }
    return NULL;
}

int
msync(void *address, size_t length, int flags)
{
    map *m = find(address, length);
    size_t from;

    if ((uintptr_t)address % PAGE != 0 || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)))
        return native_fail(EINVAL);
    if (m == NULL)
        return native_fail(ENOMEM);
    from = (size_t)((unsigned char *)address - m->start);
    if (from >= m->length)
        return 0;
    return write_file(m, from, length < m->length - from ? length : m->length - from);
}

int
munmap(void *address, size_t length)
{
    map **at = &maps;
    map *m;
    int result;

    while (*at != NULL && (*at)->start != address)
        at = &(*at)->next;
    m = *at;
    /* Parts of maps cannot be given back. */
    if (m == NULL || whole_pages(length) != whole_pages(m->length))
        return native_fail(EINVAL);
    result = write_file(m, 0, m->length);
    *at = m->next;
    if (m->fd >= 0)
        (void)close(m->fd);
    free(m->start);
    free(m);
    return result;
}

void *
mremap(void *address, size_t old_length, size_t length, int flags, ...)
{
    map *m = find(address, old_length);
    unsigned char *start;

    if (m == NULL || m->start != address || length == 0 || !(flags & MREMAP_MAYMOVE)) {
        errno = m == NULL ? EFAULT : EINVAL;
        return MAP_FAILED;
    }
    start = length > SIZE_MAX - 2 * PAGE ? NULL : aligned_alloc(PAGE, whole_pages(length));
    if (start == NULL) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    memset(start, 0, whole_pages(length));
    memcpy(start, m->start, length < m->length ? length : m->length);
    if (length > m->length && m->fd >= 0)
        (void)read_file(start + m->length, length - m->length, m->fd, m->offset + (off_t)m->length);
    free(m->start);
    m->start = start;
    m->length = length;
    return start;
}

int
madvise(void *address, size_t length, int advice)
{
    if ((uintptr_t)address % PAGE != 0)
        return native_fail(EINVAL);
    if (find(address, length) == NULL)
        return native_fail(ENOMEM);
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
        return 0;
    default:
        /* What would change the contents, or promise what is not kept. */
        return native_fail(EINVAL);
    }
}
