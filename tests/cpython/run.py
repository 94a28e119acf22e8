# SPDX-License-Identifier: Apache-2.0
"""CPython's own tests in the sandbox: run.py MODULE...

Each module runs unmodified, by CPython's own runner (python -m test), in a process
of its own, and has to pass whole: its own skips are allowed, but at least one test
must have run.  What it printed is shown when it did not.
"""
import os
import re
import subprocess
import sys

GUEST_TESTS = "/usr/local/share/krait/test-lib"


def command(module):
    tests = os.path.join(os.environ["KRAIT_RUNTIME_TREE"], GUEST_TESTS.lstrip("/"))
    if not os.path.isdir(os.path.join(tests, "test")):
        sys.exit(f"'{tests}' has no test package: the guest was built without it")
    return [os.environ["KRAIT"], "run", "--dir", f"{tests}::{GUEST_TESTS}:ro",
            "-e", f"PYTHONPATH={GUEST_TESTS}", "-m", "test", "-v", module]


def run(module):
    done = subprocess.run(command(module), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    totals = re.findall(r"^Total tests: run=([\d,]+)(.*)$", done.stdout, re.MULTILINE)
    count = int(totals[-1][0].replace(",", "")) if totals else 0
    passed = done.returncode == 0 and "Result: SUCCESS" in done.stdout and count > 0
    if not passed:
        print(done.stdout)
    details = totals[-1][1] if totals else f" exit status {done.returncode}"
    print(f"{module}: {'passed' if passed else 'FAILED'}, {count} tests{details}")
    return passed


results = [run(name) for name in sys.argv[1:]]
sys.exit(0 if results and all(results) else 1)
