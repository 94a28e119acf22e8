# SPDX-License-Identifier: Apache-2.0
"""Temporary folders: gone after a run, after a kill gone with the next run, and nothing else is ever removed."""
import fcntl
import os
import shutil
import signal
import subprocess
import time

from harness import Folder, check, environment, finish, same, start, wait_for

NAME = "krait-run."


def without_cache(temporary):
    """Modules are translated into a temporary folder then, which stays until the end of the run."""
    return dict(environment(), KRAIT_CACHE="/dev/null/none", KRAIT_OPT_LEVEL="0", TMPDIR=temporary)


def uses(process, temporary, name):
    """Its owner is among the descriptors of the process, and the module is translated."""
    wanted = os.path.join(temporary, name, "owner")
    folder = "/proc/%d/fd" % process.pid
    try:
        return any(os.readlink(os.path.join(folder, entry)) == wanted for entry in os.listdir(folder)) and \
            os.path.exists(os.path.join(temporary, name, "files", "module.krt"))
    except OSError:
        return False


def begin(folder, temporary, number):
    """A run that does not end, and its temporary folder."""
    line = folder.line("--timeout", "none", "--quiet")
    line[line.index("--output") + 1] += str(number)
    process = start(line, env=without_cache(temporary), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)

    def used():
        """Not while the folder is there in which it was translated: that goes a moment later."""
        names = os.listdir(temporary)
        return [name for name in names if uses(process, temporary, name)] if all(
            name.startswith(NAME) for name in names) else []

    if not wait_for("a temporary folder", used, process):
        process.kill()
        finish()
    return process, used()[0]


def make_old(paths):
    """As if they had been made two hours ago."""
    for path in paths:
        os.utime(path, (time.time() - 7200, time.time() - 7200))


def run(folder, temporary):
    folder.remove_db()
    line = folder.line("--quiet")
    line[line.index(folder.input)] = folder.path + "/small"
    done = subprocess.run(line, env=without_cache(temporary), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    same("a run: %s" % done.stderr, done.returncode, 0)
    return done


with Folder() as folder:
    temporary = os.path.realpath(folder.path) + "/tmp"
    os.mkdir(temporary)
    os.mkdir(folder.path + "/small")
    with open(folder.path + "/small/a", "w") as file:
        file.write("call a\n")
    folder.write("loop", "loop\n")
    check("it is used", "for this run only" in run(folder, temporary).stderr)
    same("gone after a run", os.listdir(temporary), [])

    # Killed
    killed, left = begin(folder, temporary, 1)
    lives, kept = begin(folder, temporary, 2)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    same("there after a kill", sorted(os.listdir(temporary)), sorted([left, kept]))
    copy = os.path.join(temporary, NAME + "copied")
    shutil.copytree(os.path.join(temporary, left), copy, symlinks=True)
    os.chmod(copy, 0o700)
    # What a program like this one could have had in it.
    files = os.path.join(temporary, left, "files")
    os.symlink(folder.path + "/small", files + "/link")
    os.symlink(folder.path + "/small/a", files + "/link2")
    deep = os.open(files, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("deeper", dir_fd=deep)
        with open(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=deep), "w") as file:
            file.write("x")
        below = os.open("deeper", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    run(folder, temporary)
    same("gone with the next run, but not a copy, nor what is in use", sorted(os.listdir(temporary)),
         sorted([kept, NAME + "copied"]))
    check("nor what links lead to", os.path.exists(folder.path + "/small/a"))
    check("nor its files", os.path.exists(os.path.join(temporary, kept, "files", "module.krt")))
    lives.send_signal(signal.SIGKILL)
    lives.wait()
    shutil.rmtree(copy)

    # Whatever is not as it should be is left, as long as it is not.
    path = os.path.join(temporary, kept)
    owner = path + "/owner"
    with open(owner) as file:
        text = file.read()

    def stays(name):
        run(folder, temporary)
        check(name + ": it stays", os.path.exists(path + "/files/module.krt"))

    os.chmod(path, 0o755)
    stays("others may enter it")
    os.chmod(path, 0o700)
    os.chmod(owner, 0o644)
    stays("others may read its owner")
    os.chmod(owner, 0o600)
    os.link(owner, folder.path + "/linked")
    stays("its owner has another name")
    os.remove(folder.path + "/linked")
    for name, changed in (("nothing", ""), ("another inode", text[:-2] + "x\n"), ("more", text + "x")):
        with open(owner, "w") as file:
            file.write(changed)
        stays("it says " + name)
    os.remove(owner)
    stays("no owner")
    os.symlink(folder.path + "/owner", owner)
    with open(folder.path + "/owner", "w") as file:
        file.write(text)
    os.chmod(folder.path + "/owner", 0o600)
    stays("its owner is a link")
    os.remove(owner)
    os.mkfifo(owner, 0o600)
    stays("its owner is a FIFO")
    os.remove(owner)
    with open(owner, "w") as file:
        file.write(text)
    os.chmod(owner, 0o600)
    if os.geteuid() == 0:
        for changed in (owner, path):
            os.chown(changed, 1, -1)
            stays("another user's")
            os.chown(changed, 0, -1)
    with open(owner) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        stays("somebody has its lock")
    for name in ("krait-run.", "krait-run.toolong", "other.abcdef"):
        moved = os.path.join(temporary, name)
        os.rename(path, moved)
        run(folder, temporary)
        check("a name that is not ours: %s" % name, os.path.exists(moved + "/files/module.krt"))
        os.rename(moved, path)
    os.rename(path, folder.path + "/elsewhere")
    os.symlink(folder.path + "/elsewhere", path)
    stays("a link to it")
    os.remove(path)
    os.rename(folder.path + "/elsewhere", path)
    run(folder, temporary)
    same("and when it is as it should be it goes", os.listdir(temporary), [])

    # A removal that was killed has moved folders up; the next one goes on, whatever their names are.
    def half_removed(name, folders):
        made = os.path.join(temporary, NAME + name)
        os.mkdir(made, 0o700)
        for below in folders:
            os.makedirs(os.path.join(made, below))
            with open(os.path.join(made, below, "file"), "w") as file:
                file.write("x")
        with open(os.open(made + "/owner", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("krait temporary folder %d\n" % os.stat(made).st_ino)
        return made

    half_removed("moved0", ["~1/b/c"])
    half_removed("moved1", ["~1/b/c", "~1/d", "~2/e/~1/~2", "~3", "files/f/g", "files/h/i/j"])
    half_removed("moved2", ["~2/b/~1/c", "~1/~1/~1", "~1/~2", "files/~1/~1"])
    run(folder, temporary)
    same("a removal goes on where one was killed", os.listdir(temporary), [])
    # What cannot be removed keeps its owner, by which the next one finds it.
    path = half_removed("cannot", ["~1/b", "files"])
    os.symlink("file", path + "/link")
    run(folder, temporary)
    same("something stays", sorted(os.listdir(path)), ["link", "owner"])
    os.remove(path + "/link")
    run(folder, temporary)
    same("and goes when it can", os.listdir(temporary), [])

    # Killed before there was anything in it: it goes when no program can be about to put something there.
    def unfinished(name, has_owner, has_files):
        made = os.path.join(temporary, NAME + name)
        os.mkdir(made, 0o700)
        if has_owner:
            os.close(os.open(made + "/owner", os.O_CREAT | os.O_WRONLY, 0o600))
        if has_files:
            os.mkdir(made + "/files", 0o700)
        return made

    made = [unfinished("empty0", False, False), unfinished("owner0", True, False), unfinished("files0", True, True)]
    kept = [unfinished("nobody", False, True), unfinished("filled", True, True), unfinished("locked", True, True)]
    with open(kept[1] + "/files/one", "w") as file:
        file.write("x")
    with open(kept[2] + "/owner") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        run(folder, temporary)
        check("it is being made", all(map(os.path.exists, made)))
        make_old(made + kept)
        run(folder, temporary)
    same("nobody goes on making it", [path for path in made if os.path.exists(path)], [])
    same("but what has contents stays", [path for path in kept if not os.path.exists(path)], [])
    check("with its contents", os.path.exists(kept[1] + "/files/one") and os.path.exists(kept[1] + "/owner"))
    for path in kept:
        shutil.rmtree(path)

    # Many at a time: nobody loses what is his.
    line = folder.line("--quiet")
    line[line.index(folder.input)] = folder.path + "/small"
    at = line.index("--output") + 1
    for attempt in range(4):
        many = []
        for number in range(6):
            line[at] = folder.path + "/many%d-%d.db" % (attempt, number)
            many.append(subprocess.Popen(list(line), env=without_cache(temporary), stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        many[0].kill()
        for process in many:
            text = process.communicate()[1]
            if process is not many[0]:
                same("many at a time", (process.returncode, b"cannot" in text.replace(b"cannot use the cache", b"")),
                     (0, False))
    # What the compiler was at when it was killed is not of this kind.
    left = [os.path.join(temporary, name) for name in os.listdir(temporary) if name.startswith(NAME)]
    make_old([path for path in left if not os.path.exists(path + "/owner") or os.path.getsize(path + "/owner") == 0])
    run(folder, temporary)
    same("and nothing is left", [name for name in os.listdir(temporary) if name.startswith(NAME)], [])
finish()
