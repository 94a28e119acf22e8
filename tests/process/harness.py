# SPDX-License-Identifier: Apache-2.0
"""What the tests of `krait process` share: modules, documents, runs, and looking into the database."""
import ctypes
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

KRAIT = os.environ["KRAIT"]
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(KRAIT)), "libexec/krait/krait-process")
failures = []
checks = 0
_last = None        # the run that was looked at last, unless it has been shown


def check(name, condition, found=None):
    global checks
    checks += 1
    if not condition:
        failures.append(name)
        print("failed: %s" % name)
        if found is not None:
            print("    found  %r" % (found,))
        show_last()
        sys.stdout.flush()
    return bool(condition)


def show_last():
    """What the last run said: most often that is why a check fails that looks into the database."""
    global _last
    if _last is not None:
        print("    the last run: status %s: %s" % (_last.returncode, " ".join(_last.args[1:])))
        for name, text in (("stdout", _last.stdout), ("stderr", _last.stderr)):
            for line in (text or "")[-3000:].splitlines():
                print("    %s  %s" % (name, ascii(line)[1:-1]))
        _last = None
        sys.stdout.flush()


def _fail(*about):
    """An exception that nobody expected: of a query, of a document that is not there."""
    show_last()
    sys.__excepthook__(*about)


sys.excepthook = _fail
# A shell starts what runs in its background with SIGINT ignored, and so would all be that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
_libc = ctypes.CDLL(None)


def same(name, found, wanted):
    if not check(name, found == wanted):
        print("    found  %r\n    wanted %r" % (found, wanted))
        sys.stdout.flush()


def skip(why):
    print("skipped: %s" % why)
    sys.exit(77)


def wait_for(what, condition, process=None, seconds=120):
    """Until it is so, and no longer than the process lives; a machine may take its time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end or (process is not None and process.poll() is not None):
            return check("wait for " + what, condition(), "status %s" % process.returncode if process else None)
        time.sleep(0.02)
    return True


def start(line, **more):
    """A program that may run for ever: it ends with the test at the latest."""
    return subprocess.Popen(line, preexec_fn=lambda: _libc.prctl(1, signal.SIGKILL), **more)      # PR_SET_PDEATHSIG


def finish():
    print("%d checks, %d failed" % (checks, len(failures)))
    sys.exit(1 if failures else 0)


def find_clang():
    """A clang that makes WebAssembly, with its linker."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "a.c")
        with open(source, "w") as file:
            file.write("int f(void) { return 1; }\n")
        names = [os.environ.get("CC")] + ["clang-%d" % n for n in range(30, 18, -1)] + ["clang"]
        for name in filter(None, names):
            if shutil.which(name) and subprocess.run(
                    [name, "--target=wasm32", "-nostdlib", "-Wl,--no-entry", source, "-o",
                     os.path.join(folder, "a.wasm")], capture_output=True).returncode == 0:
                return name
    skip("no clang and lld that make WebAssembly")


def compile_c(name, target, flags=()):
    """tests/process/modules/NAME.c to a module."""
    line = [find_clang(), "--target=wasm32", "-nostdlib", "-ffreestanding", "-O1", "-std=c11",
            "-mbulk-memory", "-Wall", "-Wno-infinite-recursion", "-Werror", "-Wl,--no-entry",
            "-Wl,--stack-first", *flags, os.path.join(HERE, "modules", name + ".c"), "-o", target]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr)
        sys.exit(1)


class Folder:
    """A temporary folder with modules/, in/ and a database."""

    def __init__(self, modules=("obey",)):
        self.path = tempfile.mkdtemp(prefix="krait-process.")
        self.modules = os.path.join(self.path, "modules")
        self.input = os.path.join(self.path, "in")
        self.db = os.path.join(self.path, "out.db")
        os.mkdir(self.modules)
        os.mkdir(self.input)
        for name in modules:
            self.add_module(name)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        subprocess.run(["chmod", "-R", "u+rwX", self.path], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", self.path])  # also what is deeper than Python can go

    def add_module(self, name, called=None):
        """Modules are compiled once for all folders of a program."""
        cached = _compiled.get(name)
        if cached is None:
            cached = _compiled[name] = os.path.join(_scratch.name, name + ".wasm")
            compile_c(name, cached)
        shutil.copy(cached, os.path.join(self.modules, (called or name) + ".wasm"))

    def write(self, name, contents):
        path = os.path.join(self.input, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(contents, bytes) else "w") as file:
            file.write(contents)
        return path

    def line(self, *options, inputs=None, threads=1, modules=None):
        return [KRAIT, "process", "--modules", modules or self.modules, "--threads", str(threads),
                "--output", self.db, *options,
                "--input", *([self.input] if inputs is None else inputs)]

    def run(self, *options, inputs=None, threads=1, fresh=True, modules=None, **more):
        global _last
        if fresh:
            self.remove_db()
        more.setdefault("stdin", subprocess.DEVNULL if "input" not in more else None)
        if more["stdin"] is None:
            del more["stdin"]
        more.setdefault("timeout", 200)
        _last = subprocess.run(self.line(*options, inputs=inputs, threads=threads, modules=modules),
                               capture_output=True, text=True, errors="surrogateescape",
                               env=environment(), **more)
        return _last

    def run_in_time(self, endless, limits, *options, **more):
        """With the first of these limits of time that nothing goes over but the documents that never end: a machine
        may stand still for seconds, and that is nobody's fault.  The run, and its limit."""
        for limit in limits:
            done = self.run("--timeout", limit.replace(" ", ""), *options, **more)
            if done.returncode == 125 and "wall time" in done.stderr:
                late = done.stderr      # a module's own start
            else:
                late = [name for name, (_, error) in self.status().items() if name not in endless and "time limit" in (error or "")]
            if not late:
                break
            print("%s: too little for %s" % (limit, late))
        return done, limit

    def is_in_use(self):
        """A run has opened the database and can be read beside: before that, whoever reads would be in its way."""
        return os.path.exists(self.db + "-wal")

    def remove_db(self):
        for ending in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(self.db + ending):
                os.remove(self.db + ending)

    def query(self, sql, *values):
        connection = sqlite3.connect(self.db)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def status(self):
        """{filename: (status, error)}"""
        return {name: (status, error) for name, status, error in self.query(
            "SELECT filename, status, error_message FROM __wadup_content")}

    def check_database(self, name):
        same(name + ": the database is sound", self.query("PRAGMA integrity_check"), [("ok",)])
        same(name + ": no row without its document", self.query("PRAGMA foreign_key_check"), [])


class Terminal:
    """A program whose stderr is a terminal, where it shows how far it is; .text is all that it has shown."""

    def __init__(self, line):
        main, other = pty.openpty()
        self.text = b""
        self.process = start(line, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other)
        os.close(other)
        self.reader = threading.Thread(target=self._read, args=(main,), daemon=True)
        self.reader.start()

    def _read(self, main):
        try:
            while part := os.read(main, 65536):
                self.text += part
        except OSError:
            pass        # nobody has it open any more
        os.close(main)

    def end(self):
        """Its status, and all that it has shown."""
        try:
            self.process.wait(timeout=200)
        finally:
            self.process.kill()
        self.reader.join()
        return self.process.returncode, self.text


_scratch = tempfile.TemporaryDirectory(prefix="krait-process.")
_compiled = {}


def environment():
    env = dict(os.environ)
    env.setdefault("KRAIT_CACHE", os.path.join(_scratch.name, "cache"))
    env.setdefault("KRAIT_OPT_LEVEL", "1")
    return env


def last_json(text):
    """The last line, as JSON."""
    return json.loads(text.strip().splitlines()[-1])
