# SPDX-License-Identifier: Apache-2.0
"""Memory maps, limits, times, random numbers, logs (guest/native: mman.c, limits.c,
random.c, syslog.c). argv: a folder to write in.
"""
import errno
import mmap
import os
import resource
import signal
import sys
import syslog
import time
import uuid

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "/tmp"


def fails(error, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == error, (call, e, errno.errorcode[error])
    else:
        raise AssertionError("%r%r did not fail" % (call, args))


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def maps():
    with mmap.mmap(-1, 100000) as m:
        assert m[:] == bytes(100000)
        m[99999:] = b"z"
        m.madvise(mmap.MADV_SEQUENTIAL)
        m.resize(200000)
        assert m[99999:100001] == b"z\0" and len(m) == 200000
    path = FOLDER + "/mapped"
    with open(path, "wb+") as f:
        f.write(b"0123456789" * 10000)
        f.flush()
        with mmap.mmap(f.fileno(), 0) as m:
            assert m.find(b"90", 50000) == 50009
            m[3:5] = b"XY"
            m.flush()
            assert contents(path)[:6] == b"012XY5"
            m[99990:] = b"end-of-map"
        assert contents(path)[-10:] == b"end-of-map", "written when the map goes"
        with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY) as m:
            m[:4] = b"mine"
        with mmap.mmap(f.fileno(), 10, offset=mmap.ALLOCATIONGRANULARITY) as m:
            assert m[:] == contents(path)[mmap.ALLOCATIONGRANULARITY:][:10]
        assert contents(path)[:4] == b"012X"
        with mmap.mmap(f.fileno(), 0) as m:
            m.resize(100010)
            assert m[100000:] == bytes(10)
        assert os.stat(path).st_size == 100010
    reader, writer = os.pipe()
    fails(errno.ENODEV, mmap.mmap, reader, 10)


def limits():
    assert resource.getrlimit(resource.RLIMIT_STACK)[0] == 8 << 20
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == (resource.RLIM_INFINITY,) * 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    fd = os.open(FOLDER + "/limited", os.O_CREAT | os.O_RDWR, 0o600)
    assert os.write(fd, bytes(2000)) == 1000
    fails(errno.EFBIG, os.write, fd, b"x")
    fails(errno.EFBIG, os.pwrite, fd, b"x", 1000)
    assert os.pwrite(fd, b"x", 999) == 1
    os.close(fd)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
    for wrong in (6, 5), (6, 6):
        try:
            resource.setrlimit(resource.RLIMIT_CPU, wrong)
        except ValueError:
            continue
        raise AssertionError("a limit was raised")


def times():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    while resource.getrusage(resource.RUSAGE_SELF).ru_utime < before + 0.02:
        pass
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >= 11 << 10
    cpu, clock = time.process_time(), time.perf_counter()
    time.sleep(0.2)
    assert time.process_time() - cpu < (time.perf_counter() - clock) / 2, "sleeping is free"
    before = time.process_time(), time.monotonic()
    found = os.times()
    assert before[0] - 0.02 < found.user < time.process_time() + 0.02
    assert before[1] - 0.02 < found.elapsed < time.monotonic() + 0.02


def numbers():
    assert len(os.getrandom(100)) == 100 and os.getrandom(8) != os.getrandom(8)
    fails(errno.EINVAL, os.getrandom, 1, 0x1000)
    one, two = uuid.uuid1(), uuid.uuid1()
    assert one.version == two.version == 1 and one.time < two.time and one.node == two.node
    assert abs((one.time - 0x01b21dd213814000) / 1e7 - time.time()) < 60


def logs():
    syslog.syslog("dropped")
    syslog.openlog("krait", syslog.LOG_PERROR | syslog.LOG_PID, syslog.LOG_USER)
    assert syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_INFO)) == 0xff
    syslog.syslog(syslog.LOG_INFO, "100% told")
    syslog.syslog(syslog.LOG_DEBUG, "not told")
    syslog.closelog()


for check in maps, limits, times, numbers, logs:
    check()
