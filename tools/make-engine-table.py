#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of engines in README.md from what tests/engines has found.

Usage: make-engine-table.py RESULTS [--times FILE] [--check]

RESULTS is the folder `engines` of a build after `ctest -R '^engines'`. Versions come from the
lock files of examples/engines, the reasons for differences from tests/engines/known.txt. Times
are multiples of native Python's; they stay as they are, unless FILE has the output of `bench/run
engines`. With --check nothing is written: exit status 1 when the table says anything else, times
aside. An engine that was not run here keeps its row, and that is said.
"""
import argparse
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "engines"))
import cases  # noqa: E402

BEGIN, END = "<!-- engines: tools/make-engine-table.py -->\n", "<!-- end of engines -->\n"
HEADER = ("| engine | by | must be given | the same of %d cases | `-c pass` |\n|---|---|---|---|---|\n")

# name: (title, file with the pin, pattern of the version, folder, what it must be given)
ROWS = {
    "wasmtime": ("wasmtime", "rust-wasmtime/Cargo.toml", r'\nwasmtime = { version = "=([0-9.]+)"',
                 "Rust", "32 MiB of stack"),
    "wasmtime-py": ("wasmtime", "python-wasmtime/requirements.txt", r"wasmtime==([0-9.]+)",
                    "Python", "32 MiB of stack"),
    "wasmi": ("wasmi", "rust-wasmi/Cargo.toml", r'\nwasmi = { version = "=([0-9.]+)"',
              "Rust", "1,000,000 calls, 256 MiB of values"),
    "wazero": ("wazero", "go-wazero/go.mod", r"wazero v([0-9.]+)",
               "Go", "clocks, sleep, random numbers"),
    "wazero-1.6": ("wazero", "go-wazero/go-1.19.mod", r"wazero v([0-9.]+)",
                   "Go 1.19", "clocks, sleep, random numbers"),
    "node": ("Node", "node/README.md", r"Node ([0-9.]+) or newer",
             "JavaScript", "32 MiB of stack, in a worker"),
}


def version(name):
    title, file, pattern = ROWS[name][:3]
    with open(os.path.join(ROOT, "examples", "engines", file), encoding="utf-8") as text:
        found = re.search(pattern, text.read())
    if not found:
        raise SystemExit("%s: no version of %s" % (file, title))
    return found.group(1) + (" and newer" if name == "node" else "")


def told(path):
    """What a run gave, or None when there was none."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)["cases"]
    except FileNotFoundError:
        return None
    different = sorted({reason for reason in found.values() if reason})
    same = sum(not reason for reason in found.values())
    return "%d; %s" % (same, "; ".join(different)) if different else "all"


def outcome(results, name):
    """Of both runs of an engine: with the library in a folder and in the module."""
    runs = {row: told(os.path.join(results, "%s-%s.json" % (name, row))) for row in ("tree", "packed")}
    found = {row: text for row, text in runs.items() if text is not None}
    if len(set(found.values())) > 1:
        return "%(tree)s (packed: %(packed)s)" % found
    return next(iter(found.values()), None)


def old_rows(text):
    """(outcome, time) of each row that stands there now, by engine and version"""
    rows = {}
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and "/" in cells[1]:
            rows[cells[1]] = cells[3:]
    return rows


def table(results, old, times):
    lines = []
    for name, (title, file, _, language, given) in ROWS.items():
        folder = os.path.dirname(file)
        link = "[%s](examples/engines/%s/README.md)" % (language, folder)
        found = outcome(results, name)
        before = old.get(link, ["not run", "?"])
        if found is None:
            print("not run here: %s" % name)
            found = before[0]
        took = "%.1f" % times[name] if name in times else before[1]
        lines.append("| %s %s | %s | %s | %s | %s |\n" %
                     (title, version(name), link, given, found, took))
    return HEADER % len(cases.CASES) + "".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("results")
    parser.add_argument("--times")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    readme = os.path.join(ROOT, "README.md")
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    times = {}
    if options.times:
        with open(options.times, encoding="utf-8") as file:
            times = json.loads(file.read().strip().split("\n")[-1])["median_ms"]
        native = next(value for name, value in times.items() if name.startswith("python "))
        times = {name: value / native for name, value in times.items()}
    now = table(options.results, old_rows(text[start:end]), times)
    if options.check:
        if now != text[start:end]:
            print("README.md: the table of engines is out of date; "
                  "tools/make-engine-table.py RESULTS makes it\n%s" % now)
            return 1
        return 0
    with open(readme, "w", encoding="utf-8") as file:
        file.write(text[:start] + now + text[end:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
