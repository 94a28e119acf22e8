/* SPDX-License-Identifier: Apache-2.0 */
/*
 * <pwd.h>: /etc/passwd of the guest.  Without that file there are "root" and "user", with the
 * id that the program has; both have the root as their home.
 */
#include <pwd.h>

#include "database.h"
#include "native.h"

#include <string.h>
#include <unistd.h>

static native_database listing;

static int
next_entry(native_database *from, char line[NATIVE_LINE], struct passwd *entry)
{
    char *f[7];
    char own[64];
    const char *const built_in[2] = {"root:x:0:0:root:/:/bin/sh", own};
    unsigned user;
    unsigned group;

    (void)snprintf(own, sizeof(own), "user:x:%u:%u:user:/:/bin/sh", (unsigned)getuid(),
                   (unsigned)getgid());
    while (native_database_next(from, "/etc/passwd", built_in, line, f, 7)) {
        if (native_database_id(f[2], &user) && native_database_id(f[3], &group)) {
            *entry = (struct passwd){f[0], f[1], user, group, f[4], f[5], f[6]};
            return 1;
        }
    }
    return 0;
}

void
setpwent(void)
{
    native_database_rewind(&listing);
}

void
endpwent(void)
{
    native_database_rewind(&listing);
}

struct passwd *
getpwent(void)
{
    static char line[NATIVE_LINE];
    static struct passwd entry;

    return next_entry(&listing, line, &entry) ? &entry : NULL;
}

/* By name, or by id when there is no name. */
static int
find(const char *name, uid_t user, char line[NATIVE_LINE], struct passwd *entry)
{
    native_database search = {0};
    int found = 0;

    while (!found && next_entry(&search, line, entry))
        found = name != NULL ? strcmp(entry->pw_name, name) == 0 : entry->pw_uid == user;
    native_database_rewind(&search);
    return found;
}

struct passwd *
getpwuid(uid_t user)
{
    static char line[NATIVE_LINE];
    static struct passwd entry;

    return find(NULL, user, line, &entry) ? &entry : NULL;
}

struct passwd *
getpwnam(const char *name)
{
    static char line[NATIVE_LINE];
    static struct passwd entry;

    return find(name, 0, line, &entry) ? &entry : NULL;
}

static int
find_r(const char *name, uid_t user, struct passwd *entry, char *buffer, size_t size,
       struct passwd **found)
{
    *found = NULL;
    if (size < NATIVE_LINE)
        return ERANGE;
    if (find(name, user, buffer, entry))
        *found = entry;
    return 0;
}

int
getpwuid_r(uid_t user, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    return find_r(NULL, user, entry, buffer, size, found);
}

int
getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    return find_r(name, 0, entry, buffer, size, found);
}
