# SPDX-License-Identifier: Apache-2.0
"""Runs a module on wasmtime: wasmtime_run.py [--dir HOST::GUEST]... [-e NAME=VALUE]... [--call NAME]
[--list DIR] FILE ARG...

Nothing is granted but what --dir says. --call: a reactor; its _initialize, then NAME, whose result is
the exit status. --list: every directory is listed as DIR, as by hosts that pass on the file system's
cookies: those of ext4 have any of 63 bits.
"""
import ctypes
import os
import struct
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


def list_as_a_disk(linker, folder):
    names = [b".", b".."] + sorted(os.fsencode(name) for name in os.listdir(folder))
    cookies = [0] + [(i * 0x9E3779B97F4A7C15 | 1) & (1 << 63) - 1 for i in range(1, len(names) + 1)]

    def fd_readdir(caller, fd, buffer, size, cookie, result):
        out, memory = b"", caller["memory"]
        for i in range(cookies.index(cookie & (1 << 64) - 1), len(names)):
            out += struct.pack("<QQII", cookies[i + 1], i + 1, len(names[i]), 4) + names[i]
            if len(out) >= size:
                break
        out = out[:size]
        memory.write(caller, out, buffer)
        memory.write(caller, struct.pack("<I", len(out)), result)
        return 0

    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
    linker.allow_shadowing = True
    linker.define_func("wasi_snapshot_preview1", "fd_readdir",
                       wasmtime.FuncType([i32, i32, i32, i64, i32], [i32]), fd_readdir, access_caller=True)


def main():
    args, dirs, env, call, listed = sys.argv[1:], [], [], None, None
    while args[0] in ("--dir", "-e", "--call", "--list"):
        if args[0] == "--dir":
            dirs.append(args[1].split("::"))
        elif args[0] == "-e":
            env.append(args[1].split("=", 1))
        elif args[0] == "--list":
            listed = args[1]
        else:
            call = args[1]
        del args[:2]
    engine = new_engine()
    linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
    linker.define_wasi()
    if listed is not None:
        list_as_a_disk(linker, listed)
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
