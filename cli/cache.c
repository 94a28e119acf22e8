/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of translations stays below a size: after a new one was made, those that were used least
 * recently go.  What was used within an hour stays in any case, for it may be about to be opened.
 *
 * When a translation was used is the time of its file, to the minute: a use that finds it older sets it anew,
 * because the time of the last access is not kept everywhere.
 *
 * Nothing is locked.  Several programs may trim at once, and what one of them has removed counts for all.  A
 * use that finds that its translation has just gone says so, and it is made again (translated.c); one that
 * falls between the last look of a trim and its removal, two system calls in a row, is not noticed.
 */
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LIMIT (UINT64_C(1) << 30)
#define KEY_DIGITS    64
#define MINUTE_S      60
#define HOUR_S        3600

typedef struct entry {
    char name[KEY_DIGITS + sizeof(".krt")];
    uint64_t bytes;
    time_t used;
} entry;

typedef struct listing {
    entry *entries;
    size_t count;
    uint64_t bytes;
} listing;

uint64_t
cli_cache_limit(void)
{
    const char *text = getenv("KRAIT_CACHE_LIMIT");
    uint64_t limit = DEFAULT_LIMIT;

    if (text == NULL || text[0] == '\0')
        return limit;
    if (strcmp(text, "0") == 0)
        return UINT64_MAX;
    if (!cli_parse_size(text, &limit)) {
        cli_message("KRAIT_CACHE_LIMIT is '%s', which is no size (such as 500M, or 0 for none): "
                    "the limit is 1G",
                    text);
        limit = DEFAULT_LIMIT;
    }
    return limit;
}

/* What aot/cache.c makes: the digits of a SHA-256. */
static bool
is_entry(const char *name)
{
    return strlen(name) == KEY_DIGITS + 4 && strspn(name, "0123456789abcdef") == KEY_DIGITS &&
           strcmp(name + KEY_DIGITS, ".krt") == 0;
}

static void
list(int folder, listing *found)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *at;
    size_t capacity = 0;

    if (dir == NULL && copy >= 0)
        close(copy);
    while (dir != NULL && (at = readdir(dir)) != NULL) {
        struct stat status;
        entry *made;

        if (!is_entry(at->d_name) ||
            fstatat(folder, at->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode) || status.st_uid != geteuid())
            continue;
        if (found->count == capacity) {
            capacity = capacity != 0 ? capacity * 2 : 64;
            found->entries = cli_need(realloc(found->entries, capacity * sizeof(entry)));
        }
        made = &found->entries[found->count++];
        memcpy(made->name, at->d_name, sizeof(made->name));
        made->bytes = (uint64_t)status.st_blocks * 512;
        made->used = status.st_mtime;
        found->bytes += made->bytes;
    }
    if (dir != NULL)
        closedir(dir);
}

static int
compare_used(const void *left, const void *right)
{
    const entry *a = left;
    const entry *b = right;

    return a->used != b->used ? (a->used < b->used ? -1 : 1) : strcmp(a->name, b->name);
}

/* Whether it is gone afterwards: it may have been used since it was listed, or removed by another program. */
static bool
remove_old(int folder, const char *name, time_t now)
{
    struct stat status;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    /* A use within a minute of the one before is not noted. */
    if (!S_ISREG(status.st_mode) || status.st_mtime >= now - HOUR_S - MINUTE_S)
        return false;
    return unlinkat(folder, name, 0) == 0 || errno == ENOENT;
}

void
cli_cache_trim(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const uint64_t limit = cli_cache_limit();
    const time_t now = time(NULL);
    listing found = {NULL, 0, 0};

    if (folder < 0)
        return;
    list(folder, &found);
    if (found.bytes > limit) {
        qsort(found.entries, found.count, sizeof(found.entries[0]), compare_used);
        /* A little more than has to be, so that not every new one makes this necessary. */
        for (size_t i = 0; i < found.count && found.bytes > limit / 8 * 7; i++) {
            if (remove_old(folder, found.entries[i].name, now))
                found.bytes -= found.entries[i].bytes;
        }
    }
    free(found.entries);
    close(folder);
}

cli_cache_found
cli_cache_use(const char *krt, int64_t began_s)
{
    struct stat status;

    if (stat(krt, &status) != 0)
        return errno == ENOENT ? CLI_CACHE_GONE : CLI_CACHE_OLD;
    if (status.st_mtime < began_s - MINUTE_S && utimensat(AT_FDCWD, krt, NULL, 0) != 0 &&
        errno == ENOENT)
        return CLI_CACHE_GONE;
    return status.st_mtime >= began_s ? CLI_CACHE_NEW : CLI_CACHE_OLD;
}
