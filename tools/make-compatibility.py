#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/compatibility.md from the results of `krait test --json`.

usage: make-compatibility.py KRAIT.json [--compare OTHER.json]... > docs/compatibility.md
"""
import argparse
import collections
import json

HEAD = """\
# What of the standard library works

CPython's own tests are the measure: `krait test` runs them unmodified in the sandbox, every
module in a process of its own, without any of the runner's extra resources (`-u`). This page
is made by `tools/make-compatibility.py` from such a run; what is expected of every single
test is in [tests/cpython/expectations-3.13.toml](../tests/cpython/expectations-3.13.toml).

Krait runs the native flavour with the modules that only tests import
(`recipes/cpython-native-test`), wasmtime the portable one (`recipes/cpython-portable-test`).
Native is `recipes/native-python`. Tk counts as something that needs sockets: it draws on a
display that is a server.
"""

SYSTEM = ("threads", "sockets", "processes", "dynamic loading")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def cell(text):
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "|" + "|".join("---" if i == 0 else "---:" if not isinstance(rows[0][i], str) else "---"
                            for i in range(len(head))) + "|"]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def summary(runs):
    rows = []
    for run in runs:
        whole = collections.Counter(m["outcome"] for m in run["modules"])
        rows.append((run["on"], run["python"], whole["passed"], whole["skipped"] + whole["failed"],
                     run["passed"], run["failed"], run["skipped"]))
    return table(("on", "CPython", "modules that ran", "that did not", "tests passed", "failed",
                  "skipped"), rows)


def needs_system(m):
    """True for a module that does not run, or of which no test passes, for want of these."""
    if m["outcome"] != "passed":
        return m["needs"] in SYSTEM
    return m["passed"] == 0 and any(t["needs"] in SYSTEM for t in m["tests"])


def shares(run, other):
    """(reached, passed there): of all modules, without those that need a system, and without
    single tests that do. The same sums as in the last line of `krait test`."""
    beside = {m["name"]: m for m in other["modules"]}
    sums = [[0, 0], [0, 0], [0, 0]]
    for m in run["modules"]:
        there = beside.get(m["name"])
        if there is None:
            continue
        passed = there["passed"]
        missed = {t["name"] for t in there["tests"]}
        single = sum(1 for t in m["tests"] if there["outcome"] == "passed"
                     and t["needs"] in SYSTEM and t["name"] not in missed)
        for kind, limit in enumerate((passed, passed, max(passed - single, 0))):
            if kind == 0 or not needs_system(m):
                sums[kind][0] += min(m["passed"], limit)
                sums[kind][1] += limit
    return sums


def share_text(run, other):
    rows = [(what, passed, reached, f"{100 * reached / passed:.2f} %")
            for what, (reached, passed) in zip(
                ("all modules",
                 "without modules that cannot run without threads, sockets, processes or dynamic loading",
                 "without single tests that need one of these, too"), shares(run, other))
            if passed][:None if other["on"] == "native" else 1]
    return (f"Of the tests that pass on {other['on']}, module by module; no module counts more than "
            f"it does there:\n\n"
            + table(("", f"passed on {other['on']}", "passed here", "share"), rows)) if rows else ""


def needs(run):
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for m in run["modules"]:
        if m["outcome"] != "passed":
            counts[m["needs"]][2] += 1
        for t in m["tests"]:
            counts[t["needs"]][t["outcome"] == "skipped"] += 1
    rows = [(name or "(not said)", *value) for name, value in
            sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))]
    return table(("what they need", "failed", "skipped", "whole modules"), rows) if rows else ""


def brief(m):
    """The needs of a module's tests, commonest first."""
    if m["outcome"] != "passed":
        return f"{m['outcome']}: {m['reason']}; needs {m['needs'] or '(not said)'}"
    counts = collections.Counter(t["needs"] or "(not said)" for t in m["tests"])
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(),
                                                                 key=lambda i: (-i[1], i[0])))


def modules(run, others):
    beside = [{m["name"]: m["passed"] for m in other["modules"]} for other in others]
    rows = [(m["name"], m["passed"], m["failed"], m["skipped"],
             *(there.get(m["name"], "") for there in beside), brief(m)) for m in run["modules"]]
    head = ("module", "passed", "failed", "skipped",
            *(f"passed on {other['on']}" for other in others), "what the others need")
    return table(head, rows)


def failures(run):
    rows = [(m["name"], t["name"], t["reason"], t["needs"] or "(not said)")
            for m in run["modules"] for t in m["tests"] if t["outcome"] == "failed"]
    if not rows:
        return "None.\n"
    return table(("module", "test", "what happens", "needs"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--compare", action="append", default=[])
    options = parser.parse_args()
    run = load(options.run)
    others = [load(path) for path in options.compare]
    print(HEAD)
    print("## In short\n")
    print(summary([run, *others]))
    for other in others:
        print(share_text(run, other))
    print("## What is missing\n")
    print("Tests that are skipped or fail, by what would make them pass. A module that cannot be\n"
          "imported counts once.\n")
    print(needs(run))
    print("## Tests that fail\n")
    print(failures(run))
    print("## By module\n")
    print(modules(run, others), end="")


main()
