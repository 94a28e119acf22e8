/* SPDX-License-Identifier: Apache-2.0 */
/* The groups: /etc/group of the guest, or root and the group that it is in. */
#ifndef KRAIT_NATIVE_GRP_H
#define KRAIT_NATIVE_GRP_H

#include <stddef.h>
#include <sys/types.h>

struct group {
    char *gr_name;
    char *gr_passwd;
    gid_t gr_gid;
    char **gr_mem;
};

void setgrent(void);
void endgrent(void);
struct group *getgrent(void);
struct group *getgrgid(gid_t group);
struct group *getgrnam(const char *name);
int getgrgid_r(gid_t group, struct group *entry, char *buffer, size_t size, struct group **found);
int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
               struct group **found);
int getgrouplist(const char *user, gid_t group, gid_t *list, int *count);
int initgroups(const char *user, gid_t group);
int setgroups(size_t count, const gid_t *list);

#endif
