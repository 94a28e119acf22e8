# SPDX-License-Identifier: Apache-2.0
"""krait pack with applications: compiled in the sandbox, started as they should, shaken. The library is that of the
runtime, the module one made by hand; what was packed is extracted and run by `krait run`.
"""
import json
import os
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import host_tool as t  # noqa: E402

LIB = "/usr/local/lib/python3.13"
SITE = LIB + "/site-packages"
OLD = 1234567890 * 10**9
RUNTIME = os.environ.get("KRAIT_RUNTIME") or os.environ["KRAIT_RUNTIME_TREE"]


def build(names=None):
    """The folder of a build: with all of the library, or the files of these names."""
    t.write("build/bin/python.wasm", t.module())
    t.write("build/share/doc/cpython/LICENSE", b"a licence\n", OLD)
    t.write("build/MANIFEST.json", json.dumps({
        "source_date_epoch": 1300000000, "sources": {"python": {"file": "x", "version": "3.13.99"},
                                                     "zlib": {"version": "1.2"}},
        "version": "3.13.99"}, indent=2).encode())
    source = RUNTIME + LIB
    if names is None:
        os.makedirs("build/usr/local/lib")
        os.symlink(source, "build" + LIB)
        return
    for name in names:
        for path in (name + ".py", ("%s/__pycache__/%s.cpython-313.pyc" % os.path.split(name)).lstrip("/")):
            with open(os.path.join(source, path), "rb") as f:
                t.write("build" + os.path.join(LIB, path), f.read())


def pack(*args, status=0):
    t.run("--python", "build", "--stdlib", "yes", "-o", "out.wasm", *args, status=status)
    return t.read(open("out.wasm", "rb").read())


def run_app(argv, *args):
    """Runs what is in /app of the pack: its output."""
    subprocess.run(["rm", "-rf", "x"], check=True)
    t.run("--extract", "x", "out.wasm")
    os.makedirs("x" + SITE, exist_ok=True)
    code = ("import sys, runpy; sys.path[1:1] = ['/site']; sys.argv[:] = [%r] + sys.argv[1:]\n"
            "sys.path[0] = '/app'\n"
            "runpy.run_path(%r, run_name='__main__')" % (argv[0], argv[0]))
    done = subprocess.run([t.KRAIT, "run", "--dir", "x/app::/app:ro", "--dir", "x%s::/site:ro" % SITE, "-c", code, *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def flags(data):
    return int.from_bytes(data[4:8], "little")


SMALL = ("os", "encodings/__init__", "encodings/aliases", "encodings/utf_8")


def script(folder):
    build(SMALL)
    t.write("hello.py", b"import sys\n'''docs'''\nprint('hello', sys.argv)\n", OLD)
    found, argv, _, _ = pack("hello.py")
    assert argv == ["/app/hello.pyc"], argv
    assert "/app/hello.py" not in found and flags(found["/app/hello.pyc"][1]) == 1
    assert found["/app/hello.pyc"][2] == OLD
    assert run_app(argv, "a", "b") == "hello ['/app/hello.pyc', 'a', 'b']\n"
    # The library: its build's byte code, its release's time, a place for extensions, the licences.
    with open(RUNTIME + LIB + "/__pycache__/os.cpython-313.pyc", "rb") as f:
        assert found[LIB + "/os.pyc"][1] == f.read()
    assert found[LIB + "/os.pyc"][2] == 1300000000 * 10**9
    assert found[LIB + "/lib-dynload"][0] == "dir"
    assert not [p for p in found if "__pycache__" in p or p.endswith(".py")]
    assert found["/usr/local/share/licenses/cpython/LICENSE"][1] == b"a licence\n"
    manifest = json.loads(json.loads(t.run("--list", "--json", "out.wasm"))["manifest"])
    assert {"name": "python", "version": "3.13.99", "licence": "PSF-2.0",
            "place": "/usr/local/share/licenses/cpython"} in manifest["components"], manifest
    # The same bytes again, and with sources.
    one = open("out.wasm", "rb").read()
    pack("hello.py")
    assert open("out.wasm", "rb").read() == one
    found, argv, _, _ = pack("hello.py", "--sources", "both")
    assert argv == ["/app/hello.py"] and "/app/hello.py" in found and LIB + "/os.py" in found
    assert flags(found["/app/__pycache__/hello.cpython-313.pyc"][1]) == 1
    assert LIB + "/__pycache__/os.cpython-313.pyc" in found
    found, argv, _, _ = pack("hello.py", "--sources", "only")
    assert argv == ["/app/hello.py"] and not [p for p in found if p.endswith(".pyc") or "__pycache__" in p]


def optimized(folder):
    build(SMALL)
    t.write("a.py", b"'''docs'''\ndef f():\n    '''inner'''\n    assert False\n    return f.__doc__\nprint(f(), __doc__)\n")
    for level, wanted in (("1", "inner docs\n"), ("2", "None None\n")):
        found, argv, _, _ = pack("a.py", "--optimize", level)
        assert run_app(argv) == wanted
        assert flags(found[LIB + "/os.pyc"][1]) == 1
    with open(RUNTIME + LIB + "/__pycache__/os.cpython-313.pyc", "rb") as f:
        assert len(found[LIB + "/os.pyc"][1]) < len(f.read()), "the library was not compiled anew"


def folders(folder):
    build(SMALL)
    t.write("app/__main__.py", b"import other, sys\nprint(other.x, open('/app/data.txt').read(), sys.argv[1:])\n")
    t.write("app/other.py", b"x = 5\n")
    t.write("app/data.txt", b"data")
    t.write("app/__pycache__/other.cpython-311.pyc", b"not of this Python")
    found, argv, _, _ = pack("app")
    assert argv == ["/app"] and not [p for p in found if "__pycache__" in p]
    assert run_app(argv, "1") == "5 data ['1']\n"
    t.refused(["'empty'", "__main__.py", "--entry"], "--python", "build", "-o", "no.wasm", os.makedirs("empty") or "empty")
    # A package.
    t.write("pkg/__init__.py", b"")
    t.write("pkg/__main__.py", b"from . import mod\nprint('package', mod.y)\n")
    t.write("pkg/mod.py", b"y = 6\n")
    found, argv, _, _ = pack("pkg")
    assert argv == ["/app/__krait_start__.pyc"] and "/app/pkg/mod.pyc" in found
    assert run_app(argv) == "package 6\n"
    # Entry points.
    t.write("pkg/mod.py", b"import sys\ny = 6\ndef go():\n    print('go', sys.argv[1:])\n    return 0\n")
    for entry, wanted in ((["--entry", "pkg.mod:go"], "go ['q']\n"), (["--entry", "pkg"], "package 6\n"),
                          (["-m", "pkg"], "package 6\n"),
                          (["-c", "import pkg.mod; print(pkg.mod.y + 1)"], "7\n")):
        _, argv, _, _ = pack("pkg", *entry)
        done = None
        if ":" in entry[1] and entry[0] == "--entry":
            # It ends with sys.exit(0).
            done = run_app(argv, "q")
        assert (done or run_app(argv, "q")) == wanted, entry


def wheel(name, files):
    with zipfile.ZipFile(name, "w") as z:
        for path, data in files.items():
            z.writestr(zipfile.ZipInfo(path, (2001, 2, 3, 4, 5, 6)), data)
    return name


def dependencies(folder):
    build(SMALL)
    info = "nice_thing-1.5.dist-info/"
    wheel("nice_thing-1.5-py3-none-any.whl", {
        "nice_thing/__init__.py": "def main():\n    print('nice')\n",
        "nice_thing-1.5.data/purelib/extra.py": "e = 1\n",
        "nice_thing-1.5.data/data/share/nice.txt": "shared",
        "nice_thing-1.5.data/scripts/nice": "#!python\n",
        info + "METADATA": "Metadata-Version: 2.1\nName: nice-thing\nVersion: 1.5\nLicense: MIT\n\nText\n",
        info + "entry_points.txt": "[console_scripts]\nnice = nice_thing:main\n",
        info + "RECORD": ""})
    # Another one's command is not the application's.
    wheel("other-2-py3-none-any.whl", {"other.py": "", "other-2.dist-info/METADATA": "Name: other\n",
                                       "other-2.dist-info/entry_points.txt": "[console_scripts]\no = other:main\n"})
    found, argv, _, _ = pack("nice_thing-1.5-py3-none-any.whl", "--deps", "other-2-py3-none-any.whl")
    assert SITE + "/nice_thing/__init__.pyc" in found and SITE + "/extra.pyc" in found
    assert found["/usr/local/share/nice.txt"][1] == b"shared"
    assert found["/usr/local/share/nice.txt"][2] == 981173106 * 10**9
    assert not [p for p in found if ".data" in p or "scripts" in p]
    assert run_app(argv) == "nice\n"
    manifest = json.loads(json.loads(t.run("--list", "--json", "out.wasm"))["manifest"])
    assert {"name": "nice-thing", "version": "1.5", "licence": "MIT", "place": SITE} in manifest["components"]
    # What pip install --target leaves; one file that this Python cannot compile.
    t.write("deps/lib/__init__.py", b"v = 'lib'\n")
    t.write("deps/lib/_fast.cpython-311-x86_64-linux-gnu.so", b"\x7fELF")
    t.write("deps/lib/template.py", b"print 'old'\n")
    t.write("deps/bin/tool", b"#!/home/somebody/python\n")
    t.write("deps/lib-1.dist-info/direct_url.json", b"{}")
    t.write("main.py", b"import lib, extra\nprint(lib.v, extra.e)\n")
    found, argv, _, _ = pack("main.py", "--deps", "deps", "--deps", "nice_thing-1.5-py3-none-any.whl")
    assert "_fast.cpython-311-x86_64-linux-gnu.so" in t.run.errors and "template.py" in t.run.errors, t.run.errors
    assert SITE + "/lib/template.py" in found
    assert not [p for p in found if p.endswith(".so") or "/bin" in p or "direct_url" in p], found.keys()
    assert run_app(argv) == "lib 1\n"
    # What starts has to compile.
    t.write("bad.py", b"print 'old'\n")
    t.refused(["/app/bad.py", "SyntaxError"], "--python", "build", "--stdlib", "yes", "-o", "no.wasm", "bad.py")
    assert not os.path.exists("no.wasm")
    with zipfile.ZipFile("app.zip", "w") as z:
        z.writestr("__main__.py", "print('zipped')\n")
    with open("app.pyz", "wb") as f:
        f.write(b"#!/usr/bin/env python3\n" + open("app.zip", "rb").read())
    for name in ("app.zip", "app.pyz"):
        _, argv, _, _ = pack(name)
        assert argv == ["/app"] and run_app(argv) == "zipped\n"


def hostile(folder):
    """Sources that want out of the sandbox while they are compiled or recorded."""
    build()
    t.write("secret", b"secret")
    place = os.path.abspath("secret")
    t.write("evil.py", ("import os\ntry:\n    print(open(%r).read())\nexcept OSError as e:\n    print('no')\n"
                        "assert not os.path.exists('/etc/passwd')\nopen('/app/made', 'w').close()\n"
                        % place).encode())
    found, _, _, _ = pack("evil.py", "--tree-shake")
    assert "/app/made" not in found and not os.path.exists("made")
    assert not os.path.exists("/app/made")
    # What a terminal would obey is not sent to it: names in a wheel, in what is left out and in warnings.
    with zipfile.ZipFile("e-1-py3-none-any.whl", "w") as z:
        for name, data in (("x\x1b]0;x\x07.so", b"\x7fELF"), ("w\x1b[31m.py", b"x = '\\d'\n"), ("y\x9bm.py", b"def f(:\n")):
            z.writestr(zipfile.ZipInfo(name), data)
    said = ""
    for args in ([], ["--tree-shake", "--verbose"]):
        pack("-c", "pass", "--deps", "e-1-py3-none-any.whl", *args)
        said += t.run.errors
    assert not set("\x1b\x07\x9b") & set(said), said
    for words in ("left out '" + SITE + "/x?]0;x?.so'", "left out: " + SITE + "/w?[31m.py", SITE + "/w?[31m.py:1: SyntaxWarning",
                  "'" + SITE + "/y?m.py', line 1, cannot be compiled"):
        assert words in said, (words, said)
    # What it opened is all that is known of it, and it may write that itself.
    t.write("opens.py", b"for path in '/tmp/krait-pack/site', '/tmp/krait-pack/site/', '/', '/tmp/krait-pack/site/.pyc':\n"
            b"    try:\n        open(path)\n    except OSError:\n        pass\n")
    t.write("forges.py", b"import os\nwith open('/tmp/krait-pack/record', 'w') as f:\n"
            b"    f.write('file \\nfile /\\nfile .pyc\\nfile /__pycache__/.pyc\\nfile /__pycache__/x\\nfile /tmp/krait-pack/site\\n'\n"
            b"            'module \\nfile /' + 'x/' * 5000 + '\\nfile')\nos._exit(0)\n")
    for name in ("opens.py", "forges.py"):
        pack(name, "--tree-shake")
    t.write("exits.py", b"import os\nos._exit(3)\n")
    t.refused(["did not come to its end"], "--python", "build", "--stdlib", "yes", "--tree-shake", "-o", "no.wasm", "exits.py")
    t.write("fails.py", b"import json\nraise ValueError('told')\n")
    found, _, _, _ = pack("fails.py", "--tree-shake")
    assert "exit status 1" in t.run.errors and "told" in t.run.errors and LIB + "/json/__init__.pyc" in found


def shaken(folder):
    build()
    t.write("app/__main__.py", b"import sys, importlib, helper\nprint(helper.f())\nif sys.argv[1:]:\n"
            b"    importlib.import_module(sys.argv[1])\n    open('/app/data.txt').read()\n")
    t.write("app/helper.py", b"def f():\n    if 0:\n        import textwrap\n    import json\n    return json.dumps(1)\n")
    t.write("app/unused.py", b"import decimal\n")
    t.write("app/data.txt", b"data")
    t.write("deps/used/__init__.py", b"")
    t.write("deps/used/table.bin", b"t")
    t.write("deps/other/__init__.py", b"")
    t.write("deps/other/table.bin", b"t")
    found, argv, _, _ = pack("app", "--deps", "deps", "--tree-shake", "--", "used")
    for path in ("/app/__main__.pyc", "/app/helper.pyc", "/app/data.txt", SITE + "/used/__init__.pyc",
                 SITE + "/used/table.bin", LIB + "/json/decoder.pyc", LIB + "/textwrap.pyc", LIB + "/os.pyc",
                 LIB + "/encodings/utf_8.pyc", LIB + "/traceback.pyc", LIB + "/lib-dynload"):
        assert path in found, path
    for path in ("/app/unused.pyc", SITE + "/other", LIB + "/decimal.pyc", LIB + "/asyncio", LIB + "/unittest"):
        assert path not in found, path
    left = open("out.wasm.left-out.txt").read().split("\n")
    assert "15 /app/unused.py" in left and any(line.endswith("/asyncio/__init__.py") for line in left)
    assert run_app(argv, "used") == "1\n"
    found, _, _, _ = pack("app", "--tree-shake", "--keep", "decimal", "--keep", "concurrent.*", "--left-out", "gone.txt")
    assert LIB + "/decimal.pyc" in found and LIB + "/concurrent/futures/thread.pyc" in found
    assert os.path.exists("gone.txt") and LIB + "/asyncio" not in found
    # Again on top: the application, and what it needs, stay.
    os.rename("out.wasm", "first.wasm")
    t.run("--python", "first.wasm", "--stdlib", "yes", "--tree-shake", "--add", "deps::/data", "-o", "out.wasm")
    found, argv, _, _ = t.read(open("out.wasm", "rb").read())
    assert argv == ["/app"] and "/data/used/table.bin" in found and "/app/helper.pyc" in found
    assert LIB + "/json/decoder.pyc" in found and LIB + "/decimal.pyc" not in found
    assert run_app(argv) == "1\n"


def interrupted(folder):
    """Ctrl-C ends a recorded run that does not want to end."""
    build(SMALL)
    t.write("loop.py", b"while True:\n    try:\n        while True:\n            pass\n"
            b"    except BaseException:\n        pass\n")
    before = sorted(os.listdir("."))
    child = subprocess.Popen(t.command(("--python", "build", "--stdlib", "yes", "--tree-shake", "-o", "out.wasm", "loop.py")),
                             stderr=subprocess.DEVNULL)
    try:
        child.wait(3)
        raise AssertionError("it ended by itself: %d" % child.returncode)
    except subprocess.TimeoutExpired:
        child.send_signal(2)
    assert child.wait(60) == -2
    assert sorted(os.listdir(".")) == before


CASES = {"script": script, "optimized": optimized, "folders": folders, "dependencies": dependencies,
         "hostile": hostile, "shaken": shaken, "interrupted": interrupted}

if __name__ == "__main__":
    sys.exit(t.main(CASES))
