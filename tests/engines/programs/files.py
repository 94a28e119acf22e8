# SPDX-License-Identifier: Apache-2.0
"""Files and folders of the host: what a program does with them, one line each."""
import errno
import os
import stat


def attempt(what, call, *args):
    try:
        result = call(*args)
    except OSError as error:
        result = errno.errorcode.get(error.errno, error.errno)
    print(what, result)


def whole(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data, mode="wb"):
    with open(path, mode) as file:
        return file.write(data)


def positions():
    with open("a.bin", "w+b") as file:
        file.write(bytes(range(256)) * 300)
        print("tell", file.tell())
        file.seek(70000)
        print("read in the middle", file.read(4))
        file.seek(-3, os.SEEK_END)
        print("read at the end", file.read(), file.read())
        file.seek(10)
        file.write(b"changed")
        file.truncate(1000)
    print("size", os.stat("a.bin").st_size, whole("a.bin")[8:20])
    fd = os.open("a.bin", os.O_RDWR)
    print("pread", os.pread(fd, 5, 100), os.pwrite(fd, b"***", 101), os.pread(fd, 5, 100))
    print("still at", os.lseek(fd, 0, os.SEEK_CUR))
    os.fsync(fd)
    os.close(fd)
    attempt("a closed descriptor", os.read, fd, 1)


def modes_of_opening():
    print("new", write("b.txt", b"one\n", "xb"))
    attempt("new again", write, "b.txt", b"", "xb")
    print("at the end", write("b.txt", b"two\n", "ab"), whole("b.txt"))
    attempt("missing", whole, "absent")
    attempt("a folder", whole, ".")
    attempt("below a file", whole, "b.txt/c")
    with open("b.txt", "rb") as file:
        attempt("write to a reader", os.write, file.fileno(), b"x")
    with open("ü ☃.txt", "w", encoding="utf-8") as file:
        file.write("grün\n")
    print("names", sorted(os.listdir(".")))


def folders():
    os.makedirs("d/e/f")
    attempt("mkdir again", os.mkdir, "d")
    for number in range(300):
        write("d/%03d-%s" % (number, "x" * (number % 40)), b"%d" % number)
    names = os.listdir("d")
    print("entries", len(names), len(set(names)), sorted(names)[:2], max(names))
    with os.scandir("d") as entries:
        kinds = [(e.is_dir(), e.is_file()) for e in entries]
    print("kinds", kinds.count((True, False)), kinds.count((False, True)))
    attempt("rmdir of a full one", os.rmdir, "d/e")
    for name in names:
        if name[0].isdigit() and int(name[:3]) % 100:
            os.unlink("d/" + name)
    print("left", sorted(os.listdir("d")))
    print("walk", [(at, sorted(dirs)) for at, dirs, _ in os.walk("d")])
    attempt("rmdir", os.rmdir, "d/e/f")
    attempt("rmdir of a file", os.rmdir, "b.txt")


def renaming():
    write("old", b"old contents")
    os.rename("old", "d/new")
    attempt("old is gone", os.stat, "old")
    os.replace("d/new", "b2.txt")
    os.rename("d/e", "moved")
    print("moved", sorted(os.listdir(".")), whole("b2.txt"))
    attempt("rename of nothing", os.rename, "nothing", "something")


def facts():
    info = os.stat("b.txt")
    print("stat", stat.S_ISREG(info.st_mode), info.st_size, info.st_nlink)
    os.utime("b.txt", (1_000_000_000, 1_600_000_000))
    print("times", os.stat("b.txt").st_mtime, os.stat("b.txt").st_atime)
    print("same file", os.path.samefile("b.txt", "./d/../b.txt"), os.path.samefile("b.txt", "b2.txt"))
    print("recent", abs(os.stat("a.bin").st_mtime - os.stat("b2.txt").st_mtime) < 3600)


def outside():
    for path in "/etc/passwd", "/data/../etc/passwd", "../../../../etc/passwd":
        try:
            whole(path)
            print("reads", path)
        except OSError:
            print("refused", path)  # engines differ in the reason


os.mkdir("/data/run")
os.chdir("/data/run")
positions()
modes_of_opening()
folders()
renaming()
facts()
outside()
