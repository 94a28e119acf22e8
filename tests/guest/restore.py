# SPDX-License-Identifier: Apache-2.0
"""Programs in a restored Python against the same in a new one: restore.py GUEST_RESTORE SUITE

Each probe runs by guest_restore twice, once with --cold; standard output, standard error and exit
status have to be equal. SUITE is a name of a function here that yields probes.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]


class Probe:
    def __init__(self, *args, stdin=b"", options=(), preload=None, stdio=None, where="pipe"):
        self.args = list(args)
        self.stdin = stdin
        self.options = list(options)
        self.preload = preload
        self.stdio = stdio  # shell redirections
        self.where = where  # pipe, terminal


def run(probe, cold):
    command = [TOOL] + probe.options
    if cold:
        command.append("--cold")
    elif probe.preload:
        command += ["--preload", probe.preload]
    command += ["--"] + probe.args
    if probe.stdio:
        command = ["sh", "-c", 'exec "$@" ' + probe.stdio, "sh"] + command
    if probe.where == "terminal":
        return run_on_terminal(command, probe.stdin)
    done = subprocess.run(command, input=probe.stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return [done.returncode] + [normal(text) for text in (done.stdout, done.stderr)]


def normal(text):
    """Addresses of objects are no promise."""
    return re.sub("0x[0-9a-f]+", "0x", text.decode("utf-8", "backslashreplace"))


def run_on_terminal(command, stdin):
    import pty
    import tty
    master, slave = pty.openpty()
    tty.setraw(slave)
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave) as child:
        os.close(slave)
        os.write(master, stdin)
        output = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            output += chunk
        child.wait()
    os.close(master)
    return [child.returncode, normal(output), ""]


def compare(suite):
    failed = count = 0
    for probe in suite:
        count += 1
        cold = run(probe, True)
        warm = run(probe, False)
        if cold != warm:
            failed += 1
            print("%.200s %s %s %s" % (probe.args, probe.options, probe.stdio or "", probe.where))
            if cold[0] != warm[0]:
                print("  status %d, restored %d" % (cold[0], warm[0]))
            for a, b in zip(cold[1:], warm[1:]):
                for line in difflib.unified_diff(a.splitlines(), b.splitlines(), "cold", "restored",
                                                 lineterm="", n=0):
                    print("    %.600s" % line)
    print("%d probes, %d differ" % (count, failed))
    return 0 if count and not failed else 1


# What a program sees of its start.
STATE = r"""
import sys, os, time
for name in sorted(dir(sys)):
    value = getattr(sys, name)
    if isinstance(value, (str, int, float, tuple, list, bytes, type(None))) or name in ('flags', '_xoptions', 'implementation'):
        if name not in ('__doc__', 'stdlib_module_names'):
            print(name, repr(value))
print(list(sys.__dict__))
print(list(sys.modules))
print(list(sys.path_importer_cache))
print(sys.meta_path, sys.path_hooks)
print(list(globals()), __name__, __builtins__)
print(os.environ, os.environb, list(os.environ._data.items()))
import posix
print(posix.environ is os.environ._data, sys.getsizeof(posix.environ), os.getcwd())
print(time.tzname, time.timezone, time.altzone, time.daylight, time.localtime(0))
for name in 'stdin', 'stdout', 'stderr':
    for s in (getattr(sys, name), getattr(sys, '__' + name + '__')):
        if s is None:
            print(name, s)
            continue
        print(name, s, s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, s.newlines, s.isatty(), s.closed, s.buffer, s.buffer.raw, s.fileno())
    print(getattr(sys, name) is getattr(sys, '__' + name + '__'))
import gc, warnings, signal, locale
print(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.get_debug(), gc.callbacks, gc.garbage)
print(warnings.filters)
print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGPIPE), locale.setlocale(locale.LC_ALL))
import _testinternalcapi_is_missing
"""

CONFIG = r"""
import sys, __main__
print(vars(__main__).keys(), __main__.__loader__, __main__.__spec__)
print(sys.argv, sys.orig_argv, sys.path[0], sys.executable)
"""


def start():
    """Arguments, environment, folders, streams, the end."""
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        write("state.py", STATE + CONFIG)
        write("config.py", CONFIG)
        write("package/__init__.py", "print(__name__)\n")
        write("package/__main__.py", CONFIG)
        write("fails.py", "def f():\n    1 / 0\nf()\n")
        write("empty.py", "")
        write("syntax.py", "x = = 1\n")
        grant = ["--dir", folder + "::/work"]
        inside = grant + ["--env", "KRAIT_CWD=/work"]
        yield Probe("-c", STATE)
        yield Probe("-c", STATE, options=["--env", "A=1", "--env", "PATH=/bin", "--env", "A2=\xe9"])
        yield Probe("-c", STATE, options=inside)
        yield Probe("-c", STATE, where="terminal")
        for stdio in "</dev/null", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "<.", "</dev/zero", "2>&1":
            yield Probe("-c", STATE, stdio=stdio)
        yield Probe("/work/state.py", "a", "-c", "", options=grant)
        yield Probe("state.py", "a", options=inside)
        yield Probe("./state.py", options=inside)
        yield Probe("/work/package", "x", options=grant)
        yield Probe("package", options=inside)
        yield Probe("-m", "package", "x", "-v", options=inside)
        yield Probe("-m", "state", options=inside)
        yield Probe("-m", "this")
        yield Probe("-m", "nothing.here", "x")
        yield Probe("-m", "json", stdin=b"[1, 2")
        yield Probe("-m", "json.tool", "--compact", stdin=b"[1, 2]")
        for name in "fails.py", "empty.py", "syntax.py", "missing.py", "package/__init__.py":
            yield Probe("/work/" + name, options=grant)
            yield Probe(name, options=inside)
        yield Probe("-", "a", "b", stdin=CONFIG.encode())
        yield Probe(stdin=CONFIG.encode())
        yield Probe(stdin=b"1 + 1\nprint(2)\nx = 3\nx\nexit(4)\n", where="terminal")
        yield Probe("-", stdin=b"import sys\nprint(sys.stdin.read())\nexit(3)\ntext")
        yield Probe("-c", "print(input('? ')); print(input())", stdin=b"one\ntwo")
        yield Probe("-c", "print(input('? '))", stdin=b"one\n", where="terminal")
        yield Probe("-c", "import sys; print(sys.stdin.buffer.read())", stdin=bytes(range(256)))
        yield Probe("-c", "print('\\u20ac\\udcff')", "\u20ac")
        yield Probe("-c", "import sys; print(sys.argv)", "", "\u20ac", "-h", "--", "-c")
        yield Probe("-c", "import sys; print(ascii(sys.argv))", b"\xff\xfe")
        yield Probe("-c", "")
        yield Probe("-c", "1 +")
        yield Probe("-c", "def f():\n  raise ValueError('x') from KeyError(1)\nf()")
        yield Probe("-c", "import os\nos.chdir('/tmp')\nprint(os.getcwd(), os.listdir('.'))",
                    options=["--env", "KRAIT_CWD=/missing"])
        for code in ("sys.exit()", "sys.exit(3)", "sys.exit('text')", "sys.exit(-1)", "sys.exit(300)",
                     "os._exit(5)", "os.abort()", "raise KeyboardInterrupt", "raise SystemExit((1, 2))",
                     "os.kill(os.getpid(), signal.SIGTERM)", "os.kill(os.getpid(), signal.SIGINT)",
                     "sys.stdout.write('no line end')", "sys.stdout.close()", "os.close(1); print(1)",
                     "sys.stderr.close(); 1 / 0", "del sys.stdout", "sys.stdout = None",
                     "sys.modules.clear()", "sys.excepthook = 1; 1 / 0", "recursive = lambda: recursive()\nrecursive()"):
            yield Probe("-c", "import os, sys, signal\n" + code)
        yield Probe("-c", ENDING)
        yield Probe("-c", "import sys\nsys.addaudithook(lambda *a: print(a[0]))\nimport json, this_is_missing")


# The end of a program, as far as it can see it.
ENDING = r"""
import atexit, sys, weakref, os
class Loud:
    def __init__(self, name): self.name = name
    def __del__(self): print('del', self.name, sys is None, sys and sys.meta_path is None)
    def __repr__(self): return self.name
a = Loud('global')
_b = Loud('_global')
cycle = Loud('cycle'); cycle.self = cycle
attached = Loud('attached to os'); os.attached = attached; del attached
import json
json.attached = Loud('attached to json')
json.JSONEncoder.attached = Loud('attached to a class of json')
sys.attached = Loud('attached to sys')
import builtins
builtins.attached = Loud('attached to builtins')
weakref.finalize(a, print, 'finalize')
reference = weakref.ref(cycle, lambda r: print('weak reference'))
atexit.register(print, 'first registered'); atexit.register(print, 'last registered')
def generator():
    try:
        yield
    finally:
        print('generator')
g = generator(); next(g)
held = [Loud('held by a list')]
class Meta(type):
    def __del__(self): print('del of a class', self.__name__)
class Made(metaclass=Meta): pass
sys.stdout.write('text without an end')
import threading
threading._register_atexit(print, 'threading')
"""

if __name__ == "__main__":
    sys.exit(compare(globals()[sys.argv[2]]()))
