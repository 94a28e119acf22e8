# SPDX-License-Identifier: Apache-2.0
"""Bombs: memory, files in memory, output, descriptors, and recursion on every stack."""
from harness import Case

SMALL = ("--memory", "256M")


def bomb(name, code, text="MemoryError", status=1, options=SMALL):
    return Case(name, code, status, text, options=options)


CASES = [
    bomb("a_list_that_grows", "x = []\nwhile True: x.append(x[:] + [0] * 1000)"),
    bomb("a_string_that_doubles", "x = 'x'\nwhile True: x += x"),
    bomb("a_dict_that_grows", "x = {}\nwhile True: x[len(x)] = bytes(10000)"),
    bomb("powers_of_powers", "x = 1 << ((1 << 31) - 1)\ny = x * x"),
    bomb("a_bytearray_of_everything", "bytearray((1 << 31) - 1)"),
    bomb("multiplied_text", "('a' * 65536) * 65536", "OverflowError"),
    bomb("multiplied_text_that_fits", "('a' * 65536) * 16384"),
    bomb("a_generator_that_never_ends", "list(iter(int, 1))"),
    bomb("a_zlib_bomb", """
import zlib
c = zlib.compressobj(9)
data = b"".join(c.compress(bytes(1 << 20)) for _ in range(1024)) + c.flush()
zlib.decompress(data)"""),
    bomb("an_lzma_bomb", """
import lzma
data = lzma.compress(bytes(1 << 27), preset=0)
for _ in range(1): x = lzma.decompress(data * 4)"""),
    bomb("a_format_bomb", "'{:>2000000000}'.format(1)"),
    bomb("an_ast_bomb", "compile('+'.join(['x' * 1000] * 1000000), 'x', 'eval')"),
    bomb("a_json_bomb", "import json\njson.loads('[' + '{},' * 30000000 + '{}]')"),
    Case("memory_errors_without_end", """
n = 0
for i in range(30):
    x = []
    try:
        while True: x.append(bytes(1 << 24))
    except MemoryError: n += 1
    del x
print("caught", n)""", 0, "caught 30", options=SMALL),

    bomb("recursion", "def f(): f()\nf()", "RecursionError"),
    bomb("recursion_in_attributes", """
import sys
sys.setrecursionlimit(1 << 30)
class A:
    def __getattr__(self, name): return getattr(self, name + "x")
A().y""", "RecursionError"),
    bomb("recursion_in_comparison", """
a = []; b = []
a.append(b); b.append(a)
x = [a]; y = [b]
print(x == y)""", "RecursionError"),
    bomb("recursion_in_repr", "x = []\nfor i in range(200000): x = [x]\nrepr(x)", "RecursionError"),
    bomb("recursion_in_a_sort_key", "def f(x): return sorted([1, 2], key=f)\nf(1)", "RecursionError"),
    Case("recursion_in_a_regular_expression", """
import re
try: re.compile("(" * 20000 + "a" + ")" * 20000)
except (RecursionError, re.error, OverflowError) as error: print("refused", type(error).__name__)
try: re.match("(?:" * 3000 + "a*" + ")*" * 3000, "a" * 1000)
except (RecursionError, re.error, OverflowError, MemoryError) as error: print("refused", type(error).__name__)
""", 0, "refused", options=("--memory", "256M", "--timeout", "60s")),
    Case("recursion_in_deallocation", """
x = None
for i in range(3000000): x = (x,)
del x
print("done")""", 0, "done"),
    Case("recursion_in_the_parser", """
for text in ("(" * 300000, "[" * 300000 + "]" * 300000, "-" * 1000000 + "1", "a." * 300000 + "a", "lambda: " * 100000 + "1",
             "f'" + "{" * 300000, "if 1:" * 100000, "x=" * 300000 + "1", "not " * 300000 + "1"):
    try: compile(text, "x", "exec")
    except (SyntaxError, MemoryError, RecursionError) as error: print("refused")
print("done")""", 0, "done"),
    Case("recursion_in_pickle", """
import pickle
try: pickle.loads(b"(" * 1000000 + b"." )
except Exception as error: print("refused", type(error).__name__)
x = []
for i in range(100000): x = [x]
try: pickle.dumps(x)
except RecursionError: print("refused RecursionError")
""", 0, "refused RecursionError", options=SMALL),

    Case("files_in_memory", """
import errno
written = 0
try:
    with open("/tmp/x", "wb") as f:
        while True: written += f.write(bytes(1 << 20))
except OSError as error: print(error.errno == errno.ENOSPC, written <= 16 << 20)
""", 0, "True True", options=("--max-fs", "16M")),
    Case("inodes_in_memory", """
import errno, os
n = 0
try:
    while n < 10_000_000:
        os.mkdir("/tmp/%d" % n); n += 1
except OSError as error: print(error.errno == errno.ENOSPC)
""", 0, "True"),
    Case("names_in_memory", """
import errno, os
n = 0
try:
    while n < 10_000_000:
        os.symlink("t" * 4000, "/tmp/%d" % n + "n" * 240); n += 1
except OSError as error: print(error.errno == errno.ENOSPC)
""", 0, "True", options=("--max-fs", "16M")),
    Case("descriptors", """
import errno, os
x = []
try:
    while True: x.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error: print(error.errno == errno.EMFILE, len(x) < 64)
""", 0, "True True", options=("--max-files", "64")),
    Case("descriptors_of_every_kind", """
import os
x = []
for make in (os.pipe, os.openpty, lambda: (os.dup(0),), lambda: (os.memfd_create("m"),), lambda: (os.eventfd(1),),
             lambda: (os.open("/grant", os.O_RDONLY),)):
    try:
        while len(x) < 100000: x += make()
        print("no limit")
    except OSError: pass
print("done")""", 0, "done", absent="no limit", options=("--max-files", "100")),
    Case("a_pipe_that_nobody_reads", """
import os
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True: os.write(w, bytes(1 << 16))
except BlockingIOError: print("full")
try:
    os.set_blocking(w, True); os.write(w, b"x")
except OSError: print("deadlock refused")""", 0, ("full", "deadlock refused")),
    Case("a_flood_of_output", "while True: print('x' * 1000)", 124, "output",
         options=("--max-output", "100K")),
    Case("a_flood_of_errors", "import sys\nwhile True: sys.stderr.write('x' * 1000)", 124, "output",
         options=("--max-output", "100K")),
    Case("a_flood_that_ignores_errors", """
import os
while True:
    try: os.write(1, b"x" * 100000)
    except BaseException: pass""", 124, "output", options=("--max-output", "100K")),
]
