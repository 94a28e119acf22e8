# SPDX-License-Identifier: Apache-2.0
"""Ways out of a grant: links, slashes, renames, races, special files."""
import os
import socket

from harness import Case

# Tries an expression and says what came of it.
TRY = """
import os, sys
def attempt(name, action):
    try:
        print(name, "gave", repr(action())[:60])
    except (OSError, ValueError) as error:
        print(name, "refused", type(error).__name__)
def text(path):
    with open(path) as f: return f.read()
def change(path):
    with open(path, "w") as f: f.write("changed")
"""


def link(folder, name, target):
    os.symlink(target, os.path.join(folder, "grant", name))


def links_out(folder):
    link(folder, "up", "../outside")
    link(folder, "up_slash", "../outside/")
    link(folder, "file", "../outside/secret")
    link(folder, "far", os.path.join(folder, "outside"))
    link(folder, "root", "/")
    link(folder, "hop", "hop2")
    link(folder, "hop2", "up_slash")
    link(folder, "loop", "loop")


def special_files(folder):
    grant = os.path.join(folder, "grant")
    os.mkfifo(os.path.join(grant, "fifo"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.join(grant, "socket"))
    link(folder, "null", "/dev/null")


CASES = [
    Case("links_that_leave", TRY + """
for name in ("up/secret", "up_slash/secret", "file", "file/", "far/secret", "hop/secret", "hop/secret/",
             "up/../outside/secret", "up//secret", "./up/./secret"):
    attempt(name, lambda: text("/grant/" + name))
attempt("list", lambda: os.listdir("/grant/up/"))
attempt("loop", lambda: text("/grant/loop/x"))
""", 0, "refused", before=links_out, absent="gave"),

    Case("writing_through_links", TRY + """
for name in ("file", "up/new", "up_slash/new", "far/new", "hop/new"):
    attempt(name, lambda: change("/grant/" + name))
    attempt(name, lambda: os.open("/grant/" + name, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
    attempt(name, lambda: os.truncate("/grant/" + name, 0))
    attempt(name, lambda: os.chmod("/grant/" + name, 0o777))
    attempt(name, lambda: os.utime("/grant/" + name, (1, 1)))
""", 0, "refused", before=links_out, absent="gave"),

    Case("links_that_the_guest_plants", TRY + """
for n, target in enumerate(("../outside", "../outside/", "../../../../../../etc", "/etc", "//etc/", "../outside/secret",
                            "./../outside", "x/../../outside")):
    attempt("plant", lambda: os.symlink(target, "/grant/l%d" % n))
    for rest in ("", "/", "/secret", "/secret/", "/passwd", "/../outside/secret", "//secret"):
        path = "/grant/l%d%s" % (n, rest)
        try:
            print("read", path, len(text(path)))
        except OSError:
            pass
        try:
            print("entries", path, os.listdir(path))
        except OSError:
            pass
""", 0, absent=("read /", "secret", "passwd'")),

    Case("slashes_behind_renamed_links", TRY + """
os.mkdir("/grant/d")
os.symlink("../outside", "/grant/l")
for source, to in (("/grant/l/", "/grant/m"), ("/grant/l", "/grant/m/"), ("/grant/l", "/grant/d/../m/"), ("/grant/d/", "/grant/l/")):
    try: os.rename(source, to)
    except OSError: pass
for name in ("l", "l/", "m", "m/", "m/.", "l/.", "m/..", "m/../outside"):
    attempt(name, lambda: os.listdir("/grant/" + name + "/secret"))
    attempt(name, lambda: text("/grant/" + name + "/secret"))
    try: os.remove("/grant/" + name + "/secret")
    except OSError: pass
    try: os.rmdir("/grant/" + name + "/deep")
    except OSError: pass
""", 0, absent="gave"),

    Case("hard_links_out_of_read_only", TRY + """
attempt("link", lambda: os.link("/fixed/text", "/grant/mine"))
attempt("link by fd", lambda: os.link("text", "mine", src_dir_fd=os.open("/fixed", os.O_RDONLY), dst_dir_fd=os.open("/grant", os.O_RDONLY)))
attempt("rename", lambda: os.rename("/fixed/text", "/grant/mine"))
attempt("replace", lambda: os.replace("/fixed/text", "/grant/mine"))
attempt("into", lambda: (change("/grant/x"), os.rename("/grant/x", "/fixed/text")))
attempt("write", lambda: change("/fixed/text"))
attempt("append", lambda: os.open("/fixed/text", os.O_RDWR | os.O_APPEND))
attempt("remove", lambda: os.remove("/fixed/text"))
attempt("mode", lambda: os.chmod("/fixed/text", 0o777))
attempt("time", lambda: os.utime("/fixed/text"))
attempt("folder", lambda: os.mkdir("/fixed/new"))
attempt("link there", lambda: os.symlink("text", "/fixed/new"))
fd = os.open("/fixed/text", os.O_RDONLY)
attempt("fchmod", lambda: os.fchmod(fd, 0o777))
attempt("futime", lambda: os.utime(fd))
attempt("ftruncate", lambda: os.ftruncate(fd, 0))
attempt("fwrite", lambda: os.write(fd, b"x"))
""", 0, "refused", absent="gave"),

    Case("dots_above_the_root", TRY + """
for path in ("/..", "/../..", "/grant/../..", "/grant/../../../../../../etc/passwd", "../../../../etc/passwd", "/./../etc/shadow"):
    try: print("read", text(path)[:20])
    except OSError: pass
print(sorted(set(os.listdir("/..")) - {"dev", "tmp", "usr", "grant", "fixed"}))
""", 0, "[]", absent=("read", "root:")),

    Case("proc_and_sys", TRY + """
for path in ("/proc/self/root/etc/passwd", "/proc/self/mem", "/proc/1/environ", "/sys/kernel", "/dev/mem", "/dev/fd/0",
             "/dev/stdin/../passwd", "/dev/pts/0", "/dev/tty0", "/etc/passwd", "/root", "/home"):
    attempt(path, lambda: text(path))
""", 0, "refused", absent="gave"),

    Case("proc_that_was_granted", TRY + """
for path in ("/proc/self/root/etc/passwd", "/proc/self/cwd/x", "/proc/self/exe", "/proc/self/fd/0", "/proc/self/mem", "/proc/self/environ"):
    attempt(path, lambda: text(path))
""", 0, "refused", options=("--dir", "/proc::/proc:ro"), absent="gave"),

    Case("special_files", TRY + """
for name in ("fifo", "socket", "null"):
    attempt(name, lambda: os.open("/grant/" + name, os.O_RDONLY))
    attempt(name, lambda: os.open("/grant/" + name, os.O_WRONLY | os.O_NONBLOCK))
attempt("device", lambda: os.mknod("/grant/dev", 0o20666, 0x103))
attempt("fifo", lambda: os.mkfifo("/grant/own"))
""", 0, "refused", before=special_files, absent="gave"),

    Case("set_user_id", TRY + """
change("/grant/f")
for mode in (0o4755, 0o2755, 0o6777, 0o1777):
    try: os.chmod("/grant/f", mode)
    except OSError: pass
    os.close(os.open("/grant/g%o" % mode, os.O_CREAT | os.O_WRONLY, mode))
""", 0, after=lambda folder: next(
        ("%s has special bits" % name for name in os.listdir(os.path.join(folder, "grant"))
         if os.lstat(os.path.join(folder, "grant", name)).st_mode & 0o7000), None)),

    Case("names_of_every_kind", TRY + """
import itertools
for name in ("", ".", "..", "a" * 255, "a" * 256, "a/" * 2000, "a" * 5000, chr(0), "a" + chr(0) + "b", chr(10), chr(92), "con", "a:b", chr(0x202e), chr(0xdcff)):
    for action in (text, os.stat, os.mkdir, os.rmdir, os.listdir, lambda p: os.symlink(p, p), lambda p: os.rename(p, p + "x"), os.readlink):
        try: action("/grant/" + name)
        except (OSError, ValueError): pass
print("done")
""", 0, "done"),

    Case("folders_in_folders", TRY + """
depth = 0
try:
    os.chdir("/grant")
    while depth < 3000:
        os.mkdir("d"); os.chdir("d"); depth += 1
except OSError as error:
    print("stopped", type(error).__name__)
os.chdir("/tmp")
try:
    for depth in range(3000):
        os.mkdir("d"); os.chdir("d")
except OSError as error:
    print("stopped", type(error).__name__)
print("done")
""", 0, "done"),

    Case("a_folder_that_changes_while_it_is_read", TRY + """
os.mkdir("/grant/d")
for i in range(2000): open("/grant/d/%d" % i, "w").close()
seen = 0
with os.scandir("/grant/d") as entries:
    for entry in entries:
        seen += 1
        try: os.remove(entry.path)
        except OSError: pass
        try: open("/grant/d/new%d" % seen, "w").close()
        except OSError: pass
        if seen > 20000: break
print("done")
""", 0, "done"),

    Case("a_name_that_is_a_link_now_and_then", TRY + """
os.mkdir("/grant/real")
change("/grant/real/secret")
for i in range(3000):
    os.symlink("../outside" if i % 2 else "real", "/grant/l")
    try:
        if "4711" in text("/grant/l/secret"): print("leak")
    except OSError: pass
    os.remove("/grant/l")
print("done")
""", 0, "done", absent="leak"),

    Case("sparse_files", TRY + """
for path in ("/grant/f", "/tmp/f"):
    for size in (1 << 62, (1 << 63) - 1, 1 << 45):
        try:
            with open(path, "wb") as f: f.truncate(size)
        except (OSError, OverflowError) as error: print("refused")
        try:
            with open(path, "r+b") as f: f.seek(size - 1); f.write(b"x")
        except (OSError, OverflowError, ValueError) as error: print("refused")
        try: os.posix_fallocate(os.open(path, os.O_RDWR), 0, 1 << 50)
        except OSError: print("refused")
        os.remove(path)
print("done")
""", 0, "done"),

    Case("an_open_folder_that_is_moved", TRY + """
os.makedirs("/grant/a/b")
fd = os.open("/grant/a/b", os.O_RDONLY)
os.rename("/grant/a/b", "/grant/c")
os.rmdir("/grant/a")
for path in ("..", "../..", "../../outside/secret", "../../../etc/passwd"):
    try: print(sorted(n for n in os.listdir(os.open(path, os.O_RDONLY, dir_fd=fd)) if n in ("outside", "etc", "secret")))
    except OSError: pass
""", 0, absent=("outside", "etc", "secret")),
]
