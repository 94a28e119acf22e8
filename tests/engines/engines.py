#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the programs of examples/engines, and says how each one is called.

Usage: engines.py [ENGINE]...   makes them ready (default: all) and prints the commands
       engines.py pack          packs Python with its library (KRAIT names the program)

What has to be fetched and built is kept in the folder `engines` of Krait's cache: compiled
crates and Go packages, which all checkouts share. Registries are used through cargo, go and
pip with the lock files of the examples; with KRAIT_OFFLINE=1 only what is there.
"""
import fcntl
import os
import re
import shutil
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(SOURCE, "examples", "engines")
sys.path.insert(0, os.path.join(SOURCE, "tests", "spec"))
import tools  # noqa: E402  (fetches the package wasmtime)

OLDEST_NODE = (18, 18)


class Missing(Exception):
    """A tool is not there; the text says which, and what to install."""


def cache():
    return tools.cache("engines")


def offline():
    return os.environ.get("KRAIT_OFFLINE") == "1"


def tool(name, package):
    path = shutil.which(name)
    if path is None:
        raise Missing("%s (Debian package %s) is not installed" % (name, package))
    return path


def run(command, folder, **environment):
    done = subprocess.run(command, cwd=folder, env=dict(os.environ, **environment),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise Missing("%s: %s" % (" ".join(command), "\n  ".join(text.strip().splitlines()[-8:])))
    return text


def version_of(command, pattern):
    found = re.search(pattern, run(command, SOURCE))
    if not found:
        raise Missing("%s does not say its version" % " ".join(command))
    return tuple(int(part) for part in found.groups())


def keep(built, result):
    """A copy of this checkout's own, which no build of another checkout replaces."""
    os.makedirs(os.path.dirname(result), exist_ok=True)
    shutil.copy2(built, result + ".new")
    os.replace(result + ".new", result)
    return [result]


def rust(example, result):
    target = os.path.join(cache(), "target")
    command = [tool("cargo", "cargo-web or cargo"), "build", "--profile", "quick", "--locked",
               "--jobs", os.environ.get("KRAIT_JOBS") or "2"]
    name = "krait-on-" + example.partition("-")[2]
    with open(os.path.join(cache(), ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(command + ["--offline"] * offline(), os.path.join(EXAMPLES, example),
            CARGO_TARGET_DIR=target)
        return keep(os.path.join(target, "quick", name), os.path.join(result, name))


def go(example, result, file="go.mod"):
    program = tool("go", "golang-go")
    output = os.path.join(result, "krait-on-wazero." + file)
    os.makedirs(result, exist_ok=True)
    environment = {"GOCACHE": os.path.join(cache(), "go-build"),
                   "GOMODCACHE": os.path.join(cache(), "go-mod"),
                   "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0",
                   "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false"}
    if offline():
        environment["GOPROXY"] = "off"
    run([program, "build", "-trimpath", "-modfile=" + file, "-o", output, "."],
        os.path.join(EXAMPLES, example), **environment)
    return [output]


def go_of_debian(example, result):
    return go(example, result, "go-1.19.mod")


def node(example, _result):
    program = tool("node", "nodejs")
    found = version_of([program, "--version"], r"v(\d+)\.(\d+)")
    if found < OLDEST_NODE:
        raise Missing("node %d.%d is too old: %d.%d is needed" % (found + OLDEST_NODE))
    return [program, os.path.join(EXAMPLES, example, "run.mjs")]


def python(example, _result):
    with open(os.path.join(EXAMPLES, example, "requirements.txt"), encoding="utf-8") as file:
        wanted = re.findall(r"^wasmtime==\S+|sha256:\w+", file.read(), re.M)
    if wanted != re.findall(r"^wasmtime==\S+|sha256:\w+", tools.read("requirements.txt"), re.M):
        raise Missing("%s and tests/spec name different wasmtimes" % example)
    try:
        folder = tools.wasmtime()
    except tools.Unavailable as error:
        raise Missing(str(error)) from error
    return ["env", "PYTHONPATH=" + folder, sys.executable, os.path.join(EXAMPLES, example, "run.py")]


# name: (how it is made ready, folder in examples/engines)
ENGINES = {
    "wasmtime": (rust, "rust-wasmtime"),
    "wasmtime-py": (python, "python-wasmtime"),
    "wasmi": (rust, "rust-wasmi"),
    "wazero": (go, "go-wazero"),
    "wazero-1.6": (go_of_debian, "go-wazero"),
    "node": (node, "node"),
}


def results():
    """The folder of this build for programs and results."""
    build = os.environ.get("KRAIT_BINARY_DIR") or os.path.join(SOURCE, "build")
    return os.path.join(build, "engines")


def ready(name):
    """The command that runs a module on this engine; makes it ready if it is not. Missing."""
    make, example = ENGINES[name]
    return make(example, os.path.join(results(), "bin"))


def portable_tree():
    """The folder that recipes/build makes, or KRAIT_PORTABLE."""
    if os.environ.get("KRAIT_PORTABLE"):
        return os.environ["KRAIT_PORTABLE"]
    done = subprocess.run([os.path.join(SOURCE, "recipes", "build"), "--where"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Missing("the portable python.wasm is not built: run recipes/build\n%s"
                      % done.stderr.decode())
    return done.stdout.decode().strip()


def pack():
    """Python and its library in one file, by krait itself."""
    file = os.path.join(results(), "python.wasm")
    os.makedirs(results(), exist_ok=True)
    run([os.environ["KRAIT"], "pack", "--python", portable_tree(), "-o", file], SOURCE)
    return [file]


def main():
    for name in sys.argv[1:] or ENGINES:
        try:
            if name == "pack":
                print("pack: %s" % pack()[0])
                continue
            print("%s: %s" % (name, " ".join(ready(name))))
        except Missing as error:
            print("engines: %s: %s" % (name, error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
