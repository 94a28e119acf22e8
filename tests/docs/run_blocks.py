#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of a document that are marked as runnable, and compares what they print.

usage: run_blocks.py FILE.md

  ```console run    lines "$ COMMAND" (continued by a final backslash or by "> " lines), each
                    followed by what it must print; a line "..." stands for any lines
  ```sh run         a script that must succeed
  ```c build        a C program or fragment of one that must compile against include/

Commands run in a temporary folder in which `krait` is the built program (also ./krait) and
`examples` is the checkout's.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
KRAIT = os.environ["KRAIT"]
CC = os.environ.get("KRAIT_TEST_CC", "cc")


def blocks(text):
    """(line, language, mark, body) of each fenced block."""
    pattern = re.compile(r"^```(\w+)[ \t]*([\w-]*)[ \t]*\n(.*?)^```[ \t]*$", re.M | re.S)
    for m in pattern.finditer(text):
        yield text.count("\n", 0, m.start()) + 2, m.group(1), m.group(2), m.group(3)


def steps(line, body):
    """A console block as (line, command, wanted output)."""
    found = []
    for number, text in enumerate(body.split("\n")[:-1], line):
        continues = found and found[-1][1].endswith("\\") and not found[-1][2]
        if continues:
            found[-1][1] = found[-1][1][:-1] + text[2 if text.startswith("> ") else 0:]
        elif text.startswith("$ "):
            found.append([number, text[2:], []])
        elif found:
            found[-1][2].append(text)
        else:
            raise SystemExit("line %d: output before a command" % number)
    return found


def matches(wanted, found):
    """Compares lines; "..." stands for any number of them."""
    if not wanted:
        return not found
    if wanted[0] == "...":
        return any(matches(wanted[1:], found[i:]) for i in range(len(found) + 1))
    return bool(found) and found[0] == wanted[0] and matches(wanted[1:], found[1:])


def prepare(folder):
    shutil.copytree(os.path.join(SOURCE, "examples"), os.path.join(folder, "examples"))
    os.mkdir(os.path.join(folder, "bin"))
    for place in ("krait", "bin/krait"):
        path = os.path.join(folder, place)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec '%s' \"$@\"\n" % KRAIT.replace("'", "'\\''"))
        os.chmod(path, 0o755)


def run(command, folder):
    env = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"])
    return subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def check_console(line, body, folder):
    for number, command, wanted in steps(line, body):
        done = run(command, folder)
        found = done.stdout.decode("utf-8", "replace").split("\n")
        if found[-1] == "":
            found.pop()
        if not matches(wanted, found):
            yield "line %d: %s\n  printed:\n    %s\n  wanted:\n    %s" % (
                number, command, "\n    ".join(found), "\n    ".join(wanted))


def check_script(line, body, folder):
    done = run("set -e\n" + body, folder)
    if done.returncode != 0:
        yield "line %d: exit status %d\n%s" % (
            line, done.returncode, done.stdout.decode("utf-8", "replace"))


def check_c(line, body, folder):
    path = os.path.join(folder, "block.c")
    with open(path, "w", encoding="utf-8") as f:
        f.write(body)
    done = subprocess.run([CC, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                           "-I" + os.path.join(SOURCE, "include"), "-fsyntax-only", path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        yield "line %d: does not compile\n%s" % (line, done.stdout.decode("utf-8", "replace"))


CHECKS = {("console", "run"): check_console, ("sh", "run"): check_script, ("c", "build"): check_c}


def main(document):
    with open(document, encoding="utf-8") as f:
        text = f.read()
    failures = ran = 0
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for line, language, mark, body in blocks(text):
            if (language, mark) not in CHECKS:
                continue
            ran += 1
            for problem in CHECKS[language, mark](line, body, folder):
                failures += 1
                print("%s: %s" % (document, problem))
    print("%d blocks, %d failures" % (ran, failures))
    return 1 if failures or not ran else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
