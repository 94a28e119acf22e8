#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes recipes/python-krt/first: the functions of Python whose code shall lie side by side.

Usage: make-first.py [KRAIT]

KRAIT is bin/krait of a build (default: build/bin/krait). Each of some short programs runs from a
snapshot under valgrind (Debian package valgrind); the functions of python.krt that it enters are what
`krait compile --first` gets, the first program's before those that the second one adds, and so on.
The list need not be exact: a function that is missing costs a page fault, one too many some bytes.
It is worth a new look with another CPython, or when guest/session does something else at a start.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(ROOT, "recipes", "python-krt", "first")
IMAGES = 8  # more runs than there are snapshots of one kind, so that none is made while we look

SCRIPT = "import sys\nprint('x', len(sys.argv))\n"
LINES = "import sys, json\nfor line in sys.stdin:\n    print(json.dumps(json.loads(line)))\n"
PROGRAMS = (
    ("-c", "pass"),
    ("-c", "print('x')"),
    ("-c", "import json, re, dataclasses, datetime, pathlib, sqlite3"),
    ("script.py",),
    ("lines.py",),
    ("-c", "raise ValueError(1)"),
)
HEADER = """\
# Functions that a start enters, for `krait compile --first`: tools/make-first.py writes this list.
# Programs, each with what it adds to those before it:
"""


def run(command, folder, environ):
    with open(os.path.join(folder, "input"), encoding="ascii") as standard_input:
        return subprocess.run(command, cwd=folder, env=environ, stdin=standard_input,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)


def entered(command, folder, environ):
    """Names in C of the functions of python.krt that a command enters."""
    for _ in range(IMAGES):
        run(command, folder, environ)
    out = os.path.join(folder, "calls")
    done = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"] + command,
               folder, environ)
    if b"Collected" not in done.stderr:
        sys.exit(f"make-first.py: valgrind failed: {done.stderr.decode()}")
    names, objects, shown = {}, {}, set()
    current = ""
    with open(out, encoding="ascii", errors="replace") as calls:
        for line in calls:
            key, _, value = line.rstrip("\n").partition("=")
            number, _, text = value.partition(" ")
            if key == "ob":
                current = objects.setdefault(number, text)
            elif key in ("cob", "fn", "cfn"):
                (objects if key == "cob" else names).setdefault(number, text)
                if key == "fn" and current.endswith("/python.krt"):
                    shown.add(names[number])
    return shown


def guest_names(names):
    """The wasm names: without what aot/plan_names.c puts before and behind them."""
    found = set()
    for name in names:
        match = re.fullmatch(r"w_(.+?)(__\d+)?('\d+)?", name)
        if match:
            found.add(match[1])
    return found


def main():
    krait = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else
                            os.path.join(ROOT, "build", "bin", "krait"))
    if shutil.which("valgrind") is None:
        sys.exit("make-first.py: there is no valgrind (Debian package valgrind)")
    known = set()
    lines = [HEADER]
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PATH": os.defpath, "HOME": folder}
        for name, text in (("script.py", SCRIPT), ("lines.py", LINES), ("input", '{"a": 1}\n')):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        for program in PROGRAMS:
            names = guest_names(entered([krait, "run", *program], folder, environ)) - known
            known |= names
            lines.append(f"# krait run {' '.join(program)}\n")
            lines.extend(f"{name}\n" for name in sorted(names))
            print(f"{' '.join(program)}: {len(names)} functions")
    with open(LIST, "w", encoding="ascii") as file:
        file.writelines(lines)


if __name__ == "__main__":
    main()
