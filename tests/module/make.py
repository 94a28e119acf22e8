# SPDX-License-Identifier: Apache-2.0
"""krait module: what is in the modules, and what is refused.  The module runtime is one made by hand, with a part of the
library; nothing of it runs.  pip gets everything from a folder (PIP_NO_INDEX, PIP_FIND_LINKS).
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pack"))
import host_tool as t  # noqa: E402
import packimage  # noqa: E402

LIB = "/usr/local/lib/python3.13"
RUNTIME = os.environ.get("KRAIT_RUNTIME") or os.environ["KRAIT_RUNTIME_TREE"]
SMALL = ("os", "json/__init__", "encodings/__init__")
EARLIEST = 315532800 * 10**9


def runtime():
    """The folder that modules are packed into."""
    if not os.path.exists("runtime"):
        t.write("runtime/bin/python.wasm", t.module(start="process"))
        for name in SMALL:
            for path in (name + ".py", "%s/__pycache__/%s.cpython-313.pyc" % (
                    os.path.dirname(name) or ".", os.path.basename(name))):
                with open(os.path.join(RUNTIME + LIB, path), "rb") as f:
                    t.write("runtime" + os.path.join(LIB, path), f.read())
    return "runtime"


def call(*args, **env):
    os.makedirs("tmp", exist_ok=True)
    wanted = dict(os.environ, KRAIT_MODULE_RUNTIME=os.path.abspath(runtime()), PIP_NO_INDEX="1",
                  PIP_FIND_LINKS=os.path.abspath("links"), PIP_CONFIG_FILE="/dev/null", TMPDIR=os.path.abspath("tmp"))
    wanted.update(env)
    return subprocess.run([t.KRAIT, "module", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=wanted,
                          universal_newlines=True)


def make(*args, out="out.wasm", **env):
    """What was packed, the program's arguments, and the section krait.module."""
    done = call(*args, "-o", out, **env)
    assert done.returncode == 0, done.stderr
    make.errors = done.stderr
    with open(out, "rb") as f:
        wasm = f.read()
    found, argv, _, _ = t.read(wasm)
    return found, argv, section(wasm)


def section(wasm):
    texts = [body for kind, body in packimage.sections(wasm) if kind == 0 and body.startswith(t.text("krait.module"))]
    assert len(texts) == 1, texts
    return json.loads(texts[0][len(t.text("krait.module")):])


def refused(words, *args, status=None, **env):
    done = call(*args, "-o", "no.wasm", **env)
    assert done.returncode in ((125, 126, 127) if status is None else (status,)), (done.returncode, done.stderr)
    for word in words:
        assert word in done.stderr, "%r is not in %r" % (word, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("krait: "), done.stderr
    assert not os.path.exists("no.wasm")
    assert os.listdir("tmp") == []


def own(found):
    """Files below /app, without byte code."""
    return {path: data for path, (kind, data, _, _) in found.items()
            if path.startswith("/app/") and kind == "file" and not path.endswith(".pyc")}


def wheel(name, files, tag="py3-none-any", requires=()):
    distribution, version = name.split("-")
    info = "%s.dist-info/" % name
    path = "links/%s-%s.whl" % (name, tag)
    os.makedirs("links", exist_ok=True)
    with zipfile.ZipFile(path, "w") as z:
        for member, data in dict(files, **{
                info + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s" % (
                    distribution, version, "".join("Requires-Dist: %s\n" % r for r in requires)),
                info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: %s\n" % tag,
                info + "RECORD": ""}).items():
            z.writestr(zipfile.ZipInfo(member, (2001, 2, 3, 4, 5, 6)), data)
    return path


# ---- cases --------------------------------------------------------------------------------


def script(folder):
    source = b"# \xc3\xa9\nimport wadup\nwadup.flush()\n"
    t.write("my script.py", source)
    found, argv, said = make("my script.py")
    assert own(found) == {"/app/my script.py": source}
    code = found["/app/__pycache__/my script.cpython-313.pyc"][1]
    assert code[4:8] == b"\1\0\0\0", "byte code that looks for its source"
    assert argv == ["/app/my script.py"]
    assert list(said) == ["format", "python", "script", "runtime", "name"]
    assert (said["format"], said["python"], said["script"], said["name"]) == (1, "3.13", argv[0], "my script")
    assert len(said["runtime"]) == 64
    assert LIB + "/os.py" in found or LIB + "/os.pyc" in found
    done = call("--list", "out.wasm")
    assert 'module: {"format":1,"python":"3.13","script":"/app/my script.py",' in done.stdout, done.stdout[-500:]
    assert json.loads(json.loads(call("--list", "--json", "out.wasm").stdout)["module"]) == said
    # A name of one's own, a file without the ending, a data file.
    t.write("count", source)
    t.write("words.txt", b"a b c")
    found, argv, said = make("count", "--name", "zähler\n\"1\"", "--add", "words.txt::/app/data/words.txt")
    assert said["name"] == "zähler\n\"1\"" and argv == ["/app/count.py"]
    assert own(found)["/app/data/words.txt"] == b"a b c"
    # The folder of an example.
    t.write("example/src/script.py", source)
    t.write("example/Makefile", b"all:\n")
    found, argv, said = make("example")
    assert own(found) == {"/app/script.py": source} and argv == ["/app/script.py"] and said["name"] == "example", said
    t.write("other/__main__.py", source)
    t.write("other/helper.py", b"x = 1\n")
    t.write("other/.git/config", b"x")
    t.write("other/table.csv", b"x")
    found, argv, said = make("other/")
    assert said["name"] == "other", said
    done = subprocess.run([t.KRAIT, "module", ".", "-o", "../out.wasm"], cwd="other", check=True,
                          env=dict(os.environ, KRAIT_MODULE_RUNTIME=os.path.abspath("runtime")))
    with open("out.wasm", "rb") as f:
        assert section(f.read())["name"] == "other"
    assert argv == ["/app/__main__.py"] and sorted(own(found)) == ["/app/__main__.py", "/app/helper.py", "/app/table.csv"]


def project_file(lines, name="p"):
    t.write(name + "/pyproject.toml", lines.encode())


def project(folder):
    t.write("p/src/deep/__init__.py", b"def main():\n    pass\n")
    t.write("p/src/deep/inner.py", b"def go():\n    pass\n")
    t.write("p/src/deep/data.json", b"{}")
    t.write("p/tests/test_deep.py", b"assert False\n")
    for table, entry in (("[tool.krait]\nentry-point = 'deep.inner:go'", "deep.inner:go"),
                         ("[tool.wadup]\nentry-point = \"deep\"", "deep"),
                         ("[tool.wadup]\nentry-point = 'no'\n[tool.krait]\nentry-point = 'deep'", "deep"),
                         ("[project.scripts]\ndeep = 'deep:main'", "deep:main")):
        project_file("[project]\nname = 'deep-thing'\nversion = '1'\nrequires-python = '>=3.9, !=3.12.*,<4'\n%s\n" % table)
        found, argv, said = make("p")
        assert argv == ["-m", entry] and said["entry"] == entry and said["name"] == "deep-thing", (argv, said)
        assert "script" not in said
        assert sorted(own(found)) == ["/app/deep/__init__.py", "/app/deep/data.json", "/app/deep/inner.py"]
        assert "/app/deep/__pycache__/inner.cpython-313.pyc" in found
    _, argv, _ = make("p", "--entry", "deep.inner")
    assert argv == ["-m", "deep.inner"]
    # Sources beside pyproject.toml.
    project_file("[tool.krait]\nentry-point = 'flat:run'\n", "f")
    t.write("f/flat.py", b"def run():\n    pass\n")
    t.write("f/helpers/__init__.py", b"")
    for path in ("tests/test.py", "docs/conf.py", "setup.py", "README.md", "venv/pyvenv.cfg", "venv/lib/x.py", "data/x.csv",
                 "old.egg-info/PKG-INFO", "target/flat.wasm"):
        t.write("f/" + path, b"")
    found, argv, said = make("f")
    assert sorted(own(found)) == ["/app/flat.py", "/app/helpers/__init__.py"] and said["name"] == "f", own(found)
    # A project for its dependencies alone, around a script.
    project_file("[project]\nname = 'around'\ndependencies = []\n", "s")
    t.write("s/src/script.py", b"pass\n")
    _, argv, said = make("s")
    assert argv == ["/app/script.py"] and said["name"] == "around" and said["script"] == argv[0]
    # An entry point that is in the library.
    project_file("[tool.krait]\nentry-point = 'json:loads'\n", "s")
    _, argv, _ = make("s")
    assert argv == ["-m", "json:loads"]


def links(folder):
    """What a project links to elsewhere is not packed, whoever has made the links."""
    t.write("elsewhere/key", b"secret")
    for name, target in (("notes.txt", "../../elsewhere/key"), ("data", os.path.abspath("elsewhere")), ("x.py", "/dev/../etc/passwd")):
        t.write("p/src/script.py", b"pass\n")
        project_file("[project]\nname = 'p'\n")
        os.symlink(target, "p/src/" + name)
        refused(["'p/src/%s'" % name, "symbolic link", "outside of 'p'"], "p", status=126)
        shutil.rmtree("p")
    t.write("elsewhere/script.py", b"pass\n")
    project_file("[project]\nname = 'p'\n")
    os.symlink("../elsewhere", "p/src")
    refused(["'p/src/", "symbolic link", "outside of 'p'"], "p", status=126)
    # One that stays inside, and a folder that was named by a link.
    os.unlink("p/src")
    t.write("p/src/script.py", b"pass\n")
    t.write("p/shared/words.txt", b"words")
    os.symlink("../shared/words.txt", "p/src/words.txt")
    os.symlink("p", "by-link")
    for name in ("p", "by-link"):
        assert own(make(name)[0])["/app/words.txt"] == b"words"


def metadata(folder):
    t.write("p/thing.py", b"def main():\n    pass\n")
    entry = "[tool.krait]\nentry-point = 'thing'\n"
    for lines, words in (
            ("[project\n", ["p/pyproject.toml", "line 1"]),
            ("a = 1\na = 2\n", ["p/pyproject.toml", "line 2"]),
            (entry + "[project]\ndependencies = 'x'\n", ["dependencies", "no array"]),
            (entry + "[project]\ndependencies = [1]\n", ["a dependency", "1"]),
            ("project = 3\n", ["[project]", "no table"]),
            (entry + "[project]\nrequires-python = '>=3.14'\n", ["requires-python", ">=3.14", "3.13"]),
            (entry + "[project]\nrequires-python = '==3.12.*'\n", ["requires-python"]),
            (entry + "[project]\nrequires-python = '~=3.9,<3.13'\n", ["requires-python"]),
            (entry + "[project]\nrequires-python = 'new'\n", ["requires-python", "cannot be understood"]),
            (entry + "[project]\nname = 'x'\ndynamic = ['dependencies']\n", ["dynamic", "--deps"]),
            ("[project]\nname = 'x'\n", ["entry-point", "[tool.krait]", "--entry"]),
            ("[project.scripts]\na = 'thing:a'\nb = 'thing:b'\n", ["several", "--entry"]),
            ("[tool.krait]\nentry-point = 5\n", ["entry-point", "5"]),
            (entry + "[project]\ndynamic = 5\n", ["dynamic", "no array"]),
            (entry + "[project]\nrequires-python = '>=%s'\n" % ("9" * 4400), ["requires-python", "cannot be understood"]),
            ("number = " + "9" * 5000 + "\n", ["p/pyproject.toml", "digits"]),
            ("deep = " + "[" * 100000, ["p/pyproject.toml"]),
            ("[tool.krait]\nentry-point = 'os.system(1)'\n", ["os.system(1)", "MODULE[:FUNCTION]"]),
            ("[tool.krait]\nentry-point = 'thing:a:b'\n", ["thing:a:b"]),
            ("[tool.krait]\nentry-point = 'thing:a.b'\n", ["thing:a.b"]),
            ("[tool.krait]\nentry-point = 'nowhere.x'\n", ["nowhere.x", "nowhere"]),
            ("[tool.krait]\nentry-point = \"thing\\nkrait: x\"\n", ["entry-point"])):
        project_file(lines)
        refused(words, "p", status=126)
    t.write("p/pyproject.toml", b"# \xff\n")
    refused(["p/pyproject.toml", "utf-8"], "p")
    # A block in the script itself.
    head = "# /// script\n# %s\n# ///\nprint(1)\n"
    for lines, words in (("requires-python = '>=3.99'", ["requires-python"]),
                         ("dependencies = [", ["a.py", "Invalid"]),
                         ("x = 1\n# ///\nimport a\n# /// script\n# y = 2", ["several blocks"])):
        t.write("a.py", (head % lines).encode())
        refused(words, "a.py", status=126)
    t.write("a.py", (head % "requires-python = '>=3.10'\n# dependencies = [\n#   'there',\n# ]").encode())
    wheel("there-1.0", {"there.py": "x = 1\n"})
    found, argv, _ = make("a.py")
    assert argv == ["/app/a.py"] and own(found)["/app/there.py"] == b"x = 1\n"


def pip(folder):
    wheel("nice_thing-1.5", {"nice_thing/__init__.py": "import leaf\ndef main():\n    pass\n",
                             "nice_thing-1.5.data/purelib/extra.py": "e = 1\n",
                             "nice_thing-1.5.data/scripts/nice": "#!python\n"}, requires=["leaf>=2"])
    wheel("leaf-2.1", {"leaf.py": "x = 1\n"})
    wheel("leaf-1.0", {"leaf.py": "x = 0\n"})
    project_file("[project]\nname = 'p'\ndependencies = ['nice.thing[fast]>=1.5; python_version > \"3\"']\n"
                 "[tool.krait]\nentry-point = 'nice_thing'\n")
    found, argv, said = make("p")
    files = own(found)
    assert files["/app/leaf.py"] == b"x = 1\n" and "/app/nice_thing/__init__.py" in files and "/app/extra.py" in files
    assert not [path for path in found if "scripts" in path or ".data" in path or "site-packages" in path]
    assert "/app/__pycache__/leaf.cpython-313.pyc" in found and argv == ["-m", "nice_thing"]
    assert {"name": "leaf", "version": "2.1", "place": "/app"} in manifest("out.wasm")["components"]
    one = open("out.wasm", "rb").read()
    make("p", out="two.wasm")
    assert open("two.wasm", "rb").read() == one, "pip's wheels do not give the same bytes"
    assert os.listdir("tmp") == []
    # With --offline, which asks nobody anyway here; and with what was fetched before.
    make("p", "--offline")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index",
                    "--find-links", "links", "--target", "deps", "nice-thing"], check=True, stderr=subprocess.DEVNULL)
    found, _, _ = make("p", "--deps", "deps", PATH="/nonexistent")
    assert own(found)["/app/leaf.py"] == b"x = 1\n" and "/app/nice_thing/__init__.py" in found
    assert not [path for path in found if "INSTALLER" in path or "REQUESTED" in path or path.startswith("/app/bin")]
    found, _, _ = make("p", "--deps", "links/leaf-1.0-py3-none-any.whl", "--deps", "links/nice_thing-1.5-py3-none-any.whl")
    assert own(found)["/app/leaf.py"] == b"x = 0\n"
    assert make.errors == "", make.errors
    make("p", "--deps", "links/leaf-1.0-py3-none-any.whl", "--entry", "leaf")
    assert make.errors.count("nothing in --deps") == 1 and "'nice.thing[fast]" in make.errors, make.errors
    # Nobody to ask, nobody to find.
    refused(["p", "nice.thing", "no pip", "--deps"], "p", PATH="/nonexistent", status=125)
    for text, words in (("missing-thing>=3", ["'missing-thing>=3'", "no wheel", "--deps"]),
                        ("leaf==9", ["leaf==9", "no wheel"])):
        project_file("[project]\ndependencies = [%r]\n[tool.krait]\nentry-point = 'x'\n" % text)
        refused(words, "p", status=125)
    refused(["leaf==9", "--offline"], "p", "--offline", status=125)
    # No index answers there.
    refused(["cannot reach", "--deps"], "p", status=125, PIP_NO_INDEX="0", PIP_INDEX_URL="https://127.0.0.1:9/simple",
            PIP_RETRIES="1")
    for text, word in (("-r/etc/passwd", "no requirement"), ("--index-url=https://example.org", "no requirement"),
                       ("./folder", "no requirement"), ("folder/thing", "no requirement"),
                       ("https://example.org/x.whl", "no requirement"),
                       ("x @ git+https://example.org/x", "built on this machine"),
                       ("x @ file:///tmp/x", "built on this machine"),
                       ("x@https://example.org/x-1.tar.gz", "built on this machine")):
        project_file("[project]\ndependencies = [%r]\n[tool.krait]\nentry-point = 'x'\n" % text)
        refused([word], "p", status=126)
    # Archives and folders of the project that the command was started in, and what would have to be built of them.
    evil = "import os\nopen(%r, 'w').close()\n" % os.path.abspath("ran")
    t.write("evil-1/pyproject.toml", b"[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n")
    t.write("evil-1/backend.py", evil.encode())
    with tarfile.open("evil.tar.gz", "w:gz") as z:
        z.add("evil-1")
    shutil.copy("evil.tar.gz", "evil-1.zip")
    address = "file://" + os.path.abspath("evil.tar.gz")
    for text, word in (("evil.tar.gz", "no requirement"), ("evil.tar.gz [fast]", "no requirement"), ("evil-1.ZIP", "no requirement"),
                       ("evil-1.zip; python_version > '3'", "no requirement"), ("x y/../evil-1", "no requirement"),
                       ("evil:1", "no requirement"), ("x[a", "no requirement"),
                       ("evil @ " + address + "?x.whl", "built on this machine"),
                       ("evil @ hg+https://example.org/x.whl", "built on this machine"),
                       ("evil @ https://example.org/.whl", "built on this machine"),
                       ("evil @ https://example.org/evil.tar.gz%2F.whl", "built on this machine"),
                       ("evil @ https://example.whl", "built on this machine"),
                       ("evil @ https://x/../../evil-1/../x-1-py3-none-any.whl", "built on this machine"),
                       ("evil @ FILE:///x-1-py3-none-any.whl", "built on this machine")):
        project_file("[project]\ndependencies = [%r]\n[tool.krait]\nentry-point = 'x'\n" % text)
        refused([word], "p", status=126)
        assert not os.path.exists("ran"), text
    # A wheel that needs them, and a folder that has a wheel's name.
    wheel("tricky-1.0", {"tricky.py": "x = 1\n"}, requires=["evil @ " + address])
    shutil.copytree("evil-1", "evil-1-py3-none-any.whl")
    for text, words in (("tricky", ["only there as sources", "--deps"]),
                        ("evil @ file://" + os.path.abspath("evil-1-py3-none-any.whl"), ["pip could not fetch"])):
        project_file("[project]\ndependencies = [%r]\n[tool.krait]\nentry-point = 'tricky'\n" % text)
        refused(words, "p", status=125)
        assert not os.path.exists("ran"), text
    # A pip that is found by its name only.
    t.write("only/python3", b"#!/bin/sh\nexit 1\n")
    t.write("only/pip3", ("#!%s\nimport runpy\nrunpy.run_module('pip', run_name='__main__')\n" % sys.executable).encode())
    for name in os.listdir("only"):
        os.chmod("only/" + name, 0o755)
    path = os.path.abspath("only") + ":/usr/bin:/bin"
    project_file("[project]\ndependencies = ['tricky']\n[tool.krait]\nentry-point = 'tricky'\n")
    refused(["only there as sources", "--deps"], "p", status=125, PATH=path)
    assert not os.path.exists("ran")
    project_file("[project]\ndependencies = ['leaf']\n[tool.krait]\nentry-point = 'leaf'\n")
    assert own(make("p", PATH=path)[0])["/app/leaf.py"] == b"x = 1\n"
    # An address of a wheel.
    project_file("[project]\ndependencies = ['leaf [x] @ file://%s#sha1=%s ; python_version > \"3\"']\n[tool.krait]\n"
                 "entry-point = 'leaf'\n" % (os.path.abspath("links/leaf-2.1-py3-none-any.whl"), hashlib.sha1(
                     open("links/leaf-2.1-py3-none-any.whl", "rb").read()).hexdigest()))
    found, _, _ = make("p")
    assert own(found)["/app/leaf.py"] == b"x = 1\n"
    # What is in the current folder is no part of pip.
    for name in ("pip.py", "pip/__init__.py", "pip/__main__.py", "runpy.py", "json.py", "zipfile.py"):
        t.write(name, b"import os\nopen(os.environ['TMPDIR'] + '/../ran', 'w')\n")
    project_file("[project]\ndependencies = ['leaf']\n[tool.krait]\nentry-point = 'leaf'\n")
    make("p")
    assert not os.path.exists("ran"), "pip imported from the current folder"
    # Sources alone would have to be built.
    os.makedirs("links/source_thing-1")
    t.write("links/source_thing-1/setup.py", b"open('built', 'w')\n")
    shutil.make_archive("links/source_thing-1", "gztar", "links", "source_thing-1")
    project_file("[project]\ndependencies = ['source_thing']\n[tool.krait]\nentry-point = 'x'\n")
    refused(["source_thing", "no wheel"], "p")
    assert not os.path.exists("built")
    assert os.listdir("tmp") == []


def manifest(path):
    done = call("--list", "--json", path)
    assert done.returncode == 0, done.stderr
    return json.loads(json.loads(done.stdout)["manifest"])


def natives(folder):
    tag = subprocess.run([sys.executable, "-c", "import sys, sysconfig; print('cp%d%d-cp%d%d-%s' % ("
                          "sys.version_info[:2] * 2 + (sysconfig.get_platform().replace('-', '_'),)))"],
                         check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    name = wheel("fast_thing-3.0", {"fast_thing.py": ""}, tag=tag)
    project_file("[project]\ndependencies = ['fast-thing']\n[tool.krait]\nentry-point = 'fast_thing'\n")
    refused(["'fast-thing'", "native code", os.path.basename(name)], "p", status=125)
    refused([os.path.basename(name), "native code"], "p", "--deps", name, status=126)
    t.write("deps/fast_thing/__init__.py", b"")
    t.write("deps/fast_thing/_speed.cpython-313-x86_64-linux-gnu.so", b"\x7fELF")
    refused(["/app/fast_thing/_speed.cpython-313-x86_64-linux-gnu.so", "pure Python"], "p", "--deps", "deps", status=126)


def conflicts(folder):
    """The project's own come before those of its dependencies; a file that is there twice is told."""
    wheel("one-1", {"shared.py": "x = 'dependency'\n", "space/__init__.py": "", "bin/__init__.py": ""})
    project_file("[project]\ndependencies = ['one']\n[tool.krait]\nentry-point = 'shared'\n")
    t.write("p/src/shared.py", b"x = 'own'\n")
    t.write("p/src/bin/data", b"stays")
    found, _, _ = make("p")
    assert own(found)["/app/shared.py"] == b"x = 'own'\n" and "shared.py' takes the place" in make.errors
    assert own(found)["/app/bin/data"] == b"stays" and "/app/space/__init__.py" in found


def syntax(folder):
    t.write("dir/bad.py", b"import wadup\n\ndef f(:\n    pass\n")
    refused(["'dir/bad.py', line 3, cannot be compiled: SyntaxError:"], "dir/bad.py", status=126)
    t.write("bad.py", b"x = '\xff'\n")
    refused(["'bad.py'", "SyntaxError"], "bad.py", status=126)
    t.write("bad.py", b"x = 1\0\n")
    refused(["'bad.py'", "SyntaxError", "null bytes"], "bad.py", status=126)
    t.write("bad.py", b"if True:\n\tx = 1\n        y = 2\n")
    refused(["'bad.py', line 3,", "TabError"], "bad.py", status=126)
    t.write("bad.py", b"x = " + b"(" * 20000 + b")" * 20000 + b"\n")
    refused(["'bad.py'"], "bad.py", status=126)
    # What does not start may be a template; what starts may not.
    project_file("[tool.krait]\nentry-point = 'p.start'\n")
    t.write("p/p/template.py", b"print 'old'\n")
    t.write("p/p/start.py", b"return 5\n")
    done = call("p", "-o", "no.wasm")
    assert done.returncode == 126 and "'/app/p/start.py', line 1, cannot be compiled: SyntaxError" in done.stderr, done.stderr
    assert "'/app/p/template.py', line 1, cannot be compiled and stays a source" in done.stderr
    t.write("p/p/start.py", b"def main():\n    pass\n")
    found, _, _ = make("p")
    assert "/app/p/template.py" in found and "template.cpython" not in " ".join(found)
    # The script is compiled in the sandbox: it is not run, and what it names is not read.
    t.write("evil.py", b"open('made', 'w')\nraise SystemExit(3)\n")
    make("evil.py")
    assert not os.path.exists("made")


def again(folder):
    """The same bytes whenever it is made, wherever, and over what is there."""
    t.write("a/s.py", b"print(1)\n", 10**18)
    os.makedirs("b")
    shutil.copy("a/s.py", "b/s.py")
    os.chmod("b/s.py", 0o600)
    make("a/s.py", out="one.wasm")
    one = open("one.wasm", "rb").read()
    found, _, said = make("b/s.py", out="two.wasm")
    assert open("two.wasm", "rb").read() == one, "the time of a file is in the module"
    assert {item[2] for path, item in found.items() if path.startswith("/app")} == {EARLIEST}, found
    make("a/s.py", out="one.wasm")
    assert open("one.wasm", "rb").read() == one
    # Another script: only that changes, the runtime is the same.
    t.write("a/s.py", b"print(2)\n")
    _, _, changed = make("a/s.py", out="one.wasm")
    assert changed == said and open("one.wasm", "rb").read() != one
    # A runtime that has its library packed already, as the installed one has.
    t.run("--python", "runtime", "--stdlib", "yes", "-o", "packed.wasm")
    done = call("a/s.py", "-o", "three.wasm", "--runtime", "packed.wasm")
    assert done.returncode == 0, done.stderr
    found, argv, _, _ = t.read(open("three.wasm", "rb").read())
    assert LIB + "/os.pyc" in found and argv == ["/app/s.py"] and "/app/__pycache__/s.cpython-313.pyc" in found
    assert section(open("three.wasm", "rb").read())["runtime"] == changed["runtime"], "the same program has another hash"
    refused(["three.wasm", "a module already"], "a/s.py", "--runtime", "three.wasm", status=126)
    # What is packed into a module keeps saying what it is.
    t.write("more", b"more")
    t.run("--python", "three.wasm", "--add", "more::/app/more", "-o", "four.wasm")
    assert section(open("four.wasm", "rb").read()) == section(open("three.wasm", "rb").read())
    assert call("--verify", "four.wasm").returncode == 0


def usage(folder):
    t.write("s.py", b"")
    for args, word in ((("s.py",), "-o OUT.wasm"), (("-o", "x.wasm"), "no script"), (("s.py", "s.py", "-o", "x.wasm"), "more than one"),
                       (("--nonsense",), "--nonsense"), (("s.py", "-o"), "missing"), (("s.py", "-o", "x", "--name", ""), "--name"),
                       (("s.py", "-o", "x", "--add", "s.py::/etc/x"), "/app"), (("s.py", "-o", "x", "--add", "s.py"), "HOST::GUEST"),
                       (("--list",), "no module"), (("--list", "--verify", "x"), "only one"), (("--list", "x", "-o", "y"), "-o"),
                       (("-o", "x.wasm", "--", "s.py", "t.py"), "more than one")):
        done = call(*args)
        assert done.returncode == 125 and word in done.stderr and "krait module --help" in done.stderr, (args, done)
    done = call("--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: krait module ")
    refused(["'missing.py'", "No such file"], "missing.py", status=127)
    refused(["neither a script nor a folder"], "/dev/null", status=126)
    refused(["neither a script nor a folder"], wheel("one-1", {}), status=126)
    refused(["--entry is for a folder"], "s.py", "--entry", "s", status=126)
    os.makedirs("empty")
    refused(["'empty'", "src/script.py", "--entry"], "empty", status=126)
    refused(["'nowhere'", "--runtime", "KRAIT_MODULE_RUNTIME"], "s.py", "--runtime", "nowhere", status=127)
    t.run("--python", "base.wasm", "--add", "s.py::/x", "-o", "plain.wasm")
    refused(["'plain.wasm'", "does not export process()"], "s.py", "--runtime", "plain.wasm", status=126)
    t.write("junk.wasm", b"junk")
    refused(["'junk.wasm'", "is not a WebAssembly module"], "s.py", "--runtime", "junk.wasm")
    done = call("s.py", "-o", "missing/out.wasm")
    assert done.returncode == 125 and "missing/out.wasm" in done.stderr, done.stderr
    done = call("s.py", "-o", "out.wasm", "--json")
    assert json.loads(done.stdout)["output"] == "out.wasm"
    done = call("--extract", "x", "out.wasm")
    assert done.returncode == 0 and open("x/app/s.py").read() == ""


def damage(folder):
    """The section is covered by the manifest: changed, taken away or put there, it is found."""
    t.write("s.py", b"")
    make("s.py")
    wasm = open("out.wasm", "rb").read()
    assert call("--verify", "out.wasm").returncode == 0
    start = wasm.index(t.text("krait.module"))
    end = wasm.index(b"}", start) + 1
    for at in range(start - 3, end):
        copy = bytearray(wasm)
        copy[at] ^= 1 << at % 7
        t.write("bad.wasm", bytes(copy))
        done = call("--verify", "bad.wasm")
        assert done.returncode in (1, 126) and "bad.wasm" in done.stderr, (at, done)
    whole = b"\0" + packimage._uleb(end - start) + wasm[start:end]
    assert whole in wasm
    t.write("bad.wasm", wasm.replace(whole, b""))
    done = call("--verify", "bad.wasm")
    assert done.returncode == 1 and "krait.module" in done.stderr, done
    t.run("--python", "runtime", "--stdlib", "yes", "-o", "packed.wasm")
    packed = open("packed.wasm", "rb").read()
    t.write("bad.wasm", packed + whole)
    done = call("--verify", "bad.wasm")
    assert done.returncode == 1 and "module_sha256" in done.stderr, done


def wait_until(is_so):
    for _ in range(600):
        if is_so():
            break
        time.sleep(0.1)


def begin(said):
    """The environment of a project whose pip is bin/python3, and krait module at work on it."""
    project_file("[project]\ndependencies = ['slow']\n[tool.krait]\nentry-point = 'slow'\n")
    os.chmod("bin/python3", 0o755)
    os.makedirs("tmp")
    env = dict(os.environ, KRAIT_MODULE_RUNTIME=os.path.abspath(runtime()), TMPDIR=os.path.abspath("tmp"),
               PATH=os.path.abspath("bin") + ":" + os.environ["PATH"])
    running = subprocess.Popen([t.KRAIT, "module", "p", "-o", "no.wasm"], env=env, stderr=said)
    return env, running


def interrupted(folder):
    """A signal ends it as if it had not been caught; nothing stays behind."""
    # pip that takes its time, and notices.
    t.write("bin/python3", b"#!/bin/sh\ncase $* in *--version*) exit 0 ;; esac\ntrap 'echo told >told; exit 1' TERM\n"
                           b"echo began >began\ni=0\nwhile [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done\n")
    env, running = begin(subprocess.PIPE)
    wait_until(lambda: os.path.exists("began"))
    assert os.path.exists("began") and os.listdir("tmp")
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == -signal.SIGTERM, (running.returncode, said)
    assert said == b"" and os.path.exists("told"), said
    assert os.listdir("tmp") == [] and not os.path.exists("no.wasm")
    # One that does not want to end: the second signal is enough.
    t.write("bin/python3", b"#!/bin/sh\ncase $* in *--version*) exit 0 ;; esac\ntrap 'echo $$ >again.new; mv again.new again' TERM\n"
                           b"rm -f began\ni=0\nwhile [ $i -lt 6000 ]; do sleep 0.1; i=$((i + 1)); done\n")
    running = subprocess.Popen([t.KRAIT, "module", "p", "-o", "no.wasm"], env=env, stderr=subprocess.DEVNULL)
    wait_until(lambda: not os.path.exists("began"))
    running.send_signal(signal.SIGTERM)
    wait_until(lambda: os.path.exists("again"))
    running.send_signal(signal.SIGTERM)
    try:
        assert running.wait(60) == -signal.SIGTERM
    finally:
        with open("again") as file:
            os.kill(int(file.read()), signal.SIGKILL)
        running.kill()


def killed(folder):
    """What stays behind then is removed by the next one."""
    t.write("bin/python3", b"#!/bin/sh\ncase $* in *--version*) exit 0 ;; esac\ntest -e began && exit 1\n"
                           b"echo $$ >began.new\nmv began.new began\nexec sleep 60\n")
    env, running = begin(subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("began"))
    with open("began") as file:
        os.kill(int(file.read()), signal.SIGSTOP)
    running.kill()
    running.wait()
    left = os.listdir("tmp")
    assert len(left) == 1, left
    again = subprocess.run([t.KRAIT, "module", "p", "-o", "no.wasm"], env=env, stderr=subprocess.PIPE)
    with open("began") as file:
        os.kill(int(file.read()), signal.SIGKILL)
    assert again.returncode != 0 and os.listdir("tmp") == [], (again, os.listdir("tmp"))


CASES = {"script": script, "project": project, "links": links, "metadata": metadata, "pip": pip, "natives": natives,
         "conflicts": conflicts, "syntax": syntax, "again": again, "interrupted": interrupted, "killed": killed,
         "usage": usage, "damage": damage}

if __name__ == "__main__":
    sys.exit(t.main(CASES))
