# SPDX-License-Identifier: Apache-2.0
"""Python that attacks its own interpreter, and the calls behind it."""
from harness import Case

# However it ends, it is an end of the guest: an exception, a trap, or nothing at all.
ANY_END = (0, 1, 120, 134)

CASES = [
    Case("byte_code_of_noise", """
import random
def f(a, b=1): return a + b
for seed in range(200):
    r = random.Random(seed)
    code = bytes(r.randrange(256) for _ in range(2 * r.randrange(1, 60)))
    try: exec(f.__code__.replace(co_code=code, co_stacksize=r.randrange(0, 100)), {}, {})
    except BaseException: pass
print("done")""", ANY_END + (124,), options=("--timeout", "20s")),
    Case("marshal_of_noise", """
import marshal, random
for seed in range(3000):
    r = random.Random(seed)
    try: marshal.loads(bytes(r.randrange(256) for _ in range(r.randrange(1, 200))))
    except BaseException: pass
print("done")""", ANY_END + (124,), options=("--timeout", "30s")),
    Case("a_fault_on_purpose", "import faulthandler\nfaulthandler._sigsegv()", ANY_END),
    Case("a_null_pointer", """
import _ctypes
""", 1, "ModuleNotFoundError"),
    Case("abort", "import os\nos.abort()", 134, "stopped"),
    Case("signals_to_itself", """
import os, signal
# Those that are ignored unless somebody wants them, and what is no signal.
for number in (-1, 0, 17, 18, 23, 28, 65, 66, 1 << 30):
    try: os.kill(os.getpid(), number)
    except (OSError, ValueError, OverflowError): pass
for pid in (0, 1, -1, 2, 42, 4711, -42):
    try: os.kill(pid, 0); print("there is", pid)
    except (OSError, ValueError): pass
print("done")""", 0, "done", absent=("there is 2", "there is 4711")),
    Case("every_descriptor_closed", """
import os
for fd in range(70000):
    try: os.close(fd)
    except OSError: pass
open("/tmp/x", "w")""", ANY_END),
    Case("every_descriptor_moved", """
import os
for a in range(0, 12):
    for b in range(0, 12):
        try: os.dup2(a, b)
        except OSError: pass
for b in (-1, 2 ** 31 - 1, 1 << 20):
    try: os.dup2(0, b)
    except (OSError, OverflowError): pass
os.write(1, b"done")""", ANY_END),
    Case("thousands_of_buffers", """
import os
fd = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
for n in (1024, 1025, 100000):
    try: os.writev(fd, [b"x"] * n)
    except (OSError, ValueError): print("refused", n)
    try: os.readv(fd, [bytearray(1)] * n)
    except (OSError, ValueError): pass
print("done")""", 0, ("refused 100000", "done")),
    # wasi-libc has the list on its stack in linear memory: that may end in a trap of the guest.
    Case("hundreds_of_thousands_to_poll", """
import select
p = select.poll()
for fd in range(200000): p.register(fd)
try: print(len(p.poll(0)))
except (OSError, MemoryError): print("refused")""", (0, 134)),
    Case("numbers_at_the_edge", """
import os
fd = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
numbers = (0, 1, -1, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, -2**63, 2**64)
for a in numbers:
    for action in (lambda: os.lseek(fd, a, 0), lambda: os.lseek(fd, a, 1), lambda: os.lseek(fd, a, 2), lambda: os.pread(fd, 1, a),
                   lambda: os.pwrite(fd, b"", a), lambda: os.ftruncate(fd, a), lambda: os.posix_fadvise(fd, a, a, 0),
                   lambda: os.close(a) if a > 5 else None, lambda: os.fstat(a), lambda: os.utime(fd, ns=(a, a)),
                   lambda: os.sendfile(fd, fd, a, 1), lambda: os.copy_file_range(fd, fd, 1, a), lambda: os.posix_fallocate(fd, 0, a)):
        try: action()
        except (OSError, OverflowError, ValueError, MemoryError): pass
print("done")""", 0, "done"),
    Case("environment_and_arguments", """
import os, sys
print(sorted(os.environ)[:20], sys.argv, len(sys.argv[1]))
""", 0, "100000", args=("a" * 100000,), absent="KRAIT"),
    Case("what_it_knows_of_the_host", """
import os, platform, sys, time
print(os.uname(), os.getuid(), os.getpid(), os.getppid(), platform.node(), sys.executable, os.cpu_count())
for path in ("/usr/local", "/usr", "/", "/tmp", "/dev"):
    print(os.listdir(path))""", 0, absent=("krait-hostile", "/root", "/home")),
    Case("modules_that_are_not_there", """
for name in ("ctypes", "socket", "subprocess", "multiprocessing", "_posixsubprocess", "_ssl", "readline", "mmap"):
    try: __import__(name); print("has", name)
    except ImportError: pass
try:
    import subprocess; subprocess.run(["true"])
    print("ran")
except Exception as error: print("refused", type(error).__name__)
try:
    import os; os.fork(); print("forked")
except (AttributeError, OSError): print("refused")
try:
    os.execv("/bin/sh", ["sh"])
except (AttributeError, OSError): print("refused")""", 0, "refused", absent=("ran", "forked")),
    Case("output_that_is_closed", """
import os, sys
os.close(1)
print("x")
sys.stdout.flush()""", ANY_END),
    Case("collections_that_change_under_way", """
import gc
class A:
    def __eq__(self, other): d.clear(); return True
    def __hash__(self): return 1
    def __del__(self): gc.collect(); l.append(self)
l = []
d = {A(): 1}
for i in range(200):
    try: d[A()] = i
    except RuntimeError: pass
gc.collect()
print("done")""", ANY_END),
    Case("interpreters_in_interpreters", """
import _interpreters
made = []
try:
    for i in range(40): made.append(_interpreters.create())
except BaseException as error: print(type(error).__name__)
for i in made[:3]:
    _interpreters.exec(i, "x = [0] * 1000")
print("done")""", ANY_END, options=("--memory", "512M")),
]
