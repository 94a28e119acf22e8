# SPDX-License-Identifier: Apache-2.0
"""What Python sees of files that are packed into its program; guest.py packs it as /app/program.py."""
import errno
import io
import os
import shutil
import sqlite3
import stat
import subprocess  # noqa: F401  (a large module, imported from the pack)
import sys
import tempfile
import zipfile

checks = 0


def same(found, wanted):
    global checks
    checks += 1
    if found != wanted:
        raise SystemExit("line %d: found %r, wanted %r" % (sys._getframe(1).f_lineno, found, wanted))


def fails(number, call, *args):
    try:
        call(*args)
    except OSError as e:
        same(errno.errorcode[e.errno], errno.errorcode[number])
    else:
        raise SystemExit("line %d: it did not fail" % sys._getframe(1).f_lineno)


same(sys.argv, ["/app/program.py", "one", "two"])
same(__file__, "/app/program.py")
same(os.environ["APP_MODE"], "packed")
same(os.__file__, "/usr/local/lib/python3.13/os.py")

with open("/app/text", encoding="utf-8") as f:
    same(f.read(), "gr\xfc\xdfe\n" * 100)
with open("/app/data", "rb") as f:
    same(f.seek(-1, io.SEEK_END), 299999)
    same(os.pread(f.fileno(), 3, 256), b"\0\1\2")
    same(f.read(), bytes([299999 & 255]))
    same(f.writable(), False)
st = os.stat("/app/data")
same((st.st_size, st.st_mtime_ns, stat.S_ISREG(st.st_mode)), (300000, 1234567890123456789, True))
same(sorted(os.listdir("/app")), ["archive.zip", "data", "db", "lib", "link", "program.py", "text"])
same(sorted((e.name, e.is_dir(), e.is_symlink()) for e in os.scandir("/app") if e.name[0] == "l"),
     [("lib", True, False), ("link", False, True)])
same(os.readlink("/app/link"), "text")
same(os.path.realpath("/app/lib/../link"), "/app/text")
same(sum(len(files) for _, _, files in os.walk("/app")), 7)

# A data base: pread, and no writing.
base = sqlite3.connect("file:/app/db?mode=ro&immutable=1", uri=True)
same(base.execute("select count(*), max(x) from t").fetchone(), (1000, 999))
try:
    base.execute("insert into t values (1)")
    raise SystemExit("it wrote into the data base")
except sqlite3.OperationalError as e:
    same("readonly" in str(e), True)
base.close()

# An archive that is packed, and imports from it.
same(zipfile.ZipFile("/app/archive.zip").namelist(), ["inside.py"])
sys.path.insert(0, "/app/archive.zip")
import inside  # noqa: E402

same(inside.VALUE, 42)
sys.path.insert(0, "/app/lib")
import plain  # noqa: E402

same(plain.VALUE, 7)
same(plain.__file__, "/app/lib/plain.py")

fails(errno.EROFS, open, "/app/new", "w")
fails(errno.EROFS, open, "/app/text", "a")
fails(errno.EROFS, os.unlink, "/app/text")
fails(errno.EROFS, os.mkdir, "/app/dir")
fails(errno.EROFS, os.rename, "/app/text", "/app/other")
fails(errno.EROFS, os.utime, "/app/text", (1, 1))
fails(errno.EROFS, os.truncate, "/app/text", 0)
fails(errno.ENOTDIR, os.listdir, "/app/text")
fails(errno.ENOENT, open, "/app/none")
os.chdir("/app/lib")
same(os.getcwd(), "/app/lib")
same(os.path.exists("plain.py"), True)

if os.path.isdir("/data"):
    shutil.copytree("/app/lib", "/data/copy")
    same(os.listdir("/data/copy"), ["plain.py"])
    shutil.rmtree("/data/copy")
    with tempfile.NamedTemporaryFile(dir="/data") as f:
        f.write(b"x")
    same(os.listdir("/data"), [])
print("%d checks" % checks)
