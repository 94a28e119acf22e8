#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gates on size: a function has at most 100 lines and a complexity of 25, a file 1000 lines.
What to aim for is half of it (50, 15, 500); --report lists what is above that.

Complexity is McCabe's with a switch counted once, as pmccabe's first column: decisions are
if, for, while, switch, &&, || and ?. Exceptions stand in tools/sizes-allowed.txt, one
"path name" (or "path *" for the length of a file) per line, each with its reason.

Usage: check-sizes.py [--report] [ROOT]
"""
import os
import re
import sys

import csource

GATES = {"function": 100, "complexity": 25, "file": 1000}
AIMS = {"function": 50, "complexity": 15, "file": 500}
DECISION = re.compile(r"\b(?:if|for|while|switch)\b|&&|\|\||\?")


def complexity(body):
    # The `while` of `do ... while` decides as well; `#if` lines are blanked before.
    return 1 + len(DECISION.findall(body))


def allow_list(root):
    allowed = set()
    path = os.path.join(root, "tools", "sizes-allowed.txt")
    if os.path.exists(path):
        for line in csource.read(root, "tools/sizes-allowed.txt").split("\n"):
            words = line.split("#")[0].split()
            if len(words) == 2:
                allowed.add(tuple(words))
    return allowed


def measure(root, limits):
    """Everything above the limits as (path, name, problem)."""
    for path in csource.files(root):
        text = csource.read(root, path)
        lines = text.count("\n")
        if lines > limits["file"]:
            yield path, "*", "%s:1: %d lines, at most %d" % (path, lines, limits["file"])
        for name, first, last, body in csource.functions(text):
            if last - first + 1 > limits["function"]:
                yield path, name, "%s:%d: %s has %d lines, at most %d" % (
                    path, first, name, last - first + 1, limits["function"])
            if complexity(body) > limits["complexity"]:
                yield path, name, "%s:%d: %s has a complexity of %d, at most %d" % (
                    path, first, name, complexity(body), limits["complexity"])


def check(root):
    allowed = allow_list(root)
    problems, used = [], set()
    for path, name, problem in measure(root, GATES):
        if (path, name) in allowed:
            used.add((path, name))
        else:
            problems.append(problem)
    for path, name in sorted(allowed - used):
        problems.append("tools/sizes-allowed.txt: '%s %s' is not needed any more" % (path, name))
    return problems


if __name__ == "__main__":
    if "--report" in sys.argv:
        sys.argv.remove("--report")
        for _, _, line in measure(csource.root_from_args(sys.argv), AIMS):
            print(line)
        sys.exit(0)
    csource.main(check, "sizes")
