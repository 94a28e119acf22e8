# SPDX-License-Identifier: Apache-2.0
"""krait pack with files of every kind: what goes in is what an independent reader and --extract find."""
import json
import os
import random
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import host_tool as t  # noqa: E402
import packimage  # noqa: E402

OLD = 1234567890123456789


def make_tree(folder):
    noise = random.Random(5)
    t.write(folder + "/a/one.txt", b"one\n" * 100, OLD)
    t.write(folder + "/a/same.txt", b"one\n" * 100, OLD + 7)
    t.write(folder + "/a/empty", b"", OLD + 1)
    t.write(folder + "/a/ü/ß☃.bin", bytes(range(256)) * 20, OLD + 2)
    t.write(folder + "/big", bytes(noise.getrandbits(8) for _ in range(700000)), OLD + 3)
    t.write(folder + "/large", b"".join(b"line %d\n" % i for i in range(60000)), OLD + 4)
    t.write(folder + "/run", b"#!/bin/sh\n", OLD + 5)
    os.chmod(folder + "/run", 0o755)
    os.makedirs(folder + "/nothing")
    os.symlink("a/one.txt", folder + "/link")
    os.symlink("../link", folder + "/a/back")
    for path, _, _ in os.walk(folder, topdown=False):
        os.utime(path, ns=(OLD + 100, OLD + 100))


def expected(folder):
    found = {}
    for path, dirs, names in os.walk(folder):
        for name in dirs + names:
            whole = os.path.join(path, name)
            info = os.lstat(whole)
            key = "/" + os.path.relpath(whole, folder)
            if stat.S_ISLNK(info.st_mode):
                found[key] = ("link", os.readlink(whole), info.st_mtime_ns, 0o777)
            elif stat.S_ISDIR(info.st_mode):
                found[key] = ("dir", None, info.st_mtime_ns, 0o755)
            else:
                mode = 0o755 if info.st_mode & 0o100 else 0o644
                with open(whole, "rb") as f:
                    found[key] = ("file", f.read(), info.st_mtime_ns, mode)
    return found


def contents(folder):
    make_tree(folder + "/tree")
    for options in ([], ["--plain"], ["--strip"]):
        t.run("--python", "base.wasm", "--add", "tree::/", "-o", "out.wasm", *options)
        with open("out.wasm", "rb") as f:
            wasm = f.read()
        found, argv, env, header = t.read(wasm)
        wanted = expected(folder + "/tree")
        found.pop("/")
        assert found.keys() == wanted.keys(), found.keys() ^ wanted.keys()
        for path in wanted:
            assert found[path] == wanted[path], (path, found[path][2:], wanted[path][2:])
        assert argv == [] and env == [] and header["memory_limit"] == 0
        assert t.run("--verify", "out.wasm") == b"out.wasm: whole\n"
        t.run("--extract", "back" + "".join(options), "out.wasm")
        back = expected(folder + "/back" + "".join(options))
        umask = os.umask(0)
        os.umask(umask)
        for path in wanted:
            # Times of links depend on the file system.
            same = slice(0, 2) if wanted[path][0] == "link" else slice(0, 3)
            assert back[path][same] == wanted[path][same], (path, back[path][2:], wanted[path][2:])
    names = [name for kind, body in packimage.sections(wasm) if kind == 0 for name in [packimage._name(body, 0)[0]]]
    assert names == [b"krait.pack"], names
    assert b"data of the program" in wasm


def listing(folder):
    t.write("tree/x", b"12345", OLD)
    os.symlink("x", "tree/y")
    t.run("--python", "base.wasm", "--add", "tree::/data", "--env", "A=b c", "--writable", "3M", "-o", "out.wasm")
    lines = t.run("--list", "out.wasm").decode()
    assert "- " in lines and "/data/x\n" in lines and "/data/y -> x\n" in lines and "2009-02-13T23:31:30Z" in lines
    found = json.loads(t.run("--list", "--json", "out.wasm"))
    assert [i["path"] for i in found["items"]] == ["/data", "/data/x", "/data/y"], found["items"]
    assert found["items"][1] == {"path": "/data/x", "type": "file", "size": 5, "mtime_ns": OLD}
    assert found["env"] == ["A=b c"] and found["writable_bytes"] == 3 << 20
    manifest = json.loads(found["manifest"])
    assert manifest["files"] == 1 and manifest["writable_bytes"] == 3 << 20 and manifest["env"] == ["A=b c"]
    done = json.loads(t.run("--python", "base.wasm", "--add", "tree::/data", "-o", "o2.wasm", "--json"))
    assert done["files"] == 1 and done["module_bytes"] == os.path.getsize("o2.wasm")
    # Names that a terminal would obey.
    t.write("odd/a\x1b[1m\x7f\x9b2m\xa0\u00e9", b"", OLD)
    t.run("--python", "base.wasm", "--add", "odd::/", "-o", "odd.wasm")
    assert "/a?[1m??2m\xa0\u00e9\n" in t.run("--list", "odd.wasm").decode()
    text = t.run("--list", "--json", "odd.wasm").decode()
    assert json.loads(text)["items"][0]["path"] == "/a\x1b[1m\x7f\x9b2m\xa0\u00e9"
    assert not set("\x1b\x7f\x9b") & set(text) and "\xa0\u00e9" in text


def same_bytes(folder):
    names = ["b", "a", "ü", "c/d", "c/e", "z"]
    for which in (names, names[::-1]):
        where = "t%d" % (which is names)
        for name in which:
            t.write(os.path.join(folder, where, name), (name * 50).encode(), OLD)
        for path, _, _ in os.walk(where, topdown=False):
            os.utime(path, ns=(OLD, OLD))
        t.run("--python", "base.wasm", "--add", where + "::/d", "-o", where + ".wasm")
    one, two = (open(n, "rb").read() for n in ("t0.wasm", "t1.wasm"))
    assert one == two
    # Later times are cut off, earlier ones stay.
    os.utime("t0/a", ns=(OLD * 2, OLD * 2))
    t.run("--python", "base.wasm", "--add", "t0::/d", "-o", "e.wasm",
          env=dict(os.environ, SOURCE_DATE_EPOCH="1500000000"))
    found = t.read(open("e.wasm", "rb").read())[0]
    assert found["/d/a"][2] == 1500000000 * 10**9 and found["/d/b"][2] == OLD
    t.run("--python", "base.wasm", "--add", "t0::/d", "-o", "e.wasm", env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    assert {item[2] for item in t.read(open("e.wasm", "rb").read())[0].values()} <= {0, 1}, "0 is no limit"
    t.refused(["SOURCE_DATE_EPOCH"], "--python", "base.wasm", "-o", "f.wasm",
              env=dict(os.environ, SOURCE_DATE_EPOCH="soon"))
    assert not os.path.exists("f.wasm")


def again(folder):
    t.write("one/a", b"old a" * 1000, OLD)
    t.write("one/b", b"b" * 300000, OLD)
    t.write("one/sub/c", b"c", OLD)
    t.write("two/a", b"new a", OLD)
    t.write("two/sub/d", b"d", OLD)
    t.run("--python", "base.wasm", "--add", "one::/x", "-o", "1.wasm", "--env", "A=1")
    t.run("--python", "1.wasm", "--add", "two::/x", "-o", "2.wasm", "--env", "B=2")
    wasm = open("2.wasm", "rb").read()
    found, _, env, _ = t.read(wasm)
    assert found["/x/a"][1] == b"new a" and found["/x/b"][1] == b"b" * 300000
    assert found["/x/sub/c"][1] == b"c" and found["/x/sub/d"][1] == b"d" and env == ["A=1", "B=2"]
    assert len(t.segments(wasm)) == 4, "the old image is still there"
    assert t.run("--verify", "2.wasm") == b"2.wasm: whole\n"
    # The output may be the input, and in the folder that is packed.
    t.run("--python", "2.wasm", "--add", "two::/y", "-o", "2.wasm")
    assert t.read(open("2.wasm", "rb").read())[0]["/y/a"][1] == b"new a"
    t.run("--python", "base.wasm", "--add", "two::/y", "-o", "two/out.wasm")
    first = open("two/out.wasm", "rb").read()
    t.run("--python", "base.wasm", "--add", "two::/y", "-o", "two/out.wasm")
    assert "/y/out.wasm" not in t.read(open("two/out.wasm", "rb").read())[0]
    assert open("two/out.wasm", "rb").read() == first, "the output changes the time of the folder that it is in"
    # Nothing more to pack: the same bytes, except that nothing is added.
    t.run("--python", "1.wasm", "-o", "3.wasm")
    t.run("--python", "3.wasm", "-o", "4.wasm")
    assert open("3.wasm", "rb").read() == open("4.wasm", "rb").read()


def many(folder):
    for i in range(10000):
        if i % 2500 == 0:
            os.makedirs("tree/d%d" % i)
        with open("tree/d%d/f%d" % (i - i % 2500, i), "w") as f:
            f.write(str(i))
    t.run("--python", "base.wasm", "--add", "tree::/t", "-o", "out.wasm")
    done = json.loads(t.run("--list", "--json", "out.wasm"))
    assert len(done["items"]) == 10005
    assert t.run("--verify", "out.wasm") == b"out.wasm: whole\n"


def interrupted(folder):
    noise = os.urandom(1 << 20)
    with open("noise", "wb") as f:
        for _ in range(200):
            f.write(noise)
    before = sorted(os.listdir("."))
    for wait in (0.02, 0.1, 0.3):
        child = subprocess.Popen(t.command(("--python", "base.wasm", "--add", "noise::/n", "-o", "out.wasm")))
        time.sleep(wait)
        child.send_signal(2)
        status = child.wait()
        if status == 0:
            os.remove("out.wasm")      # it was faster
        else:
            assert status == -2, status
        assert sorted(os.listdir(".")) == before, os.listdir(".")


CASES = {"contents": contents, "listing": listing, "same-bytes": same_bytes, "again": again, "many": many,
         "interrupted": interrupted}

if __name__ == "__main__":
    sys.exit(t.main(CASES))
