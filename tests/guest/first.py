#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The functions of recipes/python-krt/first lie side by side in python.krt, in that order.

The list may be a little older than the guest: one name in fifty may be unknown, then
tools/make-first.py should write it anew.
"""
import os
import re
import subprocess
import sys

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
RUNTIME = os.environ["KRAIT_RUNTIME_TREE"]


def listed():
    with open(os.path.join(SOURCE, "recipes", "python-krt", "first"), encoding="ascii") as names:
        return [line.rstrip("\n") for line in names if line.strip() and line[0] != "#"]


def placed():
    """(address, name) of each function of the guest, without what makes names in C unique."""
    done = subprocess.run(["nm", os.path.join(RUNTIME, "python.krt")], capture_output=True,
                          text=True, check=True)
    found = re.findall(r"^([0-9a-f]+) t w_(.+)$", done.stdout, re.MULTILINE)
    return sorted((int(address, 16), re.sub(r"__\d+$", "", name)) for address, name in found)


def main():
    names = listed()
    places = {name: number for number, name in enumerate(names)}
    functions = placed()
    known = {name for _, name in functions}
    unknown = [name for name in names if name not in known]
    print(f"{len(names)} names, {len(functions)} functions, unknown: {' '.join(unknown)}")
    if len(names) < 500 or len(names) != len(places):
        sys.exit("the list is too short, or has a name twice")
    if len(unknown) * 50 > len(names):
        sys.exit("more than one name in fifty is unknown: run tools/make-first.py")
    ours = [number for number, (_, name) in enumerate(functions) if name in places]
    order = [name for _, name in functions[ours[0]:ours[-1] + 1]]
    if len(order) != len(ours):
        strange = next(name for name in order if name not in places)
        sys.exit(f"'{strange}' lies among the functions that come first, and is not listed")
    if [places[name] for name in order] != sorted(places[name] for name in order):
        sys.exit("they lie in another order than that of the list")


if __name__ == "__main__":
    main()
