# SPDX-License-Identifier: Apache-2.0
"""Users, groups, processes (guest/native: ids.c, passwd.c, group.c, sched.c). There is no
/etc in a sandbox unless somebody grants one: argv says "granted" when it has the files that
native.sh writes.
"""
import errno
import grp
import os
import pwd
import sys


def fails(error, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == error, (call, e, errno.errorcode[error])
    else:
        raise AssertionError("%r%r did not fail" % (call, args))


def missing(call, *args):
    try:
        call(*args)
    except KeyError:
        return
    raise AssertionError("%r%r found something" % (call, args))


def ids():
    uid, gid = os.getuid(), os.getgid()
    assert os.getresuid() == (uid,) * 3 and os.geteuid() == uid
    assert os.getresgid() == (gid,) * 3 and os.getegid() == gid
    assert os.getgroups() == [gid]
    for call in os.setuid, os.seteuid, os.setgid, os.setegid:
        own = uid if "uid" in call.__name__ else gid
        call(own)
        fails(errno.EPERM, call, own + 1)
    os.setreuid(uid, -1)
    os.setregid(-1, gid)
    os.setresuid(uid, uid, -1)
    os.setresgid(gid, -1, gid)
    fails(errno.EPERM, os.setreuid, uid, uid + 1)
    fails(errno.EPERM, os.setregid, gid + 1, gid)
    fails(errno.EPERM, os.setresuid, uid, uid, uid + 1)
    fails(errno.EPERM, os.setresgid, gid + 1, gid, gid)
    fails(errno.EPERM, os.setgroups, [gid])
    fails(errno.EPERM, os.initgroups, "user", gid)
    os.environ["LOGNAME"] = "somebody"
    assert os.getlogin() == "somebody"


def processes():
    pid = os.getpid()
    assert pid > 0 and os.getppid() >= 0
    assert os.getpgrp() == os.getpgid(0) == os.getpgid(pid) == os.getsid(0) == pid
    fails(errno.ESRCH, os.getpgid, pid + 1)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert os.sched_getparam(0).sched_priority == 0
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.sched_setparam(0, os.sched_param(0))
    fails(errno.EPERM, os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1))
    fails(errno.EINVAL, os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(0))
    fails(errno.ESRCH, os.sched_getparam, pid + 1)
    fails(errno.ESRCH, os.sched_getaffinity, -1)
    fails(errno.EINVAL, os.sched_getscheduler, -1)
    fails(errno.EPERM, os.sched_getscheduler, os.getppid())
    assert os.sched_get_priority_max(os.SCHED_RR) > os.sched_get_priority_min(os.SCHED_RR) > 0
    assert os.sched_rr_get_interval(0) >= 0
    assert os.sched_getaffinity(0) == {0} and os.process_cpu_count() == 1
    os.sched_setaffinity(0, [0, 3])
    fails(errno.EINVAL, os.sched_setaffinity, 0, [3])


def built_in():
    user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    assert user == pwd.getpwnam(user.pw_name)
    assert pwd.getpwall() == [pwd.getpwuid(0), user] and pwd.getpwuid(0).pw_name == "root"
    assert user.pw_gid == os.getgid() and user.pw_dir == "/"
    assert group == grp.getgrnam(group.gr_name)
    assert grp.getgrall() == [grp.getgrgid(0), group] and grp.getgrgid(0).gr_name == "root"
    assert os.getgrouplist(user.pw_name, os.getgid()) == [os.getgid()]
    assert os.path.expanduser("~" + user.pw_name + "/x") == "/x"
    for call, wrong in ((pwd.getpwnam, "nobody"), (pwd.getpwuid, os.getuid() + 1),
                        (grp.getgrnam, "nobody"), (grp.getgrgid, os.getgid() + 1)):
        missing(call, wrong)


def granted():
    assert [e.pw_name for e in pwd.getpwall()] == ["root", "krait"]
    assert pwd.getpwnam("krait") == ("krait", "x", 1234, 99, "A Snake", "/home/krait", "/bin/sh")
    assert pwd.getpwuid(1234).pw_gecos == "A Snake"
    for wrong in "short", "number", "long", "none":
        missing(pwd.getpwnam, wrong)
    assert [(e.gr_name, e.gr_gid, e.gr_mem) for e in grp.getgrall()] == [
        ("root", 0, []), ("snakes", 99, ["krait"]), ("zoo", 100, ["lion", "krait"])]
    assert grp.getgrgid(100).gr_mem == ["lion", "krait"]
    assert os.getgrouplist("krait", 1234) == [1234, 99, 100]
    missing(grp.getgrnam, "none")


ids()
processes()
if sys.argv[1:] == ["granted"]:
    granted()
else:
    built_in()
