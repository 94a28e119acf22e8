# SPDX-License-Identifier: Apache-2.0
"""Members of tar and zip archives as inputs, and archives that are made to be a burden."""
import io
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
finish()
