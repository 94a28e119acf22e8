# SPDX-License-Identifier: Apache-2.0
"""bench/run meter: what --meter and --bounds-checked cost, module by module."""
import json
import os
import subprocess
import sys
import tempfile

from benchlib import runners, stats

ROUNDS = 5
MODES = (("plain", ()), ("metered", ("--meter",)), ("checked", ("--bounds-checked",)),
         ("both", ("--meter", "--bounds-checked")))


def modules(options):
    folder = os.path.join(runners.BENCH, "modules")
    names = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".wat"))
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    return [(name, os.path.join(folder, name + ".wat")) for name in names]


def seconds(krait, module):
    """Processor time of one process."""
    process = subprocess.Popen([krait, "run", module], stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise runners.Missing("a module ended with status %d" % process.returncode)
    return usage.ru_utime + usage.ru_stime


def measure(krait, folder, name, wat, rounds):
    """The best of each mode; modes take turns."""
    wasm = os.path.join(folder, name + ".wasm")
    subprocess.run(["wat2wasm", wat, "-o", wasm], check=True)
    translated = []
    for mode, flags in MODES:
        translated.append(os.path.join(folder, name + "-" + mode + ".krt"))
        subprocess.run([krait, "compile", *flags, wasm, "-o", translated[-1]], check=True)
    times = [[] for _ in MODES]
    for _ in range(rounds):
        for index, module in enumerate(translated):
            times[index].append(seconds(krait, module))
    return times


def run(_systems, options):
    krait = os.path.abspath(options.krait or os.path.join(runners.ROOT, "build/bin/krait"))
    rounds = options.rounds or ROUNDS
    rows, ratios = [], [[] for _ in MODES]
    with tempfile.TemporaryDirectory(prefix="krait-bench.") as folder:
        for name, wat in modules(options):
            times = measure(krait, folder, name, wat, rounds)
            row = [name, "%.0f" % (min(times[0]) * 1000)]
            for index in range(1, len(MODES)):
                ratio = min(times[index]) / min(times[0])
                ratios[index].append((ratio, name))
                row += ["%.0f" % (min(times[index]) * 1000), "%.2fx" % ratio]
            row.append("%.0f %%" % (max(stats.spread(values) for values in times) * 100))
            rows.append(row)
            print(f"{name} …", file=sys.stderr, flush=True)
    header = ["module", "plain ms"]
    for mode, _ in MODES[1:]:
        header += [mode + " ms", "ratio"]
    print(stats.table(header + ["spread"], rows))
    result = {"bench": "meter", "rounds": rounds, "machine": stats.machine()}
    for index, (mode, _) in enumerate(MODES[1:], 1):
        mean = stats.geomean([ratio for ratio, _ in ratios[index]])
        worst, where = max(ratios[index])
        print(f"{mode}: geomean {mean:.2f}x of plain, worst {worst:.2f}x ({where})")
        result[mode + "_ratio"] = round(mean, 3)
        result[mode + "_worst"] = round(worst, 3)
    print(json.dumps(result))
    return 0
