# SPDX-License-Identifier: Apache-2.0
"""Hostile guests: run.py KRAIT [--jobs N] [--list] [GROUP|CASE...]

Each program here tries what advisories, bomb makers and fuzzers have tried with systems of
this kind. It passes when the guest ends as the case says, and the host is unharmed
(harness.py). The same cases run under AddressSanitizer and UndefinedBehaviorSanitizer:
tests/sanitize.
"""
import argparse
import concurrent.futures
import sys

import cases_calls
import cases_files
import cases_memory
import cases_modules
import cases_time
import harness

GROUPS = {"files": cases_files.CASES, "memory": cases_memory.CASES, "time": cases_time.CASES,
          "calls": cases_calls.CASES, "modules": cases_modules.CASES}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("krait")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    cases = [case for group, members in GROUPS.items() for case in members
             if not options.names or group in options.names or case.name in options.names]
    names = [case.name for members in GROUPS.values() for case in members]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit("names that stand twice: " + " ".join(sorted(twice)))
    if options.list:
        print(*(case.name for case in cases), sep="\n")
        return 0
    if not cases:
        sys.exit("no case has the name " + " ".join(options.names))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda case: harness.run_case(options.krait, case), cases)
        for case, found in zip(cases, results):
            print("%-6s %s" % ("FAILED" if found else "passed", case.name), flush=True)
            for line in found:
                print("    " + line.replace("\n", "\n    "), flush=True)
            failed += bool(found)
    print("%d of %d hostile cases passed" % (len(cases) - failed, len(cases)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
