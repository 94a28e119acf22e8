# SPDX-License-Identifier: Apache-2.0
"""Modules of `krait module`: the same rows on the installed Python and by their own code."""
import json
import os
import subprocess

# A whole CPython is translated here: seconds instead of minutes.
os.environ["KRAIT_OPT_LEVEL"] = "0"

from harness import KRAIT, Folder, check, environment, finish, same, start, wait_for

SCRIPT = '''
import json, math, wadup
try:
    calls += 1
except NameError:
    calls = 1
print("call", calls if "count" in open("/data.bin", "rb").read().decode("latin-1") else "")
data = open("/data.bin", "rb").read()
about = wadup.document()
wadup.define_table("facts", [("name", "String"), ("size", "Int64"), ("mean", "Float64"), ("text", "Boolean"),
                             ("head", "Bytes")])
wadup.insert_row("facts", [about["filename"], len(data), sum(data) / len(data) if data else math.nan,
                           about["type"].startswith("text/"), data[:4]])
if data.startswith(b"zip"):
    wadup.emit_bytes(data[3:], "inner\\u00e4.txt")
    wadup.emit_slice(3, 5, "slice")
if data.startswith(b"raise"):
    raise ValueError("no: " + data.decode())
if data.startswith(b"exit"):
    raise SystemExit(int(data[4:]))
if data.startswith(b"say"):
    raise SystemExit("said " + data[4:].decode())
if data.startswith(b"clash"):
    wadup.define_table("facts", [("other", "Int64")])
if data.startswith(b"big"):
    wadup.insert_row("facts", ["x", 2 ** 64, 0.0, True, b""])
if data.startswith(b"loop"):
    while True:
        pass
if data.startswith(b"deep"):
    def f(): return f()
    f()
if data.startswith(b"eat"):
    x = [b"x" * 1000000 for _ in range(10 ** 6)]
'''
DOCUMENTS = {"a.txt": "hello", "empty": "", "noise": bytes(range(256)), "z": "ziphello", "raise": "raise this",
             "exit0": "exit0", "exit3": "exit3", "say": "say so", "clash": "clash", "big": "big", "deep": "deep",
             "eat": "eat", "loop": "loop", "last": "count me"}
TABLES = ("SELECT path, status, sha256, size, content_type, depth FROM __wadup_content ORDER BY path",
          "SELECT path, name, f.size, mean, text, head FROM facts f JOIN __wadup_content ON uuid = content_uuid "
          "ORDER BY path, f.rowid",
          "SELECT path, stdout FROM __wadup_module_output JOIN __wadup_content ON uuid = content_uuid "
          "WHERE stdout <> '' ORDER BY path")


def module(folder, text, name="facts"):
    source = os.path.join(folder.path, name + ".py")
    with open(source, "w") as file:
        file.write(text)
    done = subprocess.run([KRAIT, "module", source, "-o", "%s/%s.wasm" % (folder.modules, name)],
                          capture_output=True, text=True, env=environment())
    check("a module is made", done.returncode == 0, done.stderr)


with Folder(()) as folder:
    module(folder, SCRIPT)
    for name, contents in DOCUMENTS.items():
        folder.write(name, contents)
    found = {}
    for runtime in ("native", "module"):
        for state in ("keep", "fresh"):
            # An interpreter that translates itself takes its time.
            done, limit = folder.run_in_time(("loop",), ("3 s", "12 s", "48 s"), "--runtime", runtime, "--state", state,
                                             "--max-memory", "192M", timeout=800)
            same("%s, %s: some fail" % (runtime, state), done.returncode, 1)
            found[runtime, state] = [folder.query(sql) for sql in TABLES]
            status = folder.status()
            for name, part in (("raise", "returned error code: 1: ValueError: no: raise this"),
                               ("say", "returned error code: 1: said so"),
                               ("exit3", "returned error code: 1"), ("clash", "facts"),
                               ("big", "OverflowError"), ("deep", "RecursionError"), ("eat", "Memory"),
                               ("loop", "exceeded the time limit of " + limit)):
                check("%s, %s: %s" % (runtime, state, name), status[name][0] == "failed" and
                      part.lower() in status[name][1].lower(), status[name])
            for name in ("a.txt", "empty", "noise", "z", "exit0", "last", "inner\u00e4.txt", "slice"):
                same("%s, %s: %s" % (runtime, state, name), status.get(name), ("success", None))
            folder.check_database("%s, %s" % (runtime, state))
            folder.remove_db()
    for state in ("keep", "fresh"):
        for number, what in enumerate(("documents", "rows")):
            same("%s: %s of both runtimes" % (state, what), found["native", state][number],
                 found["module", state][number])
    same("keep and fresh: the same rows", found["native", "keep"][1], found["native", "fresh"][1])
    same("a fresh one has no past", [text.strip() for _, text in found["native", "fresh"][2]
                                     if text.strip() != "call"], ["call 1"])
    done = subprocess.run([KRAIT, "process", "--test", folder.modules + "/facts.wasm", folder.input + "/a.txt",
                           "--filename", "other.txt"], capture_output=True, text=True, env=environment())
    result = json.loads(done.stdout)
    same("--test", [row["values"][:2] for row in result["metadata"]["rows"]],
         [[{"String": "other.txt"}, {"Int64": 5}]])

# The counter of requirement 000.
with Folder(()) as folder:
    module(folder, "import wadup\ntry:\n    n += 1\nexcept NameError:\n    n = 1\n"
                   "wadup.define_table('n', [('n', 'Int64')])\nwadup.insert_row('n', [n])\n", "counter")
    for number in range(10):
        folder.write(str(number), "x")
    folder.run()
    same("one worker counts 1, 2, 3", folder.query("SELECT n FROM n ORDER BY rowid"), [(n,) for n in range(1, 11)])
    folder.run("--state", "fresh")
    same("fresh ones do not count", folder.query("SELECT DISTINCT n FROM n"), [(1,)])
    folder.run(threads=3)
    same("three workers have three counters", folder.query("SELECT count(*) FROM n"), [(10,)])

# A project: an entry point, a package, a data file.
with Folder(()) as folder:
    project = os.path.join(folder.path, "project")
    os.makedirs(project + "/src/pkg")
    for name, text in (("pyproject.toml", '[project]\nname = "proj"\nversion = "1"\n[tool.wadup]\n'
                                          'entry-point = "pkg.work:go"\n'),
                       ("src/pkg/__init__.py", ""),
                       ("src/pkg/words.txt", "from a file"),
                       ("src/pkg/work.py", "import os, wadup\n"
                                           "def go():\n"
                                           "    while open('/data.bin').read() == 'loop': pass\n"
                                           "    text = open(os.path.join(os.path.dirname(__file__), 'words.txt')).read()\n"
                                           "    wadup.define_table('p', [('text', 'String')])\n"
                                           "    wadup.insert_row('p', [text])\n")):
        with open(os.path.join(project, name), "w") as file:
            file.write(text)
    done = subprocess.run([KRAIT, "module", project, "-o", folder.modules + "/p.wasm"], capture_output=True,
                          text=True, env=environment())
    check("a project is made", done.returncode == 0, done.stderr)
    folder.write("a", "x")
    for runtime in ("native", "module"):
        folder.remove_db()
        done = subprocess.run(folder.line("--runtime", runtime), capture_output=True, text=True, env=environment(),
                              timeout=800, stdin=subprocess.DEVNULL)
        same("a project, %s" % runtime, (done.returncode, folder.query("SELECT text FROM p")), (0, [("from a file",)]))

    # Its files are on the disk as long as it runs.
    temporary = folder.path + "/tmp"
    os.mkdir(temporary)
    with_temporary = dict(environment(), TMPDIR=temporary)
    folder.write("a", "loop")
    folder.remove_db()
    process = start(folder.line("--timeout", "none"), env=with_temporary, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("the files of a project", lambda: any(path.endswith("/app/pkg") and "words.txt" in names
                                                   for path, _, names in os.walk(temporary)), process)
    process.kill()
    process.wait()
    check("they are there after a kill", os.listdir(temporary) != [])
    folder.write("a", "x")
    done = subprocess.run(folder.line("--resume"), capture_output=True, text=True, env=with_temporary, timeout=800,
                          stdin=subprocess.DEVNULL)
    same("after the next run nothing is", (done.returncode, os.listdir(temporary)), (0, []))
finish()
