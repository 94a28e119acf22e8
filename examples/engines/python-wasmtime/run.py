#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a WASI program, python.wasm first of all, on wasmtime.

usage: run.py [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]

Exit status: the guest's own; 134 when it trapped; 125 when it could not be started.
"""
import ctypes
import sys
import threading

import wasmtime

# CPython counts its recursion by calls; wasmtime's default of 512 KiB ends before that.
WASM_STACK = 32 << 20


class Exit(Exception):
    """The guest has called proc_exit()."""


def end(status):
    raise Exit(status & 0xff)


def parse(words):
    """(options of WASI, file of the module)"""
    wasi = wasmtime.WasiConfig()
    environ = []
    while words and words[0] in ("--dir", "--env"):
        separator = "::" if words[0] == "--dir" else "="
        left, found, right = words[1].partition(separator) if len(words) > 1 else ("", "", "")
        if not left or not found:
            raise ValueError(f"{words[0]} wants A{separator}B")
        if words[0] == "--dir":
            wasi.preopen_dir(left, right)
        else:
            environ.append((left, right))
        words = words[2:]
    if not words or words[0].startswith("--"):
        raise ValueError("a module is missing; usage: see the head of the file")
    wasi.argv = words
    wasi.env = environ
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    return wasi, words[0]


def new_engine():
    config = wasmtime.Config()
    config.cache = True  # compiling python.wasm takes seconds, so that is done once
    # wasmtime refuses a stack larger than that of asynchronous calls (2 MiB), although there are
    # none here, and the package has no property for that one: so by the C function.
    set_async = wasmtime._bindings.dll.wasmtime_config_async_stack_size_set
    set_async.restype = None
    set_async.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    set_async(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * WASM_STACK)
    config.max_wasm_stack = WASM_STACK
    return wasmtime.Engine(config)


def run(words):
    try:
        wasi, file = parse(words)
        engine = new_engine()
        store = wasmtime.Store(engine)
        store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        # wasmtime's own function takes no status above 125.
        linker.allow_shadowing = True
        linker.define_func("wasi_snapshot_preview1", "proc_exit",
                           wasmtime.FuncType([wasmtime.ValType.i32()], []), end)
        instance = linker.instantiate(store, wasmtime.Module.from_file(engine, file))
        start = instance.exports(store)["_start"]
    except (ValueError, OSError, KeyError, wasmtime.WasmtimeError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 125
    try:
        start(store)
    except Exit as status:
        return status.args[0]
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        print(f"run.py: the guest trapped: {error}", file=sys.stderr)
        return 134
    return 0


def main():
    # The guest's calls lie on the stack of the thread that runs it.
    threading.stack_size(WASM_STACK + (8 << 20))
    status = []
    thread = threading.Thread(target=lambda: status.append(run(sys.argv[1:])))
    thread.start()
    thread.join()
    sys.exit(status[0] if status else 125)


main()
