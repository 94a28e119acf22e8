# SPDX-License-Identifier: Apache-2.0
"""bench/run engines: how long other engines take until the portable Python has run `pass`.

Whole processes of the programs in examples/engines, as tests/engines builds them: with the code
compiled beforehand where an engine keeps it, and the first time, when it does not have it yet.
tools/make-engine-table.py takes the medians from the last line.
"""
import json
import os
import statistics
import sys
import tempfile

from benchlib import runners, start, stats

ROUNDS = 20

sys.path.insert(0, os.path.join(runners.ROOT, "tests", "engines"))


def commands():
    """{engine: command}; engines whose tools are not there are left out, and said so."""
    import engines  # the folder is on the path only here
    try:
        tree = engines.portable_tree()
    except engines.Missing as error:
        raise runners.Missing(str(error)) from error
    found = {}
    for name in engines.ENGINES:
        try:
            found[name] = engines.ready(name) + ["--dir", tree + "/usr::/usr",
                                                 tree + "/bin/python.wasm", "-c", "pass"]
        except engines.Missing as error:
            print("left out: %s: %s" % (name, error), file=sys.stderr)
    return found


def run(systems, options):
    rounds = options.rounds or ROUNDS
    found = commands()
    found.update({system.name: system.inline_command + ["pass"] for system in systems[:2]})
    times, first = {name: [] for name in found}, {}
    with tempfile.TemporaryDirectory(prefix="krait-bench.") as home:
        environ = {"PATH": os.environ["PATH"], "HOME": home}
        for name, command in found.items():
            first[name] = start.time_command(command, environ)
        for _ in range(rounds):
            for name, command in found.items():
                times[name].append(start.time_command(command, environ))
    rows = [[name, "%.0f" % statistics.median(values), "%.0f %%" % (100 * stats.spread(values)),
             "%.1f s" % (first[name] / 1000)] for name, values in times.items()]
    print(stats.table(["python -c pass", "ms", "spread", "first time"], rows))
    print(json.dumps({"bench": "engines", "machine": stats.machine(), "rounds": rounds,
                      "median_ms": {name: round(statistics.median(values), 1)
                                    for name, values in times.items()},
                      "first_ms": {name: round(value, 1) for name, value in first.items()}}))
    return 0
