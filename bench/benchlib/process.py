# SPDX-License-Identifier: Apache-2.0
"""bench/run process: documents per second and core, from files to rows in SQLite.

100,000 small files in folders go through one Python module.  Whole processes are timed, with start,
reading, hashing and the database; those with one thread have one processor, also for the thread that
writes, and those with two have two.  Every database is compared with what native Python wrote.
"""
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time

from benchlib import runners, stats

ROUNDS = 3
DOCUMENTS = 100_000
SMALL = 10_000  # for the growth of memory
FRESH_NATIVE = 200
MODULES = ("words", "report")
HERE = os.path.join(runners.ROOT, "bench", "process")
WORDS = ("sand viper python krait cobra mamba adder taipan boa snake scale venom fang coil shed desert "
         "river night heat-pit egg nest prey mouse frog bird swift silent striped green black").split()


def make_documents(folder, count):
    """Texts of 100 to 600 bytes, the same each time."""
    numbers = random.Random(9)
    for number in range(count):
        base = os.path.join(folder, f"{number // 1000:03d}")
        if number % 1000 == 0:
            os.makedirs(base)
        words = numbers.choices(WORDS, k=numbers.randrange(16, 96))
        with open(os.path.join(base, f"{number:06d}.txt"), "w", encoding="ascii") as file:
            file.write(f"{number} {numbers.randrange(1900, 2100)} {' '.join(words)}\n")


class Peak(threading.Thread):
    """The most memory that a process has had.  (What wait4() tells includes that of the process that forked.)"""

    def __init__(self, child):
        super().__init__(daemon=True)
        self.child, self.mib, self.ended = child, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.1):
            try:
                with open(f"/proc/{self.child}/status", encoding="ascii", errors="replace") as file:
                    found = [line for line in file if line.startswith("VmHWM:")]
            except OSError:
                return
            if found:
                self.mib = int(found[0].split()[1]) / 1024

    def stop(self):
        self.ended.set()
        self.join()


class Run:
    """One way to do it: a command of which {out} is the database, on these processors."""

    def __init__(self, name, command, processors):
        self.name, self.command, self.processors = name, command, processors
        self.rates, self.peaks = [], []

    def go(self, out, count):
        command = [part.replace("{out}", out) for part in self.command]
        begin = time.perf_counter()
        child = os.fork()
        if child == 0:
            os.sched_setaffinity(0, self.processors)
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1):
                os.dup2(null, number)
            os.execvp(command[0], command)
        peak = Peak(child)
        _, status = os.waitpid(child, 0)
        took = time.perf_counter() - begin
        peak.stop()
        if status != 0:
            raise runners.Missing(f"'{' '.join(command)}' ended with wait status {status:#x}")
        self.rates.append(count / took)
        self.peaks.append(peak.mib)


def contents(path):
    """Everything the module wrote, without the numbers of documents."""
    with sqlite3.connect(path) as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' "
                                                     "AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name")]
        rows = {}
        for table in tables:
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')][1:]
            names = ", ".join(f't."{column}"' for column in columns)
            rows[table] = database.execute(
                f'SELECT c.filename, {names} FROM "{table}" t JOIN __wadup_content c ON c.uuid = t.content_uuid '
                f"WHERE c.status = 'success' ORDER BY c.filename, t.rowid").fetchall()
    return rows


def build_modules(krait, work):
    for name in MODULES:
        os.mkdir(os.path.join(work, name))
        done = subprocess.run([krait, "module", os.path.join(HERE, name + ".py"), "-o",
                               os.path.join(work, name, name + ".wasm")], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise runners.Missing("krait module failed: " + done.stderr)


def make_runs(krait, native, work, folder, module):
    """Krait with kept and fresh interpreters on one processor and on two, and native Python."""
    processors = sorted(os.sched_getaffinity(0))
    one, two = set(processors[:1]), set(processors[:2])
    base = [krait, "process", "--quiet", "--modules", os.path.join(work, module), "--input", folder,
            "--output", "{out}"]
    runs = {}
    for state in ("fresh", "keep"):
        runs[state] = Run(f"{module}: krait, {state}", base + ["--state", state, "--threads", "1"], one)
        if len(two) == 2:
            runs[state + "_2"] = Run(f"{module}: krait, {state}, two threads",
                                     base + ["--state", state, "--threads", "2"], two)
    runs["native"] = Run(f"{module}: {native[0]}, kept",
                         [native[1], os.path.join(HERE, "native.py"), os.path.join(HERE, module + ".py"), folder,
                          "{out}"], one)
    return runs


def compare(runs, count, work):
    """Takes turns; each result has to be that of native Python."""
    wanted = None
    for key in ["native"] + [key for key in runs if key != "native"]:
        out = os.path.join(work, "out.db")
        runs[key].go(out, count)
        found = contents(out)
        wanted = found if wanted is None else wanted
        if found != wanted:
            raise runners.Missing(f"the rows of '{runs[key].name}' are not those of native Python")
        for name in os.listdir(work):
            if name.startswith("out.db"):
                os.remove(os.path.join(work, name))


def native_fresh(native, work, folder, module):
    """Documents per second with a new native process for each."""
    one = os.path.join(work, "one")
    os.mkdir(one)
    shutil.copy(os.path.join(folder, "000", "000000.txt"), one)
    run = Run("", [native, os.path.join(HERE, "native.py"), os.path.join(HERE, module + ".py"), one, "{out}"],
              set(sorted(os.sched_getaffinity(0))[:1]))
    for number in range(FRESH_NATIVE):
        run.go(os.path.join(work, f"native{number}.db"), 1)
    shutil.rmtree(one)
    return statistics.median(run.rates)


def row(run, base):
    middle = statistics.median(run.rates)
    return [run.name, f"{middle:,.0f}", f"{min(run.rates):,.0f}", f"{middle / base:.2f}x",
            f"{stats.spread(run.rates) * 100:.0f} %", f"{max(run.peaks):.0f}"]


def measure(krait, native, work, folder, module, rounds):
    """Rows of the table, and what goes into the JSON."""
    runs = make_runs(krait, native, work, folder, module)
    small = make_runs(krait, native, work, folder + "-small", module)
    for key in ("fresh", "keep"):
        small[key].go(os.path.join(work, "small-" + key + ".db"), SMALL)
    for _ in range(rounds):
        compare(runs, DOCUMENTS, work)
    rates = {key: statistics.median(run.rates) for key, run in runs.items()}
    found = {"fresh_docs_per_s_core": round(rates["fresh"]), "keep_docs_per_s_core": round(rates["keep"]),
             "native_docs_per_s_core": round(rates["native"]),
             "fresh_worst": round(min(runs["fresh"].rates)), "keep_worst": round(min(runs["keep"].rates)),
             "native_process_docs_per_s": round(native_fresh(native[1], work, folder, module))}
    for state in ("fresh", "keep"):
        found[state + "_mib"] = [round(max(one[state].peaks)) for one in (small, runs)]
        if state + "_2" in runs:
            found[state + "_scaling_2"] = round(rates[state + "_2"] / rates[state], 2)
    if "fresh_scaling_2" in found:
        found["scaling_2"] = min(found["fresh_scaling_2"], found["keep_scaling_2"])
    return [row(run, rates["native"]) for run in runs.values()], found


def run(systems, options):
    native = (systems[0].name, systems[0].inline_command[0])
    krait = systems[1].inline_command[0]
    rounds = options.rounds or ROUNDS
    rows, found = [], {}
    with tempfile.TemporaryDirectory(prefix="krait-bench.") as work:
        folder = os.path.join(work, "in")
        make_documents(folder, DOCUMENTS)
        make_documents(folder + "-small", SMALL)
        build_modules(krait, work)
        for module in MODULES:
            more, found[module] = measure(krait, native, work, folder, module, rounds)
            rows += more
            for name in os.listdir(work):
                if name.endswith(".db"):
                    os.remove(os.path.join(work, name))
    print(stats.table(["module", "documents/s", "worst", "of native", "spread", "MiB"], rows))
    print()
    for module, values in found.items():
        print(f"{module}: a native process for each document: {values['native_process_docs_per_s']} documents/s; "
              f"MiB after {SMALL:,} and {DOCUMENTS:,} documents: fresh {values['fresh_mib']}, keep {values['keep_mib']}")
    print(json.dumps({"bench": "process", "documents": DOCUMENTS, "rounds": rounds, **found["words"],
                      "report": found["report"], "native": native[0], "machine": stats.machine()}))
    return 0
