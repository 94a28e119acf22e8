# SPDX-License-Identifier: Apache-2.0
"""killed.py N: a run that is killed N times, at any moment, and resumed each time, ends as one that was not."""
import os
import random
import signal
import subprocess
import sys
import time

from harness import Folder, check, environment, finish, same

ROUNDS = int(sys.argv[1])
# Each document with its path and status, and the rows of it.
DOCUMENTS = ("SELECT path, filename, status, error_message, sha256, size, depth, count(*) FROM __wadup_content "
             "GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3")
ROWS = ("SELECT path, name, count(*) FROM calls JOIN __wadup_content ON uuid = content_uuid GROUP BY 1, 2 "
        "ORDER BY 1, 2")
NUMBERS = ("SELECT path, n, count(*) FROM numbers JOIN __wadup_content ON uuid = content_uuid GROUP BY 1, 2 "
           "ORDER BY 1, 2")
OUTPUT = ("SELECT path, stdout, count(*) FROM __wadup_module_output JOIN __wadup_content ON uuid = content_uuid "
          "GROUP BY 1, 2 ORDER BY 1, 2")


def contents(folder):
    return [folder.query(sql) for sql in (DOCUMENTS, ROWS, NUMBERS, OUTPUT)]


with Folder() as folder:
    seed = int.from_bytes(os.urandom(4), "little")
    print("seed %d" % seed)
    random.seed(seed)
    for number in range(600):
        text = "call n%d\n" % number
        if number % 5 == 0:
            text += "out %d\n" % number
        if number % 7 == 0:
            text += "rows %d\n" % (number % 50)
        if number % 11 == 0:
            text += "child a call a%d|child b call b|child c fail 3|nest 3\nflood 20\n" % number
        if number % 13 == 0:
            text += "fail 5\n"
        if number % 97 == 0:
            text += "trap\n"
        folder.write("%04d" % number, text)
    # Trees that take long, so that they are cut through.
    for number in range(4):
        folder.write("tree%d" % number, "call tree\nflood 1500\nchild last rows 20|call last\n")
    started = time.monotonic()
    done = folder.run(threads=2)
    length = time.monotonic() - started
    same("the undisturbed run", done.returncode, 1)
    wanted = contents(folder)
    kills = 0
    rounds = 0
    while kills < ROUNDS:
        rounds += 1
        folder.remove_db()
        attempts = 0
        while attempts < 12 and kills < ROUNDS:
            began = time.monotonic()
            process = subprocess.Popen(folder.line("--resume", threads=random.choice((1, 2, 3))),
                                       env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(timeout=random.random() * length * 0.8)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
            attempts += 1
            stderr = process.stderr.read()
            process.stderr.close()
            process.wait()
            if process.returncode not in (-signal.SIGKILL, 0, 1):
                check("a run that is resumed", False, (process.returncode, stderr))
            if process.returncode != -signal.SIGKILL:
                # The machine may have stood still when the length of a run was measured: then few are hit.
                if attempts == 1:
                    length = min(length, time.monotonic() - began)
                break
        done = folder.run("--resume", fresh=False, threads=2)
        # Everything that fails may have been done before the last kill.
        check("the last run ends", done.returncode in (0, 1), done)
        found = contents(folder)
        for name, a, b in zip(("documents", "rows", "numbers", "output"), found, wanted):
            if not check("%s after %d kills" % (name, kills), a == b):
                print("    lost   %r" % [row for row in b if row not in a][:5])
                print("    added  %r" % [row for row in a if row not in b][:5])
        folder.check_database("after %d kills" % kills)
    print("%d kills in %d databases" % (kills, rounds))
finish()
