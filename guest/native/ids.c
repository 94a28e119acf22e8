/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the program is.  The host gives one user and one group, which cannot be left: what
 * changes nothing succeeds, everything else is EPERM.  The only process is its own session and
 * group.
 */
#include "native.h"

#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

static krait_host_identity
identity(void)
{
    krait_host_identity found = {0};

    (void)krait_host_identity_get(&found);
    return found;
}

pid_t
getpid(void)
{
    return (pid_t)identity().pid;
}

pid_t
getppid(void)
{
    return (pid_t)identity().ppid;
}

pid_t
getpgrp(void)
{
    return getpid();
}

pid_t
getpgid(pid_t process)
{
    return process == 0 || process == getpid() ? getpid() : native_fail(ESRCH);
}

pid_t
getsid(pid_t process)
{
    return getpgid(process);
}

uid_t
getuid(void)
{
    return identity().uid;
}

uid_t
geteuid(void)
{
    return getuid();
}

gid_t
getgid(void)
{
    return identity().gid;
}

gid_t
getegid(void)
{
    return getgid();
}

int
getgroups(int size, gid_t list[])
{
    if (size < 0)
        return native_fail(EINVAL);
    if (size > 0)
        list[0] = getgid();
    return 1;
}

int
getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    *real = *effective = *saved = getuid();
    return 0;
}

int
getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    *real = *effective = *saved = getgid();
    return 0;
}

/* -1 leaves an id as it is. */
static int
stays(uint32_t id, uint32_t own)
{
    return id == own || id == UINT32_MAX;
}

int
setresuid(uid_t real, uid_t effective, uid_t saved)
{
    uid_t own = getuid();

    return stays(real, own) && stays(effective, own) && stays(saved, own) ? 0 : native_fail(EPERM);
}

int
setresgid(gid_t real, gid_t effective, gid_t saved)
{
    gid_t own = getgid();

    return stays(real, own) && stays(effective, own) && stays(saved, own) ? 0 : native_fail(EPERM);
}

int
setuid(uid_t user)
{
    return user == UINT32_MAX ? native_fail(EINVAL) : setresuid(user, user, user);
}

int
seteuid(uid_t user)
{
    return setuid(user);
}

int
setreuid(uid_t real, uid_t effective)
{
    return setresuid(real, effective, UINT32_MAX);
}

int
setgid(gid_t group)
{
    return group == UINT32_MAX ? native_fail(EINVAL) : setresgid(group, group, group);
}

int
setegid(gid_t group)
{
    return setgid(group);
}

int
setregid(gid_t real, gid_t effective)
{
    return setresgid(real, effective, UINT32_MAX);
}

int
setgroups(size_t count, const gid_t *list)
{
    (void)count;
    (void)list;
    return native_fail(EPERM);
}

int
initgroups(const char *user, gid_t group)
{
    (void)user;
    (void)group;
    return native_fail(EPERM);
}

char *
getlogin(void)
{
    return getenv("LOGNAME");
}
