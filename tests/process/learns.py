# SPDX-License-Identifier: Apache-2.0
"""Fresh interpreters have imported what the first documents needed of the standard library, and believe nothing else."""
import os
import subprocess

from harness import KRAIT, Folder, check, environment, finish, same

HONEST = '''
import sys
before = sorted({"heapq", "collections", "_strptime", "wave"} & set(sys.modules))
import datetime, wadup
from collections import Counter
wadup.define_table("t", [("before", "String"), ("common", "String")])
wadup.insert_row("t", [",".join(before), Counter(open("/data.bin").read()).most_common(1)[0][0]])
if wadup.document()["filename"] == "d":
    datetime.datetime.strptime("1", "%d")
'''
# What a guest says about itself is not to be believed: no names, too many, none that are text.
HOSTILE = '''
import sys, wadup
wadup.define_table("t", [("n", "Int64")])
wadup.insert_row("t", [len([n for n in sys.modules if "evil" in str(n)])])
kind = open("/data.bin").read()
class Names(dict):
    def __iter__(self):
        raise SystemExit(3)
if kind == "many":
    sys.stdlib_module_names = frozenset("evil%d" % i for i in range(5000))
    for name in sys.stdlib_module_names: sys.modules[name] = sys
elif kind == "code":
    sys.stdlib_module_names = frozenset(["evil; import os"])
    sys.modules["evil; import os"] = sys
elif kind == "lines":
    sys.stdlib_module_names = frozenset(["evil\\nos"])
    sys.modules["evil\\nos"] = sys
elif kind == "numbers":
    sys.modules[5] = sys
elif kind == "exits":
    sys.modules = Names()
elif kind == "loops":
    import builtins
    def sorted(*args):
        while True: pass
    builtins.sorted = sorted
elif kind == "gone":
    del sys.stdlib_module_names
'''


def module(folder, text):
    source = os.path.join(folder.path, "learns.py")
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    done = subprocess.run([KRAIT, "module", source, "-o", folder.modules + "/learns.wasm"], capture_output=True,
                          text=True, env=environment())
    check("a module is made", done.returncode == 0, done.stderr)


def run(folder, *options):
    done = folder.run(*options)
    check("it runs: %s" % " ".join(options), done.returncode == 0, "%d: %s" % (done.returncode, done.stderr))


def rows(folder, columns):
    return folder.query("SELECT %s FROM t JOIN __wadup_content ON uuid = content_uuid ORDER BY path" % columns)


with Folder(()) as folder:
    module(folder, HONEST)
    for name in "abcdef":
        folder.write(name, "aab")
    run(folder, "--state", "fresh")
    same("what was needed is there", rows(folder, "before, common"),
         [("collections", "a")] + [("collections,heapq", "a")] * 3 + [("_strptime,collections,heapq", "a")] * 2)
    run(folder, "--state", "keep")
    same("a kept one learns by itself", rows(folder, "before, common")[0], ("collections", "a"))
    # Less than Python takes to start, which is not the documents' time; they may or may not make it in theirs.
    folder.run("--state", "fresh", "--timeout", "1ms")
    same("the limit of documents is none of the start", len(folder.status()), 6)

with Folder(()) as folder:
    module(folder, HOSTILE)
    # Documents 1, 2, 4, 8, ... are asked: each kind comes at one of these places.
    kinds = ["many", "code", "x", "lines", "x", "x", "x", "numbers"] + ["x"] * 7 + ["exits"]
    for number, kind in enumerate(kinds):
        folder.write("%02d" % number, kind)
    run(folder, "--state", "fresh")
    same("nothing passes from one to the next", rows(folder, "n"), [(0,)] * len(kinds))
    for kind in ("loops", "gone"):
        for number in range(len(kinds)):
            folder.write("%02d" % number, kind if number == 0 else "x")
        # The question has no end, and so lasts until this.
        run(folder, "--state", "fresh", *(("--timeout", "5s") if kind == "loops" else ()))
        same("nor after one that " + kind, rows(folder, "n"), [(0,)] * len(kinds))
finish()
