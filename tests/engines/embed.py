#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/embed-wasm: builds it with nothing but the installed toolchain file, the portable tree
and the sysroot, as its README says, and runs the modules. Usage: embed.py CMAKE

The commands run on wasmtime and in Node, the reactor in its two hosts. The same program, linked
without the flags of the .pc file, is refused by libpython on both, before Python does anything.
"""
import os
import re
import subprocess
import sys
import tempfile

import engines

EXAMPLE = os.path.join(engines.SOURCE, "examples", "embed-wasm")
failures = 0


def run(command, given=None, **options):
    done = subprocess.run(command, input=given, stdin=None if given else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check(what, found, wanted):
    global failures
    if found != wanted:
        failures += 1
        print("failed: %s\n    found  %r\n    wanted %r" % (what, found, wanted))


def must(command, **environment):
    code, out, err = run(command, env=dict(os.environ, **environment))
    if code:
        print("failed: %s\n%s%s" % (" ".join(command), out, err))
        sys.exit(1)
    return out


def build(cmake, folder, python, sysroot):
    must([cmake, "--install", os.environ["KRAIT_BINARY_DIR"], "--prefix", folder + "/installed"])
    toolchain = folder + "/installed/lib/cmake/krait/wasm32-wasi.cmake"
    must([cmake, "-S", EXAMPLE, "-B", folder + "/build", "-DCMAKE_BUILD_TYPE=Release",
          "-DCMAKE_TOOLCHAIN_FILE=" + toolchain, "-DKRAIT_PYTHON=" + python,
          "-DKRAIT_SYSROOT=" + sysroot,
          "-DCMAKE_C_FLAGS=-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror"],
         **({"CC": os.environ["KRAIT_WASM_CC"]} if os.environ.get("KRAIT_WASM_CC") else {}))
    must([cmake, "--build", folder + "/build"])


def bare(folder):
    """The same program without the flags of the stack; the linker's order of before LLVM 22."""
    with open(folder + "/build/CMakeCache.txt", encoding="utf-8") as cache:
        clang = re.search(r"^KRAIT_CLANG:\w+=(.*)|^CMAKE_C_COMPILER:\w+=(.*)", cache.read(), re.M)
    with open(folder + "/build/CMakeFiles/count.dir/link.txt", encoding="utf-8") as link:
        command = link.read()
    shorter = re.sub(r"-z,?\s*\S*stack-size=\d+|-Wl,--stack-first|-Wl,--initial-memory=\d+", "", command)
    check("there were flags to leave out", shorter != command and bool(clang), True)
    must(["sh", "-c", "cd '%s/build' && %s" % (folder, shorter.strip().replace("-o count.wasm", "-o bare.wasm"))])
    return folder + "/build/bare.wasm"


def commands(folder, mounts):
    with open(EXAMPLE + "/function.py", encoding="utf-8") as file:
        code = file.read()
    for name in ("wasmtime-py", "node"):
        engine = engines.ready(name) + mounts
        check("count on " + name, run(engine + [folder + "/build/count.wasm", "banana", "ü"]),
              (0, "banana a=3 b=1 n=2\nü ¼=1 Ã=1\na bytes-like object is required, not 'int'\n", ""))
        check("lines on " + name,
              run(engine + [folder + "/build/lines.wasm", code], b"mississippi\n\nabc\n"),
              (1, "call 1: 'i' occurs 4 times in 11 bytes\ncall 3: 'a' occurs 1 times in 3 bytes\n",
               "ValueError: nothing to count\n"))
        check("code that fails on " + name,
              run(engine + [folder + "/build/lines.wasm", "import nothing_like_it"], b"x"),
              (1, "", "ModuleNotFoundError: No module named 'nothing_like_it'\n"))
        code_, out, err = run(engine + [folder + "/build/bare.wasm", "banana"])
        check("the bare one on " + name, (code_, out), (78, ""))
        check("says why", re.sub(r"\d+ bytes( above the data)?;", "N bytes;", err),
              "libpython: this module cannot run Python: it was linked with a stack of N bytes; "
              "8388608 bytes below the data are needed.\nlibpython: link with -z stack-size=8388608 "
              "-Wl,--stack-first, as its .pc file says.\n")


def reactor(folder, python):
    with open(EXAMPLE + "/README.md", encoding="utf-8") as file:
        wanted = re.search(r"```text\n(.*?)```", file.read(), re.S).group(1)
    for name, host in (("wasmtime-py", "call.py"), ("node", "call.mjs")):
        command = engines.ready(name)[:-1] + [os.path.join(EXAMPLE, host)]
        check("the reactor on " + name,
              run(command + [folder + "/build/handler.wasm", python + "/usr", EXAMPLE + "/function.py"]),
              (0, wanted, ""))


def main():
    try:
        python = engines.portable_tree()
        sysroot = must([engines.SOURCE + "/recipes/build", "--where", "wasi-libc"]).strip()
        with tempfile.TemporaryDirectory(prefix="krait-embed.") as folder:
            build(sys.argv[1], folder, python, sysroot)
            bare(folder)
            commands(folder, ["--dir", python + "/usr::/usr"])
            reactor(folder, python)
    except engines.Missing as error:
        print("engines:", error)
        return 1
    print("%d failed" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
