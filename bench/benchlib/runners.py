# SPDX-License-Identifier: Apache-2.0
"""The systems that are compared: how each one runs a piece of Python."""
import importlib.metadata
import os
import shutil
import subprocess
import sys

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCH)


class Missing(Exception):
    """A system that must be there is not."""


class System:
    """One way to run Python: command prefixes for a file in bench/ and for -c."""

    def __init__(self, name, file_command, inline_command):
        self.name = name
        self.file_command = file_command
        self.inline_command = inline_command

    def run_file(self, script, *args):
        done = subprocess.run(self.file_command + [os.path.join(BENCH, script), *args],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"{self.name} failed on {script} {' '.join(args)}: {done.stderr[-400:]}")
        return done.stdout


def version(program):
    done = subprocess.run([program, "-c", "import sys; print(sys.version.split()[0])"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"


def executable(program):
    """The interpreter itself: what is on PATH may be a script that looks for it first."""
    done = subprocess.run([program, "-I", "-c", "import sys; print(sys.executable)"],
                          capture_output=True, text=True, check=False)
    found = done.stdout.strip()
    return found if done.returncode == 0 and os.access(found, os.X_OK) else program


def wasmtime_peer():
    """The portable python.wasm on wasmtime, when its Python wheel is installed and
    KRAIT_PORTABLE names the folder that `recipes/build` prints."""
    runtime = os.environ.get("KRAIT_PORTABLE")
    if not runtime:
        return None
    try:
        found = importlib.metadata.version("wasmtime")
    except importlib.metadata.PackageNotFoundError:
        return None
    command = [sys.executable, os.path.join(ROOT, "tools/run-on-wasmtime.py"),
               "--dir", f"{BENCH}::{BENCH}:ro", runtime]
    return System(f"wasmtime {found}", command, command + ["-c"])


def find(krait, python):
    """Native Python first, then Krait, then peers."""
    krait = os.path.abspath(krait or os.path.join(ROOT, "build/bin/krait"))
    native = shutil.which(python)
    if native is None:
        raise Missing(f"no '{python}' on PATH")
    native = executable(native)
    if not os.access(krait, os.X_OK):
        raise Missing(f"'{krait}' is not there; build it first (./krait check)")
    systems = [
        System(f"python {version(native)}", [native, "-I"], [native, "-I", "-c"]),
        System("krait", [krait, "run", "--dir", f"{BENCH}:ro", "-I"], [krait, "run", "-I", "-c"]),
    ]
    peer = wasmtime_peer()
    return systems + ([peer] if peer else [])
