# SPDX-License-Identifier: Apache-2.0
"""What krait pack refuses, with what it says, and that nothing is written then."""
import io
import itertools
import lzma
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time
import warnings
import zipfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import host_tool as t  # noqa: E402
import packimage  # noqa: E402


def refused(words, *args, **more):
    before = sorted(os.listdir("."))
    said = t.refused(words, "--python", "base.wasm", "-o", "out.wasm", *args, **more)
    assert sorted(os.listdir(".")) == before, os.listdir(".")
    assert not os.path.exists("out.wasm")
    return said


def nobody(*args):
    """As somebody who may not do everything; only root can try."""
    def drop():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    return {"preexec_fn": drop} if os.getuid() == 0 else {}


def folders(folder):
    def tree(name):
        t.write("%s/tree/good" % name, b"x")
        return "%s/tree" % name

    refused(["'missing'", "No such file"], "--add", "missing::/x")
    where = tree("fifo")
    os.mkfifo(where + "/pipe")
    refused(["fifo/tree/pipe", "pipe"], "--add", where + "::/x")
    where = tree("socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(where + "/s")
    refused(["socket/tree/s", "socket"], "--add", where + "::/x")
    listener.close()
    where = tree("loop")
    os.symlink("b", where + "/a")
    os.symlink("a", where + "/b")
    refused(["loop/tree/", "circle"], "--add", where + "::/x")
    where = tree("self")
    os.makedirs(where + "/sub")
    os.symlink("..", where + "/sub/up")
    refused(["self/tree/sub/up", "in itself"], "--add", where + "::/x")
    where = tree("dangling")
    os.symlink("nothing", where + "/a")
    refused(["dangling/tree/a", "nowhere"], "--add", where + "::/x")
    where = tree("outside")
    t.write("secret", b"s")
    os.symlink("../../secret", where + "/a")
    refused(["outside/tree/a", "outside"], "--add", where + "::/x")
    where = tree("absolute")
    os.symlink(os.path.abspath(where + "/good"), where + "/a")
    refused(["absolute/tree/a", "absolute"], "--add", where + "::/x")
    where = tree("bytes")
    open(os.fsencode(where) + b"/caf\xe9", "wb").close()
    refused(["bytes/tree/caf", "not UTF-8"], "--add", where + "::/x")
    refused(["HOST::GUEST"], "--add", "good")
    refused(["'.' or '..'"], "--add", "secret::/a/../b")
    refused(["folder"], "--add", "secret::/a", "--add", "secret::/a/b")


def unreadable(folder):
    # Where the program is, not everybody may look.
    whole = os.path.join(os.path.dirname(os.path.dirname(t.KRAIT)), "libexec/krait/krait-full")
    if os.path.exists(whole):
        os.makedirs("libexec/krait")
        shutil.copy(whole, "libexec/krait/krait-full")
    os.makedirs("bin")
    shutil.copy(t.KRAIT, "bin/krait")
    t.KRAIT = os.path.abspath("bin/krait")
    if os.getuid() != 0:
        os.makedirs("tree")
    t.write("tree/closed", b"x")
    os.chmod("tree/closed", 0)
    os.chmod(folder, 0o777)
    refused(["tree/closed", "Permission denied"], "--add", "tree::/x", **nobody())
    os.chmod("tree/closed", 0o644)
    os.makedirs("tree/shut")
    os.chmod("tree/shut", 0)
    refused(["tree/shut", "Permission denied"], "--add", "tree::/x", **nobody())
    os.chmod("tree/shut", 0o755)
    # And where nothing may be written.
    os.makedirs("fixed")
    os.chmod("fixed", 0o555)
    t.refused(["fixed/out.wasm", "Permission denied"], "--python", "base.wasm", "-o", "fixed/out.wasm", **nobody())
    assert os.listdir("fixed") == []


def outputs(folder):
    os.makedirs("folder")
    t.refused(["'folder'", "Is a directory"], "--python", "base.wasm", "-o", "folder")
    t.refused(["nowhere/out.wasm", "No such file"], "--python", "base.wasm", "-o", "nowhere/out.wasm")
    t.write("noise", os.urandom(3 << 20))
    t.write("out.wasm", b"as it was")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    t.refused(["cannot write 'out.wasm'", "File too large"], "--python", "base.wasm", "-o", "out.wasm", "--add",
              "noise::/n", preexec_fn=limit)
    assert open("out.wasm", "rb").read() == b"as it was"
    assert sorted(os.listdir(".")) == ["base.wasm", "folder", "noise", "out.wasm"], os.listdir(".")
    # The longest names that there are.
    for name in ("n" * 250 + ".wasm", "ü" * 125 + ".wasm", "x" + "ü" * 124 + ".wasm"):
        t.run("--python", "base.wasm", "-o", name)
        assert os.path.getsize(name) > 0
        os.remove(name)
    t.refused(["File name too long"], "--python", "base.wasm", "-o", "n" * 256)
    assert sorted(os.listdir(".")) == ["base.wasm", "folder", "noise", "out.wasm"], os.listdir(".")
    if os.path.exists("/dev/full"):
        t.refused(["'/dev/full'"], "--python", "base.wasm", "-o", "/dev/full")


def modules(folder):
    def bad(words, data):
        t.write("bad.wasm", data)
        for args in (["--python", "bad.wasm", "-o", "out.wasm"], ["--list", "bad.wasm"], ["--verify", "bad.wasm"]):
            t.refused(words, *args)
        assert not os.path.exists("out.wasm")

    bad(["'bad.wasm' is not a WebAssembly module"], b"")
    bad(["'bad.wasm' is not a WebAssembly module"], b"#!/bin/sh\n")
    bad(["no module of version 1"], b"\0asm\x0d\0\1\0")
    good = t.module()
    for size in (9, 20, 100, len(good) - 1):
        bad(["'bad.wasm'"], good[:size])
    bad(["krait_pack_slot", "krait build-python", "libkrait_pack.a"], t.module(slot=False))
    bad(["reads packed files of format 0"], t.module(version=0))
    bad(["something else"], good.replace(b"KRTSLOT\n", b"KRTSLAT\n"))
    # Twice what may be there once: which of both counts?
    for kind, body in packimage.sections(good):
        if kind != 0:
            bad(["'bad.wasm'", "second section %d" % kind], good + t.section(kind, body))
    bad(["'bad.wasm'", "another number"], good.replace(t.section(12, b"\2"), t.section(12, b"\3")))
    # The slot says that something is packed, and nothing is.
    bad(["something has changed the module"], good.replace(
        b"KRTSLOT\n" + struct.pack("<3I", 1, 0, 0), b"KRTSLOT\n" + struct.pack("<3I", 1, 131072, 64)))
    image = bytearray(packimage.image({"a": packimage.File(b"x")}))
    struct.pack_into("<I", image, packimage.field("version"), 2)
    bad(["newer version of krait", "format 2"], packimage.splice(good, bytes(packimage.seal(image))))
    t.write("small.wasm", t.module(most=3))
    t.write("noise", os.urandom(300000))
    t.refused(["at most 3"], "--python", "small.wasm", "--add", "noise::/n", "-o", "out.wasm")
    t.refused(["there is no portable Python", "krait build-python"], "-o", "out.wasm",
              env=dict(os.environ, KRAIT_PORTABLE="/nonexistent"))


def damage(folder):
    t.write("tree/a.txt", b"some text " * 500)
    t.write("tree/noise.bin", os.urandom(300000))
    t.run("--python", "base.wasm", "--add", "tree::/data", "-o", "out.wasm")
    wasm = open("out.wasm", "rb").read()
    image = t.image_of(wasm)
    start = wasm.index(image[:200])
    header = t.header_of(image)

    def altered(at, words):
        copy = bytearray(wasm)
        copy[at] ^= 1
        t.write("bad.wasm", bytes(copy))
        return t.refused(words, "--verify", "bad.wasm", status=1)

    # A block of a file, with its name and the offset; the index; the program; the manifest.
    row = packimage.BLOCK.unpack_from(image, header["blocks_at"])
    altered(start + row[0] + row[1] // 2, ["bad.wasm", "/data/", "offset %d" % (start + row[0])])
    altered(start + header["image_size"] - 1, ["/data/noise.bin", "offset"])
    altered(start + header["names_at"], ["bad.wasm", "index"])
    altered(start + 5, ["bad.wasm", "offset %d" % start])
    altered(wasm.index(b"data of the program"), ["the program around its files"])
    altered(wasm.index(b'"program_sha256"') + 25, ["the program around its files"])
    altered(wasm.index(b'"image_sha256"') + 25, ["image of its files"])
    for size in (len(wasm) - 1, start + 1000, start + 50):
        t.write("bad.wasm", wasm[:size])
        said = t.refused(["bad.wasm", "not complete"], "--verify", "bad.wasm", status=1)
        assert "offset" in said, said
    # A damaged file is not packed again as if it were right, and not extracted.
    copy = bytearray(wasm)
    copy[start + header["image_size"] - 1] ^= 1
    t.write("bad.wasm", bytes(copy))
    t.refused(["damaged"], "--python", "bad.wasm", "-o", "new.wasm")
    t.refused(["/data/noise.bin", "damaged"], "--extract", "x", "bad.wasm")
    assert not os.path.exists("new.wasm")
    t.refused(["has no packed files"], "--verify", "base.wasm", status=1)
    # A link that leads out, and a file below the same name; then the link alone, which stays one.
    os.makedirs("outside")
    tree = {"link": packimage.Link(os.path.abspath("outside")), "milk/file": packimage.File(b"x")}
    for image in (packimage.image(tree), packimage.image(tree).replace(b"milk", b"link")):
        t.write("bad.wasm", packimage.splice(open("base.wasm", "rb").read(), bytes(packimage.seal(image))))
        if b"milk" in image:
            t.run("--extract", "linked", "bad.wasm")
            assert os.readlink("linked/link") == os.path.abspath("outside") and os.path.exists("linked/milk/file")
        else:
            t.refused(["damaged"], "--extract", "y", "bad.wasm")
        assert os.listdir("outside") == []
    os.symlink("outside", "way")
    t.run("--extract", "way", "out.wasm")
    t.refused(["'way' is not empty"], "--extract", "way", "out.wasm")
    os.makedirs("full/x")
    t.refused(["'full' is not empty"], "--extract", "full", "out.wasm")


def zeros(count, share=False):
    """A module whose one file has `count` blocks of 16 MiB, each compressed to 2 KiB."""
    block = lzma.compress(bytes(1 << 24), lzma.FORMAT_RAW, filters=[
        {"id": lzma.FILTER_LZMA1, "preset": 9, "lc": 3, "lp": 0, "pb": 0}])
    inodes = packimage.INODE.pack(0, 1, packimage.S_IFDIR | 0o755, 2, 0, 1, 0, 0) + packimage.INODE.pack(
        count << 24, 1, packimage.S_IFREG | 0o644, 1, 0, count, 0, 0)
    buckets, probes = packimage._buckets([(0, b"zeros")])
    parts = [inodes, struct.pack("<3I", 0, 5, 1) + bytes(4), struct.pack("<%dI" % len(buckets), *buckets),
             bytes(packimage.BLOCK.size * count), b"zeros"]
    parts = [part + bytes(-len(part) % 8) for part in parts]
    places = [packimage.HEADER.size + sum(map(len, parts[:i])) for i in range(6)]
    parts[3] = b"".join(packimage.BLOCK.pack(places[5] + (0 if share else i * len(block)), len(block), zlib.crc32(block),
                                             1 << 24, packimage.LZMA) for i in range(count))
    parts[3] += bytes(-len(parts[3]) % 8)
    contents = block * (1 if share else count)
    header = packimage.HEADER.pack(
        packimage.MAGIC, 1, 0, places[5], places[5] + len(contents), 24, 0, places[0], 2, places[1], 1, places[2], len(buckets),
        probes, places[3], count, places[4], 5, 0, 0, 0, 0, 0)
    return packimage.splice(t.module(), bytes(packimage.seal(header + b"".join(parts))) + contents)


def bombs(folder):
    """Small modules that take long: what would take hours is refused, and the rest ends when it is told to."""
    t.write("good.wasm", zeros(3))
    t.run("--extract", "good", "good.wasm")
    assert os.path.getsize("good/zeros") == 3 << 24
    t.write("bad.wasm", zeros(50000, share=True))
    for args in (["--list", "bad.wasm"], ["--verify", "bad.wasm"], ["--extract", "x", "bad.wasm"],
                 ["--python", "bad.wasm", "-o", "out.wasm"]):
        t.refused(["'bad.wasm'", "blocks share bytes"], *args)
    t.write("long.wasm", zeros(900))

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 30, 4 << 30))
    child = subprocess.Popen(t.command(("--extract", "x", "long.wasm")), preexec_fn=limit)
    while not (os.path.exists("x/zeros") and os.path.getsize("x/zeros") > 0):
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(2)
    assert child.wait() == -2
    child = subprocess.Popen(t.command(("--verify", "long.wasm")), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    child.send_signal(15)
    assert child.communicate() == (b"", b"") and child.returncode == -15, "it went on to the end"


def crowds(folder):
    """Names that share one place: in the table that is written, which readers would refuse, and while it is made."""
    # The first folder's names so far have one hash, whichever half of a word comes next.
    words = ("scrorgnrieyw xkekbplouwrl ylffmkdqfhbv cpmchmjucjrn bmkujywdbphk oflhofqwfvtt ncnpctfuetyq "
             "tytywauznngh bfbwmseskskr ethqlujyaylv bdtcnksduzfn vvfkaryqfino tgzxdndirmnc").split()
    pairs = [(word[:6], word[6:]) for word in words]
    names = ["".join(halves) for halves in itertools.product(*pairs)]
    archive("crowd.zip", *((name, b"") for name in names[:4000]))
    t.run("--python", "base.wasm", "-c", "pass", "--sources", "only", "-o", "most.wasm", "crowd.zip")
    assert len(t.read(open("most.wasm", "rb").read())[0]) > 4000
    archive("crowd.zip", *((name, b"") for name in names[:5000]))
    refused(["share one place"], "-c", "pass", "--sources", "only", "crowd.zip")


def sparse(folder):
    """A file that cannot fit is not read, and its blocks are not listed, either."""
    with open("large", "wb") as file:
        try:
            file.truncate(15 << 40)
        except OSError:
            return 77
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    refused(["too large for one image"], "--add", "large::/large")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(before, 256 << 10)


def large(folder):
    """A source that is too large to be one is not unpacked to be compiled; one that starts is refused."""
    os.makedirs("app")
    with open("app/large.py", "wb") as file:
        file.truncate((64 << 20) + 1)
    t.run("--python", "base.wasm", "-c", "pass", "--sources", "only", "-o", "one.wasm", "app")
    t.run("--python", "one.wasm", "-o", "two.wasm", status=125)
    assert "'/app/large.py' is too large to be compiled and stays a source\n" in t.run.errors, t.run.errors
    refused(["'/app/large.py' is too large to be compiled\n"], "app/large.py", status=126)


SWAPPER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
if libc.renameat2(-100, b"tree/sub", -100, b"other/link", 2) != 0:
    sys.exit(77)
open("swapping", "w").close()
while os.getppid() == int(sys.argv[1]):
    libc.renameat2(-100, b"tree/sub", -100, b"other/link", 2)
"""


def swapped(folder):
    """A link takes the place of a folder, again and again, while that is packed: what it leads to is not."""
    deep = "/a/b/c/d/e/f/g/h/file"
    t.write("tree/sub" + deep, b"packed")
    t.write("elsewhere" + deep, b"secret")
    os.makedirs("other")
    os.symlink("../elsewhere", "other/link")
    child = subprocess.Popen([sys.executable, "-c", SWAPPER, str(os.getpid())])
    try:
        while not os.path.exists("swapping"):
            if child.poll() is not None:
                return 77
            time.sleep(0.01)
        for _ in range(200):
            subprocess.run(t.command(("--python", "base.wasm", "--add", "tree::/t", "--plain", "-o", "out.wasm")),
                           stderr=subprocess.DEVNULL)
            if os.path.exists("out.wasm"):
                assert b"secret" not in open("out.wasm", "rb").read()
                os.remove("out.wasm")
    finally:
        child.kill()
        child.wait()


def inputs(folder):
    """An output that is one of the files to pack stays what it is."""
    t.write("app.py", b"print(1)\n")
    t.write("tree/sub/data.txt", b"data")
    t.write("tree/old.wasm", t.module())
    t.write("d-1-py3-none-any.whl", b"PK")
    os.symlink("app.py", "link.py")
    for output, *args in (("app.py", "app.py"), ("./app.py", "app.py"), ("app.py", "link.py"), ("app.py", "--add", "app.py::/x"),
                          ("base.wasm", "--add", "base.wasm::/x"), ("d-1-py3-none-any.whl", "--deps", "d-1-py3-none-any.whl"),
                          ("tree/sub/data.txt", "--add", "tree::/x"), ("tree/sub/data.txt", "tree", "-c", "pass")):
        before = open(output, "rb").read()
        t.refused(["the output '%s'" % output], "--python", "base.wasm", "--sources", "only", "-o", output, *args, status=125)
        assert open(output, "rb").read() == before, output
    # By another name: nothing is lost, and nothing left out without a word.
    os.link("tree/sub/data.txt", "hard")
    t.refused(["'hard'", "one of the files"], "--python", "base.wasm", "--add", "tree::/x", "-o", "hard")
    for output in ("tree/old.wasm", "tree/new.wasm"):
        t.run("--python", "base.wasm", "--add", "tree::/x", "-o", output)
        assert "/x/" + os.path.basename(output) not in t.read(open(output, "rb").read())[0]


def every_byte(folder):
    """Of what is around the image; in the image each is tested in guest_native.c and survives in fuzz_pack.c."""
    t.write("tree/a.txt", b"some text\n")
    t.run("--python", "base.wasm", "--add", "tree::/data", "--env", "A=b", "--strip", "-o", "out.wasm")
    wasm = open("out.wasm", "rb").read()
    image = t.image_of(wasm)
    start = wasm.index(image)
    for at in [*range(start), *range(start + len(image), len(wasm))]:
        copy = bytearray(wasm)
        copy[at] ^= 1 << at % 7
        t.write("bad.wasm", bytes(copy))
        # 126: what is left is no packed module of this version.
        said = t.refused(["bad.wasm"], "--verify", "bad.wasm")
        assert len(said) < 1000, said


def archive(name, *files, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path, data in files:
            z.writestr(zipfile.ZipInfo(path, (2001, 2, 3, 4, 5, 6)), data, zipfile.ZIP_DEFLATED)
    return t.write(name, out.getvalue())


def archives(folder):
    main = ("__main__.py", b"print(1)\n")
    for name in ("../x.py", "/x.py", "a/../../x.py", "a\\..\\x.py", "a/./x", "a//b"):
        archive("bad.zip", main, (name, b"x"))
        refused(["bad.zip"], "bad.zip")
    data = bytearray(open(archive("bad.zip", main, ("caf.py", b"x")), "rb").read())
    t.write("bad.zip", bytes(data).replace(b"caf.py", b"c\xe9f.py"))
    refused(["bad.zip", "not UTF-8"], "bad.zip")
    archive("bad.zip", main, ("a", b"1"), ("a", b"2"))
    refused(["bad.zip", "'a'", "twice"], "bad.zip")
    # What a terminal would obey is not sent to it.
    archive("bad.zip", main, ("\x1b]0;x\x07\x7f\x9bm", b"1"), ("\x1b]0;x\x07\x7f\x9bm", b"2"))
    assert not set("\x1b\x07\x7f\x9b") & set(refused(["bad.zip", "'?]0;x???m'", "twice"], "bad.zip"))
    # A bomb: 100 MB of zeros in 100 kB.
    archive("bad.zip", main, ("zeros", bytes(100 << 20)))
    assert os.path.getsize("bad.zip") < 1 << 20
    refused(["bad.zip", "times as many"], "bad.zip")
    good = open(archive("bad.zip", main, ("b", b"b" * 1000)), "rb").read()
    # It says that it unpacks to 1.5 GiB; two files are the same bytes; it is encrypted; damaged; cut off.
    central = good.rindex(b"PK\1\2")
    t.write("bad.zip", good[:central + 24] + struct.pack("<I", 3 << 29) + good[central + 28:])
    refused(["bad.zip", "1073741824"], "bad.zip")
    first = good.index(b"PK\1\2")
    t.write("bad.zip", good[:central + 42] + good[first + 42:first + 46] + good[central + 46:])
    refused(["bad.zip"], "bad.zip")
    t.write("bad.zip", good[:central + 8] + b"\1" + good[central + 9:])
    refused(["bad.zip", "'b'", "encrypted"], "bad.zip")
    t.write("bad.zip", good[:central + 10] + b"\x0e" + good[central + 11:])
    refused(["bad.zip", "'b'", "compression"], "bad.zip")
    at = good.rindex(b"PK\3\4") + 31
    t.write("bad.zip", good[:at + 3] + bytes([good[at + 3] ^ 255]) + good[at + 4:])
    refused(["bad.zip", "damaged"], "bad.zip")
    for size in (10, 60, len(good) - 5):
        t.write("bad.zip", good[:size])
        refused(["bad.zip", "no complete zip archive"], "bad.zip")
    with zipfile.ZipFile("bad.zip", "w") as z:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        z.writestr(link, "/etc/passwd")
    refused(["bad.zip", "'link'", "symbolic link"], "bad.zip")
    archive("x-1-cp311-cp311-manylinux_2_17_x86_64.whl", main)
    refused(["manylinux", "*-any.whl"], "x-1-cp311-cp311-manylinux_2_17_x86_64.whl")


def usage(folder):
    t.write("app.py", b"pass\n")
    t.refused(["--sources both", "version of Python"], "--python", "base.wasm", "--sources", "both", "-o", "x.wasm", "app.py",
              status=125)
    os.remove("app.py")
    for args, words in (
            ([], ["no output"]),
            (["-o", "", "--python", "base.wasm"], ["no output"]),
            (["--nonsense"], ["--nonsense"]),
            (["a", "b", "-o", "x"], ["'a' and 'b'"]),
            (["-o"], ["missing"]),
            (["--list"], ["no packed module"]),
            (["--list", "--verify", "x"], ["only one"]),
            (["--list", "x", "-o", "y"], ["-o"]),
            (["-o", "x", "--sources", "some"], ["none, both, only", "some"]),
            (["-o", "x", "--writable", "lots"], ["--writable", "lots"]),
            (["-o", "x", "--writable", "5G"], ["--writable", "5G"]),
            (["-o", "x", "-m", "a", "-c", "b"], ["only one of"]),
            (["-o", "x", "--", "arg"], ["--tree-shake"]),
            (["-o", "x", "--keep", "m"], ["--tree-shake"]),
            (["-o", "out.wasm", "--python", "base.wasm", "--env", "=x"], ["'=x'"]),
            (["-o", "out.wasm", "--python", "base.wasm", "--env", "A=\udcff"], ["--env", "not UTF-8"]),
            (["-o", "out.wasm", "--python", "base.wasm", "-m", "a b"], ["'a b'"]),
            (["-o", "out.wasm", "--python", "base.wasm", "--entry", "a:b c"], ["'a:b c'"])):
        t.refused(words, *args)
        assert os.listdir(".") == ["base.wasm"], (args, os.listdir("."))
    assert subprocess.run([t.KRAIT, "pack", "--help"], stdout=subprocess.PIPE).stdout.startswith(b"usage: krait pack")


CASES = {"bombs": bombs, "crowds": crowds, "sparse": sparse, "swapped": swapped, "large": large, "inputs": inputs, "folders": folders,
         "unreadable": unreadable, "outputs": outputs, "modules": modules, "damage": damage,
         "every-byte": every_byte,
         "archives": archives, "usage": usage}

if __name__ == "__main__":
    sys.exit(t.main(CASES))
