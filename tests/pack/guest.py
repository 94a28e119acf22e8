# SPDX-License-Identifier: Apache-2.0
"""Packed files as programs see them: guest.py SUITE [ENGINE...]

Compiles a program of this folder with guest/pack, packs an image of packimage.py into it, and
runs it on krait, on wasmtime when it is in the cache of tests/spec or can be fetched, and on Node when
it is installed (ENGINE chooses). Exit status 77: there is no compiler or no C library for WebAssembly.
"""
import io
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile

import packimage as p

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
HERE = os.path.join(SOURCE, "tests", "pack")
sys.path.insert(0, os.path.join(SOURCE, "tests", "spec"))
import tools  # noqa: E402

FLAGS = "-std=c11 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror".split()
failures = 0


def failed(what, more=""):
    global failures
    failures += 1
    print("failed: %s\n%s" % (what, more))


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def pattern(size):
    return bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 255 for i in range(size))


class Toolchain:
    """The compiler, wasi-libc and zlib of the recipes."""

    def __init__(self, folder):
        self.folder = folder
        found = subprocess.run(
            ["sh", "-c", 'say() { echo "$@"; }; . "$0"; tools_find "$1" >&2 && printf "%s\\n%s\\n" "$CC" "$TARGET"',
             os.path.join(SOURCE, "recipes", "tools.sh"), folder], capture_output=True, text=True)
        if found.returncode:
            skip("no compiler for WebAssembly: " + found.stderr)
        self.cc, self.target = found.stdout.split()[-2:]
        self.libc, self.zlib = self.where("wasi-libc"), self.where("zlib")
        self.objects = []

    def where(self, recipe):
        done = subprocess.run([os.path.join(SOURCE, "recipes", "build"), "--where", recipe],
                              capture_output=True, text=True)
        if done.returncode:
            skip("the recipe '%s' has not been built" % recipe)
        return done.stdout.strip()

    def run(self, *args):
        command = [self.cc, "--target=" + self.target, "--sysroot=" + self.libc, *args]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr)
            sys.exit("cannot compile: " + " ".join(command))

    def pack_objects(self):
        """guest/pack, compiled once."""
        if not self.objects:
            sources = os.path.join(SOURCE, "guest", "pack")
            for name in sorted(os.listdir(sources)):
                if name.endswith(".c"):
                    out = os.path.join(self.folder, "pack_" + name[:-2] + ".o")
                    self.run(*FLAGS, "-I", SOURCE + "/include", "-I", self.zlib + "/include", "-c",
                             os.path.join(sources, name), "-o", out)
                    self.objects.append(out)
        return self.objects

    def program(self, name, *flags):
        """The module, as bytes. Without `objects` in front so that the linker takes what is needed."""
        archive = os.path.join(self.folder, "libkrait_pack.a")
        if not os.path.exists(archive):
            ar = subprocess.run([self.cc, "-print-prog-name=llvm-ar"], capture_output=True, text=True).stdout.strip()
            subprocess.run([ar, "rcsD", archive, *self.pack_objects()], check=True)
        out = os.path.join(self.folder, name + ".wasm")
        self.run(*FLAGS, *flags, "-I", os.path.join(SOURCE, "tests"), os.path.join(HERE, name + ".c"), "-o", out,
                 "-Wl,--export=krait_pack_slot", archive, "-L" + self.zlib + "/lib", "-lz")
        with open(out, "rb") as f:
            return f.read()


class Krait:
    name = "krait"

    def run(self, module, args=(), dirs=(), env=(), stdin=""):
        command = [os.environ["KRAIT"], "run"]
        for host, guest in dirs:
            command += ["--dir", "%s::%s" % (host, guest)]
        for text in env:
            command += ["-e", text]
        return subprocess.run([*command, module, *args], capture_output=True, text=True, input=stdin)


class Runner:
    """An engine behind a program of this folder."""

    def __init__(self, name, command, **more):
        self.name, self.command, self.environ = name, command, dict(os.environ, **more)

    def run(self, module, args=(), dirs=(), env=(), stdin="", call=None, listed=None):
        command = list(self.command)
        if listed is not None:
            command += ["--list", listed]
        for host, guest in dirs:
            command += ["--dir", "%s::%s" % (host, guest)]
        for text in env:
            command += ["-e", text]
        if call is not None:
            command += ["--call", call]
        return subprocess.run([*command, module, *args], capture_output=True, text=True, input=stdin,
                              env=self.environ)


def engines(wanted):
    found = [Krait()]
    try:
        found.append(Runner("wasmtime", [sys.executable, os.path.join(HERE, "wasmtime_run.py")],
                            PYTHONPATH=tools.wasmtime()))
    except tools.Unavailable as error:
        print("wasmtime is not here: %s" % error)
    if shutil.which("node"):
        found.append(Runner("node", ["node", "--no-warnings", "--stack-size=4000", os.path.join(HERE, "node_run.mjs")]))
    else:
        print("node is not here")
    return [e for e in found if not wanted or e.name in wanted]


def place(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def files_tree():
    hello, large = p.File(b"hello, world\n"), pattern(300001)
    tree = {"hello": hello, "other name": hello, "empty": p.File(), "old": p.File(b"old", mtime=5 * 10**9),
            "usr/share/one/name": p.File(b"one", codec=p.LZMA, together=True), "usr/lib": None,
            "usr/share/two/name": p.File(b"two", codec=p.LZMA, together=True), "nothing": None,
            "big/stored": p.File(large, codec=p.STORED), "big/deflate": p.File(large), "big/lzma": p.File(large, codec=p.LZMA),
            "n\xe4me/\u65e5\u672c": p.File(b"not ASCII"), "a b/c\td\n": p.File(b"blanks"), ".hidden": p.File(b"dot"),
            "...": p.File(b"three dots"),
            "links/hello": p.Link("../hello"), "links/chain": p.Link("./hello"), "links/self": p.Link("self"),
            "links/ring1": p.Link("ring2"), "links/ring2": p.Link("ring1"), "links/dangling": p.Link("none"),
            "links/usr": p.Link("../usr"), "links/absolute": p.Link("/usr/share/"),
            "links/far": p.Link("../../../usr/share//two/../one/./name")}
    for i in range(5000):
        tree["many/file%d" % i] = p.File(b"%d" % i, codec=p.STORED)
    for i in range(200):
        tree["longnames/%03d%s" % (i, "x" * 240)] = p.File(b"")
    return tree


def expect(engine, what, done, code=0, out=None, err=None):
    if done.returncode != code or (out is not None and done.stdout != out) or \
            (err is not None and err not in done.stderr):
        failed("%s on %s: status %d" % (what, engine.name, done.returncode),
               done.stdout[-3000:] + done.stderr[-3000:])


def suite_files(chain, folder, engine):
    module = p.splice(chain.program("guest_files"), p.image(files_tree()))
    path = place(folder, "files.wasm", module)
    done = engine.run(path)
    expect(engine, "the whole program", done, err="said by the number 0")
    if "ok   takes_the_place_of_stdin" not in done.stdout:
        failed("it did not come to its end on " + engine.name, done.stdout)
    # Beside directories of the host that are elsewhere, and one that lies on the root.
    host = os.path.join(folder, "host")
    os.makedirs(host, exist_ok=True)
    for guest in ("/data", "/", "."):
        expect(engine, "beside the host's " + guest, engine.run(path, dirs=[(host, guest)]))
    if os.listdir(host):
        failed("it wrote into the host's directory", str(os.listdir(host)))


def host_folder(folder):
    host = tempfile.mkdtemp(dir=folder)
    os.makedirs(host + "/sub")
    for name, text in (("yours", "host"), ("same", "host"), ("sub/hostdeep", "host")):
        place(host, name, text.encode())
    return host


def suite_host(chain, folder, engine):
    module = chain.program("guest_host")
    packed = p.File(b"packed")
    both = place(folder, "both.wasm", p.splice(module, p.image({
        "both/mine": packed, "both/same": packed, "both/sub/deep": packed, "both/only/x": packed, "both/link": p.Link("mine"),
        "both/to-host": p.Link("yours"), "outside": p.File(b"packed outside"), "link-to-both": p.Link("both")})))
    inside = place(folder, "inside.wasm", p.splice(module, p.image({"app/data/packed": packed})))
    host = host_folder(folder)
    for path, cases, guest in ((both, ("both", "writes", "descriptors", "polls"), "/both"),
                               (both, ("at_root",), "/"), (inside, ("inside",), "/app/data/mine")):
        before = sorted(os.walk(host))
        for case in cases:
            expect(engine, case, engine.run(path, [case], [(host, guest)]))
        if sorted(os.walk(host)) != before:
            failed("something was left behind on " + engine.name)
    many = tempfile.mkdtemp(dir=folder)
    for i in range(300):
        place(many, "host%d" % i, b"")
    expect(engine, "a long folder", engine.run(both, ["long_folder"], [(many, "/both")]))
    if engine.name == "wasmtime":
        expect(engine, "cookies of a disk", engine.run(both, ["long_folder"], [(many, "/both")], listed=many))
    expect(engine, "two folders", engine.run(both, ["both"], [(host_folder(folder), "/data"), (host, "/both")]))


def suite_memory(chain, folder, engine):
    file = p.File(b"packed")
    tree = {"a/file": file, "a/hard": file, "a/link": p.Link("file"), "a/sub/x": p.File(b"x"), "a/other": p.File(b"o")}
    for name in ("one", "two", "three"):
        tree["b/" + name] = p.File(name.encode())
    path = place(folder, "memory.wasm", p.splice(chain.program("guest_memory"), p.image(tree, memory_limit=256 << 10)))
    expect(engine, "changes in memory", engine.run(path, "changes_files makes_and_removes hides_what_is_packed has_a_limit".split()))
    path = place(folder, "far.wasm", p.splice(chain.program("guest_memory"), p.image(tree, memory_limit=0xffffffff)))
    expect(engine, "a far limit", engine.run(path, ["has_a_far_limit"]))


def suite_start(chain, folder, engine):
    module, tree = chain.program("guest_start"), {"hello": p.File(b"hello")}
    path = place(folder, "start.wasm", p.splice(module, p.image(tree, ["-m", "app"], ["KA=packed", "KB=packed", "KB2=x"])))
    expect(engine, "arguments", engine.run(path, ["--help", "x y"], env=["KB=host"]), 3,
           "[wasm][-m][app][--help][x y]\nKB=host\nKA=packed\nKB2=x\n104\n")
    expect(engine, "no arguments", engine.run(path), 3, "[wasm][-m][app]\nKA=packed\nKB=packed\nKB2=x\n104\n")
    expect(engine, "without the entry", engine.run(path, ["a"], env=["KRAIT_PACK_START=0"]), 4,
           "[wasm][a]\nKRAIT_PACK_START=0\nKA=packed\nKB=packed\nKB2=x\n104\n")
    path = place(folder, "none.wasm", p.splice(module, p.image(tree)))
    expect(engine, "no entry", engine.run(path, ["a"]), 0, "[wasm][a]\n104\n")
    # Nothing packed: wasi-vfs's minimum-link. Imports only what the program's libc and the overlay need.
    expect(engine, "nothing packed", engine.run(place(folder, "plain.wasm", module), ["a"]), 0, "[wasm][a]\n-1\n")


def suite_reactor(chain, folder, engine):
    """wasi-vfs's reactor-model, on engines that call exports from here."""
    module = chain.program("guest_start", "-mexec-model=reactor", "-DREACTOR")
    path = place(folder, "reactor.wasm", p.splice(module, p.image({"hello": p.File(b"hello")}, [], ["KA=1"])))
    if engine.name != "krait":
        expect(engine, "a packed file", engine.run(path, call="first_byte"), 104)
        expect(engine, "variables", engine.run(path, call="variables", env=["KX=1", "KA=2"]), 2)


def suite_damage(chain, folder, engine):
    module = chain.program("guest_start")
    image = p.image({"hello": p.File(b"hello" * 100), "dir/name": p.File(b"", codec=p.STORED)}, ["-m", "x"])
    for what, at, text in (("a name", image.index(b"hello"), "checksum"), ("contents", len(image) - 1, "/hello: its checksum is wrong"),
                           ("the version", p.field("version"), "another version"), ("the magic", 0, "not an image")):
        bad = bytearray(image)
        bad[at] ^= 0x20
        done = engine.run(place(folder, "bad.wasm", p.splice(module, bytes(bad))))
        expect(engine, what, done, err=text)
        if not done.stdout.endswith("-1\n") or done.stderr.count("krait: the files packed") != 1:
            failed("%s on %s" % (what, engine.name), done.stdout + done.stderr)
    # A stream that is over before the block is full: its end looks like a copy of two bytes.
    image = bytearray(p.image({"hello": p.File(b"hello" * 100, codec=p.LZMA)}))
    inode, block = struct.unpack_from("<I", image, p.field("inodes_at"))[0], struct.unpack_from("<I", image, p.field("blocks_at"))[0]
    struct.pack_into("<Q", image, inode + p.INODE.size, 502)
    struct.pack_into("<I", image, block + 12, 502)
    done = engine.run(place(folder, "bad.wasm", p.splice(module, bytes(p.seal(image)))))
    expect(engine, "a stream that ends early", done, err="/hello: it cannot be decoded")
    image = p.image({"hello": p.File(b"hello" * 100)})
    done = engine.run(place(folder, "bad.wasm", p.splice(module, image[:-1])))
    expect(engine, "truncated", done, err="truncated")


def pack(module, out, *options):
    """krait pack, into any program."""
    done = subprocess.run([os.environ["KRAIT"], "pack", "--python", module, "--stdlib", "no", "-o", out, *options],
                          capture_output=True, text=True)
    if done.returncode:
        failed("krait pack %s" % " ".join(options), done.stdout + done.stderr)
    return out


def suite_twice(chain, folder, engine):
    """wasi-vfs's pack-twice and pack-twice-reactor, with krait pack itself."""
    hello, other = place(folder, "hello", b"hello"), place(folder, "other", b"Other")
    for kind, flags in (("command", ()), ("reactor", ("-mexec-model=reactor", "-DREACTOR"))):
        once, twice, thrice = (os.path.join(folder, kind + n + ".wasm") for n in "123")
        pack(place(folder, kind + ".wasm", chain.program("guest_start", *flags)), once, "--add", other + "::/other")
        pack(once, twice, "--add", hello + "::/hello", "--env", "KA=1")
        pack(twice, thrice, "--add", other + "::/hello")
        if kind == "command":
            expect(engine, "packed once", engine.run(once), 0, "[wasm]\n-1\n")
            expect(engine, "packed twice", engine.run(twice), 1, "[wasm]\nKA=1\n104\n")
            expect(engine, "packed again over it", engine.run(thrice), 1, "[wasm]\nKA=1\n79\n")
        elif engine.name != "krait":
            expect(engine, "a reactor packed twice", engine.run(twice, call="first_byte"), 104)
            expect(engine, "packed again over it", engine.run(thrice, call="first_byte"), 79)


def add_folder(tree, root, path, left_out=("test", "tests")):
    for top, dirs, files in os.walk(os.path.join(root, path)):
        dirs[:] = sorted(d for d in dirs if d not in left_out)
        for name in files:
            full = os.path.join(top, name)
            with open(full, "rb") as f:
                tree[os.path.relpath(full, root)] = p.File(f.read(), os.stat(full).st_mtime_ns)


def database(folder):
    path = os.path.join(tempfile.mkdtemp(dir=folder), "db")  # one for each engine
    base = sqlite3.connect(path)
    base.execute("create table t (x)")
    base.executemany("insert into t values (?)", [(i,) for i in range(1000)])
    base.commit()
    base.close()
    with open(path, "rb") as f:
        return f.read()


def suite_python(chain, folder, engine):
    """The portable python.wasm; not on krait, where it would be translated for minutes."""
    if engine.name == "krait":
        return
    root = os.environ.get("KRAIT_PORTABLE") or chain.where("python")
    tree, archive = {}, io.BytesIO()
    add_folder(tree, root, "usr/local/lib/python3.13")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("inside.py", "VALUE = 42\n")
    with open(os.path.join(HERE, "guest_program.py"), "rb") as f:
        tree["app/program.py"] = p.File(f.read())
    tree.update({"app/text": p.File("gr\xfc\xdfe\n".encode() * 100), "app/db": p.File(database(folder)),
                 "app/data": p.File(bytes(i & 255 for i in range(300000)), 1234567890123456789), "app/link": p.Link("text"),
                 "app/archive.zip": p.File(archive.getvalue()), "app/lib/plain.py": p.File(b"VALUE = 7\n")})
    with open(os.path.join(root, "bin", "python.wasm"), "rb") as f:
        module = p.splice(f.read(), p.image(tree, ["-B", "/app/program.py"], ["APP_MODE=packed", "PYTHONHOME=/usr/local"]))
    path, work = place(folder, "python.wasm", module), tempfile.mkdtemp(dir=folder)
    for dirs in ((), ((work, "/data"),), ((work, "/"),)):
        done = engine.run(path, ["one", "two"], dirs)
        expect(engine, "Python with %s" % (dirs,), done)
        if not done.stdout.endswith(" checks\n"):
            failed("it did not come to its end", done.stdout + done.stderr)
    expect(engine, "without the entry", engine.run(path, ["-c", "print(6 * 7)"], env=["KRAIT_PACK_START=0"]), out="42\n")


SUITES = {name[6:]: f for name, f in list(globals().items()) if name.startswith("suite_")}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in SUITES:
        sys.exit("suites: " + " ".join(SUITES))
    folder = tempfile.mkdtemp(prefix="krait-pack.")
    os.environ["XDG_CACHE_HOME"], real = os.path.join(folder, "cache"), os.environ.get("XDG_CACHE_HOME")
    try:
        if real is not None:
            os.environ["KRAIT_CACHE"] = os.environ.get("KRAIT_CACHE") or os.path.join(real, "krait")
        else:
            os.environ.setdefault("KRAIT_CACHE", os.path.expanduser("~/.cache/krait"))
        chain = Toolchain(folder)
        for engine in engines(sys.argv[2:]):
            SUITES[sys.argv[1]](chain, folder, engine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("%d failures" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
