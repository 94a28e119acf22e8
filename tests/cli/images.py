# SPDX-License-Identifier: Apache-2.0
"""The user's images: when they are made and used, and what may happen to their files.

Whatever it is, programs run as if there were none: right output, nothing on stderr."""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KRAIT = os.environ["KRAIT"]
TOOL = sys.argv[1]
failures = []
count = 0
CODE = "print(hash('a text'), 6 * 7)"


def check(name, good, *details):
    global count
    count += 1
    if not good:
        failures.append(name)
        print("failed:", name, *["%.600r" % (detail,) for detail in details])


def krait(*args, **more):
    return subprocess.run([KRAIT] + list(args), capture_output=True, text=True, **more)


class Cache:
    """A folder for images, and the files of the one Python in it."""

    def __init__(self, base):
        self.root = tempfile.mkdtemp(dir=base)
        self.env = dict(os.environ, KRAIT_SNAPSHOTS=self.root)

    def run(self, **more):
        more.setdefault("env", self.env)
        return krait("run", "-c", CODE, **more)

    def hash(self):
        done = self.run()
        check("the program runs", done.returncode == 0 and done.stderr == "" and
              done.stdout.endswith(" 42\n"), done)
        return done.stdout

    def snapshot(self, *args, **more):
        return krait("snapshot", *args, env=self.env, **more)

    def folder(self):
        folders = [name for name in os.listdir(self.root) if len(name) == 16]
        return os.path.join(self.root, folders[0]) if len(folders) == 1 else None

    def names(self):
        return sorted(os.listdir(self.folder())) if self.folder() else []

    def images(self):
        return [os.path.join(self.folder(), name) for name in self.names()
                if name.startswith("program-")]

    def forget_pace(self):
        """As if nobody had made an image for long."""
        os.utime(os.path.join(self.folder(), "lock"), (0, 0))

    def drain(self, wanted):
        """Runs until there are so many images."""
        for _ in range(200):
            if len(self.images()) >= wanted:
                break
            self.forget_pace()
            self.hash()
        check("there are %d images" % wanted, len(self.images()) == wanted, self.names())


def first_runs(base):
    cache = Cache(base)
    first = cache.hash()
    check("the first run makes one image", len(cache.images()) == 1, cache.names())
    check("and nothing else", [name for name in cache.names() if not name.startswith("program-")] ==
          ["lock", "runtime"], cache.names())
    check("others cannot see it", {os.stat(path).st_mode & 0o777 for path in cache.images()} ==
          {0o600} and os.stat(cache.folder()).st_mode & 0o777 == 0o700)
    before = {path: os.stat(path).st_ino for path in cache.images()}
    check("the next ones use it", {cache.hash() for _ in range(6)} == {first})
    check("and make none", before == {path: os.stat(path).st_ino for path in cache.images()})
    cache.drain(4)
    check("four secrets", len({cache.hash() for _ in range(60)}) == 4)
    listed = json.loads(cache.snapshot("list", "--json").stdout)
    check("list", [image["usable"] for image in listed["images"]] == [True] * 4 and
          listed["why"] is None, listed)
    check("list as text", cache.snapshot("list").stdout.count("  usable\n") == 4)


def spoil(path, how):
    """Something is wrong with a file from now on."""
    if how == "cut":
        os.truncate(path, os.stat(path).st_size - 4096)
    elif how == "empty":
        os.truncate(path, 0)
    elif how == "readable":
        os.chmod(path, 0o644)
    elif how == "owner":
        os.chown(path, 1234, -1)
    elif how == "link":
        os.rename(path, path + ".other")
        os.symlink(path + ".other", path)
    elif how == "folder":
        os.unlink(path)
        os.mkdir(path)
    elif how == "fifo":
        os.unlink(path)
        os.mkfifo(path, 0o600)
    elif how == "text":
        with open(path, "w", encoding="utf-8") as file:
            file.write("no snapshot" * 1000)
    elif how == "header":
        with open(path, "r+b") as file:
            file.seek(100)
            file.write(b"\xff")
    elif how == "zeros":
        with open(path, "r+b") as file:
            file.truncate(65536)
            file.truncate(FULL_SIZE[0])
    else:
        subprocess.run([TOOL, path] + how.split(), check=True)


# Of an image, once there was one.
FULL_SIZE = []


def zeroed_images(base):
    """The memory of the guest is not what it was: that shows when Python goes on in it."""
    cache = Cache(base)
    cache.snapshot("make")
    FULL_SIZE[:] = [os.stat(cache.images()[0]).st_size]
    known = {cache.hash() for _ in range(40)}
    for path in cache.images():
        spoil(path, "zeros")
    for _ in range(40):
        check("not used", cache.hash() not in known)
    check("they are gone", len(cache.images()) < 4, cache.names())
    cache.drain(4)
    check("verify", cache.snapshot("verify").stdout.count(": whole\n") == 4)


def bad_images(base):
    hows = ["cut", "empty", "readable", "link", "text", "header", "age 90000", "age -3600",
            "age 100000000", "kind 0", "kind 7", "build", "fifo", "folder"]
    if os.geteuid() == 0:
        hows.append("owner")
    cache = Cache(base)
    cache.snapshot("make")
    for how in hows:
        old = {cache.hash() for _ in range(40)}
        for path in cache.images():
            spoil(path, how)
        cache.forget_pace()
        listed = json.loads(cache.snapshot("list", "--json").stdout)
        check(how + ": list says why", all(not image["usable"] and image["why"]
                                           for image in listed["images"]), listed)
        new = cache.hash()
        check(how + ": not used", new not in old, new, old)
        if how == "folder":
            check("a folder in the place of an image", cache.snapshot("make").returncode == 125)
            for path in cache.images():
                os.rmdir(path)
        else:
            # The run has made a good one, the next uses it.
            check(how + ": made again", cache.hash() == new, cache.names())
        check(how + ": all made again", cache.snapshot("make").returncode == 0)
        for path in cache.images():
            if path.endswith(".other"):
                os.unlink(path)


def verify(base):
    cache = Cache(base)
    check("nothing to verify", cache.snapshot("verify").returncode == 0)
    cache.snapshot("make")
    done = cache.snapshot("verify")
    check("verify", done.returncode == 0 and done.stdout.count(": whole\n") == 4, done)
    # A program that has no room for its environment there.
    large = [word for i in range(16) for word in ("-e", "V%d=%s" % (i, "x" * 100000))]
    for _ in range(4):
        done = krait("run", "--memory", "20M", *large, "-c", CODE, env=cache.env)
        check("little memory", done.returncode == 0 and done.stdout.endswith(" 42\n"), done.stdout, done.stderr)
    check("is no damage", len(cache.images()) == 4)
    # Short of address space; how much is too little depends on the program.
    for mib in range(2, 17):
        done = cache.snapshot("verify", preexec_fn=lambda size=mib << 20: resource.setrlimit(
            resource.RLIMIT_AS, (size, size)))
        check("what cannot be read now stays", len(cache.images()) == 4 and done.returncode != 1, done)
    path = cache.images()[2]
    copy = os.path.join(base, "copy.krs")
    shutil.copy2(path, copy)
    check("a file by its name", cache.snapshot("verify", copy).returncode == 0)
    # In the memory of the guest: no run looks there.
    with open(path, "r+b") as file:
        file.seek(os.stat(path).st_size - 5000)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    shutil.copy2(path, copy)
    done = cache.snapshot("verify", copy)
    check("a bad file by its name", done.returncode == 1 and copy in done.stderr, done)
    check("it stays", os.path.exists(copy))
    done = cache.snapshot("verify")
    check("a bad one", done.returncode == 1 and path in done.stderr and
          done.stdout.count(": whole\n") == 3, done)
    check("it is gone", not os.path.exists(path))
    check("then all is well", cache.snapshot("verify").returncode == 0)
    check("a file that is not there", cache.snapshot("verify", copy + "x").returncode == 127)
    done = cache.snapshot("drop")
    check("drop", done.returncode == 0 and done.stdout.startswith("3 snapshots removed, ") and
          os.listdir(cache.root) == [], done, os.listdir(cache.root))
    done = cache.snapshot("drop")
    check("drop of nothing", done.stdout == "0 snapshots removed, 0 bytes\n", done)


def places(base):
    """Folders that cannot be used, or not be trusted."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("KRAIT_SNAPSHOTS", "KRAIT_CACHE", "XDG_CACHE_HOME", "HOME")}

    def quiet(name, **variables):
        done = krait("run", "-c", CODE, env=dict(env, **variables))
        check(name, done.returncode == 0 and done.stderr == "" and done.stdout.endswith(" 42\n"),
              done)
        return krait("snapshot", "list", env=dict(env, **variables)).stdout

    check("no HOME", "names no folder" in quiet("no HOME"))
    check("switched off", "KRAIT_SNAPSHOTS" in quiet("switched off", KRAIT_SNAPSHOTS=""))
    quiet("no such place", KRAIT_SNAPSHOTS="/proc/krait/snapshots")
    quiet("a file", KRAIT_SNAPSHOTS=__file__)
    for variable, below in (("XDG_CACHE_HOME", "krait/snapshots"), ("KRAIT_CACHE", "snapshots"),
                            ("HOME", ".cache/krait/snapshots")):
        place = tempfile.mkdtemp(dir=base)
        quiet(variable, **{variable: place})
        check(variable + ": where", len(os.listdir(os.path.join(place, below))) == 1)
    cache = Cache(base)
    cache.snapshot("make")
    warm = {cache.hash() for _ in range(40)}
    for name, spoiled, cured in (
            ("others may write", lambda path: os.chmod(path, 0o777),
             lambda path: os.chmod(path, 0o700)),
            ("another user", lambda path: os.chown(path, 1234, -1),
             lambda path: os.chown(path, os.geteuid(), -1))):
        if name == "another user" and os.geteuid() != 0:
            continue
        folder = cache.folder()
        spoiled(folder)
        check(name + ": not used", cache.hash() not in warm)
        listed = json.loads(cache.snapshot("list", "--json").stdout)
        check(name + ": list says why", listed["images"] == [] and folder in listed["why"], listed)
        doctor = json.loads(krait("doctor", "--json", env=cache.env).stdout)
        found = [entry for entry in doctor["checks"] if entry["name"] == "snapshots"]
        check(name + ": doctor says why", found[0]["status"] == "missing" and
              folder in found[0]["found"], found)
        check(name + ": make refuses", cache.snapshot("make").returncode == 125)
        cured(folder)
    folder = cache.folder()
    os.rename(folder, folder + "x")
    os.symlink(folder + "x", folder)
    check("a link: not used", cache.hash() not in warm)
    os.unlink(folder)
    if os.geteuid() == 0:
        os.chown(cache.root, 1234, -1)
        check("a cache of another user", cache.hash() not in warm)
        check("nothing was made there", os.listdir(cache.root) == [os.path.basename(folder) + "x"])


def full_disk(base):
    cache = Cache(base)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    done = cache.run(preexec_fn=limit)
    check("files of 1 MiB at most", done.returncode == 0 and done.stderr == "" and
          done.stdout.endswith(" 42\n"), done)
    check("nothing half-made", cache.names() in ([], ["lock", "runtime"]), cache.names())
    done = subprocess.run([KRAIT, "snapshot", "make"], env=cache.env, preexec_fn=limit,
                          capture_output=True, text=True)
    check("make says so", done.returncode == 125 and done.stderr.startswith("krait: "), done)
    check("and leaves nothing", cache.names() in ([], ["lock", "runtime"]), cache.names())
    script = """mount -t tmpfs -o size=1m,mode=0700 none "$KRAIT_SNAPSHOTS" 2>/dev/null || exit 77
        "$KRAIT" run -c "$1"; echo $?; ls -A "$KRAIT_SNAPSHOTS"/*; "$KRAIT" snapshot make; echo $?
        ls -A "$KRAIT_SNAPSHOTS"/*"""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", CODE], capture_output=True,
                          text=True, env=dict(cache.env, KRAIT=KRAIT)) if shutil.which("unshare") \
        else None
    if done is None or done.returncode in (1, 77) and not done.stdout:
        print("no small disk could be mounted here: that case is left out")
        return
    lines = done.stdout.splitlines()
    check("a full disk", lines[0].endswith(" 42") and lines[1] == "0", done)
    check("make on a full disk", "125" in lines and "No space left" in done.stderr, done)
    check("nothing half-made on it", not [line for line in lines if line.startswith(".program")],
          lines)


def together(base):
    line = [KRAIT, "run", "-c", CODE]
    # Who makes one gives up after ten seconds, and who comes five seconds later than that one tries as well.
    for _ in range(5):
        cache = Cache(base)
        children = [subprocess.Popen(line, env=cache.env, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True) for _ in range(20)]
        ends = [child.communicate() + (child.returncode,) for child in children]
        check("20 first runs at once", all(out.endswith(" 42\n") and err == "" and status == 0
                                           for out, err, status in ends), ends)
        if len(cache.images()) == 1:
            break
    check("one of them makes an image", len(cache.images()) == 1, cache.names())
    check("no other file", len(cache.names()) == 3, cache.names())
    other = Cache(base)
    line.insert(2, "--snapshot")
    children = [subprocess.Popen(line, env=other.env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(20)]
    ends = [child.communicate() + (child.returncode,) for child in children]
    check("20 at once who insist", all(out.endswith(" 42\n") and err == "" and status == 0
                                       for out, err, status in ends), ends)
    check("all from one image", len({out for out, _, _ in ends}) == 1 and
          len(other.images()) == 1, other.names(), ends)
    makers = [subprocess.Popen([KRAIT, "snapshot", "make"], env=cache.env,
                               stdout=subprocess.DEVNULL) for _ in range(3)]
    for _ in range(10):
        cache.hash()
    check("three who make all", [maker.wait() for maker in makers] == [0, 0, 0])
    check("all are whole", cache.snapshot("verify").stdout.count(": whole\n") == 4)


def killed(base):
    # A shell starts what runs in its background with SIGINT ignored, and so would krait be.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cache = Cache(base)
    cache.snapshot("make")
    generator = random.Random(1)
    for number in range(24):
        command = ["snapshot", "make"] if number % 2 else ["run", "-c", CODE]
        for path in cache.images():
            os.unlink(path)
        cache.forget_pace()
        with subprocess.Popen([KRAIT] + command, env=cache.env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            time.sleep(generator.uniform(0, 0.15))
            child.send_signal(signal.SIGINT if number % 3 == 2 else signal.SIGKILL)
        if number % 3 == 2:
            check("Ctrl-C leaves nothing", not [name for name in cache.names()
                                                if name.startswith(".")], cache.names())
        cache.hash()
    for path in cache.images():
        os.unlink(path)
    with open(os.path.join(cache.folder(), ".program-0.krs.abcdef"), "wb") as file:
        file.write(b"x" * 100000)
    cache.forget_pace()
    cache.hash()
    check("what was left behind is removed", len(cache.names()) == 3, cache.names())
    check("the rest is whole", cache.snapshot("verify").returncode == 0)


def other_pythons(base):
    cache = Cache(base)
    cache.hash()
    gone = os.path.join(cache.root, "0123456789abcdef")
    kept = os.path.join(cache.root, "123456789abcdef0")
    for folder, runtime in ((gone, "/nonexistent/krait"), (kept, "/")):
        os.mkdir(folder, 0o700)
        with open(os.path.join(folder, "runtime"), "w", encoding="utf-8") as file:
            file.write(runtime)
        with open(os.path.join(folder, "program-1.krs"), "wb") as file:
            file.write(b"x" * 5000)
    os.unlink(os.path.join(cache.root, [name for name in os.listdir(cache.root)
                                        if name[:4] not in ("0123", "1234")][0], "runtime"))
    cache.snapshot("make")
    check("images of a Python that is gone", not os.path.exists(gone))
    check("images of another one", os.path.exists(kept))
    done = cache.snapshot("drop")
    check("drop takes all", done.stdout.startswith("5 snapshots") and not os.listdir(cache.root),
          done, os.listdir(cache.root))


def usage(base):
    cache = Cache(base)
    for args in ([], ["x"], ["make", "x"], ["make", "--import"], ["make", "--import", "a b"],
                 ["make", "--import", "../x"], ["list", "x"], ["drop", "x"], ["list", "--json", "x"],
                 ["make", "--dir", base + "::/usr/local"], ["make", "--dir", base + "::/"]):
        done = cache.snapshot(*args)
        check("usage %s" % args, done.returncode == 125 and done.stderr, done)
    check("a script that is not there",
          cache.snapshot("make", "--run", base + "/x.py").returncode == 127)
    check("a folder that is not there", cache.snapshot("make", "--dir", base + "/x").returncode == 127)
    check("nothing was made", os.listdir(cache.root) == [])
    check("--help", cache.snapshot("make", "--help").stdout.startswith("usage: krait snapshot"))


def wishes(base):
    """Modules that are asked for, and those that make images later."""
    cache = Cache(base)
    os.mkdir(base + "/lib")
    for name, text in (("mine.py", "import sys\nprint('loading', file=sys.stderr)\nvalue = 41\n"),
                       ("bad.py", "1 / 0\n")):
        with open(os.path.join(base, "lib", name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(base + "/warm.py", "w", encoding="utf-8") as file:
        file.write("from __future__ import annotations\nimport colorsys, sys\n"
                   "print('warming', file=sys.stderr)\nleft = 1\n")
    done = cache.snapshot("make", "--import", "wave", "--import=calendar")
    check("--import", done.returncode == 0, done)
    check("list names them", "wave" in cache.snapshot("list").stdout)
    look = "import sys; print('wave' in sys.modules); import wave; print(wave.__spec__.origin)"
    done = krait("run", "-c", look, env=cache.env)
    cold = krait("run", "--no-snapshot", "-c", look, env=cache.env)
    check("a loaded module", done.stdout == cold.stdout and done.stdout.startswith("False"), done)
    for path in cache.images():
        os.unlink(path)
    cache.forget_pace()
    cache.hash()
    check("later images have them", "wave calendar" in cache.snapshot("list").stdout,
          cache.snapshot("list").stdout)
    done = cache.snapshot("make", "--run", base + "/warm.py")
    check("--run", done.returncode == 0 and done.stderr == "warming\n" * 4, done)
    look = "import sys; print('colorsys' in sys.modules, 'left' in globals()); import colorsys"
    done = krait("run", "-c", look, env=cache.env)
    check("its names are gone", done.stdout == "False False\n" and done.stderr == "", done)
    check("--import is not asked for any more", "wave" not in cache.snapshot("list").stdout)
    done = cache.snapshot("make", "--dir", base + "/lib", "--import", "mine")
    check("--dir", done.returncode == 0 and done.stderr == "loading\n" * 4, done)
    with open(base + "/lib/main.py", "w", encoding="utf-8") as file:
        file.write("import sys\nprint('mine' in sys.modules, sys.path[0])\nimport mine\n"
                   "print(mine.value, mine.__file__)\n")
    cold = krait("run", "--no-snapshot", "--dir", base + "/lib", base + "/lib/main.py")
    done = krait("run", "--dir", base + "/lib", base + "/lib/main.py", env=cache.env)
    check("a module of a granted folder", done.stdout == cold.stdout and done.returncode == 0, done,
          cold)
    done = krait("run", "-c", "import mine", env=cache.env)
    check("it is not there without the grant", "No module named 'mine'" in done.stderr, done)
    before = {path: os.stat(path).st_ino for path in cache.images()}
    for args in (["--import", "no_such_module"], ["--dir", base + "/lib", "--import", "bad"]):
        done = cache.snapshot("make", *args)
        check("make %s" % args, done.returncode == 125 and args[-1] in done.stderr +
              "ZeroDivisionErrorbad", done)
    check("then the images stay", before == {path: os.stat(path).st_ino for path in cache.images()})
    check("and what was asked for", "--import mine" in cache.snapshot("list").stdout)
    shutil.rmtree(base + "/lib")
    for path in cache.images():
        os.unlink(path)
    cache.forget_pace()
    first = cache.hash()
    check("without the folder: the usual modules", cache.hash() == first, cache.names())


def main():
    tests = [globals()[name] for name in sys.argv[2:]]
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="krait-test.") as base:
            test(os.path.realpath(base))
    print("%d checks, %d failed" % (count, len(failures)))
    return 0 if count and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
