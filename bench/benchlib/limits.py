# SPDX-License-Identifier: Apache-2.0
"""bench/run limits: how late a limit of time ends a program, whatever it does.

Late is what passes between the limit and the end of the guest, the grace that it has to end by
itself included; `told` programs ended by KeyboardInterrupt, `stopped` ones had to be stopped."""
import json
import os
import statistics
import subprocess

from benchlib import runners, stats

ROUNDS = 10
LIMIT_MS = 500
PROGRAMS = (
    ("while True: pass", "while True: pass"),
    ("10**10**8", "10**10**8"),
    ("regular expression", "import re; re.match('(a+)+$', 'a' * 1000 + 'b')"),
    ("bytes(10**9).translate", "x = bytes(10**9)\nwhile True: x.translate(None, b'a')"),
    ("filling memory", "x = bytearray(1 << 29)\nwhile True: x[:] = bytes(1 << 29)"),
    ("time.sleep", "import time; time.sleep(1000)"),
    ("blocked read", "input()"),
    ("poll", "import select; select.select([0], [], [], 1000)"),
    ("signal.pause", "import signal; signal.alarm(1000); signal.pause()"),
    ("system calls", "import os\nwhile True: os.stat('/')"),
    ("KeyboardInterrupt is caught", "while True:\n    try:\n        while True: pass\n"
                                    "    except KeyboardInterrupt: pass"),
    ("signals are ignored", "import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass"),
)


def run_once(krait, option, code):
    """Milliseconds after the limit, and whether the guest had to be stopped."""
    quiet, feed = os.pipe()
    result, write = os.pipe()
    try:
        subprocess.run([krait, "run", option, f"{LIMIT_MS}ms", "--status-fd", str(write), "-c", code],
                       stdin=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       pass_fds=[write], check=False)
        os.close(write)
        write = -1
        with os.fdopen(os.dup(result)) as file:
            told = json.loads(file.read())
    finally:
        for descriptor in (quiet, feed, result, write):
            if descriptor >= 0:
                os.close(descriptor)
    if told["kind"] != "limit":
        raise runners.Missing(f"the program ended before its limit: {told}")
    spent = told["wall_ns"] if option == "--timeout" else told["cpu_ns"]
    return spent / 1e6 - LIMIT_MS, told["trap"] != 0


def run(systems, options):
    krait = systems[1].file_command[0]
    rows = []
    late_all = {"--timeout": [], "--cpu": []}
    cases = [(name, code, "--timeout") for name, code in PROGRAMS]
    cases += [(name, code, "--cpu") for name, code in PROGRAMS
              if name not in ("time.sleep", "blocked read", "poll", "signal.pause")]
    for name, code, option in cases:
        found = [run_once(krait, option, code) for _ in range(options.rounds or ROUNDS)]
        late = [value for value, _ in found]
        stopped = sum(was_stopped for _, was_stopped in found)
        late_all[option] += late
        rows.append([f"{option} {name}", f"{statistics.mean(late):.1f}", f"{max(late):.1f}",
                     "stopped" if stopped == len(found) else "told" if stopped == 0
                     else f"stopped {stopped} of {len(found)}"])
    print(stats.table(["program", "mean ms late", "worst ms late", "ended"], rows))
    print(json.dumps({
        "bench": "limits", "rounds": options.rounds or ROUNDS, "limit_ms": LIMIT_MS,
        "wall_mean_late_ms": round(statistics.mean(late_all["--timeout"]), 3),
        "wall_worst_late_ms": round(max(late_all["--timeout"]), 3),
        "cpu_mean_late_ms": round(statistics.mean(late_all["--cpu"]), 3),
        "cpu_worst_late_ms": round(max(late_all["--cpu"]), 3),
        "machine": stats.machine()}))
    return 0
