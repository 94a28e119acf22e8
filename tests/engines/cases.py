# SPDX-License-Identifier: Apache-2.0
"""What is run on every engine: the cases, and what each of them must give.

Every case runs in an empty folder, which the guest sees as /data, with a copy of programs/
in it if it needs one. expected/NAME.txt has the standard output, the standard error, the
status, and every file that is left in the folder with its size and SHA-256.
"""
import hashlib
import os
import stat

HERE = os.path.dirname(os.path.abspath(__file__))
STDIN = "first line\nsecond line\nlast line".encode()
BYTES = bytes((n * n // 7) & 255 for n in range(1 << 20))

# name: arguments of Python, then options: stdin, env, programs to copy, links that lead out
CASES = {
    "command": (["-c", "import sys; print(sys.implementation.name, sys.version_info[:2], "
                 "sys.platform, sys.argv, sys.path)", "a b", "", "ü"], {}),
    "script": (["/data/script.py", "--option", "two words", "☃"],
               {"stdin": STDIN, "env": {"FIRST": "1", "SECOND": "zwei = 2"},
                "programs": ["script.py", "helper.py"]}),
    "module": (["-m", "json.tool", "--sort-keys"], {"stdin": b'{"b": [1, {}], "a": "\\u00fc"}'}),
    "streams": (["/data/streams.py"], {"stdin": BYTES, "programs": ["streams.py"]}),
    "files": (["/data/files.py"], {"programs": ["files.py"]}),
    "links": (["/data/links.py"], {"programs": ["links.py"]}),
    "escape": (["/data/escape.py"], {"programs": ["escape.py"], "links": ["made-by-host"]}),
    "times": (["/data/times.py"], {"programs": ["times.py"]}),
    "sqlite": (["/data/sqlite.py"], {"programs": ["sqlite.py"]}),
    "archives": (["/data/archives.py"], {"programs": ["archives.py"]}),
    "library": (["/data/library.py"], {"programs": ["library.py"]}),
    "recursion": (["/data/recursion.py"], {"programs": ["recursion.py"]}),
    "memory": (["/data/memory.py"], {"programs": ["memory.py"]}),
    "clocks": (["/data/clocks.py"], {"programs": ["clocks.py"]}),
    "exit-0": (["-c", "raise SystemExit"], {}),
    "exit-1": (["-c", "1 / 0"], {}),
    "exit-2": (["--no-such-option"], {}),
    "exit-42": (["-c", "import sys; print('said'); sys.exit(42)"], {}),
    "exit-text": (["-c", "raise SystemExit('a reason')"], {}),
    "exit-at-once": (["-c", "import os; print('not flushed', end=''); os._exit(125)"], {}),
    "exit-200": (["-c", "raise SystemExit(200)"], {}),
    "exit-255": (["-c", "raise SystemExit(-1)"], {}),
    "trap": (["-c", "import os; print('before', flush=True); os.abort()"], {"trap": True}),
}


def prepare(name, folder):
    """The arguments, standard input and variables of a case; copies what it needs to folder."""
    arguments, options = CASES[name]
    for program in options.get("programs", ()):
        with open(os.path.join(HERE, "programs", program), "rb") as source, \
                open(os.path.join(folder, program), "wb") as copy:
            copy.write(source.read())
    for link in options.get("links", ()):
        os.symlink("/etc/passwd", os.path.join(folder, link))
    return arguments, options.get("stdin", b""), options.get("env", {})


def shorten(data):
    if len(data) > 20000:
        return "%d bytes, SHA-256 %s" % (len(data), hashlib.sha256(data).hexdigest())
    return data.decode("utf-8", "backslashreplace")


def left_over(folder, given):
    for here, dirs, files in os.walk(folder):
        dirs[:] = sorted(d for d in dirs if d != "__pycache__")
        for name in sorted(dirs + files):
            path = os.path.join(here, name)
            shown = os.path.relpath(path, folder)
            info = os.lstat(path)
            if shown in given:
                continue
            if stat.S_ISDIR(info.st_mode):
                yield "%s/" % shown
            elif stat.S_ISLNK(info.st_mode):
                yield "%s -> %s" % (shown, os.readlink(path))
            else:
                with open(path, "rb") as file:
                    yield "%s %d %s" % (shown, info.st_size, hashlib.sha256(file.read()).hexdigest())


def report(name, done, folder, module):
    """What a case gave, in the form of the files in expected/."""
    options = CASES[name][1]
    out, err = done.stdout, done.stderr.replace(module.encode(), b"MODULE")
    if options.get("trap"):
        err = b"(says that the guest trapped)" if b"trap" in err else err
    lines = ["status %d" % done.returncode, "--- out", shorten(out), "--- err", shorten(err), "--- files"]
    lines += left_over(folder, options.get("programs", ()))
    return "\n".join(lines) + "\n"
