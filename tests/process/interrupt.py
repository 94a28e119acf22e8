# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: what runs is finished and committed; a second one ends the program at once; --resume goes on."""
import os
import signal
import subprocess
import time

from harness import Folder, Terminal, check, environment, find_clang, finish, same, start, wait_for


def begin(folder, *options):
    """A run in the middle of its work: a document is done, so the first ones have been taken."""
    folder.remove_db()
    process = start(folder.line(*options, threads=2), env=environment(), stderr=subprocess.PIPE,
                    stdout=subprocess.PIPE, text=True)
    wait_for_documents(folder, process)
    time.sleep(0.5)
    return process


def wait_for_documents(folder, process):
    wait_for("a document that is done", lambda: folder.is_in_use() and folder.query(
        "SELECT count(*) FROM __wadup_content")[0][0] > 0, process)


def sleeps_below(pid):
    """Whether `sleep` was started by the process, or by those that it has started."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                words = file.read().rpartition(")")[2].split()
            with open("/proc/%s/cmdline" % name, "rb") as file:
                found[int(name)] = (int(words[1]), file.read())
        except OSError:
            continue        # it has ended
    for process, (parent, line) in found.items():
        while b"sleep\0" in line and parent in found:
            if parent == pid:
                return True
            parent = found[parent][0]
    return False


with Folder() as folder:
    folder.run()  # the translation is made
    for number in range(300):
        folder.write("%03d" % number, "call n%d\nflood 30\n" % number if number else "loop\n")
    folder.write("zzz", "loop\n")
    # A machine that stands still may be through with everything before anybody has seen the signal.
    for limit in ("2s", "10s", "50s"):
        process = begin(folder, "--timeout", limit)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=200)
        if process.returncode != 1:
            break
        print("through within %s: %s" % (limit, err))
    check("interrupted: status", process.returncode == 130, (process.returncode, out, err))
    check("it says how to go on", "--resume goes on" in err, err)
    folder.check_database("interrupted")
    same("the rows of what is there", folder.query(
        "SELECT count(*) FROM calls JOIN __wadup_content ON uuid = content_uuid WHERE status = 'processing'")[0][0]
         <= 2, True)
    os.remove(folder.input + "/000")
    os.remove(folder.input + "/zzz")
    done = folder.run("--resume", fresh=False, threads=2)
    same("resumed: each row once", folder.query("SELECT count(*), count(DISTINCT name) FROM calls"), [(299, 299)])
    same("resumed: nothing is open", folder.query(
        "SELECT count(*) FROM __wadup_content WHERE status = 'processing'"), [(0,)])

    folder.write("000", "loop\n")
    process = begin(folder, "--timeout", "none")
    process.send_signal(signal.SIGINT)
    # Two that come before it has looked at the first one are one.
    said = next((line for line in process.stderr if "once more to stop at once" in line), None)
    check("it says that it has seen it", said is not None, process.poll())
    time.sleep(0.5)
    check("it waits for what runs", process.poll() is None, process.poll())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    check("the second one ends it", process.returncode == 130, (process.returncode, out, err))
    os.remove(folder.input + "/000")
    done = folder.run("--resume", fresh=False, threads=2)
    same("resumed after that", folder.query("SELECT count(*), count(DISTINCT name) FROM calls"), [(299, 299)])
    folder.check_database("resumed")

    # A list that never ends.
    folder.remove_db()
    reader, writer = os.pipe()
    process = start(folder.line(inputs=["-"]), env=environment(), stdin=reader, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)
    os.close(reader)
    os.write(writer, (folder.input + "/001\n").encode())
    wait_for_documents(folder, process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=100)
    check("while it waits for a list", process.returncode == 130, (process.returncode, out, err))
    os.close(writer)
    same("what came is done", len(folder.query("SELECT * FROM calls")), 1)

    # While a module is translated.
    folder.remove_db()
    compiler = os.path.join(folder.path, "compiler")
    with open(compiler, "w") as file:
        file.write("#!/bin/sh\ncase $* in *--version*) exec %s --version ;; esac\nexec sleep 600\n" % find_clang())
    os.chmod(compiler, 0o755)
    process = start(folder.line(), env=dict(environment(), KRAIT_CC=compiler, KRAIT_CACHE=folder.path + "/cache"),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for("a compiler", lambda: sleeps_below(process.pid), process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=100)
    check("while a module is translated", process.returncode == 130, (process.returncode, out, err))
    check("it does not blame the module", "cannot be translated" not in err, err)
    check("nothing was made", not os.path.exists(folder.db))

    # The bar of a terminal, which is shown when there was time for it.
    slow = folder.write("slow", "loop\n")
    for limit in ("1s", "5s", "25s"):
        folder.remove_db()
        status, shown = Terminal(folder.line("--timeout", limit, inputs=[slow])).end()
        if b" of 1" in shown:
            break
    same("a bar: status", status, 1)
    check("a bar", b" of 1" in shown and b"failed" in shown and b"{" not in shown, shown)
    check("that is taken away", shown.endswith(b"\r\x1b[K"), shown[-40:])
finish()
