#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every case on one engine and compares what it gives: exactly, files included.

Usage: run.py ENGINE [--module FILE] [--case NAME]... [--update]

The module is the portable python.wasm with its tree (recipes/build --where), or FILE, which
has its library inside. expected/NAME.txt is what every engine must give. Where an engine
cannot, known.txt has a line "ENGINE CASE reason", and expected/NAME.ENGINE.txt is what it
gives. A difference without such a line is a failure, and so is a line without a difference.
The result is written to the build folder, for tools/make-engine-table.py.
"""
import argparse
import difflib
import json
import os
import subprocess
import sys
import tempfile

import cases
import engines


def expected(name, engine):
    for file in ("%s.%s.txt" % (name, engine), name + ".txt"):
        path = os.path.join(cases.HERE, "expected", file)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as text:
                return file, text.read()
    return name + ".txt", ""


def known(engine):
    """case: reason, for this engine"""
    found = {}
    with open(os.path.join(cases.HERE, "known.txt"), encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 2)
            if len(words) == 3 and words[0] == engine:
                found[words[1]] = words[2].strip()
    return found


def one(command, module, mounts, name):
    with tempfile.TemporaryDirectory(prefix="krait-engine.") as folder:
        arguments, given, variables = cases.prepare(name, folder)
        options = ["--dir", folder + "::/data", *mounts]
        for variable in variables.items():
            options += ["--env", "%s=%s" % variable]
        done = subprocess.run([*command, *options, module, *arguments], input=given,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return cases.report(name, done, folder, module)


def show(found, wanted):
    for line in difflib.unified_diff(wanted.splitlines(), found.splitlines(), "expected", "found",
                                     lineterm="", n=1):
        print("    " + line)


def save(engine, row, results):
    os.makedirs(engines.results(), exist_ok=True)
    path = os.path.join(engines.results(), "%s-%s.json" % (engine, row))
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump({"engine": engine, "row": row, "cases": results}, file, indent=1)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("engine", choices=engines.ENGINES)
    parser.add_argument("--module")
    parser.add_argument("--case", action="append")
    parser.add_argument("--update", action="store_true", help="write expected/ anew")
    options = parser.parse_args()
    try:
        command = engines.ready(options.engine)
        module, mounts = options.module, []
        if not module:
            tree = engines.portable_tree()
            module, mounts = tree + "/bin/python.wasm", ["--dir", tree + "/usr::/usr"]
    except engines.Missing as error:
        print("engines:", error)
        return 1
    reasons = known(options.engine)
    results, failures = {}, 0
    for name in options.case or cases.CASES:
        found = one(command, module, mounts, name)
        file, wanted = expected(name, options.engine)
        if options.update:
            with open(os.path.join(cases.HERE, "expected", file), "w", encoding="utf-8") as text:
                text.write(found)
        own = file != name + ".txt"
        good = (found == wanted or options.update) and own == (name in reasons)
        results[name] = reasons.get(name, "") if found == wanted else "not as expected"
        if not good:
            failures += 1
            print("failed: %s" % name)
            if own != (name in reasons):
                print("    known.txt and expected/%s do not agree" % file)
            show(found, wanted)
    if not options.case:
        save(options.engine, "packed" if options.module else "tree", results)
    print("%d cases on %s, %d failed" % (len(results), options.engine, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
