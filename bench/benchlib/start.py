# SPDX-License-Identifier: Apache-2.0
"""bench/run start: how long it takes until Python runs `pass`.

As a whole process: native Python, Krait, peers.  Inside of one process (start/start.c): a fresh
interpreter from a snapshot, which is reset after each run, all of it counted; one that is made
and released; a clone of a session with a data set; memory of sandboxes that wait or have run.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from benchlib import runners, stats

ROUNDS = 200
PROGRAMS = (("pass", "pass"),
            ("imports", "import json, re, dataclasses, datetime, pathlib, sqlite3"))
MODES = ("PAGEMAP_SCAN", "/proc/self/pagemap", "MADV_DONTNEED")
FRESH_ROUNDS = (20000, 10000, 2000)
LIVE = 10000


def time_command(command, environ):
    """Milliseconds from posix_spawn() to the end.  `subprocess` would add 0.4 of its own."""
    actions = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
    path = shutil.which(command[0], path=environ["PATH"]) or command[0]
    start = time.perf_counter()
    child = os.posix_spawn(path, command, environ, file_actions=actions)
    _, status = os.waitpid(child, 0)
    took = (time.perf_counter() - start) * 1000
    if status != 0:
        raise runners.Missing(f"'{' '.join(command)}' ended with wait status {status:#x}")
    return took


def instructions(command, environ):
    """User instructions of a process, or None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] + command,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env=environ)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found.group(1)) if found and done.returncode == 0 else None


def processes(systems, rounds):
    """{(system, program): [ms]} and {system: instructions}."""
    krait = systems[1].inline_command[0]
    commands = {("empty process", "pass"): ["/bin/true"]}
    for label, code in PROGRAMS:
        for system in systems:
            inline = [krait, "run", "-c"] if system.name == "krait" else system.inline_command
            commands[(system.name, label)] = inline + [code]
        commands[("krait, no snapshot", label)] = [krait, "run", "--no-snapshot", "-c", code]
    with tempfile.TemporaryDirectory() as cache:
        environ = {"PATH": os.defpath, "HOME": cache}
        times = {key: [] for key in commands}
        for command in commands.values():
            for _ in range(20):  # snapshots are made at first use
                time_command(command, environ)
        for _ in range(rounds):
            for key, command in commands.items():
                times[key].append(time_command(command, environ))
        counts = {system.name: instructions(commands[(system.name, "pass")], environ)
                  for system in systems[:2]}
    return times, counts


def inside(program, runtime, *arguments):
    done = subprocess.run([program, runtime, *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise runners.Missing(f"'{program} {' '.join(map(str, arguments))}' failed: {done.stderr}")
    return json.loads(done.stdout)


def row(name, values, base=None):
    middle = statistics.median(values)
    return [name, f"{middle:.2f}", f"{stats.percentile(values, 0.99):.2f}", f"{max(values):.2f}",
            f"{middle / base:.2f}x" if base else "", f"{stats.spread(values) * 100:.0f} %"]


def measure_inside(build):
    """Rows of the table, and what goes into the JSON."""
    program = os.path.join(build, "bench/start")
    runtime = os.environ.get("KRAIT_RUNTIME") or os.path.join(build, "lib/krait/python3.13")
    if not os.access(program, os.X_OK):
        raise runners.Missing(f"'{program}' is not there; build it first (./krait check)")
    rows, found = [], {}
    for mode, name in enumerate(MODES):
        result = inside(program, runtime, "fresh", FRESH_ROUNDS[mode], mode)
        if result["mode"] != mode:
            continue
        rows.append(row(f"fresh, run and reset: {name}", result["cycle_us"]))
        rows.append(row(f"fresh, run only: {name}", result["ready_us"]))
        key = ("fresh", "fresh_pagemap", "fresh_dontneed")[mode]
        # A run is what waits for its end; the reset comes after it, and counts for the rate.
        found[f"{key}_p50_us"] = round(statistics.median(result["ready_us"]), 1)
        found[f"{key}_p99_us"] = round(stats.percentile(result["ready_us"], 0.99), 1)
        found[f"{key}_cycle_p50_us"] = round(statistics.median(result["cycle_us"]), 1)
        found[f"{key}_cycle_p99_us"] = round(stats.percentile(result["cycle_us"], 0.99), 1)
        found[f"{key}_per_s_core"] = round(result["per_second"])
    result = inside(program, runtime, "new", 2000)
    rows.append(row("made, run and released", result["new_us"]))
    found["new_p50_us"] = round(statistics.median(result["new_us"]), 1)
    result = inside(program, runtime, "clone", 1000)
    rows.append(row("clone of 200,000 strings", result["clone_us"]))
    found["clone_first_us"] = round(result["first_us"])
    found["clone_p50_us"] = round(statistics.median(result["clone_us"]), 1)
    result = inside(program, runtime, "idle", 500)
    found["idle_private_kib"] = result["reset_kib"]
    found["idle_new_private_kib"] = result["made_kib"]
    result = inside(program, runtime, "live", LIVE)
    found["live"] = result["count"]
    found["live_gib"] = result["total_gib"]
    return rows, found


def run(systems, options):
    build = os.path.dirname(os.path.dirname(os.path.realpath(systems[1].inline_command[0])))
    times, counts = processes(systems, options.rounds or ROUNDS)
    medians = {key: statistics.median(values) for key, values in times.items()}
    native, krait = systems[0].name, systems[1].name
    rows = [row(f"{name}: {label}", values, medians.get((native, label)))
            for (name, label), values in times.items()]
    print(stats.table(["process", "p50 ms", "p99 ms", "max ms", "ratio", "spread"], rows))
    print()
    sys.stdout.flush()
    rows, found = measure_inside(build)
    print(stats.table(["inside of one process", "p50 us", "p99 us", "max us", "", "spread"], rows))
    print()
    print(f"{found['live']} live instances: {found['live_gib']} GiB; idle: "
          f"{found['idle_private_kib']} KiB private each ({found['idle_new_private_kib']} before the first run)")
    if counts[krait] and counts[native]:
        print(f"user instructions of a process: krait {counts[krait]:,}, {native} {counts[native]:,}")
    print(json.dumps({
        "bench": "start", "rounds": options.rounds or ROUNDS, **found,
        "fresh_per_s_core": found.get("fresh_per_s_core", found.get("fresh_pagemap_per_s_core")),
        "cli_ms": round(medians[(krait, "pass")], 3),
        "cli_p99_ms": round(stats.percentile(times[(krait, "pass")], 0.99), 3),
        "imports_ms": round(medians[(krait, "imports")], 3),
        "imports_more_ms": round(medians[(krait, "imports")] - medians[(krait, "pass")], 3),
        "native_ms": round(medians[(native, "pass")], 3),
        "empty_ms": round(medians[("empty process", "pass")], 3),
        "cli_native_speedup": round(medians[(native, "pass")] / medians[(krait, "pass")], 3),
        "cli_instructions": counts[krait], "native_instructions": counts[native],
        "native": native, "machine": stats.machine()}))
    return 0
