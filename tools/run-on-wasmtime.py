#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run Krait's python.wasm on wasmtime, with the arguments of `krait run`.

usage: run-on-wasmtime.py [--dir HOST::GUEST[:ro]]... [-e NAME=VALUE]... RUNTIME ARG...

RUNTIME is the folder with bin/python.wasm and usr/local/lib. `krait test --on wasmtime`
calls this; it needs the `wasmtime` package of Python. Compiled code is kept in
wasmtime's own cache.
"""
import ctypes
import os
import sys
import threading

import wasmtime

GUEST_PYTHON = "/usr/local/bin/python.wasm"
GUEST_LIBRARY = "/usr/local/lib/python3.13"
WASM_STACK = 32 << 20


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
        raise SystemExit(__doc__)
    runtime = args.pop(0)
    grant(wasi, f"{runtime}{GUEST_LIBRARY}::{GUEST_LIBRARY}:ro")
    grant(wasi, f"{runtime}/bin::{os.path.dirname(GUEST_PYTHON)}:ro")
    wasi.argv = [GUEST_PYTHON, *args]
    wasi.env = environ
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    return wasi, os.path.join(runtime, "bin/python.wasm")


def new_config():
    config = wasmtime.Config()
    config.cache = True
    # CPython counts its recursion by calls; wasmtime's default stack ends before that, and
    # CPython's own builds for WASI are tested with 32 MiB. A larger one is refused unless the
    # stack of asynchronous calls grows with it, for which the package has no property.
    set_async = wasmtime._bindings.dll.wasmtime_config_async_stack_size_set
    set_async.restype = None
    set_async.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    set_async(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * WASM_STACK)
    config.max_wasm_stack = WASM_STACK
    return config


def run(args):
    wasi, wasm = configure(args)
    config = new_config()
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


def main():
    status = []
    # WebAssembly runs on the stack of its thread, and the main thread's is too small.
    threading.stack_size(4 * WASM_STACK)
    thread = threading.Thread(target=lambda: status.append(run(sys.argv[1:])))
    thread.start()
    thread.join()
    return status[0] & 255 if status else 125


sys.exit(main())
