/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a private mapping of a file have been written: those that are not the file's any
 * more.
 *
 * A page that was written is anonymous, in memory or swapped out; one that was only read belongs to
 * the file's cache.  The kernel tells both apart in PAGEMAP_SCAN (Linux 6.7,
 * Documentation/admin-guide/mm/pagemap.rst) and, slower, in /proc/self/pagemap.  A swapped page is
 * not present, and as written as the others.
 */
#include "engine/dirty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/fs.h> of Linux 6.7; older headers do not have it. */
struct scan_region {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
};

struct scan_argument {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};

#define SCAN         _IOWR('f', 16, struct scan_argument)
#define SCAN_FILE    (UINT64_C(1) << 2)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)

/* Linux 4.14. */
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* Bits of an entry of /proc/self/pagemap. */
#define MAP_FILE_BIT    (UINT64_C(1) << 61)
#define MAP_SWAPPED_BIT (UINT64_C(1) << 62)
#define MAP_PRESENT_BIT (UINT64_C(1) << 63)

static int
scan(int fd, uint64_t begin, uint64_t end, struct scan_region *regions, size_t room,
     uint64_t *ret_walked)
{
    struct scan_argument argument;
    int count;

    memset(&argument, 0, sizeof(argument));
    argument.size = sizeof(argument);
    argument.start = begin;
    argument.end = end;
    argument.vec = (uint64_t)(uintptr_t)regions;
    argument.vec_len = room;
    argument.category_inverted = SCAN_FILE;
    argument.category_mask = SCAN_FILE;
    argument.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED;
    argument.return_mask = SCAN_PRESENT | SCAN_SWAPPED;
    /* C libraries do not agree on the type of a request. */
    count = (int)syscall(SYS_ioctl, fd, SCAN, &argument);
    *ret_walked = argument.walk_end;
    return count;
}

/* A page that the kernel empties in children.  Their number is not enough: in another namespace a
 * child can have its parent's.  It is looked at as well, for an emulator may not empty the page. */
static const volatile char *
make_mark(uint64_t page)
{
    char *mark = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mark == MAP_FAILED)
        return NULL;
    if (madvise(mark, page, MADV_WIPEONFORK) != 0) {
        munmap(mark, page);
        return NULL;
    }
    *mark = 1;
    return mark;
}

krait_dirty_mode
krait__dirty_open(krait_dirty *dirty)
{
    struct scan_region region;
    uint64_t walked = 0;

    dirty->page = (uint64_t)sysconf(_SC_PAGESIZE);
    dirty->process = getpid();
    dirty->mark = make_mark(dirty->page);
    dirty->fd = dirty->mark != NULL ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) : -1;
    if (dirty->fd < 0)
        return KRAIT_DIRTY_UNKNOWN;
    return scan(dirty->fd, dirty->page, 2 * dirty->page, &region, 1, &walked) >= 0
               ? KRAIT_DIRTY_SCAN
               : KRAIT_DIRTY_PAGEMAP;
}

void
krait__dirty_close(krait_dirty *dirty)
{
    if (dirty->fd >= 0)
        close(dirty->fd);
    dirty->fd = -1;
    if (dirty->mark != NULL)
        munmap((void *)(uintptr_t)dirty->mark, dirty->page);
    dirty->mark = NULL;
}

/* The kernel names each maximal run once, or up to where there was no more room. */
static int
next_by_scan(const krait_dirty *dirty, uint64_t begin, uint64_t end, krait_dirty_run *runs,
             size_t *count, uint64_t *ret_walked)
{
    struct scan_region regions[KRAIT_DIRTY_RUNS];
    int found = scan(dirty->fd, begin, end, regions, KRAIT_DIRTY_RUNS, ret_walked);

    if (found < 0 || *ret_walked <= begin)
        return found < 0 ? errno : EIO;
    for (int i = 0; i < found; i++) {
        runs[i].begin = regions[i].start;
        runs[i].end = regions[i].end;
    }
    *count = (size_t)found;
    return 0;
}

static int
next_by_pagemap(const krait_dirty *dirty, uint64_t begin, uint64_t end, krait_dirty_run *runs,
                size_t *count, uint64_t *ret_walked)
{
    uint64_t entries[KRAIT_DIRTY_RUNS];
    uint64_t want = (end - begin) / dirty->page;
    ssize_t got;

    if (want > sizeof(entries) / sizeof(entries[0]))
        want = sizeof(entries) / sizeof(entries[0]);
    /* No more entries than runs can be made of them. */
    got = pread(dirty->fd, entries, want * sizeof(entries[0]),
                (off_t)(begin / dirty->page * sizeof(entries[0])));
    if (got != (ssize_t)(want * sizeof(entries[0])))
        return got < 0 ? errno : EIO;
    *count = 0;
    for (uint64_t i = 0; i < want; i++, begin += dirty->page) {
        if ((entries[i] & (MAP_PRESENT_BIT | MAP_SWAPPED_BIT)) == 0 ||
            (entries[i] & MAP_FILE_BIT) != 0)
            continue;
        if (*count > 0 && runs[*count - 1].end == begin)
            runs[*count - 1].end += dirty->page;
        else
            runs[(*count)++] = (krait_dirty_run){.begin = begin, .end = begin + dirty->page};
    }
    *ret_walked = begin;
    return 0;
}

int
krait__dirty_next(const krait_dirty *dirty, krait_dirty_mode mode, uint64_t begin, uint64_t end,
                  krait_dirty_run runs[KRAIT_DIRTY_RUNS], size_t *ret_count, uint64_t *ret_walked)
{
    /* After a fork the descriptor still shows the parent's memory. */
    if (mode == KRAIT_DIRTY_UNKNOWN || *dirty->mark == 0 || dirty->process != getpid())
        return ENOTSUP;
    if (mode == KRAIT_DIRTY_SCAN)
        return next_by_scan(dirty, begin, end, runs, ret_count, ret_walked);
    return next_by_pagemap(dirty, begin, end, runs, ret_count, ret_walked);
}
