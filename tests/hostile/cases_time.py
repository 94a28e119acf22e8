# SPDX-License-Identifier: Apache-2.0
"""Guests that do not want to end: every one has a second."""
from harness import Case

SECOND = ("--timeout", "1s")


def endless(name, code, options=SECOND, stdin=b"", text="limit"):
    return Case(name, code, 124, text, options=options, stdin=stdin)


CASES = [
    endless("a_loop", "while True: pass"),
    endless("a_loop_by_processor_time", "while True: pass", ("--cpu", "1s")),
    endless("a_power", "10 ** 10 ** 8"),
    endless("digits", "import sys\nsys.set_int_max_str_digits(0)\nstr(3 ** 3000000)", ("--timeout", "300ms")),
    endless("a_regular_expression", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"),
    endless("a_translation", "while True: bytes(10 ** 8).translate(bytes(256))"),
    endless("a_sort", "x = list(range(10 ** 6))\nwhile True: sorted(x, key=lambda y: -y)"),
    endless("a_sum_in_c", "sum(iter(int, 1))"),
    endless("membership_in_c", "import itertools\n1 in itertools.repeat(0)"),
    endless("a_hash_in_c", "import hashlib\nwhile True: hashlib.sha256(bytes(10 ** 8))"),
    endless("sqlite", """
import sqlite3
sqlite3.connect(":memory:").execute(
    "with recursive t(x) as (select 1 union all select x + 1 from t) select count(*) from t")"""),
    endless("a_deque", "import collections, itertools\ncollections.deque(itertools.repeat(0), maxlen=0)"),
    endless("sleep", "import time\ntime.sleep(10 ** 6)"),
    endless("sleep_again_and_again", """
import time
while True:
    try: time.sleep(1000)
    except BaseException: pass"""),
    endless("poll", "import select\nselect.poll().poll(10 ** 8)"),
    endless("a_read_of_stdin", "import sys\nsys.stdin.read()", stdin=None),
    endless("input", "input()", stdin=None),
    endless("a_handler_that_ignores", """
import signal
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass"""),
    endless("a_loop_around_everything", """
while True:
    try:
        while True: pass
    except BaseException: pass"""),
    endless("finally_that_loops", """
try:
    while True: pass
finally:
    while True: pass"""),
    endless("a_finalizer_that_loops", """
class A:
    def __del__(self):
        while True: pass
a = A()
del a"""),
    endless("an_exit_handler_that_loops", """
import atexit
@atexit.register
def f():
    while True: pass"""),
    endless("a_hook_that_loops", """
import sys
def hook(*args):
    while True: pass
sys.excepthook = hook
1 / 0"""),
    endless("a_storm_of_timers", """
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
while True: pass"""),
    endless("writing_in_memory", """
import os
fd = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
data = bytes(1 << 20)
while True: os.pwrite(fd, data, 0)"""),
    endless("random_numbers", "import os\nwhile True: os.urandom(1 << 24)"),
    endless("a_tracer", """
import sys
def trace(*args):
    while True: pass
sys.settrace(trace)
(lambda: 0)()"""),
    Case("finally_runs", """
try:
    while True: pass
finally:
    print("cleaned up", flush=True)""", 124, ("cleaned up", "limit"),
         options=("--timeout", "LIMIT"), limits=("1s", "10s", "90s")),
]
