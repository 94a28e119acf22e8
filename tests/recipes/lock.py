# SPDX-License-Identifier: Apache-2.0
"""The real lock: complete, well-formed, one archive per name apart from candidates."""
import os
import re
import sys

ROOT = os.environ["KRAIT_SOURCE_DIR"]
RECIPES = os.path.join(ROOT, "recipes")
MACHINES = ("amd64", "arm64")
SUM = re.compile(r"[0-9a-f]{64}$")


def check(condition, text):
    if not condition:
        sys.exit("failed: " + text)


def version_key(text):
    return [int(n) for n in text.split(".")]


def recipe_field(name, field):
    with open(os.path.join(RECIPES, name, "build.sh"), encoding="utf-8") as f:
        found = re.search(r"^# %s: (.*)$" % field, f.read(), re.M)
    return found.group(1).split() if found else []


def read_lock(name):
    with open(os.path.join(RECIPES, name), encoding="utf-8") as f:
        return [line.split() for line in f if line.strip() and not line.startswith("#")]


def main():
    lines = read_lock("sources.lock")
    versions = {"3.13": [words for words in lines if words[0] == "python"]}
    for line in os.listdir(os.path.join(RECIPES, "libpython")):
        if os.path.exists(os.path.join(RECIPES, "libpython", line, "sources.lock")):
            versions[line] = read_lock(os.path.join("libpython", line, "sources.lock"))
    check(len(versions) > 2, "the versions are %s" % sorted(versions))
    for words in lines + [words for v in versions for words in versions[v]]:
        check(len(words) == 8, "%s: %d words" % (words[0], len(words)))
        name, version, up_sum, up_size, url, deb_sum, deb_size, path = words
        for digest, size, place in ((up_sum, up_size, url), (deb_sum, deb_size, path)):
            if digest == "-":
                check(size == "-" and place == "-", name + ": a place without a sum")
                continue
            check(SUM.match(digest), "%s: %s is no SHA-256" % (name, digest))
            check(size == "-" or size.isdigit(), "%s: size %s" % (name, size))
        check(up_sum != "-" or deb_sum != "-", name + ": no place")
        check(url == "-" or url.startswith("https://"), name + ": upstream without https")
        check(deb_size != "-", name + ": the pool's file has no size")
        if up_sum == deb_sum and up_size != "-":
            check(up_size == deb_size, name + ": one file, two sizes")
    names = [words[0] for words in lines]
    for name in set(names):
        if name != "python":
            check(names.count(name) == 1, name + ": two lines")
    for line, candidates in versions.items():
        pythons = [words[1] for words in candidates if words[0] == "python"]
        check(len(pythons) == len(candidates) > 0, line + ": only lines of python")
        check(all(v.startswith(line + ".") for v in pythons), "%s: %s" % (line, pythons))
        check(pythons == sorted(pythons, key=version_key, reverse=True), "candidates: newest first")
        check(os.path.exists(os.path.join(RECIPES, "libpython", line, "facts")), line + ": no facts")
    used = set()
    for name in os.listdir(RECIPES):
        if os.path.isdir(os.path.join(RECIPES, name)):
            for source in recipe_field(name, "sources"):
                used.update(source.replace("@MACHINE@", machine) for machine in MACHINES)
            for need in recipe_field(name, "needs"):
                check(os.path.isdir(os.path.join(RECIPES, need)), "%s needs %s" % (name, need))
            for path in recipe_field(name, "inputs"):
                check(os.path.exists(os.path.join(ROOT, path)), "%s: no input %s" % (name, path))
    check(used == set(names), "the recipes use %s, the lock has %s" % (sorted(used), sorted(set(names))))
    print("%d lines" % len(lines))


main()
