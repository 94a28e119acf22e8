# SPDX-License-Identifier: Apache-2.0
"""Inputs: files, folders, lists, and what a folder can hold that is no document."""
import hashlib
import os
import subprocess
import sys
import threading
import time

from harness import Folder, Terminal, check, environment, finish, same, wait_for


def paths(folder):
    return [row[0] for row in folder.query("SELECT path FROM __wadup_content ORDER BY rowid")]


with Folder() as folder:
    for name in ("b/2", "b/1", "a", "c", "B", "b.txt", "b/sub/x", ".hidden"):
        folder.write(name, "call x\n")
    folder.run()
    wanted = [folder.input + "/" + name for name in
              (".hidden", "B", "a", "b/1", "b/2", "b/sub/x", "b.txt", "c")]
    same("a folder, in order", paths(folder), wanted)
    folder.run(inputs=[folder.input + "/"])
    same("with a slash behind it", paths(folder), wanted)
    folder.run(inputs=[folder.input + "/c", folder.input + "/a"])
    same("files, in the order of the command", paths(folder),
         [folder.input + "/c", folder.input + "/a"])
    done = folder.run(inputs=["-"], input="%s/c\n\n%s/b\n%s/missing\n" % ((folder.input,) * 3))
    same("a list on stdin: one is missing", done.returncode, 1)
    same("the documents of a list", paths(folder),
         [folder.input + "/" + name for name in ("c", "b/1", "b/2", "b/sub/x", "missing")])
    same("what is missing", folder.status()["missing"],
         ("failed", "cannot read: No such file or directory"))

# The database lies among the documents.
with Folder() as folder:
    folder.write("a", "call x\n")
    folder.db = folder.input + "/a.db"
    folder.run()
    same("the database is no document", paths(folder), [folder.input + "/a"])

# Loops, FIFOs, sockets, devices.
with Folder() as folder:
    folder.write("real/a.txt", "call real\n")
    os.symlink("..", folder.input + "/real/loop")
    os.symlink("self", folder.input + "/self")
    os.symlink("real", folder.input + "/folder-link")
    os.symlink("real/a.txt", folder.input + "/link")
    os.symlink("nowhere", folder.input + "/dangling")
    os.symlink("/dev/zero", folder.input + "/zero")
    os.mkfifo(folder.input + "/fifo")
    done = folder.run()
    same("it ends", done.returncode, 1)
    status = folder.status()
    same("links to files are documents", (status["a.txt"], status["link"]), (("success", None),) * 2)
    same("a link to nowhere cannot be read", status["dangling"],
         ("failed", "cannot read: No such file or directory"))
    same("a link to itself cannot be read", status["self"],
         ("failed", "cannot read: Too many levels of symbolic links"))
    same("nothing else", sorted(status), ["a.txt", "dangling", "link", "self"])
    check("the others are named", all(name in done.stderr for name in
                                      ("real/loop", "folder-link", "zero", "fifo")), done.stderr)
    check("and counted", "4 inputs are no documents" in done.stdout, done.stdout)
    done = folder.run(inputs=[folder.input + "/fifo"])
    same("a FIFO that is named", (done.returncode, len(paths(folder))), (0, 0))

# Folders in folders, deeper than a path can say.
with Folder() as folder:
    folder.write("a", "call x\n")
    here = os.getcwd()
    os.chdir(folder.input)
    for number in range(1200):
        os.mkdir("f%03d" % (number % 1000))
        os.chdir("f%03d" % (number % 1000))
    os.chdir(here)
    done = folder.run()
    same("folders without end: it ends", done.returncode, 1)
    errors = [error for _, error in folder.status().values() if error]
    same("what is too deep is named", errors, ["cannot read the folder: File name too long"])

# Names that are not UTF-8, or look like something else.
with Folder() as folder:
    names = [b"\xff\xfe.txt", b"gr\xc3\xbc\xc3\x9fe", b"new\nline", b"-rf", b"a!b", b"a'b\"c;--",
             b"\x1b[31m", b"..x"]
    for name in names:
        with open(os.fsencode(folder.input) + b"/" + name, "wb") as file:
            file.write(b"call x\ndescribe\n")
    done = folder.run()
    same("strange names: all succeed", done.returncode, 0)
    found = [path if isinstance(path, bytes) else path.encode() for path in paths(folder)]
    same("each is kept as it is", sorted(found),
         sorted(os.fsencode(folder.input) + b"/" + name for name in names))
    same("a name that is no text has its bytes", folder.query(
        "SELECT typeof(path), filename FROM __wadup_content WHERE typeof(path) <> 'text'"),
         [("blob", b"\xff\xfe.txt")])

# Unreadable, too large, vanished, growing.
with Folder() as folder:
    folder.write("a", "call x\n")
    folder.write("large", "x" * 5000)
    done = folder.run("--max-document", "4K")
    same("a large one", folder.status()["large"], ("failed", "cannot read: larger than 4096 bytes"))
    secret = folder.write("secret", "call x\n")
    os.chmod(secret, 0)
    os.chmod(folder.path, 0o777)
    if os.geteuid() != 0:
        folder.run()
        same("one that may not be read", folder.status()["secret"],
             ("failed", "cannot read: Permission denied"))
    else:
        become = lambda: (os.setgroups([]), os.setgid(65534), os.setuid(65534))
        home = os.path.join(folder.path, "home")
        os.mkdir(home)
        os.chmod(home, 0o777)
        folder.remove_db()
        env = dict(environment(), KRAIT_CACHE=home)
        try:
            subprocess.run(folder.line(), preexec_fn=become, env=env, capture_output=True, timeout=100)
            found = folder.status().get("secret")
        except (OSError, PermissionError):
            found = None
        if found is None:
            print("another user cannot run the program here: that case is left out")
        else:
            same("one that may not be read", found, ("failed", "cannot read: Permission denied"))
    os.chmod(secret, 0o600)

def disturbed(folder, seconds):
    """What happens to documents while one before them takes so long.  False: the machine was slower than that."""
    folder.write("0-slow", "loop\n")
    folder.write("1-gone", "call x\n")
    path = folder.write("2-growing", "start\n")
    folder.write("3-shrinks", "y" * 1000000)
    folder.remove_db()
    stop = threading.Event()

    def grow():
        with open(path, "ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"more and more\n" * 100)
                if file.tell() > 1 << 28:
                    break

    writer = threading.Thread(target=grow)
    began = time.monotonic()
    run = Terminal(folder.line("--timeout", "%ds" % seconds))
    try:
        # Without the "+" of a scan that goes on.
        found = b"0 of 4  "
        wait_for("a run that has found them all", lambda: found in run.text or run.process.poll() is not None)
        os.remove(folder.input + "/1-gone")
        os.truncate(folder.input + "/3-shrinks", 10)
        is_early = found in run.text and time.monotonic() - began < seconds
        writer.start()
        status, said = run.end()
    finally:
        stop.set()
    writer.join()
    same("a run whose documents change: %s" % said, status, 1)
    return is_early


with Folder() as folder:
    for seconds in (2, 10, 50):
        if disturbed(folder, seconds):
            break
    status = folder.status()
    same("what vanished", status["1-gone"], ("failed", "cannot read: No such file or directory"))
    same("what was slow", status["0-slow"], ("failed", "Module 'obey' exceeded the time limit of %d s" % seconds))
    same("what shrank is what was read", folder.query(
        "SELECT size FROM __wadup_content WHERE filename = '3-shrinks'"), [(10,)])
    size, digest = folder.query("SELECT size, sha256 FROM __wadup_content WHERE filename = '2-growing'")[0]
    with open(folder.input + "/2-growing", "rb") as file:
        same("what grew is what was read", hashlib.sha256(file.read(size)).hexdigest(), digest)
finish()
