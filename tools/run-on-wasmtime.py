#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run Krait's python.wasm on wasmtime, with the arguments of `krait run`.

usage: run-on-wasmtime.py [--dir HOST::GUEST[:ro]]... [-e NAME=VALUE]... RUNTIME ARG...

RUNTIME is the folder with bin/python.wasm and usr/local/lib. `krait test --on wasmtime`
calls this; it needs the `wasmtime` package of Python. Compiled code is kept in
wasmtime's own cache.
"""
import os
import sys

import wasmtime

GUEST_PYTHON = "/usr/local/bin/python3.13"
GUEST_LIBRARY = "/usr/local/lib/python3.13"


def grant(wasi, text):
    read_only = text.endswith(":ro")
    host, _, guest = text[:-3 if read_only else None].partition("::")
    wasi.preopen_dir(host, guest, not read_only)


def configure(args):
    wasi = wasmtime.WasiConfig()
    environ = []
    while args and args[0] in ("--dir", "-e"):
        if args[0] == "--dir":
            grant(wasi, args[1])
        else:
            environ.append(args[1].split("=", 1))
        del args[:2]
    if not args:
        sys.exit(__doc__)
    runtime = args.pop(0)
    grant(wasi, f"{runtime}{GUEST_LIBRARY}::{GUEST_LIBRARY}:ro")
    grant(wasi, f"{runtime}/bin::{os.path.dirname(GUEST_PYTHON)}:ro")
    wasi.argv = [GUEST_PYTHON, *args]
    wasi.env = environ
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    return wasi, os.path.join(runtime, "bin/python.wasm")


def main():
    wasi, wasm = configure(sys.argv[1:])
    config = wasmtime.Config()
    config.cache = True
    # CPython counts its recursion by calls; wasmtime's frames are larger than its default expects.
    config.max_wasm_stack = 32 << 20
    engine = wasmtime.Engine(config)
    module = wasmtime.Module.from_file(engine, wasm)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    instance = linker.instantiate(store, module)
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as done:
        return done.code
    except wasmtime.Trap as trap:
        print(f"krait: the program was stopped: {str(trap).splitlines()[-1]}", file=sys.stderr)
        return 134
    return 0


sys.exit(main())
