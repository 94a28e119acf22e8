# SPDX-License-Identifier: Apache-2.0
"""Pipes, duplicates, descriptor flags, locks, transfers (guest/native: fd.c, flock.c,
transfer.c). argv: a folder to write in.
"""
import errno
import fcntl
import os
import select
import sys
import termios
import time
import tty

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "/tmp"


def fails(error, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == error, (call, e, errno.errorcode[error])
    else:
        raise AssertionError("%r%r did not fail" % (call, args))


def filled(name, data):
    path = FOLDER + "/" + name
    with open(path, "wb") as f:
        f.write(data)
    return path


def pipes():
    reader, writer = os.pipe()
    assert not os.get_inheritable(reader)
    assert os.write(writer, b"abc") == 3
    assert select.select([reader], [writer], [reader], 0) == ([reader], [writer], [])
    assert os.read(reader, 2) == b"ab" and os.read(reader, 9) == b"c"
    assert select.select([reader], [], [], 0)[0] == []
    fails(errno.EDEADLK, os.read, reader, 1)
    os.set_blocking(reader, False)
    assert not os.get_blocking(reader)
    fails(errno.EAGAIN, os.read, reader, 1)
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    assert fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK
    assert fcntl.fcntl(writer, fcntl.F_GETFD) == fcntl.FD_CLOEXEC
    os.close(reader)
    fails(errno.EPIPE, os.write, writer, b"x")
    os.close(writer)
    fails(errno.EINVAL, os.pipe2, os.O_EXCL)


def events():
    fd = os.eventfd(2, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    os.eventfd_write(fd, 3)
    assert os.eventfd_read(fd) == 5
    fails(errno.EAGAIN, os.eventfd_read, fd)
    os.close(fd)
    fd = os.eventfd(2, os.EFD_SEMAPHORE | os.EFD_NONBLOCK)
    assert os.eventfd_read(fd) == 1 and os.eventfd_read(fd) == 1
    fails(errno.EAGAIN, os.eventfd_read, fd)
    os.close(fd)


def timers():
    fd = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
    fails(errno.EAGAIN, os.read, fd, 8)
    os.timerfd_settime(fd, initial=100, interval=1)
    left, interval = os.timerfd_gettime(fd)
    assert 90 < left <= 100 and interval == 1
    os.timerfd_settime_ns(fd, initial=1_000_000)
    assert select.select([fd], [], [], 10)[0] == [fd]
    assert int.from_bytes(os.read(fd, 8), "little") == 1
    os.close(fd)
    fd = os.timerfd_create(time.CLOCK_REALTIME)
    os.timerfd_settime(fd, flags=os.TFD_TIMER_ABSTIME, initial=time.time() + 0.01)
    assert int.from_bytes(os.read(fd, 8), "little") == 1
    os.close(fd)
    fails(errno.EINVAL, os.timerfd_create, 77)
    fails(errno.EINVAL, os.timerfd_gettime, os.open(filled("plain", b""), os.O_RDONLY))


def memory():
    fd = os.memfd_create("name", os.MFD_CLOEXEC)
    assert os.write(fd, b"abc") == 3 and os.pread(fd, 9, 1) == b"bc"
    assert os.fstat(fd).st_size == 3 and not os.get_inheritable(fd)
    os.close(fd)
    fails(errno.EINVAL, os.memfd_create, "name", os.MFD_ALLOW_SEALING)


def duplicates():
    fd = os.open(filled("dup", b"0123456789"), os.O_RDWR)
    copy = os.dup(fd)
    os.lseek(fd, 4, os.SEEK_SET)
    assert os.read(copy, 2) == b"45" and os.read(fd, 1) == b"6", "one position"
    high = fcntl.fcntl(fd, fcntl.F_DUPFD, 50)
    assert high >= 50 and os.get_inheritable(high)
    higher = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, high + 1)
    assert higher > high and not os.get_inheritable(higher)
    assert os.dup2(fd, high) == high and os.dup2(fd, fd) == fd
    os.set_inheritable(fd, True)
    assert os.get_inheritable(fd)
    os.close(fd)
    assert os.read(copy, 1) == b"7"
    for one in copy, high, higher:
        os.close(one)
    fails(errno.EBADF, os.dup, fd)
    fails(errno.EBADF, os.dup2, fd, 60)
    fails(errno.EBADF, fcntl.fcntl, fd, fcntl.F_GETFD)
    fails(errno.EBADF, fcntl.fcntl, fd, fcntl.F_GETFL)


def locks():
    path = filled("lock", b"x")
    one, two = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    fcntl.flock(one, fcntl.LOCK_SH)
    fcntl.flock(two, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fails(errno.EWOULDBLOCK, fcntl.flock, one, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(two, fcntl.LOCK_UN)
    fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fails(errno.EWOULDBLOCK, fcntl.flock, two, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fails(errno.EDEADLK, fcntl.flock, two, fcntl.LOCK_EX)
    os.close(one)
    fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(two, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
    os.lockf(two, os.F_TLOCK, 1)
    os.lockf(two, os.F_TEST, 1)
    os.lockf(two, os.F_ULOCK, 1)
    os.close(two)
    reader = os.open(path, os.O_RDONLY)
    fails(errno.EBADF, fcntl.lockf, reader, fcntl.LOCK_EX)
    fails(errno.EINVAL, fcntl.flock, reader, 0)
    os.close(reader)
    fails(errno.EBADF, fcntl.flock, reader, fcntl.LOCK_SH)


def vectors():
    fd = os.open(filled("vectors", b""), os.O_RDWR)
    assert os.writev(fd, [b"ab", b"", b"cde"]) == 5
    assert os.pwritev(fd, [b"X", b"Y"], 1) == 2
    os.lseek(fd, 0, os.SEEK_SET)
    first, second = bytearray(3), bytearray(5)
    assert os.readv(fd, [first, second]) == 5 and first == b"aXY" and second[:2] == b"de"
    assert os.preadv(fd, [first], 2) == 3 and first == b"Yde"
    os.close(fd)


def transfers():
    data = bytes(range(256)) * 700
    source = os.open(filled("from", data), os.O_RDONLY)
    target = os.open(FOLDER + "/to", os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
    assert os.sendfile(target, source, 0, len(data)) == len(data)
    assert os.lseek(source, 0, os.SEEK_CUR) == 0, "the offset was given"
    assert os.sendfile(target, source, len(data) - 3, 100) == 3
    assert os.sendfile(target, source, len(data), 100) == 0
    assert os.copy_file_range(source, target, 10, 5, 0) == 10
    assert os.pread(target, 10, 0) == data[5:15]
    assert os.lseek(source, 0, os.SEEK_CUR) == 0
    assert os.copy_file_range(source, target, 4) == 4
    assert os.lseek(source, 0, os.SEEK_CUR) == 4
    assert os.fstat(target).st_size == len(data) + 3 + 4
    reader, writer = os.pipe()
    fails(errno.EINVAL, os.sendfile, target, reader, 0, 1)
    fails(errno.EINVAL, os.copy_file_range, reader, target, 1)
    assert os.sendfile(writer, source, 0, 5) == 5 and os.read(reader, 9) == data[:5]
    assert os.splice(source, writer, 6, offset_src=2) == 6
    assert os.splice(reader, target, 4, offset_dst=1) == 4
    assert os.pread(target, 4, 1) == data[2:6] and os.read(reader, 9) == data[6:8]
    fails(errno.EINVAL, os.splice, source, target, 5)
    for fd in source, target, reader, writer:
        os.close(fd)


def terminals():
    plain = os.open(filled("plain", b""), os.O_RDONLY)
    fails(errno.ENOTTY, os.get_terminal_size, plain)
    try:
        termios.tcgetattr(plain)
    except termios.error as e:
        assert e.args[0] == errno.ENOTTY
    os.close(plain)
    fails(errno.EBADF, os.get_terminal_size, plain)
    master, slave = os.openpty()
    assert os.isatty(slave)
    termios.tcsetwinsize(slave, (24, 80))
    assert os.get_terminal_size(slave) == (80, 24) and termios.tcgetwinsize(master) == (24, 80)
    os.write(master, b"line\n")
    assert os.read(slave, 9) == b"line\n", "a line at a time"
    assert os.read(master, 9) == b"line\r\n", "echo"
    old = termios.tcgetattr(slave)
    tty.setraw(slave)
    assert not termios.tcgetattr(slave)[tty.LFLAG] & (termios.ECHO | termios.ICANON)
    os.write(master, b"k")
    assert os.read(slave, 9) == b"k"
    os.write(master, b"lost")
    termios.tcflush(slave, termios.TCIFLUSH)
    termios.tcsetattr(slave, termios.TCSADRAIN, old)
    assert termios.tcgetattr(slave) == old
    termios.tcdrain(slave)
    termios.tcsendbreak(slave, 0)
    termios.tcflow(slave, termios.TCOON)
    os.close(master)
    os.close(slave)


for check in pipes, events, timers, memory, duplicates, locks, vectors, transfers, terminals:
    check()
