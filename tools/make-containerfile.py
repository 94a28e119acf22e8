#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes compat/Containerfile, a build environment for docker and podman, from packages.txt.

usage: make-containerfile.py [--check]

--check writes nothing and fails when the file is not what packages.txt asks for. The packages of
the stage `build` go in: what is needed to build and run, not what the tests need besides.
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = "compat/Containerfile"
BASE = "debian:13"
CLANG = "19"  # the one of that distribution

HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# A machine that builds Krait and CPython for WebAssembly. It holds the packages of
# tools/packages.txt and nothing of Krait: tools/make-containerfile.py writes it.
#
#   docker build -t builder -f compat/Containerfile compat
#   docker run --rm -v "$PWD:$PWD" -w "$PWD" -v krait:/var/cache/krait builder compat/build.sh
#
# The volume keeps what was built; without it the next run begins anew.
FROM %s
"""


def packages():
    """Names of the stage `build`, in the order of the list."""
    with open(os.path.join(ROOT, "tools/packages.txt"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            name, stage = (word.strip() for word in line.split("|")[:2])
            if stage == "build":
                yield name.replace("@N@", CLANG).split(",")[0]


def containerfile():
    lines = ["RUN apt-get update \\",
             " && apt-get install -y --no-install-recommends \\"]
    lines += ["    %s \\" % name for name in sorted(packages())]
    lines += [" && rm -rf /var/lib/apt/lists/*",
              "RUN mkdir -m 1777 /var/cache/krait",
              "ENV KRAIT_CACHE=/var/cache/krait"]
    return HEAD % BASE + "\n".join(lines) + "\n"


def main():
    wanted = containerfile()
    path = os.path.join(ROOT, TARGET)
    if sys.argv[1:] == ["--check"]:
        with open(path, encoding="utf-8") as file:
            if file.read() == wanted:
                return 0
        print("%s is not what tools/packages.txt asks for: run tools/make-containerfile.py" % TARGET)
        return 1
    if sys.argv[1:]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(path, "w", encoding="utf-8") as file:
        file.write(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
