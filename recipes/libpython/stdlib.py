# SPDX-License-Identifier: Apache-2.0
"""Lays out the standard library of the guest below OUT and PREFIX (/usr/local).

  stdlib.py library LIB OUT SYSCONFIGDATA PREFIX   lib/python3.13/ and lib/python313.zip
  stdlib.py test-library LIB OUT SYSCONFIGDATA PREFIX   the same with what tests need besides
  stdlib.py tests LIB OUT                   usr/local/share/krait/test-lib/test/

Runs in the Python that was built for this purpose, so that the .pyc files are its own.
They carry no times but a hash, which is not checked (the tree is read-only in the guest),
and the paths that the files have in the guest. The same input gives the same bytes: files
are taken in the order of their names, the caller fixes the hash seed, and the entries of
the zip have one time.
"""
import importlib.util
import io
import marshal
import os
import shutil
import sys
import zipfile

VERSION = "%d.%d" % sys.version_info[:2]
SHORT = "%d%d" % sys.version_info[:2]
TESTS = "/usr/local/share/krait/test-lib"

# Needs what the guest does not have: tcl/tk, or a package installer that starts processes.
NOT_SHIPPED = ("idlelib", "tkinter", "turtledemo", "turtle.py", "ensurepip")

# In the tree, but not in the zip, whose purpose is to be small: pure-Python stand-ins of
# modules that are compiled in, tests, and what opens browsers or makes environments.
NOT_IN_ZIP = ("_aix_support.py", "_android_support.py", "_apple_support.py", "_ios_support.py",
              "_osx_support.py", "_pydecimal.py", "_pyio.py", "antigravity.py",
              "pydoc_data", "site-packages", "venv", "webbrowser.py")


def walk(root, skip=()):
    """Paths below root, relative to it, sorted, without byte code."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [d for d in folders if d != "__pycache__"]
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), root)
            if not name.endswith(".pyc") and path.split(os.sep)[0] not in skip:
                found.append(path)
    return sorted(found)


def compiled(source, guest_path):
    """The contents of a .pyc file: unchecked hash, PEP 552."""
    code = compile(source, guest_path, "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    return header + importlib.util.source_hash(source) + marshal.dumps(code)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def lay_out(lib, files, out, guest_root, may_fail=False):
    """Copies files and adds __pycache__ to them."""
    for path in files:
        data = read(os.path.join(lib, path))
        write(out + guest_root + "/" + path, data)
        if not path.endswith(".py"):
            continue
        try:
            pyc = compiled(data, guest_root + "/" + path)
        except (SyntaxError, ValueError, UnicodeDecodeError):
            # The tests have files that are meant to be wrong.
            if not may_fail:
                raise
            continue
        write(importlib.util.cache_from_source(out + guest_root + "/" + path), pyc)


def make_zip(out, guest_path, lib, files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name in files:
            info = zipfile.ZipInfo(name + "c", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            z.writestr(info, compiled(read(os.path.join(lib, name)), guest_path + "/" + name),
                       compresslevel=9)
    write(out + guest_path, buffer.getvalue())


def library(lib, out, sysconfigdata, prefix, also=()):
    tree = prefix + "/lib/python" + VERSION
    shutil.copy(sysconfigdata, lib)
    skipped = [name for name in NOT_SHIPPED if name not in also]
    files = walk(lib, skipped + ["test"])
    lay_out(lib, files, out, tree)
    # CPython looks for this folder to know that it is where it belongs.
    write(out + tree + "/lib-dynload/.empty", b"")
    make_zip(out, "%s/lib/python%s.zip" % (prefix, SHORT), lib,
             [f for f in files if f.endswith(".py") and f.split(os.sep)[0] not in NOT_IN_ZIP])


def test_library(lib, out, sysconfigdata, prefix):
    library(lib, out, sysconfigdata, prefix, also=("ensurepip",))


def tests(lib, out):
    lay_out(os.path.join(lib, "test"), walk(os.path.join(lib, "test")), out, TESTS + "/test",
            may_fail=True)


if __name__ == "__main__":
    {"library": library, "test-library": test_library, "tests": tests}[sys.argv[1]](*sys.argv[2:])
