# SPDX-License-Identifier: Apache-2.0
"""Runs a module on wasmtime: wasmtime_run.py [--dir HOST::GUEST]... [-e NAME=VALUE]... [--call NAME] FILE ARG...

Nothing is granted but what --dir says. --call: a reactor; its _initialize, then NAME, whose result is
the exit status.
"""
import ctypes
import sys
import threading

import wasmtime

WASM_STACK = 16 << 20


def new_engine():
    """With the stack that Python needs: see tools/run-on-wasmtime.py."""
    config = wasmtime.Config()
    config.cache = True
    set_async = wasmtime._bindings.dll.wasmtime_config_async_stack_size_set
    set_async.restype = None
    set_async.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    set_async(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * WASM_STACK)
    config.max_wasm_stack = WASM_STACK
    return wasmtime.Engine(config)


def main():
    args, dirs, env, call = sys.argv[1:], [], [], None
    while args[0] in ("--dir", "-e", "--call"):
        if args[0] == "--dir":
            dirs.append(args[1].split("::"))
        elif args[0] == "-e":
            env.append(args[1].split("=", 1))
        else:
            call = args[1]
        del args[:2]
    engine = new_engine()
    linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
    linker.define_wasi()
    wasi.argv, wasi.env = args, env
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for host, guest in dirs:
        wasi.preopen_dir(host, guest)
    store.set_wasi(wasi)
    exports = linker.instantiate(store, wasmtime.Module.from_file(engine, args[0])).exports(store)
    try:
        if call is None:
            exports["_start"](store)
            return 0
        exports["_initialize"](store)
        return exports[call](store)
    except wasmtime.ExitTrap as ended:
        return ended.code


if __name__ == "__main__":
    status = []
    threading.stack_size(4 * WASM_STACK)
    thread = threading.Thread(target=lambda: status.append(main()))
    thread.start()
    thread.join()
    sys.exit(status[0] if status else 1)
