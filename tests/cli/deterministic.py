# SPDX-License-Identifier: Apache-2.0
"""Prints whatever differs from run to run in an ordinary Python."""
import datetime
import os
import random
import secrets
import select
import signal
import sys
import tempfile
import time
import uuid

print("hash", hash("x"), hash(b"y"), {"a", "b", "c", "d", "e", "f", "g", "h"})
print("keys", list({name: 1 for name in {"one", "two", "three", "four", "five"}}))
print("addresses", id(object()), repr(object()), repr(print))
print("random", random.random(), random.getrandbits(200), random.SystemRandom().random())
print("bytes", os.urandom(16).hex(), secrets.token_hex(8), uuid.uuid4(), uuid.uuid1())
with open("/dev/urandom", "rb") as file:
    print("device", file.read(8).hex())
print("clocks", time.time_ns(), time.monotonic_ns(), time.perf_counter_ns(), time.process_time_ns(),
      datetime.datetime.now(), time.ctime())
print("resolution", time.get_clock_info("monotonic").resolution, time.clock_getres(time.CLOCK_REALTIME))
print("process", os.getpid(), os.times(), os.cpu_count())

with tempfile.NamedTemporaryFile(delete=False) as file:
    file.write(b"text")
print("file", file.name, os.stat(file.name))
os.mkdir("/tmp/folder")
os.rename(file.name, "/tmp/folder/file")
os.link("/tmp/folder/file", "/tmp/folder/again")
print("folder", os.stat("/tmp/folder"), os.listdir("/tmp/folder"), os.statvfs("/tmp").f_bavail)
print("fds", os.fstat(os.pipe()[0]))

before = time.time()
time.sleep(365 * 24 * 3600)
print("a year", time.time() - before, datetime.date.today())
print("select", select.select([], [], [], 3600), time.monotonic())
reading, writing = os.pipe()
print("a pipe", select.select([reading], [], [], 5.5), time.monotonic())

rings = []
for number in (signal.SIGALRM, signal.SIGPROF):
    signal.signal(number, lambda number, frame: rings.append((number, time.monotonic())))
signal.setitimer(signal.ITIMER_REAL, 2, 5)
print("timer", signal.getitimer(signal.ITIMER_REAL))
while len(rings) < 3:
    time.sleep(1)
signal.setitimer(signal.ITIMER_REAL, 0)
print("rings", rings)
signal.setitimer(signal.ITIMER_PROF, 0.01)
while len(rings) < 4:
    time.monotonic()
print("profile", rings)
signal.alarm(7)
signal.pause()
print("pause", rings[-1])
try:
    os.timerfd_create(time.CLOCK_MONOTONIC)
except OSError as error:
    print("timerfd", error)
time.sleep(8e9)
print("far", datetime.datetime.now())
time.sleep(1.1e9)
print("the end", datetime.datetime.now())
sys.exit(3)
