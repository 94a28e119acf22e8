# SPDX-License-Identifier: Apache-2.0
"""bench/run throughput: small CPU-bound workloads, ratio to native Python."""
import json
import os
import sys

from benchlib import runners, stats

SECONDS = "0.5"
ROUNDS = 5


def names(options):
    folder = os.path.join(runners.BENCH, "workloads")
    found = sorted(name[:-3] for name in os.listdir(folder) if name.endswith(".py"))
    if options.only:
        wanted = options.only.split(",")
        unknown = [name for name in wanted if name not in found]
        if unknown:
            sys.exit(f"bench/run: no workload {', '.join(unknown)}; there are {', '.join(found)}")
        return wanted
    return found


def measure(systems, name, rounds):
    """The best call of each round, per system; systems take turns."""
    best = [[] for _ in systems]
    for _ in range(rounds):
        for index, system in enumerate(systems):
            durations = [float(line)
                         for line in system.run_file("driver.py", name, SECONDS).split()]
            best[index].append(min(durations))
    return best


def run(systems, options):
    rounds = options.rounds or ROUNDS
    rows, ratios = [], [[] for _ in systems]
    for name in names(options):
        best = measure(systems, name, rounds)
        row = [name, f"{min(best[0]) * 1000:.2f}"]
        for index in range(1, len(systems)):
            ratio = min(best[index]) / min(best[0])
            ratios[index].append((ratio, name))
            row += [f"{min(best[index]) * 1000:.2f}", f"{ratio:.2f}x"]
        row.append(f"{max(stats.spread(values) for values in best) * 100:.0f} %")
        rows.append(row)
        print(f"{name} …", file=sys.stderr, flush=True)
    header = ["workload", systems[0].name + " ms"]
    for system in systems[1:]:
        header += [system.name + " ms", "ratio"]
    print(stats.table(header + ["spread"], rows))
    result = {"bench": "throughput", "rounds": rounds, "native": systems[0].name,
              "machine": stats.machine()}
    for index, system in enumerate(systems[1:], 1):
        mean = stats.geomean([ratio for ratio, _ in ratios[index]])
        worst, where = max(ratios[index])
        print(f"{system.name}: geomean {mean:.2f}x of {systems[0].name}, worst {worst:.2f}x ({where})")
        key = "native" if index == 1 else system.name.split()[0]
        result[key + "_ratio"] = round(mean, 3)
        result[key + "_worst"] = round(worst, 3)
    print(json.dumps(result))
    return 0
