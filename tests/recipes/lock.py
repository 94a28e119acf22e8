# SPDX-License-Identifier: Apache-2.0
"""The real lock: complete, well-formed, one archive per name apart from candidates."""
import os
import re
import sys

ROOT = os.environ["KRAIT_SOURCE_DIR"]
RECIPES = os.path.join(ROOT, "recipes")
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


def main():
    lines = []
    with open(os.path.join(RECIPES, "sources.lock"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                lines.append(line.split())
    for words in lines:
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
    pythons = [words[1] for words in lines if words[0] == "python"]
    check(pythons == sorted(pythons, key=version_key, reverse=True), "candidates: newest first")
    used = set()
    for name in os.listdir(RECIPES):
        if os.path.isdir(os.path.join(RECIPES, name)):
            used.update(recipe_field(name, "sources"))
            for need in recipe_field(name, "needs"):
                check(os.path.isdir(os.path.join(RECIPES, need)), "%s needs %s" % (name, need))
            for path in recipe_field(name, "inputs"):
                check(os.path.exists(os.path.join(ROOT, path)), "%s: no input %s" % (name, path))
    check(used == set(names), "the recipes use %s, the lock has %s" % (sorted(used), sorted(set(names))))
    print("%d lines" % len(lines))


main()
