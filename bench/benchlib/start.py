# SPDX-License-Identifier: Apache-2.0
"""bench/run start: how long a whole process takes that runs `pass`."""
import json
import os
import statistics
import subprocess
import time

from benchlib import stats

ROUNDS = 60
PROGRAMS = (("pass", "pass"),
            ("imports", "import json, re, dataclasses, datetime, pathlib, sqlite3"))


def time_command(command):
    start = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True,
                   env={"PATH": os.defpath})
    return (time.perf_counter() - start) * 1000


def run(systems, options):
    rounds = options.rounds or ROUNDS
    commands = {("empty process", "pass"): ["/bin/true"]}
    for label, code in PROGRAMS:
        for system in systems:
            commands[(system.name, label)] = system.inline_command + [code]
    times = {key: [] for key in commands}
    for command in commands.values():
        time_command(command)
    for _ in range(rounds):
        for key, command in commands.items():
            times[key].append(time_command(command))
    rows = []
    for (name, label), values in times.items():
        base = statistics.median(times.get((systems[0].name, label), [1.0]))
        middle = statistics.median(values)
        rows.append([f"{name}: {label}", f"{middle:.2f}", f"{stats.percentile(values, 0.99):.2f}",
                     f"{middle / base:.2f}x", f"{stats.spread(values) * 100:.0f} %"])
    print(stats.table(["process", "p50 ms", "p99 ms", "ratio", "spread"], rows))
    native = statistics.median(times[(systems[0].name, "pass")])
    cli = statistics.median(times[(systems[1].name, "pass")])
    print(json.dumps({
        "bench": "start", "rounds": rounds, "cli_ms": round(cli, 3),
        "cli_p99_ms": round(stats.percentile(times[(systems[1].name, "pass")], 0.99), 3),
        "imports_ms": round(statistics.median(times[(systems[1].name, "imports")]), 3),
        "native_ms": round(native, 3), "native_ratio": round(cli / native, 3),
        "cli_native_speedup": round(native / cli, 3), "native": systems[0].name,
        "machine": stats.machine()}))
    return 0
