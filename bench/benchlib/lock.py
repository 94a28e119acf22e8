# SPDX-License-Identifier: Apache-2.0
"""bench/LOCK: the hash of everything that decides what a benchmark measures."""
import hashlib
import os

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(BENCH, "LOCK")


def current():
    """Relative name -> sha256 of each workload and of the files that time them."""
    names = ["driver.py", "benchlib/runners.py", "benchlib/start.py", "benchlib/throughput.py",
             "benchlib/meter.py", "benchlib/limits.py", "benchlib/size.py",
             "benchlib/engines.py", "benchlib/process.py",
             "process/words.py", "process/report.py", "process/native.py", "start/start.c"]
    folder = os.path.join(BENCH, "workloads")
    names += ["workloads/" + name for name in os.listdir(folder) if name.endswith(".py")]
    folder = os.path.join(BENCH, "modules")
    names += ["modules/" + name for name in os.listdir(folder) if name.endswith(".wat")]
    found = {}
    for name in sorted(names):
        with open(os.path.join(BENCH, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def stored():
    entries = {}
    try:
        with open(LOCK, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    digest, name = line.split()
                    entries[name] = digest
    except FileNotFoundError:
        pass
    return entries


def differences():
    """Names that are new, gone or changed since LOCK was written."""
    now, then = current(), stored()
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def write():
    with open(LOCK, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: Apache-2.0\n"
                   "# Workloads and flags of the benchmarks; see bench/README.md.\n")
        for name, digest in sorted(current().items()):
            file.write(f"{digest}  {name}\n")
