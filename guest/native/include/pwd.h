/* SPDX-License-Identifier: Apache-2.0 */
/* The users: /etc/passwd of the guest, or root and the user that it is. */
#ifndef KRAIT_NATIVE_PWD_H
#define KRAIT_NATIVE_PWD_H

#include <stddef.h>
#include <sys/types.h>

struct passwd {
    char *pw_name;
    char *pw_passwd;
    uid_t pw_uid;
    gid_t pw_gid;
    char *pw_gecos;
    char *pw_dir;
    char *pw_shell;
};

void setpwent(void);
void endpwent(void);
struct passwd *getpwent(void);
struct passwd *getpwuid(uid_t user);
struct passwd *getpwnam(const char *name);
int getpwuid_r(uid_t user, struct passwd *entry, char *buffer, size_t size, struct passwd **found);
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **found);

#endif
