/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages an instance has written since it was made from its image, and giving them the image's
 * bytes again.
 *
 * Asking the kernel (dirty.c) takes time for each page that is mapped.  A page that has been written
 * once stays written, so the answer of the last time is the answer of this time as long as no page was
 * written first meanwhile; and that is a page fault of the thread that wrote.  So when calls have
 * come and gone without a page fault (getrusage(2), RUSAGE_THREAD), nobody has to be asked.  All that
 * guests write they write in calls.  Whether the kernel counts is tried out: an emulated one may not.
 *
 * What an instance has written once, when it was warming up, it may never write again.  So now and then
 * pages that are as in the image are given back, and need not be copied the next time.
 */
#include "engine/image_internal.h"

#include "base/alloc.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Runs of pages that are remembered; with more of them the kernel is asked each time. */
#define MOST_RUNS 4096u

/* After how many times pages are given back: first, then, and later half as often each time, for some of
 * them are written again by then, and a fault interrupts all processors that run this process. */
#define SHED_FIRST  8u
#define SHED_THEN   256u
#define SHED_SELDOM 16384u

struct krait_written {
    krait_dirty_run *runs;
    size_t count;
    size_t capacity;
    bool is_known;
    unsigned left;  /* times until pages are given back */
    unsigned every; /* what it begins with the next time */
};

static uint64_t
page_faults(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0
               ? (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt
               : 0;
}

bool
krait__page_faults_count(int fd, uint64_t offset)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    volatile uint8_t *map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
                                 (off_t)offset);
    uint64_t before;
    uint64_t after;
    uint8_t byte;

    if (map == MAP_FAILED)
        return false;
    /* Read first: so it is in a guest, and only the write is looked at. */
    byte = *map;
    before = page_faults();
    *map = byte;
    after = page_faults();
    munmap((void *)(uintptr_t)map, page);
    return after > before;
}

uint64_t
krait__written_begin(const krait_instance *instance)
{
    return instance->written != NULL ? page_faults() : 0;
}

bool
krait__written_end(krait_instance *instance, uint64_t begin)
{
    uint64_t count;

    if (instance->written == NULL)
        return true;
    count = page_faults() - begin;
    instance->faults += count;
    return count != 0 || !instance->image->counts_faults;
}

void
krait__written_free(krait_written *written)
{
    if (written == NULL)
        return;
    krait__free(written->runs);
    krait__free(written);
}

static void
copy(const krait_image *image, uint8_t *base, const krait_dirty_run *run)
{
    const uint64_t offset = run->begin - (uint64_t)(uintptr_t)base;

    memcpy(base + offset, image->bytes + offset, run->end - run->begin);
}

static bool
copy_known(const krait_image *image, uint8_t *base, uint64_t keep, const krait_written *written)
{
    for (size_t i = 0; i < written->count; i++) {
        const uint64_t size = written->runs[i].end - written->runs[i].begin;

        if (size > keep)
            return false;
        keep -= size;
        copy(image, base, &written->runs[i]);
    }
    return true;
}

/* Remembers runs, as long as there is room for all. */
static void
remember(krait_written *written, const krait_dirty_run *runs, size_t count)
{
    for (size_t i = 0; i < count && written->is_known; i++) {
        written->is_known = krait__grow(&written->runs, written->count, &written->capacity,
                                        sizeof(*runs), MOST_RUNS) == 0;
        if (written->is_known)
            written->runs[written->count++] = runs[i];
    }
}

static bool
copy_asked(const krait_image *image, uint8_t *base, uint64_t keep, krait_written *written)
{
    const uint64_t begin = (uint64_t)(uintptr_t)base;
    const uint64_t end = begin + image->memory_bytes;
    krait_dirty_run runs[KRAIT_DIRTY_RUNS];
    uint64_t at = begin;

    written->count = 0;
    written->is_known = image->counts_faults;
    while (at < end) {
        size_t count = 0;

        if (krait__dirty_next(&image->dirty, image->mode, at, end, runs, &count, &at) != 0)
            return false;
        for (size_t i = 0; i < count; i++) {
            const uint64_t size = runs[i].end - runs[i].begin;

            if (size > keep)
                return false;
            keep -= size;
            copy(image, base, &runs[i]);
        }
        remember(written, runs, count);
    }
    return true;
}

/* Appends a page; false: there is no room. */
static bool
keep_page(krait_written *written, uint64_t at, uint64_t page)
{
    const krait_dirty_run run = {.begin = at, .end = at + page};

    if (written->count > 0 && written->runs[written->count - 1].end == at) {
        written->runs[written->count - 1].end += page;
        return true;
    }
    remember(written, &run, 1);
    return written->is_known;
}

/* Gives back what has not been changed this time.  The list stays as it is when there is no memory for a
 * new one: a page too many in it is copied for nothing. */
static void
shed(const krait_image *image, uint8_t *base, krait_written *written)
{
    const uint64_t page = image->dirty.page;
    krait_written kept = {.is_known = true};
    bool fits = true;

    for (size_t i = 0; i < written->count && fits; i++) {
        for (uint64_t at = written->runs[i].begin; at < written->runs[i].end && fits; at += page) {
            const uint64_t offset = at - (uint64_t)(uintptr_t)base;

            if (memcmp(base + offset, image->bytes + offset, page) != 0 ||
                madvise(base + offset, page, MADV_DONTNEED) != 0)
                fits = keep_page(&kept, at, page);
        }
    }
    if (!fits) {
        krait__free(kept.runs);
        return;
    }
    krait__free(written->runs);
    written->runs = kept.runs;
    written->count = kept.count;
    written->capacity = kept.capacity;
}

bool
krait__written_copy_back(krait_instance *instance, uint8_t *base, uint64_t keep)
{
    krait_written *written = instance->written;
    bool is_back;

    if (written == NULL) {
        written = instance->written = krait__calloc(1, sizeof(*written));
        if (written == NULL)
            return false;
        written->left = SHED_FIRST;
        written->every = SHED_THEN;
    }
    /* Others of its store may write into its memory in calls of their own. */
    if (written->is_known && instance->faults == 0 && instance->store->references == 1 &&
        instance->image->mode != KRAIT_DIRTY_UNKNOWN) {
        if (--written->left == 0) {
            shed(instance->image, base, written);
            written->left = written->every;
            written->every = written->every < SHED_SELDOM ? 2 * written->every : SHED_SELDOM;
        }
        is_back = copy_known(instance->image, base, keep, written);
    } else {
        is_back = copy_asked(instance->image, base, keep, written);
    }
    instance->faults = 0;
    /* Then all of its pages are given back. */
    if (!is_back)
        written->is_known = false;
    return is_back;
}
