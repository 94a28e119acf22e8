#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares commands.txt with the tests that exist and with docs/requirements.md.

usage: check_commands.py CTEST [--against DIR]

Every command has a test that is registered or, in a build without the guest, defined; the test
takes the command from the file by its name; the document lists each with its test, and no other.
--against: every fenced block of the documents in DIR (NNN_*.txt) is in the file, word by word.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def commands():
    """{id: (test, text)} of commands.txt."""
    found = {}
    for part in re.split(r"^== ", read(os.path.join(HERE, "commands.txt")), flags=re.M)[1:]:
        head, _, text = part.partition("\n")
        words = head.split()
        assert len(words) in (2, 3) and words[0] not in found, head
        found[words[0]] = (words[1], text.strip("\n"))
    return found


def documented():
    """{id: test} of the table rows "| `ID` | ... | `TEST` |" in the document."""
    rows = re.findall(r"^\| `(\d{3}-[a-z-]+)` \|.*\| `([a-z0-9.-]+)` \|$",
                      read(os.path.join(ROOT, "docs/requirements.md")), re.M)
    return dict(rows), len(rows)


def tests(ctest):
    """Names that CTest knows, and those that CMakeLists.txt would add with the guest."""
    listed = subprocess.run([ctest, "-N", "-C", "Full"], cwd=os.environ["KRAIT_BINARY_DIR"],
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    names = set(re.findall(r"Test +#\d+: (\S+)", listed))
    names |= set(re.findall(r"NAME (requirements\.[a-z0-9-]+)",
                            read(os.path.join(HERE, "CMakeLists.txt"))))
    return names


def script_of(test):
    """The text of the script that is behind a test."""
    name = test.partition(".")[2]
    m = re.search(r"NAME %s\s+SCRIPT ([\w.]+)" % re.escape(test),
                  read(os.path.join(HERE, "CMakeLists.txt")))
    return read(os.path.join(HERE, m.group(1) if m else name.replace("-", "_") + ".sh"))


def blocks(folder):
    """(document, text) of the fenced blocks of the requirements 001 to 004."""
    for name in sorted(os.listdir(folder)):
        if re.match(r"00[1-4]_.*\.txt$", name):
            for m in re.finditer(r"^```[^\n]*\n(.*?)^```", read(os.path.join(folder, name)),
                                 re.M | re.S):
                yield name[:3], m.group(1).strip("\n").replace("\u00a0", " ")


def main():
    if len(sys.argv) not in (2, 4) or len(sys.argv) == 4 and sys.argv[2] != "--against":
        print(__doc__.strip(), file=sys.stderr)
        return 2
    problems = []
    wanted = commands()
    rows, count = documented()
    known = tests(sys.argv[1])
    if count != len(rows):
        problems.append("docs/requirements.md lists a command twice")
    for name, (test, _) in wanted.items():
        if rows.get(name) != test:
            problems.append("docs/requirements.md: %s is not listed with its test %s" % (name, test))
        if test not in known:
            problems.append("%s: there is no test %s" % (name, test))
        elif name not in script_of(test):
            problems.append("%s: %s does not name it" % (name, test))
    for name in sorted(set(rows) - set(wanted)):
        problems.append("docs/requirements.md: %s is not in commands.txt" % name)
    if len(sys.argv) == 4:
        texts = [(name[:3], text) for name, (_, text) in wanted.items()]
        found = list(blocks(sys.argv[3]))
        for document, text in found:
            if (document, text) not in texts:
                problems.append("%s: a block is missing:\n%s" % (document, text))
        print("%d blocks compared" % len(found))
    for problem in problems:
        print(problem)
    print("%d commands, %d problems" % (len(wanted), len(problems)))
    return 1 if problems or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
