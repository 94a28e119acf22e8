# SPDX-License-Identifier: Apache-2.0
"""The module runtime on an engine: run.py CASE ENGINE [PROGRAM [MODULE]]

CASE is a function below, ENGINE wasmtime, node, krait or native. The last two need PROGRAM, which is host_krait, and
krait the translated MODULE; native is the module `wadup` of the installed runtime. The scripts in
scripts/ are in a folder that is mapped: so all cases share one module, which each engine translates once.
Exit status 77: the engine is not here.
"""
import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
HERE = os.path.join(SOURCE, "tests", "wadup")
MODULE = os.path.join(os.environ["KRAIT_RUNTIME_TREE"] + "-module", "bin", "python.wasm")
sys.path.insert(0, os.path.join(SOURCE, "tests", "spec"))
sys.path.insert(0, os.path.join(HERE, "scripts"))
import tools  # noqa: E402
import values  # noqa: E402

failures = 0


def check(what, found, wanted):
    global failures
    if found != wanted:
        failures += 1
        print("failed: %s\n    found  %.400r\n    wanted %.400r" % (what, found, wanted))


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


# ---- engines

class Host:
    """A program of this folder, and a folder that is "/" of the guest."""

    def __init__(self, engine, folder, program=None, module=MODULE):
        self.folder, self.module = folder, "native" if engine == "native" else module
        self.environment = dict(os.environ)
        if engine == "node":
            node = shutil.which("node") or skip("node is not installed")
            self.command = [node, "--no-warnings", os.path.join(HERE, "host_node.mjs")]
        elif engine == "wasmtime":
            try:
                self.environment["PYTHONPATH"] = tools.wasmtime()
            except tools.Unavailable as error:
                skip(str(error))
            self.command = [sys.executable, os.path.join(HERE, "host_wasmtime.py")]
        else:
            self.command = [program]
        self.root = os.path.join(folder, "root")
        shutil.copytree(os.path.join(HERE, "scripts"), os.path.join(self.root, "case"))
        self.put("/data.bin", b"")

    def put(self, path, data):
        with open(self.root + path, "wb") as file:
            file.write(data)

    def run(self, script, *args, calls=1, documents=(), options=(), module=None):
        """(stdout, stderr, lines of the record)"""
        record = os.path.join(self.folder, "record")
        before = []
        for number, document in enumerate(documents, 1):
            path = os.path.join(self.folder, "document%d" % number)
            with open(path, "wb") as file:
                file.write(document)
            before += ["--before", "%d=%s" % (number, path)]
        command = [*self.command, *options, "--dir", self.root + "::/", "--calls", str(calls), *before, record,
                   module or self.module]
        done = subprocess.run(command + ([script, *args] if script else []), capture_output=True,
                              env=self.environment, check=False)
        err = done.stderr.decode("utf-8")
        check("%s: exit status of the host\n%s" % (script, err), done.returncode, 0)
        with open(record, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        return done.stdout.decode("utf-8"), err, lines


def results(lines):
    return [line[1] for line in lines if line[0] is None]


# ---- what comes back is what was given

def decoded(cell):
    """(kind, value) with floats as bit patterns."""
    (kind, value), = cell.items()
    if kind == "Int64":
        assert isinstance(value, int) and not isinstance(value, bool), cell
    elif kind == "Float64":
        if isinstance(value, str):
            named = {"inf": 0x7FF << 52, "-inf": 0xFFF << 52, "nan": 0x7FF8000000000000}
            value = named[value] if value in named else int(re.fullmatch(r"nan:0x([0-9a-f]{16})", value)[1], 16)
        else:
            value = struct.unpack("<Q", struct.pack("<d", float(value)))[0]
    elif kind == "Bytes":
        value = base64.b64decode(value, validate=True)
    else:
        assert {"String": str, "Boolean": bool, "Null": type(None)}[kind] is type(value), cell
    return kind, value


def no_constant(text):
    raise ValueError(text + " is no JSON")


def case_values(host):
    """Bit for bit, and the text is JSON in the strict sense."""
    out, err, lines = host.run("/case/values.py")
    check("output", (out, err), ("", ""))
    check("result", results(lines), [0])
    found = iter(lines)
    for table, columns, rows in values.rows():
        line = next(found)
        check("definition", line[:2], ["define_table", table])
        check("columns of " + table, json.loads(line[2]), [{"name": n, "data_type": t} for n, t in columns])
        for row in rows:
            line = next(found)
            # Floats of JSON have more digits than Python's json keeps exact: strings, and float() later.
            cells = [decoded(cell) for cell in json.loads(line[2], parse_constant=no_constant)]
            wanted = [("Null", None) if v is None else (t, v) for (_, t), v in zip(columns, row)]
            check("row of " + table, (line[:2], cells), (["insert_row", table], wanted))
    check("last line", next(found)[:2], [None, 0])


def case_errors(host):
    out, err, lines = host.run("/case/errors.py")
    check("errors", (out, err, results(lines)), ("", "", [0]))
    content = [line for line in lines if line[0] and line[0].startswith("emit")]
    check("sub-content", content, [
        ["emit_subcontent_bytes", "YWJj", ""], ["emit_subcontent_bytes", "YWNl", "../\u20ac/x"],
        ["emit_subcontent_slice", 0, 0xFFFFFFFF, "y"]])
    rows = [json.loads(line[2]) for line in lines if line[0] == "insert_row"]
    inner = [{"Int64": 2}, {"Float64": 2.5}, {"String": "inner"}, {"Boolean": False}, {"Bytes": "YnVmZmVy"}]
    outer = [{"Int64": 1}, {"Float64": 1.5}, {"String": "outer"}, {"Boolean": True}, {"Bytes": "YnVmZmVy"}]
    check("a row in a row", rows[-3:], [inner, outer, inner])


def reasons():
    with open(os.path.join(SOURCE, "include", "krait", "module.h"), encoding="utf-8") as file:
        found = re.findall(r'X\((\w+), (-\d+), "([^"]+)"\)', file.read())
    return {int(code): text for _, code, text in found}


def case_codes(host):
    known = reasons()
    check("codes", sorted(known), list(range(-10, 0)))
    # Each one once; an engine takes a second to start.
    for code, text in [*known.items(), (-77, "unknown error"), (-(1 << 31), "unknown error")]:
        options = []
        for name in ("define_table", "emit_subcontent_bytes", "emit_subcontent_slice"):
            options += ["--code", "%s=%d" % (name, code)]
        out, err, lines = host.run("/case/codes.py", text, options=options)
        check("code %d" % code, (out, err, results(lines)), ("", "", [0]))
    out, err, lines = host.run("/case/rows_refused.py", known[-7], options=["--code", "insert_row=-7"])
    check("rows", (out, err, results(lines)), ("", "", [0]))
    # More than 0 is no failure.
    options = ["--code", "insert_row=1", "--code", "define_table=2"]
    check("positive", results(host.run("/case/lives.py", "argument", options=options)[2]), [0])


def case_codes_native(host):
    """As the case above without arguments, which scripts in a snapshot do not have."""
    for code, text in list(reasons().items())[::4]:
        for name in ("codes", "rows_refused"):
            with open(os.path.join(HERE, "scripts", name + ".py"), encoding="utf-8") as file:
                host.put("/case/%s_native.py" % name, file.read().replace("sys.argv[1]", repr(text)).encode())
        options = []
        for name in ("define_table", "emit_subcontent_bytes", "emit_subcontent_slice"):
            options += ["--code", "%s=%d" % (name, code)]
        out, err, lines = host.run("/case/codes_native.py", options=options)
        check("code %d" % code, (out, err, results(lines)), ("", "", [0]))
        out, err, lines = host.run("/case/rows_refused_native.py", options=["--code", "insert_row=%d" % code])
        check("rows, code %d" % code, (out, err, results(lines)), ("", "", [0]))


LIVES = [  # document, result, stderr after "err N"
    ("", 0, []),
    ("raise", 1, ["Traceback (most recent call last):", '  File "/case/lives.py", line 66, in <module>', "    fail()",
                  "    ~~~~^^", '  File "/case/lives.py", line 31, in fail',
                  '    raise ValueError("no \\u20ac " + what)', "ValueError: no \u20ac raise"]),
    ("last", 0, []),
    ("exit-none", 0, []), ("exit-0", 0, []), ("exit-false", 0, []), ("exit-3", 1, ["SystemExit: 3"]),
    ("exit-text", 1, ["a reason"]), ("exit-huge", 1, ["SystemExit: %d" % (1 << 100)]), ("stubborn", 1, None),
    ("hook", 1, None), ("hook-back", 0, []), ("deep", 1, None), ("parser", 1, None), ("interrupt", 1, None),
    ("no-stdout", 0, []), ("stdout-back", 0, []), ("closed-stdout", 1, None), ("stdout-back", 0, []),
    ("bad-stdout", 0, None), ("stdout-back", 0, []), ("signals", 0, []), ("", 0, []),
]


def case_lives(host):
    """State stays, nothing exits, streams are flushed."""
    out, err, lines = host.run("/case/lives.py", "argument", calls=len(LIVES),
                               documents=[what.encode() for what, _, _ in LIVES])
    check("results", results(lines), [result for _, result, _ in LIVES])
    calls = [json.loads(line[2]) for line in lines if line[0] == "insert_row"]
    check("counter", calls, [[{"Int64": n}, {"String": what}] for n, (what, _, _) in enumerate(LIVES, 1)])
    parts = re.split(r"^err (\d+)\n", err, flags=re.M)
    check("calls in stderr", parts[1::2], [str(n) for n in range(1, len(LIVES) + 1)])
    for (what, _, wanted), text in zip(LIVES, parts[2::2]):
        if wanted is not None:
            wanted = [re.sub(r"line \d+", "line N", line) for line in wanted]
            check("stderr of " + what, [re.sub(r"line \d+", "line N", line) for line in text.splitlines()], wanted)
        else:
            check("stderr of %s ends with an exception: %s" % (what, text),
                  re.search(r"^(\w+Error|KeyboardInterrupt|__main__\.Stubborn|Stubborn|MemoryError)", text, re.M) is not None,
                  True)
    # What was written before the stream was replaced is not lost, and comes with its call.
    check("begins in stdout", re.findall(r"^out (\d+)$", out, re.M), [str(n) for n in range(1, len(LIVES) + 1)])


def case_flat(host):
    """Memory does not grow, whatever the calls end with."""
    lines = host.run("/case/flat.py", calls=1000)[2]
    check("results", results(lines), [1, 1, 0, 0] * 250)
    sizes = [line[2] for line in lines if line[0] is None]
    check("memory", sizes[100:], [sizes[-1]] * 900)


def case_library(host):
    """Everything is inside: nothing is mapped but the case."""
    host.put("/data.bin", b"0123456789")
    out, err, lines = host.run("/case/imports.py", '{"filename": "data.bin", "size": 10}')
    check("without a description", (out, err, results(lines)), ("", "", [0]))
    out, err, lines = host.run("/case/imports.py", '{"filename": "a b.txt", "size": 10}',
                               options=["-e", "WADUP_FILENAME=a b.txt"])
    check("with the variable", (out, err, results(lines)), ("", "", [0]))
    text = json.dumps({"filename": "\u20ac.txt", "path": "in/a.zip!\u20ac.txt", "size": 10, "parent": None})
    host.put("/data.json", text.encode())
    out, err, lines = host.run("/case/imports.py", text, options=["-e", "WADUP_FILENAME=other"])
    check("with a description", (out, err, results(lines)), ("", "", [0]))
    host.put("/data.json", b"[1]")
    err = host.run("/case/imports.py", text)[1]
    check("a description that is none", err.splitlines()[-1], "RuntimeError: /data.json is no object")


def case_starts(host):
    """How it is started: by _initialize() or not, by file, folder, byte code, module; and what cannot be started."""
    host.put("/case/__main__.py", b"print(__name__, __file__)\n")
    os.makedirs(host.root + "/app/package")
    host.put("/app/package/__init__.py", b"print('imported')\n")
    host.put("/app/package/part.py", b"print(__name__)\ndef main():\n    print('main')\ndef other():\n    print('other')\n")
    host.put("/case/broken.py", b"print(1)\n  x\n")
    host.put("/case/nul.py", b"print(1)\0\n")
    host.put("/case/latin.py", b"# coding: latin-1\nprint('\xe9')\n")
    host.put("/case/bad.pyc", b"no byte code at all")

    def run(what, *args, wanted, result=0, error=None, **more):
        out, err, lines = host.run(what, *args, calls=2, **more)
        check("output of %s %s" % (what, args), out, wanted)
        check("result of %s %s: %s" % (what, args, err), results(lines), [result] * 2)
        last = err.splitlines()[-1] if err else ""
        check("error of %s %s: %s" % (what, args, err), error in last if error else last, True if error else "")

    run("/case", wanted="__main__ /case/__main__.py\n" * 2)
    run("/case/__main__.py", wanted="__main__ /case/__main__.py\n" * 2, options=["--plain"])
    run("-m", "package.part", wanted="imported\npackage.part\nmain\nmain\n")
    run("-m", "package.part:other", wanted="imported\npackage.part\nother\nother\n")
    run("-m", "package", wanted="imported\n")
    run("-m", "package:none", wanted="imported\n", result=1, error="has no attribute 'none'")
    run("-m", "nothing", wanted="", result=1, error="No module named 'nothing'")
    run("-m", wanted="", result=1, error="this module has no script")
    run("/case/latin.py", wanted="\xe9\n" * 2)
    run("/case/broken.py", wanted="", result=1, error="IndentationError: unexpected indent")
    run("/case/nul.py", wanted="", result=1, error="null bytes")
    run("/case/missing.py", wanted="", result=1, error="FileNotFoundError: [Errno 44] No such file or directory")
    run("/case/bad.pyc", wanted="", result=1, error="is no byte code of Python 3.")
    run(None, wanted="", result=1, error="this module has no script")


def case_packed(host):
    """Modules of `krait module`: from their section to their rows."""
    script = os.path.join(host.folder, "script.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("import wadup, sys\nwadup.define_table('t', [('a', 'String')])\n"
                   "wadup.insert_row('t', [open('/data.bin').read()])\nprint(sys.path[0], __file__, sys.argv)\n"
                   "if open('/data.bin').read() == 'no': raise ValueError('no')\n")
    module = os.path.join(host.folder, "module.wasm")
    began = time.monotonic()
    done = subprocess.run([os.environ["KRAIT"], "module", "--runtime", MODULE, script, "-o", module],
                          capture_output=True, text=True, check=False)
    print("made in %.2f s" % (time.monotonic() - began))
    check("krait module: " + done.stderr, done.returncode, 0)
    out, err, lines = host.run(None, calls=2, documents=[b"yes", b"no"], module=module)
    check("rows", [line[:2] if line[0] is None else line for line in lines], [
        ["define_table", "t", '[{"name":"a","data_type":"String"}]'], ["insert_row", "t", '[{"String":"yes"}]'], [None, 0],
        ["define_table", "t", '[{"name":"a","data_type":"String"}]'], ["insert_row", "t", '[{"String":"no"}]'], [None, 1]])
    check("output", out, "/app /app/script.py ['/app/script.py']\n" * 2)
    check("a line of the source in the traceback: " + err, "    if open('/data.bin').read() == 'no': raise" in err, True)


def main():
    case, engine = sys.argv[1:3]
    if not os.path.exists(MODULE):
        skip("there is no module runtime at " + MODULE)
    with tempfile.TemporaryDirectory(prefix="krait-wadup.") as folder:
        globals()["case_" + case](Host(engine, folder, *sys.argv[3:5]))
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
