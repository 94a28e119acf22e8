# SPDX-License-Identifier: Apache-2.0
"""Modes, owners and special files (guest/native: stat.c, mode.c, open.c). argv: a folder of
the host, where its rules hold; without it in memory.
"""
import errno
import os
import stat
import sys

FOLDER = (sys.argv[1] if len(sys.argv) > 1 else "/tmp") + "/files"
ON_HOST = len(sys.argv) > 1


def mode(path, **how):
    return stat.S_IMODE(os.stat(path, **how).st_mode)


def fails(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except OSError as e:
        assert e.errno == error, (call, e, errno.errorcode[error])
    else:
        raise AssertionError("%r%r did not fail" % (call, args))


def new(name, bits=0o666):
    path = FOLDER + "/" + name
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, bits))
    return path


def creating():
    old = os.umask(0o027)
    assert os.umask(0o027) == 0o027
    assert mode(new("a")) == 0o640
    assert mode(new("b", 0o600)) == 0o600
    os.mkdir(FOLDER + "/d", 0o777)
    assert mode(FOLDER + "/d") == 0o750
    with open(FOLDER + "/c", "w", encoding="utf-8"):
        pass
    assert mode(FOLDER + "/c") == 0o640
    d = os.open(FOLDER + "/d", os.O_RDONLY)
    os.close(os.open("e", os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=d))
    os.mkdir("f", 0o700, dir_fd=d)
    assert mode("e", dir_fd=d) == 0o640 and mode(FOLDER + "/d/f") == 0o700
    os.close(d)
    os.umask(old)


def changing():
    a = FOLDER + "/a"
    os.chmod(a, 0o604)
    assert mode(a) == 0o604
    fd = os.open(a, os.O_RDONLY)
    os.fchmod(fd, 0o600)
    assert mode(a) == 0o600 and stat.S_IMODE(os.fstat(fd).st_mode) == 0o600
    os.close(fd)
    os.symlink("a", FOLDER + "/link")
    os.chmod(FOLDER + "/link", 0o644)
    assert mode(a) == 0o644
    d = os.open(FOLDER, os.O_RDONLY)
    os.chmod("a", 0o600, dir_fd=d)
    os.close(d)
    assert mode(a) == 0o600
    fails(errno.ENOENT, os.chmod, FOLDER + "/none", 0o600)
    fails(errno.ENOENT, os.chmod, "", 0o600)
    fails(errno.EBADF, os.fchmod, 9999, 0o600)


def refusing():
    a = FOLDER + "/a"
    os.chmod(a, 0o400)
    assert os.access(a, os.R_OK) and not os.access(a, os.W_OK) and not os.access(a, os.X_OK)
    fails(errno.EACCES, os.open, a, os.O_WRONLY)
    os.chmod(a, 0)
    assert os.access(a, os.F_OK) and not os.access(a, os.R_OK)
    fails(errno.EACCES, os.open, a, os.O_RDONLY)
    os.chmod(a, 0o600)
    assert os.access(a, os.R_OK | os.W_OK)
    assert not os.access(FOLDER + "/none", os.F_OK)


def owners():
    a = FOLDER + "/a"
    status = os.stat(a)
    assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid())
    os.chown(a, -1, -1)
    os.chown(a, os.getuid(), os.getgid())
    os.lchown(FOLDER + "/link", os.getuid(), -1)
    fd = os.open(a, os.O_RDONLY)
    os.fchown(fd, -1, os.getgid())
    os.close(fd)
    d = os.open(FOLDER, os.O_RDONLY)
    os.chown("a", os.getuid(), -1, dir_fd=d)
    os.close(d)
    fails(errno.EPERM, os.chown, a, os.getuid() + 1, -1)
    fails(errno.ENOENT, os.chown, FOLDER + "/none", -1, -1)


def special():
    path = FOLDER + "/fifo"
    if ON_HOST:
        fails(errno.EPERM, os.mkfifo, path)
        return
    os.mkfifo(path, 0o600)
    assert stat.S_ISFIFO(os.stat(path).st_mode) and mode(path) == 0o600
    fails(errno.EEXIST, os.mkfifo, path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    assert os.write(writer, b"through") == 7 and os.read(reader, 9) == b"through"
    os.close(writer)
    os.close(reader)
    d = os.open(FOLDER, os.O_RDONLY)
    os.mkfifo("other", dir_fd=d)
    os.mknod("plain", 0o600 | stat.S_IFREG, dir_fd=d)
    os.close(d)
    assert stat.S_ISFIFO(os.lstat(FOLDER + "/other").st_mode)
    assert stat.S_ISREG(os.lstat(FOLDER + "/plain").st_mode)
    fails(errno.EPERM, os.mknod, FOLDER + "/device", stat.S_IFCHR | 0o600, os.makedev(1, 3))


def systems():
    found = os.statvfs(FOLDER)
    assert found.f_bsize > 0 and found.f_frsize > 0 and found.f_namemax >= 255
    assert found.f_bavail <= found.f_blocks
    fd = os.open(FOLDER + "/a", os.O_RDONLY)
    assert os.fstatvfs(fd).f_frsize == found.f_frsize
    os.close(fd)
    fails(errno.ENOENT, os.statvfs, FOLDER + "/none")


def devices():
    for number in 0, 5, 0x1234567890abcdef, os.stat(FOLDER).st_dev:
        assert os.makedev(os.major(number), os.minor(number)) == number
    assert os.makedev(1, 3) == 0x103


def links():
    """Paths below a descriptor lead through absolute links, as on Linux."""
    if ON_HOST:
        fails(errno.EPERM, os.symlink, FOLDER + "/d", FOLDER + "/whole")
        return
    os.symlink(FOLDER + "/d", FOLDER + "/whole")
    os.symlink("/etc/shadow", FOLDER + "/outside")
    fd = os.open(FOLDER, os.O_RDONLY)
    assert stat.S_ISDIR(os.stat("whole", dir_fd=fd).st_mode)
    assert stat.S_ISLNK(os.stat("whole", dir_fd=fd, follow_symlinks=False).st_mode)
    os.close(os.open("whole/e", os.O_RDONLY, dir_fd=fd))
    fails(errno.ENOENT, os.stat, FOLDER + "/outside")
    os.close(fd)


def walking():
    found = [(root, dirs, sorted(files)) for root, dirs, files, fd in os.fwalk(FOLDER + "/d")]
    assert found == [(FOLDER + "/d", ["f"], ["e"]), (FOLDER + "/d/f", [], [])], found
    fd = os.open(FOLDER + "/d", os.O_RDONLY)
    assert sorted(os.listdir(fd)) == ["e", "f"] == sorted(e.name for e in os.scandir(fd))
    os.close(fd)


os.mkdir(FOLDER)
for check in creating, changing, refusing, owners, special, systems, devices, links, walking:
    check()
