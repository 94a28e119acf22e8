/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <grp.h>: /etc/group of the guest.  Without that file there are "root" and "user", with the id
 * that the program has.
 */
#include <grp.h>

#include "database.h"
#include "native.h"

#include <string.h>
#include <unistd.h>

/** Members that are told of; a line cannot have more names than half its length. */
enum { MEMBERS = NATIVE_LINE / 2 };

/** What an entry points to. */
typedef struct group_text {
    char *members[MEMBERS + 1];
    char line[NATIVE_LINE];
} group_text;

static native_database listing;

static void
split_members(char *names, char **members)
{
    size_t count = 0;

    while (names != NULL && *names != '\0' && count < MEMBERS) {
        members[count++] = names;
        names = strchr(names, ',');
        if (names != NULL)
            *names++ = '\0';
    }
    members[count] = NULL;
}

static int
next_entry(native_database *from, group_text *text, struct group *entry)
{
    char *f[4];
    char own[64];
    const char *const built_in[2] = {"root:x:0:", own};
    unsigned group;

    (void)snprintf(own, sizeof(own), "user:x:%u:", (unsigned)getgid());
    while (native_database_next(from, "/etc/group", built_in, text->line, f, 4)) {
        if (native_database_id(f[2], &group)) {
            split_members(f[3], text->members);
            *entry = (struct group){f[0], f[1], group, text->members};
            return 1;
        }
    }
    return 0;
}

void
setgrent(void)
{
    native_database_rewind(&listing);
}

void
endgrent(void)
{
    native_database_rewind(&listing);
}

struct group *
getgrent(void)
{
    static group_text text;
    static struct group entry;

    return next_entry(&listing, &text, &entry) ? &entry : NULL;
}

/* By name, or by id when there is no name. */
static int
find(const char *name, gid_t group, group_text *text, struct group *entry)
{
    native_database search = {0};
    int found = 0;

    while (!found && next_entry(&search, text, entry))
        found = name != NULL ? strcmp(entry->gr_name, name) == 0 : entry->gr_gid == group;
    native_database_rewind(&search);
    return found;
}

struct group *
getgrgid(gid_t group)
{
    static group_text text;
    static struct group entry;

    return find(NULL, group, &text, &entry) ? &entry : NULL;
}

struct group *
getgrnam(const char *name)
{
    static group_text text;
    static struct group entry;

    return find(name, 0, &text, &entry) ? &entry : NULL;
}

static int
find_r(const char *name, gid_t group, struct group *entry, char *buffer, size_t size,
       struct group **found)
{
    size_t skipped = -(uintptr_t)buffer % _Alignof(group_text);

    *found = NULL;
    if (size < skipped + sizeof(group_text))
        return ERANGE;
    if (find(name, group, (group_text *)(void *)(buffer + skipped), entry))
        *found = entry;
    return 0;
}

int
getgrgid_r(gid_t group, struct group *entry, char *buffer, size_t size, struct group **found)
{
    return find_r(NULL, group, entry, buffer, size, found);
}

int
getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
    return find_r(name, 0, entry, buffer, size, found);
}

static int
has_member(const struct group *entry, const char *user)
{
    for (char **member = entry->gr_mem; *member != NULL; member++) {
        if (strcmp(*member, user) == 0)
            return 1;
    }
    return 0;
}

int
getgrouplist(const char *user, gid_t group, gid_t *list, int *count)
{
    static group_text text;
    native_database search = {0};
    struct group entry;
    int room = *count;
    int found = 1;

    if (room > 0)
        list[0] = group;
    while (next_entry(&search, &text, &entry)) {
        if (entry.gr_gid != group && has_member(&entry, user)) {
            if (found < room)
                list[found] = entry.gr_gid;
            found++;
        }
    }
    native_database_rewind(&search);
    *count = found;
    return found > room ? -1 : found;
}
