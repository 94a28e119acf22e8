# SPDX-License-Identifier: Apache-2.0
"""Modules that cannot be used are named before any document is touched; the second interface; usage."""
import os
import shutil
import subprocess

from harness import KRAIT, Folder, check, environment, finish, same

NO_PROCESS = b"\0asm\1\0\0\0"


def refused(folder, name, part, status):
    done = folder.run()
    same(name + ": status", done.returncode, status)
    check(name + ": said", part in done.stderr, done.stderr)
    check(name + ": no database", not os.path.exists(folder.db))


def wat(folder, name, text):
    source = os.path.join(folder.path, name + ".wat")
    with open(source, "w") as file:
        file.write(text)
    done = subprocess.run(["wat2wasm", source, "-o", "%s/%s.wasm" % (folder.modules, name)])
    return done.returncode == 0


# A program that exports process: _start makes it ready, and nobody looks how that ends.
STARTS = ('(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)'
          ' (func (export "_start") (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) %s)'
          ' (func (export "process") (result i32) (if (i32.eq (i32.load (i32.const 8)) (i32.const 9)) (then unreachable))'
          ' (i32.sub (i32.load (i32.const 8)) (i32.const 1)) %s))')
with Folder(()) as folder:
    for name in "abcd":
        folder.write(name, name)
    for kind, end in (("returns", ""), ("exits", "(call $exit (i32.const 3))"), ("traps", "unreachable")):
        if not wat(folder, "starts", STARTS % (end, "")):
            break
        for state in ("keep", "fresh"):
            same("a _start that %s, %s" % (kind, state), folder.run("--state", state).returncode, 0)
        wat(folder, "starts", STARTS % (end, "(i32.store (i32.const 8) (i32.const 9))"))
        folder.run()
        same("it starts again after a trap", [row[0] for row in folder.query(
            "SELECT status FROM __wadup_content ORDER BY path")], ["success", "failed"] * 2)
    else:
        wat(folder, "starts", STARTS % ("(loop (br 0))", ""))
        done = folder.run("--timeout", "200ms")
        same("a _start without an end: status", done.returncode, 125)
        check("it is named", "starts.wasm" in done.stderr and "wall time" in done.stderr, done.stderr)

with Folder(()) as folder:
    folder.write("a.txt", "call a\n")
    refused(folder, "no module at all", "no modules (*.wasm)", 127)
    path = folder.modules + "/bad.wasm"
    for name, contents, part in (
            ("no WebAssembly", b"#!/bin/sh\n", "'%s' is no WebAssembly module" % path),
            ("an empty file", b"", "'%s' is no WebAssembly module" % path),
            ("one that is cut off", NO_PROCESS + b"\1\x7f", "bad.wasm' is no WebAssembly module: it is"),
            ("one without process", NO_PROCESS, "bad.wasm"),
    ):
        with open(path, "wb") as file:
            file.write(contents)
        refused(folder, name, part, 127 if name == "one without process" else 126)
    os.remove(path)
    if wat(folder, "bad", '(module (import "env" "unknown" (func (param i32))) (memory (export "memory") 1)'
                          ' (func (export "process") (result i32) i32.const 0))'):
        refused(folder, "an unknown import", "env.unknown", 127)
        wat(folder, "bad", '(module (memory (export "memory") 1) (func (export "process")))')
        refused(folder, "a process of another type", "bad.wasm", 126)
        wat(folder, "bad", '(module (import "env" "insert_row" (func (param i32) (result i32)))'
                           ' (memory (export "memory") 1) (func (export "process") (result i32) i32.const 0))')
        refused(folder, "an import of another type", "env.insert_row", 127)
        os.remove(path)
    folder.add_module("obey")
    os.mkdir(folder.modules + "/folder.wasm")
    refused(folder, "a folder with the name of a module", "folder.wasm' is no file", 126)
    os.rmdir(folder.modules + "/folder.wasm")
    done = folder.run(inputs=[folder.input, folder.path + "/missing"])
    same("an input that is not there: status", done.returncode, 127)
    check("it is named", "missing" in done.stderr, done.stderr)
    check("no database then", not os.path.exists(folder.db))
    done = folder.run(modules=folder.path + "/nowhere")
    same("a folder of modules that is not there", done.returncode, 127)

    # Files instead of functions.
    folder.write("a.txt",
                 'write metadata/1.json {"rows":[{"values":[{"Int64":1}],"table_name":"f"}],'
                 '"tables":[{"name":"f","columns":[{"name":"n","data_type":"Int64"}]}]}\n'
                 'write metadata/1.json {"tables":[],"rows":[{"table_name":"f","values":[{"Int64":2}]}]}\n'
                 'write subcontent/data_7.bin call seven\n'
                 'write subcontent/metadata_7.json {"filename":"seven.txt"}\n'
                 'write subcontent/metadata_8.json {"filename":"cut","offset":0,"length":5}\n')
    done = folder.run()
    same("files: they are taken", done.returncode, 0)
    same("their rows", folder.query("SELECT n FROM f ORDER BY n"), [(1,), (2,)])
    same("their sub-content", folder.query("SELECT filename, size FROM __wadup_content WHERE depth = 1 "
                                           "ORDER BY 1"), [("cut", 5), ("seven.txt", 10)])
    same("what it gives", folder.query("SELECT name FROM calls"), [("seven",)])
    for number, (text, part) in enumerate((
            ("write metadata/x.json {", "malformed"),
            ("write metadata/x.json [" + "[" * 5000, "malformed"),
            ('write metadata/x.json {"rows":[{"table_name":"none","values":[]}]}', "there is no table"),
            ('write subcontent/metadata_1.json {"filename":"x"}', "data file"),
            ('write subcontent/metadata_1.json {"filename":"x","offset":5,"length":999999}', "bytes 5 to"),
            ('write subcontent/metadata_1.json {"offset":5}', "malformed"),
    )):
        folder.write("a.txt", "call lost\n" + text + "\n")
        folder.write("b.txt", "call kept\n")
        folder.run()
        status = folder.status()
        check("a bad file %d fails the document" % number,
              status["a.txt"][0] == "failed" and part in status["a.txt"][1], status["a.txt"])
        same("its rows are dropped", folder.query("SELECT name FROM calls"), [("kept",)])

# A krait that was built without SQLite or libarchive: the program is not beside it.
with Folder(()) as folder:
    other = folder.path + "/other"
    home = os.path.dirname(os.path.dirname(KRAIT))
    os.makedirs(other + "/bin")
    os.makedirs(other + "/libexec/krait")
    shutil.copy(KRAIT, other + "/bin/krait")
    for name in os.listdir(home + "/libexec/krait"):
        if name != "krait-process":
            shutil.copy(home + "/libexec/krait/" + name, other + "/libexec/krait/" + name)
    done = subprocess.run([other + "/bin/krait", "process", "--help"], capture_output=True, text=True)
    same("without the program: status", done.returncode, 127)
    check("it says what to install", "libsqlite3-dev and libarchive-dev" in done.stderr, done.stderr)

# Usage
for arguments, part in ((["--modules", "m", "--input", "i"], "--output is missing"),
                        (["--modules", "m", "--output", "o"], "--input is missing"),
                        (["--bogus"], "'--bogus' is no option"),
                        (["--threads", "0"], "--threads"),
                        (["--timeout", "soon"], "--timeout"),
                        (["--state", "new"], "--state"),
                        (["--modules"], "--modules needs a value"),
                        (["--test", "x.wasm"], "--test needs a file")):
    done = subprocess.run([KRAIT, "process", *arguments], capture_output=True, text=True)
    same("wrong use %s: status" % arguments, done.returncode, 2)
    check("it says why", part in done.stderr, done.stderr)
done = subprocess.run([KRAIT, "process", "--help"], capture_output=True, text=True)
check("help", done.returncode == 0 and "--modules DIR" in done.stdout)
finish()
