# SPDX-License-Identifier: Apache-2.0
"""Runs inside every system: driver.py WORKLOAD SECONDS

Calls the workload's run() until SECONDS have passed, at least five times after
one warm-up call, and prints the duration of each call in seconds, one per line.
"""
import importlib.util
import os
import sys
import time


def load(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workloads", name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    workload = load(sys.argv[1])
    limit = float(sys.argv[2])
    found = workload.run()
    if found != workload.EXPECTED:
        sys.exit(f"{sys.argv[1]}: result {found!r} instead of {workload.EXPECTED!r}")
    durations = []
    began = time.perf_counter()
    while len(durations) < 5 or time.perf_counter() - began < limit:
        start = time.perf_counter()
        workload.run()
        durations.append(time.perf_counter() - start)
    for duration in durations:
        print(f"{duration:.7f}")


main()
