# SPDX-License-Identifier: Apache-2.0
"""Runs in the sandbox (modules.sh): every module that is shipped can be imported, the ones
that have to be compiled in are, and the libraries are those of the lock (argv: NAME=VERSION).
"""
import importlib
import os
import sys

BUILT_IN = """_bisect _blake2 _bz2 _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr
_codecs_tw _contextvars _csv _datetime _decimal _elementtree _heapq _json _lsprof _lzma _md5
_multibytecodec _opcode _pickle _queue _random _sha1 _sha2 _sha3 _socket _sqlite3 _statistics
_interpchannels _interpqueues _interpreters _struct _uuid _zoneinfo array fcntl grp mmap pwd
resource syslog termios krait_host binascii cmath math pyexpat select unicodedata zlib _asyncio""".split()

# What needs something that a sandbox without threads, processes and terminals has not.
CANNOT = {"ctypes", "curses", "dbm.gnu", "dbm.ndbm", "multiprocessing", "pty",
          "ssl", "msilib", "venv", "rlcompleter"}
PLATFORM = ("asyncio.windows", "encodings.mbcs", "encodings.oem", "encodings.cp65001", "ctypes.",
            "curses.", "multiprocessing.", "concurrent.futures.process", "asyncio.unix_events",
            "_pyrepl.", "_ios_support", "_android_support", "_apple_support", "__phello__",
            "antigravity", "this", "idlelib", "xmlrpc.server", "pydoc_data", "_aix_support",
            "_osx_support", "venv.", "test", "lib-dynload", "site-packages", "unittest.__main__")

failures = []


def modules(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(d for d in folders if d != "__pycache__")
        for name in sorted(files):
            if not name.endswith(".py"):
                continue
            parts = os.path.relpath(os.path.join(folder, name), root)[:-3].split(os.sep)
            if parts[-1] == "__init__":
                parts.pop()
            if parts and parts[-1] != "__main__":
                yield ".".join(parts)


def import_all():
    count = 0
    for name in modules(os.path.dirname(os.__file__)):
        if name in CANNOT or name.startswith(PLATFORM):
            continue
        try:
            importlib.import_module(name)
            count += 1
        except BaseException as e:
            failures.append("import %s: %s: %s" % (name, type(e).__name__, e))
    return count


def check(what, found, wanted):
    if found != wanted:
        failures.append("%s: %r, wanted %r" % (what, found, wanted))


def versions(wanted):
    import bz2
    import decimal
    import lzma
    import sqlite3
    import zlib
    from xml.parsers import expat
    check("python", "%d.%d.%d" % sys.version_info[:3], wanted.get("python"))
    check("zlib", zlib.ZLIB_RUNTIME_VERSION, wanted.get("zlib"))
    check("sqlite", sqlite3.sqlite_version, wanted.get("sqlite"))
    check("expat", expat.EXPAT_VERSION, "expat_" + wanted.get("expat", ""))
    check("mpdecimal", decimal.__libmpdec_version__, wanted.get("mpdecimal"))
    check("bz2", bz2.decompress(bz2.compress(b"x" * 999)), b"x" * 999)
    check("lzma", lzma.decompress(lzma.compress(b"x" * 999)), b"x" * 999)


def main():
    for name in BUILT_IN:
        check("built in: " + name, name in sys.builtin_module_names, True)
    check("byte code is used", os.__spec__.origin in ("frozen", os.__file__), True)
    import json.decoder
    check("the cached file", json.decoder.__cached__,
          os.path.dirname(json.decoder.__file__) + "/__pycache__/decoder.cpython-313.pyc")
    check("the path in the byte code", json.decoder.JSONDecoder.decode.__code__.co_filename,
          json.decoder.__file__)
    check("threads", sys.thread_info.name, "pthread-stubs")
    versions(dict(word.split("=", 1) for word in sys.argv[1:]))
    count = import_all()
    check("at least 300 modules", count >= 300, True)
    print("%d modules, %d failures" % (count, len(failures)))
    for line in failures:
        print(line)
    sys.exit(1 if failures else 0)


main()
