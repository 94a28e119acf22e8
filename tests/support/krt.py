# SPDX-License-Identifier: Apache-2.0
"""Compiles many modules with `krait compile`, and remembers the results.

A result is kept under the hash of the module, in a folder named by the hash of everything else
that it depends on: a .krt says itself which translator, C compiler and options made it. Of these
folders the ones that were used last are kept, so that the cache stays small.
"""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading

KEPT_FOLDERS = 4
# clang takes 30 ms to say its version, a quarter of what a small module costs.
KNOWN_VERSION = """#!/bin/sh
[ "$1" = --version ] && exec cat '%s'
exec '%s' "$@"
"""


def sha256_file(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def find_compiler(name):
    if name:
        path = shutil.which(name)
        return path and os.path.abspath(path)
    for version in range(40, 17, -1):
        path = shutil.which("clang-%d" % version)
        if path:
            return path
    return shutil.which("clang") or shutil.which("gcc") or shutil.which("cc")


class Compiler:
    """compile(path) makes a .krt of a .wasm; compiled(path) says where it is."""

    def __init__(self, krait, level="1", cc="", cache=None, extra=()):
        self.krait = krait
        self.level = level
        self.extra = list(extra)
        self.results = {}
        self.made = self.found = 0
        self.lock = threading.Lock()
        self.cc = find_compiler(cc)
        if self.cc is None:
            raise SystemExit("there is no C compiler %s" % cc)
        self.scratch = tempfile.TemporaryDirectory(prefix="krait-krt.")
        self.wrap()
        if cache:
            self.folder = os.path.join(cache, "krt", self.identity())
            self.prune(os.path.dirname(self.folder))
        else:
            self.folder = os.path.join(self.scratch.name, "krt")
        os.makedirs(self.folder, exist_ok=True)
        os.utime(self.folder)

    def wrap(self):
        """A compiler that answers --version from a file; its name is not part of a result.
        One that lies elsewhere could not be started by it: compilers are confined."""
        if not os.path.realpath(self.cc).startswith("/usr/"):
            self.wrapper = self.cc
            return
        text = os.path.join(self.scratch.name, "version")
        with open(text, "wb") as file:
            subprocess.run([self.cc, "--version"], stdout=file, check=True)
        self.wrapper = os.path.join(self.scratch.name, os.path.basename(self.cc))
        with open(self.wrapper, "w", encoding="utf-8") as file:
            file.write(KNOWN_VERSION % (text, self.cc))
        os.chmod(self.wrapper, 0o755)

    def identity(self):
        """What makes the empty module's .krt besides the module, as a short hash."""
        wasm = os.path.join(self.scratch.name, "empty.wasm")
        with open(wasm, "wb") as file:
            file.write(b"\0asm\1\0\0\0")
        krt, reason = self.make(wasm, os.path.join(self.scratch.name, "empty.krt"))
        if krt is None:
            raise SystemExit("the empty module: " + reason)
        with open(krt, "rb") as file:
            text = re.search(rb"translator: [^\0]+", file.read()).group(0)
        return hashlib.sha256(text + b"\0" + self.cc.encode()).hexdigest()[:32]

    def prune(self, folder):
        os.makedirs(folder, exist_ok=True)
        names = [os.path.join(folder, n) for n in os.listdir(folder)]
        names.sort(key=os.path.getmtime, reverse=True)
        for name in [n for n in names if n != self.folder][KEPT_FOLDERS - 1:]:
            shutil.rmtree(name, ignore_errors=True)

    def compile(self, path):
        digest = sha256_file(path)
        with self.lock:
            if path in self.results:
                return
            other = next((r for p, (d, r) in self.results.items() if d == digest), None)
        krt = os.path.join(self.folder, digest + ".krt")
        if other:
            result = other
        elif os.path.exists(krt):
            result = (krt, "")
            self.found += 1
        else:
            result = self.make(path, krt)
            self.made += 1
        with self.lock:
            self.results[path] = (digest, result)

    def make(self, path, krt):
        done = subprocess.run(
            [self.krait, "compile", path, "-o", krt, "-O", self.level, "--jobs", "1",
             "--cc", self.wrapper] + self.extra,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == 0:
            return krt, ""
        return None, done.stdout.decode("utf-8", "replace").strip()

    def compiled(self, path):
        """(path of the .krt or None, why not)"""
        if path not in self.results:
            self.compile(path)
        return self.results[path][1]
