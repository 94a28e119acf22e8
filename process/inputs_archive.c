/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of tar and zip archives, by libarchive, with the decompression that it has built in.
 *
 * They are read one after the other into memory; nothing is written anywhere, so names such as "../x" are
 * names.  An archive may grow to what --max-expansion says, or to a hundred times its size, whichever
 * is more: beyond that it is a bomb.  That counts what has to be decompressed because it lies before something
 * else, too, headers and members that nobody wants; where the file is read at the place that is wanted, what is
 * passed over costs nothing.  Archives in archives are documents; so is what is compressed twice.
 */
#include "inputs.h"
#include "names.h"

#include <archive.h>
#include <archive_entry.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE  65536u
#define GROWTH      100u
#define MEMBERS_MAX UINT64_C(10000000)

typedef struct archive_scan {
    proc_inputs *inputs;
    struct archive *archive;
    const char *path;
    uint64_t growth; /* bytes that it may grow to */
    uint64_t left;   /* of them */
    uint64_t members;
    bool seeks;       /* what is passed over is not read */
    bool is_single;   /* one member is wanted */
    proc_names names; /* of its members, when all are */
} archive_scan;

static struct archive *
open_as(struct archive *archive, const char *path)
{
    if (archive == NULL || archive_read_open_filename(archive, path, BLOCK_SIZE) == ARCHIVE_OK)
        return archive;
    (void)archive_read_free(archive);
    return NULL;
}

/* By how the file begins.  libarchive would look for a second compression in the first, and so on: what is inside of
 * two can be gigabytes that come to nothing, within one call. */
static int
filter_of(const char *path)
{
    static const struct {
        int filter;
        unsigned char size;
        unsigned char bytes[6];
    } kinds[] = {
        {ARCHIVE_FILTER_GZIP, 3, {0x1f, 0x8b, 8}},
        {ARCHIVE_FILTER_BZIP2, 3, {'B', 'Z', 'h'}},
        {ARCHIVE_FILTER_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
        {ARCHIVE_FILTER_LZMA, 3, {0x5d, 0, 0}},
        {ARCHIVE_FILTER_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}},
        {ARCHIVE_FILTER_LZ4, 4, {4, 0x22, 0x4d, 0x18}},
        {ARCHIVE_FILTER_COMPRESS, 2, {0x1f, 0x9d}},
    };
    unsigned char head[6] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? pread(fd, head, sizeof(head), 0) : -1;

    if (fd >= 0)
        (void)close(fd);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (size >= kinds[i].size && memcmp(head, kinds[i].bytes, kinds[i].size) == 0)
            return kinds[i].filter;
    }
    return ARCHIVE_FILTER_NONE;
}

static struct archive *
open_archive(const char *path)
{
    struct archive *archive = archive_read_new();
    int filter;

    if (archive == NULL)
        return NULL;
    filter = filter_of(path);
    /* That one wants to read at once, so it cannot be appended. */
    if (filter == ARCHIVE_FILTER_COMPRESS)
        (void)archive_read_support_filter_compress(archive);
    else if (filter != ARCHIVE_FILTER_NONE)
        (void)archive_read_append_filter(archive, filter);
    (void)archive_read_support_format_tar(archive);
    (void)archive_read_support_format_zip(archive);
    archive = open_as(archive, path);
    if (archive == NULL || archive_filter_count(archive) <= 2)
        return archive;
    (void)archive_read_free(archive);
    return NULL;
}

/* After the first header. */
static bool
can_seek(const archive_scan *scan)
{
    struct archive *probe;

    if (archive_filter_count(scan->archive) > 1)
        return false;
    if ((archive_format(scan->archive) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_ZIP)
        return true;
    /* Without its directory it is read from front to end, and the end of a member found by decompressing it. */
    probe = archive_read_new();
    if (probe != NULL)
        (void)archive_read_support_format_zip_seekable(probe);
    probe = open_as(probe, scan->path);
    if (probe != NULL)
        (void)archive_read_free(probe);
    return probe != NULL;
}

/* "ARCHIVE!MEMBER", or with "#2" behind it for the second of that name; NULL: no memory. */
static proc_item *
item_for(archive_scan *scan, const char *name, const char *error)
{
    const size_t name_at = strlen(scan->path) + 1;
    proc_item *item = NULL;
    char *path;

    if (asprintf(&path, "%s!%s", scan->path, name) < 0)
        return NULL;
    if (!scan->is_single) {
        char *numbered = proc_names_next(&scan->names, &scan->inputs->seen, path);

        free(path);
        path = numbered;
    }
    if (path != NULL)
        item = proc_item_new(path, name_at, error);
    free(path);
    return item;
}

static const char too_large[] = "the archive grows beyond --max-expansion";

/* What is left of a member, by pieces: libarchive would decompress all of it inside of one call.  False: it is too
 * large. */
static bool
pass_over(archive_scan *scan)
{
    const void *bytes;
    size_t size;
    la_int64_t offset;

    while (!scan->seeks && !scan->inputs->is_over &&
           archive_read_data_block(scan->archive, &bytes, &size, &offset) == ARCHIVE_OK) {
        if (size > scan->left)
            return false;
        scan->left -= size;
    }
    /* Headers count, too. */
    return scan->seeks || (uint64_t)archive_filter_bytes(scan->archive, 0) <= scan->growth;
}

/* The bytes of a member.  NULL, or why they cannot be had; *ret_blob is to be released always. */
static const char *
read_member(archive_scan *scan, proc_blob **ret_blob)
{
    const uint64_t limit = scan->inputs->limits->document;
    proc_blob *blob = *ret_blob = proc_blob_new(BLOCK_SIZE);

    while (blob != NULL) {
        la_ssize_t got;

        if (blob->size == blob->capacity) {
            proc_blob *larger = proc_blob_resize(blob, blob->capacity * 2);

            if (larger == NULL)
                return "out of memory";
            *ret_blob = blob = larger;
        }
        got = archive_read_data(scan->archive, blob->bytes + blob->size,
                                blob->capacity - blob->size);
        if (got == 0)
            return NULL;
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return archive_error_string(scan->archive) != NULL ? archive_error_string(scan->archive)
                                                               : "it is damaged";
        if ((uint64_t)got > scan->left)
            return too_large;
        scan->left -= (uint64_t)got;
        blob->size += (size_t)got;
        if (blob->size > limit)
            return pass_over(scan) ? "it is larger than --max-document" : too_large;
    }
    return "out of memory";
}

/* False: nothing more is to be read of this archive. */
static bool
take_member(archive_scan *scan, const char *name)
{
    proc_inputs *inputs = scan->inputs;
    proc_item *item = item_for(scan, name, NULL);
    proc_blob *blob = NULL;
    const char *error;
    char text[256];

    /* Where the path says that it was done, it is not read again. */
    if (item == NULL || (inputs->done != NULL && inputs->done->by_path &&
                         proc_done_find(inputs->done, item->path, strlen(item->path)) != NULL)) {
        proc_inputs_put(inputs, item);
        return true;
    }
    error = read_member(scan, &blob);
    if (error != NULL) {
        snprintf(text, sizeof(text), "cannot read: %s", error);
        proc_item_free(item);
        item = item_for(scan, name, text);
    } else {
        item->blob = proc_blob_share(blob);
        item->bytes = blob->bytes;
        item->size = blob->size;
    }
    proc_inputs_put(inputs, item);
    proc_blob_release(blob);
    return error != too_large;
}

static const char *
name_of(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);

    if (name == NULL)
        name = archive_entry_pathname_utf8(entry);
    return name != NULL ? name : "";
}

/* False: nothing more is wanted. */
static bool
take_entry(archive_scan *scan, struct archive_entry *entry, const char *member)
{
    const char *name = name_of(entry);

    if (member != NULL && strcmp(name, member) != 0)
        return true;
    /* A hard link has no bytes of its own. */
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return true;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL) {
        scan->inputs->left_out++;
        proc_inputs_note(scan->inputs, "'%s!%s' is no regular file: left out", scan->path, name);
        return true;
    }
    if (++scan->members > MEMBERS_MAX) {
        proc_inputs_put(scan->inputs, item_for(scan, name, "the archive has too many members"));
        return false;
    }
    return take_member(scan, name) && member == NULL;
}

static uint64_t
growth_for(const proc_inputs *inputs, const char *path)
{
    struct stat status;
    uint64_t own = stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;

    own = own < UINT64_MAX / GROWTH ? own * GROWTH : UINT64_MAX;
    return own > inputs->limits->expansion ? own : inputs->limits->expansion;
}

/* All of it, before: then its members are no new ones of the same names. */
static bool
was_scanned(proc_inputs *inputs, const char *path)
{
    bool was_there = false;
    char *all;

    if (asprintf(&all, "%s!", path) < 0) {
        inputs->is_over = inputs->has_failed = true;
        return true;
    }
    was_there = proc_paths_has(&inputs->seen, all, strlen(all));
    free(all);
    return was_there;
}

/* It was an archive, so it need not be looked at again. */
static void
remember(proc_inputs *inputs, const char *path)
{
    char *all;

    if (asprintf(&all, "%s!", path) < 0 || proc_paths_add(&inputs->seen, all, strlen(all)) < 0)
        inputs->is_over = inputs->has_failed = true;
    else
        free(all);
}

static void
put_error(archive_scan *scan, const char *member, const char *error)
{
    char text[256];

    snprintf(text, sizeof(text), "cannot read%s: %s", member == NULL ? " the archive" : "",
             error != NULL ? error : "it is damaged");
    proc_inputs_put(scan->inputs, member != NULL ? item_for(scan, member, text)
                                                 : proc_item_new(scan->path, 0, text));
}

/* What is behind one header, and what lies before the next.  False: nothing more is wanted. */
static bool
go_on(archive_scan *scan, struct archive_entry *entry, const char *member)
{
    if (!take_entry(scan, entry, member))
        return false;
    if (pass_over(scan))
        return true;
    put_error(scan, member, too_large);
    return false;
}

bool
proc_inputs_archive(proc_inputs *inputs, const char *path, const char *member)
{
    archive_scan scan = {.inputs = inputs,
                         .path = path,
                         .growth = growth_for(inputs, path),
                         .is_single = member != NULL};
    struct archive_entry *entry;
    bool goes_on = true;
    bool is_archive = false;

    scan.left = scan.growth;
    if (member == NULL && was_scanned(inputs, path))
        return true;
    scan.archive = open_archive(path);
    if (scan.archive == NULL)
        return false;
    while (goes_on && !inputs->is_over) {
        int code = archive_read_next_header(scan.archive, &entry);

        if (code == ARCHIVE_EOF)
            break;
        if (code == ARCHIVE_RETRY)
            continue;
        if (code < ARCHIVE_WARN) {
            if (is_archive)
                put_error(&scan, NULL, archive_error_string(scan.archive));
            break;
        }
        scan.seeks = is_archive ? scan.seeks : can_seek(&scan);
        is_archive = true;
        goes_on = go_on(&scan, entry, member);
    }
    (void)archive_read_free(scan.archive);
    if (is_archive && member == NULL)
        remember(inputs, path);
    if (is_archive && member != NULL && goes_on && !inputs->is_over && scan.members == 0)
        proc_inputs_put(inputs, item_for(&scan, member, "cannot read: there is no such member"));
    proc_names_release(&scan.names);
    return is_archive;
}
