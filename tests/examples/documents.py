# SPDX-License-Identifier: Apache-2.0
"""The modules for documents in examples/ give the rows that their expected.jsonl has.

usage: documents.py EXAMPLE host            the script under the machine's own Python, in document_host.py
       documents.py EXAMPLE make            `make check`, as its README says
       documents.py EXAMPLE module|native   krait process, with the module's own code or the installed runtime;
                                            one worker and two, and a fresh interpreter for each document
       documents.py EXAMPLE mutated         damaged copies of its documents, none of which may fail
"""
import difflib
import glob
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
KRAIT = os.environ["KRAIT"]
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, **more)
    if done.returncode != 0:
        raise SystemExit("%s: status %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
    return done.stdout


def same(what, found, wanted):
    if found != wanted:
        sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), found.splitlines(True), "expected.jsonl", what))
        raise SystemExit("%s: other rows" % what)
    print("%s: passed" % what)


def wanted_of(folder):
    with open(folder + "/expected.jsonl", encoding="utf-8") as f:
        return f.read()


def host(folder):
    if folder.endswith("sqlite-parser"):
        database = sqlite3.connect(":memory:")
        try:
            database.execute("SELECT * FROM pragma_table_list")
            database.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
        except sqlite3.Error as e:
            print("this Python's SQLite %s is too old, or has less: %s" % (sqlite3.sqlite_version, e))
            raise SystemExit(77) from None
    documents = sorted(glob.glob(folder + "/documents/*"))
    found = run(sys.executable, HERE + "/document_host.py", folder + "/src/script.py", *documents)
    same("host", found, wanted_of(folder))


def make(folder):
    run("make", "--no-print-directory", "-C", folder, "check", env=dict(os.environ, KRAIT=KRAIT))
    print("make check: passed")


def process(folder, runtime):
    name = os.path.basename(folder)
    is_counter = name == "python-counter"
    os.mkdir("modules")
    module = "modules/%s.wasm" % name.replace("-", "_")
    if os.path.isdir(folder + "/target"):
        shutil.rmtree(folder + "/target")
    if name.startswith("c-"):
        run("make", "--no-print-directory", "-C", folder, env=dict(os.environ, KRAIT=KRAIT))
        shutil.copy(folder + "/target/" + os.path.basename(module), module)
    else:
        run(KRAIT, "module", folder, "-o", module)
    for number, more in enumerate((("--threads", "1"), ("--threads", "2"), ("--threads", "1", "--state", "fresh"))):
        wanted = wanted_of(folder)
        if is_counter and number == 1:
            continue        # each worker counts for itself
        if is_counter and number == 2:
            wanted = wanted.replace('"call_number": 2', '"call_number": 1').replace('"call_number": 3', '"call_number": 1')
        run(KRAIT, "process", "--quiet", "--runtime", runtime, *more, "--modules", "modules", "--input", folder + "/documents",
            "--output", "rows%d.db" % number)
        same(" ".join((runtime,) + more), run(sys.executable, SOURCE + "/examples/rows.py", "rows%d.db" % number), wanted)


def damage(data, chance):
    """Bytes changed, taken out, put in, repeated; sometimes the end is missing."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if not data:
            break
        at, kind = chance.randrange(len(data)), chance.randrange(5)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.randrange(256)
        elif kind == 2:
            del data[at:at + chance.randrange(1, 50)]
        elif kind == 3:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 20)))
        else:
            start = chance.randrange(len(data))
            data[at:at] = data[start:start + chance.randrange(1, 200)]
    return bytes(data[:chance.randrange(len(data) + 1)] if chance.randrange(10) == 0 else data)


def mutated(folder):
    chance = random.Random(1)
    originals = []
    for path in sorted(glob.glob(folder + "/documents/*")):
        with open(path, "rb") as f:
            originals.append(f.read())
    os.mkdir("input")
    for number in range(1000):
        with open("input/%04d" % number, "wb") as f:
            f.write(damage(chance.choice(originals), chance))
    os.mkdir("modules")
    run(KRAIT, "module", folder, "-o", "modules/module.wasm")
    run(KRAIT, "process", "--quiet", "--timeout", "20", "--modules", "modules", "--input", "input", "--output", "rows.db")
    database = sqlite3.connect("rows.db")
    bad = database.execute("SELECT filename, error_message FROM __wadup_content WHERE status <> 'success'").fetchall()
    count, = database.execute("SELECT count(*) FROM __wadup_content WHERE parent_uuid IS NULL").fetchone()
    if bad or count != 1000:
        raise SystemExit("%d documents; failed: %r" % (count, bad[:5]))
    print("1000 damaged documents: passed")


def main(name, how):
    with tempfile.TemporaryDirectory(prefix="krait-documents.") as place:
        os.chdir(place)
        # Not in the checkout: others may build there, too.
        shutil.copytree(SOURCE + "/examples/" + name, "examples/" + name, ignore=shutil.ignore_patterns("target"))
        for part in ("rows.py", "documents.mk", "python.mk"):
            shutil.copy(SOURCE + "/examples/" + part, "examples")
        for part in ("compat", "scripts", "recipes", "include"):
            os.symlink(SOURCE + "/" + part, part)
        folder = place + "/examples/" + name
        if how == "host":
            host(folder)
        elif how == "make":
            make(folder)
        elif how == "mutated":
            mutated(folder)
        else:
            process(folder, how)
        os.chdir("/")


if __name__ == "__main__":
    main(*sys.argv[1:])
