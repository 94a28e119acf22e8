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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import terminal  # noqa: E402

TOOL = sys.argv[1]


class Probe:
    def __init__(self, *args, stdin=b"", options=(), preload=None, stdio=None, where="pipe", warm=None,
                 refused=None):
        self.args = list(args)
        self.stdin = stdin
        self.options = list(options)
        self.preload = preload
        self.stdio = stdio  # shell redirections
        self.where = where  # pipe, terminal
        self.warm = warm  # code that runs before the copy is made
        self.refused = refused  # what the message has when there may be no such copy


def run(probe, cold):
    command = [TOOL] + probe.options
    if cold:
        command.append("--cold")
    else:
        command += ["--preload", probe.preload] if probe.preload else []
        command += ["--warm", probe.warm] if probe.warm else []
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
    status, output = terminal.run(command, stdin)
    return [status, normal(output), ""]


def compare(suite):
    failed = count = 0
    for probe in suite:
        count += 1
        cold = run(probe, True) if not probe.refused else [125, "", probe.refused]
        warm = run(probe, False)
        if probe.refused and probe.refused in warm[2]:
            warm[2] = probe.refused
        if cold != warm:
            failed += 1
            print("%.200r %s %s %s %s" % (probe.args, probe.options, probe.stdio or "", probe.where,
                                          probe.warm or ""))
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
        grant = ["--dir", folder + "::/granted"]
        inside = grant + ["--env", "KRAIT_CWD=/granted"]
        yield Probe("-c", STATE)
        yield Probe("-c", STATE, options=["--env", "A=1", "--env", "PATH=/bin", "--env", "A2=\xe9"])
        yield Probe("-c", STATE, options=inside)
        yield Probe("-c", STATE, where="terminal")
        for stdio in "</dev/null", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "<.", "</dev/zero", "2>&1":
            yield Probe("-c", STATE, stdio=stdio)
        yield Probe("/granted/state.py", "a", "-c", "", options=grant)
        yield Probe("state.py", "a", options=inside)
        yield Probe("./state.py", options=inside)
        yield Probe("/granted/package", "x", options=grant)
        yield Probe("package", options=inside)
        yield Probe("-m", "package", "x", "-v", options=inside)
        yield Probe("-m", "state", options=inside)
        yield Probe("-m", "this")
        yield Probe("-m", "nothing.here", "x")
        yield Probe("-m", "json", stdin=b"[1, 2")
        yield Probe("-m", "json.tool", "--compact", stdin=b"[1, 2]")
        for name in "fails.py", "empty.py", "syntax.py", "missing.py", "package/__init__.py":
            yield Probe("/granted/" + name, options=grant)
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

# What is loaded when nobody says anything else: host/api may have another list.
MODULES = ("json re dataclasses datetime pathlib sqlite3 typing collections functools itertools random logging "
           "argparse csv io os math decimal hashlib base64 urllib.parse enum traceback contextlib string copy "
           "tempfile shutil subprocess threading time statistics uuid inspect importlib unittest asyncio "
           "urllib.request http.client email.message xml.etree.ElementTree zipfile pickle struct heapq bisect "
           "fractions secrets textwrap pprint glob fnmatch configparser html warnings weakref abc types operator "
           "concurrent.futures queue socket select signal platform calendar locale getpass gzip zlib bz2 lzma tarfile "
           "hmac ast dis tokenize linecache codecs numbers cmath array mimetypes difflib zoneinfo runpy")

# What must not be equal in two copies of one memory, after a warm-up that used all of it.
USED = """
import random, uuid, tempfile, logging, sqlite3, secrets, multiprocessing.process, os, time
random.random(), uuid.uuid1(), uuid.uuid4(), uuid.getnode(), tempfile.mktemp(), secrets.token_hex()
sqlite3.connect(':memory:').execute('select random()').fetchall()
"""
FRESH = (
    "import random; print(random.random())",
    "import random; print(random.getstate()[1][:3])",
    "from random import choice; print([choice(range(1000)) for i in range(20)])",
    "import uuid; print(uuid.uuid1().node, uuid.uuid1().clock_seq)",
    "import uuid; print(uuid.uuid4())",
    "import uuid; print(uuid.getnode())",
    "import tempfile; print(tempfile.mktemp())",
    "import tempfile; f = tempfile.NamedTemporaryFile(); print(f.name)",
    "import logging; print(logging._startTime)",
    "import sqlite3; print(sqlite3.connect(':memory:').execute('select random()').fetchall())",
    "import multiprocessing.process as p; print(bytes(p.current_process().authkey))",
    "import secrets; print(secrets.token_hex())",
    "import os; print(os.urandom(8))",
    "import time; print(time.time_ns(), time.perf_counter_ns())",
    "import email.utils; print(email.utils.make_msgid(domain='x'))",
    "import random; print(random.Random().random(), random.SystemRandom().random())",
)


def fresh():
    """Two copies of one memory; prints what is equal in them."""
    failed = 0
    for warm in "", USED:
        for code in FRESH:
            done = subprocess.run([TOOL, "--repeat", "2", "--warm", warm, "--preload", MODULES, "--", "-c", code],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            lines = done.stdout.decode().splitlines()
            if done.returncode != 0 or len(lines) != 2 or lines[0] == lines[1]:
                failed += 1
                print("%s: %s" % (code, lines))
    print("%d programs, %d are equal in two copies" % (2 * len(FRESH), failed))
    sys.exit(1 if failed else 0)


# What an import changes, as far as a program can see it. Asks for no module that changes that.
CHANGES = r"""
import sys
before = list(sys.modules)
{code}
loaded = list(sys.modules)[len(before):]
print(loaded, list(sys.modules)[:len(before)] == before)
print(list(sys.path_importer_cache))
for name in list(sys.modules):
    module = sys.modules[name]
    print(name, list(vars(module)) if name not in ('sys', '__main__') else '')
    spec = getattr(module, '__spec__', None)
    if name in loaded and spec is not None:
        print('   ', spec, spec.cached, spec.submodule_search_locations, spec._initializing, module.__loader__ is spec.loader)
import atexit, copyreg, encodings, warnings
print(atexit._ncallbacks(), [str(key) for key in copyreg.dispatch_table], list(encodings._cache), warnings.filters)
"""


def changes(*names, preload=MODULES, options=()):
    return Probe("-c", CHANGES.format(code="\n".join(names)), preload=preload, options=options)


def stash():
    """Each module by itself, and some beside each other."""
    yield Probe("-c", STATE, preload=MODULES)
    yield Probe("-c", ENDING, preload=MODULES)
    names = MODULES.split()
    for name in names:
        yield changes("import " + name)
    yield changes("import " + ", ".join(names))
    yield changes("import " + ", ".join(reversed(names)))
    yield changes("import json, re, dataclasses, datetime, pathlib, sqlite3")
    for code in ("import collections.abc", "import importlib.util", "import os.path", "import xml.etree.ElementTree as e",
                 "from concurrent.futures import ThreadPoolExecutor", "from json import *", "import email",
                 "from urllib import request, parse", "import logging.handlers", "import asyncio.events",
                 "import json.tool", "import unittest.mock", "import importlib.metadata"):
        yield changes(code)


def changed():
    """What a program changed before it imports: then bodies run as always."""
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        write("shadow/random.py", "print('my random')\n")
        write("shadow/keyword.py", "print('my keyword')\nkwlist = []\niskeyword = softkwlist = None\nissoftkeyword = None\n")
        write("shadow/main.py", "import tempfile, random, json\nprint(random)\n")
        write("shadow/org/python/core.py", "PyStringMap = dict\nprint('PyStringMap')\n")
        write("shadow/json/__init__.py", "print('my json')\n")
        write("mine/first.py", "import json, sys\nprint(list(sys.modules)[-4:])\nimport second\n")
        write("mine/second.py", "import statistics, random\nprint(random.random() != random.random())\n")
        shadow = ["--dir", folder + "/shadow::/shadow"]
        there = shadow + ["--env", "KRAIT_CWD=/shadow"]
        yield Probe("/shadow/main.py", options=shadow, preload=MODULES)
        yield Probe("main.py", options=there, preload=MODULES)
        for name in "random", "tempfile", "json", "collections", "copy", "pickle", "statistics":
            yield changes("import " + name, options=there)
            yield changes("sys.path.append('/shadow')", "import " + name, options=shadow)
            yield changes("sys.path.insert(0, '/shadow')", "import " + name, options=shadow)
        # Modules of the user's, as they were or not: the image sees the same folder.
        write("own/own_module.py", "import json\nprint('body')\nvalue = [json]\n")
        write("own/quiet.py", "import json, collections\nvalue = [json]\n")
        write("own/pack/__init__.py", "from . import part\n")
        write("own/pack/part.py", "import quiet\n")
        write("own/filters.py", "import warnings\nwarnings.simplefilter('error')\n")
        write("own/path.py", "import sys\nsys.path.append('/nowhere')\n")
        write("own/run.py", "import quiet, pack.part, filters, path, sys, warnings\nprint(quiet, pack, pack.part, warnings.filters[0], sys.path)\n")
        both = ["--both", folder + "/own::/own"]
        for preload in ("quiet", "quiet pack.part", "pack filters path"):
            yield Probe("/own/run.py", options=both + ["--warm", "import sys; sys.path.insert(0, '/own')\nimport " + preload.replace(" ", ", ")])
        yield Probe("-c", "t = open('/own/quiet.py').read(); open('/own/quiet.py', 'w').write(t + 'print(1)\\n')\nimport sys; sys.path.insert(0, '/own')\n"
                    "try: import quiet, pack\nfinally: open('/own/quiet.py', 'w').write(t)", options=both + ["--warm", "import sys; sys.path.insert(0, '/own'); import pack"])
        yield Probe("/mine/first.py", options=["--dir", folder + "/mine::/mine"], preload=MODULES)
        yield Probe("-c", "import os\nos.chdir('/tmp')\nimport json\nopen('random.py', 'w').write('print(1)')\nimport tempfile\nimport random",
                    preload=MODULES)
        for code in (
                "import json; del sys.modules['json']; import json as again; print(again is json)",
                "import json; del sys.modules['json.decoder']; import json as again; print(again is json); import json.decoder",
                "import re; re.compile = print; import json, string, textwrap",
                "import enum; enum.Enum.__str__ = lambda self: 'patched'; import re, signal; print(re.RegexFlag.A, signal.SIGINT)",
                "import enum; n = enum.EnumType.__new__; enum.EnumType.__new__ = lambda *a, **k: print(a[1]) or n(*a, **k); import re, inspect",
                "import re; sys.modules['re'] = None; import json",
                "sys.modules['re'] = None; import json",
                "import functools; functools.lru_cache = lambda *a, **k: print(a, k) or (lambda f: f); import re, typing",
                "import functools; f = functools.wraps; functools.wraps = 1; functools.wraps = f; import contextlib",
                "import builtins; i = __import__; builtins.__import__ = lambda *a: print(a[0], a[3:]) or i(*a); import json",
                "sys.settrace(lambda f, e, a: f.f_code.co_name.startswith('__sub') or print(e, f.f_code.co_name, f.f_lineno)); import string",
                "sys.setprofile(lambda f, e, a: e[0] == 'c' or f.f_code.co_name.startswith('__sub') or print(e, f.f_code.co_name)); import string",
                "sys.addaudithook(lambda e, a: print(e, a[:1] if e != 'object.__getattr__' else '')); import json",
                "sys.monitoring.use_tool_id(1, 'x'); sys.monitoring.register_callback(1, 1, lambda c, o: c.co_name.startswith('__sub') or print(c)); sys.monitoring.set_events(1, 1); import json",
                "sys.meta_path.insert(0, type('F', (), {'find_spec': staticmethod(lambda *a: print(a))})); import json",
                "sys.meta_path.reverse(); import json",
                "sys.path_hooks.insert(0, lambda p: print(p) or 1 / 0); import json",
                "sys.path.clear(); import json",
                "sys.path.remove('/usr/local/lib/python3.13'); import json",
                "sys.path_importer_cache.clear(); import json",
                "sys.path[:] = [p + '/' for p in sys.path]; import json; print(json)",
                "import importlib.machinery as m; g = m.SourceFileLoader.get_data; m.SourceFileLoader.get_data = lambda s, p: print(p) or g(s, p); import json",
                "import importlib; importlib.invalidate_caches(); import json; importlib.reload(json)",
                "import importlib.util as u; s = u.find_spec('json'); m = u.module_from_spec(s); s.loader.exec_module(m); print(sorted(sys.modules)); import json; print(json is m)",
                "import importlib.util as u; l = u.LazyLoader.factory; s = u.find_spec('json'); s.loader = u.LazyLoader(s.loader); m = u.module_from_spec(s); sys.modules['json'] = m; s.loader.exec_module(m); print(m.loads('1'))",
                "import warnings\nwith warnings.catch_warnings(): pass\nimport json, tempfile",
                "import gc; print(len(gc.get_objects()) > 1000, gc.get_freeze_count()); import json; print(any(o is json.JSONDecoder for o in gc.get_objects())); print(gc.collect() >= 0)",
                "import random, json; random.seed(1); print(random.random()); print(json.dumps({'a': 1}))",
                "import logging; logging.basicConfig(level=10); logging.info('x'); logging.getLogger('a.b').warning('y')",
                "import logging; logging.warning('%s', 1); del sys.modules['logging']",
                "import copy, re; print(copy.copy(re.compile('a')))",
                "import pickle, re; print(pickle.loads(pickle.dumps(re.compile('a'))))",
                "import typing, dataclasses, json\n@dataclasses.dataclass\nclass A:\n  x: int = 1\nprint(A(), json.dumps(dataclasses.asdict(A())))",
                "import sqlite3; c = sqlite3.connect(':memory:'); print(c.execute('select sqlite_version(), 1 + 1').fetchall()[0][1])",
                "import asyncio; print(asyncio.run(asyncio.sleep(0, 3)))",
                "import unittest; unittest.main(argv=['x'])",
                "import enum; print(list(enum.Enum('E', 'a b')), enum.Flag.__members__)",
                "import _interpreters; i = _interpreters.create(); _interpreters.exec(i, 'import json, sys; print(len(sys.modules) > 30)'); _interpreters.destroy(i)",
                "os.urandom = print; import random; print(random._urandom is print)",
                "sys.platform = 'win32'; import subprocess",
                "os.name = 'nt'; import ntpath, pathlib; print(pathlib.Path)",
                "builtins.open = print; import tokenize; print(tokenize._builtin_open)",
                "sys.excepthook = print; import threading; print(threading._make_invoke_excepthook.__code__.co_name)",
                "sys.new = os.new = builtins.new = 1; import json; print(json)",
                "import warnings; warnings.simplefilter('error'); import sre_compile",
                "import warnings; warnings.simplefilter('always'); import sre_compile, sre_parse, sre_constants",
                "import json, this_is_missing"):
            yield Probe("-c", "import builtins, os, sys\n" + code, preload=MODULES + " sre_compile")


# What a program sees of settings that other code may have changed.
SETTINGS = r"""
import sys, os, signal, gc, warnings, locale, decimal, time, atexit, codecs
print([signal.getsignal(n) for n in signal.valid_signals()], signal.set_wakeup_fd(-1))
print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits())
print(os.umask(0o22), os.getcwd(), os.environ, os.environb, os.getenv('A'), list(os.environ._data))
print(warnings.filters, warnings.defaultaction)
warnings.warn('warned', stacklevel=1)
warnings.warn('deprecated', DeprecationWarning)
print(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.get_debug(), gc.callbacks)
print(sys.path, sys.meta_path, sys.path_hooks, sys.argv, sys.warnoptions)
print(decimal.getcontext(), locale.setlocale(locale.LC_ALL), time.tzname, time.localtime(0))
print(sys.get_asyncgen_hooks(), sys.get_coroutine_origin_tracking_depth(), atexit._ncallbacks())
for s in sys.stdin, sys.stdout, sys.stderr:
    print(s.encoding, s.errors, s.line_buffering, s.write_through, s.closed)
try:
    codecs.lookup('of_warm')
except LookupError as e:
    print(e)
import json, re, random
print(json.dumps([1]), random.Random(1).random())
"""


def warmed():
    """Code that runs before the copy is made, and what programs see of it."""
    for code in (
            "import sys; print('printed'); sys.stdout.write('to out'); sys.stderr.write('to err')",
            "import signal\nfor n in (2, 3, 13, 14, 15): signal.signal(n, lambda *a: print(a))",
            "import signal; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN)",
            "import sys; sys.setrecursionlimit(77)", "import sys; sys.setrecursionlimit(100000)",
            "import os; os.umask(0o77)", "import os; os.chdir('/tmp')",
            "import warnings; warnings.simplefilter('error')", "import warnings; warnings.resetwarnings()",
            "import warnings; warnings.filters = [('error', None, Warning, None, 0)]\ntry: warnings.warn('x')\nexcept Warning: pass",
            "import warnings; warnings.warn('x'); warnings.warn('y', DeprecationWarning)",
            "import sys; sys.setswitchinterval(1)", "import sys; sys.set_int_max_str_digits(1000)",
            "import os; os.environ['A'] = '1'; os.environ['TZ'] = 'XYZ5'; import time; time.tzset()",
            "import os; os.environ['TZ'] = 'XYZ5'; import time; time.localtime(); del os.environ['TZ']",
            "import os; os.putenv('A', '1')", "import os; os.environ.clear()", "import posix; posix.environ[b'A'] = b'1'",
            "import gc; gc.disable()", "import gc; gc.set_threshold(1, 2, 3)", "import gc; gc.freeze()",
            "import gc; gc.set_debug(1); gc.callbacks.append(print)",
            "import sys; sys.path.insert(0, '/tmp')", "import sys; sys.path[:] = []", "import sys; sys.path = ['/x']",
            "import sys; sys.meta_path.insert(0, 1)", "import sys; sys.path_hooks.clear()",
            "import sys; sys.argv.append('x'); sys.warnoptions.append('error')",
            "import decimal; decimal.getcontext().prec = 5", "import decimal; decimal.setcontext(decimal.Context(prec=3))",
            "import contextvars; contextvars.ContextVar('x').set(1)",
            "import locale; locale.setlocale(locale.LC_ALL, 'C')",
            "import sys; sys.set_asyncgen_hooks(print, print); sys.set_coroutine_origin_tracking_depth(3)",
            "import sys; sys.stdout.reconfigure(encoding='ascii', line_buffering=True); sys.stderr.reconfigure(write_through=True)",
            "import sys; sys.stdout = None; sys.stderr = None; sys.stdin = None",
            "import sys; sys.stdin.read()", "import sys; sys.stdin.close()",
            "import atexit; atexit.register(print, 'of the image')",
            "import codecs; codecs.register(lambda name: codecs.lookup('utf-8') if name == 'of_warm' else None)",
            "import builtins, os, json; builtins.len = None; os.getcwd = None; json.dumps = None",
            "import random; random.seed(1)", "import sys; sys.excepthook = print; sys.displayhook = None",
            "import sys; sys.flags = None; sys.modules['json'] = None",
            "import json, re, sqlite3, datetime; json.dumps({'a': [1.5]}); re.compile('a+b').match('aab'); sqlite3.connect(':memory:').execute('select 1'); datetime.datetime.strptime('2020', '%Y'); print(json)"):
        yield Probe("-c", SETTINGS, warm=code, preload=MODULES, options=["--loud"])
    yield Probe("-c", SETTINGS, warm="import os; os.environ['A'] = '1'", options=["--loud", "--env", "B=2"])
    for code, what in (
            ("import json; json.JSONDecoder.decode = print", "the class json.decoder.JSONDecoder"),
            ("import os; type(os.environ).get = lambda *a: 1", "the class os._Environ"),
            ("import json; json.loads.__code__ = (lambda *a: 1).__code__", "the function json.loads"),
            ("import json; json.JSONEncoder.encode.__defaults__ = (1,)", "the class json.encoder.JSONEncoder"),
            ("import sys; sys.addaudithook(lambda *a: None)", "an audit hook"),
            ("import sys; sys.settrace(lambda *a: None)", "trace or profile"),
            ("import sys; sys.monitoring.use_tool_id(1, 'x'); sys.monitoring.set_events(1, 1)", "sys.monitoring"),
            ("import sys; sys.stdout.close()", "closed file"),
            ("import _interpreters; i = _interpreters.create()", "left an interpreter"),
            ("1 / 0", "ZeroDivisionError")):
        yield Probe("-c", "pass", warm=code, preload="json re", refused=what)


# Modules that do something when they are loaded besides making names.
LOUD = {
    "prints": "print('prints is loaded')", "warns": "import warnings\nwarnings.warn('old', stacklevel=2)",
    "recursion": "import sys\nsys.setrecursionlimit(500)", "filters": "import warnings\nwarnings.simplefilter('error')",
    "variable": "import os\nos.environ['OF_MODULE'] = '1'", "handler": "import signal\nsignal.signal(15, signal.SIG_IGN)",
    "folders": "import sys\nsys.path.append('/of/module')", "collector": "import gc\ngc.disable()",
    "context": "import decimal\ndecimal.getcontext().prec = 7", "quiet": "import json, decimal\nvalue = json.dumps([1])",
    "user": "import quiet, prints\nprint(quiet.value)", "masks": "import os\nos.umask(0o77)",
}


def foreign():
    """Modules that are not of the library: what their bodies did, and whether the files are the same."""
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text, when=1000000000):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.utime(path, (when, when))
        for name, text in LOUD.items():
            write("one/%s.py" % name, text + "\n")
        write("one/other.py", "print('one')\n")
        write("two/other.py", "print('another')\n")
        write("old/one.py", "value = 'old'\n")
        write("new/one.py", "value = 'a new one'\n")
        for which in "one", "old", "new":
            os.utime(os.path.join(folder, which), (1000000000, 1000000000))
        for where in "site-packages", "dist-packages":
            site = "::/usr/local/lib/python3.13/" + where
            image = ["--loud", "--image-dir", folder + "/%s" + site, "--dir", folder + "/%s" + site]
            begin = "" if where == "site-packages" else "import sys; sys.path.append('/usr/local/lib/python3.13/dist-packages')\n"
            for name in LOUD:
                options = [o % "one" if "%s" in o else o for o in image]
                yield Probe("-c", begin + SETTINGS, options=options, warm=begin + "import " + name)
                yield Probe("-c", begin + "import " + name + "\n" + SETTINGS, options=options,
                            warm=begin + "import " + name)
            options = image[:2] + [image[2] % "old", image[3], image[4] % "new"]
            yield Probe("-c", begin + "import one; print(one.value)", options=options, warm=begin + "import one")
            options[4] = image[4] % "one"
            yield Probe("-c", begin + "import one; print(one.value)", options=options, warm=begin + "import one")


if __name__ == "__main__":
    chosen = globals()[sys.argv[2]]
    sys.exit(chosen() if chosen is fresh else compare(chosen()))
