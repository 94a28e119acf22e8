# SPDX-License-Identifier: Apache-2.0
"""Programs that go on in a copy of a started Python against the same in a new one.

Standard output, standard error and exit status have to be equal. Which way a run took shows in the
hash of a text: images have one each, and a new Python has another one each time."""
import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import terminal  # noqa: E402

KRAIT = os.environ["KRAIT"]
failures = []
count = 0


def failed(name, *details):
    failures.append(name)
    print("failed:", name)
    for detail in details:
        print("   ", detail)


def normal(text):
    """Addresses of objects are no promise, nor how the guest got to Python's run loop."""
    text = re.sub("0x[0-9a-f]+", "0x", text.decode("utf-8", "backslashreplace"))
    return re.sub(r"(?m)^  at (pymain_main|Py_BytesMain|main|__main_void|_start|krait_main)\+0x\n",
                  "", text)


def on_terminal(command, stdin):
    status, output = terminal.run(command, stdin)
    return [status, normal(output), ""]


class Probe:
    def __init__(self, *args, stdin=b"", options=(), stdio=None, where="pipe", command="run",
                 folder=".", limits=()):
        self.args = list(args)
        self.stdin = stdin
        self.options = list(options)
        self.stdio = stdio  # shell redirections
        self.where = where  # pipe, terminal
        self.command = command
        self.folder = folder
        self.limits = limits  # for LIMIT in the options: longer ones where a slow machine is not up by then

    def run(self, cold, base):
        cwd = os.path.join(base, self.folder)
        env = dict(os.environ, A="host")
        if cold:
            env["KRAIT_SNAPSHOTS"] = ""
        line = [KRAIT, self.command] + self.options + self.args
        if self.stdio:
            line = ["sh", "-c", 'exec "$@" ' + self.stdio, "sh"] + line
        if self.where == "terminal":
            line = ["env", "-C", cwd] + (["KRAIT_SNAPSHOTS="] if cold else []) + line
            return on_terminal(line, self.stdin)
        done = subprocess.run(line, input=self.stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=cwd, env=env)
        return [done.returncode] + [normal(text) for text in (done.stdout, done.stderr)]


    def both(self, base):
        """In a new Python and from a snapshot."""
        options = self.options
        for limit in self.limits or (None,):
            self.options = [limit if word == "LIMIT" else word for word in options]
            ends = self.run(True, base), self.run(False, base)
            if ends[0] == ends[1]:
                break
        return ends


# What a program sees of its start.
STATE = r"""
import sys, os, time, gc, warnings, signal, locale
for name in sorted(dir(sys)):
    value = getattr(sys, name)
    if isinstance(value, (str, int, float, tuple, list, bytes, type(None))) or name in ('flags', '_xoptions'):
        if name not in ('__doc__', 'stdlib_module_names'):
            print(name, repr(value))
print(list(sys.modules), list(sys.path_importer_cache))
print(os.environ, os.getcwd(), os.getpid() > 0, os.listdir('/'))
print(time.tzname, time.timezone)
for name in 'stdin', 'stdout', 'stderr':
    s = getattr(sys, name)
    if s is None:
        print(name, s)
        continue
    print(name, s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.isatty(), s.closed, s.buffer.raw)
    print(s.write_through, s.newlines, s.seekable(), s.buffer.seekable(), s.buffer.raw.seekable(), s.readable())
print(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.garbage)
print(warnings.filters, signal.getsignal(signal.SIGINT), locale.setlocale(locale.LC_ALL))
print(vars(sys.modules['__main__']).keys())
"""

# Where streams are, told on both that are written to.
PLACES = r"""
import sys
text = repr([(s.seekable(), s.buffer.seekable(), s.line_buffering, s.seekable() and s.tell() > 0)
             for s in (sys.stdin, sys.stdout, sys.stderr)])
print(text, sys.stdin.readline())
print(text, file=sys.stderr)
"""

# What only the end of Python does.
ENDINGS = [
    "class A:\n  __slots__ = ()\n  def __del__(self): print('gone')\na = A()",
    "class A:\n  def __del__(self): print('gone')\na = A(); a.a = a",
    "def g():\n  try:\n    yield\n  finally:\n    print('left')\nx = g(); next(x)",
    "async def f(): pass\nx = f()",
    "import atexit; atexit.register(print, 'bye')",
    "import weakref, sys\nclass A: pass\na = A(); weakref.finalize(a, print, 'finalized')",
    "import weakref\nclass A: pass\na = A(); b = weakref.ref(a, lambda ref: print('called'))",
    "f = open('/tmp/x', 'w'); f.write('text')\nclass A:\n  def __del__(self): print(open('/tmp/x').read())\n"
    "import builtins; builtins.a = A()",
    "import sys\nclass Out:\n  def write(self, text): sys.__stdout__.write(text.upper())\n"
    "  def flush(self): sys.__stdout__.write('flushed')\nsys.stdout = Out(); print('a')",
    "import mmap\nf = open('map', 'wb+'); f.truncate(4096)\nm = mmap.mmap(f.fileno(), 4096); m[:2] = b'hi'",
    "import sys; print(open('map', 'rb').read(3))",
    "import sqlite3; c = sqlite3.connect('/tmp/db'); c.execute('create table t (x)')",
    "import logging; logging.warning('x'); logging.info('y')",
    "import threading; threading.Thread(target=print, args=('x',)).start()",
    "import gc; gc.set_debug(gc.DEBUG_SAVEALL); a = []; a.append(a); del a",
    "import sys; sys.stderr.write('no line end'); sys.stdout.write('x'); raise SystemExit('end')",
    "import codecs, sys; sys.stdout = codecs.getwriter('utf-16')(sys.stdout.buffer); print('a')",
    "import io, sys; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'latin-1'); print('\xe4')",
]


def probes(folder):
    grant = ["--dir", folder]
    yield Probe("-c", STATE)
    yield Probe("-c", STATE, "-c", "", "-x", "\u20ac", command="python")
    yield Probe("-c", STATE, options=["-e", "A", "-e", "B=\xe9", "-e", "PATH=/bin"])
    yield Probe("-c", STATE, options=grant)
    yield Probe("-c", STATE, where="terminal")
    for stdio in ("</dev/null", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "<.", "2>&1",
                  "</dev/zero"):
        yield Probe("-c", STATE, stdio=stdio)
    yield Probe("-c", STATE, options=["--max-files", "20", "--max-output", "1M"])
    for stdio in ("", ">out", ">>out", "2>out", "2>>out", "<state.py", "</dev/null", ">/dev/null",
                  "<state.py >>out", "</dev/null >/dev/null", "<state.py 2>&1"):
        yield Probe("-c", PLACES, stdio=stdio)
    # A file that shadows what Python imports itself.
    for options in grant, [], ["--dir", folder + "/shadow"]:
        yield Probe("-c", "import linecache; print(linecache)", options=options)
        yield Probe("-c", "import linecache; print(linecache)", options=options, folder="shadow")
        yield Probe("-c", STATE, options=options, folder="shadow")
    for code in ENDINGS:
        yield Probe("-c", code, options=["--dir", folder])
    # Options: in a new Python either way.
    for options in (["-I"], ["-S"], ["-O"], ["-B"], ["-X", "dev"], ["-W", "error"], ["-u"], ["-P"]):
        yield Probe("-c", STATE, options=options)
    for variable in ("PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=/x", "LC_ALL=C", "TZ=Europe/Berlin",
                     "HOME=" + folder, "PYTHONSAFEPATH=1", "LANG=C", "PYTHONOPTIMIZE=1"):
        yield Probe("-c", STATE, options=["-e", variable])
    # What a grant may change.
    yield Probe("-c", STATE, options=["--dir", folder + "/site::/usr/local/lib/python3.13/site-packages"])
    yield Probe("-c", STATE, options=["--mapdir", "/usr/local::" + folder + "/prefix"])
    yield Probe("-c", STATE, options=["--dir", folder + "/prefix::/usr"])
    # Scripts.
    for name in "state.py", "./state.py", folder + "/state.py", "fails.py", "missing.py", "syntax.py":
        yield Probe(name, "a", "-c")
        yield Probe(name, options=grant)
    yield Probe("beside.py")
    yield Probe("beside.py", options=grant)
    yield Probe("package", "x")
    yield Probe("package", options=grant)
    yield Probe("-m", "package", "x", options=grant)
    yield Probe("-m", "nothing.here")
    yield Probe("-m", "json.tool", "--compact", stdin=b"[1, 2]")
    yield Probe("-m", "this")
    yield Probe("-", "a", stdin=STATE.encode())
    yield Probe(stdin=STATE.encode())
    yield Probe("-", stdin=b"import sys\nprint(sys.stdin.read())\nexit(3)\ntext")
    yield Probe(stdin=b"1 + 1\nprint(2)\nexit(4)\n", where="terminal")
    yield Probe("-c", "print(input('? '))", stdin=b"one\n", where="terminal")
    yield Probe("-c", "import sys; print(sys.stdin.buffer.read())", stdin=bytes(range(256)))
    yield Probe("-c")
    yield Probe("-m")
    yield Probe("-cprint(1)")
    yield Probe("-c", "1 +")
    # Ends.
    for code in ("sys.exit()", "sys.exit(3)", "sys.exit('text')", "sys.exit(-1)", "sys.exit(300)",
                 "os._exit(5)", "os.abort()", "raise KeyboardInterrupt", "1 / 0",
                 "os.kill(os.getpid(), signal.SIGTERM)", "os.kill(os.getpid(), signal.SIGINT)",
                 "sys.stdout.write('no line end')", "sys.stdout.close()", "os.close(1); print(1)",
                 "f = lambda: f()\nf()", "import no_such_module"):
        yield Probe("-c", "import os, sys, signal\n" + code)
    yield Probe("-c", "while 1: pass", options=["--cpu", "LIMIT"], limits=("300ms", "3s", "30s"))
    yield Probe("-c", "while 1: print('x' * 100)", options=["--max-output", "1000"])
    yield Probe("-c", "x = bytearray(1 << 30)", options=["--memory", "64M"])
    yield Probe("-c", "pass", options=["--memory", "16M"])
    yield Probe("-c", "open('/tmp/x', 'w').write('x' * 100000)", options=["--max-fs", "50K"])
    yield Probe("-c", "import os; print(os.listdir('/tmp'), os.listdir('/'))")


def write_files(folder):
    for name, text in {
            "state.py": STATE, "fails.py": "def f():\n    1 / 0\nf()\n", "syntax.py": "x = = 1\n",
            "shadow/linecache.py": "def _register_code(*_): pass\nprint('mine')\n",
            "beside.py": "import neighbour\nprint(neighbour)\n", "neighbour.py": "",
            "package/__init__.py": "print(__name__)\n", "package/__main__.py": STATE,
            "site/early.pth": "import sys; sys.early = 1\n",
            "prefix/pyvenv.cfg": "home = /usr/local/bin\n"}.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def compare(folder):
    global count
    for probe in probes(folder):
        count += 1
        cold, warm = probe.both(folder)
        if cold == warm:
            continue
        lines = ["status %d, from a snapshot %d" % (cold[0], warm[0])]
        for a, b in zip(cold[1:], warm[1:]):
            lines += difflib.unified_diff(a.splitlines(), b.splitlines(), "cold", "warm",
                                          lineterm="", n=0)
        failed("%.150s %s %s %s" % (probe.args, probe.options, probe.stdio, probe.where),
               *["%.400s" % line for line in lines])


CODE = "print(hash('a text'))"


def hashes(*options, code=CODE, times=8, command="run", **more):
    found = set()
    for _ in range(times):
        line = [KRAIT, command] + list(options) + (["-c", code] if code else [])
        found.add(subprocess.run(line, capture_output=True, **more).stdout)
    return found


def check_ways(folder):
    """Which runs go on in an image, and which start anew."""
    global count
    known = hashes(times=40)
    if len(known) != 4:
        failed("four images", known)
    script = os.path.join(folder, "hash.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(CODE)
    warm = {
        "a grant": hashes("--dir", folder),
        "a variable": hashes("-e", "A=1"),
        "limits": hashes("--timeout", "10m", "--memory", "300M"),
        "krait python": hashes(command="python"),
        "a script": hashes(script, code=None),
        "a script in a grant": hashes("--dir", folder, script, code=None),
        "-m": hashes("--dir", folder, "-m", "hash", code=None, cwd=folder),
        "stdin": hashes("-", code=None, input=CODE.encode()),
        "nothing": hashes(code=None, input=CODE.encode()),
    }
    cold = {
        "--no-snapshot": hashes("--no-snapshot", times=2),
        "an option": hashes("-B", times=2),
        "an option with a value": hashes("-X", "utf8", times=2),
        "--": hashes("--", script, code=None, times=2),
        "PYTHON*": hashes("-e", "PYTHONNOUSERSITE=1", times=2),
        "LC_*": hashes("-e", "LC_CTYPE=C", times=2),
        "TZ": hashes("-e", "TZ=UTC", times=2),
        "HOME": hashes("-e", "HOME=/", times=2),
        "a grant of everything": hashes("--dir", folder + "::/", times=2),
        "a grant at Python": hashes("--dir", folder + "::/usr/local/x", times=2),
        "a grant above Python": hashes("--dir", folder + "::/usr", times=2),
        "--deterministic": hashes("--deterministic", times=2),
        "a seed": hashes("-e", "PYTHONHASHSEED=1", times=1),
        "KRAIT_SNAPSHOTS": hashes(times=2, env=dict(os.environ, KRAIT_SNAPSHOTS="")),
    }
    for name, found in warm.items():
        count += 1
        if not found <= known:
            failed(name + ": in an image", found, known)
    for name, found in cold.items():
        count += 1
        if found & known:
            failed(name + ": in a new Python", found, known)
    if hashes("-e", "PYTHONHASHSEED=1", times=3) != cold["a seed"]:
        failed("PYTHONHASHSEED=1")


def check_asked(folder):
    """--snapshot says why a program cannot go on in one."""
    global count
    script = os.path.join(folder, "hash.py")
    for why, options in {
            "options of Python": ["-B"], "a variable": ["-e", "LANG=C"],
            "a granted folder": ["--dir", folder + "::/usr/local"],
            "--deterministic": ["--deterministic"], "fuel": ["--show-fuel"]}.items():
        count += 1
        done = subprocess.run([KRAIT, "run", "--snapshot"] + options + ["-c", CODE],
                              capture_output=True, text=True)
        if done.returncode != 125 or done.stdout or why not in done.stderr:
            failed("--snapshot: " + why, done)
    env = dict(os.environ, KRAIT_SNAPSHOTS="")
    for line, status in ((["--snapshot", script], 0), (["--no-snapshot", "--snapshot", script], 0),
                         (["--snapshot", "--no-snapshot", "-B", script], 0)):
        count += 1
        done = subprocess.run([KRAIT, "run"] + line, capture_output=True, text=True)
        if done.returncode != status or done.stderr:
            failed("krait run %s" % line, done)
    count += 1
    done = subprocess.run([KRAIT, "run", "--snapshot", script], env=env, capture_output=True,
                          text=True)
    if done.returncode != 125 or "there is none" not in done.stderr:
        failed("--snapshot without a place for them", done)


def interrupt(cold):
    """SIGINT while the program sleeps."""
    env = dict(os.environ, KRAIT_SNAPSHOTS="") if cold else None
    code = "import time\nprint('ready', flush=True)\ntime.sleep(60)"
    with subprocess.Popen([KRAIT, "run", "-c", code], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        # Not between the two lines, which the traceback would show; it may take a while until it sleeps.
        for _ in range(600):
            with open("/proc/%d/stat" % child.pid, encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] == "S":
                    break
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
    return [child.returncode, normal(out), normal(err)]


def main():
    global count
    # A shell starts what runs in its background with SIGINT ignored, and so would krait be.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as base:
        folder = os.path.realpath(base)
        os.environ["KRAIT_SNAPSHOTS"] = folder + "/snapshots"
        write_files(folder)
        made = subprocess.run([KRAIT, "snapshot", "make"], capture_output=True, text=True)
        if made.returncode != 0:
            failed("snapshot make", made)
        check_ways(folder)
        check_asked(folder)
        compare(folder)
        count += 1
        if interrupt(True) != interrupt(False):
            failed("an interrupt", interrupt(True), interrupt(False))
    print("%d probes, %d failed" % (count, len(failures)))
    return 0 if count and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
