/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of tar and zip archives, by libarchive, with the decompression that it has built in.
 *
 * They are read one after the other into memory; nothing is written anywhere, so names such as "../x" are
 * names.  An archive may grow to what --max-expansion says, or to a hundred times its size, whichever
 * is more: beyond that it is a bomb.  Archives in archives are documents.
 */
#include "inputs.h"

#include <archive.h>
#include <archive_entry.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE  65536u
#define GROWTH      100u
#define MEMBERS_MAX UINT64_C(10000000)

typedef struct archive_scan {
    proc_inputs *inputs;
    struct archive *archive;
    const char *path;
    uint64_t left; /* bytes that it may still grow to */
    uint64_t members;
    bool is_single; /* one member is wanted */
} archive_scan;

static struct archive *
open_archive(const char *path)
{
    struct archive *archive = archive_read_new();

    if (archive == NULL)
        return NULL;
    /* Not "all": that runs programs for some compressions. */
    (void)archive_read_support_filter_gzip(archive);
    (void)archive_read_support_filter_bzip2(archive);
    (void)archive_read_support_filter_xz(archive);
    (void)archive_read_support_filter_lzma(archive);
    (void)archive_read_support_filter_zstd(archive);
    (void)archive_read_support_filter_lz4(archive);
    (void)archive_read_support_filter_compress(archive);
    (void)archive_read_support_format_tar(archive);
    (void)archive_read_support_format_zip(archive);
    if (archive_read_open_filename(archive, path, BLOCK_SIZE) == ARCHIVE_OK)
        return archive;
    (void)archive_read_free(archive);
    return NULL;
}

/* "ARCHIVE!MEMBER", or with "#2" behind it for the second of that name; NULL: no memory. */
static proc_item *
item_for(archive_scan *scan, const char *name, const char *error)
{
    const size_t name_at = strlen(scan->path) + 1;
    proc_item *item = NULL;
    unsigned long long number = 1;
    char *path;

    if (asprintf(&path, "%s!%s", scan->path, name) < 0)
        return NULL;
    while (!scan->is_single && proc_paths_has(&scan->inputs->seen, path, strlen(path))) {
        free(path);
        if (asprintf(&path, "%s!%s#%llu", scan->path, name, ++number) < 0)
            return NULL;
    }
    item = proc_item_new(path, name_at, error);
    free(path);
    return item;
}

static const char too_large[] = "the archive grows beyond --max-expansion";

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
            return "it is larger than --max-document";
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

    /* What was done before is not read again. */
    if (item == NULL ||
        (inputs->done != NULL && proc_paths_has(inputs->done, item->path, strlen(item->path)))) {
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

bool
proc_inputs_archive(proc_inputs *inputs, const char *path, const char *member)
{
    archive_scan scan = {inputs, NULL, path, growth_for(inputs, path), 0, member != NULL};
    struct archive_entry *entry;
    bool goes_on = true;
    bool is_archive = false;
    char text[256];

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
            if (!is_archive)
                break;
            snprintf(text, sizeof(text), "cannot read the archive: %s",
                     archive_error_string(scan.archive));
            proc_inputs_put(inputs, proc_item_new(path, 0, text));
            break;
        }
        is_archive = true;
        goes_on = take_entry(&scan, entry, member);
    }
    (void)archive_read_free(scan.archive);
    if (is_archive && member == NULL)
        remember(inputs, path);
    if (is_archive && member != NULL && goes_on && !inputs->is_over && scan.members == 0)
        proc_inputs_put(inputs, item_for(&scan, member, "cannot read: there is no such member"));
    return is_archive;
}
