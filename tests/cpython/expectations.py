# SPDX-License-Identifier: Apache-2.0
"""The expectations name exactly the modules of the test package, and list at most 2 % of
all test methods as failing (counted in the test package's sources, so roughly)."""
import os
import re
import sys

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
TESTS = os.path.join(os.environ["KRAIT_RUNTIME_TREE"], "usr/local/share/krait/test-lib/test")
MOST_FAILING = 0.02


def shipped():
    for name in os.listdir(TESTS):
        if name.startswith("test_") and name.endswith(".py"):
            yield name[:-3]
        elif name.startswith("test_") and os.path.exists(os.path.join(TESTS, name, "__init__.py")):
            yield name


def methods():
    count = 0
    for folder, _, names in os.walk(TESTS):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    count += len(re.findall(r"^\s+(?:async )?def test_?\w*\(self", file.read(), re.M))
    return count


with open(os.path.join(SOURCE, "tests/cpython/expectations-3.13.toml"), encoding="utf-8") as file:
    text = file.read()
passing = re.search(r"^\[pass\]\nmodules = \[(.*?)^\]", text, re.M | re.S).group(1)
named = set(re.findall(r'"(test_\w+)"', passing)) | set(re.findall(r"^\[module\.(test_\w+)", text, re.M))
found = set(shipped())
failing = sum(len(re.findall(r'"(?:[^"\\]|\\.)*",', block)) for block in
              re.findall(r"^\[module\.test_\w+\.fail\..*?^tests = \[(.*?)^\]", text, re.M | re.S))
total = methods()
for name in sorted(found - named):
    print(f"{name} is not in the expectations")
for name in sorted(named - found):
    print(f"{name} is in the expectations, but not in the test package")
print(f"{len(found)} modules, {failing} failing tests of about {total}")
sys.exit(0 if found == named and failing <= MOST_FAILING * total else 1)
