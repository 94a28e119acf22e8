# SPDX-License-Identifier: Apache-2.0
"""Members of tar and zip archives as inputs, and archives that are made to be a burden."""
import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib

from harness import Folder, check, finish, same


def rows(folder):
    return folder.query("SELECT path, filename, status, size FROM __wadup_content ORDER BY rowid")


def add(archive, name, contents, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    info.size = len(contents)
    archive.addfile(info, io.BytesIO(contents))


def make_tar(path, mode="w"):
    with tarfile.open(path, mode) as archive:
        add(archive, "dir", b"", tarfile.DIRTYPE)
        add(archive, "dir/a.txt", b"call a\n")
        add(archive, "../../etc/b.txt", b"call b\n")
        add(archive, "/abs/gr\u00fc\u00df.txt", b"call c\n")
        add(archive, "dir/a.txt", b"call again\n")
        add(archive, "link", b"", tarfile.SYMTYPE, "/etc/passwd")
        add(archive, "hard", b"", tarfile.LNKTYPE, "dir/a.txt")
        add(archive, "fifo", b"", tarfile.FIFOTYPE)


with Folder() as folder:
    for name, mode in (("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.tar.bz2", "w:bz2"), ("x.tar.xz", "w:xz")):
        path = folder.path + "/" + name
        make_tar(path, mode)
        done = folder.run(inputs=[path + "!"])
        same(name + ": all members", rows(folder),
             [(path + "!dir/a.txt", "a.txt", "success", 7),
              (path + "!../../etc/b.txt", "b.txt", "success", 7),
              (path + "!/abs/gr\u00fc\u00df.txt", "gr\u00fc\u00df.txt", "success", 7),
              (path + "!dir/a.txt#2", "a.txt#2", "success", 11)])
        same(name + ": their rows", folder.query("SELECT name FROM calls ORDER BY rowid"),
             [("a",), ("b",), ("c",), ("again",)])
        check(name + ": links and FIFOs are left out", "3 inputs are no documents" in done.stdout, done)
    done = folder.run(inputs=[path + "!dir/a.txt", path + "!none", folder.path + "/x.tar!../../etc/b.txt"])
    same("members by name", [row[:3] for row in rows(folder)],
         [(path + "!dir/a.txt", "a.txt", "success"), (path + "!none", "none", "failed"),
          (folder.path + "/x.tar!../../etc/b.txt", "b.txt", "success")])
    same("one that is not there", folder.status()["none"],
         ("failed", "cannot read: there is no such member"))
    done = folder.run(inputs=[path + "!", path + "!", path + "!dir/a.txt"])
    same("an archive that is named twice", len(rows(folder)), 4)
    done = folder.run(inputs=["-"], input=path + "!dir/a.txt\n")
    same("in a list", [row[0] for row in rows(folder)], [path + "!dir/a.txt"])

    with zipfile.ZipFile(folder.input + "/y.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z/1.txt", "call one\n")
        archive.writestr("z/", "")
        archive.writestr("2.txt", "call two\n")
    folder.write("plain.txt", "call plain\n")
    folder.run()
    same("without --archives an archive is a document",
         [row[1] for row in rows(folder)], ["plain.txt", "y.zip"])
    done = folder.run("--archives")
    same("with it its members are", [(row[1], row[2]) for row in rows(folder)],
         [("plain.txt", "success"), ("1.txt", "success"), ("2.txt", "success")])
    done = folder.run("--archives", "--resume", fresh=False)
    check("they are done once", "3 were done before" in done.stdout and len(rows(folder)) == 3, done)

    # Damage
    with open(path, "rb") as file:
        contents = file.read()
    folder.write("cut.tar.xz", contents[:len(contents) // 2])
    make_tar(folder.path + "/long.tar")
    with open(folder.path + "/long.tar", "rb") as file:
        contents = file.read()
    folder.write("cut.tar", contents[:2000])
    folder.write("noise.zip", b"PK\3\4" + bytes(range(256)) * 20)
    done = folder.run("--archives")
    same("damaged archives: it goes on", done.returncode, 1)
    status = folder.status()
    same("the others are done", (status["plain.txt"], status["1.txt"]), (("success", None),) * 2)

# Bombs
with Folder() as folder:
    bomb = folder.path + "/bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first", "call first\n")
        with archive.open("zeros", "w") as member:
            for _ in range(256):
                member.write(bytes(1 << 20))
        archive.writestr("last", "call last\n")
    check("it is small", os.path.getsize(bomb) < 1 << 20)
    done = folder.run("--max-expansion", "64M", inputs=[bomb + "!"])
    status = folder.status()
    same("a bomb: what was before it is kept", status["first"], ("success", None))
    same("it is named", status["zeros"],
         ("failed", "cannot read: the archive grows beyond --max-expansion"))
    same("nothing of it is read after that", sorted(status), ["first", "zeros"])
    done = folder.run("--max-document", "1M", inputs=[bomb + "!"])
    status = folder.status()
    same("one large member", status["zeros"], ("failed", "cannot read: it is larger than --max-document"))
    same("the others are done", (status["first"], status["last"]), (("success", None),) * 2)

    # A zip whose members are all the same bytes, and say that they are larger.
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = data.compress(bytes(1 << 24)) + data.flush()
    path = folder.path + "/nested.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1 << 24))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr("inner%02d.zip" % number, inner.getvalue())
    folder.run(inputs=[path + "!"])
    same("archives in archives are documents", folder.query("SELECT count(*) FROM __wadup_content"),
         [(50,)])
    check("and of no size", len(packed) < 1 << 20)

# What is passed over counts as well where it has to be decompressed.
BEYOND = "the archive grows beyond --max-expansion"
LIMITS = ("--archives", "--max-document", "1M", "--max-expansion", "16M")


class Stream(io.RawIOBase):
    """Cannot seek: sizes follow the contents of a member."""

    def __init__(self, file):
        super().__init__()
        self.file = file

    def writable(self):
        return True

    def write(self, contents):
        return self.file.write(contents)


def head(name, size, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


with Folder() as folder:
    piece = 45 << 20
    zeros = bz2.compress(bytes(piece)) * 40
    last = bz2.compress(head("last", 10) + b"call last\n".ljust(1536, b"\0"))
    bomb = folder.write("bomb.tar.bz2", bz2.compress(head("first", 11) + b"call first\n".ljust(512, b"\0") +
                                                     head("zeros", piece * 40)) + zeros + last)
    check("1.9 GB of zeros are small", os.path.getsize(bomb) < 1 << 14, os.path.getsize(bomb))
    folder.run(*LIMITS)
    same("a member that is not read: nothing follows", folder.status(),
         {"first": ("success", None), "zeros": ("failed", "cannot read: " + BEYOND)})
    folder.run(*LIMITS, inputs=[bomb + "!last"])
    same("before the one that is wanted", folder.status(), {"last": ("failed", "cannot read: " + BEYOND)})
    os.remove(bomb)

    dirs = folder.write("dirs.tar.bz2", bz2.compress(head("d/", 0, tarfile.DIRTYPE) * (1 << 16)) + last)
    folder.run(*LIMITS)
    same("headers alone", folder.status(), {"dirs.tar.bz2": ("failed", "cannot read the archive: " + BEYOND)})
    os.remove(dirs)

    with open(folder.input + "/cut.zip", "wb") as file:
        with zipfile.ZipFile(Stream(file), "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("zeros", "w") as member:
                for _ in range(256):
                    member.write(bytes(1 << 20))
            archive.writestr("last", "call last\n")
    with open(folder.input + "/cut.zip", "r+b") as file:
        file.truncate(file.read().index(b"PK\1\2"))
    folder.run(*LIMITS)
    same("a zip without its directory", folder.status(), {"zeros": ("failed", "cannot read: " + BEYOND)})
    os.remove(folder.input + "/cut.zip")

    # What is compressed twice is not looked into: gigabytes between the two could come to nothing.
    make_tar(folder.path + "/x.tar")
    with open(folder.path + "/x.tar", "rb") as file:
        contents = file.read()
    folder.write("once", lzma.compress(contents, format=lzma.FORMAT_ALONE))
    folder.write("twice", gzip.compress(bz2.compress(contents)))
    folder.write("empty", bz2.compress(gzip.compress(b"") * 100000))
    folder.run(*LIMITS)
    same("compressed twice", [row[1] for row in rows(folder)],
         ["empty", "a.txt", "b.txt", "gr\u00fc\u00df.txt", "a.txt#2", "twice"])
    for name in ("once", "twice", "empty"):
        os.remove(folder.input + "/" + name)

    contents = {"a": b"call a\n", "large": os.urandom(2 << 20), "b": b"call b\n"}
    wanted = {"a": ("success", None), "b": ("success", None),
              "large": ("failed", "cannot read: it is larger than --max-document")}
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        with tarfile.open(folder.input + "/x.tar", mode) as archive:
            for name, bytes_of in contents.items():
                add(archive, name, bytes_of)
        folder.run(*LIMITS)
        same("one large member, %s: the others are done" % mode, folder.status(), wanted)
    done = folder.run(*LIMITS, "--resume=paths", fresh=False)
    check("they are done once", "3 were done before" in done.stdout, done)

# Many members of one name, and some that are really called so: each has a name of its own, the first that is free.
def names_of(members):
    seen = set()
    for name in members:
        number, called = 1, name
        while called in seen:
            number += 1
            called = "%s#%d" % (name, number)
        seen.add(called)
        yield called


with Folder() as folder:
    path = folder.path + "/x.tar.gz"

    def make(members):
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for name in members:
                add(archive, name, b"")

    def found():
        return [name for name, in folder.query("SELECT filename FROM __wadup_content ORDER BY rowid")]

    make(["x"] * 40000)
    same("40,000 members of one name: status", folder.run(inputs=[path + "!"]).returncode, 0)
    same("40,000 members of one name", found(), ["x"] + ["x#%d" % number for number in range(2, 40001)])
    for members in (["x#2", "x", "x", "x#5"] + ["x"] * 6, ["x"] * 6 + ["x#5", "x#2", "x#2", "x"],
                    ["x", "x#2", "x#2", "x", "x#5", "x#5", "x", "x", "x#2#2", "x#2"]):
        make(members)
        folder.run(inputs=[path + "!"])
        same("really called so: %s" % members, found(), list(names_of(members)))
        for word in ("paths", "contents"):
            done = folder.run("--resume=" + word, inputs=[path + "!"], fresh=False)
            check("the same names with --resume=%s: %s" % (word, members), "10 were done before" in done.stdout, done)
        same("nothing is added: %s" % members, found(), list(names_of(members)))
finish()
