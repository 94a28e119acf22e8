# SPDX-License-Identifier: Apache-2.0
"""A script in the module runtime and on the installed one: the same rows, output and errors.

KRAIT_OPT_LEVEL says how well the module is translated.
"""
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
SCRIPT = os.path.join(SOURCE, "tests", "wadup", "scripts", "lives.py")
RUNTIME = os.path.join(os.environ["KRAIT_RUNTIME_TREE"] + "-module", "bin", "python.wasm")
# But "signals", which are different, and what a stream that cannot be flushed says.
CALLS = ("", "raise", "last", "exit-none", "exit-0", "exit-false", "exit-3", "exit-text", "exit-huge", "stubborn", "hook",
         "hook-back", "deep", "parser", "interrupt", "no-stdout", "stdout-back", "closed-stdout", "stdout-back", "")


def run(*command):
    return subprocess.run([os.environ["KRAIT"], *command], capture_output=True, text=True, check=False)


def results(path):
    """One entry for each document, in their order."""
    database = sqlite3.connect(path)
    found = []
    for uuid, *status in database.execute("select uuid, filename, status, error_message from __wadup_content order by filename"):
        rows = database.execute("select count, what from calls where content_uuid = ?", (uuid,)).fetchall()
        output = database.execute("select stdout, stderr from __wadup_module_output where content_uuid = ?", (uuid,))
        found.append((status, rows, [tuple(re.sub(" at 0x[0-9a-f]+", " at 0x", text) for text in row) for row in output]))
    database.close()
    return found


def main():
    if not os.path.exists(RUNTIME):
        print("skipped: there is no module runtime at " + RUNTIME)
        return 77
    with tempfile.TemporaryDirectory(prefix="krait-wadup.") as folder:
        os.mkdir(folder + "/modules")
        os.mkdir(folder + "/documents")
        for number, what in enumerate(CALLS, 1):
            with open("%s/documents/%02d" % (folder, number), "w", encoding="utf-8") as file:
                file.write(what)
        done = run("module", "--runtime", RUNTIME, SCRIPT, "-o", folder + "/modules/lives.wasm")
        if done.returncode:
            print(done.stderr)
            return 1
        found = []
        for runtime in ("native", "module"):
            done = run("process", "--quiet", "--threads", "1", "--runtime", runtime, "--modules", folder + "/modules",
                       "--input", folder + "/documents", "--output", folder + "/%s.db" % runtime)
            print(done.stderr, end="")
            found.append(results(folder + "/%s.db" % runtime))
    failures = sum(one != other for one, other in zip(*found))
    for one, other in zip(*found):
        if one != other:
            print("native %r\nmodule %r" % (one, other))
    counted = [rows[0][0] for status, rows, _ in found[0] if status[1] == "success"]
    failed = [number for number, (status, _, _) in enumerate(found[0], 1) if status[1] != "success"]
    print("%d documents, %d failed, %d differ" % (len(found[0]), len(failed), failures))
    # Rows of those that fail are dropped, and the calls are counted on.
    wanted = [n for n in range(1, len(CALLS) + 1) if n not in failed]
    return 0 if failures == 0 and len(found[1]) == len(CALLS) and counted == wanted and len(failed) == 10 else 1


if __name__ == "__main__":
    sys.exit(main())
